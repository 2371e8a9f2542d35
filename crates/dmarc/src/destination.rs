//! Whether those to whom reports would go want them (RFC 9990, "Verifying External Destinations").

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use dns::{Answer, Inquiry, Kind, Name, Question, QuestionId, Step};

use crate::facts::until;
use crate::record::Published;
use crate::walk::{Guesses, Mark, Path, Trouble, common_labels};
use crate::{Limits, Record, ReportUri, ReportUris};

/// Whether reports may be sent to a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// It has the Organizational Domain of the domain that asks for reports: nobody else has to be asked.
    Inside,
    /// It is elsewhere, and wants them.
    Granted,
    /// It is elsewhere, and has not said that it wants them.
    NotGranted,
    /// It says that they go to yet another host: nobody gets any.
    Elsewhere,
    /// It could not be found out now.
    TryLater,
    /// The URI is none that mail goes to.
    NotMail,
}

/// A URI of a record, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destination {
    /// The URI, as the record has it, without a size.
    pub uri: Box<str>,
    /// Whether reports may be sent.
    pub permission: Permission,
    /// What the destination has put in the place of the URI, at the same host; empty where it has not.
    pub replaced: Vec<Box<str>>,
}

impl Destination {
    /// The URIs that reports are sent to: none without permission.
    pub fn targets(&self) -> impl Iterator<Item = &str> {
        let allowed = matches!(self.permission, Permission::Inside | Permission::Granted);
        let own = (allowed && self.replaced.is_empty()).then_some(&self.uri);
        let replaced = self.replaced.iter().filter(move |_| allowed);
        own.into_iter().chain(replaced).map(|uri| &**uri)
    }
}

/// The answers of one tree walk.
#[derive(Clone, Debug)]
struct Walk {
    path: Path,
    marks: [Mark; Limits::WALK],
}

impl Walk {
    fn new(start: Name) -> Self {
        Self { path: Path::new(&start), marks: [Mark::Unasked; Limits::WALK] }
    }

    fn mark(&self, place: usize) -> Mark {
        self.marks.get(place).copied().unwrap_or_default()
    }

    fn is_open(&self) -> bool {
        self.path.first_open(|place| self.mark(place)).is_some()
    }

    /// The next name to be asked, marked so.
    fn ask(&mut self) -> Option<(usize, Name)> {
        for place in 0..self.path.len() {
            let name = self.path.start.last_labels(self.path.labels_at(place));
            let mark = self.marks.get_mut(place).filter(|mark| **mark == Mark::Unasked);
            let Some(mark) = mark else { continue };
            let Ok(name) = name.prefixed("_dmarc") else {
                *mark = Mark::Nothing;
                continue;
            };
            *mark = Mark::Asked;
            return Some((place, name));
        }
        None
    }

    fn answer(&mut self, place: usize, answer: Answer<'_>, limits: &Limits) {
        if let Some(mark) = self.marks.get_mut(place).filter(|mark| **mark == Mark::Asked) {
            *mark = match Published::read(answer, limits) {
                Ok(Published::Record(record)) => Mark::Found(record.rules().psd),
                Ok(_) => Mark::Nothing,
                Err(_) => Mark::Unknown(Trouble::TryLater),
            };
        }
    }

    /// Labels of the Organizational Domain; `None` where the DNS did not tell.
    fn organization(&self) -> Option<usize> {
        let silent = |before| self.path.silent(|place| self.mark(place), before);
        let mut all = Guesses::of(silent(Limits::WALK))?.iter().map(|guess| {
            self.path.organization(|place| guess.mark(self.mark(place), self.path.labels_at(place), || silent(place)))
        });
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }

    fn expire(&mut self) {
        for mark in self.marks.iter_mut().filter(|mark| mark.is_open()) {
            *mark = Mark::Unknown(Trouble::TryLater);
        }
    }
}

/// What is known of a host.
#[derive(Clone, Debug)]
struct Host {
    walk: Walk,
    /// Labels in common with the domain that asks for reports.
    common: usize,
    asked: bool,
    permission: Option<Permission>,
    replaced: Vec<Box<str>>,
}

