//! From a line to a command.

use super::{Command, CommandError, InitialResponse, Mail, Rcpt, Syntax};
use crate::{
    params::{MailParams, RcptParams},
    path::{self, ClientName, ForwardPath, Mailbox, PathError, PathFault, Place, ReversePath},
};

/// A verb of four letters as one number, in capitals.
const fn verb(letters: [u8; 4]) -> u32 {
    u32::from_le_bytes(letters) & 0xDFDF_DFDF
}

const HELO: u32 = verb(*b"HELO");
const EHLO: u32 = verb(*b"EHLO");
const LHLO: u32 = verb(*b"LHLO");
const MAIL: u32 = verb(*b"MAIL");
const RCPT: u32 = verb(*b"RCPT");
const DATA: u32 = verb(*b"DATA");
const BDAT: u32 = verb(*b"BDAT");
const RSET: u32 = verb(*b"RSET");
const NOOP: u32 = verb(*b"NOOP");
const QUIT: u32 = verb(*b"QUIT");
const VRFY: u32 = verb(*b"VRFY");
const EXPN: u32 = verb(*b"EXPN");
const HELP: u32 = verb(*b"HELP");
const AUTH: u32 = verb(*b"AUTH");
const STAR: u32 = verb(*b"STAR");

pub(super) fn command(line: &[u8], syntax: Syntax) -> Result<Command<'_>, CommandError> {
    // No production lets a control character in, so it is only where one fails, or takes anything, that somebody has to look.
    parse(line, syntax).map_err(|error| stray(line).unwrap_or(error))
}

#[inline(always)]
fn parse(line: &[u8], syntax: Syntax) -> Result<Command<'_>, CommandError> {
    if let Ok(four) = <[u8; 4]>::try_from(line) {
        // Those that are a verb and nothing else.
        match verb(four) {
            DATA => return Ok(Command::Data),
            RSET => return Ok(Command::Rset),
            NOOP => return Ok(Command::Noop(&[])),
            QUIT => return Ok(Command::Quit),
            _ => {}
        }
    }
    let text = core::str::from_utf8(line).map_err(|error| CommandError::Character { at: error.valid_up_to() })?;
    let text = if matches!(line.last(), Some(b' ' | b'\t')) { text.trim_end_matches([' ', '\t']) } else { text };
    let Some((first, _)) = line.split_first_chunk::<4>() else { return Err(CommandError::UnknownVerb) };
    let number = verb(*first);
    // The verb ends here, but for the one that is longer.
    let Some(rest) = text.get(if number == STAR { 8 } else { 4 }..) else { return Err(CommandError::UnknownVerb) };
    let argument = match rest.as_bytes() {
        [] => rest,
        [b' ', b'!'..=b'~', ..] => rest.get(1..).unwrap_or_default(),
        [b' ' | b'\t', ..] => rest.trim_start_matches([' ', '\t']),
        _ => return Err(CommandError::UnknownVerb),
    };
    match number {
        MAIL => mail(text, argument, syntax),
        RCPT => rcpt(text, argument, syntax),
        EHLO => Ok(Command::Ehlo(name(text, argument, "EHLO your.host.name")?)),
        HELO => Ok(Command::Helo(name(text, argument, "HELO your.host.name")?)),
        LHLO => Ok(Command::Lhlo(name(text, argument, "LHLO your.host.name")?)),
        DATA => bare(text, argument, Command::Data, "DATA"),
        BDAT => chunk(text, argument),
        RSET => bare(text, argument, Command::Rset, "RSET"),
        QUIT => bare(text, argument, Command::Quit, "QUIT"),
        NOOP => Ok(Command::Noop(any(line, argument)?)),
        HELP => Ok(Command::Help(any(line, argument)?)),
        VRFY if argument.is_empty() => Err(CommandError::Arguments { at: text.len(), form: "VRFY user" }),
        VRFY => Ok(Command::Vrfy(any(line, argument)?)),
        EXPN if argument.is_empty() => Err(CommandError::Arguments { at: text.len(), form: "EXPN list" }),
        EXPN => Ok(Command::Expn(any(line, argument)?)),
        AUTH => auth(text, argument),
        STAR if text.get(..8).is_some_and(|verb| verb.eq_ignore_ascii_case("STARTTLS")) => {
            bare(text, argument, Command::StartTls, "STARTTLS")
        }
        _ => Err(CommandError::UnknownVerb),
    }
}

/// A control character, which no command has.
#[cold]
fn stray(line: &[u8]) -> Option<CommandError> {
    let at = line.iter().position(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7F)?;
    Some(CommandError::Character { at })
}

/// An argument that may be any text.
fn any<'a>(line: &[u8], argument: &'a str) -> Result<&'a [u8], CommandError> {
    if argument.is_empty() {
        return Ok(&[]);
    }
    stray(line).map_or(Ok(argument.as_bytes()), Err)
}

/// A command without arguments.
fn bare<'a>(line: &str, argument: &str, command: Command<'a>, form: &'static str) -> Result<Command<'a>, CommandError> {
    if argument.is_empty() { Ok(command) } else { Err(CommandError::Arguments { at: offset(line, argument), form }) }
}

/// Where a part of a line begins in it, both ending together.
const fn offset(line: &str, rest: &str) -> usize {
    line.len() - rest.len()
}

fn name<'a>(line: &str, argument: &'a str, form: &'static str) -> Result<ClientName<'a>, CommandError> {
    ClientName::parse(argument).map_err(|error| CommandError::Arguments { at: offset(line, argument) + error.at, form })
}

