//! What can be wrong with what is read.

/// What is wrong with a header block or with the value of a field.
///
/// `Display` is for the log. An index or a value that failed leaves the rest of the message as readable as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The value breaks its grammar. Over SMTP, where the field matters: 550 5.6.0.
    #[error("{what} at byte {at} of the value")]
    Syntax {
        /// What was found, or missed.
        what: Syntax,
        /// The offset in the value that was read, in bytes.
        at: usize,
    },
    /// Something is more or longer than [`Limits`](crate::Limits) allows. Over SMTP: 552 5.3.4.
    #[error("{limit} over the limit of {value}; raise it, or refuse the message")]
    Limit {
        /// Which.
        limit: Limit,
        /// Its value.
        value: u32,
    },
}

/// A field of [`Limits`](crate::Limits) by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::header`](crate::Limits::header)
    Header,
    /// [`Limits::field`](crate::Limits::field)
    Field,
    /// [`Limits::fields`](crate::Limits::fields)
    Fields,
    /// [`Limits::addresses`](crate::Limits::addresses)
    Addresses,
    /// The length of a message whose parts are looked for: 4 GiB.
    Message,
}

impl core::fmt::Display for Limit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Header => "bytes of the header",
            Self::Field => "bytes of one field",
            Self::Fields => "number of fields",
            Self::Addresses => "addresses in one field",
            Self::Message => "bytes of the message",
        })
    }
}

/// What is wrong with a structured value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// The value ends inside a quoted string, a comment, a domain literal, angle brackets or a group.
    Unterminated,
    /// Comments are nested deeper than [`Limits::comments`](crate::Limits::comments).
    Depth,
    /// A control character where none may stand, or bytes in an address that are not UTF-8.
    Octet,
    /// No address where one must be.
    Address,
    /// No local part, or one with misplaced dots.
    LocalPart,
    /// No domain, or one with misplaced dots.
    Domain,
    /// An address longer than [`AddrSpec::MAX`](crate::AddrSpec::MAX).
    TooLong,
    /// More than one address where one must be.
    Several,
    /// Text behind the end of the value.
    Trailing,
    /// No date, or none of the calendar's.
    Date,
    /// No time of day, or none of the clock's.
    Time,
    /// No zone, or no possible one.
    Zone,
    /// No message id.
    MessageId,
}

impl core::fmt::Display for Syntax {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Unterminated => "the value ends inside quotes, brackets, a comment or a group",
            Self::Depth => "comments nested too deep",
            Self::Octet => "a control character or bytes that are not UTF-8",
            Self::Address => "no address",
            Self::LocalPart => "no local part, or misplaced dots in it",
            Self::Domain => "no domain, or misplaced dots in it",
            Self::TooLong => "an address that is too long to be written",
            Self::Several => "more than one address",
            Self::Trailing => "text behind the end",
            Self::Date => "no possible date",
            Self::Time => "no possible time of day",
            Self::Zone => "no possible zone",
            Self::MessageId => "no message id",
        })
    }
}

impl Error {
    pub(crate) const fn syntax(what: Syntax, at: usize) -> Self {
        Self::Syntax { what, at }
    }
}
