//! Our client and our server joined end to end: under any cut of the bytes and any order of turns, messages arrive as they are, and only QUIT removes.

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

use std::time::Duration;

use pop3_proto::{
    Client, Limits, Wants,
    client::{self, Event, Request, Step},
    server::Config,
};
use proptest::prelude::*;
use support::host::{Host, digest, languages, timestamp, tls};

const NOW: Duration = Duration::ZERO;

/// What the client saw.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    messages: Vec<Vec<u8>>,
    sizes: Vec<(u32, u64)>,
    uids: Vec<(u32, String)>,
    stat: Option<(u32, u64)>,
    languages: Vec<String>,
    chosen: Vec<Option<String>>,
    quit: bool,
    failed: Option<String>,
}

struct Pair {
    host: Host,
    client: Client,
    seen: Seen,
    /// How much of what the server said the client has.
    passed: usize,
    /// Bytes of the client on their way.
    wire: Vec<u8>,
    requests: Vec<Ask>,
}

#[derive(Clone, Copy, Debug)]
enum Ask {
    Stat,
    List,
    Uidl,
    Retrieve(u32),
    Delete(u32),
    Reset,
    Languages,
    Language(&'static str),
    Quit,
}

impl Pair {
    fn new(messages: Vec<String>, stls: bool, apop: bool, requests: Vec<Ask>) -> Self {
        let mut config = Config::default();
        config.stls = stls;
        config.languages = languages();
        let mut host = Host::greeting(config, Limits::default(), (!stls).then(tls), apop.then(timestamp));
        host.messages = messages;
        let mut config = client::Config::default();
        config.apop = apop;
        let client = Client::new(config, client::Limits::default(), (!stls).then(tls), NOW);
        Self { host, client, seen: Seen::default(), passed: 0, wire: Vec::new(), requests }
    }

    fn client(&mut self) {
        let mut body = Vec::new();
        while let Some(event) = self.client.poll() {
            let request = match event {
                // A timestamp that came before TLS is void.
                Event::Ready => Some(match self.client.timestamp() {
                    Some(_) => Request::Apop { user: "ann", digest: digest() },
                    None => Request::Login { user: "ann", password: "two words" },
                }),
                Event::Answered { step: Step::Pass | Step::Apop, response } if response.is_ok() => {
                    for ask in self.requests.clone() {
                        let request = match ask {
                            Ask::Stat => Request::Stat,
                            Ask::List => Request::List(None),
                            Ask::Uidl => Request::Uidl(None),
                            Ask::Retrieve(number) => Request::Retrieve(number),
                            Ask::Delete(number) => Request::Delete(number),
                            Ask::Reset => Request::Reset,
                            Ask::Languages => Request::Languages,
                            Ask::Language(range) => Request::Language(range),
                            Ask::Quit => Request::Quit,
                        };
                        self.client.tell(request, NOW).unwrap();
                    }
                    None
                }
                Event::Answered { step: Step::Retr, response } => {
                    if response.is_ok() {
                        self.seen.messages.push(Vec::new());
                    }
                    None
                }
                Event::Answered { step: Step::Lang, response } => {
                    if !response.is_ok() {
                        self.seen.chosen.push(None);
                    }
                    None
                }
                Event::Language { tag, description } => {
                    self.seen.languages.push(format!("{tag} {description}"));
                    None
                }
                Event::LanguageChosen { tag, .. } => {
                    self.seen.chosen.push(Some(tag.to_owned()));
                    None
                }
                Event::Answered { step: Step::Quit, response } => {
                    self.seen.quit = response.is_ok();
                    None
                }
                Event::Stat { count, octets } => {
                    self.seen.stat = Some((count, octets));
                    None
                }
                Event::Size { number, size } => {
                    self.seen.sizes.push((number, size));
                    None
                }
                Event::Unique { number, uid } => {
                    self.seen.uids.push((number, uid.to_owned()));
                    None
                }
                Event::Body(slice) => {
                    body.clear();
                    body.extend_from_slice(slice);
                    self.seen.messages.last_mut().unwrap().extend_from_slice(&body);
                    None
                }
                Event::Failed(error) => {
                    self.seen.failed = Some(error.to_string());
                    None
                }
                _ => None,
            };
            if let Some(request) = request {
                self.client.tell(request, NOW).unwrap();
            }
        }
        let out = self.client.transmit();
        self.wire.extend_from_slice(out);
        self.client.transmitted(usize::MAX, NOW);
        if self.client.wants() == Wants::Secure
            && self.host.server.wants() == Wants::Secure
            && self.passed == self.host.said.len()
        {
            self.host.server.secured(tls(), NOW);
            self.host.go();
            self.client.secured(tls(), NOW);
            self.client();
        }
    }

    /// Passes bytes in one direction.
    fn pass(&mut self, to_server: bool, n: usize) {
        if to_server {
            let n = n.min(self.wire.len());
            let bytes: Vec<u8> = self.wire.drain(..n).collect();
            self.host.send(&bytes);
        } else {
            let all = self.host.said.as_bytes();
            let end = self.passed.saturating_add(n).min(all.len());
            let bytes = all[self.passed..end].to_vec();
            self.passed += self.client.receive(&bytes, NOW);
        }
        self.client();
    }

