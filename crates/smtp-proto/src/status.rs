//! Enhanced status codes (RFC 3463, RFC 2034, RFC 5248).

use core::fmt;

/// An enhanced status code such as 5.1.1: class, subject, detail (RFC 3463, 2).
///
/// ```
/// use smtp_proto::EnhancedStatus;
///
/// let (status, length) = EnhancedStatus::parse_prefix(b"4.2.2 Mailbox full").unwrap();
/// assert_eq!((status, length), (EnhancedStatus::new(4, 2, 2), 5));
/// assert_eq!(status.to_string(), "4.2.2");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnhancedStatus {
    class: u8,
    subject: u16,
    detail: u16,
}

impl EnhancedStatus {
    /// A code of three numbers. The class is 2, 4 or 5 and anything else is taken for 5; subject and detail go up to 999.
    #[must_use]
    pub const fn new(class: u8, subject: u16, detail: u16) -> Self {
        let class = if matches!(class, 2 | 4) { class } else { 5 };
        let subject = if subject > 999 { 999 } else { subject };
        let detail = if detail > 999 { 999 } else { detail };
        Self { class, subject, detail }
    }

    /// 2 for success, 4 for a transient and 5 for a permanent failure.
    #[must_use]
    pub const fn class(self) -> u8 {
        self.class
    }

    /// What the code is about: 1 addresses, 2 mailboxes, 3 the mail system, 4 network and routing, 5 the protocol, 6 content, 7 security.
    #[must_use]
    pub const fn subject(self) -> u16 {
        self.subject
    }

    /// The detail within the subject.
    #[must_use]
    pub const fn detail(self) -> u16 {
        self.detail
    }

    /// Reads a code that fills the text; `None` if it is not one.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        Self::parse_prefix(text).filter(|(_, length)| *length == text.len()).map(|(status, _)| status)
    }

    /// Reads a code at the start of a text, up to a space or the end, and says how long it is there. RFC 2034, 4: one to three digits each, without leading zeros.
    #[must_use]
    pub fn parse_prefix(text: &[u8]) -> Option<(Self, usize)> {
        let (class, rest) = text.split_first()?;
        if !matches!(class, b'2' | b'4' | b'5') {
            return None;
        }
        let (subject, rest) = number(rest.strip_prefix(b".")?)?;
        let (detail, rest) = number(rest.strip_prefix(b".")?)?;
        if !matches!(rest.first(), None | Some(b' ')) {
            return None;
        }
        Some((Self { class: class - b'0', subject, detail }, text.len() - rest.len()))
    }
}

fn number(text: &[u8]) -> Option<(u16, &[u8])> {
    let digits = text.iter().take(4).take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits)?;
    let leading_zero = digits > 1 && number.first() == Some(&b'0');
    if digits == 0 || digits > 3 || leading_zero {
        return None;
    }
    Some((number.iter().fold(0, |n, digit| n * 10 + u16::from(digit - b'0')), rest))
}

impl fmt::Display for EnhancedStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}
