//! From a line to a command.

use super::{Command, CommandError, InitialResponse, Mail, Rcpt, Syntax, Unserved};
use crate::{
    cursor::Cursor,
    forward::Attributes,
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
const XCLI: u32 = verb(*b"XCLI");
const XFOR: u32 = verb(*b"XFOR");

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
    let Some((first, rest)) = line.split_first_chunk::<4>() else { return Err(CommandError::UnknownVerb) };
    let number = verb(*first);
    if number == BDAT {
        return chunk(line, rest);
    }
    let text = core::str::from_utf8(line).map_err(|error| CommandError::Character { at: error.valid_up_to() })?;
    let text = if matches!(line.last(), Some(b' ' | b'\t')) { text.trim_end_matches([' ', '\t']) } else { text };
    // The verb ends here, but for those that are longer.
    let length = match number {
        STAR | XFOR => 8,
        XCLI => 7,
        _ => 4,
    };
    let mut cursor = Cursor::new(text, length);
    match cursor.peek() {
        _ if text.len() < length => return Err(CommandError::UnknownVerb),
        Some(b' ' | b'\t') => while cursor.eat(b' ') || cursor.eat(b'\t') {},
        None => {}
        Some(_) => return Err(CommandError::UnknownVerb),
    }
    match number {
        MAIL => mail(text, &mut cursor, syntax),
        RCPT => rcpt(text, &mut cursor, syntax),
        EHLO => Ok(Command::Ehlo(client(&mut cursor, "EHLO your.host.name")?)),
        HELO => Ok(Command::Helo(client(&mut cursor, "HELO your.host.name")?)),
        LHLO => Ok(Command::Lhlo(client(&mut cursor, "LHLO your.host.name")?)),
        DATA => bare(&cursor, Command::Data, "DATA"),
        RSET => bare(&cursor, Command::Rset, "RSET"),
        QUIT => bare(&cursor, Command::Quit, "QUIT"),
        NOOP => Ok(Command::Noop(any(line, &cursor)?)),
        HELP => Ok(Command::Help(any(line, &cursor)?)),
        VRFY if cursor.peek().is_none() => Err(wrong(&cursor, "VRFY user")),
        VRFY => Ok(Command::Vrfy(any(line, &cursor)?)),
        EXPN if cursor.peek().is_none() => Err(wrong(&cursor, "EXPN list")),
        EXPN => Ok(Command::Expn(any(line, &cursor)?)),
        AUTH => auth(&mut cursor),
        STAR if text.get(..8).is_some_and(|verb| verb.eq_ignore_ascii_case("STARTTLS")) => {
            bare(&cursor, Command::StartTls, "STARTTLS")
        }
        _ => rare(line, text, length, &cursor),
    }
}

/// The commands that hardly anybody says.
#[cold]
fn rare<'a>(line: &[u8], text: &'a str, length: usize, cursor: &Cursor<'a>) -> Result<Command<'a>, CommandError> {
    const UNSERVED: [Unserved; 7] = [
        Unserved::Etrn,
        Unserved::Atrn,
        Unserved::Burl,
        Unserved::Turn,
        Unserved::Send,
        Unserved::Soml,
        Unserved::Saml,
    ];
    let verb = text.get(..length).unwrap_or_default();
    if verb.eq_ignore_ascii_case("XCLIENT") {
        let attributes = Attributes::parse(cursor.rest());
        return attributes.map(Command::Xclient).ok_or(wrong(cursor, "XCLIENT attribute=value ..."));
    }
    if verb.eq_ignore_ascii_case("XFORWARD") {
        let attributes = Attributes::parse(cursor.rest());
        return attributes.map(Command::Xforward).ok_or(wrong(cursor, "XFORWARD attribute=value ..."));
    }
    let verb = UNSERVED.into_iter().find(|known| known.name().eq_ignore_ascii_case(verb));
    let verb = verb.ok_or(CommandError::UnknownVerb)?;
    Ok(Command::Unserved { verb, argument: any(line, cursor)? })
}

/// A byte that no command has: a control character, or one that is not UTF-8.
#[cold]
fn stray(line: &[u8]) -> Option<CommandError> {
    let control = line.iter().position(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7F);
    let at = control.or_else(|| Some(core::str::from_utf8(line).err()?.valid_up_to()))?;
    Some(CommandError::Character { at })
}

/// Arguments that do not fit, from this place on.
#[cold]
const fn wrong(cursor: &Cursor<'_>, form: &'static str) -> CommandError {
    CommandError::Arguments { at: cursor.at(), form }
}

/// An argument that may be any text.
fn any<'a>(line: &[u8], cursor: &Cursor<'a>) -> Result<&'a [u8], CommandError> {
    let argument = cursor.rest();
    if argument.is_empty() {
        return Ok(&[]);
    }
    stray(line).map_or(Ok(argument.as_bytes()), Err)
}

/// A command without arguments.
fn bare<'a>(cursor: &Cursor<'_>, command: Command<'a>, form: &'static str) -> Result<Command<'a>, CommandError> {
    if cursor.peek().is_none() { Ok(command) } else { Err(wrong(cursor, form)) }
}

#[inline(always)]
fn client<'a>(cursor: &mut Cursor<'a>, form: &'static str) -> Result<ClientName<'a>, CommandError> {
    ClientName::read(cursor).map_err(|error| CommandError::Arguments { at: error.at, form })
}

