//! What one check may cost.

use core::time::Duration;

/// How much the records of strangers may make us ask, store and wait (RFC 7208, 4.6.4 and 11.1).
///
/// ```
/// let mut limits = spf::Limits::default();
/// limits.voids = 5; // more patient than RFC 7208 recommends
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub struct Limits {
    /// Terms that ask the DNS: `include`, `a`, `mx`, `ptr`, `exists` and `redirect`, in all records together. Default 10 (RFC 7208, 4.6.4); counted up to 250. One
    /// more is a permerror.
    pub lookups: u32,
    /// Such terms for which the DNS has nothing. Default 2 (RFC 7208, 4.6.4). One more is a permerror.
    pub voids: u32,
    /// Names that one `mx` may lead to. Default 10 (RFC 7208, 4.6.4). More are a permerror.
    pub mx_names: u32,
    /// Names of the client's address that `ptr` and `%{p}` look at. Default 10 (RFC 7208, 4.6.4). Further ones are passed over, since the sender has no say in them.
    pub ptr_names: u32,
    /// How long the whole may take. Default 20 s, the least that RFC 7208, 4.6.4, allows. Then it is a temperror.
    pub time: Duration,
    /// Octets of one record. Default 8,192; at most 65,535, which is all that a TXT record can have. A longer one is a permerror.
    pub record: u32,
    /// Octets of an explanation. Default 250, which leaves room in a reply's line (RFC 5321, 4.5.3.1.5). It is cut there.
    pub explanation: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lookups: 10,
            voids: 2,
            mx_names: 10,
            ptr_names: 10,
            time: Duration::from_secs(20),
            record: 8_192,
            explanation: 250,
        }
    }
}

impl Limits {
    /// Frames are counted in an octet: no record leads deeper than this many lookups.
    pub(crate) const fn depth(&self) -> u32 {
        if self.lookups < 250 { self.lookups } else { 250 }
    }
}
