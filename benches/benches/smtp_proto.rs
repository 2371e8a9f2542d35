//! SMTP: commands, whole sessions, and content, beside other crates on the same bytes in the same run.
//!
//! - commands: each line parsed, nothing else. One operation is one command.
//! - session: all that a client sends for one message of 10 KB; every reply written, the message kept in a buffer. One operation is one session.
//! - data: dot-stuffed content into a buffer, or as slices; `memcpy` is the limit of the first.

use std::{hint::black_box, net::IpAddr, time::Duration};

use benches::{inputs, report_allocations};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use smtp_proto::{
    Limits, Server,
    command::{Command, Syntax},
    framing::{BareLf, DataDecoder, Piece},
    server::{Answer, Config, Event, Role},
};
use stalwart_smtp_proto::{Request, request::receiver::DataReceiver};

const TYPICAL: [&str; 9] = [
    "EHLO mail.example.org\r\n",
    "MAIL FROM:<jane.smith@example.net> SIZE=20480 BODY=8BITMIME\r\n",
    "RCPT TO:<alice@example.org>\r\n",
    "RCPT TO:<sales@example.org>\r\n",
    "RCPT TO:<\"two words\"@example.com>\r\n",
    "DATA\r\n",
    "RSET\r\n",
    "NOOP\r\n",
    "QUIT\r\n",
];

const RICH: [&str; 5] = [
    "MAIL FROM:<jane.smith@example.net> SIZE=20480 BODY=8BITMIME RET=HDRS ENVID=order-4711\r\n",
    "RCPT TO:<alice@example.org> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;alice@example.org\r\n",
    "RCPT TO:<carol.jones@subsidiary.example.com> NOTIFY=DELAY,FAILURE ORCPT=rfc822;cj@example.com\r\n",
    "BDAT 86400 LAST\r\n",
    "EHLO [IPv6:2001:db8::25]\r\n",
];

fn commands(c: &mut Criterion) {
    for (set, lines) in [("typical", &TYPICAL[..]), ("rich", &RICH[..])] {
        let mut group = c.benchmark_group(format!("smtp/commands/{set}"));
        group.throughput(Throughput::Elements(lines.len() as u64));
        let syntax = Syntax::default();
        let ours = || {
            for line in lines {
                let line = black_box(line.as_bytes());
                let command = Command::parse(&line[..line.len() - 2], &syntax);
                assert!(black_box(&command).is_ok());
            }
        };
        report_allocations(&format!("smtp/commands/{set}/mailwright"), lines.len() as u64, ours);
        group.bench_function("mailwright", |b| b.iter(ours));
        group.bench_function("smtp-proto", |b| {
            b.iter(|| {
                for line in lines {
                    assert!(black_box(&Request::parse(&mut black_box(line.as_bytes()).iter())).is_ok());
                }
            });
        });
        // It takes text without the line end; the check for that belongs to the work.
        group.bench_function("mailrs-smtp-proto", |b| {
            b.iter(|| {
                for line in lines {
                    let text = std::str::from_utf8(black_box(line.as_bytes())).unwrap().trim_end();
                    let _ = black_box(&mailrs_smtp_proto::parse_command(text));
                }
            });
        });
        group.bench_function("smtp-codec", |b| {
            b.iter(|| {
                for line in lines {
                    let _ = black_box(&smtp_codec::parse::command::command(black_box(line.as_bytes())));
                }
            });
        });
        group.finish();
    }
}

/// Buffers that a session's caller keeps.
#[derive(Default)]
struct Out {
    replies: Vec<u8>,
    message: Vec<u8>,
}

impl Out {
    fn clear(&mut self) {
        self.replies.clear();
        self.message.clear();
    }

    fn check(&self, message: &[u8]) {
        let text = std::str::from_utf8(&self.replies).unwrap();
        let codes: Vec<_> =
            text.lines().filter(|line| line.as_bytes().get(3) == Some(&b' ')).map(|line| &line[..3]).collect();
        assert_eq!(codes, ["250", "250", "250", "250", "354", "250", "221"]);
        assert_eq!(self.message, message);
    }
}

/// A session that waits where a client must: each turn comes once the last is answered.
fn mailwright_session(config: &std::sync::Arc<Config>, turns: &[&[u8]], out: &mut Out) {
    let now = Duration::ZERO;
    let mut server = Server::new(config.clone(), Limits::default(), None, now);
    mailwright_turns(&mut server, turns, out);
}

