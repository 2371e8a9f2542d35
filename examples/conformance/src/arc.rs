//! `arc FILE.json`: ValiMail's suite. Scenarios, each with TXT records and tests on messages: what their chain comes to, or the fields that sealing adds to them.
//!
//! A seal depends on how its fields are folded, so that the tags of the fields are compared but for `b=`; the signatures, those of the suite and ours, are verified.

use std::path::Path;

use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs1::DecodeRsaPrivateKey as _, sha2::Digest as _, sha2::Sha256};

use crate::{Error, Report};

#[path = "../../../crates/arc/tests/support/valimail.rs"]
#[allow(unreachable_pub, clippy::std_instead_of_core, reason = "shared with the crate's tests")]
mod valimail;

/// Runs the suite. A test of a form that is not known fails.
///
/// # Errors
/// [`Error`]: the file cannot be read, or is no list of scenarios.
pub fn run(path: &Path) -> Result<Report, Error> {
    let cases = valimail::cases(&crate::text(path)?).map_err(|error| Error::form(path, &error))?;
    let mut report = Report::default();
    for case in &cases {
        match case.check(&mut sign) {
            Ok(()) => report.passed += 1,
            Err(found) => report.fail(&case.name, case.expected.to_string(), found),
        }
    }
    Ok(report)
}

/// The suite's keys have 1,024 bits, with which *ring* does not sign. They are public, so that it does not matter how long signing takes.
fn sign(pem: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    let key = RsaPrivateKey::from_pkcs1_pem(pem.trim()).map_err(|error| format!("no private key: {error}"))?;
    key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(input)).map_err(|error| format!("cannot sign: {error}"))
}
