//! One line of a reply.

use crate::status::EnhancedStatus;

/// One line of a reply, without its CRLF.
///
/// ```
/// use smtp_proto::reply::ReplyLine;
///
/// let line = ReplyLine::parse(b"250-SIZE 52428800")?;
/// assert_eq!((line.code, line.last, line.text), (250, false, b"SIZE 52428800".as_slice()));
/// # Ok::<(), smtp_proto::reply::ReplyError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// The code, 200 to 599.
    pub code: u16,
    /// Whether it is the last of its reply.
    pub last: bool,
    /// What is behind the code and the space or hyphen; it may be any bytes.
    pub text: &'a [u8],
}

/// Why a line is not one of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReplyError {
    /// It does not begin with three digits and a space or hyphen.
    #[error("no reply code at byte {at}")]
    NotAReply {
        /// Where.
        at: usize,
    },
    /// The lines of one reply have different codes (RFC 5321, 4.2.1).
    #[error("the code changes from {from} to {to} inside a reply at byte {at}")]
    CodeChanged {
        /// Where.
        at: usize,
        /// The code of the lines before.
        from: u16,
        /// The code of this line.
        to: u16,
    },
}

impl ReplyError {
    pub(super) const fn moved(self, by: usize) -> Self {
        match self {
            Self::NotAReply { at } => Self::NotAReply { at: at + by },
            Self::CodeChanged { at, from, to } => Self::CodeChanged { at: at + by, from, to },
        }
    }
}

impl<'a> ReplyLine<'a> {
    /// Reads a line. A code without text may stand alone, as servers write it (RFC 5321, 4.2).
    ///
    /// # Errors
    /// [`ReplyError::NotAReply`].
    pub fn parse(line: &'a [u8]) -> Result<Self, ReplyError> {
        let wrong = |at| ReplyError::NotAReply { at };
        let Some(([a, b, c], rest)) = line.split_first_chunk() else { return Err(wrong(0)) };
        // RFC 5321, 4.2: the first digit is 2 to 5; the second is 0 to 5, which some servers do not keep to.
        if !(matches!(a, b'2'..=b'5') && b.is_ascii_digit() && c.is_ascii_digit()) {
            return Err(wrong(0));
        }
        let digit = |byte: &u8| u16::from(byte - b'0');
        let code = digit(a) * 100 + digit(b) * 10 + digit(c);
        let (last, text) = match rest.split_first() {
            None => (true, rest),
            Some((b' ', text)) => (true, text),
            Some((b'-', text)) => (false, text),
            Some(_) => return Err(wrong(3)),
        };
        Ok(Self { code, last, text })
    }

    /// The enhanced status at the start of its text, if there is one that fits the code (RFC 2034, 4).
    #[must_use]
    pub fn status(&self) -> Option<EnhancedStatus> {
        self.status_prefix().map(|(status, _)| status)
    }

    /// Its text without the enhanced status.
    #[must_use]
    pub fn words(&self) -> &'a [u8] {
        let skip = self.status_prefix().map_or(0, |(_, length)| length + 1);
        self.text.get(skip..).unwrap_or_default()
    }

    fn status_prefix(&self) -> Option<(EnhancedStatus, usize)> {
        EnhancedStatus::parse_prefix(self.text).filter(|(status, _)| u16::from(status.class()) == self.code / 100)
    }
}
