//! The messages of SCRAM (RFC 5802, 5.1 and 7).

use alloc::{borrow::Cow, string::String, vec::Vec};

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::crypto::Key;
use crate::{error::SyntaxError, mechanism::Hash, plain::utf8};

/// What the client says of channel binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag<'a> {
    /// `n`: it does not support it.
    Unsupported,
    /// `y`: it does, and believes that the server does not.
    Unoffered,
    /// `p=`: it uses this type.
    Used(&'a str),
}

/// `gs2-header` (RFC 5801, 4): what it says, and itself, with the commas.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) flag: Flag<'a>,
    /// Empty where the client leaves it to the server.
    pub(crate) authzid: Cow<'a, str>,
    pub(crate) text: &'a str,
}

impl<'a> Header<'a> {
    fn parse(fields: &mut Fields<'a>) -> Result<Self, SyntaxError> {
        let flag = match fields.next("a channel binding flag")? {
            "n" => Flag::Unsupported,
            "y" => Flag::Unoffered,
            other => match other.strip_prefix("p=") {
                Some(name) if is_binding_name(name) => Flag::Used(name),
                _ => return Err(fields.wrong("the channel binding flag is none of n, y and p=<name>")),
            },
        };
        let authzid = match fields.next("an authorization identity or nothing")? {
            "" => Cow::Borrowed(""),
            field => match field.strip_prefix("a=").and_then(unescape) {
                Some(name) => name,
                None => return Err(fields.wrong("the authorization identity is not a= and an escaped name")),
            },
        };
        let text = fields.text.get(..fields.end).unwrap_or_default();
        Ok(Self { flag, authzid, text })
    }

    /// The header at the beginning of a text, and what follows it.
    pub(crate) fn split(text: &'a str) -> Result<(Self, &'a str), SyntaxError> {
        let mut fields = Fields::new(text);
        let header = Self::parse(&mut fields)?;
        Ok((header, fields.rest.ok_or(SyntaxError { at: text.len(), what: "the header has no end" })?))
    }
}

/// Appends a `gs2-header`.
pub(crate) fn write_header(flag: &str, authzid: &str, out: &mut String) {
    out.push_str(flag);
    out.push(',');
    if !authzid.is_empty() {
        out.push_str("a=");
        escape(authzid, out);
    }
    out.push(',');
}

/// `client-first-message`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ClientFirst<'a> {
    pub(crate) header: Header<'a>,
    pub(crate) authcid: Cow<'a, str>,
    pub(crate) nonce: &'a str,
    /// `client-first-message-bare`
    pub(crate) bare: &'a str,
}

impl<'a> ClientFirst<'a> {
    pub(crate) fn parse(message: &'a [u8]) -> Result<Self, SyntaxError> {
        let text = utf8(message)?;
        let mut fields = Fields::new(text);
        let header = Header::parse(&mut fields)?;
        let bare = fields.rest.unwrap_or_default();
        let authcid = fields.attribute("n=", "n= and the user name")?;
        let authcid = unescape(authcid).ok_or_else(|| fields.wrong("the user name is empty or wrongly escaped"))?;
        let nonce = fields.nonce()?;
        fields.extensions()?;
        Ok(Self { header, authcid, nonce, bare })
    }
}

/// `server-first-message`
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ServerFirst<'a> {
    pub(crate) nonce: &'a str,
    pub(crate) salt: Vec<u8>,
    pub(crate) iterations: u32,
}

impl<'a> ServerFirst<'a> {
    pub(crate) fn parse(text: &'a str) -> Result<Self, SyntaxError> {
        let mut fields = Fields::new(text);
        let nonce = fields.nonce()?;
        let salt = fields.attribute("s=", "s= and the salt")?;
        let salt = decode(salt).ok_or_else(|| fields.wrong("the salt is empty or not base64"))?;
        let iterations = fields.attribute("i=", "i= and the iteration count")?;
        let digits = iterations.bytes().all(|byte| byte.is_ascii_digit()) && !iterations.starts_with('0');
        let iterations = if digits && !iterations.is_empty() {
            // More digits than fit are certainly over every limit.
            iterations.parse().unwrap_or(u32::MAX)
        } else {
            return Err(fields.wrong("the iteration count is not a positive number"));
        };
        fields.extensions()?;
        Ok(Self { nonce, salt, iterations })
    }
}

/// `client-final-message`
pub(crate) struct ClientFinal<'a> {
    /// `c=`, decoded: the header and the binding's octets.
    pub(crate) binding: Vec<u8>,
    pub(crate) nonce: &'a str,
    pub(crate) proof: Key,
    /// `client-final-message-without-proof`
    pub(crate) without_proof: &'a str,
}

