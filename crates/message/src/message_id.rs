//! Message ids (RFC 5322, 3.6.4).

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::{fmt, iter::FusedIterator};

use crate::{
    Error, Syntax,
    cursor::Cursor,
    grammar::{is_atext, is_dot_atom, is_fws},
    text,
};

/// What identifies a message, without its angle brackets.
///
/// Valid by construction: printable, without white space, angle brackets and comments, with an `@` in it, at most [`MAX`](Self::MAX) bytes. Compared
/// byte by byte, as it must be: nothing in it has a meaning.
///
/// ```
/// use message::MessageId;
///
/// let id = MessageId::generate([7; 16], "mx.example.org")?;
/// assert_eq!(id.to_string(), "<07070707070707070707070707070707@mx.example.org>");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId<'a>(Cow<'a, str>);

impl<'a> MessageId<'a> {
    /// The longest id in bytes: 900, which fits on a line (row M-11).
    pub const MAX: usize = 900;

    /// An id from its text, without angle brackets.
    ///
    /// # Errors
    /// [`Error::Syntax`].
    pub fn new(id: impl Into<Cow<'a, str>>) -> Result<Self, Error> {
        let id = id.into();
        let plain = |byte: u8| (byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>')) || !byte.is_ascii();
        if id.len() > Self::MAX {
            return Err(Error::syntax(Syntax::TooLong, Self::MAX));
        }
        if let Some(at) = id.bytes().position(|byte| !plain(byte)) {
            return Err(Error::syntax(Syntax::Octet, at));
        }
        // read back it must be the same: quotes are closed, and no comment begins outside of them
        let mut cursor = Cursor::new(id.as_bytes());
        while !cursor.is_at_end() {
            cursor.take_while(|byte| !matches!(byte, b'"' | b'('));
            match cursor.peek() {
                Some(b'"') => {
                    cursor.quoted()?;
                }
                Some(_) => return Err(cursor.error(Syntax::MessageId)),
                None => {}
            }
        }
        Self::of_clean(id)
    }

    /// The same for text without white space, control characters, quotes, brackets and comments.
    fn of_clean(id: Cow<'a, str>) -> Result<Self, Error> {
        if id.len() > Self::MAX {
            return Err(Error::syntax(Syntax::TooLong, Self::MAX));
        }
        match id.bytes().rposition(|byte| byte == b'@') {
            Some(at) if at > 0 && at + 1 < id.len() => Ok(Self(id)),
            _ => Err(Error::syntax(Syntax::MessageId, 0)),
        }
    }

    /// A new id: 16 bytes that the caller drew at random, at a host.
    ///
    /// # Errors
    /// [`Error::Syntax`] if `host` is no domain.
    pub fn generate(random: [u8; 16], host: &str) -> Result<MessageId<'static>, Error> {
        if !is_dot_atom(host.as_bytes()) {
            return Err(Error::syntax(Syntax::Domain, 0));
        }
        MessageId::new(alloc::format!("{:032x}@{host}", u128::from_be_bytes(random)))
    }

    /// The id without angle brackets.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> MessageId<'static> {
        MessageId(Cow::Owned(self.0.into_owned()))
    }
}

impl fmt::Display for MessageId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.0)
    }
}

/// The message ids of a value, in their order; what else is in it is passed over (RFC 5322, 4.5.4). Takes no memory whatever the value is.
///
/// An id that cannot be one is an `Err`, and reading goes on behind it.
#[derive(Clone, Debug)]
pub struct MessageIds<'a> {
    cursor: Cursor<'a>,
}

impl<'a> MessageIds<'a> {
    /// The ids in the value of Message-ID, In-Reply-To or References.
    #[must_use]
    pub fn new(value: &'a [u8]) -> Self {
        Self { cursor: Cursor::new(value) }
    }

    /// The last `count` ids, the oldest of them first, without those that are none: what threading needs of References, which has no limit of
    /// its own (row M-11; 20 are plenty).
    #[must_use]
    pub fn newest(self, count: usize) -> Vec<MessageId<'a>> {
        let mut newest = Vec::new();
        let mut oldest = 0;
        for id in self.flatten() {
            if newest.len() < count {
                newest.push(id);
            } else if let Some(place) = newest.get_mut(oldest) {
                *place = id;
                oldest = (oldest + 1) % count;
            }
        }
        newest.rotate_left(oldest);
        newest
    }

    /// Reads behind a `<` up to and with the `>`. White space and comments are no part of the id (msg-id, 4.5.4).
    fn id(&mut self) -> Result<MessageId<'a>, Error> {
        let start = self.cursor.at();
        let plain = |byte: u8| is_atext(byte) || matches!(byte, b'.' | b'@' | b'[' | b']' | b':' | b',' | b';' | b')');
        let run = self.cursor.take_while(plain);
        if self.cursor.take(b'>') {
            return own_text(Cow::Borrowed(run), start, MessageId::of_clean);
        }
        let mut id = run.to_vec();
        loop {
            let at = self.cursor.at();
            match self.cursor.peek() {
                None => return Err(self.cursor.error(Syntax::Unterminated)),
                Some(b'>') => {
                    self.cursor.bump();
                    return own_text(Cow::Owned(id), start, MessageId::new);
                }
                Some(b'(') => self.cursor.skip_cfws()?,
                Some(byte) if is_fws(byte) => self.cursor.bump(),
                Some(b'"') => {
                    self.cursor.quoted()?;
                    id.extend_from_slice(self.cursor.slice(at, self.cursor.at()));
                }
                Some(b'<') => return Err(self.cursor.error(Syntax::MessageId)),
                Some(byte) => {
                    id.push(byte);
                    self.cursor.bump();
                }
            }
        }
    }
}

