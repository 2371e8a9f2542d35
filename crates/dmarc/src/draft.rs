//! Writing records.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::rules::{FailureOptions, Mode, Policy, Psd};
use crate::{Record, ReportUri, UriError};

/// A record to be published. What is a default is not written.
///
/// ```
/// use dmarc::{Draft, Policy};
///
/// let mut draft = Draft::new(Policy::Quarantine);
/// draft.testing = true;
/// draft.rua.push("mailto:reports@example.org".into());
/// assert_eq!(draft.to_text()?, "v=DMARC1; p=quarantine; t=y; rua=mailto:reports@example.org");
/// # Ok::<(), dmarc::DraftError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draft {
    /// `p`; without it the record only permits reports about another domain (RFC 9990).
    pub p: Option<Policy>,
    /// `sp`.
    pub sp: Option<Policy>,
    /// `np`.
    pub np: Option<Policy>,
    /// `psd`.
    pub psd: Psd,
    /// `t=y`.
    pub testing: bool,
    /// `adkim`.
    pub adkim: Mode,
    /// `aspf`.
    pub aspf: Mode,
    /// `fo`; it is written where `ruf` is.
    pub fo: FailureOptions,
    /// URIs for aggregate reports, such as `mailto:reports@example.org`.
    pub rua: Vec<String>,
    /// URIs for failure reports.
    pub ruf: Vec<String>,
}

/// Why a draft is no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("URI {index} of `{tag}`: {error}")]
pub struct DraftError {
    /// `rua` or `ruf`.
    pub tag: &'static str,
    /// Which of its URIs, counted from zero.
    pub index: usize,
    /// What is wrong with it; octets are counted from its beginning.
    pub error: UriError,
}

impl Draft {
    /// A record with a policy.
    #[must_use]
    pub fn new(p: Policy) -> Self {
        Self { p: Some(p), ..Self::default() }
    }

    /// The record's text.
    ///
    /// # Errors
    ///
    /// [`DraftError`], where a URI is none, or would be read as something else.
    pub fn to_text(&self) -> Result<String, DraftError> {
        let mut text = String::new();
        self.write(&mut text)?;
        Ok(text)
    }

    /// Appends the record's text.
    ///
    /// # Errors
    ///
    /// [`DraftError`]; nothing is written then.
    pub fn write(&self, out: &mut String) -> Result<(), DraftError> {
        for (tag, uris) in [("rua", &self.rua), ("ruf", &self.ruf)] {
            for (index, uri) in uris.iter().enumerate() {
                let read = ReportUri::read(uri.as_bytes(), 0);
                // A semicolon ends the tag; a size is no longer written.
                let error = match read {
                    Err(error) => error,
                    Ok((_, false)) => match uri.find(';') {
                        None => continue,
                        Some(at) => UriError::Octet { at },
                    },
                    Ok((read, true)) => UriError::Octet { at: read.as_str().len() },
                };
                return Err(DraftError { tag, index, error });
            }
        }
        out.push_str("v=DMARC1");
        let mut tag = |name: &str, value: &str| {
            for part in ["; ", name, "=", value] {
                out.push_str(part);
            }
        };
        for (name, policy) in [("p", self.p), ("sp", self.sp), ("np", self.np)] {
            if let Some(policy) = policy {
                tag(name, policy.as_str());
            }
        }
        match self.psd {
            Psd::Yes => tag("psd", "y"),
            Psd::No => tag("psd", "n"),
            Psd::Unknown => {}
        }
        if self.testing {
            tag("t", "y");
        }
        for (name, mode) in [("adkim", self.adkim), ("aspf", self.aspf)] {
            if mode == Mode::Strict {
                tag(name, "s");
            }
        }
        for (name, uris) in [("rua", &self.rua), ("ruf", &self.ruf)] {
            if !uris.is_empty() {
                tag(name, &uris.join(","));
            }
        }
        if !self.ruf.is_empty() && self.fo != FailureOptions::DEFAULT {
            tag("fo", &alloc::format!("{}", self.fo));
        }
        Ok(())
    }
}

impl From<&Record<'_>> for Draft {
    /// What a record says, mended: without what is unknown, not valid or no longer part of the protocol.
    fn from(record: &Record<'_>) -> Self {
        let rules = record.rules();
        let uris = |uris: crate::ReportUris<'_>| uris.valid().map(|uri| uri.as_str().into()).collect();
        Self {
            p: rules.p,
            sp: rules.sp,
            np: rules.np,
            psd: rules.psd,
            testing: rules.testing,
            adkim: rules.adkim,
            aspf: rules.aspf,
            fo: rules.fo,
            rua: uris(record.rua()),
            ruf: uris(record.ruf()),
        }
    }
}

impl fmt::Display for Draft {
    /// The record's text; a URI that is none makes it fail.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_text().map_err(|_| fmt::Error)?)
    }
}
