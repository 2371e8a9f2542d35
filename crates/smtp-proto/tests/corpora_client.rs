//! Suites that others wrote for clients, where they are installed: servers that attack around STARTTLS, and the dialogues of a well-known client.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::disallowed_methods,
    reason = "tests read files, and stop at what they do not expect"
)]

mod support;

use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use smtp_proto::{
    Client, TlsFacts, TlsVersion, Wants,
    client::{Answer, Config, Envelope, Event, Limits, Request, Role, StartTls},
    command::{Command, Mail, Rcpt, Syntax},
};
use support::conformance::suite;

const NOW: Duration = Duration::ZERO;

fn tls() -> TlsFacts {
    TlsFacts::new(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384")
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    wire::base64::decode(text.as_bytes(), &mut bytes).ok().map(|()| bytes)
}

fn files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, out) } else { out.push(path) }
    }
    out.sort();
}

// Servers that attack around STARTTLS.

/// One such server, as far as its file tells.
#[derive(Default)]
struct Attacker {
    greeting: Option<String>,
    offers: String,
    offers_in_tls: String,
    starttls: Option<String>,
    overrides: Vec<(String, String)>,
}

impl Attacker {
    /// Reads the file; `all` takes in what stands there as a comment, to be enabled by hand.
    fn read(text: &str, all: bool) -> Self {
        let mut this = Self::default();
        for line in text.lines().map(str::trim) {
            let line = match line.strip_prefix("//") {
                Some(line) if all => line.trim(),
                Some(_) => continue,
                None => line,
            };
            let Some((name, value)) = line.split_once(':') else { continue };
            let quoted = value.split_once('"').and_then(|(_, rest)| rest.rsplit_once('"')).map(|(value, _)| value);
            let quoted = quoted.map(|value| value.replace("\\r", "\r").replace("\\n", "\n"));
            match (name.trim(), quoted) {
                ("greeting", value) => this.greeting = value,
                ("stls_response", value) => this.starttls = value,
                ("capabilities", None) => this.offers = capabilities(value),
                ("capabilities_tls", None) => this.offers_in_tls = capabilities(value),
                (verb, Some(value)) if verb.starts_with('"') => {
                    this.overrides.push((verb.trim_matches('"').to_ascii_uppercase(), value));
                }
                _ => {}
            }
        }
        this
    }

    fn reply(&self, line: &str, secure: bool) -> String {
        let verb = line.split(' ').next().unwrap().to_ascii_uppercase();
        if let Some((_, reply)) = self.overrides.iter().find(|(name, _)| *name == verb) {
            return reply.clone();
        }
        match verb.as_str() {
            "EHLO" => {
                format!("250-mx.example.org\r\n{}250 HELP\r\n", if secure { &self.offers_in_tls } else { &self.offers })
            }
            "STARTTLS" => self.starttls.clone().unwrap_or_else(|| "220 Go ahead\r\n".to_owned()),
            "AUTH" => "235 Welcome\r\n".to_owned(),
            "QUIT" => "221 Bye\r\n".to_owned(),
            _ => "250 OK\r\n".to_owned(),
        }
    }
}

fn capabilities(value: &str) -> String {
    let starttls = if value.contains("StartTLS") { "250-STARTTLS\r\n" } else { "" };
    let auth = if value.contains("Plain") || value.contains("PLAIN") { "250-AUTH PLAIN\r\n" } else { "" };
    format!("{starttls}{auth}")
}

/// Plays the attacker to a client that insists on TLS. What was said in the clear, whether it became ready, and its failure if it had one.
fn attack(attacker: &Attacker) -> (Vec<String>, bool, Option<String>) {
    let mut client = Client::new(Config::new(Role::Submission, "client.example.net"), Limits::default(), None, NOW);
    let (mut clear, mut ready, mut failed, mut secure) = (Vec::new(), false, None, false);
    client.receive(attacker.greeting.as_deref().unwrap_or("220 mx.example.org ESMTP\r\n").as_bytes(), NOW);
    for _ in 0..20 {
        while let Some(event) = client.poll() {
            match event {
                Event::Ready => {
                    ready = true;
                    client.tell(Request::Quit, NOW).unwrap();
                }
                Event::Failed { error, .. } => failed = Some(format!("{error:?}")),
                _ => {}
            }
        }
        let said = String::from_utf8(client.transmit().to_vec()).unwrap();
        client.transmitted(said.len(), NOW);
        for line in said.lines() {
            if !secure {
                clear.push(line.to_owned());
            }
            client.receive(attacker.reply(line, secure).as_bytes(), NOW);
        }
        if client.wants() == Wants::Secure {
            client.secured(tls(), NOW);
            secure = client.tls().is_some();
        }
    }
    assert_eq!(client.wants(), Wants::Close, "the session ends");
    (clear, ready, failed)
}

