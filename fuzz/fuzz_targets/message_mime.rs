//! Whatever the bytes are, they are a tree of parts in which each octet has its place, and every value and content can be read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use message::{Carriage, mime::Parser};

fuzz_target!(|mail: &[u8]| {
    let mut parser = Parser::default();
    let Ok(message) = parser.parse(mail) else { return };
    assert_eq!(message.root().raw(), mail);
    let mut count = 0;
    for part in message.parts() {
        assert_eq!(part.number(), count);
        count += 1;
        assert!(part.depth() <= 50 && count <= 1_000);
        assert_eq!([part.headers().raw(), part.body()].concat(), part.raw());
        let mut at = part.at() + part.headers().raw().len() + part.preamble().len();
        let end = part.at() + part.raw().len();
        for child in part.children() {
            assert!(at <= child.at() && child.at() + child.raw().len() <= end);
            assert_eq!(child.parent().map(|parent| parent.number()), Some(part.number()));
            at = child.at() + child.raw().len();
        }
        assert!(at + part.epilogue().len() <= end);

        let decoded = part.decoded();
        assert!(decoded.bytes.len() <= part.body().len());
        if let Some(text) = part.text() {
            // a charset makes at most three octets of one
            assert!(text.len() <= 3 * decoded.bytes.len());
        }
        let params = part.media_type().params();
        let names: Vec<String> = params.raw().take(20).map(|(name, _)| name.into_owned()).collect();
        for name in names.iter().map(|name| name.split('*').next().unwrap_or_default()).chain(["name", "boundary"]) {
            if let Some(value) = params.get(name) {
                assert!(value.chars().all(|char| !char.is_ascii_control() || char == '\t'), "{value:?}");
            }
        }
        if let Some(name) = part.file_name() {
            assert!(!name.is_empty() && !name.contains(['\r', '\n', '\0']));
        }
    }
    let first = format!("{message:?}");
    // for a way that lets less pass the same is said, in parts of the same kind
    for carriage in [Carriage::SevenBit, Carriage::EightBit] {
        let Ok(encoded) = message.encoded_for(carriage) else { continue };
        let mut other = Parser::default();
        let Ok(again) = other.parse(&encoded) else { continue };
        assert_eq!(again.parts().len(), message.parts().len());
        for (part, same) in message.parts().zip(again.parts()) {
            if !part.is_multipart() && !part.is_message() {
                assert_eq!(part.decoded(), same.decoded());
            }
        }
    }
    let again = parser.parse(mail).expect("it was read before");
    assert_eq!(format!("{again:?}"), first);
});
