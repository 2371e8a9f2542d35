//! ARC (RFC 8617): what servers on a message's way have found out about it, each under its seal. A chain is validated while the message streams by, and goes on
//! with a set of one's own, without I/O.
//!
//! - [`Validator`]: a message in, questions about keys out, a [`Verdict`].
//! - [`Verdict::vouches_dmarc`]: whether a server that is trusted says that the message was in order when it came there. Nobody is trusted unless named.
//! - `Sealer`, with the feature `seal`: the three fields that a server adds before it passes a message on. It hands out what is to be signed, so that the key
//!   may be anywhere.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod chain;
mod error;
mod field;
mod limits;
#[cfg(feature = "seal")]
mod seal;
mod trust;
mod validator;
mod verdict;

pub use error::{Exceeded, Problem};
pub use field::{FieldKind, Seal};
pub use limits::Limits;
#[cfg(feature = "seal")]
pub use seal::{Misuse, SealError, SealStep, Sealer, Sealing, own_results};
pub use validator::{Validator, validate};
pub use verdict::{ArcResult, Set, Verdict};
