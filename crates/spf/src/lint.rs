//! What an operator should mend in a record, as far as the record itself tells.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use dns::Name;

use crate::parser::Kind;
use crate::{Qualifier, Record, RecordError};

/// What the DNS of many operators still lets through without a second question: name and texts have to fit in 512 octets (RFC 7208, 3.4).
const LONG: usize = 450;

/// An IPv4 network shorter than this is wider than any sender needs.
const WIDE: u8 = 16;

/// Something that should be mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Problem {
    /// `+all` permits everybody to send.
    PassAll,
    /// There is neither `all` nor `redirect`: nothing is said of those who do not match.
    NoAll,
    /// Nothing behind `all` is ever looked at (RFC 7208, 5.1).
    AfterAll,
    /// `redirect` does nothing where there is an `all` (RFC 7208, 6.1).
    UselessRedirect,
    /// `ptr` and `%{p}` are slow and unreliable, and should not be used (RFC 7208, 5.5 and 7.2).
    Ptr,
    /// The network is very wide: strangers have addresses in it (RFC 7208, 11.3 and 11.4).
    Wide,
    /// The text has so many octets; more than 450 may not fit into an answer by UDP (RFC 7208, 3.4).
    Long(usize),
    /// A modifier that nobody knows; perhaps it was meant to be another.
    UnknownModifier,
    /// The DNS has no such records, or the name is none: the term matches nobody (RFC 7208, 4.6.4).
    Void,
    /// What the term leads to has no SPF record: everybody gets permerror (RFC 7208, 5.2 and 6.1).
    NoRecord,
    /// The record is wrong: everybody gets permerror (RFC 7208, 4.6).
    Wrong(RecordError),
    /// The term leads back to a record that led here: everybody gets permerror.
    Loop,
    /// The domain has so many mail hosts, more than are looked at: everybody gets permerror (RFC 7208, 4.6.4).
    MxNames(usize),
    /// All records together have so many terms that ask the DNS, more than are allowed: whoever gets that far gets permerror (RFC 7208, 4.6.4).
    Lookups(u32),
    /// For so many terms the DNS has nothing, more than are allowed: whoever gets that far gets permerror (RFC 7208, 4.6.4).
    Voids(u32),
    /// The DNS did not answer; ask again later.
    Unknown,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PassAll => formatter.write_str("everybody may send; end in -all or ~all"),
            Self::NoAll => formatter.write_str("nothing is said of those who do not match; end in -all or ~all"),
            Self::AfterAll => formatter.write_str("it stands behind all and is never looked at; remove it"),
            Self::UselessRedirect => formatter.write_str("redirect does nothing beside all; remove one of them"),
            Self::Ptr => formatter.write_str("ptr is slow and unreliable; name the addresses or hosts"),
            Self::Wide => formatter.write_str("the network is very wide; name only what you send from"),
            Self::Long(octets) => write!(formatter, "the record has {octets} octets; shorten it to {LONG}"),
            Self::UnknownModifier => formatter.write_str("nobody knows this modifier; remove it, or correct its name"),
            Self::Void => formatter.write_str("the DNS has nothing for it; remove it, or correct its name"),
            Self::NoRecord => formatter.write_str("there is no SPF record there; remove it, or correct its name"),
            Self::Wrong(error) => fmt::Display::fmt(error, formatter),
            Self::Loop => formatter.write_str("it leads back to where it came from; remove it"),
            Self::MxNames(count) => write!(formatter, "the domain has {count} mail hosts; name the addresses"),
            Self::Lookups(count) => write!(formatter, "{count} terms ask the DNS; name addresses, or drop includes"),
            Self::Voids(count) => write!(formatter, "for {count} terms the DNS has nothing; remove them"),
            Self::Unknown => formatter.write_str("the DNS did not answer; ask again later"),
        }
    }
}

/// A problem and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Whose record; `None` where a record was looked at alone.
    pub domain: Option<Name>,
    /// Which part of the record, in octets.
    pub span: Range<usize>,
    /// What is wrong.
    pub problem: Problem,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(domain) = &self.domain {
            write!(formatter, "{domain}: ")?;
        }
        write!(formatter, "octet {}: {}", self.span.start, self.problem)
    }
}

impl Record {
    /// What an operator should mend, as far as the record alone tells. [`Survey`](crate::Survey) finds what the DNS tells.
    ///
    /// ```
    /// use spf::{Problem, Record};
    ///
    /// let record: Record = "v=spf1 ptr +all a redirect=example.org".parse()?;
    /// let problems: Vec<_> = record.lint().into_iter().map(|finding| finding.problem).collect();
    /// assert_eq!(problems, [Problem::Ptr, Problem::PassAll, Problem::AfterAll, Problem::UselessRedirect]);
    /// # Ok::<(), spf::RecordError>(())
    /// ```
    #[must_use]
    pub fn lint(&self) -> Vec<Finding> {
        let inner = self.inner();
        let whole = 0..inner.text.len();
        let mut findings = Vec::new();
        let mut find = |span, problem| findings.push(Finding { domain: None, span, problem });
        if inner.text.len() > LONG {
            find(whole.clone(), Problem::Long(inner.text.len()));
        }
        let has_all = inner.items.iter().any(|item| matches!(item.kind, Kind::All(_)));
        let (mut ended, mut redirected) = (false, false);
        for item in &inner.items {
            let span = usize::from(item.start)..usize::from(item.end);
            match item.kind {
                Kind::Redirect(_) => {
                    redirected = true;
                    if has_all {
                        find(span, Problem::UselessRedirect);
                    }
                    continue;
                }
                Kind::Exp(_) => continue,
                Kind::Unknown => {
                    find(span, Problem::UnknownModifier);
                    continue;
                }
                _ => {}
            }
            if ended {
                find(span, Problem::AfterAll);
                continue;
            }
            match item.kind {
                Kind::All(qualifier) => {
                    ended = true;
                    if qualifier == Qualifier::Pass {
                        find(span, Problem::PassAll);
                    }
                }
                Kind::Ptr(..) => find(span, Problem::Ptr),
                Kind::Ip4(Qualifier::Pass, prefix, _) if prefix < WIDE => find(span, Problem::Wide),
                Kind::Include(_, spec)
                | Kind::Exists(_, spec)
                | Kind::A(_, Some(spec), _)
                | Kind::Mx(_, Some(spec), _)
                    if spec.has_validated() =>
                {
                    find(span, Problem::Ptr);
                }
                _ => {}
            }
        }
        if !has_all && !redirected {
            find(whole, Problem::NoAll);
        }
        findings
    }
}
