//! What is not as the grammar says, and read all the same.

use core::fmt;

/// A place in the header block that breaks the rules for lines and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong.
    pub kind: DefectKind,
    /// Where, in bytes from the beginning of the message.
    pub at: usize,
}

/// What is wrong with the lines of a header block.
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
}

impl DefectKind {
    const ALL: [Self; 9] = [
        Self::BareLf,
        Self::BareCr,
        Self::Nul,
        Self::LongLine,
        Self::BlankFold,
        Self::SpaceBeforeColon,
        Self::MboxLine,
        Self::NotAField,
        Self::NoBody,
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
    first: [Option<u32>; DefectKind::ALL.len()],
}

impl Defects {
    pub(crate) fn note(&mut self, kind: DefectKind, at: usize) {
        if let Some(first) = self.first.get_mut(kind as usize) {
            first.get_or_insert(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Defect> + use<'_> {
        let places = DefectKind::ALL.iter().zip(&self.first);
        places.filter_map(|(&kind, first)| first.map(|at| Defect { kind, at: at as usize }))
    }
}
