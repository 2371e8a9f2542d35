//! The Authentication-Results header field of RFC 8601, read and written.
//!
//! A server that checks a message says what it found in this field, for whatever comes behind it: filters, mail readers, and, in
//! ARC-Authentication-Results, the servers that get the message next. This crate knows the field and none of the checks.
//!
//! - [`AuthenticationResults`]: the field, read in place and written so that no value can end it or begin another.
//! - [`Resinfo`]: the result of one check, with the usual shape of each common method ready made.
//! - [`claims`]: whether a field that a stranger brought claims to be one's own. It is to be removed then (RFC 8601, 5).
//!
//! What it is not: it decides nothing. Believe a field only if one's own server wrote it, and only after those that were forged are removed.
//!
//! ```
//! use auth_results::{AuthenticationResults, Method, Resinfo, ResultCode, claims};
//!
//! let own = "mx.example.org";
//! // what arrived, by its fields of this name
//! let arrived: [&[u8]; 2] = [b" relay.example.net; dkim=pass header.d=example.net", b" MX.example.org; dmarc=pass"];
//! let kept: Vec<_> = arrived.into_iter().filter(|value| !claims(value, own)).collect();
//! assert_eq!(kept, [arrived[0]]);
//!
//! // what was found, to be put on top of the message
//! let mut field = Vec::new();
//! AuthenticationResults::new(own).result(Resinfo::dmarc(ResultCode::Fail, "example.com", Some("none"))).write(&mut field)?;
//! assert_eq!(
//!     String::from_utf8_lossy(&field),
//!     "Authentication-Results: mx.example.org;\r\n dmarc=fail header.from=example.com policy.dmarc=none\r\n"
//! );
//! # Ok::<(), auth_results::Misuse>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod claims;
mod cursor;
mod error;
mod field;
mod grammar;
mod limits;
mod methods;
mod names;
mod parse;
mod work;
mod write;

pub use claims::claims;
pub use error::{Error, Limit, Misuse, Syntax};
pub use field::{AuthenticationResults, Property, Resinfo};
pub use limits::{Leniency, Limits};
pub use methods::{DkimSignature, signature_tag};
pub use names::{Method, Ptype, ResultCode};
