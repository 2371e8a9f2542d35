//! Finds the parts of a message in one pass.

use alloc::vec::Vec;

use memchr::{memchr, memchr_iter, memmem};

use super::{MediaType, Message, TransferEncoding};
use crate::{Error, Index, Limit, Limits, defect::DefectKind, index::Line, work::look};

/// The longest boundary that is looked for. RFC 2046, 5.1.1 allows 70 octets; some mailers write more.
const BOUNDARY_MAX: usize = 900;
/// No part, or none yet.
const NONE: u32 = u32::MAX;

/// Finds the parts of messages, one message after the other, with the same storage: 64 bytes for each part and 16 for each field.
///
/// One pass over the message finds header blocks and boundaries; nothing is copied and nothing decoded. Whatever the bytes are, there is a tree of parts,
/// and each octet of the message is in it; what is not as RFC 2046 says is noted as a [`Defect`](crate::Defect):
///
/// - A delimiter is a line of its own: `--`, the boundary, perhaps `--`, and white space. The line end before it belongs to it. Text behind the white space is
///   ignored, unless the line is the delimiter of another part without such a thing. A delimiter of an outer part ends inner parts that were not ended.
/// - A part ends where its parent ends, if its own end is missing. A multipart without a boundary, or deeper than [`Limits::depth`], is a part like any other.
/// - A `message/rfc822` that is not encoded has one child: the message in it.
///
/// ```
/// use message::mime::Parser;
///
/// let mail = b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nHello\r\n--x\r\nContent-Type: image/png; name=sun.png\r\n\r\n...\r\n--x--\r\n";
/// let mut parser = Parser::default();
/// let message = parser.parse(mail)?;
/// let [text, image] = [0, 1].map(|n| message.root().children().nth(n).unwrap());
/// assert_eq!(text.text().unwrap(), "Hello");
/// assert_eq!(image.file_name().unwrap(), "sun.png");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Parser {
    index: Index,
    nodes: Vec<Node>,
    open: Vec<Open>,
    /// The boundaries of what is open, one behind the other.
    boundaries: Vec<u8>,
}

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// The number of the part behind this one and all that is in it.
    pub(super) next: u32,
    pub(super) first_entry: u32,
    pub(super) last_entry: u32,
    pub(super) start: u32,
    /// Behind the empty line.
    pub(super) body: u32,
    pub(super) end: u32,
    /// Of a multipart: where its first part's delimiter is, and what is behind its last delimiter.
    pub(super) preamble: u32,
    pub(super) epilogue: u32,
    pub(super) content_type: u32,
    pub(super) encoding: u32,
    pub(super) disposition: u32,
    pub(super) kind: Kind,
    pub(super) depth: u8,
    /// Whether the empty line was there.
    pub(super) has_body: bool,
    /// Whether it is a message where nothing is said.
    pub(super) in_digest: bool,
}

/// What is in a part, as far as its structure goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Leaf,
    Multipart,
    Message,
}

/// A part that others may be in.
#[derive(Clone, Copy, Debug)]
struct Open {
    node: u32,
    /// Where its boundary begins in the list of boundaries; a message has none.
    boundary: Option<usize>,
    /// Its last delimiter has been seen.
    closed: bool,
    digest: bool,
}

/// A delimiter that was found.
#[derive(Clone, Copy)]
struct Delimiter {
    /// Where the line begins.
    start: usize,
    /// Behind its line end.
    end: usize,
    /// Whose it is, of what is open.
    level: usize,
    closes: bool,
}

/// Whether dashes are to be expected where a delimiter is looked for: in base64 there are none, so that the first is likely to be one.
#[derive(Clone, Copy)]
enum Dashes {
    Common,
    Rare,
}

/// How a header block ended.
enum Stop {
    /// There is an empty line, or something that is no header.
    Body(usize),
    Delimiter(Delimiter),
    End,
}

