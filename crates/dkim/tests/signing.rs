//! What we sign verifies, by us and by an independent implementation, and what that one signs verifies by us.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::std_instead_of_core,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "helpers of tests may fail as tests do"
)]

mod support;

use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
};

use dkim::{
    Algorithm, Canonicalization, Key, KeyRecord, Limits, Outcome, Policy, PublicKey, SignError, SignStep, Signer,
    Signing, SigningKey,
};
use dns::Zone;
use support::{NOW, verdict, verdict_in, zone};

/// Made for these tests and used nowhere else.
const RSA: &str = include_str!("support/rsa.pem");
const SEED: [u8; 32] = [7; 32];

const MESSAGE: &str = "Received: from a\r\n by b;\r\n\tnow\r\nFrom: A <a@example.net>\r\nTo: b@example.org,\r\n  c@example.org\r\nSubject:  two  words \t\r\n\
    Date: Mon, 23 Nov 2026 08:12:40 +0000\r\nMessage-ID: <1@example.net>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\nX-Other: x\r\n\
    \r\n Hello,  \r\n\tworld \t again \r\n\r\n.\r\n \r\n\r\n";

fn rsa() -> SigningKey {
    SigningKey::from_pem(RSA).unwrap()
}

fn ed25519() -> SigningKey {
    SigningKey::from_seed(&SEED).unwrap()
}

fn keys() -> Zone {
    zone([
        ("rsa._domainkey.example.net", rsa().record().to_string()),
        ("ed._domainkey.example.net", ed25519().record().to_string()),
    ])
}

fn signing(key: impl Into<Key>, header: Canonicalization, body: Canonicalization) -> Arc<Signing> {
    let key = key.into();
    let selector = match &key {
        Key::Held(key) if key.algorithm() == Algorithm::Ed25519Sha256 => "ed",
        Key::Elsewhere(Algorithm::Ed25519Sha256) => "ed",
        _ => "rsa",
    };
    let mut signing = Signing::new("example.net", selector, key).unwrap();
    (signing.header_form, signing.body_form) = (header, body);
    Arc::new(signing)
}

fn for_ever(mut signing: Arc<Signing>) -> Arc<Signing> {
    Arc::get_mut(&mut signing).unwrap().lifetime = None;
    signing
}

const FORMS: [Canonicalization; 2] = [Canonicalization::Simple, Canonicalization::Relaxed];

fn signed(message: &[u8], signings: Vec<Arc<Signing>>) -> Vec<u8> {
    let mut out = dkim::sign(message, signings, Limits::default(), NOW).unwrap();
    out.extend_from_slice(message);
    out
}

#[test]
fn what_is_signed_verifies_in_all_forms_and_cuts() {
    for header in FORMS {
        for body in FORMS {
            let both = vec![signing(rsa(), header, body), signing(ed25519(), header, body)];
            let message = signed(MESSAGE.as_bytes(), both.clone());
            for size in [1, 3, 64, usize::MAX] {
                let found = verdict_in(&message, &keys(), Policy::default(), NOW, size);
                assert_eq!(found.counting().count(), 2, "{header}/{body}: {found}");
            }
            for size in [1, 5] {
                let mut signer = Signer::new(both.clone(), Limits::default(), NOW);
                MESSAGE.as_bytes().chunks(size).for_each(|piece| signer.receive(piece));
                assert_eq!(signer.step(), SignStep::Wait);
                signer.end();
                assert_eq!(signer.step(), SignStep::Done(Ok(&message[..message.len() - MESSAGE.len()])));
            }
        }
    }
}

#[test]
fn the_field_is_folded_and_signs_what_it_should() {
    let fields = dkim::sign(MESSAGE.as_bytes(), [signing(rsa(), FORMS[1], FORMS[1])], Limits::default(), NOW).unwrap();
    let text = String::from_utf8(fields).unwrap();
    assert!(text.ends_with("\r\n"));
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 78, "{line}");
    }
    assert!(text.split_terminator("\r\n").skip(1).all(|line| line.starts_with('\t')), "{text}");
    let value = text.strip_prefix("DKIM-Signature:").unwrap();
    let signature = dkim::Signature::parse(value.as_bytes(), &Limits::default()).unwrap();
    let names: Vec<&str> = signature.signed_names().collect();
    let times = |name: &str| names.iter().filter(|other| **other == name).count();
    // row K-2: once more than there is; Sender is not there, and neither is Cc, which nobody may add
    assert_eq!(["From", "To", "Subject", "Date", "Cc", "Sender", "Received"].map(times), [2, 2, 2, 2, 1, 0, 0]);
    assert_eq!((signature.timestamp(), signature.expiration()), (Some(NOW as u64), Some(NOW as u64 + 7 * 86_400)));
    assert_eq!(signature.length(), None);
}

