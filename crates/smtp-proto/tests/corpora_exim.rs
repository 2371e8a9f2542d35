//! Sessions that another server's tests hold with it, held with ours. The suite is skipped, on one line, where it is not installed.
//!
//! What that server's configuration decides (a sender refused, a user unknown, a login) is decided here as its script expects it; all that the
//! protocol decides is ours, and each reply must be of the class that the script names.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::disallowed_methods,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use smtp_proto::{
    Limits, Reply, Server, Wants,
    command::Syntax,
    server::{Answer, Config, Event, Role},
};
use support::{conformance::suite, talk::tls};

/// Scripts whose first bytes are not of SMTP, and why.
const LEFT_OUT: [(&str, &str); 1] = [("4030", "the PROXY protocol stands before SMTP, and is the listener's")];

/// Where our code is of another class, on purpose. Script, how what was said last begins, what is expected, what we say, and why.
const DIFFERS: [(&str, &str, &str, &str, &str); 19] = [
    ("0022", "", CLOSED, "", "its configuration drops the connection"),
    ("0214", "EHLO xxx", "250", "500", "a line that is too long is answered once and thrown away, not cut"),
    ("0287", "ETRN", "250", "502", "RFC 1985 is not served"),
    ("0439", "QUIT", "221", "", "its configuration refuses the greeting; the one reply more is that to QUIT before it"),
    ("0460", ".", "2", "550", LONE),
    ("0482", ".", "5", "250", "what stands in a header is the caller's to judge"),
    ("0637", "mail from", CLOSED, "", ERRORS),
    (
        "0900",
        "bdat 0",
        "504",
        "250",
        "RFC 3030, 2: a chunk of nothing is allowed, and of those that change nothing there is a limit",
    ),
    ("0900", "", "421", "", "the connection ends in the middle of a chunk: there is nobody to tell"),
    ("0900", ".", "250", "550", LONE),
    ("2002", "nop", CLOSED, "", ERRORS),
    ("2102", "help", "554", "214", "its certificate cannot be read"),
    ("2124", "noop", "554", "250", "its certificate cannot be read"),
    (
        "3453",
        "auth plain",
        "235",
        "503",
        "RFC 3207, 4.2: what was said before TLS is forgotten; remembering it is its own setting",
    ),
    ("3820", "AUTH ANONYMOUS", "235", "504", "not offered here"),
    ("4034", "XCLIENT SIXSIX", CLOSED, "", ERRORS),
    ("4502", ".", "250", "550", LONE),
    ("5590", "MAIL FROM", "250", "555", "PRDR never became a standard"),
    ("5721", "", CLOSED, "", "its configuration drops the connection"),
];

const CLOSED: &str = "the end";
const LONE: &str =
    "RFC 5321, 2.3.8: a lone line feed in content from another server is refused, where that server mends it";
const ERRORS: &str = "how many errors end a session is a matter of settings";

/// A line of a script.
#[derive(Debug)]
enum Item {
    /// What the client sends.
    Send(Vec<u8>),
    /// The start of each line of a reply.
    Expect(String),
    /// The server closes.
    Closed,
}

#[test]
fn exim() {
    let Some(folder) = suite("smtp-exim") else { return };
    let mut run = 0;
    let mut wrong = Vec::new();
    let mut used = [false; DIFFERS.len()];
    for (name, text) in scripts(&folder.join("scripts")) {
        if LEFT_OUT.iter().any(|(script, _)| *script == name) {
            continue;
        }
        for (number, session) in sessions(&text).into_iter().enumerate() {
            run += 1;
            if let Err(difference) = hold(&name, &session, &mut used) {
                wrong.push(format!("{name}, session {number}: {difference}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {run} sessions:\n{}", wrong.len(), wrong.join("\n"));
    let unused: Vec<_> = DIFFERS.iter().zip(used).filter(|(_, used)| !used).collect();
    assert!(unused.is_empty(), "no longer different: {unused:?}");
    assert!(run > 200, "the whole suite");
}

/// All scripts, by their numbers.
fn scripts(folder: &Path) -> BTreeMap<String, String> {
    let folders = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned())
        })
        .collect()
}

/// The sessions of one script, each with a flag for TLS from the start.
fn sessions(text: &str) -> Vec<(bool, Vec<Item>)> {
    let mut all = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.starts_with("client") {
            // The command may go on in further lines.
            let (mut line, mut secure) = (line, line.contains("-tls-on-connect"));
            while line.ends_with('\\') {
                line = lines.next().unwrap();
                secure |= line.contains("-tls-on-connect");
            }
            let items = lines.by_ref().take_while(|line| !line.starts_with("****")).filter_map(item).collect();
            all.push((secure, items));
        }
    }
    all
}

