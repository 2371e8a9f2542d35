//! DNS questions and answers as data: what an inquiry asks, and what it is told. No resolver, no sockets, no runtime.
//!
//! - [`Name`]: a domain name, checked, in lower-case A-labels, without a heap.
//! - [`Question`], [`Answer`]: one name and one [`Kind`] out, records or their absence in. [`Response`] is an answer that owns what it says.
//! - [`Inquiry`]: a computation that needs answers, such as SPF's; [`Step`] is what it wants next.
//! - [`drive`]: the loops that every user would write: a blocking one over a closure, and an asynchronous one for any runtime.
//! - [`Iprev`]: the first of them: the name of an address, confirmed.
//! - [`Zone`]: names and records in memory, for tests, examples and suites.
//!
//! What it is not: nothing here asks a server. Whoever has a resolver gives its answers; whoever has none finds the messages for a socket under the feature
//! `hickory-proto`.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod answer;
pub mod drive;
mod inquiry;
mod iprev;
mod limits;
mod name;
mod record;
#[cfg(feature = "hickory-proto")]
pub mod wire;
mod zone;

pub use answer::{Absence, Answer, Response};
pub use inquiry::{Inquiry, Kind, Question, QuestionId, Step, UnknownKind};
pub use iprev::{Iprev, IprevReason, IprevResult, IprevVerdict};
pub use limits::Limits;
pub use name::{Labels, Name, NameError};
pub use record::{Mx, RecordSet, Records, Soa, Tlsa, Txt};
pub use zone::{Zone, ZoneError};