#[test]
fn nothing_is_said_to_servers_that_attack_around_starttls() {
    let Some(folder) = suite("nostarttls") else { return };
    let mut paths = Vec::new();
    files(&folder.join("testcases/smtp"), &mut paths);
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
    assert!(paths.len() >= 25, "only {} cases", paths.len());
    let (mut ready_in_tls, mut injected) = (0, 0);
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        for all in [false, true] {
            let attacker = Attacker::read(&text, all);
            let (clear, ready, failed) = attack(&attacker);
            for line in &clear {
                let verb = line.split(' ').next().unwrap();
                assert!(matches!(verb, "EHLO" | "HELO" | "STARTTLS" | "QUIT"), "{path:?}: {line:?} in the clear");
            }
            let began = clear.iter().any(|line| line == "STARTTLS");
            let behind = attacker
                .starttls
                .as_ref()
                .is_some_and(|reply| reply.starts_with("220") && reply.matches("\r\n").count() > 1);
            if behind {
                injected += 1;
                assert!(
                    failed.as_ref().is_some_and(|error| error.contains("PlaintextAfterStartTls")),
                    "{path:?}: {failed:?}"
                );
            }
            assert_ne!(ready, failed.is_some(), "{path:?}: {failed:?}");
            assert!(!ready || began, "{path:?}: ready without TLS");
            ready_in_tls += usize::from(ready);
        }
    }
    println!("{} servers, {injected} of them with plaintext behind their 220", paths.len());
    assert!(ready_in_tls > 0 && injected > 0);
}

// The dialogues of a well-known client.

/// What its file tells about one dialogue.
struct Case {
    protocol: Vec<String>,
    upload: Option<Vec<u8>>,
    offers: String,
    replies: Vec<(String, String)>,
    verify: String,
}

fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}"))?;
    let (_, rest) = rest.split_once(">\n")?;
    rest.split_once(&format!("</{name}>")).map(|(section, _)| section)
}

impl Case {
    fn read(text: &str) -> Option<Self> {
        let protocol: Vec<String> =
            section(text, "protocol")?.lines().map(|line| line.replace("%TESTNUMBER", "4711")).collect();
        let upload = section(text, "upload").map(|upload| {
            let lines = upload.lines().take_while(|line| *line != ".");
            lines.flat_map(|line| [line.strip_prefix('.').unwrap_or(line), "\r\n"]).collect::<String>().into_bytes()
        });
        let (mut offers, mut replies) = (String::new(), Vec::new());
        for line in section(text, "servercmd").unwrap_or_default().lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "CAPA" => offers.push_str(&format!("250-{}\r\n250-8BITMIME\r\n", rest.trim_matches('"'))),
                "AUTH" => offers.push_str(&format!("250-AUTH {rest}\r\n")),
                "REPLY" => {
                    let (command, reply) = match rest.strip_prefix('"') {
                        Some(rest) => rest.split_once("\" ")?,
                        None => rest.split_once(' ')?,
                    };
                    replies.push((command.to_owned(), reply.replace("\\r\\n", "\r\n")));
                }
                _ => {}
            }
        }
        let verify =
            section(text, "data").map_or_else(|| "252 Who knows\r\n".to_owned(), |data| data.replace('\n', "\r\n"));
        Some(Self { protocol, upload, offers, replies, verify })
    }

    fn reply(&self, line: &str) -> String {
        let verb = line.split(' ').next().unwrap();
        let two: String = line.split_inclusive(' ').take(2).collect();
        for words in [line, two.trim_end(), verb] {
            if let Some((_, reply)) = self.replies.iter().find(|(command, _)| command == words) {
                // Text where base64 belongs stands for an empty challenge there.
                let reply = if reply.ends_with(" supported") { "334 " } else { reply };
                return format!("{reply}\r\n");
            }
        }
        match verb {
            "EHLO" => format!("250-mx.example.org\r\n{}250 HELP\r\n", self.offers),
            "DATA" => "354 Go on\r\n".to_owned(),
            "VRFY" => self.verify.clone(),
            "QUIT" => "221 Bye\r\n".to_owned(),
            _ => "250 OK\r\n".to_owned(),
        }
    }
}

/// What the caller of our client does so that it says the same.
enum Act {
    Auth(String, Option<Vec<u8>>),
    Verify(String),
    Noop,
    Reset,
    Send(Mail<'static>, Vec<Rcpt<'static>>),
}

