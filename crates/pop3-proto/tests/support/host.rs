//! A server with a caller that has one user, `ann` with the password `two words`, and three messages.

use std::time::Duration;

use pop3_proto::{
    Limits, Response, Server, TlsFacts, TlsVersion, Wants,
    apop::{Digest, Timestamp},
    language::Language,
    maildrop::{Entry, Maildrop, Uid},
    response::Code,
    server::{Answer, Closing, Config, Event},
};

pub const MESSAGES: [&str; 3] = [
    "Subject: one\r\n\r\nfirst\r\n",
    "Subject: two\r\nX: y\r\n\r\n.\r\n..dots\r\nlast line\r\n",
    "Subject: three\r\n\r\n",
];

pub fn tls() -> TlsFacts {
    TlsFacts::new(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384")
}

/// The timestamp of RFC 1939, 7.
pub const TIMESTAMP: &str = "<1896.697170952@dbc.mtview.ca.us>";

pub fn timestamp() -> Timestamp {
    Timestamp::new(TIMESTAMP).unwrap()
}

/// The digest of that timestamp and `tanstaaf`.
pub fn digest() -> Digest {
    Digest::parse("c4c9334bac560ecc979e58001b3e22fb").unwrap()
}

pub fn maildrop(messages: &[String]) -> Maildrop {
    Maildrop::new(
        messages
            .iter()
            .enumerate()
            .map(|(n, message)| Entry { size: message.len() as u64, uid: Uid::new(format!("u{}", n + 1)).unwrap() }),
    )
}

/// German, of which the host has a few texts, and two kinds of English.
pub fn languages() -> Vec<Language> {
    let german = Language::new("de", "Deutsch")
        .unwrap()
        .says("Language changed", "Ab jetzt Deutsch, schön")
        .says("messages", "Nachrichten")
        .says("octets", "Oktette")
        .says("Come again later", "Später wieder")
        .says("Bye", "Tschüs");
    vec![german, Language::new("en-GB", "English").unwrap(), Language::new("zh-Hant", "").unwrap()]
}

pub struct Host {
    pub server: Server,
    pub now: Duration,
    pub messages: Vec<String>,
    /// What QUIT has removed.
    pub removed: Option<Vec<u32>>,
    pub said: String,
    pub events: Vec<String>,
    pub closing: Option<Closing>,
    /// How much of a message is fed at once.
    pub piece: usize,
    pub most_memory: usize,
    /// The message that is going out, and how far it is.
    sending: Option<(u32, usize)>,
    timestamp: Option<Timestamp>,
}

impl Host {
    pub fn new(config: Config, limits: Limits, tls: Option<TlsFacts>) -> Self {
        Self::greeting(config, limits, tls, None)
    }

    /// A host that serves APOP if it has a timestamp.
    pub fn greeting(config: Config, limits: Limits, tls: Option<TlsFacts>, timestamp: Option<Timestamp>) -> Self {
        let mut this = Self {
            server: Server::new(config, limits, tls, Duration::ZERO),
            now: Duration::ZERO,
            messages: MESSAGES.map(str::to_owned).to_vec(),
            removed: None,
            said: String::new(),
            events: Vec::new(),
            closing: None,
            piece: usize::MAX,
            most_memory: 0,
            sending: None,
            timestamp,
        };
        this.go();
        this
    }

    /// Inside TLS, with defaults.
    pub fn secure() -> Self {
        Self::new(Config::default(), Limits::default(), Some(tls()))
    }

    pub fn logged_in() -> Self {
        let mut this = Self::secure();
        this.line("USER ann");
        assert!(this.line("PASS two words").starts_with("+OK"));
        this
    }

    pub fn line(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes())
    }

    pub fn send(&mut self, mut bytes: &[u8]) -> String {
        let before = self.said.len();
        while !bytes.is_empty() {
            let n = self.server.receive(bytes, self.now);
            bytes = &bytes[n..];
            self.go();
            if n == 0 {
                break;
            }
        }
        self.said[before..].to_owned()
    }

    pub fn wait(&mut self, time: Duration) {
        self.now += time;
        self.server.tick(self.now);
        self.go();
    }

    pub fn over(&self) -> bool {
        self.server.wants() == Wants::Close
    }

    pub fn closed(&mut self) {
        self.server.closed(self.now);
        self.go();
    }

    pub fn go(&mut self) {
        loop {
            self.events();
            self.most_memory = self.most_memory.max(self.server.memory());
            if let Some((number, at)) = self.sending {
                let message = &self.messages[number as usize - 1];
                let end = at.saturating_add(self.piece).min(message.len());
                let taken = self.server.feed(&message.as_bytes()[at..end], self.now);
                if at + taken == message.len() || !self.server.wants_more() {
                    self.server.feed_end(self.now).unwrap();
                    self.sending = None;
                    continue;
                }
                self.sending = Some((number, at + taken));
            }
            let out = self.server.transmit().to_vec();
            if out.is_empty() && self.sending.is_none() {
                match (self.server.wants(), self.server.deadline()) {
                    (Wants::Flush, Some(at)) => {
                        self.now = self.now.max(at);
                        self.server.tick(self.now);
                        continue;
                    }
                    _ => return,
                }
            }
            self.server.transmitted(out.len(), self.now);
            self.said.push_str(std::str::from_utf8(&out).unwrap());
        }
    }

    fn events(&mut self) {
        while let Some(event) = self.server.poll() {
            self.events.push(format!("{event:?}"));
            let answer = match event {
                Event::Closing(closing) => {
                    self.closing = Some(closing);
                    continue;
                }
                Event::Login { user: "ann", password: "two words" } => Answer::Open(maildrop(&self.messages)),
                Event::Login { user: "ann", password: "too soon" } => {
                    Answer::Reply(Response::err(Some(Code::LoginDelay), "Come again later"))
                }
                Event::Login { user: "ann", password: "in use" } => {
                    Answer::Reply(Response::err(Some(Code::InUse), "Your maildrop is open elsewhere"))
                }
                Event::Login { .. } => Answer::Refuse,
                Event::Connected => self.timestamp.clone().map_or(Answer::Accept, Answer::Greet),
                Event::Apop { user: "ann", timestamp, digest }
                    if timestamp.as_str() == TIMESTAMP && digest == self::digest() =>
                {
                    Answer::Open(maildrop(&self.messages))
                }
                Event::Apop { .. } => Answer::Refuse,
                Event::Auth { initial: None, .. } => Answer::Challenge(b""),
                Event::Auth { initial: Some(response), .. } | Event::AuthResponse(response) => {
                    if response == b"\0ann\0two words" {
                        Answer::Open(maildrop(&self.messages))
                    } else {
                        Answer::Refuse
                    }
                }
                Event::Retrieve { number, .. } => {
                    self.sending = Some((number, 0));
                    Answer::Accept
                }
                Event::Update => {
                    let again = self.server.asked().map(|event| format!("{event:?}"));
                    assert_eq!(again.as_deref(), Some("Update"));
                    self.removed = Some(self.server.maildrop().unwrap().deleted().collect());
                    Answer::Accept
                }
                event if event.asks() => Answer::Accept,
                _ => continue,
            };
            self.server.answer(answer, self.now).unwrap();
        }
    }
}
