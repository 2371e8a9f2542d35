//! What others have collected: responses of real servers, dialogues of a well-known client, servers that attack around STLS. Suites that are not installed are skipped,
//! on one line each.

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

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use pop3_proto::{
    Capabilities, Client, Limits, Response, Wants,
    client::{self, Event, Request},
    command::Command,
    server::Config,
};
use support::{
    conformance::suite,
    host::{Host, tls},
};

const NOW: Duration = Duration::ZERO;

fn files(folder: &Path, extension: Option<&str>) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path, extension));
        } else if extension.is_none_or(|wanted| path.extension().is_some_and(|found| found == wanted)) {
            all.push(path);
        }
    }
    all.sort();
    all
}

#[test]
fn mailkit() {
    let Some(folder) = suite("pop3-mailkit") else { return };
    let paths = files(&folder, Some("txt"));
    assert!(paths.len() >= 45, "only {} files", paths.len());
    let mut events = 0;
    for path in &paths {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = fs::read(path).unwrap();
        let text = String::from_utf8_lossy(&text).replace("\r\n", "\n").replace('\n', "\r\n");
        let first = text.lines().next().unwrap_or_default();
        if first.starts_with('+') && !first.starts_with("+OK") {
            continue; // a challenge of AUTH
        }
        let request = if name.starts_with("capa") {
            None
        } else if name.starts_with("list") {
            Some(if text.lines().count() > 1 { Request::List(None) } else { Request::List(Some(1)) })
        } else if name.starts_with("uidl") {
            Some(if text.lines().count() > 1 { Request::Uidl(None) } else { Request::Uidl(Some(1)) })
        } else if name.starts_with("retr") {
            Some(Request::Retrieve(1))
        } else if name.starts_with("top") {
            Some(Request::Top { number: 1, lines: 0 })
        } else if name.starts_with("dele") {
            Some(Request::Delete(1))
        } else if name.starts_with("stat") {
            Some(Request::Stat)
        } else {
            Some(Request::Noop)
        };
        let mut client = Client::new(client::Config::default(), client::Limits::default(), Some(tls()), NOW);
        client.receive(b"+OK\r\n", NOW);
        while client.poll().is_some() {}
        client.receive(if request.is_some() { b"-ERR\r\n" } else { text.as_bytes() }, NOW);
        while client.poll().is_some() {}
        let Some(request) = request else {
            if first.starts_with("+OK") && text.contains("\r\n.\r\n") {
                assert_ne!(client.capabilities(), &Capabilities::new(), "{name}");
            }
            continue;
        };
        // Three responses are those to three requests.
        for _ in 0..if name.ends_with("123") { 3 } else { 1 } {
            client.tell(request, NOW).unwrap();
        }
        let mut rest = text.as_bytes();
        let mut failed = false;
        while !rest.is_empty() {
            let n = client.receive(rest, NOW);
            rest = &rest[n..];
            while let Some(event) = client.poll() {
                failed |= matches!(&event, Event::Failed(_))
                    || matches!(&event, Event::Answered { response, .. } if !response.is_ok());
                events += 1;
            }
            if n == 0 {
                break;
            }
        }
        // What has `error` in its name is wrong for the command that it answers; those that are whole status lines are right in themselves.
        let wrong =
            name.contains("error") && !Response::parse(first.as_bytes()).is_some_and(|response| response.is_ok());
        assert!(failed || !wrong, "{name}: {first}");
        assert!(!failed || name.contains("err") || first.starts_with("-ERR"), "{name}: {first}");
    }
    assert!(events > 20);
}

fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>\n"))?;
    rest.split_once(&format!("</{name}>")).map(|(section, _)| section)
}

#[test]
fn every_line_of_a_well_known_client_is_read() {
    let Some(folder) = suite("client-sessions-curl") else { return };
    let mut lines = 0;
    let paths = files(&folder.join("pop3"), None);
    assert_eq!(paths.len(), 25);
    for path in &paths {
        let text = String::from_utf8_lossy(&fs::read(path).unwrap()).replace('\r', "");
        let Some(protocol) = section(&text, "protocol") else { continue };
        // To a server that has what it asks for, and knows the user.
        let mut config = Config::default();
        config.mechanisms = ["PLAIN", "LOGIN", "CRAM-MD5", "NTLM", "OAUTHBEARER", "XOAUTH2", "EXTERNAL", "DIGEST-MD5"]
            .map(str::to_owned)
            .to_vec();
        let mut host = Host::new(config, Limits::default(), Some(tls()));
        for line in protocol.lines().map(|line| line.replace("%TESTNUMBER", "850")) {
            let verb = line.split(' ').next().unwrap();
            let known = [
                "CAPA", "USER", "PASS", "APOP", "AUTH", "LIST", "UIDL", "RETR", "TOP", "DELE", "STAT", "NOOP", "QUIT",
                "STLS",
            ]
            .contains(&verb);
            if known && !line.contains("%b64[") {
                assert!(Command::parse(line.as_bytes()).is_ok(), "{path:?}: {line}");
                lines += 1;
            }
            host.line(&line);
        }
    }
    assert!(lines > 80, "{lines}");
}

