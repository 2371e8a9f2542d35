//! The list of tags that a record is (RFC 9989, 4.7 and 4.8; RFC 6376, 3.2).

use core::ops::Range;

/// One tag of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// Its name as it is written, without spaces around.
    pub name: &'a [u8],
    /// Its value, without spaces around; it may be empty.
    pub value: &'a [u8],
    /// The octet of the record at which the name begins.
    pub at: usize,
    /// The octet of the record at which the value begins.
    pub value_at: usize,
}

impl Tag<'_> {
    /// Where the value stands in the record.
    #[must_use]
    pub const fn span(&self) -> Range<usize> {
        self.value_at..self.value_at + self.value.len()
    }
}

/// Something between two semicolons that is no tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("octet {at} of the record: not a tag; a tag is a name, `=` and a value")]
pub struct NotATag {
    /// Where it begins, counted from zero.
    pub at: usize,
}

/// The tags of a record, in their order; nothing between two semicolons is skipped.
///
/// ```
/// let mut tags = dmarc::Tags::new(b"v=DMARC1; p = reject;");
/// assert_eq!(tags.next().unwrap()?.value, b"DMARC1");
/// let tag = tags.next().unwrap()?;
/// assert_eq!((tag.name, tag.value, tag.span()), (&b"p"[..], &b"reject"[..], 14..20));
/// assert_eq!(tags.next(), None);
/// # Ok::<(), dmarc::NotATag>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tags<'a> {
    rest: &'a [u8],
    /// Octets of the whole.
    len: usize,
}

impl<'a> Tags<'a> {
    /// The tags of a text.
    #[must_use]
    pub const fn new(text: &'a [u8]) -> Self {
        Self { rest: text, len: text.len() }
    }
}

/// What may stand around names and values: spaces, and the line ends of RFC 6376's folding white space, which some zones have.
const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// A text without the spaces in front.
#[inline]
fn trim_front(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [first, tail @ ..] = rest
        && is_space(*first)
    {
        rest = tail;
    }
    rest
}

/// A text without the spaces behind.
#[inline]
fn trim_back(text: &[u8]) -> &[u8] {
    let mut rest = text;
    while let [head @ .., last] = rest
        && is_space(*last)
    {
        rest = head;
    }
    rest
}

impl<'a> Iterator for Tags<'a> {
    type Item = Result<Tag<'a>, NotATag>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let text = trim_front(self.rest);
            let at = self.len - text.len();
            // Names are short: this ends soon where there is a tag at all.
            let name_end = text.iter().position(|octet| matches!(octet, b'=' | b';')).unwrap_or(text.len());
            let (name, rest) = text.split_at_checked(name_end)?;
            let Some((b'=', rest)) = rest.split_first() else {
                self.rest = rest.get(1..).unwrap_or_default();
                if !name.is_empty() {
                    return Some(Err(NotATag { at }));
                }
                if rest.is_empty() {
                    return None;
                }
                continue;
            };
            let (value, behind) = rest.split_at_checked(value_end(rest))?;
            self.rest = behind.get(1..).unwrap_or_default();
            let name = trim_back(name);
            if name.is_empty() {
                return Some(Err(NotATag { at }));
            }
            let begun = trim_front(value);
            let value_at = self.len - rest.len() + (value.len() - begun.len());
            return Some(Ok(Tag { name, value: trim_back(begun), at, value_at }));
        }
    }
}

/// Where a value ends. Most are a word, which is found before a search for many octets at once has begun; addresses are not.
#[inline]
fn value_end(text: &[u8]) -> usize {
    const WORD: usize = 12;
    let word = text.get(..WORD).unwrap_or(text);
    if let Some(end) = word.iter().position(|octet| *octet == b';') {
        return end;
    }
    let rest = text.get(word.len()..).unwrap_or_default();
    word.len() + memchr::memchr(b';', rest).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_have_spaces_around_and_spans() {
        let text = b" v = DMARC1 ;; p=none;\t;rua= mailto:a@b.example\t; np = ;x";
        let tags: alloc::vec::Vec<_> = Tags::new(text).collect();
        let names = ["v", "p", "rua", "np"];
        let values = ["DMARC1", "none", "mailto:a@b.example", ""];
        for ((tag, name), value) in tags.iter().zip(names).zip(values) {
            let tag = tag.unwrap();
            assert_eq!((tag.name, tag.value), (name.as_bytes(), value.as_bytes()));
            assert_eq!(&text[tag.span()], value.as_bytes());
            assert!(text[tag.at..].starts_with(name.as_bytes()));
        }
        assert_eq!(tags.last(), Some(&Err(NotATag { at: text.len() - 1 })));
        assert_eq!(Tags::new(b" = x").next(), Some(Err(NotATag { at: 1 })));
    }
}
