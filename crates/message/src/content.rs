//! What is in a message to be written: texts, files, other messages, and parts that hold parts.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write as _;

use crate::{
    BuildError, FieldName, MessageId,
    body::{self, Encoding},
    fold::Folder,
    grammar::is_control,
    mime::MediaType,
};

/// How parts belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Multipart {
    /// One after the other (RFC 2046, 5.1.3).
    Mixed,
    /// The same in several forms, the best one last (RFC 2046, 5.1.4).
    Alternative,
    /// A page and what is shown in it; the page first (RFC 2387).
    Related,
    /// A report of what became of a message: text, [`Content::delivery_status`], and the message or its [header](Content::header) (RFC 6522, 3; RFC 3464, 2).
    DeliveryReport,
}

impl Multipart {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Mixed => "mixed",
            Self::Alternative => "alternative",
            Self::Related => "related",
            Self::DeliveryReport => "report",
        }
    }
}

/// What the way of a message lets pass. Every server takes the first (RFC 5321, 2.3.1); the others have to be offered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Carriage {
    /// Lines of ASCII: all else is encoded.
    #[default]
    SevenBit,
    /// Lines of any octets: 8BITMIME (RFC 6152).
    EightBit,
    /// Any octets: BINARYMIME (RFC 3030), which goes with BDAT only.
    Binary,
}

/// What is in a message, or in a part of it.
///
/// ```
/// use message::{Content, Multipart};
///
/// let letter = Content::multipart(Multipart::Alternative, [Content::text("Hello\n"), Content::html("<p>Hello</p>\n")]);
/// let mail = Content::multipart(Multipart::Mixed, [letter, Content::file("a.csv", "text/csv", "1,2,3\r\n")]);
/// # let _ = mail;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content(Kind);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Text { sub: &'static str, text: String },
    Octets { media_type: String, name: Option<String>, id: Option<MessageId<'static>>, octets: Vec<u8> },
    Message(Vec<u8>),
    Status(Vec<Vec<(FieldName, String)>>),
    Header(Vec<u8>),
    Parts(Multipart, Vec<Content>),
}

