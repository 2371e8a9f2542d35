//! Alignment, results, and what becomes of unclear messages: RFC 9989, 4.4, 4.10.2, 5.3, 11.5 and appendix B.

mod support;

use core::time::Duration;

use dmarc::{
    Alignment, Authors, Cause, Check, Config, Dkim, DmarcResult, Identity, Limits, Order, Outcome, Override,
    OverrideReason, Policy, Published, Spf, Trouble, Unclear,
};
use dns::{Absence, Inquiry, Kind, Step, Zone};
use support::{begin, dkim, finish, name, run, spf, verdict, zone};

#[test]
fn the_examples_of_b_1() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    for (author, domain, alignment) in [
        ("example.com", "example.com", Alignment::Strict),
        ("example.com", "child.example.com", Alignment::Relaxed),
        ("child.example.com", "example.com", Alignment::Relaxed),
        ("child.example.com", "example.net", Alignment::Unaligned),
    ] {
        let by_spf = verdict(author, Some(domain), &[], &zone);
        assert_eq!((by_spf.spf, by_spf.dkim), (alignment, Alignment::NotPassed), "{author} {domain}");
        let by_dkim = verdict(author, None, &[domain], &zone);
        assert_eq!((by_dkim.spf, by_dkim.dkim), (Alignment::NotPassed, alignment), "{author} {domain}");
        let result = if alignment.is_aligned() { DmarcResult::Pass } else { DmarcResult::Fail };
        assert_eq!((by_spf.result, by_dkim.result), (result, result));
    }
}

#[test]
fn the_example_of_b_4_1() {
    let records = [("example.com", "v=DMARC1; p=reject"), ("signing.example.com", "v=DMARC1; p=none")];
    let verdict = verdict("example.com", Some("example.com"), &["signing.example.com"], &zone(&records));
    assert_eq!((verdict.spf, verdict.dkim), (Alignment::Strict, Alignment::Relaxed));
    assert_eq!((verdict.organizational_domain(), verdict.policy_domain()), (Some("example.com"), Some("example.com")));
}

#[test]
fn the_example_of_b_4_2() {
    let records = [("example.com", "v=DMARC1; p=reject"), ("signing.example.com", "v=DMARC1; p=none")];
    let zone = zone(&records);
    let mut check = begin("a.b.c.d.e.f.g.h.i.j.k.example.com", Config::default());
    check.spf(&spf("example.com"));
    check.dkim(&dkim("signing.example.com"));
    let (verdict, asked) = run(&mut check, &zone);
    assert_eq!((verdict.spf, verdict.dkim), (Alignment::Relaxed, Alignment::Relaxed));
    assert_eq!(verdict.policy_domain(), Some("example.com"));
    // eight for the Author Domain, and one name that its walk does not pass
    assert_eq!((asked.len(), asked.last().map(String::as_str)), (9, Some("_dmarc.signing.example.com TXT")));
}

#[test]
fn the_example_of_b_4_3() {
    let records = [("bank.example", "v=DMARC1; p=reject; psd=y"), ("giant.bank.example", "v=DMARC1; p=quarantine")];
    let zone = zone(&records);
    let mut check = begin("giant.bank.example", Config::default());
    check.spf(&spf("mail.giant.bank.example"));
    check.dkim(&dkim("mail.mega.bank.example"));
    let (verdict, asked) = run(&mut check, &zone);
    assert_eq!((verdict.spf, verdict.dkim), (Alignment::Relaxed, Alignment::Unaligned));
    assert_eq!(
        (verdict.policy, verdict.organizational_domain()),
        (Some(Policy::Quarantine), Some("giant.bank.example"))
    );
    // A domain that is not below the Organizational Domain needs no walk.
    assert!(!asked.iter().any(|question| question.contains("mega")), "{asked:?}");
}

#[test]
fn strict_alignment_compares() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject; adkim=s; aspf=s")]);
    let mut check = begin("example.com", Config::default());
    check.spf(&spf("a.example.com"));
    check.dkim(&dkim("b.example.com"));
    let (verdict, asked) = run(&mut check, &zone);
    assert_eq!(
        (verdict.result, verdict.spf, verdict.dkim),
        (DmarcResult::Fail, Alignment::Unaligned, Alignment::Unaligned)
    );
    assert_eq!(asked.len(), 2);
    assert_eq!(support::verdict("example.com", None, &["example.com"], &zone).dkim, Alignment::Strict);
}

#[test]
fn d1_a_domain_below_a_public_suffix_is_its_own() {
    let records = [("example.com", "v=DMARC1; p=reject; psd=y"), ("a.example.com", "v=DMARC1; p=reject")];
    let zone = zone(&records);
    for (author, domain) in
        [("a.example.com", "b.example.com"), ("a.example.com", "example.com"), ("example.com", "a.example.com")]
    {
        let verdict = verdict(author, Some(domain), &[domain], &zone);
        assert_eq!((verdict.result, verdict.spf), (DmarcResult::Fail, Alignment::Unaligned), "{author} {domain}");
    }
}

