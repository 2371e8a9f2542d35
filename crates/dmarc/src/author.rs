//! One Author Domain: what has to be asked for it, and what it comes to.

use alloc::vec::Vec;

use dns::Name;
use smallvec::SmallVec;

use crate::facts::{Config, Order, Outcome, SeveralRecords};
use crate::record::{OwnedRecord, Published};
use crate::rules::{Mode, Rules};
use crate::verdict::{Alignment, Applied, Cause, DmarcResult, Source, Verdict};
use crate::walk::{Guess, Guesses, Mark, Path, Trouble, common_labels};
use crate::{Limits, Policy, Psd, Relation};

/// Which mechanism has authenticated a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mechanism {
    Spf,
    Dkim,
}

/// What a mechanism found for the Author Domain itself, and whether it found anything good at all.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    passed: bool,
    pub(crate) same: Option<usize>,
    same_later: bool,
}

impl Seen {
    /// Notes what is no failure.
    #[inline]
    pub(crate) fn note(&mut self, index: usize, outcome: Outcome, is_author: bool) {
        self.passed |= outcome == Outcome::Pass;
        match outcome {
            Outcome::Pass if is_author => _ = self.same.get_or_insert(index),
            Outcome::TempError if is_author => self.same_later = true,
            _ => {}
        }
    }

    /// What it comes to where no other domain is aligned; whether one is may be open.
    #[inline]
    pub(crate) fn alone(&self, open: Option<Trouble>) -> Alignment {
        let open = open.max(self.same_later.then_some(Trouble::TryLater));
        match (self.same, open) {
            (Some(_), _) => Alignment::Strict,
            (None, Some(trouble)) => Alignment::Unknown(trouble),
            (None, None) if self.passed => Alignment::Unaligned,
            (None, None) => Alignment::NotPassed,
        }
    }
}

/// An authenticated domain that is not the Author Domain, and could be aligned with it.
#[derive(Clone, Debug)]
struct Identifier {
    path: Path,
    marks: [Mark; Limits::WALK],
    /// Which walk asks for each name: names that an earlier walk passes are asked there, once.
    owners: [u8; Limits::WALK],
    /// Labels that it shares with the Author Domain.
    common: usize,
    mechanism: Mechanism,
    index: usize,
    /// Whether it passed; otherwise a later answer could make it.
    passed: bool,
}

/// Whether the Author Domain exists (RFC 9989, 3.2.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Existence {
    Unasked,
    Asked,
    Exists,
    NonExistent,
    Unknown,
}

/// Whether two domains have the same Organizational Domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Same {
    Yes,
    No,
    Unknown(Trouble),
}

/// Where the policy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Open,
    Nowhere(Cause),
    Unknown(Trouble),
    At(usize, Source),
}

/// What is asked: a name of a walk, or whether the Author Domain exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Record { walk: usize, place: usize },
    Existence,
}

/// How it goes on.
#[derive(Clone, Debug)]
pub(crate) enum Next {
    Ask(Asked),
    Wait,
    Done,
}

#[derive(Clone, Debug)]
pub(crate) struct Author {
    path: Path,
    marks: [Mark; Limits::WALK],
    records: SmallVec<[(u8, OwnedRecord); 1]>,
    exists: Existence,
    seen: [Seen; 2],
    /// Most messages have none: all their domains are one, or have nothing in common.
    identifiers: Vec<Identifier>,
    left_out: u32,
    partial: u32,
    /// A name did not tell what it has, or the clock has run out: guesses have to be made.
    silent: bool,
    /// All facts are told.
    complete: bool,
    /// The clock has run out: what is open is unknown.
    expired: bool,
}

impl Author {
    #[inline]
    pub(crate) fn new(domain: &Name) -> Self {
        Self {
            path: Path::new(domain),
            marks: [Mark::Unasked; Limits::WALK],
            records: SmallVec::new(),
            exists: Existence::Unasked,
            seen: [Seen::default(); 2],
            identifiers: Vec::new(),
            left_out: 0,
            partial: 0,
            silent: false,
            complete: false,
            expired: false,
        }
    }

    pub(crate) const fn domain(&self) -> &Name {
        &self.path.start
    }

    pub(crate) const fn complete(&mut self) {
        self.complete = true;
    }

    pub(crate) const fn expire(&mut self) {
        self.complete = true;
        self.silent = true;
        self.expired = true;
    }

    pub(crate) const fn count_partial(&mut self) {
        self.partial += 1;
    }