impl Content {
    /// Plain text. Lines may end in LF, CRLF or CR; they are written with CRLF, the last one too.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self(Kind::Text { sub: "plain", text: text.into() })
    }

    /// A page, with lines as in [`text`](Self::text).
    #[must_use]
    pub fn html(text: impl Into<String>) -> Self {
        Self(Kind::Text { sub: "html", text: text.into() })
    }

    /// A file, to be offered under this name. Its type is a type and a subtype without parameters, `application/octet-stream` where it is not known. The octets are not changed.
    #[must_use]
    pub fn file(name: impl Into<String>, media_type: impl Into<String>, octets: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Octets { media_type: media_type.into(), name: Some(name.into()), id: None, octets: octets.into() })
    }

    /// Something to be shown inside a page, which names it by `cid:` and the id without its brackets (RFC 2392).
    #[must_use]
    pub fn inline(id: MessageId<'_>, media_type: impl Into<String>, octets: impl Into<Vec<u8>>) -> Self {
        let (media_type, octets) = (media_type.into(), octets.into());
        Self(Kind::Octets { media_type, name: None, id: Some(id.into_owned()), octets })
    }

    /// Another message, as it is.
    #[must_use]
    pub fn message(mail: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Message(mail.into()))
    }

    /// What became of a message, for programs (RFC 3464, 2.1): groups of fields, the first about the message, then one a recipient. The texts are ASCII.
    #[must_use]
    pub fn delivery_status(groups: impl IntoIterator<Item = Vec<(FieldName, String)>>) -> Self {
        Self(Kind::Status(groups.into_iter().collect()))
    }

    /// The header of another message, without its body (RFC 6522, 4): `text/rfc822-headers`, or `message/global-headers` where there is UTF-8 in it (RFC 6533, 6).
    #[must_use]
    pub fn header(fields: impl Into<Vec<u8>>) -> Self {
        Self(Kind::Header(fields.into()))
    }

    /// Parts.
    #[must_use]
    pub fn multipart(kind: Multipart, parts: impl IntoIterator<Item = Self>) -> Self {
        Self(Kind::Parts(kind, parts.into_iter().collect()))
    }

    /// What is not valid by its type.
    pub(crate) fn check(&self, carriage: Carriage, boundary: bool, depth: u32) -> Result<(), BuildError> {
        match &self.0 {
            Kind::Text { .. } | Kind::Header(_) => Ok(()),
            Kind::Status(groups) => groups.iter().flatten().try_for_each(|(name, text)| {
                match text.bytes().position(|byte| is_control(byte) || !byte.is_ascii()) {
                    Some(at) => Err(BuildError::Control { field: name.as_str().to_string().into(), at }),
                    None => Ok(()),
                }
            }),
            Kind::Octets { id: Some(id), .. } if !id.to_string().is_ascii() => Err(BuildError::ContentId),
            Kind::Octets { media_type, name, .. } => {
                let whole = MediaType::parse(media_type.as_bytes()).is_some_and(|read| {
                    media_type.is_ascii() && media_type.len() == read.main().len() + 1 + read.sub().len()
                });
                if !whole || media_type.len() > 200 {
                    return Err(BuildError::MediaType(media_type.clone()));
                }
                match name.as_ref().and_then(|name| name.bytes().position(is_control)) {
                    Some(at) => Err(BuildError::Control { field: "Content-Disposition".into(), at }),
                    None => Ok(()),
                }
            }
            Kind::Message(mail) => match (Encoding::as_it_is(mail), carriage) {
                // RFC 2046, 5.2.1: a message is never encoded
                (Encoding::SevenBit, _) | (_, Carriage::Binary) | (Encoding::EightBit, Carriage::EightBit) => Ok(()),
                _ => Err(BuildError::Carriage),
            },
            Kind::Parts(_, parts) => {
                if depth == 0 {
                    return Err(BuildError::Depth);
                }
                if !boundary || parts.is_empty() {
                    return Err(if boundary { BuildError::NoParts } else { BuildError::BoundaryMissing });
                }
                parts.iter().try_for_each(|part| part.check(carriage, boundary, depth - 1))
            }
        }
    }

    /// Appends the MIME fields, the empty line and the body.
    pub(crate) fn write(&self, carriage: Carriage, boundaries: &mut Boundaries, out: &mut Vec<u8>) {
        match &self.0 {
            Kind::Text { sub, text } => {
                let body = body::lines(text);
                let encoding = Encoding::choose(&body, carriage);
                let charset = if body.is_ascii() { "us-ascii" } else { "utf-8" };
                field(out, "Content-Type", &[format!("text/{sub};"), format!("charset={charset}")]);
                finish(encoding, &body, out);
            }
            Kind::Octets { media_type, name, id, octets } => {
                field(out, "Content-Type", core::slice::from_ref(media_type));
                if let Some(id) = id {
                    field(out, "Content-ID", &[id.to_string()]);
                }
                let mut disposition = Vec::new();
                match name {
                    Some(name) => {
                        disposition.push("attachment;".to_string());
                        parameter("filename", name, &mut disposition);
                    }
                    None => disposition.push("inline".to_string()),
                }
                field(out, "Content-Disposition", &disposition);
                let encoding = if carriage == Carriage::Binary { Encoding::Binary } else { Encoding::Base64 };
                finish(encoding, octets, out);
            }
            Kind::Message(mail) => {
                let encoding = Encoding::as_it_is(mail);
                field(out, "Content-Type", &["message/rfc822".to_string()]);
                finish(encoding, mail, out);
            }
            Kind::Status(groups) => {
                let mut body = Vec::new();
                for (number, group) in groups.iter().enumerate() {
                    if number > 0 {
                        body.extend_from_slice(b"\r\n");
                    }
                    for (name, text) in group {
                        let mut line = Folder::new(&mut body, name.as_str(), false);
                        line.text(text);
                        line.end();
                    }
                }
                field(out, "Content-Type", &["message/delivery-status".to_string()]);
                finish(Encoding::SevenBit, &body, out);
            }
            Kind::Header(fields) => {
                let global = !fields.is_ascii() && core::str::from_utf8(fields).is_ok();
                let media_type = if global { "message/global-headers" } else { "text/rfc822-headers" };
                field(out, "Content-Type", &[media_type.to_string()]);
                finish(Encoding::choose(fields, carriage), fields, out);
            }
            Kind::Parts(kind, parts) => {
                let boundary = boundaries.next();
                let mut bodies = Vec::new();
                for part in parts {
                    bodies.extend_from_slice(format!("\r\n--{boundary}\r\n").as_bytes());
                    part.write(carriage, boundaries, &mut bodies);
                }
                let mut tokens = Vec::from([format!("multipart/{};", kind.as_str())]);
                if *kind == Multipart::DeliveryReport {
                    tokens.push("report-type=delivery-status;".to_string());
                }
                tokens.push(format!("boundary=\"{boundary}\""));
                field(out, "Content-Type", &tokens);
                let encoding = Encoding::as_it_is(&bodies);
                if encoding != Encoding::SevenBit {
                    field(out, "Content-Transfer-Encoding", &[encoding.name().to_string()]);
                }
                // the empty line, and the line end that belongs to the first delimiter
                out.extend_from_slice(b"\r\n");
                out.extend_from_slice(bodies.strip_prefix(b"\r\n").unwrap_or(&bodies));
                out.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
            }
        }
    }
}

