//! Signatures verified and made, beside mail-auth, cfdkim and mailrs-dkim, and beside the least that any program must do: one hash of the message and one operation with the key.
//!
//! Without features our signatures are ring's; with `--features aws-lc-rs` they are that library's, which mail-auth uses too.

use std::{collections::HashMap, hint::black_box, sync::Arc, time::Duration, time::Instant};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use benches::{cache::MailAuthCache, inputs, peak, report_allocations};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dkim::{KeyRecord, Limits, Outcome, Policy, Signing, SigningKey, Verifier};
use dns::{Answer, Inquiry, Step, Txt};
use futures::executor::block_on;
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator,
    crypto::{Ed25519Key, RsaKey, Sha256},
    dkim::{Canonicalization, DkimSigner, DomainKey},
    dns::{Parameters, ResolverCache, TxtRecord, TxtRecordParser},
    headers::HeaderWriter,
};
use rsa::{
    pkcs1::EncodeRsaPrivateKey,
    pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding},
    traits::PublicKeyParts,
};

const NOW: i64 = 1_700_000_000;
/// Peers have clocks of their own, and sign by them.
const LATER: i64 = 4_000_000_000;
const SEED: [u8; 32] = [7; 32];
const SIGNED: [&str; 8] = ["From", "To", "Cc", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"];
const SIZES: [(&str, usize); 2] = [("10k", 10_000), ("1m", 1_000_000)];

struct Fixed(String);

impl cfdkim::dns::Lookup for Fixed {
    fn lookup_txt<'a>(&'a self, _: &'a str) -> futures::future::BoxFuture<'a, Result<Vec<String>, cfdkim::DKIMError>> {
        Box::pin(futures::future::ready(Ok(vec![self.0.clone()])))
    }
}

struct Texts(HashMap<String, String>);

#[async_trait::async_trait]
impl mailrs_dkim::DkimResolver for Texts {
    async fn lookup_txt(&self, name: &str) -> Result<Vec<String>, mailrs_dkim::DkimError> {
        Ok(self.0.get(name).cloned().into_iter().collect())
    }
}

/// The keys of all, and their records.
struct Keys {
    private: rsa::RsaPrivateKey,
    rsa_record: String,
    ed25519_record: String,
}

impl Keys {
    fn new() -> Self {
        let private = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2_048).expect("a key");
        let der = private.to_public_key().to_public_key_der().expect("DER");
        let rsa_record = format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(der.as_bytes()));
        let ed25519_record = SigningKey::from_seed(&SEED).expect("a key").record().to_string();
        Self { private, rsa_record, ed25519_record }
    }

    fn ours(&self, kind: &str) -> Arc<Signing> {
        let (selector, key) = match kind {
            "rsa2048" => ("s1", SigningKey::from_pem(&self.private.to_pkcs8_pem(LineEnding::LF).expect("PEM"))),
            _ => ("ed", SigningKey::from_seed(&SEED)),
        };
        let mut signing = Signing::new("example.net", selector, key.expect("a key")).expect("names");
        signing.signed = SIGNED.map(Into::into).into();
        signing.oversigned = Vec::new();
        signing.lifetime = None;
        Arc::new(signing)
    }
}

/// Our verdict; the key's record comes as text, or parsed as a cache has it.
fn verify(message: &[u8], record: &Result<Arc<KeyRecord>, Txt>) -> Outcome {
    let mut verifier = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, LATER);
    verifier.receive(message);
    verifier.end();
    loop {
        let id = match verifier.step() {
            Step::Ask(question) => question.id,
            Step::Wait => panic!("nothing is open"),
            Step::Done(verdict) => return verdict.outcome(),
        };
        match record {
            Ok(record) => verifier.answer_parsed(id, record.clone(), 300, false),
            Err(text) => {
                let records = dns::Records::Txt(std::slice::from_ref(text));
                verifier.answer(id, Answer::Records { records, ttl: 300, authenticated: false });
            }
        }
    }
}

