//! The lexical tokens of structured values (RFC 5322, 3.2), read in place.

use core::ops::RangeInclusive;

use memchr::memchr3;

use crate::{
    Error, Limits, Syntax,
    grammar::{is_atext, is_dotted, is_fws},
    work::look,
};

/// A place in a value. It only moves forward, so whatever reads with it takes time linear in the value.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self::with_depth(bytes, Limits::default().comments)
    }

    /// With another limit on nested comments.
    pub(crate) fn with_depth(bytes: &'a [u8], depth: u32) -> Self {
        Self { bytes, at: 0, depth }
    }

    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// The value from one offset to another.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'a [u8] {
        self.bytes.get(from..to).unwrap_or_default()
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn is_at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn bump(&mut self) {
        look(1);
        self.at = (self.at + 1).min(self.bytes.len());
    }

    /// Goes to the end: nothing behind this can be told apart.
    pub(crate) fn give_up(&mut self) {
        self.at = self.bytes.len();
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

    pub(crate) fn take_while(&mut self, class: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.rest();
        let length = rest.iter().position(|&byte| !class(byte)).unwrap_or(rest.len());
        look(length + 1);
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    pub(crate) fn letters(&mut self) -> &'a [u8] {
        self.take_while(|byte| byte.is_ascii_alphabetic())
    }

    pub(crate) fn atom(&mut self) -> &'a [u8] {
        self.take_while(is_atext)
    }

    /// Passes atoms and dots, and says whether they are a dot-atom (RFC 5322, 3.2.3): single dots, between atoms.
    #[inline]
    pub(crate) fn dotted(&mut self) -> (&'a [u8], bool) {
        let rest = self.rest();
        let (mut length, mut before, mut good) = (0, b'.', true);
        for &byte in rest {
            if !is_dotted(byte) {
                break;
            }
            good &= byte != b'.' || before != b'.';
            before = byte;
            length += 1;
        }
        look(length + 1);
        self.at += length;
        (rest.get(..length).unwrap_or_default(), good && before != b'.')
    }

    /// A number of so many digits, at most four, and how many it had. Longer ones are none.
    pub(crate) fn number(&mut self, width: RangeInclusive<usize>) -> Option<(u16, usize)> {
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        if !width.contains(&digits.len()) || digits.len() > 4 {
            return None;
        }
        Some((digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')), digits.len()))
    }

    /// Skips white space and folds. A line end is part of a fold only before white space (RFC 5322, 2.2.3).
    pub(crate) fn skip_fws(&mut self) {
        loop {
            look(1);
            self.at += match self.rest() {
                [b' ' | b'\t', ..] => 1,
                [b'\n', b' ' | b'\t', ..] => 2,
                [b'\r', b'\n', b' ' | b'\t', ..] => 3,
                _ => return,
            };
        }
    }

    /// Skips white space, folds and comments. Mostly there are none, or a space.
    #[inline]
    pub(crate) fn skip_cfws(&mut self) -> Result<(), Error> {
        match self.peek() {
            Some(byte) if is_fws(byte) || byte == b'(' => self.skip_some_cfws(),
            _ => Ok(()),
        }
    }

    fn skip_some_cfws(&mut self) -> Result<(), Error> {
        loop {
            self.skip_fws();
            if self.peek() != Some(b'(') {
                return Ok(());
            }
            self.comment()?;
        }
    }

    /// Reads a comment and gives what is between its parentheses. The cursor must be at the opening one.
    pub(crate) fn comment(&mut self) -> Result<&'a [u8], Error> {
        let start = self.at + 1;
        let mut depth = 0_u32;
        loop {
            // M-1: nested comments are counted, not called
            match self.next_of(b'(', b')')? {
                b'(' => depth += 1,
                b')' if depth == 1 => return Ok(self.slice(start, self.at - 1)),
                _ => depth -= 1,
            }
            if depth > self.depth {
                return Err(self.error(Syntax::Depth));
            }
        }
    }

    /// Reads a quoted string and gives what is between its quotes, escapes and folds as they are. The cursor must be at the opening quote.
    pub(crate) fn quoted(&mut self) -> Result<&'a [u8], Error> {
        self.bump();
        let start = self.at;
        self.next_of(b'"', b'"')?;
        Ok(self.slice(start, self.at - 1))
    }

    /// Reads up to one of these two bytes and past it; a backslash hides the byte behind it.
    fn next_of(&mut self, one: u8, other: u8) -> Result<u8, Error> {
        loop {
            let found = memchr3(one, other, b'\\', self.rest());
            look(found.map_or(self.rest().len(), |length| length + 1));
            let found = found.and_then(|length| {
                self.at += length;
                self.peek()
            });
            match found {
                Some(b'\\') if self.at + 2 <= self.bytes.len() => self.at += 2,
                // a backslash as the last byte hides nothing: the end is missing all the same
                Some(b'\\') | None => {
                    self.give_up();
                    return Err(self.error(Syntax::Unterminated));
                }
                Some(byte) => {
                    self.at += 1;
                    return Ok(byte);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    /// M-1: depth is bounded, and a comment ending in a backslash does not run past its end.
    #[test]
    fn m1_comments_nest_to_the_limit_and_end_where_the_value_does() {
        let nested = |depth: usize| [vec![b'('; depth], vec![b')'; depth]].concat();
        assert_eq!(Cursor::new(&nested(32)).skip_cfws(), Ok(()));
        assert_eq!(Cursor::new(&nested(33)).skip_cfws(), Err(Error::syntax(Syntax::Depth, 33)));
        assert_eq!(Cursor::new(&nested(1_000_000)).skip_cfws(), Err(Error::syntax(Syntax::Depth, 33)));
        assert_eq!(Cursor::new(b"(a\\").skip_cfws(), Err(Error::syntax(Syntax::Unterminated, 3)));
        assert_eq!(Cursor::new(b"(a\\)").skip_cfws(), Err(Error::syntax(Syntax::Unterminated, 4)));
        assert_eq!(Cursor::new(b"(a\\)b) c").comment(), Ok(&b"a\\)b"[..]));
    }
}
