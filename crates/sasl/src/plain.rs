//! The one message of PLAIN (RFC 4616, 2).

use core::str;

use crate::error::SyntaxError;

/// The three parts as sent, none of them prepared yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Empty where the client leaves it to the server.
    pub(crate) authzid: &'a str,
    pub(crate) authcid: &'a str,
    pub(crate) password: &'a str,
}

impl<'a> Message<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, SyntaxError> {
        let text = utf8(message)?;
        let parts = cut(text).and_then(|(authzid, rest)| Some((authzid, cut(rest)?)));
        // RFC 4616, 2: neither of the last two is empty, and no part has a NUL inside.
        let Some((authzid, (authcid, password))) = parts.filter(|(_, (_, password))| cut(password).is_none()) else {
            return Err(SyntaxError { at: text.len(), what: "not three parts with a NUL between them" });
        };
        if authcid.is_empty() {
            return Err(SyntaxError { at: authzid.len() + 1, what: "the user name is empty" });
        }
        if password.is_empty() {
            return Err(SyntaxError { at: text.len(), what: "the password is empty" });
        }
        Ok(Self { authzid, authcid, password })
    }
}

/// Before and behind the first NUL. The texts are short: a plain loop is the fastest search.
fn cut(text: &str) -> Option<(&str, &str)> {
    let at = text.bytes().position(|byte| byte == 0)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The message as text.
pub(crate) fn utf8(message: &[u8]) -> Result<&str, SyntaxError> {
    str::from_utf8(message).map_err(|error| SyntaxError { at: error.valid_up_to(), what: "not UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4616() {
        let message = Message::parse(b"\0tim\0tanstaaftanstaaf");
        assert_eq!(message, Ok(Message { authzid: "", authcid: "tim", password: "tanstaaftanstaaf" }));
        let message = Message::parse(b"Ursel\0Kurt\0xipj3plmq");
        assert_eq!(message, Ok(Message { authzid: "Ursel", authcid: "Kurt", password: "xipj3plmq" }));
    }

    #[test]
    fn a3_nuls_empty_parts_and_bad_utf8_are_refused() {
        for (bad, at) in [
            (&b""[..], 0),
            (b"\0", 1),
            (b"user", 4),
            (b"\0user", 5),
            (b"\0\0", 1),
            (b"\0\0password", 1),
            (b"\0user\0", 6),
            (b"a\0user\0", 7),
            (b"\0user\0pass\0", 11),
            (b"\0user\0pa\0ss", 11),
            (b"\0\0\0", 3),
            (b"\0us\xffer\0pass", 3),
            (b"\0user\0pa\xc3", 8),
        ] {
            assert_eq!(Message::parse(bad).map_err(|e| e.at), Err(at), "{}", bad.escape_ascii());
        }
    }
}
