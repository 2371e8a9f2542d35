//! Writes the field, so that no value can end it or begin another.

use alloc::{string::String, vec::Vec};
use core::fmt::{self, Write as _};

use crate::{
    AuthenticationResults, Misuse, Resinfo,
    grammar::{is_domain, is_dot_atom, is_keyword, is_token, is_unprintable, is_wsp},
};

/// The longest value, reason or comment, in bytes as written: with a type and a name before it, it stays on a line of 998 (RFC 5322, 2.1.1).
const VALUE: usize = 700;
/// The longest keyword.
const KEYWORD: usize = 128;
/// RFC 5321, 4.5.3.1.2: the longest domain, which an authserv-id mostly is.
const AUTHSERV_ID: usize = 255;
/// What a line should have at most (RFC 5322, 2.1.1).
const LINE: usize = 78;

impl AuthenticationResults<'_> {
    /// Appends the field with its name and line ends. Lines are at most 78 bytes long where white space lets them be divided, and never longer than 998.
    /// Names are written in lower case, values in quotes where they must be, and always in one form; what is written may be beyond ASCII
    /// where the values are, and then belongs in internationalized mail alone (RFC 8601, 2.2; RFC 6532).
    ///
    /// # Errors
    /// [`Misuse`]: the id or a name cannot be written. Nothing is appended then. Values, reasons and comments are never at fault.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), Misuse> {
        self.check()?;
        self.append(&mut Folder::new(out, "Authentication-Results:"));
        Ok(())
    }

    /// Appends it as the ARC-Authentication-Results field of that set (RFC 8617, 4.1.1).
    ///
    /// ```
    /// use auth_results::{AuthenticationResults, Resinfo, ResultCode};
    ///
    /// let mut out = Vec::new();
    /// let field = AuthenticationResults::new("mx.example.org").result(Resinfo::dmarc(ResultCode::Pass, "example.net", Some("reject")));
    /// field.write_arc(1, &mut out)?;
    /// assert_eq!(
    ///     String::from_utf8_lossy(&out),
    ///     "ARC-Authentication-Results: i=1; mx.example.org;\r\n dmarc=pass header.from=example.net policy.dmarc=reject\r\n"
    /// );
    /// # Ok::<(), auth_results::Misuse>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::write`]; [`Misuse::Instance`] if the instance is not from 1 to 50.
    pub fn write_arc(&self, instance: u8, out: &mut Vec<u8>) -> Result<(), Misuse> {
        if !(1..=50).contains(&instance) {
            return Err(Misuse::Instance(instance));
        }
        self.check()?;
        let mut folder = Folder::new(out, "ARC-Authentication-Results:");
        folder.piece(|text| write!(text, "i={instance};"));
        self.append(&mut folder);
        Ok(())
    }

    fn check(&self) -> Result<(), Misuse> {
        let id = &*self.authserv_id;
        if id.is_empty() || id.len() > AUTHSERV_ID || id.contains(is_unprintable) {
            return Err(Misuse::AuthservId);
        }
        let names = self.results.iter().flat_map(|result| {
            let properties = result.properties.iter().flat_map(|property| [property.ptype.as_str(), &*property.name]);
            [result.method.as_str(), result.result.as_str()].into_iter().chain(properties)
        });
        for name in names {
            if name.len() > KEYWORD || !is_keyword(name) {
                return Err(Misuse::Keyword);
            }
        }
        Ok(())
    }

    fn append(&self, folder: &mut Folder<'_>) {
        folder.piece(|text| {
            push_authserv_id(text, &self.authserv_id);
            Ok(())
        });
        folder.comments(&self.comments);
        if self.results.is_empty() {
            folder.attach(";");
            folder.piece(|text| text.write_str("none"));
        }
        for result in &self.results {
            folder.attach(";");
            folder.break_line();
            folder.result(result);
        }
        folder.out.extend_from_slice(b"\r\n");
    }
}

/// A field being written, one piece after another, each with a space before it, where the line is broken if it gets too long.
///
/// Spaces inside a piece are in quotes or in a comment, where a line may be broken as well. No line has white space alone: each piece ends in
/// something else.
struct Folder<'o> {
    out: &'o mut Vec<u8>,
    /// Bytes on this line.
    column: usize,
    scratch: String,
}

impl<'o> Folder<'o> {
    fn new(out: &'o mut Vec<u8>, name: &str) -> Self {
        out.extend_from_slice(name.as_bytes());
        Self { out, column: name.len(), scratch: String::with_capacity(LINE) }
    }

    fn result(&mut self, result: &Resinfo<'_>) {
        self.piece(|text| result.fmt_methodspec(text));
        if let Some(reason) = &result.reason {
            self.piece(|text| {
                text.push_str("reason=");
                push_reason(text, reason);
                Ok(())
            });
        }
        self.comments(&result.comments);
        for property in &result.properties {
            let mut fits = true;
            self.piece(|text| {
                push_lower(text, property.ptype.as_str())?;
                text.push('.');
                push_lower(text, &property.name)?;
                text.push('=');
                let start = text.len();
                push_value(text, &property.value);
                fits = text.len() - start <= VALUE;
                // half a name would be another name
                if fits { Ok(()) } else { Err(fmt::Error) }
            });
            if fits {
                self.comments(&property.comments);
            }
        }
    }

