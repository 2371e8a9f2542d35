//! DKIM (RFC 6376, 8301, 8463, 8616): signatures of mail verified and made while the message streams by, without I/O.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

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
