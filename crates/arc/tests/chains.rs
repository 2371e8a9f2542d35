//! Chains as servers make them, and as forgers do.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod support;

use std::time::Duration;

use arc::{ArcResult, Exceeded, FieldKind, Limits, Misuse, Problem, SealError, SealStep, Sealer};
use auth_results::AuthenticationResults;
use dkim::Algorithm;
use dns::{Absence, Inquiry as _, Kind, Name, Step, Zone};
use proptest::prelude::*;
use support::{Host, NOW, validate, validate_with};

const MESSAGE: &str = "From: Mary <mary@example.net>\r\nTo: list@lists.example.org\r\nSubject: Hello\r\nDate: Thu, 1 Oct 2026 12:00:00 +0000\r\n\r\nHello \t list,\r\n\r\nMary\r\n\r\n";
const PASS: &str = "; dmarc=pass header.from=example.net";
const FAIL: &str = "; dmarc=fail header.from=example.net";

struct World {
    zone: Zone,
    list: Host,
    forwarder: Host,
}

fn world() -> World {
    let mut zone = Zone::new();
    let (list, forwarder) = (Host::new("lists.example.org", 1), Host::new("forward.example.com", 2));
    list.publish(&mut zone, "");
    forwarder.publish(&mut zone, "");
    World { zone, list, forwarder }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn replaced(message: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = String::from_utf8(message.to_vec()).unwrap();
    assert!(text.contains(from), "{text}");
    text.replacen(from, to, 1).into_bytes()
}

/// The fields of one kind, whole, from top to bottom.
fn fields(message: &[u8], kind: FieldKind) -> Vec<String> {
    let header = dkim::Header::parse(message, &dkim::Limits::default()).unwrap();
    let fields = header.fields().filter(|field| field.is(kind.name()));
    fields.map(|field| String::from_utf8(field.raw().to_vec()).unwrap()).collect()
}

fn problem(message: &[u8], world: &World) -> Problem {
    let verdict = validate(message, &world.zone);
    assert_eq!(verdict.result(), ArcResult::Fail);
    assert!(verdict.oldest_pass().is_none() && verdict.sealer().is_none());
    *verdict.problem().unwrap()
}

#[test]
fn a_chain_of_two_passes() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let two = world.forwarder.pass_on(&one, &world.zone, FAIL);
    let verdict = validate(&two, &world.zone);
    assert_eq!(verdict.to_string(), "arc=pass (2 sets) header.d=forward.example.com header.s=s header.oldest-pass=0");
    assert_eq!(verdict.sealer(), Some(&name("forward.example.com")));
    assert_eq!(
        verdict.report_comment(),
        "arc=pass as[2].d=forward.example.com as[2].s=s as[1].d=lists.example.org as[1].s=s"
    );
}

#[test]
fn oldest_pass_is_the_oldest_that_holds() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    // the forwarder changes the subject, which breaks what the list has signed, and not the chain
    let changed = replaced(&one, "Subject: Hello", "Subject: [x] Hello");
    let results = AuthenticationResults::parse(b"f.example; arc=pass").unwrap();
    let two = world.forwarder.seal_as(&changed, &world.forwarder.sealer(), ArcResult::Pass, &results);
    assert_eq!(validate(&two, &world.zone).oldest_pass(), Some(2));
    let three = world.list.pass_on(&two, &world.zone, FAIL);
    assert_eq!(validate(&three, &world.zone).oldest_pass(), Some(2));
    // no more are tried than the limit says
    let mut limits = Limits::default();
    limits.messages = 1;
    assert_eq!(validate_with(&three, &world.zone, limits).oldest_pass(), Some(3));
    assert_eq!(validate_with(&one, &world.zone, limits).oldest_pass(), Some(0));
}