#[test]
fn k6_the_public_suffix_never_aligns() {
    for records in [
        &[("example.com", "v=DMARC1; p=reject")][..],
        &[("example.com", "v=DMARC1; p=reject"), ("com", "v=DMARC1; p=none; psd=y")],
    ] {
        let verdict = verdict("example.com", Some("com"), &["com"], &zone(records));
        assert_eq!((verdict.spf, verdict.dkim), (Alignment::Unaligned, Alignment::Unaligned));
    }
}

#[test]
fn temporary_errors_are_neither_pass_nor_fail() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    let told = |spf_outcome, spf_domain: &str, dkim_outcome, dkim_domain: &str| {
        let mut check = begin("example.com", Config::default());
        check.spf(&Spf { outcome: spf_outcome, ..spf(spf_domain) });
        check.dkim(&Dkim { outcome: dkim_outcome, ..dkim(dkim_domain) });
        run(&mut check, &zone).0
    };
    use Outcome::{Fail, Pass, TempError};
    // Only where what may come later would count.
    for (spf_outcome, spf_domain, dkim_outcome, dkim_domain, result) in [
        (TempError, "example.com", Fail, "example.com", DmarcResult::TempError),
        (Fail, "example.com", TempError, "example.com", DmarcResult::TempError),
        (TempError, "a.example.com", Fail, "example.com", DmarcResult::TempError),
        (Fail, "example.com", TempError, "a.example.com", DmarcResult::TempError),
        (TempError, "example.net", TempError, "other.com", DmarcResult::Fail),
        (TempError, "example.com", Pass, "a.example.com", DmarcResult::Pass),
        (Pass, "example.com", TempError, "example.com", DmarcResult::Pass),
        (Fail, "example.com", Fail, "example.com", DmarcResult::Fail),
    ] {
        let verdict = told(spf_outcome, spf_domain, dkim_outcome, dkim_domain);
        assert_eq!(verdict.result, result, "{verdict}");
        let disposition = if result == DmarcResult::Fail { Policy::Reject } else { Policy::None };
        assert_eq!(verdict.disposition, disposition);
    }
}

#[test]
fn a_domain_that_the_dns_does_not_tell_is_open() {
    let told = |silent: &[&str], domain: &str| {
        let mut zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
        for silent in silent {
            zone.set(name(silent).prefixed("_dmarc").unwrap(), Kind::Txt, Absence::TryLater.into());
        }
        verdict("example.com", None, &[domain], &zone)
    };
    let verdict = told(&["a.example.com"], "a.example.com");
    assert_eq!((verdict.result, verdict.cause), (DmarcResult::TempError, Cause::AlignmentUnknown(Trouble::TryLater)));
    assert_eq!((verdict.dkim, verdict.disposition), (Alignment::Unknown(Trouble::TryLater), Policy::None));
    // Whatever a top-level domain says, these two are one organization, and those two are not.
    assert_eq!(told(&["com"], "a.example.com").dkim, Alignment::Relaxed);
    assert_eq!(told(&["com"], "example.net").dkim, Alignment::Unaligned);
    assert_eq!(told(&["com"], "example.com").dkim, Alignment::Strict);
    // More silent names than are guessed about.
    let many = ["e.d.c.b.example.com", "d.c.b.example.com", "c.b.example.com", "b.example.com"];
    assert_eq!(told(&many, many[0]).result, DmarcResult::TempError);
}

#[test]
fn s7_helo_counts_for_a_null_reverse_path_only() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    for (identity, result) in [(Identity::MailFrom, DmarcResult::Pass), (Identity::Helo, DmarcResult::Fail)] {
        let mut check = begin("example.com", Config::default());
        check.spf(&Spf { identity, ..spf("example.com") });
        assert_eq!(run(&mut check, &zone).0.result, result);
    }
}

#[test]
fn k1_signatures_with_l_do_not_count() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    let mut config = Config::default();
    for (allowed, result, partial) in [(false, DmarcResult::Fail, 1), (true, DmarcResult::Pass, 0)] {
        config.partial_signatures = allowed;
        let mut check = begin("example.com", config);
        check.dkim(&Dkim { partial: true, ..dkim("example.com") });
        let (verdict, _) = run(&mut check, &zone);
        assert_eq!((verdict.result, verdict.partial), (result, partial));
    }
}

