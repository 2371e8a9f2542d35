//! What is taken at most of what strangers send.

use core::time::Duration;

/// Bounds for all that a stranger controls. Change fields of the default.
///
/// ```
/// let mut limits = dns::Limits::default();
/// limits.names = 5;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many names of an address [`Iprev`](crate::Iprev) looks up: 10. The others are left out (RFC 8601, 3; the number is that of RFC 7208, 4.6.4).
    pub names: usize,
    /// How long an [`Iprev`](crate::Iprev) waits in all: 20 seconds. What is open then counts as not answered.
    pub time: Duration,
    /// How many aliases are followed from a name to its records: 8. An answer with more is refused.
    pub aliases: usize,
    /// How many addresses are taken of one answer: 32. The others are ignored.
    pub addresses: usize,
    /// How many records of any other kind are taken of one answer: 256. The others are ignored.
    pub records: usize,
    /// How many octets one TXT record may have: 8,192. An answer with a longer one is refused, since half a policy may say the opposite of the whole.
    pub txt: usize,
    /// How long records are kept at most, in seconds, whatever they say: a day.
    pub ttl: u32,
    /// How long it is kept at most, in seconds, that there are none: an hour (RFC 2308, 5, has three).
    pub negative_ttl: u32,
    /// How many octets the text of a [`Zone`](crate::Zone) may have: 1 MiB.
    pub zone_text: usize,
    /// How many records a [`Zone`](crate::Zone) may be given by its text: 16,384.
    pub zone_records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            names: 10,
            time: Duration::from_secs(20),
            aliases: 8,
            addresses: 32,
            records: 256,
            txt: 8_192,
            ttl: 86_400,
            negative_ttl: 3_600,
            zone_text: 1 << 20,
            zone_records: 16_384,
        }
    }
}
