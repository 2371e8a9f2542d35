//! What has been found, and why.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use dns::Absence;

use crate::{Algorithm, Exceeded, KeyError, KeyRecord, Signature, SignatureError};

/// A result, by its name in Authentication-Results (RFC 8601, 2.7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The message is not signed.
    None,
    /// The signature is right.
    Pass,
    /// The message was changed, or the signature is not by this key.
    Fail,
    /// The signature may be right, but is not worth anything here.
    Policy,
    /// It is of a kind that is not known here.
    Neutral,
    /// It may be known later whether it is right.
    TempError,
    /// It will never be known whether it is right.
    PermError,
}

impl Outcome {
    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Policy => "policy",
            Self::Neutral => "neutral",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Why a signature did not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The field itself.
    #[error(transparent)]
    Signature(#[from] SignatureError),
    /// rsa-sha1 (RFC 8301, 3.1).
    #[error("rsa-sha1 is no signature any more")]
    Sha1,
    /// `x=` is over.
    #[error("the signature expired {ago} seconds ago")]
    Expired {
        /// For so many seconds.
        ago: u64,
    },
    /// `t=` is yet to come.
    #[error("the signature was made {ahead} seconds from now")]
    Early {
        /// In so many seconds.
        ahead: u64,
    },
    /// There is no key record.
    #[error("no key: {0}")]
    NoKey(Absence),
    /// The key record is of no use.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// `k=` is not what the algorithm needs.
    #[error("the key is not one of the signature's algorithm")]
    KeyType,
    /// `h=` of the key leaves out the algorithm's hash.
    #[error("the key is not meant for the signature's hash")]
    KeyHash,
    /// `s=` of the key leaves out mail.
    #[error("the key is not meant for mail")]
    KeyService,
    /// The key has `t=s`, and the domain of `i=` is another than `d=`.
    #[error("the key demands that i= and d= have the same domain")]
    KeyStrict,
    /// The key has fewer bits than the policy demands.
    #[error("an RSA key of {0} bits proves nothing")]
    KeyShort(u16),
    /// The key has more bits than are computed with.
    #[error("an RSA key of {0} bits costs too much")]
    KeyLong(u16),
    /// `l=` is more than the body has: something was taken away.
    #[error("l= is {signed}, and the body has only {size} octets")]
    BodyShort {
        /// `l=`.
        signed: u64,
        /// Octets of the canonical body.
        size: u64,
    },
    /// The body's hash is not the one in `bh=`.
    #[error("the body has been changed")]
    Body,
    /// The signature is not right for what it signs: the header was changed, or the key is another one.
    #[error("the header has been changed, or the key is another one")]
    Header,
    /// The signature is right, but covers only a part of the body (`l=`).
    #[error("only {signed} of the body's {size} octets are signed")]
    BodyPart {
        /// `l=`.
        signed: u64,
        /// Octets of the canonical body.
        size: u64,
    },
    /// The caller's clock ran out before the message ended.
    #[error("the message did not end in time")]
    Cut,
    /// The build has no library for signatures.
    #[error("this program was built without a library for signatures")]
    NoLibrary,
}

impl Problem {
    /// The result that it comes to.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        match self {
            // RFC 8601, 2.7.1: what cannot be processed
            Self::Signature(SignatureError::Algorithm | SignatureError::Canonicalization | SignatureError::Query)
            | Self::NoLibrary => Outcome::Neutral,
            Self::NoKey(Absence::TryLater) | Self::Cut => Outcome::TempError,
            Self::Body | Self::Header => Outcome::Fail,
            Self::KeyShort(_) | Self::KeyLong(_) | Self::BodyPart { .. } => Outcome::Policy,
            _ => Outcome::PermError,
        }
    }
}

/// What has been found of one signature.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignatureVerdict {
    /// Why it did not pass; nothing, if it did.
    pub problem: Option<Problem>,
    /// The signature, where it could be read.
    pub signature: Option<Arc<Signature>>,
    /// `d=` as it was written, where there is one.
    pub domain: Option<Box<str>>,
    /// `s=` as it was written, where there is one.
    pub selector: Option<Box<str>>,
    /// The first eight characters of `b=`, which tell the signatures of a message apart (RFC 6008).
    pub first_of_b: Box<str>,
    /// The key record that was looked at last, to be kept for [`Verifier::answer_parsed`](crate::Verifier::answer_parsed), which see.
    pub key: Option<Arc<KeyRecord>>,
    /// How long the key's record may be kept, in seconds.
    pub key_ttl: u32,
    /// Whether DNSSEC vouched for the key.
    pub key_authenticated: bool,
    /// How many octets of the canonical body are signed, of how many; nothing, where it did not come to that.
    pub body: Option<(u64, u64)>,
    /// How many seconds ago it was made, by `t=`: an old one may be a replay (row K-3).
    pub age: Option<u64>,
    pub(crate) count_testing: bool,
}

