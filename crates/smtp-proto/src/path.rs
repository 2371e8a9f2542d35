//! Paths and the addresses in them (RFC 5321, 4.1.2 and 4.1.3), as types that can hold only what may go on the wire.

mod domain;
mod mailbox;

use core::fmt;

use crate::cursor::Cursor;

pub(crate) use self::mailbox::Place;
pub use self::{
    domain::{ClientName, Domain},
    mailbox::Mailbox,
};

/// Why a text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct PathError {
    /// Where, in bytes from the start of what was parsed.
    pub at: usize,
    /// What is wrong.
    pub what: PathFault,
}

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathFault {
    /// There is no `<`, or no `>` where the path ends.
    #[error("an angle bracket is missing")]
    Bracket,
    /// The local part is empty, has a character that it may not have, or dots where they may not be.
    #[error("the local part is malformed")]
    LocalPart,
    /// A quoted local part without its closing quote, or with a character that even a quoted one may not have.
    #[error("the quoted local part is malformed")]
    Quoted,
    /// There is no `@`.
    #[error("the domain is missing")]
    NoDomain,
    /// The domain is not made of labels of letters, digits and hyphens.
    #[error("the domain is malformed")]
    Domain,
    /// An address literal that is neither an IPv4 nor an IPv6 address, nor a tagged one.
    #[error("the address literal is malformed")]
    Literal,
    /// A source route that is not domains with `@`, ended by a colon.
    #[error("the source route is malformed")]
    Route,
    /// More than 64 octets before the `@`, 255 behind it, or 256 in all (RFC 5321, 4.5.3.1).
    #[error("the address is too long")]
    TooLong,
    /// A character beyond ASCII where SMTPUTF8 has not been agreed on (RFC 6531, 3.5).
    #[error("the address is not ASCII")]
    NotAscii,
}

/// The longest path, with its brackets (RFC 5321, 4.5.3.1.3).
const PATH_MAX: usize = 256;

/// Where reports about a message go: the argument of MAIL (RFC 5321, 4.1.1.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReversePath<'a> {
    /// `<>`: to nobody. The message is itself a report (RFC 5321, 4.5.5).
    Null,
    /// To this mailbox.
    Mailbox(Mailbox<'a>),
}

impl<'a> ReversePath<'a> {
    /// Reads a path in brackets: `<>` or `<local@domain>`. A source route is read and dropped (RFC 5321, 3.6.1). `utf8`: characters beyond ASCII may be in it
    /// (RFC 6531, 3.3).
    ///
    /// # Errors
    /// [`PathError`]: not such a path, or something behind it.
    pub fn parse(text: &'a str, utf8: bool) -> Result<Self, PathError> {
        if text == "<>" {
            return Ok(Self::Null);
        }
        whole(text, utf8).map(Self::Mailbox)
    }

    /// The mailbox, unless it is the null path.
    #[must_use]
    pub const fn mailbox(&self) -> Option<&Mailbox<'a>> {
        match self {
            Self::Null => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Whether only a server with SMTPUTF8 can take it.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_ascii)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ReversePath<'static> {
        match self {
            Self::Null => ReversePath::Null,
            Self::Mailbox(mailbox) => ReversePath::Mailbox(mailbox.into_owned()),
        }
    }
}

impl fmt::Display for ReversePath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("<>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

/// Whom a message is for: the argument of RCPT (RFC 5321, 4.1.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForwardPath<'a> {
    /// `<Postmaster>` without a domain, in any case of letters: every server takes it (RFC 5321, 4.5.1).
    Postmaster,
    /// This mailbox.
    Mailbox(Mailbox<'a>),
}

impl<'a> ForwardPath<'a> {
    /// Reads a path in brackets: `<local@domain>` or `<Postmaster>`. A source route is read and dropped (RFC 5321, 3.6.1). `utf8`: characters beyond ASCII may
    /// be in it (RFC 6531, 3.3).
    ///
    /// # Errors
    /// [`PathError`]: not such a path, or something behind it.
    pub fn parse(text: &'a str, utf8: bool) -> Result<Self, PathError> {
        if text.eq_ignore_ascii_case("<postmaster>") {
            return Ok(Self::Postmaster);
        }
        whole(text, utf8).map(Self::Mailbox)
    }

    /// The mailbox, unless it is `<Postmaster>`.
    #[must_use]
    pub const fn mailbox(&self) -> Option<&Mailbox<'a>> {
        match self {
            Self::Postmaster => None,
            Self::Mailbox(mailbox) => Some(mailbox),
        }
    }

    /// Whether only a server with SMTPUTF8 can take it.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.mailbox().is_none_or(Mailbox::is_ascii)
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ForwardPath<'static> {
        match self {
            Self::Postmaster => ForwardPath::Postmaster,
            Self::Mailbox(mailbox) => ForwardPath::Mailbox(mailbox.into_owned()),
        }
    }
}

