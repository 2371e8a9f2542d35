//! Domains and address literals (RFC 5321, 4.1.2 and 4.1.3).

use alloc::borrow::Cow;
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{LET_DIG, PathError, PathFault, is};
use crate::cursor::{Cursor, name};

/// The longest domain and the longest label, in octets (RFC 5321, 4.5.3.1.2; RFC 1035, 2.3.4).
const DOMAIN_MAX: usize = 255;
const LABEL_MAX: usize = 63;

/// What is behind the `@` of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Domain<'a> {
    /// A name, as it is written; with U-labels only under SMTPUTF8.
    Name(&'a str),
    /// An IPv4 address in brackets.
    V4(Ipv4Addr),
    /// An IPv6 address in brackets, with its tag `IPv6:`.
    V6(Ipv6Addr),
    /// An address of a kind that some later standard names.
    General {
        /// The kind.
        tag: &'a str,
        /// The address.
        content: &'a str,
    },
}

impl<'a> Domain<'a> {
    /// Reads a domain that is known to be one.
    pub(super) fn read(text: &'a str) -> Self {
        text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).and_then(literal).unwrap_or(Self::Name(text))
    }
}

/// What a client calls itself in EHLO, HELO or LHLO: a domain or an address literal (RFC 5321, 4.1.1.1). It is only a claim.
///
/// Underscores are let pass, and hyphens in any place: names that computers were given by their owners have them, and the name decides nothing (RFC 5321, 4.1.4). What it
/// can hold is safe to write into a `Received` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientName<'a>(Cow<'a, str>);

impl<'a> ClientName<'a> {
    /// Reads a name.
    ///
    /// # Errors
    /// [`PathError`]: neither a name nor an address literal, or longer than 255 octets.
    pub fn parse(text: &'a str) -> Result<Self, PathError> {
        let mut cursor = Cursor::new(text, 0);
        Self::read(&mut cursor)
    }

    /// Reads all that is behind the place.
    #[inline(always)]
    pub(crate) fn read(cursor: &mut Cursor<'a>) -> Result<Self, PathError> {
        let start = cursor.at();
        let text = cursor.rest();
        if cursor.peek() == Some(b'[') {
            pass(cursor, false)?;
        } else {
            cursor.word();
            while matches!(cursor.peek(), Some(b'.' | b'_')) {
                cursor.pass(1);
                cursor.word();
            }
        }
        let what = match cursor.peek() {
            Some(_) if text.starts_with('[') => PathFault::Literal,
            Some(_) => PathFault::Domain,
            None if text.is_empty() => PathFault::NoDomain,
            None if text.len() > DOMAIN_MAX => PathFault::TooLong,
            None => return Ok(Self(Cow::Borrowed(text))),
        };
        Err(PathError { at: cursor.at().min(start + DOMAIN_MAX), what })
    }

