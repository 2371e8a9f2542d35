//! Runs the dialogues in `tests/dialogues/`: text files that anybody can read, one rule each.
//!
//! The first line of a file starts with `#` and says the rule and its section. Then:
//!
//! ```text
//! set: role=submission starttls mechanisms=PLAIN      how the server is set up
//! C: EHLO client.example.org                          the client says a line (CRLF is added)
//! C~ a\nb\r\n.\r\n                                    the client sends these bytes, with escapes and no line end added
//! C! tls                                              the handshake is done; also: eof, wait SECONDS
//! A: 550 5.1.1 No such user                           the caller's answer to the next question that is not about a greeting or hello; else it accepts
//! A: challenge <text>                                 the same, for AUTH
//! S: 250 2.1.0*                                       the server says a line; a star at the end stands for anything
//! S: 250-mx.example.org**                            the server says a reply of one or more lines that begins so
//! M: Subject: x                                       a line of the message that has been accepted last
//! E: Aborted(Reset)                                   an event of this form has come since the last E
//! ```
//!
//! Each file runs whole, byte by byte, cut in two at each place, and, unless it says `set: ordered`, with all that the client says in one piece.

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

mod support;

use std::{fs, path::Path};

use support::dialogue::{Cuts, Dialogue};

fn dialogues() -> Vec<(String, Dialogue)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "txt"))
        .map(|path| {
            (
                path.file_stem().unwrap().to_string_lossy().into_owned(),
                Dialogue::parse(&fs::read_to_string(&path).unwrap()),
            )
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(all.len() > 20, "the dialogues are there");
    all
}

#[test]
fn whole() {
    for (name, dialogue) in dialogues() {
        dialogue.run(&name, Cuts::Lines);
    }
}

#[test]
fn byte_by_byte() {
    for (name, dialogue) in dialogues() {
        dialogue.run(&name, Cuts::Bytes);
    }
}

#[test]
fn cut_at_each_place() {
    for (name, dialogue) in dialogues() {
        let total = dialogue.client_bytes();
        let step = (total / 400).max(1);
        for at in (0..total).step_by(step) {
            dialogue.run(&name, Cuts::At(at));
        }
    }
}

#[test]
fn pipelined() {
    for (name, dialogue) in dialogues() {
        dialogue.run_at_once(&name);
    }
}
