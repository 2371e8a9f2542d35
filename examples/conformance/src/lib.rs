//! Suites that others wrote, given as data, run through the public interface of the Mailwright crates, with DNS answered from the suite.
//!
//! Each suite is a module with a function that takes a path and gives a [`Report`]. It shows how a crate is embedded into tests, and anybody may point it at other files
//! of the same form.

#![allow(clippy::std_instead_of_alloc, reason = "a program has std; what it shares with crates without it is `core`")]

pub mod arc;
pub mod auth_results;
pub mod dkim;
pub mod dmarc;
mod report;
pub mod spf;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

pub use report::{Failure, Report, Skipped};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;

/// Why a suite cannot be run at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has another form than the suite's.
    #[error("{} does not have the form of this suite: {what}", path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

impl Error {
    fn form(path: &Path, what: &(impl ToString + ?Sized)) -> Self {
        Self::Form { path: path.into(), what: what.to_string() }
    }
}

/// A file's octets.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(|source| Error::Read { path: path.into(), source })
}

/// A file's text; what is not UTF-8 is replaced.
fn text(path: &Path) -> Result<String, Error> {
    Ok(String::from_utf8_lossy(&read(path)?).into_owned())
}

/// A file of JSON.
fn json(path: &Path) -> Result<Value, Error> {
    serde_json::from_slice(&read(path)?).map_err(|error| Error::form(path, &error))
}
