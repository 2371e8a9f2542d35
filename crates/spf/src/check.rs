//! `check_host()` as an inquiry: what is called from outside (RFC 7208, 4).

use alloc::string::String;
use core::net::IpAddr;
use core::time::Duration;

use dns::{Answer, Inquiry, Kind, Name, NameError, Question, QuestionId, Step};
use smallvec::SmallVec;

use crate::eval::{Frame, Host, Pending, Phase, Subject};
use crate::sender::{self, Texts};
use crate::trace::{Places, Trace};
use crate::{Config, Identity, Limits, Reason, Record, SpfResult, Verdict};

/// One check of one identity: who may send for a domain, and whether the client is among them.
///
/// It asks whatever can be asked at once: the addresses of all hosts of an `mx`, of all names of a client. Its verdict does not depend on the order of answers.
/// It is done when [`Inquiry::step`] says so; the reasons can be read from it then.
///
/// ```
/// use core::time::Duration;
/// use dns::{RecordSet, Zone, drive};
/// use spf::{CheckHost, Config, Limits, SpfResult};
///
/// let mut zone = Zone::new();
/// zone.add("example.org".parse()?, RecordSet::Txt(vec!["v=spf1 include:hosts.example.net -all".into()]));
/// zone.add("hosts.example.net".parse()?, RecordSet::Txt(vec!["v=spf1 ip4:192.0.2.0/24 ?all".into()]));
///
/// let client = "192.0.2.17".parse().unwrap();
/// let config = Config::new("mx.example.com");
/// let mut check =
///     CheckHost::mail_from(client, "mail.example.net", "jane@example.org", &config, Limits::default(), Duration::ZERO);
/// let verdict = drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
/// assert_eq!(verdict.result, SpfResult::Pass);
/// assert_eq!(
///     check.trace().to_string(),
///     "pass: ip4:192.0.2.0/24 of hosts.example.net, by include:hosts.example.net of example.org; 1 lookup, 0 void"
/// );
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CheckHost {
    pub(crate) ip: IpAddr,
    pub(crate) identity: Identity,
    pub(crate) explain: bool,
    pub(crate) look_up_p: bool,
    /// Whether the current term has been counted.
    pub(crate) counted: bool,
    pub(crate) time: i64,
    pub(crate) limits: Limits,
    deadline: Duration,
    pub(crate) texts: Texts,
    /// The sender's domain, as far as it is one.
    pub(crate) sender: Result<Name, NameError>,
    /// The records that are being evaluated, the sender's first, each led to by the one before.
    pub(crate) frames: SmallVec<[Frame; 4]>,
    /// The record whose own term decided, leaving includes aside: its `exp` explains.
    pub(crate) origin: usize,
    pub(crate) phase: Phase,
    pub(crate) pending: Pending,
    pub(crate) subject: Subject,
    pub(crate) kind: Kind,
    /// The questions that can be asked now have the ids from `first` on; `asked` of `batch` have been handed out.
    pub(crate) first: u32,
    pub(crate) asked: u32,
    pub(crate) batch: u32,
    /// A name made of macros, or of the client's address.
    pub(crate) own: Option<Name>,
    /// The hosts of an `mx`.
    pub(crate) hosts: SmallVec<[Host; 2]>,
    /// The client's names, once they have been asked for.
    pub(crate) client: Option<SmallVec<[Host; 1]>>,
    /// Whether the DNS has no names of the client for certain.
    pub(crate) client_void: bool,
    pub(crate) lookups: u32,
    pub(crate) voids: u32,
    pub(crate) verdict: Option<Verdict>,
    pub(crate) explanation: Option<String>,
    /// The record that the last answer was read as.
    latest: Option<Record>,
}

impl CheckHost {
    /// Checks the reverse-path of a message; for an empty one, `postmaster` at the HELO name (RFC 7208, 2.4).
    ///
    /// `helo` is what the client said. `reverse_path` has no angle brackets. `now` is on the clock of [`Inquiry::tick`].
    #[must_use]
    pub fn mail_from(
        client: IpAddr,
        helo: &str,
        reverse_path: &str,
        config: &Config<'_>,
        limits: Limits,
        now: Duration,
    ) -> Self {
        Self::new(Identity::MailFrom, client, helo, reverse_path, config, limits, now)
    }

    /// Checks what the client said in HELO or EHLO (RFC 7208, 2.3). An address literal or a single label has no result.
    #[must_use]
    pub fn helo(client: IpAddr, helo: &str, config: &Config<'_>, limits: Limits, now: Duration) -> Self {
        Self::new(Identity::Helo, client, helo, "", config, limits, now)
    }

    fn new(
        identity: Identity,
        client: IpAddr,
        helo: &str,
        reverse_path: &str,
        config: &Config<'_>,
        limits: Limits,
        now: Duration,
    ) -> Self {
        let (local, domain) = sender::split(identity, helo, reverse_path);
        Self {
            ip: sender::client(client),
            identity,
            explain: config.explain,
            look_up_p: config.look_up_p,
            counted: false,
            time: config.time,
            limits,
            deadline: now.saturating_add(limits.time),
            texts: Texts::new(local, helo, config),
            sender: sender::domain(domain),
            frames: SmallVec::new(),
            origin: 0,
            phase: Phase::Terms,
            pending: Pending::First,
            subject: Subject::Sender,
            kind: Kind::Txt,
            first: 0,
            asked: 0,
            batch: 1,
            own: None,
            hosts: SmallVec::new(),
            client: None,
            client_void: false,
            lookups: 0,
            voids: 0,
            verdict: None,
            explanation: None,
            latest: None,
        }
    }

