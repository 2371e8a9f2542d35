//! Chains validated, beside mail-auth, with the keys in caches of both.
//!
//! mail-auth verifies the newest message signature and all seals; ours does the same with `messages` at 1, and by default also says up to where older message signatures still hold.
//! Without features our signatures are ring's; with `--features aws-lc-rs` they are that library's, which mail-auth uses.

use std::{hint::black_box, sync::Arc, time::Duration, time::Instant};

use arc::{ArcResult, Limits, SealStep, Sealer};
use auth_results::{AuthenticationResults, Resinfo, ResultCode};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use benches::{cache::MailAuthCache, report_allocations};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dkim::{Algorithm, KeyRecord};
use dns::{Inquiry as _, Step};
use futures::executor::block_on;
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator,
    dkim::DomainKey,
    dns::{Parameters, ResolverCache, TxtRecord, TxtRecordParser},
};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::EncodePublicKey, sha2::Digest as _, sha2::Sha256};

const NOW: i64 = 1_700_000_000;
/// The peer has a clock of its own.
const LATER: i64 = 1_790_000_000;

/// A letter of this size with so many sets, each by another host; the hosts have one key.
fn chain(size: usize, sets: usize, key: &RsaPrivateKey) -> Vec<u8> {
    let mut message = b"From: Mary <mary@example.net>\r\nTo: list@example.org\r\nSubject: Minutes of the meeting\r\n\
        Date: Thu, 1 Oct 2026 12:00:00 +0000\r\nMessage-ID: <1@example.net>\r\nMIME-Version: 1.0\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\r\n"
        .to_vec();
    let line = b"It was agreed that the next meeting takes place on Thursday, as always.\r\n";
    message.extend(line.iter().cycle().take(size / line.len() * line.len()));
    for n in 1..=sets {
        let domain = format!("d{n}.example");
        let sealer = Sealer::new(&domain, "s", Algorithm::RsaSha256).expect("names");
        let status = if n == 1 { ArcResult::None } else { ArcResult::Pass };
        let results = AuthenticationResults::new(&*domain)
            .result(Resinfo::arc(status.as_str().into(), None, None))
            .result(Resinfo::dmarc(ResultCode::Pass, "example.net", Some("reject")));
        let mut sealing = sealer.seal(status, &results, NOW).expect("results");
        sealing.receive(&message);
        sealing.end();
        let fields = loop {
            let signature = match sealing.step().expect("a chain") {
                SealStep::Sign(input) => key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(input)),
                SealStep::Done(fields) => break fields.to_vec(),
                SealStep::Wait => unreachable!(),
            };
            sealing.signed(&signature.expect("a signature")).expect("asked for");
        };
        message = [fields, message].concat();
    }
    message
}

fn validate(message: &[u8], record: &Arc<KeyRecord>, limits: Limits) -> ArcResult {
    let mut validator = arc::validate(message, limits, Duration::ZERO, LATER);
    loop {
        let id = match validator.step() {
            Step::Ask(question) => question.id,
            Step::Wait => panic!("nothing is open"),
            Step::Done(verdict) => return verdict.result(),
        };
        validator.answer_parsed(id, record.clone(), 300, false);
    }
}

fn all(criterion: &mut Criterion) {
    let key = RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).expect("a key");
    let der = key.to_public_key().to_public_key_der().expect("DER");
    let text = format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(der.as_bytes()));
    let record = Arc::new(KeyRecord::parse(text.as_bytes(), &dkim::Limits::default()).expect("a key"));
    let cache = MailAuthCache::default();
    for n in 1..=50 {
        let record = TxtRecord::from(DomainKey::parse(text.as_bytes()).expect("a key"));
        cache.txt.insert(format!("s._domainkey.d{n}.example.").into(), record, Instant::now());
    }
    let authenticator = MessageAuthenticator::new_system_conf().expect("a resolver, which is never asked");
    let peer = |message: &[u8]| {
        let message = AuthenticatedMessage::parse(message).expect("a message");
        let output = block_on(authenticator.verify_arc(Parameters::new(&message).with_cache(&cache)));
        *output.result() == DkimResult::Pass
    };
    let mut newest = Limits::default();
    newest.messages = 1;
    for (name, size, sets) in [
        ("10k, 1 set", 10_000, 1),
        ("10k, 3 sets", 10_000, 3),
        ("1m, 3 sets", 1_000_000, 3),
        ("10k, 20 sets", 10_000, 20),
    ] {
        let message = chain(size, sets, &key);
        let broken = String::from_utf8(message.clone()).expect("text").replacen("Minutes", "Seconds", 1).into_bytes();
        for (message, passes) in [(&message, true), (&broken, false)] {
            assert_eq!(validate(message, &record, newest) == ArcResult::Pass, passes);
            assert_eq!(validate(message, &record, Limits::default()) == ArcResult::Pass, passes);
            assert_eq!(peer(message), passes);
        }
        let mut group = criterion.benchmark_group(format!("arc/{name}"));
        group.throughput(Throughput::Bytes(message.len() as u64));
        group.bench_function("ours", |bencher| bencher.iter(|| validate(black_box(&message), &record, newest)));
        group.bench_function("ours, with oldest-pass", |bencher| {
            bencher.iter(|| validate(black_box(&message), &record, Limits::default()));
        });
        group.bench_function("mail-auth", |bencher| bencher.iter(|| peer(black_box(&message))));
        group.finish();
        report_allocations(&format!("arc/{name}, ours"), 1, || validate(&message, &record, newest));
        report_allocations(&format!("arc/{name}, mail-auth"), 1, || peer(&message));
    }
}

criterion_group!(benchmarks, all);
criterion_main!(benchmarks);
