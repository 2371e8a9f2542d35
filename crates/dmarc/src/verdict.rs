//! What DMARC comes to for a message.

use alloc::boxed::Box;
use core::fmt;

use dns::Name;

use crate::record::OwnedRecord;
use crate::walk::{Trouble, suffix};
use crate::{Policy, Record, Relation};

/// The result, in the words of Authentication-Results (RFC 9989, 9.1; RFC 8601, 2.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DmarcResult {
    /// The use of the Author Domain is authorized.
    Pass,
    /// It is not.
    Fail,
    /// DMARC does not apply: nobody has published a policy.
    None,
    /// It could not be found out now. Such a message is not rejected for DMARC; it may be put off with a 4xx reply.
    TempError,
    /// It could not be found out, and later it cannot be either.
    PermError,
}

impl DmarcResult {
    /// The keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::None => "none",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for DmarcResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// Why the result is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// A domain that passed is aligned.
    Aligned,
    /// None is.
    NotAligned,
    /// No record was found.
    NoRecord,
    /// The Author Domain has several records ([`SeveralRecords::End`](crate::SeveralRecords::End)).
    SeveralRecords,
    /// The record has no valid policy and asks for no reports (RFC 9989, 4.10.1).
    VoidRecord,
    /// The policy could not be found out.
    PolicyUnknown(Trouble),
    /// Whether a domain is aligned, or passed, could not be found out, and nothing else passed.
    AlignmentUnknown(Trouble),
    /// The From field has no domain, or cannot be believed.
    NoAuthor,
    /// The From field has several domains, more than are evaluated.
    SeveralAuthors,
}

/// What a mechanism gave to DMARC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Alignment {
    /// It passed for the Author Domain itself.
    Strict,
    /// It passed for a domain with the same Organizational Domain, and the record asks for no more.
    Relaxed,
    /// It passed, for domains that are not aligned.
    Unaligned,
    /// It did not pass.
    NotPassed,
    /// A temporary error of the mechanism, or of the DNS, leaves it open.
    Unknown(Trouble),
}

impl Alignment {
    /// Whether it makes the message pass.
    #[must_use]
    pub const fn is_aligned(self) -> bool {
        matches!(self, Self::Strict | Self::Relaxed)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "aligned",
            Self::Relaxed => "aligned (relaxed)",
            Self::Unaligned => "passed, not aligned",
            Self::NotPassed => "not passed",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// Where a record was found, in the order of preference (RFC 9989, 4.10.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// At the Author Domain.
    AuthorDomain,
    /// At its Organizational Domain.
    OrganizationalDomain,
    /// At the Public Suffix Domain above.
    PublicSuffixDomain,
}

/// The record that a verdict stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Applied {
    /// Where it was found.
    pub source: Source,
    /// What the Author Domain is to it. A name of which could not be found out whether it exists is told as one that does.
    pub relation: Relation,
    /// What it asks for with messages that fail, before testing lowers it.
    pub published: Policy,
    /// The record.
    pub record: OwnedRecord,
    /// How many labels the domain has that publishes it.
    pub(crate) labels: usize,
}

/// Why a site does something else than the owner of the domain asks for; the words of aggregate reports (RFC 9990).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OverrideReason {
    /// A rule of the site.
    LocalPolicy,
    /// It came by a mailing list.
    MailingList,
    /// It came by a forwarder that the site trusts, one whose ARC seal is believed for instance.
    TrustedForwarder,
    /// The owner is testing (`t=y`).
    PolicyTestMode,
    /// Something else.
    Other,
}

impl OverrideReason {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LocalPolicy => "local_policy",
            Self::MailingList => "mailing_list",
            Self::TrustedForwarder => "trusted_forwarder",
            Self::PolicyTestMode => "policy_test_mode",
            Self::Other => "other",
        }
    }
}

/// What a site does instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    /// Why.
    pub reason: OverrideReason,
    /// What is done.
    pub disposition: Policy,
    /// More about it, for reports; it is read by strangers.
    pub comment: Option<Box<str>>,
}

/// What DMARC comes to.
///
/// `Display` is one line for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The result.
    pub result: DmarcResult,
    /// Why.
    pub cause: Cause,
    /// What the owner asks for with messages of this Author Domain that fail, lowered while testing: `policy.dmarc` in Authentication-Results. `None` where no policy
    /// was found.
    pub policy: Option<Policy>,
    /// What is asked to be done with this message: the policy if it fails, otherwise nothing. See [`Self::handling`] before anything is rejected.
    pub disposition: Policy,
    /// What SPF gave.
    pub spf: Alignment,
    /// What DKIM gave.
    pub dkim: Alignment,
    /// Which signature is aligned, counted from zero in the order in which they were told.
    pub aligned_signature: Option<usize>,
    /// The record, and where it was found.
    pub applied: Option<Applied>,
    /// What the site does instead of what is asked for.
    pub overridden: Option<Override>,
    /// How many domains were left out for [`Limits::identifiers`](crate::Limits::identifiers).
    pub left_out: u32,
    /// How many signatures passed that did not count for their `l=`.
    pub partial: u32,
    pub(crate) author: Option<Name>,
    /// Labels of the Organizational Domain, where it is known.
    pub(crate) organization: Option<usize>,
}

