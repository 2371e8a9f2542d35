//! APOP (RFC 1939, 7): off unless both sides want it, and never on a timestamp that is none.

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

use std::time::Duration;

use pop3_proto::{
    Client, Limits, Server,
    apop::{Digest, Timestamp},
    client::{self, Event, Request, Step, Stls},
    server::{Answer, Closing, Config},
};
use proptest::prelude::*;
use support::host::{Host, TIMESTAMP, digest, timestamp, tls};

const NOW: Duration = Duration::ZERO;

fn permitted() -> client::Config {
    let mut config = client::Config::default();
    config.apop = true;
    config
}

/// A client that has been greeted and has found no CAPA.
fn greeted(config: client::Config, greeting: &str) -> Client {
    let mut client = Client::new(config, client::Limits::default(), Some(tls()), NOW);
    for line in [greeting, "-ERR\r\n"] {
        client.receive(line.as_bytes(), NOW);
        while client.poll().is_some() {}
    }
    client.transmitted(usize::MAX, NOW);
    client
}

#[test]
fn p5_apop_is_off_by_default_on_both_sides() {
    let host = Host::secure();
    assert_eq!(host.said, "+OK POP3 ready\r\n");
    let mut client = greeted(client::Config::default(), &format!("+OK {TIMESTAMP}\r\n"));
    assert_eq!(client.timestamp(), None);
    assert!(client.tell(Request::Apop { user: "ann", digest: digest() }, NOW).is_err());
    assert!(client.is_idle() && client.transmit().is_empty());
}

/// Row P-5, CVE-2007-1558: a hostile server chooses blocks that collide under MD5, which are no message ids.
#[test]
fn p5_a_timestamp_that_is_no_message_id_is_not_answered() {
    let long = format!("<{}@x>", "a".repeat(250));
    for bad in [
        "",
        "<>",
        "<@>",
        "<a@>",
        "<@b>",
        "<a>",
        "<a b@c>",
        "<a@b",
        "a@b>",
        "<a@b@c>",
        "<.a@b>",
        "<a.@b>",
        "<a..b@c>",
        "<a@b.>",
        "<a@[b]c>",
        "<a@[b[c]>",
        "<a@[b\\c]>",
        "<\"a\"@b>",
        "<a(c)@b>",
        "<a@b>>",
        "<<a@b>",
        "<a@b> <c@d>",
        "<a\u{e9}@b>",
        "<a\u{fffd}@b>",
        "<a\u{1}@b>",
        "<a\u{7f}@b>",
        "<a,b@c>",
        &long,
    ] {
        assert_eq!(Timestamp::new(bad), None, "{bad}");
        let client = greeted(permitted(), &format!("+OK ready {bad} and waiting\r\n"));
        assert_eq!(client.timestamp(), None, "{bad}");
    }
    // Bytes that are no UTF-8, as such blocks are.
    let mut client = Client::new(permitted(), client::Limits::default(), Some(tls()), NOW);
    client.receive(b"+OK <\x80\xff.1@x>\r\n", NOW);
    while client.poll().is_some() {}
    assert_eq!(client.timestamp(), None);
    for good in [TIMESTAMP, "<8.1.5d5f7d3a.4JkSZ3wAAA==@host.example>", "<a@[127.0.0.1]>", "<a+/b@c>"] {
        let client = greeted(permitted(), &format!("+OK ready {good} and waiting\r\n"));
        assert_eq!(client.timestamp().map(Timestamp::as_str), Some(good));
    }
}

/// RFC 2595, 4: what was said in the clear is forgotten.
#[test]
fn p5_a_timestamp_from_before_stls_is_void() {
    let mut client = Client::new(permitted(), client::Limits::default(), None, NOW);
    for line in [&format!("+OK {TIMESTAMP}\r\n"), "+OK\r\nSTLS\r\n.\r\n", "+OK\r\n"] {
        client.receive(line.as_bytes(), NOW);
        while client.poll().is_some() {}
    }
    client.secured(tls(), NOW);
    client.receive(b"+OK\r\n.\r\n", NOW);
    while client.poll().is_some() {}
    assert!(client.is_idle());
    assert_eq!(client.timestamp(), None);
    assert!(client.tell(Request::Apop { user: "ann", digest: digest() }, NOW).is_err());
}

#[test]
fn t6_no_digest_in_the_clear() {
    let mut config = permitted();
    config.stls = Stls::Never;
    let mut client = Client::new(config, client::Limits::default(), None, NOW);
    for line in [&format!("+OK {TIMESTAMP}\r\n"), "-ERR\r\n"] {
        client.receive(line.as_bytes(), NOW);
        while client.poll().is_some() {}
    }
    assert!(client.tell(Request::Apop { user: "ann", digest: digest() }, NOW).is_err());
    let host = Host::greeting(Config::default(), Limits::default(), None, Some(timestamp()));
    assert_eq!(host.said, "+OK POP3 ready\r\n");
}

