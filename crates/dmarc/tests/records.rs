//! Records: what is read, mended, written, and told to their owners; and what must hold for any of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use core::time::Duration;

use dmarc::{
    Authors, Check, Config, Dkim, Draft, FailureOptions, Limits, Lint, Mode, Order, Outcome, Policy, Psd, Record,
    RecordError, Severity, Standing, TagName, Use, Verdict,
};
use dns::{Absence, Inquiry, Kind, Name, QuestionId, RecordSet, Response, Step, Zone};
use proptest::prelude::*;
use support::{name, spf};

fn lints(record: &str, purpose: Use) -> Vec<Lint> {
    Record::parse(record.as_bytes()).unwrap().lint(&purpose).into_iter().map(|finding| finding.lint).collect()
}

#[test]
fn the_examples_of_b_2() {
    let monitoring = Record::parse(b"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com").unwrap();
    assert_eq!((monitoring.rules().p, monitoring.rua().valid().count()), (Some(Policy::None), 1));
    let failures =
        Record::parse(b"v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com; ruf=mailto:auth-reports@example.com")
            .unwrap();
    assert_eq!(failures.ruf().valid().next().unwrap().address(), Some("auth-reports@example.com"));
    let testing =
        b"v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,mailto:tld-test@thirdparty.example.net; t=y";
    let testing = Record::parse(testing).unwrap();
    assert_eq!((testing.rules().testing, testing.rua().valid().count()), (true, 2));
    assert_eq!(Record::parse(b"v=DMARC1;").unwrap().rules().standing, Standing::Void);
}

#[test]
fn all_tags_are_read() {
    let text = b"v=DMARC1; p=Reject; sp = QUARANTINE ;np=none; psd=N; t=Y; adkim=S; aspf=s; fo=1:d:s; rua=mailto:a@b.example; \
        ruf=mailto:c@d.example; pct=7; rf=afrf; ri=3600; x=y";
    let record = Record::parse(text).unwrap();
    let rules = record.rules();
    assert_eq!((rules.p, rules.sp, rules.np), (Some(Policy::Reject), Some(Policy::Quarantine), Some(Policy::None)));
    assert_eq!((rules.psd, rules.testing, rules.adkim, rules.aspf), (Psd::No, true, Mode::Strict, Mode::Strict));
    assert_eq!((rules.fo, rules.pct), (FailureOptions { any: true, dkim: true, spf: true }, Some(7)));
    assert_eq!(&text[record.span(TagName::Sp).unwrap()], b"QUARANTINE");
    assert_eq!(&text[record.span(TagName::Ri).unwrap()], b"3600");
    assert_eq!(record.tags().count(), 15);
    // what is not valid gives way to defaults
    let mended = Record::parse(b"v=DMARC1; p=none; psd=x; t=1; adkim=q; aspf=; fo=2; pct=101").unwrap();
    assert_eq!(mended.rules(), Record::parse(b"v=DMARC1; p=none").unwrap().rules());
    // the first counts
    assert_eq!(Record::parse(b"v=DMARC1; p=none; p=reject").unwrap().rules().p, Some(Policy::None));
}

#[test]
fn d9_what_is_no_record_is_told() {
    for (text, error) in [
        (&b""[..], RecordError::NoVersion { at: 0 }),
        (b"p=none", RecordError::NoVersion { at: 0 }),
        (b"; x", RecordError::NoVersion { at: 2 }),
        (b"v=dmarc1", RecordError::Version { at: 2 }),
        (b"v = DMARC1x; p=none", RecordError::Version { at: 4 }),
        (&[b' '; 5_000], RecordError::Long { limit: 4_096, value: 5_000 }),
    ] {
        assert_eq!(Record::parse(text), Err(error), "{}", text.escape_ascii());
    }
    for pct in ["", "-1", "101", "999", "99999999999999999999", "1e2", "%"] {
        let text = format!("v=DMARC1; p=reject; pct={pct}; ri=99999999999999999999; rf=%s%n");
        let record = Record::parse(text.as_bytes()).unwrap();
        assert_eq!((record.rules().pct, record.rules().p), (None, Some(Policy::Reject)));
    }
}

