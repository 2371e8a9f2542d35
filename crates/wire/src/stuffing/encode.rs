//! DATA out: content with its dots stuffed and its line ends made whole.

use alloc::vec::Vec;

use memchr::memchr2;

/// Writes content as a DATA stream (RFC 5321, 4.5.2).
///
/// Whatever the content, what comes out has no carriage return or line feed alone and no line that is a lone dot but the last (row W-2): a
/// lone half of a line end becomes CRLF, a leading dot is doubled, and a last line without an end gets one.
///
/// ```
/// let mut encoder = wire::stuffing::DataEncoder::new();
/// let mut wire = Vec::new();
/// encoder.write(b"Hi\r\n.hid", &mut wire);
/// encoder.write(b"den", &mut wire);
/// encoder.end(&mut wire);
/// assert_eq!(wire, b"Hi\r\n..hidden\r\n.\r\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataEncoder {
    last: Last,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// A line end, or nothing at all.
    LineEnd,
    /// A carriage return, not written yet.
    Cr,
    /// Anything else.
    Text,
}

impl Default for DataEncoder {
    fn default() -> Self {
        Self::new()
    }
}

impl DataEncoder {
    /// An encoder at the start of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: Last::LineEnd }
    }

    /// Appends `content` to `out` as it goes on the wire.
    pub fn write(&mut self, mut content: &[u8], out: &mut Vec<u8>) {
        while let Some(&first) = content.first() {
            match (self.last, first) {
                (Last::Cr, b'\n') => {
                    out.extend_from_slice(b"\r\n");
                    self.last = Last::LineEnd;
                    content = content.get(1..).unwrap_or_default();
                    continue;
                }
                (Last::Cr, _) => {
                    out.extend_from_slice(b"\r\n");
                    self.last = Last::LineEnd;
                }
                _ => {}
            }
            if self.last == Last::LineEnd && first == b'.' {
                out.push(b'.');
            }
            let run = Self::run(content);
            let (text, rest) = content.split_at_checked(run).unwrap_or((content, &[]));
            out.extend_from_slice(text);
            if let Some(&last) = text.last() {
                self.last = if last == b'\n' { Last::LineEnd } else { Last::Text };
            }
            content = match rest.first() {
                Some(b'\r') => {
                    self.last = Last::Cr;
                    rest.get(1..).unwrap_or_default()
                }
                // run() stops before a line feed only where no carriage return stands before it
                Some(b'\n') => {
                    out.extend_from_slice(b"\r\n");
                    self.last = Last::LineEnd;
                    rest.get(1..).unwrap_or_default()
                }
                _ => rest,
            };
        }
    }

    /// Appends the end of the message: a line end if the content lacks one, and the lone dot.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        if self.last != Last::LineEnd {
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b".\r\n");
        self.last = Last::LineEnd;
    }

    /// How many bytes may be copied as they are: up to a line end that a dot follows, half a line end, or a carriage return at the end.
    fn run(content: &[u8]) -> usize {
        let mut from = 0;
        while let Some(n) = memchr2(b'\r', b'\n', content.get(from..).unwrap_or_default()) {
            let at = from + n;
            match (content.get(at), content.get(at + 1), content.get(at + 2)) {
                (Some(b'\r'), Some(b'\n'), Some(b'.')) => return at + 2,
                (Some(b'\r'), Some(b'\n'), _) => from = at + 2,
                _ => return at,
            }
        }
        content.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stuffing::{BareLf, DataDecoder, Piece};

    fn encode(content: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut encoder, mut out, mut from) = (DataEncoder::new(), Vec::new(), 0);
        for &cut in cuts.iter().chain([&content.len()]) {
            encoder.write(&content[from..cut], &mut out);
            from = cut;
        }
        encoder.end(&mut out);
        out
    }

    fn normalized(content: &[u8]) -> Vec<u8> {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < content.len() {
            match content[at] {
                b'\r' => {
                    out.extend_from_slice(b"\r\n");
                    at += usize::from(content.get(at + 1) == Some(&b'\n'));
                }
                b'\n' => out.extend_from_slice(b"\r\n"),
                byte => out.push(byte),
            }
            at += 1;
        }
        if !out.is_empty() && !out.ends_with(b"\r\n") {
            out.extend_from_slice(b"\r\n");
        }
        out
    }

    proptest! {
        /// W-2: nothing that can be put in makes two messages of one, under any cut.
        #[test]
        fn w2_any_content_stays_one_message(
            content in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a'), Just(0u8)], 0..60),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..5),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|i| i.index(content.len() + 1)).collect();
            cuts.sort_unstable();
            let wire = encode(&content, &cuts);
            prop_assert_eq!(&wire, &encode(&content, &[]));
            let (mut decoder, mut at, mut back) = (DataDecoder::new(BareLf::Refuse), 0, Vec::new());
            loop {
                let (piece, used) = decoder.next(&wire[at..]);
                match piece {
                    Piece::Content(range) => back.extend_from_slice(&wire[at..][range]),
                    Piece::End => { at += used; break; }
                    other => prop_assert!(false, "{:?} in {}", other, wire.escape_ascii()),
                }
                at += used;
            }
            prop_assert_eq!(at, wire.len(), "the end is at the end");
            prop_assert_eq!(back, normalized(&content));
        }
    }
}