#[test]
fn k5_many_signatures_cost_a_bounded_number_of_questions() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject; psd=n")]);
    let mut check = begin("a.b.c.d.e.f.g.h.i.example.com", Config::default());
    for number in 0..100 {
        check.dkim(&Dkim {
            outcome: if number == 0 { Outcome::Fail } else { Outcome::TempError },
            ..dkim(&format!("a.b.c.d.e{number}.f{number}.g{number}.h{number}.i.example.com"))
        });
    }
    let (verdict, asked) = run(&mut check, &zone);
    assert_eq!((verdict.result, verdict.left_out), (DmarcResult::TempError, 89));
    assert!(asked.len() <= Limits::default().questions(), "{}", asked.len());
    let mut once = asked.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), asked.len(), "no name is asked twice");
}

#[test]
fn walks_share_what_they_pass() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    for order in [Order::Parallel, Order::Sequential] {
        let mut config = Config::default();
        config.order = order;
        let mut check = begin("news.example.com", config);
        check.spf(&spf("a.bounce.example.com"));
        check.dkim(&dkim("b.bounce.example.com"));
        check.dkim(&dkim("b.bounce.example.com"));
        let (verdict, asked) = run(&mut check, &zone);
        assert_eq!(
            (verdict.spf, verdict.dkim, verdict.aligned_signature),
            (Alignment::Relaxed, Alignment::Relaxed, Some(0))
        );
        assert_eq!(
            asked,
            [
                "news.example.com",
                "example.com",
                "com",
                "a.bounce.example.com",
                "bounce.example.com",
                "b.bounce.example.com"
            ]
            .map(|domain| format!("_dmarc.{domain} TXT"))
        );
    }
}

#[test]
fn one_question_is_enough_where_all_domains_are_one() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    let mut config = Config::default();
    config.order = Order::Sequential;
    let mut check = begin("example.com", config);
    check.spf(&spf("example.com"));
    check.dkim(&dkim("a.example.com"));
    check.dkim(&dkim("example.com"));
    let (verdict, asked) = run(&mut check, &zone);
    assert_eq!((verdict.result, verdict.aligned_signature, asked.len()), (DmarcResult::Pass, Some(1), 1));
}

fn unclear(domains: &[&str], config: Config, facts: &[&str], zone: &Zone) -> dmarc::Verdict {
    let mut authors = Authors::new();
    for domain in domains {
        authors.push(domain);
    }
    let mut check = Check::new(&authors, config, Limits::default(), Duration::ZERO);
    for domain in facts {
        check.dkim(&dkim(domain));
    }
    run(&mut check, zone).0
}

#[test]
fn d2_messages_without_one_clear_author_fail() {
    let zone = zone(&[
        ("example.com", "v=DMARC1; p=reject"),
        ("example.net", "v=DMARC1; p=quarantine"),
        ("example.org", "v=DMARC1; p=none"),
    ]);
    let with = |unclear| {
        let mut config = Config::default();
        config.unclear = unclear;
        config
    };
    let cases: [(&[&str], Cause); 5] = [
        (&[], Cause::NoAuthor),
        (&["[192.0.2.1]"], Cause::NoAuthor),
        (&["example.org", ""], Cause::NoAuthor),
        (&["example.org", "a b"], Cause::NoAuthor),
        (&["example.org", "example.com"], Cause::SeveralAuthors),
    ];
    for (domains, cause) in cases {
        let told = unclear(domains, Config::default(), &["example.org"], &zone);
        assert_eq!(
            (told.result, told.cause, told.disposition),
            (DmarcResult::Fail, cause, Policy::Reject),
            "{domains:?}"
        );
        // The site's own decision needs no other witness.
        assert_eq!((told.handling(false), told.author_domain()), (Policy::Reject, None));
        let told = unclear(domains, with(Unclear::None), &["example.org"], &zone);
        assert_eq!((told.result, told.disposition), (DmarcResult::None, Policy::None));
        let told = unclear(domains, with(Unclear::Fail(Policy::Quarantine)), &["example.org"], &zone);
        assert_eq!((told.result, told.disposition), (DmarcResult::Fail, Policy::Quarantine));
    }
    let mut authors = Authors::from(name("example.org"));
    authors.set_malformed();
    let mut check = Check::new(&authors, Config::default(), Limits::default(), Duration::ZERO);
    assert_eq!(run(&mut check, &zone).0.cause, Cause::NoAuthor);
    // one domain in several mailboxes is one
    let told = unclear(&["Example.org", "example.ORG"], Config::default(), &["example.org"], &zone);
    assert_eq!(told.result, DmarcResult::Pass);
}

