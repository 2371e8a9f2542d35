//! Header blocks, addresses, dates, parts and contents, and mail made to be costly: read by us and by the best peers, on the same bytes. The answers are compared before
//! anything is measured.

use std::hint::black_box;

use benches::{hostile, inputs, report_allocations};
use criterion::{Criterion, Throughput, criterion_group};
use mail_parser::{HeaderForm, MessageBuffers, MessageParser};
use message::{AddressList, DateTime, DisplayName, Index, Mailbox, MessageBuilder, mime::Parser};

const ADDRESSES: &[u8] =
    b"Mary Smith <mary@x.test>, jdoe@example.org, \"Joe Q. Public\" <john.q.public@example.com>,\r\n\
    \t=?utf-8?q?Andr=C3=A9?= Pirard <pirard@example.net>, Who? <one@y.test>, boss@nil.test,\r\n\
    \t\"Giant; \\\"Big\\\" Box\" <sysservices@example.net>, Ed Jones <joe@where.test>\r\n";
const DATE: &[u8] = b"Fri, 21 Nov 1997 09:55:06 -0600\r\n";
const UNIX: i64 = 880_127_706;

/// The names and raw values of all fields.
fn header_index(criterion: &mut Criterion) {
    let message = inputs::message(10_000);
    let fields = 14;
    let mut index = Index::default();
    let ours = |index: &mut Index| {
        index.parse(&message).map_or(0, |headers| headers.iter().map(|field| black_box(field.raw()).len().min(1)).sum())
    };
    let rfc5322 = || mailrs_rfc5322::Message::new(&message).headers().inspect(|header| _ = black_box(header)).count();
    let mailparse = || mailparse::parse_headers(&message).map_or(0, |(headers, _)| headers.len());
    assert_eq!([ours(&mut index), rfc5322(), mailparse()], [fields; 3]);

    let mut group = criterion.benchmark_group("message/index of the header, 10 KB message");
    let header = inputs::header().len() as u64;
    group.throughput(Throughput::Bytes(header));
    group.bench_function("mailwright", |bencher| bencher.iter(|| ours(&mut index)));
    group.bench_function("mailrs-rfc5322", |bencher| bencher.iter(rfc5322));
    group.bench_function("mailparse", |bencher| bencher.iter(mailparse));
    group.finish();
    report_allocations("mailwright, index", 1, || ours(&mut index));
    report_allocations("mailrs-rfc5322, index", 1, rfc5322);
    report_allocations("mailparse, index", 1, mailparse);
}

/// Five fields by their names, one of them not there.
fn lookup(criterion: &mut Criterion) {
    const NAMES: [&str; 5] = ["From", "To", "Subject", "Message-ID", "X-Not-There"];
    let message = inputs::message(10_000);
    let mut index = Index::default();
    let ours = |index: &mut Index| {
        index
            .parse(&message)
            .map_or(0, |headers| NAMES.iter().filter(|name| black_box(headers.get(name)).is_some()).count())
    };
    let rfc5322 = || {
        let message = mailrs_rfc5322::Message::new(&message);
        NAMES.iter().filter(|name| black_box(message.header(name)).is_some()).count()
    };
    assert_eq!([ours(&mut index), rfc5322()], [4; 2]);

    let mut group = criterion.benchmark_group("message/five fields by name, indexing included");
    group.throughput(Throughput::Elements(1));
    group.bench_function("mailwright", |bencher| bencher.iter(|| ours(&mut index)));
    group.bench_function("mailrs-rfc5322", |bencher| bencher.iter(rfc5322));
    group.finish();
}

