//! Rows K-1 to K-7 of the threats: each attack, and what becomes of it.
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

use std::{sync::Arc, time::Duration};

use dkim::{
    BodyLength, Exceeded, Header, Key, KeyError, KeyRecord, Limits, Outcome, Policy, Problem, PublicKey, SignStep,
    SignatureError, Signer, Signing, SigningKey, Verdict, Verifier,
};
use dns::{Absence, Answer, Inquiry as _, Kind, RecordSet, Response, Step, Zone};
use support::{NOW, verdict, verdict_in, zone};

const SEED: [u8; 32] = [9; 32];
const NAME: &str = "s._domainkey.example.net";
const MESSAGE: &str = "From: a@example.net\r\nTo: b@example.org\r\nSubject: one\r\n\r\nHello\r\n";

fn key() -> SigningKey {
    SigningKey::from_seed(&SEED).unwrap()
}

fn record() -> String {
    key().record().to_string()
}

fn signing() -> Signing {
    Signing::new("example.net", "s", key()).unwrap()
}

fn keys() -> Zone {
    zone([(NAME, record())])
}

fn signed_by(signing: Signing, message: &str) -> Vec<u8> {
    let mut out = dkim::sign(message.as_bytes(), [Arc::new(signing)], Limits::default(), NOW).unwrap();
    out.extend_from_slice(message.as_bytes());
    out
}

fn signed() -> Vec<u8> {
    signed_by(signing(), MESSAGE)
}

/// A signature with other tags than we would write: `tags` without `bh=` and `b=`.
fn made_by_hand(tags: &str, message: &str, body_signed: &str) -> Vec<u8> {
    let hash = ring::digest::digest(&ring::digest::SHA256, body_signed.as_bytes());
    let field = format!("DKIM-Signature: {tags}; bh={}; b=", base64(hash.as_ref()));
    let whole = format!("{field}\r\n{message}");
    let header = Header::parse(whole.as_bytes(), &Limits::default()).unwrap();
    let own = header.fields().next().unwrap();
    let mut input = Vec::new();
    let names = tags.split(';').find_map(|tag| tag.trim().strip_prefix("h=")).unwrap_or_default();
    let form =
        if tags.contains("c=relaxed") { dkim::Canonicalization::Relaxed } else { dkim::Canonicalization::Simple };
    let names: Vec<&str> = names.split(':').map(str::trim).collect();
    header.select(names).for_each(|field| field.canonicalize(form, &mut input));
    own.canonicalize_without(form, 0..0, &mut input);
    let digest = ring::digest::digest(&ring::digest::SHA256, &input);
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(&SEED).unwrap();
    format!("{field}{}\r\n{message}", base64(pair.sign(digest.as_ref()).as_ref())).into_bytes()
}

