//! Any line: read or refused; what is read and written again is read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pop3_proto::{
    command::Command,
    language::{Language, choose},
};

fuzz_target!(|line: &[u8]| {
    if let Ok(command) = Command::parse(line) {
        let mut wire = Vec::new();
        command.write(&mut wire);
        let end = wire.len() - 2;
        assert!(wire.ends_with(b"\r\n") && !wire[..end].iter().any(u8::is_ascii_control));
        assert_eq!(Command::parse(&wire[..end]), Ok(command));
        if let Command::Lang(Some(range)) = command {
            let offered = ["de", "de-CH", "en-GB", "x-ours"].map(|tag| Language::new(tag, "").expect("a tag"));
            let chosen = choose(&offered, range);
            assert_eq!(choose(&offered, &range.to_ascii_uppercase()), chosen);
            if let Some(place) = chosen {
                assert_eq!(choose(&offered, offered[place].tag()), Some(place), "a tag asks for itself");
            }
        }
    }
});
