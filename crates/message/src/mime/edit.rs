//! Changes to a message that was read: what is not touched stays as it is, octet for octet.

use alloc::{borrow::Cow, string::ToString, vec::Vec};

use super::{Message, Part, TransferEncoding};
use crate::{
    BuildError, Carriage, Content, FieldName, Limits, body::Encoding, content::Boundaries, fold::Folder,
    grammar::is_control,
};

/// Changes to a message, collected and then written.
///
/// Each takes away or adds whole fields, bodies or parts; all other octets are copied. So a signature over what is not touched stays good, and what is odd about it stays
/// odd. What is changed inside a part that is removed or replaced is gone with it; of two changes in one place the first counts.
///
/// ```
/// use message::{FieldName, mime::{Edits, Parser}};
///
/// let mail = b"Subject: Lunch\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nAt one?\r\n--x\r\nContent-Type: image/png\r\n\r\n...\r\n--x--\r\n";
/// let mut parser = Parser::default();
/// let message = parser.parse(mail)?;
/// let mut edits = Edits::new(message);
/// edits.set_field(message.root(), &FieldName::new("Subject")?, "Lunch, without the picture")?;
/// edits.remove(message.part(2).unwrap());
/// assert_eq!(
///     edits.to_vec(),
///     b"Subject: Lunch, without the picture\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nAt one?\r\n--x--\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Edits<'a> {
    message: Message<'a>,
    splices: Vec<Splice>,
}

/// What is in one place instead of what was there.
#[derive(Clone, Debug)]
struct Splice {
    start: usize,
    end: usize,
    text: Vec<u8>,
}

/// Why a message cannot be encoded for a way that lets less pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A part that would have to be encoded is in one that is signed or encrypted, and would not be what was signed any more (RFC 1847, 2.1).
    #[error("a part at byte {at} is signed or encrypted and has octets that cannot pass: it cannot be sent that way")]
    Signed {
        /// Where it begins.
        at: usize,
    },
}

impl<'a> Edits<'a> {
    /// No change yet.
    #[must_use]
    pub const fn new(message: Message<'a>) -> Self {
        Self { message, splices: Vec::new() }
    }

    /// Gives a part, which may be the message itself, one field of this name with this unstructured value: where the first one of that name was, and otherwise at the top.
    ///
    /// # Errors
    /// [`BuildError::Control`].
    pub fn set_field(&mut self, part: Part<'a>, name: &FieldName, text: &str) -> Result<(), BuildError> {
        if let Some(at) = text.bytes().position(is_control) {
            return Err(BuildError::Control { field: name.as_str().to_string().into(), at });
        }
        let mut field = Vec::new();
        let mut line = Folder::new(&mut field, name.as_str(), false);
        line.text(text);
        line.end();
        let mut fields = part
            .headers()
            .all(name.as_str())
            .map(|field| (field.at(), field.at() + field.raw().len()))
            .collect::<Vec<_>>()
            .into_iter();
        let (start, end) = fields.next().unwrap_or((part.at(), part.at()));
        self.splice(start, end, field);
        fields.for_each(|(start, end)| self.splice(start, end, Vec::new()));
        Ok(())
    }

    /// Takes all fields of this name out of a part's header.
    pub fn remove_fields(&mut self, part: Part<'a>, name: &str) {
        let fields: Vec<_> = part.headers().all(name).map(|field| (field.at(), field.raw().len())).collect();
        fields.into_iter().for_each(|(at, length)| self.splice(at, at + length, Vec::new()));
    }

    /// Takes a part out, with its delimiter. The message itself stays, and so does the message in a part that is one: they are what their parent is made of.
    pub fn remove(&mut self, part: Part<'a>) {
        if !part.parent().is_some_and(|parent| parent.is_multipart()) {
            return;
        }
        let bytes = self.message.raw();
        let before = bytes.get(..part.at()).unwrap_or_default();
        let line = before.strip_suffix(b"\n").unwrap_or(before);
        let start = line.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let end = part.at() + part.raw().len();
        // the line end behind it belongs to the next delimiter, which has that of the one before now
        let rest = bytes.get(end..).unwrap_or_default();
        let line_end =
            [&b"\r\n--"[..], b"\n--"].into_iter().find(|next| rest.starts_with(next)).map_or(0, |next| next.len() - 2);
        self.splice(start, end + line_end, Vec::new());
    }

