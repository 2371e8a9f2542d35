//! Any split of a message gives the same verdict; whatever the message, what is sealed on it is a chain that passes, if there was none or one that passes; and nothing is
//! asked beyond the limits.
#![no_main]

use std::time::Duration;

use arc::{ArcResult, Limits, Problem, SealError, SealStep, Sealer, Validator, Verdict};
use auth_results::{AuthenticationResults, Resinfo};
use dkim::Algorithm;
use dns::{Inquiry as _, RecordSet, Step, Zone};
use libfuzzer_sys::fuzz_target;
use ring::signature::Ed25519KeyPair;

const NOW: i64 = 1_790_000_000;

/// Keys: those that the seeds are sealed with, and the one that is used here. Absent is the key in every other name.
fn zone(pair: &Ed25519KeyPair) -> Zone {
    use base64::Engine as _;
    use ring::signature::KeyPair as _;
    let mut zone = Zone::new();
    let key = base64::engine::general_purpose::STANDARD.encode(pair.public_key());
    let text = format!("v=DKIM1; k=ed25519; p={key}");
    zone.add("s._domainkey.example.org".parse().unwrap(), RecordSet::Txt(vec![(&*text).into()]));
    zone
}

fn validate(message: &[u8], piece: usize, zone: &Zone) -> Verdict {
    let mut validator = Validator::new(Limits::default(), Duration::ZERO, NOW);
    let mut asked = 0;
    let mut pieces = message.chunks(piece.max(1));
    loop {
        match validator.step() {
            Step::Ask(question) => {
                asked += 1;
                let (id, response) = (question.id, zone.lookup(question.name, question.kind));
                validator.answer(id, response.as_answer());
            }
            Step::Wait => match pieces.next() {
                Some(piece) => validator.receive(piece),
                None => validator.end(),
            },
            Step::Done(verdict) => {
                assert!(asked <= 60);
                return verdict;
            }
        }
    }
}

fn seal(message: &[u8], status: ArcResult, piece: usize, pair: &Ed25519KeyPair) -> Result<Vec<u8>, SealError> {
    let sealer = Sealer::new("example.org", "s", Algorithm::Ed25519Sha256).unwrap();
    let results = AuthenticationResults::new("example.org").result(Resinfo::arc(status.as_str().into(), None, None));
    let mut sealing = sealer.seal(status, &results, NOW).unwrap();
    message.chunks(piece.max(1)).for_each(|piece| sealing.receive(piece));
    sealing.end();
    loop {
        let signature = match sealing.step()? {
            SealStep::Sign(input) => pair.sign(ring::digest::digest(&ring::digest::SHA256, input).as_ref()),
            SealStep::Done(fields) => return Ok([fields, message].concat()),
            SealStep::Wait => unreachable!(),
        };
        sealing.signed(signature.as_ref()).unwrap();
    }
}

fuzz_target!(|input: (u8, u8, u8, &[u8])| {
    let (first, second, hops, message) = input;
    let pair = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
    let zone = zone(&pair);
    let whole = validate(message, usize::MAX, &zone);
    for piece in [first, second] {
        assert_eq!(validate(message, usize::from(piece), &zone), whole);
    }
    assert!(!whole.vouches_dmarc(&[]) && (whole.result() == ArcResult::Pass) == whole.sealer().is_some());
    let _ = (whole.to_string(), whole.report_comment());

    let (mut sealed, mut before) = (message.to_vec(), whole);
    for _ in 0..hops % 4 {
        sealed = match seal(&sealed, before.result(), usize::from(first), &pair) {
            Ok(sealed) => sealed,
            Err(SealError::Full(_) | SealError::SaidToFail(_) | SealError::Limit(_) | SealError::Folded) => return,
            Err(error) => panic!("{error}: {before}"),
        };
        let verdict = validate(&sealed, usize::from(second), &zone);
        match before.result() {
            ArcResult::Fail => assert!(matches!(
                verdict.problem(),
                Some(Problem::SaidToFail(_) | Problem::Instance(_) | Problem::Tags { .. } | Problem::Limit(_))
            )),
            _ if matches!(verdict.problem(), Some(Problem::Limit(_))) => return,
            result => {
                assert_eq!((result, verdict.result()), (result, ArcResult::Pass), "{verdict}");
                assert_eq!(verdict.sets().len(), before.sets().len() + 1);
                // what holds goes on to hold, since nothing was changed
                let oldest = before.oldest_pass().unwrap_or_default();
                assert!(verdict.oldest_pass() == Some(oldest) || verdict.sets().len() > 10);
            }
        }
        before = verdict;
    }
});