#[test]
fn owners_are_told() {
    let all = Use::default();
    assert_eq!(lints("v=DMARC1; p=quarantine; rua=mailto:a@b.example", all), []);
    let mut people = Use::default();
    people.people = true;
    let mut silent = Use::default();
    silent.silent = true;
    for (record, purpose, expected) in [
        ("v=DMARC1; p=reject; rua=mailto:a@b.example", people, &[Lint::RejectForPeople][..]),
        ("v=DMARC1; p=none; rua=mailto:a@b.example", silent, &[Lint::SilentNotRejected]),
        ("v=DMARC1; p=none", all, &[Lint::Useless]),
        ("v=DMARC1; p=reject", all, &[Lint::NoReports]),
        ("v=DMARC1; rua=mailto:a@b.example", all, &[Lint::NoPolicy]),
        ("v=DMARC1; sp=none", all, &[Lint::Void]),
        ("v=DMARC1; p=on; rua=mailto:a@b.example", all, &[Lint::BadPolicy]),
        (
            "v=DMARC1; p=none; rua=mailto:a@b.example!10m; pct=100; rf=afrf; ri=1",
            all,
            &[Lint::Size, Lint::OldTag, Lint::OldTag, Lint::OldTag],
        ),
        ("v=DMARC1; p=none; rua=mailto:a@b.example; pct=20", all, &[Lint::Percentage]),
        (
            "v=DMARC1; p=none; rua=mailto:a@b.example; fo=1:1; x=1; junk",
            all,
            &[Lint::FailureOptions, Lint::UnknownTag, Lint::NotATag, Lint::OptionsWithoutAddress],
        ),
        (
            "v=DMARC1; P=none; p=none; rua=https://b.example/; adkim=x",
            all,
            &[Lint::UpperCase, Lint::Twice, Lint::NotMail, Lint::Value],
        ),
        (
            "v=DMARC1; p=reject; sp=none; psd=y; t=y; rua=mailto:a@b.example",
            all,
            &[Lint::WeakSubdomains, Lint::PublicSuffix, Lint::Testing],
        ),
        ("v=DMARC1; p=none; rua=a@b.example", all, &[Lint::Uri(dmarc::UriError::Scheme { at: 22 }), Lint::Useless]),
    ] {
        assert_eq!(lints(record, purpose), expected, "{record}");
    }
    let record = Record::parse(b"v=DMARC1; p=bad; rua=mailto:a@b.example").unwrap();
    let findings = record.lint(&all);
    assert_eq!((findings[0].at.clone(), findings[0].lint.severity()), (12..15, Severity::Error));
    assert!(findings[0].to_string().starts_with("error: octets 12 to 15: "));
}

#[test]
fn records_are_written_without_what_would_change_them() {
    let mut draft = Draft::new(Policy::Reject);
    for (uri, wrong) in [
        ("mailto:a@b.example;x", true),
        ("mailto:a@b.example!10m", true),
        ("mailto:a,b@c.example", true),
        ("mailto:a;p@b.example", true),
        ("a@b.example", true),
        ("mailto:a@b.example", false),
    ] {
        draft.rua = vec![uri.into()];
        assert_eq!(draft.to_text().is_err(), wrong, "{uri}");
    }
    draft.ruf = vec!["mailto:c@d.example".into()];
    draft.fo = FailureOptions { any: true, dkim: false, spf: true };
    (draft.psd, draft.adkim, draft.np) = (Psd::No, Mode::Strict, Some(Policy::None));
    let text = draft.to_text().unwrap();
    assert_eq!(
        text,
        "v=DMARC1; p=reject; np=none; psd=n; adkim=s; rua=mailto:a@b.example; ruf=mailto:c@d.example; fo=1:s"
    );
    assert_eq!(Draft::from(&Record::parse(text.as_bytes()).unwrap()), draft);
}

/// What a name may publish, or not tell.
fn published() -> impl Strategy<Value = Option<Response>> {
    let record = prop_oneof![
        Just("v=DMARC1; p=reject"),
        Just("v=DMARC1; p=quarantine; sp=none; np=reject; adkim=s"),
        Just("v=DMARC1; p=none; psd=y; aspf=s"),
        Just("v=DMARC1; p=reject; psd=n; t=y"),
        Just("v=DMARC1; p=bad"),
        Just("v=spf1 -all"),
    ];
    let texts = prop::collection::vec(record.prop_map(dns::Txt::from), 1..3);
    prop_oneof![
        3 => Just(None),
        3 => texts.prop_map(|texts| Some(Response::Records { records: RecordSet::Txt(texts), ttl: 1, authenticated: false })),
        1 => prop_oneof![Just(Absence::TryLater), Just(Absence::Refused), Just(Absence::NoRecords)].prop_map(|absence| Some(absence.into())),
    ]
}

