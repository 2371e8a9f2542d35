//! Lists of tags and values (RFC 6376, 3.2), which signatures, keys, ARC, DMARC and BIMI share.

use alloc::vec::Vec;
use core::ops::Range;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::{Exceeded, Limits, Syntax};

/// Padding may be left out: keys in the DNS are often cut so.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Tags and their values, in their order, borrowed from a field's value or a record.
///
/// A name is there once at most: a list that has one twice is no list (RFC 6376, 3.2). What a tag means, and whether it is known, is for whoever reads it.
/// An empty list is a list.
///
/// ```
/// use dkim::{Limits, TagList};
///
/// let list = TagList::parse(b"v=DKIM1; k = rsa;\r\n p=", &Limits::default())?;
/// assert_eq!(list.get("k").unwrap().value(), b"rsa");
/// assert_eq!(list.get("p").unwrap().value(), b"");
/// assert!(list.get("K").is_none());
/// # Ok::<(), dkim::TagListError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagList<'a> {
    tags: Vec<Tag<'a>>,
}

/// Why something is no [`TagList`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TagListError {
    /// It has another form.
    #[error(transparent)]
    Syntax(#[from] Syntax),
    /// It is too long.
    #[error(transparent)]
    Limit(#[from] Exceeded),
}

macro_rules! from_tag_list_error {
    ($($error:ident)*) => {
        $(
            impl From<TagListError> for crate::$error {
                fn from(error: TagListError) -> Self {
                    match error {
                        TagListError::Syntax(syntax) => Self::Syntax(syntax),
                        TagListError::Limit(exceeded) => Self::Limit(exceeded),
                    }
                }
            }
        )*
    };
}
from_tag_list_error!(SignatureError KeyError);

/// One tag and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    name: &'a str,
    value: &'a [u8],
    at: usize,
    span: Range<usize>,
}

/// Space, tab, and the line ends of folding.
pub(crate) const fn is_space(octet: u8) -> bool {
    matches!(octet, b' ' | b'\t' | b'\r' | b'\n')
}

/// Without white space at both ends, and how much was in front.
fn trim(octets: &[u8]) -> (&[u8], usize) {
    let front = octets.iter().take_while(|octet| is_space(**octet)).count();
    let rest = octets.get(front..).unwrap_or_default();
    let back = rest.iter().rev().take_while(|octet| is_space(**octet)).count();
    (rest.get(..rest.len() - back).unwrap_or_default(), front)
}

impl<'a> TagList<'a> {
    /// Reads a list: a field's value behind its colon, or a record. Folding is white space, and so is a lone CR or LF.
    ///
    /// # Errors
    ///
    /// [`TagListError::Syntax`] where a part is no tag, a value has a control, or a name comes twice; [`TagListError::Limit`] for more than
    /// [`Limits::tags`].
    pub fn parse(text: &'a [u8], limits: &Limits) -> Result<Self, TagListError> {
        let mut tags: Vec<Tag<'a>> = Vec::with_capacity(16);
        let mut start = 0;
        while start < text.len() {
            let rest = text.get(start..).unwrap_or_default();
            let len = memchr::memchr(b';', rest).unwrap_or(rest.len());
            let spec = rest.get(..len).unwrap_or_default();
            let end = start + len;
            let next = end + 1;
            if spec.iter().all(|octet| is_space(*octet)) {
                // RFC 6376, 3.2: nothing but white space may follow the last semicolon
                if next < text.len() || tags.is_empty() && len < rest.len() {
                    return Err(Syntax { at: start, what: "a tag is missing in front of the semicolon" }.into());
                }
                break;
            }
            let tag = Tag::parse(spec, start)?;
            if tags.len() >= limits.tags {
                return Err(Exceeded::Tags(limits.tags).into());
            }
            if tags.iter().any(|other| other.name == tag.name) {
                return Err(Syntax { at: tag.at, what: "the tag is there twice" }.into());
            }
            tags.push(tag);
            start = next;
        }
        Ok(Self { tags })
    }

