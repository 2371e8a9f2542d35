//! What a message may cost.

use core::time::Duration;

/// How much a message and the DNS may make us do.
///
/// ```
/// let mut limits = dmarc::Limits::default();
/// limits.identifiers = 4; // a site that verifies few signatures
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of one TXT record. Default 4,096: real records have less than 500. A longer one is none (RFC 9989 has no bound; a TXT record may have 65,535).
    pub record: usize,
    /// Domains that are looked at besides the Author Domain, SPF's and those of DKIM signatures; each may cost a tree walk of 8 questions. Default 10, as many
    /// signatures as a verifier should try; more than 254 are never looked at. Further ones are left out and counted in [`Verdict::left_out`](crate::Verdict::left_out).
    pub identifiers: usize,
    /// Author Domains that are evaluated under [`Unclear::Strictest`](crate::Unclear::Strictest). Default 3 (RFC 9989, 11.5). A message with more is handled as
    /// malformed.
    pub authors: usize,
    /// Destinations of reports that are looked at, in the order of the record. Default 5. Further ones get nothing.
    pub uris: usize,
    /// How long an inquiry waits for answers, in all. Default 20 seconds. Then open questions count as not answered, and facts that have not come as none.
    pub time: Duration,
}

impl Limits {
    /// Questions of one tree walk at most (RFC 9989, 4.10). It is the protocol's, and cannot be changed.
    pub const WALK: usize = 8;

    /// Domains that are looked at besides the Author Domain, whatever [`Self::identifiers`] says.
    pub(crate) const IDENTIFIERS: usize = u8::MAX as usize - 1;

    /// Questions that one [`Check`](crate::Check) asks at most under these limits, for each Author Domain that is evaluated: a walk for it and for each further
    /// domain, and one whether it exists.
    #[must_use]
    pub const fn questions(&self) -> usize {
        self.identifiers.saturating_add(1).saturating_mul(Self::WALK).saturating_add(1)
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { record: 4_096, identifiers: 10, authors: 3, uris: 5, time: Duration::from_secs(20) }
    }
}
