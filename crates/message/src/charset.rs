//! Charsets: octets to text.

use alloc::{borrow::Cow, string::String};

/// The charsets that can be read. Others are built in by the feature `charsets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Ascii,
    Latin1,
    #[cfg(feature = "charsets")]
    Other(&'static encoding_rs::Encoding),
}

impl Charset {
    pub(crate) fn find(name: &[u8]) -> Option<Self> {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        if is("utf-8") || is("utf8") {
            Some(Self::Utf8)
        } else if is("us-ascii") || is("ascii") {
            Some(Self::Ascii)
        } else if is("iso-8859-1") || is("latin1") {
            Some(Self::Latin1)
        } else {
            Self::find_other(name)
        }
    }

    #[cfg(feature = "charsets")]
    fn find_other(name: &[u8]) -> Option<Self> {
        encoding_rs::Encoding::for_label_no_replacement(name).map(Self::Other)
    }

    #[cfg(not(feature = "charsets"))]
    fn find_other(_: &[u8]) -> Option<Self> {
        None
    }

    pub(crate) fn decode(self, bytes: &[u8], out: &mut String) {
        match self {
            Self::Utf8 => out.push_str(&String::from_utf8_lossy(bytes)),
            Self::Ascii => out.extend(
                bytes.iter().map(|&byte| if byte.is_ascii() { char::from(byte) } else { char::REPLACEMENT_CHARACTER }),
            ),
            Self::Latin1 => out.extend(bytes.iter().copied().map(char::from)),
            #[cfg(feature = "charsets")]
            Self::Other(encoding) => out.push_str(&encoding.decode_without_bom_handling(bytes).0),
        }
    }
}

/// The octets of a text whose charset is not said, or not known: UTF-8 if they are that, else what most of the old mail is in.
pub(crate) fn guess(bytes: &[u8]) -> Cow<'_, str> {
    core::str::from_utf8(bytes).map_or_else(|_| Cow::Owned(western(bytes)), Cow::Borrowed)
}

#[cfg(feature = "charsets")]
fn western(bytes: &[u8]) -> String {
    encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()
}

#[cfg(not(feature = "charsets"))]
fn western(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}
