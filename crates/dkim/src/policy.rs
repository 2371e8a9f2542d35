//! What a receiver believes.

use core::time::Duration;

/// What signatures have to be to count. The default is what RFC 6376, 8301 and 8463 demand, and what is known of attacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// Whether rsa-sha1 is an algorithm: no. RFC 8301, 3.1, forbids it. Only [`Self::legacy`] knows it.
    pub(crate) sha1: bool,
    /// Bits that an RSA key must have: 1,024 (RFC 8301, 3.2). A signature by a shorter one gives the result policy.
    pub min_rsa_bits: u16,
    /// What a signature is worth that does not cover the whole body: nothing.
    pub body_length: BodyLength,
    /// Whether a pass by a key in testing mode (`t=y`) is one for [`SignatureVerdict::counts`](crate::SignatureVerdict::counts): no, since its owner asks to be treated as if
    /// nothing were signed (RFC 6376, 3.6.1).
    pub count_testing: bool,
    /// How far the signer's clock may be ahead of ours, or behind: 5 minutes (row K-3).
    pub clock_skew: Duration,
}

/// What is made of `l=`, behind which anybody can add to the message (RFC 6376, 8.2; row K-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyLength {
    /// A signature with `l=` never passes: the result is policy.
    #[default]
    Refused,
    /// It passes where nothing was added.
    Whole,
    /// It passes. What is behind the signed part must then not be shown as if it were signed.
    Accepted,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            sha1: false,
            min_rsa_bits: 1_024,
            body_length: BodyLength::default(),
            count_testing: false,
            clock_skew: Duration::from_secs(300),
        }
    }
}

impl Policy {
    /// For archives of old mail and for test suites, never for mail that arrives: rsa-sha1, RSA keys from 512 bits on, and signatures over a part of the body pass. All of
    /// these can be forged today.
    #[cfg(feature = "legacy")]
    #[must_use]
    pub fn legacy() -> Self {
        Self {
            sha1: true,
            min_rsa_bits: 512,
            body_length: BodyLength::Accepted,
            count_testing: true,
            ..Self::default()
        }
    }

    /// Whether rsa-sha1 is an algorithm.
    #[must_use]
    pub const fn takes_sha1(&self) -> bool {
        self.sha1
    }
}
