//! Policy records (RFC 9989, 4.7 and 4.8), and those of RFC 7489.

use alloc::sync::Arc;
use core::fmt;
use core::ops::Range;

use dns::{Absence, Answer};

use crate::rules::{FailureOptions, Mode, Policy, Psd, Rules, Standing};
use crate::{Limits, ReportUris, Tags};

/// A tag that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TagName {
    /// Strictness of DKIM's alignment.
    Adkim,
    /// Strictness of SPF's alignment.
    Aspf,
    /// When failure reports are wanted.
    Fo,
    /// Policy for subdomains that do not exist.
    Np,
    /// Policy.
    P,
    /// Percentage of RFC 7489.
    Pct,
    /// Whether the domain is a Public Suffix Domain.
    Psd,
    /// Form of failure reports of RFC 7489.
    Rf,
    /// Interval of reports of RFC 7489.
    Ri,
    /// Where aggregate reports go.
    Rua,
    /// Where failure reports go.
    Ruf,
    /// Policy for subdomains.
    Sp,
    /// Whether the owner is testing.
    T,
    /// Version.
    V,
}

impl TagName {
    /// The tag of a name, in any case: in RFC 9989's grammar names have none, and in RFC 6376's they are in lower case.
    #[must_use]
    pub fn read(name: &[u8]) -> Option<Self> {
        if let Some(tag) = Self::of(name) {
            return Some(tag);
        }
        let mut lowered = [0; 5];
        let lowered = lowered.get_mut(..name.len())?;
        for (to, octet) in lowered.iter_mut().zip(name) {
            *to = octet.to_ascii_lowercase();
        }
        Self::of(lowered)
    }

    const fn of(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"adkim" => Self::Adkim,
            b"aspf" => Self::Aspf,
            b"fo" => Self::Fo,
            b"np" => Self::Np,
            b"p" => Self::P,
            b"pct" => Self::Pct,
            b"psd" => Self::Psd,
            b"rf" => Self::Rf,
            b"ri" => Self::Ri,
            b"rua" => Self::Rua,
            b"ruf" => Self::Ruf,
            b"sp" => Self::Sp,
            b"t" => Self::T,
            b"v" => Self::V,
            _ => return None,
        })
    }

    /// Whether RFC 9989 has taken it out of the protocol (C.5.2).
    #[must_use]
    pub const fn is_old(self) -> bool {
        matches!(self, Self::Pct | Self::Rf | Self::Ri)
    }
}

/// Why a text is no policy record. Everything else that is wrong with one is mended by defaults, and told by [`Record::lint`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It does not begin with the tag `v`.
    #[error("octet {at}: not a DMARC record; one begins with `v=DMARC1`")]
    NoVersion {
        /// Where the tag would be.
        at: usize,
    },
    /// The version is another one; its letters are capitals.
    #[error("octet {at}: the version is not `DMARC1`, in capitals")]
    Version {
        /// Where the version stands.
        at: usize,
    },
    /// It is longer than the limit.
    #[error("the record has {value} octets; the limit is {limit}")]
    Long {
        /// The limit, in octets.
        limit: usize,
        /// The record's length.
        value: usize,
    },
}

/// Where a value stands in a record; none has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    begin: u32,
    end: u32,
}

impl Span {
    const fn new(span: &Range<usize>) -> Self {
        Self { begin: span.start as u32, end: span.end as u32 }
    }

    const fn range(self) -> Range<usize> {
        self.begin as usize..self.end as usize
    }
}

/// What is known of a record beside its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Parsed {
    rules: Rules,
    rua: Span,
    ruf: Span,
}

/// A policy record, read in place.
///
/// ```
/// let record = dmarc::Record::parse(b"v=DMARC1; p=quarantine; rua=mailto:reports@example.org")?;
/// assert_eq!(record.rules().p, Some(dmarc::Policy::Quarantine));
/// assert_eq!(record.rua().valid().next().unwrap().address(), Some("reports@example.org"));
/// # Ok::<(), dmarc::RecordError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Record<'a> {
    text: &'a [u8],
    parsed: Parsed,
}