#[test]
fn k8_a_changed_message_or_chain_fails() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let two = world.forwarder.pass_on(&one, &world.zone, FAIL);
    let (body, header) = (dkim::Problem::Body, dkim::Problem::Header);
    let message = |instance, problem| Problem::Message { instance, problem };
    assert_eq!(problem(&replaced(&two, "Hello \t list", "Hullo"), &world), message(2, body));
    assert_eq!(problem(&replaced(&two, "Subject: Hello", "Subject: Hullo"), &world), message(2, header));
    // a second From, above or below
    assert_eq!(problem(&replaced(&two, "From: M", "From: a@b.example\r\nFrom: M"), &world), message(2, header));
    // what a server before said
    let lie = replaced(&two, "dmarc=fail", "dmarc=pass");
    assert_eq!(problem(&lie, &world), Problem::Seal { instance: 2, problem: header });
    let lie = replaced(&two, "i=1; lists.example.org;", "i=1; lists.example.net;");
    assert!(matches!(problem(&lie, &world), Problem::Seal { .. }), "{lie:?}");
    // white space and the case of names are nobody's business
    let same = replaced(&replaced(&two, "Hello \t list", "Hello list"), "ARC-Seal:", "arc-SEAL :");
    assert_eq!(validate(&same, &world.zone).result(), ArcResult::Pass);
}

#[test]
fn k8_gaps_doubles_and_missing_fields() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let two = world.forwarder.pass_on(&one, &world.zone, FAIL);
    for kind in FieldKind::ALL {
        for (at, field) in fields(&two, kind).iter().enumerate() {
            let instance = 2 - u8::try_from(at).unwrap();
            assert_eq!(problem(&replaced(&two, field, ""), &world), Problem::Missing { instance, kind });
            let twice = [field.as_bytes(), &two].concat();
            assert_eq!(problem(&twice, &world), Problem::Twice { instance, kind });
            for number in ["0", "00", "51", "1000", "-1", "x", "", "1.0"] {
                let lie = replaced(&two, field, &field.replacen(&format!("i={instance};"), &format!("i={number};"), 1));
                assert_eq!(problem(&lie, &world), Problem::Instance(kind), "{number}");
            }
            let lie = replaced(&two, field, &field.replacen(&format!("i={instance};"), "i=50;", 1));
            assert!(matches!(problem(&lie, &world), Problem::Missing { .. }));
        }
    }
    // a whole set in the middle is gone
    let three = world.list.pass_on(&two, &world.zone, FAIL);
    let mut gap = three.clone();
    for kind in FieldKind::ALL {
        gap = replaced(&gap, &fields(&three, kind)[1], "");
    }
    assert_eq!(problem(&gap, &world), Problem::Missing { instance: 2, kind: FieldKind::Results });
}

#[test]
fn k8_lies_about_the_chain_before() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let two = world.forwarder.pass_on(&one, &world.zone, FAIL);
    assert_eq!(
        problem(&replaced(&two, "cv=pass", "cv=none"), &world),
        Problem::Status { instance: 2, status: ArcResult::None }
    );
    assert_eq!(
        problem(&replaced(&two, "cv=none", "cv=pass"), &world),
        Problem::Status { instance: 1, status: ArcResult::Pass }
    );
    assert_eq!(
        problem(&replaced(&two, "cv=none", "cv=fail"), &world),
        Problem::Status { instance: 1, status: ArcResult::Fail }
    );
    assert_eq!(problem(&replaced(&two, "cv=pass", "cv=fail"), &world), Problem::SaidToFail(2));
    assert_eq!(problem(&replaced(&two, "cv=pass", "cv=good"), &world), Problem::NoStatus(2));
    assert_eq!(problem(&replaced(&two, "; cv=pass", ""), &world), Problem::NoStatus(2));
    assert_eq!(problem(&replaced(&two, "cv=pass", "cv=pass; h=from"), &world), Problem::SealNames(2));
    // the first set of a chain, alone, as if it were another's
    let forged = [fields(&two, FieldKind::Seal)[0].as_bytes(), MESSAGE.as_bytes()].concat();
    assert!(matches!(problem(&forged, &world), Problem::Missing { instance: 1, .. }));
}

