//! Dialogues and byte sequences that others have collected, run against the server. Suites that are not installed are skipped, on one line each.

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

use std::fs;

use smtp_proto::{
    EnhancedStatus, Limits, Reply,
    command::Syntax,
    path::Mailbox,
    server::{Answer, Config, Event, Role},
};
use support::{
    conformance::suite,
    talk::{Talk, tls},
};

/// Where our code differs from that server's, on purpose. The suite compares codes; texts are each server's own.
/// Dialogue, its code, ours, and why.
const CHASQUID: [(&str, &str, &str, &str); 10] = [
    ("auth_too_many_failures", "421", "501", "each command gets its own reply; the 421 comes right behind it"),
    ("bad_rcpt_to", "500", "501", "the verb is known, so it is its argument that is wrong"),
    (
        "bad_data",
        "554",
        "250",
        "that server reads the header; here what a message may hold is the caller's to decide at its end",
    ),
    ("wrong_proto", "502", "554", "RFC 5321, 3.1: 554 says that there is no SMTP service for such a client"),
    ("line_too_long", "554", "501", "the line is within our limit, the name on it is not within that of a domain"),
    ("auth_not_tls", "503", "502", "port 25 offers no AUTH at all, so it is a command not implemented"),
    ("auth_multi_dialog", "534", "504", "RFC 4954, 4: 504 for a mechanism that is not offered"),
    ("bad_data_dot", "521", "550", "the message is refused for its line ends; then the connection is closed"),
    ("bad_rcpt_to", "550", "501", "RFC 5321, 4.2.4: an argument that no grammar allows is 501"),
    ("bad_mail_from", "500", "501", "the verb is known, so it is its argument that is wrong"),
];

#[test]
fn chasquid() {
    let Some(folder) = suite("smtp-chasquid") else { return };
    let mut run = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "cmy") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let kept = play(&name, &fs::read_to_string(&path).unwrap());
            if let Ok(expected) = fs::read_to_string(path.with_extension("cmy.verify")) {
                let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
                let kept = String::from_utf8(kept.last().unwrap().clone()).unwrap();
                assert_eq!(lines(kept.trim_end()), lines(expected.trim_end()), "{name}: the message as it is kept");
            }
            run += 1;
        }
    }
    assert_eq!(run, 17, "the whole suite");
}

/// Plays one dialogue and gives the messages that were accepted.
fn play(name: &str, text: &str) -> Vec<Vec<u8>> {
    let mut talk = Talk::relay();
    let mut kept = Vec::new();
    // What the server has said and nobody has looked at yet.
    let mut seen = 0;
    for line in text.lines() {
        let Some(rest) = line.strip_prefix("c ") else { continue };
        if rest.ends_with("_connect localhost:1025") || rest.ends_with("_connect localhost:1465") {
            kept.append(&mut talk.messages);
            talk = connect(rest.starts_with("tls"));
            seen = 0;
        } else if let Some(line) = rest.strip_prefix("-> ").or(rest.strip_prefix("->")) {
            talk.line(line);
        } else if let Some(bytes) = rest.strip_prefix("~> ") {
            talk.send(&expression(bytes));
        } else if rest.strip_prefix("<...").is_some() {
            assert_eq!(reply(&talk, &mut seen), "250", "{name}: {line}");
        } else if let Some(expected) = rest.strip_prefix("<- ").or(rest.strip_prefix("<~ ")) {
            let theirs = &expected[..3];
            let ours = reply(&talk, &mut seen);
            let differs = CHASQUID
                .iter()
                .any(|(dialogue, code, our, _)| name.starts_with(dialogue) && *code == theirs && *our == ours);
            assert!(ours == theirs || differs, "{name}: {line}: we say {ours}\n{}", talk.said);
        }
    }
    kept.append(&mut talk.messages);
    kept
}

