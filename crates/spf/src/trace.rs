//! How a verdict came about, for people.

use core::fmt;

use dns::Name;

use crate::record::Term;
use crate::{CheckHost, Reason, Record};

/// A record on the way to a verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place<'a> {
    /// Whose record it is.
    pub domain: &'a Name,
    /// The record.
    pub record: &'a Record,
    /// The term in it; `None` at its end.
    pub term: Option<Term<'a>>,
}

/// The records on the way to a verdict, the sender's first.
#[derive(Clone, Debug)]
pub struct Places<'a> {
    check: &'a CheckHost,
    begin: usize,
    end: usize,
}

impl<'a> Places<'a> {
    pub(crate) fn new(check: &'a CheckHost) -> Self {
        Self { check, begin: 0, end: check.frames.len() }
    }

    fn at(&self, level: usize) -> Option<Place<'a>> {
        let frame = self.check.frames.get(level)?;
        let term = frame.record.term(usize::from(frame.at));
        Some(Place { domain: self.check.frame_domain(level), record: &frame.record, term })
    }
}

impl<'a> Iterator for Places<'a> {
    type Item = Place<'a>;

    fn next(&mut self) -> Option<Place<'a>> {
        let place = (self.begin < self.end).then(|| self.at(self.begin))?;
        self.begin += 1;
        place
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.end - self.begin, Some(self.end - self.begin))
    }
}

impl DoubleEndedIterator for Places<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.end = self.end.checked_sub(1).filter(|end| *end >= self.begin)?;
        self.at(self.end)
    }
}

impl ExactSizeIterator for Places<'_> {}

/// The result of a check and its reasons, on one line. Until it is done, how far it is.
#[derive(Clone, Copy, Debug)]
pub struct Trace<'a> {
    check: &'a CheckHost,
}

impl<'a> Trace<'a> {
    pub(crate) const fn new(check: &'a CheckHost) -> Self {
        Self { check }
    }
}

impl fmt::Display for Trace<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = match self.check.verdict {
            Some(verdict) => {
                write!(formatter, "{}: ", verdict.result)?;
                Some(verdict.reason)
            }
            None => None,
        };
        match reason {
            Some(Reason::Matched) => {}
            Some(reason) => write!(formatter, "{reason}")?,
            None => formatter.write_str("not done")?,
        }
        let mut by = if reason == Some(Reason::Matched) { "" } else { ", at " };
        for place in self.check.places().rev() {
            match &place.term {
                Some(term) => write!(formatter, "{by}{} of {}", term.text, place.domain)?,
                None => write!(formatter, "{by}the end of {}", place.domain)?,
            }
            by = ", by ";
        }
        let (lookups, voids) = (self.check.lookups, self.check.voids);
        write!(formatter, "; {lookups} lookup{}, {voids} void", if lookups == 1 { "" } else { "s" })
    }
}
