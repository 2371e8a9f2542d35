//! What an operator should know of a record.

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use crate::record::{read_mode, read_percent, read_psd, read_testing};
use crate::rules::{FailureOptions, Policy, Psd, Standing};
use crate::{Record, TagName, UriError};

/// How much something matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// It is worth knowing.
    Note,
    /// It may not be what is meant.
    Warning,
    /// It does not do what it says.
    Error,
}

/// What a domain is used for, as far as the advice depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Use {
    /// People write from it, and may post to mailing lists.
    pub people: bool,
    /// It sends no mail at all.
    pub silent: bool,
}

/// What is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lint {
    /// Something is no tag.
    #[error("this is no tag, and is passed over; a tag is a name, `=` and a value")]
    NotATag,
    /// A tag that nobody knows.
    #[error("this tag is unknown, and is passed over")]
    UnknownTag,
    /// A tag of RFC 7489.
    #[error("this tag is no longer part of DMARC (RFC 9989, C.5.2); remove it")]
    OldTag,
    /// `pct` below 100.
    #[error(
        "`pct` is no longer part of DMARC: the policy applies to all mail; use `t=y` while testing (RFC 9989, A.6)"
    )]
    Percentage,
    /// A tag that was there before.
    #[error("this tag is here twice; the first counts")]
    Twice,
    /// Names of tags are in lower case.
    #[error("write the names of tags in lower case; not every reader knows them otherwise")]
    UpperCase,
    /// A value that is not valid, and so gives way to the default.
    #[error("this value is not valid; the default counts")]
    Value,
    /// A policy that is not valid.
    #[error(
        "a policy is `none`, `quarantine` or `reject`; with this one the whole record counts as `p=none` (RFC 9989, 4.10.1)"
    )]
    BadPolicy,
    /// No policy.
    #[error("`p` is missing; the record counts as `p=none` (RFC 9989, 4.10.1)")]
    NoPolicy,
    /// No valid policy, and nobody who gets reports.
    #[error(
        "without a valid policy and without a valid address in `rua` the record is worth nothing (RFC 9989, 4.10.1)"
    )]
    Void,
    /// `fo` with an item twice, or both 0 and 1.
    #[error("write each option once, and `0` or `1`, not both")]
    FailureOptions,
    /// `fo` without `ruf`.
    #[error("`fo` means nothing without `ruf`")]
    OptionsWithoutAddress,
    /// A URI that is none.
    #[error("this is no address for reports: {0}")]
    Uri(UriError),
    /// A URI that nobody has to support.
    #[error("only `mailto:` is sure to be supported")]
    NotMail,
    /// A size behind a URI.
    #[error("the size behind a URI is no longer part of DMARC, and is passed over; remove it")]
    Size,
    /// No `rua`.
    #[error("without `rua` you get no reports, and do not see what your policy does")]
    NoReports,
    /// `p=none` without reports.
    #[error("`p=none` without `rua` changes nothing and tells you nothing")]
    Useless,
    /// `p=reject` where people write.
    #[error(
        "domains whose people post to mailing lists should not publish `p=reject` (RFC 9989, 7.4); use `quarantine`"
    )]
    RejectForPeople,
    /// A domain without mail, not protected.
    #[error("a domain that sends no mail is best protected with `p=reject`")]
    SilentNotRejected,
    /// Subdomains are less protected than the domain.
    #[error("subdomains are less protected than the domain itself; who forges your mail takes those")]
    WeakSubdomains,
    /// `psd=y`.
    #[error("`psd=y` is for domains under which others register theirs")]
    PublicSuffix,
    /// `t=y`.
    #[error("while `t=y` the policy is applied one step lower")]
    Testing,
}

impl Lint {
    /// How much it matters.
    #[must_use]
    pub const fn severity(&self) -> Severity {
        match self {
            Self::BadPolicy | Self::Void | Self::Uri(_) => Severity::Error,
            Self::NotATag
            | Self::Percentage
            | Self::Twice
            | Self::Value
            | Self::NoPolicy
            | Self::NoReports
            | Self::Useless
            | Self::RejectForPeople
            | Self::SilentNotRejected
            | Self::WeakSubdomains => Severity::Warning,
            _ => Severity::Note,
        }
    }
}

/// Something found, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub lint: Lint,
    /// The octets of the record that it concerns; all of them where it concerns the whole.
    pub at: Range<usize>,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.lint.severity() {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(formatter, "{severity}: octets {} to {}: {}", self.at.start, self.at.end, self.lint)
    }
}