impl fmt::Display for ForwardPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postmaster => f.write_str("<Postmaster>"),
            Self::Mailbox(mailbox) => write!(f, "<{mailbox}>"),
        }
    }
}

/// Reads `<[route:]mailbox>` and nothing else.
fn whole(text: &str, utf8: bool) -> Result<Mailbox<'_>, PathError> {
    let mut cursor = Cursor::new(text, 0);
    let place = bracketed(&mut cursor, utf8)?;
    if cursor.peek().is_none() {
        Ok(Mailbox::at(text, place))
    } else {
        Err(PathError { at: cursor.at(), what: PathFault::Bracket })
    }
}

/// Passes `<[route:]mailbox>`.
#[inline(always)]
pub(crate) fn bracketed(cursor: &mut Cursor<'_>, utf8: bool) -> Result<Place, PathError> {
    let start = cursor.at();
    if !cursor.eat(b'<') {
        return Err(PathError { at: start, what: PathFault::Bracket });
    }
    if cursor.peek() == Some(b'@') {
        route(cursor, utf8)?;
    }
    let place = Place::find(cursor, utf8)?;
    let end = cursor.at();
    if !cursor.eat(b'>') {
        return Err(PathError { at: end, what: PathFault::Bracket });
    }
    if end - start < PATH_MAX { Ok(place) } else { Err(PathError { at: end, what: PathFault::TooLong }) }
}

/// Passes a source route, its colon included (RFC 5321, appendix C).
#[cold]
fn route(cursor: &mut Cursor<'_>, utf8: bool) -> Result<(), PathError> {
    loop {
        if !cursor.eat(b'@') {
            return Err(PathError { at: cursor.at(), what: PathFault::Route });
        }
        domain::pass(cursor, utf8)?;
        if cursor.eat(b':') {
            return Ok(());
        }
        if !cursor.eat(b',') {
            return Err(PathError { at: cursor.at(), what: PathFault::Route });
        }
    }
}

/// What a byte may be part of; one look-up each.
pub(crate) const ATEXT: u8 = 1;
/// A letter or a digit.
pub(crate) const LET_DIG: u8 = 2;
/// A letter, a digit or a hyphen.
pub(crate) const LABEL: u8 = 4;
/// What stands for itself in xtext (RFC 3461, 4).
pub(crate) const XCHAR: u8 = 8;
/// What stands for itself between quotes (RFC 5321, 4.1.2).
const QTEXT: u8 = 16;

/// The classes of all bytes.
#[allow(clippy::indexing_slicing, reason = "worked out by the compiler, which would refuse an index beyond the end")]
pub(crate) const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let b = byte as u8;
        if b.is_ascii_alphanumeric() {
            table[byte] = ATEXT | LET_DIG | LABEL;
        } else if matches!(b, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'/' | b'=' | b'?' | b'^' | b'_' | b'`' | b'{'..=b'~')
        {
            table[byte] = ATEXT;
        }
        if b == b'-' {
            table[byte] |= LABEL;
        }
        if b.is_ascii_graphic() && !matches!(b, b'+' | b'=') {
            table[byte] |= XCHAR;
        }
        if matches!(b, b' '..=b'~') && !matches!(b, b'"' | b'\\') {
            table[byte] |= QTEXT;
        }
        byte += 1;
    }
    table
};

/// Whether a byte is of a class.
#[inline]
pub(crate) fn is(class: u8, byte: u8) -> bool {
    CLASS.get(usize::from(byte)).is_some_and(|classes| classes & class != 0)
}