#[test]
fn k2_nothing_can_be_added_to_what_is_signed() {
    let message = signed(MESSAGE.as_bytes(), vec![signing(ed25519(), FORMS[1], FORMS[1])]);
    for name in dkim::OVERSIGNED {
        let added = [format!("{name}: other\r\n").as_bytes(), &message].concat();
        let found = verdict(&added, &keys(), Policy::default());
        assert_eq!(found.outcome(), Outcome::Fail, "{name}: {found}");
    }
    let harmless = [b"Received: x\r\nX-Spam: no\r\n", &*message].concat();
    assert_eq!(verdict(&harmless, &keys(), Policy::default()).outcome(), Outcome::Pass);
}

#[test]
fn a_key_that_is_elsewhere_is_asked() {
    let signings = [
        signing(Key::Elsewhere(Algorithm::RsaSha256), FORMS[1], FORMS[1]),
        signing(ed25519(), FORMS[1], FORMS[1]),
        signing(Key::Elsewhere(Algorithm::Ed25519Sha256), FORMS[0], FORMS[1]),
    ];
    let mut signer = Signer::new(signings, Limits::default(), NOW);
    signer.receive(MESSAGE.as_bytes());
    signer.end();
    let mut requests = Vec::new();
    while let SignStep::Sign(request) = signer.step() {
        requests.push((request.id, request.algorithm, request.input.to_vec(), request.digest));
    }
    assert_eq!(requests.len(), 2);
    assert_eq!(signer.step(), SignStep::Wait);
    requests.reverse();
    for (id, algorithm, input, digest) in requests {
        let signature = if algorithm == Algorithm::RsaSha256 {
            assert_eq!(digest.as_slice(), ring::digest::digest(&ring::digest::SHA256, &input).as_ref());
            let (_, der) = pem_to_der(RSA);
            let pair = ring::signature::RsaKeyPair::from_pkcs8(&der).unwrap();
            let mut signature = vec![0; pair.public().modulus_len()];
            pair.sign(&ring::signature::RSA_PKCS1_SHA256, &ring::rand::SystemRandom::new(), &input, &mut signature)
                .unwrap();
            signature
        } else {
            assert_eq!(input, digest);
            ring::signature::Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap().sign(&input).as_ref().to_vec()
        };
        signer.answer(id, Some(&signature)).unwrap();
        assert!(signer.answer(id, Some(&signature)).is_err(), "a second one");
    }
    let SignStep::Done(Ok(fields)) = signer.step() else { panic!("all are there") };
    let message = [fields, MESSAGE.as_bytes()].concat();
    assert_eq!(verdict(&message, &keys(), Policy::default()).counting().count(), 3);

    let mut signer =
        Signer::new([signing(Key::Elsewhere(Algorithm::RsaSha256), FORMS[1], FORMS[1])], Limits::default(), NOW);
    signer.receive(MESSAGE.as_bytes());
    signer.end();
    let SignStep::Sign(request) = signer.step() else { panic!("a request") };
    let id = request.id;
    signer.answer(id, None).unwrap();
    assert_eq!(signer.step(), SignStep::Done(Err(SignError::Key)));
}

fn pem_to_der(text: &str) -> (String, Vec<u8>) {
    use base64::Engine as _;
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    (body.clone(), base64::engine::general_purpose::STANDARD.decode(body).unwrap())
}

#[test]
fn keys_are_read_in_all_their_forms() {
    let record = ed25519().record();
    assert_eq!(SigningKey::from_pem(&SigningKey::seed_to_pem(&SEED)).unwrap().record(), record);
    let (_, pkcs8) = pem_to_der(RSA);
    assert_eq!(SigningKey::from_pkcs8(&pkcs8).unwrap().record(), rsa().record());
    assert_eq!(rsa().record().key().bits(), 2_048);
    assert!(rsa().record().strings().contains("\" \""));
    let read = KeyRecord::parse(rsa().record().to_string().as_bytes(), &Limits::default()).unwrap();
    assert_eq!(read, rsa().record());
    for text in ["", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", &RSA[..200]] {
        assert!(SigningKey::from_pem(text).is_err());
    }
    if let Some(folder) = support::suite("dkim-jdkim") {
        let key = SigningKey::from_pem(&support::text(&folder.join("keys/private.key"))).unwrap();
        let (_, public) = pem_to_der(&support::text(&folder.join("keys/public.pem")));
        assert_eq!(*key.record().key(), PublicKey::rsa(&public).unwrap());
    }
}

#[test]
fn f4_keys_do_not_show_in_debug() {
    let shown = format!("{:?} {:?}", rsa(), signing(ed25519(), FORMS[0], FORMS[0]));
    assert!(shown.contains("redacted") && !shown.contains("7, 7"), "{shown}");
}

