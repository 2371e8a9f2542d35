//! Two sessions, two pipes, and a schedule that says whose turn it is.

use std::{collections::VecDeque, time::Duration};

use smtp_proto::{
    Client, Limits, Reply, Server, TlsFacts, TlsVersion, Wants,
    client::{self, Envelope, Outcome, Request},
    command::{BodyType, ForwardPath, Mail, MailParams, Rcpt, RcptParams, ReversePath},
    server::{self, Answer},
};

/// A message, and what the server will say to it.
#[derive(Clone, Debug)]
pub struct Letter {
    pub mail: bool,
    pub recipients: Vec<bool>,
    pub start: bool,
    /// The word on the content, for each recipient; where there is but one word, it is the first.
    pub ends: Vec<bool>,
    pub content: Vec<u8>,
    pub binary: bool,
}

#[derive(Clone, Debug)]
pub struct Plan {
    /// 0 relay, 1 submission, 2 LMTP
    pub service: u8,
    pub chunking: bool,
    pub prefer_chunking: bool,
    pub pipelining: bool,
    pub starttls: bool,
    pub pipeline: usize,
    pub chunk: usize,
    pub letters: Vec<Letter>,
    pub schedule: Vec<u8>,
}

/// What a client believes of a message's share for one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Delivered,
    Refused,
    NotDelivered,
    Unknown,
    Unsendable,
}

impl Plan {
    const fn lmtp(&self) -> bool {
        self.service == 2
    }
}

impl Letter {
    /// What becomes of it if nothing is cut.
    fn fate(&self, recipient: usize, plan: &Plan) -> Fate {
        if self.binary && !plan.chunking {
            return Fate::Unsendable;
        }
        let end = self.ends[if plan.lmtp() { recipient } else { 0 }];
        if self.mail && self.recipients[recipient] && self.start && end { Fate::Delivered } else { Fate::Refused }
    }

    /// What arrives: the content as it is, or with whole line ends.
    fn arrives(&self, plan: &Plan) -> Vec<u8> {
        if self.binary && plan.chunking {
            return self.content.clone();
        }
        let (mut out, mut at) = (Vec::new(), 0);
        while at < self.content.len() {
            match self.content[at] {
                b'\r' => {
                    out.extend_from_slice(b"\r\n");
                    at += usize::from(self.content.get(at + 1) == Some(&b'\n'));
                }
                b'\n' => out.extend_from_slice(b"\r\n"),
                byte => out.push(byte),
            }
            at += 1;
        }
        if !out.is_empty() && !out.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
        out
    }
}

/// Where nothing is cut, each message meets the fate that the server's answers say, and no other.
pub fn check_whole(plan: &Plan) {
    let world = World::new(plan).run(None);
    assert!(world.ended(), "stuck: {world:#?}");
    for (n, letter) in plan.letters.iter().enumerate() {
        for recipient in 0..letter.recipients.len() {
            let expected = letter.fate(recipient, plan);
            assert_eq!(world.fates[n][recipient], Some(expected), "message {n} recipient {recipient}");
            assert_eq!(world.stored(n, recipient), usize::from(expected == Fate::Delivered));
        }
    }
}

/// Where the connection is cut, what the client says about a message is true, and nothing is stored twice or in part.
pub fn check_cut(plan: &Plan, cut: usize) {
    let world = World::new(plan).run(Some(cut));
    assert!(world.ended(), "stuck: {world:#?}");
    for (n, letter) in plan.letters.iter().enumerate() {
        for recipient in 0..letter.recipients.len() {
            let stored = world.stored(n, recipient);
            match world.fates[n][recipient] {
                Some(Fate::Delivered) => assert_eq!(stored, 1, "message {n} is lost"),
                Some(Fate::Unknown) => assert!(stored <= 1, "message {n} is there twice"),
                Some(Fate::Refused | Fate::NotDelivered | Fate::Unsendable) | None => {
                    assert_eq!(stored, 0, "message {n} would be doubled");
                }
            }
        }
    }
}

#[derive(Debug)]
struct World<'a> {
    plan: &'a Plan,
    client: Client,
    server: Server,
    to_server: VecDeque<u8>,
    to_client: VecDeque<u8>,
    /// Bytes that may still pass before the connection is cut.
    left: Option<usize>,
    cut: bool,
    now: Duration,

    // the client's side
    authenticated: bool,
    next: usize,
    fed: usize,
    fates: Vec<Vec<Option<Fate>>>,

    // the server's side
    current: (usize, Vec<usize>),
    body: Vec<u8>,
    stored: Vec<(usize, usize, Vec<u8>)>,
}

fn tls() -> TlsFacts {
    TlsFacts::new(TlsVersion::Tls13, "TLS_AES_256_GCM_SHA384")
}

fn number(text: &str) -> usize {
    text.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap()
}

fn no() -> Answer<'static> {
    Answer::Reply(Reply::new(550, None, "No"))
}