    /// The tag of this name, which is told apart by case.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Tag<'a>> {
        self.tags.iter().find(|tag| tag.name == name)
    }

    /// All tags in their order.
    pub fn iter(&self) -> core::slice::Iter<'_, Tag<'a>> {
        self.tags.iter()
    }

    /// Appends the list: `name=value; name=value`, the values as they were written.
    pub fn write(&self, out: &mut Vec<u8>) {
        for (at, tag) in self.tags.iter().enumerate() {
            if at > 0 {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(tag.name.as_bytes());
            out.push(b'=');
            out.extend_from_slice(tag.value);
        }
    }
}

impl<'a, 'l> IntoIterator for &'l TagList<'a> {
    type Item = &'l Tag<'a>;
    type IntoIter = core::slice::Iter<'l, Tag<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> Tag<'a> {
    fn parse(spec: &'a [u8], start: usize) -> Result<Self, Syntax> {
        let Some(equals) = memchr::memchr(b'=', spec) else {
            return Err(Syntax { at: start, what: "no equals sign between a tag and its value" });
        };
        let (name, front) = trim(spec.get(..equals).unwrap_or_default());
        let at = start + front;
        let is_name = name.first().is_some_and(u8::is_ascii_alphabetic)
            && name.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'_');
        let name = core::str::from_utf8(name).ok().filter(|_| is_name);
        let name = name.ok_or(Syntax { at, what: "the name of the tag is none" })?;
        let span = start + equals + 1..start + spec.len();
        let (value, front) = trim(spec.get(equals + 1..).unwrap_or_default());
        // RFC 8616, 4: what is beyond ASCII may be in a value. Controls may not.
        let is_bad = |octet: &u8| octet.is_ascii_control() & !is_space(*octet);
        // without a branch, so that the compiler can look at many octets at once; there hardly ever is one
        if value.iter().fold(false, |bad, octet| bad | is_bad(octet))
            && let Some(bad) = value.iter().position(is_bad)
        {
            return Err(Syntax { at: span.start + front + bad, what: "a control in the value of a tag" });
        }
        Ok(Self { name, value, at, span })
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// The value without white space around it; inside it may be folded.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// Where the name begins in the list.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// All between the equals sign and the semicolon, white space included: what is left out of `b=` for hashing (RFC 6376, 3.7).
    #[must_use]
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    fn error(&self, what: &'static str) -> Syntax {
        Syntax { at: self.at, what }
    }

    /// The value as text.
    ///
    /// # Errors
    ///
    /// [`Syntax`], where it is not UTF-8.
    pub fn text(&self) -> Result<&'a str, Syntax> {
        core::str::from_utf8(self.value).map_err(|_| self.error("the value is not UTF-8"))
    }

    /// The value as a number.
    ///
    /// # Errors
    ///
    /// [`Syntax`], where it has other than digits. A number beyond 64 bits is the largest of them: no body and no time is that large.
    pub fn number(&self) -> Result<u64, Syntax> {
        if self.value.is_empty() || !self.value.iter().all(u8::is_ascii_digit) {
            return Err(self.error("the value is no number"));
        }
        let digit = |sum: u64, octet: &u8| sum.saturating_mul(10).saturating_add(u64::from(octet - b'0'));
        Ok(self.value.iter().fold(0, digit))
    }

    /// What the value stands for in base64; white space in it is left out.
    ///
    /// # Errors
    ///
    /// [`Syntax`], where it is not base64. Padding may be missing.
    pub fn base64(&self) -> Result<Vec<u8>, Syntax> {
        let wrong = |_| self.error("the value is not base64");
        if !self.value.iter().any(|octet| is_space(*octet)) {
            return BASE64.decode(self.value).map_err(wrong);
        }
        let mut dense = Vec::with_capacity(self.value.len());
        self.value.split(|octet| is_space(*octet)).for_each(|part| dense.extend_from_slice(part));
        BASE64.decode(dense).map_err(wrong)
    }

