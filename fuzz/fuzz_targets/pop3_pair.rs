//! Our client reads from our server, with the bytes cut anywhere: what arrives is what was there, with its line ends made whole.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use pop3_proto::{
    Client, Limits, Server, TlsFacts, TlsVersion, Wants,
    client::{self, Event as Told, Request, Step},
    maildrop::{Entry, Maildrop, Uid},
    server::{Answer, Config, Event},
};

const NOW: Duration = Duration::ZERO;

#[derive(Arbitrary, Debug)]
struct Input {
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
    let mut server = Server::new(Config::default(), Limits::default(), Some(tls.clone()), NOW);
    let mut client = Client::new(client::Config::default(), client::Limits::default(), Some(tls), NOW);
    let (mut to_client, mut to_server) = (Vec::new(), Vec::new());
    let (mut got, mut at, mut sending, mut quit) = (Vec::new(), 0, false, false);
    let (mut pieces, mut cuts) = (input.pieces.iter(), input.cuts.iter());
    let mut next = |from: &mut core::slice::Iter<'_, u8>, most: usize| {
        from.next().map_or(most, |n| usize::from(*n).clamp(1, most.max(1))).min(most)
    };
    for _ in 0..100_000 {
        while let Some(event) = server.poll() {
            let answer = match event {
                Event::Login { user: "ann", password: "two words" } => Answer::Open(Maildrop::new([Entry {
                    size: input.message.len() as u64,
                    uid: Uid::new("1").expect("an id"),
                }])),
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
                Told::Ready => requests.push(Request::Login { user: "ann", password: "two words" }),
                Told::Answered { step: Step::Pass, response } => {
                    assert!(response.is_ok());
                    requests.push(Request::Retrieve(1));
                }
                Told::Body(slice) => got.extend_from_slice(slice),
                Told::End => requests.push(Request::Quit),
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
    assert_eq!(client.wants(), Wants::Close);
    assert_eq!(got, normal(&input.message));
});