fn item(line: &str) -> Option<Item> {
    if line.starts_with("????") || line.starts_with("+++ ") || line.starts_with("<<< ") {
        return None;
    }
    if line.starts_with("???*") {
        return Some(Item::Closed);
    }
    if let Some(expected) = line.strip_prefix("??? ") {
        return Some(Item::Expect(expected.to_owned()));
    }
    let (text, end) = match line.strip_prefix(">>> ") {
        Some(text) => (text, ""),
        None => (line, "\r\n"),
    };
    let text = text.replace("HOSTIPV4", "192.0.2.1").replace("V4NET", "10");
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next() {
            Some(b'r') => b'\r',
            Some(b'n') => b'\n',
            Some(b'x') => {
                let digits: String = rest.by_ref().take(2).map(char::from).collect();
                u8::from_str_radix(&digits, 16).unwrap_or(b'?')
            }
            Some(other) => other,
            None => b'\\',
        });
    }
    bytes.extend_from_slice(end.as_bytes());
    Some(Item::Send(bytes))
}

/// A server, and a caller that knows what the script expects next.
struct Host {
    server: Server,
    said: String,
    /// Whole replies since the client has last said something.
    replies: usize,
}

impl Host {
    fn new(text: &str, secure: bool) -> Self {
        let has = |word: &str| text.contains(word);
        let mut config = Config::new(if has("auth ") { Role::Submission } else { Role::Relay }, "myhost.test.ex");
        config.require_auth = false;
        config.auth_without_tls = true;
        config.mechanisms =
            ["PLAIN", "LOGIN", "CRAM-MD5", "EXTERNAL", "NTLM", "SCRAM-SHA-1"].map(str::to_owned).to_vec();
        config.starttls = has("starttls");
        config.xclient = has("xclient");
        config.synchronize = false;
        config.bare_lf = smtp_proto::framing::BareLf::Normalize;
        let mut syntax = Syntax::default();
        syntax.loose_paths = true;
        config.syntax = syntax;
        let limits = Limits::default();
        Self { server: Server::new(config, limits, secure.then(tls), Duration::ZERO), said: String::new(), replies: 0 }
    }

    /// Goes on as far as it can. `expected` are the replies that the script looks for after what was said last.
    fn go(&mut self, expected: &[&str]) {
        loop {
            while let Some(event) = self.server.poll() {
                if event.asks() {
                    // The reply that this question is about comes after those that have been given and those that are under way.
                    let given = self.replies + replies(self.server_says());
                    let next = expected.get(given).copied().unwrap_or_default();
                    let event = self.server.asked().unwrap();
                    let answer = answer(&event, next);
                    if self.server.answer(answer, Duration::ZERO).is_err() {
                        self.server.answer(Answer::Accept, Duration::ZERO).unwrap();
                    }
                }
            }
            let bytes = self.server_says().to_owned();
            self.server.transmitted(bytes.len(), Duration::ZERO);
            self.replies += replies(&bytes);
            self.said.push_str(&bytes);
            match self.server.wants() {
                Wants::Secure => self.server.secured(tls(), Duration::ZERO),
                Wants::Flush => self.server.tick(self.server.deadline().unwrap()),
                _ if bytes.is_empty() => return,
                _ => {}
            }
        }
    }

    fn server_says(&self) -> &str {
        std::str::from_utf8(self.server.transmit()).unwrap()
    }
}