/// A server that attacks around STLS, as far as its file tells.
#[derive(Default)]
struct Attacker {
    greeting: Option<String>,
    capa: Vec<String>,
    capa_tls: Vec<String>,
    stls: Option<String>,
    overrides: Vec<(String, String)>,
}

impl Attacker {
    /// `all` takes in what stands in the file as a comment, to be enabled by hand.
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
            let plain = quoted.map(|value| value.replace("\\r", "\r").replace("\\n", "\n"));
            let list = || value.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
            match (name.trim(), plain) {
                ("greeting", value) => this.greeting = value,
                ("stls_response", value) => this.stls = value,
                ("capa", _) => this.capa = list(),
                ("capa_tls", _) => this.capa_tls = list(),
                (verb, Some(value)) if verb.starts_with('"') => {
                    this.overrides.push((verb.trim_matches('"').to_ascii_uppercase(), value));
                }
                _ => {}
            }
        }
        this
    }

    fn response(&self, line: &str, secure: bool) -> String {
        let verb = line.split(' ').next().unwrap().to_ascii_uppercase();
        if let Some((_, response)) = self.overrides.iter().find(|(name, _)| *name == verb) {
            return response.clone();
        }
        match verb.as_str() {
            "CAPA" => {
                let lines: String =
                    if secure { &self.capa_tls } else { &self.capa }.iter().map(|line| format!("{line}\r\n")).collect();
                format!("+OK\r\n{lines}.\r\n")
            }
            "STLS" => self.stls.clone().unwrap_or_else(|| "+OK Begin\r\n".to_owned()),
            _ => "+OK\r\n".to_owned(),
        }
    }
}

#[test]
fn nothing_is_said_to_servers_that_attack_around_stls() {
    let Some(folder) = suite("nostarttls") else { return };
    let paths = files(&folder.join("testcases/pop3"), Some("ron"));
    assert!(paths.len() >= 18, "only {} cases", paths.len());
    let (mut ready_in_tls, mut injected) = (0, 0);
    for path in &paths {
        let text = fs::read_to_string(path).unwrap();
        for all in [false, true] {
            let attacker = Attacker::read(&text, all);
            let mut client = Client::new(client::Config::default(), client::Limits::default(), None, NOW);
            let (mut clear, mut ready, mut failed, mut secure) = (Vec::new(), false, None, false);
            client.receive(attacker.greeting.as_deref().unwrap_or("+OK\r\n").as_bytes(), NOW);
            for _ in 0..10 {
                while let Some(event) = client.poll() {
                    match event {
                        Event::Ready => {
                            ready = true;
                            client.tell(Request::Quit, NOW).unwrap();
                        }
                        Event::Failed(error) => failed = Some(format!("{error:?}")),
                        _ => {}
                    }
                }
                let said = String::from_utf8(client.transmit().to_vec()).unwrap();
                client.transmitted(said.len(), NOW);
                for line in said.lines() {
                    if !secure {
                        clear.push(line.to_owned());
                    }
                    client.receive(attacker.response(line, secure).as_bytes(), NOW);
                }
                if client.wants() == Wants::Secure {
                    client.secured(tls(), NOW);
                    secure = true;
                }
            }
            client.closed(NOW);
            while let Some(event) = client.poll() {
                if let Event::Failed(error) = event {
                    failed = Some(format!("{error:?}"));
                }
            }
            assert_eq!(client.wants(), Wants::Close, "{path:?}");
            assert!(clear.iter().all(|line| line == "CAPA" || line == "STLS"), "{path:?}: {clear:?} in the clear");
            let behind = attacker
                .stls
                .as_ref()
                .is_some_and(|response| response.starts_with("+OK") && response.matches("\r\n").count() > 1);
            if behind && clear.contains(&"STLS".to_owned()) {
                injected += 1;
                assert!(
                    failed.as_ref().is_some_and(|error| error.contains("PlaintextAfterStls")),
                    "{path:?}: {failed:?}"
                );
            }
            assert!(!ready || secure, "{path:?}: ready without TLS");
            ready_in_tls += usize::from(ready);
        }
    }
    assert!(ready_in_tls > 0 && injected > 0);
}

#[test]
fn nostarttls_buffering_at_the_server() {
    for second in ["CAPA", "USER ann", "AUTH PLAIN AGFubgB4", "QUIT", "X", ""] {
        let mut config = Config::default();
        config.stls = true;
        let mut host = Host::new(config, Limits::default(), None);
        let before = host.events.len();
        assert!(host.send(format!("STLS\r\n{second}\r\n").as_bytes()).starts_with("-ERR"), "{second}");
        assert!(
            host.over()
                && host.events[before..].iter().all(|event| event.starts_with("Fault") || event.starts_with("Closing")),
            "{:?}",
            host.events
        );
    }
}