fn base64(octets: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

fn problem(verdict: &Verdict) -> Problem {
    verdict.signatures()[0].problem.unwrap_or_else(|| panic!("{verdict}"))
}

const TAGS: &str = "v=1; a=ed25519-sha256; c=relaxed/relaxed; d=example.net; s=s; h=from:to:subject";

#[test]
fn the_tests_own_signatures_are_right() {
    let found = verdict(&made_by_hand(TAGS, MESSAGE, "Hello\r\n"), &keys(), Policy::default());
    assert_eq!(found.outcome(), Outcome::Pass, "{found}");
    assert_eq!(verdict(&signed(), &keys(), Policy::default()).outcome(), Outcome::Pass);
}

#[test]
fn k1_a_signed_part_of_the_body_is_no_pass() {
    let tags = format!("{TAGS}; l=7");
    let appended = format!("{MESSAGE}<b>Pay here</b>\r\n");
    let (whole, part) = (made_by_hand(&tags, MESSAGE, "Hello\r\n"), made_by_hand(&tags, &appended, "Hello\r\n"));
    let with = |body_length| {
        let mut policy = Policy::default();
        policy.body_length = body_length;
        [&whole, &part].map(|message| verdict(message, &keys(), policy).outcome())
    };
    assert_eq!(with(BodyLength::Refused), [Outcome::Policy, Outcome::Policy]);
    assert_eq!(with(BodyLength::Whole), [Outcome::Pass, Outcome::Policy]);
    assert_eq!(with(BodyLength::Accepted), [Outcome::Pass, Outcome::Pass]);
    let found = verdict(&part, &keys(), Policy::default());
    assert_eq!(problem(&found), Problem::BodyPart { signed: 7, size: 24 });
    assert_eq!((found.counting().count(), found.signatures()[0].body), (0, Some((7, 24))));
    let short = made_by_hand(&format!("{TAGS}; l=8"), MESSAGE, "Hello\r\n");
    assert_eq!(problem(&verdict(&short, &keys(), Policy::default())), Problem::BodyShort { signed: 8, size: 7 });
}

#[test]
fn k1_the_signer_never_writes_l() {
    assert!(!String::from_utf8(signed()).unwrap().contains("l="), "no such tag");
}

#[test]
fn k2_from_must_be_signed() {
    let message = made_by_hand(&TAGS.replace("from:", ""), MESSAGE, "Hello\r\n");
    assert_eq!(
        problem(&verdict(&message, &keys(), Policy::default())),
        Problem::Signature(SignatureError::FromUnsigned)
    );
}

#[test]
fn k2_the_instance_at_the_bottom_is_the_signed_one() {
    let two = MESSAGE.replace("Subject: one\r\n", "Subject: added\r\nSubject: one\r\n");
    let one = made_by_hand(TAGS, MESSAGE, "Hello\r\n");
    // above the signed one a field that is signed once may be added without being seen: that is why we sign once more
    let added = String::from_utf8(one).unwrap().replace(MESSAGE, &two);
    assert_eq!(verdict(added.as_bytes(), &keys(), Policy::default()).outcome(), Outcome::Pass);
    let below = added.replace("Subject: added\r\nSubject: one\r\n", "Subject: one\r\nSubject: added\r\n");
    assert_eq!(problem(&verdict(below.as_bytes(), &keys(), Policy::default())), Problem::Header);
}

#[test]
fn k3_signatures_have_their_time() {
    let message = signed();
    let at = |now: i64| verdict_in(&message, &keys(), Policy::default(), now, usize::MAX);
    let week = 7 * 86_400;
    assert_eq!(at(NOW - 300).outcome(), Outcome::Pass);
    assert_eq!(problem(&at(NOW - 301)), Problem::Early { ahead: 301 });
    assert_eq!(at(NOW + week + 300).outcome(), Outcome::Pass);
    assert_eq!(problem(&at(NOW + week + 301)), Problem::Expired { ago: 301 });
    assert_eq!(at(NOW + 60).signatures()[0].age, Some(60));
    let turned = format!("{TAGS}; t=100; x=100");
    let found = verdict(&made_by_hand(&turned, MESSAGE, "Hello\r\n"), &keys(), Policy::default());
    assert_eq!(problem(&found), Problem::Signature(SignatureError::Expiration));
}

/// DER of an RSAPublicKey with a modulus of so many bits, which nobody has the primes of.
fn rsa_key(bits: usize, exponent: &[u8]) -> Vec<u8> {
    let mut modulus = vec![0xFF; bits.div_ceil(8)];
    match bits % 8 {
        0 => modulus.insert(0, 0),
        rest => modulus[0] = 0xFF >> (8 - rest),
    }
    let tagged = |tag: u8, octets: &[u8]| {
        let len = octets.len();
        let head = match len {
            0..128 => vec![tag, len as u8],
            128..256 => vec![tag, 0x81, len as u8],
            _ => vec![tag, 0x82, (len >> 8) as u8, len as u8],
        };
        [&head, octets].concat()
    };
    tagged(0x30, &[tagged(2, &modulus), tagged(2, exponent)].concat())
}

#[test]
fn k4_weak_and_costly_keys_prove_nothing() {
    let tags = TAGS.replace("ed25519", "rsa");
    let message = made_by_hand(&tags, MESSAGE, "Hello\r\n");
    let found = |bits| {
        let key = PublicKey::rsa(&rsa_key(bits, &[1, 0, 1])).unwrap();
        assert_eq!(usize::from(key.bits()), bits);
        let found = verdict(&message, &zone([(NAME, KeyRecord::new(key).to_string())]), Policy::default());
        (found.outcome(), problem(&found))
    };
    for bits in [512, 768, 1_023] {
        assert_eq!(found(bits), (Outcome::Policy, Problem::KeyShort(bits as u16)));
    }
    for bits in [1_024, 1_025, 2_048, 4_096] {
        assert_eq!(found(bits), (Outcome::Fail, Problem::Header));
    }
    for bits in [4_097, 8_192, 16_384] {
        assert_eq!(found(bits), (Outcome::Policy, Problem::KeyLong(bits as u16)));
    }
    for exponent in [&[1][..], &[2], &[0], &[1, 0, 0, 0, 1]] {
        assert_eq!(PublicKey::rsa(&rsa_key(2_048, exponent)), Err(KeyError::Malformed), "{exponent:?}");
    }
    for length in [0, 31, 33, 44] {
        let text = format!("k=ed25519; p={}A", base64(&vec![1; length]));
        assert!(KeyRecord::parse(text.as_bytes(), &Limits::default()).is_err(), "{length}");
    }
}

#[test]
fn k4_sha1_is_no_signature() {
    let tags = TAGS.replace("ed25519-sha256", "rsa-sha1");
    let message = made_by_hand(&tags, MESSAGE, "Hello\r\n");
    // its hash is too long for SHA-1
    assert_eq!(problem(&verdict(&message, &keys(), Policy::default())), Problem::Signature(SignatureError::BodyHash));
    let text = String::from_utf8(message).unwrap();
    let start = text.find("bh=").unwrap() + 3;
    let end = start + text[start..].find(';').unwrap();
    let message = format!("{}{}{}", &text[..start], base64(&[0; 20]), &text[end..]);
    let found = verdict(message.as_bytes(), &keys(), Policy::default());
    assert_eq!((found.outcome(), problem(&found)), (Outcome::PermError, Problem::Sha1));
    assert!(Signing::new("example.net", "s", Key::Elsewhere(dkim::Algorithm::RsaSha1)).is_err());
}

#[test]
fn k5_of_a_thousand_signatures_few_are_tried() {
    let own = String::from_utf8(signed()).unwrap();
    let junk = "DKIM-Signature: v=1; a=rsa-sha256; d=junk.example; s=sN; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n";
    let flood: String = (0..990).map(|number| junk.replace("sN", &format!("s{number}"))).collect();
    let mut asked = 0;
    let verifier =
        dkim::verify(format!("{flood}{own}").as_bytes(), Policy::default(), Limits::default(), Duration::ZERO, NOW);
    let keys = keys();
    let found = dns::drive::blocking(verifier, |name, kind| {
        asked += 1;
        keys.lookup(name, kind)
    });
    // the author's own signature is among the five, though it stands below all others
    assert_eq!((found.signatures().len(), found.ignored(), asked), (5, 986, 5));
    assert_eq!(found.outcome(), Outcome::Pass, "{found}");
    assert_eq!(found.counting().count(), 1);

    let names = vec!["from"; 201].join(":");
    let message = made_by_hand(&TAGS.replace("from:to:subject", &names), MESSAGE, "Hello\r\n");
    let limit = Exceeded::SignedFields(200);
    assert_eq!(problem(&verdict(&message, &keys, Policy::default())), Problem::Signature(SignatureError::Limit(limit)));
    let fields = format!("{}{own}", "A: b\r\n".repeat(1_000));
    let found = verdict(fields.as_bytes(), &keys, Policy::default());
    assert_eq!((found.exceeded(), found.outcome()), (Some(Exceeded::Fields(1_000)), Outcome::PermError));
    let large = format!("A: {}\r\n{own}", "b".repeat(1 << 20));
    assert_eq!(verdict(large.as_bytes(), &keys, Policy::default()).exceeded(), Some(Exceeded::Header(1 << 20)));
}

/// The author is found however the field is folded, and with a name or without one.
#[test]
fn k5_the_authors_own_signature_comes_first_however_from_is_folded() {
    let junk = "DKIM-Signature: v=1; a=rsa-sha256; d=junk.example; s=sN; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n";
    let flood: String = (0..20).map(|number| junk.replace("sN", &format!("s{number}"))).collect();
    for from in [
        "a@example.net",
        "<a@example.net>",
        "\r\n a@example.net",
        "\"An Author\"\r\n\t<a@example.net>",
        "An\r\n Author\r\n <a@example.net> (for\r\n others) ",
        "An Author <a@mail.example.net>\r\n  ",
    ] {
        let message = MESSAGE.replacen("a@example.net", from, 1);
        let own = String::from_utf8(signed_by(signing(), &message)).unwrap();
        let found = verdict(format!("{flood}{own}").as_bytes(), &keys(), Policy::default());
        assert_eq!((found.signatures().len(), found.ignored()), (5, 16));
        assert_eq!(found.outcome(), Outcome::Pass, "{from:?}: {found}");
    }
}

#[test]
fn k5_a_key_that_two_signatures_name_is_asked_for_once() {
    let own = String::from_utf8(signed()).unwrap();
    let field = &own[..own.len() - MESSAGE.len()];
    let mut verifier =
        dkim::verify(format!("{field}{own}").as_bytes(), Policy::default(), Limits::default(), Duration::ZERO, NOW);
    let Step::Ask(question) = verifier.step() else { panic!("a question") };
    assert_eq!((question.name.as_str(), question.kind), (NAME, Kind::Txt));
    let id = question.id;
    assert!(matches!(verifier.step(), Step::Wait));
    let response = keys().lookup(&NAME.parse().unwrap(), Kind::Txt);
    verifier.answer(id, response.as_answer());
    verifier.answer(id, Answer::NoSuchName);
    let Step::Done(found) = verifier.step() else { panic!("a verdict") };
    assert_eq!(found.counting().count(), 2);
    assert!(matches!(verifier.step(), Step::Done(again) if again == found));
    // what was parsed may be used again
    let key = found.signatures()[0].key.clone().unwrap();
    assert_eq!(found.signatures()[0].key_ttl, Zone::TTL);
    let mut verifier = dkim::verify(own.as_bytes(), Policy::default(), Limits::default(), Duration::ZERO, NOW);
    let Step::Ask(question) = verifier.step() else { panic!("a question") };
    let id = question.id;
    verifier.answer_parsed(id, key, 300, false);
    assert!(matches!(verifier.step(), Step::Done(found) if found.outcome() == Outcome::Pass));
}

#[test]
fn k6_tags_that_are_wrong() {
    type Expected = fn(Problem) -> bool;
    let cases: &[(&str, &str, Expected)] = &[
        ("v=1;", "v=2;", |problem| problem == Problem::Signature(SignatureError::Version)),
        ("v=1;", "", |problem| problem == Problem::Signature(SignatureError::Missing("v"))),
        ("v=1;", "v=1; v=1;", |problem| matches!(problem, Problem::Signature(SignatureError::Syntax(_)))),
        ("s=s;", "s=s; s=t;", |problem| matches!(problem, Problem::Signature(SignatureError::Syntax(_)))),
        ("ed25519-sha256", "rsa-md5", |problem| problem == Problem::Signature(SignatureError::Algorithm)),
        ("c=relaxed/relaxed", "c=relaxed/nofws", |problem| {
            problem == Problem::Signature(SignatureError::Canonicalization)
        }),
        ("s=s;", "s=s; q=dns/other;", |problem| problem == Problem::Signature(SignatureError::Query)),
        ("s=s;", "s=s; i=a@other.example;", |problem| problem == Problem::Signature(SignatureError::Identity)),
        ("s=s;", "s=s; i=a@badexample.net;", |problem| problem == Problem::Signature(SignatureError::Identity)),
        ("s=s;", "s=s; l=-1;", |problem| matches!(problem, Problem::Signature(SignatureError::Syntax(_)))),
        ("d=example.net", "d=exa mple.net", |problem| problem == Problem::Signature(SignatureError::Domain)),
        ("d=example.net", "d=.", |problem| problem == Problem::Signature(SignatureError::Domain)),
        ("s=s;", "s=;", |problem| problem == Problem::Signature(SignatureError::Selector)),
        ("h=from:to", "h=from::to", |problem| matches!(problem, Problem::Signature(SignatureError::Syntax(_)))),
    ];
    for (from, to, expected) in cases {
        let found = verdict(&made_by_hand(&TAGS.replace(from, to), MESSAGE, "Hello\r\n"), &keys(), Policy::default());
        assert!(expected(problem(&found)), "{to}: {found}");
        assert_ne!(found.outcome(), Outcome::Pass);
    }
    for to in [
        "s=s; i=@example.net;",
        "s=s; i=a=40b@mail.example.net;",
        "s=s; q=x/y : dns/txt;",
        "s=s; unknown=1;",
        "s=s;\r\n\t",
    ] {
        let found = verdict(&made_by_hand(&TAGS.replace("s=s;", to), MESSAGE, "Hello\r\n"), &keys(), Policy::default());
        assert_eq!(found.outcome(), Outcome::Pass, "{to}: {found}");
    }
}

#[test]
fn k6_keys_that_are_wrong() {
    let p = record().split_once("; p=").unwrap().1.to_owned();
    let with = |text: &str| verdict(&signed(), &zone([(NAME, text)]), Policy::default());
    let cases: Vec<(String, Problem)> = vec![
        (format!("v=DKIM2; k=ed25519; p={p}"), Problem::Key(KeyError::Version)),
        (format!("k=ed25519; v=DKIM1; p={p}"), Problem::Key(KeyError::Version)),
        ("v=DKIM1; k=ed25519; p=".to_owned(), Problem::Key(KeyError::Revoked)),
        ("v=DKIM1; k=ed25519".to_owned(), Problem::Key(KeyError::Missing)),
        (format!("v=DKIM1; p={p}"), Problem::Key(KeyError::Malformed)),
        (format!("v=DKIM1; k=dsa; p={p}"), Problem::Key(KeyError::Type)),
        (format!("v=DKIM1; h=sha1; k=ed25519; p={p}"), Problem::KeyHash),
        (format!("v=DKIM1; s=chat; k=ed25519; p={p}"), Problem::KeyService),
        (
            format!("v=DKIM1; k=ed25519; n={}; p={p}", "x".repeat(9_000)),
            Problem::Key(KeyError::Limit(Exceeded::Key(8_192))),
        ),
    ];
    for (text, expected) in cases {
        let found = with(&text);
        assert_eq!((problem(&found), found.outcome()), (expected, Outcome::PermError), "{text}");
    }
    assert!(matches!(problem(&with(&format!("v=DKIM1; k=ed25519; p={p}; p={p}"))), Problem::Key(KeyError::Syntax(_))));
    for text in ["s=*; h=sha256:sha512; t=x; g=; zzz=1; k=ed25519", "k=ed25519; s=a : email; h = sha1 : sha256"] {
        assert_eq!(with(&format!("{text}; p={p}")).outcome(), Outcome::Pass, "{text}");
    }
}

#[test]
fn k6_a_key_in_testing_mode_proves_nothing() {
    let p = record().split_once("; p=").unwrap().1.to_owned();
    let keys = zone([(NAME, format!("v=DKIM1; t=y; k=ed25519; p={p}"))]);
    let found = verdict(&signed(), &keys, Policy::default());
    assert_eq!((found.outcome(), found.counting().count()), (Outcome::Pass, 0));
    assert!(found.to_string().starts_with("dkim=pass (testing)"), "{found}");
    let mut policy = Policy::default();
    policy.count_testing = true;
    assert_eq!(verdict(&signed(), &keys, policy).counting().count(), 1);
}

#[test]
fn k6_several_records_are_tried_but_not_many() {
    let other = SigningKey::from_seed(&[3; 32]).unwrap().record().to_string();
    let of = |texts: &[&str]| verdict(&signed(), &zone(texts.iter().map(|text| (NAME, *text))), Policy::default());
    assert_eq!(of(&["v=spf1 -all", &other, &record()]).outcome(), Outcome::Pass);
    assert_eq!(of(&["v=spf1 -all", &other, "k=rsa; p=", &record()]).outcome(), Outcome::Fail);
    assert!(matches!(problem(&of(&["v=spf1 -all"])), Problem::Key(_)));
}

#[test]
fn k6_strict_keys_and_subdomains() {
    let p = record().split_once("; p=").unwrap().1.to_owned();
    let strict = zone([(NAME, format!("v=DKIM1; t=s; k=ed25519; p={p}"))]);
    let below = made_by_hand(&TAGS.replace("s=s;", "s=s; i=a@mail.example.net;"), MESSAGE, "Hello\r\n");
    assert_eq!(verdict(&below, &keys(), Policy::default()).outcome(), Outcome::Pass);
    assert_eq!(problem(&verdict(&below, &strict, Policy::default())), Problem::KeyStrict);
    let same = made_by_hand(&TAGS.replace("s=s;", "s=s; i=a@EXAMPLE.net;"), MESSAGE, "Hello\r\n");
    assert_eq!(verdict(&same, &strict, Policy::default()).outcome(), Outcome::Pass);
}

#[test]
fn k7_a_lone_line_feed_is_no_line_end() {
    let message = signed();
    let text = String::from_utf8(message).unwrap();
    for (from, to) in [("Hello\r\n", "Hello\n"), ("one\r\n", "one\n"), ("\r\n\r\nHello", "\n\nHello")] {
        let changed = text.replace(from, to);
        assert_ne!(verdict(changed.as_bytes(), &keys(), Policy::default()).outcome(), Outcome::Pass, "{to:?}");
    }
}

#[test]
fn k7_what_may_change_and_what_may_not() {
    let text = String::from_utf8(signed()).unwrap();
    for (from, to) in
        [("Hello\r\n", "Hello \t\r\n\r\n\r\n"), ("Subject: one", "SUBJECT:\r\n\tone  "), ("To: b", "to : b")]
    {
        assert_eq!(
            verdict(text.replace(from, to).as_bytes(), &keys(), Policy::default()).outcome(),
            Outcome::Pass,
            "{to:?}"
        );
    }
    for (from, to, expected) in
        [("Hello", "hello", Problem::Body), ("one", "o ne", Problem::Header), ("t=17", "t=16", Problem::Header)]
    {
        assert_eq!(
            problem(&verdict(text.replacen(from, to, 1).as_bytes(), &keys(), Policy::default())),
            expected,
            "{to:?}"
        );
    }
}

#[test]
fn u2_domains_beyond_ascii_are_looked_up_as_a_labels() {
    let mut signing = Signing::new("bücher.example", "s", key()).unwrap();
    signing.identity = Some("é;=".into());
    assert_eq!(signing.key_name().as_str(), "s._domainkey.xn--bcher-kva.example");
    let message = signed_by(signing, MESSAGE);
    let found = verdict(&message, &zone([("s._domainkey.xn--bcher-kva.example", record())]), Policy::default());
    assert_eq!(found.outcome(), Outcome::Pass, "{found}");
    assert_eq!(found.signatures()[0].domain.as_deref(), Some("bücher.example"));
    assert_eq!(found.signatures()[0].identity().as_deref(), Some("é;=@bücher.example"));
}

#[test]
fn n6_answers_that_do_not_come() {
    let of = |absence: Absence| {
        let verifier = dkim::verify(&signed(), Policy::default(), Limits::default(), Duration::ZERO, NOW);
        let found = dns::drive::blocking(verifier, |_, _| Response::from(absence));
        (found.outcome(), problem(&found))
    };
    assert_eq!(of(Absence::TryLater), (Outcome::TempError, Problem::NoKey(Absence::TryLater)));
    for absence in [Absence::NoRecords, Absence::NoSuchName, Absence::Refused] {
        assert_eq!(of(absence), (Outcome::PermError, Problem::NoKey(absence)));
    }
    let second = Duration::from_secs(1);
    let mut verifier = Verifier::new(Policy::default(), Limits::default(), second, NOW);
    assert_eq!(verifier.deadline(), None);
    verifier.tick(5 * second);
    verifier.receive(&signed());
    verifier.end();
    assert_eq!(verifier.deadline(), Some(25 * second));
    assert!(matches!(verifier.step(), Step::Ask(_)));
    verifier.tick(24 * second);
    assert!(matches!(verifier.step(), Step::Wait));
    verifier.tick(25 * second);
    assert_eq!(verifier.deadline(), None);
    assert!(matches!(verifier.step(), Step::Done(found) if found.outcome() == Outcome::TempError));
}

#[test]
fn a_message_that_does_not_end_is_not_waited_for() {
    let mut verifier = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, NOW);
    verifier.receive(&signed());
    let keys = keys();
    let found = dns::drive::blocking(verifier, |name, kind| keys.lookup(name, kind));
    assert_eq!((found.outcome(), problem(&found)), (Outcome::TempError, Problem::Cut));
    let empty = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, NOW);
    assert_eq!(dns::drive::blocking(empty, |name, kind| keys.lookup(name, kind)).outcome(), Outcome::None);
}

