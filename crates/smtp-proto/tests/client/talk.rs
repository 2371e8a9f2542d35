//! Scripts that anybody can read, and what runs them:
//!
//! `S:` the server says, `C:` the client must have said (`C!` starts with), `E:` an event that has come by now, `E-` one that has not, `R:` a request (`MISUSE` one that is
//! refused), `A:` an answer, `B:` a line of content fed, `TLS` the handshake, `EOF` the server's end, `WAIT` seconds pass, `CLOSE` the client wants it.
//!
//! Each runs with the server's lines whole and byte by byte.

use std::time::Duration;

use smtp_proto::{
    Client, TlsFacts, TlsVersion, Wants,
    client::{Answer, Config, Envelope, Limits, Request, Role},
    command::{Command, Mail, Rcpt, Syntax},
    forward::Attributes,
};

pub struct Talk {
    pub client: Client,
    pub now: Duration,
    /// What the client has said and no script has looked at.
    pub said: String,
    /// Events that no script has looked at.
    pub events: Vec<String>,
    mail: Option<Mail<'static>>,
    recipients: Vec<Rcpt<'static>>,
    bytewise: bool,
}

pub fn tls() -> TlsFacts {
    TlsFacts::new(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384")
}

pub fn plain() -> Config {
    Config::new(Role::Smtp, "client.example.net")
}

pub fn lmtp() -> Config {
    Config::new(Role::Lmtp, "client.example.net")
}

pub fn submission() -> Config {
    Config::new(Role::Submission, "client.example.net")
}

/// Runs a script against a client, whole and byte by byte.
pub fn check(config: &Config, script: &str) {
    check_with(config, &Limits::default(), None, script);
}

pub fn check_with(config: &Config, limits: &Limits, tls: Option<&TlsFacts>, script: &str) {
    for bytewise in [false, true] {
        let mut talk = Talk::new(config, limits, tls.cloned(), bytewise);
        talk.run(script);
        assert_eq!(talk.said, "", "the client says more");
    }
}

impl Talk {
    pub fn new(config: &Config, limits: &Limits, tls: Option<TlsFacts>, bytewise: bool) -> Self {
        Self {
            client: Client::new(config.clone(), limits.clone(), tls, Duration::ZERO),
            now: Duration::ZERO,
            said: String::new(),
            events: Vec::new(),
            mail: None,
            recipients: Vec::new(),
            bytewise,
        }
    }

    /// Runs a script, or a part of one.
    pub fn run(&mut self, script: &str) {
        let mut flight = String::new();
        for line in script.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            if let Some(text) = line.strip_prefix("S: ") {
                flight += text;
                flight += "\r\n";
                continue;
            }
            self.receive(std::mem::take(&mut flight).as_bytes());
            self.step(line);
        }
        self.receive(flight.as_bytes());
    }

    pub fn receive(&mut self, mut bytes: &[u8]) {
        self.go();
        while !bytes.is_empty() {
            let n = self.client.receive(if self.bytewise { &bytes[..1] } else { bytes }, self.now);
            bytes = &bytes[n..];
            self.go();
            if n == 0 {
                assert_eq!(
                    self.client.wants(),
                    Wants::Close,
                    "the client takes no more of {:?}",
                    String::from_utf8_lossy(bytes)
                );
                return;
            }
        }
    }

    pub fn go(&mut self) {
        loop {
            while let Some(event) = self.client.poll() {
                self.events.push(format!("{event:?}"));
                let asks = event.asks();
                if asks {
                    let again = format!("{event:?}");
                    assert_eq!(self.client.asked().map(|event| format!("{event:?}")), Some(again));
                    assert_eq!(self.client.wants(), Wants::Answer);
                }
            }
            let out = self.client.transmit().to_vec();
            if out.is_empty() {
                return;
            }
            // one byte, then the rest: how it is sent makes no difference
            self.client.transmitted(1, self.now);
            self.client.transmitted(out.len() - 1, self.now);
            self.said.push_str(&String::from_utf8(out).unwrap());
        }
    }

    pub fn step(&mut self, line: &str) {
        let (kind, text) = line.split_once(' ').unwrap_or((line, ""));
        match kind {
            "C:" | "C!" => {
                let (said, rest) = self
                    .said
                    .split_once("\r\n")
                    .unwrap_or_else(|| panic!("{line:?}: the client says {:?}; events {:#?}", self.said, self.events));
                assert!(
                    if kind == "C:" { said == text } else { said.starts_with(text) },
                    "{line:?}: the client says {said:?}; events {:#?}",
                    self.events
                );
                self.said = rest.to_owned();
            }
            "E:" => {
                let at = self.events.iter().position(|event| event.contains(text));
                let at = at.unwrap_or_else(|| panic!("{line:?}: only {:#?}", self.events));
                self.events.drain(..=at);
            }
            // no such event has come
            "E-" => assert!(!self.events.iter().any(|event| event.contains(text)), "{line:?}: {:#?}", self.events),
            "R:" => self.request(text),
            "A:" => {
                let answer = if text == "*" { Answer::Cancel } else { Answer::Response(text.as_bytes()) };
                self.client.answer(answer, self.now).unwrap();
            }
            "B:" => {
                assert!(
                    matches!(self.client.wants(), Wants::Body { .. }),
                    "{line:?}: the client wants {:?}; {:#?}",
                    self.client.wants(),
                    self.events
                );
                let content = format!("{text}\r\n");
                assert_eq!(self.client.feed(content.as_bytes(), self.now), content.len());
            }
            "TLS" => {
                assert_eq!(self.client.wants(), Wants::Secure);
                self.client.secured(tls(), self.now);
            }
            "EOF" => self.client.closed(self.now),
            "WAIT" => {
                self.now += Duration::from_secs(text.parse().unwrap());
                self.client.tick(self.now);
            }
            "CLOSE" => assert_eq!(self.client.wants(), Wants::Close),
            _ => panic!("what is {line:?}?"),
        }
        self.go();
    }

    pub fn request(&mut self, text: &str) {
        let misuse = text.strip_prefix("MISUSE ");
        let text = misuse.unwrap_or(text);
        let (verb, rest) = text.split_once(' ').unwrap_or((text, ""));
        let owned = Box::leak(text.to_owned().into_boxed_str());
        let mut syntax = Syntax::default();
        syntax.utf8 = true;
        let request = match verb {
            "MAIL" | "RCPT" => {
                match Command::parse(owned.as_bytes(), &syntax).unwrap() {
                    Command::Mail(mail) => self.mail = Some(mail),
                    Command::Rcpt(rcpt) => self.recipients.push(rcpt),
                    other => panic!("{other:?}"),
                }
                return;
            }
            "SEND" => Request::Send(Envelope { mail: self.mail.as_ref().unwrap(), recipients: &self.recipients }),
            "AUTH" => {
                let (mechanism, initial) =
                    rest.split_once(' ').map_or((rest, None), |(name, initial)| (name, Some(initial)));
                Request::Auth {
                    mechanism,
                    initial: initial.map(|text| if text == "=" { &[] } else { text.as_bytes() }),
                }
            }
            "VRFY" => Request::Verify(rest),
            "XCLIENT" => Request::Xclient(attributes(rest)),
            "XFORWARD" => Request::Xforward(attributes(rest)),
            "NOOP" => Request::Noop,
            "RSET" => Request::Reset,
            "QUIT" => Request::Quit,
            "END" => Request::BodyEnd,
            "ABANDON" => Request::Abandon,
            _ => panic!("what is {text:?}?"),
        };
        let told = self.client.tell(request, self.now);
        assert_eq!(told.is_err(), misuse.is_some(), "{text}: {told:?}");
        if verb == "SEND" && told.is_ok() {
            self.recipients.clear();
        }
    }
}