impl<'a> Record<'a> {
    /// Reads a record, its strings joined. Unknown tags are passed over, values that are not valid give way to defaults (RFC 9989, 4.8), and of a tag that is there
    /// twice the first counts.
    ///
    /// # Errors
    ///
    /// [`RecordError`], where it is none.
    pub fn parse(text: &'a [u8]) -> Result<Self, RecordError> {
        Self::parse_within(text, &Limits::default())
    }

    /// [`Self::parse`] under other limits.
    ///
    /// # Errors
    ///
    /// [`RecordError`].
    pub fn parse_within(text: &'a [u8], limits: &Limits) -> Result<Self, RecordError> {
        let limit = limits.record.min(u32::MAX as usize);
        if text.len() > limit {
            return Err(RecordError::Long { limit, value: text.len() });
        }
        // Nearly all are written this way.
        let tags = match text.strip_prefix(b"v=DMARC1;") {
            Some(rest) => Tags::behind(rest, text),
            None => behind_version(text)?,
        };
        let mut parsed = Parsed::default();
        let rules = &mut parsed.rules;
        let mut seen = 0_u16;
        let mut broken = false;
        for tag in tags {
            let Ok(tag) = tag else { continue };
            let Some(name) = TagName::read(tag.name) else { continue };
            let bit = 1 << name as u16;
            if seen & bit != 0 {
                continue;
            }
            seen |= bit;
            let mut policy = || {
                let policy = Policy::read(tag.value);
                broken |= policy.is_none();
                policy
            };
            match name {
                TagName::P => rules.p = policy(),
                TagName::Sp => rules.sp = policy(),
                TagName::Np => rules.np = policy(),
                TagName::Rua => parsed.rua = Span::new(&tag.span()),
                TagName::Ruf => parsed.ruf = Span::new(&tag.span()),
                TagName::Adkim => rules.adkim = read_mode(tag.value).unwrap_or_default(),
                TagName::Aspf => rules.aspf = read_mode(tag.value).unwrap_or_default(),
                TagName::Psd => rules.psd = read_psd(tag.value).unwrap_or_default(),
                TagName::T => rules.testing = read_testing(tag.value).unwrap_or_default(),
                TagName::Fo => rules.fo = FailureOptions::read(tag.value).map_or(FailureOptions::DEFAULT, |(fo, _)| fo),
                TagName::Pct => rules.pct = read_percent(tag.value),
                TagName::V | TagName::Rf | TagName::Ri => {}
            }
        }
        let mut record = Self { text, parsed };
        if broken || record.parsed.rules.p.is_none() {
            let awaited = record.rua().valid().next().is_some();
            record.parsed.rules.standing = if awaited { Standing::Monitoring } else { Standing::Void };
        }
        Ok(record)
    }

    /// What it says.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.parsed.rules
    }

    /// The text, as it was.
    #[must_use]
    pub const fn text(&self) -> &'a [u8] {
        self.text
    }

    /// All tags, known and unknown, with where they stand.
    #[must_use]
    pub const fn tags(&self) -> Tags<'a> {
        Tags::new(self.text)
    }

    /// Where the value of a tag stands; the first, where there are several.
    #[must_use]
    pub fn span(&self, name: TagName) -> Option<Range<usize>> {
        self.tags().flatten().find(|tag| TagName::read(tag.name) == Some(name)).map(|tag| tag.span())
    }

    /// Where aggregate reports go.
    #[must_use]
    pub fn rua(&self) -> ReportUris<'a> {
        self.uris(self.parsed.rua)
    }

    /// Where failure reports go. Of a record with `psd=y` they are not sent (RFC 9991).
    #[must_use]
    pub fn ruf(&self) -> ReportUris<'a> {
        self.uris(self.parsed.ruf)
    }

    fn uris(&self, span: Span) -> ReportUris<'a> {
        if span == Span::default() {
            return ReportUris::NONE;
        }
        let range = span.range();
        let at = range.start;
        ReportUris::new(self.text.get(range).unwrap_or_default(), at)
    }

    /// The same, for keeping.
    #[must_use]
    pub fn to_owned(&self) -> OwnedRecord {
        OwnedRecord { text: self.text.into(), parsed: self.parsed }
    }
}

