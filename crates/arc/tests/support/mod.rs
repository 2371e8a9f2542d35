#![allow(
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    dead_code,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "what the tests share"
)]

pub mod valimail;

use std::{env, path::PathBuf, time::Duration};

use arc::{ArcResult, Limits, SealStep, Sealer, Verdict};
use auth_results::AuthenticationResults;
use base64::Engine as _;
use dkim::Algorithm;
use dns::{RecordSet, Zone};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs1::DecodeRsaPrivateKey as _, sha2::Digest as _, sha2::Sha256};

/// The folder of a suite that others wrote; `None`, said on one line, if it is not on this machine.
pub fn suite(name: &str) -> Option<PathBuf> {
    let root = env::var_os("MAILWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {name} suite here; MAILWRIGHT_CONFORMANCE names the folder that has it");
    None
}

/// Signs with a key in PEM, of any size.
pub fn sign_rsa(pem: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    let key = RsaPrivateKey::from_pkcs1_pem(pem.trim()).map_err(|error| error.to_string())?;
    key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(input)).map_err(|error| error.to_string())
}

pub const NOW: i64 = 1_790_000_000;

/// A server that seals, with a key of its own.
pub struct Host {
    pub domain: String,
    key: Ed25519KeyPair,
}

impl Host {
    pub fn new(domain: &str, seed: u8) -> Self {
        Self { domain: domain.to_owned(), key: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap() }
    }

    pub fn publish(&self, zone: &mut Zone, tags: &str) {
        let key = base64::engine::general_purpose::STANDARD.encode(self.key.public_key());
        let text = format!("v=DKIM1; k=ed25519; {tags}p={key}");
        let name = format!("s._domainkey.{}", self.domain).parse().unwrap();
        zone.add(name, RecordSet::Txt(vec![(&*text).into()]));
    }

    pub fn sealer(&self) -> Sealer {
        Sealer::new(&self.domain, "s", Algorithm::Ed25519Sha256).unwrap()
    }

    /// The message with one more set on top.
    pub fn seal_as(
        &self,
        message: &[u8],
        sealer: &Sealer,
        status: ArcResult,
        results: &AuthenticationResults<'_>,
    ) -> Vec<u8> {
        let mut sealing = sealer.seal(status, results, NOW).unwrap();
        sealing.receive(message);
        sealing.end();
        loop {
            let signature = match sealing.step().unwrap() {
                SealStep::Sign(input) => self.key.sign(&Sha256::digest(input)),
                SealStep::Done(fields) => return [fields, message].concat(),
                SealStep::Wait => unreachable!(),
            };
            sealing.signed(signature.as_ref()).unwrap();
        }
    }

    /// What a server does: validates, and seals what it found.
    pub fn pass_on(&self, message: &[u8], zone: &Zone, said: &str) -> Vec<u8> {
        let status = validate(message, zone).result();
        let text = format!("{}; arc={status}{said}", self.domain);
        let results = AuthenticationResults::parse(text.as_bytes()).unwrap();
        self.seal_as(message, &self.sealer(), status, &results)
    }
}

pub fn validate_with(message: &[u8], zone: &Zone, limits: Limits) -> Verdict {
    let validator = arc::validate(message, limits, Duration::ZERO, NOW);
    dns::drive::blocking(validator, |name, kind| zone.lookup(name, kind))
}

pub fn validate(message: &[u8], zone: &Zone) -> Verdict {
    validate_with(message, zone, Limits::default())
}
