//! Lines, buffers and base64: any cut of the input gives the same lines, whichever way bytes come in; what is decoded is what was encoded.
#![no_main]

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use wire::{Input, Line, Lines, base64};

#[derive(Arbitrary, Debug)]
struct Case {
    limit: u8,
    bound: u16,
    by_space: bool,
    cuts: Vec<u8>,
    bytes: Vec<u8>,
}

#[derive(Debug, PartialEq)]
enum Seen {
    Line(Vec<u8>),
    BareLf(Vec<u8>),
    TooLong,
}

fn lines(case: &Case, cuts: &[u8], by_space: bool) -> Vec<Seen> {
    let limit = usize::from(case.limit).max(2);
    let mut input = Input::new(usize::from(case.bound).max(2 * limit));
    let mut lines = Lines::new();
    let mut seen = Vec::new();
    let mut skipping = false;
    let mut rest = &case.bytes[..];
    let mut cuts = cuts.iter();
    while !rest.is_empty() {
        let piece = cuts.next().map_or(rest.len(), |cut| usize::from(*cut).clamp(1, rest.len()));
        let taken = if by_space {
            let space = input.space();
            let n = piece.min(space.len());
            space[..n].copy_from_slice(&rest[..n]);
            input.received(n);
            n
        } else {
            input.receive(&rest[..piece])
        };
        assert!(taken > 0, "what is used makes room");
        rest = &rest[taken..];
        loop {
            if skipping {
                let (n, done) = Lines::skip(input.unread());
                input.consume(n);
                lines.restart();
                skipping = !done;
                if skipping {
                    break;
                }
            }
            let total = match lines.next(input.unread(), limit) {
                Line::Partial => break,
                Line::Whole { text, total } => {
                    seen.push(Seen::Line(input.unread()[..text].to_vec()));
                    total
                }
                Line::BareLf { text, total } => {
                    seen.push(Seen::BareLf(input.unread()[..text].to_vec()));
                    total
                }
                Line::TooLong => {
                    seen.push(Seen::TooLong);
                    skipping = true;
                    continue;
                }
            };
            input.consume(total);
            lines.restart();
        }
    }
    seen
}

fuzz_target!(|case: Case| {
    let whole = lines(&case, &[], false);
    assert_eq!(lines(&case, &case.cuts, case.by_space), whole);
    assert_eq!(lines(&case, &vec![1; case.bytes.len()], !case.by_space), whole);
    let mut text = Vec::new();
    base64::encode(&case.bytes, &mut text);
    let mut again = Vec::new();
    assert!(base64::decode(&text, &mut again).is_ok());
    assert_eq!(again, case.bytes);
    let mut decoded = Vec::new();
    if base64::decode(&case.bytes, &mut decoded).is_ok() {
        let mut text = Vec::new();
        base64::encode(&decoded, &mut text);
        assert_eq!(text, case.bytes, "what decodes is canonical");
    }
});
