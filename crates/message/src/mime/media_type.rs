//! What a part is: Content-Type (RFC 2045, 5), Content-Disposition (RFC 2183) and Content-Transfer-Encoding (RFC 2045, 6).

use alloc::borrow::Cow;

use super::param::{Params, is_token};
use crate::cursor::Cursor;

/// The value of a Content-Type field.
///
/// ```
/// use message::mime::MediaType;
///
/// let html = MediaType::parse(b"Text/HTML (that is what it says); charset=\"utf-8\"").unwrap();
/// assert!(html.is("text", "html") && html.is_text());
/// assert_eq!(html.params().get("charset").unwrap(), "utf-8");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MediaType<'a> {
    main: &'a str,
    sub: &'a str,
    params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// What a part is that does not say: text in ASCII (RFC 2045, 5.2).
    pub const TEXT_PLAIN: Self = Self { main: "text", sub: "plain", params: Params::new(b"") };
    /// What a part of a `multipart/digest` is that does not say (RFC 2046, 5.1.5).
    pub const MESSAGE: Self = Self { main: "message", sub: "rfc822", params: Params::new(b"") };

    /// Reads a value; `None` if it does not begin with a type, a slash and a subtype.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        cursor.skip_cfws().ok()?;
        let main = token(&mut cursor)?;
        cursor.skip_cfws().ok()?;
        if !cursor.take(b'/') {
            return None;
        }
        cursor.skip_cfws().ok()?;
        let sub = token(&mut cursor)?;
        Some(Self { main, sub, params: Params::new(behind(&mut cursor)) })
    }

    /// The type as it is written: `text`, `image`, ...
    #[must_use]
    pub const fn main(&self) -> &'a str {
        self.main
    }

    /// The subtype as it is written: `plain`, `png`, ...
    #[must_use]
    pub const fn sub(&self) -> &'a str {
        self.sub
    }

    /// Whether it is this type and subtype, without regard to case.
    #[must_use]
    pub fn is(&self, main: &str, sub: &str) -> bool {
        self.main.eq_ignore_ascii_case(main) && self.sub.eq_ignore_ascii_case(sub)
    }

    /// Whether it is text of any kind.
    #[must_use]
    pub fn is_text(&self) -> bool {
        self.main.eq_ignore_ascii_case("text")
    }

    /// Whether it is made of parts.
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        self.main.eq_ignore_ascii_case("multipart")
    }

    /// Whether it is a message (RFC 2046, 5.2.1; RFC 6532, 3.7).
    #[must_use]
    pub fn is_message(&self) -> bool {
        self.is("message", "rfc822") || self.is("message", "global")
    }

    /// What follows the type: `charset`, `boundary`, `name`, ...
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }
}

/// The value of a Content-Disposition field: whether a part is to be shown, or offered as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Disposition<'a> {
    kind: &'a str,
    params: Params<'a>,
}

impl<'a> Disposition<'a> {
    /// Reads a value; `None` if it does not begin with a word.
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        cursor.skip_cfws().ok()?;
        let kind = token(&mut cursor)?;
        Some(Self { kind, params: Params::new(behind(&mut cursor)) })
    }

    /// The word as it is written: `inline`, `attachment`, or another.
    #[must_use]
    pub const fn kind(&self) -> &'a str {
        self.kind
    }

    /// Whether the part is to be shown where it stands.
    #[must_use]
    pub fn is_inline(&self) -> bool {
        self.kind.eq_ignore_ascii_case("inline")
    }

    /// Whether it is to be offered as a file. Words that nobody knows mean that too (RFC 2183, 2.8).
    #[must_use]
    pub fn is_attachment(&self) -> bool {
        !self.is_inline()
    }

    /// What follows: `filename`, `size`, ...
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }
}

/// How the octets of a part are written (RFC 2045, 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TransferEncoding {
    /// As they are: lines of ASCII. What is meant where nothing is said.
    #[default]
    SevenBit,
    /// As they are: lines of any octets.
    EightBit,
    /// As they are: any octets.
    Binary,
    /// Most as they are, others as `=` and two hexadecimal digits.
    QuotedPrintable,
    /// Three octets as four characters.
    Base64,
    /// Some way that is not known; the part is to be taken for `application/octet-stream` (6.4).
    Unknown,
}

impl TransferEncoding {
    /// Reads the value of a Content-Transfer-Encoding field.
    #[must_use]
    pub fn parse(value: &[u8]) -> Self {
        let mut cursor = Cursor::new(value);
        if cursor.skip_cfws().is_err() {
            return Self::Unknown;
        }
        let word = cursor.take_while(is_token);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("7bit") || is("7-bit") {
            Self::SevenBit
        } else if is("8bit") || is("8-bit") {
            Self::EightBit
        } else if is("binary") {
            Self::Binary
        } else if is("quoted-printable") {
            Self::QuotedPrintable
        } else if is("base64") {
            Self::Base64
        } else {
            Self::Unknown
        }
    }

    /// The name as it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevenBit => "7bit",
            Self::EightBit => "8bit",
            Self::Binary => "binary",
            Self::QuotedPrintable => "quoted-printable",
            Self::Base64 => "base64",
            Self::Unknown => "x-unknown",
        }
    }

    /// Whether the octets stand there as they are.
    #[must_use]
    pub const fn is_identity(self) -> bool {
        matches!(self, Self::SevenBit | Self::EightBit | Self::Binary)
    }
}

fn token<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    let token = cursor.take_while(is_token);
    core::str::from_utf8(token).ok().filter(|token| !token.is_empty())
}

/// What is behind the first semicolon. Where other things than comments are before it, they are passed.
fn behind<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    if cursor.skip_cfws().is_err() {
        return &[];
    }
    cursor.take_while(|byte| byte != b';');
    cursor.rest()
}

/// The name of a file as a part has it: in its disposition or, as mailers of old wrote it, in its type.
pub(super) fn file_name<'a>(disposition: Option<Disposition<'a>>, media_type: MediaType<'a>) -> Option<Cow<'a, str>> {
    let named = disposition.and_then(|disposition| disposition.params().get("filename"));
    named.or_else(|| media_type.params().get("name")).filter(|name| !name.is_empty())
}
