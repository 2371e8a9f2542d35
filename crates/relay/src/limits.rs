//! What strangers can make a relay do.

use core::time::Duration;

/// The limits of routes and reports. Change the fields of a default value.
///
/// ```
/// let mut limits = relay::Limits::default();
/// limits.addresses = 10;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Hosts of one domain whose addresses are asked for, the best ones: 10 (row R-8). What is beyond is not tried. Own names count among all.
    pub hosts: usize,
    /// Addresses tried in one attempt: 5 (row R-8). RFC 5321, 5.1, wants two at least. Each host gets one before any gets its second.
    pub addresses: usize,
    /// How long the questions of one route may take together: 60 s. Then those that are open count as not answered, and what is known has to do.
    pub time: Duration,
    /// Octets of a message that is sent back whole: 51,200 (row R-6). Of a longer one the header is sent back.
    pub whole: usize,
    /// Octets of a header that is sent back: 51,200 (row R-6). A longer one is cut between two lines.
    pub header: usize,
    /// Octets of a remote server's words that are kept and passed on: 500 (row R-6). Longer ones are cut.
    pub words: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { hosts: 10, addresses: 5, time: Duration::from_secs(60), whole: 51_200, header: 51_200, words: 500 }
    }
}