/// Passes `FROM:` or `TO:`.
#[inline(always)]
fn keyword(cursor: &mut Cursor<'_>, keyword: &str, form: &'static str, syntax: Syntax) -> Result<(), CommandError> {
    if !cursor.eat_text(keyword) {
        return Err(wrong(cursor, form));
    }
    if syntax.space_before_path {
        cursor.eat(b' ');
    }
    Ok(())
}

/// Passes a path in brackets or, where that is allowed, without.
#[inline(always)]
fn path(cursor: &mut Cursor<'_>, utf8: bool, syntax: Syntax) -> Result<Place, PathError> {
    if syntax.loose_paths && cursor.peek() != Some(b'<') {
        Place::find(cursor, utf8)
    } else {
        path::bracketed(cursor, utf8)
    }
}

/// The same, where characters beyond ASCII may be.
#[cold]
fn international(cursor: &mut Cursor<'_>, syntax: Syntax) -> Result<Place, PathError> {
    path(cursor, true, syntax)
}

/// Behind a path there is nothing, or a space and parameters: whether there are any.
#[inline(always)]
fn behind(cursor: &mut Cursor<'_>, form: &'static str) -> Result<bool, CommandError> {
    match cursor.peek() {
        None => Ok(false),
        Some(b' ') => Ok(true),
        Some(_) => Err(wrong(cursor, form)),
    }
}

#[inline(always)]
fn mail<'a>(text: &'a str, cursor: &mut Cursor<'a>, syntax: Syntax) -> Result<Command<'a>, CommandError> {
    const FORM: &str = "MAIL FROM:<address> [parameters]";
    keyword(cursor, "FROM:", FORM, syntax)?;
    let start = cursor.at();
    let mut ascii = true;
    let place = if cursor.eat_text("<>") {
        None
    } else {
        let place = path(cursor, false, syntax).or_else(|_| {
            // Whether it may be more than ASCII is known once the parameters have been read.
            ascii = false;
            cursor.back(start);
            international(cursor, syntax)
        });
        Some(place.map_err(CommandError::Sender)?)
    };
    let mut params = MailParams::default();
    if behind(cursor, FORM)? {
        params.read(cursor)?;
    }
    let reverse_path = match place {
        Some(place) => ReversePath::Mailbox(Mailbox::at(text, place)),
        None => ReversePath::Null,
    };
    if !ascii && !params.smtputf8 && !reverse_path.is_ascii() {
        return Err(CommandError::Sender(PathError { at: start, what: PathFault::NotAscii }));
    }
    Ok(Command::Mail(Mail { reverse_path, params }))
}

#[inline(always)]
fn rcpt<'a>(text: &'a str, cursor: &mut Cursor<'a>, syntax: Syntax) -> Result<Command<'a>, CommandError> {
    const FORM: &str = "RCPT TO:<address> [parameters]";
    keyword(cursor, "TO:", FORM, syntax)?;
    let start = cursor.at();
    let place = match path(cursor, syntax.utf8, syntax) {
        Ok(place) => Some(place),
        // RFC 5321, 4.5.1: the one name that needs no domain
        Err(error) => {
            cursor.back(start);
            if !cursor.eat_text("<postmaster>") {
                return Err(CommandError::Recipient(error));
            }
            None
        }
    };
    let mut params = RcptParams::default();
    if behind(cursor, FORM)? {
        params.read(cursor, syntax.utf8)?;
    }
    let forward_path = match place {
        Some(place) => ForwardPath::Mailbox(Mailbox::at(text, place)),
        None => ForwardPath::Postmaster,
    };
    Ok(Command::Rcpt(Rcpt { forward_path, params }))
}

fn chunk<'a>(line: &[u8], argument: &[u8]) -> Result<Command<'a>, CommandError> {
    let mut rest = blanks(argument);
    let wrong = CommandError::Arguments { at: line.len() - rest.len(), form: "BDAT size [LAST]" };
    if rest.len() == argument.len() && !rest.is_empty() {
        return Err(CommandError::UnknownVerb);
    }
    let digits = rest.len();
    let mut size = 0_u64;
    while let [digit @ b'0'..=b'9', more @ ..] = rest {
        size = size.checked_mul(10).and_then(|size| size.checked_add(u64::from(digit - b'0'))).ok_or(wrong)?;
        rest = more;
    }
    let behind = blanks(rest);
    let last = behind.get(..4).is_some_and(|word| behind.len() < rest.len() && word.eq_ignore_ascii_case(b"LAST"));
    let behind = blanks(if last { behind.get(4..).unwrap_or_default() } else { behind });
    if rest.len() < digits && behind.is_empty() { Ok(Command::Bdat { size, last }) } else { Err(wrong) }
}

/// What is behind spaces and tabs.
fn blanks(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn auth<'a>(cursor: &mut Cursor<'a>) -> Result<Command<'a>, CommandError> {
    let wrong = wrong(cursor, "AUTH mechanism [initial-response]");
    let (mechanism, initial) = match cursor.rest().split_once(' ') {
        Some((mechanism, initial)) => (mechanism, Some(InitialResponse::new(initial).ok_or(wrong)?)),
        None => (cursor.rest(), None),
    };
    // RFC 4422, 3.1: up to 20 capitals, digits, hyphens and underscores
    let good = (1..=20).contains(&mechanism.len())
        && mechanism.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if good { Ok(Command::Auth { mechanism, initial }) } else { Err(wrong) }
}
