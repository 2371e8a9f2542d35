//! The parts of a message, read from where the parser found them.

use alloc::{borrow::Cow, string::String};
use core::{fmt, iter::FusedIterator};

use super::{
    Decoded, Disposition, MediaType, Parser, TransferEncoding,
    media_type::file_name,
    parser::{Kind, Node},
};
use crate::{
    Defect, Headers,
    charset::{self, Charset},
    headers::Place,
};

/// A message and its parts, borrowed from its bytes and the [`Parser`] that found them.
#[derive(Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    parser: &'a Parser,
}

impl<'a> Message<'a> {
    pub(super) fn new(bytes: &'a [u8], parser: &'a Parser) -> Self {
        Self { bytes, parser }
    }

    /// The message itself, which is the first of its parts.
    #[must_use]
    pub fn root(&self) -> Part<'a> {
        Part { message: *self, number: 0 }
    }

    /// The header of the message.
    #[must_use]
    pub fn headers(&self) -> Headers<'a> {
        self.root().headers()
    }

    /// All parts in the order in which they stand there: each before those in it.
    #[must_use]
    pub fn parts(&self) -> Parts<'a> {
        Parts { message: *self, numbers: 0..self.parser.nodes().len() }
    }

    /// The part with this number, as [`Part::number`] gave it.
    #[must_use]
    pub fn part(&self, number: usize) -> Option<Part<'a>> {
        (number < self.parser.nodes().len()).then_some(Part { message: *self, number })
    }

    /// The message as it came.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.bytes
    }

    /// What is not as it should be, in all header blocks and in how the parts stand together: the first place of each kind.
    pub fn defects(&self) -> impl Iterator<Item = Defect> + use<'a> {
        self.parser.index().defects()
    }
}

impl fmt::Debug for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parts()).finish()
    }
}

/// Some parts of a message in their order.
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    message: Message<'a>,
    numbers: core::ops::Range<usize>,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        self.numbers.next().map(|number| Part { message: self.message, number })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.numbers.size_hint()
    }
}

impl ExactSizeIterator for Parts<'_> {}
impl FusedIterator for Parts<'_> {}

/// One part: a header block and what is behind it.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    message: Message<'a>,
    number: usize,
}

impl<'a> Part<'a> {
    /// Its place in [`Message::parts`]: 0 is the message.
    #[must_use]
    pub const fn number(&self) -> usize {
        self.number
    }