    /// Tells what a mechanism found for a domain.
    pub(crate) fn fact(
        &mut self,
        mechanism: Mechanism,
        index: usize,
        outcome: Outcome,
        domain: &Name,
        limits: &Limits,
    ) {
        if self.complete || outcome == Outcome::Fail {
            return;
        }
        let passed = outcome == Outcome::Pass;
        let [spf, dkim] = &mut self.seen;
        let seen = if mechanism == Mechanism::Spf { spf } else { dkim };
        let is_author = *domain == self.path.start;
        seen.note(index, outcome, is_author);
        if is_author {
            return;
        }
        let common = common_labels(&self.path.start, domain);
        let known = self
            .identifiers
            .iter()
            .any(|other| other.mechanism == mechanism && other.passed == passed && other.path.start == *domain);
        if common == 0 || known {
            // An Organizational Domain is above both or it is not theirs.
            return;
        }
        if self.identifiers.len() >= limits.identifiers.min(Limits::IDENTIFIERS) {
            self.left_out = self.left_out.saturating_add(1);
            return;
        }
        let path = Path::new(domain);
        let mut owners = [self.identifiers.len() as u8 + 1; Limits::WALK];
        for (place, owner) in owners.iter_mut().enumerate().take(path.len()) {
            let labels = path.labels_at(place);
            let shares = |other: &Path, common: usize| common >= labels && other.place_of(labels).is_some();
            if shares(&self.path, common) {
                *owner = 0;
                continue;
            }
            let earlier =
                self.identifiers.iter().position(|other| shares(&other.path, common_labels(&other.path.start, domain)));
            if let Some(earlier) = earlier {
                *owner = earlier as u8 + 1;
            }
        }
        let marks = [Mark::Unasked; Limits::WALK];
        self.identifiers.push(Identifier { path, marks, owners, common, mechanism, index, passed });
    }

    fn path(&self, walk: usize) -> &Path {
        match walk.checked_sub(1).and_then(|at| self.identifiers.get(at)) {
            Some(identifier) => &identifier.path,
            None => &self.path,
        }
    }

    /// The walk and the place in which the name is asked that a walk has in a place.
    fn owner(&self, walk: usize, place: usize) -> (usize, usize) {
        let identifier = walk.checked_sub(1).and_then(|at| self.identifiers.get(at));
        let Some((identifier, owner)) = identifier.and_then(|it| Some((it, it.owners.get(place)?))) else {
            return (walk, place);
        };
        let owner = usize::from(*owner);
        let there = self.path(owner).place_of(identifier.path.labels_at(place));
        (owner, there.unwrap_or(place))
    }

    fn slot(&mut self, walk: usize, place: usize) -> Option<&mut Mark> {
        match walk.checked_sub(1) {
            None => self.marks.get_mut(place),
            Some(at) => self.identifiers.get_mut(at)?.marks.get_mut(place),
        }
    }

    #[inline]
    fn mark(&self, walk: usize, place: usize) -> Mark {
        // The Author Domain's walk asks for itself.
        let (walk, place) = if walk == 0 { (walk, place) } else { self.owner(walk, place) };
        let marks = match walk.checked_sub(1) {
            None => Some(&self.marks),
            Some(at) => self.identifiers.get(at).map(|identifier| &identifier.marks),
        };
        match marks.and_then(|marks| marks.get(place)) {
            Some(mark) if mark.is_open() && self.expired => Mark::Unknown(Trouble::TryLater),
            Some(mark) => *mark,
            None => Mark::Nothing,
        }
    }

    /// Writes the name of a question for a record; whether there is one: it may leave no room for the label.
    pub(crate) fn name(&self, walk: usize, place: usize, name: &mut Name) -> bool {
        let path = self.path(walk);
        name.become_prefixed("_dmarc", &path.start, path.labels_at(place)).is_ok()
    }

    /// An answer; one that was not asked for is ignored.
    pub(crate) fn answer(&mut self, walk: usize, place: usize, published: Result<&Published, Trouble>) {
        let Some(slot) = self.slot(walk, place).filter(|mark| **mark == Mark::Asked) else { return };
        *slot = match published {
            Ok(Published::Nothing) => Mark::Nothing,
            Ok(Published::Several) => Mark::Several,
            Ok(Published::Record(record)) => Mark::Found(record.rules().psd),
            Err(trouble) => Mark::Unknown(trouble),
        };
        self.silent |= published.is_err();
        if walk == 0
            && let Ok(Published::Record(record)) = published
        {
            self.records.push((place as u8, record.clone()));
        }
    }

