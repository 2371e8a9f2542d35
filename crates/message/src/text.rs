//! Values as text: unfolded, decoded, and free of control characters.

use alloc::{borrow::Cow, string::String, vec::Vec};

use memchr::{memchr, memchr2};

use crate::{
    encoded_word,
    grammar::{has_control, is_fws, may_have_encoded_word},
    work::look,
};

/// The value without white space around it.
pub(crate) fn trim(value: &[u8]) -> &[u8] {
    look(value.len());
    let start = value.iter().position(|&byte| !is_fws(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|&byte| !is_fws(byte)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

/// Takes out the line ends that are followed by white space, and the white space around the value.
pub(crate) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = trim(value);
    look(value.len());
    let mut rest = value;
    let mut unfolded = Vec::new();
    while let Some(end) = memchr(b'\n', rest) {
        let (line, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        if unfolded.capacity() == 0 {
            unfolded.reserve(value.len());
        }
        unfolded.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        rest = behind.get(1..).unwrap_or_default();
    }
    if unfolded.capacity() == 0 {
        return Cow::Borrowed(value);
    }
    unfolded.extend_from_slice(rest);
    Cow::Owned(unfolded)
}

/// An unstructured value as text.
pub(crate) fn unstructured(value: &[u8]) -> Cow<'_, str> {
    let unfolded = unfold(value);
    if may_have_encoded_word(&unfolded) {
        return Cow::Owned(clean_owned(encoded_word::decode_all(&unfolded)));
    }
    match unfolded {
        Cow::Borrowed(bytes) => plain(bytes),
        Cow::Owned(bytes) => Cow::Owned(plain(&bytes).into_owned()),
    }
}

/// Bytes as text; nothing is decoded but UTF-8.
pub(crate) fn plain(bytes: &[u8]) -> Cow<'_, str> {
    look(bytes.len());
    match core::str::from_utf8(bytes) {
        Ok(text) => clean(text),
        Err(_) => Cow::Owned(clean_owned(String::from_utf8_lossy(bytes).into_owned())),
    }
}

/// What is between the quotes or parentheses of a quoted string or comment: escapes undone, folds taken out.
pub(crate) fn unescape(inside: &[u8]) -> Cow<'_, [u8]> {
    look(inside.len());
    if memchr2(b'\\', b'\n', inside).is_none() {
        return Cow::Borrowed(inside);
    }
    let mut out = Vec::with_capacity(inside.len());
    let mut rest = inside.iter();
    while let Some(&byte) = rest.next() {
        match byte {
            b'\\' => out.extend(rest.next()),
            // only what is a fold goes; any other line end stays, to be refused or replaced
            b'\r' if matches!(rest.as_slice(), [b'\n', b' ' | b'\t', ..]) => {}
            b'\n' if matches!(rest.as_slice(), [b' ' | b'\t', ..]) => {}
            _ => out.push(byte),
        }
    }
    Cow::Owned(out)
}

/// The same bytes as a string, if they are UTF-8.
pub(crate) fn utf8(bytes: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match bytes {
        Cow::Borrowed(bytes) => core::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
    }
}

/// A value whose pieces are wanted as text. Whether it is UTF-8 is found out once, not for each piece.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pieces<'a> {
    bytes: &'a [u8],
    whole: Option<&'a str>,
}

impl<'a> Pieces<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        look(bytes.len());
        Self { bytes, whole: core::str::from_utf8(bytes).ok() }
    }

    /// From one offset to another, if that is UTF-8.
    #[inline]
    pub(crate) fn get(&self, start: usize, end: usize) -> Option<&'a str> {
        match self.whole {
            Some(whole) => whole.get(start..end),
            None => core::str::from_utf8(self.bytes.get(start..end)?).ok(),
        }
    }
}

/// R-10: text that came out of a message may go into another one, so it never holds what could end a line there.
fn clean(text: &str) -> Cow<'_, str> {
    if has_control(text.as_bytes()) { Cow::Owned(replace_controls(text)) } else { Cow::Borrowed(text) }
}

pub(crate) fn clean_owned(text: String) -> String {
    if has_control(text.as_bytes()) { replace_controls(&text) } else { text }
}

pub(crate) fn clean_cow(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => clean(text),
        Cow::Owned(text) => Cow::Owned(clean_owned(text)),
    }
}

fn replace_controls(text: &str) -> String {
    text.chars()
        .map(|char| if char.is_ascii_control() && char != '\t' { char::REPLACEMENT_CHARACTER } else { char })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfolding_borrows_unless_there_is_a_fold() {
        assert!(matches!(unfold(b" a  b "), Cow::Borrowed(b"a  b")));
        assert_eq!(&*unfold(b" a\r\n  b\n\tc"), b"a  b\tc");
        assert!(matches!(unstructured("Grüße".as_bytes()), Cow::Borrowed("Grüße")));
        assert_eq!(unstructured(b"\xff"), "\u{fffd}");
    }

    #[test]
    fn encoded_words_cannot_bring_line_ends() {
        assert_eq!(unstructured(b"=?utf-8?q?a=0D=0ABcc:_x=00?="), "a\u{fffd}\u{fffd}Bcc: x\u{fffd}");
        assert_eq!(unstructured(b"a\0b"), "a\u{fffd}b");
    }
}
