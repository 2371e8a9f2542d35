//! What a check came to, and why.

use core::fmt;

use crate::{RecordError, SpfResult};

/// What a check came to. The rest of its reasons is read from the check itself: [`CheckHost::places`](crate::CheckHost::places),
/// [`CheckHost::explanation`](crate::CheckHost::explanation), [`CheckHost::trace`](crate::CheckHost::trace).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Verdict {
    /// The result.
    pub result: SpfResult,
    /// Why.
    pub reason: Reason,
    /// Terms that asked the DNS (RFC 7208, 4.6.4).
    pub lookups: u32,
    /// Those of them for which the DNS had nothing.
    pub voids: u32,
}

/// Why a result is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// A term matched.
    Matched,
    /// No term matched, and the record has no `redirect` (RFC 7208, 4.7).
    NoMatch,
    /// The sender's domain is none that could have a record (RFC 7208, 4.3).
    NoDomain,
    /// The sender's domain has no record (RFC 7208, 4.5).
    NoRecord,
    /// A record is not well formed, or too long, or there are several.
    Record(RecordError),
    /// The domain of an `include` or `redirect` has no record (RFC 7208, 5.2 and 6.1).
    NoTarget,
    /// What a `redirect` leads to is no name (RFC 7208, 6.1).
    NoTargetName,
    /// More terms ask the DNS than [`Limits::lookups`](crate::Limits::lookups).
    Lookups(u32),
    /// More of them got nothing than [`Limits::voids`](crate::Limits::voids).
    Voids(u32),
    /// An `mx` leads to more names than [`Limits::mx_names`](crate::Limits::mx_names).
    MxNames(u32),
    /// The DNS did not answer, or refused.
    Dns,
    /// [`Limits::time`](crate::Limits::time) was over.
    Time,
}

impl fmt::Display for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Matched => formatter.write_str("a term matched"),
            Self::NoMatch => formatter.write_str("no term matched"),
            Self::NoDomain => formatter.write_str("the sender has no domain that could have a record"),
            Self::NoRecord => formatter.write_str("the domain has no SPF record"),
            Self::Record(error) => fmt::Display::fmt(error, formatter),
            Self::NoTarget => formatter.write_str("what it leads to has no SPF record"),
            Self::NoTargetName => formatter.write_str("what it leads to is no domain name"),
            Self::Lookups(limit) => write!(formatter, "more than {limit} terms ask the DNS"),
            Self::Voids(limit) => write!(formatter, "the DNS has nothing for more than {limit} terms"),
            Self::MxNames(limit) => write!(formatter, "the domain has more than {limit} mail hosts"),
            Self::Dns => formatter.write_str("the DNS did not answer"),
            Self::Time => formatter.write_str("the DNS took too long"),
        }
    }
}