impl<'a> World<'a> {
    fn new(plan: &'a Plan) -> Self {
        let (ours, theirs) = match plan.service {
            0 => (client::Role::Smtp, server::Role::Relay),
            1 => (client::Role::Submission, server::Role::Submission),
            _ => (client::Role::Lmtp, server::Role::Lmtp),
        };
        let from_start = (plan.service == 1 && !plan.starttls).then(tls);
        let mut config = client::Config::new(ours, "client.example.net");
        config.pipelining = plan.pipelining;
        config.prefer_chunking = plan.prefer_chunking;
        let mut limits = client::Limits::default();
        (limits.pipeline, limits.chunk) = (plan.pipeline, plan.chunk);
        let client = Client::new(config, limits, from_start.clone(), Duration::ZERO);

        let mut config = server::Config::new(theirs, "mx.example.org");
        config.chunking = plan.chunking;
        config.starttls = plan.starttls;
        config.mechanisms = vec!["PLAIN".to_owned()];
        let mut limits = Limits::default();
        (limits.soft_errors, limits.hard_errors, limits.junk_commands, limits.unknown_recipients) =
            (u32::MAX, u32::MAX, u32::MAX, u32::MAX);
        let server = Server::new(config, limits, from_start, Duration::ZERO);
        Self {
            plan,
            client,
            server,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            left: None,
            cut: false,
            now: Duration::ZERO,
            authenticated: plan.service != 1,
            next: 0,
            fed: 0,
            fates: plan.letters.iter().map(|letter| vec![None; letter.recipients.len()]).collect(),
            current: (0, Vec::new()),
            body: Vec::new(),
            stored: Vec::new(),
        }
    }

    /// Runs to the end; with a cut, so many bytes pass both ways together.
    fn run(mut self, cut: Option<usize>) -> Self {
        self.left = cut;
        for turn in &self.plan.schedule {
            self.turn(turn % 8, usize::from(turn / 8) + 1);
        }
        // Then fairly, until nothing moves.
        for _ in 0..50_000 {
            if self.ended() {
                break;
            }
            for kind in 0..8 {
                self.turn(kind, 4_096);
            }
            self.handshake();
        }
        self
    }

    fn ended(&self) -> bool {
        // A handshake that the other side has left is for the caller to give up.
        let over = |wants| wants == Wants::Close || (self.cut && wants == Wants::Secure);
        over(self.client.wants()) && over(self.server.wants())
    }

    /// How often a message is stored for a recipient; unchanged each time.
    fn stored(&self, letter: usize, recipient: usize) -> usize {
        let arrives = self.plan.letters[letter].arrives(self.plan);
        let stored = self.stored.iter().filter(|(n, to, _)| (*n, *to) == (letter, recipient));
        stored.inspect(|(_, _, content)| assert_eq!(*content, arrives, "message {letter} has changed")).count()
    }

    fn turn(&mut self, kind: u8, size: usize) {
        self.now += Duration::from_millis(1);
        match kind {
            0 => {
                let n = self.pass(self.client.transmit().len().min(size));
                self.to_server.extend(&self.client.transmit()[..n]);
                self.client.transmitted(n, self.now);
            }
            1 => {
                let n = self.pass(self.server.transmit().len().min(size));
                self.to_client.extend(&self.server.transmit()[..n]);
                self.server.transmitted(n, self.now);
            }
            2 => {
                let bytes: Vec<u8> = self.to_server.iter().copied().take(size).collect();
                let n = self.server.receive(&bytes, self.now);
                self.to_server.drain(..n);
                if self.cut && self.to_server.is_empty() {
                    self.server.closed(self.now);
                }
            }
            3 => {
                let bytes: Vec<u8> = self.to_client.iter().copied().take(size).collect();
                let n = self.client.receive(&bytes, self.now);
                self.to_client.drain(..n);
                if self.cut && self.to_client.is_empty() {
                    self.client.closed(self.now);
                }
            }
            4 => self.serve(),
            5 => self.decide(),
            6 => self.hear(),
            _ => self.feed(size),
        }
    }

    /// How many of `n` bytes still pass. Those that do not are gone, as they are where a connection breaks.
    fn pass(&mut self, n: usize) -> usize {
        let n = n.min(self.left.unwrap_or(n));
        if let Some(left) = &mut self.left {
            *left -= n;
            self.cut |= *left == 0;
        }
        n
    }

    fn handshake(&mut self) {
        let quiet = self.to_server.is_empty()
            && self.to_client.is_empty()
            && self.client.transmit().is_empty()
            && self.server.transmit().is_empty();
        if quiet && self.client.wants() == Wants::Secure && self.server.wants() == Wants::Secure {
            self.client.secured(tls(), self.now);
            self.server.secured(tls(), self.now);
        }
    }

