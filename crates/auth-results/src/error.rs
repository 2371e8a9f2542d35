//! What can be wrong with a field.

/// Why a field cannot be used. Ignore the field then (RFC 8601, 4.1): nothing of it goes on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The value breaks its grammar.
    #[error("{what} at byte {at} of the value")]
    Syntax {
        /// What was found, or missed.
        what: Syntax,
        /// The offset in the value that was read, in bytes.
        at: usize,
    },
    /// Something is more or longer than [`Limits`](crate::Limits) allows.
    #[error("{limit} over the limit of {value}; raise it, or ignore the field")]
    Limit {
        /// Which.
        limit: Limit,
        /// Its value.
        value: u32,
    },
    /// The field is in a version of the format that is not 1, so nothing is known of what it says (RFC 8601, 2.2 and 2.5).
    #[error("version {version} of the field's format is not known; ignore the field")]
    Version {
        /// The version; larger numbers than fit are [`u32::MAX`].
        version: u32,
    },
}

impl Error {
    pub(crate) const fn syntax(what: Syntax, at: usize) -> Self {
        Self::Syntax { what, at }
    }
}

/// A field of [`Limits`](crate::Limits) by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::field`](crate::Limits::field)
    Field,
    /// [`Limits::results`](crate::Limits::results)
    Results,
    /// [`Limits::properties`](crate::Limits::properties)
    Properties,
    /// [`Limits::comments`](crate::Limits::comments)
    Comments,
}

impl core::fmt::Display for Limit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Field => "bytes of the field",
            Self::Results => "results in one field",
            Self::Properties => "properties in one field",
            Self::Comments => "comments in one field",
        })
    }
}

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Syntax {
    /// A control character, a line end that is no fold, or bytes that are not UTF-8.
    Octet,
    /// The value ends inside a quoted string or a comment.
    Unterminated,
    /// Comments are nested deeper than [`Limits::depth`](crate::Limits::depth).
    Depth,
    /// No authserv-id.
    AuthservId,
    /// No semicolon where the next result must begin.
    Semicolon,
    /// No result, nor `none`.
    NoResult,
    /// No keyword where a method, a result, a type or a property must be.
    Keyword,
    /// No number where a version must be.
    Number,
    /// No equals sign.
    Equals,
    /// No dot between a type and a property.
    Dot,
    /// No white space between two words.
    Space,
    /// No value, or one that needs quotes and has none.
    Value,
    /// A local part that is none.
    LocalPart,
    /// No domain behind an at sign.
    Domain,
    /// Text behind the end of the value.
    Trailing,
    /// No `i=` with a number from 1 to 50 (RFC 8617, 3.9).
    Instance,
}

impl core::fmt::Display for Syntax {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Octet => "a control character, a lone line end, or bytes that are not UTF-8",
            Self::Unterminated => "the value ends inside quotes or a comment",
            Self::Depth => "comments nested too deep",
            Self::AuthservId => "no authserv-id",
            Self::Semicolon => "no semicolon",
            Self::NoResult => "no result",
            Self::Keyword => "no keyword",
            Self::Number => "no version number",
            Self::Equals => "no equals sign",
            Self::Dot => "no dot behind the type of a property",
            Self::Space => "no white space between two words",
            Self::Value => "no value, or one that needs quotes",
            Self::LocalPart => "no possible local part",
            Self::Domain => "no possible domain behind the at sign",
            Self::Trailing => "text behind the end",
            Self::Instance => "no instance from 1 to 50",
        })
    }
}

/// The caller's own mistake in what is to be written. Nothing is written then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Misuse {
    /// The authserv-id is empty, longer than 255 bytes, or has control characters. It is configuration: correct it there.
    #[error("the authserv-id is empty, too long, or has control characters; correct the configuration")]
    AuthservId,
    /// A method, result, type or property whose name is no keyword (letters, digits, inner hyphens; at most 128 bytes).
    #[error("the name of a method, result, type or property is no keyword")]
    Keyword,
    /// An instance of an ARC set that is not from 1 to 50 (RFC 8617, 3.9).
    #[error("{0} is no instance of an ARC set: 1 to 50 are")]
    Instance(u8),
}
