//! The suites that others wrote.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::time::Duration;

use dns::{Name, RecordSet, Zone, drive};
use spf::{CheckHost, Config, Limits};

use support::{
    openspf::{self, Order},
    suite,
};

/// A case that the standard has changed since, and why.
type Changed = (&'static str, &'static str);

/// Runs all cases of a suite and returns their number.
fn run(text: &str, changed: &[Changed]) -> usize {
    let (mut passed, mut listed, mut wrong) = (0, 0, Vec::new());
    for scenario in openspf::load(text).unwrap() {
        for case in &scenario.cases {
            let (verdict, check) = case.check(&scenario.zone, Order::Asked);
            for order in Order::ALL {
                let (other, again) = case.check(&scenario.zone, order);
                assert_eq!((verdict, check.explanation()), (other, again.explanation()), "{}: {order:?}", case.name);
                assert_eq!(check.trace().to_string(), again.trace().to_string(), "{}: {order:?}", case.name);
            }
            let reason = changed.iter().find(|(name, _)| *name == case.name);
            match (case.judge(verdict, &check), reason) {
                (Ok(()), None) => passed += 1,
                (Err(_), Some((name, reason))) => {
                    println!("changed: {name}: {reason}");
                    listed += 1;
                }
                (Ok(()), Some(_)) => wrong.push(format!("{}: it passes, and should not be listed", case.name)),
                (Err(error), None) => wrong.push(format!("{}: {}: {error}", scenario.description, case.name)),
            }
        }
    }
    println!("{passed} passed, {listed} changed by RFC 7208, {} failed", wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(listed, changed.len(), "each listed case is there");
    passed
}

#[test]
fn every_case_of_the_suite_for_rfc_7208_passes() {
    let Some(text) = suite("spf-rfc7208", "rfc7208-tests.yml") else { return };
    assert_eq!(run(&text, &[]), 203);
}

#[test]
fn what_rfc_7208_did_not_change_of_the_suite_for_rfc_4408_passes() {
    let Some(text) = suite("spf-rfc4408", "rfc4408-tests.yml") else { return };
    assert_eq!(run(&text, &[]), 191);
}

/// The macros' examples: each case gives a receiver's explanation, and what comes of it. The suite brings no zone; this is the one its names are from.
#[test]
fn every_example_of_macros_comes_out() {
    let Some(text) = suite("spf-examples-libspf2", "test_rfc_examples.txt") else { return };
    let mut zone = Zone::new();
    zone.add("email.example.com".parse().unwrap(), RecordSet::Txt(vec!["v=spf1 -all".into()]));
    zone.add(Name::reverse("192.0.2.3".parse().unwrap()), RecordSet::Ptr(vec!["mx.example.org".parse().unwrap()]));
    zone.add("mx.example.org".parse().unwrap(), RecordSet::A(vec!["192.0.2.3".parse().unwrap()]));
    let mut passed = 0;
    for case in text.split("\n\n").filter_map(|case| case.trim().strip_prefix("spfquery ")) {
        let line = case.lines().next().unwrap();
        let option = |name: &str| {
            let (_, value) = line.split_once(name).unwrap();
            value.trim_start_matches(['=', ' ', '"']).split([' ', '"']).next().unwrap()
        };
        let expected = |name: &str| {
            let line = case.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().last().unwrap()
        };
        let mut config = Config::new("receiver.example");
        config.explanation = option("-default-explanation");
        let (client, sender) = (option("-ip").parse().unwrap(), option("-sender"));
        let mut check =
            CheckHost::mail_from(client, option("-helo"), sender, &config, Limits::default(), Duration::ZERO);
        let verdict = drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
        assert_eq!(verdict.result.as_str(), expected("result"), "{line}");
        assert_eq!(check.explanation(), Some(expected("smtp-comment")), "{line}");
        passed += 1;
    }
    println!("{passed} passed");
    assert_eq!(passed, 23);
}
