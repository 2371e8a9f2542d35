//! Iprev, step by step and by every order of answers.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use core::{net::IpAddr, time::Duration};

use dns::{
    Absence, Answer, Inquiry, Iprev, IprevReason, IprevResult, IprevVerdict, Kind, Limits, Name, QuestionId, RecordSet,
    Response, Step, Zone, drive,
};
use proptest::prelude::*;

const ADDRESS: &str = "192.0.2.1";

fn iprev() -> Iprev {
    Iprev::new(ADDRESS.parse().unwrap(), &Limits::default(), Duration::ZERO)
}

fn run_for(address: &str, zone: &str) -> IprevVerdict {
    let zone = Zone::parse(zone).unwrap();
    let iprev = Iprev::new(address.parse().unwrap(), &Limits::default(), Duration::ZERO);
    drive::blocking(iprev, |name, kind| zone.lookup(name, kind))
}

fn run(zone: &str) -> IprevVerdict {
    run_for(ADDRESS, zone)
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// All that can be asked now.
fn asked(iprev: &mut Iprev) -> Vec<(QuestionId, Name, Kind)> {
    let mut questions = Vec::new();
    while let Step::Ask(question) = iprev.step() {
        questions.push((question.id, *question.name, question.kind));
    }
    questions
}

#[test]
fn the_results_of_rfc_8601() {
    for (zone, result, line) in [
        (
            "1.2.0.192.in-addr.arpa PTR a.example\na.example A 192.0.2.9\n  A 192.0.2.1",
            IprevResult::Pass,
            "iprev=pass: 192.0.2.1 is a.example",
        ),
        (
            "1.2.0.192.in-addr.arpa PTR a.example\na.example A 192.0.2.9",
            IprevResult::Fail,
            "iprev=fail: 192.0.2.1 says it is a.example, which has other addresses",
        ),
        (
            "1.2.0.192.in-addr.arpa PTR a.example\na.example AAAA 2001:db8::1",
            IprevResult::Fail,
            "iprev=fail: 192.0.2.1 says it is a.example, which has no address that is known: the name has no such records",
        ),
        (
            "1.2.0.192.in-addr.arpa PTR a.example",
            IprevResult::Fail,
            "iprev=fail: 192.0.2.1 says it is a.example, which has no address that is known: the name does not exist",
        ),
        (
            "1.2.0.192.in-addr.arpa PTR a.example\na.example TIMEOUT",
            IprevResult::TempError,
            "iprev=temperror: 192.0.2.1 says it is a.example, which has no address that is known: the DNS did not answer; try later",
        ),
        (
            "1.2.0.192.in-addr.arpa PTR a.example\na.example REFUSED",
            IprevResult::PermError,
            "iprev=permerror: 192.0.2.1 says it is a.example, which has no address that is known: the DNS refused to answer",
        ),
        (
            "1.2.0.192.in-addr.arpa TIMEOUT",
            IprevResult::TempError,
            "iprev=temperror: 192.0.2.1 has no name that is known: the DNS did not answer; try later",
        ),
        (
            "1.2.0.192.in-addr.arpa TXT x",
            IprevResult::PermError,
            "iprev=permerror: 192.0.2.1 has no name that is known: the name has no such records",
        ),
        ("", IprevResult::PermError, "iprev=permerror: 192.0.2.1 has no name that is known: the name does not exist"),
    ] {
        let verdict = run(zone);
        assert_eq!(verdict.result, result, "{zone}");
        assert_eq!(verdict.to_string(), line);
        assert_eq!(verdict.name.is_some(), result == IprevResult::Pass);
    }
}

#[test]
fn ipv6_and_ipv4_within_it() {
    let reverse = Name::reverse("2001:db8::1".parse().unwrap());
    let verdict = run_for("2001:db8::1", &format!("{reverse} PTR a.example\na.example AAAA 2001:db8::1"));
    assert_eq!(verdict.result, IprevResult::Pass);
    let verdict = run_for("::ffff:192.0.2.1", "1.2.0.192.in-addr.arpa PTR a.example\na.example A 192.0.2.1");
    assert_eq!(verdict.result, IprevResult::Pass);
    assert_eq!(verdict.address, ADDRESS.parse::<IpAddr>().unwrap());
}

#[test]
fn step_by_step() {
    let mut iprev = iprev();
    assert_eq!(iprev.deadline(), Some(Duration::from_secs(20)));
    // Not asked yet: an answer is to nothing.
    iprev.answer(QuestionId(0), Answer::NoSuchName);
    let questions = asked(&mut iprev);
    assert_eq!(questions, [(QuestionId(0), name("1.2.0.192.in-addr.arpa"), Kind::Ptr)]);
    assert!(matches!(iprev.step(), Step::Wait));
    iprev.answer(QuestionId(7), Answer::NoSuchName);
    let names = RecordSet::Ptr(["c.example", "a.example", "b.example", "a.example"].map(name).into());
    iprev.answer(QuestionId(0), Response::Records { records: names, ttl: 1, authenticated: false }.as_answer());
    iprev.answer(QuestionId(1), Answer::NoSuchName);
    let questions = asked(&mut iprev);
    let expected = [(1, "a.example"), (2, "b.example"), (3, "c.example")];
    assert_eq!(questions, expected.map(|(id, text)| (QuestionId(id), name(text), Kind::A)));
    // The last one is confirmed first, and waits for those before it.
    let zone = Zone::parse("b.example A 192.0.2.1\nc.example A 192.0.2.1\na.example A 192.0.2.9").unwrap();
    for (id, name, kind) in questions.iter().rev() {
        assert!(matches!(iprev.step(), Step::Wait));
        iprev.answer(*id, zone.lookup(name, *kind).as_answer());
        // The second answer to a question is ignored.
        iprev.answer(*id, Answer::TryLater);
    }
    for _ in 0..2 {
        assert!(matches!(iprev.step(), Step::Done(verdict) if verdict.name == Some(name("b.example"))));
    }
    assert_eq!(iprev.deadline(), None);
    iprev.tick(Duration::MAX);
    iprev.answer(QuestionId(1), Answer::NoSuchName);
    assert!(matches!(iprev.step(), Step::Done(verdict) if verdict.result == IprevResult::Pass));
}

#[test]
fn it_does_not_wait_forever() {
    let late = Duration::from_secs(20);
    let mut silent = iprev();
    silent.tick(late - Duration::from_nanos(1));
    assert_eq!(asked(&mut silent).len(), 1);
    silent.tick(late);
    assert!(matches!(silent.step(), Step::Done(verdict) if verdict.reason == IprevReason::NoName(Absence::TryLater)));

    let mut half = iprev();
    let (id, ..) = asked(&mut half)[0];
    let names = RecordSet::Ptr(["a.example", "b.example"].map(name).into());
    half.answer(id, Response::Records { records: names, ttl: 1, authenticated: false }.as_answer());
    let questions = asked(&mut half);
    let zone = Zone::parse("b.example A 192.0.2.1").unwrap();
    half.answer(questions[1].0, zone.lookup(&questions[1].1, Kind::A).as_answer());
    half.tick(late);
    // One name is confirmed; that another is silent changes nothing.
    assert!(matches!(half.step(), Step::Done(verdict) if verdict.name == Some(name("b.example"))));
}

#[test]
fn s1_ptr_names_are_bounded() {
    let mut zone = String::new();
    for at in 0..1_000 {
        zone.push_str(&format!("1.2.0.192.in-addr.arpa PTR n{at:04}.example\n"));
    }
    let zone = Zone::parse(&zone).unwrap();
    let mut questions = 0;
    let verdict = drive::blocking(iprev(), |name, kind| {
        questions += 1;
        zone.lookup(name, kind)
    });
    assert_eq!((verdict.result, questions), (IprevResult::Fail, 11));
}

#[test]
fn n8_a_name_is_a_hint_until_it_is_confirmed() {
    // A stranger's reverse zone claims a name of ours.
    let verdict = run("1.2.0.192.in-addr.arpa PTR mx.bank.example\nmx.bank.example A 198.51.100.1");
    assert_eq!((verdict.result, verdict.name), (IprevResult::Fail, None));
    // `localhost` means nothing, and neither does what no host can be called: it would stand in trace fields.
    let zone = Zone::parse(
        r"1.2.0.192.in-addr.arpa PTR localhost
  PTR a\(b\).example
  PTR a\;b.example
  PTR -a.example
localhost A 192.0.2.1
a\(b\).example A 192.0.2.1
a\;b.example A 192.0.2.1
-a.example A 192.0.2.1",
    )
    .unwrap();
    let mut questions = 0;
    let verdict = drive::blocking(iprev(), |name, kind| {
        questions += 1;
        zone.lookup(name, kind)
    });
    assert_eq!((verdict.result, verdict.reason, questions), (IprevResult::Fail, IprevReason::NoHost, 1));
}

proptest! {
    /// The verdict is the same for any order of the names, and of the answers.
    #[test]
    fn any_order_gives_the_same_verdict(
        outcomes in prop::collection::vec(0..6_u8, 0..12),
        names in any::<prop::sample::Index>(),
        picks in prop::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let mut zone = Zone::new();
        let mut ptr: Vec<Name> = Vec::new();
        for (at, outcome) in outcomes.iter().enumerate() {
            let name = name(&format!("n{at}.example"));
            ptr.push(name);
            match outcome {
                0 => zone.add(name, RecordSet::A(vec!["192.0.2.1".parse().unwrap()])),
                1 => zone.add(name, RecordSet::A(vec!["192.0.2.2".parse().unwrap()])),
                2 => zone.set_absent(name, Absence::TryLater),
                3 => zone.set_absent(name, Absence::Refused),
                4 => zone.set_absent(name, Absence::NoRecords),
                _ => {}
            }
        }
        let reverse = name("1.2.0.192.in-addr.arpa");
        zone.add(reverse, RecordSet::Ptr(ptr.clone()));
        let expected = drive::blocking(iprev(), |name, kind| zone.lookup(name, kind));

        if !ptr.is_empty() {
            let by = names.index(ptr.len());
            ptr.rotate_left(by);
        }
        zone.set(reverse, Kind::Ptr, Response::Records { records: RecordSet::Ptr(ptr), ttl: 1, authenticated: false });
        let mut iprev = iprev();
        let mut open = Vec::new();
        let mut picks = picks.into_iter();
        let verdict = loop {
            open.extend(asked(&mut iprev));
            if let Step::Done(verdict) = iprev.step() {
                break verdict;
            }
            let pick = picks.next().map_or(0, |pick| pick.index(open.len()));
            let (id, name, kind) = open.swap_remove(pick);
            iprev.answer(id, zone.lookup(&name, kind).as_answer());
        };
        prop_assert_eq!(verdict, expected);
    }
}