    /// Whether the domain exists, as an answer for it or for a name below it shows.
    pub(crate) const fn exists(&mut self, exists: Option<bool>) {
        self.exists = match exists {
            Some(true) => Existence::Exists,
            Some(false) => Existence::NonExistent,
            None => Existence::Unknown,
        };
    }

    pub(crate) const fn asks_existence(&self) -> bool {
        matches!(self.exists, Existence::Asked)
    }

    /// What is to be asked next of a walk: in parallel all up to where it is known to end, otherwise what stands in the way.
    fn ask(&mut self, walk: usize, order: Order) -> Option<Next> {
        let mut waits = false;
        for place in 0..self.path(walk).len() {
            let mark = self.mark(walk, place);
            match mark {
                Mark::Unasked => {
                    let (walk, place) = self.owner(walk, place);
                    *self.slot(walk, place)? = Mark::Asked;
                    return Some(Next::Ask(Asked::Record { walk, place }));
                }
                Mark::Asked if order == Order::Sequential => return Some(Next::Wait),
                Mark::Asked => waits = true,
                Mark::Found(Psd::Yes | Psd::No) => break,
                _ => {}
            }
        }
        waits.then_some(Next::Wait)
    }

    fn is_open(&self, walk: usize) -> bool {
        self.path(walk).first_open(|place| self.mark(walk, place)).is_some()
    }

    /// What a name is taken to say under a guess. Silent names have numbers: those of the Author Domain's walk first, then those that another walk has alone.
    fn guess(&self, guess: Guess, walk: usize, place: usize) -> Mark {
        guess.mark(self.mark(walk, place), self.path(walk).labels_at(place), || match self.owner(walk, place) {
            (0, place) => self.path.silent(|place| self.mark(0, place), place),
            _ => self.path.silent(|place| self.mark(0, place), Limits::WALK) + self.silent_alone(walk, place),
        })
    }

    /// How many names of a walk before a place are silent, and not of the Author Domain's walk.
    fn silent_alone(&self, walk: usize, before: usize) -> usize {
        let alone = |place| match self.mark(walk, place) {
            Mark::Unknown(_) if self.owner(walk, place).0 == 0 => Mark::Nothing,
            mark => mark,
        };
        self.path(walk).silent(alone, before)
    }

    /// All guesses about the Author Domain's walk and another one; 0 for none.
    fn guesses(&self, walk: usize) -> Option<Guesses> {
        if !self.silent {
            return Guesses::of(0);
        }
        let alone = if walk == 0 { 0 } else { self.silent_alone(walk, Limits::WALK) };
        Guesses::of(self.path.silent(|place| self.mark(0, place), Limits::WALK) + alone)
    }

    /// The Organizational Domain of the Author Domain under a guess, as a number of labels.
    fn guessed_organization(&self, guess: Guess) -> usize {
        if !self.silent {
            return self.path.organization(|place| self.mark(0, place));
        }
        self.path.organization(|place| self.guess(guess, 0, place))
    }

    fn trouble(&self, walk: usize) -> Option<Trouble> {
        if self.silent { self.path(walk).trouble(|place| self.mark(walk, place)) } else { None }
    }

    /// Where the policy is (RFC 9989, 4.10.1).
    fn place(&self, config: &Config) -> Place {
        match self.mark(0, 0) {
            Mark::Found(_) => return Place::At(0, Source::AuthorDomain),
            Mark::Several if config.several_records == SeveralRecords::End => {
                return Place::Nowhere(Cause::SeveralRecords);
            }
            Mark::Unknown(trouble) => return Place::Unknown(trouble),
            Mark::Unasked | Mark::Asked => return Place::Open,
            Mark::Nothing | Mark::Several => {}
        }
        if self.is_open(0) {
            return Place::Open;
        }
        let trouble = self.trouble(0);
        let under = |guess| {
            let mark = |place| self.guess(guess, 0, place);
            let organization = self.path.place_of(self.path.organization(mark));
            match organization.filter(|place| matches!(mark(*place), Mark::Found(_))) {
                Some(place) => Some((place, Source::OrganizationalDomain)),
                None => self.path.public_suffix(mark).map(|place| (place, Source::PublicSuffixDomain)),
            }
        };
        let mut all = self.guesses(0).into_iter().flat_map(Guesses::iter).map(under);
        let Some(first) = all.next() else { return Place::Unknown(trouble.unwrap_or(Trouble::TryLater)) };
        let silent = first.is_some_and(|(place, _)| matches!(self.mark(0, place), Mark::Unknown(_)));
        match (first, trouble) {
            (_, Some(trouble)) if silent || all.any(|other| other != first) => Place::Unknown(trouble),
            (Some((place, source)), _) => Place::At(place, source),
            (None, _) => Place::Nowhere(Cause::NoRecord),
        }
    }