fn own_text<'a>(
    bytes: Cow<'a, [u8]>,
    start: usize,
    check: impl Fn(Cow<'a, str>) -> Result<MessageId<'a>, Error>,
) -> Result<MessageId<'a>, Error> {
    let id = text::utf8(bytes).ok_or(Error::syntax(Syntax::Octet, start))?;
    check(id).map_err(|error| match error {
        Error::Syntax { what, at } => Error::syntax(what, start + at),
        other => other,
    })
}

impl<'a> Iterator for MessageIds<'a> {
    type Item = Result<MessageId<'a>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Err(error) = self.cursor.skip_cfws() {
                self.cursor.give_up();
                return Some(Err(error));
            }
            match self.cursor.peek()? {
                b'<' => {
                    self.cursor.bump();
                    return Some(self.id());
                }
                b'"' => {
                    if let Err(error) = self.cursor.quoted() {
                        return Some(Err(error));
                    }
                }
                _ => self.cursor.bump(),
            }
        }
    }
}

impl FusedIterator for MessageIds<'_> {}

impl From<MessageId<'_>> for String {
    fn from(id: MessageId<'_>) -> Self {
        id.0.into_owned()
    }
}

#[cfg(test)]
mod tests {
    use alloc::{format, string::ToString, vec};

    use super::*;

    fn read(value: &str) -> Vec<Result<String, Syntax>> {
        let ids = MessageIds::new(value.as_bytes()).map(|id| match id {
            Ok(id) => Ok(id.as_str().to_string()),
            Err(Error::Syntax { what, .. }) => Err(what),
            Err(other) => panic!("{other}"),
        });
        ids.collect()
    }

    #[test]
    fn ids_are_found_among_white_space_comments_and_words() {
        assert_eq!(read(" <a@b>"), [Ok("a@b".into())]);
        assert_eq!(read("<a@b><c@[d]>\r\n\t<e.f@g>"), [Ok("a@b".into()), Ok("c@[d]".into()), Ok("e.f@g".into())]);
        assert_eq!(read("Your message (<x@y>) of \"<z@z>\" Monday <a . b (c) @ d>"), [Ok("a.b@d".into())]);
        assert_eq!(read(r#"<"a b"@c> <"a"@c>"#), [Err(Syntax::Octet), Ok(r#""a"@c"#.into())]);
        assert_eq!(read("<a> <b@c>"), [Err(Syntax::MessageId), Ok("b@c".into())]);
        assert_eq!(read("<a@b <c@d> <e@f"), [Err(Syntax::MessageId), Ok("c@d".into()), Err(Syntax::Unterminated)]);
    }

    #[test]
    fn an_id_is_made_only_if_it_can_be_read_back() {
        for wrong in ["", "a", "@b", "a@", "a b@c", "<a@b>", "a@b>", "a\"@b", "(a)@b", "a@b\r\n", "a\"\\\"@b"] {
            assert!(MessageId::new(wrong).is_err(), "{wrong}");
        }
        for right in ["a@b", "\"(a\"@b", "a\\@b", "a@[b]", "ü@ü", "a$%:;,)@b"] {
            let id = MessageId::new(right).unwrap();
            assert_eq!(MessageIds::new(id.to_string().as_bytes()).next(), Some(Ok(id)), "{right}");
        }
    }

    /// M-11: an endless References costs what is kept of it, and an endless id is refused.
    #[test]
    fn m11_references_are_read_without_memory_and_ids_are_bounded() {
        let references: String = (0..100_000).map(|i| format!("<{i}@x> ")).collect();
        let newest: Vec<_> = MessageIds::new(references.as_bytes()).newest(3).iter().map(ToString::to_string).collect();
        assert_eq!(newest, ["<99997@x>", "<99998@x>", "<99999@x>"]);
        assert_eq!(MessageIds::new(b"<a@b> <c@d>").newest(20).len(), 2);
        assert!(MessageIds::new(b"<a@b>").newest(0).is_empty());
        let long = [vec![b'<'], vec![b'x'; 1_000_000], b"@y>".to_vec()].concat();
        assert!(matches!(MessageIds::new(&long).next(), Some(Err(Error::Syntax { what: Syntax::TooLong, .. }))));
    }
}