impl Verdict {
    pub(crate) const fn new(author: Option<Name>, result: DmarcResult, cause: Cause) -> Self {
        Self {
            result,
            cause,
            policy: None,
            disposition: Policy::None,
            spf: Alignment::NotPassed,
            dkim: Alignment::NotPassed,
            aligned_signature: None,
            applied: None,
            overridden: None,
            left_out: 0,
            partial: 0,
            author,
            organization: None,
        }
    }

    /// The Author Domain: `header.from` in Authentication-Results.
    #[must_use]
    pub const fn author_domain(&self) -> Option<&Name> {
        self.author.as_ref()
    }

    /// The domain whose record is applied: the one that reports are about.
    #[must_use]
    pub fn policy_domain(&self) -> Option<&str> {
        Some(suffix(self.author.as_ref()?, self.applied.as_ref()?.labels))
    }

    /// The Organizational Domain of the Author Domain, where it had to be found: not where no policy applies, nor under [`Order::Sequential`](crate::Order::Sequential)
    /// where a comparison was enough.
    #[must_use]
    pub fn organizational_domain(&self) -> Option<&str> {
        Some(suffix(self.author.as_ref()?, self.organization?))
    }

    /// The record that is applied.
    #[must_use]
    pub fn record(&self) -> Option<Record<'_>> {
        self.applied.as_ref().map(|applied| applied.record.as_record())
    }

    /// Says what the site does instead, and why; for the log, and for reports. The result stays.
    #[must_use]
    pub fn with_override(mut self, instead: Override) -> Self {
        self.disposition = instead.disposition;
        self.overridden = Some(instead);
        self
    }

    /// What may be done with the message: `reject` only where something else than DMARC speaks against it too, otherwise `quarantine` in its place (RFC 9989, 7.4
    /// and 8). What the site itself has decided, by an override or for an unclear From field, stays.
    #[must_use]
    pub const fn handling(&self, corroborated: bool) -> Policy {
        let owners = self.overridden.is_none() && self.applied.is_some();
        match self.disposition {
            Policy::Reject if owners && !corroborated => Policy::Quarantine,
            disposition => disposition,
        }
    }

    /// The text of a 550 5.7.1 reply; the word DMARC in it tells programs why (RFC 9989, 7.2).
    #[must_use]
    pub const fn rejection(&self) -> Rejection<'_> {
        Rejection(self)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.result)?;
        if let Some(author) = &self.author {
            write!(formatter, " header.from={author}")?;
        }
        if let (Some(policy), Some(domain)) = (self.policy, self.policy_domain()) {
            write!(formatter, " policy.dmarc={policy} of {domain}")?;
        }
        let cause = match self.cause {
            Cause::Aligned | Cause::NotAligned => "",
            Cause::NoRecord => ": no record",
            Cause::SeveralRecords => ": several records at the Author Domain",
            Cause::VoidRecord => ": the record has no valid policy and no address for reports",
            Cause::PolicyUnknown(Trouble::TryLater) => ": the DNS did not tell the policy; try later",
            Cause::PolicyUnknown(Trouble::Refused) => ": the DNS refused to tell the policy",
            Cause::AlignmentUnknown(Trouble::TryLater) => ": a temporary error leaves it open; try later",
            Cause::AlignmentUnknown(Trouble::Refused) => ": the DNS refused to tell the Organizational Domain",
            Cause::NoAuthor => ": no Author Domain in From",
            Cause::SeveralAuthors => ": several Author Domains in From",
        };
        formatter.write_str(cause)?;
        if self.applied.is_some() {
            write!(formatter, "; spf {}, dkim {}", self.spf.as_str(), self.dkim.as_str())?;
        }
        if self.disposition != Policy::None || self.overridden.is_some() {
            write!(formatter, "; disposition {}", self.disposition)?;
        }
        if let Some(instead) = &self.overridden {
            write!(formatter, " by {}", instead.reason.as_str())?;
        }
        Ok(())
    }
}

/// The text of a reply, made as it is written.
#[derive(Clone, Copy, Debug)]
pub struct Rejection<'a>(&'a Verdict);

impl fmt::Display for Rejection<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.policy_domain() {
            Some(domain) => write!(formatter, "Message refused by the DMARC policy of {domain}"),
            None => formatter.write_str("Message refused: DMARC needs one From field with one domain"),
        }
    }
}
