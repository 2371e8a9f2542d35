//! The header block: gathered as it comes, its fields, and their canonical form (RFC 6376, 3.4.1, 3.4.2 and 5.4).

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use memchr::memmem;

use crate::scan::next_change;
use crate::{Canonicalization, Exceeded, Limits};

/// A header block that comes in pieces. It ends with the first empty line; what follows is the body.
///
/// Lines end in CRLF. A lone CR or LF ends no line, so it ends no field and no header block either.
#[derive(Debug, Default)]
pub struct HeaderReader {
    octets: Vec<u8>,
    /// How far the empty line has been looked for.
    searched: usize,
    complete: bool,
}

impl HeaderReader {
    /// The next piece of the message; gives back what of it belongs to the body.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Header`]. Nothing more is taken then.
    pub fn receive<'p>(&mut self, piece: &'p [u8], limits: &Limits) -> Result<&'p [u8], Exceeded> {
        if self.complete {
            return Ok(piece);
        }
        let before = self.octets.len();
        // one octet more than allowed says that there is too much
        let room = limits.header.saturating_add(1).saturating_sub(before);
        let taken = piece.get(..room).unwrap_or(piece);
        // most messages come whole or in large pieces: no more is kept than the header, if the piece shows where it ends
        let found = if before == 0 { end_of_header(taken, 0) } else { None };
        let kept = found.map_or(taken, |end| taken.get(..end).unwrap_or_default());
        self.octets.extend_from_slice(kept);
        if let Some(end) = found.or_else(|| end_of_header(&self.octets, self.searched)) {
            self.octets.truncate(end);
            self.complete = true;
        } else {
            self.searched = self.octets.len().saturating_sub(3);
        }
        if self.octets.len() > limits.header {
            self.octets = Vec::new();
            return Err(Exceeded::Header(limits.header));
        }
        Ok(if self.complete { piece.get(self.octets.len() - before..).unwrap_or_default() } else { &[] })
    }

    /// Whether the empty line has come.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// What there is: all of the header block once it is complete.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.octets
    }
}

/// Where the body begins.
fn end_of_header(octets: &[u8], from: usize) -> Option<usize> {
    if octets.starts_with(b"\r\n") {
        return Some(2);
    }
    memmem::find(octets.get(from..)?, b"\r\n\r\n").map(|at| from + at + 4)
}

/// Where one field is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    start: u32,
    /// Behind the name; its white space comes before the colon.
    name: u32,
    colon: u32,
    end: u32,
    /// Of the name in lower case: most fields of other names are told apart by it.
    hash: u32,
}

/// The fields of a header block, from top to bottom.
///
/// ```
/// use dkim::{Canonicalization, Header, Limits};
///
/// let block = b"From: A\r\nSubject: one\r\nsubject : two\r\n\r\n";
/// let header = Header::parse(block, &Limits::default())?;
/// let chosen: Vec<_> = header.select(["SUBJECT", "subject", "subject"]).map(|field| field.raw()).collect();
/// assert_eq!(chosen, [&b"subject : two\r\n"[..], b"Subject: one\r\n"]);
/// let mut canonical = Vec::new();
/// header.fields().next().unwrap().canonicalize(Canonicalization::Relaxed, &mut canonical);
/// assert_eq!(canonical, b"from:A\r\n");
/// # Ok::<(), dkim::Exceeded>(())
/// ```
pub struct Header<'a> {
    block: &'a [u8],
    places: Vec<Place>,
}

impl<'a> Header<'a> {
    /// Finds the fields of a header block. A line that is no field, and what is folded behind it, is passed over; nobody can sign it.
    ///
    /// # Errors
    ///
    /// [`Exceeded::Fields`] or [`Exceeded::Header`].
    pub fn parse(block: &'a [u8], limits: &Limits) -> Result<Self, Exceeded> {
        if block.len() > limits.header || u32::try_from(block.len()).is_err() {
            return Err(Exceeded::Header(limits.header));
        }
        let mut places = Vec::with_capacity(24);
        let mut start = 0;
        let mut lines = memmem::find_iter(block, b"\r\n").map(|at| at + 2);
        let mut lookout = lines.next();
        while start < block.len() {
            // a field goes on as long as the next line begins with white space
            let end = loop {
                match lookout {
                    Some(end) if matches!(block.get(end), Some(b' ' | b'\t')) => lookout = lines.next(),
                    Some(end) => {
                        lookout = lines.next();
                        break end;
                    }
                    None => break block.len(),
                }
            };
            let raw = block.get(start..end).unwrap_or_default();
            if raw == b"\r\n" {
                break;
            }
            if let Some(place) = Place::find(raw, start, end) {
                if places.len() >= limits.fields {
                    return Err(Exceeded::Fields(limits.fields));
                }
                places.push(place);
            }
            start = end;
        }
        Ok(Self { block, places })
    }

