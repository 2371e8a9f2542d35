//! The smallest useful embedding of each Mailwright crate, one program or more each in `src/bin`, and drivers to copy: [`blocking`] for
//! threads, [`asynchronous`] for tokio, and a [`resolver`] for what inquiries ask.
//!
//! A driver is what stands between a session and a socket. All there is to it: write out what the session transmits, take its events until there
//! are none, then do what it wants, no longer than until its deadline.

#![allow(clippy::std_instead_of_alloc, clippy::std_instead_of_core, reason = "programs have std")]

pub mod asynchronous;
pub mod blocking;
pub mod resolver;
mod session;

pub use session::Session;

/// The project's own front page: its example is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct ReadMe;

/// What a session needs from its caller, once a driver has done what it can by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Something has come in or gone out, or time has passed: poll again.
    Progress,
    /// The open question's answer.
    Answer,
    /// The next piece of the outgoing body.
    Body,
    /// The TLS handshake; everything before it has been sent.
    Secure,
    /// Nothing more: all is sent, and the connection is closed.
    Closed,
}
