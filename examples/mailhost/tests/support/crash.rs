//! The promise of a 250, tested by killing the server at any moment: what was accepted is there, whole; what was removed does not come back.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::{PASSWORD, Server, Talk};

/// How many clients send at a time.
const CLIENTS: u64 = 6;

/// What was seen over all kills.
#[derive(Debug, Default)]
pub struct Seen {
    pub kills: u64,
    pub accepted: u64,
    /// Messages that were there although their 250 never reached the client, which is allowed.
    pub unacknowledged: u64,
    pub removed: u64,
}

/// Kills the server so often, and looks after each restart at what is there.
pub fn kill(server: &mut Server, kills: u64, mut progress: impl FnMut(&Seen)) -> Seen {
    let mut seen = Seen::default();
    let numbers = Arc::new(AtomicU64::new(1));
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut expected: BTreeSet<u64> = BTreeSet::new();
    let mut gone: BTreeSet<u64> = BTreeSet::new();
    for _ in 0..kills {
        let accepted = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (port, numbers, accepted, stop) =
                    (server.port("Smtp"), numbers.clone(), accepted.clone(), stop.clone());
                thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) && send(port, client, &numbers, &accepted).is_some() {}
                })
            })
            .collect();
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        thread::sleep(Duration::from_micros(5_000 + (random >> 40) % 150_000));
        server.kill();
        stop.store(true, Ordering::Relaxed);
        clients.into_iter().for_each(|client| client.join().unwrap());
        let accepted = std::mem::take(&mut *accepted.lock().unwrap());
        seen.kills += 1;
        seen.accepted += accepted.len() as u64;
        expected.extend(accepted);
        server.restart();

        let mut pop3 = Pop3::login(server, "ann@mail.test");
        let mut there = BTreeMap::new();
        for number in 1..=pop3.count() {
            let message = pop3.retrieve(number);
            let id = check(&message);
            assert!(there.insert(id, number).is_none(), "message {id} is there twice");
            assert!(!gone.contains(&id), "message {id} has come back");
        }
        for id in &expected {
            assert!(there.contains_key(id), "message {id} was accepted and is not there");
        }
        seen.unacknowledged += (there.len() - expected.len()) as u64;
        // Removed for good, by a session that ends as it should.
        for number in there.values() {
            assert!(pop3.say(&format!("DELE {number}")).starts_with("+OK"));
        }
        if pop3.say("QUIT").starts_with("+OK") {
            seen.removed += there.len() as u64;
            gone.extend(there.into_keys());
            expected.clear();
        }
        progress(&seen);
    }
    seen
}

/// Sends one message; `None` when the server is gone. Every tenth is too big for a database row and gets a file of its own.
fn send(port: SocketAddr, client: u64, numbers: &AtomicU64, accepted: &Mutex<Vec<u64>>) -> Option<()> {
    let mut talk = Talk::try_new(port)?;
    talk.reply().starts_with("220").then_some(())?;
    talk.say(&format!("EHLO client{client}.example")).starts_with("250").then_some(())?;
    loop {
        let id = numbers.fetch_add(1, Ordering::Relaxed);
        talk.say("MAIL FROM:<you@example.net>").starts_with("250").then_some(())?;
        talk.say("RCPT TO:<ann@mail.test>").starts_with("250").then_some(())?;
        talk.say("DATA").starts_with("354").then_some(())?;
        let mut text = Vec::new();
        let _ = write!(text, "Subject: {id}\r\nFrom: you@example.net\r\n\r\n");
        for line in 0..lines(id) {
            let _ =
                write!(text, "{id} {line} 0123456789012345678901234567890123456789012345678901234567890123456789\r\n");
        }
        text.extend_from_slice(b".\r\n");
        talk.send(&text);
        talk.reply().starts_with("250").then_some(())?;
        accepted.lock().unwrap().push(id);
    }
}

fn lines(id: u64) -> u64 {
    if id.is_multiple_of(10) { 2_500 } else { 1 + id % 40 }
}

/// Whether a message is whole, and which it is.
fn check(message: &str) -> u64 {
    let (header, body) = message.split_once("\r\n\r\n").expect("a header and a body");
    let id: u64 = header.lines().find_map(|line| line.strip_prefix("Subject: ")).expect("a subject").parse().unwrap();
    let mut count = 0;
    for (number, line) in body.lines().enumerate() {
        assert!(
            line.starts_with(&format!("{id} {number} ")) && line.ends_with("6789"),
            "message {id} is damaged at line {number}: {line:?}"
        );
        count += 1;
    }
    assert_eq!(count, lines(id), "message {id} is not whole");
    id
}

/// A POP3 conversation over TLS.
pub struct Pop3 {
    stream: std::io::BufReader<rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream>>,
}

impl Pop3 {
    pub fn login(server: &Server, user: &str) -> Self {
        let mut this = Self { stream: std::io::BufReader::new(super::tls::connect(server, "Pop3s")) };
        assert!(this.line().starts_with("+OK"));
        assert!(this.say(&format!("USER {user}")).starts_with("+OK"));
        let welcome = this.say(&format!("PASS {PASSWORD}"));
        assert!(welcome.starts_with("+OK"), "{welcome}");
        this
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        std::io::BufRead::read_line(&mut self.stream, &mut line).unwrap();
        line
    }

    pub fn say(&mut self, line: &str) -> String {
        self.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        self.line()
    }

    pub fn count(&mut self) -> u32 {
        self.say("STAT").split(' ').nth(1).unwrap().parse().unwrap()
    }

    /// A message without its stuffed dots.
    pub fn retrieve(&mut self, number: u32) -> String {
        let first = self.say(&format!("RETR {number}"));
        assert!(first.starts_with("+OK"), "{first}");
        let mut message = String::new();
        let since = Instant::now();
        loop {
            let line = self.line();
            assert!(since.elapsed() < Duration::from_secs(60) && !line.is_empty());
            if line == ".\r\n" {
                return message;
            }
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
        }
    }
}

/// All messages of a user.
pub fn mailbox(server: &Server, user: &str) -> Vec<String> {
    let mut pop3 = Pop3::login(server, user);
    let all = (1..=pop3.count()).map(|number| pop3.retrieve(number)).collect();
    pop3.say("QUIT");
    all
}