    fn comments(&mut self, comments: &[impl AsRef<str>]) {
        for comment in comments {
            self.piece(|text| {
                push_comment(text, comment.as_ref());
                Ok(())
            });
        }
    }

    /// Writes a piece, unless there is an error in it.
    fn piece(&mut self, write: impl FnOnce(&mut String) -> fmt::Result) {
        let mut text = core::mem::take(&mut self.scratch);
        text.clear();
        if write(&mut text).is_ok() {
            self.put(&text);
        }
        self.scratch = text;
    }

    fn put(&mut self, piece: &str) {
        // one byte is kept for a semicolon
        let is_fresh = self.column == 0;
        if !is_fresh && self.column + 1 + piece.len() + 1 > LINE {
            self.break_line();
        }
        self.out.push(b' ');
        self.column += 1;
        if self.column + piece.len() < LINE {
            return self.attach(piece);
        }
        let mut rest = piece;
        while !rest.is_empty() {
            let spaces = rest.bytes().position(|byte| !is_wsp(byte)).unwrap_or(rest.len());
            let word = rest.bytes().skip(spaces).position(is_wsp).unwrap_or(rest.len() - spaces);
            if spaces > 0 && self.column + spaces + word + 1 > LINE {
                self.break_line();
            }
            let (now, later) = rest.split_at_checked(spaces + word).unwrap_or((rest, ""));
            self.attach(now);
            rest = later;
        }
    }

    /// Writes what belongs to the piece before it.
    fn attach(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.column += text.len();
    }

    fn break_line(&mut self) {
        self.out.extend_from_slice(b"\r\n");
        self.column = 0;
    }
}

/// Appends a value as a token or an address where it is one, and in quotes otherwise.
fn push_value(out: &mut String, value: &str) {
    if value.is_ascii() && (is_token(value) || is_address(value)) {
        out.push_str(value);
    } else if value.contains(is_unprintable) {
        // first what it will be read as, then its form, so that each text has one form
        let mut clean = String::with_capacity(value.len());
        push_escaped(&mut clean, value, usize::MAX, |_| false);
        push_value(out, &clean);
    // white space beyond ASCII is none by the grammar, but may be for others
    } else if !value.contains(|char: char| char.is_whitespace() && !char.is_ascii())
        && (is_token(value) || is_address(value))
    {
        out.push_str(value);
    } else {
        push_quoted(out, value);
    }
}

/// Appends the id of a server: unlike the value of a property it is no address (RFC 8601, 2.2 and 2.5), so what looks like one is in quotes.
fn push_authserv_id(out: &mut String, id: &str) {
    if is_address(id) { push_quoted(out, id) } else { push_value(out, id) }
}

/// Appends a name in lower case.
pub(crate) fn push_lower(out: &mut impl fmt::Write, name: &str) -> fmt::Result {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name.chars().try_for_each(|char| out.write_char(char.to_ascii_lowercase()));
    }
    out.write_str(name)
}

/// Appends a quoted string.
pub(crate) fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text, usize::MAX, |char| matches!(char, '"' | '\\'));
    out.push('"');
}

/// Always in quotes, cut to what fits.
fn push_reason(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text, VALUE, |char| matches!(char, '"' | '\\'));
    out.push('"');
}

/// In parentheses, cut to what fits.
fn push_comment(out: &mut String, text: &str) {
    out.push('(');
    push_escaped(out, text, VALUE, |char| matches!(char, '(' | ')' | '\\'));
    out.push(')');
}

fn push_escaped(out: &mut String, text: &str, max: usize, escape: impl Fn(char) -> bool) {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && !escape(char::from(byte));
    if text.len() <= max && text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        out.push_str(text);
        return;
    }
    let end = out.len().saturating_add(max);
    for char in text.chars() {
        let char = if is_unprintable(char) { '?' } else { char };
        let hidden = escape(char);
        if out.len() + char.len_utf8() + usize::from(hidden) > end {
            return;
        }
        if hidden {
            out.push('\\');
        }
        out.push(char);
    }
}

/// Whether a value is an address in just the form that a reader gives: a local part in quotes only where it must be, or none, before the at sign.
fn is_address(value: &str) -> bool {
    let Some((local, domain)) = value.rsplit_once('@') else { return false };
    if !is_domain(domain) {
        return false;
    }
    if local.is_empty() || is_dot_atom(local) {
        return true;
    }
    let Some(inner) = local.strip_prefix('"').and_then(|local| local.strip_suffix('"')) else { return false };
    let (mut plain, mut is_hidden) = (String::with_capacity(inner.len()), false);
    for char in inner.chars() {
        if char == '\\' && !is_hidden {
            is_hidden = true;
        } else {
            plain.push(char);
            is_hidden = false;
        }
    }
    let mut again = String::with_capacity(local.len());
    push_quoted(&mut again, &plain);
    !is_dot_atom(&plain) && again == local
}

/// A value as it is written.
pub(crate) struct Value<'v>(pub(crate) &'v str);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        push_value(&mut text, self.0);
        f.write_str(&text)
    }
}

/// A reason as it is written.
pub(crate) struct Reason<'v>(pub(crate) &'v str);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        push_reason(&mut text, self.0);
        f.write_str(&text)
    }
}
