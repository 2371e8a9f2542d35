//! Keys asked for: each name once, all at once (RFC 6376, 3.6.2).

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::time::Duration;

use dns::{Absence, Answer, Kind, Name, Question, QuestionId};

use crate::{Algorithm, KeyError, KeyRecord, Limits, Policy, Problem};

/// Keys that are being asked for: what an inquiry about signatures, such as ARC's, has inside.
///
/// ```
/// use dkim::{KeyFetch, Limits};
///
/// let mut keys = KeyFetch::default();
/// let at = keys.want("2026._domainkey.example.net".parse()?);
/// assert_eq!(keys.want("2026._domainkey.example.net".parse()?), at);
/// let id = keys.ask().unwrap().id;
/// assert!(keys.ask().is_none() && keys.is_waiting());
/// keys.answer(id, dns::Answer::NoSuchName, &Limits::default());
/// assert!(!keys.is_waiting());
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct KeyFetch {
    wanted: Vec<Wanted>,
    asked: usize,
    deadline: Option<Duration>,
}

#[derive(Clone, Debug)]
struct Wanted {
    name: Name,
    found: Option<Result<Found, Absence>>,
}

/// What the DNS has under a key's name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    records: Vec<Result<Arc<KeyRecord>, KeyError>>,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// Whether DNSSEC vouched for it.
    pub authenticated: bool,
}

impl KeyFetch {
    /// Wants a key: its number, the same for the same name.
    pub fn want(&mut self, name: Name) -> usize {
        if let Some(at) = self.wanted.iter().position(|wanted| wanted.name == name) {
            return at;
        }
        self.wanted.push(Wanted { name, found: None });
        self.wanted.len() - 1
    }

    /// The next question; none, when all have been asked.
    pub fn ask(&mut self) -> Option<Question<'_>> {
        let id = QuestionId(u32::try_from(self.asked).ok()?);
        let wanted = self.wanted.get(self.asked)?;
        self.asked += 1;
        Some(Question { id, name: &wanted.name, kind: Kind::Txt })
    }

    /// Whether something has been asked, or is to be, that has no answer.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.wanted.iter().any(|wanted| wanted.found.is_none())
    }

    /// The answer to a question. One to an unknown question, or a second one, is ignored.
    pub fn answer(&mut self, id: QuestionId, answer: Answer<'_>, limits: &Limits) {
        let Some(wanted) = self.open(id) else { return };
        wanted.found = Some(answer.txt().map(|texts| {
            Found {
                records: texts
                    .iter()
                    .take(limits.keys)
                    .map(|text| KeyRecord::parse(text.as_ref(), limits).map(Arc::new))
                    .collect(),
                ttl: answer.ttl(),
                authenticated: answer.is_authenticated(),
            }
        }));
    }

    /// The answer to a question as it was parsed before.
    pub fn answer_parsed(&mut self, id: QuestionId, record: Arc<KeyRecord>, ttl: u32, authenticated: bool) {
        if let Some(wanted) = self.open(id) {
            wanted.found = Some(Ok(Found { records: alloc::vec![Ok(record)], ttl, authenticated }));
        }
    }

    fn open(&mut self, id: QuestionId) -> Option<&mut Wanted> {
        let wanted = self.wanted.get_mut(usize::try_from(id.0).ok()?)?;
        wanted.found.is_none().then_some(wanted)
    }

    /// From this moment on answers are waited for, for as long as [`Limits::time`] says.
    pub fn start(&mut self, now: Duration, limits: &Limits) {
        self.deadline = Some(now.saturating_add(limits.time));
    }

    /// Until when answers are waited for; nothing, where none is.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.deadline.filter(|_| self.is_waiting())
    }

    /// At the deadline, all that is open counts as [`Absence::TryLater`].
    pub fn tick(&mut self, now: Duration) {
        if self.deadline().is_some_and(|deadline| now >= deadline) {
            self.asked = self.wanted.len();
            for wanted in &mut self.wanted {
                wanted.found.get_or_insert(Err(Absence::TryLater));
            }
        }
    }

    /// What was found under a key's name.
    ///
    /// # Errors
    ///
    /// [`Absence`]; [`Absence::TryLater`] also as long as there is no answer.
    pub fn found(&self, at: usize) -> Result<&Found, Absence> {
        match self.wanted.get(at).and_then(|wanted| wanted.found.as_ref()) {
            Some(found) => found.as_ref().map_err(|absence| *absence),
            None => Err(Absence::TryLater),
        }
    }
}

impl Found {
    /// The records, or why they are none.
    pub fn records(&self) -> &[Result<Arc<KeyRecord>, KeyError>] {
        &self.records
    }
}

/// Looks for a record whose key verifies. Several records of one name are against the rules; each is tried (RFC 6376, 3.6.2.2). Gives the one that does, or that is
/// blamed.
///
/// `strict`: whether `d=` is the domain that signs for itself, so that a key with `t=s` may be used.
///
/// # Errors
///
/// What is wrong with the record that came furthest, and that record.
pub fn verify_by_any(
    found: &Found,
    algorithm: Algorithm,
    strict: bool,
    policy: &Policy,
    limits: &Limits,
    mut verify: impl FnMut(&KeyRecord) -> bool,
) -> Result<Arc<KeyRecord>, (Problem, Option<Arc<KeyRecord>>)> {
    let mut worst: Option<(Problem, Option<Arc<KeyRecord>>)> = None;
    for record in found.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                worst.get_or_insert((Problem::Key(*error), None));
                continue;
            }
        };
        let problem = match record.problem(algorithm, strict, policy, limits) {
            None if verify(record) => return Ok(record.clone()),
            None => Problem::Header,
            Some(problem) => problem,
        };
        // a key that fits and says no is better to know of than one that does not fit
        let further = worst.as_ref().is_none_or(|(old, _)| {
            problem == Problem::Header && *old != Problem::Header || matches!(old, Problem::Key(_))
        });
        if further {
            worst = Some((problem, Some(record.clone())));
        }
    }
    Err(worst.unwrap_or((Problem::NoKey(Absence::NoRecords), None)))
}

impl KeyRecord {
    /// Why it may not be used for a signature, by what it says itself and by the policy (RFC 6376, 6.1.2; RFC 8301, 3.2).
    #[must_use]
    pub fn problem(&self, algorithm: Algorithm, strict: bool, policy: &Policy, limits: &Limits) -> Option<Problem> {
        let bits = self.key().bits();
        let rsa = self.key().kind() == "rsa";
        if !self.key().fits(algorithm) {
            return Some(Problem::KeyType);
        }
        if self.hashes.as_ref().is_some_and(|hashes| !hashes.contains(&algorithm.hash())) {
            return Some(Problem::KeyHash);
        }
        if !self.email {
            return Some(Problem::KeyService);
        }
        if self.strict && !strict {
            return Some(Problem::KeyStrict);
        }
        if rsa && bits < policy.min_rsa_bits {
            return Some(Problem::KeyShort(bits));
        }
        if rsa && bits > limits.max_rsa_bits.min(8_192) {
            return Some(Problem::KeyLong(bits));
        }
        None
    }
}
