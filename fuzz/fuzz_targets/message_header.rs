//! The index of a header block covers every byte once, comes out the same however the bytes arrive, and every value can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use message::{AddressList, DateTime, Index, Leniency, Limits, Progress};

fuzz_target!(|input: (Vec<u8>, u8)| {
    let (message, step) = input;
    let mut whole = Index::default();
    let result = whole.finish(&message);
    let headers = whole.headers(&message);

    let mut end = 0;
    for (field, raw) in headers.pieces() {
        assert_eq!(Some(raw), message.get(end..end + raw.len()));
        if let Some(field) = field {
            assert_eq!(field.at(), end);
            assert!(!field.name().is_empty());
            assert!(headers.all(field.name()).any(|same| same == field));
        }
        end += raw.len();
    }
    if result.is_ok() {
        assert!(matches!(message.get(end..headers.raw().len()), Some(b"" | b"\n" | b"\r\n")));
        assert_eq!([headers.raw(), headers.body()].concat(), message);
    }

    let step = usize::from(step) + 1;
    let mut pieces = Index::default();
    for end in (0..message.len()).step_by(step) {
        if pieces.scan(&message[..end]) != Ok(Progress::Incomplete) {
            break;
        }
    }
    assert_eq!(pieces.finish(&message), result);
    assert!(pieces.headers(&message).iter().eq(headers.iter()));
    if result.is_ok() {
        assert_eq!(pieces, whole);
    }

    for field in headers {
        let text = field.text();
        assert!(text.chars().all(|char| !char.is_ascii_control() || char == '\t'), "{text:?}");
        assert!(!field.unfolded().contains(&b'\n'));
        if let Ok(date) = field.date() {
            assert_eq!(DateTime::parse(date.to_string().as_bytes()).map(|read| read.unix()), Ok(date.unix()));
        }
        let ids: Vec<_> = field.message_ids().flatten().collect();
        let written: String = ids.iter().map(ToString::to_string).collect();
        assert!(message::MessageIds::new(written.as_bytes()).eq(ids.into_iter().map(Ok)));
        let _ = field.hop();
        // whatever the strict reader takes, the forgiving one takes
        if field.addresses().is_ok() {
            let forgiving = AddressList::parse_with(field.value(), &Limits::default(), Leniency::Forgiving);
            assert!(forgiving.is_ok_and(|list| list.skipped() == 0));
        }
    }
});
