//! Line framing and base64, beside the plainest loop and the crates one would take instead.

use std::{hint::black_box, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use benches::report_allocations;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use wire::{Input, Line, Lines};

fn framing(c: &mut Criterion) {
    let line = b"RCPT TO:<somebody.with.a.name@subdomain.example.org>\r\n";
    let all = line.repeat(100);
    let mut group = c.benchmark_group("wire/lines");
    group.throughput(Throughput::Elements(100));
    // A line needs both CR and LF, a limit, and a buffer that bytes arrive in.
    let mut input = Input::new(65_536);
    let mut ours = || {
        let mut lines = Lines::new();
        let mut count = 0;
        input.receive(black_box(&all));
        while let Line::Whole { total, .. } = lines.next(input.unread(), 2_048) {
            input.consume(total);
            lines.restart();
            count += 1;
        }
        assert_eq!(count, 100);
    };
    report_allocations("wire/lines/mailwright", 100, &mut ours);
    group.bench_function("mailwright", |b| b.iter(&mut ours));
    // memchr for the line feed alone, on bytes that are already there: the limit.
    group.bench_function("memchr", |b| b.iter(|| memchr::memchr_iter(b'\n', black_box(&all)).count()));
    group.bench_function("std BufRead::read_until", |b| {
        let mut line = Vec::new();
        b.iter(|| {
            let mut reader = std::io::BufReader::with_capacity(65_536, black_box(&all[..]));
            let mut count = 0;
            while std::io::BufRead::read_until(&mut reader, b'\n', &mut line).unwrap() > 0 {
                line.clear();
                count += 1;
            }
            count
        });
    });
    group.finish();
}

fn codes(c: &mut Criterion) {
    let secret = b"\0somebody@example.org\0a password of some length";
    let text = STANDARD.encode(secret);
    let mut group = c.benchmark_group("wire/base64");
    group.throughput(Throughput::Bytes(text.len() as u64));
    let mut out = Vec::with_capacity(256);
    group.bench_function("mailwright decode", |b| {
        b.iter(|| {
            out.clear();
            wire::base64::decode(black_box(text.as_bytes()), &mut out).unwrap();
            out.len()
        });
    });
    group.bench_function("base64 decode", |b| {
        b.iter(|| {
            out.clear();
            STANDARD.decode_vec(black_box(text.as_bytes()), &mut out).unwrap();
            out.len()
        });
    });
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(40).warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    targets = framing, codes
}
criterion_main!(benches);