    /// [`Inquiry::answer`] with a record that has been parsed before: a cache is the caller's.
    ///
    /// Only questions for texts that are asked for their SPF record take one; anywhere else it is ignored.
    ///
    /// ```
    /// use core::time::Duration;
    /// use dns::{Inquiry, Step};
    /// use spf::{CheckHost, Config, Limits, Record, SpfResult};
    ///
    /// let cached: Record = "v=spf1 ip4:192.0.2.0/24 -all".parse()?;
    /// let client = "192.0.2.17".parse().unwrap();
    /// let mut check = CheckHost::mail_from(
    ///     client,
    ///     "mail.example.org",
    ///     "jane@example.org",
    ///     &Config::new("mx.example.com"),
    ///     Limits::default(),
    ///     Duration::ZERO,
    /// );
    /// let Step::Ask(question) = check.step() else { unreachable!("a check begins with a question") };
    /// assert_eq!(question.to_string(), "example.org TXT");
    /// let id = question.id;
    /// check.answer_parsed(id, &cached);
    /// assert!(matches!(check.step(), Step::Done(verdict) if verdict.result == SpfResult::Pass));
    /// # Ok::<(), spf::RecordError>(())
    /// ```
    pub fn answer_parsed(&mut self, id: QuestionId, record: &Record) {
        if self.open(id).is_some() && self.pending.takes_record() {
            self.latest = None;
            self.found(record.clone());
            self.run();
        }
    }

    /// The record that the last answer was parsed to, for the caller's cache: together with the name that was asked for, and the answer's time to live.
    #[must_use]
    pub const fn parsed(&self) -> Option<&Record> {
        self.latest.as_ref()
    }

    /// Which identity is checked.
    #[must_use]
    pub const fn identity(&self) -> Identity {
        self.identity
    }

    /// The domain that is checked; `None` where the identity has none that could have a record.
    #[must_use]
    pub fn domain(&self) -> Option<&Name> {
        self.sender.as_ref().ok().filter(|domain| sender::is_usable(domain))
    }

    /// The client; one behind an IPv4-mapped address as IPv4.
    #[must_use]
    pub const fn client(&self) -> IpAddr {
        self.ip
    }

    /// What it came to, once it is done and has been stepped.
    #[must_use]
    pub const fn verdict(&self) -> Option<Verdict> {
        self.verdict
    }

    /// The explanation of a fail: visible ASCII and spaces, no longer than [`Limits::explanation`]. It is the domain owner's text, and should be said to be so
    /// (RFC 7208, 6.2 and 11.5).
    #[must_use]
    pub fn explanation(&self) -> Option<&str> {
        self.explanation.as_deref()
    }

    /// The records that led to the verdict, the sender's first: in each the term that matched, that led to the next, or at which it ended. With
    /// [`Reason::Matched`] the last term is the one that matched the client.
    #[must_use]
    pub fn places(&self) -> Places<'_> {
        Places::new(self)
    }

    /// The result and its reasons, on one line.
    #[must_use]
    pub const fn trace(&self) -> Trace<'_> {
        Trace::new(self)
    }

    /// RFC 7208, 4.3: without a domain there is nothing to ask for.
    #[inline]
    fn begin(&mut self) {
        if self.pending == Pending::First && self.asked == 0 && self.domain().is_none() {
            self.end(SpfResult::None, Reason::NoDomain);
        }
    }

    /// Which of the current questions it is, if it is open.
    fn open(&self, id: QuestionId) -> Option<usize> {
        let index = id.0.wrapping_sub(self.first);
        (self.verdict.is_none() && index < self.asked && self.is_open(index as usize)).then_some(index as usize)
    }
}

impl Inquiry for CheckHost {
    type Verdict = Verdict;

    fn step(&mut self) -> Step<'_, Verdict> {
        self.begin();
        if let Some(verdict) = self.verdict {
            return Step::Done(verdict);
        }
        if self.asked == self.batch {
            return Step::Wait;
        }
        let index = self.asked;
        self.asked += 1;
        Step::Ask(Question {
            id: QuestionId(self.first.wrapping_add(index)),
            name: self.name_of(index as usize),
            kind: self.kind,
        })
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        let Some(index) = self.open(id) else { return };
        self.latest = None;
        if self.pending.takes_record() {
            match answer.txt() {
                Ok(texts) => match Record::select_within(texts, self.limits.record as usize) {
                    Ok(Some(record)) => {
                        self.latest = Some(record.clone());
                        self.found(record);
                    }
                    Ok(None) => self.without_record(),
                    Err(error) => self.end(SpfResult::Permerror, Reason::Record(error)),
                },
                Err(absence) if absence.is_certain() => self.without_record(),
                Err(_) => self.end(SpfResult::Temperror, Reason::Dns),
            }
        } else {
            self.answered(index, answer);
        }
        self.run();
    }

    fn deadline(&self) -> Option<Duration> {
        self.verdict.is_none().then_some(self.deadline)
    }

    fn tick(&mut self, now: Duration) {
        self.begin();
        if now >= self.deadline && self.verdict.is_none() {
            self.out_of_time();
        }
    }
}
