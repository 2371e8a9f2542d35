//! Any bytes from a client, cut anywhere: the same events and the same words, memory bounded, and nothing removed without QUIT.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use pop3_proto::{
    Limits, Server, TlsFacts, TlsVersion, Wants,
    apop::Timestamp,
    capabilities::{Expire, LoginDelay, Retention},
    language::Language,
    maildrop::{Entry, Maildrop, Uid},
    server::{Answer, Config, Event},
};

const NOW: Duration = Duration::ZERO;
const MESSAGE: &[u8] = b"Subject: x\r\n\r\n.\r\n..\r\nbare \n and \r and the end";

#[derive(Arbitrary, Debug)]
struct Input {
    tls: bool,
    stls: bool,
    without_tls: bool,
    languages: bool,
    apop: bool,
    messages: u8,
    piece: u8,
    cuts: Vec<u8>,
    bytes: Vec<u8>,
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    events: Vec<String>,
    said: Vec<u8>,
    removed: Option<Vec<u32>>,
}

fn run(input: &Input, cuts: &[u8]) -> Outcome {
    let mut config = Config::default();
    config.stls = input.stls;
    config.login_without_tls = input.without_tls;
    config.synchronize = false;
    config.mechanisms = vec!["PLAIN".into()];
    config.expire = Some(Expire { retention: Retention::Days(30), per_user: true });
    config.login_delay = Some(LoginDelay { seconds: 60, per_user: true });
    if input.languages {
        let german = Language::new("de", "Deutsch").expect("a tag").says("Marked", "Vorgemerkt für später");
        config.languages = vec![german, Language::new("en-GB", "").expect("a tag")];
    }
    let mut limits = Limits::default();
    limits.error_delay = Duration::ZERO;
    let bound = 2 * limits.buffer + 64 * 1024;
    let facts = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
    let mut server = Server::new(config, limits, input.tls.then(|| facts.clone()), NOW);
    let mut out = Outcome::default();
    let mut sent = None;
    let mut rest = &input.bytes[..];
    let mut cuts = cuts.iter();
    go(&mut server, input, &mut sent, &mut out);
    while !rest.is_empty() {
        let piece = cuts.next().map_or(rest.len(), |cut| usize::from(*cut).clamp(1, rest.len()));
        let mut offered = &rest[..piece];
        rest = &rest[piece..];
        while !offered.is_empty() {
            let n = server.receive(offered, NOW);
            offered = &offered[n..];
            go(&mut server, input, &mut sent, &mut out);
            assert!(server.memory() <= bound);
            match server.wants() {
                // What follows in the clear is judged by when it comes.
                Wants::Secure => return out,
                Wants::Close => return out,
                _ => {}
            }
        }
    }
    server.closed(NOW);
    go(&mut server, input, &mut sent, &mut out);
    assert_eq!(server.wants(), Wants::Close);
    out
}

fn go(server: &mut Server, input: &Input, sent: &mut Option<usize>, out: &mut Outcome) {
    loop {
        while let Some(event) = server.poll() {
            out.events.push(format!("{event:?}"));
            let answer = match event {
                Event::Login { password, .. } if password.len() % 2 == 1 => Answer::Refuse,
                Event::Auth { initial: None, .. } => Answer::Challenge(b"say"),
                Event::Login { .. } | Event::Auth { .. } | Event::AuthResponse(_) => {
                    let entry =
                        |n: u8| Entry { size: MESSAGE.len() as u64, uid: Uid::new(n.to_string()).expect("an id") };
                    Answer::Open(Maildrop::new((0..input.messages).map(entry)))
                }
                Event::Connected if input.apop => {
                    Answer::Greet(Timestamp::new("<1.2@host.example>").expect("a message id"))
                }
                Event::Apop { digest, .. } => {
                    assert!(input.apop && (input.tls || input.without_tls), "APOP that was not offered");
                    if digest.as_bytes()[0] % 2 == 1 { Answer::Refuse } else { Answer::Open(Maildrop::default()) }
                }
                Event::Retrieve { .. } => {
                    *sent = Some(0);
                    Answer::Accept
                }
                Event::Update => {
                    assert!(out.removed.is_none());
                    out.removed = Some(server.maildrop().expect("it is open").deleted().collect());
                    Answer::Accept
                }
                event if event.asks() => Answer::Accept,
                _ => continue,
            };
            server.answer(answer, NOW).expect("it asked");
        }
        if let Some(at) = *sent {
            let end = (at + usize::from(input.piece).max(1)).min(MESSAGE.len());
            let at = at + server.feed(&MESSAGE[at..end], NOW);
            *sent = Some(at.min(MESSAGE.len()));
            if at >= MESSAGE.len() || !server.wants_more() {
                server.feed_end(NOW).expect("it is on its way");
                *sent = None;
            }
        }
        let said = server.transmit();
        if said.is_empty() && sent.is_none() {
            if server.wants() == Wants::Flush {
                server.tick(NOW);
                continue;
            }
            return;
        }
        out.said.extend_from_slice(said);
        server.transmitted(usize::MAX, NOW);
    }
}

fuzz_target!(|input: Input| {
    let whole = run(&input, &[]);
    if whole.events.iter().any(|event| event == "Stls") {
        run(&input, &input.cuts);
        return;
    }
    assert_eq!(run(&input, &input.cuts), whole);
    assert_eq!(run(&input, &vec![1; input.bytes.len()]), whole);
    let text = String::from_utf8_lossy(&whole.said);
    assert!(text.is_empty() || text.ends_with("\r\n"));
    // RFC 6856: beyond ASCII only to those who have asked for it, and this mailbox is ASCII.
    assert!(whole.said.is_ascii() || whole.events.iter().any(|event| event.starts_with("Answered(Lang(Some")));
});
