//! Our client reads from our server, with the bytes cut anywhere: what arrives is what was there, with its line ends made whole.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use pop3_proto::{
    Client, Limits, Server, TlsFacts, TlsVersion, Wants,
    apop::{Digest, Timestamp},
    client::{self, Event as Told, Request, Step},
    language::Language,
    maildrop::{Entry, Maildrop, Uid},
    server::{Answer, Config, Event},
};

const NOW: Duration = Duration::ZERO;

#[derive(Arbitrary, Debug)]
struct Input {
    language: bool,
    apop: bool,
    message: Vec<u8>,
    pieces: Vec<u8>,
    cuts: Vec<u8>,
}

/// The message as POP3 can carry it: every lone CR or LF is a line end, and the last line has one.
fn normal(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut bytes = message.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' => {
                bytes.next_if(|next| **next == b'\n');
                out.extend_from_slice(b"\r\n");
            }
            b'\n' => out.extend_from_slice(b"\r\n"),
            byte => out.push(*byte),
        }
    }
    if !out.is_empty() && !out.ends_with(b"\r\n") {
        out.extend_from_slice(b"\r\n");
    }
    out
}

fuzz_target!(|input: Input| {
    let tls = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
    let timestamp = Timestamp::new("<1896.697170952@dbc.mtview.ca.us>").expect("a message id");
    let mut config = Config::default();
    config.languages = vec![Language::new("de", "Schönes Deutsch").expect("a tag").says("Language changed", "Schön")];
    let mut server = Server::new(config, Limits::default(), Some(tls.clone()), NOW);
    let mut config = client::Config::default();
    config.apop = true;
    let mut client = Client::new(config, client::Limits::default(), Some(tls), NOW);
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    let (mut got, mut at, mut sending, mut quit) = (Vec::new(), 0, false, false);
    let (mut spoken, mut retrieving) = (false, false);
    let (mut pieces, mut cuts) = (input.pieces.iter(), input.cuts.iter());
    let next = |from: &mut core::slice::Iter<'_, u8>, most: usize| {
        from.next().map_or(most, |n| usize::from(*n).clamp(1, most.max(1))).min(most)
    };
    for _ in 0..100_000 {
        while let Some(event) = server.poll() {
            let answer = match event {
                Event::Login { user: "ann", password: "two words" } => Answer::Open(Maildrop::new([Entry {
                    size: input.message.len() as u64,
                    uid: Uid::new("1").expect("an id"),
                }])),
                Event::Connected if input.apop => Answer::Greet(timestamp.clone()),
                Event::Apop { user: "ann", timestamp, digest } => {
                    assert!(digest.proves(timestamp, b"tanstaaf"));
                    Answer::Open(Maildrop::new([Entry {
                        size: input.message.len() as u64,
                        uid: Uid::new("1").expect("an id"),
                    }]))
                }
                Event::Retrieve { number: 1, lines: None } => {
                    sending = true;
                    Answer::Accept
                }
                Event::Update => Answer::Accept,
                event if event.asks() => Answer::Accept,
                _ => continue,
            };
            server.answer(answer, NOW).expect("it asked");
        }
        if sending {
            let n = next(&mut pieces, input.message.len() - at);
            at += server.feed(&input.message[at..at + n], NOW);
            if at == input.message.len() {
                server.feed_end(NOW).expect("it is on its way");
                sending = false;
            }
        }
        to_client.extend_from_slice(server.transmit());
        server.transmitted(usize::MAX, NOW);
        let mut requests = Vec::new();
        while let Some(event) = client.poll() {
            match event {
                Told::Ready => {
                    if input.language {
                        requests.extend([Request::Languages, Request::Language("de-AT")]);
                    }
                    requests.push(match client.timestamp() {
                        Some(seen) => Request::Apop { user: "ann", digest: Digest::new(seen, b"tanstaaf") },
                        None => Request::Login { user: "ann", password: "two words" },
                    });
                }
                Told::Language { tag: "de", description } => assert_eq!(description, "Schönes Deutsch"),
                Told::Language { tag, .. } => assert_eq!(tag, "i-default"),
                Told::LanguageChosen { tag, text } => {
                    assert_eq!((tag, text), ("de", "Schön"));
                    spoken = true;
                }
                Told::Answered { step: Step::Pass | Step::Apop, response } => {
                    retrieving = true;
                    assert!(response.is_ok());
                    requests.push(Request::Retrieve(1));
                }
                Told::Body(slice) => got.extend_from_slice(slice),
                Told::End if retrieving => requests.push(Request::Quit),
                Told::Answered { step: Step::Quit, .. } => quit = true,
                Told::Failed(error) => panic!("{error}"),
                _ => {}
            }
        }
        for request in requests {
            client.tell(request, NOW).expect("it is open");
        }
        to_server.extend_from_slice(client.transmit());
        client.transmitted(usize::MAX, NOW);
        if quit {
            break;
        }
        let n = next(&mut cuts, to_server.len());
        let n = server.receive(&to_server[..n], NOW);
        to_server.drain(..n);
        let n = next(&mut cuts, to_client.len());
        let n = client.receive(&to_client[..n], NOW);
        to_client.drain(..n);
    }
    assert!(quit, "the session ends");
    assert_eq!(spoken, input.language);
    assert_eq!(client.wants(), Wants::Close);
    assert_eq!(got, normal(&input.message));
});
