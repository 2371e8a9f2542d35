//! A message however it is cut: the same verdict, whole or in pieces. And what is signed verifies, by both keys and in all forms.
#![no_main]

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use arbitrary::Arbitrary;
use dkim::{
    Canonicalization, Limits, Outcome, Policy, SignError, SignStep, Signer, Signing, SigningKey, Verdict, Verifier,
};
use dns::{RecordSet, Zone};
use libfuzzer_sys::fuzz_target;

const NOW: i64 = 1_795_000_000;

#[derive(Arbitrary, Debug)]
struct Input {
    relaxed: [bool; 2],
    cuts: Vec<u8>,
    header: Vec<u8>,
    body: Vec<u8>,
}

static ZONE: LazyLock<Zone> = LazyLock::new(|| {
    let mut zone = Zone::new();
    let text = key().record().to_string();
    zone.add("s._domainkey.example.net".parse().expect("a name"), RecordSet::Txt(vec![text.as_str().into()]));
    zone
});

fn key() -> SigningKey {
    SigningKey::from_seed(&[7; 32]).expect("a key")
}

/// Each cut is the size of a piece; then they begin again.
fn pieces<'a>(message: &'a [u8], cuts: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let mut rest = message;
    let mut sizes = cuts.iter().cycle();
    std::iter::from_fn(move || {
        let size = sizes.next().map_or(rest.len(), |size| usize::from(*size).max(1)).min(rest.len());
        let (piece, behind) = rest.split_at(size);
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

fn verify(message: &[u8], cuts: &[u8]) -> Verdict {
    let mut verifier = Verifier::new(Policy::default(), Limits::default(), Duration::ZERO, NOW);
    pieces(message, cuts).for_each(|piece| verifier.receive(piece));
    verifier.end();
    dns::drive::blocking(verifier, |name, kind| ZONE.lookup(name, kind))
}

fuzz_target!(|input: Input| {
    let form = |relaxed| if relaxed { Canonicalization::Relaxed } else { Canonicalization::Simple };
    let message = [&*input.header, b"\r\n\r\n", &*input.body].concat();
    assert_eq!(verify(&message, &[]), verify(&message, &input.cuts));

    let mut signing = Signing::new("example.net", "s", key()).expect("names");
    signing.header_form = form(input.relaxed[0]);
    signing.body_form = form(input.relaxed[1]);
    let signing = Arc::new(signing);
    let message = [b"From: a@example.net\r\n", &*message].concat();
    let whole = dkim::sign(&message, [signing.clone()], Limits::default(), NOW);
    let mut signer = Signer::new([signing], Limits::default(), NOW);
    pieces(&message, &input.cuts).for_each(|piece| signer.receive(piece));
    signer.end();
    let SignStep::Done(cut) = signer.step() else { panic!("the key is here") };
    assert_eq!(whole.as_deref(), cut.as_ref().copied());
    match whole {
        Ok(fields) => {
            let verdict = verify(&[fields, message].concat(), &input.cuts);
            assert_eq!(
                verdict.signatures().first().map(|signature| signature.outcome()),
                Some(Outcome::Pass),
                "{verdict}"
            );
        }
        Err(error) => assert!(matches!(error, SignError::Limit(_)), "{error}"),
    }
});
