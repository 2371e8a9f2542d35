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

    /// The tags at the end of a text.
    pub(crate) const fn behind(rest: &'a [u8], text: &'a [u8]) -> Self {
        Self { rest, len: text.len() }
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
            let name_end = find(text, [b'=', b';'], |rest| memchr::memchr2(b'=', b';', rest));
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
            let (value, behind) = rest.split_at_checked(find(rest, [b';'], |rest| memchr::memchr(b';', rest)))?;
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

/// Where the first of some octets is; the length where there is none. Names and most values are short, and a search that is made for long texts takes longer to begin
/// than they take: their first octets are looked at as numbers of eight.
#[inline]
fn find<const N: usize>(text: &[u8], wanted: [u8; N], far: impl Fn(&[u8]) -> Option<usize>) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let mut rest = text;
    for _ in 0..2 {
        let Some((front, behind)) = rest.split_first_chunk::<8>() else { break };
        let word = u64::from_le_bytes(*front);
        // The lowest octet that becomes zero leaves the lowest high bit; what it borrows goes to the octets above.
        let hits = wanted.iter().fold(0, |hits, octet| {
            let zero = word ^ (ONES * u64::from(*octet));
            hits | (zero.wrapping_sub(ONES) & !zero & (ONES << 7))
        });
        if hits != 0 {
            return text.len() - rest.len() + (hits.trailing_zeros() / 8) as usize;
        }
        rest = behind;
    }
    let found = if rest.len() < 8 { rest.iter().position(|octet| wanted.contains(octet)) } else { far(rest) };
    found.map_or(text.len(), |at| text.len() - rest.len() + at)
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

    #[test]
    fn the_first_octet_is_found_wherever_it_is() {
        for len in 0..=40 {
            for place in 0..=len {
                for other in [b';' - 1, b';' + 1, b'=' + 1, 0, 0x80, 0xFF, b';' | 0x80] {
                    let mut text = alloc::vec![other; len];
                    text.iter_mut().skip(place).step_by(3).for_each(|octet| *octet = b';');
                    text.iter_mut().skip(place + 1).step_by(3).for_each(|octet| *octet = b'=');
                    assert_eq!(find(&text, [b';'], |rest| memchr::memchr(b';', rest)), place);
                    assert_eq!(find(&text, [b'=', b';'], |rest| memchr::memchr2(b'=', b';', rest)), place);
                }
            }
        }
    }
}
