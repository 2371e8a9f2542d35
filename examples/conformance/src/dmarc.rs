//! `dmarc FILE.json`: messages recorded from another implementation's tests: the author, the domains that passed, the DNS, and what is asserted of the verdict.

use std::path::Path;

use ::dmarc::{Config, Order};

use crate::{Error, Report};

#[path = "../../../crates/dmarc/tests/support/recorded.rs"]
#[allow(dead_code, reason = "shared with the crate's tests, which take more of it")]
mod recorded;

/// Runs the suite. Each case is asked in both orders of questions, and has to come to the same.
///
/// # Errors
/// [`Error`]: the file cannot be read, or has another form.
pub fn run(path: &Path) -> Result<Report, Error> {
    let cases = recorded::cases(&crate::text(path)?).map_err(|error| Error::form(path, &error))?;
    let mut report = Report::default();
    for case in &cases {
        let mut config = Config::default();
        let parallel = case.run(config);
        config.order = Order::Sequential;
        match parallel.and_then(|()| case.run(config)) {
            Ok(()) => report.passed += 1,
            Err(found) => report.fail(&case.name, "what is asserted", found),
        }
    }
    Ok(report)
}
