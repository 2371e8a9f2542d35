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

use smtp_proto::{
    Error, Limits, Server, Wants,
    command::{Command, Syntax},
    framing::BareLf,
    server::{Answer, Closing, Config, Event, Notice, Role, Timer},
};
use support::talk::{Talk, refuse, tls};

fn submission() -> Config {
    let mut config = Config::new(Role::Submission, "mx.example.org");
    config.mechanisms = vec!["PLAIN".to_owned()];
    config.starttls = true;
    config
}

/// All sequences of this length over an alphabet.
fn sequences(alphabet: &[u8], length: u32) -> impl Iterator<Item = Vec<u8>> + '_ {
    (0..alphabet.len().pow(length)).map(move |mut n| {
        (0..length)
            .map(|_| {
                let byte = alphabet[n % alphabet.len()];
                n /= alphabet.len();
                byte
            })
            .collect()
    })
}

#[test]
fn w1_smuggling_end_of_data_lookalikes() {
    let smuggled = b"MAIL FROM:<eve@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nsecond\r\n.\r\n";
    for length in 3..=5 {
        for sequence in sequences(b"\r\n.\0a", length) {
            let mut wire = b"first".to_vec();
            wire.extend_from_slice(&sequence);
            let real_end = wire.windows(5).position(|five| five == b"\r\n.\r\n");
            wire.extend_from_slice(smuggled);
            // Whole, and cut inside the sequence.
            for cut in [0, 5 + sequence.len() / 2, 5 + sequence.len()] {
                let mut talk = Talk::relay().until_content();
                talk.send(&wire[..cut]);
                talk.send(&wire[cut..]);
                match real_end {
                    // The message ended for real: what follows is a second message, and it may well be one.
                    Some(_) => assert!(talk.senders.len() <= 2),
                    None => {
                        assert_eq!(talk.senders, ["<bob@example.net>"], "{sequence:?} cut at {cut}");
                        assert!(talk.messages.len() <= 1, "{sequence:?} cut at {cut}");
                        let refused = talk.said.contains("550 5.6.0") && talk.over();
                        assert_eq!(
                            talk.messages.len() == 1,
                            !refused,
                            "{sequence:?} cut at {cut}: one message or one refusal: {}",
                            talk.said
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn w1_line_feeds_become_content_only_where_that_is_set() {
    for sequence in sequences(b"\n.a", 5) {
        let mut config = submission();
        config.require_auth = false;
        config.bare_lf = BareLf::Normalize;
        let mut talk = Talk::new(config.clone(), Limits::default(), Some(tls())).until_content();
        talk.send(b"first");
        talk.send(&sequence);
        talk.send(b"\r\n.\r\n");
        assert_eq!(talk.messages.len(), 1, "{sequence:?}");
        let message = &talk.messages[0];
        assert!(
            message.iter().enumerate().all(|(at, byte)| *byte != b'\n' || message[at - 1] == b'\r'),
            "{sequence:?}"
        );
        // On port 25 the same setting is without effect.
        config.role = Role::Relay;
        let mut talk = Talk::new(config, Limits::default(), None).until_content();
        talk.send(b"first\n.\r\n.\r\n");
        assert!(talk.messages.is_empty() && talk.over());
    }
}

#[test]
fn w3_line_ends_across_chunk_borders() {
    for (chunks, good) in [
        (&["a\r", "\nb\r\n"][..], true),
        (&["a\r", "b\r\n"], false),
        (&["a\n"], false),
        (&["a", "\nb"], false),
        (&["a\r"], false),
        (&["a\r\n", "\n"], false),
        (&["\r\n.\r\n", "QUIT\r\n"], true),
    ] {
        let mut talk = Talk::relay();
        for line in ["EHLO client.example.net", "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>"] {
            talk.line(line);
        }
        for (at, chunk) in chunks.iter().enumerate() {
            let last = if at + 1 == chunks.len() { " LAST" } else { "" };
            talk.send(format!("BDAT {}{last}\r\n{chunk}", chunk.len()).as_bytes());
        }
        assert_eq!(talk.messages, if good { vec![chunks.concat().into_bytes()] } else { vec![] }, "{chunks:?}");
        assert!(good || talk.said.contains("550 5.6.0"), "{chunks:?}: {}", talk.said);
    }
}

#[test]
fn w4_chunk_sizes_are_judged_before_they_are_read() {
    for size in ["9223372036854775808", "18446744073709551616", "-1", "", "1x", "99999999999999999999999999999999"] {
        let mut talk = Talk::relay();
        for line in ["EHLO client.example.net", "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>"] {
            talk.line(line);
        }
        let said = talk.line(&format!("BDAT {size} LAST"));
        assert!(said.starts_with('5'), "BDAT {size}: {said}");
        assert!(talk.messages.is_empty());
    }
    // Before RCPT, and after the last chunk: refused, let pass, and the next command is read as one.
    let mut talk = Talk::relay();
    talk.line("EHLO client.example.net");
    assert!(talk.send(b"BDAT 6\r\nQUIT\r\nNOOP\r\n").ends_with("250 2.0.0 OK\r\n"), "{}", talk.said);
    for line in ["MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>"] {
        talk.line(line);
    }
    talk.send(b"BDAT 3 LAST\r\nx\r\n");
    assert!(talk.send(b"BDAT 6\r\nQUIT\r\nNOOP\r\n").contains("503 5.5.1"));
    assert!(talk.said.ends_with("250 2.0.0 OK\r\n") && !talk.over());
    // Chunks of nothing are commands that do nothing.
    let mut limits = Limits::default();
    limits.junk_commands = 10;
    let mut talk = Talk::new(Config::new(Role::Relay, "mx.example.org"), limits, None);
    for line in ["EHLO client.example.net", "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>"] {
        talk.line(line);
    }
    for _ in 0..20 {
        talk.line("BDAT 0");
    }
    assert!(talk.over() && talk.said.contains("421 4.7.0"), "{}", talk.said);
}

#[test]
fn w4_a_sum_of_chunks_keeps_to_the_message_size() {
    let mut limits = Limits::default();
    limits.message_size = 100;
    let mut talk = Talk::new(Config::new(Role::Relay, "mx.example.org"), limits, None);
    for line in ["EHLO client.example.net", "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>"] {
        talk.line(line);
    }
    let chunk = format!("BDAT 60\r\n{}", "x".repeat(60));
    assert!(talk.send(chunk.as_bytes()).starts_with("250"));
    assert!(talk.send(chunk.as_bytes()).starts_with("552 5.3.4"));
    assert!(talk.line("NOOP").starts_with("250"), "the stream is still in order");
}

#[test]
fn w5_bytes_behind_a_synchronization_point() {
    // Before the greeting: the client speaks first.
    let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, Duration::ZERO);
    server.receive(b"EHLO client.example.net\r\n", Duration::ZERO);
    assert_eq!(server.poll(), Some(Event::Connected));
    server.answer(Answer::Accept, Duration::ZERO).unwrap();
    assert!(server.transmit().starts_with(b"554 5.5.0"));
    while server.poll().is_some() {}
    assert_eq!(server.wants(), Wants::Close);
    // Behind each command that must be the last of its group.
    for command in
        ["EHLO client.example.net", "HELO client.example.net", "STARTTLS", "AUTH PLAIN", "AUTH PLAIN AGIAYg==", "DATA"]
    {
        let role = if command.starts_with("AUTH") { Role::Submission } else { Role::Relay };
        let mut config = submission();
        config.role = role;
        config.require_auth = false;
        let mut talk = Talk::new(config, Limits::default(), (role == Role::Submission).then(tls));
        talk.line("EHLO client.example.net");
        if command == "DATA" {
            talk.line("MAIL FROM:<bob@example.net>");
            talk.line("RCPT TO:<alice@example.org>");
        }
        let said = talk.send(format!("{command}\r\nNOOP\r\n").as_bytes());
        assert!(said.starts_with("554 5.5.0") && talk.over(), "{command}: {said}");
    }
    // And bytes that come in while the caller is still thinking.
    let now = Duration::ZERO;
    let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, now);
    server.poll();
    server.answer(Answer::Accept, now).unwrap();
    server.transmitted(usize::MAX, now);
    server.receive(b"EHLO client.example.net\r\n", now);
    assert!(matches!(server.poll(), Some(Event::Hello(_))));
    server.receive(b"MAIL", now);
    server.answer(Answer::Accept, now).unwrap();
    assert!(server.transmit().starts_with(b"554 5.5.0"));
    // MAIL, RCPT and BDAT may be sent in a group.
    let mut talk = Talk::relay();
    talk.line("EHLO client.example.net");
    talk.send(
        b"MAIL FROM:<bob@example.net>\r\nRCPT TO:<alice@example.org>\r\nBDAT 3 LAST\r\nx\r\nNOOP\r\nVRFY x\r\nQUIT\r\n",
    );
    assert_eq!((talk.messages.len(), talk.closing), (1, Some(Closing::Quit)), "{}", talk.said);
}

#[test]
fn w6_other_protocols_are_sent_away_at_once() {
    for bytes in [
        b"GET / HTTP/1.1\r\nHost: mx\r\n\r\nHELO x\r\n".as_slice(),
        b"POST /x HTTP/1.1\r\n\r\nMAIL FROM:<a@b>\r\n",
        b"PUT / HTTP/1.1\r\n",
        b"connect mx:25 HTTP/1.1\r\n",
        b"HEAD / HTTP/1.0\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"\x80\x2e\x01",
        b"\0\0\0\0",
    ] {
        let mut talk = Talk::relay();
        talk.send(bytes);
        assert!(talk.over() && talk.senders.is_empty(), "{bytes:?}: {}", talk.said);
        assert!(talk.events.iter().any(|event| event == "Fault(ForeignProtocol)"), "{:?}", talk.events);
    }
}

#[test]
fn w7_endless_line() {
    let mut talk = Talk::relay();
    let before = talk.said.len();
    let piece = vec![b'a'; 1 << 16];
    for _ in 0..256 {
        talk.send(&piece);
    }
    assert_eq!(talk.said.len(), before, "nothing is said before the line's end");
    assert!(talk.most_memory <= 2 * Limits::default().buffer + 32_768, "{} bytes held", talk.most_memory);
    assert_eq!(talk.send(b"\r\nNOOP\r\n"), "500 5.5.2 Line too long\r\n250 2.0.0 OK\r\n");
}

#[test]
fn w8_addresses_cannot_hold_what_may_not_go_on_the_wire() {
    let long = format!("{}@example.org", "x".repeat(65));
    let wide = format!("x@{}.org", "x".repeat(252));
    for path in [
        "a\rb@example.org",
        "a\nb@example.org",
        "a\0b@example.org",
        "a b@example.org",
        "a<b@example.org",
        "a>b@example.org",
        "<a@example.org>",
        "\"\"@example.org",
        "\"a@example.org",
        "a@example.org>\r\nRCPT TO:<b@example.org",
        "@",
        "a@",
        "@example.org",
        "a@exa mple.org",
        "a@[300.1.1.1]",
        "a@[IPv6:zz]",
        "a@-example.org",
        "a..b@example.org",
        &long,
        &wide,
    ] {
        let line = format!("RCPT TO:<{path}>");
        if path == "\"\"@example.org" {
            // An empty quoted string is grammatical (RFC 5321, 4.1.2), and stays quoted.
            if let Ok(Command::Rcpt(rcpt)) = Command::parse(line.as_bytes(), &Syntax::default()) {
                assert_eq!(rcpt.forward_path.to_string(), "<\"\"@example.org>");
            }
            continue;
        }
        let parsed = Command::parse(line.as_bytes(), &Syntax::default());
        assert!(parsed.is_err(), "{path:?}: {parsed:?}");
    }
    let Command::Rcpt(rcpt) = Command::parse(b"RCPT TO:<@evil.example:alice@example.org>", &Syntax::default()).unwrap()
    else {
        panic!()
    };
    assert_eq!(rcpt.forward_path.to_string(), "<alice@example.org>", "a source route is read and dropped");
}

#[test]
fn w10_one_byte_every_now_and_then() {
    // A command: single bytes do not prolong its time.
    let mut talk = Talk::relay();
    talk.line("EHLO client.example.net");
    for byte in "MAIL FROM:<".bytes() {
        talk.send(&[byte]);
        talk.wait(Duration::from_secs(299));
    }
    assert_eq!(talk.closing, Some(Closing::TimedOut(Timer::Command)));
    assert!(talk.now < Duration::from_secs(4_000));
    // Content: each byte in time, but the whole is not.
    let mut talk = Talk::relay().until_content();
    for _ in 0..1_000 {
        talk.send(b"a");
        talk.wait(Duration::from_secs(100));
        if talk.over() {
            break;
        }
    }
    assert_eq!(talk.closing, Some(Closing::TimedOut(Timer::Message)));
    assert!(talk.messages.is_empty());
    // Under stress, a slow sender has no half hour.
    let mut talk = Talk::relay().until_content();
    talk.server.tell(Notice::Stress(true), talk.now).unwrap();
    for _ in 0..1_000 {
        talk.send(b"aaaaaaaaaa");
        talk.wait(Duration::from_secs(1));
        if talk.over() {
            break;
        }
    }
    assert_eq!(talk.closing, Some(Closing::TimedOut(Timer::Rate)));
    // A session that does nothing wrong still ends.
    let mut talk = Talk::relay();
    for _ in 0..60 {
        talk.wait(Duration::from_secs(200));
        talk.line("NOOP");
    }
    assert_eq!(talk.closing, Some(Closing::TimedOut(Timer::Session)));
}

#[test]
fn w12_t1_nothing_from_before_tls_is_known_after_it() {
    let mut config = submission();
    config.require_auth = false;
    let mut talk = Talk::new(config.clone(), Limits::default(), None);
    talk.line("EHLO client.example.net");
    talk.line("MAIL FROM:<bob@example.net>");
    assert!(talk.line("STARTTLS").starts_with("503"), "not inside a transaction");
    talk.line("RSET");
    talk.line("STARTTLS");
    assert_eq!(talk.server.wants(), Wants::Secure);
    talk.server.secured(tls(), talk.now);
    talk.go();
    assert_eq!(talk.server.extended(), None);
    assert!(talk.line("MAIL FROM:<bob@example.net>").starts_with("503"));
    let offers = talk.line("EHLO client.example.net");
    assert!(!offers.contains("STARTTLS") && offers.contains("AUTH"), "{offers}");
}

#[test]
fn t1_plaintext_behind_starttls_is_dropped() {
    for behind in ["EHLO evil.example\r\n", "MAIL FROM:<eve@example.net>\r\n", "X", "\r\n"] {
        for apart in [false, true] {
            let mut talk = Talk::new(submission(), Limits::default(), None);
            talk.line("EHLO client.example.net");
            if apart {
                // In a packet of its own, after the 220: the session takes nothing until the handshake.
                talk.line("STARTTLS");
                assert_eq!(talk.server.receive(behind.as_bytes(), talk.now), 0);
                talk.server.secured(tls(), talk.now);
                talk.go();
                assert!(!talk.over());
            } else {
                talk.send(format!("STARTTLS\r\n{behind}").as_bytes());
                assert!(talk.over(), "{behind:?}: {}", talk.said);
            }
            assert!(talk.senders.is_empty());
        }
    }
    // Where waiting is not insisted on, what came early is dropped all the same, and ends the session.
    let mut config = submission();
    config.synchronize = false;
    let mut talk = Talk::new(config, Limits::default(), None);
    talk.line("EHLO client.example.net");
    talk.send(b"STARTTLS\r\nMAIL FROM:<eve@example.net>\r\n");
    assert_eq!(talk.server.wants(), Wants::Secure);
    talk.server.secured(tls(), talk.now);
    talk.go();
    assert!(talk.over() && talk.senders.is_empty());
    // The fault is told, and then the end: who stops at the end has seen it.
    let [.., fault, end] = &talk.events[..] else { panic!("{:?}", talk.events) };
    assert!(fault.contains("PlaintextAfterStartTls") && end == "Closing(SentAway)", "{:?}", talk.events);
}

/// Whatever ends a session, the reason is told before the end.
#[test]
fn t1_the_reason_is_told_before_the_end() {
    let mut config = Config::new(Role::Relay, "mx.example.org");
    config.synchronize = true;
    let mut server = Server::new(config, Limits::default(), None, Duration::ZERO);
    // The client speaks while the caller is still deciding about it.
    assert!(matches!(server.poll(), Some(Event::Connected)));
    server.receive(b"EHLO client.example.net\r\n", Duration::ZERO);
    server.answer(Answer::Accept, Duration::ZERO).unwrap();
    assert!(matches!(server.poll(), Some(Event::Fault(Error::Unsynchronized { .. }))));
    assert!(matches!(server.poll(), Some(Event::Closing(Closing::SentAway))));
    assert!(server.poll().is_none());
}

#[test]
fn t6_no_password_in_the_clear() {
    let mut talk = Talk::new(submission(), Limits::default(), None);
    assert!(!talk.line("EHLO client.example.net").contains("AUTH"));
    assert!(talk.line("AUTH PLAIN AGJvYgBzZWNyZXQ=").starts_with("538 5.7.11"));
    assert!(!talk.events.iter().any(|event| event.starts_with("Auth")), "nobody was asked");
}

#[test]
fn t9_a_cut_connection_is_no_message() {
    let wire = b"Subject: x\r\n\r\nline\r\n..\r\nlast\r\n.\r\n";
    for at in 0..wire.len() {
        let mut talk = Talk::relay().until_content();
        talk.send(&wire[..at]);
        talk.closed();
        assert!(talk.messages.is_empty() && talk.over(), "cut at {at}");
        assert!(talk.events.iter().any(|event| event == "Aborted(Ended)"));
    }
    let wire = b"BDAT 5\r\nabc\r\nBDAT 3 LAST\r\nx\r\n";
    for at in 0..wire.len() {
        let mut talk = Talk::relay();
        for line in ["EHLO client.example.net", "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>"] {
            talk.line(line);
        }
        talk.send(&wire[..at]);
        talk.closed();
        assert!(talk.messages.is_empty() && talk.over(), "cut at {at}");
    }
}

#[test]
fn a3_a_bad_auth_line_ends_that_exchange_only() {
    let over = "A".repeat(12_300);
    for response in ["!", "AGI", "AGJvYgBzZWNyZXQ=x", "*", " ", "=", &over] {
        let mut talk = Talk::new(submission(), Limits::default(), Some(tls()));
        talk.decide = |event| match event {
            Event::Auth { initial: None, .. } => Answer::Challenge(b""),
            Event::Auth { .. } | Event::AuthResponse(_) => refuse(535, "No"),
            _ => Answer::Accept,
        };
        talk.line("EHLO client.example.net");
        assert_eq!(talk.line("AUTH PLAIN"), "334 \r\n");
        let said = talk.line(response);
        assert!(said.starts_with("50") || said.starts_with("535"), "{response:.20}: {said}");
        assert!(talk.line("NOOP").starts_with("250"), "the session goes on");
        assert!(!talk.server.authenticated());
    }
    // A line of the longest size passes, as response and with the command.
    let most = "A".repeat(12_284);
    let mut talk = Talk::new(submission(), Limits::default(), Some(tls()));
    talk.decide = |event| match event {
        Event::Auth { initial: None, .. } => Answer::Challenge(b""),
        _ => Answer::Accept,
    };
    talk.line("EHLO client.example.net");
    talk.line("AUTH PLAIN");
    assert!(talk.line(&most).starts_with("235"));
    // The third failure is the last.
    let mut talk = Talk::new(submission(), Limits::default(), Some(tls()));
    talk.decide = |event| if matches!(event, Event::Auth { .. }) { refuse(535, "No") } else { Answer::Accept };
    talk.line("EHLO client.example.net");
    for _ in 0..3 {
        talk.line("AUTH PLAIN AGIAYg==");
    }
    assert!(talk.over() && talk.said.contains("421 4.7.0"), "{}", talk.said);
}

#[test]
fn a3_secrets_are_not_shown() {
    let mut talk = Talk::new(submission(), Limits::default(), Some(tls()));
    talk.line("EHLO client.example.net");
    talk.server.receive(b"AUTH PLAIN AGJvYgBodW50ZXIy\r\n", talk.now);
    let shown = format!("{:?} {:?}", talk.server.poll().is_some(), talk.server);
    assert!(
        !shown.contains("hunter2") && !shown.contains("aHVudGVyMg") && !shown.contains("AGJvYgBodW50ZXIy"),
        "{shown}"
    );
}

#[test]
fn w13_harvesting_is_slowed_down_and_ended() {
    let mut talk = Talk::relay();
    talk.decide =
        |event| if matches!(event, Event::Recipient(_)) { refuse(550, "No such user") } else { Answer::Accept };
    talk.line("EHLO client.example.net");
    assert!(talk.line("VRFY alice").starts_with("252"));
    assert!(talk.line("EXPN staff").starts_with("502"));
    talk.line("MAIL FROM:<bob@example.net>");
    let before = talk.now;
    for n in 0..6 {
        talk.line(&format!("RCPT TO:<user{n}@example.org>"));
    }
    assert!(talk.over() && talk.said.contains("421 4.7.0 Too many unknown recipients"), "{}", talk.said);
    assert!(talk.now >= before + Duration::from_secs(5), "the last answer was held back");
}

#[test]
fn errors_slow_down_and_end_a_session() {
    let mut talk = Talk::relay();
    talk.line("EHLO client.example.net");
    for n in 1..=10 {
        let before = talk.now;
        talk.line("XYZZY");
        assert_eq!(talk.now > before, (6..10).contains(&n), "error {n}");
    }
    assert!(talk.over());
}

#[test]
fn shutdown_lets_a_message_finish() {
    let mut talk = Talk::relay().until_content();
    talk.send(b"half");
    talk.server.tell(Notice::Shutdown, talk.now).unwrap();
    talk.go();
    assert!(!talk.over());
    let said = talk.send(b" and the rest\r\n.\r\n");
    assert!(said.starts_with("250") && said.contains("421 4.3.2"), "{said}");
    assert_eq!((talk.messages.len(), talk.closing), (1, Some(Closing::Shutdown)));
    let mut talk = Talk::relay();
    talk.server.tell(Notice::Shutdown, talk.now).unwrap();
    talk.go();
    assert!(talk.over() && talk.said.contains("421 4.3.2"));
}

#[test]
fn a_refused_greeting_leaves_only_quit() {
    let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, Duration::ZERO);
    server.poll();
    server.answer(refuse(554, "No service"), Duration::ZERO).unwrap();
    server.transmitted(usize::MAX, Duration::ZERO);
    server.receive(b"EHLO client.example.net\r\n", Duration::ZERO);
    assert!(matches!(server.poll(), Some(Event::Fault(_))));
    assert!(server.transmit().starts_with(b"503 5.5.1"));
    server.transmitted(usize::MAX, Duration::ZERO);
    server.receive(b"QUIT\r\n", Duration::ZERO);
    while server.poll().is_some() {}
    assert_eq!(server.wants(), Wants::Close);
}

#[test]
fn misuse_changes_nothing() {
    let now = Duration::ZERO;
    let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, now);
    assert!(server.answer(Answer::Accept, now).is_err(), "nothing is asked yet");
    assert_eq!(server.poll(), Some(Event::Connected));
    assert!(server.answer(Answer::Challenge(b""), now).is_err());
    assert!(server.answer(refuse(354, "Go on"), now).is_err());
    assert_eq!(server.asked(), Some(Event::Connected));
    assert_eq!(server.poll(), None, "one question at a time");
    server.secured(tls(), now);
    assert_eq!(server.tls(), None);
    server.answer(Answer::Accept, now).unwrap();
    assert!(server.answer(Answer::Accept, now).is_err());
}

#[test]
fn idle_sessions_hold_no_buffers() {
    let mut talk = Talk::relay();
    talk.line("EHLO client.example.net");
    assert!(talk.server.memory() > 0);
    let at = talk.server.deadline().unwrap();
    assert!(at <= Duration::from_secs(5));
    talk.wait(at);
    assert_eq!(talk.server.memory(), 0);
    assert!(talk.line("NOOP").starts_with("250"));
}
