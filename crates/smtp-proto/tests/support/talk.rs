//! A server with a caller that says yes to everything, for tests that look at what comes out.

use std::time::Duration;

use smtp_proto::{
    Limits, Reply, Server, TlsFacts, TlsVersion, Wants,
    server::{Answer, Closing, Config, Event, Role},
};

/// What a caller decides about a question, given as its `Debug` form.
pub type Decide = fn(&Event<'_>) -> Answer<'static>;

pub struct Talk {
    pub server: Server,
    pub now: Duration,
    pub decide: Decide,
    /// All that the server has said.
    pub said: String,
    /// Messages accepted, whole.
    pub messages: Vec<Vec<u8>>,
    /// Reverse paths of all MAIL commands, as the caller saw them.
    pub senders: Vec<String>,
    /// All events but content.
    pub events: Vec<String>,
    pub closing: Option<Closing>,
    pub content: Vec<u8>,
    /// The most memory the session's buffers ever held.
    pub most_memory: usize,
}

pub fn tls() -> TlsFacts {
    TlsFacts::new(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384")
}

impl Talk {
    pub fn relay() -> Self {
        Self::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None)
    }

    pub fn new(config: Config, limits: Limits, tls: Option<TlsFacts>) -> Self {
        let server = Server::new(config, limits, tls, Duration::ZERO);
        let mut this = Self {
            server,
            now: Duration::ZERO,
            decide: |_| Answer::Accept,
            said: String::new(),
            messages: Vec::new(),
            senders: Vec::new(),
            events: Vec::new(),
            closing: None,
            content: Vec::new(),
            most_memory: 0,
        };
        this.go();
        this
    }

    /// EHLO, MAIL, RCPT and DATA, each waited for.
    pub fn until_content(mut self) -> Self {
        for line in ["EHLO client.example.net", "MAIL FROM:<bob@example.net>", "RCPT TO:<alice@example.org>", "DATA"] {
            self.line(line);
        }
        assert!(self.said.contains("\r\n354 ") || self.said.starts_with("354 "), "{}", self.said);
        self.said.clear();
        self
    }

    /// Sends one line and answers what the server says to it.
    pub fn line(&mut self, line: &str) -> String {
        self.send(format!("{line}\r\n").as_bytes())
    }

    /// Sends bytes, all at once, and gives what the server says to them.
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

    pub fn closed(&mut self) {
        self.server.closed(self.now);
        self.go();
    }

    /// Whether the session is over.
    pub fn over(&self) -> bool {
        self.server.wants() == Wants::Close
    }

    pub fn go(&mut self) {
        loop {
            self.most_memory = self.most_memory.max(self.server.memory());
            while let Some(event) = self.server.poll() {
                match &event {
                    Event::Body(slice) => {
                        self.content.extend_from_slice(slice);
                        continue;
                    }
                    Event::Mail(mail) => self.senders.push(mail.reverse_path.to_string()),
                    Event::Closing(closing) => self.closing = Some(*closing),
                    Event::Aborted(_) => self.content.clear(),
                    _ => {}
                }
                self.events.push(format!("{event:?}"));
                if event.asks() {
                    let ends = matches!(event, Event::MessageEnd(_));
                    let answer = (self.decide)(&event);
                    let accepted = !matches!(&answer, Answer::Reply(reply) if reply.code() >= 400);
                    self.server.answer(answer, self.now).unwrap();
                    if ends {
                        let message = std::mem::take(&mut self.content);
                        if accepted {
                            self.messages.push(message);
                        }
                    }
                }
            }
            let out = self.server.transmit().to_vec();
            if out.is_empty() {
                match (self.server.wants(), self.server.deadline()) {
                    // A reply is held back as a brake.
                    (Wants::Flush, Some(at)) => {
                        self.now = self.now.max(at);
                        self.server.tick(self.now);
                    }
                    _ => return,
                }
            }
            self.server.transmitted(out.len(), self.now);
            self.said.push_str(std::str::from_utf8(&out).unwrap());
        }
    }
}

pub fn refuse(code: u16, text: &'static str) -> Answer<'static> {
    Answer::Reply(Reply::new(code, None, text))
}
