//! The suites that others wrote.

mod support;

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