/// All that can be told without a key is told before anybody is asked for one.
#[test]
fn k8_limits_come_before_any_lookup() {
    let set = |n: usize| {
        format!(
            "ARC-Seal: i={n}; a=rsa-sha256; cv={}; d=d{n}.example; s=s; b=AAAA\r\n\
             ARC-Message-Signature: i={n}; a=rsa-sha256; d=d{n}.example; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n\
             ARC-Authentication-Results: i={n}; d{n}.example; none\r\n",
            if n == 1 { "none" } else { "pass" }
        )
    };
    let chain = |count: usize| (1..=count).rev().map(set).collect::<String>() + MESSAGE;
    let asked = |message: &str, limits: Limits| {
        let mut validator = arc::validate(message.as_bytes(), limits, Duration::ZERO, NOW);
        let mut asked = 0;
        while let Step::Ask(_) = validator.step() {
            asked += 1;
        }
        let Step::Done(verdict) = validator.step() else { return (asked, None) };
        (asked, verdict.problem().copied())
    };
    let limits = Limits::default();
    // 50 seals and the newest ten message signatures, which have the same keys
    assert_eq!(asked(&chain(50), limits), (50, None));
    assert_eq!(asked(&chain(51), limits), (0, Some(Exceeded::Sets(50).into())));
    assert_eq!(asked(&chain(1_000).replace("i=1000;", "i=1;"), limits).0, 0);
    let mut few = limits;
    few.sets = 3;
    assert_eq!(asked(&chain(4), few), (0, Some(Exceeded::Sets(3).into())));
    assert_eq!(asked(&chain(3), few).0, 3);
    few.sets = 200;
    assert_eq!(asked(&chain(51), few), (0, Some(Exceeded::Sets(50).into())));
    few.chain = 1_000;
    assert_eq!(asked(&chain(5), few), (0, Some(Exceeded::Chain(1_000).into())));
    few.dkim.header = 500;
    assert_eq!(asked(&chain(5), few), (0, Some(Exceeded::Header(dkim::Exceeded::Header(500)).into())));
    // one seal that cannot be right
    assert_eq!(asked(&chain(3).replacen("cv=none", "cv=pass", 1), limits).0, 0);
    assert_eq!(asked(&chain(3).replacen("a=rsa-sha256", "a=rsa-sha1", 1), limits).0, 0);
}

#[test]
fn a_message_without_a_chain_asks_nobody() {
    let mut validator = arc::Validator::new(Limits::default(), Duration::ZERO, NOW);
    validator.receive(MESSAGE.as_bytes());
    assert!(!validator.needs_body());
    assert_eq!(validator.step(), Step::Wait);
    validator.end();
    assert!(matches!(validator.step(), Step::Done(verdict) if verdict.result() == ArcResult::None));
}

#[test]
fn a_key_out_of_reach_fails_for_now() {
    let mut world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let two = world.forwarder.pass_on(&one, &world.zone, FAIL);
    world.zone.set(name("s._domainkey.lists.example.org"), Kind::Txt, Absence::TryLater.into());
    let verdict = validate(&two, &world.zone);
    assert_eq!((verdict.result(), verdict.is_temporary()), (ArcResult::Fail, true));
    assert_eq!(
        verdict.to_string(),
        "arc=fail (the seal of instance 1: no key: the DNS did not answer; try later; temporary)"
    );
    // what can never pass is not temporary, whatever else is out of reach
    let broken = replaced(&two, "Hello \t list", "Hullo");
    assert!(!validate(&broken, &world.zone).is_temporary());
    world.zone.set(name("s._domainkey.forward.example.com"), Kind::Txt, Absence::NoSuchName.into());
    assert!(!validate(&two, &world.zone).is_temporary());
    // nobody answers, and the message does not end
    let mut validator = arc::Validator::new(Limits::default(), Duration::ZERO, NOW);
    validator.receive(&two[..two.len() - 10]);
    assert!(matches!(validator.step(), Step::Ask(_)));
    assert_eq!(validator.deadline(), Some(Duration::from_secs(20)));
    validator.tick(Duration::MAX);
    let Step::Done(verdict) = validator.step() else { panic!() };
    assert_eq!((verdict.problem(), verdict.is_temporary()), (Some(&Problem::Cut), true));
}

#[test]
fn k8_nobody_is_believed_who_is_not_named() {
    let world = world();
    let (list, forwarder) = (name("lists.example.org"), name("forward.example.com"));
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let two = world.forwarder.pass_on(&one, &world.zone, FAIL);
    let vouches = |message: &[u8], trusted: &[Name]| validate(message, &world.zone).vouches_dmarc(trusted);
    assert!(vouches(&one, &[list]));
    for trusted in [&[][..], &[forwarder], &[name("example.org")], &[name("a.lists.example.org")], &[Name::ROOT]] {
        assert!(!vouches(&one, trusted), "{trusted:?}");
    }
    // the newest seal must be trusted, and all that are between
    assert!(vouches(&two, &[list, forwarder]));
    assert!(!vouches(&two, &[list]) && !vouches(&two, &[forwarder]));
    // a chain that does not pass says nothing
    assert!(!vouches(&replaced(&one, "Hello \t list", "Hullo"), &[list]));
    assert!(!vouches(MESSAGE.as_bytes(), &[list]));
}

