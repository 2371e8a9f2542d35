//! Character classes of RFC 5322, with UTF-8 where RFC 6532 puts it.

const ATEXT: u8 = 1;
const FIELD_NAME: u8 = 2;
const DTEXT: u8 = 4;
const DOT: u8 = 8;

/// One byte of flags for each byte value.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "byte is below 256")]
        let b = byte as u8;
        let mut class = 0;
        // RFC 5322, 3.2.3; RFC 6532, 3.2 adds everything beyond ASCII
        if b.is_ascii_alphanumeric()
            || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~' | 0x80..)
        {
            class |= ATEXT;
        }
        // 3.6.8
        if b.is_ascii_graphic() && b != b':' {
            class |= FIELD_NAME;
        }
        // 3.4.1
        if matches!(b, 33..=90 | 94..=126 | 0x80..) {
            class |= DTEXT;
        }
        if b == b'.' {
            class |= DOT;
        }
        #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler; byte is below 256")]
        {
            table[byte] = class;
        }
        byte += 1;
    }
    table
};

#[inline]
fn has(byte: u8, class: u8) -> bool {
    CLASS.get(usize::from(byte)).is_some_and(|found| found & class != 0)
}

/// A byte of an atom.
#[inline]
pub(crate) fn is_atext(byte: u8) -> bool {
    has(byte, ATEXT)
}

/// A byte of atoms with dots between them.
#[inline]
pub(crate) fn is_dotted(byte: u8) -> bool {
    has(byte, ATEXT | DOT)
}

/// A byte of a field's name.
#[inline]
pub(crate) fn is_field_name(byte: u8) -> bool {
    has(byte, FIELD_NAME)
}

/// A byte of a domain literal.
#[inline]
pub(crate) fn is_dtext(byte: u8) -> bool {
    has(byte, DTEXT)
}

/// Space or tab.
#[inline]
pub(crate) fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// White space in a value that may be folded: also the line ends of the folds.
#[inline]
pub(crate) fn is_fws(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A control character that no written value may have: all of ASCII's but the tab.
#[inline]
pub(crate) fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Whether a text has one that no written value may have. Looks at all of it, which for short texts is faster than to stop early.
#[inline]
pub(crate) fn has_control(text: &[u8]) -> bool {
    text.iter().fold(false, |found, &byte| found | is_control(byte))
}

/// Atoms with single dots between them (3.2.3, `dot-atom-text`).
pub(crate) fn is_dot_atom(text: &[u8]) -> bool {
    let mut atom = 0_usize;
    for &byte in text {
        if is_atext(byte) {
            atom += 1;
        } else if byte == b'.' && atom > 0 {
            atom = 0;
        } else {
            return false;
        }
    }
    atom > 0
}

/// Whether an encoded word may begin in it (RFC 2047, 2).
pub(crate) fn may_have_encoded_word(text: &[u8]) -> bool {
    memchr::memchr_iter(b'?', text).any(|at| at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'='))
}
