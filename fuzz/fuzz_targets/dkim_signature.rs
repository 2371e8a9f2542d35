//! Tag lists, signatures and key records: nothing panics, and what is written is read as it was.
#![no_main]

use dkim::{KeyRecord, Limits, Signature, TagList};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let limits = Limits::default();
    let mut written = Vec::new();
    if let Ok(list) = TagList::parse(input, &limits) {
        list.write(&mut written);
        let again = TagList::parse(&written, &limits).expect("what was written is a list");
        assert!(list.iter().map(|tag| (tag.name(), tag.value())).eq(again.iter().map(|tag| (tag.name(), tag.value()))));
        for tag in &list {
            let span = input.get(tag.span()).expect("the span is in the list");
            assert!(tag.value().is_empty() || span.windows(tag.value().len()).any(|part| part == tag.value()));
            assert_eq!(tag.list().count(), tag.value().iter().filter(|octet| **octet == b':').count() + 1);
            let _ = (tag.number(), tag.base64(), tag.unquoted(), tag.text());
        }
    }
    if let Ok(signature) = Signature::parse(input, &limits) {
        written.clear();
        signature.write(&mut written);
        let again = Signature::parse(&written, &limits).expect("what was written is a signature");
        let mut twice = Vec::new();
        again.write(&mut twice);
        assert_eq!(written, twice);
        assert_eq!(signature.key_name(), again.key_name());
        assert!(signature.signed_names().any(|name| name.eq_ignore_ascii_case("from")));
        assert!(signature.key_name().is_within(signature.domain_name()));
    }
    if let Ok(record) = KeyRecord::parse(input, &limits) {
        let text = record.to_string();
        assert_eq!(KeyRecord::parse(text.as_bytes(), &limits).as_ref(), Ok(&record));
        let strings = record.strings();
        assert!(strings.split("\" \"").all(|string| string.trim_matches('"').replace("\\\"", "\"").len() <= 2 * 255));
    }
});