    /// How many parts it is in.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.node().map_or(0, |node| usize::from(node.depth))
    }

    /// The part that it is in.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.message.part(self.node()?.parent as usize)
    }

    /// The parts that are directly in it: those of a multipart, or the one message in a message.
    pub fn children(&self) -> impl Iterator<Item = Self> + use<'a> {
        let message = self.message;
        let end = self.node().map_or(0, |node| node.next as usize);
        let first = Some(self.number + 1);
        let after = move |number: &usize| message.parser.nodes().get(*number).map(|node| node.next as usize);
        core::iter::successors(first, after)
            .take_while(move |number| *number < end)
            .map(move |number| Self { message, number })
    }

    /// It and all the parts in it, in their order.
    #[must_use]
    pub fn all(&self) -> Parts<'a> {
        let end = self.node().map_or(0, |node| node.next as usize);
        Parts { message: self.message, numbers: self.number..end }
    }

    /// Its header. [`Headers::body`] is its [`body`](Self::body).
    #[must_use]
    pub fn headers(&self) -> Headers<'a> {
        let node = self.node().copied().unwrap_or(EMPTY);
        let place = Place {
            start: node.start as usize,
            indexed: node.body as usize,
            body: node.has_body.then_some(node.body as usize),
            end: node.end as usize,
        };
        self.message.parser.index().block(self.message.bytes, node.first_entry, node.last_entry, place)
    }

    /// The part as it stands: header and body, without the delimiters around it.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.slice(|node| (node.start, node.end))
    }

    /// Where it begins, in bytes from the beginning of the message.
    #[must_use]
    pub fn at(&self) -> usize {
        self.node().map_or(0, |node| node.start as usize)
    }

    /// What is behind its header, as it stands.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.slice(|node| (node.body, node.end))
    }

    /// Of a multipart: what is before its first part, which nobody is meant to see (RFC 2046, 5.1.1).
    #[must_use]
    pub fn preamble(&self) -> &'a [u8] {
        self.slice(|node| if node.kind == Kind::Multipart { (node.body, node.preamble) } else { (0, 0) })
    }

    /// Of a multipart: what is behind its last delimiter, which nobody is meant to see either.
    #[must_use]
    pub fn epilogue(&self) -> &'a [u8] {
        self.slice(|node| if node.kind == Kind::Multipart { (node.epilogue, node.end) } else { (0, 0) })
    }

    /// Whether its own parts were looked for: it is a multipart with a boundary.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.node().is_some_and(|node| node.kind == Kind::Multipart)
    }

    /// Whether a message was looked for in it, which is then its one child.
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.node().is_some_and(|node| node.kind == Kind::Message)
    }

    /// What it is. A part that does not say, or not so that it can be read, is plain text, and in a `multipart/digest` a message
    /// (RFC 2045, 5.2; RFC 2046, 5.1.5).
    #[must_use]
    pub fn media_type(&self) -> MediaType<'a> {
        let said = self.value(|node| node.content_type);
        let digest = said.is_none() && self.node().is_some_and(|node| node.in_digest);
        let unsaid = if digest { MediaType::MESSAGE } else { MediaType::TEXT_PLAIN };
        said.and_then(MediaType::parse).unwrap_or(unsaid)
    }

    /// How its octets are written.
    #[must_use]
    pub fn transfer_encoding(&self) -> TransferEncoding {
        self.value(|node| node.encoding).map_or_else(TransferEncoding::default, TransferEncoding::parse)
    }

    /// Whether it is to be shown or to be offered as a file, where that is said.
    #[must_use]
    pub fn disposition(&self) -> Option<Disposition<'a>> {
        self.value(|node| node.disposition).and_then(Disposition::parse)
    }

    /// The name of the file that it is. Somebody else wrote it: it may hold slashes, dots and anything but control characters, so never make a path of it.
    #[must_use]
    pub fn file_name(&self) -> Option<Cow<'a, str>> {
        file_name(self.disposition(), self.media_type())
    }

    /// Its octets, with the transfer encoding undone. Those of a multipart stand there as they are.
    #[must_use]
    pub fn decoded(&self) -> Decoded<'a> {
        let encoding = if self.is_multipart() { TransferEncoding::Binary } else { self.transfer_encoding() };
        Decoded::new(self.body(), encoding)
    }

    /// Its text: decoded, and read in its charset. `None` where it is no text. Where the charset is not said or not known, it is UTF-8 if it can be that, and
    /// else read as Western European. The line ends are those of the message.
    #[must_use]
    pub fn text(&self) -> Option<Cow<'a, str>> {
        let media_type = self.media_type();
        if !media_type.is_text() {
            return None;
        }
        let bytes = self.decoded().bytes;
        let charset = media_type.params().get("charset").and_then(|name| Charset::find(name.trim().as_bytes()));
        Some(match (charset, bytes) {
            // ASCII is said where something else is meant
            (None | Some(Charset::Ascii), Cow::Borrowed(bytes)) => charset::guess(bytes),
            (None | Some(Charset::Ascii), Cow::Owned(bytes)) => match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(error) => Cow::Owned(charset::guess(error.as_bytes()).into_owned()),
            },
            (Some(Charset::Utf8), Cow::Borrowed(bytes)) => String::from_utf8_lossy(bytes),
            (Some(Charset::Utf8), Cow::Owned(bytes)) => Cow::Owned(match String::from_utf8(bytes) {
                Ok(text) => text,
                Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
            }),
            (Some(charset), bytes) => {
                let mut text = String::with_capacity(bytes.len());
                charset.decode(&bytes, &mut text);
                Cow::Owned(text)
            }
        })
    }

    fn node(&self) -> Option<&'a Node> {
        self.message.parser.nodes().get(self.number)
    }

    fn value(&self, field: impl FnOnce(&Node) -> u32) -> Option<&'a [u8]> {
        self.message.parser.index().value(self.message.bytes, field(self.node()?))
    }

    fn slice(&self, place: impl FnOnce(&Node) -> (u32, u32)) -> &'a [u8] {
        let (from, to) = self.node().map_or((0, 0), place);
        self.message.bytes.get(from as usize..to as usize).unwrap_or_default()
    }
}

impl fmt::Debug for Part<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let media_type = self.media_type();
        write!(f, "{}: {}/{}, {} octets", self.number, media_type.main(), media_type.sub(), self.body().len())
    }
}

/// What there is of a part that is not there.
const EMPTY: Node = Node {
    parent: 0,
    next: 0,
    first_entry: 0,
    last_entry: 0,
    start: 0,
    body: 0,
    end: 0,
    preamble: 0,
    epilogue: 0,
    content_type: u32::MAX,
    encoding: u32::MAX,
    disposition: u32::MAX,
    kind: Kind::Leaf,
    depth: 0,
    has_body: false,
    in_digest: false,
};