impl<'a> ClientFinal<'a> {
    pub(crate) fn parse(hash: Hash, message: &'a [u8]) -> Result<Self, SyntaxError> {
        let text = utf8(message)?;
        // The proof comes last, and nothing before it may look like one: `,p=` cannot be inside a value.
        let (without_proof, proof) = text.rsplit_once(",p=").ok_or(SyntaxError { at: text.len(), what: "no proof" })?;
        let mut fields = Fields::new(without_proof);
        let binding = fields.attribute("c=", "c= and the channel binding")?;
        let binding = decode(binding).ok_or_else(|| fields.wrong("the channel binding is empty or not base64"))?;
        let nonce = fields.nonce()?;
        fields.extensions()?;
        let proof = key(hash, proof).ok_or(SyntaxError {
            at: without_proof.len() + 3,
            what: "the proof is not base64 of as many octets as the hash has",
        })?;
        Ok(Self { binding, nonce, proof, without_proof })
    }
}

/// `server-final-message`
pub(crate) enum ServerFinal<'a> {
    /// `v=`
    Signature(Key),
    /// `e=`
    Error(&'a str),
}

impl<'a> ServerFinal<'a> {
    pub(crate) fn parse(hash: Hash, text: &'a str) -> Result<Self, SyntaxError> {
        let mut fields = Fields::new(text);
        let field = fields.next("e= or v=")?;
        let parsed = if let Some(error) = field.strip_prefix("e=") {
            Self::Error(error)
        } else if let Some(signature) = field.strip_prefix("v=").and_then(|text| key(hash, text)) {
            Self::Signature(signature)
        } else {
            return Err(fields.wrong("neither an error nor a signature of as many octets as the hash has"));
        };
        fields.extensions()?;
        Ok(parsed)
    }
}

/// The fields between commas, and where they are.
struct Fields<'a> {
    text: &'a str,
    rest: Option<&'a str>,
    /// Where the field given last begins, and where the one after it does.
    start: usize,
    end: usize,
}

impl<'a> Fields<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, rest: Some(text), start: 0, end: 0 }
    }

    /// The next field, whatever it is; `what` is missing where there is none.
    fn next(&mut self, what: &'static str) -> Result<&'a str, SyntaxError> {
        let rest = self.rest.ok_or(SyntaxError { at: self.text.len(), what })?;
        let (field, rest) = match rest.split_once(',') {
            Some((field, rest)) => (field, Some(rest)),
            None => (rest, None),
        };
        self.start = self.end;
        self.end = (self.start + field.len() + 1).min(self.text.len());
        self.rest = rest;
        Ok(field)
    }

    /// The next field's value; it must have this name. An extension that the other side insists on (`m=`) is refused here, too: it never
    /// has the name that belongs in its place (RFC 5802, 5.1).
    fn attribute(&mut self, name: &str, what: &'static str) -> Result<&'a str, SyntaxError> {
        self.next(what)?.strip_prefix(name).ok_or(self.wrong(what))
    }

    /// `r=` and printable characters but the comma (RFC 5802, 7).
    fn nonce(&mut self) -> Result<&'a str, SyntaxError> {
        let nonce = self.attribute("r=", "r= and the nonce")?;
        if !nonce.is_empty() && nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(nonce)
        } else {
            Err(self.wrong("the nonce is empty or not printable"))
        }
    }

    /// Later versions' attributes are passed over, except the one that must not be (RFC 5802, 5.1).
    fn extensions(&mut self) -> Result<(), SyntaxError> {
        while self.rest.is_some() {
            let field = self.next("an extension")?;
            let mut bytes = field.bytes();
            match (bytes.next(), bytes.next(), bytes.next()) {
                (Some(b'm'), Some(b'='), _) => return Err(self.wrong("an extension that we do not know is mandatory")),
                (Some(name), Some(b'='), Some(_)) if name.is_ascii_alphabetic() && !field.contains('\0') => {}
                _ => return Err(self.wrong("not an extension: a letter, = and a value")),
            }
        }
        Ok(())
    }

    /// What is wrong with the field given last.
    fn wrong(&self, what: &'static str) -> SyntaxError {
        SyntaxError { at: self.start, what }
    }
}

/// `cb-name` (RFC 5802, 7)
fn is_binding_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
}

/// Base64 of at least one octet.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty())
}

/// Base64 of a key's length.
fn key(hash: Hash, text: &str) -> Option<Key> {
    Key::of(hash, &decode(text)?)
}

/// A `saslname`: `=2C` and `=3D` are the comma and the equals sign, every other `=` is wrong (RFC 5802, 5.1).
fn unescape(name: &str) -> Option<Cow<'_, str>> {
    if name.is_empty() || name.contains('\0') {
        return None;
    }
    let mut parts = name.split('=');
    let first = parts.next()?;
    if first.len() == name.len() {
        return Some(Cow::Borrowed(name));
    }
    let mut out = String::with_capacity(name.len());
    out.push_str(first);
    for part in parts {
        let (sign, rest) =
            if let Some(rest) = part.strip_prefix("2C") { (',', rest) } else { ('=', part.strip_prefix("3D")?) };
        out.push(sign);
        out.push_str(rest);
    }
    Some(Cow::Owned(out))
}

