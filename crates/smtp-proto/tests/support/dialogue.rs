//! A dialogue between a client, written down, and our server.

use std::{collections::VecDeque, time::Duration};

use smtp_proto::{
    EnhancedStatus, Limits, Reply, Server, TlsFacts, TlsVersion, Wants,
    delivery::FutureRelease,
    framing::BareLf,
    server::{Answer, Config, Event, Role},
};

/// How the client's bytes are cut.
#[derive(Clone, Copy, Debug)]
pub enum Cuts {
    Lines,
    Bytes,
    At(usize),
}

#[derive(Debug)]
enum Step {
    Client(Vec<u8>),
    Tls,
    Eof,
    Wait(u64),
    Answer(String),
    Server(String),
    Message(String),
    Event(String),
}

#[derive(Debug)]
pub struct Dialogue {
    config: Config,
    limits: Limits,
    tls: bool,
    facts: TlsFacts,
    ordered: bool,
    steps: Vec<Step>,
}

impl Dialogue {
    pub fn parse(text: &str) -> Self {
        assert!(text.starts_with('#'), "the first line says the rule");
        let mut this = Self {
            config: Config::new(Role::Relay, "mx.example.org"),
            limits: Limits::default(),
            tls: false,
            facts: TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256"),
            ordered: false,
            steps: Vec::new(),
        };
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (tag, rest) = line.split_at(2);
            let rest = rest.strip_prefix(' ').unwrap_or(rest);
            match tag {
                "C:" => this.steps.push(Step::Client([rest.as_bytes(), b"\r\n"].concat())),
                "C~" => this.steps.push(Step::Client(unescape(rest))),
                "C!" => this.steps.push(match rest.split_once(' ') {
                    Some(("wait", seconds)) => Step::Wait(seconds.parse().unwrap()),
                    _ if rest == "tls" => Step::Tls,
                    _ if rest == "eof" => Step::Eof,
                    _ => panic!("what is {line:?}?"),
                }),
                "A:" => this.steps.push(Step::Answer(rest.to_owned())),
                "S:" => this.steps.push(Step::Server(rest.to_owned())),
                "M:" => this.steps.push(Step::Message(rest.to_owned())),
                "E:" => this.steps.push(Step::Event(rest.to_owned())),
                "se" => line.strip_prefix("set: ").unwrap().split(' ').for_each(|word| this.set(word)),
                _ => panic!("what is {line:?}?"),
            }
        }
        this
    }

    fn set(&mut self, word: &str) {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        match key {
            "role" => {
                let role = match value {
                    "submission" => Role::Submission,
                    "lmtp" => Role::Lmtp,
                    _ => Role::Relay,
                };
                self.config.role = role;
                self.config.require_auth = role == Role::Submission;
            }
            "tls" => self.tls = true,
            "starttls" => self.config.starttls = true,
            "require_tls" => self.config.require_tls = true,
            "no_auth_needed" => self.config.require_auth = false,
            "auth_without_tls" => self.config.auth_without_tls = true,
            "mechanisms" => self.config.mechanisms = value.split(',').map(str::to_owned).collect(),
            "tls_mechanisms" => self.facts.mechanisms = value.split(',').map(str::to_owned).collect(),
            "no_chunking" => self.config.chunking = false,
            "no_dsn" => self.config.dsn = false,
            "no_smtputf8" => self.config.smtputf8 = false,
            "requiretls" => self.config.requiretls = true,
            "no_limits" => self.config.limits = false,
            "deliver_by" => self.config.deliver_by = Some(value.parse().unwrap()),
            "future_release" => {
                // to the end of 2026
                let interval = value.parse().unwrap();
                self.config.future_release = Some(FutureRelease { interval, until: 1_798_761_599 });
            }
            "priority" => self.config.priority = true,
            "xclient" => self.config.xclient = true,
            "xforward" => self.config.xforward = true,
            "normalize" => self.config.bare_lf = BareLf::Normalize,
            "no_sync" => self.config.synchronize = false,
            "ordered" => self.ordered = true,
            "size" => self.limits.message_size = value.parse().unwrap(),
            "recipients" => self.limits.recipients = value.parse().unwrap(),
            "messages" => self.limits.messages = value.parse().unwrap(),
            "junk" => self.limits.junk_commands = value.parse().unwrap(),
            "hard" => self.limits.hard_errors = value.parse().unwrap(),
            "soft" => self.limits.soft_errors = value.parse().unwrap(),
            "unknown" => self.limits.unknown_recipients = value.parse().unwrap(),
            _ => panic!("unknown setting {word:?}"),
        }
    }

    pub fn client_bytes(&self) -> usize {
        self.steps.iter().map(|step| if let Step::Client(bytes) = step { bytes.len() } else { 0 }).sum()
    }

    fn player(&self) -> Player {
        let tls = self.tls.then(|| self.facts.clone());
        let server = Server::new(self.config.clone(), self.limits.clone(), tls, Duration::ZERO);
        Player {
            server,
            facts: self.facts.clone(),
            now: Duration::ZERO,
            said: String::new(),
            answers: VecDeque::new(),
            content: Vec::new(),
            message: None,
            events: Vec::new(),
            given: Vec::new(),
        }
    }

    /// The client waits for the server after each of its turns.
    pub fn run(&self, name: &str, cuts: Cuts) {
        self.play(name, cuts);
    }

    /// Gives the answers to all questions but greeting and hello, in order.
    fn play(&self, name: &str, cuts: Cuts) -> Vec<String> {
        let mut player = self.player();
        let mut fed = 0;
        let mut steps = self.steps.iter().peekable();
        player.go();
        while let Some(step) = steps.next() {
            // The caller's answers to what the client is about to say stand before the server's words about them.
            let context = || format!("{name}, {cuts:?}, at {step:?}");
            match step {
                Step::Client(bytes) => {
                    // answers that follow directly are for questions that these bytes raise
                    let mut turn = bytes.clone();
                    let mut held = Vec::new();
                    while let Some(next) = steps.next_if(|next| matches!(next, Step::Client(_) | Step::Answer(_))) {
                        match next {
                            Step::Client(more) => turn.extend_from_slice(more),
                            Step::Answer(answer) => held.push(answer.clone()),
                            _ => {}
                        }
                    }
                    player.answers.extend(held);
                    match cuts {
                        Cuts::Lines => player.feed(&turn),
                        Cuts::Bytes => turn.iter().for_each(|byte| player.feed(&[*byte])),
                        Cuts::At(at) => {
                            let (a, b) = turn.split_at(at.saturating_sub(fed).min(turn.len()));
                            player.feed(a);
                            player.feed(b);
                        }
                    }
                    fed += turn.len();
                }
                other => player.step(other, &context()),
            }
        }
        player.end(name);
        player.given
    }

    /// All that the client says goes in at once; the server must say the same, in the same order.
    pub fn run_at_once(&self, name: &str) {
        let special = self.steps.iter().any(|step| matches!(step, Step::Tls | Step::Eof | Step::Wait(_)));
        if self.ordered || special {
            return;
        }
        let mut player = self.player();
        player.server = Server::new(
            {
                let mut config = self.config.clone();
                config.synchronize = false;
                config
            },
            self.limits.clone(),
            self.tls.then(|| self.facts.clone()),
            Duration::ZERO,
        );
        let mut all = Vec::new();
        for step in &self.steps {
            if let Step::Client(bytes) = step {
                all.extend_from_slice(bytes);
            }
        }
        player.answers = self.play(name, Cuts::Lines).into();
        player.feed(&all);
        player.events.clear();
        for step in &self.steps {
            if let Step::Server(_) = step {
                player.step(step, &format!("{name}, at once, at {step:?}"));
            }
        }
        player.end(name);
    }
}

