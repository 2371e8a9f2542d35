//! What can be wrong with a chain.

use dkim::TagListError;

use crate::{ArcResult, FieldKind};

/// A limit was passed; each carries the limit's value. The result is fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exceeded {
    /// [`Limits::sets`](crate::Limits::sets)
    #[error("there are more than {0} sets")]
    Sets(u8),
    /// [`Limits::chain`](crate::Limits::chain)
    #[error("the fields of the chain have more than {0} octets")]
    Chain(usize),
    /// The header block itself.
    #[error(transparent)]
    Header(#[from] dkim::Exceeded),
}

/// Why a chain does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// Something is too large or too often there.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// A field is no tag list (RFC 6376, 3.2), so nobody knows to which set it belongs.
    #[error("{kind}: {error}")]
    Tags {
        /// Of which field.
        kind: FieldKind,
        /// What is wrong.
        error: TagListError,
    },
    /// A field does not say to which set it belongs: there is no `i=` from 1 to 50 where it has to be (RFC 8617, 4.2.1).
    #[error("{0} has no i= from 1 to 50")]
    Instance(FieldKind),
    /// A server before has found the chain broken, and said so (RFC 8617, 5.2, 2).
    #[error("instance {0} says itself that the chain fails")]
    SaidToFail(u8),
    /// A field of a set is not there (RFC 8617, 5.2, 3 A and B).
    #[error("instance {instance} has no {kind}")]
    Missing {
        /// Of which set.
        instance: u8,
        /// Which field.
        kind: FieldKind,
    },
    /// A field of a set is there twice.
    #[error("instance {instance} has {kind} twice")]
    Twice {
        /// Of which set.
        instance: u8,
        /// Which field.
        kind: FieldKind,
    },
    /// `cv=` is not there, or is nothing that could be there.
    #[error("the seal of instance {0} has no cv= that is known")]
    NoStatus(u8),
    /// `cv=` is none where there was a chain, or another where there was none (RFC 8617, 5.2, 3 C).
    #[error("the seal of instance {instance} has cv={status}")]
    Status {
        /// Of which set.
        instance: u8,
        /// What it says.
        status: ArcResult,
    },
    /// A seal has `h=`, which it must not (RFC 8617, 4.1.3).
    #[error("the seal of instance {0} has h=")]
    SealNames(u8),
    /// The newest message signature is over seals, or over such signatures (RFC 8617, 4.1.2).
    #[error("the message signature of instance {0} is over seals or message signatures")]
    SignsSeals(u8),
    /// The newest message signature is not right.
    #[error("the message signature of instance {instance}: {problem}")]
    Message {
        /// Of which set.
        instance: u8,
        /// As for a DKIM signature.
        problem: dkim::Problem,
    },
    /// A seal is not right.
    #[error("the seal of instance {instance}: {problem}")]
    Seal {
        /// Of which set.
        instance: u8,
        /// As for a DKIM signature.
        problem: dkim::Problem,
    },
    /// The caller's clock ran out before the message ended.
    #[error("the message did not end in time")]
    Cut,
}

impl Problem {
    /// Whether it may be gone when the message comes again: a key was out of reach, or the message did not end.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Message { problem, .. } | Self::Seal { problem, .. } => problem.outcome() == dkim::Outcome::TempError,
            Self::Cut => true,
            _ => false,
        }
    }
}
