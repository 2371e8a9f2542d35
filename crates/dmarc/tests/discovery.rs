//! Where the policy is found, and what it is: RFC 9989, 4.7 and 4.10.

mod support;

use dmarc::{Cause, Config, DmarcResult, Order, Policy, Relation, SeveralRecords, Source, Trouble};
use dns::{Absence, Kind, RecordSet};
use support::{begin, dkim, name, run, verdict, zone};

/// The questions for an Author Domain that nothing has authenticated.
fn questions(author: &str, order: Order, zone: &dns::Zone) -> Vec<String> {
    let mut config = Config::default();
    config.order = order;
    run(&mut begin(author, config), zone).1
}

#[test]
fn d1_a_walk_asks_eight_names_at_most() {
    let author = "a.b.c.d.e.f.g.h.i.j.mail.example.com";
    let asked = [
        "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com TXT",
        "_dmarc.g.h.i.j.mail.example.com TXT",
        "_dmarc.h.i.j.mail.example.com TXT",
        "_dmarc.i.j.mail.example.com TXT",
        "_dmarc.j.mail.example.com TXT",
        "_dmarc.mail.example.com TXT",
        "_dmarc.example.com TXT",
        "_dmarc.com TXT",
    ];
    let empty = zone(&[]);
    assert_eq!(questions(author, Order::Parallel, &empty), asked);
    assert_eq!(questions(author, Order::Sequential, &empty), asked);
    let ended = zone(&[("j.mail.example.com", "v=DMARC1; p=none; psd=n")]);
    assert_eq!(questions(author, Order::Sequential, &ended), asked[..5]);
    let own = zone(&[(author, "v=DMARC1; p=none")]);
    assert_eq!(questions(author, Order::Sequential, &own), asked[..1]);
}

#[test]
fn the_deep_zone_cut_of_5_1_8_is_not_found() {
    let records = [("example.com", "v=DMARC1; p=reject"), ("b.c.d.e.f.g.example.com", "v=DMARC1; p=none; psd=n")];
    let verdict = verdict("mail.a.b.c.d.e.f.g.example.com", None, &[], &zone(&records));
    assert_eq!((verdict.policy, verdict.policy_domain()), (Some(Policy::Reject), Some("example.com")));
}

/// Author, records, the domain whose record is applied, source, Organizational Domain.
type Row<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, Source, &'a str);

#[test]
fn d1_where_the_organizational_domain_is() {
    // RFC 9989, 4.10.2
    let table: &[Row<'_>] = &[
        (
            "a.mail.example.com",
            &[("mail.example.com", ""), ("example.com", "")],
            "example.com",
            Source::OrganizationalDomain,
            "example.com",
        ),
        (
            "a.mail.example.com",
            &[("mail.example.com", "; psd=n"), ("example.com", "")],
            "mail.example.com",
            Source::OrganizationalDomain,
            "mail.example.com",
        ),
        ("a.mail.example.com", &[("com", "; psd=y")], "com", Source::PublicSuffixDomain, "example.com"),
        (
            "a.mail.example.com",
            &[("example.com", "; psd=u"), ("com", "; psd=y")],
            "example.com",
            Source::OrganizationalDomain,
            "example.com",
        ),
        // A record between the Author Domain and its Organizational Domain is nobody's.
        (
            "a.mail.example.com",
            &[("mail.example.com", ""), ("com", "; psd=y")],
            "com",
            Source::PublicSuffixDomain,
            "example.com",
        ),
        (
            "a.mail.example.com",
            &[("mail.example.com", "; psd=y"), ("example.com", "")],
            "mail.example.com",
            Source::PublicSuffixDomain,
            "a.mail.example.com",
        ),
        ("a.example.com", &[("com", "")], "com", Source::OrganizationalDomain, "com"),
    ];
    for (author, records, policy_domain, source, organization) in table {
        let records: Vec<(&str, String)> =
            records.iter().map(|(domain, more)| (*domain, format!("v=DMARC1; p=reject{more}"))).collect();
        let records: Vec<(&str, &str)> = records.iter().map(|(domain, text)| (*domain, &**text)).collect();
        let verdict = verdict(author, None, &[], &zone(&records));
        let applied = verdict.applied.as_ref().unwrap();
        let told = (verdict.policy_domain().unwrap(), applied.source, verdict.organizational_domain().unwrap());
        assert_eq!(told, (*policy_domain, *source, *organization), "{author} {records:?}");
        assert_eq!(applied.relation, Relation::Subdomain);
    }
}

