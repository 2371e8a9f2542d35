//! Mail made to be costly, of any size, and a way to find out whether a reader survives it.

use std::{
    env,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// What it is called, and a message of about so many octets.
pub type Bomb = (&'static str, fn(usize) -> Vec<u8>);

/// Nesting, boundaries, comments, encoded words, addresses, parameters and pages that have cost mail readers dearly.
pub const BOMBS: &[Bomb] = &[
    ("messages in messages", |n| repeat("", "Content-Type: message/rfc822\r\n\r\n", n)),
    ("multiparts in multiparts", |n| {
        let part = |k| format!("Content-Type: multipart/mixed; boundary=b{k}\r\n\r\n--b{k}\r\n");
        (0..=n / 60).map(part).collect::<String>().into_bytes()
    }),
    ("many parts", |n| repeat(MULTIPART, "--b\r\n\r\nx\r\n", n)),
    ("nearly delimiters", |n| repeat(MULTIPART, "\r\n--", n)),
    ("boundaries that begin alike", |n| {
        let part = |k: usize| {
            let boundary = "b".repeat(k + 1);
            format!("Content-Type: multipart/mixed; boundary={boundary}\r\n\r\n--{boundary}\r\n")
        };
        let nested: String = (0..45).map(part).collect();
        repeat(&nested, &format!("--{} x\r\n", "b".repeat(60)), n)
    }),
    ("many fields", |n| repeat("", "A: b\r\n", n)),
    ("address list over lines", |n| repeat("To: ", "a@example.org,\r\n ", n)),
    ("comments in comments", |n| repeat("From: ", "(", n)),
    ("comment that ends in a backslash", |n| repeat("From: (", "\\(", n)),
    ("open comments behind commas", |n| repeat("To: ", "(,", n)),
    ("encoded words", |n| repeat("Subject:", " =?utf-8?q?=C3=BC?=", n)),
    ("beginnings of encoded words", |n| repeat("Subject: ", "=?", n)),
    ("encoded words without end", |n| repeat("Subject: ", "=?utf-8?q?", n)),
    ("continued parameters, backwards", |n| {
        let params: String = (0..n / 13).rev().map(|k| format!(";\r\n name*{k}=x")).collect();
        format!("Content-Disposition: attachment{params}\r\n\r\n").into_bytes()
    }),
    ("parameters of one name", |n| repeat("Content-Type: text/plain", "; name=x", n)),
    ("parameters with open comments", |n| repeat("Content-Type: text/plain", "; (name", n)),
    ("page of open tags", |n| repeat(PAGE, "<a", n)),
    ("page of open comments", |n| repeat(PAGE, "<!--", n)),
    ("page of elements never closed", |n| repeat(PAGE, "<div hidden>x", n)),
    ("page of references", |n| repeat(PAGE, "&#x", n)),
];

const MULTIPART: &str = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
const PAGE: &str = "Content-Type: text/html; charset=utf-8\r\n\r\n";

fn repeat(start: &str, piece: &str, size: usize) -> Vec<u8> {
    [start.as_bytes(), &piece.as_bytes().repeat(size / piece.len() + 1)].concat()
}

/// What a program is told by, to try one reader on one input and end.
const TRIAL: &str = "MAILWRIGHT_TRIAL";

/// The trial that this process is for: the reader's name, the input's, and its size.
pub fn trial() -> Option<(String, String, usize)> {
    let told = env::var(TRIAL).ok()?;
    let mut parts = told.split('|');
    Some((parts.next()?.to_owned(), parts.next()?.to_owned(), parts.next()?.parse().ok()?))
}

/// Whether a reader comes through an input within a second: tried in a process apart, since a stack that overflows takes its process with it.
///
/// # Errors
/// What it does instead.
pub fn survives(reader: &str, input: &str, size: usize) -> Result<(), &'static str> {
    let program = env::current_exe().expect("a program");
    let mut child = Command::new(program)
        .env(TRIAL, format!("{reader}|{input}|{size}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process");
    let end = Instant::now() + Duration::from_secs(1);
    loop {
        match child.try_wait().expect("a child") {
            Some(status) if status.success() => return Ok(()),
            Some(_) => return Err("dies"),
            None if Instant::now() > end => {
                child.kill().and_then(|()| child.wait()).expect("a child");
                return Err("takes more than a second");
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    }
}