impl Record<'_> {
    /// What its owner should know of it: what readers mend by defaults, what is old, and what is seldom meant. The order is that of the record, what concerns the whole
    /// last.
    ///
    /// ```
    /// use dmarc::{Lint, Record, Use};
    ///
    /// let record = Record::parse(b"v=DMARC1; p=reject; pct=50; rua=mailto:reports@example.org")?;
    /// let mut purpose = Use::default();
    /// purpose.people = true;
    /// let lints: Vec<Lint> = record.lint(&purpose).into_iter().map(|finding| finding.lint).collect();
    /// assert_eq!(lints, [Lint::Percentage, Lint::RejectForPeople]);
    /// # Ok::<(), dmarc::RecordError>(())
    /// ```
    #[must_use]
    pub fn lint(&self, purpose: &Use) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut seen = Vec::new();
        for tag in self.tags() {
            let mut find = |lint, at| findings.push(Finding { lint, at });
            let tag = match tag {
                Ok(tag) => tag,
                Err(error) => {
                    find(Lint::NotATag, error.at..error.at + 1);
                    continue;
                }
            };
            let name_at = tag.at..tag.at + tag.name.len();
            let Some(name) = TagName::read(tag.name) else {
                find(Lint::UnknownTag, name_at);
                continue;
            };
            if tag.name.iter().any(u8::is_ascii_uppercase) {
                find(Lint::UpperCase, name_at.clone());
            }
            if seen.contains(&name) {
                find(Lint::Twice, name_at);
                continue;
            }
            seen.push(name);
            let valid = match name {
                TagName::P | TagName::Sp | TagName::Np => {
                    if Policy::read(tag.value).is_none() {
                        find(Lint::BadPolicy, tag.span());
                    }
                    true
                }
                TagName::Adkim | TagName::Aspf => read_mode(tag.value).is_some(),
                TagName::Psd => read_psd(tag.value).is_some(),
                TagName::T => read_testing(tag.value).is_some(),
                TagName::Fo => match FailureOptions::read(tag.value) {
                    Some((_, clean)) => {
                        if !clean {
                            find(Lint::FailureOptions, tag.span());
                        }
                        true
                    }
                    None => false,
                },
                TagName::Pct if read_percent(tag.value).is_none_or(|percent| percent < 100) => {
                    find(Lint::Percentage, tag.span());
                    true
                }
                TagName::Pct | TagName::Rf | TagName::Ri => {
                    find(Lint::OldTag, name_at);
                    true
                }
                TagName::Rua | TagName::Ruf | TagName::V => true,
            };
            if !valid {
                find(Lint::Value, tag.span());
            }
            let uris = match name {
                TagName::Rua => self.rua(),
                TagName::Ruf => self.ruf(),
                _ => continue,
            };
            for (at, uri) in uris {
                match uri {
                    Err(error) => find(Lint::Uri(error), at),
                    Ok((uri, sized)) => {
                        if !uri.is_mailto() {
                            find(Lint::NotMail, at.clone());
                        }
                        if sized {
                            find(Lint::Size, at);
                        }
                    }
                }
            }
        }
        self.lint_whole(purpose, &seen, &mut findings);
        findings
    }

    fn lint_whole(&self, purpose: &Use, seen: &[TagName], findings: &mut Vec<Finding>) {
        let rules = self.rules();
        let mut find = |lint| findings.push(Finding { lint, at: 0..self.text().len() });
        if seen.contains(&TagName::Fo) && !seen.contains(&TagName::Ruf) {
            find(Lint::OptionsWithoutAddress);
        }
        match rules.standing {
            Standing::Void => return find(Lint::Void),
            Standing::Monitoring if !seen.contains(&TagName::P) => return find(Lint::NoPolicy),
            Standing::Monitoring => return,
            Standing::Valid => {}
        }
        let (p, sp) = (rules.p.unwrap_or_default(), rules.sp.or(rules.p).unwrap_or_default());
        if self.rua().valid().next().is_none() {
            find(if p == Policy::None { Lint::Useless } else { Lint::NoReports });
        }
        if p == Policy::Reject && purpose.people {
            find(Lint::RejectForPeople);
        }
        if p != Policy::Reject && purpose.silent {
            find(Lint::SilentNotRejected);
        }
        if sp < p || rules.np.is_some_and(|np| np < p) {
            find(Lint::WeakSubdomains);
        }
        if rules.psd == Psd::Yes {
            find(Lint::PublicSuffix);
        }
        if rules.testing && p.max(sp) != Policy::None {
            find(Lint::Testing);
        }
    }
}
