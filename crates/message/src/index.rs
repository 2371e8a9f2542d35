//! Finds the fields of a header block in one pass: framing, knowing nothing of what fields say.

use alloc::vec::Vec;

use memchr::memchr3;

use crate::{
    Error, Headers, Limit, Limits,
    defect::{Defect, DefectKind, Defects},
    grammar::{is_field_name, is_wsp},
    headers::Place,
    work::look,
};

/// One field, or one line that is none: 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Where its first byte is.
    pub(crate) start: u32,
    /// Behind its line end, and behind all its folded lines.
    pub(crate) end: u32,
    /// The length of its name; 0: not a field.
    pub(crate) name: u32,
    /// Where the value begins, behind the colon; in what is not a field, its start.
    pub(crate) value: u32,
}

/// Where a line ends, without and with its line end.
#[derive(Clone, Copy)]
pub(crate) struct Line {
    pub(crate) text: usize,
    pub(crate) end: usize,
}

/// How far an [`Index`] has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The empty line has not been seen: call again with more, or [`finish`](Index::finish) where the message ends here.
    Incomplete,
    /// The header block is whole, and the body begins at this offset.
    Body(usize),
}

/// Where the fields of one header block are: offsets only, 16 bytes for each field, to be used again for the next message.
///
/// Whatever the bytes are, each of them up to the body belongs to exactly one field, one line that is no field, or the empty line at the
/// end; nothing is dropped and nothing panics. What the grammar forbids is kept as data and noted as a [`Defect`].
///
/// - A line ends in CRLF, or in LF alone (files have it so; RFC 5322, 2.1 forbids it). A CR alone is a byte like any other.
/// - A line that begins with white space continues the field before it, even where there is nothing else on it (4.2).
/// - White space between name and colon is accepted (4.5); the name does not have it.
/// - A line without a colon, or whose name is not printable ASCII, is kept but is no field; so is the `From ` line of mbox files.
///
/// The whole message at once:
///
/// ```
/// use message::Index;
///
/// let mut index = Index::default();
/// let headers = index.parse(b"Subject: Lunch\r\nTo: ned@example.org\r\n\r\nAt one?\r\n")?;
/// assert_eq!(headers.get("subject").map(|field| field.text()).as_deref(), Some("Lunch"));
/// assert_eq!(headers.body(), b"At one?\r\n");
/// # Ok::<(), message::Error>(())
/// ```
///
/// Or as it arrives: give it everything there is so far, it looks at each byte once.
///
/// ```
/// use message::{Index, Progress};
///
/// let mut index = Index::default();
/// let mut message = b"Subject: Lunch\r\n".to_vec();
/// assert_eq!(index.scan(&message)?, Progress::Incomplete);
/// message.extend_from_slice(b"\r\nAt one?\r\n");
/// assert_eq!(index.scan(&message)?, Progress::Body(18));
/// assert_eq!(index.headers(&message).len(), 1);
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    limits: Limits,
    entries: Vec<Entry>,
    defects: Defects,
    /// Where the block begins, and with which entry: those before it are of other parts of the same message.
    start: usize,
    first: usize,
    /// Where the line begins that is not whole yet.
    line: usize,
    /// Up to where that line holds no line end.
    seen: usize,
    body: Option<usize>,
    failed: Option<Error>,
}

impl Index {
    /// An empty index with other limits than the default ones.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Forgets the message, keeps the storage and the limits.
    pub fn clear(&mut self) {
        self.entries.clear();
        *self = Self { limits: self.limits, entries: core::mem::take(&mut self.entries), ..Self::default() };
    }

    /// Indexes a whole message anew: [`clear`](Self::clear), [`scan`](Self::scan), [`finish`](Self::finish).
    ///
    /// # Errors
    /// [`Error::Limit`]; what was indexed before stays readable by [`headers`](Self::headers).
    pub fn parse<'a>(&'a mut self, message: &'a [u8]) -> Result<Headers<'a>, Error> {
        self.clear();
        self.finish(message)?;
        Ok(self.headers(message))
    }

