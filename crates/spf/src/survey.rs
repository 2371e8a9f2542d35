//! What an operator should mend in a domain's records, with what the DNS tells.

use alloc::vec::Vec;
use core::ops::Range;
use core::time::Duration;

use dns::{Absence, Answer, Inquiry, Kind, Name, Question, QuestionId, Step};

use crate::lint::{Finding, Problem};
use crate::parser::{self, Spec};
use crate::{Limits, Record};

/// How many questions one survey asks at most: twenty times what a check may.
const MAX_QUESTIONS: usize = 400;

/// Follows a domain's record through all its includes and redirects, whoever sends, and finds what should be mended.
///
/// It asks all that can be asked at once. Terms with macros depend on the sender: they are counted, and not followed.
///
/// ```
/// use core::time::Duration;
/// use dns::{RecordSet, Zone, drive};
/// use spf::{Limits, Survey};
///
/// let mut zone = Zone::new();
/// zone.add("example.org".parse()?, RecordSet::Txt(vec!["v=spf1 a include:gone.example.net -all".into()]));
/// zone.add("example.org".parse()?, RecordSet::A(vec!["192.0.2.1".parse().unwrap()]));
/// let mut survey = Survey::new("example.org".parse()?, Limits::default(), Duration::ZERO);
/// let tally = drive::blocking_mut(&mut survey, |name, kind| zone.lookup(name, kind));
/// assert_eq!((tally.lookups, tally.findings), (2, 1));
/// assert_eq!(
///     survey.findings()[0].to_string(),
///     "example.org: octet 9: there is no SPF record there; remove it, or correct its name"
/// );
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Survey {
    limits: Limits,
    deadline: Duration,
    questions: Vec<Asked>,
    /// How many of them have been handed out.
    asked: usize,
    open: usize,
    findings: Vec<(Path, Finding)>,
    sorted: Vec<Finding>,
    lookups: u32,
    voids: u32,
    done: Option<Tally>,
}

/// What a survey came to; what it found is [`Survey::findings`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tally {
    /// Terms that ask the DNS, in all records: what a sender who matches nowhere costs.
    pub lookups: u32,
    /// Those of them for which the DNS has nothing.
    pub voids: u32,
    /// How many findings there are.
    pub findings: usize,
}

/// The terms that led somewhere, the first record's first: findings are told in this order, whatever was answered first.
type Path = Vec<u16>;

#[derive(Clone, Debug)]
struct Asked {
    name: Name,
    kind: Kind,
    open: bool,
    /// Whose record asks, and where.
    domain: Name,
    span: Range<usize>,
    path: Path,
    /// The domains whose records led here, for records only.
    line: Vec<Name>,
    /// The question about the same term whose answer decides together with this one: IPv4 or IPv6 addresses are enough.
    twin: Option<usize>,
    void: bool,
}

impl Survey {
    /// A survey of a domain. `now` is on the clock of [`Inquiry::tick`].
    #[must_use]
    pub fn new(domain: Name, limits: Limits, now: Duration) -> Self {
        let mut survey = Self {
            limits,
            deadline: now.saturating_add(limits.time),
            questions: Vec::new(),
            asked: 0,
            open: 0,
            findings: Vec::new(),
            sorted: Vec::new(),
            lookups: 0,
            voids: 0,
            done: None,
        };
        survey.ask(Asked {
            name: domain,
            kind: Kind::Txt,
            open: true,
            domain,
            span: 0..0,
            path: Vec::new(),
            line: Vec::new(),
            twin: None,
            void: false,
        });
        survey
    }

