//! POP3: commands beside pop3-codec, a whole session, and messages on their way out beside `memcpy`. No other crate has a POP3 server session to compare with.

use std::{hint::black_box, sync::Arc, time::Duration};

use benches::{inputs, report_allocations};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use pop3_proto::{
    Limits, Server, TlsFacts, TlsVersion, Wants,
    command::Command,
    maildrop::{Entry, Maildrop, Uid},
    server::{Answer, Config, Event},
};

const NOW: Duration = Duration::ZERO;

const COMMANDS: [&str; 13] = [
    "CAPA\r\n",
    "USER jane.smith\r\n",
    "PASS open sesame\r\n",
    "STAT\r\n",
    "LIST\r\n",
    "UIDL\r\n",
    "LIST 12\r\n",
    "UIDL 12\r\n",
    "RETR 12\r\n",
    "TOP 12 10\r\n",
    "DELE 12\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
];

fn commands(c: &mut Criterion) {
    let mut group = c.benchmark_group("pop3/commands");
    group.throughput(Throughput::Elements(COMMANDS.len() as u64));
    let ours = || {
        for line in COMMANDS {
            let line = black_box(line.as_bytes());
            assert!(black_box(Command::parse(&line[..line.len() - 2])).is_ok());
        }
    };
    report_allocations("pop3/commands/mailwright", COMMANDS.len() as u64, ours);
    group.bench_function("mailwright", |b| b.iter(ours));
    group.bench_function("pop3-codec", |b| {
        b.iter(|| {
            for line in COMMANDS {
                let _ = black_box(pop3_codec::parse::command(black_box(line.as_bytes())));
            }
        });
    });
    group.finish();
}

/// A server with one message, and everything that it says.
struct Host {
    server: Server,
    message: Vec<u8>,
    out: Vec<u8>,
}

impl Host {
    fn new(config: &Arc<Config>, message: Vec<u8>) -> Self {
        let tls = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
        let server = Server::new(config.clone(), Limits::default(), Some(tls), NOW);
        let out = Vec::with_capacity(message.len() * 2 + 4_096);
        Self { server, message, out }
    }

    fn say(&mut self, bytes: &[u8]) {
        self.server.receive(bytes, NOW);
        loop {
            while let Some(event) = self.server.poll() {
                let answer = match event {
                    Event::Login { .. } => {
                        let entry =
                            |n: u32| Entry { size: self.message.len() as u64, uid: Uid::new(n.to_string()).unwrap() };
                        Answer::Open(Maildrop::new((1..=20).map(entry)))
                    }
                    event if event.asks() => Answer::Accept,
                    _ => continue,
                };
                self.server.answer(answer, NOW).unwrap();
            }
            if !matches!(self.server.wants(), Wants::Body { .. }) {
                break;
            }
            let mut at = 0;
            while at < self.message.len() {
                let n = self.server.feed(&self.message[at..], NOW);
                at += n;
                if n == 0 {
                    self.flush();
                }
            }
            self.server.feed_end(NOW).unwrap();
        }
        self.flush();
    }

    fn flush(&mut self) {
        self.out.extend_from_slice(self.server.transmit());
        self.server.transmitted(usize::MAX, NOW);
    }
}

fn sessions(c: &mut Criterion) {
    let config = Arc::new(Config::default());
    let message = inputs::message(10_000);
    let mut group = c.benchmark_group("pop3/session");
    group.throughput(Throughput::Elements(6));
    group.bench_function("mailwright, login to QUIT with one message of 10 KB", |b| {
        b.iter(|| {
            let mut host = Host::new(&config, message.clone());
            host.say(b"");
            host.say(b"USER jane\r\nPASS open sesame\r\nSTAT\r\nLIST\r\nRETR 12\r\nQUIT\r\n");
            host.out.len()
        });
    });
    group.finish();
    let mut host = Host::new(&config, message);
    host.say(b"");
    host.say(b"USER jane\r\nPASS open sesame\r\n");
    report_allocations("pop3/session/mailwright, NOOP", 1, || {
        host.out.clear();
        host.say(b"NOOP\r\n");
        assert!(host.out.starts_with(b"+OK"));
    });

    for (name, size) in [("10k", 10_000), ("1m", 1_000_000)] {
        let message = inputs::message(size);
        let mut group = c.benchmark_group(format!("pop3/retr-{name}"));
        group.throughput(Throughput::Bytes(message.len() as u64));
        let mut host = Host::new(&config, message.clone());
        host.say(b"");
        host.say(b"USER jane\r\nPASS open sesame\r\n");
        host.out.clear();
        host.say(b"RETR 1\r\n");
        assert!(host.out.ends_with(&inputs::stuffed(&message)));
        group.bench_function("mailwright", |b| {
            b.iter(|| {
                host.out.clear();
                host.say(b"RETR 1\r\n");
                host.out.len()
            });
        });
        let mut copy = Vec::with_capacity(message.len());
        group.bench_function("memcpy", |b| {
            b.iter(|| {
                copy.clear();
                copy.extend_from_slice(black_box(&message));
                copy.len()
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(40).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = commands, sessions
}
criterion_main!(benches);