    /// Goes on indexing. `message` is everything from its first byte on; what earlier calls have seen of it must be unchanged.
    ///
    /// # Errors
    /// [`Error::Limit`], and the same again at each further call until [`clear`](Self::clear).
    pub fn scan(&mut self, message: &[u8]) -> Result<Progress, Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        while self.body.is_none() {
            let Some(line) = self.next_line(message) else {
                self.seen = message.len().saturating_sub(usize::from(message.last() == Some(&b'\r'))).max(self.line);
                let continues = message.get(self.line).is_some_and(|&byte| is_wsp(byte));
                self.check(continues, message.len())?;
                return Ok(Progress::Incomplete);
            };
            self.take(message, line)?;
        }
        Ok(Progress::Body(self.body.unwrap_or_default()))
    }

    /// Indexes to the end of the message: where no empty line comes, all of it is header (a [`Defect`]). Returns where the body begins.
    ///
    /// # Errors
    /// [`Error::Limit`], as [`scan`](Self::scan).
    pub fn finish(&mut self, message: &[u8]) -> Result<usize, Error> {
        if let Progress::Body(at) = self.scan(message)? {
            return Ok(at);
        }
        if self.seen < message.len() {
            self.defects.note(DefectKind::BareCr, self.seen);
        }
        if self.line < message.len() {
            self.take(message, Line { text: message.len(), end: message.len() })?;
        }
        // a last line that was a lone CR is no empty line: what `take` made of it is a line that is no field
        self.defects.note(DefectKind::NoBody, message.len());
        self.body = Some(message.len());
        Ok(message.len())
    }

    /// What has been indexed so far, to be read from the same bytes.
    #[must_use]
    pub fn headers<'a>(&'a self, message: &'a [u8]) -> Headers<'a> {
        let indexed = self.body.unwrap_or(self.line);
        let place = Place { start: 0, indexed, body: self.body, end: message.len() };
        Headers::new(message, &self.entries, place, &self.defects)
    }

    /// Where the body begins, if the header block is whole.
    #[must_use]
    pub fn body_offset(&self) -> Option<usize> {
        self.body
    }

    /// What the grammar forbids in the lines of the header block: the first place of each kind, so that their number is bounded.
    pub fn defects(&self) -> impl Iterator<Item = Defect> + '_ {
        self.defects.iter()
    }

    /// Begins another header block of the same message at a place behind this one; entries and defects stay.
    pub(crate) fn restart(&mut self, at: usize) {
        (self.start, self.first) = (at, self.entries.len());
        (self.line, self.seen) = (at, at);
        (self.body, self.failed) = (None, None);
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn note(&mut self, kind: DefectKind, at: usize) {
        self.defects.note(kind, at);
    }

    /// Where the line begins that is looked at next.
    pub(crate) fn line(&self) -> usize {
        self.line
    }

    /// How many fields, and lines that are none, there are in all.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Those with these numbers.
    pub(crate) fn entries(&self, from: u32, to: u32) -> &[Entry] {
        self.entries.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The value of the field with this number, if there is one.
    pub(crate) fn value<'a>(&self, message: &'a [u8], number: u32) -> Option<&'a [u8]> {
        let entry = self.entries.get(number as usize)?;
        Some(without_line_end(message.get(entry.value as usize..entry.end as usize).unwrap_or_default()))
    }

    /// The fields with these numbers, which are at this place.
    pub(crate) fn block<'a>(&'a self, message: &'a [u8], from: u32, to: u32, place: Place) -> Headers<'a> {
        Headers::new(message, self.entries(from, to), place, &self.defects)
    }

    /// Where the text of the current line ends, and where its line end does; `None`: that is not there yet.
    #[inline]
    pub(crate) fn next_line(&mut self, message: &[u8]) -> Option<Line> {
        let mut from = self.seen;
        loop {
            let rest = message.get(from..)?;
            let length = memchr3(b'\r', b'\n', 0, rest);
            look(length.map_or(rest.len(), |length| length + 1));
            let found = from + length?;
            match message.get(found)? {
                b'\r' => match message.get(found + 1)? {
                    b'\n' => return Some(Line { text: found, end: found + 2 }),
                    _ => self.defects.note(DefectKind::BareCr, found),
                },
                b'\n' => {
                    self.defects.note(DefectKind::BareLf, found);
                    return Some(Line { text: found, end: found + 1 });
                }
                _ => self.defects.note(DefectKind::Nul, found),
            }
            from = found + 1;
        }
    }

    /// Adds a line to the index.
    #[inline]
    pub(crate) fn take(&mut self, message: &[u8], line: Line) -> Result<(), Error> {
        let start = self.line;
        let text = message.get(start..line.text).unwrap_or_default();
        look(text.len());
        let continues = text.first().is_some_and(|&byte| is_wsp(byte));
        self.check(continues, line.end)?;
        self.line = line.end;
        self.seen = line.end;
        if text.is_empty() {
            self.body = Some(line.end);
            return Ok(());
        }
        // RFC 5322, 2.1.1: 998 octets without the line end
        if text.len() > 998 {
            self.defects.note(DefectKind::LongLine, start);
        }
        if continues && let Some(last) = self.entries.get_mut(self.first..).and_then(<[Entry]>::last_mut) {
            if text.iter().all(|&byte| is_wsp(byte)) {
                self.defects.note(DefectKind::BlankFold, start);
            }
            last.end = offset(line.end);
            return Ok(());
        }
        if self.entries.len() - self.first >= self.limits.fields as usize {
            return self.fail(Limit::Fields, self.limits.fields);
        }
        let name = text.iter().position(|&byte| !is_field_name(byte)).unwrap_or(text.len());
        let (name, value) = match text.get(name) {
            Some(b':') if name > 0 => (name, start + name + 1),
            _ => self.odd_line(start, text, name),
        };
        self.entries.push(Entry {
            start: offset(start),
            end: offset(line.end),
            name: offset(name),
            value: offset(value),
        });
        Ok(())
    }

    /// The length of the name, and where the value begins, of a line that has no colon right behind its name.
    fn odd_line(&mut self, start: usize, text: &[u8], name: usize) -> (usize, usize) {
        let behind = text.get(name..).unwrap_or_default();
        let gap = behind.iter().position(|&byte| !is_wsp(byte)).unwrap_or(behind.len());
        if name > 0 && behind.get(gap) == Some(&b':') {
            self.defects.note(DefectKind::SpaceBeforeColon, start + name);
            return (name, start + name + gap + 1);
        }
        let mbox = text.starts_with(b"From ") || text.starts_with(b">From ");
        self.defects.note(if mbox { DefectKind::MboxLine } else { DefectKind::NotAField }, start);
        (0, start)
    }

    /// Both length limits, for bytes up to `end` that are known to belong to the current line. Of two that are passed the one that was passed
    /// first is named, so that the way the message was cut makes no difference.
    #[inline]
    fn check(&mut self, continues: bool, end: usize) -> Result<(), Error> {
        let folded = self.entries.get(self.first..).and_then(<[Entry]>::last).filter(|_| continues);
        let start = folded.map_or(self.line, |last| last.start as usize);
        let header = self.start.saturating_add(self.limits.header as usize);
        let field = start.saturating_add(self.limits.field as usize);
        if end <= header.min(field) {
            return Ok(());
        }
        if field < header {
            self.fail(Limit::Field, self.limits.field)
        } else {
            self.fail(Limit::Header, self.limits.header)
        }
    }

    fn fail(&mut self, limit: Limit, value: u32) -> Result<(), Error> {
        let error = Error::Limit { limit, value };
        self.failed = Some(error);
        Err(error)
    }
}

/// An offset as it is kept: the limit on the header keeps it below 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The line without CRLF or LF.
pub(crate) fn without_line_end(line: &[u8]) -> &[u8] {
    let Some(text) = line.strip_suffix(b"\n") else { return line };
    text.strip_suffix(b"\r").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    /// M-4: a header that drips in: each call begins where the last one ended, so each byte is looked at once.
    #[test]
    fn m4_each_byte_is_looked_at_once() {
        let message = format!("A: {}\r\nB: c\r\n d", "x".repeat(5_000));
        let mut index = Index::default();
        for end in 0..=message.len() {
            assert_eq!(index.scan(&message.as_bytes()[..end]), Ok(Progress::Incomplete));
            // only a CR that may be half of a line end is looked at again
            let waits = usize::from(message.as_bytes()[..end].ends_with(b"\r"));
            assert_eq!(index.seen, end - waits);
        }
    }
}