fn mailwright_turns(server: &mut Server, turns: &[&[u8]], out: &mut Out) {
    let now = Duration::ZERO;
    for turn in turns {
        let mut rest = *turn;
        loop {
            let n = server.receive(rest, now);
            rest = &rest[n..];
            while let Some(event) = server.poll() {
                match event {
                    Event::Body(slice) => out.message.extend_from_slice(slice),
                    Event::Connected => {
                        server.answer(Answer::Accept, now).unwrap();
                        server.transmitted(usize::MAX, now);
                    }
                    event if event.asks() => server.answer(Answer::Accept, now).unwrap(),
                    _ => {}
                }
            }
            if rest.is_empty() {
                break;
            }
        }
        out.replies.extend_from_slice(server.transmit());
        server.transmitted(usize::MAX, now);
    }
}

/// mailin takes one line at a time.
struct Keep<'a>(&'a mut Vec<u8>);

impl mailin::Handler for Keep<'_> {
    fn data(&mut self, buffer: &[u8]) -> std::io::Result<()> {
        self.0.extend_from_slice(buffer);
        Ok(())
    }
}

fn mailin_session(builder: &mailin::SessionBuilder, address: IpAddr, turns: &[&[u8]], out: &mut Out) {
    let Out { replies, message } = out;
    let mut session = builder.build(address, Keep(message));
    for line in turns.iter().flat_map(|turn| turn.split_inclusive(|byte| *byte == b'\n')) {
        let response = session.process(line);
        if response.action != mailin::Action::NoReply {
            response.write_to(replies).unwrap();
        }
    }
}

/// mailrs has commands and states; lines and the end of the content are its caller's to find.
fn mailrs_session(turns: &[&[u8]], out: &mut Out) {
    use mailrs_smtp_proto::{
        Event, Response, Session, SessionConfig, format_ehlo_response, parse_command, unstuff_data,
    };
    let mut session = Session::new("mx.example.org", SessionConfig::default());
    let mut content = false;
    for turn in turns {
        let mut rest = *turn;
        while !rest.is_empty() {
            if std::mem::take(&mut content) {
                let end = memchr::memmem::find(rest, b"\r\n.\r\n").unwrap() + 5;
                out.message = unstuff_data(&rest[..end]);
                out.replies.extend_from_slice(Response::data_ok().format().as_bytes());
                rest = &rest[end..];
                continue;
            }
            let end = memchr::memchr(b'\n', rest).unwrap() + 1;
            let command = parse_command(std::str::from_utf8(&rest[..end]).unwrap().trim_end()).unwrap();
            rest = &rest[end..];
            match session.handle_command(&command) {
                Event::Reply(_) if matches!(command, mailrs_smtp_proto::Command::Ehlo(_)) => {
                    out.replies
                        .extend_from_slice(format_ehlo_response(&session.hostname, &session.capabilities()).as_bytes());
                }
                Event::Reply(reply) | Event::Shutdown(reply) => {
                    out.replies.extend_from_slice(reply.format().as_bytes())
                }
                Event::NeedData { reverse_path, forward_paths } => {
                    black_box((reverse_path, forward_paths));
                    out.replies.extend_from_slice(Response::data_start().format().as_bytes());
                    content = true;
                }
                _ => unreachable!(),
            }
        }
    }
}

/// What any session must do at least, without state and replies: smtp-proto's two parsers.
fn parsers_only(all: &[u8], out: &mut Out) {
    let mut bytes = all.iter();
    while let Ok(request) = Request::parse(&mut bytes) {
        match black_box(request) {
            Request::Data => {
                DataReceiver::new().ingest(&mut bytes, &mut out.message);
            }
            Request::Quit => break,
            _ => {}
        }
    }
}

