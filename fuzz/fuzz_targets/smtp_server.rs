//! Any bytes from a client, cut anywhere, with any answers: the server's replies and events are the same however the bytes are cut, memory stays bounded, replies are
//! well-formed, and no message is accepted whose end did not come.
#![no_main]

use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use smtp_proto::{
    Limits, Reply, Server, TlsFacts, TlsVersion, Wants,
    delivery::FutureRelease,
    framing::BareLf,
    reply::ReplyLine,
    server::{Answer, Config, Event, Role},
};

#[derive(Arbitrary, Debug)]
struct Input {
    role: Role,
    starttls: bool,
    require_tls: bool,
    tls: bool,
    chunking: bool,
    normalize: bool,
    /// All that is off by default.
    more: bool,
    synchronize: bool,
    message_size: u16,
    /// One bit an answer: whether it is a refusal.
    answers: u64,
    cuts: Vec<u8>,
    bytes: Vec<u8>,
}

/// What came of a session.
#[derive(Debug, Default, PartialEq)]
struct Outcome {
    events: Vec<String>,
    content: Vec<u8>,
    said: Vec<u8>,
}

fn run(input: &Input, cuts: &[u8]) -> Outcome {
    let mut config = Config::new(input.role, "mx.example.org");
    config.starttls = input.starttls;
    config.require_tls = input.require_tls;
    config.chunking = input.chunking;
    config.synchronize = input.synchronize;
    if input.more {
        config.requiretls = true;
        config.deliver_by = Some(60);
        config.future_release = Some(FutureRelease { interval: 86_400, until: 1 << 31 });
        config.priority = true;
        config.xclient = true;
        config.xforward = true;
    }
    config.mechanisms = vec!["PLAIN".into()];
    config.bare_lf = if input.normalize { BareLf::Normalize } else { BareLf::Refuse };
    let mut limits = Limits::default();
    limits.message_size = input.message_size.into();
    limits.error_delay = Duration::ZERO;
    limits.unknown_recipients_delay = Duration::ZERO;
    let bound = 2 * limits.buffer + 64 * 1024;
    let facts = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
    let now = Duration::ZERO;
    let mut server = Server::new(config, limits, input.tls.then(|| facts.clone()), now);
    let mut out = Outcome::default();
    let mut asked = 0_u32;
    let mut rest = &input.bytes[..];
    let mut cuts = cuts.iter();
    go(&mut server, input, &mut asked, &mut out);
    while !rest.is_empty() {
        let piece = cuts.next().map_or(rest.len(), |cut| usize::from(*cut).clamp(1, rest.len()));
        let mut offered = &rest[..piece];
        rest = &rest[piece..];
        while !offered.is_empty() {
            let n = server.receive(offered, now);
            offered = &offered[n..];
            go(&mut server, input, &mut asked, &mut out);
            assert!(server.memory() <= bound, "{} bytes held", server.memory());
            match server.wants() {
                // What follows in the clear is the driver's to hold back.
                Wants::Secure => {
                    offered = &[];
                    server.secured(facts.clone(), now);
                    go(&mut server, input, &mut asked, &mut out);
                }
                Wants::Close => return out,
                _ => {}
            }
        }
    }
    server.closed(now);
    go(&mut server, input, &mut asked, &mut out);
    assert_eq!(server.wants(), if matches!(server.wants(), Wants::Secure) { Wants::Secure } else { Wants::Close });
    out
}

fn go(server: &mut Server, input: &Input, asked: &mut u32, out: &mut Outcome) {
    let now = Duration::ZERO;
    loop {
        while let Some(event) = server.poll() {
            if let Event::Body(slice) = event {
                assert!(!slice.is_empty());
                out.content.extend_from_slice(slice);
                continue;
            }
            out.events.push(format!("{event:?}"));
            if event.asks() {
                let refuse = input.answers.rotate_right(*asked) & 1 == 1 && !matches!(event, Event::Connected);
                *asked += 1;
                let again = format!("{event:?}");
                assert_eq!(server.asked().map(|event| format!("{event:?}")), Some(again));
                let answer = if refuse { Answer::Reply(Reply::new(450, None, "Not now")) } else { Answer::Accept };
                server.answer(answer, now).expect("it asked");
            }
        }
        let said = server.transmit();
        if said.is_empty() {
            if server.wants() == Wants::Flush {
                server.tick(now);
                continue;
            }
            break;
        }
        out.said.extend_from_slice(said);
        server.transmitted(usize::MAX, now);
    }
    for line in out.said.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.len() <= 512 && line.ends_with(b"\r\n"));
        assert!(ReplyLine::parse(&line[..line.len() - 2]).is_ok(), "{}", line.escape_ascii());
    }
}

fuzz_target!(|input: Input| {
    let whole = run(&input, &[]);
    // Content held back by a rule of time, such as speaking too early, is judged by when bytes come: then only memory and form are compared.
    if input.synchronize {
        run(&input, &input.cuts);
        return;
    }
    if whole.events.iter().any(|event| event == "StartTls") {
        run(&input, &input.cuts);
        return;
    }
    assert_eq!(run(&input, &input.cuts), whole);
    assert_eq!(run(&input, &vec![1; input.bytes.len()]), whole);
});
