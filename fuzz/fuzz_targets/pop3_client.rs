//! Any bytes from a server, cut anywhere: the same events, memory bounded, and what is said is made of commands.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::{
    arbitrary::{self, Arbitrary},
    fuzz_target,
};
use pop3_proto::{
    Client, TlsFacts, TlsVersion, Wants,
    apop::Digest,
    client::{Answer, Config, Event, Limits, Request},
};

const NOW: Duration = Duration::ZERO;

#[derive(Arbitrary, Debug)]
struct Input {
    apop: bool,
    requests: Vec<u8>,
    cuts: Vec<u8>,
    bytes: Vec<u8>,
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    events: Vec<String>,
    body: Vec<u8>,
    said: Vec<u8>,
}

fn run(input: &Input, cuts: &[u8]) -> Outcome {
    let mut limits = Limits::default();
    limits.message_size = 5_000;
    limits.list_lines = 50;
    let tls = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
    let mut config = Config::default();
    config.apop = input.apop;
    let mut client = Client::new(config, limits, Some(tls), NOW);
    let mut out = Outcome::default();
    let mut rest = &input.bytes[..];
    let mut cuts = cuts.iter();
    go(&mut client, input, &mut out);
    while !rest.is_empty() && client.wants() != Wants::Close {
        let piece = cuts.next().map_or(rest.len(), |cut| usize::from(*cut).clamp(1, rest.len()));
        let n = client.receive(&rest[..piece], NOW);
        rest = &rest[n..];
        go(&mut client, input, &mut out);
        assert!(client.memory() <= 512 * 1024);
    }
    client.closed(NOW);
    go(&mut client, input, &mut out);
    assert_eq!(client.wants(), Wants::Close);
    out
}

fn go(client: &mut Client, input: &Input, out: &mut Outcome) {
    loop {
        let mut request = false;
        let mut challenge = false;
        let mut any = false;
        while let Some(event) = client.poll() {
            any = true;
            match &event {
                Event::Body(slice) => {
                    out.body.extend_from_slice(slice);
                    continue;
                }
                Event::Ready => request = true,
                Event::Challenge(_) => challenge = true,
                _ => {}
            }
            out.events.push(format!("{event:?}"));
            // What is there already would be read as said to nothing, if it were looked at before the requests are told.
            if request {
                break;
            }
        }
        if request {
            for request in input.requests.iter().take(20) {
                let number = u32::from(*request / 19) + 1;
                let request = match request % 19 {
                    0 => Request::Login { user: "ann", password: "secret" },
                    1 => Request::Auth { mechanism: "PLAIN", initial: Some(b"x") },
                    2 => Request::Auth { mechanism: "SCRAM-SHA-256", initial: None },
                    3 => Request::Stat,
                    4 => Request::List(None),
                    5 => Request::List(Some(number)),
                    6 => Request::Uidl(None),
                    7 => Request::Uidl(Some(number)),
                    8 | 9 => Request::Retrieve(number),
                    10 => Request::Top { number, lines: 3 },
                    11 => Request::Delete(number),
                    12 => Request::Reset,
                    13 => Request::Noop,
                    14 => Request::Languages,
                    15 => Request::Language(if number % 2 == 0 { "*" } else { "de-CH" }),
                    16 => Request::Utf8,
                    17 => Request::Apop { user: "ann", digest: Digest::from_bytes([*request; 16]) },
                    _ => Request::Quit,
                };
                let told = client.tell(request, NOW);
                // Without leave, nothing is ever said to a timestamp.
                assert!(input.apop || !matches!(request, Request::Apop { .. }) || told.is_err());
            }
        }
        if challenge {
            client.answer(Answer::Response(b"response"), NOW).expect("it asked");
        }
        out.said.extend_from_slice(client.transmit());
        client.transmitted(usize::MAX, NOW);
        if !any {
            return;
        }
    }
}

fuzz_target!(|input: Input| {
    let whole = run(&input, &[]);
    assert_eq!(run(&input, &input.cuts), whole);
    assert_eq!(run(&input, &vec![1; input.bytes.len()]), whole);
    assert!(whole.said.is_empty() || whole.said.ends_with(b"\r\n"));
});
