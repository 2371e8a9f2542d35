//! The decision that needs no question: the Author Domain's own record is at hand, and says enough.

use dns::Name;

use crate::author::{Seen, asked_for, weigh};
use crate::facts::{Config, Identity, Outcome, SeveralRecords};
use crate::record::{OwnedRecord, Published};
use crate::rules::{Mode, Relation};
use crate::verdict::{Applied, Cause, DmarcResult, Source, Verdict};
use crate::walk::{common_labels, count_labels};
use crate::{Dkim, Limits, Policy, Spf};

/// What the Author Domain's own record, out of a cache, comes to, where nothing else has to be asked: most mail is signed by its Author Domain. It is the verdict
/// that a [`Check`](crate::Check) gives under [`Order::Sequential`](crate::Order::Sequential), for less.
///
/// `None` says nothing of the message: a [`Check`](crate::Check) has to ask. So it is where the Author Domain has no record, where another domain may have the same
/// Organizational Domain and that matters, and where more domains were told than [`Limits::identifiers`].
///
/// `spf` is the result for the reverse-path, or for HELO in its place; `dkim` are the results of all signatures. The time is linear in them.
///
/// ```
/// use dmarc::{Config, Dkim, DmarcResult, Limits, Outcome, Published, Record, decide};
///
/// let author: dns::Name = "example.org".parse()?;
/// let cached = Published::Record(Record::parse(b"v=DMARC1; p=reject").unwrap().to_owned());
/// let dkim = [Dkim { outcome: Outcome::Pass, domain: author, partial: false }];
/// let verdict = decide(&author, &cached, None, &dkim, &Config::default(), &Limits::default());
/// assert_eq!(verdict.unwrap().result, DmarcResult::Pass); // for `None`, run a Check
/// # Ok::<(), dns::NameError>(())
/// ```
#[must_use]
pub fn decide(
    author: &Name,
    published: &Published,
    spf: Option<&Spf>,
    dkim: &[Dkim],
    config: &Config,
    limits: &Limits,
) -> Option<Verdict> {
    if author.is_root() {
        return None;
    }
    let mut facts = Facts { author, spf: Found::default(), dkim: Found::default(), partial: 0 };
    if let Some(spf) = spf.filter(|spf| spf.identity != Identity::Helo) {
        facts.spf.note(author, 0, spf.outcome, &spf.domain);
    }
    for (index, dkim) in dkim.iter().enumerate() {
        if dkim.partial && !config.partial_signatures && dkim.outcome == Outcome::Pass {
            facts.partial += 1;
        } else {
            facts.dkim.note(author, index, dkim.outcome, &dkim.domain);
        }
    }
    if facts.spf.near + facts.dkim.near > limits.identifiers.min(Limits::IDENTIFIERS) {
        return None;
    }
    match published {
        Published::Record(record) => facts.under(record, config),
        Published::Several if config.several_records == SeveralRecords::End => {
            Some(facts.unapplied(Cause::SeveralRecords))
        }
        Published::Several | Published::Nothing => None,
    }
}

/// What one mechanism found.
#[derive(Default)]
struct Found {
    seen: Seen,
    /// Domains that are not the Author Domain, and may have its Organizational Domain.
    near: usize,
}

impl Found {
    #[inline]
    fn note(&mut self, author: &Name, index: usize, outcome: Outcome, domain: &Name) {
        if outcome == Outcome::Fail {
            return;
        }
        let is_author = domain == author;
        self.seen.note(index, outcome, is_author);
        // An Organizational Domain is above both or it is not theirs.
        self.near += usize::from(!is_author && common_labels(domain, author) > 0);
    }

    /// Whether it takes a walk to know what it comes to.
    const fn is_open(&self, mode: Mode) -> bool {
        matches!(mode, Mode::Relaxed) && self.seen.same.is_none() && self.near > 0
    }
}

struct Facts<'a> {
    author: &'a Name,
    spf: Found,
    dkim: Found,
    partial: u32,
}

impl Facts<'_> {
    fn unapplied(&self, cause: Cause) -> Verdict {
        Verdict { partial: self.partial, ..Verdict::new(Some(*self.author), DmarcResult::None, cause) }
    }

    #[inline]
    fn under(&self, record: &OwnedRecord, config: &Config) -> Option<Verdict> {
        let rules = record.rules();
        let (source, relation) = (Source::AuthorDomain, Relation::Itself);
        let Some(published) = rules.policy_for(relation) else { return Some(self.unapplied(Cause::VoidRecord)) };
        if self.spf.is_open(rules.aspf) || self.dkim.is_open(rules.adkim) {
            return None;
        }
        let (spf, dkim) = (self.spf.seen.alone(None), self.dkim.seen.alone(None));
        let (result, cause) = weigh(spf, dkim);
        let policy = asked_for(published, rules, config);
        let labels = count_labels(self.author);
        Some(Verdict {
            result,
            cause,
            policy: Some(policy),
            disposition: if result == DmarcResult::Fail { policy } else { Policy::None },
            spf,
            dkim,
            aligned_signature: self.dkim.seen.same,
            applied: Some(Applied { source, relation, published, record: record.clone(), labels }),
            overridden: None,
            left_out: 0,
            partial: self.partial,
            author: Some(*self.author),
            organization: None,
        })
    }
}
