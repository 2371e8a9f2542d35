//! A command that has been read or built is written so that it is read again as the same.
#![no_main]

use arbitrary::{Arbitrary as _, Unstructured};
use libfuzzer_sys::fuzz_target;
use smtp_proto::command::{Command, Syntax};

fn syntax(utf8: bool, loose: bool) -> Syntax {
    let mut syntax = Syntax::default();
    syntax.utf8 = utf8;
    syntax.loose_paths = loose;
    syntax
}

fn round(command: &Command<'_>, syntax: &Syntax) {
    let mut wire = Vec::new();
    command.write(&mut wire);
    let line = wire.strip_suffix(b"\r\n").expect("a command ends in CRLF");
    assert!(!line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)), "one command is one line");
    let again = Command::parse(line, syntax).expect("what is written can be read");
    assert_eq!(&again, command);
    let mut second = Vec::new();
    again.write(&mut second);
    assert_eq!(second, wire);
}

fuzz_target!(|data: &[u8]| {
    for (utf8, loose) in [(false, false), (true, false), (true, true)] {
        let syntax = syntax(utf8, loose);
        match Command::parse(data, &syntax) {
            Ok(command) => round(&command, &syntax),
            Err(error) => assert!(error.reply().is_permanent()),
        }
    }
    if let Ok(command) = Command::arbitrary(&mut Unstructured::new(data)) {
        round(&command, &syntax(true, false));
    }
});
