//! The name of an address, confirmed (RFC 8601, 2.7.3 and 3).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::IpAddr;
use core::time::Duration;

use crate::{Absence, Answer, Inquiry, Kind, Limits, Name, Question, QuestionId, Step};

/// The name of a client's address, confirmed: one of the names that its reverse zone gives has that address.
///
/// Whoever holds an address writes any name into its reverse zone, so that the name alone is a hint; only the forward answer binds both. Names that no host
/// could have, such as `localhost`, are left out. The verdict does not depend on the order of names or answers.
///
/// ```
/// use core::time::Duration;
/// use dns::{Iprev, IprevResult, Limits, Zone, drive};
///
/// let zone = Zone::parse("1.2.0.192.in-addr.arpa PTR mx.example.org\nmx.example.org A 192.0.2.1")?;
/// let iprev = Iprev::new("192.0.2.1".parse()?, &Limits::default(), Duration::ZERO);
/// let verdict = drive::blocking(iprev, |name, kind| zone.lookup(name, kind));
/// assert_eq!(verdict.result, IprevResult::Pass);
/// assert_eq!(verdict.name.unwrap(), "mx.example.org");
/// assert_eq!(verdict.to_string(), "iprev=pass: 192.0.2.1 is mx.example.org");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Iprev {
    address: IpAddr,
    reverse: Name,
    limits: Limits,
    deadline: Duration,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// Which names the address has; whether that has been asked.
    Reverse {
        asked: bool,
    },
    /// Which addresses these names have; how many have been asked about.
    Forward {
        names: Vec<(Name, Option<Found>)>,
        asked: usize,
    },
    Done(Box<IprevVerdict>),
}

/// What the forward question about one name came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Address,
    Otherwise,
    Absent(Absence),
}

/// How the address and its names agree (RFC 8601, 2.7.3); `Display` gives the word for Authentication-Results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IprevResult {
    /// A name of the address has the address.
    Pass,
    /// There are names, and none has the address.
    Fail,
    /// It could not be found out now.
    TempError,
    /// The address has no name, or nobody answers questions about it.
    PermError,
}

impl IprevResult {
    /// The word in Authentication-Results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::TempError => "temperror",
            Self::PermError => "permerror",
        }
    }
}

impl fmt::Display for IprevResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What an [`Iprev`] comes to; `Display` is one line for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IprevVerdict {
    /// The address; of an IPv4 address within IPv6 (RFC 4291, 2.5.5.2) the IPv4 address.
    pub address: IpAddr,
    /// How it and its names agree.
    pub result: IprevResult,
    /// The name that is confirmed; of several the first by the alphabet. Only with [`IprevResult::Pass`].
    pub name: Option<Name>,
    /// Why.
    pub reason: IprevReason,
}

/// Why the verdict is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IprevReason {
    /// The name has the address.
    Confirmed,
    /// There are no names, or it could not be found out.
    NoName(Absence),
    /// The names are none that hosts could have.
    NoHost,
    /// The first of the names, which has other addresses, as have all others that could be looked up.
    Differs(Name),
    /// The first of the names about which this was told; none was confirmed.
    NoAddress(Name, Absence),
}

impl fmt::Display for IprevVerdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "iprev={}: {}", self.result, self.address)?;
        match (self.reason, self.name) {
            (IprevReason::Confirmed, Some(name)) => write!(formatter, " is {name}"),
            (IprevReason::Confirmed, None) => Ok(()),
            (IprevReason::NoName(absence), _) => write!(formatter, " has no name that is known: {absence}"),
            (IprevReason::NoHost, _) => write!(formatter, " has no name that a host could have"),
            (IprevReason::Differs(name), _) => write!(formatter, " says it is {name}, which has other addresses"),
            (IprevReason::NoAddress(name, absence), _) => {
                write!(formatter, " says it is {name}, which has no address that is known: {absence}")
            }
        }
    }
}

impl Iprev {
    /// The question for one address. `now` is the moment on the caller's clock.
    #[must_use]
    pub fn new(address: IpAddr, limits: &Limits, now: Duration) -> Self {
        let address = address.to_canonical();
        Self {
            address,
            reverse: Name::reverse(address),
            limits: limits.clone(),
            deadline: now.saturating_add(limits.time),
            state: State::Reverse { asked: false },
        }
    }

    fn done(&mut self, result: IprevResult, name: Option<Name>, reason: IprevReason) {
        self.state = State::Done(Box::new(IprevVerdict { address: self.address, result, name, reason }));
    }