/// What stands behind a record's version.
#[inline(never)]
fn behind_version(text: &[u8]) -> Result<Tags<'_>, RecordError> {
    let mut tags = Tags::new(text);
    match tags.next() {
        Some(Ok(tag)) if tag.name.eq_ignore_ascii_case(b"v") => {
            // RFC 9989, 4.7: the only value that is compared with its case.
            if tag.value == b"DMARC1" { Ok(tags) } else { Err(RecordError::Version { at: tag.value_at }) }
        }
        Some(Ok(tag)) => Err(RecordError::NoVersion { at: tag.at }),
        Some(Err(error)) => Err(RecordError::NoVersion { at: error.at }),
        None => Err(RecordError::NoVersion { at: 0 }),
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Record({})", Cut(self.text))
    }
}

/// Octets from elsewhere, escaped and cut to 80.
struct Cut<'a>(&'a [u8]);

impl fmt::Display for Cut<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cut = self.0.get(..80);
        write!(formatter, "{}{}", cut.unwrap_or(self.0).escape_ascii(), if cut.is_some() { "…" } else { "" })
    }
}

pub(crate) const fn read_mode(value: &[u8]) -> Option<Mode> {
    match value {
        b"r" | b"R" => Some(Mode::Relaxed),
        b"s" | b"S" => Some(Mode::Strict),
        _ => None,
    }
}

pub(crate) const fn read_psd(value: &[u8]) -> Option<Psd> {
    match value {
        b"y" | b"Y" => Some(Psd::Yes),
        b"n" | b"N" => Some(Psd::No),
        b"u" | b"U" => Some(Psd::Unknown),
        _ => None,
    }
}

pub(crate) const fn read_testing(value: &[u8]) -> Option<bool> {
    match value {
        b"y" | b"Y" => Some(true),
        b"n" | b"N" => Some(false),
        _ => None,
    }
}

pub(crate) fn read_percent(value: &[u8]) -> Option<u8> {
    let digits = !value.is_empty() && value.len() <= 3 && value.iter().all(u8::is_ascii_digit);
    let number = value.iter().fold(0_u16, |number, digit| number.wrapping_mul(10).wrapping_add(u16::from(digit & 15)));
    (digits && number <= 100).then_some(number as u8)
}

/// A [`Record`] that owns its text: what a verdict hands out and a cache keeps. Copies share the text.
#[derive(Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    text: Arc<[u8]>,
    parsed: Parsed,
}

impl OwnedRecord {
    /// The record.
    #[must_use]
    pub fn as_record(&self) -> Record<'_> {
        Record { text: &self.text, parsed: self.parsed }
    }

    /// What it says.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.parsed.rules
    }
}

impl fmt::Debug for OwnedRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.as_record(), formatter)
    }
}

/// What a domain publishes, as far as a tree walk asks (RFC 9989, 4.10): the parsed answer to the question for `_dmarc` below it.
///
/// It is what a cache is worth having for: [`Self::read`] it once, keep it as long as the answer's TTL says (what is not there, as long as the cache likes), and give it
/// to [`Check::answer_parsed`](crate::Check::answer_parsed).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Published {
    /// No policy record.
    #[default]
    Nothing,
    /// Several, which count as none.
    Several,
    /// One.
    Record(OwnedRecord),
}

impl Published {
    /// What an answer comes to. What is no policy record is passed over (RFC 9989, 4.10, step 2).
    ///
    /// # Errors
    ///
    /// [`Absence`], where the DNS could not tell: only `TryLater` and `Refused`.
    pub fn read(answer: Answer<'_>, limits: &Limits) -> Result<Self, Absence> {
        let texts = match answer.txt() {
            Ok(texts) => texts,
            Err(absence) if absence.is_certain() => return Ok(Self::Nothing),
            Err(absence) => return Err(absence),
        };
        let mut records = texts.iter().filter_map(|text| Record::parse_within(text.as_ref(), limits).ok());
        Ok(match (records.next(), records.next()) {
            (None, _) => Self::Nothing,
            (Some(record), None) => Self::Record(record.to_owned()),
            (Some(_), Some(_)) => Self::Several,
        })
    }
}
