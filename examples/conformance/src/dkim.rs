//! `dkim DIR`: a folder `corpus` of signed messages, `FAKE_DNS.dat` with their keys, `expected.json` with what each must come to, as the corpus of Mail::DKIM has them.
//!
//! `result` is what a message came to while rsa-sha1 and keys of 512 bits were taken, so it is compared with what [`Policy::legacy`] says; `result_strict`, where there is
//! one, with what the defaults say. In a word: `pass` if a signature passes, `fail` if one is wrong, otherwise `invalid`.

use core::time::Duration;
use std::path::Path;

use ::dkim::{Limits, Outcome, Policy, Verdict, Verifier};
use dns::Zone;

use crate::{Error, Report};

#[path = "../../../crates/dkim/tests/support/mail_dkim.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    clippy::std_instead_of_core,
    reason = "shared with the crate's tests, which take more of it"
)]
mod mail_dkim;

/// Long after the messages of the corpus were signed, in Unix seconds: what expires has expired.
const NOW: i64 = 1_790_000_000;

/// Runs the suite.
///
/// # Errors
/// [`Error`]: a file cannot be read, or has another form.
pub fn run(folder: &Path) -> Result<Report, Error> {
    let corpus = mail_dkim::load(folder).map_err(|error| Error::form(folder, &error))?;
    let mut report = Report::default();
    for case in &corpus.cases {
        if let Some(flag) = case.skip {
            report.skip(&case.name, format!("{flag}: not by an RFC 6376 verifier"));
            continue;
        }
        let mut expected = vec![case.result.as_str()];
        if case.has_g_tag && case.result == "invalid" {
            // RFC 6376 ignores g=, by which RFC 4871 made it invalid.
            expected.push("pass");
        }
        judge(&mut report, &case.name, &expected, &verdict(&case.message, &corpus.zone, Policy::legacy()));
        if let Some(strict) = &case.result_strict {
            let found = verdict(&case.message, &corpus.zone, Policy::default());
            judge(&mut report, &format!("{} (strict)", case.name), &[strict], &found);
        }
    }
    Ok(report)
}

fn verdict(message: &[u8], zone: &Zone, policy: Policy) -> Verdict {
    let mut verifier = Verifier::new(policy, Limits::default(), Duration::ZERO, NOW);
    verifier.receive(message);
    verifier.end();
    dns::drive::blocking(verifier, |name, kind| zone.lookup(name, kind))
}

fn judge(report: &mut Report, case: &str, expected: &[&str], found: &Verdict) {
    let word = match found.outcome() {
        Outcome::Pass => "pass",
        Outcome::Fail => "fail",
        _ => "invalid",
    };
    if expected.contains(&word) {
        report.passed += 1;
    } else {
        report.fail(case, expected.join(" or "), format!("{word}: {found}"));
    }
}