    fn record(&self, place: usize) -> Option<&OwnedRecord> {
        self.records.iter().find(|(at, _)| usize::from(*at) == place).map(|(_, record)| record)
    }

    /// How many labels the Organizational Domain has, where that is known.
    fn organization(&self) -> Option<usize> {
        let mut all = self.guesses(0)?.iter().map(|guess| self.guessed_organization(guess));
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }

    /// Whether a domain could have the Author Domain's Organizational Domain: it is below it, or it itself.
    fn is_candidate(&self, identifier: &Identifier) -> bool {
        let near = |guess| identifier.common >= self.guessed_organization(guess);
        self.guesses(0).is_none_or(|guesses| guesses.iter().any(near))
    }

    /// Whether a domain has the Author Domain's Organizational Domain (RFC 9989, 4.10.2); everything is known that can be.
    fn same(&self, at: usize, identifier: &Identifier) -> Same {
        if !self.is_candidate(identifier) {
            return Same::No;
        }
        let walk = at + 1;
        let unknown = Same::Unknown(self.trouble(0).max(self.trouble(walk)).unwrap_or(Trouble::TryLater));
        let Some(guesses) = self.guesses(walk) else { return unknown };
        let mut all = guesses.iter().map(|guess| {
            let mine = self.guessed_organization(guess);
            mine == identifier.path.organization(|place| self.guess(guess, walk, place)) && mine <= identifier.common
        });
        let first = all.next();
        match first {
            Some(first) if all.any(|other| other != first) => unknown,
            Some(true) => Same::Yes,
            _ => Same::No,
        }
    }

    /// Whether a domain has to be looked at: nothing nearer has passed, and the record lets it be another one.
    fn is_wanted(&self, identifier: &Identifier, rules: &Rules) -> bool {
        let (seen, mode) = self.mechanism(identifier.mechanism, rules);
        mode == Mode::Relaxed && seen.same.is_none()
    }

    const fn mechanism(&self, mechanism: Mechanism, rules: &Rules) -> (&Seen, Mode) {
        let [spf, dkim] = &self.seen;
        match mechanism {
            Mechanism::Spf => (spf, rules.aspf),
            Mechanism::Dkim => (dkim, rules.adkim),
        }
    }

    /// What a mechanism gives, and by which of its facts.
    fn alignment(&self, mechanism: Mechanism, rules: &Rules) -> (Alignment, Option<usize>) {
        let (seen, mode) = self.mechanism(mechanism, rules);
        let mut open = None;
        if mode == Mode::Relaxed && seen.same.is_none() {
            for (at, identifier) in self.identifiers.iter().enumerate() {
                if identifier.mechanism != mechanism {
                    continue;
                }
                match self.same(at, identifier) {
                    Same::No => {}
                    Same::Yes if identifier.passed => return (Alignment::Relaxed, Some(identifier.index)),
                    Same::Unknown(trouble) if identifier.passed => open = open.max(Some(trouble)),
                    Same::Yes | Same::Unknown(_) => open = Some(Trouble::TryLater),
                }
            }
        }
        (seen.alone(open), seen.same)
    }

    pub(crate) fn step(&mut self, config: &Config) -> Next {
        if config.order == Order::Parallel
            && let Some(Next::Ask(asked)) = self.ask(0, Order::Parallel)
        {
            return Next::Ask(asked);
        }
        let (place, source) = match self.place(config) {
            Place::Open => return self.ask(0, config.order).unwrap_or(Next::Wait),
            Place::Nowhere(_) | Place::Unknown(_) => return Next::Done,
            Place::At(place, source) => (place, source),
        };
        let Some(rules) = self.record(place).map(|record| *record.rules()) else { return Next::Done };
        if rules.policy_for(Relation::Itself).is_none() {
            return Next::Done;
        }
        let mut waits = false;
        if existence_matters(source, &rules) && !self.expired {
            match self.exists {
                Existence::Unasked => {
                    self.exists = Existence::Asked;
                    return Next::Ask(Asked::Existence);
                }
                Existence::Asked => waits = true,
                _ => {}
            }
        }
        // One after the other: a later signature may be the Author Domain's own, and spare a walk.
        if !self.complete && config.order == Order::Sequential {
            return Next::Wait;
        }
        for at in 0..self.identifiers.len() {
            let Some(identifier) = self.identifiers.get(at) else { break };
            if !self.is_wanted(identifier, &rules) {
                continue;
            }
            if self.is_open(0) {
                return self.ask(0, config.order).unwrap_or(Next::Wait);
            }
            if !self.is_candidate(identifier) {
                continue;
            }
            match self.ask(at + 1, config.order) {
                Some(Next::Ask(asked)) => return Next::Ask(asked),
                Some(_) if config.order == Order::Sequential => return Next::Wait,
                Some(_) => waits = true,
                None => {}
            }
        }
        if waits || !self.complete { Next::Wait } else { Next::Done }
    }