fn all(c: &mut Criterion) {
    let keys = Keys::new();
    let der = keys.private.to_pkcs1_der().expect("DER");
    let cache = MailAuthCache::default();
    for (name, text) in [("s1", &keys.rsa_record), ("ed", &keys.ed25519_record)] {
        let record = TxtRecord::from(DomainKey::parse(text.as_bytes()).expect("a key"));
        cache.txt.insert(format!("{name}._domainkey.example.net.").into(), record, Instant::now());
    }
    let authenticator = MessageAuthenticator::new_system_conf().expect("a resolver, which is never asked");
    let rsa_signer = DkimSigner::from_key(
        RsaKey::<Sha256>::from_key_der(rustls_pki_types::PrivateKeyDer::Pkcs1(der.as_bytes().to_vec().into()))
            .expect("a key"),
    )
    .domain("example.net")
    .selector("s1")
    .headers(SIGNED)
    .header_canonicalization(Canonicalization::Relaxed)
    .body_canonicalization(Canonicalization::Relaxed);
    let public = ed25519_dalek::SigningKey::from_bytes(&SEED).verifying_key().to_bytes();
    let ed_signer = DkimSigner::from_key(Ed25519Key::from_seed_and_public_key(&SEED, &public).expect("a key"))
        .domain("example.net")
        .selector("ed")
        .headers(SIGNED)
        .header_canonicalization(Canonicalization::Relaxed)
        .body_canonicalization(Canonicalization::Relaxed);
    let mailrs_rsa = mailrs_dkim::DkimSigningKey::Rsa(
        mailrs_dkim::RsaSigningKey::from_pkcs8_der(keys.private.to_pkcs8_der().expect("DER").as_bytes())
            .expect("a key"),
    );
    let mailrs_ed = mailrs_dkim::DkimSigningKey::Ed25519(ed25519_dalek::SigningKey::from_bytes(&SEED));
    let mailrs_options =
        |selector| mailrs_dkim::SignOpts::new("example.net", selector).signed_headers(SIGNED).timestamp(NOW as u64);
    let mailrs_dns = mailrs_dkim::CachedDkimResolver::new(Texts(
        [("s1._domainkey.example.net", &keys.rsa_record), ("ed._domainkey.example.net", &keys.ed25519_record)]
            .map(|(name, text)| (name.to_owned(), text.clone()))
            .into(),
    ));
    let log = slog::Logger::root(slog::Discard, slog::o!());
    let cfdkim_dns: Arc<dyn cfdkim::dns::Lookup> = Arc::new(Fixed(keys.rsa_record.clone()));
    let cfdkim_signer = cfdkim::SignerBuilder::new()
        .with_signed_headers(&SIGNED)
        .expect("names")
        .with_private_key(cfdkim::DkimPrivateKey::Rsa(keys.private.clone()))
        .with_selector("s1")
        .with_signing_domain("example.net")
        .with_header_canonicalization(cfdkim::canonicalization::Type::Relaxed)
        .with_body_canonicalization(cfdkim::canonicalization::Type::Relaxed)
        .with_logger(&log)
        .build()
        .expect("a signer");
    let by_mail_auth = |message: &[u8]| {
        let message = AuthenticatedMessage::parse(message).expect("a message");
        let output = block_on(authenticator.verify_dkim(Parameters::new(&message).with_cache(&cache)));
        assert!(output.iter().all(|output| *output.result() == DkimResult::Pass));
    };
    let by_mailrs = |message: &[u8]| {
        assert!(block_on(mailrs_dkim::verify_all(&mailrs_dns, message)).iter().all(|signature| signature.is_pass()));
    };
    let by_cfdkim = |message: &[u8]| {
        let parsed = mailparse_014::parse_mail(message).expect("a message");
        let result = block_on(cfdkim::verify_email_with_resolver(&log, "example.net", &parsed, cfdkim_dns.clone()));
        assert_eq!(result.expect("a result").summary(), "pass");
    };

    for (size_name, size) in SIZES {
        let message = inputs::message(size);
        for kind in ["rsa2048", "ed25519"] {
            let ours = keys.ours(kind);
            let fields = dkim::sign(&message, [ours.clone()], Limits::default(), NOW).expect("a signature");
            let signed = [fields, message.clone()].concat();
            let text = if kind == "rsa2048" { &keys.rsa_record } else { &keys.ed25519_record };
            let parsed = Ok(Arc::new(KeyRecord::parse(text.as_bytes(), &Limits::default()).expect("a key")));
            let unparsed = Err(Txt::from(&**text));
            // all agree before anything is measured
            assert_eq!((verify(&signed, &parsed), verify(&signed, &unparsed)), (Outcome::Pass, Outcome::Pass));
            by_mail_auth(&signed);
            let own = if kind == "rsa2048" { rsa_signer.sign(&message) } else { ed_signer.sign(&message) };
            let own = [own.expect("a signature").to_header().into_bytes(), message.clone()].concat();
            assert_eq!(verify(&own, &parsed), Outcome::Pass);
            let (mailrs_key, selector) = if kind == "rsa2048" { (&mailrs_rsa, "s1") } else { (&mailrs_ed, "ed") };
            let mailrs_own = mailrs_dkim::sign(&message, mailrs_key, &mailrs_options(selector)).expect("a signature");
            let mailrs_own = [mailrs_own.into_bytes(), message.clone()].concat();
            by_mailrs(&mailrs_own);
            assert_eq!(verify(&mailrs_own, &parsed), Outcome::Pass);

            let mut group = c.benchmark_group(format!("dkim/verify-{kind}-{size_name}"));
            group.throughput(Throughput::Bytes(signed.len() as u64));
            let name = format!("dkim/verify-{kind}-{size_name}/mailwright");
            report_allocations(&name, 1, || verify(&signed, &parsed));
            group.bench_function("mailwright (key parsed before)", |b| b.iter(|| verify(black_box(&signed), &parsed)));
            group.bench_function("mailwright", |b| b.iter(|| verify(black_box(&signed), &unparsed)));
            group.bench_function("mail-auth (key parsed before)", |b| b.iter(|| by_mail_auth(black_box(&signed))));
            group.bench_function("mailrs-dkim (key parsed before)", |b| b.iter(|| by_mailrs(black_box(&mailrs_own))));
            if kind == "rsa2048" {
                // it refuses signatures whose field does not end in a semicolon; mail-auth's does
                by_cfdkim(&own);
                group.bench_function("cfdkim", |b| b.iter(|| by_cfdkim(black_box(&own))));
            }
            floors(&mut group, &keys, kind, &signed);
            group.finish();

            let mut group = c.benchmark_group(format!("dkim/sign-{kind}-{size_name}"));
            group.throughput(Throughput::Bytes(message.len() as u64));
            let sign = || dkim::sign(black_box(&message), [ours.clone()], Limits::default(), NOW).expect("a signature");
            report_allocations(&format!("dkim/sign-{kind}-{size_name}/mailwright"), 1, sign);
            group.bench_function("mailwright", |b| b.iter(sign));
            if kind == "rsa2048" {
                group.bench_function("mail-auth", |b| {
                    b.iter(|| rsa_signer.sign(black_box(&message)).expect("a signature"))
                });
                group.bench_function("cfdkim", |b| {
                    b.iter(|| {
                        let parsed = mailparse_014::parse_mail(black_box(&message)).expect("a message");
                        cfdkim_signer.sign(&parsed).expect("a signature")
                    });
                });
            } else {
                group.bench_function("mail-auth", |b| {
                    b.iter(|| ed_signer.sign(black_box(&message)).expect("a signature"))
                });
            }
            group.bench_function("mailrs-dkim", |b| {
                b.iter(|| mailrs_dkim::sign(black_box(&message), mailrs_key, &mailrs_options(selector)));
            });
            group.finish();
        }
    }
}