/// Finds out which destinations of a record want its reports.
///
/// A walk of 8 questions at most for the domain and for each host that could be its own, and one question for each host that is not.
///
/// ```
/// use core::time::Duration;
/// use dmarc::{Destinations, Limits, Permission, Record};
/// use dns::{RecordSet, Zone, drive};
///
/// let record = Record::parse(b"v=DMARC1; p=none; rua=mailto:reports@red.example.net")?;
/// let mut zone = Zone::new();
/// zone.add("blue.example.com._report._dmarc.red.example.net".parse()?, RecordSet::Txt(vec!["v=DMARC1".into()]));
///
/// let inquiry = Destinations::new("blue.example.com".parse()?, record.rua(), Limits::default(), Duration::ZERO);
/// let destinations = drive::blocking(inquiry, |name, kind| zone.lookup(name, kind));
/// assert_eq!(destinations[0].permission, Permission::Granted);
/// assert_eq!(destinations[0].targets().collect::<Vec<_>>(), ["mailto:reports@red.example.net"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Destinations {
    domain: Walk,
    /// Each URI, and which host is its.
    uris: Vec<(Box<str>, Option<usize>)>,
    hosts: Vec<Host>,
    failure: bool,
    limits: Limits,
    deadline: Duration,
    asking: Name,
    done: bool,
}

/// The place in a walk that stands for the question for a host's permission.
const PERMISSION: u32 = 15;

impl Destinations {
    /// Begins, with the domain that publishes the record ([`Verdict::policy_domain`](crate::Verdict::policy_domain)) and the URIs of its `rua`. What is no valid URI is
    /// left out.
    #[must_use]
    pub fn new(domain: Name, uris: ReportUris<'_>, limits: Limits, now: Duration) -> Self {
        let mut new = Self {
            domain: Walk::new(domain),
            uris: Vec::new(),
            hosts: Vec::new(),
            failure: false,
            limits,
            deadline: until(now, &limits),
            asking: Name::ROOT,
            done: false,
        };
        for uri in uris.valid().take(limits.uris) {
            let host = uri.host().map(|name| new.host(name));
            new.uris.push((uri.as_str().into(), host));
        }
        new
    }

    /// The same for the URIs of `ruf`: a destination replaces them by a `ruf` of its own.
    #[must_use]
    pub fn for_failure_reports(domain: Name, uris: ReportUris<'_>, limits: Limits, now: Duration) -> Self {
        Self { failure: true, ..Self::new(domain, uris, limits, now) }
    }

    fn host(&mut self, name: Name) -> usize {
        if let Some(at) = self.hosts.iter().position(|host| host.walk.path.start == name) {
            return at;
        }
        let domain = &self.domain.path.start;
        let permission = (name == *domain).then_some(Permission::Inside);
        let common = common_labels(&name, domain);
        self.hosts.push(Host { walk: Walk::new(name), common, asked: false, permission, replaced: Vec::new() });
        self.hosts.len() - 1
    }

    /// The next question, or whether answers are waited for.
    fn next(&mut self) -> Result<(u32, Name), bool> {
        let mut waits = false;
        let near = |host: &Host| host.permission.is_none() && host.common > 0;
        if self.hosts.iter().any(near) {
            if let Some((place, name)) = self.domain.ask() {
                return Ok((place as u32, name));
            }
            waits |= self.domain.is_open();
        }
        let organization = self.domain.organization();
        for (at, host) in self.hosts.iter_mut().enumerate() {
            if host.permission.is_some() {
                continue;
            }
            let id = (at as u32 + 1) << 4;
            // Only what stands below the domain's Organizational Domain, or is it, can have the same one.
            let mut unsure = false;
            if host.common > 0 {
                if waits {
                    continue;
                }
                if organization.is_none_or(|labels| host.common >= labels) {
                    if let Some((place, name)) = host.walk.ask() {
                        return Ok((id | place as u32, name));
                    }
                    if host.walk.is_open() {
                        waits = true;
                        continue;
                    }
                    let theirs = host.walk.organization();
                    unsure = organization.is_none() || theirs.is_none();
                    if !unsure && theirs == organization {
                        host.permission = Some(Permission::Inside);
                        continue;
                    }
                }
            }
            if host.asked {
                waits = true;
                continue;
            }
            let front = self.domain.path.start.as_str();
            let name = host.walk.path.start.prefixed("_report._dmarc").and_then(|name| name.prefixed(front));
            match name {
                Ok(name) => {
                    host.asked = true;
                    return Ok((id | PERMISSION, name));
                }
                // RFC 9990, step 4: no name, no permission; but an unsure host may be the domain's own.
                Err(_) => host.permission = Some(if unsure { Permission::TryLater } else { Permission::NotGranted }),
            }
        }
        Err(waits)
    }

