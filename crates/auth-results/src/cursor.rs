//! The lexical tokens of the field, read in place.

use alloc::{borrow::Cow, string::String};

use crate::{
    Error, Syntax,
    grammar::{is_unprintable, is_wsp},
    work::look,
};

/// A place in a value that is known to be text: UTF-8, without control characters but for tabs and line ends.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    depth: u32,
}

impl<'a> Cursor<'a> {
    /// A value without its own line end.
    pub(crate) fn new(value: &'a [u8], depth: u32) -> Result<Self, Error> {
        look(value.len());
        let text = core::str::from_utf8(value).map_err(|error| Error::syntax(Syntax::Octet, error.valid_up_to()))?;
        // all of the short text at once is faster than to stop early
        let odd = text.bytes().fold(false, |odd, byte| odd | !matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n'));
        if odd {
            let found = text.char_indices().find(|(_, char)| is_unprintable(*char) && !matches!(char, '\r' | '\n'));
            if let Some((at, _)) = found {
                return Err(Error::syntax(Syntax::Octet, at));
            }
        }
        Ok(Self { text, at: 0, depth })
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Goes back, to read from there in another way.
    pub(crate) fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// The text from one offset to another.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.text.get(from..to).unwrap_or_default()
    }

    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.text.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.byte(self.at)
    }

    /// The byte at an offset.
    pub(crate) fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    /// Goes past an ASCII byte that was seen.
    pub(crate) fn bump(&mut self) {
        look(1);
        self.at = (self.at + 1).min(self.text.len());
    }

    pub(crate) fn take(&mut self, byte: u8) -> bool {
        look(1);
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(crate) fn error(&self, what: Syntax) -> Error {
        Error::syntax(what, self.at)
    }

    /// The class must take all bytes beyond ASCII, or none.
    pub(crate) fn take_while(&mut self, class: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !class(byte)).unwrap_or(rest.len());
        look(length + 1);
        let from = self.at;
        self.at += length;
        self.slice(from, self.at)
    }

    /// Skips white space and folds, and says whether there was any. A line end is part of a fold only before white space (RFC 5322, 2.2.3).
    pub(crate) fn skip_fws(&mut self) -> bool {
        let from = self.at;
        loop {
            look(1);
            self.at += match self.rest() {
                [b' ' | b'\t', ..] => 1,
                [b'\n', b' ' | b'\t', ..] => 2,
                [b'\r', b'\n', b' ' | b'\t', ..] => 3,
                _ => return self.at > from,
            };
        }
    }

    /// Reads a comment and gives what is between its parentheses, folds and backslashes removed. The cursor must be at the opening one.
    pub(crate) fn comment(&mut self) -> Result<Cow<'a, str>, Error> {
        self.bump();
        let mut text = Plain::new(self.text, self.at);
        let mut depth = 1_u32;
        loop {
            match self.peek() {
                // nested comments are counted, not called
                Some(b'(') => depth += 1,
                Some(b')') => depth -= 1,
                _ => {
                    self.step(&mut text)?;
                    continue;
                }
            }
            if depth == 0 {
                let text = text.end(self.at);
                self.bump();
                return Ok(text);
            }
            if depth > self.depth {
                return Err(self.error(Syntax::Depth));
            }
            self.bump();
        }
    }

    /// Reads a quoted string and gives what is between its quotes, folds and backslashes removed. The cursor must be at the opening quote.
    pub(crate) fn quoted(&mut self) -> Result<Cow<'a, str>, Error> {
        self.bump();
        let mut text = Plain::new(self.text, self.at);
        while self.peek() != Some(b'"') {
            self.step(&mut text)?;
        }
        let text = text.end(self.at);
        self.bump();
        Ok(text)
    }

    /// One step inside quotes or a comment: a fold, a backslash with what it hides, or a run of anything else.
    fn step(&mut self, text: &mut Plain<'a>) -> Result<(), Error> {
        match self.rest() {
            [] => return Err(self.error(Syntax::Unterminated)),
            [b'\\', b'\r' | b'\n', ..] => {
                self.bump();
                return Err(self.error(Syntax::Octet));
            }
            [b'\\'] => {
                self.bump();
                return Err(self.error(Syntax::Unterminated));
            }
            [b'\\', ..] => {
                text.skip(self.at, 1);
                self.bump();
                // what is hidden is a character; the bytes behind its first one belong to no class below
                self.bump();
            }
            [b'\n', next, ..] if is_wsp(*next) => {
                text.skip(self.at, 1);
                self.bump();
            }
            [b'\r', b'\n', next, ..] if is_wsp(*next) => {
                text.skip(self.at, 2);
                self.at += 2;
                look(2);
            }
            [b'\r' | b'\n', ..] => return Err(self.error(Syntax::Octet)),
            // one that was just let through by its caller, too
            [_, ..] => {
                self.bump();
                self.take_while(|byte| !matches!(byte, b'"' | b'(' | b')' | b'\\' | b'\r' | b'\n'));
            }
        }
        Ok(())
    }
}