#[test]
fn the_client_logs_in() {
    let mut client = greeted(permitted(), &format!("+OK ready {TIMESTAMP}\r\n"));
    assert!(client.tell(Request::Apop { user: "a\r\nb", digest: digest() }, NOW).is_err());
    assert!(client.tell(Request::Apop { user: "jürgen", digest: digest() }, NOW).is_err(), "RFC 6856, 2.2");
    client.tell(Request::Apop { user: "mrose", digest: digest() }, NOW).unwrap();
    client.tell(Request::Noop, NOW).unwrap();
    assert_eq!(client.transmit(), b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n", "a login is waited for");
    client.transmitted(usize::MAX, NOW);
    client.receive(b"+OK maildrop has 1 message (369 octets)\r\n", NOW);
    assert!(matches!(client.poll(), Some(Event::Answered { step: Step::Apop, response }) if response.is_ok()));
    assert!(client.logged_in());
    assert!(client.tell(Request::Apop { user: "mrose", digest: digest() }, NOW).is_err());
}

#[test]
fn the_greeting_keeps_its_timestamp_whole() {
    let mut config = Config::default();
    config.greeting = "<no@timestamp> ü ".repeat(50);
    let longest = Timestamp::new(format!("<{}@x>", "a".repeat(Timestamp::MAX - 4))).unwrap();
    let host = Host::greeting(config.clone(), Limits::default(), Some(tls()), Some(longest.clone()));
    assert!(host.said.len() <= 512 && host.said.ends_with(&format!(" {longest}\r\n")) && host.said.is_ascii());
    assert_eq!(greeted(permitted(), &host.said).timestamp(), Some(&longest));
    let host = Host::new(config, Limits::default(), Some(tls()));
    assert!(!host.said.contains(['<', '>']));
}

#[test]
fn a1_wrong_digests_end_the_session() {
    let mut host = Host::greeting(Config::default(), Limits::default(), Some(tls()), Some(timestamp()));
    for user in ["ann", "nobody", "ann"] {
        assert_eq!(
            host.line(&format!("APOP {user} {}", "0".repeat(32))),
            "-ERR [AUTH] Wrong user name or password\r\n"
        );
    }
    assert_eq!(host.closing, Some(Closing::SentAway));
}

#[test]
fn a3_digests_are_not_shown() {
    let mut server = Server::new(Config::default(), Limits::default(), Some(tls()), NOW);
    server.poll();
    server.answer(Answer::Greet(timestamp()), NOW).unwrap();
    server.receive(b"APOP ann c4c9334bac560ecc979e58001b3e22fb\r\n", NOW);
    let event = format!("{:?}", server.poll());
    assert!(event.starts_with("Some(Apop { user: \"ann\""), "{event}");
    assert_eq!(format!("{:?}", server.asked()), event);
    let request = Request::Apop { user: "ann", digest: digest() };
    let shown = format!("{event} {server:?} {request:?} {:?}", digest());
    assert!(!shown.contains("c4c9") && !shown.contains("196, 201"), "{shown}");
    assert!(server.answer(Answer::Accept, NOW).is_err() && server.answer(Answer::Greet(timestamp()), NOW).is_err());
    server.answer(Answer::Refuse, NOW).unwrap();
    assert!(server.answer(Answer::Greet(timestamp()), NOW).is_err());
}

/// RFC 1939, 7 and its example
#[cfg(feature = "apop")]
#[test]
fn the_digest_of_the_example() {
    assert_eq!(Digest::new(&timestamp(), b"tanstaaf"), digest());
    assert!(digest().proves(&timestamp(), b"tanstaaf"));
    assert!(!digest().proves(&timestamp(), b"tanstaag"));
    assert!(!digest().proves(&Timestamp::new("<1897.697170952@dbc.mtview.ca.us>").unwrap(), b"tanstaaf"));
}

proptest! {
    #[test]
    fn any_text_is_a_timestamp_or_none(text in "[<>@. \\[\\]a-z0-9\u{0}-\u{ff}]{0,12}") {
        if let Some(timestamp) = Timestamp::new(text.as_str()) {
            prop_assert!(text.is_ascii() && text.starts_with('<') && text.ends_with('>') && !text.contains(' '));
            prop_assert_eq!(text.matches(['<', '>']).count(), 2);
            prop_assert_eq!(timestamp.as_str(), text);
        }
    }

    #[test]
    fn digests_are_read_in_lower_case(bytes: [u8; 16], text in "[0-9a-fA-F]{30,34}") {
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        prop_assert_eq!(Digest::parse(&hex), Some(Digest::from_bytes(bytes)));
        let good = text.len() == 32 && !text.contains(|c: char| c.is_ascii_uppercase());
        prop_assert_eq!(Digest::parse(&text).is_some(), good);
    }
}
