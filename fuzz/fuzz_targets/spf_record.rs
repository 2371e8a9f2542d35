//! Records: what parses is written in the usual form, and that parses to the same terms and is written the same again. Terms cover what they say they do, and the lint
//! reads whatever there is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spf::Record;

fuzz_target!(|octets: &[u8]| {
    let Ok(record) = Record::parse(octets) else { return };
    assert_eq!(record.as_str().as_bytes(), octets);
    let mut end = 6;
    for term in record.terms() {
        assert_eq!(octets.get(term.span.clone()), Some(term.text.as_bytes()));
        assert!(octets[end..term.span.start].iter().all(|octet| *octet == b' '));
        end = term.span.end;
    }
    assert!(octets[end..].iter().all(|octet| *octet == b' '));

    let written = record.to_string();
    let again: Record = written.parse().expect("what is written parses");
    assert_eq!(written, again.to_string());
    assert_eq!(record.terms().len(), again.terms().len());
    for (one, other) in record.terms().zip(again.terms()) {
        assert_eq!(one.kind, other.kind);
    }
    let problems = |record: &Record| record.lint().into_iter().map(|finding| finding.problem).collect::<Vec<_>>();
    if record.as_str().len() < 450 {
        assert_eq!(problems(&record), problems(&again));
    }
});