impl SignatureVerdict {
    /// The result.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.problem.as_ref().map_or(Outcome::Pass, Problem::outcome)
    }

    /// Whether it is proof that the domain answers for the message: for DMARC's alignment, and for reputation. It passes, and is not by a key in testing mode.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.problem.is_none() && (self.count_testing || !self.is_testing())
    }

    /// Whether the key's owner is still testing (`t=y`).
    #[must_use]
    pub fn is_testing(&self) -> bool {
        self.key.as_ref().is_some_and(|key| key.testing)
    }

    /// The algorithm, where the signature could be read.
    #[must_use]
    pub fn algorithm(&self) -> Option<Algorithm> {
        self.signature.as_ref().map(|signature| signature.algorithm())
    }

    /// How many bits the key has, where there is one.
    #[must_use]
    pub fn key_bits(&self) -> Option<u16> {
        self.key.as_ref().map(|key| key.key().bits())
    }

    /// `i=` or what stands for it: the one who says to have signed.
    #[must_use]
    pub fn identity(&self) -> Option<Box<str>> {
        let signature = self.signature.as_ref()?;
        Some(signature.identity().map_or_else(|| alloc::format!("@{}", signature.domain()).into(), Box::from))
    }
}

/// One line, as in Authentication-Results: `dkim=fail (the body has been changed) header.d=example.net header.s=2026 …`. What a stranger wrote is escaped and cut to 80.
impl fmt::Display for SignatureVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "dkim={}", self.outcome())?;
        match &self.problem {
            Some(problem) => write!(formatter, " ({problem})")?,
            None if self.is_testing() => formatter.write_str(" (testing)")?,
            None => {}
        }
        for (name, value) in [("d", &self.domain), ("s", &self.selector)] {
            if let Some(value) = value {
                write!(formatter, " header.{name}={}", Shown(value))?;
            }
        }
        if let Some(identity) = self.signature.as_ref().and_then(|signature| signature.identity()) {
            write!(formatter, " header.i={}", Shown(identity))?;
        }
        if let Some(algorithm) = self.algorithm() {
            write!(formatter, " header.a={algorithm}")?;
        }
        if let Some(bits) = self.key_bits() {
            write!(formatter, " bits={bits}")?;
        }
        if !self.first_of_b.is_empty() {
            write!(formatter, " header.b={}", Shown(&self.first_of_b))?;
        }
        Ok(())
    }
}

/// Text of a stranger's.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars().take(80) {
            if letter.is_control() || letter.is_whitespace() {
                write!(formatter, "{}", letter.escape_default())?;
            } else {
                write!(formatter, "{letter}")?;
            }
        }
        Ok(())
    }
}

/// What has been found of a message's signatures. Copies are cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Inner {
    pub(crate) signatures: Vec<SignatureVerdict>,
    pub(crate) ignored: usize,
    pub(crate) exceeded: Option<Exceeded>,
}

impl Verdict {
    /// The signatures that were tried, in the order in which they stand in the message.
    #[must_use]
    pub fn signatures(&self) -> &[SignatureVerdict] {
        &self.inner.signatures
    }

    /// How many signatures there are besides, which were not looked at ([`Limits::signatures`](crate::Limits::signatures)).
    #[must_use]
    pub fn ignored(&self) -> usize {
        self.inner.ignored
    }

    /// Why the message was not judged at all.
    #[must_use]
    pub fn exceeded(&self) -> Option<Exceeded> {
        self.inner.exceeded
    }

    /// The signatures that prove something: see [`SignatureVerdict::counts`].
    pub fn counting(&self) -> impl Iterator<Item = &SignatureVerdict> {
        self.signatures().iter().filter(|signature| signature.counts())
    }

    /// One result for all: pass if any signature passes (RFC 6376, 6.1), or else the one that leaves most open.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        if self.inner.exceeded.is_some() {
            return Outcome::PermError;
        }
        const ORDER: [Outcome; 6] =
            [Outcome::Pass, Outcome::TempError, Outcome::Fail, Outcome::Policy, Outcome::PermError, Outcome::Neutral];
        ORDER
            .into_iter()
            .find(|outcome| self.signatures().iter().any(|signature| signature.outcome() == *outcome))
            .unwrap_or(Outcome::None)
    }
}

/// One line: the signatures' lines with semicolons between them.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(exceeded) = self.exceeded() {
            return write!(formatter, "dkim=permerror ({exceeded})");
        }
        if self.signatures().is_empty() {
            return formatter.write_str("dkim=none");
        }
        for (at, signature) in self.signatures().iter().enumerate() {
            write!(formatter, "{}{signature}", if at > 0 { "; " } else { "" })?;
        }
        if self.ignored() > 0 {
            write!(formatter, " ({} more not tried)", self.ignored())?;
        }
        Ok(())
    }
}
