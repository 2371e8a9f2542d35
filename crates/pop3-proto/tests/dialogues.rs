//! Runs the dialogues in `tests/dialogues/`: text files that anybody can read, one rule each.
//!
//! The first line of a file starts with `#` and says the rule and its section. Then `set:` how the server is set up, `C:` a line of the client, `C!` what else
//! happens (tls, eof, wait SECONDS), `S:` a line of the server, where a star at the end stands for anything. There is one user, ann with the password `two words`, and
//! three messages. Each file runs whole, byte by byte, and cut in two at each place; those without `set: ordered` also with all that the client says in one piece.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use std::{fs, path::Path, time::Duration};

use pop3_proto::{
    Limits,
    capabilities::{Expire, LoginDelay, Retention},
    server::Config,
};
use support::host::{Host, languages, timestamp, tls};

struct Dialogue {
    config: Config,
    limits: Limits,
    tls: bool,
    apop: bool,
    ordered: bool,
    steps: Vec<(String, String)>,
}

fn dialogues() -> Vec<(String, Dialogue)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            (path.file_stem().unwrap().to_string_lossy().into_owned(), parse(&fs::read_to_string(&path).unwrap()))
        })
        .collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    assert!(all.len() >= 15, "the dialogues are there");
    all
}

fn parse(text: &str) -> Dialogue {
    assert!(text.starts_with('#'), "the first line says the rule");
    let mut this = Dialogue {
        config: Config::default(),
        limits: Limits::default(),
        tls: true,
        apop: false,
        ordered: false,
        steps: Vec::new(),
    };
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(words) = line.strip_prefix("set: ") {
            for word in words.split(' ') {
                match word {
                    "clear" => this.tls = false,
                    "stls" => this.config.stls = true,
                    "plain" => this.config.mechanisms = vec!["PLAIN".to_owned()],
                    "login_without_tls" => this.config.login_without_tls = true,
                    "languages" => this.config.languages = languages(),
                    "policy" => {
                        this.config.expire = Some(Expire { retention: Retention::Days(5), per_user: true });
                        this.config.login_delay = Some(LoginDelay { seconds: 900, per_user: true });
                        this.config.utf8_user = true;
                        this.config.implementation = "Ours 1".to_owned();
                    }
                    "apop" => this.apop = true,
                    "ordered" => this.ordered = true,
                    _ => panic!("unknown setting {word}"),
                }
            }
            continue;
        }
        let (tag, rest) = line.split_at(2);
        this.steps.push((tag.to_owned(), rest.strip_prefix(' ').unwrap_or(rest).to_owned()));
    }
    this
}

impl Dialogue {
    fn host(&self, synchronize: bool) -> Host {
        let mut config = self.config.clone();
        config.synchronize = synchronize;
        Host::greeting(config, self.limits.clone(), self.tls.then(tls), self.apop.then(timestamp))
    }

    fn client(&self) -> usize {
        self.steps.iter().filter(|(tag, _)| tag == "C:").map(|(_, line)| line.len() + 2).sum()
    }

    /// `cut`: where the client's bytes are cut in two; `None`: everywhere.
    fn run(&self, name: &str, cut: Option<usize>) {
        let mut host = self.host(true);
        let (mut seen, mut fed) = (0, 0);
        for (tag, rest) in &self.steps {
            match tag.as_str() {
                "C:" => {
                    let line = format!("{rest}\r\n").into_bytes();
                    match cut {
                        None => line.iter().for_each(|byte| {
                            host.send(&[*byte]);
                        }),
                        Some(cut) => {
                            let (a, b) = line.split_at(cut.saturating_sub(fed).min(line.len()));
                            host.send(a);
                            host.send(b);
                        }
                    }
                    fed += line.len();
                }
                "C!" => match rest.split_once(' ') {
                    Some(("wait", seconds)) => host.wait(Duration::from_secs(seconds.parse().unwrap())),
                    _ if rest == "tls" => {
                        host.server.secured(tls(), host.now);
                        host.go();
                    }
                    _ if rest == "eof" => host.closed(),
                    _ => panic!("{name}: {rest}"),
                },
                "S:" => seen = said(name, &host, seen, rest),
                _ => panic!("{name}: {tag}"),
            }
        }
        assert_eq!(&host.said[seen..], "", "{name}: the server says more");
    }

    fn at_once(&self, name: &str) {
        if self.ordered || self.steps.iter().any(|(tag, _)| tag == "C!") {
            return;
        }
        let mut host = self.host(false);
        let all: String =
            self.steps.iter().filter(|(tag, _)| tag == "C:").map(|(_, line)| format!("{line}\r\n")).collect();
        host.send(all.as_bytes());
        let mut seen = 0;
        for (_, line) in self.steps.iter().filter(|(tag, _)| tag == "S:") {
            seen = said(name, &host, seen, line);
        }
        assert_eq!(&host.said[seen..], "", "{name}: the server says more");
    }
}

fn said(name: &str, host: &Host, seen: usize, pattern: &str) -> usize {
    let (line, _) =
        host.said[seen..].split_once("\r\n").unwrap_or_else(|| panic!("{name}: silent where {pattern:?} is expected"));
    let fits = pattern.strip_suffix('*').map_or(line == pattern, |start| line.starts_with(start));
    assert!(fits, "{name}: {line:?} where {pattern:?} is expected");
    seen + line.len() + 2
}

#[test]
fn whole() {
    for (name, dialogue) in dialogues() {
        dialogue.run(&name, Some(0));
    }
}

#[test]
fn byte_by_byte() {
    for (name, dialogue) in dialogues() {
        dialogue.run(&name, None);
    }
}

#[test]
fn cut_at_each_place() {
    for (name, dialogue) in dialogues() {
        for at in 1..dialogue.client() {
            dialogue.run(&name, Some(at));
        }
    }
}

#[test]
fn pipelined() {
    for (name, dialogue) in dialogues() {
        dialogue.at_once(&name);
    }
}