fn sessions(c: &mut Criterion) {
    let message = inputs::message(10_000);
    let content = [inputs::stuffed(&message), b"QUIT\r\n".to_vec()].concat();
    let turns: [&[u8]; 4] = [
        b"",
        b"EHLO mail.example.org\r\n",
        b"MAIL FROM:<jane.smith@example.net> BODY=8BITMIME\r\nRCPT TO:<alice@example.org>\r\nRCPT TO:<sales@example.org>\r\nDATA\r\n",
        &content,
    ];
    let all = turns.concat();
    let config = std::sync::Arc::new(Config::new(Role::Relay, "mx.example.org"));
    let mut out = Out::default();

    let mut group = c.benchmark_group("smtp/session-10k");
    group.throughput(Throughput::Bytes(all.len() as u64));
    mailwright_session(&config, &turns, &mut out);
    out.check(&message);
    report_allocations("smtp/session-10k/mailwright, a session from its beginning", 1, || {
        out.clear();
        mailwright_session(&config, &turns, &mut out);
    });
    // One session after another transaction: what a command costs once the buffers are there.
    let mut server = Server::new(config.clone(), Limits::default(), None, Duration::ZERO);
    let transaction: [&[u8]; 2] = [turns[2], &content[..content.len() - 6]];
    mailwright_turns(&mut server, &turns[..2], &mut out);
    mailwright_turns(&mut server, &transaction, &mut out);
    report_allocations("smtp/session-10k/mailwright, one more message in a session", 5, || {
        out.clear();
        mailwright_turns(&mut server, &transaction, &mut out);
    });
    group.bench_function("mailwright", |b| {
        b.iter(|| {
            out.clear();
            mailwright_session(&config, black_box(&turns), &mut out);
            out.message.len()
        });
    });
    let builder = mailin::SessionBuilder::new("mx.example.org");
    let address = IpAddr::from([192, 0, 2, 9]);
    out.clear();
    mailin_session(&builder, address, &turns, &mut out);
    out.check(&message);
    group.bench_function("mailin", |b| {
        b.iter(|| {
            out.clear();
            mailin_session(&builder, address, black_box(&turns), &mut out);
            out.message.len()
        });
    });
    out.clear();
    mailrs_session(&turns, &mut out);
    out.check(&message);
    group.bench_function("mailrs-smtp-proto", |b| {
        b.iter(|| {
            out.clear();
            mailrs_session(black_box(&turns), &mut out);
            out.message.len()
        });
    });
    group.bench_function("smtp-proto, parsers only", |b| {
        b.iter(|| {
            out.clear();
            parsers_only(black_box(&all), &mut out);
            out.message.len()
        });
    });
    group.finish();
}

/// Content into a buffer.
fn copied(wire: &[u8], out: &mut Vec<u8>) {
    let mut decoder = DataDecoder::new(BareLf::Refuse);
    let mut rest = wire;
    loop {
        let (piece, used) = decoder.next(rest);
        match piece {
            Piece::Content(range) => out.extend_from_slice(&rest[range]),
            Piece::LineEnd => out.extend_from_slice(b"\r\n"),
            _ => return,
        }
        rest = &rest[used..];
    }
}

/// Content as slices: how many bytes there are, without a copy.
fn slices(wire: &[u8]) -> usize {
    let mut decoder = DataDecoder::new(BareLf::Refuse);
    let (mut rest, mut total) = (wire, 0);
    loop {
        let (piece, used) = decoder.next(rest);
        match piece {
            Piece::Content(range) => total += black_box(&rest[range]).len(),
            Piece::LineEnd => total += 2,
            _ => return total,
        }
        rest = &rest[used..];
    }
}

fn data(c: &mut Criterion) {
    for (name, size) in [("10k", 10_000), ("1m", 1_000_000)] {
        let message = inputs::text(size);
        let wire = inputs::stuffed(&message);
        let mut out = Vec::with_capacity(wire.len());
        copied(&wire, &mut out);
        assert_eq!(out, message);
        assert_eq!(slices(&wire), message.len());
        let mut group = c.benchmark_group(format!("smtp/data-{name}"));
        group.throughput(Throughput::Bytes(wire.len() as u64));
        group.bench_function("mailwright", |b| {
            b.iter(|| {
                out.clear();
                copied(black_box(&wire), &mut out);
                out.len()
            });
        });
        group.bench_function("mailwright, slices", |b| b.iter(|| slices(black_box(&wire))));
        group.bench_function("smtp-proto", |b| {
            b.iter(|| {
                out.clear();
                assert!(DataReceiver::new().ingest(&mut black_box(&wire).iter(), &mut out));
                out.len()
            });
        });
        group.bench_function("mailrs-smtp-proto", |b| b.iter(|| mailrs_smtp_proto::unstuff_data(black_box(&wire))));
        group.bench_function("memcpy", |b| {
            b.iter(|| {
                out.clear();
                out.extend_from_slice(black_box(&wire));
                out.len()
            });
        });
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(40).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = commands, sessions, data
}
criterion_main!(benches);