    /// The server's next event.
    fn serve(&mut self) {
        match self.server.poll() {
            Some(server::Event::Body(slice)) => self.body.extend_from_slice(slice),
            Some(server::Event::Mail(mail)) => self.current = (number(&mail.reverse_path.to_string()), Vec::new()),
            Some(server::Event::Aborted(_)) => self.body.clear(),
            // RCPT and DATA behind a MAIL that was refused are no fault of the client's.
            Some(server::Event::Fault(fault)) => {
                assert!(matches!(fault, smtp_proto::Error::Order(_)), "the client is at fault: {fault}");
            }
            _ => {}
        }
    }

    /// The server's answer to its open question, which may take its time.
    fn decide(&mut self) {
        let Some(event) = self.server.asked() else { return };
        let letter = &self.plan.letters[self.current.0];
        let answer = match &event {
            server::Event::Auth { initial: None, .. } => Answer::Challenge(b""),
            server::Event::Mail(_) if !letter.mail => no(),
            server::Event::Recipient(rcpt) => {
                let n = number(&rcpt.forward_path.to_string());
                if letter.recipients[n] {
                    self.current.1.push(n);
                    Answer::Accept
                } else {
                    no()
                }
            }
            server::Event::ContentStart(_) if !letter.start => no(),
            server::Event::MessageEnd(end) => {
                let last = end.recipient.is_none_or(|n| n as usize + 1 == self.current.1.len());
                let (whose, word) = match end.recipient {
                    Some(n) => (vec![self.current.1[n as usize]], letter.ends[self.current.1[n as usize]]),
                    None => (self.current.1.clone(), letter.ends[0]),
                };
                if word {
                    self.stored.extend(whose.into_iter().map(|to| (self.current.0, to, self.body.clone())));
                }
                if last {
                    self.body.clear();
                }
                if word { Answer::Accept } else { no() }
            }
            _ => Answer::Accept,
        };
        self.server.answer(answer, self.now).unwrap();
    }

    /// The client's next event.
    fn hear(&mut self) {
        let Some(event) = self.client.poll() else { return };
        let current = self.next.saturating_sub(1);
        let of_all = |fates: &mut Vec<Option<Fate>>, fate| {
            fates.iter_mut().filter(|known| known.is_none()).for_each(|known| *known = Some(fate));
        };
        let mut of = |recipient: Option<u32>, fate| match recipient {
            None => of_all(&mut self.fates[current], fate),
            Some(n) => {
                let known = self.fates[current][n as usize].replace(fate);
                assert_eq!(known, None, "told twice");
            }
        };
        match event {
            client::Event::Ready => self.proceed(),
            client::Event::Challenge(_) => {
                self.client.answer(client::Answer::Response(b"\0bob\0secret"), self.now).unwrap();
            }
            client::Event::Authenticated(_) => self.authenticated = true,
            client::Event::Unsendable(_) => of(None, Fate::Unsendable),
            client::Event::Recipient { index, reply } if !reply.is_positive() => of(Some(index), Fate::Refused),
            client::Event::Delivered { recipient, .. } => of(recipient, Fate::Delivered),
            client::Event::Refused { recipient, .. } => of(recipient, Fate::Refused),
            client::Event::Failed { error, outcome } => {
                assert!(self.cut, "the session fails with nothing cut: {error}");
                match outcome {
                    Outcome::Nothing => {}
                    Outcome::NotDelivered => of(None, Fate::NotDelivered),
                    Outcome::Unknown => of(None, Fate::Unknown),
                }
            }
            _ => {}
        }
    }

    fn proceed(&mut self) {
        if !self.authenticated {
            self.client.tell(Request::Auth { mechanism: "PLAIN", initial: None }, self.now).unwrap();
            return;
        }
        let Some(letter) = self.plan.letters.get(self.next) else {
            self.client.tell(Request::Quit, self.now).unwrap();
            return;
        };
        let from = format!("<m{}@example.net>", self.next);
        let body = letter.binary.then_some(BodyType::BinaryMime);
        let mail = Mail {
            reverse_path: ReversePath::parse(&from, false).unwrap(),
            params: MailParams { body, ..MailParams::default() },
        };
        let to: Vec<String> = (0..letter.recipients.len()).map(|n| format!("<r{n}@example.org>")).collect();
        let recipients: Vec<Rcpt<'_>> = to
            .iter()
            .map(|to| Rcpt { forward_path: ForwardPath::parse(to, false).unwrap(), params: RcptParams::default() })
            .collect();
        self.client.tell(Request::Send(Envelope { mail: &mail, recipients: &recipients }), self.now).unwrap();
        (self.next, self.fed) = (self.next + 1, 0);
    }

    /// A piece of the content, or its end.
    fn feed(&mut self, size: usize) {
        if !matches!(self.client.wants(), Wants::Body { .. }) {
            return;
        }
        let content = &self.plan.letters[self.next - 1].content;
        let rest = &content[self.fed..];
        if rest.is_empty() {
            self.client.tell(Request::BodyEnd, self.now).unwrap();
        } else {
            self.fed += self.client.feed(&rest[..rest.len().min(size)], self.now);
        }
    }
}
