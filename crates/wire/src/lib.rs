//! The parts that every line-based mail session is made of: SMTP, LMTP, POP3 and IMAP sessions stand on them, and so can yours.
//!
//! - [`Input`] and [`Output`]: the bounded buffer that bytes come in through, and the queue that bytes go out through.
//! - [`Lines`]: finds where a line ends, in linear time however the bytes are cut, and says when a line end is not CRLF.
//! - [`Clock`]: when a peer was last heard and spoken to, on the caller's clock.
//! - [`stuffing`]: text that ends with a lone dot, in and out.
//! - [`Wants`], [`Misuse`], [`TlsFacts`]: the vocabulary that all sessions share with whoever drives them.
//! - [`base64`]: strict, as the SASL profiles of the mail protocols demand.
//! - [`Secret`] and [`Excerpt`]: how passwords stay out of logs, and how hostile bytes are shown in them.
//!
//! What it is not: there is no I/O here, no clock that runs, and no protocol. Nothing in this crate knows what a line says.
//!
//! ```
//! use wire::{Input, Line, Lines};
//!
//! let mut input = Input::new(4096);
//! let mut lines = Lines::new();
//! input.receive(b"NOOP\r\nQU");
//! let Line::Whole { text, total } = lines.next(input.unread(), 512) else { panic!("a line is there") };
//! assert_eq!(&input.unread()[..text], b"NOOP");
//! input.consume(total);
//! lines.restart();
//! assert_eq!(lines.next(input.unread(), 512), Line::Partial);
//! ```
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

pub mod base64;
mod buffer;
mod clock;
mod display;
mod line;
mod secret;
mod session;
pub mod stuffing;

pub use buffer::{Input, Output};
pub use clock::Clock;
pub use display::Excerpt;
pub use line::{Line, Lines};
pub use secret::Secret;
pub use session::{Misuse, TlsFacts, TlsVersion, Wants, mechanisms};
