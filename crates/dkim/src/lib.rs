//! DKIM (RFC 6376, 8301, 8463, 8616): signatures of mail verified and made while the message streams by, without I/O.
//!
//! - [`Verifier`]: a message in, in pieces of any size; questions about keys out, all at once, as soon as the header is there; a [`Verdict`], which says of each signature
//!   what came of it and why. [`verify`] for a message that is whole. [`Policy`] says what is believed.
//! - [`Signer`]: a message in, the fields to put on top of it out. [`Signing`] is how a domain signs, with a [`SigningKey`] or one that is elsewhere. [`sign`] for a message that
//!   is whole.
//! - [`KeyRecord`]: what is published in the DNS.
//! - What they are made of, for ARC and others: [`TagList`], [`Signature`], [`HeaderReader`], [`Header`], [`BodyCanonicalizer`], [`BodyHashes`], [`PublicKey`], [`KeyFetch`].
//!
//! What it is not: nothing here asks a DNS server, reads a clock, keeps keys, or decides what becomes of a message.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod algorithm;
mod body;
mod crypto;
mod error;
mod fetch;
mod hashes;
mod header;
mod key;
mod limits;
mod policy;
mod scan;
mod signature;
mod signer;
mod signing;
mod signing_key;
mod tag_list;
mod verdict;
mod verifier;

pub use algorithm::{Algorithm, Canonicalization, Hash};
pub use body::BodyCanonicalizer;
pub use error::{Exceeded, KeyError, Misuse, SignatureError, Syntax};
pub use fetch::{Found, KeyFetch, verify_by_any};
pub use hashes::{BodyDigest, BodyHash, BodyHashes};
pub use header::{Field, Header, HeaderReader};
pub use key::{KeyRecord, PublicKey};
pub use limits::Limits;
pub use policy::{BodyLength, Policy};
pub use signature::{Form, Signature};
pub use signer::{SignError, SignId, SignRequest, SignStep, Signer, sign};
pub use signing::{Key, OVERSIGNED, SIGNED, Signing, SigningError};
pub use signing_key::{SigningKey, SigningKeyError};
pub use tag_list::{Tag, TagList, TagListError};
pub use verdict::{Outcome, Problem, SignatureVerdict, Verdict};
pub use verifier::{Verifier, verify};
