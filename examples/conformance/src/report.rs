//! What became of the cases of a suite.

use core::fmt;

/// Cases counted, and those told of that did not pass.
#[derive(Debug, Default)]
pub struct Report {
    /// How many gave what was expected.
    pub passed: usize,
    /// Those that did not.
    pub failed: Vec<Failure>,
    /// Those that were not run, and why the suite's own description says so.
    pub skipped: Vec<Skipped>,
}

/// A case that gave something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Which.
    pub case: String,
    /// What the suite wants.
    pub expected: String,
    /// What came out.
    pub found: String,
}

/// A case that was not run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Which.
    pub case: String,
    /// Why.
    pub reason: String,
}

impl Report {
    /// Counts a case: `found` is among what is expected, or it is told.
    pub fn judge(&mut self, case: impl Into<String>, expected: &[impl AsRef<str>], found: impl AsRef<str>) {
        let found = found.as_ref();
        if expected.iter().any(|expected| expected.as_ref() == found) {
            self.passed += 1;
        } else {
            let expected: Vec<&str> = expected.iter().map(AsRef::as_ref).collect();
            self.fail(case, expected.join(" or "), found);
        }
    }

    /// A case that gave something else.
    pub fn fail(&mut self, case: impl Into<String>, expected: impl Into<String>, found: impl Into<String>) {
        self.failed.push(Failure { case: case.into(), expected: expected.into(), found: found.into() });
    }

    /// A case that is not run, for a reason that the suite's own description gives.
    pub fn skip(&mut self, case: impl Into<String>, reason: impl Into<String>) {
        self.skipped.push(Skipped { case: case.into(), reason: reason.into() });
    }

    /// How many cases there were.
    #[must_use]
    pub fn cases(&self) -> usize {
        self.passed + self.failed.len() + self.skipped.len()
    }

    /// Adds another's cases.
    pub fn append(&mut self, mut other: Self) {
        self.passed += other.passed;
        self.failed.append(&mut other.failed);
        self.skipped.append(&mut other.skipped);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Skipped { case, reason } in &self.skipped {
            writeln!(f, "skipped {case}: {reason}")?;
        }
        for Failure { case, expected, found } in &self.failed {
            writeln!(f, "FAILED {case}\n  expected: {expected}\n  found:    {found}")?;
        }
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed.len(), self.skipped.len())
    }
}