    /// Puts something else into a part, or into the message: its fields stay, but for those that say what it is. `random` is what boundaries are made of, where there are parts
    /// in the new content.
    ///
    /// # Errors
    /// [`BuildError`], as for a new message.
    pub fn replace(
        &mut self,
        part: Part<'a>,
        content: &Content,
        random: [u8; 16],
        carriage: Carriage,
    ) -> Result<(), BuildError> {
        content.check(carriage, true, Limits::default().depth)?;
        for field in part.headers() {
            if field.name().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-")) {
                self.splice(field.at(), field.at() + field.raw().len(), Vec::new());
            }
        }
        let mut text = Vec::new();
        content.write(carriage, &mut Boundaries::new(random), &mut text);
        let (start, end) = (header_end(part), part.at() + part.raw().len());
        self.splice(start, end, text);
        Ok(())
    }

    /// Encodes what is in a part as it is now.
    fn encode(&mut self, part: Part<'a>, encoding: Encoding) {
        self.say_encoding(part, encoding.name());
        let mut text = Vec::new();
        encoding.write(part.body(), &mut text);
        let end = part.at() + part.raw().len();
        self.splice(end - part.body().len(), end, text);
    }

    fn say_encoding(&mut self, part: Part<'a>, encoding: &str) {
        const NAME: &str = "Content-Transfer-Encoding";
        let field = [NAME.as_bytes(), b": ", encoding.as_bytes(), b"\r\n"].concat();
        let at = part.headers().get(NAME).map(|field| field.at());
        self.remove_fields(part, NAME);
        let at = at.unwrap_or_else(|| header_end(part));
        self.splice(at, at, field);
    }

    fn splice(&mut self, start: usize, end: usize, text: Vec<u8>) {
        self.splices.push(Splice { start, end, text });
    }

    /// Appends the changed message to a buffer.
    pub fn write(&self, out: &mut Vec<u8>) {
        let bytes = self.message.raw();
        let mut splices: Vec<&Splice> = self.splices.iter().collect();
        // what is put in before what is taken out, and the widest of that first, so that what is inside it is seen to be
        splices.sort_by_key(|splice| (splice.start, splice.end > splice.start, core::cmp::Reverse(splice.end)));
        let mut at = 0;
        for splice in splices {
            let inside = splice.start < at;
            if !inside {
                out.extend_from_slice(bytes.get(at..splice.start).unwrap_or_default());
                out.extend_from_slice(&splice.text);
                at = splice.end;
            }
        }
        out.extend_from_slice(bytes.get(at..).unwrap_or_default());
    }

    /// The changed message.
    #[must_use]
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.message.raw().len());
        self.write(&mut out);
        out
    }
}

impl<'a> Message<'a> {
    /// The message as it may pass on this way: parts with octets or lines that may not are encoded (RFC 6152, 3; RFC 3030, 3), all else stays as it is. Borrowed where
    /// nothing has to be done. What is in the header stays, too: UTF-8 in fields needs SMTPUTF8 whatever the way.
    ///
    /// # Errors
    /// [`EncodeError`].
    pub fn encoded_for(&self, carriage: Carriage) -> Result<Cow<'a, [u8]>, EncodeError> {
        let mut edits = Edits::new(*self);
        for part in self.parts() {
            let encoding = part.transfer_encoding();
            let container = part.is_multipart() || part.is_message();
            if container || !encoding.is_identity() || may_pass(part.body(), carriage) {
                // what is said of it must not be more than may pass either (RFC 2045, 6.4)
                match (encoding, carriage) {
                    (TransferEncoding::EightBit | TransferEncoding::Binary, Carriage::SevenBit) if !is_sealed(part) => {
                        edits.say_encoding(part, TransferEncoding::SevenBit.as_str());
                    }
                    (TransferEncoding::Binary, Carriage::EightBit) if !is_sealed(part) => {
                        edits.say_encoding(part, TransferEncoding::EightBit.as_str());
                    }
                    _ => {}
                }
                continue;
            }
            if is_sealed(part) {
                return Err(EncodeError::Signed { at: part.at() });
            }
            let text = part.media_type().is_text();
            edits.encode(part, if text { Encoding::choose(part.body(), carriage) } else { Encoding::Base64 });
        }
        if edits.splices.is_empty() { Ok(Cow::Borrowed(self.raw())) } else { Ok(Cow::Owned(edits.to_vec())) }
    }
}

/// Where the header of a part ends, before the empty line.
fn header_end(part: Part<'_>) -> usize {
    part.at() + part.headers().pieces().map(|(_, raw)| raw.len()).sum::<usize>()
}

/// Whether a body has only octets and lines that this way lets pass. How its lines end does not matter: that is for whoever sends it.
fn may_pass(body: &[u8], carriage: Carriage) -> bool {
    let line = |line: &[u8]| line.len() <= 999 && !line.contains(&0);
    match carriage {
        Carriage::SevenBit => body.is_ascii() && body.split(|byte| *byte == b'\n').all(line),
        Carriage::EightBit => body.split(|byte| *byte == b'\n').all(line),
        Carriage::Binary => true,
    }
}

/// Whether a part is in one that is signed or encrypted.
fn is_sealed(part: Part<'_>) -> bool {
    let mut around = part.parent();
    while let Some(parent) = around {
        let media_type = parent.media_type();
        if media_type.is("multipart", "signed") || media_type.is("multipart", "encrypted") {
            return true;
        }
        around = parent.parent();
    }
    false
}
