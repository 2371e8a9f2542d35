//! The values of a record's tags (RFC 9989, 4.7).

use core::fmt;
use core::str::FromStr;

/// What a domain's owner would have done with mail that fails; sorted, the strictest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Policy {
    /// Nothing: the owner expresses no preference.
    #[default]
    None,
    /// It is suspicious: into the junk folder, or a closer look.
    Quarantine,
    /// The use of the domain is not valid.
    Reject,
}

impl Policy {
    /// The keyword of records, and of `policy.dmarc` in Authentication-Results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }

    /// One step less: what is done while the owner tests (RFC 9989, 4.7, `t`).
    #[must_use]
    pub const fn lowered(self) -> Self {
        match self {
            Self::Reject => Self::Quarantine,
            Self::Quarantine | Self::None => Self::None,
        }
    }

    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let policy = match value.len() {
            4 => Self::None,
            6 => Self::Reject,
            10 => Self::Quarantine,
            _ => return None,
        };
        value.eq_ignore_ascii_case(policy.as_str().as_bytes()).then_some(policy)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A word that is no policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a policy is `none`, `quarantine` or `reject`")]
pub struct UnknownPolicy;

impl FromStr for Policy {
    type Err = UnknownPolicy;

    /// The keyword, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        Self::read(text.as_bytes()).ok_or(UnknownPolicy)
    }
}

/// Whether a domain is one under which others register theirs (RFC 9989, 4.7, `psd`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Psd {
    /// It is a Public Suffix Domain: the Organizational Domain is one label below.
    Yes,
    /// It is not, and is the Organizational Domain of itself and all below.
    No,
    /// The record does not say.
    #[default]
    Unknown,
}

/// How near an authenticated domain has to be to the Author Domain (RFC 9989, 4.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Both have the same Organizational Domain.
    #[default]
    Relaxed,
    /// They are the same.
    Strict,
}

/// When the owner would have failure reports (RFC 9989, 4.7, `fo`). Without `ruf` it means nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FailureOptions {
    /// `1`: where any mechanism gives no aligned pass; otherwise, `0`, where all do not.
    pub any: bool,
    /// `d`: where a signature fails, aligned or not.
    pub dkim: bool,
    /// `s`: where SPF fails, aligned or not.
    pub spf: bool,
}

impl FailureOptions {
    /// `0`, which a record without the tag means.
    pub const DEFAULT: Self = Self { any: false, dkim: false, spf: false };

    /// The options and whether they are written as RFC 9989 has them; `None` for something else.
    pub(crate) fn read(value: &[u8]) -> Option<(Self, bool)> {
        let mut options = Self::DEFAULT;
        let (mut all, mut clean) = (false, true);
        for item in value.split(|octet| *octet == b':') {
            let seen = match item.trim_ascii() {
                b"0" => &mut all,
                b"1" => &mut options.any,
                b"d" | b"D" => &mut options.dkim,
                b"s" | b"S" => &mut options.spf,
                _ => return None,
            };
            clean &= !*seen;
            *seen = true;
        }
        // Old records have `0:1`; what asks for more contains what asks for less.
        clean &= !(all && options.any);
        Some((options, clean))
    }
}

impl Default for FailureOptions {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for FailureOptions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.any { "1" } else { "0" })?;
        formatter.write_str(if self.dkim { ":d" } else { "" })?;
        formatter.write_str(if self.spf { ":s" } else { "" })
    }
}

/// What the Author Domain is to the domain that publishes the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Relation {
    /// The same.
    Itself,
    /// A subdomain that exists.
    Subdomain,
    /// A subdomain that does not exist (RFC 9989, 3.2.13).
    NonExistent,
}

/// What becomes of a record by its policies (RFC 9989, 4.10.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Standing {
    /// They are valid.
    #[default]
    Valid,
    /// `p` is missing, or one of `p`, `sp`, `np` is not valid; since somebody waits for reports, it counts as `p=none`.
    Monitoring,
    /// The same, and nobody waits for reports: DMARC is not applied.
    Void,
}

/// What a record says, with defaults where it says nothing or something that is not valid: all that a verdict needs, and small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// `p`: the policy for the domain itself, and for subdomains where nothing else is said.
    pub p: Option<Policy>,
    /// `sp`: for subdomains.
    pub sp: Option<Policy>,
    /// `np`: for subdomains that do not exist.
    pub np: Option<Policy>,
    /// `psd`.
    pub psd: Psd,
    /// `t=y`: the owner is testing; the policy is applied one step lower.
    pub testing: bool,
    /// `adkim`.
    pub adkim: Mode,
    /// `aspf`.
    pub aspf: Mode,
    /// `fo`.
    pub fo: FailureOptions,
    /// `pct` of RFC 7489, in percent. It changes nothing (RFC 9989, A.6) but under
    /// [`Config::old_zero_percent_is_testing`](crate::Config::old_zero_percent_is_testing).
    pub pct: Option<u8>,
    /// What becomes of it.
    pub standing: Standing,
}

impl Rules {
    /// The policy that is asked for, before testing lowers it; `None` where DMARC is not applied.
    ///
    /// ```
    /// use dmarc::{Policy, Record, Relation};
    ///
    /// let record = Record::parse(b"v=DMARC1; p=reject; sp=quarantine")?;
    /// assert_eq!(record.rules().policy_for(Relation::Subdomain), Some(Policy::Quarantine));
    /// assert_eq!(record.rules().policy_for(Relation::NonExistent), Some(Policy::Quarantine));
    /// # Ok::<(), dmarc::RecordError>(())
    /// ```
    #[must_use]
    pub fn policy_for(&self, relation: Relation) -> Option<Policy> {
        match self.standing {
            Standing::Void => None,
            Standing::Monitoring => Some(Policy::None),
            Standing::Valid => match relation {
                Relation::Itself => self.p,
                Relation::Subdomain => self.sp.or(self.p),
                Relation::NonExistent => self.np.or(self.sp).or(self.p),
            },
        }
    }
}