    /// The parts of the value between colons, without white space around each.
    pub fn list(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.value.split(|octet| *octet == b':').map(|part| trim(part).0)
    }

    /// The value without the quoting of RFC 6376, 2.11: `=` and two upper-case hexadecimal digits stand for an octet, white space for nothing.
    ///
    /// # Errors
    ///
    /// [`Syntax`], where something else follows an equals sign.
    pub fn unquoted(&self) -> Result<Vec<u8>, Syntax> {
        let mut out = Vec::with_capacity(self.value.len());
        let mut octets = self.value.iter().copied().filter(|octet| !is_space(*octet));
        while let Some(octet) = octets.next() {
            if octet != b'=' {
                out.push(octet);
                continue;
            }
            let mut nibble = || octets.next().and_then(hexadecimal);
            let (Some(high), Some(low)) = (nibble(), nibble()) else {
                return Err(self.error("an equals sign without two upper-case hexadecimal digits"));
            };
            out.push(high << 4 | low);
        }
        Ok(out)
    }
}

const fn hexadecimal(octet: u8) -> Option<u8> {
    match octet {
        b'0'..=b'9' => Some(octet - b'0'),
        b'A'..=b'F' => Some(octet - b'A' + 10),
        _ => None,
    }
}

/// Base64 without line ends.
pub(crate) fn encode_base64(octets: &[u8]) -> alloc::string::String {
    base64::engine::general_purpose::STANDARD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<TagList<'_>, TagListError> {
        TagList::parse(text.as_bytes(), &Limits::default())
    }

    #[test]
    fn white_space_is_around_names_and_values() {
        let found = list(" a = b c ;\r\n\td=e\r\n f; ").unwrap();
        assert_eq!(found.get("a").unwrap().value(), b"b c");
        assert_eq!(found.get("d").unwrap().value(), b"e\r\n f");
        assert_eq!(found.get("a").unwrap().span(), 4..9);
        assert_eq!(list("").unwrap().iter().count(), 0);
        assert_eq!(list("a=").unwrap().get("a").unwrap().value(), b"");
    }

    #[test]
    fn k6_a_tag_that_is_there_twice_spoils_the_list() {
        assert_eq!(list("a=1; b=2; a=1"), Err(Syntax { at: 10, what: "the tag is there twice" }.into()));
        assert!(list("a=1; A=2").is_ok());
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in ["a", "a=1;b", "=1", "1a=1", "a b=1", "a=1;;b=2", ";", ";a=1", "a=\u{1}", "a@b=1"] {
            assert!(list(text).is_err(), "{text:?}");
        }
        assert!(list(&"a=1;".repeat(2)).is_err());
        let many: alloc::string::String = (0..65).map(|n| alloc::format!("t{n}=1;")).collect();
        assert_eq!(list(&many), Err(Exceeded::Tags(64).into()));
    }

    #[test]
    fn values_of_each_kind() {
        let found = list("n=0123; b=QUJ\r\n D; l=a : b:; q=a=40b=2E; h=99999999999999999999999999; z=4x").unwrap();
        assert_eq!(found.get("n").unwrap().number(), Ok(123));
        assert_eq!(found.get("b").unwrap().base64().unwrap(), b"ABC");
        assert_eq!(found.get("l").unwrap().list().collect::<Vec<_>>(), [&b"a"[..], b"b", b""]);
        assert_eq!(found.get("q").unwrap().unquoted().unwrap(), b"a@b.");
        assert_eq!(found.get("h").unwrap().number(), Ok(u64::MAX));
        assert!(found.get("z").unwrap().number().is_err());
        assert!(list("q=a=4").unwrap().get("q").unwrap().unquoted().is_err());
    }
}
