//! Text as the body of a message: lines, and the encoding that carries them safely (RFC 2045, 6).

use alloc::vec::Vec;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::Carriage;

/// The longest line of quoted-printable and base64 without its line end (RFC 2045, 6.7 and 6.8).
const LINE: usize = 76;

/// How a body is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    SevenBit,
    EightBit,
    Binary,
    QuotedPrintable,
    Base64,
}

impl Encoding {
    /// As it is where that may pass, else the shorter of the two encodings. The lines end in CRLF.
    pub(crate) fn choose(body: &[u8], carriage: Carriage) -> Self {
        let as_it_is = Self::as_it_is(body);
        if as_it_is == Self::SevenBit || (as_it_is == Self::EightBit && carriage != Carriage::SevenBit) {
            return as_it_is;
        }
        let escapes = body.iter().filter(|&&byte| !is_plain(byte) && !matches!(byte, b'\r' | b'\n')).count();
        if escapes * 2 <= body.len() / 3 { Self::QuotedPrintable } else { Self::Base64 }
    }

    /// What a body is where nothing is done to it (RFC 2045, 2.7 to 2.9). Control characters are not forbidden, and yet lost on the way at times: they make it binary.
    pub(crate) fn as_it_is(body: &[u8]) -> Self {
        let mut kind = Self::SevenBit;
        for line in body.split_inclusive(|&byte| byte == b'\n') {
            let text = line.strip_suffix(b"\r\n").unwrap_or(line);
            // all of a line is looked at, which is faster than to stop early
            let control = |byte: u8| (byte < b' ' && byte != b'\t') | (byte == 0x7F);
            if text.len() > 998 || text.iter().fold(false, |found, &byte| found | control(byte)) {
                return Self::Binary;
            }
            if !text.is_ascii() {
                kind = Self::EightBit;
            }
        }
        kind
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
        }
    }

    pub(crate) fn write(self, body: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::SevenBit | Self::EightBit | Self::Binary => out.extend_from_slice(body),
            Self::QuotedPrintable => quoted_printable(body, out),
            Self::Base64 => {
                for line in body.chunks(LINE / 4 * 3) {
                    out.extend_from_slice(STANDARD.encode(line).as_bytes());
                    out.extend_from_slice(b"\r\n");
                }
            }
        }
    }
}

/// The text in lines that end in CRLF, however they ended; the last one too.
pub(crate) fn lines(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 16 + 2);
    let mut rest = text.as_bytes();
    while let Some(end) = memchr::memchr2(b'\r', b'\n', rest) {
        let (line, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        out.extend_from_slice(line);
        out.extend_from_slice(b"\r\n");
        rest = behind.strip_prefix(b"\r\n").or_else(|| behind.get(1..)).unwrap_or_default();
    }
    if !rest.is_empty() {
        out.extend_from_slice(rest);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// Printable ASCII, space and tab.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t')
}

fn quoted_printable(body: &[u8], out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut column = 0;
    let mut rest = body;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'\r' && behind.first() == Some(&b'\n') {
            out.extend_from_slice(b"\r\n");
            rest = behind.get(1..).unwrap_or_default();
            column = 0;
            continue;
        }
        // RFC 2045, 6.7 (3): white space at the end of a line would be taken off on the way
        let ends = behind.is_empty() || behind.starts_with(b"\r\n");
        let mut plain = is_plain(byte) && byte != b'=' && !(ends && matches!(byte, b' ' | b'\t'));
        let mut width = if plain { 1 } else { 3 };
        // one octet is kept for the `=` that joins the lines
        if column + width > if ends { LINE } else { LINE - 1 } {
            out.extend_from_slice(b"=\r\n");
            column = 0;
            // what is on a line of its own now was not before, and must not look like a delimiter (row M-7)
            if byte == b'-' {
                (plain, width) = (false, 3);
            }
        }
        if plain {
            out.push(byte);
        } else {
            out.push(b'=');
            out.extend(HEX.get(usize::from(byte >> 4)));
            out.extend(HEX.get(usize::from(byte & 15)));
        }
        column += width;
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn coded(text: &str) -> (Encoding, String) {
        let body = lines(text);
        let encoding = Encoding::choose(&body, Carriage::SevenBit);
        let mut out = Vec::new();
        encoding.write(&body, &mut out);
        (encoding, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_encoding_fits_the_text() {
        assert_eq!(coded("a\nb\rc\r\n\nd "), (Encoding::SevenBit, "a\r\nb\r\nc\r\n\r\nd \r\n".into()));
        assert_eq!(
            coded("caf\u{e9} = 1 \nand more text"),
            (Encoding::QuotedPrintable, "caf=C3=A9 =3D 1=20\r\nand more text\r\n".into())
        );
        assert_eq!(coded("日本"), (Encoding::Base64, "5pel5pysDQo=\r\n".into()));
        assert_eq!(coded(""), (Encoding::SevenBit, String::new()));
        let (encoding, long) = coded(&"x".repeat(999));
        assert_eq!(encoding, Encoding::QuotedPrintable);
        assert!(long.lines().all(|line| line.len() <= 76));
    }
}