#[test]
fn d1_letters_of_any_kind_are_one_domain() {
    let zone = zone(&[("xn--bcher-kva.example", "v=DMARC1; p=reject")]);
    let mut authors = dmarc::Authors::new();
    authors.push("BÜCHER.Example");
    authors.push("bücher.example.");
    let mut check =
        dmarc::Check::new(&authors, Config::default(), dmarc::Limits::default(), core::time::Duration::ZERO);
    check.dkim(&dkim("XN--BCHER-KVA.example"));
    let (verdict, _) = run(&mut check, &zone);
    assert_eq!((verdict.result, verdict.author_domain()), (DmarcResult::Pass, Some(&name("xn--bcher-kva.example"))));
}

#[test]
fn which_policy_applies() {
    // the record, and what it asks for the domain itself, a subdomain, and one that does not exist
    let table = [
        ("v=DMARC1; p=reject", Policy::Reject, Policy::Reject, Policy::Reject),
        ("v=DMARC1; p=reject; sp=none", Policy::Reject, Policy::None, Policy::None),
        ("v=DMARC1; p=none; np=reject", Policy::None, Policy::None, Policy::Reject),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", Policy::None, Policy::Quarantine, Policy::Reject),
        ("v=DMARC1; p=reject; t=y; np=quarantine", Policy::Quarantine, Policy::Quarantine, Policy::None),
        ("v=DMARC1; p=reject; sp=bad; rua=mailto:a@b.example", Policy::None, Policy::None, Policy::None),
        ("v=DMARC1; p=bad; np=reject; rua=mailto:a@b.example", Policy::None, Policy::None, Policy::None),
    ];
    for (record, itself, existing, absent) in table {
        let mut zone = zone(&[("example.com", record)]);
        zone.add(name("there.example.com"), RecordSet::Txt(vec!["x".into()]));
        for (author, policy) in [("example.com", itself), ("there.example.com", existing), ("away.example.com", absent)]
        {
            for order in [Order::Parallel, Order::Sequential] {
                let mut config = Config::default();
                config.order = order;
                let (verdict, asked) = run(&mut begin(author, config), &zone);
                assert_eq!(verdict.policy, Some(policy), "{record} for {author}");
                assert_eq!((verdict.result, verdict.disposition), (DmarcResult::Fail, policy));
                let existence = asked.iter().any(|question| question.ends_with(" A"));
                assert_eq!(
                    existence,
                    author != "example.com" && record.contains("np=") && !record.contains("bad"),
                    "{record}"
                );
            }
        }
    }
}

#[test]
fn whether_a_name_exists_may_stay_unknown() {
    let mut zone = zone(&[("example.com", "v=DMARC1; p=none; sp=reject; np=quarantine")]);
    zone.set(name("a.example.com"), Kind::A, Absence::TryLater.into());
    let verdict = verdict("a.example.com", None, &[], &zone);
    assert_eq!((verdict.result, verdict.disposition), (DmarcResult::Fail, Policy::Quarantine));
}

#[test]
fn records_that_do_not_count() {
    let none = [
        "v=DMARC1",
        "v=DMARC1; adkim=s",
        "v=DMARC1; p=bad",
        "v=DMARC1; p=reject; sp=bad",
        "v=DMARC1; p=bad; rua=reports@example.com",
    ];
    for record in none {
        let verdict = verdict("example.com", None, &["example.com"], &zone(&[("example.com", record)]));
        assert_eq!((verdict.result, verdict.cause), (DmarcResult::None, Cause::VoidRecord), "{record}");
    }
    for record in ["v=spf1 -all", "v=DMARC2; p=none", "v=dmarc1; p=none", "p=none; v=DMARC1", "x; v=DMARC1; p=none", ""]
    {
        let verdict = verdict("example.com", None, &["example.com"], &zone(&[("example.com", record)]));
        assert_eq!((verdict.result, verdict.cause), (DmarcResult::None, Cause::NoRecord), "{record}");
    }
}