/// Appends the name as a `saslname`.
pub(crate) fn escape(name: &str, out: &mut String) {
    for character in name.chars() {
        match character {
            ',' => out.push_str("=2C"),
            '=' => out.push_str("=3D"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn names_are_escaped_and_back() {
        for name in ["user", "a,b", "a=b", "=2C", ",,==", "Jürgen", "=", ","] {
            let mut text = String::new();
            escape(name, &mut text);
            assert!(!text.contains(','));
            assert_eq!(unescape(&text).as_deref(), Some(name));
        }
        for bad in ["", "=", "a=", "a=2", "a=2c", "a=3d", "a==", "a=2Ca=", "a\0"] {
            assert_eq!(unescape(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn a5_first_messages_in_another_form_are_refused() {
        for (bad, at) in [
            ("", 0),
            ("n", 1),
            ("n,", 2),
            ("n,,", 3),
            ("x,,n=user,r=nonce", 0),
            ("N,,n=user,r=nonce", 0),
            ("p=,,n=user,r=nonce", 0),
            ("p=tls exporter,,n=user,r=nonce", 0),
            ("n,user,n=user,r=nonce", 2),
            ("n,a=,n=user,r=nonce", 2),
            ("n,,m=x,n=user,r=nonce", 3),
            ("n,,r=nonce,n=user", 3),
            ("n,,n=,r=nonce", 3),
            ("n,,n=us=er,r=nonce", 3),
            ("n,,n=user", 9),
            ("n,,n=user,", 10),
            ("n,,n=user,r=", 10),
            ("n,,n=user,r=no nce", 10),
            ("n,,n=user,r=nonce,", 18),
            ("n,,n=user,r=nonce,x", 18),
            ("n,,n=user,r=nonce,x=", 18),
            ("n,,n=user,r=nonce,1=y", 18),
            ("n,,n=user,r=nonce,m=y", 18),
        ] {
            assert_eq!(ClientFirst::parse(bad.as_bytes()).map_err(|e| e.at), Err(at), "{bad}");
        }
        let first = ClientFirst::parse(b"y,a=x=2Cy,n=user,r=nonce,x=later").unwrap();
        let header = first.header;
        assert_eq!((header.flag, &*header.authzid, &*first.authcid), (Flag::Unoffered, "x,y", "user"));
        assert_eq!((header.text, first.bare), ("y,a=x=2Cy,", "n=user,r=nonce,x=later"));
    }

    #[test]
    fn a5_final_messages_in_another_form_are_refused() {
        let proof = STANDARD.encode([7; 32]);
        for bad in [
            format!("c=biws,r=nonce,p={}", STANDARD.encode([7; 31])),
            format!("c=biws,r=nonce,p={}", STANDARD.encode([7; 33])),
            format!("c=biws,r=nonce,p={proof},x=y"),
            format!("c=biws,r=nonce,p={proof}="),
            format!("c=biws,p={proof}"),
            format!("r=nonce,c=biws,p={proof}"),
            format!("c=,r=nonce,p={proof}"),
            format!("c=biw,r=nonce,p={proof}"),
            format!("c=biws,r=nonce,m=x,p={proof}"),
            format!("p={proof}"),
            "c=biws,r=nonce".into(),
            "c=biws,r=nonce,p=".into(),
        ] {
            assert!(ClientFinal::parse(Hash::Sha256, bad.as_bytes()).is_err(), "{bad}");
        }
        let good = format!("c=biws,r=nonce,x=later,p={proof}");
        let last = ClientFinal::parse(Hash::Sha256, good.as_bytes()).unwrap();
        assert_eq!((last.binding.as_slice(), last.nonce), (&b"n,,"[..], "nonce"));
        assert_eq!(last.without_proof, "c=biws,r=nonce,x=later");
    }

    #[test]
    fn server_messages() {
        let parsed = ServerFirst::parse("r=nonce,s=AAAA,i=4096,x=later");
        assert_eq!(parsed, Ok(ServerFirst { nonce: "nonce", salt: [0; 3].into(), iterations: 4096 }));
        assert_eq!(ServerFirst::parse("r=n,s=AAAA,i=99999999999999999999").map(|m| m.iterations), Ok(u32::MAX));
        for bad in [
            "",
            "r=n",
            "r=n,s=,i=4096",
            "r=n,s=AAAA,i=",
            "r=n,s=AAAA,i=04096",
            "r=n,s=AAAA,i=+4096",
            "m=x,r=n,s=AAAA,i=4096",
        ] {
            assert!(ServerFirst::parse(bad).is_err(), "{bad}");
        }
        let parsed = ServerFinal::parse(Hash::Sha256, "e=other-error");
        assert!(matches!(parsed, Ok(ServerFinal::Error("other-error"))));
        for bad in ["v=AAAA", "", "v=AAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            assert!(ServerFinal::parse(Hash::Sha256, bad).is_err());
        }
    }
}
