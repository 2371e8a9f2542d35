//! A mailbox: local part and domain (RFC 5321, 4.1.2).

use alloc::{borrow::Cow, string::String};
use core::fmt;

use super::{ATEXT, Domain, PATH_MAX, PathError, PathFault, QTEXT, domain, is};
use crate::cursor::Cursor;

/// The longest local part, in octets (RFC 5321, 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

/// An address without brackets: `local@domain`. It holds only what the grammar allows: no control character, no line end, no space outside quotes.
///
/// Two are equal if their local parts stand for the same text and their domains are equal but for the case of ASCII letters (RFC 5321, 2.4). `Debug` shows the first
/// character only; `Display` shows all.
///
/// ```
/// use smtp_proto::path::{Domain, Mailbox};
///
/// let mailbox = Mailbox::parse(r#""bob smith"@Example.NET"#, false)?;
/// assert_eq!(mailbox.local(), r#""bob smith""#);
/// assert_eq!(mailbox.local_value(), "bob smith");
/// assert_eq!(mailbox.domain(), Domain::Name("Example.NET"));
/// assert!(Mailbox::parse("eve@example.net>\r\nRCPT TO:<all@example.net", false).is_err());
/// # Ok::<(), smtp_proto::path::PathError>(())
/// ```
#[derive(Clone)]
pub struct Mailbox<'a> {
    text: Cow<'a, str>,
    /// Where the `@` is that parts local part and domain.
    at: u8,
}

impl<'a> Mailbox<'a> {
    /// Reads an address. `utf8`: characters beyond ASCII may be in it (RFC 6531, 3.3).
    ///
    /// # Errors
    /// [`PathError`]: not an address, or something behind it.
    pub fn parse(text: &'a str, utf8: bool) -> Result<Self, PathError> {
        let mut cursor = Cursor::new(text, 0);
        let place = Place::find(&mut cursor, utf8)?;
        if cursor.peek().is_some() {
            return Err(PathError { at: cursor.at(), what: PathFault::Domain });
        }
        Ok(Self::at(text, place))
    }

    /// The address that was found at a place in this text.
    #[inline(always)]
    pub(crate) fn at(text: &'a str, place: Place) -> Self {
        let address = text.get(place.start..place.end).unwrap_or_default();
        Self { text: Cow::Borrowed(address), at: u8::try_from(place.local).unwrap_or(0) }
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The local part as it is written, quotes included.
    #[must_use]
    pub fn local(&self) -> &str {
        self.text.get(..usize::from(self.at)).unwrap_or_default()
    }

    /// What the local part stands for: without quotes and backslashes. It may hold spaces and any printable character.
    #[must_use]
    pub fn local_value(&self) -> Cow<'_, str> {
        let Some(quoted) = self.local().strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
            return Cow::Borrowed(self.local());
        };
        if !quoted.contains('\\') {
            return Cow::Borrowed(quoted);
        }
        let mut value = String::with_capacity(quoted.len());
        let mut chars = quoted.chars();
        while let Some(c) = chars.next() {
            value.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        Cow::Owned(value)
    }

    /// The domain as it is written.
    #[must_use]
    pub fn domain_str(&self) -> &str {
        self.text.get(usize::from(self.at) + 1..).unwrap_or_default()
    }

    /// The domain, read.
    #[must_use]
    pub fn domain(&self) -> Domain<'_> {
        Domain::read(self.domain_str())
    }

    /// Whether it is all ASCII, so that it needs no SMTPUTF8.
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.text.is_ascii()
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Mailbox<'static> {
        Mailbox { text: Cow::Owned(self.text.into_owned()), at: self.at }
    }
}

/// Where in a text an address is. Numbers, since they stay in registers until the whole command is known to be good.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    start: usize,
    /// How long the local part is.
    local: usize,
    end: usize,
}

