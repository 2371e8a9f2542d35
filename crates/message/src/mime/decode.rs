//! Undoes transfer encodings (RFC 2045, 6.7 and 6.8), forgiving what mailers do to them.

use alloc::{borrow::Cow, vec::Vec};

use base64_simd::STANDARD;
use memchr::memchr;

use super::TransferEncoding;
use crate::work::look;

/// The octets of a part, and whether its encoding was as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decoded<'a> {
    /// The octets. Borrowed where they stand in the message as they are.
    pub bytes: Cow<'a, [u8]>,
    /// Whether there was something in the encoded text that its encoding does not have, or not enough. What could be read was.
    pub damaged: bool,
}

impl<'a> Decoded<'a> {
    pub(super) fn new(encoded: &'a [u8], encoding: TransferEncoding) -> Self {
        let mut out = Vec::new();
        let damaged = match encoding {
            TransferEncoding::QuotedPrintable => quoted_printable(encoded, &mut out),
            TransferEncoding::Base64 => base64(encoded, &mut out),
            _ => return Self { bytes: Cow::Borrowed(encoded), damaged: encoding == TransferEncoding::Unknown },
        };
        Self { bytes: Cow::Owned(out), damaged }
    }
}

/// Reads quoted-printable, and says whether there was anything that it does not have.
fn quoted_printable(encoded: &[u8], out: &mut Vec<u8>) -> bool {
    out.reserve(encoded.len());
    let mut damaged = false;
    let mut rest = encoded;
    while !rest.is_empty() {
        let end = memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        look(2 * end);
        let (line, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        rest = behind;
        // RFC 2045, 6.7 (3): white space at the end of a line was put there on the way
        let end =
            line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).map_or(0, |last| last + 1);
        let text = line.get(..end).unwrap_or_default();
        let line_end: &[u8] = if line.ends_with(b"\r\n") {
            b"\r\n"
        } else if line.ends_with(b"\n") {
            b"\n"
        } else {
            b""
        };
        match text.strip_suffix(b"=") {
            // a soft line break, which the last `=` of all is as well
            Some(text) => damaged |= escapes(text, out),
            None => {
                damaged |= escapes(text, out);
                out.extend_from_slice(line_end);
            }
        }
    }
    damaged
}