/// The code of the next whole reply.
fn reply(talk: &Talk, seen: &mut usize) -> String {
    for line in talk.said[*seen..].split_inclusive("\r\n") {
        *seen += line.len();
        if line.as_bytes()[3] != b'-' {
            return line[..3].to_owned();
        }
    }
    "---".to_owned()
}

/// A server as the dialogues expect it: 1 MiB at most, one user, and the loose spelling of paths that they use.
fn connect(submission: bool) -> Talk {
    let mut config = Config::new(if submission { Role::Submission } else { Role::Relay }, "testserver");
    config.mechanisms = vec!["PLAIN".to_owned()];
    let mut syntax = Syntax::default();
    syntax.loose_paths = true;
    config.syntax = syntax;
    let mut limits = Limits::default();
    limits.message_size = 1 << 20;
    limits.auth_failures = 3;
    let mut talk = Talk::new(config, limits, submission.then(tls));
    talk.decide = |event| match event {
        Event::Auth { initial: None, .. } => Answer::Challenge(b""),
        Event::Auth { initial: Some(response), .. } | Event::AuthResponse(response) => {
            let parts: Vec<_> = response.split(|byte| *byte == 0).collect();
            match parts[..] {
                [_, b"user@testserver", b"secretpassword"] => Answer::Accept,
                [_, _, _] => {
                    Answer::Reply(Reply::new(535, Some(EnhancedStatus::new(5, 7, 8)), "Wrong user or password"))
                }
                _ => Answer::Reply(Reply::new(501, Some(EnhancedStatus::new(5, 5, 2)), "Not a PLAIN response")),
            }
        }
        _ => Answer::Accept,
    };
    talk
}

/// Bytes written as sums and products of quoted strings.
fn expression(text: &str) -> Vec<u8> {
    let mut rest = text.trim();
    let value = sum(&mut rest);
    assert_eq!(rest, "", "{text}");
    value
}

fn sum(rest: &mut &str) -> Vec<u8> {
    let mut value = product(rest);
    while let Some(after) = rest.trim_start().strip_prefix('+') {
        *rest = after;
        value.extend(product(rest));
    }
    value
}

fn product(rest: &mut &str) -> Vec<u8> {
    *rest = rest.trim_start();
    let value = if let Some(inner) = rest.strip_prefix('(') {
        *rest = inner;
        let value = sum(rest);
        *rest = rest.trim_start().strip_prefix(')').unwrap();
        value
    } else {
        let inner = rest.strip_prefix('\'').unwrap();
        let end = inner.find('\'').unwrap();
        *rest = &inner[end + 1..];
        inner[..end].replace("\\r", "\r").replace("\\n", "\n").into_bytes()
    };
    let Some(after) = rest.trim_start().strip_prefix('*') else { return value };
    let after = after.trim_start();
    let digits = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
    *rest = &after[digits..];
    value.repeat(after[..digits].parse().unwrap())
}