    /// The names of the address, or why there are none.
    fn reversed(&mut self, names: Result<&[Name], Absence>) {
        let names = match names {
            Ok(names) => names,
            Err(absence) => {
                let result = match absence {
                    Absence::TryLater => IprevResult::TempError,
                    Absence::NoRecords | Absence::NoSuchName | Absence::Refused => IprevResult::PermError,
                };
                return self.done(result, None, IprevReason::NoName(absence));
            }
        };
        let mut hosts: Vec<_> =
            names.iter().take(self.limits.records).filter(|name| name.is_host()).map(|name| (*name, None)).collect();
        // Servers give records in any order; the verdict must not change with it.
        hosts.sort_unstable_by_key(|(name, _)| *name);
        hosts.dedup_by_key(|(name, _)| *name);
        hosts.truncate(self.limits.names);
        if hosts.is_empty() {
            return self.done(IprevResult::Fail, None, IprevReason::NoHost);
        }
        self.state = State::Forward { names: hosts, asked: 0 };
    }

    /// Decides, once all that it takes is known.
    fn settle(&mut self) {
        let State::Forward { names, .. } = &self.state else { return };
        let mut reasons = [None; 3];
        let [differs, later, refused] = &mut reasons;
        for (name, found) in names {
            match found {
                // An earlier name may still be confirmed, and then is the one.
                None => return,
                Some(Found::Address) => {
                    let name = *name;
                    return self.done(IprevResult::Pass, Some(name), IprevReason::Confirmed);
                }
                Some(Found::Otherwise) => _ = differs.get_or_insert(IprevReason::Differs(*name)),
                Some(Found::Absent(absence)) => {
                    let reason = match absence {
                        Absence::TryLater => &mut *later,
                        Absence::Refused => &mut *refused,
                        Absence::NoRecords | Absence::NoSuchName => &mut *differs,
                    };
                    reason.get_or_insert(IprevReason::NoAddress(*name, *absence));
                }
            }
        }
        match reasons {
            [_, Some(reason), _] => self.done(IprevResult::TempError, None, reason),
            [Some(reason), None, _] => self.done(IprevResult::Fail, None, reason),
            [None, None, Some(reason)] => self.done(IprevResult::PermError, None, reason),
            [None, None, None] => {}
        }
    }
}

impl Inquiry for Iprev {
    type Verdict = IprevVerdict;

    fn step(&mut self) -> Step<'_, IprevVerdict> {
        match &mut self.state {
            State::Reverse { asked: asked @ false } => {
                *asked = true;
                Step::Ask(Question { id: QuestionId(0), name: &self.reverse, kind: Kind::Ptr })
            }
            State::Forward { names, asked } => match names.get(*asked) {
                Some((name, _)) => {
                    *asked += 1;
                    let kind = if self.address.is_ipv4() { Kind::A } else { Kind::Aaaa };
                    Step::Ask(Question { id: QuestionId(*asked as u32), name, kind })
                }
                None => Step::Wait,
            },
            State::Reverse { .. } => Step::Wait,
            State::Done(verdict) => Step::Done(**verdict),
        }
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        match &mut self.state {
            State::Reverse { asked: true } if id.0 == 0 => self.reversed(answer.ptr()),
            State::Forward { names, asked } if (1..=*asked).contains(&(id.0 as usize)) => {
                let Some((_, found @ None)) = names.get_mut(id.0 as usize - 1) else { return };
                let has = match self.address {
                    IpAddr::V4(address) => answer.a().map(|addresses| addresses.contains(&address)),
                    IpAddr::V6(address) => answer.aaaa().map(|addresses| addresses.contains(&address)),
                };
                *found = Some(match has {
                    Ok(true) => Found::Address,
                    Ok(false) => Found::Otherwise,
                    Err(absence) => Found::Absent(absence),
                });
                self.settle();
            }
            State::Reverse { .. } | State::Forward { .. } | State::Done(_) => {}
        }
    }

    fn deadline(&self) -> Option<Duration> {
        (!matches!(self.state, State::Done(_))).then_some(self.deadline)
    }

    fn tick(&mut self, now: Duration) {
        if now < self.deadline {
            return;
        }
        match &mut self.state {
            State::Reverse { .. } => self.reversed(Err(Absence::TryLater)),
            State::Forward { names, .. } => {
                for (_, found) in names {
                    found.get_or_insert(Found::Absent(Absence::TryLater));
                }
                self.settle();
            }
            State::Done(_) => {}
        }
    }
}
