//! The trace of a message read back: Received fields (RFC 5322, 3.6.7; RFC 5321, 4.4).

use crate::{DateTime, Error, Leniency, Syntax, cursor::Cursor, grammar::is_fws, text::Pieces};

/// One Received field, read: what one server says about how it got the message.
///
/// All of it is a claim of that server, and whoever held the message later may have changed it. The parts are words as they stand; comments
/// are passed over but for those behind `from`, where the connecting address is.
///
/// ```
/// use message::Hop;
///
/// let hop = Hop::parse(
///     b"from mail.example.net (rdns.example.net [192.0.2.1])\r\n by mx.example.org with ESMTPS id 42 for <mary@example.org>;\r\n Thu, 1 Jan 1970 00:00:00 +0000",
/// )?;
/// assert_eq!((hop.from, hop.from_info), (Some("mail.example.net"), Some("rdns.example.net [192.0.2.1]")));
/// assert_eq!((hop.by, hop.with, hop.id, hop.for_), (Some("mx.example.org"), Some("ESMTPS"), Some("42"), Some("<mary@example.org>")));
/// assert_eq!(hop.date.map(|date| date.unix()), Some(0));
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hop<'a> {
    /// The name that the sender gave in EHLO.
    pub from: Option<&'a str>,
    /// The comment behind it: usually the sender's name in the DNS and its address.
    pub from_info: Option<&'a str>,
    /// The server that wrote the field.
    pub by: Option<&'a str>,
    /// The link, if it was not the Internet.
    pub via: Option<&'a str>,
    /// The protocol (RFC 3848).
    pub with: Option<&'a str>,
    /// The server's own id for the message.
    pub id: Option<&'a str>,
    /// The recipient, mostly in angle brackets.
    pub for_: Option<&'a str>,
    /// When. `None` where it cannot be read.
    pub date: Option<DateTime>,
}

impl<'a> Hop<'a> {
    /// Reads the value of a Received field. What stands where no name is expected is passed over: servers add clauses of their own (RFC 5321,
    /// 4.4 allows for it).
    ///
    /// # Errors
    /// [`Error::Syntax`]: a comment or quoted string has no end, comments are nested too deep, or a clause is not UTF-8.
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        let mut hop = Self::default();
        let mut cursor = Cursor::new(value);
        let pieces = Pieces::new(value);
        let text = |(start, end)| pieces.get(start, end).ok_or(Error::syntax(Syntax::Octet, start));
        loop {
            skip_gap(&mut cursor)?;
            match cursor.peek() {
                None => return Ok(hop),
                Some(b';') => {
                    cursor.bump();
                    hop.date = DateTime::parse_with(cursor.rest(), Leniency::Forgiving).ok();
                    return Ok(hop);
                }
                Some(_) => {}
            }
            let keyword = text(token(&mut cursor)?)?;
            let is_from = keyword.eq_ignore_ascii_case("from");
            let clause = match () {
                () if is_from => &mut hop.from,
                () if keyword.eq_ignore_ascii_case("by") => &mut hop.by,
                () if keyword.eq_ignore_ascii_case("via") => &mut hop.via,
                () if keyword.eq_ignore_ascii_case("with") => &mut hop.with,
                () if keyword.eq_ignore_ascii_case("id") => &mut hop.id,
                () if keyword.eq_ignore_ascii_case("for") => &mut hop.for_,
                () => continue,
            };
            skip_gap(&mut cursor)?;
            // the first of each clause counts
            let word = text(token(&mut cursor)?)?;
            if clause.is_none() && !word.is_empty() {
                *clause = Some(word);
            }
            if is_from && hop.from_info.is_none() {
                cursor.take_while(is_fws);
                if cursor.peek() == Some(b'(') {
                    let start = cursor.at() + 1;
                    let length = cursor.comment()?.len();
                    hop.from_info = Some(text((start, start + length))?);
                }
            }
        }
    }
}

/// White space, comments, and line ends that stand alone: they spoil no more than their clause.
fn skip_gap(cursor: &mut Cursor<'_>) -> Result<(), Error> {
    cursor.skip_cfws()?;
    while cursor.peek().is_some_and(is_fws) {
        cursor.bump();
        cursor.skip_cfws()?;
    }
    Ok(())
}

/// From where to where something stands together: no white space, comment or semicolon, but for quoted strings.
fn token(cursor: &mut Cursor<'_>) -> Result<(usize, usize), Error> {
    let start = cursor.at();
    loop {
        cursor.take_while(|byte| !is_fws(byte) && !matches!(byte, b'(' | b';' | b'"'));
        if cursor.peek() != Some(b'"') {
            return Ok((start, cursor.at()));
        }
        cursor.quoted()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_write_is_read() {
        let table = [
            (
                "from localhost by mx (Postfix, from userid 0) id A1; Thu, 1 Jan 1970 00:00:00 +0000 (UTC)",
                Some("localhost"),
                Some("mx"),
                Some("A1"),
                true,
            ),
            ("(qmail 123 invoked by uid 5); 1 Jan 1970 00:00:00 -0000", None, None, None, true),
            ("by 10.0.0.1 with SMTP id x.y; Thu, 1 Jan 70 00:00:00 GMT", None, Some("10.0.0.1"), Some("x.y"), true),
            ("from [192.0.2.1]\r\n\tby mx; nonsense", Some("[192.0.2.1]"), Some("mx"), None, false),
            ("from", None, None, None, false),
            ("", None, None, None, false),
        ];
        for (value, from, by, id, dated) in table {
            let hop = Hop::parse(value.as_bytes()).unwrap();
            assert_eq!((hop.from, hop.by, hop.id, hop.date.is_some()), (from, by, id, dated), "{value}");
        }
        assert_eq!(Hop::parse(b"from a (b"), Err(Error::syntax(Syntax::Unterminated, 9)));
    }
}