#[test]
fn k8_what_a_trusted_sealer_says_is_taken_at_its_word() {
    let world = world();
    let trusted = [name("lists.example.org")];
    let vouches = |said: &str| {
        let message = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, said);
        validate(&message, &world.zone).vouches_dmarc(&trusted)
    };
    for said in [
        "; dmarc=pass header.from=example.net",
        "; dmarc=pass (p=NONE) header.from=EXAMPLE.net",
        "; spf=fail smtp.mailfrom=a@example.org; dmarc=pass header.from=example.net policy.dmarc=none",
        "; spf=pass smtp.mailfrom=mary@example.net",
        "; spf=pass smtp.mailfrom=example.net",
        "; dkim=fail header.d=example.net; dkim=pass header.d=example.net",
        "; dkim=pass header.i=@example.net",
    ] {
        assert!(vouches(said), "{said}");
    }
    for said in [
        "",
        "; dmarc=pass",
        "; dmarc=fail header.from=example.net; dkim=pass header.d=example.net",
        "; dmarc=none header.from=example.net; spf=pass smtp.mailfrom=example.net",
        "; dmarc=pass header.from=example.com",
        "; dmarc=pass header.from=example.net; dmarc=fail header.from=example.net",
        "; dmarc/2=pass header.from=example.net",
        "; dmarc=pass header.from=a.example.net",
        "; spf=pass smtp.mailfrom=mary@example.com",
        "; spf=pass smtp.mailfrom=\"mary@example.net\"@example.com",
        "; spf=pass smtp.helo=example.net",
        "; spf=softfail smtp.mailfrom=example.net",
        "; dkim=pass header.d=net",
        "; dkim=pass header.d=example.com header.i=@example.net",
        "; x-dmarc=pass header.from=example.net",
    ] {
        assert!(!vouches(said), "{said}");
    }
}

#[test]
fn k8_the_author_is_the_one_who_is_signed() {
    let world = world();
    let trusted = [name("lists.example.org")];
    let results = AuthenticationResults::parse(b"l.example; dmarc=pass header.from=example.net").unwrap();
    let vouches = |message: &str, sealer: &Sealer| {
        let sealed = world.list.seal_as(message.as_bytes(), sealer, ArcResult::None, &results);
        let verdict = validate(&sealed, &world.zone);
        assert_eq!(verdict.result(), ArcResult::Pass);
        verdict.vouches_dmarc(&trusted)
    };
    assert!(vouches(MESSAGE, &world.list.sealer()));
    // From is not signed, there are two, or two authors
    assert!(!vouches(MESSAGE, &world.list.sealer().with_names(["Subject"]).unwrap()));
    let once = world.list.sealer().with_names(["From"]).unwrap();
    assert!(vouches(MESSAGE, &once));
    assert!(!vouches(&format!("From: eve@example.com\r\n{MESSAGE}"), &once));
    let two = MESSAGE.replace("From: Mary <mary@example.net>", "From: mary@example.net, eve@example.com");
    assert!(!vouches(&two, &world.list.sealer()));
    // one that is still tested is not trusted
    let mut zone = Zone::new();
    world.list.publish(&mut zone, "t=y; ");
    let sealed = world.list.seal_as(MESSAGE.as_bytes(), &world.list.sealer(), ArcResult::None, &results);
    let verdict = validate(&sealed, &zone);
    assert_eq!((verdict.result(), verdict.vouches_dmarc(&trusted)), (ArcResult::Pass, false));
}

/// What a large sealer writes is against the grammar of results, and read.
#[test]
fn results_against_the_grammar_are_read() {
    let world = world();
    let trusted = [name("lists.example.org")];
    let sealer = world.list.sealer();
    let results = AuthenticationResults::parse(b"mx.example 1; dmarc=pass header.from=example.net").unwrap();
    let sealed = world.list.seal_as(MESSAGE.as_bytes(), &sealer, ArcResult::None, &results);
    let verdict = validate(&sealed, &world.zone);
    assert!(verdict.vouches_dmarc(&trusted));
    assert_eq!(verdict.sets()[0].results().unwrap().authserv_id, "mx.example");
}