impl Place {
    /// Passes an address.
    #[inline(always)]
    pub(crate) fn find(cursor: &mut Cursor<'_>, utf8: bool) -> Result<Self, PathError> {
        let start = cursor.at();
        if cursor.peek() == Some(b'"') {
            quoted(cursor, utf8)?;
        } else {
            dot_string(cursor, utf8)?;
        }
        let local = cursor.at() - start;
        if !cursor.eat(b'@') {
            let what =
                if matches!(cursor.peek(), None | Some(b'>')) { PathFault::NoDomain } else { PathFault::LocalPart };
            return Err(PathError { at: cursor.at(), what });
        }
        if local > LOCAL_MAX {
            return Err(PathError { at: start + LOCAL_MAX, what: PathFault::TooLong });
        }
        domain::pass(cursor, utf8)?;
        let end = cursor.at();
        // With its brackets it is to be a path.
        if end - start + 2 > PATH_MAX {
            return Err(PathError { at: end, what: PathFault::TooLong });
        }
        Ok(Self { start, local, end })
    }
}

/// Passes a dot-string: atoms with single dots between them.
#[inline(always)]
fn dot_string(cursor: &mut Cursor<'_>, utf8: bool) -> Result<(), PathError> {
    let start = cursor.at();
    loop {
        let atom = cursor.run(ATEXT);
        match cursor.peek() {
            Some(b'.') if atom > 0 => cursor.pass(1),
            Some(0x80..) => break,
            _ if atom > 0 => return Ok(()),
            _ => break,
        }
    }
    any_dot_string(cursor, start, utf8)
}

/// The same for what is rare: characters beyond ASCII, and what is wrong.
#[cold]
fn any_dot_string(cursor: &mut Cursor<'_>, start: usize, utf8: bool) -> Result<(), PathError> {
    let mut dot = true;
    cursor.back(start);
    while let Some(byte) = cursor.peek() {
        let wrong = |what| Err(PathError { at: cursor.at(), what });
        if is(ATEXT, byte) || (byte >= 0x80 && utf8) {
            dot = false;
        } else if byte == b'.' && !dot {
            dot = true;
        } else if byte >= 0x80 {
            return wrong(PathFault::NotAscii);
        } else if dot {
            return wrong(PathFault::LocalPart);
        } else {
            break;
        }
        cursor.pass(1);
    }
    Ok(())
}

/// Passes a quoted string, its quotes included. It is not looked through further than a local part may be long.
#[inline(always)]
fn quoted(cursor: &mut Cursor<'_>, utf8: bool) -> Result<(), PathError> {
    let start = cursor.at();
    cursor.pass(1);
    cursor.run(QTEXT);
    if cursor.at() - start < LOCAL_MAX && cursor.eat(b'"') { Ok(()) } else { any_quoted(cursor, start, utf8) }
}

/// The same for what is rare: backslashes, characters beyond ASCII, and what is wrong.
#[cold]
fn any_quoted(cursor: &mut Cursor<'_>, start: usize, utf8: bool) -> Result<(), PathError> {
    let mut escaped = false;
    cursor.back(start + 1);
    while let Some(byte) = cursor.peek().filter(|_| cursor.at() - start <= LOCAL_MAX) {
        let wrong = |what| Err(PathError { at: cursor.at(), what });
        match byte {
            0x80.. if !utf8 => return wrong(PathFault::NotAscii),
            // RFC 6531, 3.3: characters beyond ASCII are never behind a backslash
            0x80.. if escaped => return wrong(PathFault::Quoted),
            b' '..=b'~' if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => {
                cursor.pass(1);
                return Ok(());
            }
            b' '..=b'~' | 0x80.. => {}
            _ => return wrong(PathFault::Quoted),
        }
        cursor.pass(1);
    }
    let what = if cursor.peek().is_some() { PathFault::TooLong } else { PathFault::Quoted };
    Err(PathError { at: cursor.at(), what })
}

impl PartialEq for Mailbox<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.domain_str().eq_ignore_ascii_case(other.domain_str()) && self.local_value() == other.local_value()
    }
}

impl Eq for Mailbox<'_> {}

impl fmt::Display for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.local().chars().next().unwrap_or('?');
        write!(f, "Mailbox({first}...@{})", self.domain_str())
    }
}