/// Takes `FROM:` or `TO:` off.
#[inline(always)]
fn keyword<'a>(
    line: &str,
    argument: &'a str,
    keyword: &str,
    form: &'static str,
    syntax: Syntax,
) -> Result<&'a str, CommandError> {
    let at = offset(line, argument);
    match argument.split_at_checked(keyword.len()) {
        Some((word, path)) if word.eq_ignore_ascii_case(keyword) => {
            Ok(if syntax.space_before_path { path.strip_prefix(' ').unwrap_or(path) } else { path })
        }
        _ => Err(CommandError::Arguments { at, form }),
    }
}

/// Finds the address, in brackets or, where that is allowed, without, and where its path ends.
#[inline(always)]
fn address(path: &str, utf8: bool, syntax: Syntax) -> Result<(Place, usize), PathError> {
    if syntax.loose_paths && !path.starts_with('<') {
        Place::find(path, 0, utf8).map(|place| (place, place.end))
    } else {
        path::bracketed(path, utf8).map(|place| (place, place.end + 1))
    }
}

/// What is behind a path: nothing, or a space and parameters.
#[inline(always)]
fn behind<'a>(line: &str, path: &'a str, length: usize, form: &'static str) -> Result<(&'a str, usize), CommandError> {
    let rest = path.get(length..).unwrap_or_default();
    let at = offset(line, rest);
    match rest.strip_prefix(' ') {
        Some(params) => Ok((params, at + 1)),
        None if rest.is_empty() => Ok((rest, at)),
        None => Err(CommandError::Arguments { at, form }),
    }
}

#[inline(always)]
fn mail<'a>(line: &str, argument: &'a str, syntax: Syntax) -> Result<Command<'a>, CommandError> {
    const FORM: &str = "MAIL FROM:<address> [parameters]";
    let path = keyword(line, argument, "FROM:", FORM, syntax)?;
    let start = offset(line, path);
    let (place, length) = if path.starts_with("<>") {
        (None, 2)
    } else {
        // Whether it may be more than ASCII is known once the parameters have been read.
        let (place, length) = address(path, true, syntax)
            .map_err(|error| CommandError::Sender(PathError { at: error.at + start, ..error }))?;
        (Some(place), length)
    };
    let (params, at) = behind(line, path, length, FORM)?;
    let mut read = MailParams::default();
    read.read(params, at)?;
    let params = read;
    let reverse_path = match place {
        Some(place) => ReversePath::Mailbox(Mailbox::at(path, place)),
        None => ReversePath::Null,
    };
    if !params.smtputf8 && !reverse_path.is_ascii() {
        return Err(CommandError::Sender(PathError { at: start, what: PathFault::NotAscii }));
    }
    Ok(Command::Mail(Mail { reverse_path, params }))
}

#[inline(always)]
fn rcpt<'a>(line: &str, argument: &'a str, syntax: Syntax) -> Result<Command<'a>, CommandError> {
    const FORM: &str = "RCPT TO:<address> [parameters]";
    const POSTMASTER: &str = "<postmaster>";
    let path = keyword(line, argument, "TO:", FORM, syntax)?;
    let start = offset(line, path);
    let (place, length) = match address(path, syntax.utf8, syntax) {
        Ok((place, length)) => (Some(place), length),
        // RFC 5321, 4.5.1: the one name that needs no domain
        Err(_) if path.get(..POSTMASTER.len()).is_some_and(|path| path.eq_ignore_ascii_case(POSTMASTER)) => {
            (None, POSTMASTER.len())
        }
        Err(error) => return Err(CommandError::Recipient(PathError { at: error.at + start, ..error })),
    };
    let (params, at) = behind(line, path, length, FORM)?;
    let mut read = RcptParams::default();
    read.read(params, at, syntax.utf8)?;
    let params = read;
    let forward_path = match place {
        Some(place) => ForwardPath::Mailbox(Mailbox::at(path, place)),
        None => ForwardPath::Postmaster,
    };
    Ok(Command::Rcpt(Rcpt { forward_path, params }))
}

fn chunk<'a>(line: &str, argument: &str) -> Result<Command<'a>, CommandError> {
    let wrong = CommandError::Arguments { at: offset(line, argument), form: "BDAT size [LAST]" };
    let digits = argument.bytes().take_while(u8::is_ascii_digit).count();
    let (size, rest) = argument.split_at_checked(digits).ok_or(wrong)?;
    let last = match rest.as_bytes() {
        [] => false,
        [b' ', ..] if rest.trim_start_matches([' ', '\t']).eq_ignore_ascii_case("LAST") => true,
        _ => return Err(wrong),
    };
    Ok(Command::Bdat { size: size.parse().map_err(|_| wrong)?, last })
}

fn auth<'a>(line: &str, argument: &'a str) -> Result<Command<'a>, CommandError> {
    let wrong = CommandError::Arguments { at: offset(line, argument), form: "AUTH mechanism [initial-response]" };
    let (mechanism, initial) = match argument.split_once(' ') {
        Some((mechanism, initial)) => (mechanism, Some(InitialResponse::new(initial).ok_or(wrong)?)),
        None => (argument, None),
    };
    // RFC 4422, 3.1: up to 20 capitals, digits, hyphens and underscores
    let good = (1..=20).contains(&mechanism.len())
        && mechanism.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if good { Ok(Command::Auth { mechanism, initial }) } else { Err(wrong) }
}
