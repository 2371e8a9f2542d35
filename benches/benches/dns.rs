//! Names and messages: beside hickory-proto, on the same bytes, and beside what others ask lists of addresses with. The answers are compared before anything is measured.

use std::{hint::black_box, net::Ipv4Addr};

use benches::report_allocations;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dns::{Kind, Limits, Name, wire};
use hickory_proto::{
    op::Message,
    rr::{self, RData},
    serialize::binary::BinDecodable as _,
};

const TEXT: &str = "s2048._domainkey.mail.example.org";
const ADDRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 17);

/// An answer with three addresses, as a server writes it.
fn answer() -> Vec<u8> {
    let name: Name = "mx.example.org".parse().expect("a name");
    let mut message = wire::encode(7, &name, Kind::A, &wire::Options::default());
    // without EDNS, so that records can follow
    message.truncate(message.len() - 11);
    message[2] |= 0x80;
    message[7] = 3;
    message[11] = 0;
    for last in 1..=3 {
        message.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, last]);
    }
    message
}

fn names(criterion: &mut Criterion) {
    let ours = || Name::parse(black_box(TEXT)).map_or(0, |name| name.labels().count());
    let hickory = || rr::Name::from_ascii(black_box(TEXT)).map_or(0, |name| usize::from(name.num_labels()));
    assert_eq!([ours(), hickory()], [5; 2]);
    let mut group = criterion.benchmark_group("dns/a name");
    group.throughput(Throughput::Elements(1));
    group.bench_function("mailwright", |bencher| bencher.iter(ours));
    group.bench_function("hickory-proto", |bencher| bencher.iter(hickory));
    group.finish();
    report_allocations("mailwright, a name", 1, ours);
    report_allocations("hickory-proto, a name", 1, hickory);

    let ours = || Name::reverse(black_box(ADDRESS).into()).as_str().len();
    let hickory = || rr::Name::from(black_box(ADDRESS)).to_ascii().len() - 1;
    assert_eq!([ours(), hickory()], ["17.2.0.192.in-addr.arpa".len(); 2]);
    let mut group = criterion.benchmark_group("dns/the name of an address");
    group.throughput(Throughput::Elements(1));
    group.bench_function("mailwright", |bencher| bencher.iter(ours));
    group.bench_function("hickory-proto", |bencher| bencher.iter(hickory));
    group.finish();
    report_allocations("mailwright, the name of an address", 1, ours);
    report_allocations("hickory-proto, the name of an address", 1, hickory);
}

fn messages(criterion: &mut Criterion) {
    let message = answer();
    let name: Name = "mx.example.org".parse().expect("a name");
    let limits = Limits::default();
    let ours = || {
        let reply = wire::decode(7, &name, Kind::A, black_box(&message), &limits);
        reply.ok().and_then(|reply| reply.response.as_answer().a().map(<[_]>::len).ok()).unwrap_or(0)
    };
    let hickory = || {
        let message = Message::from_bytes(black_box(&message));
        message.map_or(0, |message| message.answers.iter().filter(|record| matches!(record.data, RData::A(_))).count())
    };
    assert_eq!([ours(), hickory()], [3; 2]);
    let mut group = criterion.benchmark_group("dns/an answer of three addresses");
    group.throughput(Throughput::Bytes(message.len() as u64));
    group.bench_function("mailwright, checked against the question", |bencher| bencher.iter(ours));
    group.bench_function("hickory-proto, read alone", |bencher| bencher.iter(hickory));
    group.finish();
    report_allocations("mailwright, an answer", 1, ours);
    report_allocations("hickory-proto, an answer", 1, hickory);
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(std::time::Duration::from_millis(500)).measurement_time(std::time::Duration::from_secs(2));
    targets = names, messages
}
criterion_main!(benches);
