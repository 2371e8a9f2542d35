//! Character classes of RFC 2045, RFC 5321 and RFC 5322, with UTF-8 where RFC 8601, 2.2 and 5 let it in.

const ATEXT: u8 = 1;
const TOKEN: u8 = 2;
const LDH: u8 = 4;

/// One byte of flags for each byte value.
static CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        #[expect(clippy::cast_possible_truncation, reason = "byte is below 256")]
        let b = byte as u8;
        let mut class = 0;
        let alphanumeric = b.is_ascii_alphanumeric();
        // RFC 5322, 3.2.3; RFC 6532, 3.2 adds everything beyond ASCII
        if alphanumeric
            || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^'..=b'`' | b'{'..=b'~' | 0x80..)
        {
            class |= ATEXT;
        }
        // RFC 2045, 5.1: what is printable and no tspecial
        if alphanumeric
            || matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'{'..=b'~' | 0x80..)
        {
            class |= TOKEN;
        }
        // RFC 5321, 4.1.2
        if alphanumeric || b == b'-' {
            class |= LDH;
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

/// A byte of a token.
#[inline]
pub(crate) fn is_token_byte(byte: u8) -> bool {
    has(byte, TOKEN)
}

/// A byte of an atom, a token, or a dot between atoms.
#[inline]
pub(crate) fn is_word_byte(byte: u8) -> bool {
    has(byte, ATEXT | TOKEN)
}

/// A letter, digit or hyphen.
#[inline]
pub(crate) fn is_ldh(byte: u8) -> bool {
    has(byte, LDH)
}

/// A byte of a domain behind an at sign.
#[inline]
pub(crate) fn is_domain_byte(byte: u8) -> bool {
    is_ldh(byte) || byte == b'.' || byte >= 0x80
}

pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_byte)
}

/// RFC 5321, 4.1.2: `Keyword`.
pub(crate) fn is_keyword(text: &str) -> bool {
    text.bytes().all(is_ldh) && text.bytes().last().is_some_and(|byte| byte != b'-')
}

/// RFC 6376, 3.5: labels of letters, digits and inner hyphens, with single dots between them; RFC 6531 adds what is beyond ASCII.
pub(crate) fn is_domain(text: &str) -> bool {
    let (mut before, mut length) = (b'.', 0_usize);
    for byte in text.bytes() {
        let fits = match byte {
            b'.' => !matches!(before, b'.' | b'-'),
            b'-' => before != b'.',
            _ => is_domain_byte(byte),
        };
        if !fits {
            return false;
        }
        before = byte;
        length += 1;
    }
    length > 0 && !matches!(before, b'.' | b'-')
}

/// RFC 5322, 3.2.3: atoms with single dots between them.
pub(crate) fn is_dot_atom(text: &str) -> bool {
    let mut before = b'.';
    for byte in text.bytes() {
        if !(is_atext(byte) || byte == b'.' && before != b'.') {
            return false;
        }
        before = byte;
    }
    before != b'.'
}

/// What no text of a field may have: control characters but for the tab, and what ends or turns lines on a screen.
pub(crate) fn is_unprintable(char: char) -> bool {
    char.is_control() && char != '\t' || matches!(char, '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Space or tab.
#[inline]
pub(crate) fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_those_of_their_documents() {
        for text in ["spf", "x-tls", "a", "1", "dkim-adsp"] {
            assert!(is_keyword(text), "{text}");
        }
        for text in ["", "-", "a-", "a b", "a.b", "a_b", "ü", "a\r\n"] {
            assert!(!is_keyword(text), "{text}");
        }
        for text in ["example.net", "a", "a-b.c", "münchen.example"] {
            assert!(is_domain(text), "{text}");
        }
        for text in ["", ".", "a.", ".a", "a..b", "-a", "a-", "a-.b", "a.-b", "a_b", "[192.0.2.1]", "a b"] {
            assert!(!is_domain(text), "{text}");
        }
        assert!(is_dot_atom("a.b=c/d") && !is_dot_atom("") && !is_dot_atom("a..b") && !is_dot_atom("a."));
        assert!(
            is_token("192.0.2.1") && is_token("ü") && !is_token("a/b") && !is_token("2001:db8::1") && !is_token("")
        );
        assert!(
            is_unprintable('\u{85}') && is_unprintable('\u{202e}') && !is_unprintable('\t') && !is_unprintable('é')
        );
    }
}
