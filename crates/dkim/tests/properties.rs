//! What holds for any input: the same verdict however a message is cut, what is signed verifies, what is written is read as it was.
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

use std::sync::Arc;

use dkim::{
    BodyHash, BodyHashes, Canonicalization, Hash, Header, KeyRecord, Limits, Outcome, Policy, PublicKey, SignStep,
    Signature, Signer, Signing, SigningKey, TagList,
};
use proptest::prelude::*;
use support::{NOW, verdict_in, zone};

fn key() -> SigningKey {
    SigningKey::from_seed(&[5; 32]).unwrap()
}

fn form() -> impl Strategy<Value = Canonicalization> {
    prop_oneof![Just(Canonicalization::Simple), Just(Canonicalization::Relaxed)]
}

/// Text with much of what canonicalization is about.
fn text(len: usize) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => "[a-z]{1,9}".prop_map(String::into_bytes),
        3 => "[ \t]{1,3}".prop_map(String::into_bytes),
        3 => Just(b"\r\n".to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
        1 => prop_oneof![Just(b"\r".to_vec()), Just(b"\n".to_vec())],
    ];
    prop::collection::vec(piece, 0..len).prop_map(|pieces| pieces.concat())
}

/// Header fields, good and bad.
fn fields() -> impl Strategy<Value = Vec<u8>> {
    let name =
        prop_oneof![Just("From"), Just("subject "), Just("To"), Just("Content-Type"), Just("X"), Just("no field")];
    let field = (name, text(8)).prop_map(|(name, value)| {
        let value = String::from_utf8_lossy(&value).replace("\r\n", "\r\n ");
        format!("{name}:{value}\r\n").into_bytes()
    });
    prop::collection::vec(field, 0..8).prop_map(|fields| fields.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_verifies(
        header in fields(), body in text(30), forms in (form(), form()), cut in 1_usize..40, sign_cut in 1_usize..40,
    ) {
        let mut signing = Signing::new("example.net", "s", key()).unwrap();
        (signing.header_form, signing.body_form) = forms;
        let message = [b"From: a@example.net\r\n", &*header, b"\r\n", &*body].concat();
        let mut signer = Signer::new([Arc::new(signing)], Limits::default(), NOW);
        message.chunks(sign_cut).for_each(|piece| signer.receive(piece));
        signer.end();
        let SignStep::Done(Ok(fields)) = signer.step() else { panic!("the key is here") };
        let keys = zone([("s._domainkey.example.net", key().record().to_string())]);
        let found = verdict_in(&[fields, &message].concat(), &keys, Policy::default(), NOW, cut);
        prop_assert_eq!(found.outcome(), Outcome::Pass, "{}", found);
    }

    #[test]
    fn a_cut_changes_nothing(message in text(60), cut in 1_usize..40) {
        let keys = zone::<&str, &str>([]);
        let signature = b"DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=s; h=from; bh=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=; b=AAAA\r\n";
        let message = [signature, &*message].concat();
        let whole = verdict_in(&message, &keys, Policy::default(), NOW, usize::MAX);
        prop_assert_eq!(whole, verdict_in(&message, &keys, Policy::default(), NOW, cut));
        let hashes = |size: usize| {
            let mut hashes = BodyHashes::default();
            for canonicalization in [Canonicalization::Simple, Canonicalization::Relaxed] {
                for length in [None, Some(7)] {
                    hashes.add(BodyHash { canonicalization, hash: Hash::Sha256, length });
                }
            }
            message.chunks(size).for_each(|piece| hashes.update(piece));
            hashes.finish()
        };
        prop_assert_eq!(hashes(usize::MAX), hashes(cut));
    }

    /// RFC 6376, 3.4: a canonical form is its own canonical form.
    #[test]
    fn canonical_fields_stay_as_they_are(header in fields()) {
        let limits = Limits::default();
        let canonical = |block: &[u8]| {
            let mut out = Vec::new();
            Header::parse(block, &limits).unwrap().fields().for_each(|field| field.canonicalize(Canonicalization::Relaxed, &mut out));
            out
        };
        let once = canonical(&header);
        prop_assert_eq!(canonical(&once), once);
    }

    #[test]
    fn any_tag_list_is_refused_or_read_again(input in "([a-z_]{1,3}[ =]{1,2}[a-zA-Z0-9:@+/= \t]{0,12};?[ \r\n]?){0,6}") {
        let limits = Limits::default();
        if let Ok(list) = TagList::parse(input.as_bytes(), &limits) {
            let mut out = Vec::new();
            list.write(&mut out);
            let again = TagList::parse(&out, &limits).unwrap();
            prop_assert!(list.iter().map(|tag| (tag.name(), tag.value())).eq(again.iter().map(|tag| (tag.name(), tag.value()))));
        }
        let _ = (Signature::parse(input.as_bytes(), &limits), KeyRecord::parse(input.as_bytes(), &limits));
    }

    #[test]
    fn key_records_are_read_as_they_were_written(
        seed in any::<[u8; 32]>(), hashes in prop::option::of(Just(vec![Hash::Sha256])), flags in any::<[bool; 3]>(),
    ) {
        let mut record = KeyRecord::new(PublicKey::ed25519(seed));
        record.hashes = hashes;
        [record.email, record.testing, record.strict] = flags;
        prop_assert_eq!(KeyRecord::parse(record.to_string().as_bytes(), &Limits::default()), Ok(record));
    }
}
