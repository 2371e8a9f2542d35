//! Known attacks, each by the name of its row in the list of threats that the project keeps. Those on the client's side are in `client.rs`.

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
    Limits, Server, Wants,
    server::{Answer, Closing, Config, Event, Notice, Timer},
};
use support::host::{Host, tls};

fn clear() -> Config {
    let mut config = Config::default();
    config.stls = true;
    config.mechanisms = vec!["PLAIN".to_owned()];
    config
}

#[test]
fn a_dropped_connection_removes_nothing() {
    let whole = b"USER ann\r\nPASS two words\r\nDELE 1\r\nDELE 2\r\nRETR 3\r\nQUIT\r\n";
    for at in 0..=whole.len() {
        let mut host = Host::secure();
        host.send(&whole[..at]);
        host.closed();
        let complete = at == whole.len();
        assert_eq!(host.removed, complete.then(|| vec![1, 2]), "cut at {at}");
        assert!(host.over());
        assert_eq!(host.closing, Some(if complete { Closing::Quit } else { Closing::PeerClosed }), "cut at {at}");
    }
}

#[test]
fn t1_plaintext_behind_stls_is_dropped() {
    for behind in ["USER ann\r\n", "CAPA\r\n", "X", "\r\n"] {
        let mut host = Host::new(clear(), Limits::default(), None);
        let said = host.send(format!("STLS\r\n{behind}").as_bytes());
        assert!(said.starts_with("-ERR") && host.over(), "{behind:?}: {said}");
        // In a packet of its own, the session takes nothing until the handshake.
        let mut host = Host::new(clear(), Limits::default(), None);
        host.line("STLS");
        assert_eq!(host.server.wants(), Wants::Secure);
        assert_eq!(host.server.receive(behind.as_bytes(), host.now), 0);
        host.server.secured(tls(), host.now);
        host.go();
        assert!(!host.over());
        // Where waiting is not insisted on, it ends the session all the same.
        let mut config = clear();
        config.synchronize = false;
        let mut host = Host::new(config, Limits::default(), None);
        host.send(format!("STLS\r\n{behind}").as_bytes());
        host.server.secured(tls(), host.now);
        host.go();
        assert!(
            host.over() && host.events.iter().any(|event| event.contains("PlaintextAfterStls")),
            "{:?}",
            host.events
        );
    }
}

#[test]
fn t6_no_password_in_the_clear() {
    let mut host = Host::new(clear(), Limits::default(), None);
    for line in ["USER ann", "PASS two words", "AUTH PLAIN AGFubgB0d28gd29yZHM="] {
        assert!(host.line(line).starts_with("-ERR"), "{line}");
    }
    assert!(
        !host.events.iter().any(|event| event.starts_with("Login") || event.starts_with("Auth")),
        "nobody was asked"
    );
}

#[test]
fn w5_bytes_before_the_greeting_and_behind_auth() {
    let now = Duration::ZERO;
    let mut server = Server::new(Config::default(), Limits::default(), Some(tls()), now);
    server.receive(b"CAPA\r\n", now);
    assert_eq!(server.poll(), Some(Event::Connected));
    server.answer(Answer::Accept, now).unwrap();
    while server.poll().is_some() {}
    assert!(server.transmit().starts_with(b"-ERR") && server.wants() == Wants::Close);
    let mut host = Host::new(clear(), Limits::default(), Some(tls()));
    assert!(host.send(b"AUTH PLAIN\r\nAGFubgB0d28gd29yZHM=\r\n").starts_with("-ERR") && host.over());
}

#[test]
fn w6_other_protocols_are_sent_away_at_once() {
    for bytes in [
        &b"GET / HTTP/1.1\r\n"[..],
        b"POST /x HTTP/1.1\r\n\r\nUSER ann\r\n",
        b"EHLO x\r\n",
        b"\x16\x03\x01\x02\x00",
        b"\0\0",
    ] {
        let mut host = Host::secure();
        host.send(bytes);
        assert!(host.over() && host.events.iter().any(|event| event == "Fault(ForeignProtocol)"), "{bytes:?}");
    }
}

#[test]
fn w7_endless_line() {
    let mut host = Host::secure();
    let before = host.said.len();
    let piece = vec![b'a'; 1 << 16];
    for _ in 0..256 {
        host.send(&piece);
    }
    assert_eq!(host.said.len(), before);
    assert!(host.most_memory <= 2 * Limits::default().buffer + 32_768, "{}", host.most_memory);
    assert_eq!(host.send(b"\r\nQUIT\r\n"), "-ERR Line too long\r\n+OK Bye\r\n");
}

#[test]
fn w10_one_byte_every_now_and_then() {
    let mut host = Host::secure();
    for byte in "USER ann\r".bytes().cycle().take(100) {
        host.send(&[byte]);
        host.wait(Duration::from_secs(59));
        if host.over() {
            break;
        }
    }
    assert_eq!(host.closing, Some(Closing::TimedOut(Timer::Login)));
    let mut host = Host::logged_in();
    host.line("DELE 1");
    for _ in 0..100 {
        host.send(b"N");
        host.wait(Duration::from_secs(100));
    }
    assert_eq!((host.closing, &host.removed), (Some(Closing::TimedOut(Timer::Idle)), &None));
}