/// All structured values of a header: addresses, dates, ids, Received; and the rest as text.
fn values(criterion: &mut Criterion) {
    let message = inputs::message(10_000);
    let mut index = Index::default();
    let ours = |index: &mut Index| {
        let Ok(headers) = index.parse(&message) else { return 0 };
        for field in headers {
            match field.name() {
                "From" | "To" | "Cc" => _ = black_box(field.addresses()),
                "Date" => _ = black_box(field.date()),
                "Message-ID" | "In-Reply-To" | "References" => field.message_ids().for_each(|id| _ = black_box(id)),
                "Received" => _ = black_box(field.hop()),
                _ => _ = black_box(field.text()),
            }
        }
        headers.get("Date").and_then(|field| field.date().ok()).map_or(0, |date| date.unix())
    };
    let parser = MessageParser::default();
    let mail_parser = || {
        let message = black_box(parser.parse_headers(&message));
        let date = message
            .as_ref()
            .and_then(|message| message.headers().value("Date"))
            .and_then(|value| value.as_datetime().map(|date| date.to_timestamp()));
        date.unwrap_or(0)
    };
    let mailparse = || {
        let Ok((headers, _)) = mailparse::parse_headers(&message) else { return 0 };
        let mut unix = 0;
        for header in &headers {
            match &*header.get_key_ref() {
                "From" | "To" | "Cc" => _ = black_box(mailparse::addrparse_header(header)),
                "Date" => unix = mailparse::dateparse(&header.get_value()).unwrap_or(0),
                "Message-ID" | "In-Reply-To" | "References" => {
                    _ = black_box(mailparse::msgidparse(&header.get_value()))
                }
                _ => _ = black_box(header.get_value()),
            }
        }
        unix
    };
    assert_eq!([ours(&mut index), mail_parser(), mailparse()], [1_795_421_560; 3]);

    let mut group = criterion.benchmark_group("message/every value of the header");
    group.throughput(Throughput::Bytes(inputs::header().len() as u64));
    group.bench_function("mailwright", |bencher| bencher.iter(|| ours(&mut index)));
    group.bench_function("mail-parser", |bencher| bencher.iter(mail_parser));
    group.bench_function("mailparse, Received as text", |bencher| bencher.iter(mailparse));
    group.finish();
    report_allocations("mailwright, every value", 1, || ours(&mut index));
    report_allocations("mail-parser, every value", 1, mail_parser);
    report_allocations("mailparse, every value", 1, mailparse);
}

fn addresses(criterion: &mut Criterion) {
    let value = ADDRESSES.trim_ascii_end();
    let ours = || AddressList::parse(value).map_or(0, |list| black_box(list).addresses().len());
    let mail_parser = || {
        black_box(HeaderForm::Addresses.parse(ADDRESSES))
            .value()
            .as_address()
            .map_or(0, |list| list.mailboxes().count())
    };
    let text = std::str::from_utf8(value).expect("the input is ASCII").replace("\r\n", "");
    let mailparse = || mailparse::addrparse(&text).map_or(0, |list| black_box(list).len());
    assert_eq!([ours(), mail_parser(), mailparse()], [8; 3]);

    let mut group = criterion.benchmark_group("message/list of eight addresses");
    group.throughput(Throughput::Bytes(value.len() as u64));
    group.bench_function("mailwright", |bencher| bencher.iter(ours));
    group.bench_function("mail-parser", |bencher| bencher.iter(mail_parser));
    group.bench_function("mailparse, unfolded before", |bencher| bencher.iter(mailparse));
    group.finish();
    report_allocations("mailwright, an address", 8, ours);
    report_allocations("mail-parser, an address", 8, mail_parser);
    report_allocations("mailparse, an address", 8, mailparse);

    // the worst for a reader that starts again behind each comma
    let bomb = b"\"(,".repeat(30_000);
    let mut group = criterion.benchmark_group("message/list of broken addresses");
    group.throughput(Throughput::Bytes(bomb.len() as u64));
    group.bench_function("mailwright", |bencher| {
        bencher.iter(|| {
            AddressList::parse_with(black_box(&bomb), &message::Limits::default(), message::Leniency::Forgiving).is_ok()
        });
    });
    group.finish();
}

