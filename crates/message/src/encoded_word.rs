//! Encoded words of RFC 2047: text beyond ASCII in header fields.

use alloc::{string::String, vec::Vec};

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use memchr::{memchr, memmem};

use crate::{charset::Charset, grammar::is_fws, work::look};

/// Padding may be missing, and the bits behind the end may be anything: mailers write both.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The longest encoded word (RFC 2047, 2).
pub(crate) const MAX: usize = 75;
const PREFIX: &[u8] = b"=?utf-8?";
/// What an encoded word has besides its payload: `=?utf-8?q?` and `?=`.
const FRAME: usize = PREFIX.len() + 4;

/// Decodes the encoded words of an unfolded text; everything else stays, and so does a word in a charset that is not known.
///
/// White space between two encoded words is dropped (RFC 2047, 6.2). A character that was split over two words of one charset, which
/// 5 (3) forbids and mailers do, is put together.
pub(crate) fn decode_all(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pending: Option<(Charset, Vec<u8>)> = None;
    let mut rest = text;
    while let Some(start) = memmem::find(rest, b"=?") {
        look(start + 2);
        let (before, word) = rest.split_at_checked(start).unwrap_or((rest, &[]));
        let gap = before.iter().all(|&byte| is_fws(byte));
        let Some((charset, bytes, length)) = decode_one(word) else {
            flush(&mut pending, &mut out);
            out.push_str(&String::from_utf8_lossy(before));
            out.push_str("=?");
            rest = word.get(2..).unwrap_or_default();
            continue;
        };
        match &mut pending {
            Some((same, held)) if *same == charset && gap => held.extend_from_slice(&bytes),
            _ => {
                let follows = pending.is_some() && gap;
                flush(&mut pending, &mut out);
                if !follows {
                    out.push_str(&String::from_utf8_lossy(before));
                }
                pending = Some((charset, bytes));
            }
        }
        rest = word.get(length..).unwrap_or_default();
    }
    flush(&mut pending, &mut out);
    out.push_str(&String::from_utf8_lossy(rest));
    out
}

fn flush(pending: &mut Option<(Charset, Vec<u8>)>, out: &mut String) {
    if let Some((charset, bytes)) = pending.take() {
        charset.decode(&bytes, out);
    }
}

/// Reads `=?charset*language?encoding?payload?=` at the beginning of `text`, and gives its length.
fn decode_one(text: &[u8]) -> Option<(Charset, Vec<u8>, usize)> {
    let inside = text.strip_prefix(b"=?")?;
    // no charset has a longer name: the search for its end is bounded, so many beginnings without one stay linear
    let name_end = memchr(b'?', inside.get(..60).unwrap_or(inside));
    look(name_end.unwrap_or_else(|| inside.len().min(60)));
    let name_end = name_end?;
    let name = inside.get(..name_end)?;
    // RFC 2231, 5: a language may follow the charset
    let charset = Charset::find(name.split(|&byte| byte == b'*').next()?)?;
    let [encoding, b'?', payload @ ..] = inside.get(name_end + 1..)? else { return None };
    // mailers write words longer than 75, so the bound is generous; again it keeps the search linear
    let payload_end = memchr(b'?', payload.get(..1_000).unwrap_or(payload));
    look(payload_end.unwrap_or_else(|| payload.len().min(1_000)));
    let payload_end = payload_end?;
    (payload.get(payload_end + 1) == Some(&b'=')).then_some(())?;
    let payload = payload.get(..payload_end)?;
    let bytes = match encoding {
        b'q' | b'Q' => decode_q(payload),
        b'b' | b'B' => LENIENT.decode(payload).ok()?,
        _ => return None,
    };
    Some((charset, bytes, 2 + name_end + 3 + payload_end + 2))
}

/// The Q encoding (RFC 2047, 4.2). What is not an escape stands for itself.
fn decode_q(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len());
    let mut rest = payload;
    loop {
        match rest {
            [b'=', high, low, behind @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let value = |byte: u8| u8::try_from(char::from(byte).to_digit(16).unwrap_or(0)).unwrap_or(0);
                out.push(value(*high) << 4 | value(*low));
                rest = behind;
            }
            [byte, behind @ ..] => {
                out.push(if *byte == b'_' { b' ' } else { *byte });
                rest = behind;
            }
            [] => return out,
        }
    }
}