#[test]
fn several_records_are_none() {
    let mut zone = zone(&[("example.com", "v=DMARC1; p=reject"), ("b.a.example.com", "v=DMARC1; p=none")]);
    for domain in ["a.example.com", "d.c.example.com"] {
        let texts = vec!["v=DMARC1; p=none".into(), "v=DMARC1; p=none; psd=n".into(), "other".into()];
        zone.add(name(domain).prefixed("_dmarc").unwrap(), RecordSet::Txt(texts));
    }
    // above the Author Domain they are as if they were not there
    let above = verdict("c.a.example.com", None, &[], &zone);
    assert_eq!(above.policy_domain(), Some("example.com"));
    // at it they end the search, or not
    let at = verdict("a.example.com", None, &[], &zone);
    assert_eq!((at.result, at.cause, at.policy), (DmarcResult::None, Cause::SeveralRecords, None));
    let mut config = Config::default();
    config.several_records = SeveralRecords::WalkOn;
    let (letter, _) = run(&mut begin("a.example.com", config), &zone);
    assert_eq!((letter.result, letter.policy_domain()), (DmarcResult::Fail, Some("example.com")));
}

#[test]
fn what_the_dns_does_not_tell_is_no_failure() {
    let fails = |silent: &[&str], author: &str, records: &[(&str, &str)], absence| {
        let mut zone = zone(records);
        for domain in silent {
            zone.set(name(domain).prefixed("_dmarc").unwrap(), Kind::Txt, Absence::into(absence));
        }
        verdict(author, None, &[], &zone)
    };
    let org: &[(&str, &str)] = &[("example.com", "v=DMARC1; p=reject")];
    for (absence, result, trouble) in [
        (Absence::TryLater, DmarcResult::TempError, Trouble::TryLater),
        (Absence::Refused, DmarcResult::PermError, Trouble::Refused),
    ] {
        for silent in ["a.b.example.com", "b.example.com", "example.com"] {
            let verdict = fails(&[silent], "a.b.example.com", org, absence);
            assert_eq!((verdict.result, verdict.cause), (result, Cause::PolicyUnknown(trouble)), "{silent}");
            assert_eq!((verdict.disposition, verdict.policy), (Policy::None, None));
        }
    }
    // A silent top-level domain costs its subdomains nothing, and what is behind the end of a walk nobody wants to know.
    let verdict = fails(&["com"], "a.b.example.com", org, Absence::TryLater);
    assert_eq!((verdict.result, verdict.policy_domain()), (DmarcResult::Fail, Some("example.com")));
    let cut: &[(&str, &str)] = &[("b.example.com", "v=DMARC1; p=reject; psd=n")];
    let verdict = fails(&["example.com", "com"], "a.b.example.com", cut, Absence::TryLater);
    assert_eq!((verdict.result, verdict.policy_domain()), (DmarcResult::Fail, Some("b.example.com")));
    let many = fails(
        &["b.c.d.e.example.com", "c.d.e.example.com", "d.e.example.com", "e.example.com"],
        "a.b.c.d.e.example.com",
        org,
        Absence::TryLater,
    );
    assert_eq!(many.result, DmarcResult::TempError);
}

#[test]
fn old_records_are_read() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject; pct=0; rf=afrf; ri=86400; rua=mailto:a@b.example!10m")]);
    let standard = verdict("example.com", None, &[], &zone);
    assert_eq!(standard.policy, Some(Policy::Reject));
    let record = standard.record().unwrap();
    assert_eq!((record.rules().pct, record.rua().valid().next().unwrap().as_str()), (Some(0), "mailto:a@b.example"));
    let mut config = Config::default();
    config.old_zero_percent_is_testing = true;
    let (verdict, _) = run(&mut begin("example.com", config), &zone);
    assert_eq!(verdict.policy, Some(Policy::Quarantine));
}

#[test]
fn names_that_leave_no_room_for_the_label_have_no_record() {
    let label = "x".repeat(60);
    let author = [&*label, &label, &label, &label, "example"].join(".");
    assert!(author.len() > 247);
    let zone = zone(&[("example", "v=DMARC1; p=quarantine; psd=y")]);
    let verdict = verdict(&author, None, &[], &zone);
    assert_eq!((verdict.result, verdict.policy), (DmarcResult::Fail, Some(Policy::Quarantine)));
}
