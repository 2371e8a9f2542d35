//! Any bytes from a server: cut anywhere they make the same events, the memory stays bounded, what is said is well-formed, and every session ends.
#![no_main]

use core::time::Duration;

use libfuzzer_sys::fuzz_target;
use smtp_proto::{
    Client, TlsFacts, TlsVersion, Wants,
    client::{Answer, Config, Envelope, Event, Limits, Request, Role, StartTls},
    command::{BodyType, Command, ForwardPath, Mail, MailParams, Rcpt, RcptParams, ReversePath, Syntax},
    forward::Attributes,
};

const NOW: Duration = Duration::ZERO;
const CONTENT: &[u8] = b"Subject: x\r\n\r\n.\r\n..\r\nbare \n and \r";

/// What the session is set up with.
#[derive(Clone, Copy, Debug)]
struct Setting(u8);

impl Setting {
    fn config(self) -> Config {
        let role = [Role::Smtp, Role::Submission, Role::Lmtp][usize::from(self.0 & 3) % 3];
        let mut config = Config::new(role, "client.example.net");
        config.auth_without_tls = true;
        config.starttls = if self.0 & 4 == 0 { StartTls::Never } else { StartTls::IfOffered };
        config.prefer_chunking = self.0 & 8 != 0;
        config
    }

    const fn binary(self) -> bool {
        self.0 & 16 != 0
    }
}

/// A session and a caller that tries everything in turn.
struct Run {
    client: Client,
    setting: Setting,
    requests: u8,
    fed: usize,
    events: Vec<String>,
    said: Vec<u8>,
    in_tls: bool,
}

impl Run {
    fn new(setting: Setting) -> Self {
        let mut limits = Limits::default();
        (limits.pipeline, limits.chunk) = (3, 8);
        let client = Client::new(setting.config(), limits, None, NOW);
        Self { client, setting, requests: 0, fed: 0, events: Vec::new(), said: Vec::new(), in_tls: false }
    }

    fn receive(&mut self, mut bytes: &[u8]) {
        self.go();
        while !bytes.is_empty() {
            let n = self.client.receive(bytes, NOW);
            bytes = &bytes[n..];
            self.go();
            assert!(self.client.memory() <= 256 * 1024, "memory: {}", self.client.memory());
            if n == 0 {
                if self.client.wants() == Wants::Secure {
                    // The rest of the flight is plaintext that came too early.
                    self.events.push("early".to_owned());
                    return;
                }
                assert_eq!(self.client.wants(), Wants::Close, "the session takes nothing");
                return;
            }
        }
    }

    fn go(&mut self) {
        loop {
            let mut moved = false;
            while let Some(event) = self.client.poll() {
                moved = true;
                self.events.push(format!("{event:?}"));
                match event {
                    Event::Ready => self.request(),
                    Event::Challenge(challenge) => {
                        let answer = if challenge.is_empty() { Answer::Cancel } else { Answer::Response(b"response") };
                        self.client.answer(answer, NOW).expect("a question is open");
                    }
                    _ => {}
                }
            }
            if let Wants::Body { .. } = self.client.wants() {
                moved = true;
                let rest = &CONTENT[self.fed..];
                let taken = self.client.feed(rest, NOW);
                assert!(taken > 0);
                self.fed += taken;
                if taken == rest.len() {
                    self.fed = 0;
                    self.client.tell(Request::BodyEnd, NOW).expect("content is on its way");
                }
            }
            let out = self.client.transmit().len();
            if out > 0 {
                moved = true;
                self.said.extend_from_slice(self.client.transmit());
                self.client.transmitted(out, NOW);
            }
            if !moved {
                return;
            }
        }
    }

    fn request(&mut self) {
        self.requests += 1;
        let body = self.setting.binary().then_some(BodyType::BinaryMime);
        let params = MailParams { body, ..MailParams::default() };
        let mail = Mail { reverse_path: ReversePath::parse("<a@example.net>", false).expect("a path"), params };
        let to = ["<b@example.org>", "<c@example.org>", "<postmaster>", "<d@example.org>"];
        let recipients: Vec<_> = to
            .iter()
            .map(|to| Rcpt {
                forward_path: ForwardPath::parse(to, false).expect("a path"),
                params: RcptParams::default(),
            })
            .collect();
        let send = Request::Send(Envelope { mail: &mail, recipients: &recipients });
        let proxied = Attributes::parse("ADDR=192.0.2.7 NAME=[UNAVAILABLE]").expect("attributes");
        let request = match self.requests {
            1 => Request::Auth { mechanism: "PLAIN", initial: None },
            2 | 4 => send,
            3 => Request::Verify("someone"),
            5 => Request::Reset,
            6 if self.client.capabilities().xclient => Request::Xclient(&proxied),
            6 => Request::Noop,
            _ => Request::Quit,
        };
        if self.client.tell(request, NOW).is_err() {
            // The server does not offer AUTH.
            assert_eq!(self.requests, 1);
            self.client.tell(send, NOW).expect("the session is ready");
        }
    }

    /// The server is silent, then gone: the session ends by itself.
    fn end(mut self) -> Vec<String> {
        self.client.closed(NOW);
        self.go();
        assert_eq!(self.client.wants(), Wants::Close);
        // Up to the first content, all that is said are commands and what belongs to AUTH.
        for line in self.said.split_inclusive(|byte| *byte == b'\n') {
            let Some(line) = line.strip_suffix(b"\r\n") else { break };
            match Command::parse(line, &Syntax::default()) {
                Ok(Command::Data | Command::Bdat { .. }) => break,
                Ok(_) => {}
                Err(error) => assert!(matches!(line, b"*" | b"cmVzcG9uc2U="), "{error}: {}", line.escape_ascii()),
            }
        }
        self.events
    }

    fn secure(&mut self) {
        if self.client.wants() == Wants::Secure && !self.in_tls {
            self.in_tls = true;
            self.client.secured(TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256"), NOW);
        }
    }
}

fn run(setting: Setting, flights: &[&[u8]], step: usize) -> Vec<String> {
    let mut run = Run::new(setting);
    for flight in flights {
        for piece in flight.chunks(step) {
            run.receive(piece);
        }
        run.secure();
    }
    run.end()
}

fuzz_target!(|data: &[u8]| {
    let Some((setting, bytes)) = data.split_first() else { return };
    // A NUL parts what the server sends before a handshake from what it sends after.
    let flights: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
    let whole = run(Setting(*setting), &flights, usize::MAX);
    for step in [1, 7] {
        let cut = run(Setting(*setting), &flights, step);
        // What comes before it may come is judged by when it comes: plaintext behind the reply to STARTTLS, and replies to what has not been asked yet. It is never
        // used, and until then all is the same.
        let first = |events: &[String]| {
            events.iter().enumerate().position(|(at, event)| {
                event == "early"
                    || (event.starts_with("Failed")
                        && (event.contains("PlaintextAfter")
                            || event.contains("Unsolicited")
                            || at == 0
                            || events[at - 1] == "Ready"))
            })
        };
        match (first(&whole), first(&cut)) {
            (None, None) => assert_eq!(whole, cut, "cut every {step}"),
            (a, b) => {
                let same = a.unwrap_or(whole.len()).min(b.unwrap_or(cut.len()));
                assert_eq!(whole[..same], cut[..same], "cut every {step}");
            }
        }
    }
});
