//! `local-part@domain`, and nothing that could be anything else.

use alloc::{borrow::Cow, string::String};
use core::{fmt, str::FromStr};

use crate::{
    Error, Syntax,
    cursor::Cursor,
    grammar::{is_atext, is_control, is_dot_atom, is_dtext},
    text,
};

/// An address as RFC 5322, 3.4.1 has it: local part, `@`, domain; with UTF-8 in both by RFC 6532.
///
/// Valid by construction: it holds no control character but the tab, so whatever it is written into has no line more for it (rows W-8 and
/// R-10). The local part is kept as it is meant, without quotes and escapes, and `Display` puts them back where they are needed.
///
/// ```
/// use message::AddrSpec;
///
/// let address: AddrSpec = r#""John\ Doe"@example.org"#.parse()?;
/// assert_eq!((address.local_part(), address.domain()), ("John Doe", "example.org"));
/// assert_eq!(address.to_string(), r#""John Doe"@example.org"#);
/// assert!("a@b\r\nBcc: c@d".parse::<AddrSpec>().is_err());
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddrSpec<'a> {
    local: Cow<'a, str>,
    domain: Cow<'a, str>,
}

impl<'a> AddrSpec<'a> {
    /// The longest address in bytes as written: 900. RFC 5321, 4.5.3.1 needs 320; this much still fits on a line of 998 (RFC 5322, 2.1.1).
    pub const MAX: usize = 900;

    /// Puts an address together from a local part, without quotes, and a domain: names with dots, or an address literal in brackets.
    ///
    /// # Errors
    /// [`Error::Syntax`]: a control character, a domain that is no domain, or more than [`MAX`](Self::MAX) bytes.
    pub fn new(local: impl Into<Cow<'a, str>>, domain: impl Into<Cow<'a, str>>) -> Result<Self, Error> {
        let (local, domain) = (local.into(), domain.into());
        let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        if !literal.map_or_else(|| is_dot_atom(domain.as_bytes()), |inside| inside.bytes().all(is_dtext)) {
            return Err(Error::syntax(Syntax::Domain, local.len() + 1));
        }
        let mut escapes = 0;
        if !is_dot_atom(local.as_bytes()) {
            if let Some(at) = local.bytes().position(is_control) {
                return Err(Error::syntax(Syntax::Octet, at));
            }
            escapes = 2 + local.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
        }
        if local.len() + escapes + 1 + domain.len() > Self::MAX {
            return Err(Error::syntax(Syntax::TooLong, 0));
        }
        Ok(Self { local, domain })
    }

    /// The same for two dot-atoms, where nothing is left to check but that they are not longer than [`MAX`](Self::MAX).
    #[inline]
    pub(crate) const fn of_dot_atoms(local: &'a str, domain: &'a str) -> Self {
        Self { local: Cow::Borrowed(local), domain: Cow::Borrowed(domain) }
    }

    /// Reads an address without name, comments or white space around it, as it stands in an envelope without its angle brackets.
    ///
    /// # Errors
    /// [`Error::Syntax`].
    pub fn parse(text: &'a str) -> Result<Self, Error> {
        let mut cursor = Cursor::new(text.as_bytes());
        let local = if cursor.peek() == Some(b'"') {
            let inside = cursor.quoted()?;
            // a fold would vanish with the escapes, and there is none in an envelope
            if inside.contains(&b'\n') {
                return Err(Error::syntax(Syntax::Octet, 0));
            }
            text::unescape(inside)
        } else {
            Cow::Borrowed(cursor.take_while(|byte| is_atext(byte) || byte == b'.'))
        };
        let local = text::utf8(local).ok_or(Error::syntax(Syntax::Octet, 0))?;
        let unquoted = text.as_bytes().first() != Some(&b'"');
        if unquoted && !is_dot_atom(local.as_bytes()) {
            return Err(Error::syntax(Syntax::LocalPart, 0));
        }
        if !cursor.take(b'@') {
            return Err(cursor.error(Syntax::Address));
        }
        let domain = text.get(cursor.at()..).unwrap_or_default();
        Self::new(local, domain)
    }

    /// What is before the `@`, without quotes and escapes. Compared with regard to case; only the host that has the mailbox knows better
    /// (RFC 5321, 2.4).
    #[must_use]
    pub fn local_part(&self) -> &str {
        &self.local
    }

    /// What is behind the `@`: names with dots between them, or an address literal with its brackets.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Whether it can go over SMTP without SMTPUTF8 (RFC 6531).
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii() && self.domain.is_ascii()
    }

    /// Whether both are the same mailbox as far as a stranger can tell: local parts alike, domains without regard to ASCII case.
    #[must_use]
    pub fn is_same(&self, other: &AddrSpec<'_>) -> bool {
        self.local == other.local && self.domain.eq_ignore_ascii_case(&other.domain)
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> AddrSpec<'static> {
        AddrSpec { local: Cow::Owned(self.local.into_owned()), domain: Cow::Owned(self.domain.into_owned()) }
    }
}

impl fmt::Display for AddrSpec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_atom(self.local.as_bytes()) {
            f.write_str(&self.local)?;
        } else {
            write_quoted(f, &self.local)?;
        }
        write!(f, "@{}", self.domain)
    }
}

/// Writes a quoted string (RFC 5322, 3.2.4).
pub(crate) fn write_quoted(f: &mut impl fmt::Write, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for char in text.chars() {
        if matches!(char, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(char)?;
    }
    f.write_char('"')
}

impl fmt::Debug for AddrSpec<'_> {
    /// Addresses are people's: a log gets the first letter and the domain.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first: String = self.local.chars().take(1).collect();
        write!(f, "{}…@{}", first.escape_debug(), self.domain.escape_debug())
    }
}

impl FromStr for AddrSpec<'static> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        AddrSpec::parse(text).map(AddrSpec::into_owned)
    }
}