#[cfg(feature = "generate")]
#[test]
fn keys_are_made_from_randomness_that_is_given() {
    let mut state = 1_u64;
    let mut fill = |octets: &mut [u8]| {
        for octet in octets {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *octet = (state >> 56) as u8;
        }
    };
    let pem = SigningKey::generate_rsa(2_048, &mut fill).unwrap();
    let key = SigningKey::from_pem(&pem).unwrap();
    let keys = zone([("rsa._domainkey.example.net", key.record().to_string())]);
    let message = signed(MESSAGE.as_bytes(), vec![signing(key, FORMS[1], FORMS[1])]);
    assert_eq!(verdict(&message, &keys, Policy::default()).outcome(), Outcome::Pass);
    assert!(SigningKey::generate_rsa(1_024, &mut fill).is_err());
}

#[test]
fn no_from_no_signature() {
    let one = || [signing(ed25519(), FORMS[1], FORMS[1])];
    let result = dkim::sign(b"To: a\r\n\r\n", one(), Limits::default(), NOW);
    assert_eq!(result, Err(SignError::NoFrom));
    let many = format!("From: a\r\n{}\r\n", "To: b\r\n".repeat(300));
    assert!(matches!(dkim::sign(many.as_bytes(), one(), Limits::default(), NOW), Err(SignError::Limit(_))));
    for (domain, selector) in
        [("", "a"), (".", "a"), ("a b", "a"), ("example.net", ""), ("example.net", "a."), ("example.net", "a;b=c")]
    {
        assert!(Signing::new(domain, selector, ed25519()).is_err(), "{domain} {selector}");
    }
}

/// python3 with dkimpy, or the one that `MAILWRIGHT_PYTHON` names.
#[allow(clippy::disallowed_methods, reason = "a test may look at its environment")]
fn dkimpy(script: &str, input: &[u8]) -> Option<Vec<u8>> {
    let python = std::env::var("MAILWRIGHT_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let probe = Command::new(&python).args(["-c", "import dkim, nacl"]).stderr(Stdio::null()).status();
    if !probe.is_ok_and(|status| status.success()) {
        println!("skipped: no python3 with dkimpy and pynacl here");
        return None;
    }
    let mut child =
        Command::new(&python).args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{script}");
    Some(output.stdout)
}

#[test]
fn dkimpy_verifies_what_we_sign() {
    let mut script = "import sys, dkim\nkeys = {\n".to_owned();
    for (name, record) in [("rsa", rsa().record()), ("ed", ed25519().record())] {
        script.push_str(&format!("  b'{name}._domainkey.example.net.': b'{record}',\n"));
    }
    script.push_str("}\nd = dkim.DKIM(sys.stdin.buffer.read())\nprint([d.verify(idx=i, dnsfunc=lambda n, **k: keys[n]) for i in range(2)])\n");
    let mut verified = 0;
    for header in FORMS {
        for body in FORMS {
            for text in [
                MESSAGE,
                "From: a@example.net\r\n\r\n",
                "From: a@example.net\r\nSubject:\r\n\r\n\r\n\r\n",
                "From: a\r\n\r\n no end",
            ] {
                let signings = [signing(rsa(), header, body), signing(ed25519(), header, body)].map(for_ever);
                // its clock is the real one
                let fields = dkim::sign(text.as_bytes(), signings, Limits::default(), 1_700_000_000).unwrap();
                let message = [&*fields, text.as_bytes()].concat();
                let Some(found) = dkimpy(&script, &message) else { return };
                assert_eq!(String::from_utf8_lossy(&found).trim(), "[True, True]", "{header}/{body} {text:?}");
                verified += 2;
            }
        }
    }
    println!("dkimpy verifies {verified} of 32 signatures of ours");
}

#[test]
fn we_verify_what_dkimpy_signs() {
    let seed = pem_to_der(&SigningKey::seed_to_pem(&SEED)).1[16..].to_vec();
    use base64::Engine as _;
    let seed = base64::engine::general_purpose::STANDARD.encode(seed);
    let mut verified = 0;
    for header in FORMS {
        for body in FORMS {
            let script = format!(
                "import sys, dkim\nm = sys.stdin.buffer.read()\n\
                 a = dkim.DKIM(m).sign(b'rsa', b'example.net', b'''{RSA}''', canonicalize=(b'{header}', b'{body}'))\n\
                 b = dkim.DKIM(m, signature_algorithm=b'ed25519-sha256').sign(b'ed', b'example.net', b'{seed}', canonicalize=(b'{header}', b'{body}'))\n\
                 sys.stdout.buffer.write(a + b)\n"
            );
            let Some(fields) = dkimpy(&script, MESSAGE.as_bytes()) else { return };
            let message = [&*fields, MESSAGE.as_bytes()].concat();
            // its clock is the real one
            let found = verdict_in(&message, &keys(), Policy::default(), 4_000_000_000, 7);
            assert_eq!(found.counting().count(), 2, "{header}/{body}: {found}");
            verified += 2;
        }
    }
    println!("we verify {verified} of 8 signatures of dkimpy's");
}
