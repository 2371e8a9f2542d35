//! The messages of the mechanisms that carry a bearer token: OAUTHBEARER (RFC 7628, 3) and XOAUTH2, which came before it.

use alloc::{borrow::Cow, format, string::String};

use zeroize::Zeroizing;

use crate::{
    error::SyntaxError,
    plain::utf8,
    scram::message::{Flag, Header, write_header},
};

/// What stands between the parts, and what a client answers to an error (RFC 7628, 3.1: `kvsep`).
pub(crate) const SEPARATOR: &str = "\x01";

/// The scheme of RFC 6750, 2.1; schemes know no upper and lower case (RFC 9110, 11.1).
const SCHEME: &str = "Bearer ";

/// What a client says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message<'a> {
    /// Whom the client wants to be; empty where it leaves that to the token.
    pub(crate) user: Cow<'a, str>,
    /// The host and port that the client believes it speaks to.
    pub(crate) host: Option<&'a str>,
    pub(crate) port: Option<u16>,
    pub(crate) token: &'a str,
}

impl<'a> Message<'a> {
    /// `client-resp` (RFC 7628, 3.1).
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, SyntaxError> {
        let text = utf8(message)?;
        let (header, rest) = Header::split(text)?;
        // No mechanism of this kind is bound to the TLS connection.
        if matches!(header.flag, Flag::Used(_)) {
            return Err(SyntaxError { at: 0, what: "OAUTHBEARER has no channel binding" });
        }
        let mut pairs = Pairs::new(text, header.text.len());
        if !rest.starts_with(SEPARATOR) {
            return Err(pairs.wrong("the header does not end in control-A"));
        }
        pairs.at += SEPARATOR.len();
        let (mut host, mut port, mut auth) = (None, None, None);
        while let Some((key, value)) = pairs.next()? {
            match key {
                "auth" => once(&mut auth, token(value), &pairs)?,
                "host" => once(&mut host, Some(value).filter(|host| !host.is_empty()), &pairs)?,
                "port" => once(&mut port, number(value), &pairs)?,
                // RFC 7628, 3.1: unknown pairs are ignored.
                _ => {}
            }
        }
        let token = auth.ok_or_else(|| pairs.wrong("no auth= with the token"))?;
        Ok(Self { user: header.authzid, host, port, token })
    }

    /// XOAUTH2: `user=` and `auth=`, in this order.
    pub(crate) fn parse_xoauth2(message: &'a [u8]) -> Result<Self, SyntaxError> {
        let text = utf8(message)?;
        let mut pairs = Pairs::new(text, 0);
        let user = match pairs.next()? {
            Some(("user", user)) if !user.is_empty() => user,
            _ => return Err(pairs.wrong("not user= and a name")),
        };
        let token = match pairs.next()? {
            Some(("auth", value)) => token(value),
            _ => None,
        };
        let token = token.ok_or_else(|| pairs.wrong("not auth=Bearer and a token"))?;
        if pairs.next()?.is_some() {
            return Err(pairs.wrong("more than user= and auth="));
        }
        Ok(Self { user: Cow::Borrowed(user), host: None, port: None, token })
    }

    /// Writes it for OAUTHBEARER.
    pub(crate) fn write(&self) -> Zeroizing<String> {
        let mut out = self.space();
        write_header("n", &self.user, &mut out);
        out.push_str(SEPARATOR);
        if let Some(host) = self.host {
            pair("host", &[host], &mut out);
        }
        if let Some(port) = self.port {
            pair("port", &[&format!("{port}")], &mut out);
        }
        pair("auth", &[SCHEME, self.token], &mut out);
        out.push_str(SEPARATOR);
        out
    }

    /// Writes it for XOAUTH2.
    pub(crate) fn write_xoauth2(&self) -> Zeroizing<String> {
        let mut out = self.space();
        pair("user", &[&self.user], &mut out);
        pair("auth", &[SCHEME, self.token], &mut out);
        out.push_str(SEPARATOR);
        out
    }

    /// Large enough at once: a string that grows would leave a token behind unzeroed.
    fn space(&self) -> Zeroizing<String> {
        let names = 3 * self.user.len() + self.host.map_or(0, str::len);
        Zeroizing::new(String::with_capacity(names + self.token.len() + 48))
    }
}

fn pair(key: &str, value: &[&str], out: &mut String) {
    out.push_str(key);
    out.push('=');
    value.iter().for_each(|part| out.push_str(part));
    out.push_str(SEPARATOR);
}

/// The pairs of key and value, each ended by a separator, and one more separator behind the last.
struct Pairs<'a> {
    text: &'a str,
    at: usize,
    /// Where the pair given last began.
    start: usize,
}

impl<'a> Pairs<'a> {
    const fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, start: at }
    }

    fn next(&mut self) -> Result<Option<(&'a str, &'a str)>, SyntaxError> {
        self.start = self.at;
        let rest = self.text.get(self.at..).unwrap_or_default();
        if rest == SEPARATOR {
            return Ok(None);
        }
        let (pair, _) = rest.split_once(SEPARATOR).ok_or_else(|| self.wrong("no control-A at the end"))?;
        self.at += pair.len() + SEPARATOR.len();
        let (key, value) = pair.split_once('=').ok_or_else(|| self.wrong("not a key, = and a value"))?;
        if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(self.wrong("a key consists of letters"));
        }
        if value.bytes().any(|byte| byte == 0 || byte == 0x7f || (byte < 0x20 && !byte.is_ascii_whitespace())) {
            return Err(self.wrong("a control character in a value"));
        }
        Ok(Some((key, value)))
    }

    /// What is wrong with the pair given last.
    fn wrong(&self, what: &'static str) -> SyntaxError {
        SyntaxError { at: self.start, what }
    }
}