fn dates(criterion: &mut Criterion) {
    let value = DATE.trim_ascii_end();
    let ours = || DateTime::parse(black_box(value)).map_or(0, |date| date.unix());
    let mail_parser =
        || HeaderForm::Date.parse(black_box(DATE)).value().as_datetime().map_or(0, |date| date.to_timestamp());
    let text = std::str::from_utf8(value).expect("the input is ASCII");
    let mailparse = || mailparse::dateparse(black_box(text)).unwrap_or(0);
    assert_eq!([ours(), mail_parser(), mailparse()], [UNIX; 3]);

    let mut group = criterion.benchmark_group("message/date");
    group.throughput(Throughput::Elements(1));
    group.bench_function("mailwright", |bencher| bencher.iter(ours));
    group.bench_function("mail-parser", |bencher| bencher.iter(mail_parser));
    group.bench_function("mailparse", |bencher| bencher.iter(mailparse));
    group.finish();
}

fn building(criterion: &mut Criterion) {
    let from = Mailbox::new(DisplayName::new("Zoë"), "zoe@example.org".parse().expect("an address"));
    let text = String::from_utf8(inputs::text(10_000)).expect("the input is ASCII");
    let to: message::AddrSpec<'_> = "ned@example.net".parse().expect("an address");
    let builder =
        MessageBuilder::new(from, DateTime::utc(UNIX)).to(to).subject("Grüße vom anderen Ende der Leitung").text(text);
    let mut out = Vec::new();
    let mut build = || {
        out.clear();
        builder.write(&mut out).map_or(0, |_| out.len())
    };
    let length = build();

    let mut group = criterion.benchmark_group("message/build 10 KB");
    group.throughput(Throughput::Bytes(length as u64));
    group.bench_function("mailwright", |bencher| bencher.iter(&mut build));
    group.finish();
    report_allocations("mailwright, a message built", 1, &mut build);
}

/// The tree of parts: headers indexed, parts found, nothing decoded. Peers that read the values of the header meanwhile do more; that is told in their rows' names.
fn parts(criterion: &mut Criterion) {
    let corpus = inputs::corpus();
    let attachment = vec![inputs::attachment(1_000_000)];
    for (name, mails) in [("corpus", &corpus), ("attachment of 1.4 MB", &attachment)] {
        let Some(first) = mails.first() else { continue };
        let bytes: usize = mails.iter().map(Vec::len).sum();
        let mut parser = Parser::default();
        let ours = |parser: &mut Parser| {
            mails
                .iter()
                .map(|mail| parser.parse(black_box(mail)).map_or(0, |message| black_box(message.parts().len())))
                .sum::<usize>()
        };
        let other = MessageParser::default();
        let mut buffers = MessageBuffers::new();
        let mut mail_parser = || {
            let mut parts = 0;
            for mail in mails {
                let Some(message) = other.parse_with(black_box(mail), &mut buffers) else { continue };
                parts += black_box(message.parts().len());
                buffers = message.into_buffers();
            }
            parts
        };
        let mailparse = || {
            let parts = |mail: &Vec<u8>| {
                mailparse::parse_mail(black_box(mail)).map_or(0, |mail| black_box(mail.parts().count()))
            };
            mails.iter().map(parts).sum::<usize>()
        };
        // Decodes base64 and quoted-printable meanwhile, and does not look into messages in messages.
        let mailrs =
            || mails.iter().map(|mail| black_box(mailrs_mime::parse(black_box(mail))).walk().count()).sum::<usize>();
        println!(
            "{name}: {} messages, {bytes} octets, {} parts for us, {}, {} and {} for the others",
            mails.len(),
            ours(&mut parser),
            mail_parser(),
            mailparse(),
            mailrs()
        );
        let mut group = criterion.benchmark_group(format!("message/parts, {name}"));
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("mailwright", |bencher| bencher.iter(|| ours(&mut parser)));
        group.bench_function("mail-parser, values of headers too", |bencher| bencher.iter(&mut mail_parser));
        group.bench_function("mailparse", |bencher| bencher.iter(mailparse));
        group.bench_function("mailrs-mime, contents decoded too", |bencher| bencher.iter(mailrs));
        group.bench_function("memchr of line ends", |bencher| {
            bencher
                .iter(|| mails.iter().map(|mail| memchr::memchr_iter(b'\n', black_box(mail)).count()).sum::<usize>());
        });
        group.finish();
        report_allocations(&format!("mailwright, parts, {name}"), mails.len() as u64, || ours(&mut parser));
        report_allocations(&format!("mail-parser, parts, {name}"), mails.len() as u64, &mut mail_parser);
        report_allocations(&format!("mailparse, parts, {name}"), mails.len() as u64, mailparse);
        report_allocations(&format!("mailrs-mime, parts, {name}"), mails.len() as u64, mailrs);
        black_box(first);
    }
}