#[test]
fn smuggling() {
    let Some(folder) = suite("smtp-smuggling") else { return };
    let text = fs::read_to_string(folder.join("eod-sequences.json")).unwrap();
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sequences = |key: &str| -> Vec<Vec<u8>> {
        json[key].as_array().unwrap().iter().map(|sequence| unhex(sequence["hex"].as_str().unwrap())).collect()
    };
    let inbound = sequences("inbound_eod_sequences");
    let outbound = sequences("outbound_eod_sequences");
    assert_eq!((inbound.len(), outbound.len()), (7, 9), "the whole suite");
    for sequence in inbound.iter().chain(&outbound) {
        let mut talk = Talk::relay().until_content();
        talk.send(b"Subject: first\r\n\r\nfirst");
        talk.send(sequence);
        talk.send(b"MAIL FROM:<eve@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\nsecond\r\n.\r\n");
        talk.send(b"QUIT\r\n");
        assert_eq!(talk.senders, ["<bob@example.net>"], "{sequence:?}: nothing was smuggled in");
        assert!(talk.messages.len() <= 1);
    }
    // The same sequences in a message that goes out: what the server gets is one message, or none.
    for sequence in &outbound {
        let body = [b"Subject: x\r\n\r\nfirst".as_slice(), sequence, b"MAIL FROM:<eve@example.net>\r\n"].concat();
        let mut wire = Vec::new();
        let mut encoder = smtp_proto::framing::DataEncoder::new();
        encoder.write(&body, &mut wire);
        encoder.end(&mut wire);
        let mut talk = Talk::relay().until_content();
        talk.send(&wire);
        assert_eq!(talk.senders, ["<bob@example.net>"], "{sequence:?}: nothing was smuggled out");
        assert_eq!(talk.messages.len(), 1, "{sequence:?}: what our encoder writes is in order");
    }
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[test]
fn nostarttls_buffering() {
    // The B_* cases against a server: any command in the packet of STARTTLS.
    for second in
        ["NOOP", "EHLO evil.example", "MAIL FROM:<eve@example.net>", "AUTH PLAIN AGV2ZQBldmU=", "RSET", "QUIT", "X", ""]
    {
        let mut config = Config::new(Role::Submission, "mx.example.org");
        config.starttls = true;
        config.mechanisms = vec!["PLAIN".to_owned()];
        let mut talk = Talk::new(config, Limits::default(), None);
        talk.line("EHLO client.example.net");
        let before = talk.events.len();
        let said = talk.send(format!("STARTTLS\r\n{second}\r\n").as_bytes());
        assert!(said.starts_with("554 5.5.0"), "{second}: {said}");
        assert!(talk.over(), "{second}");
        assert!(
            talk.events[before..].iter().all(|event| event.starts_with("Fault") || event.starts_with("Closing")),
            "{:?}",
            talk.events
        );
    }
}

#[test]
fn mailkit() {
    let Some(folder) = suite("smtp-mailkit") else { return };
    let mut run = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.ends_with(".txt") {
            continue;
        }
        // Files carry the line ends of whoever checked them out.
        let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
        let replies: Vec<_> = split_replies(&text);
        assert!(!replies.is_empty(), "{name}");
        for lines in replies {
            let parsed: Vec<_> =
                lines.iter().map(|line| smtp_proto::reply::ReplyLine::parse(line.as_bytes()).unwrap()).collect();
            assert!(parsed.iter().all(|line| line.code == parsed[0].code), "{name}");
            assert!(parsed.last().unwrap().last && parsed[..parsed.len() - 1].iter().all(|line| !line.last), "{name}");
        }
        run += 1;
    }
    assert_eq!(run, 18, "the whole suite");
}

fn split_replies(text: &str) -> Vec<Vec<&str>> {
    let mut all = Vec::new();
    let mut lines = Vec::new();
    for line in text.split_terminator("\r\n").filter(|line| !line.is_empty()) {
        lines.push(line);
        if line.as_bytes().get(3) != Some(&b'-') {
            all.push(std::mem::take(&mut lines));
        }
    }
    all
}

/// Where our code differs from James', on purpose: script, its code, ours, and why.
const JAMES: [(&str, &str, &str, &str); 5] = [
    ("authplain", "334", "503", "RFC 4954, 4: AUTH is for those who have said EHLO and been offered it"),
    ("authplain", "334", "500", "so what follows is no answer to a challenge"),
    ("authplain", "235", "500", "as above"),
    (
        "starttls_session_fixation",
        "501",
        "503",
        "STARTTLS has no arguments that could be wrong: it comes at the wrong time",
    ),
    (
        "starttls_with_injection",
        "451",
        "554",
        "RFC 2920, 3.1: it is a fault of the client that does not go away by itself",
    ),
];

