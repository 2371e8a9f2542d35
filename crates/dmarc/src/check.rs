//! The whole of DMARC for one message, as one inquiry.

use alloc::vec::Vec;
use core::time::Duration;

use dns::{Absence, Answer, Inquiry, Kind, Name, Question, QuestionId, Step};

use crate::author::{Asked, Author, Mechanism, Next};
use crate::facts::until;
use crate::record::Published;
use crate::verdict::{Cause, DmarcResult, Verdict};
use crate::walk::Trouble;
use crate::{Authors, Config, Dkim, Identity, Limits, Outcome, Policy, Spf, Unclear};

/// DMARC for one message: finds the policy of the Author Domain, compares what SPF and DKIM found, and tells what it comes to.
///
/// Facts may come late: the policy is looked for as soon as From is known, and SPF and DKIM are told when they are done; [`Self::complete`] says that nothing more
/// comes. Walks go on only as far as the verdict needs them, and no name is asked twice.
///
/// A walk takes 8 questions at most; [`Limits::questions`] bounds the whole.
///
/// ```
/// use core::time::Duration;
/// use dmarc::{Authors, Check, Config, Dkim, DmarcResult, Limits, Outcome};
/// use dns::{Name, RecordSet, Zone, drive};
///
/// let mut zone = Zone::new(); // your resolver
/// zone.add("_dmarc.example.org".parse()?, RecordSet::Txt(vec!["v=DMARC1; p=reject".into()]));
///
/// let author: Name = "news.example.org".parse()?;
/// let mut check = Check::new(&Authors::from(author), Config::default(), Limits::default(), Duration::ZERO);
/// check.dkim(&Dkim { outcome: Outcome::Pass, domain: "example.org".parse()?, partial: false });
/// check.complete();
/// let verdict = drive::blocking(check, |name, kind| zone.lookup(name, kind));
/// assert_eq!(verdict.result, DmarcResult::Pass);
/// assert_eq!(verdict.to_string(),
///     "pass header.from=news.example.org policy.dmarc=reject of example.org; spf not passed, dkim aligned (relaxed)");
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Check {
    config: Config,
    limits: Limits,
    deadline: Duration,
    /// Nearly all messages have one, which stays where it is made.
    author: Option<Author>,
    more: Vec<Author>,
    /// What a message without a clear Author Domain comes to.
    unclear: Option<(DmarcResult, Cause, Policy)>,
    signatures: usize,
    /// The name of the question that is handed out.
    asking: Name,
    done: bool,
}

/// The place in a walk that stands for the question whether the Author Domain exists.
const EXISTENCE: u32 = 15;

impl Check {
    /// Begins, with the domains of From. `now` is on the clock whose moments [`Inquiry::deadline`] tells.
    #[must_use]
    pub fn new(authors: &Authors, config: Config, limits: Limits, now: Duration) -> Self {
        let count = authors.domains().count();
        let cause = match count {
            _ if authors.is_malformed() => Some(Cause::NoAuthor),
            0 => Some(Cause::NoAuthor),
            1 => None,
            _ if config.unclear == Unclear::Strictest && count <= limits.authors => None,
            _ => Some(Cause::SeveralAuthors),
        };
        let mut domains = authors.domains().take(if cause.is_none() { count } else { 0 });
        Self {
            config,
            limits,
            deadline: until(now, &limits),
            author: domains.next().map(Author::new),
            more: domains.map(Author::new).collect(),
            unclear: cause.map(|cause| match config.unclear {
                Unclear::None => (DmarcResult::None, cause, Policy::None),
                Unclear::Fail(policy) => (DmarcResult::Fail, cause, policy),
                Unclear::Strictest => (DmarcResult::Fail, cause, Policy::Reject),
            }),
            signatures: 0,
            asking: Name::ROOT,
            done: false,
        }
    }

    fn authors(&mut self) -> impl Iterator<Item = &mut Author> {
        self.author.iter_mut().chain(&mut self.more)
    }

    fn author(&mut self, at: usize) -> Option<&mut Author> {
        match at.checked_sub(1) {
            None => self.author.as_mut(),
            Some(at) => self.more.get_mut(at),
        }
    }

    /// Tells what SPF found. HELO's identity counts for nothing (RFC 9989, 4.4.2), but as a null reverse-path's.
    pub fn spf(&mut self, spf: &Spf) {
        if spf.identity == Identity::Helo || self.done {
            return;
        }
        for author in self.author.iter_mut().chain(&mut self.more) {
            author.fact(Mechanism::Spf, 0, spf.outcome, &spf.domain, &self.limits);
        }
    }