type Group<'a> = criterion::BenchmarkGroup<'a, criterion::measurement::WallTime>;

/// The least there is to do: the message hashed once, one signature verified.
fn floors(group: &mut Group<'_>, keys: &Keys, kind: &str, message: &[u8]) {
    let input = [b'x'; 600];
    let public = keys.private.to_public_key();
    let (n, e) = (public.n().to_bytes_be(), public.e().to_bytes_be());
    if kind == "rsa2048" {
        let pair = ring::rsa::KeyPair::from_der(keys.private.to_pkcs1_der().expect("DER").as_bytes()).expect("a key");
        let mut signature = vec![0; pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        pair.sign(&ring::signature::RSA_PKCS1_SHA256, &random, &input, &mut signature).expect("a signature");
        let key = ring::signature::RsaPublicKeyComponents { n: n.clone(), e: e.clone() };
        group.bench_function("least: hash and verify, ring", |b| {
            b.iter(|| {
                black_box(ring::digest::digest(&ring::digest::SHA256, black_box(message)));
                key.verify(&ring::signature::RSA_PKCS1_2048_8192_SHA256, &input, &signature).expect("it is right");
            });
        });
        let algorithm = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
        let key = aws_lc_rs::signature::ParsedPublicKey::new(algorithm, pair.public().as_ref()).expect("a key");
        group.bench_function("least: hash and verify, aws-lc-rs", |b| {
            b.iter(|| {
                black_box(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, black_box(message)));
                key.verify_sig(&input, &signature).expect("it is right");
            });
        });
        return;
    }
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&SEED).expect("a key");
    let signature = pair.sign(&input);
    let public = ring::signature::KeyPair::public_key(&pair).as_ref().to_vec();
    group.bench_function("least: hash and verify, ring", |b| {
        b.iter(|| {
            black_box(ring::digest::digest(&ring::digest::SHA256, black_box(message)));
            let key = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &public);
            key.verify(&input, signature.as_ref()).expect("it is right");
        });
    });
    group.bench_function("least: hash and verify, aws-lc-rs", |b| {
        b.iter(|| {
            black_box(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, black_box(message)));
            let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, &public);
            key.verify(&input, signature.as_ref()).expect("it is right");
        });
    });
}

