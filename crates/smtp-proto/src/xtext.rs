//! xtext: any text inside a parameter's value (RFC 3461, 4).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use crate::{cursor::Cursor, path::XCHAR};

/// A text in xtext form: printable ASCII, with `+`, `=` and all else written as `+` and two upper-case hexadecimal digits.
///
/// Two are equal if they are written the same way.
///
/// ```
/// use smtp_proto::xtext::Xtext;
///
/// let envelope_id = Xtext::encode("order=7+1".as_bytes());
/// assert_eq!(envelope_id.as_str(), "order+3D7+2B1");
/// assert_eq!(envelope_id.decode(), b"order=7+1".as_slice());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Xtext<'a>(Cow<'a, str>);

impl<'a> Xtext<'a> {
    /// Takes a text that is xtext already; `None` if it is not. `utf8` lets characters beyond ASCII stand for themselves, as `utf-8-addr-unitext` does (RFC 6533, 3).
    #[must_use]
    pub fn parse(text: &'a str, utf8: bool) -> Option<Self> {
        let mut cursor = Cursor::new(text, 0);
        Self::read(&mut cursor, utf8).filter(|xtext| xtext.as_str().len() == text.len())
    }

    /// Takes as much xtext as is there; `None` if it ends in a `+` without its digits.
    #[inline(always)]
    pub(crate) fn read(cursor: &mut Cursor<'a>, utf8: bool) -> Option<Self> {
        let start = cursor.at();
        loop {
            cursor.run(XCHAR);
            match cursor.peek() {
                Some(b'+') => {
                    let digits = cursor.rest().as_bytes().get(1..3)?;
                    if !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F')) {
                        return None;
                    }
                    cursor.pass(3);
                }
                Some(0x80..) if utf8 => cursor.pass(1),
                _ => return Some(Self(Cow::Borrowed(cursor.since(start)))),
            }
        }
    }

    /// Whether each character stands for itself.
    pub(crate) fn is_plain(&self) -> bool {
        !self.0.contains('+')
    }

    /// Writes any bytes as xtext.
    #[must_use]
    pub fn encode(bytes: &[u8]) -> Xtext<'static> {
        const HEX: &[u8; 16] = b"0123456789ABCDEF";
        let digit = |n: u8| HEX.get(usize::from(n & 15)).map_or('0', |digit| char::from(*digit));
        let mut text = String::with_capacity(bytes.len());
        for byte in bytes {
            if matches!(byte, b'!'..=b'~') && !matches!(byte, b'+' | b'=') {
                text.push(char::from(*byte));
            } else {
                text.push('+');
                text.push(digit(byte >> 4));
                text.push(digit(*byte));
            }
        }
        Xtext(Cow::Owned(text))
    }

    /// The text as it goes on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The bytes it stands for. They may be anything, line ends included: never write them to a wire or a log as they are.
    #[must_use]
    pub fn decode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.0.len());
        let mut bytes = self.0.bytes();
        while let Some(byte) = bytes.next() {
            if byte != b'+' {
                out.push(byte);
                continue;
            }
            let mut nibble = || bytes.next().and_then(|digit| char::from(digit).to_digit(16)).unwrap_or(0);
            let value = nibble() * 16 + nibble();
            out.push(u8::try_from(value).unwrap_or(b'?'));
        }
        out
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Xtext<'static> {
        Xtext(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for Xtext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