/// The tree, and every content decoded.
fn contents(criterion: &mut Criterion) {
    let corpus = inputs::corpus();
    let attachment = vec![inputs::attachment(1_000_000)];
    for (name, mails) in [("corpus", &corpus), ("attachment of 1.4 MB", &attachment)] {
        if mails.is_empty() {
            continue;
        }
        let bytes: usize = mails.iter().map(Vec::len).sum();
        let mut parser = Parser::default();
        let ours = |parser: &mut Parser| {
            let mut octets = 0;
            for mail in mails {
                let Ok(message) = parser.parse(black_box(mail)) else { continue };
                for part in message.parts().filter(|part| !part.is_multipart() && !part.is_message()) {
                    octets += match part.text() {
                        Some(text) => black_box(text).len(),
                        None => black_box(part.decoded()).bytes.len(),
                    };
                }
            }
            octets
        };
        let other = MessageParser::default();
        let mut buffers = MessageBuffers::new();
        let mut mail_parser = || {
            let mut octets = 0;
            for mail in mails {
                let Some(message) = other.parse_with(black_box(mail), &mut buffers) else { continue };
                for part in message.parts().filter(|part| !part.is_multipart() && !part.is_message()) {
                    octets += match part.text() {
                        Some(text) => black_box(text).len(),
                        None => black_box(part.decoded()).len(),
                    };
                }
                buffers = message.into_buffers();
            }
            octets
        };
        let mailrs = || {
            let mut octets = 0;
            for mail in mails {
                for part in mailrs_mime::parse(black_box(mail)).walk().filter(|part| part.children.is_empty()) {
                    octets += match part.body_text() {
                        Some(text) => black_box(text).len(),
                        None => black_box(&part.body).len(),
                    };
                }
            }
            octets
        };
        println!(
            "{name}: {} octets decoded by us, {} by mail-parser, {} by mailrs-mime",
            ours(&mut parser),
            mail_parser(),
            mailrs()
        );
        let mut group = criterion.benchmark_group(format!("message/contents, {name}"));
        group.throughput(Throughput::Bytes(bytes as u64));
        group.bench_function("mailwright", |bencher| bencher.iter(|| ours(&mut parser)));
        group.bench_function("mail-parser", |bencher| bencher.iter(&mut mail_parser));
        group.bench_function("mailrs-mime", |bencher| bencher.iter(mailrs));
        group.finish();
    }
}