/// The server, its caller, and what has been said so far.
struct Player {
    server: Server,
    facts: TlsFacts,
    now: Duration,
    said: String,
    answers: VecDeque<String>,
    content: Vec<u8>,
    message: Option<VecDeque<String>>,
    events: Vec<String>,
    given: Vec<String>,
}

impl Player {
    fn feed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let n = self.server.receive(bytes, self.now);
            bytes = &bytes[n..];
            self.go();
            if n == 0 && self.server.wants() == Wants::Close {
                return;
            }
            assert!(n > 0 || bytes.is_empty(), "the server takes nothing and wants {:?}", self.server.wants());
        }
    }

    fn go(&mut self) {
        loop {
            while let Some(event) = self.server.poll() {
                if !matches!(event, Event::Body(_)) {
                    self.events.push(format!("{event:?}"));
                }
                let next = match &event {
                    Event::Body(slice) => {
                        assert!(!slice.is_empty());
                        self.content.extend_from_slice(slice);
                        continue;
                    }
                    Event::Aborted(_) => {
                        self.content.clear();
                        continue;
                    }
                    Event::Connected | Event::Hello(_) => None,
                    event if event.asks() => {
                        let answer = self.answers.pop_front();
                        self.given.push(answer.clone().unwrap_or_else(|| "accept".to_owned()));
                        answer
                    }
                    _ => continue,
                };
                if matches!(event, Event::MessageEnd(_)) {
                    let text = String::from_utf8(self.content.clone()).unwrap();
                    self.message = Some(text.split_terminator("\r\n").map(str::to_owned).collect());
                }
                // the question can be looked at again
                let again = format!("{event:?}");
                let last = matches!(&event, Event::MessageEnd(end) if end.recipient.is_none());
                drop(event);
                assert_eq!(self.server.asked().map(|event| format!("{event:?}")), Some(again));
                assert_eq!(self.server.wants(), Wants::Answer);
                assert_eq!(
                    self.server.deadline().filter(|at| *at > self.now + Duration::from_secs(10)),
                    None,
                    "nobody is late while we think"
                );
                match next.as_deref() {
                    None | Some("accept") => self.server.answer(Answer::Accept, self.now),
                    Some(text) if text.starts_with("challenge") => self
                        .server
                        .answer(Answer::Challenge(text.strip_prefix("challenge ").unwrap_or("").as_bytes()), self.now),
                    Some(text) => self.server.answer(Answer::Reply(reply(text)), self.now),
                }
                .unwrap();
                if last {
                    self.content.clear();
                }
            }
            let out = self.server.transmit().to_vec();
            if out.is_empty() {
                if let (Wants::Flush, Some(at)) = (self.server.wants(), self.server.deadline()) {
                    // a reply is held back as a brake
                    self.now = self.now.max(at);
                    self.server.tick(self.now);
                    continue;
                }
                return;
            }
            // one byte, then the rest: how it is sent makes no difference
            self.server.transmitted(1, self.now);
            self.server.transmitted(out.len() - 1, self.now);
            self.said.push_str(&String::from_utf8(out).expect("the server speaks ASCII"));
        }
    }

    fn step(&mut self, step: &Step, context: &str) {
        match step {
            Step::Client(_) => unreachable!(),
            Step::Answer(answer) => self.answers.push_back(answer.clone()),
            Step::Tls => {
                assert_eq!(self.server.wants(), Wants::Secure, "{context}");
                self.server.secured(self.facts.clone(), self.now);
                self.go();
            }
            Step::Eof => {
                self.server.closed(self.now);
                self.go();
            }
            Step::Wait(seconds) => {
                self.now += Duration::from_secs(*seconds);
                self.server.tick(self.now);
                self.go();
            }
            Step::Server(pattern) => {
                let Some((line, rest)) = self.said.split_once("\r\n") else {
                    panic!("{context}: the server is silent")
                };
                if let Some(start) = pattern.strip_suffix("**") {
                    // a whole reply of several lines
                    assert!(line.starts_with(start), "{context}: the server says {line:?}");
                    let last = self
                        .said
                        .split_inclusive("\r\n")
                        .take_while(|line| line.as_bytes().get(3) == Some(&b'-'))
                        .map(str::len)
                        .sum::<usize>();
                    let end = self.said[last..].find("\r\n").expect("the reply has its last line") + last + 2;
                    self.said.drain(..end);
                    return;
                }
                let fits = match pattern.strip_suffix('*') {
                    Some(start) => line.starts_with(start),
                    None => line == pattern,
                };
                assert!(fits, "{context}: the server says {line:?}");
                self.said = rest.to_owned();
            }
            Step::Message(line) => {
                let message = self.message.as_mut().unwrap_or_else(|| panic!("{context}: no message"));
                assert_eq!(message.pop_front().as_deref(), Some(line.as_str()), "{context}");
            }
            Step::Event(pattern) => {
                let at = self.events.iter().position(|event| event.contains(pattern.as_str()));
                let Some(at) = at else { panic!("{context}: only {:?}", self.events) };
                self.events.drain(..=at);
            }
        }
    }

    fn end(&mut self, name: &str) {
        assert_eq!(self.said, "", "{name}: the server says more");
        assert!(self.answers.is_empty(), "{name}: answers nobody asked for: {:?}", self.answers);
    }
}

fn reply(text: &str) -> Reply<'_> {
    let (code, rest) = text.split_once(' ').unwrap_or((text, ""));
    let (status, rest) = match rest.split_once(' ') {
        Some((status, rest)) if status.starts_with(|c: char| c.is_ascii_digit()) => {
            (EnhancedStatus::parse(status.as_bytes()), rest)
        }
        _ => (None, rest),
    };
    Reply::new(code.parse().unwrap(), status, rest)
}

fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next().unwrap() {
            b'r' => out.push(b'\r'),
            b'n' => out.push(b'\n'),
            b'0' => out.push(0),
            b'x' => {
                let hex = [bytes.next().unwrap(), bytes.next().unwrap()];
                out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
            }
            other => out.push(other),
        }
    }
    out
}
