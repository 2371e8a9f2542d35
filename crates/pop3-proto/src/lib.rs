//! POP3 (RFC 1939) as sans-IO sessions, with its extensions: CAPA (2449), STLS (2595), AUTH (5034), response codes (3206), UTF8 and
//! LANG (6856).
//!
//! A session is one side of one connection. It does no I/O and reads no clock: bytes and moments go in, events and bytes come out, and whatever must be
//! decided is asked of the caller, who may take as long as it needs.
//!
//! - [`Server`]: the serving side.
//! - [`Client`]: the reading side.
//! - [`maildrop`]: what a session sees of a mailbox, and the marks it sets, as pure state. A connection that drops removes nothing.
//! - [`command`], [`response`], [`capabilities`]: the grammar, both directions.
//! - [`apop`]: logins by digest, off by default.
//! - [`language`]: what LANG offers, and how a language is chosen.
//!
//! What it is not: it opens no sockets, does no TLS (it says when), checks no passwords (it asks), and keeps no mail.

#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod apop;
pub mod capabilities;
pub mod client;
pub mod command;
pub mod error;
pub mod language;
mod limits;
pub mod maildrop;
pub mod response;
pub mod server;

pub use self::{
    capabilities::Capabilities, client::Client, error::Error, limits::Limits, response::Response, server::Server,
};
pub use wire::{Misuse, TlsFacts, TlsVersion, Wants};
