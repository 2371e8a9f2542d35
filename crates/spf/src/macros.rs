//! Macros as they are written (RFC 7208, 7.1 to 7.3).

/// One macro (RFC 7208, 7.1 to 7.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expand {
    /// In lower case.
    pub(crate) letter: u8,
    /// Whether the letter is upper case: what comes out is escaped for URLs.
    pub(crate) escape: bool,
    /// How many parts from the right are kept; all, if it is that many.
    pub(crate) keep: usize,
    pub(crate) reverse: bool,
    /// A bit for each of [`DELIMITERS`].
    delimiters: u8,
}

/// What values may be split at.
const DELIMITERS: &[u8; 7] = b".-+,/_=";

impl Expand {
    /// Whether the value comes out with its labels turned round, all of them.
    pub(crate) const fn is_reversal(self) -> bool {
        self.keep == usize::MAX && self.reverse && self.delimiters == 0 && !self.escape
    }

    /// Whether the last labels come out.
    pub(crate) const fn is_end(self) -> bool {
        self.keep != usize::MAX && !self.reverse && self.delimiters == 0
    }

    /// Where values are split: at dots, if nothing else is said.
    pub(crate) fn splitter(self) -> impl Fn(u8) -> bool + Copy {
        let delimiters = if self.delimiters == 0 { 1 } else { self.delimiters };
        move |octet| {
            let bit = match octet {
                b'.' => 1,
                b'-' => 1 << 1,
                b'+' => 1 << 2,
                b',' => 1 << 3,
                b'/' => 1 << 4,
                b'_' => 1 << 5,
                b'=' => 1 << 6,
                _ => 0,
            };
            delimiters & bit != 0
        }
    }

    /// Whether the value comes out as it is.
    pub(crate) const fn is_plain(self) -> bool {
        self.keep == usize::MAX && !self.reverse && self.delimiters == 0
    }
}

/// A piece of a text with macros.
#[derive(Clone, Copy)]
pub(crate) enum Part<'a> {
    Literal {
        octets: &'a [u8],
        begin: usize,
    },
    /// `%%`
    Percent {
        end: usize,
    },
    /// `%_`
    Space {
        end: usize,
    },
    /// `%-`
    UrlSpace {
        end: usize,
    },
    Macro {
        expand: Expand,
        begin: usize,
        end: usize,
    },
    Wrong {
        begin: usize,
    },
}

/// The pieces of a text with macros; it ends behind one that is wrong.
pub(crate) struct Parts<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parts<'a> {
    pub(crate) const fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// `transformers *delimiter "}"` behind a letter.
    #[inline]
    fn macro_behind(letter: u8, mut rest: &[u8]) -> Option<(Expand, &[u8])> {
        let mut expand = Expand {
            letter: letter.to_ascii_lowercase(),
            escape: letter.is_ascii_uppercase(),
            keep: usize::MAX,
            reverse: false,
            delimiters: 0,
        };
        if !b"slodiphcrtv".contains(&expand.letter) {
            return None;
        }
        let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
        if let Some((number, behind)) = rest.split_at_checked(digits)
            && digits > 0
        {
            // 7.3: any number is allowed, zero is not; no value has more parts than a few hundred.
            let keep = number
                .iter()
                .fold(0_usize, |value, digit| value.saturating_mul(10).saturating_add(usize::from(digit - b'0')));
            if keep == 0 {
                return None;
            }
            expand.keep = keep.min(usize::MAX - 1);
            rest = behind;
        }
        if let [b'r' | b'R', behind @ ..] = rest {
            expand.reverse = true;
            rest = behind;
        }
        loop {
            let [octet, behind @ ..] = rest else { return None };
            rest = behind;
            if *octet == b'}' {
                return Some((expand, rest));
            }
            expand.delimiters |= 1 << DELIMITERS.iter().position(|delimiter| delimiter == octet)?;
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    // A part that is not inlined goes through memory, and costs more than the macro.
    #[inline(always)]
    fn next(&mut self) -> Option<Part<'a>> {
        let begin = self.at;
        let rest = self.text.get(begin..).filter(|rest| !rest.is_empty())?;
        let part = match rest {
            [b'%', b'%', ..] => Part::Percent { end: begin + 2 },
            [b'%', b'_', ..] => Part::Space { end: begin + 2 },
            [b'%', b'-', ..] => Part::UrlSpace { end: begin + 2 },
            [b'%', b'{', letter, behind @ ..] => match Self::macro_behind(*letter, behind) {
                Some((expand, behind)) => Part::Macro { expand, begin, end: self.text.len() - behind.len() },
                None => Part::Wrong { begin },
            },
            [b'%', ..] => Part::Wrong { begin },
            _ => {
                let len = memchr::memchr(b'%', rest).unwrap_or(rest.len());
                self.at = begin + len;
                return Some(Part::Literal { octets: rest.get(..len).unwrap_or_default(), begin });
            }
        };
        self.at = match part {
            Part::Percent { end } | Part::Space { end } | Part::UrlSpace { end } | Part::Macro { end, .. } => end,
            _ => self.text.len(),
        };
        Some(part)
    }
}
