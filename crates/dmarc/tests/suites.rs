//! Suites that others wrote. A public suffix list is not among them: the tree walk has taken its place (RFC 9989, 4.10 and C.3), and nothing here reads one.
#![allow(clippy::print_stdout, reason = "counts are told")]

mod support;

use dmarc::{Config, Order};

#[test]
fn dmarc_rfc9989() {
    let Some(cases) = support::cases("dmarc-rfc9989", "rfc9989-compliance.json") else { return };
    for order in [Order::Parallel, Order::Sequential] {
        let mut config = Config::default();
        config.order = order;
        let failed: Vec<String> = cases
            .iter()
            .filter_map(|case| case.run(config).err().map(|error| format!("{}: {error}", case.name)))
            .collect();
        println!("dmarc-rfc9989, {order:?}: {} passed, {} failed", cases.len() - failed.len(), failed.len());
        assert!(failed.is_empty(), "{failed:#?}");
    }
    assert_eq!(cases.len(), 28);
}

#[test]
fn tag_value_records() {
    let Some(cases) = support::cases("tag-value-records", "record-parse.json") else { return };
    // Those with DMARC's words; the others are DKIM's, ARC's and BIMI's.
    let (ours, others): (Vec<_>, Vec<_>) = cases.iter().partition(|case| case.is_dmarc());
    let failed: Vec<String> = ours
        .iter()
        .filter_map(|case| case.run(Config::default()).err().map(|error| format!("{}: {error}", case.name)))
        .collect();
    println!(
        "tag-value-records: {} passed, {} failed, {} of other protocols",
        ours.len() - failed.len(),
        failed.len(),
        others.len()
    );
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!((ours.len(), others.len()), (2, 35));
}
