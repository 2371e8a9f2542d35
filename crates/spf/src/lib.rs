//! SPF (RFC 7208) without I/O: whether a client may send mail for a domain.
//!
//! - [`CheckHost`]: `check_host()` as a [`dns::Inquiry`]: it asks, the caller answers from any resolver or cache, and it comes to a [`Verdict`].
//! - [`Record`]: a record, parsed strictly, its terms with their places; cheap to share.
//! - [`ReceivedSpf`]: the trace field.
//! - [`Record::lint`] and [`Survey`]: what an operator should mend, in one record and in all that it leads to.
//!
//! What it is not: it has no resolver and no cache, and it refuses nothing; what a result is worth is the receiver's policy, and DMARC's.
#![no_std]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod answers;
mod check;
mod error;
mod eval;
mod expand;
mod explain;
mod limits;
mod lint;
mod macros;
mod parser;
mod received;
mod record;
mod result;
mod sender;
mod survey;
mod trace;
mod verdict;

pub use check::CheckHost;
pub use error::{RecordError, SyntaxError};
pub use limits::Limits;
pub use lint::{Finding, Problem};
pub use received::ReceivedSpf;
pub use record::{DomainSpec, Mechanism, Record, Term, TermKind, Terms};
pub use result::{Qualifier, SpfResult};
pub use sender::{Config, Identity};
pub use survey::{Survey, Tally};
pub use trace::{Place, Places, Trace};
pub use verdict::{Reason, Verdict};

// the README's example is a test too
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