    /// The places of a block's fields, to be kept with it.
    pub(crate) fn into_places(self) -> Vec<Place> {
        self.places
    }

    /// What was kept.
    pub(crate) const fn from_places(block: &'a [u8], places: Vec<Place>) -> Self {
        Self { block, places }
    }

    /// All fields from top to bottom.
    pub fn fields(&self) -> impl DoubleEndedIterator<Item = Field<'a>> + ExactSizeIterator + use<'a, '_> {
        let block = self.block;
        self.places.iter().map(move |place| Field { block, place: *place })
    }

    /// The fields that a list of names stands for (RFC 6376, 5.4.2): a name that is there again stands for the next field of this name from the bottom up, or for
    /// nothing.
    ///
    /// The cost is that of the names times the fields, both of which are limited.
    pub fn select<'n, N: AsRef<[u8]> + 'n>(
        &self,
        names: impl IntoIterator<Item = N>,
    ) -> impl Iterator<Item = Field<'a>> {
        let block = self.block;
        let mut used = alloc::vec![false; self.places.len()];
        names.into_iter().filter_map(move |name| {
            let name = name.as_ref();
            let hash = hash(name);
            let (place, used) = self.places.iter().zip(used.iter_mut()).rev().find(|(place, used)| {
                place.hash == hash && !**used && Field { block, place: **place }.name().eq_ignore_ascii_case(name)
            })?;
            *used = true;
            Some(Field { block, place: *place })
        })
    }
}

impl fmt::Debug for Header<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.fields()).finish()
    }
}

impl Place {
    fn find(raw: &[u8], start: usize, end: usize) -> Option<Self> {
        let colon = memchr::memchr(b':', raw)?;
        let front = raw.get(..colon)?;
        // RFC 5322, 4.5: obsolete fields have white space in front of the colon
        let space = front.iter().rev().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
        let name = front.get(..colon - space)?;
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        let at = |offset: usize| u32::try_from(offset).ok();
        Some(Self {
            start: at(start)?,
            name: at(start + name.len())?,
            colon: at(start + colon)?,
            end: at(end)?,
            hash: hash(name),
        })
    }
}

/// FNV-1a of a name in lower case. Whoever makes others with the same hash gains nothing: names are compared as well.
fn hash(name: &[u8]) -> u32 {
    name.iter()
        .fold(0x811C_9DC5, |hash, octet| (hash ^ u32::from(octet.to_ascii_lowercase())).wrapping_mul(0x0100_0193))
}

/// One field of a [`Header`].
#[derive(Clone, Copy)]
pub struct Field<'a> {
    block: &'a [u8],
    place: Place,
}

impl<'a> Field<'a> {
    fn slice(&self, from: u32, to: u32) -> &'a [u8] {
        self.block.get(from as usize..to as usize).unwrap_or_default()
    }

    /// The name, in the case in which it was written.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.slice(self.place.start, self.place.name)
    }

    /// Whether it has this name, in any case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }

    /// All behind the colon, with folds and the line end.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.slice(self.place.colon + 1, self.place.end)
    }

    /// All of it, with its line end.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.slice(self.place.start, self.place.end)
    }

    /// Appends the canonical form, with a line end.
    pub fn canonicalize(&self, canonicalization: Canonicalization, out: &mut Vec<u8>) {
        self.append(canonicalization, self.value(), out);
        if !out.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
    }

    /// Appends the canonical form with a part of the value left out, without a line end: how a signature covers the field that it stands in (RFC 6376, 3.7), the part
    /// being [`Tag::span`](crate::Tag::span) of `b=`.
    pub fn canonicalize_without(&self, canonicalization: Canonicalization, part: Range<usize>, out: &mut Vec<u8>) {
        let value = self.value();
        let mut left = Vec::with_capacity(value.len());
        left.extend_from_slice(value.get(..part.start).unwrap_or(value));
        left.extend_from_slice(value.get(part.end..).unwrap_or_default());
        let left = left.strip_suffix(b"\r\n").unwrap_or(&left);
        self.append(canonicalization, left, out);
        if let Some(front) = out.strip_suffix(b"\r\n") {
            out.truncate(front.len());
        }
    }

    fn append(&self, canonicalization: Canonicalization, value: &[u8], out: &mut Vec<u8>) {
        match canonicalization {
            Canonicalization::Simple => {
                out.extend_from_slice(self.slice(self.place.start, self.place.colon + 1));
                out.extend_from_slice(value);
            }
            Canonicalization::Relaxed => {
                out.extend(self.name().iter().map(u8::to_ascii_lowercase));
                out.push(b':');
                append_relaxed(value, out);
            }
        }
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.raw().escape_ascii())
    }
}

