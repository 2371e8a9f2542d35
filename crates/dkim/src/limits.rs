//! What a message may cost.

use core::time::Duration;

/// Bounds on what a stranger's message and keys make us do. Change the fields of a default value.
///
/// ```
/// let mut limits = dkim::Limits::default();
/// limits.signatures = 10;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of the header block, with its empty line: 1 MiB, as [`message::Limits::header`] has it. It is held in memory until the verdict. A larger one is not judged:
    /// the verdict says so, and is a permerror.
    pub header: usize,
    /// How many fields the header block may have: 1,000. More, and it is not judged: permerror.
    pub fields: usize,
    /// How many signatures are tried: 5 (row K-5). The rest are counted in [`Verdict::ignored`](crate::Verdict::ignored).
    pub signatures: usize,
    /// How many names one signature's `h=` may have: 200 (row K-5). More, and that signature is a permerror.
    pub signed_fields: usize,
    /// How many tags one list may have: 64. More, and the signature or key is a permerror.
    pub tags: usize,
    /// Octets of one key record: 8,192 (row N-6). A longer one is a permerror.
    pub key: usize,
    /// How many key records of one name are looked at, where there are several: 3 (row K-6; RFC 6376, 3.6.2.2, leaves it open).
    pub keys: usize,
    /// Bits of an RSA key: 4,096 (RFC 8301, 3.2, demands no more; row K-4). At most 8,192, which the libraries take. A longer one gives the result policy.
    pub max_rsa_bits: u16,
    /// How long answers about keys are waited for, from the moment they are asked for: 20 seconds. Then what is open counts as a temporary error.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header: 1 << 20,
            fields: 1_000,
            signatures: 5,
            signed_fields: 200,
            tags: 64,
            key: 8_192,
            keys: 3,
            max_rsa_bits: 4_096,
            time: Duration::from_secs(20),
        }
    }
}