/// Bodies in which much changes, and the memory that a large one needs.
fn extremes(c: &mut Criterion) {
    let keys = Keys::new();
    let signing = keys.ours("ed25519");
    let parsed = Ok(Arc::new(KeyRecord::parse(keys.ed25519_record.as_bytes(), &Limits::default()).expect("a key")));
    let mut group = c.benchmark_group("dkim/extremes-1m");
    let bodies: [(&str, &[u8]); 4] = [
        ("two spaces between words", b"lorem  ipsum  dolor  sit\r\n"),
        ("white space at each line's end", b"Lorem ipsum dolor sit amet, consectetur adipiscing elit \r\n"),
        ("tabs and spaces alone", b" \t"),
        ("line ends alone", b"\r\n"),
    ];
    for (name, line) in bodies {
        let message = [&inputs::header()[..], &line.repeat(1_000_000 / line.len()), b"x\r\n"].concat();
        let fields = dkim::sign(&message, [signing.clone()], Limits::default(), NOW).expect("a signature");
        let signed = [fields, message].concat();
        assert_eq!(verify(&signed, &parsed), Outcome::Pass);
        group.throughput(Throughput::Bytes(signed.len() as u64));
        group.bench_function(name, |b| b.iter(|| verify(black_box(&signed), &parsed)));
    }
    group.finish();

    let piece = inputs::text(16_384);
    for (name, pieces) in [("10 KB", 1), ("1 MB", 61), ("100 MB", 6_104), ("1 GB", 61_036)] {
        let head = inputs::header();
        let mut signer = dkim::Signer::new([signing.clone()], Limits::default(), NOW);
        signer.receive(&head);
        (0..pieces).for_each(|_| signer.receive(&piece));
        signer.end();
        let dkim::SignStep::Done(Ok(fields)) = signer.step() else { panic!("a signature") };
        let held = peak(|| {
            let mut verifier = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, LATER);
            verifier.receive(fields);
            verifier.receive(&head);
            (0..pieces).for_each(|_| verifier.receive(&piece));
            verifier.end();
            let Step::Ask(question) = verifier.step() else { panic!("a question") };
            let id = question.id;
            verifier.answer_parsed(id, parsed.clone().expect("parsed"), 300, false);
            assert!(matches!(verifier.step(), Step::Done(verdict) if verdict.outcome() == Outcome::Pass));
        });
        println!("dkim/memory/{name}: {held} octets on the heap at most");
    }
}

criterion_group!(benches, all, extremes);
criterion_main!(benches);