    /// What should be mended, in the order of the records and terms; empty until the survey is done.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.sorted
    }

    fn ask(&mut self, asked: Asked) -> Option<usize> {
        if self.questions.len() >= MAX_QUESTIONS {
            return None;
        }
        self.open += 1;
        self.questions.push(asked);
        Some(self.questions.len() - 1)
    }

    fn find(&mut self, path: &Path, domain: Name, span: Range<usize>, problem: Problem) {
        self.findings.push((path.clone(), Finding { domain: Some(domain), span, problem }));
    }

    fn heard(&mut self, index: usize, answer: Answer<'_>) {
        let Some(asked) = self.questions.get_mut(index) else { return };
        asked.open = false;
        self.open -= 1;
        let asked = asked.clone();
        let absence = match asked.kind {
            Kind::Txt => answer.txt().err(),
            Kind::Mx => answer.mx().err(),
            Kind::Aaaa => answer.aaaa().err(),
            _ => answer.a().err(),
        };
        match (asked.kind, absence) {
            (_, Some(Absence::TryLater | Absence::Refused)) => {
                self.find(&asked.path, asked.domain, asked.span, Problem::Unknown);
            }
            (Kind::Txt, _) => {
                let record = Record::select_within(answer.txt().unwrap_or_default(), self.limits.record as usize);
                match record {
                    Ok(Some(record)) => self.record(&asked, &record),
                    Ok(None) => self.find(&asked.path, asked.domain, asked.span, Problem::NoRecord),
                    Err(error) => self.find(&asked.path, asked.name, 0..0, Problem::Wrong(error)),
                }
            }
            (_, Some(_)) => self.void(index, &asked),
            (Kind::Mx, None) => {
                let count = answer.mx().map_or(0, <[_]>::len);
                if count > self.limits.mx_names as usize {
                    self.find(&asked.path, asked.domain, asked.span, Problem::MxNames(count));
                }
            }
            _ => {}
        }
    }

    /// The DNS has nothing; of two questions about a term both have to have come to that.
    fn void(&mut self, index: usize, asked: &Asked) {
        if let Some(asked) = self.questions.get_mut(index) {
            asked.void = true;
        }
        let twin = asked.twin.map_or(Some(true), |twin| self.questions.get(twin).map(|twin| twin.void));
        if twin == Some(true) {
            self.voids += 1;
            self.find(&asked.path, asked.domain, asked.span.clone(), Problem::Void);
        }
    }

    fn record(&mut self, asked: &Asked, record: &Record) {
        for finding in record.lint() {
            // What is included says nothing of those who do not match there anyway.
            let included = !asked.path.is_empty();
            if !(included && finding.problem == Problem::NoAll) {
                self.find(&asked.path, asked.name, finding.span, finding.problem);
            }
        }
        let mut line = asked.line.clone();
        line.push(asked.name);
        let items = &record.inner().items;
        let has_all = items.iter().any(|item| matches!(item.kind, parser::Kind::All(_)));
        for (at, item) in items.iter().enumerate() {
            let (spec, kind) = match item.kind {
                parser::Kind::All(_) => break,
                parser::Kind::Include(_, spec) => (Some(spec), Kind::Txt),
                parser::Kind::Exists(_, spec) => (Some(spec), Kind::A),
                parser::Kind::A(_, spec, _) => (spec, Kind::A),
                parser::Kind::Mx(_, spec, _) => (spec, Kind::Mx),
                parser::Kind::Ptr(..) => {
                    self.lookups += 1;
                    continue;
                }
                _ => continue,
            };
            let both = matches!(item.kind, parser::Kind::A(..));
            self.follow(asked, record, at, spec, kind, both, &line);
        }
        let redirect = items.iter().enumerate().find_map(|(at, item)| match item.kind {
            parser::Kind::Redirect(spec) => Some((at, spec)),
            _ => None,
        });
        if let Some((at, spec)) = redirect.filter(|_| !has_all) {
            self.follow(asked, record, at, Some(spec), Kind::Txt, false, &line);
        }
    }

    /// A term that asks the DNS.
    #[allow(clippy::too_many_arguments, reason = "where it is, and what it asks")]
    fn follow(
        &mut self,
        asked: &Asked,
        record: &Record,
        at: usize,
        spec: Option<Spec>,
        kind: Kind,
        both: bool,
        line: &[Name],
    ) {
        self.lookups += 1;
        let inner = record.inner();
        let span = inner.items.get(at).map_or(0..0, |item| usize::from(item.start)..usize::from(item.end));
        let mut path = asked.path.clone();
        path.push(at as u16);
        let name = match spec {
            None => asked.name,
            Some(spec) if spec.has_macros() => return,
            Some(spec) => match inner.names.get(usize::from(spec.name)) {
                Some(name) => *name,
                None => {
                    self.voids += 1;
                    return self.find(&path, asked.name, span, Problem::Void);
                }
            },
        };
        let is_record = kind == Kind::Txt;
        if is_record && line.contains(&name) {
            return self.find(&path, asked.name, span, Problem::Loop);
        }
        // Deeper than all lookups lead, nobody ever comes.
        if is_record && line.len() > self.limits.depth() as usize {
            return;
        }
        let question = Asked {
            name,
            kind,
            open: true,
            domain: asked.name,
            span,
            path,
            line: if is_record { line.to_vec() } else { Vec::new() },
            twin: None,
            void: false,
        };
        let twin = both.then(|| Asked { kind: Kind::Aaaa, ..question.clone() });
        let first = self.ask(question);
        if let (Some(first), Some(twin)) = (first, twin) {
            let second = self.ask(Asked { twin: Some(first), ..twin });
            if let Some(asked) = self.questions.get_mut(first) {
                asked.twin = second;
            }
        }
    }

    fn end(&mut self) {
        if self.lookups > self.limits.depth() {
            self.find_whole(Problem::Lookups(self.lookups));
        }
        if self.voids > self.limits.voids {
            self.find_whole(Problem::Voids(self.voids));
        }
        self.findings
            .sort_by(|(one, a), (other, b)| (one, a.span.start, a.span.end).cmp(&(other, b.span.start, b.span.end)));
        self.sorted = self.findings.drain(..).map(|(_, finding)| finding).collect();
        self.done = Some(Tally { lookups: self.lookups, voids: self.voids, findings: self.sorted.len() });
    }

    fn find_whole(&mut self, problem: Problem) {
        if let Some(first) = self.questions.first() {
            let name = first.name;
            self.find(&Vec::new(), name, 0..0, problem);
        }
    }
}

impl Inquiry for Survey {
    type Verdict = Tally;

    fn step(&mut self) -> Step<'_, Tally> {
        if let Some(tally) = self.done {
            return Step::Done(tally);
        }
        let index = self.asked;
        match self.questions.get(index) {
            Some(question) => {
                self.asked += 1;
                Step::Ask(Question { id: QuestionId(index as u32), name: &question.name, kind: question.kind })
            }
            None => Step::Wait,
        }
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        let index = id.0 as usize;
        let open = index < self.asked && self.questions.get(index).is_some_and(|question| question.open);
        if self.done.is_some() || !open {
            return;
        }
        self.heard(index, answer);
        if self.open == 0 {
            self.end();
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.done.is_none().then_some(self.deadline)
    }

    fn tick(&mut self, now: Duration) {
        if now < self.deadline || self.done.is_some() {
            return;
        }
        // What is open now is the last that is heard: nothing more is asked.
        let open: Vec<_> = self.questions.iter().filter(|question| question.open).cloned().collect();
        for asked in open {
            self.find(&asked.path, asked.domain, asked.span, Problem::Unknown);
        }
        self.end();
    }
}