#[test]
fn times_and_names_of_a_message_signature() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let expired = replaced(&one, &format!("\tt={NOW};"), "\tt=1; x=2;");
    assert!(matches!(problem(&expired, &world), Problem::Message { problem: dkim::Problem::Expired { .. }, .. }));
    let early = replaced(&one, &format!("\tt={NOW};"), &format!("\tt={};", NOW + 1_000));
    assert!(matches!(problem(&early, &world), Problem::Message { problem: dkim::Problem::Early { .. }, .. }));
    let seals = replaced(&one, "h=From:", "h=arc-seal:From:");
    assert_eq!(problem(&seals, &world), Problem::SignsSeals(1));
}

#[test]
fn a_failed_chain_is_sealed_by_itself_and_once() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let broken = replaced(&one, "Hello \t list", "Hullo");
    let sealer = world.forwarder.sealer();
    let results = AuthenticationResults::parse(b"f.example; arc=fail").unwrap();
    let mut sealing = sealer.seal(ArcResult::Fail, &results, NOW).unwrap();
    sealing.receive(&broken);
    sealing.end();
    assert!(matches!(sealing.step(), Ok(SealStep::Sign(_))));
    sealing.signed(&[0; 64]).unwrap();
    let Ok(SealStep::Sign(input)) = sealing.step() else { panic!() };
    let input = String::from_utf8(input.to_vec()).unwrap();
    assert!(input.starts_with("arc-authentication-results:i=2; f.example; arc=fail\r\narc-message-signature:i=2;"));
    assert!(
        input.ends_with(&format!("arc-seal:i=2; a=ed25519-sha256; t={NOW}; cv=fail; d=forward.example.com; s=s; b="))
    );
    assert!(!input.contains("i=1;"));
    let two = world.forwarder.seal_as(&broken, &sealer, ArcResult::Fail, &results);
    assert_eq!(problem(&two, &world), Problem::SaidToFail(2));
    let mut sealing = sealer.seal(ArcResult::Fail, &results, NOW).unwrap();
    sealing.receive(&two);
    sealing.end();
    assert_eq!(sealing.step(), Err(SealError::SaidToFail(2)));
}

#[test]
fn no_set_is_added_beyond_fifty() {
    let world = world();
    let mut message = MESSAGE.as_bytes().to_vec();
    for n in 1..=50_u8 {
        message = world.list.pass_on(&message, &world.zone, PASS);
        let verdict = validate(&message, &world.zone);
        assert_eq!((verdict.result(), verdict.sets().len()), (ArcResult::Pass, usize::from(n)));
        assert_eq!(verdict.oldest_pass(), Some(if n <= 10 { 0 } else { n - 9 }));
    }
    let results = AuthenticationResults::new("l.example");
    let mut sealing = world.list.sealer().seal(ArcResult::Pass, &results, NOW).unwrap();
    sealing.receive(&message);
    sealing.end();
    assert_eq!(sealing.step(), Err(SealError::Full(50)));
}