/// Text from which pieces are left out: borrowed as long as nothing is.
struct Plain<'a> {
    text: &'a str,
    from: usize,
    owned: String,
}

impl<'a> Plain<'a> {
    fn new(text: &'a str, from: usize) -> Self {
        Self { text, from, owned: String::new() }
    }

    /// Leaves so many bytes out, which start here.
    fn skip(&mut self, at: usize, length: usize) {
        self.owned.push_str(self.text.get(self.from..at).unwrap_or_default());
        self.from = at + length;
    }

    fn end(self, at: usize) -> Cow<'a, str> {
        let last = self.text.get(self.from..at).unwrap_or_default();
        if self.owned.is_empty() {
            return Cow::Borrowed(last);
        }
        let mut owned = self.owned;
        owned.push_str(last);
        Cow::Owned(owned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(text: &str) -> Cursor<'_> {
        Cursor::new(text.as_bytes(), 3).unwrap()
    }

    #[test]
    fn quoted_strings_and_comments_are_read_as_their_text() {
        for (text, plain, left) in [
            ("\"\"x", "", "x"),
            ("\"a b\"", "a b", ""),
            (r#""a\"\\b" "#, r#"a"\b"#, " "),
            ("\"a\r\n b\n\tc\"", "a b\tc", ""),
            (r#""\ü\(""#, "ü(", ""),
            (r#""()""#, "()", ""),
        ] {
            let mut cursor = cursor(text);
            assert_eq!(cursor.quoted().unwrap(), plain, "{text}");
            assert_eq!(cursor.slice(cursor.at(), text.len()), left);
        }
        for (text, plain) in
            [("()", ""), ("(a (b) \\) \"c)", "a (b) ) \"c"), ("(((x)))", "((x))"), ("(a\r\n b)", "a b")]
        {
            assert_eq!(cursor(text).comment().unwrap(), plain, "{text}");
        }
        assert!(matches!(cursor("\"abc\"").quoted(), Ok(Cow::Borrowed("abc"))));
    }

    #[test]
    fn what_has_no_end_is_told_where_it_should_be() {
        for (text, what, at) in [
            ("(a", Syntax::Unterminated, 2),
            ("(a\\", Syntax::Unterminated, 3),
            ("(a\\)", Syntax::Unterminated, 4),
            ("((((a))))", Syntax::Depth, 3),
            ("(a\r\nb)", Syntax::Octet, 2),
            ("(a\\\r\n b)", Syntax::Octet, 3),
        ] {
            assert_eq!(cursor(text).comment(), Err(Error::syntax(what, at)), "{text:?}");
        }
        assert_eq!(Cursor::new(b"a\0", 1).err(), Some(Error::syntax(Syntax::Octet, 1)));
        assert_eq!(Cursor::new(b"a\xff", 1).err(), Some(Error::syntax(Syntax::Octet, 1)));
        assert_eq!(Cursor::new("a\u{9b}".as_bytes(), 1).err(), Some(Error::syntax(Syntax::Octet, 1)));
    }
}