#[test]
fn keys_are_asked_for_before_the_body_comes() {
    let message = signed();
    let body = message.len() - "Hello\r\n".len();
    let mut verifier = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, NOW);
    for piece in message[..body].chunks(1) {
        assert!(matches!(verifier.step(), Step::Wait));
        verifier.receive(piece);
    }
    assert!(matches!(verifier.step(), Step::Ask(_)) && verifier.needs_body());
    let mut unsigned = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, NOW);
    unsigned.receive(MESSAGE.as_bytes());
    assert!(!unsigned.needs_body());
}

#[test]
fn one_line_says_it_all() {
    let mut zone = keys();
    let found = verdict(&signed(), &zone, Policy::default());
    let line = found.to_string();
    assert!(
        line.starts_with("dkim=pass header.d=example.net header.s=s header.a=ed25519-sha256 bits=256 header.b="),
        "{line}"
    );
    zone.set_absent("t._domainkey.example.net".parse().unwrap(), Absence::TryLater);
    let other = made_by_hand(&TAGS.replace("s=s;", "s=t; i=\u{7f}@example.net;"), MESSAGE, "Hello\r\n");
    assert!(!verdict(&other, &zone, Policy::default()).to_string().contains('\u{7f}'));
    zone.add("t._domainkey.example.net".parse().unwrap(), RecordSet::Txt(vec![]));
    assert_eq!(verdict(MESSAGE.as_bytes(), &zone, Policy::default()).to_string(), "dkim=none");
}

#[test]
fn a_signer_is_not_misled() {
    let mut signer = Signer::new([Arc::new(signing())], Limits::default(), NOW);
    assert_eq!(signer.step(), SignStep::Wait);
    assert!(signer.answer(dkim::SignId(0), Some(b"x")).is_err());
    signer.receive(MESSAGE.as_bytes());
    signer.end();
    signer.end();
    signer.receive(b"more");
    assert!(signer.answer(dkim::SignId(7), None).is_err());
    assert!(matches!(signer.step(), SignStep::Done(Ok(_))));
    assert!(matches!(signer.step(), SignStep::Done(Ok(_))));
}