fn attributes(text: &str) -> &'static Attributes<'static> {
    Box::leak(Box::new(Attributes::parse(text).unwrap().into_owned()))
}

/// Hello to a server that knows everything, and one message for two.
pub const HELLO: &str = "
    S: 220 mx.example.org ESMTP
    C: EHLO client.example.net
    S: 250-mx.example.org
    S: 250-PIPELINING
    S: 250-8BITMIME
    S: 250-CHUNKING
    S: 250-BINARYMIME
    S: 250-SMTPUTF8
    S: 250-DSN
    S: 250 SIZE 1000000
    E: Ready
    R: MAIL FROM:<bob@example.net>
    R: RCPT TO:<alice@example.org>
    R: RCPT TO:<carol@example.org>
";

/// The same to one that knows nothing.
pub const OLD: &str = "
    S: 220 mx.example.org
    C: EHLO client.example.net
    S: 250 mx.example.org
    E: Ready
    R: MAIL FROM:<bob@example.net>
    R: RCPT TO:<alice@example.org>
    R: RCPT TO:<carol@example.org>
";

pub const GROUP: &str = "
    R: SEND
    C: MAIL FROM:<bob@example.net>
    C: RCPT TO:<alice@example.org>
    C: RCPT TO:<carol@example.org>
    C: DATA
";

pub fn hello(rest: &str) -> String {
    format!("{HELLO}{rest}")
}

pub fn group(rest: &str) -> String {
    format!("{HELLO}{GROUP}{rest}")
}

/// Chunks of six bytes.
pub fn chunking() -> (Config, Limits) {
    let (mut config, mut limits) = (plain(), Limits::default());
    config.prefer_chunking = true;
    limits.chunk = 6;
    (config, limits)
}

pub const CHUNKS: &str = "
    R: SEND
    C: MAIL FROM:<bob@example.net>
    C: RCPT TO:<alice@example.org>
    C: RCPT TO:<carol@example.org>
    S: 250 OK
    S: 250 OK
    S: 250 OK
";