#[test]
fn d2_the_strictest_of_several_counts() {
    let zone = zone(&[
        ("example.com", "v=DMARC1; p=reject"),
        ("example.net", "v=DMARC1; p=quarantine"),
        ("example.org", "v=DMARC1; p=none"),
    ]);
    let mut config = Config::default();
    config.unclear = Unclear::Strictest;
    for (domains, facts, result, disposition) in [
        (&["example.org", "example.com", "example.net"][..], &["example.org"][..], DmarcResult::Fail, Policy::Reject),
        (&["example.org", "example.com", "example.net"], &["example.com"], DmarcResult::Fail, Policy::Quarantine),
        (&["example.org", "example.com"], &["example.org", "example.com"], DmarcResult::Pass, Policy::None),
        (&["example.org", "none.example"], &["example.org", "none.example"], DmarcResult::None, Policy::None),
        (
            &["example.org", "example.com", "example.net", "none.example"],
            &["example.org"],
            DmarcResult::Fail,
            Policy::Reject,
        ),
        (&[], &["example.org"], DmarcResult::Fail, Policy::Reject),
    ] {
        let told = unclear(domains, config, facts, &zone);
        assert_eq!((told.result, told.disposition), (result, disposition), "{domains:?} {told}");
    }
}

#[test]
fn reject_needs_another_witness() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    let verdict = verdict("example.com", None, &[], &zone);
    assert_eq!((verdict.handling(false), verdict.handling(true)), (Policy::Quarantine, Policy::Reject));
    let text = verdict.rejection().to_string();
    assert_eq!(text, "Message refused by the DMARC policy of example.com");
    let instead =
        Override { reason: OverrideReason::MailingList, disposition: Policy::None, comment: Some("a list".into()) };
    let verdict = verdict.with_override(instead);
    assert_eq!(
        (verdict.result, verdict.disposition, verdict.policy),
        (DmarcResult::Fail, Policy::None, Some(Policy::Reject))
    );
    assert_eq!(
        verdict.to_string(),
        "fail header.from=example.com policy.dmarc=reject of example.com; spf not passed, dkim not passed; disposition none by mailing_list"
    );
}

#[test]
fn facts_may_come_late_and_the_clock_ends_all() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    let mut check =
        Check::new(&Authors::from(name("example.com")), Config::default(), Limits::default(), Duration::from_secs(5));
    assert_eq!(check.deadline(), Some(Duration::from_secs(25)));
    while let Step::Ask(question) = check.step() {
        let (id, response) = (question.id, zone.lookup(question.name, question.kind));
        check.answer(id, response.as_answer());
    }
    assert_eq!(check.step(), Step::Wait);
    let mut late = check.clone();
    late.dkim(&dkim("example.com"));
    assert_eq!(late.step(), Step::Wait);
    late.complete();
    let Step::Done(verdict) = late.step() else { panic!("all is known") };
    assert_eq!((verdict.result, late.deadline()), (DmarcResult::Pass, None));
    // what comes after the end changes nothing
    late.spf(&spf("example.com"));
    late.tick(Duration::MAX);
    assert_eq!(late.step(), Step::Done(verdict));

    check.tick(Duration::from_secs(24));
    assert_eq!(check.step(), Step::Wait);
    check.tick(Duration::from_secs(25));
    let Step::Done(verdict) = check.step() else { panic!("the clock has run out") };
    assert_eq!(verdict.result, DmarcResult::Fail);

    // a DNS that never answers
    let mut silent = begin("example.com", Config::default());
    while let Step::Ask(_) = silent.step() {}
    silent.tick(Duration::MAX);
    let Step::Done(verdict) = silent.step() else { panic!("the clock has run out") };
    assert_eq!(verdict.result, DmarcResult::TempError);

    // no policy, no need for facts
    let mut check = begin("example.net", Config::default());
    let (verdict, _) = finish(&mut check, |name, kind| zone.lookup(name, kind));
    assert_eq!((verdict.result, verdict.cause), (DmarcResult::None, Cause::NoRecord));
}

#[test]
fn parsed_records_come_out_of_a_cache() {
    let zone = zone(&[("example.com", "v=DMARC1; p=reject")]);
    let read = |text| Published::read(zone.lookup(&name(text), Kind::Txt).as_answer(), &Limits::default()).unwrap();
    let (record, nothing) = (read("_dmarc.example.com"), read("_dmarc.com"));
    assert_eq!(nothing, Published::Nothing);
    let mut check = begin("example.com", Config::default());
    check.dkim(&dkim("example.com"));
    check.complete();
    let verdict = loop {
        match check.step() {
            Step::Ask(question) => {
                let (id, own) = (question.id, *question.name == "_dmarc.example.com");
                check.answer_parsed(id, if own { &record } else { &nothing });
            }
            Step::Wait => panic!("all is answered"),
            Step::Done(verdict) => break verdict,
        }
    };
    let Published::Record(record) = record else { panic!("a record") };
    assert_eq!(verdict.applied.unwrap().record, record);
}