/// Writes the beginning of `text` as one encoded word of at most `room` bytes, and gives what is left of `text`.
///
/// Characters are never split (RFC 2047, 5). Q, which people can read, is taken where it holds as much as B. `room` must have place for one character: 24 bytes.
pub(crate) fn encode_some<'a>(text: &'a str, room: usize, out: &mut Vec<u8>) -> &'a str {
    let room = room.min(MAX) - FRAME.min(room);
    // how much fits either way: Q has a length for each byte, B takes three bytes to four
    let fits = |cost: &dyn Fn(&str) -> usize, budget: usize| {
        let mut used = 0;
        let end = text.char_indices().find_map(|(at, char)| {
            used += cost(char.encode_utf8(&mut [0; 4]));
            (used > budget).then_some(at)
        });
        end.unwrap_or(text.len())
    };
    let by_q = fits(&|char| char.bytes().map(q_length).sum(), room);
    let by_b = fits(&str::len, room / 4 * 3);
    let take = if by_q >= by_b { by_q } else { by_b };
    let (now, later) = text.split_at_checked(take).unwrap_or((text, ""));
    out.extend_from_slice(PREFIX);
    if by_q >= by_b {
        out.extend_from_slice(b"q?");
        now.bytes().for_each(|byte| encode_q(byte, out));
    } else {
        out.extend_from_slice(b"b?");
        out.extend_from_slice(base64::engine::general_purpose::STANDARD.encode(now).as_bytes());
    }
    out.extend_from_slice(b"?=");
    later
}

/// RFC 2047, 5 (3): in a display name only these may stand for themselves; the same set everywhere is always right.
fn is_q_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'!' | b'*' | b'+' | b'-' | b'/')
}

fn q_length(byte: u8) -> usize {
    if is_q_plain(byte) || byte == b' ' { 1 } else { 3 }
}

fn encode_q(byte: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    match byte {
        b' ' => out.push(b'_'),
        _ if is_q_plain(byte) => out.push(byte),
        _ => {
            out.push(b'=');
            out.extend(HEX.get(usize::from(byte >> 4)));
            out.extend(HEX.get(usize::from(byte & 15)));
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::{string::ToString, vec};

    use proptest::prelude::*;

    use super::*;

    /// The examples' rules of RFC 2047, 8 in our own words, and what mailers do.
    #[test]
    fn words_are_decoded_by_the_rules() {
        let table = [
            ("=?ISO-8859-1?Q?a?=", "a"),
            ("=?ISO-8859-1?Q?a?= b", "a b"),
            ("=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a?=   =?UTF-8?Q?b?=", "ab"),
            ("=?ISO-8859-1?Q?a_b?=", "a b"),
            ("=?utf-8*de?q?Gr=C3=BC=c3=9fe?=", "Grüße"),
            ("=?utf-8?b?R3LDvMOfZQ?=", "Grüße"),
            ("=?utf-8?q?=C3?= =?utf-8?q?=BC?=", "ü"),
            ("=?iso-8859-1?q?=FC?=", "ü"),
            ("=?us-ascii?q?=FC?=", "\u{fffd}"),
            ("=?x-unknown?q?a?= =?utf-8?q?b?=", "=?x-unknown?q?a?= b"),
            ("=?utf-8?b?%?=", "=?utf-8?b?%?="),
            ("=?utf-8?q?a=?=", "a="),
            ("=?=?utf-8?q?a?=", "=?a"),
            ("=?utf-8?q?a", "=?utf-8?q?a"),
            ("x=?utf-8?x?a?=y", "x=?utf-8?x?a?=y"),
        ];
        for (coded, text) in table {
            assert_eq!(decode_all(coded.as_bytes()), text, "{coded}");
        }
    }

    #[cfg(feature = "charsets")]
    #[test]
    fn other_charsets_are_decoded_with_the_feature() {
        assert_eq!(decode_all(b"=?koi8-r?B?79TXxdTZ?= =?windows-1252?q?=80?="), "Ответы€");
    }

    /// M-5: beginnings of words that never end cost no more than their length.
    #[test]
    fn m5_unfinished_words_cost_linear_time() {
        let text = b"=?utf-8?q?".repeat(100_000);
        assert_eq!(decode_all(&text).len(), text.len());
    }

    proptest! {
        #[test]
        fn words_fit_and_decode_to_what_was_encoded(text in "\\PC{1,200}", room in 24_usize..100) {
            let (mut words, mut rest) = (vec![], &*text);
            while !rest.is_empty() {
                let mut word = vec![];
                rest = encode_some(rest, room, &mut word);
                prop_assert!(word.len() <= MAX.min(room));
                words.push(String::from_utf8(word).unwrap().to_string());
            }
            prop_assert_eq!(decode_all(words.join(" ").as_bytes()), text);
        }
    }
}