/// How many whole replies there are.
fn replies(said: &str) -> usize {
    said.split_inclusive("\r\n").filter(|line| line.as_bytes().get(3) != Some(&b'-')).count()
}

/// What the script's configuration would have said.
fn answer(event: &Event<'_>, expected: &str) -> Answer<'static> {
    let auth = matches!(event, Event::Auth { .. } | Event::AuthResponse(_));
    match expected.get(..3).and_then(|code| code.parse::<u16>().ok()) {
        Some(334) if auth => Answer::Challenge(b"prompt"),
        Some(code @ 400..=599) => Answer::Reply(Reply::new(code, None, "As the script expects")),
        _ => Answer::Accept,
    }
}

/// The replies that a script looks for before the client says more: the start of the last line of each.
fn expected(items: &[Item]) -> Vec<&str> {
    let mut replies = Vec::new();
    let mut whole = true;
    for item in items {
        let Item::Expect(line) = item else { break };
        if !whole {
            replies.pop();
        }
        replies.push(line.as_str());
        whole = line.as_bytes().get(3) != Some(&b'-');
    }
    replies
}

/// Holds one session; the first difference is told.
fn hold(name: &str, (secure, items): &(bool, Vec<Item>), used: &mut [bool]) -> Result<(), String> {
    let sent = |item: &Item| match item {
        Item::Send(bytes) => String::from_utf8_lossy(bytes).to_lowercase(),
        Item::Expect(_) | Item::Closed => String::new(),
    };
    let mut host = Host::new(&items.iter().map(sent).collect::<String>(), *secure);
    host.go(&expected(items));
    let mut last = String::new();
    // The line of ours that was looked at last.
    let mut before = String::new();
    for (at, item) in items.iter().enumerate() {
        let mut differs = |theirs: &str, ours: &str| {
            let known = DIFFERS.iter().position(|(script, said, expected, line, _)| {
                *script == name && last.starts_with(said) && theirs.starts_with(expected) && ours.starts_with(line)
            });
            if let Some(known) = known {
                used[known] = true;
            }
            known.is_some()
        };
        match item {
            Item::Send(bytes) => {
                last = String::from_utf8_lossy(bytes).trim_end().to_owned();
                before.clear();
                host.replies = 0;
                let replies = items[at..].iter().position(|item| matches!(item, Item::Expect(_)));
                let ahead = expected(replies.map_or(&[], |first| &items[at + first..]));
                let mut rest = &bytes[..];
                while !rest.is_empty() {
                    let taken = host.server.receive(rest, Duration::ZERO);
                    rest = &rest[taken..];
                    host.go(&ahead);
                    if taken == 0 {
                        break;
                    }
                }
            }
            Item::Expect(expected) => {
                let Some((line, rest)) = host.said.split_once("\r\n") else {
                    // How many lines a reply has is each server's own affair.
                    if before.get(..3).is_some_and(|code| expected.starts_with(code)) {
                        continue;
                    }
                    if differs(expected, "") {
                        return Ok(());
                    }
                    return Err(format!("after {last:?}: expected {expected:?}, we say nothing"));
                };
                let (mut line, mut rest) = (line.to_owned(), rest.to_owned());
                if line.chars().next() != expected.chars().next() {
                    if differs(expected, &line) {
                        return Ok(());
                    }
                    return Err(format!("after {last:?}: expected {expected:?}, we say {line:?}"));
                }
                if expected.as_bytes().get(3) != Some(&b'-') {
                    // Theirs ends here: so must ours.
                    while line.as_bytes().get(3) == Some(&b'-') {
                        let (next, more) = rest.split_once("\r\n").unwrap();
                        (line, rest) = (next.to_owned(), more.to_owned());
                    }
                }
                before = line;
                host.said = rest;
            }
            Item::Closed if host.server.wants() == Wants::Close || differs(CLOSED, "") => {}
            Item::Closed => return Err(format!("after {last:?}: expected the end")),
        }
    }
    Ok(())
}