/// A reader of everything in a message: its parts, the values of their headers, their contents, and pages as text. It says how much it saw.
type Reader = (&'static str, fn(&[u8]) -> usize);

/// Each as far as it goes: mailparse and mailrs-mime read no pages, mailrs-mime reads no values but those of MIME.
const READERS: [Reader; 4] = [
    ("mailwright", read_all),
    ("mail-parser", mail_parser_all),
    ("mailparse", mailparse_all),
    ("mailrs-mime", mailrs_all),
];

/// Without limits, as the peers have none: with them most of these inputs are refused or cut short at once.
fn read_all(mail: &[u8]) -> usize {
    let mut limits = message::Limits::default();
    (limits.header, limits.field, limits.fields) = (u32::MAX, u32::MAX, u32::MAX);
    (limits.addresses, limits.parts) = (u32::MAX, u32::MAX);
    let limits = &limits;
    let mut parser = Parser::new(*limits);
    let Ok(message) = parser.parse(mail) else { return 0 };
    let mut seen = 0;
    for part in message.parts() {
        for field in part.headers() {
            seen += match field.name() {
                "From" | "To" => AddressList::parse_with(field.value(), limits, message::Leniency::Forgiving)
                    .map_or(0, |list| black_box(list).addresses().len()),
                _ => black_box(field.text()).len(),
            };
        }
        seen += black_box(part.file_name()).map_or(0, |name| name.len());
        seen += match part.text() {
            Some(text) if part.media_type().sub().eq_ignore_ascii_case("html") => {
                black_box(message::html::to_text(&text)).len()
            }
            Some(text) => black_box(text).len(),
            None => black_box(part.decoded()).bytes.len(),
        };
    }
    seen
}

fn mail_parser_all(mail: &[u8]) -> usize {
    let Some(message) = MessageParser::default().parse(mail) else { return 0 };
    let mut seen = black_box(message.body_text(0)).map_or(0, |text| text.len());
    for part in message.parts().filter(|part| !part.is_multipart() && !part.is_message()) {
        seen += match part.text() {
            Some(text) => black_box(text).len(),
            None => black_box(part.decoded()).len(),
        };
    }
    seen
}

fn mailparse_all(mail: &[u8]) -> usize {
    let Ok(message) = mailparse::parse_mail(mail) else { return 0 };
    let mut seen = 0;
    for part in message.parts() {
        for field in &part.headers {
            seen += match &*field.get_key_ref() {
                "From" | "To" => mailparse::addrparse_header(field).map_or(0, |list| black_box(list).len()),
                _ => black_box(field.get_value()).len(),
            };
        }
        seen += black_box(part.get_content_disposition().params).len();
        seen += black_box(part.get_body()).map_or(0, |text| text.len());
    }
    seen
}

fn mailrs_all(mail: &[u8]) -> usize {
    let root = mailrs_mime::parse(mail);
    root.walk().map(|part| part.body_text().map_or(part.body.len(), |text| black_box(text).len())).sum()
}

/// Rows M-1 to M-8: four times the input is to take four times as long. The tests count it; here it is seen, and what others do.
fn hostile(criterion: &mut Criterion) {
    const SIZE: usize = 50_000;
    for (name, input) in hostile::BOMBS {
        for size in [SIZE, 4 * SIZE] {
            let mail = input(size);
            let mut group = criterion.benchmark_group(format!("message/hostile, {name}, {} KB", size / 1_000));
            group
                .sample_size(10)
                .warm_up_time(std::time::Duration::from_millis(50))
                .measurement_time(std::time::Duration::from_millis(250))
                .throughput(Throughput::Bytes(mail.len() as u64));
            for (reader, read) in READERS {
                match hostile::survives(reader, name, size) {
                    Ok(()) => _ = group.bench_function(reader, |bencher| bencher.iter(|| read(black_box(&mail)))),
                    Err(why) => println!("left out: {reader} {why} on {} KB of {name}", size / 1_000),
                }
            }
            group.finish();
        }
    }
}

/// What a process does that [`hostile::survives`] has started.
fn attempt(reader: &str, name: &str, size: usize) {
    let read = READERS.iter().find(|(known, _)| *known == reader);
    let input = hostile::BOMBS.iter().find(|(known, _)| *known == name);
    if let (Some((_, read)), Some((_, input))) = (read, input) {
        black_box(read(&input(size)));
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(2));
    targets = header_index, lookup, values, addresses, dates, building, parts, contents, hostile
}

fn main() {
    if let Some((reader, input, size)) = hostile::trial() {
        return attempt(&reader, &input, size);
    }
    benches();
    Criterion::default().configure_from_args().final_summary();
}
