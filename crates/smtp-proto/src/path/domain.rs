//! Domains and address literals (RFC 5321, 4.1.2 and 4.1.3).

use alloc::borrow::Cow;
use core::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{LABEL, LET_DIG, PathError, PathFault, is, run};

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
        let wrong = |at, what| Err(PathError { at, what });
        if text.starts_with('[') {
            let length = prefix(text, false)?;
            if length != text.len() {
                return wrong(length, PathFault::Literal);
            }
        } else if text.is_empty() {
            return wrong(0, PathFault::NoDomain);
        } else if text.len() > DOMAIN_MAX {
            return wrong(DOMAIN_MAX, PathFault::TooLong);
        } else if let Some(at) = text.bytes().position(|byte| !is(LET_DIG, byte) && !matches!(byte, b'.' | b'-' | b'_'))
        {
            return wrong(at, PathFault::Domain);
        }
        Ok(Self(Cow::Borrowed(text)))
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

/// The length of a domain or an address literal at the start of a text.
#[inline(always)]
pub(super) fn prefix(text: &str, utf8: bool) -> Result<usize, PathError> {
    let wrong = |at, what| Err(PathError { at, what });
    let bytes = text.as_bytes();
    if bytes.first() == Some(&b'[') {
        let end = bytes.iter().take(DOMAIN_MAX).position(|byte| *byte == b']');
        return match end.and_then(|end| text.get(1..end)).and_then(literal) {
            Some(_) => Ok(end.unwrap_or(0) + 1),
            None => wrong(0, PathFault::Literal),
        };
    }
    let mut at = 0;
    loop {
        let label = run(LABEL, bytes, at);
        let hyphens = bytes.get(at) == Some(&b'-') || (label > 0 && bytes.get(at + label - 1) == Some(&b'-'));
        at += label;
        match bytes.get(at) {
            _ if label == 0 || label > LABEL_MAX || hyphens || at > DOMAIN_MAX => break,
            Some(b'.') => at += 1,
            Some(0x80..) => break,
            _ => return Ok(at),
        }
    }
    any_name(bytes, utf8)
}

/// The length of a name at the start, for what is rare: characters beyond ASCII, and what is wrong.
#[cold]
fn any_name(bytes: &[u8], utf8: bool) -> Result<usize, PathError> {
    let wrong = |at, what| Err(PathError { at, what });
    let mut label = 0;
    let mut hyphen = false;
    let mut end = bytes.len();
    for (at, byte) in bytes.iter().enumerate() {
        if is(LET_DIG, *byte) || (*byte >= 0x80 && utf8) {
            hyphen = false;
        } else if *byte == b'-' && label > 0 {
            hyphen = true;
        } else if *byte == b'.' && label > 0 && !hyphen {
            label = 0;
            continue;
        } else if *byte >= 0x80 {
            return wrong(at, PathFault::NotAscii);
        } else {
            end = at;
            break;
        }
        label += 1;
        // A U-label may be longer in octets than the A-label that it stands for.
        if label > LABEL_MAX && !utf8 {
            return wrong(at, PathFault::TooLong);
        }
    }
    if end > DOMAIN_MAX {
        return wrong(DOMAIN_MAX, PathFault::TooLong);
    }
    // It ends in a letter or digit: not in a dot, not in a hyphen, not before it has begun.
    if label == 0 || hyphen { wrong(end, PathFault::Domain) } else { Ok(end) }
}

/// Reads what is between the brackets of an address literal.
fn literal(text: &str) -> Option<Domain<'_>> {
    let colon = text.bytes().position(|byte| byte == b':');
    let Some((tag, rest)) = colon.and_then(|colon| text.split_at_checked(colon)) else {
        return text.parse().ok().map(Domain::V4);
    };
    let content = rest.get(1..)?;
    if tag.eq_ignore_ascii_case("IPv6") {
        return content.parse().ok().map(Domain::V6);
    }
    let good_tag = tag.bytes().all(|byte| is(LET_DIG, byte) || byte == b'-')
        && tag.bytes().last().is_some_and(|byte| is(LET_DIG, byte));
    let good_content = !content.is_empty() && content.bytes().all(|byte| matches!(byte, b'!'..=b'Z' | b'^'..=b'~'));
    (good_tag && good_content).then_some(Domain::General { tag, content })
}