#[test]
fn what_a_sealer_is_told_must_fit() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let results = AuthenticationResults::new("l.example");
    let ended = |message: &[u8], status| {
        let mut sealing = world.list.sealer().seal(status, &results, NOW).unwrap();
        assert_eq!(sealing.signed(b""), Err(Misuse::NotAsked));
        assert_eq!(sealing.step(), Ok(SealStep::Wait));
        message.chunks(7).for_each(|piece| sealing.receive(piece));
        sealing.end();
        sealing.end();
        sealing.step().err()
    };
    assert_eq!(ended(MESSAGE.as_bytes(), ArcResult::None), None);
    assert_eq!(ended(MESSAGE.as_bytes(), ArcResult::Fail), None);
    assert_eq!(ended(&one, ArcResult::None), Some(SealError::Status { status: ArcResult::None, sets: 1 }));
    assert_eq!(
        ended(MESSAGE.as_bytes(), ArcResult::Pass),
        Some(SealError::Status { status: ArcResult::Pass, sets: 0 })
    );
    assert_eq!(ended(b" From: a@example.net\r\n\r\n", ArcResult::None), Some(SealError::Folded));
    let damaged = replaced(&one, &fields(&one, FieldKind::Results)[0], "");
    let missing = Problem::Missing { instance: 1, kind: FieldKind::Results };
    assert_eq!(ended(&damaged, ArcResult::Pass), Some(SealError::Broken(missing)));

    for (domain, selector) in [("", "s"), (".", "s"), ("a b", "s"), ("a\r\n", "s"), ("a;b=c", "s")] {
        assert_eq!(Sealer::new(domain, selector, Algorithm::RsaSha256).unwrap_err(), Misuse::Domain);
    }
    for selector in ["", ".", "a.", "a b", "a;b"] {
        assert_eq!(Sealer::new("example.org", selector, Algorithm::RsaSha256).unwrap_err(), Misuse::Selector);
    }
    assert!(Sealer::new("example.org", "s", Algorithm::RsaSha1).is_err());
    for names in [&[][..], &[""], &["a:b"], &["a b"], &["ARC-Seal"], &["from", "authentication-results"]] {
        assert_eq!(world.list.sealer().with_names(names.iter().copied()).unwrap_err(), Misuse::Names);
    }
    assert!(world.list.sealer().seal(ArcResult::None, &AuthenticationResults::new(""), NOW).is_err());
}

/// Lines stay short, and fields are folded where a fold does no harm.
#[test]
fn a_set_is_written_in_short_lines() {
    let world = world();
    let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
    let set = &one[..one.len() - MESSAGE.len()];
    let text = std::str::from_utf8(set).unwrap();
    assert!(text.split("\r\n").all(|line| line.len() <= 78), "{text}");
    assert!(text.starts_with("ARC-Seal: i=1; a=ed25519-sha256; t="));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However a message is cut, and in whatever order the answers come, the verdict is the same.
    #[test]
    fn a_verdict_does_not_depend_on_cuts(cuts in proptest::collection::vec(0_usize..4_000, 0..20), flip in 0_usize..4_000, last in any::<bool>()) {
        let world = world();
        let one = world.list.pass_on(MESSAGE.as_bytes(), &world.zone, PASS);
        let mut two = world.forwarder.pass_on(&one, &world.zone, FAIL);
        if let Some(octet) = two.get_mut(flip) {
            *octet ^= 1;
        }
        let whole = validate(&two, &world.zone);
        let mut validator = arc::Validator::new(Limits::default(), Duration::ZERO, NOW);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(two.len())).collect();
        cuts.extend([0, two.len()]);
        cuts.sort_unstable();
        let mut questions = Vec::new();
        for window in cuts.windows(2) {
            validator.receive(&two[window[0]..window[1]]);
            while let Step::Ask(question) = validator.step() {
                questions.push((question.id, *question.name, question.kind));
            }
        }
        validator.end();
        while let Step::Ask(question) = validator.step() {
            questions.push((question.id, *question.name, question.kind));
        }
        while let Some((id, name, kind)) = if last { questions.pop() } else { (!questions.is_empty()).then(|| questions.remove(0)) } {
            validator.answer(id, world.zone.lookup(&name, kind).as_answer());
        }
        let Step::Done(verdict) = validator.step() else { panic!("all is answered") };
        prop_assert_eq!(verdict, whole);
    }

    /// Whatever a message is, what is sealed passes, and seals add up.
    #[test]
    fn what_is_sealed_passes(header in "([A-Za-z]{1,8}: ?[ -~]{0,40}(\r\n [ -~]{0,20}x)?\r\n){0,6}", body in "[ -~\r\n\t]{0,200}", hops in 1_u8..5) {
        prop_assume!(!header.to_ascii_lowercase().contains("arc-"));
        let world = world();
        let mut message = format!("{header}\r\n{body}").into_bytes();
        for _ in 0..hops {
            message = world.list.pass_on(&message, &world.zone, PASS);
        }
        let verdict = validate(&message, &world.zone);
        prop_assert_eq!(verdict.result(), ArcResult::Pass, "{}", verdict);
        prop_assert_eq!((verdict.sets().len(), verdict.oldest_pass()), (usize::from(hops), Some(0)));
    }
}