/// How much of the value folding and white space take up from its beginning on.
fn folded_space(value: &[u8]) -> usize {
    let mut len = 0;
    loop {
        let rest = value.get(len..).unwrap_or_default();
        match rest {
            [b' ' | b'\t', ..] => len += 1,
            // all line ends inside a field are in front of white space
            [b'\r', b'\n', ..] => len += 2,
            _ => return len,
        }
    }
}

/// Unfolded, each run of white space one space, none at both ends, and a line end (RFC 6376, 3.4.2).
fn append_relaxed(value: &[u8], out: &mut Vec<u8>) {
    let mut rest = value.get(folded_space(value)..).unwrap_or_default();
    while !rest.is_empty() {
        let (plain, changed) = rest.split_at_checked(next_change::<true>(rest)).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        let spaces = folded_space(changed);
        rest = changed.get(spaces..).unwrap_or_default();
        if spaces > 0 && !rest.is_empty() {
            out.push(b' ');
        } else if let [b'\r', behind @ ..] = rest {
            // a lone CR is an octet like any other
            out.push(b'\r');
            rest = behind;
        }
    }
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relaxed(block: &str) -> alloc::string::String {
        let mut out = Vec::new();
        for field in Header::parse(block.as_bytes(), &Limits::default()).unwrap().fields() {
            field.canonicalize(Canonicalization::Relaxed, &mut out);
        }
        alloc::string::String::from_utf8(out).unwrap()
    }

    #[test]
    fn k7_the_example_of_rfc_6376() {
        assert_eq!(relaxed("A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n"), "a:X\r\nb:Y Z\r\n");
    }

    #[test]
    fn k7_odd_fields() {
        assert_eq!(relaxed("Subject:\r\n"), "subject:\r\n");
        assert_eq!(relaxed("Subject:   \r\n \r\n"), "subject:\r\n");
        assert_eq!(relaxed("Subject:a\rb\nc \rd\r\n"), "subject:a\rb\nc \rd\r\n");
        assert_eq!(relaxed("Subject: without an end"), "subject:without an end\r\n");
        assert_eq!(relaxed(" folded\r\nno field\r\n\tfolded: x\r\nA b: c\r\n: d\r\nE: f\r\n"), "e:f\r\n");
    }

    #[test]
    fn k2_names_are_taken_from_the_bottom_up() {
        let block = b"A: 1\r\nB: 1\r\na: 2\r\nA : 3\r\n";
        let header = Header::parse(block, &Limits::default()).unwrap();
        let values: Vec<&[u8]> =
            header.select(["a", "b", "A", "c", "b", "a", "a"]).map(|field| field.value()).collect();
        assert_eq!(values, [b" 3\r\n", b" 1\r\n", b" 2\r\n", b" 1\r\n"]);
    }

    #[test]
    fn a_header_block_ends_where_it_ends_however_it_is_cut() {
        for message in ["A: b\r\n\r\nbody", "\r\nbody", "A: b\r\n c\n\n\r\n\r\n\r\nbody", "\r\n", "A: b\r\n\r\n"] {
            let split = if message.starts_with("\r\n") { 2 } else { message.find("\r\n\r\n").unwrap() + 4 };
            for size in 1..=message.len() {
                let mut reader = HeaderReader::default();
                let mut body = Vec::new();
                for piece in message.as_bytes().chunks(size) {
                    body.extend_from_slice(reader.receive(piece, &Limits::default()).unwrap());
                }
                assert!(reader.is_complete());
                assert_eq!(reader.as_bytes(), &message.as_bytes()[..split]);
                assert_eq!(body, &message.as_bytes()[split..]);
            }
        }
        let limits = Limits { header: 10, ..Limits::default() };
        assert_eq!(HeaderReader::default().receive(b"A: 123456\r\n\r\n", &limits), Err(Exceeded::Header(10)));
        assert!(HeaderReader::default().receive(b"A: 123\r\n\r\nbody", &limits).is_ok());
    }
}