    fn run(&mut self, cuts: &[(bool, u8)]) {
        self.client();
        for (to_server, n) in cuts {
            self.pass(*to_server, usize::from(*n));
        }
        for _ in 0..10_000 {
            self.pass(true, usize::MAX);
            self.pass(false, usize::MAX);
            if self.client.wants() == Wants::Close {
                return;
            }
        }
        panic!("the session does not end: {:?}", self.seen);
    }
}

fn message() -> impl Strategy<Value = String> {
    const PARTS: [&str; 7] = ["\r\n", ".", "..", "word", "Subject: x", "\r\n.\r\n", "\r\n\r\n"];
    proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..30).prop_map(|parts| parts.concat() + "\r\n")
}

fn ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        Just(Ask::Stat),
        Just(Ask::List),
        Just(Ask::Uidl),
        (1..6_u32).prop_map(Ask::Retrieve),
        (1..6_u32).prop_map(Ask::Retrieve),
        (1..6_u32).prop_map(Ask::Delete),
        Just(Ask::Reset),
        Just(Ask::Languages),
        proptest::sample::select(&["de", "de-AT", "en", "*", "fr", "I-default"][..]).prop_map(Ask::Language),
    ]
}

proptest! {
    #[test]
    fn what_is_read_is_what_is_there(
        messages in proptest::collection::vec(message(), 0..5),
        stls: bool,
        apop: bool,
        requests in proptest::collection::vec(ask(), 0..12),
        cuts in proptest::collection::vec((any::<bool>(), any::<u8>()), 0..60),
        piece in 1..50_usize,
    ) {
        let mut all = requests.clone();
        all.push(Ask::Quit);
        let mut pair = Pair::new(messages.clone(), stls, apop, all);
        pair.host.piece = piece;
        pair.run(&cuts);
        let by_apop = pair.host.events.iter().any(|event| event.starts_with("Apop"));
        prop_assert_eq!(by_apop, apop && !stls);
        prop_assert_eq!(&pair.seen.failed, &None);
        prop_assert!(pair.seen.quit);
        // The same requests on the list itself.
        let mut marked = vec![false; messages.len()];
        let mut expected = Seen { quit: true, ..Seen::default() };
        let there = |marked: &[bool], number: u32| marked.get(number as usize - 1) == Some(&false);
        for ask in requests {
            let left: Vec<u32> = (1..=messages.len() as u32).filter(|number| there(&marked, *number)).collect();
            match ask {
                Ask::Stat => expected.stat = Some((left.len() as u32, left.iter().map(|number| messages[*number as usize - 1].len() as u64).sum())),
                Ask::List => expected.sizes.extend(left.iter().map(|number| (*number, messages[*number as usize - 1].len() as u64))),
                Ask::Uidl => expected.uids.extend(left.iter().map(|number| (*number, format!("u{number}")))),
                Ask::Retrieve(number) => {
                    if there(&marked, number) {
                        expected.messages.push(messages[number as usize - 1].clone().into_bytes());
                    }
                }
                Ask::Delete(number) => {
                    if there(&marked, number) {
                        marked[number as usize - 1] = true;
                    }
                }
                Ask::Reset => marked.fill(false),
                Ask::Languages => {
                    expected.languages.extend(["de Deutsch", "en-GB English", "zh-Hant ", "i-default "].map(str::to_owned));
                }
                Ask::Language(range) => expected.chosen.push(match range {
                    "fr" => None,
                    "en" => Some("en-GB".to_owned()),
                    "I-default" => Some("i-default".to_owned()),
                    _ => Some("de".to_owned()),
                }),
                Ask::Quit => {}
            }
        }
        prop_assert_eq!(&pair.seen, &expected);
        let removed: Vec<u32> = (1..=messages.len() as u32).filter(|number| marked[*number as usize - 1]).collect();
        prop_assert_eq!(pair.host.removed, Some(removed));
    }

    #[test]
    fn a_cut_connection_removes_nothing(
        messages in proptest::collection::vec(message(), 1..4),
        cuts in proptest::collection::vec((any::<bool>(), any::<u8>()), 0..40),
    ) {
        let mut pair = Pair::new(messages, false, false, vec![Ask::Delete(1), Ask::Retrieve(2), Ask::Quit]);
        pair.client();
        for (to_server, n) in cuts {
            pair.pass(to_server, usize::from(n));
        }
        let update = pair.host.removed.is_some();
        pair.host.closed();
        pair.client.closed(NOW);
        pair.client();
        prop_assert_eq!(pair.host.removed.is_some(), update, "nothing is removed after the end");
        prop_assert_eq!(pair.client.wants(), Wants::Close);
        prop_assert!(pair.seen.quit || pair.seen.failed.is_some());
    }
}
