//! Algorithms and canonicalizations by their names.

use core::fmt;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-1, which nobody may use any more (RFC 8301, 3.1).
    Sha1,
}

impl Hash {
    /// The name in `h=` of a key record.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha1 => "sha1",
        }
    }

    /// How many octets it gives.
    #[must_use]
    pub const fn octets(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
        }
    }
}

/// A signature algorithm (RFC 6376, 3.3; RFC 8301; RFC 8463).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Algorithm {
    /// RSA with PKCS #1 1.5 over SHA-256.
    RsaSha256,
    /// Ed25519 over the SHA-256 hash of what is signed.
    Ed25519Sha256,
    /// RSA over SHA-1: historic; nothing is signed with it, and it is no signature (RFC 8301, 3.1) but under a policy for old mail.
    RsaSha1,
}

impl Algorithm {
    /// The algorithm of a name in `a=`, in any case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::RsaSha256, Self::Ed25519Sha256, Self::RsaSha1]
            .into_iter()
            .find(|algorithm| algorithm.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The name in `a=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::Ed25519Sha256 => "ed25519-sha256",
            Self::RsaSha1 => "rsa-sha1",
        }
    }

    /// The hash of the body, and of what is signed.
    #[must_use]
    pub const fn hash(self) -> Hash {
        match self {
            Self::RsaSha256 | Self::Ed25519Sha256 => Hash::Sha256,
            Self::RsaSha1 => Hash::Sha1,
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// What may change on the way without breaking a signature (RFC 6376, 3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Canonicalization {
    /// Next to nothing: empty lines at the end.
    #[default]
    Simple,
    /// White space, and the case of field names.
    Relaxed,
}

impl Canonicalization {
    /// The canonicalization of a name in `c=`, in any case.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        [Self::Simple, Self::Relaxed].into_iter().find(|this| this.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The name in `c=`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Simple => "simple",
            Self::Relaxed => "relaxed",
        }
    }
}

impl fmt::Display for Canonicalization {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
