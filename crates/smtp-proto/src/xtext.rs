//! xtext: any text inside a parameter's value (RFC 3461, 4).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

use crate::path::{XCHAR, is, run};

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
        let bytes = text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'+' => {
                    let hex = bytes.get(at + 1..at + 3)?;
                    if !hex.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'A'..=b'F')) {
                        return None;
                    }
                    at += 3;
                }
                0x80.. if utf8 => at += 1,
                _ if is(XCHAR, *byte) => at += run(XCHAR, bytes, at),
                _ => return None,
            }
        }
        Some(Self(Cow::Borrowed(text)))
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
