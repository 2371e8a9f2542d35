//! What is not as the grammar says, and read all the same.

use core::{fmt, num::NonZeroU32};

/// A place in a message that breaks the rules for lines, names and parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong.
    pub kind: DefectKind,
    /// Where, in bytes from the beginning of the message.
    pub at: usize,
}

/// What is wrong with a header block, or with the parts of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DefectKind {
    /// A line ends in LF alone (RFC 5322, 2.1).
    BareLf,
    /// A CR that is not half of a CRLF (2.1).
    BareCr,
    /// A NUL (4.1).
    Nul,
    /// A line of more than 998 octets (2.1.1).
    LongLine,
    /// A folded line with nothing but white space on it (4.2).
    BlankFold,
    /// White space between a name and its colon (4.5).
    SpaceBeforeColon,
    /// The `From ` line of an mbox file, or its quoted form.
    MboxLine,
    /// Any other line that is neither a field nor the continuation of one (3.6.8).
    NotAField,
    /// The message ends without the empty line that separates header and body (2.1).
    NoBody,
    /// A field that says what a part is stands there twice; the first one counts (RFC 2045, 3).
    SeveralMimeFields,
    /// A Content-Type that is none (RFC 2045, 5.1).
    MediaType,
    /// A multipart without a boundary, or with one that is too long to be looked for (RFC 2046, 5.1.1).
    NoBoundary,
    /// A boundary that is given twice, or is longer than 70 octets: programs differ in what they take for the parts (row M-7).
    OddBoundary,
    /// A multipart in which there is no delimiter.
    NoParts,
    /// A multipart whose last delimiter is missing.
    NoEnd,
    /// A multipart that says of itself that it is encoded (RFC 2045, 6.4).
    EncodedMultipart,
    /// A part with other parts in it that was nested deeper than [`Limits::depth`](crate::Limits::depth).
    TooDeep,
    /// More parts than [`Limits::parts`](crate::Limits::parts).
    TooManyParts,
    /// The header of a part was more than [`Limits`](crate::Limits) allow: the rest of it is taken for its body.
    HeaderTooLong,
}

impl DefectKind {
    const ALL: [Self; 19] = [
        Self::BareLf,
        Self::BareCr,
        Self::Nul,
        Self::LongLine,
        Self::BlankFold,
        Self::SpaceBeforeColon,
        Self::MboxLine,
        Self::NotAField,
        Self::NoBody,
        Self::SeveralMimeFields,
        Self::MediaType,
        Self::NoBoundary,
        Self::OddBoundary,
        Self::NoParts,
        Self::NoEnd,
        Self::EncodedMultipart,
        Self::TooDeep,
        Self::TooManyParts,
        Self::HeaderTooLong,
    ];
}

impl fmt::Display for DefectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BareLf => "a line ends in LF alone",
            Self::BareCr => "a CR alone",
            Self::Nul => "a NUL",
            Self::LongLine => "a line of more than 998 octets",
            Self::BlankFold => "a folded line of white space alone",
            Self::SpaceBeforeColon => "white space before a colon",
            Self::MboxLine => "an mbox separator line",
            Self::NotAField => "a line that is no field",
            Self::NoBody => "no empty line behind the header",
            Self::SeveralMimeFields => "a MIME field for the second time",
            Self::MediaType => "a Content-Type that is none",
            Self::NoBoundary => "a multipart without a boundary",
            Self::OddBoundary => "a boundary that is given twice or too long",
            Self::NoParts => "a multipart without parts",
            Self::NoEnd => "a multipart without its last delimiter",
            Self::EncodedMultipart => "a multipart that is said to be encoded",
            Self::TooDeep => "parts nested too deep",
            Self::TooManyParts => "too many parts",
            Self::HeaderTooLong => "a part's header that is too long",
        })
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.at)
    }
}

/// The first place of each kind: a bounded record of an unbounded number of faults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Defects {
    /// One more than the place.
    first: [Option<NonZeroU32>; DefectKind::ALL.len()],
}

impl Defects {
    pub(crate) fn note(&mut self, kind: DefectKind, at: usize) {
        if let Some(first) = self.first.get_mut(kind as usize) {
            let place = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1);
            *first = first.or(NonZeroU32::new(place));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Defect> + use<'_> {
        let places = DefectKind::ALL.iter().zip(&self.first);
        places.filter_map(|(&kind, first)| first.map(|place| Defect { kind, at: place.get() as usize - 1 }))
    }
}
