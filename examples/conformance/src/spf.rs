//! `spf FILE.yml`: the openspf suites. Documents of YAML, each with a zone and tests on it; a test lists the results that will do.

use std::path::Path;

use crate::{Error, Report};

#[path = "../../../crates/spf/tests/support/openspf.rs"]
#[allow(dead_code, unreachable_pub, clippy::panic, reason = "shared with the crate's tests, which take more of it")]
mod openspf;

/// Runs the suite, in the order of its tests.
///
/// # Errors
/// [`Error`]: the file cannot be read, or has another form.
pub fn run(path: &Path) -> Result<Report, Error> {
    let scenarios = openspf::load(&crate::text(path)?).map_err(|error| Error::form(path, &error))?;
    let mut report = Report::default();
    for scenario in &scenarios {
        for case in &scenario.cases {
            let (verdict, check) = case.check(&scenario.zone, openspf::Order::Asked);
            match case.judge(verdict, &check) {
                Ok(()) => report.passed += 1,
                Err(found) => {
                    let name = format!("{}: {}", scenario.description, case.name);
                    let explanation = case.explanation.iter().map(|text| format!(", explained by {text:?}"));
                    let expected = case.results.join(" or ") + &explanation.collect::<String>();
                    report.fail(name, expected, found);
                }
            }
        }
    }
    Ok(report)
}