/// Takes a value that must be right, and there only once.
fn once<T>(to: &mut Option<T>, value: Option<T>, pairs: &Pairs<'_>) -> Result<(), SyntaxError> {
    let value = value.ok_or_else(|| pairs.wrong("a bad value for auth=Bearer, host or port"))?;
    if to.replace(value).is_some() {
        return Err(pairs.wrong("a key is there twice"));
    }
    Ok(())
}

/// RFC 6750, 2.1: the scheme and a `b64token`.
fn token(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    (scheme.eq_ignore_ascii_case(SCHEME) && is_token(token)).then_some(token)
}

/// `b64token` (RFC 6750, 2.1).
pub(crate) fn is_token(token: &str) -> bool {
    let characters = token.trim_end_matches('=');
    !characters.is_empty() && characters.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// A port as RFC 7628, 3.1, writes it: without leading zeros.
fn number(value: &str) -> Option<u16> {
    let digits = value.bytes().all(|byte| byte.is_ascii_digit()) && !value.starts_with('0');
    if digits { value.parse().ok() } else { None }
}

/// The pairs of an object in JSON (RFC 8259), all of them strings, without those that are not known.
pub(crate) fn json(pairs: &[(&str, Option<&str>)]) -> String {
    let mut out = String::from("{");
    for (key, value) in pairs {
        let Some(value) = value else { continue };
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&format!("\"{key}\":\""));
        for character in value.chars() {
            match character {
                '"' | '\\' => out.extend(['\\', character]),
                '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", u32::from(character))),
                other => out.push(other),
            }
        }
        out.push('"');
    }
    out.push('}');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_7628() {
        let text = "n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01";
        let message = Message {
            user: "user@example.com".into(),
            host: Some("server.example.com"),
            port: Some(143),
            token: "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
        };
        assert_eq!(Message::parse(text.as_bytes()).as_ref(), Ok(&message));
        assert_eq!(*message.write(), text);
        let alone = Message::parse(b"y,,\x01auth=BEARER t\x01later=\x01\x01");
        assert_eq!(alone, Ok(Message { user: "".into(), host: None, port: None, token: "t" }));
    }

    #[test]
    fn xoauth2_is_two_pairs() {
        let text = "user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01";
        let message = Message::parse_xoauth2(text.as_bytes()).unwrap();
        assert_eq!(message.user, "someuser@example.com");
        assert!(message.token.starts_with("ya29.") && message.token.ends_with("tCg"));
        assert_eq!(*message.write_xoauth2(), text);
        for bad in [
            "",
            "\x01",
            "user=\x01auth=Bearer t\x01\x01",
            "user=u\x01\x01",
            "user=u\x01auth=Bearer t\x01",
            "auth=Bearer t\x01user=u\x01\x01",
            "user=u\x01auth=Basic t\x01\x01",
            "user=u\x01auth=Bearer t\x01x=y\x01\x01",
        ] {
            assert!(Message::parse_xoauth2(bad.as_bytes()).is_err(), "{}", bad.escape_debug());
        }
    }

    #[test]
    fn a3_messages_in_another_form_are_refused() {
        for (bad, at) in [
            ("", 0),
            ("\x01", 0),
            ("n,", 2),
            ("n,,", 3),
            ("n,a=,\x01auth=Bearer t\x01\x01", 2),
            ("p=tls-exporter,,\x01auth=Bearer t\x01\x01", 0),
            ("n,,auth=Bearer t\x01\x01", 3),
            ("n,,\x01", 4),
            ("n,,\x01\x01", 4),
            ("n,,\x01auth=Bearer t\x01", 18),
            ("n,,\x01auth=Bearer t", 4),
            ("n,,\x01auth=Bearer \x01\x01", 4),
            ("n,,\x01auth=Bearer =\x01\x01", 4),
            ("n,,\x01auth=Bearer a b\x01\x01", 4),
            ("n,,\x01auth=Bearer a=b\x01\x01", 4),
            ("n,,\x01auth=Bearer t\x01auth=Bearer t\x01\x01", 18),
            ("n,,\x01port=0\x01auth=Bearer t\x01\x01", 4),
            ("n,,\x01port=65536\x01auth=Bearer t\x01\x01", 4),
            ("n,,\x01host=\x01auth=Bearer t\x01\x01", 4),
            ("n,,\x01h=\0\x01auth=Bearer t\x01\x01", 4),
            ("n,,\x01=x\x01auth=Bearer t\x01\x01", 4),
            ("n,,\x01auth=Bearer t\x01\x01x", 18),
        ] {
            assert_eq!(Message::parse(bad.as_bytes()).map_err(|e| e.at), Err(at), "{}", bad.escape_debug());
        }
    }

    #[test]
    fn json_is_escaped() {
        let pairs = [("status", Some("a\"b\\c\n")), ("none", None), ("scope", Some("mail"))];
        assert_eq!(json(&pairs), r#"{"status":"a\"b\\c\u000a","scope":"mail"}"#);
        assert_eq!(json(&[]), "{}");
    }
}