impl Parser {
    /// With other limits than the default ones.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { index: Index::new(limits), ..Self::default() }
    }

    /// Finds the parts of a message.
    ///
    /// # Errors
    /// [`Error::Limit`]: the message is longer than 4 GiB, or its own header is more than [`Limits`] allow. The headers of its parts only cost the part its header.
    pub fn parse<'a>(&'a mut self, message: &'a [u8]) -> Result<Message<'a>, Error> {
        if u32::try_from(message.len()).is_err() {
            return Err(Error::Limit { limit: Limit::Message, value: u32::MAX });
        }
        self.index.clear();
        self.nodes.clear();
        self.open.clear();
        self.boundaries.clear();
        self.parts(message)?;
        Ok(Message::new(message, self))
    }

    pub(super) fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub(super) fn index(&self) -> &Index {
        &self.index
    }

    fn parts(&mut self, message: &[u8]) -> Result<(), Error> {
        let finder = memmem::Finder::new(b"\n--");
        let mut at = 0;
        loop {
            let node = self.begin(at);
            let mut found = match self.header(message, node)? {
                Stop::Body(body) => match self.content(message, node) {
                    Kind::Message => {
                        at = body;
                        continue;
                    }
                    _ => self.scan(&finder, message, body, self.dashes(message, node)),
                },
                Stop::Delimiter(delimiter) => Some(delimiter),
                Stop::End => None,
            };
            at = loop {
                let Some(delimiter) = found else {
                    self.end(message.len(), 0);
                    return Ok(());
                };
                self.end(before_line_end(message, delimiter.start), delimiter.level + 1);
                self.note_delimiter(delimiter);
                if !delimiter.closes {
                    break delimiter.end;
                }
                found = self.scan(&finder, message, delimiter.end, Dashes::Common);
            };
            if self.nodes.len() >= self.index.limits().parts as usize {
                // row M-3: what follows belongs to the part that it is in
                self.index.note(DefectKind::TooManyParts, at);
                self.end(message.len(), 0);
                return Ok(());
            }
        }
    }

    fn dashes(&self, message: &[u8], number: usize) -> Dashes {
        let encoding = self.nodes.get(number).and_then(|node| self.index.value(message, node.encoding));
        match encoding.map(TransferEncoding::parse) {
            Some(TransferEncoding::Base64) => Dashes::Rare,
            _ => Dashes::Common,
        }
    }

    /// Begins a part. Returns its number.
    fn begin(&mut self, at: usize) -> usize {
        let parent = self.open.last();
        let entries = offset(self.index.len());
        let at = offset(at);
        self.nodes.push(Node {
            parent: parent.map_or(NONE, |parent| parent.node),
            next: NONE,
            first_entry: entries,
            last_entry: entries,
            start: at,
            body: at,
            end: NONE,
            preamble: NONE,
            epilogue: NONE,
            content_type: NONE,
            encoding: NONE,
            disposition: NONE,
            kind: Kind::Leaf,
            depth: u8::try_from(self.open.len()).unwrap_or(u8::MAX),
            has_body: false,
            in_digest: parent.is_some_and(|parent| parent.digest),
        });
        self.nodes.len() - 1
    }

    /// Reads the header block of a part.
    fn header(&mut self, message: &[u8], number: usize) -> Result<Stop, Error> {
        let start = self.nodes.get(number).map_or(0, |node| node.start as usize);
        self.index.restart(start);
        let stop = loop {
            let at = self.index.line();
            let line = self.index.next_line(message);
            let text = line.map_or(message.len(), |line| line.text);
            if let Some(delimiter) = self.delimiter(message, at) {
                break Stop::Delimiter(delimiter);
            }
            let taken = match line {
                Some(line) => self.index.take(message, line),
                None if at < message.len() => self.index.take(message, Line { text, end: message.len() }),
                None => Ok(()),
            };
            match taken {
                Ok(()) => {}
                Err(error) if number == 0 => return Err(error),
                Err(_) => {
                    self.index.note(DefectKind::HeaderTooLong, at);
                    break Stop::Body(at);
                }
            }
            if let Some(body) = self.index.body_offset() {
                break Stop::Body(body);
            }
            if line.is_none() {
                break Stop::End;
            }
        };
        let ended = matches!(stop, Stop::Body(_)) && self.index.body_offset().is_some();
        let body = match &stop {
            Stop::Body(body) => *body,
            Stop::Delimiter(delimiter) => delimiter.start,
            Stop::End => message.len(),
        };
        // RFC 2046, 5.1.1: a part may end with its header
        if matches!(stop, Stop::End) {
            self.index.note(DefectKind::NoBody, body);
        }
        let entries = offset(self.index.len());
        if let Some(node) = self.nodes.get_mut(number) {
            (node.body, node.has_body, node.last_entry) = (offset(body), ended, entries);
        }
        self.mime_fields(message, number);
        Ok(stop)
    }

    /// Finds the fields that say what a part is; of several the first one counts.
    fn mime_fields(&mut self, message: &[u8], number: usize) {
        let Some(node) = self.nodes.get_mut(number) else { return };
        let mut several = None;
        for (at, entry) in (node.first_entry..).zip(self.index.entries(node.first_entry, node.last_entry)) {
            let (slot, name) = match entry.name {
                12 => (&mut node.content_type, "Content-Type"),
                25 => (&mut node.encoding, "Content-Transfer-Encoding"),
                19 => (&mut node.disposition, "Content-Disposition"),
                _ => continue,
            };
            let start = entry.start as usize;
            let own = message.get(start..start + name.len());
            if own.is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes())) {
                if *slot == NONE {
                    *slot = at;
                } else {
                    several.get_or_insert(start);
                }
            }
        }
        if let Some(at) = several {
            self.index.note(DefectKind::SeveralMimeFields, at);
        }
    }

    /// Looks whether a part has others in it, and opens it if it does.
    fn content(&mut self, message: &[u8], number: usize) -> Kind {
        let Some(node) = self.nodes.get(number).copied() else { return Kind::Leaf };
        let value = self.index.value(message, node.content_type);
        // most parts are neither: that is seen without reading the value
        let first = value.and_then(|value| value.iter().find(|byte| !byte.is_ascii_whitespace()));
        let unsaid_message = value.is_none() && node.in_digest;
        if !unsaid_message && !matches!(first, Some(b'm' | b'M' | b'(')) {
            return Kind::Leaf;
        }
        let media_type = match value {
            Some(value) => MediaType::parse(value),
            None => Some(MediaType::MESSAGE),
        };
        let Some(media_type) = media_type else {
            self.index.note(DefectKind::MediaType, node.start as usize);
            return Kind::Leaf;
        };
        let encoding =
            self.index.value(message, node.encoding).map_or_else(TransferEncoding::default, TransferEncoding::parse);
        let (kind, boundary) = if media_type.is_multipart() {
            if !encoding.is_identity() {
                // RFC 2045, 6.4: then the parts' own encodings are those that count
                self.index.note(DefectKind::EncodedMultipart, node.start as usize);
            }
            let boundary = media_type.params().get("boundary");
            let boundary = boundary.as_deref().map(str::trim_ascii_end).unwrap_or_default();
            if boundary.is_empty() || boundary.len() > BOUNDARY_MAX {
                self.index.note(DefectKind::NoBoundary, node.start as usize);
                return Kind::Leaf;
            }
            let given = media_type.params().raw().filter(|(name, _)| name.eq_ignore_ascii_case("boundary")).count();
            if given > 1 || boundary.len() > 70 {
                self.index.note(DefectKind::OddBoundary, node.start as usize);
            }
            let at = self.boundaries.len();
            self.boundaries.extend_from_slice(boundary.as_bytes());
            (Kind::Multipart, Some(at))
        } else if media_type.is_message() && encoding.is_identity() {
            (Kind::Message, None)
        } else {
            return Kind::Leaf;
        };
        // rows M-1 and M-3: the part is there, what is in it is not looked at
        let limits = *self.index.limits();
        let too_much = if self.open.len() >= limits.depth as usize {
            Some(DefectKind::TooDeep)
        } else {
            (self.nodes.len() >= limits.parts as usize).then_some(DefectKind::TooManyParts)
        };
        if let Some(what) = too_much {
            self.boundaries.truncate(boundary.unwrap_or(self.boundaries.len()));
            self.index.note(what, node.start as usize);
            return Kind::Leaf;
        }
        let digest = kind == Kind::Multipart && media_type.is("multipart", "digest");
        self.open.push(Open { node: offset(number), boundary, closed: false, digest });
        if let Some(node) = self.nodes.get_mut(number) {
            node.kind = kind;
        }
        kind
    }

    /// The next delimiter from the start of a line on.
    fn scan(&self, finder: &memmem::Finder<'_>, message: &[u8], from: usize, dashes: Dashes) -> Option<Delimiter> {
        if self.boundaries.is_empty() {
            return None;
        }
        if let Some(delimiter) = self.delimiter(message, from) {
            return Some(delimiter);
        }
        let rest = message.get(from..)?;
        let found = match dashes {
            Dashes::Common => finder.find_iter(rest).find_map(|at| self.delimiter(message, from + at + 1)),
            Dashes::Rare => memchr_iter(b'-', rest).find_map(|at| {
                let line = at > 0 && rest.get(at - 1) == Some(&b'\n');
                if line { self.delimiter(message, from + at) } else { None }
            }),
        };
        look(found.map_or(message.len(), |delimiter| delimiter.end) - from);
        found
    }

    /// The delimiter that the line here is, if it is one.
    #[inline]
    fn delimiter(&self, message: &[u8], start: usize) -> Option<Delimiter> {
        let line = message.get(start..)?.strip_prefix(b"--")?;
        let mut boundaries = self.boundaries.as_slice();
        let mut loose = None;
        for (level, open) in self.open.iter().enumerate().rev() {
            let Some(at) = open.boundary else { continue };
            let (outer, boundary) = boundaries.split_at_checked(at)?;
            boundaries = outer;
            look(1 + boundary.len().min(line.len()));
            if open.closed {
                continue;
            }
            let Some(behind) = line.strip_prefix(boundary) else { continue };
            let (closes, padding) = behind.strip_prefix(b"--").map_or((false, behind), |padding| (true, padding));
            let padded = padding.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(padding.len());
            look(padded);
            let rest = padding.get(padded..)?;
            let exact = matches!(rest, [] | [b'\n', ..] | [b'\r', b'\n', ..] | [b'\r']);
            if exact || (padded > 0 && loose.is_none()) {
                let line_end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
                look(line_end);
                let end = message.len() - rest.len() + line_end;
                let delimiter = Delimiter { start, end, level, closes };
                if exact {
                    return Some(delimiter);
                }
                loose = Some(delimiter);
            }
        }
        loose
    }

    /// Ends the part that was begun last, and all that is open from this level on.
    fn end(&mut self, at: usize, level: usize) {
        let next = offset(self.nodes.len());
        let mut at = offset(at);
        if let Some(last) = self.nodes.last_mut().filter(|last| last.end == NONE) {
            // the line end before a delimiter belongs to a header, where that was cut short
            at = at.max(last.body);
            if last.kind == Kind::Leaf {
                (last.end, last.next) = (at, next);
            }
        }
        while self.open.len() > level
            && let Some(open) = self.open.pop()
        {
            let Some(node) = self.nodes.get_mut(open.node as usize) else { continue };
            (node.end, node.next) = (at, next);
            if node.kind == Kind::Multipart {
                self.boundaries.truncate(open.boundary.unwrap_or_default());
                let what = if node.preamble == NONE {
                    Some(DefectKind::NoParts)
                } else {
                    (!open.closed).then_some(DefectKind::NoEnd)
                };
                let (start, end) = (node.start as usize, node.end);
                node.preamble = node.preamble.min(end);
                node.epilogue = node.epilogue.min(end);
                if let Some(what) = what {
                    self.index.note(what, start);
                }
            }
        }
    }

    /// What a delimiter tells of the multipart that it belongs to.
    fn note_delimiter(&mut self, delimiter: Delimiter) {
        let Some(open) = self.open.get_mut(delimiter.level) else { return };
        let Some(node) = self.nodes.get_mut(open.node as usize) else { return };
        if node.preamble == NONE {
            node.preamble = offset(delimiter.start).max(node.body);
        }
        if delimiter.closes {
            open.closed = true;
            node.epilogue = offset(delimiter.end);
        }
    }
}

/// Where the text ends before the line that begins here: the line end belongs to the delimiter (RFC 2046, 5.1.1).
fn before_line_end(message: &[u8], at: usize) -> usize {
    let before = message.get(..at).unwrap_or_default();
    let text = before.strip_suffix(b"\n").map_or(before, |text| text.strip_suffix(b"\r").unwrap_or(text));
    text.len()
}

/// An offset as it is kept: messages are not longer than 4 GiB.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
