//! Commands (RFC 1939, 5 to 7; RFC 2449; RFC 2595; RFC 5034; RFC 6856).

use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use crate::{apop::Digest, error::CommandError, language::is_range};

/// One command line, borrowed from it.
///
/// Parsed and written again it is the same bytes, but that keywords are in capitals and numbers have no leading zeros.
///
/// ```
/// use pop3_proto::command::Command;
///
/// assert_eq!(Command::parse(b"top 1 10")?, Command::Top { number: 1, lines: 10 });
/// let mut wire = Vec::new();
/// Command::Retr(7).write(&mut wire);
/// assert_eq!(wire, b"RETR 7\r\n");
/// # Ok::<(), pop3_proto::error::CommandError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// USER: the name.
    User(&'a str),
    /// PASS: the password, with its spaces.
    Pass(SecretText<'a>),
    /// APOP: name and digest (RFC 1939, 7).
    Apop(&'a str, Digest),
    /// AUTH begins a SASL exchange (RFC 5034).
    Auth {
        /// The mechanism's name as it is written.
        mechanism: &'a str,
        /// The initial response, if it came along.
        initial: Option<SecretText<'a>>,
    },
    /// AUTH alone: which mechanisms are there? Not in any standard; old clients ask it.
    AuthList,
    /// CAPA: what is offered (RFC 2449, 5).
    Capa,
    /// STLS (RFC 2595, 4).
    Stls,
    /// STAT: how many messages, how many octets.
    Stat,
    /// LIST: the sizes of all messages, or of one.
    List(Option<u32>),
    /// UIDL: the unique ids of all messages, or of one.
    Uidl(Option<u32>),
    /// RETR: one message.
    Retr(u32),
    /// TOP: the header of a message, and so many lines of its body.
    Top {
        /// Which message.
        number: u32,
        /// How many lines.
        lines: u64,
    },
    /// DELE marks a message as deleted.
    Dele(u32),
    /// RSET takes all marks back.
    Rset,
    /// NOOP does nothing.
    Noop,
    /// QUIT ends the session; after login, it removes what is marked.
    Quit,
    /// UTF8 turns the session to UTF-8 (RFC 6856, 2).
    Utf8,
    /// LANG: which languages are there, or the one for all further responses, as a range: a tag or `*` (RFC 6856, 3).
    Lang(Option<&'a str>),
}

/// A text that must not be shown: `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SecretText<'a>(&'a str);

impl<'a> SecretText<'a> {
    /// Takes a text, to be written into a command; `None` if it has a control character, which no line can carry.
    #[must_use]
    pub fn new(text: &'a str) -> Option<Self> {
        (!text.bytes().any(|byte| byte.is_ascii_control())).then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub const fn expose(&self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for SecretText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl<'a> Command<'a> {
    /// Reads a line, without its CRLF.
    ///
    /// # Errors
    /// [`CommandError`], which knows what the client is told.
    pub fn parse(line: &'a [u8]) -> Result<Self, CommandError> {
        let text = core::str::from_utf8(line).map_err(|error| CommandError::Character { at: error.valid_up_to() })?;
        if let Some(at) = text.bytes().position(|byte| byte.is_ascii_control()) {
            return Err(CommandError::Character { at });
        }
        let (keyword, rest) = text.split_once(' ').map_or((text, None), |(keyword, rest)| (keyword, Some(rest)));
        let mut name = [0; 4];
        let letters = keyword.as_bytes();
        if !(3..=4).contains(&letters.len()) {
            return Err(CommandError::Unknown);
        }
        for (to, from) in name.iter_mut().zip(letters) {
            *to = from.to_ascii_uppercase();
        }
        // Spaces around numbers are nobody's meaning; in a password they are.
        let trimmed = rest.map(|rest| rest.trim_matches(' ')).filter(|rest| !rest.is_empty());
        let bare = |command| if trimmed.is_none() { Ok(command) } else { Err(CommandError::Arguments) };
        let needed = || rest.filter(|rest| !rest.is_empty()).ok_or(CommandError::Arguments);
        match &name {
            b"USER" => trimmed.map(Command::User).ok_or(CommandError::Arguments),
            b"PASS" => Ok(Self::Pass(SecretText(needed()?))),
            b"APOP" => {
                // The name is what USER's is, with its spaces; a digest has none.
                let (user, digest) = trimmed.and_then(|rest| rest.rsplit_once(' ')).ok_or(CommandError::Arguments)?;
                let digest = Digest::parse(digest).ok_or(CommandError::Arguments)?;
                Ok(Self::Apop(user.trim_end_matches(' '), digest))
            }
            b"AUTH" => match trimmed {
                None => Ok(Self::AuthList),
                Some(rest) => auth(rest),
            },
            b"CAPA" => bare(Self::Capa),
            b"STLS" => bare(Self::Stls),
            b"STAT" => bare(Self::Stat),
            b"LIST" => Ok(Self::List(trimmed.map(number).transpose()?)),
            b"UIDL" => Ok(Self::Uidl(trimmed.map(number).transpose()?)),
            b"RETR" => Ok(Self::Retr(number(trimmed.unwrap_or_default())?)),
            b"TOP\0" => {
                let (which, lines) = trimmed.and_then(|rest| rest.split_once(' ')).ok_or(CommandError::Arguments)?;
                let lines = digits(lines.trim_start_matches(' ')).ok_or(CommandError::Arguments)?;
                Ok(Self::Top { number: number(which)?, lines })
            }
            b"DELE" => Ok(Self::Dele(number(trimmed.unwrap_or_default())?)),
            b"RSET" => bare(Self::Rset),
            b"NOOP" => bare(Self::Noop),
            b"QUIT" => bare(Self::Quit),
            b"UTF8" => bare(Self::Utf8),
            b"LANG" => match trimmed {
                Some(range) if !is_range(range) => Err(CommandError::Arguments),
                range => Ok(Self::Lang(range)),
            },
            _ => Err(CommandError::Unknown),
        }
    }

    /// Appends the command as it goes on the wire, with its CRLF.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut text = Bytes(out);
        let _ = match self {
            Self::User(name) => write!(text, "USER {name}"),
            Self::Pass(password) => write!(text, "PASS {}", password.0),
            Self::Apop(name, digest) => write!(text, "APOP {name} ").and_then(|()| digest.write(&mut text)),
            Self::Auth { mechanism, initial: None } => write!(text, "AUTH {mechanism}"),
            Self::Auth { mechanism, initial: Some(initial) } => write!(text, "AUTH {mechanism} {}", initial.0),
            Self::AuthList => text.write_str("AUTH"),
            Self::Capa => text.write_str("CAPA"),
            Self::Stls => text.write_str("STLS"),
            Self::Stat => text.write_str("STAT"),
            Self::List(None) => text.write_str("LIST"),
            Self::List(Some(number)) => write!(text, "LIST {number}"),
            Self::Uidl(None) => text.write_str("UIDL"),
            Self::Uidl(Some(number)) => write!(text, "UIDL {number}"),
            Self::Retr(number) => write!(text, "RETR {number}"),
            Self::Top { number, lines } => write!(text, "TOP {number} {lines}"),
            Self::Dele(number) => write!(text, "DELE {number}"),
            Self::Rset => text.write_str("RSET"),
            Self::Noop => text.write_str("NOOP"),
            Self::Quit => text.write_str("QUIT"),
            Self::Utf8 => text.write_str("UTF8"),
            Self::Lang(None) => text.write_str("LANG"),
            Self::Lang(Some(range)) => write!(text, "LANG {range}"),
        };
        out.extend_from_slice(b"\r\n");
    }
}

fn auth(rest: &str) -> Result<Command<'_>, CommandError> {
    let (mechanism, initial) =
        rest.split_once(' ').map_or((rest, None), |(mechanism, initial)| (mechanism, Some(initial)));
    // RFC 4422, 3.1: up to 20 capitals, digits, hyphens and underscores
    let good = mechanism.len() <= 20
        && mechanism.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    let one = initial.is_none_or(|initial| !initial.is_empty() && !initial.contains(' '));
    if good && one {
        Ok(Command::Auth { mechanism, initial: initial.map(SecretText) })
    } else {
        Err(CommandError::Arguments)
    }
}

/// A message's number: 1 or more.
fn number(text: &str) -> Result<u32, CommandError> {
    digits(text).and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0).ok_or(CommandError::Number)
}

fn digits(text: &str) -> Option<u64> {
    let good = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten()
}

/// Lets formatted text go into bytes.
pub(crate) struct Bytes<'a>(pub(crate) &'a mut Vec<u8>);

impl fmt::Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}