    /// The name as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name, read.
    #[must_use]
    pub fn domain(&self) -> Domain<'_> {
        Domain::read(&self.0)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ClientName<'static> {
        ClientName(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for ClientName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Passes a domain or an address literal.
#[inline(always)]
pub(super) fn pass(cursor: &mut Cursor<'_>, utf8: bool) -> Result<(), PathError> {
    let start = cursor.at();
    if cursor.peek() == Some(b'[') {
        return pass_literal(cursor);
    }
    loop {
        let first = cursor.peek();
        let label = cursor.word();
        if !(1..=LABEL_MAX).contains(&label) || first == Some(b'-') || cursor.before() == Some(b'-') {
            break;
        }
        match cursor.peek() {
            Some(b'.') => cursor.pass(1),
            Some(0x80..) => break,
            _ if cursor.at() - start <= DOMAIN_MAX => return Ok(()),
            _ => break,
        }
    }
    pass_any_name(cursor, start, utf8)
}

/// Passes a name, for what is rare: characters beyond ASCII, and what is wrong.
#[cold]
fn pass_any_name(cursor: &mut Cursor<'_>, start: usize, utf8: bool) -> Result<(), PathError> {
    let wrong = |at, what| Err(PathError { at, what });
    let mut label = 0;
    let mut ascii = true;
    let mut hyphen = false;
    cursor.back(start);
    while let Some(byte) = cursor.peek() {
        if is(LET_DIG, byte) || (byte >= 0x80 && utf8) {
            hyphen = false;
            ascii &= byte < 0x80;
            label += 1;
        } else if byte == b'-' && label > 0 {
            hyphen = true;
            label += 1;
        } else if byte == b'.' && label > 0 && !hyphen && (label <= LABEL_MAX || !ascii) {
            ascii = true;
            label = 0;
        } else if byte >= 0x80 {
            return wrong(cursor.at(), PathFault::NotAscii);
        } else {
            break;
        }
        cursor.pass(1);
    }
    if cursor.at() - start > DOMAIN_MAX {
        return wrong(start + DOMAIN_MAX, PathFault::TooLong);
    }
    // A U-label may be longer in octets than the A-label that it stands for.
    if label > LABEL_MAX && ascii {
        return wrong(cursor.at(), PathFault::TooLong);
    }
    // It ends in a letter or digit: not in a dot, not in a hyphen, not before it has begun.
    if label == 0 || hyphen { wrong(cursor.at(), PathFault::Domain) } else { Ok(()) }
}

/// Passes an address literal, with its brackets.
fn pass_literal(cursor: &mut Cursor<'_>) -> Result<(), PathError> {
    const IPV6: u64 = name(b"IPv6");
    let start = cursor.at();
    let wrong = PathError { at: start, what: PathFault::Literal };
    cursor.pass(1);
    if cursor.name() == IPV6 && cursor.eat(b':') {
        let content = cursor.rest();
        let (_, rest) = ipv6(content.as_bytes()).ok_or(wrong)?;
        cursor.pass(content.len() - rest.len());
    } else {
        cursor.back(start + 1);
        let content = cursor.rest();
        let end = content.bytes().take(DOMAIN_MAX).position(|byte| byte == b']').ok_or(wrong)?;
        content.get(..end).and_then(literal).ok_or(wrong)?;
        cursor.pass(end);
    }
    if cursor.eat(b']') && cursor.at() - start <= DOMAIN_MAX { Ok(()) } else { Err(wrong) }
}

/// Reads what is between the brackets of an address literal.
fn literal(text: &str) -> Option<Domain<'_>> {
    let Some((tag, content)) = text.split_once(':') else { return text.parse().ok().map(Domain::V4) };
    if tag.eq_ignore_ascii_case("IPv6") {
        let (address, rest) = ipv6(content.as_bytes())?;
        return rest.is_empty().then_some(Domain::V6(address));
    }
    let good_tag = tag.bytes().all(|byte| is(LET_DIG, byte) || byte == b'-')
        && tag.bytes().last().is_some_and(|byte| is(LET_DIG, byte));
    let good_content = !content.is_empty() && content.bytes().all(|byte| matches!(byte, b'!'..=b'Z' | b'^'..=b'~'));
    (good_tag && good_content).then_some(Domain::General { tag, content })
}

/// Reads an IPv6 address (RFC 4291, 2.2) and tells what is behind it. The standard library reads the same in several times the time.
fn ipv6(bytes: &[u8]) -> Option<(Ipv6Addr, &[u8])> {
    let mut bits = 0_u128;
    let mut groups = 0_u32;
    // How many groups are before the `::`.
    let mut gap = None;
    let mut rest = bytes;
    if let [b':', b':', more @ ..] = rest {
        gap = Some(0);
        rest = more;
    }
    loop {
        let (group, digits, behind) = hexadecimal(rest);
        match digits {
            0 if gap == Some(groups) => break,
            1..=4 => {}
            _ => return None,
        }
        if behind.first() == Some(&b'.') {
            let length = rest.iter().take_while(|byte| matches!(byte, b'0'..=b'9' | b'.')).count();
            let (v4, behind) = rest.split_at_checked(length)?;
            bits = bits << 32 | u128::from(core::str::from_utf8(v4).ok()?.parse::<Ipv4Addr>().ok()?.to_bits());
            groups += 2;
            rest = behind;
            break;
        }
        bits = bits << 16 | u128::from(group);
        groups += 1;
        rest = match behind {
            [b':', b':', more @ ..] if gap.is_none() => {
                gap = Some(groups);
                more
            }
            [b':', more @ ..] if groups < 8 => more,
            _ => {
                rest = behind;
                break;
            }
        };
    }
    let address = match gap {
        None if groups == 8 => bits,
        // Groups behind the gap stay where they are, those before it go to the front.
        Some(before) if groups < 8 => {
            let behind = 16 * (groups - before);
            (bits >> behind).checked_shl(16 * (8 - before)).unwrap_or(0) | bits & !(u128::MAX << behind)
        }
        _ => return None,
    };
    Some((Ipv6Addr::from_bits(address), rest))
}

/// Reads hexadecimal digits: their value, if they are few, how many there are, and what is behind them.
#[inline(always)]
fn hexadecimal(bytes: &[u8]) -> (u16, usize, &[u8]) {
    let mut value = 0;
    let mut length = 0;
    while let Some(digit) = bytes.get(length).and_then(|byte| hex(*byte)) {
        value = value << 4 | u16::from(digit);
        length += 1;
    }
    (value, length, bytes.get(length..).unwrap_or_default())
}

/// What a hexadecimal digit stands for.
#[inline(always)]
fn hex(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    let letter = (byte | 0x20).wrapping_sub(b'a');
    if digit < 10 {
        Some(digit)
    } else if letter < 6 {
        Some(letter + 10)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ipv6_as_the_standard_library_reads_it(
            text in prop_oneof![
                any::<u128>().prop_map(|bits| alloc::format!("{}", Ipv6Addr::from_bits(bits))),
                any::<(u128, u128)>().prop_map(|(bits, mask)| alloc::format!("{}", Ipv6Addr::from_bits(bits & (mask << 64)))),
                "(([0-9a-fA-F]{0,5}|::?|:){0,9}(([0-9]{1,3}\\.){3}[0-9]{1,3})?)",
                "(::)?([0-9a-f]{1,4}:){0,8}(:?[0-9a-f]{1,4}){0,8}(::)?",
            ]
        ) {
            let text: String = text;
            let read = ipv6(text.as_bytes()).filter(|(_, rest)| rest.is_empty()).map(|(address, _)| address);
            prop_assert_eq!(read, text.parse().ok(), "{}", text);
        }
    }
}
