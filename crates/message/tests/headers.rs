//! The index of a header block: what is a field, where it is, and how bytes arrive.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

use message::{DefectKind, Error, Index, Limit, Limits, Progress};
use proptest::prelude::*;

type Fields = Vec<(String, String)>;

/// Names, values, defects with their places, and the body of one message.
fn read(message: &str) -> (Fields, Vec<(DefectKind, usize)>, String) {
    let mut index = Index::default();
    let headers = index.parse(message.as_bytes()).unwrap();
    let fields = headers.iter().map(|field| (field.name().to_owned(), field.text().into_owned())).collect();
    let defects = headers.defects().map(|defect| (defect.kind, defect.at)).collect();
    (fields, defects, String::from_utf8_lossy(headers.body()).into_owned())
}

fn fields(pairs: &[(&str, &str)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn fields_are_found_as_they_are() {
    use DefectKind::{BareCr, BareLf, BlankFold, MboxLine, NoBody, NotAField, Nul, SpaceBeforeColon};
    type Case = (&'static str, &'static [(&'static str, &'static str)], &'static [(DefectKind, usize)], &'static str);
    let cases: &[Case] = &[
        ("A: b\r\n\r\nc", &[("A", "b")], &[], "c"),
        ("A:b\r\nA: c\r\n d\r\n\te\r\n\r\n", &[("A", "b"), ("A", "c d\te")], &[], ""),
        ("\r\nA: b\r\n", &[], &[], "A: b\r\n"),
        ("A: b\n\nc", &[("A", "b")], &[(BareLf, 4)], "c"),
        ("A: b\rc\r\n\r\n", &[("A", "b\u{fffd}c")], &[(BareCr, 4)], ""),
        ("A: b\0\r\n\r\n", &[("A", "b\u{fffd}")], &[(Nul, 4)], ""),
        ("A:\r\n \r\n b\r\n\r\n", &[("A", "b")], &[(BlankFold, 4)], ""),
        ("A \t: b\r\n\r\n", &[("A", "b")], &[(SpaceBeforeColon, 1)], ""),
        ("From a@b Thu\r\nA: b\r\n\r\n", &[("A", "b")], &[(MboxLine, 0)], ""),
        ("no field\r\n at all\r\nÄ: b\r\n: c\r\nA: b\r\n\r\n", &[("A", "b")], &[(NotAField, 0)], ""),
        (" starts folded\r\nA: b\r\n\r\n", &[("A", "b")], &[(NotAField, 0)], ""),
        ("A: b", &[("A", "b")], &[(NoBody, 4)], ""),
        ("A: b\r\n\r", &[("A", "b")], &[(BareCr, 6), (NotAField, 6), (NoBody, 7)], ""),
        ("", &[], &[(NoBody, 0)], ""),
        ("A:\r\n\r\n", &[("A", "")], &[], ""),
        ("From : a@b\r\n\r\n", &[("From", "a@b")], &[(SpaceBeforeColon, 4)], ""),
    ];
    for &(message, expected, defects, body) in cases {
        assert_eq!(read(message), (fields(expected), defects.to_vec(), body.to_owned()), "{message:?}");
    }
}

#[test]
fn long_lines_are_told() {
    let line = |length: usize| format!("A: {}\r\n\r\n", "x".repeat(length - 3));
    assert_eq!(read(&line(998)).1, []);
    assert_eq!(read(&line(999)).1, [(DefectKind::LongLine, 0)]);
}

#[test]
fn names_are_looked_up_without_case_and_in_order() {
    let mut index = Index::default();
    let headers = index.parse(b"Received: 1\r\nX: y\r\nreceived: 2\r\nTo: a@b\r\n\r\n").unwrap();
    let values: Vec<_> = headers.all("RECEIVED").map(|field| field.text()).collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(headers.all("Received").next_back().unwrap().text(), "2");
    assert_eq!((headers.hops(), headers.len(), headers.iter().next_back().unwrap().at()), (2, 4, 32));
    assert!(headers.get("Re").is_none() && headers.get("").is_none());
    let field = headers.get("x").unwrap();
    assert_eq!((field.raw(), field.value(), field.name()), (&b"X: y\r\n"[..], &b" y"[..], "X"));
}

#[test]
fn a_round_trip_is_seen_by_delivered_to() {
    let mut index = Index::default();
    let headers = index.parse(b"Delivered-To: Ned@Example.org\r\nDelivered-To: (x) kim@b\r\n\r\n").unwrap();
    assert!(headers.delivered_to(&"Ned@example.ORG".parse().unwrap()));
    assert!(headers.delivered_to(&"kim@b".parse().unwrap()));
    assert!(!headers.delivered_to(&"ned@example.org".parse().unwrap()));
}

#[test]
fn storage_is_used_again() {
    let mut index = Index::default();
    assert_eq!(index.parse(b"A: b\nC: d\n\n").unwrap().len(), 2);
    let headers = index.parse(b"E: f\r\n\r\ng").unwrap();
    assert_eq!((headers.len(), headers.defects().count(), headers.body()), (1, 0, &b"g"[..]));
}

/// Limits that are small enough to be met by short inputs.
fn small() -> Limits {
    let mut limits = Limits::default();
    (limits.header, limits.field, limits.fields) = (60, 25, 4);
    limits
}

fn whole(message: &[u8], limits: Limits) -> (Index, Result<usize, Error>) {
    let mut index = Index::new(limits);
    let result = index.finish(message);
    (index, result)
}

#[test]
fn limits_are_exact() {
    let error = |message: &str| whole(message.as_bytes(), small()).1.err();
    let limit = |limit, value| Some(Error::Limit { limit, value });
    assert_eq!(error(&format!("A: {}\r\n\r\n", "x".repeat(20))), None);
    assert_eq!(error(&format!("A: {}\r\n\r\n", "x".repeat(21))), limit(Limit::Field, 25));
    assert_eq!(error(&format!("A: {}\r\n {}\r\n\r\n", "x".repeat(10), "x".repeat(10))), limit(Limit::Field, 25));
    assert_eq!(error(&"A: b\r\n".repeat(4)), None);
    assert_eq!(error(&"A: b\r\n".repeat(5)), limit(Limit::Fields, 4));
    let block = format!("A: {0}\r\nB: {0}\r\nC: ", "x".repeat(17));
    assert_eq!(error(&format!("{block}{}\r\n\r\nbody", "x".repeat(9))), None);
    assert_eq!(error(&format!("{block}{}\r\n\r\nbody", "x".repeat(10))), limit(Limit::Header, 60));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_cut_gives_the_same_index(message in "[A:b \\t\\r\\n\\x00é]{0,90}", cuts in prop::collection::vec(0_usize..100, 0..8)) {
        let message = message.as_bytes();
        let (expected, result) = whole(message, small());
        let mut index = Index::new(small());
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(message.len())).collect();
        cuts.sort_unstable();
        let mut progress = Ok(Progress::Incomplete);
        for cut in cuts {
            progress = index.scan(&message[..cut]);
            if progress != Ok(Progress::Incomplete) {
                break;
            }
        }
        let finished = index.finish(message);
        prop_assert_eq!(finished, result);
        if let Ok(Progress::Body(at)) = progress {
            prop_assert_eq!(result, Ok(at));
        }
        // behind a limit it is not said how far it looked for faults
        if result.is_ok() {
            prop_assert_eq!(&index, &expected);
        }
        let fields: Vec<_> = index.headers(message).iter().collect();
        prop_assert_eq!(fields, expected.headers(message).iter().collect::<Vec<_>>());

        let headers = index.headers(message);
        let mut end = 0;
        for (field, raw) in headers.pieces() {
            prop_assert_eq!(raw, &message[end..end + raw.len()]);
            prop_assert!(field.is_none_or(|field| field.at() == end));
            end += raw.len();
        }
        if result.is_ok() {
            prop_assert!(matches!(&message[end..headers.raw().len()], b"" | b"\n" | b"\r\n"));
            prop_assert_eq!([headers.raw(), headers.body()].concat(), message);
        }
    }
}
