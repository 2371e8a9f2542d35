//! A mailbox: local part and domain (RFC 5321, 4.1.2).

use alloc::{borrow::Cow, string::String};
use core::fmt;

use super::{ATEXT, Domain, PathError, PathFault, QTEXT, domain, is, run};

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
        let place = Place::find(text, 0, utf8)?;
        if place.end != text.len() {
            return Err(PathError { at: place.end, what: PathFault::Domain });
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
    pub(crate) end: usize,
}

impl Place {
    /// Finds the address that starts here in a text.
    #[inline(always)]
    pub(crate) fn find(text: &str, start: usize, utf8: bool) -> Result<Self, PathError> {
        let wrong = |at, what| Err(PathError { at: start + at, what });
        let moved = |by| move |error: PathError| PathError { at: by + error.at, ..error };
        let text = text.get(start..).unwrap_or_default();
        let bytes = text.as_bytes();
        let local = if bytes.first() == Some(&b'"') { quoted(bytes, utf8) } else { dot_string(bytes, utf8) };
        let local = local.map_err(moved(start))?;
        match bytes.get(local) {
            Some(b'@') => {}
            None | Some(b'>') => return wrong(local, PathFault::NoDomain),
            Some(_) => return wrong(local, PathFault::LocalPart),
        }
        if local > LOCAL_MAX {
            return wrong(LOCAL_MAX, PathFault::TooLong);
        }
        let domain = text.get(local + 1..).unwrap_or_default();
        let domain_start = start + local + 1;
        let length = domain::prefix(domain, utf8).map_err(moved(domain_start))?;
        Ok(Self { start, local, end: domain_start + length })
    }
}

/// The length of a dot-string at the start: atoms with single dots between them.
#[inline(always)]
fn dot_string(bytes: &[u8], utf8: bool) -> Result<usize, PathError> {
    let mut at = 0;
    loop {
        let atom = run(ATEXT, bytes, at);
        at += atom;
        match bytes.get(at) {
            _ if atom == 0 => break,
            Some(b'.') => at += 1,
            Some(0x80..) => break,
            _ => return Ok(at),
        }
    }
    any_dot_string(bytes, utf8)
}

/// The same for what is rare: characters beyond ASCII, and what is wrong.
#[cold]
fn any_dot_string(bytes: &[u8], utf8: bool) -> Result<usize, PathError> {
    let mut dot = true;
    for (at, byte) in bytes.iter().enumerate() {
        if is(ATEXT, *byte) || (*byte >= 0x80 && utf8) {
            dot = false;
        } else if *byte == b'.' && !dot {
            dot = true;
        } else if *byte >= 0x80 {
            return Err(PathError { at, what: PathFault::NotAscii });
        } else if dot {
            return Err(PathError { at, what: PathFault::LocalPart });
        } else {
            return Ok(at);
        }
    }
    Ok(bytes.len())
}

/// The length of a quoted string at the start, its quotes included. It is not looked through further than a local part may be long.
#[inline(always)]
fn quoted(bytes: &[u8], utf8: bool) -> Result<usize, PathError> {
    let local = bytes.get(..=LOCAL_MAX).unwrap_or(bytes);
    let end = 1 + run(QTEXT, local, 1);
    if local.get(end) == Some(&b'"') { Ok(end + 1) } else { any_quoted(bytes, utf8) }
}

/// The same for what is rare: backslashes, characters beyond ASCII, and what is wrong.
#[cold]
fn any_quoted(bytes: &[u8], utf8: bool) -> Result<usize, PathError> {
    let mut escaped = false;
    for (at, byte) in bytes.iter().enumerate().take(LOCAL_MAX + 1).skip(1) {
        match byte {
            0x80.. if !utf8 => return Err(PathError { at, what: PathFault::NotAscii }),
            // RFC 6531, 3.3: characters beyond ASCII are never behind a backslash
            0x80.. if escaped => return Err(PathError { at, what: PathFault::Quoted }),
            b' '..=b'~' if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Ok(at + 1),
            b' '..=b'~' | 0x80.. => {}
            _ => return Err(PathError { at, what: PathFault::Quoted }),
        }
    }
    let what = if bytes.len() > LOCAL_MAX { PathFault::TooLong } else { PathFault::Quoted };
    Err(PathError { at: bytes.len().min(LOCAL_MAX), what })
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