#[test]
fn a1_failed_logins_end_the_session() {
    let mut host = Host::secure();
    for _ in 0..3 {
        host.line("USER ann");
        host.line("PASS wrong");
    }
    assert!(host.over(), "{}", host.said);
    assert_eq!(host.closing, Some(Closing::SentAway));
}

#[test]
fn a2_unknown_user_and_wrong_password_look_the_same() {
    let mut host = Host::secure();
    let known = (host.line("USER ann"), host.line("PASS wrong"));
    let unknown = (host.line("USER nobody"), host.line("PASS wrong"));
    assert_eq!(known, unknown);
}

#[test]
fn a3_a_bad_auth_line_ends_that_exchange_only() {
    let over = "A".repeat(12_300);
    for response in ["!", "AGI", "AGFubgB0d28gd29yZHM=x", " ", "=", &over] {
        let mut host = Host::new(clear(), Limits::default(), Some(tls()));
        assert_eq!(host.line("AUTH PLAIN"), "+ \r\n");
        assert!(host.line(response).starts_with("-ERR"), "{response:.20}");
        host.line("USER ann");
        assert!(host.line("PASS two words").starts_with("+OK"), "{response:.20}: the session goes on");
    }
}

#[test]
fn a3_secrets_are_not_shown() {
    let mut host = Host::new(clear(), Limits::default(), Some(tls()));
    for line in ["USER ann", "PASS hunter2", "AUTH PLAIN AGJvYgBodW50ZXIy"] {
        host.server.receive(format!("{line}\r\n").as_bytes(), host.now);
        let event = format!("{:?}", host.server.poll());
        let shown = format!("{event} {:?}", host.server);
        assert!(!shown.contains("hunter2") && !shown.contains("AGJvYgBodW50ZXIy"), "{shown}");
        host.go();
        if host.server.asked().is_some() {
            host.server.answer(Answer::Refuse, host.now).unwrap();
            host.go();
        }
    }
}

#[test]
fn a_list_of_a_million_costs_no_memory() {
    let mut host = Host::secure();
    host.messages = vec!["x\r\n".to_owned(); 200_000];
    host.line("USER ann");
    host.line("PASS two words");
    let said = host.line("UIDL");
    assert_eq!(said.lines().count(), 200_002);
    assert!(host.most_memory < 128 * 1024, "{}", host.most_memory);
}

#[test]
fn messages_go_out_the_same_in_any_pieces() {
    let mut whole = Host::logged_in();
    let all = [whole.line("RETR 2"), whole.line("TOP 2 1"), whole.line("RETR 3")];
    for piece in 1..40 {
        let mut host = Host::logged_in();
        host.piece = piece;
        assert_eq!([host.line("RETR 2"), host.line("TOP 2 1"), host.line("RETR 3")], all, "pieces of {piece}");
    }
}

#[test]
fn a_message_that_fails_ends_the_connection() {
    let mut host = Host::logged_in();
    host.server.receive(b"RETR 1\r\n", host.now);
    assert!(matches!(host.server.poll(), Some(Event::Retrieve { number: 1, lines: None })));
    host.server.answer(Answer::Accept, host.now).unwrap();
    assert_eq!(host.server.poll(), None);
    assert_eq!(host.server.wants(), Wants::Body { left: None });
    host.server.feed(b"Subject", host.now);
    host.server.feed_failed(host.now).unwrap();
    host.go();
    assert!(host.over() && !host.said.ends_with(".\r\n"));
    assert_eq!((host.closing, &host.removed), (Some(Closing::BodyFailed), &None));
}

#[test]
fn shutdown_removes_nothing() {
    let mut host = Host::logged_in();
    host.line("DELE 1");
    host.server.tell(Notice::Shutdown, host.now).unwrap();
    host.go();
    assert!(host.over() && host.said.contains("-ERR [SYS/TEMP]"));
    assert_eq!(host.removed, None);
}

#[test]
fn misuse_changes_nothing() {
    let now = Duration::ZERO;
    let mut server = Server::new(Config::default(), Limits::default(), Some(tls()), now);
    assert!(server.answer(Answer::Accept, now).is_err());
    assert!(server.feed_end(now).is_err() && server.feed_failed(now).is_err());
    assert_eq!(server.feed(b"x", now), 0);
    assert_eq!(server.poll(), Some(Event::Connected));
    assert!(server.answer(Answer::Challenge(b""), now).is_err());
    assert_eq!(server.asked(), Some(Event::Connected));
    server.answer(Answer::Accept, now).unwrap();
    server.transmitted(usize::MAX, now);
    server.receive(b"USER ann\r\nPASS x\r\n", now);
    while let Some(event) = server.poll() {
        if event.asks() {
            break;
        }
    }
    assert!(server.answer(Answer::Accept, now).is_err(), "a login is answered by a maildrop");
    assert!(matches!(server.asked(), Some(Event::Login { .. })));
}
