//! The verdicts that Postfix's tests expect about senders and recipients, given through our session. The suite is skipped, on one line, where it is not installed.
//!
//! Which users there are is the caller's knowledge, so the caller here answers as the suite says. What is ours: that each address is a path, that the caller is
//! asked about it as it was written, and that a refusal goes out and is read again, code, enhanced status and text, octet for octet.

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

use std::{fs, time::Duration};

use smtp_proto::{
    EnhancedStatus, Limits, Reply, Server, Wants,
    path::{ForwardPath, ReversePath},
    server::{Answer, Config, Event, Role},
};
use support::conformance::suite;

/// One line of the suite.
struct Case<'a> {
    /// `mail` or `rcpt`.
    verb: &'a str,
    address: &'a str,
    /// `OK`, or the refusal as it goes on the wire.
    verdict: &'a str,
}

#[test]
fn postfix_address_verdicts() {
    let Some(folder) = suite("postfix-units") else { return };
    let folder = folder.join("smtpd");
    let asked = fs::read_to_string(folder.join("smtpd_addr_valid.in")).unwrap();
    let said = fs::read_to_string(folder.join("smtpd_addr_valid.ref")).unwrap();
    let cases = cases(&said);
    let lines: Vec<_> = asked.lines().filter(|line| line.starts_with("mail ") || line.starts_with("rcpt ")).collect();
    assert_eq!(cases.iter().map(|case| format!("{} {}", case.verb, case.address)).collect::<Vec<_>>(), lines);

    let mut seen = [[0; 2]; 2];
    for case in &cases {
        let path = format!("<{}>", case.address);
        let refused = case.verdict != "OK";
        let rcpt = case.verb == "rcpt";
        let mut session = Session::new();
        let reply = if rcpt {
            assert_eq!(ForwardPath::parse(&path, false).unwrap().to_string(), path);
            assert_eq!(session.line("MAIL FROM:<>", "<>", "OK"), "250 2.1.0 Sender OK\r\n");
            session.line(&format!("RCPT TO:{path}"), &path, case.verdict)
        } else {
            assert_eq!(ReversePath::parse(&path, false).unwrap().to_string(), path);
            session.line(&format!("MAIL FROM:{path}"), &path, case.verdict)
        };
        for cut in 0..reply.len() {
            assert_eq!(Reply::parse(&reply.as_bytes()[..cut]), Ok(None), "{cut} octets are no reply yet");
        }
        let (read, length) = Reply::parse(reply.as_bytes()).unwrap().expect("a whole reply");
        assert_eq!(length, reply.len());
        if refused {
            assert_eq!(reply, format!("{}\r\n", case.verdict));
            let (code, status, text) = parts(case.verdict);
            assert_eq!((read.code(), read.status(), read.text()), (code, Some(status), text));
            assert!(read.is_permanent());
        } else {
            assert!(read.is_positive(), "{path}: {reply}");
        }
        seen[usize::from(rcpt)][usize::from(refused)] += 1;
    }
    assert_eq!(
        seen,
        [[4, 2], [3, 1]],
        "senders accepted and refused, recipients accepted and refused: the whole suite"
    );
}

/// Each question and the last line that was said to it; what stands before that is for that server's log.
fn cases(said: &str) -> Vec<Case<'_>> {
    let mut cases: Vec<Case<'_>> = Vec::new();
    let mut open = false;
    for line in said.lines() {
        if let Some(question) = line.strip_prefix(">>> ") {
            let case = question.split_once(' ').filter(|(verb, _)| matches!(*verb, "mail" | "rcpt"));
            cases.extend(case.map(|(verb, address)| Case { verb, address, verdict: "" }));
            open = case.is_some();
        } else if let Some(case) = cases.last_mut().filter(|_| open) {
            case.verdict = line;
        }
    }
    cases
}

/// Code, enhanced status and text of a reply of one line.
fn parts(reply: &str) -> (u16, EnhancedStatus, &str) {
    let [code, status, text] = reply.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{reply}") };
    (code.parse().unwrap(), EnhancedStatus::parse(status.as_bytes()).unwrap(), text)
}

struct Session(Server);

impl Session {
    /// Greeted, and at EHLO's end.
    fn new() -> Self {
        let mut session =
            Self(Server::new(Config::new(Role::Relay, "mx.example.com"), Limits::default(), None, Duration::ZERO));
        session.go("", "OK");
        session.line("EHLO client.example.net", "", "OK");
        session
    }

    /// Sends a command about this path, answers as the suite says, and gives the reply.
    fn line(&mut self, line: &str, path: &str, verdict: &str) -> String {
        let line = format!("{line}\r\n");
        assert_eq!(self.0.receive(line.as_bytes(), Duration::ZERO), line.len());
        self.go(path, verdict)
    }

    fn go(&mut self, path: &str, verdict: &str) -> String {
        while let Some(event) = self.0.poll() {
            match &event {
                Event::Mail(mail) => assert_eq!(mail.reverse_path.to_string(), path),
                Event::Recipient(rcpt) => assert_eq!(rcpt.forward_path.to_string(), path),
                _ => {}
            }
            if event.asks() {
                let answer = if verdict == "OK" {
                    Answer::Accept
                } else {
                    let (code, status, text) = parts(verdict);
                    Answer::Reply(Reply::new(code, Some(status), text))
                };
                self.0.answer(answer, Duration::ZERO).unwrap();
            }
        }
        let reply = String::from_utf8(self.0.transmit().to_vec()).unwrap();
        self.0.transmitted(reply.len(), Duration::ZERO);
        assert_eq!(self.0.wants(), Wants::Input);
        reply
    }
}