/// Names near each other: some of the labels of one path, from the right, with others in front.
fn domain() -> impl Strategy<Value = Name> {
    (0..=10_usize, prop::collection::vec(0..2_u8, 0..3)).prop_map(|(depth, front)| {
        let mut labels: Vec<String> = front.iter().map(|at| format!("x{at}")).collect();
        labels.extend((0..depth).rev().map(|at| format!("l{at}")));
        labels.push("top".into());
        name(&labels.join("."))
    })
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![3 => Just(Outcome::Pass), 1 => Just(Outcome::Fail), 1 => Just(Outcome::TempError)]
}

/// Runs a check, the answers coming in an order that `picks` says.
fn shuffled(mut check: Check, zone: &Zone, picks: &[usize]) -> (Verdict, usize) {
    let mut open: Vec<(QuestionId, Response)> = Vec::new();
    let mut picks = picks.iter().cycle();
    let mut count = 0;
    loop {
        match check.step() {
            Step::Ask(question) => {
                count += 1;
                open.push((question.id, zone.lookup(question.name, question.kind)));
            }
            Step::Wait => {
                let pick = picks.next().unwrap() % open.len();
                let (id, response) = open.swap_remove(pick);
                check.answer(id, response.as_answer());
            }
            Step::Done(verdict) => return (verdict, count),
        }
    }
}

proptest! {
    /// Reading never panics, spans lie where values are, and what is written reads as what was read.
    #[test]
    fn d9_any_text_is_read_and_written_again(text in "(v=DMARC1)?(; ?(p|sp|np|t|psd|fo|rua|ruf|adkim|pct|zz) ?= ?([a-z0-9:,!%@. ]{0,20}|reject|mailto:a@b.c))*;?") {
        if let Ok(record) = Record::parse(text.as_bytes()) {
            for tag in record.tags().flatten() {
                prop_assert_eq!(&text.as_bytes()[tag.span()], tag.value);
            }
            for finding in record.lint(&Use::default()) {
                prop_assert!(finding.at.end <= text.len());
            }
            let draft = Draft::from(&record);
            let written = draft.to_text().unwrap();
            let again = Draft::from(&Record::parse(written.as_bytes()).unwrap());
            prop_assert_eq!(again.to_text().unwrap(), written);
        }
    }

    /// The order of answers changes nothing, nor does the order of questions; and no more is asked than is documented.
    #[test]
    fn d1_the_verdict_is_the_same_in_any_order(
        author in domain(),
        facts in prop::collection::vec((outcome(), domain()), 0..5),
        records in prop::collection::vec(published(), 12),
        more in prop::collection::vec((domain(), published()), 0..4),
        picks in prop::collection::vec(any::<usize>(), 1..20),
    ) {
        let mut zone = Zone::new();
        let mut path = name("top");
        for (at, response) in records.into_iter().enumerate() {
            let owner = path.prefixed("_dmarc").unwrap();
            if let Some(response) = response {
                zone.set(owner, Kind::Txt, response);
            }
            path = path.prefixed(&format!("l{at}")).unwrap();
        }
        for (domain, response) in more {
            if let Some(response) = response {
                zone.set(domain.prefixed("_dmarc").unwrap(), Kind::Txt, response);
            }
        }
        let check = |order, complete: bool| {
            let mut config = Config::default();
            config.order = order;
            let mut check = Check::new(&Authors::from(author), config, Limits::default(), Duration::ZERO);
            for (at, (outcome, domain)) in facts.iter().enumerate() {
                if at == 0 {
                    check.spf(&dmarc::Spf { outcome: *outcome, domain: *domain, ..spf("x.example") });
                } else {
                    check.dkim(&Dkim { outcome: *outcome, domain: *domain, partial: false });
                }
            }
            if complete {
                check.complete();
            }
            check
        };
        let (verdict, count) = shuffled(check(Order::Parallel, true), &zone, &[0]);
        prop_assert!(count <= 8 * (1 + facts.len()) + 1);
        let (other, _) = shuffled(check(Order::Parallel, true), &zone, &picks);
        prop_assert_eq!(&verdict, &other);
        let (frugal, fewer) = shuffled(check(Order::Sequential, true), &zone, &[0]);
        prop_assert_eq!(&verdict, &frugal);
        prop_assert!(fewer <= count);
        let (expired, _) = {
            let mut late = check(Order::Parallel, false);
            late.tick(Duration::MAX);
            shuffled(late, &zone, &[0])
        };
        prop_assert!(!expired.result.as_str().is_empty() && expired.disposition == Policy::None);
    }
}
