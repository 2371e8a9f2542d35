//! Parameters of MIME fields (RFC 2045, 5.1) with what RFC 2231 added: parts, charsets and languages.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    charset::{self, Charset},
    cursor::Cursor,
    encoded_word,
    grammar::{is_fws, may_have_encoded_word},
    text,
    work::look,
};

/// More parameters than this are not looked at (row M-4).
const PARAMS_MAX: usize = 1_000;

/// The parameters of a Content-Type, a Content-Disposition or a field like them.
///
/// Nothing is decoded before it is asked for. Malformed parameters are passed over up to the next semicolon, since mail is full of them.
///
/// ```
/// use message::mime::MediaType;
///
/// let value = b"application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1=fun";
/// assert_eq!(MediaType::parse(value).unwrap().params().get("title").unwrap(), "This is even more fun");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Params<'a>(&'a [u8]);

/// One parameter as it stands.
#[derive(Clone, Copy)]
struct Param<'a> {
    /// Before the first `*`.
    name: &'a [u8],
    /// Behind that `*`: a number, a `*`, both, or nothing.
    part: Option<&'a [u8]>,
    value: &'a [u8],
    quoted: bool,
}

/// A part of a value that was divided (RFC 2231, 3).
struct Piece<'a> {
    number: u16,
    /// Octets may be written as `%` and two hexadecimal digits (4).
    extended: bool,
    param: Param<'a>,
}

impl<'a> Params<'a> {
    /// What is behind the first semicolon of a value.
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The value of the parameter of this name, decoded: quotes and escapes undone, divided values put together, charsets read. It holds no control
    /// character but the tab. Where a parameter is there in several ways, `name*` is taken before `name*0`, and that before `name`.
    ///
    /// Encoded words in a value, which RFC 2047, 5 forbids and mailers write, are decoded too.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut plain = None;
        let mut pieces = Vec::new();
        for param in self
            .iter()
            .inspect(|param| look(param.name.len()))
            .filter(|param| param.name.eq_ignore_ascii_case(name.as_bytes()))
        {
            match param.part {
                None => {
                    plain.get_or_insert(param);
                }
                Some(b"") => return Some(Cow::Owned(extended(param.value))),
                Some(part) => pieces.extend(Piece::read(part, param)),
            }
        }
        // Row M-4: parts that come in any order are sorted once; of two with one number the first is taken.
        pieces.sort_by_key(|piece: &Piece<'_>| {
            look(1);
            piece.number
        });
        pieces.dedup_by_key(|piece| piece.number);
        let whole = pieces.iter().zip(0..).take_while(|(piece, number)| piece.number == *number).count();
        pieces.truncate(whole);
        if pieces.is_empty() { plain.map(Param::decoded) } else { Some(Cow::Owned(joined(&pieces))) }
    }

    /// The names and values as they are written, without RFC 2231's asterisks taken out or anything decoded but quotes and escapes.
    pub fn raw(&self) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, [u8]>)> + use<'a> {
        self.iter().map(|param| {
            let name = match param.part {
                None => String::from_utf8_lossy(param.name),
                Some(part) => Cow::Owned(String::from_utf8_lossy(&[param.name, b"*", part].concat()).into_owned()),
            };
            (name, param.bytes())
        })
    }

    fn iter(self) -> impl Iterator<Item = Param<'a>> + use<'a> {
        let mut cursor = Cursor::new(self.0);
        core::iter::from_fn(move || next(&mut cursor)).take(PARAMS_MAX)
    }
}

/// Reads one parameter, and passes whatever is none.
fn next<'a>(cursor: &mut Cursor<'a>) -> Option<Param<'a>> {
    loop {
        while !cursor.is_at_end() && (cursor.take(b';') || cursor.peek().is_some_and(is_fws)) {
            cursor.take_while(is_fws);
        }
        if cursor.is_at_end() {
            return None;
        }
        // A comment that does not end takes all that is behind it.
        cursor.skip_cfws().ok()?;
        let name = cursor.take_while(|byte| is_token(byte) && byte != b'*');
        let part = cursor.take(b'*').then(|| cursor.take_while(is_token));
        cursor.skip_cfws().ok()?;
        if name.is_empty() || !cursor.take(b'=') {
            skip(cursor);
            continue;
        }
        cursor.skip_cfws().ok()?;
        let quoted = cursor.peek() == Some(b'"');
        let value = if quoted {
            let rest = cursor.rest();
            // A quote that does not end takes all that is behind it.
            cursor.quoted().unwrap_or_else(|_| rest.get(1..).unwrap_or_default())
        } else {
            loose(cursor)
        };
        skip(cursor);
        return Some(Param { name, part, value, quoted });
    }
}

/// A value without quotes: up to a semicolon or a comment, with whatever stands in it, since file names with spaces are often written so.
fn loose<'a>(cursor: &mut Cursor<'a>) -> &'a [u8] {
    let start = cursor.at();
    let mut before = b' ';
    while let Some(byte) = cursor.peek().filter(|byte| *byte != b';' && !(*byte == b'(' && is_fws(before))) {
        before = byte;
        cursor.bump();
    }
    text::trim(cursor.slice(start, cursor.at()))
}

/// Goes to the next semicolon that is in no quotes and no comment.
fn skip(cursor: &mut Cursor<'_>) {
    while let Some(byte) = cursor.peek() {
        match byte {
            b';' => return,
            b'"' => drop(cursor.quoted()),
            b'(' => drop(cursor.comment()),
            _ => cursor.bump(),
        }
    }
}

