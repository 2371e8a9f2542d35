//! What a mail relay decides, without I/O.
//!
//! - [`Route`]: the way to a domain's mail (RFC 5321, 5.1; RFC 7505), as an inquiry of the DNS. Its verdict is a [`Plan`], hosts with their addresses in the order
//!   in which they are tried, or [`NoRoute`].
//! - [`Outcome`]: what an attempt means for a recipient: delivered, to be tried again, or failed (RFC 5321, 4.2.1; RFC 3463).
//! - [`Schedule`]: when to try again, when the sender is told that it takes long, when to give up (RFC 5321, 4.5.4.1).
//! - [`Report`]: the message that tells the sender (RFC 3461, 3464, 6522).
//!
//! What it is not: nothing here connects, stores or waits. The queue is the caller's; so are time and randomness, which are arguments.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod address;
mod limits;
mod outcome;
mod plan;
mod report;
mod route;
mod schedule;
mod settings;

pub use address::is_public;
pub use limits::Limits;
pub use outcome::{Fate, Outcome};
pub use plan::{Host, NoRoute, Plan, Way};
pub use report::{Action, Recipient, Report, ReportError, Written};
pub use route::Route;
pub use schedule::{Life, Next, Schedule};
pub use settings::{Destination, NextHop, NextHopError, Settings};
