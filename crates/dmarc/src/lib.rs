//! DMARC without I/O: policy records, the tree walk, alignment and the verdict on a message (RFC 9989, which takes the place of RFC 7489).
//!
//! - [`Check`]: the whole for one message, an [`Inquiry`](dns::Inquiry). [`Authors`], [`Spf`] and [`Dkim`] are what it is told, [`Verdict`] is what it comes to.
//! - [`decide`]: the same, where the Author Domain's own record is at hand and says enough.
//! - [`Config`]: how a site reads what the standard leaves open, messages without one clear Author Domain above all; [`Limits`]: what a message may cost.
//! - [`Record`]: policy records, read in place; [`Record::lint`] is advice for their owners, [`Draft`] writes them. [`Published`] is what a cache keeps.
//! - [`Destinations`]: whether those to whom reports would go want them (RFC 9990).
//!
//! What it is not: nothing here asks a server, checks SPF or DKIM, or reads a message; their results are plain facts. No public suffix list is used.
//!
//! ```
//! use dmarc::{Policy, Record, Use};
//!
//! let record = Record::parse(b"v=DMARC1; p=quarantine; pct=20; rua=mailto:reports@example.org")?;
//! assert_eq!(record.rules().p, Some(Policy::Quarantine));
//! for finding in record.lint(&Use::default()) {
//!     println!("{finding}"); // warning: octets 30 to 32: `pct` is no longer part of DMARC: …
//! }
//! # Ok::<(), dmarc::RecordError>(())
//! ```
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod author;
mod check;
mod decide;
mod destination;
mod draft;
mod facts;
mod limits;
mod lint;
mod record;
mod rules;
mod tags;
mod uri;
mod verdict;
mod walk;

pub use check::Check;
pub use decide::decide;
pub use destination::{Destination, Destinations, Permission};
pub use draft::{Draft, DraftError};
pub use facts::{Authors, Config, Dkim, Identity, Order, Outcome, SeveralRecords, Spf, Unclear};
pub use limits::Limits;
pub use lint::{Finding, Lint, Severity, Use};
pub use record::{OwnedRecord, Published, Record, RecordError, TagName};
pub use rules::{FailureOptions, Mode, Policy, Psd, Relation, Rules, Standing, UnknownPolicy};
pub use tags::{NotATag, Tag, Tags};
pub use uri::{ReportUri, ReportUris, UriError};
pub use verdict::{Alignment, Applied, Cause, DmarcResult, Override, OverrideReason, Rejection, Source, Verdict};
pub use walk::{Trouble, walk_names};
