//! Records: spans lie where values are, advice points into the record, and what is written reads as what was read.
#![no_main]

use dmarc::{Draft, Record, ReportUri, Tags, Use};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    for tag in Tags::new(text).flatten() {
        assert_eq!(&text[tag.span()], tag.value);
        assert!(text[tag.at..].starts_with(tag.name));
    }
    let Ok(record) = Record::parse(text) else { return };
    assert_eq!(record.to_owned().as_record(), record);
    for finding in record.lint(&Use::default()) {
        assert!(finding.at.start <= finding.at.end && finding.at.end <= text.len(), "{finding}");
    }
    for uri in record.rua().chain(record.ruf()) {
        let (at, uri) = uri;
        if let Ok((uri, _)) = uri {
            assert!(text[at].starts_with(uri.as_str().as_bytes()));
            assert_eq!(ReportUri::parse(uri.as_str().as_bytes()), Ok(uri));
            assert_eq!(uri.is_mailto(), uri.host().is_some());
        }
    }
    let draft = Draft::from(&record);
    let written = draft.to_text().expect("what was read can be written");
    let again = Record::parse(written.as_bytes()).expect("what was written can be read");
    let mut same = Draft::from(&again);
    if same.ruf.is_empty() {
        // it means nothing without addresses, and is not written
        same.fo = draft.fo;
    }
    assert_eq!(same, draft, "{written}");
});
