//! SMTP (RFC 5321), submission (RFC 6409) and LMTP (RFC 2033) as sans-IO sessions, server and client.
//!
//! A session is one side of one connection. It does no I/O and reads no clock: bytes and moments go in, events and bytes come out, and whatever
//! must be decided is asked of the caller, who may take as long as it needs. So the same session runs in a blocking thread, under any async
//! runtime, in wasm, or in a test that moves time by hand.
//!
//! - [`Server`] and [`Client`]: the sessions. A whole exchange is below.
//! - [`command`], [`reply`], [`ehlo`]: the grammar, both directions, borrowed from the input. Addresses are [types](path) that can hold only what may go on the
//!   wire.
//! - [`framing`]: where content begins and ends, apart from the grammar: DATA's dots and BDAT's chunks.
//!
//! What it is not: it opens no sockets, does no TLS (it says when), knows no users, queues nothing and looks nothing up. `mailhost`
//! shows one way to do all that.
//!
//! # One exchange
//!
//! Our client speaks to our server; each gets what the other transmits.
//!
//! ```
//! use core::time::Duration;
//! use smtp_proto::{Limits, Server, server::{Answer, Config, Event, Role}};
//!
//! let now = Duration::ZERO;
//! let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, now);
//! assert_eq!(server.poll(), Some(Event::Connected));
//! server.answer(Answer::Accept, now)?;
//! assert_eq!(server.transmit(), b"220 mx.example.org ESMTP\r\n");
//! # Ok::<(), smtp_proto::Misuse>(())
//! ```
//!
//! # Standards
//!
//! RFC 5321, 6409, 8314 and 2033; PIPELINING (2920), SIZE (1870), 8BITMIME (6152), CHUNKING and BINARYMIME (3030), SMTPUTF8 (6531), DSN (3461), enhanced
//! status codes (2034, 3463), STARTTLS (3207), AUTH (4954), REQUIRETLS (8689), LIMITS (9422), DELIVERBY (2852), FUTURERELEASE (4865), MT-PRIORITY (6710); XCLIENT
//! and XFORWARD, which no standard has. `RFCS.md` beside this file's folder says which part is covered by which test.

#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod client;
pub mod command;
mod cursor;
pub mod delivery;
pub mod dsn;
pub mod ehlo;
pub mod error;
pub mod forward;
pub mod framing;
mod limits;
mod params;
pub mod path;
pub mod reply;
pub mod server;
mod status;
pub mod xtext;

pub use self::{client::Client, error::Error, limits::Limits, reply::Reply, server::Server, status::EnhancedStatus};
pub use wire::{Misuse, TlsFacts, TlsVersion, Wants};