    /// What it comes to; only once [`Self::step`] says so.
    pub(crate) fn verdict(&self, config: &Config) -> Verdict {
        let unapplied = |result, cause| self.counted(Verdict::new(Some(self.path.start), result, cause));
        let (place, source) = match self.place(config) {
            Place::At(place, source) => (place, source),
            Place::Nowhere(cause) => return unapplied(DmarcResult::None, cause),
            Place::Unknown(trouble) => return unapplied(error(trouble), Cause::PolicyUnknown(trouble)),
            Place::Open => return unapplied(DmarcResult::TempError, Cause::PolicyUnknown(Trouble::TryLater)),
        };
        let Some(record) = self.record(place) else { return unapplied(DmarcResult::None, Cause::NoRecord) };
        let rules = record.rules();
        let matters = existence_matters(source, rules);
        let relation = match self.exists {
            _ if source == Source::AuthorDomain => Relation::Itself,
            Existence::NonExistent if matters => Relation::NonExistent,
            _ => Relation::Subdomain,
        };
        let Some(mut published) = rules.policy_for(relation) else {
            return unapplied(DmarcResult::None, Cause::VoidRecord);
        };
        if matters && matches!(self.exists, Existence::Unknown | Existence::Asked | Existence::Unasked) {
            // Nobody knows which of two policies it is: the milder one cannot be wrong by much.
            published = published.min(rules.policy_for(Relation::NonExistent).unwrap_or_default());
        }
        let policy = asked_for(published, rules, config);
        let (spf, _) = self.alignment(Mechanism::Spf, rules);
        let (dkim, aligned_signature) = self.alignment(Mechanism::Dkim, rules);
        let (result, cause) = weigh(spf, dkim);
        let labels = self.path.labels_at(place);
        let compared = self.identifiers.iter().any(|identifier| self.is_wanted(identifier, rules));
        let organization = if source != Source::AuthorDomain || compared { self.organization() } else { None };
        Verdict {
            result,
            cause,
            policy: Some(policy),
            disposition: if result == DmarcResult::Fail { policy } else { Policy::None },
            spf,
            dkim,
            aligned_signature,
            applied: Some(Applied { source, relation, published, record: record.clone(), labels }),
            overridden: None,
            left_out: self.left_out,
            partial: self.partial,
            author: Some(self.path.start),
            organization,
        }
    }

    fn counted(&self, verdict: Verdict) -> Verdict {
        Verdict { left_out: self.left_out, partial: self.partial, ..verdict }
    }
}

/// The policy that a record asks for, lowered while its owner tests.
#[inline]
pub(crate) fn asked_for(published: Policy, rules: &Rules, config: &Config) -> Policy {
    let testing = rules.testing || (config.old_zero_percent_is_testing && rules.pct == Some(0));
    if testing { published.lowered() } else { published }
}

/// What both mechanisms come to.
#[inline]
pub(crate) fn weigh(spf: Alignment, dkim: Alignment) -> (DmarcResult, Cause) {
    match (spf, dkim) {
        (spf, dkim) if spf.is_aligned() || dkim.is_aligned() => (DmarcResult::Pass, Cause::Aligned),
        // RFC 9989, 5.3.6: what an error leaves open is neither pass nor fail.
        (Alignment::Unknown(one), Alignment::Unknown(other)) => undecided(one.max(other)),
        (Alignment::Unknown(trouble), _) | (_, Alignment::Unknown(trouble)) => undecided(trouble),
        _ => (DmarcResult::Fail, Cause::NotAligned),
    }
}

/// Whether it makes a difference that the Author Domain exists.
fn existence_matters(source: Source, rules: &Rules) -> bool {
    source != Source::AuthorDomain && rules.policy_for(Relation::Subdomain) != rules.policy_for(Relation::NonExistent)
}

const fn error(trouble: Trouble) -> DmarcResult {
    match trouble {
        Trouble::TryLater => DmarcResult::TempError,
        Trouble::Refused => DmarcResult::PermError,
    }
}

const fn undecided(trouble: Trouble) -> (DmarcResult, Cause) {
    (error(trouble), Cause::AlignmentUnknown(trouble))
}
