//! The Internet Message Format (RFC 5322) and MIME: header fields, addresses, dates, message ids, the parts of a message, and a builder that cannot be made to inject a
//! header.
//!
//! - [`Index`] finds the fields of a header block in one pass, whole or as it arrives; [`Headers`] and [`Field`] read them, borrowed, each
//!   value when it is asked for.
//! - [`AddressList`], [`Mailbox`], [`AddrSpec`], [`DateTime`], [`MessageIds`], [`Hop`]: what structured values say.
//! - [`mime`]: [`Parser`](mime::Parser) finds the parts of a message in one pass; [`Part`](mime::Part) reads what each is, its name and its content;
//!   [`Edits`](mime::Edits) change some and leave the others as they are.
//! - [`html`]: the text and the links of a page, and what it hides.
//! - [`MessageBuilder`], [`Content`]: a new message with its parts, which no text that is put into it can break.
//! - [`trace`]: the fields that servers put on top.
//!
//! What it is not: there is no I/O here, no clock and no randomness, and nothing here judges a message.
//!
//! ```
//! use message::Index;
//!
//! let mail = b"From: Mary <mary@example.net>\r\nTo: ned@example.org,\r\n kim@example.org\r\nDate: Fri, 21 Nov 1997 09:55:06 -0600\r\n\r\nHello\r\n";
//! let mut index = Index::default();
//! let headers = index.parse(mail)?;
//! assert_eq!(headers.author()?.name(), Some("Mary"));
//! assert_eq!(headers.get("to").unwrap().addresses()?.mailboxes().count(), 2);
//! assert_eq!(headers.get("date").unwrap().date()?.unix(), 880_127_706);
//! assert_eq!(headers.body(), b"Hello\r\n");
//! # Ok::<(), message::Error>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod addr_spec;
mod address;
mod address_parser;
#[cfg(feature = "arbitrary")]
mod arbitrary;
mod body;
mod builder;
mod charset;
mod content;
mod cursor;
mod date;
mod defect;
mod encoded_word;
mod error;
mod field_name;
mod fold;
mod grammar;
mod headers;
pub mod html;
mod index;
mod limits;
mod message_id;
pub mod mime;
mod received;
mod text;
pub mod trace;
mod work;

pub use addr_spec::AddrSpec;
pub use address::{Address, AddressList, DisplayName, Mailbox};
pub use builder::{BuildError, MessageBuilder};
pub use content::{Carriage, Content, Multipart};
pub use date::DateTime;
pub use defect::{Defect, DefectKind};
pub use error::{Error, Limit, Syntax};
pub use field_name::FieldName;
pub use headers::{Field, Fields, Headers};
pub use index::{Index, Progress};
pub use limits::{Leniency, Limits};
pub use message_id::{MessageId, MessageIds};
pub use received::Hop;

// the README's example is a test too
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