/// `None`: what that client says here, ours cannot be made to say.
fn acts(protocol: &[String]) -> Option<(VecDeque<Act>, VecDeque<Vec<u8>>)> {
    let (mut acts, mut responses) = (VecDeque::new(), VecDeque::new());
    let mut syntax = Syntax::default();
    syntax.utf8 = true;
    for line in protocol {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "EHLO" | "HELO" | "DATA" | "QUIT" | "*" => {}
            "NOOP" => acts.push_back(Act::Noop),
            "RSET" => acts.push_back(Act::Reset),
            // Ours does not say that to a server that has not offered it.
            "VRFY" if !rest.is_ascii() && !rest.ends_with(" SMTPUTF8") => return None,
            "VRFY" => acts.push_back(Act::Verify(rest.strip_suffix(" SMTPUTF8").unwrap_or(rest).to_owned())),
            "AUTH" => {
                let (mechanism, initial) =
                    rest.split_once(' ').map_or((rest, None), |(name, initial)| (name, Some(initial)));
                let initial = match initial {
                    Some("=") => Some(Vec::new()),
                    Some(text) => Some(base64(text)?),
                    None => None,
                };
                acts.push_back(Act::Auth(mechanism.to_owned(), initial));
            }
            "MAIL" | "RCPT" => {
                match Command::parse(Box::leak(line.clone().into_boxed_str()).as_bytes(), &syntax).ok()? {
                    Command::Mail(mail) => acts.push_back(Act::Send(mail, Vec::new())),
                    Command::Rcpt(rcpt) => {
                        let Some(Act::Send(_, recipients)) = acts.back_mut() else { return None };
                        recipients.push(rcpt);
                    }
                    _ => return None,
                }
            }
            "EXPN" | "HELP" => return None,
            _ => responses.push_back(base64(line)?),
        }
    }
    // Ours says no MAIL without a recipient to follow, and lets a server that takes less than the message alone.
    acts.iter()
        .all(|act| !matches!(act, Act::Send(_, recipients) if recipients.is_empty()))
        .then_some((acts, responses))
}

fn play(case: &Case, mut acts: VecDeque<Act>, mut responses: VecDeque<Vec<u8>>) -> (Vec<String>, Vec<u8>) {
    let mut config = Config::new(Role::Smtp, "4711");
    config.auth_without_tls = true;
    config.starttls = StartTls::Never;
    let mut client = Client::new(config, Limits::default(), None, NOW);
    let (mut said, mut content, mut in_content) = (Vec::new(), Vec::new(), false);
    client.receive(b"220 mx.example.org ESMTP\r\n", NOW);
    for _ in 0..100 {
        while let Some(event) = client.poll() {
            match event {
                Event::Ready => match acts.pop_front() {
                    Some(Act::Auth(mechanism, initial)) => {
                        client.tell(Request::Auth { mechanism: &mechanism, initial: initial.as_deref() }, NOW)
                    }
                    Some(Act::Verify(user)) => client.tell(Request::Verify(&user), NOW),
                    Some(Act::Noop) => client.tell(Request::Noop, NOW),
                    Some(Act::Reset) => client.tell(Request::Reset, NOW),
                    Some(Act::Send(mail, recipients)) => {
                        client.tell(Request::Send(Envelope { mail: &mail, recipients: &recipients }), NOW)
                    }
                    None => client.tell(Request::Quit, NOW),
                }
                .unwrap(),
                Event::Challenge(_) => match responses.pop_front() {
                    Some(response) => client.answer(Answer::Response(&response), NOW).unwrap(),
                    None => client.answer(Answer::Cancel, NOW).unwrap(),
                },
                _ => {}
            }
        }
        if matches!(client.wants(), Wants::Body { .. }) {
            in_content = true;
            let upload = case.upload.clone().unwrap_or_default();
            assert_eq!(client.feed(&upload, NOW), upload.len());
            client.tell(Request::BodyEnd, NOW).unwrap();
        }
        let bytes = client.transmit().to_vec();
        client.transmitted(bytes.len(), NOW);
        if in_content && !bytes.is_empty() {
            in_content = false;
            content = bytes;
            client.receive(b"250 OK\r\n", NOW);
            continue;
        }
        for line in String::from_utf8(bytes).unwrap().lines() {
            client.receive(case.reply(line).as_bytes(), NOW);
            said.push(line.to_owned());
        }
    }
    assert_eq!(client.wants(), Wants::Close);
    (said, content)
}

#[test]
fn the_same_dialogues_as_a_well_known_client() {
    let Some(folder) = suite("client-sessions-curl") else { return };
    let mut paths = Vec::new();
    files(&folder.join("smtp"), &mut paths);
    let (mut played, mut left_out) = (0, Vec::new());
    for path in &paths {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).replace('\r', "");
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let Some(case) = Case::read(&text) else {
            left_out.push(name);
            continue;
        };
        let Some((acts, responses)) = acts(&case.protocol) else {
            left_out.push(name);
            continue;
        };
        let (mut said, content) = play(&case, acts, responses);
        let mut expected = case.protocol.clone();
        // After a failure that client hangs up at times, where ours still says goodbye.
        expected.retain(|line| line != "QUIT");
        said.retain(|line| line != "QUIT" && line != "RSET");
        assert_eq!(said, expected, "{name}");
        if let Some(upload) = &case.upload
            && expected.iter().any(|line| line == "DATA")
        {
            let mut stuffed = Vec::new();
            let mut encoder = smtp_proto::framing::DataEncoder::new();
            encoder.write(upload, &mut stuffed);
            encoder.end(&mut stuffed);
            assert_eq!(content, stuffed, "{name}");
        }
        played += 1;
    }
    println!("{played} dialogues played; left out: {left_out:?}");
    assert!(played >= 20, "only {played} of {}", paths.len());
}
