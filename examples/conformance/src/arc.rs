//! `arc FILE.json`: the suite of ValiMail, in JSON. Scenarios with their keys, and in each messages with the status of their chain, or with the fields that a sealer has to
//! write.

use std::path::Path;

use rsa::pkcs1::DecodeRsaPrivateKey as _;
use rsa::sha2::{Digest as _, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

use crate::{Error, Report};

#[path = "../../../crates/arc/tests/support/valimail.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "shared with the crate's tests, which take more of it")]
mod valimail;

/// Runs the suite.
///
/// # Errors
/// [`Error`]: the file cannot be read, or has another form.
pub fn run(path: &Path) -> Result<Report, Error> {
    let cases = valimail::cases(&crate::text(path)?).map_err(|error| Error::form(path, &error))?;
    let mut report = Report::default();
    for case in &cases {
        match case.check(&mut sign) {
            Ok(()) => report.passed += 1,
            Err(found) => report.fail(&case.name, expected(&case.expected), found),
        }
    }
    Ok(report)
}

fn expected(of: &valimail::Expected) -> String {
    match of {
        valimail::Expected::Status(status) => status.as_str().to_owned(),
        valimail::Expected::Fields(fields) => format!("{}\n{}\n{}", fields.results, fields.message, fields.seal),
    }
}

/// The suite's keys have 1,024 bits, which our own signer does not take. Everybody has them, so that nothing can leak.
fn sign(pem: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    let key = RsaPrivateKey::from_pkcs1_pem(pem.trim()).map_err(|error| error.to_string())?;
    key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(input)).map_err(|error| error.to_string())
}