/// A byte of a token (RFC 2045, 5.1), and UTF-8, which is met in names of files.
pub(crate) fn is_token(byte: u8) -> bool {
    !matches!(
        byte,
        0..=b' '
            | 0x7F
            | b'('
            | b')'
            | b'<'
            | b'>'
            | b'@'
            | b','
            | b';'
            | b':'
            | b'\\'
            | b'"'
            | b'/'
            | b'['
            | b']'
            | b'?'
            | b'='
    )
}

impl<'a> Param<'a> {
    fn bytes(self) -> Cow<'a, [u8]> {
        if self.quoted { text::unescape(self.value) } else { text::unfold(self.value) }
    }

    fn decoded(self) -> Cow<'a, str> {
        let bytes = self.bytes();
        if may_have_encoded_word(&bytes) {
            return Cow::Owned(text::clean_owned(encoded_word::decode_all(&text::unfold(&bytes))));
        }
        match bytes {
            Cow::Borrowed(bytes) => text::clean_cow(charset::guess(bytes)),
            Cow::Owned(bytes) => Cow::Owned(text::clean_owned(charset::guess(&bytes).into_owned())),
        }
    }
}

impl<'a> Piece<'a> {
    /// `part` is what is behind the name's first `*`.
    fn read(part: &[u8], param: Param<'a>) -> Option<Self> {
        let (digits, extended) = part.strip_suffix(b"*").map_or((part, false), |digits| (digits, true));
        let canonical = matches!(digits, [b'0'] | [b'1'..=b'9', ..]) && digits.len() <= 4;
        let number = core::str::from_utf8(digits).ok().filter(|_| canonical)?.parse().ok()?;
        Some(Self { number, extended, param })
    }
}

/// Puts the parts of a value together.
fn joined(pieces: &[Piece<'_>]) -> String {
    let mut bytes = Vec::new();
    let mut charset = None;
    for (at, piece) in pieces.iter().enumerate() {
        let value = piece.param.bytes();
        if !piece.extended {
            bytes.extend_from_slice(&value);
        } else if at == 0 {
            let (named, rest) = charset_of(&value);
            charset = named;
            percent(rest, &mut bytes);
        } else {
            percent(&value, &mut bytes);
        }
    }
    decode(charset, &bytes)
}

/// Reads `charset'language'octets` (RFC 2231, 4).
fn extended(value: &[u8]) -> String {
    let (charset, rest) = charset_of(value);
    let mut bytes = Vec::with_capacity(rest.len());
    percent(rest, &mut bytes);
    decode(charset, &bytes)
}

/// Takes the charset and the language off; a value that has none is taken for one without them.
fn charset_of(value: &[u8]) -> (Option<Charset>, &[u8]) {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(rest)) => (Charset::find(charset), rest),
        _ => (None, value),
    }
}

fn decode(charset: Option<Charset>, bytes: &[u8]) -> String {
    let text = match charset {
        Some(charset) => {
            let mut text = String::new();
            charset.decode(bytes, &mut text);
            text
        }
        None => charset::guess(bytes).into_owned(),
    };
    text::clean_owned(text)
}

/// Undoes `%` and two hexadecimal digits; what is not that stands for itself.
fn percent(mut value: &[u8], out: &mut Vec<u8>) {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    look(value.len());
    while let Some((byte, rest)) = value.split_first() {
        let escaped = match (byte, rest) {
            (b'%', [high, low, ..]) => digit(high).zip(digit(low)).map(|(high, low)| high << 4 | low),
            _ => None,
        };
        out.push(escaped.unwrap_or(*byte));
        value = if escaped.is_some() { rest.get(2..).unwrap_or_default() } else { rest };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(params: &str, name: &str) -> Option<String> {
        Params::new(params.as_bytes()).get(name).map(Cow::into_owned)
    }

    #[test]
    fn values_are_decoded_in_all_their_forms() {
        for (params, value) in [
            ("name=a", Some("a")),
            (" NAME = \"a b\" ", Some("a b")),
            ("x=1; name=\"a\\\"b;c\"; y", Some("a\"b;c")),
            ("name=a (comment; name=b); x", Some("a")),
            ("name=a file.txt; x=y", Some("a file.txt")),
            ("name=\"no end; x=y", Some("no end; x=y")),
            ("; ;name=a;", Some("a")),
            ("name", None),
            ("=a; name=b", Some("b")),
            ("name=", Some("")),
            ("name=a=b/c", Some("a=b/c")),
            ("name=\"=?utf-8?q?Gr=C3=BC=C3=9Fe?=\"", Some("Grüße")),
            ("name=Grüße", Some("Grüße")),
            ("name*=utf-8''Gr%C3%bc%c3%9fe; name=plain", Some("Grüße")),
            ("name=plain; name*0*=iso-8859-1'de'Gr%FC; name*1=%DFe", Some("Grü%DFe")),
            ("name*1=b; name*0=a; name*2=c; name*4=e", Some("abc")),
            ("name*1=b; name=plain", Some("plain")),
            ("name*00=a; name*0=b; name*0=c", Some("b")),
            ("name*=x%0d%0ay", Some("x\u{fffd}\u{fffd}y")),
            ("name*=%zz%4", Some("%zz%4")),
            ("name=a; name=b", Some("a")),
        ] {
            assert_eq!(get(params, "name").as_deref(), value, "{params}");
        }
    }

    /// M-4: continuations in reverse order, with numbers that mean nothing, cost what sorting costs.
    #[test]
    fn m4_many_continuations() {
        let mut params = String::new();
        for number in (0..5_000).rev() {
            params.push_str(&alloc::format!("; a*{number}=x"));
        }
        // only the first thousand are looked at, so the beginning is missing
        assert_eq!(get(&params, "a"), None);
        let ascending: String = (0..900).map(|number| alloc::format!("; a*{number}=x")).collect();
        assert_eq!(get(&ascending, "a").map(|value| value.len()), Some(900));
    }
}
