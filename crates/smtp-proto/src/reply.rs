//! Replies (RFC 5321, 4.2), in both directions.

mod line;

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::fmt;

pub use self::line::{ReplyError, ReplyLine};
use crate::status::EnhancedStatus;

/// The longest line of a reply, its CRLF included (RFC 5321, 4.5.3.1.5).
const LINE_MAX: usize = 512;

/// A reply: a code, an enhanced status where the code's class has them, and text of one or more lines.
///
/// Whatever the text holds, what goes on the wire is a well-formed reply: line feeds part it into lines, lines that are too long are parted, and other control
/// characters become `?`.
///
/// ```
/// use smtp_proto::{EnhancedStatus, Reply};
///
/// let reply = Reply::new(550, Some(EnhancedStatus::new(5, 1, 1)), "No such user\nAsk postmaster");
/// let mut wire = Vec::new();
/// reply.write(&mut wire);
/// assert_eq!(wire, b"550-5.1.1 No such user\r\n550 5.1.1 Ask postmaster\r\n");
/// assert_eq!(Reply::parse(&wire)?, Some((reply, wire.len())));
/// # Ok::<(), smtp_proto::reply::ReplyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    code: u16,
    status: Option<EnhancedStatus>,
    text: Cow<'a, str>,
}

impl<'a> Reply<'a> {
    /// A reply. A code outside 200 to 599 is taken for the nearest one inside. The enhanced status is left out where its class is not the code's, and where the code
    /// has none, as 3xx (RFC 2034, 4).
    #[must_use]
    pub fn new(code: u16, status: Option<EnhancedStatus>, text: impl Into<Cow<'a, str>>) -> Self {
        let code = code.clamp(200, 599);
        let status = status.filter(|status| u16::from(status.class()) == code / 100);
        Self { code, status, text: text.into() }
    }

    /// The code, 200 to 599.
    #[must_use]
    pub const fn code(&self) -> u16 {
        self.code
    }

    /// The enhanced status, if there is one.
    #[must_use]
    pub const fn status(&self) -> Option<EnhancedStatus> {
        self.status
    }

    /// The lines of its text, without code and enhanced status.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        self.text.split('\n')
    }

    /// All of its text; lines are parted by line feeds.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// 2xx: done.
    #[must_use]
    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    /// 3xx: go on.
    #[must_use]
    pub const fn is_intermediate(&self) -> bool {
        self.code / 100 == 3
    }

    /// 4xx: not now, but later perhaps.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        self.code / 100 == 4
    }

    /// 5xx: never in this form.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }

    /// Appends the reply as it goes on the wire.
    pub fn write(&self, out: &mut Vec<u8>) {
        let room = LINE_MAX - 2 - 4 - self.status.map_or(0, |_| 11);
        let mut rest: &str = &self.text;
        loop {
            let (mut line, mut more) = match memchr::memchr(b'\n', rest.as_bytes()) {
                Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at + 1..)),
                None => (rest, None),
            };
            if line.len() > room {
                let at = (1..=room).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(line.len());
                line = line.get(..at).unwrap_or_default();
                more = rest.get(at..);
            }
            self.write_line(line, more.is_none(), out);
            match more {
                Some(more) => rest = more,
                None => return,
            }
        }
    }

    fn write_line(&self, text: &str, last: bool, out: &mut Vec<u8>) {
        let digit = |n: u16| b'0' + u8::try_from(n % 10).unwrap_or(0);
        out.extend_from_slice(&[
            digit(self.code / 100),
            digit(self.code / 10),
            digit(self.code),
            if last { b' ' } else { b'-' },
        ]);
        if let Some(status) = self.status {
            if status.subject() < 10 && status.detail() < 10 {
                out.extend_from_slice(&[
                    b'0' + status.class(),
                    b'.',
                    digit(status.subject()),
                    b'.',
                    digit(status.detail()),
                    b' ',
                ]);
            } else {
                let _ = fmt::write(&mut Bytes(out), format_args!("{status} "));
            }
        }
        let start = out.len();
        out.extend_from_slice(text.as_bytes());
        for byte in out.iter_mut().skip(start) {
            if byte.is_ascii_control() {
                *byte = b'?';
            }
        }
        out.extend_from_slice(b"\r\n");
    }

    /// Reads a whole reply from the start of what has come in, and says how long it is there; `None` if it is not complete.
    ///
    /// The enhanced status counts as one if the last line has it and its class is the code's. Text that is not UTF-8 is replaced where it is not.
    ///
    /// # Errors
    /// [`ReplyError`]: what came is not a reply.
    pub fn parse(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, ReplyError> {
        let mut lines = Lines { rest: bytes, at: 0 };
        let mut first: Option<ReplyLine<'_>> = None;
        let mut texts = String::new();
        loop {
            let Some((line, at)) = lines.next() else { return Ok(None) };
            let line = ReplyLine::parse(line).map_err(|error| error.moved(at))?;
            let Some(before) = first.as_ref() else {
                if line.last {
                    return Ok(Some((Self::of_line(&line), lines.at)));
                }
                texts.push_str(&String::from_utf8_lossy(line.words()));
                first = Some(line);
                continue;
            };
            if line.code != before.code {
                return Err(ReplyError::CodeChanged { at, from: before.code, to: line.code });
            }
            texts.push('\n');
            texts.push_str(&String::from_utf8_lossy(line.words()));
            if line.last {
                return Ok(Some((Self { code: line.code, status: line.status(), text: Cow::Owned(texts) }, lines.at)));
            }
        }
    }

    fn of_line(line: &ReplyLine<'a>) -> Self {
        Self { code: line.code, status: line.status(), text: String::from_utf8_lossy(line.words()) }
    }

    /// Makes a reply of its lines, which must have the same code; `None` if there are none.
    #[must_use]
    pub fn from_lines<'b>(lines: impl IntoIterator<Item = ReplyLine<'b>>) -> Option<Reply<'static>> {
        let mut lines = lines.into_iter();
        let first = lines.next()?;
        let (code, mut status) = (first.code, first.status());
        let mut text = String::from_utf8_lossy(first.words()).into_owned();
        for line in lines {
            status = line.status();
            text.push('\n');
            text.push_str(&String::from_utf8_lossy(line.words()));
        }
        Some(Reply { code, status, text: Cow::Owned(text) })
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Reply<'static> {
        Reply { code: self.code, status: self.status, text: Cow::Owned(self.text.into_owned()) }
    }
}

/// For the log: on one line, control characters escaped.
impl fmt::Display for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some(status) = self.status {
            write!(f, " {status}")?;
        }
        if !self.text.is_empty() {
            f.write_str(" ")?;
        }
        for c in self.text.chars() {
            match c {
                '\n' => f.write_str(" / ")?,
                c if c.is_control() => write!(f, "{}", c.escape_default())?,
                c => fmt::Write::write_char(f, c)?,
            }
        }
        Ok(())
    }
}

/// Lines with their line ends taken off, and where each began.
struct Lines<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<(&'a [u8], usize)> {
        let end = memchr::memmem::find(self.rest, b"\r\n")?;
        let start = self.at;
        let line = self.rest.get(..end)?;
        self.rest = self.rest.get(end + 2..).unwrap_or_default();
        self.at += end + 2;
        Some((line, start))
    }
}

/// Lets formatted text go into bytes.
pub(crate) struct Bytes<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