/// A line without its end; what is no escape stays as it is.
fn escapes(mut line: &[u8], out: &mut Vec<u8>) -> bool {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut damaged = false;
    while let Some(at) = memchr(b'=', line) {
        look(at + 3);
        let (before, escape) = line.split_at_checked(at).unwrap_or((line, &[]));
        out.extend_from_slice(before);
        let octet = match escape {
            [_, high, low, ..] => digit(*high).zip(digit(*low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        damaged |= octet.is_none();
        out.push(octet.unwrap_or(b'='));
        line = escape.get(if octet.is_some() { 3 } else { 1 }..).unwrap_or_default();
    }
    out.extend_from_slice(line);
    damaged
}

/// Reads base64, and says whether there was anything that it does not have.
fn base64(encoded: &[u8], out: &mut Vec<u8>) -> bool {
    look(encoded.len());
    out.reserve_exact(encoded.len() / 4 * 3 + 3);
    if well_formed_base64(encoded, out).is_some() {
        return false;
    }
    out.clear();
    forgiving_base64(encoded, out)
}

/// Reads base64 in which there is nothing but its characters and white space around lines. Lines are put one behind the other in a small buffer first: what decodes
/// many octets at once has no patience with line ends.
fn well_formed_base64(encoded: &[u8], out: &mut Vec<u8>) -> Option<()> {
    const LINES: usize = 48;
    let mut lines = Vec::with_capacity(LINES * 76);
    let mut rest = encoded;
    // Lines as long as RFC 2045, 6.8 allows, as almost all are: nobody has to look for their ends, and each is a whole number of groups.
    let (regular, _) = encoded.as_chunks::<78>();
    let regular = regular.get(..regular.iter().take_while(|line| line.ends_with(b"\r\n")).count())?;
    for some in regular.chunks(LINES) {
        lines.clear();
        some.iter().for_each(|line| lines.extend_from_slice(line.first_chunk::<76>().unwrap_or(&[0; 76])));
        let padded = lines.ends_with(b"=");
        STANDARD.decode_append(&lines, out).ok()?;
        rest = rest.get(78 * some.len()..)?;
        if padded {
            return rest.iter().all(u8::is_ascii_whitespace).then_some(());
        }
    }
    lines.clear();
    while let Some(end) = memchr(b'\n', rest) {
        let (line, behind) = rest.split_at_checked(end)?;
        lines.extend_from_slice(line.trim_ascii());
        rest = behind.get(1..)?;
    }
    lines.extend_from_slice(rest.trim_ascii());
    STANDARD.decode_append(&lines, out).ok()
}

/// Skips what is not in the alphabet, and ends a group at its padding. It goes on behind that, since texts that were encoded one by one and put together
/// are met; but if something that is not in the alphabet comes there, the padding was the end.
fn forgiving_base64(encoded: &[u8], out: &mut Vec<u8>) -> bool {
    let mut damaged = false;
    let (mut group, mut digits) = (0_u32, 0);
    let mut padded = None;
    let flush = |group: u32, digits: u32, out: &mut Vec<u8>| {
        let [_, first, second, third] = (group << (6 * (4 - digits))).to_be_bytes();
        out.extend([first, second, third].into_iter().take(digits.saturating_sub(1) as usize));
        // one digit alone is less than an octet
        digits == 1
    };
    for byte in encoded {
        look(1);
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                damaged |= flush(group, digits, out);
                (group, digits) = (0, 0);
                padded = Some(out.len());
                continue;
            }
            _ if byte.is_ascii_whitespace() => continue,
            _ => {
                damaged = true;
                if let Some(end) = padded {
                    out.truncate(end);
                    return damaged;
                }
                continue;
            }
        };
        group = group << 6 | u32::from(digit);
        digits += 1;
        if digits == 4 {
            flush(group, digits, out);
            (group, digits) = (0, 0);
        }
    }
    // the padding is missing
    damaged |= digits > 0;
    flush(group, digits, out);
    damaged
}

#[cfg(test)]
mod tests {
    use ::base64::{Engine as _, engine::general_purpose};
    use alloc::string::String;
    use proptest::prelude::*;

    use super::*;
    use crate::body::Encoding;

    fn decoded(encoding: TransferEncoding, encoded: &str) -> (String, bool) {
        let decoded = Decoded::new(encoded.as_bytes(), encoding);
        (String::from_utf8(decoded.bytes.into_owned()).unwrap(), decoded.damaged)
    }

    #[test]
    fn quoted_printable_as_it_is_met() {
        for (encoded, text, damaged) in [
            ("a=3Db=0Ac", "a=b\nc", false),
            ("soft=\r\n break=  \r\n end \t\r\nnext", "soft break end\r\nnext", false),
            ("lower=c3=bc", "lowerü", false),
            ("bare=\nline\n", "bareline\n", false),
            ("last=", "last", false),
            ("odd=zz=4", "odd=zz=4", true),
        ] {
            assert_eq!(decoded(TransferEncoding::QuotedPrintable, encoded), (text.into(), damaged), "{encoded:?}");
        }
    }

    #[test]
    fn base64_as_it_is_met() {
        for (encoded, text, damaged) in [
            ("aGVsbG8=", "hello", false),
            ("aGVs\r\nbG8=\r\n", "hello", false),
            (" aG\tVs \nbG8= ", "hello", false),
            ("aGVsbG8", "hello", true),
            ("aGVsbG8=aGVsbG8=", "hellohello", false),
            ("aGVs*bG8=", "hello", true),
            ("aGVsbG8=\r\naG\r\n--no delimiter\r\n", "hello", true),
            ("aGVsb", "hel", true),
            ("====", "", false),
            ("", "", false),
        ] {
            assert_eq!(decoded(TransferEncoding::Base64, encoded), (text.into(), damaged), "{encoded:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded(octets in prop::collection::vec(any::<u8>(), 0..400), cut in 1_usize..90) {
            let text = general_purpose::STANDARD.encode(&octets);
            let lines: Vec<&[u8]> = text.as_bytes().chunks(cut).collect();
            for line_end in [&b"\r\n"[..], b"\n", b" \r\n"] {
                let encoded = lines.join(line_end);
                let decoded = Decoded::new(&encoded, TransferEncoding::Base64);
                prop_assert!(!decoded.damaged);
                prop_assert_eq!(&decoded.bytes[..], &octets[..]);
            }
            for (encoding, ours) in
                [(TransferEncoding::Base64, Encoding::Base64), (TransferEncoding::QuotedPrintable, Encoding::QuotedPrintable)]
            {
                let mut encoded = Vec::new();
                ours.write(&octets, &mut encoded);
                let decoded = Decoded::new(&encoded, encoding);
                prop_assert!(!decoded.damaged);
                prop_assert_eq!(&decoded.bytes[..], &octets[..]);
            }
        }
    }
}