    /// Tells what DKIM found of one signature; once for each, the ones that matter most first.
    pub fn dkim(&mut self, dkim: &Dkim) {
        if self.done {
            return;
        }
        let index = self.signatures;
        self.signatures += 1;
        let partial = dkim.partial && !self.config.partial_signatures && dkim.outcome == Outcome::Pass;
        for author in self.author.iter_mut().chain(&mut self.more) {
            if partial {
                author.count_partial();
            } else {
                author.fact(Mechanism::Dkim, index, dkim.outcome, &dkim.domain, &self.limits);
            }
        }
    }

    /// Says that all facts are told; what comes later is ignored. Without this there is no verdict before the deadline, but where no policy applies.
    pub fn complete(&mut self) {
        self.authors().for_each(Author::complete);
    }

    /// The answer to a question for a policy record, out of a cache of what [`Published::read`] once gave.
    pub fn answer_parsed(&mut self, id: QuestionId, published: &Published) {
        self.tell(id, Ok(published));
    }

    fn tell(&mut self, id: QuestionId, published: Result<&Published, Trouble>) {
        let (author, walk, place) = parts(id);
        if !self.done
            && let Some(author) = self.author(author)
        {
            author.answer(walk, place, published);
        }
    }

    /// What several verdicts on one message come to (RFC 9989, 11.5): the strictest policy of those that fail; a pass only where all pass.
    fn verdict(&self) -> Verdict {
        if let Some((result, cause, disposition)) = self.unclear {
            return Verdict { disposition, ..Verdict::new(None, result, cause) };
        }
        if let (Some(author), []) = (&self.author, &*self.more) {
            return author.verdict(&self.config);
        }
        let rank = |verdict: &Verdict| match verdict.result {
            DmarcResult::Fail => (4, verdict.disposition),
            DmarcResult::TempError => (3, Policy::None),
            DmarcResult::PermError => (2, Policy::None),
            DmarcResult::None => (1, Policy::None),
            DmarcResult::Pass => (0, Policy::None),
        };
        let mut verdicts = self.author.iter().chain(&self.more).map(|author| author.verdict(&self.config));
        let Some(first) = verdicts.next() else {
            return Verdict::new(None, DmarcResult::None, Cause::NoAuthor);
        };
        verdicts.fold(first, |worst, next| if rank(&next) > rank(&worst) { next } else { worst })
    }
}

/// Which Author Domain, which of its walks, and which place in it a question is for.
const fn parts(id: QuestionId) -> (usize, usize, usize) {
    ((id.0 >> 16) as usize, ((id.0 >> 4) & 0xFFF) as usize, (id.0 & 0xF) as usize)
}

impl Inquiry for Check {
    type Verdict = Verdict;

    fn step(&mut self) -> Step<'_, Verdict> {
        let mut waits = false;
        let mut asked = None;
        for (at, author) in self.author.iter_mut().chain(&mut self.more).enumerate().take_while(|_| !self.done) {
            loop {
                match author.step(&self.config) {
                    Next::Done => break,
                    Next::Wait => {
                        waits = true;
                        break;
                    }
                    Next::Ask(Asked::Existence) => {
                        self.asking = *author.domain();
                        asked = Some((at, EXISTENCE, Kind::A));
                        break;
                    }
                    Next::Ask(Asked::Record { walk, place }) => {
                        // A name that leaves no room for the label has no record.
                        if !author.name(walk, place, &mut self.asking) {
                            author.answer(walk, place, Ok(&Published::Nothing));
                            continue;
                        }
                        asked = Some((at, (walk << 4 | place) as u32, Kind::Txt));
                        break;
                    }
                }
            }
            if asked.is_some() {
                break;
            }
        }
        if let Some((at, rest, kind)) = asked {
            let id = QuestionId((at as u32) << 16 | rest);
            return Step::Ask(Question { id, name: &self.asking, kind });
        }
        if waits {
            return Step::Wait;
        }
        self.done = true;
        Step::Done(self.verdict())
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        let (at, _, place) = parts(id);
        if self.done {
            return;
        }
        let Some(author) = self.author(at) else { return };
        if place == EXISTENCE as usize {
            // RFC 9989, A.4: any record, or a name below, makes a name exist.
            if author.asks_existence() {
                author.exists(match answer {
                    Answer::Records { .. } | Answer::NoRecords => Some(true),
                    Answer::NoSuchName => Some(false),
                    Answer::TryLater | Answer::Refused => None,
                });
            }
            return;
        }
        match Published::read(answer, &self.limits) {
            Ok(published) => self.tell(id, Ok(&published)),
            Err(Absence::Refused) => self.tell(id, Err(Trouble::Refused)),
            Err(_) => self.tell(id, Err(Trouble::TryLater)),
        }
    }

    fn deadline(&self) -> Option<Duration> {
        (!self.done).then_some(self.deadline)
    }

    fn tick(&mut self, now: Duration) {
        if now >= self.deadline && !self.done {
            self.authors().for_each(Author::expire);
        }
    }
}