/// The boundaries of a message: random octets and a number. They begin with `=_`, which neither quoted-printable nor base64 can have, and none is the beginning of another.
pub(crate) struct Boundaries {
    random: u128,
    number: u32,
}

impl Boundaries {
    pub(crate) fn new(random: [u8; 16]) -> Self {
        Self { random: u128::from_be_bytes(random), number: 0 }
    }

    fn next(&mut self) -> String {
        self.number += 1;
        format!("=_{:032x}.{}=", self.random, self.number)
    }
}

fn field(out: &mut Vec<u8>, name: &str, tokens: &[String]) {
    let mut line = Folder::new(out, name, false);
    tokens.iter().for_each(|token| line.token(token));
    line.end();
}

fn finish(encoding: Encoding, body: &[u8], out: &mut Vec<u8>) {
    field(out, "Content-Transfer-Encoding", &[encoding.name().to_string()]);
    out.extend_from_slice(b"\r\n");
    encoding.write(body, out);
}

/// Adds a parameter as tokens: quoted where that is possible, by RFC 2231 where it is not ASCII, in several pieces where it is long.
fn parameter(name: &str, value: &str, tokens: &mut Vec<String>) {
    /// What one piece may have, so that it fits into a line.
    const PIECE: usize = 54;
    if value.is_ascii() && value.len() <= PIECE {
        let mut token = format!("{name}=\"");
        for c in value.chars() {
            if matches!(c, '"' | '\\') {
                token.push('\\');
            }
            token.push(c);
        }
        token.push('"');
        return tokens.push(token);
    }
    let mut pieces = Vec::new();
    let mut piece = String::from("utf-8''");
    for c in value.chars() {
        let mut one = String::new();
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            // RFC 2231, 7: attribute-char
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                one.push(char::from(byte));
            } else {
                let _ = write!(one, "%{byte:02X}");
            }
        }
        if piece.len() + one.len() > PIECE {
            pieces.push(core::mem::take(&mut piece));
        }
        piece.push_str(&one);
    }
    pieces.push(piece);
    let (several, last) = (pieces.len() > 1, pieces.len() - 1);
    for (number, piece) in pieces.into_iter().enumerate() {
        let end = if number < last { ";" } else { "" };
        tokens.push(if several { format!("{name}*{number}*={piece}{end}") } else { format!("{name}*={piece}") });
    }
}
