//! DMARC without I/O: policy records, the tree walk, alignment and the verdict on a message (RFC 9989).
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod author;
mod check;
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
pub use destination::{Destination, Destinations, Permission};
pub use draft::{Draft, DraftError};
pub use facts::{Authors, Config, Dkim, Identity, Order, Outcome, SeveralRecords, Spf, Unclear};
pub use limits::Limits;
pub use lint::{Finding, Lint, Severity, Use};
pub use record::{OwnedRecord, Published, Record, RecordError, TagName};
pub use rules::{FailureOptions, Mode, Policy, Psd, Relation, Rules, Standing, UnknownPolicy};
pub use tags::{NotATag, Tag, Tags};
pub use uri::{ReportUri, ReportUris, UriError};
pub use verdict::{
    Alignment, Applied, Cause, DmarcResult, Override, OverrideReason, Rejection, Source, Verdict,
};
pub use walk::{Trouble, walk_names};
