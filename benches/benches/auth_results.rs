//! Authentication-Results: a field of usual size read, written, and looked at for our own name.
//!
//! No other crate reads the field. mail-auth writes it, from the outputs of its own checks; those for SPF and iprev can be made without a
//! check, so these two results are written by both, the comment on SPF made anew each time, and compared before anything is measured.

use std::{hint::black_box, net::IpAddr, sync::Arc};

use auth_results::{AuthenticationResults, DkimSignature, Resinfo, ResultCode, claims};
use benches::report_allocations;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use mail_auth::{IprevOutput, IprevResult, SpfOutput, SpfResult, headers::HeaderWriter, spf::verify::SpfParameters};

const OWN: &str = "mx.example.org";
const SENDER: &str = "bounces+mary@news.example.net";
const IP: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

fn usual() -> AuthenticationResults<'static> {
    let signature = |domain, selector, signature| DkimSignature {
        domain,
        selector: Some(selector),
        algorithm: Some("rsa-sha256"),
        signature: Some(signature),
        ..DkimSignature::default()
    };
    AuthenticationResults::new(OWN)
        .result(Resinfo::spf_mailfrom(ResultCode::Pass, SENDER))
        .result(
            Resinfo::dkim(ResultCode::Pass, signature("example.net", "s2026", "oINEO8hgn/gnunsg")).comment("2048 bits"),
        )
        .result(
            Resinfo::dkim(ResultCode::Fail, signature("esp.example", "k1", "EToRSuvUfQVP3Bkz"))
                .reason("body hash did not verify"),
        )
        .result(Resinfo::iprev(ResultCode::Pass, IP))
        .result(Resinfo::dmarc(ResultCode::Pass, "example.net", Some("reject")))
}

fn written(field: &AuthenticationResults<'_>, out: &mut Vec<u8>) -> usize {
    out.clear();
    field.write(out).expect("good names");
    out.len()
}

fn value(field: &[u8]) -> &[u8] {
    field.strip_prefix(b"Authentication-Results:").expect("its name")
}

fn read_and_write(criterion: &mut Criterion) {
    let (field, mut out) = (usual(), Vec::new());
    written(&field, &mut out);
    let input = value(&out).to_vec();
    assert_eq!(AuthenticationResults::parse(&input).as_ref(), Ok(&field));

    let mut group = criterion.benchmark_group("auth-results/five results");
    group.throughput(Throughput::Bytes(input.len() as u64));
    let read = || AuthenticationResults::parse(black_box(&input)).map_or(0, |field| field.results.len());
    group.bench_function("parse", |bencher| bencher.iter(read));
    group.bench_function("write", |bencher| bencher.iter(|| written(black_box(&field), &mut out)));
    group.bench_function("build and write", |bencher| bencher.iter(|| written(&usual(), &mut out)));
    group.bench_function("claims, ours", |bencher| bencher.iter(|| claims(black_box(&input), OWN)));
    group.bench_function("claims, another's", |bencher| bencher.iter(|| claims(black_box(&input), "mx.example.com")));
    group.finish();
    report_allocations("auth-results/parse", 1, read);
    report_allocations("auth-results/write", 1, || written(&field, &mut out));
    report_allocations("auth-results/claims", 1, || claims(&input, OWN));
}

fn beside_peers(criterion: &mut Criterion) {
    let ours = |out: &mut Vec<u8>| {
        let comment = format!("{OWN}: domain of {SENDER} designates {IP} as permitted sender");
        let spf = Resinfo::spf_mailfrom(ResultCode::Pass, SENDER).comment(comment);
        written(&AuthenticationResults::new(OWN).result(spf).result(Resinfo::iprev(ResultCode::Pass, IP)), out)
    };
    let spf = SpfOutput::new("news.example.net".to_owned()).with_result(SpfResult::Pass);
    let iprev = IprevOutput { result: IprevResult::Pass, ptr: Some(Arc::from([])) };
    let peer = |out: &mut Vec<u8>| {
        out.clear();
        let params = SpfParameters::mail_from(IP, "mail.example.net", OWN, SENDER);
        mail_auth::AuthenticationResults::new(OWN)
            .with_spf_result(black_box(&spf), &params)
            .with_iprev_result(black_box(&iprev), IP)
            .write_header(out);
        out.len()
    };
    let (mut one, mut other) = (Vec::new(), Vec::new());
    ours(&mut one);
    peer(&mut other);
    assert_eq!(AuthenticationResults::parse(value(&one)), AuthenticationResults::parse(value(&other)));

    let mut group = criterion.benchmark_group("auth-results/SPF and iprev, built and written");
    group.throughput(Throughput::Elements(1));
    group.bench_function("mailwright", |bencher| bencher.iter(|| ours(&mut one)));
    group.bench_function("mail-auth", |bencher| bencher.iter(|| peer(&mut other)));
    group.finish();
    report_allocations("mailwright", 1, || ours(&mut one));
    report_allocations("mail-auth", 1, || peer(&mut other));
}

criterion_group!(benches, read_and_write, beside_peers);
criterion_main!(benches);
