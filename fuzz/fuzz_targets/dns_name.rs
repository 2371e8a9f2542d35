//! A name that is read and shown is read as the same; what is put in front of it, cut off and compared agrees with its labels.
#![no_main]

use dns::Name;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str)| {
    let (text, front) = input;
    let Ok(name) = Name::parse(text) else { return };
    assert_eq!(Name::parse(&name.to_string()), Ok(name));
    assert!(name.as_str().len() <= 253 && name.labels().all(|label| (1..=63).contains(&label.len())));
    assert!(!name.as_bytes().iter().any(u8::is_ascii_uppercase));
    let labels = name.labels().count();
    assert_eq!(name.labels().rev().count(), labels);
    for count in 0..=labels {
        let suffix = name.last_labels(count);
        assert_eq!(suffix.labels().count(), count);
        assert!(name.is_within(&suffix) && (count == labels) == suffix.is_within(&name));
    }
    if let Some(parent) = name.parent() {
        assert_eq!(parent, name.last_labels(labels - 1));
    }
    if let (Ok(below), Ok(front)) = (name.prefixed(front), Name::parse(front)) {
        assert!(below.is_within(&name));
        assert_eq!(below.labels().count(), labels + front.labels().count());
    }
});
