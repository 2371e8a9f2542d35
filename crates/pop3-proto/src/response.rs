//! Status lines (RFC 1939, 3) and their response codes (RFC 2449, 8; RFC 3206).

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

/// The longest status line, its CRLF included (RFC 2449, 4).
const LINE_MAX: usize = 512;

/// What a response code says to the program behind the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Code {
    /// `[LOGIN-DELAY]`: logged in too soon again (RFC 2449, 8.1.1).
    LoginDelay,
    /// `[IN-USE]`: another session has the maildrop (RFC 2449, 8.1.2).
    InUse,
    /// `[SYS/TEMP]`: trouble of the server's that may pass (RFC 3206, 4).
    SysTemp,
    /// `[SYS/PERM]`: trouble of the server's that somebody must look at (RFC 3206, 4).
    SysPerm,
    /// `[AUTH]`: name or password is wrong, and only then (RFC 3206, 5).
    Auth,
    /// `[UTF8]`: the message or name needs UTF8 (RFC 6856, 5).
    Utf8,
}

impl Code {
    const ALL: [Self; 6] = [Self::LoginDelay, Self::InUse, Self::SysTemp, Self::SysPerm, Self::Auth, Self::Utf8];

    /// Its name, without brackets.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoginDelay => "LOGIN-DELAY",
            Self::InUse => "IN-USE",
            Self::SysTemp => "SYS/TEMP",
            Self::SysPerm => "SYS/PERM",
            Self::Auth => "AUTH",
            Self::Utf8 => "UTF8",
        }
    }
}

/// A status line: `+OK` or `-ERR`, perhaps a code, and text.
///
/// Whatever the text holds, what goes on the wire is one line of at most 512 bytes: control characters become `?`, what is too long is cut.
///
/// ```
/// use pop3_proto::{Response, response::Code};
///
/// let mut wire = Vec::new();
/// Response::err(Some(Code::InUse), "The mailbox is open elsewhere").write(&mut wire);
/// assert_eq!(wire, b"-ERR [IN-USE] The mailbox is open elsewhere\r\n");
/// assert_eq!(Response::parse(&wire[..wire.len() - 2]), Some(Response::err(Some(Code::InUse), "The mailbox is open elsewhere")));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    ok: bool,
    code: Option<Code>,
    text: Cow<'a, str>,
}

impl<'a> Response<'a> {
    /// `+OK`.
    #[must_use]
    pub fn ok(text: impl Into<Cow<'a, str>>) -> Self {
        Self { ok: true, code: None, text: text.into() }
    }

    /// `-ERR`, perhaps with a code.
    #[must_use]
    pub fn err(code: Option<Code>, text: impl Into<Cow<'a, str>>) -> Self {
        Self { ok: false, code, text: text.into() }
    }

    /// Whether it is `+OK`.
    #[must_use]
    pub const fn is_ok(&self) -> bool {
        self.ok
    }

    /// Its code, if it has one that is known.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        self.code
    }

    /// What it says, without status and code.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads a line, without its CRLF; `None` if it is no status line. A code that is not known is part of the text; of one that is known,
    /// detail behind it (`[IN-USE/READ-ONLY]`) is passed over (RFC 2449, 8).
    #[must_use]
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let (ok, rest) = match (line.strip_prefix(b"+OK"), line.strip_prefix(b"-ERR")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            _ => return None,
        };
        let rest = match rest.split_first() {
            None => rest,
            Some((b' ', rest)) => rest,
            Some(_) => return None,
        };
        let (code, rest) = Self::split_code(rest);
        Some(Self { ok, code, text: alloc::string::String::from_utf8_lossy(rest) })
    }

    fn split_code(text: &[u8]) -> (Option<Code>, &[u8]) {
        let Some(inner) = text.strip_prefix(b"[") else { return (None, text) };
        let Some(end) = inner.iter().position(|byte| *byte == b']') else { return (None, text) };
        let name = inner.get(..end).unwrap_or_default();
        let code = Code::ALL.into_iter().find(|code| {
            name.split_at_checked(code.as_str().len()).is_some_and(|(start, detail)| {
                start.eq_ignore_ascii_case(code.as_str().as_bytes()) && matches!(detail, [] | [b'/', ..])
            })
        });
        match code {
            Some(_) => {
                let rest = inner.get(end + 1..).unwrap_or_default();
                (code, rest.strip_prefix(b" ").unwrap_or(rest))
            }
            None => (None, text),
        }
    }

    /// The same status and code with other words.
    pub(crate) fn with_text<'b>(&self, text: &'b str) -> Response<'b> {
        Response { ok: self.ok, code: self.code, text: Cow::Borrowed(text) }
    }

    /// Appends the line as it goes on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        self.write_as(out, |_| true);
    }

    /// Appends the line in ASCII, each other character as `?`: what a client may be told that has asked for neither UTF8 nor LANG (RFC 6856, 3.2).
    pub(crate) fn write_ascii(&self, out: &mut Vec<u8>) {
        self.write_as(out, |c| c.is_ascii());
    }

    fn write_as(&self, out: &mut Vec<u8>, fits: impl Fn(char) -> bool) {
        let start = out.len();
        out.extend_from_slice(if self.ok { b"+OK" } else { b"-ERR" });
        if let Some(code) = self.code {
            out.extend_from_slice(b" [");
            out.extend_from_slice(code.as_str().as_bytes());
            out.push(b']');
        }
        if !self.text.is_empty() {
            out.push(b' ');
            for c in self.text.chars() {
                let c = if c.is_ascii_control() || !fits(c) { '?' } else { c };
                if out.len() - start + c.len_utf8() > LINE_MAX - 2 {
                    break;
                }
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Response<'static> {
        Response { ok: self.ok, code: self.code, text: Cow::Owned(self.text.into_owned()) }
    }
}

/// For the log: on one line, control characters escaped.
impl fmt::Display for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.ok { "+OK" } else { "-ERR" })?;
        if let Some(code) = self.code {
            write!(f, " [{}]", code.as_str())?;
        }
        if !self.text.is_empty() {
            write!(f, " {}", self.text.escape_debug())?;
        }
        Ok(())
    }
}