    fn verdict(&self) -> Vec<Destination> {
        let destination = |(uri, host): &(Box<str>, Option<usize>)| {
            let host = host.and_then(|at| self.hosts.get(at));
            Destination {
                uri: uri.clone(),
                permission: host.map_or(Permission::NotMail, |host| host.permission.unwrap_or(Permission::TryLater)),
                replaced: host.map_or_else(Vec::new, |host| host.replaced.clone()),
            }
        };
        self.uris.iter().map(destination).collect()
    }
}

impl Host {
    /// RFC 9990, steps 5 to 9.
    fn answer(&mut self, answer: Answer<'_>, failure: bool, limits: &Limits) {
        let texts = match answer.txt() {
            Ok(texts) => texts,
            Err(absence) => {
                let unsure = !self.walk.is_open() && self.walk.organization().is_none() && self.common > 0;
                let certain = absence.is_certain() || absence == dns::Absence::Refused;
                let permission = if certain && !unsure { Permission::NotGranted } else { Permission::TryLater };
                self.permission = Some(permission);
                return;
            }
        };
        let mut permission = Permission::NotGranted;
        for record in texts.iter().filter_map(|text| Record::parse_within(text.as_ref(), limits).ok()) {
            if permission == Permission::NotGranted {
                permission = Permission::Granted;
            }
            let uris = if failure { record.ruf() } else { record.rua() };
            for uri in uris.valid().take(limits.uris.saturating_sub(self.replaced.len())) {
                if uri.host().as_ref() == Some(&self.walk.path.start) {
                    self.replaced.push(ReportUri::as_str(&uri).into());
                } else {
                    permission = Permission::Elsewhere;
                }
            }
        }
        if permission != Permission::Granted {
            self.replaced.clear();
        }
        self.permission = Some(permission);
    }
}

impl Inquiry for Destinations {
    type Verdict = Vec<Destination>;

    fn step(&mut self) -> Step<'_, Vec<Destination>> {
        if !self.done {
            match self.next() {
                Ok((id, name)) => {
                    self.asking = name;
                    return Step::Ask(Question { id: QuestionId(id), name: &self.asking, kind: Kind::Txt });
                }
                Err(true) => return Step::Wait,
                Err(false) => self.done = true,
            }
        }
        Step::Done(self.verdict())
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        let (walk, place) = ((id.0 >> 4) as usize, id.0 & 0xF);
        let Some(at) = walk.checked_sub(1) else {
            return self.domain.answer(place as usize, answer, &self.limits);
        };
        let Some(host) = self.hosts.get_mut(at) else { return };
        if place == PERMISSION {
            if host.asked && host.permission.is_none() {
                host.answer(answer, self.failure, &self.limits);
            }
        } else {
            host.walk.answer(place as usize, answer, &self.limits);
        }
    }

    fn deadline(&self) -> Option<Duration> {
        (!self.done).then_some(self.deadline)
    }

    fn tick(&mut self, now: Duration) {
        if now < self.deadline || self.done {
            return;
        }
        self.domain.expire();
        for host in &mut self.hosts {
            host.walk.expire();
            host.permission.get_or_insert(Permission::TryLater);
        }
    }
}
