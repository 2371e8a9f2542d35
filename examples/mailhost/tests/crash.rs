//! SIGKILL at random moments under load: nothing that was accepted is lost, nothing is half there, nothing removed comes back.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests stop at what they do not expect")]

mod support;

use support::{Server, crash};

/// For more: `cargo run --release -p mailhost --example crash -- 1000`.
#[test]
fn twenty_kills_lose_nothing() {
    let mut server = Server::start(env!("CARGO_BIN_EXE_mailhost"), "");
    let seen = crash::kill(&mut server, 20, |_| {});
    assert_eq!(seen.kills, 20);
    assert!(seen.accepted > 20, "there was load: {seen:?}");
}