#[test]
fn james() {
    let Some(folder) = suite("smtp-james-mpt") else { return };
    let mut run = 0;
    for entry in fs::read_dir(folder.join("scripts")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // its port takes mail from anybody, and logins; ours are two
        let logs_in = name.contains("auth") || name.contains("fixation");
        let mut config = Config::new(if logs_in { Role::Submission } else { Role::Relay }, "mydomain.tld");
        config.starttls = true;
        if logs_in {
            config.mechanisms = vec!["LOGIN".to_owned(), "PLAIN".to_owned()];
        }
        let mut talk = Talk::new(config, Limits::default(), logs_in.then(tls));
        talk.decide = |event| match event {
            Event::Auth { .. } => Answer::Challenge(b"Username:"),
            Event::AuthResponse(b"secret") => Answer::Accept,
            Event::AuthResponse(_) => Answer::Challenge(b"Password:"),
            _ => Answer::Accept,
        };
        let mut seen = 0;
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(text) = line.strip_prefix("C:") {
                let text = text.strip_prefix(' ').unwrap_or(text);
                if text.contains("\\r\\n") {
                    talk.send(text.replace("\\r\\n", "\r\n").as_bytes());
                } else {
                    talk.line(text);
                }
            } else if let Some(theirs) = line.strip_prefix("S: ").filter(|line| line.as_bytes()[3] == b' ') {
                let (theirs, ours) = (&theirs[..3], reply(&talk, &mut seen));
                let differs =
                    JAMES.iter().any(|(script, code, our, _)| *script == name && *code == theirs && *our == ours);
                assert!(ours == theirs || differs, "{name}: {line}: we say {ours}\n{}", talk.said);
            }
        }
        run += 1;
    }
    assert_eq!(run, 8, "the whole suite");
}

/// What we judge otherwise than that suite, on purpose: its diagnosis or address, and why.
const ISEMAIL: [(&str, &str); 2] = [
    (
        "test@[1111:2222:3333:4444:5555:6666:7777:8888]",
        "RFC 5321, 4.1.3: 1111 is a tag like any other that some later standard may name",
    ),
    (
        "ISEMAIL_RFC5321_IPV6DEPRECATED",
        "a `::` for one group alone is written by programs that know nothing of that rule, and is one address all the same",
    ),
];

/// The addresses of is_email(): those that may be said in SMTP are taken, all others are refused.
#[test]
fn isemail() {
    let Some(folder) = suite("addr-isemail") else { return };
    let xml = fs::read_to_string(folder.join("tests.xml")).unwrap();
    let (mut run, mut wrong) = (0, Vec::new());
    for test in xml.split("<test id=").skip(1) {
        let part = |name: &str| {
            let (_, rest) = test.split_once(&format!("<{name}>")).unwrap_or(("", ""));
            unescape(rest.split_once(&format!("</{name}>")).map_or("", |(part, _)| part))
        };
        let (address, category, diagnosis) = (part("address"), part("category"), part("diagnosis"));
        let sayable = matches!(&*category, "ISEMAIL_VALID_CATEGORY" | "ISEMAIL_DNSWARN" | "ISEMAIL_RFC5321");
        let differs = ISEMAIL.iter().any(|(listed, _)| *listed == diagnosis || *listed == address);
        let taken = Mailbox::parse(&address, false).is_ok();
        if taken != (sayable != differs) {
            wrong.push(format!("{address:?} {category} {diagnosis}: taken {taken}"));
        }
        run += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(run, 164, "the whole suite");
}

/// Character references, and the pictures of control characters that the suite writes.
fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = behind.split_once(';').unwrap();
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => char::from_u32(u32::from_str_radix(name.trim_start_matches("#x"), 16).unwrap()).unwrap(),
        });
        rest = after;
    }
    out.push_str(rest);
    out.chars()
        .map(|c| {
            if matches!(c, '\u{2400}'..='\u{241f}') {
                char::from(u8::try_from(u32::from(c) - 0x2400).unwrap())
            } else {
                c
            }
        })
        .collect()
}
