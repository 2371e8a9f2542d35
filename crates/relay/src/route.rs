//! The way to a domain's mail.

use alloc::{sync::Arc, vec::Vec};
use core::{mem, net::IpAddr, time::Duration};

use dns::{Absence, Answer, Inquiry, Kind, Mx, Name, Question, QuestionId, Step};

use crate::{Destination, Host, Limits, NoRoute, Plan, Settings, Way, is_public};

/// The inquiry for the way to a domain's mail (RFC 5321, 5.1): its MX records, and the addresses of the hosts in them.
///
/// - The best preference first; among equals the order is random, and the same for the same random octets, in whatever order answers come.
/// - The domain's own addresses are taken where it has no MX record at all; not where MX records fail.
/// - A lone MX record to the root says that the domain takes no mail (RFC 7505).
/// - Where we are among the hosts, by name or by address, we and all that are no better are dropped.
/// - Addresses that are not [public](crate::is_public) are dropped.
///
/// ```
/// use core::{net::Ipv4Addr, time::Duration};
/// use dns::{Mx, RecordSet, Zone};
/// use relay::{Destination, Limits, Route, Settings};
///
/// let mut zone = Zone::new();
/// zone.add("example.org".parse()?, RecordSet::Mx(vec![Mx { preference: 10, exchange: "mx.example.org".parse()? }]));
/// zone.add("mx.example.org".parse()?, RecordSet::A(vec![Ipv4Addr::new(192, 0, 2, 1)]));
///
/// let destination = Destination::Domain("example.org".parse()?);
/// let route = Route::new(destination, Settings::default(), Limits::default(), [7; 16], Duration::ZERO);
/// let plan = dns::drive::blocking(route, |name, kind| zone.lookup(name, kind)).unwrap();
/// assert_eq!(plan.to_string(), "MX: mx.example.org [192.0.2.1]");
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Route {
    settings: Arc<Settings>,
    limits: Limits,
    deadline: Duration,
    random: u128,
    way: Way,
    port: u16,
    /// What is asked for MX records, while they are not known.
    domain: Option<Name>,
    asked: bool,
    authenticated: bool,
    candidates: Vec<Candidate>,
    verdict: Option<Result<Plan, NoRoute>>,
}

/// A host whose addresses are asked for.
#[derive(Clone, Debug)]
struct Candidate {
    name: Name,
    preference: u16,
    /// We.
    own: bool,
    /// It has an address that is not public.
    private: bool,
    /// Vouched for by DNSSEC so far.
    authenticated: bool,
    six: Look,
    four: Look,
}

/// What is known of a host's addresses of one family.
#[derive(Clone, Debug)]
enum Look {
    Unasked,
    Asked,
    Done(Result<Vec<IpAddr>, Absence>),
}

impl Look {
    fn addresses(&self) -> &[IpAddr] {
        if let Self::Done(Ok(addresses)) = self { addresses } else { &[] }
    }

    /// Why nothing is known, if it is not.
    const fn unknown(&self) -> Option<Absence> {
        match self {
            Self::Done(Err(absence)) if !absence.is_certain() => Some(*absence),
            _ => None,
        }
    }
}

/// The question for MX records. Those for addresses have the numbers behind it, two a host.
const MX: QuestionId = QuestionId(0);

impl Route {
    /// An inquiry at its start, at the moment `now`. `random` is for the order among equals; whoever gives the same octets gets the same order.
    #[must_use]
    pub fn new(
        destination: Destination,
        settings: impl Into<Arc<Settings>>,
        limits: Limits,
        random: [u8; 16],
        now: Duration,
    ) -> Self {
        let settings = settings.into();
        let hop = settings.hop(&destination);
        let mut this = Self {
            limits,
            deadline: now.saturating_add(limits.time),
            random: u128::from_be_bytes(random),
            way: if hop.is_some() { Way::Set } else { Way::Mx },
            port: hop.and_then(|hop| hop.port).unwrap_or(settings.port),
            domain: None,
            asked: false,
            authenticated: false,
            candidates: Vec::new(),
            verdict: None,
            settings,
        };
        match hop.map_or(destination, |hop| hop.host) {
            Destination::Address(address) => this.verdict = Some(this.literal(address)),
            Destination::Domain(name) if hop.is_none_or(|hop| hop.mx) => this.domain = Some(name),
            Destination::Domain(name) => {
                this.candidates.push(this.candidate(name, 0));
                this.settle();
            }
        }
        this
    }

    fn literal(&mut self, address: IpAddr) -> Result<Plan, NoRoute> {
        if self.way != Way::Set {
            self.way = Way::Literal;
            if self.is_own(address) {
                return Err(NoRoute::Loop);
            }
            if !self.admits(address) {
                return Err(NoRoute::NotPublic);
            }
        }
        let host =
            Host { name: None, preference: 0, addresses: [address].into(), port: self.port, authenticated: false };
        Ok(Plan { way: self.way, authenticated: false, hosts: [host].into() })
    }

    fn candidate(&self, name: Name, preference: u16) -> Candidate {
        let family = |usable: bool| if usable { Look::Unasked } else { Look::Done(Err(Absence::NoRecords)) };
        Candidate {
            name,
            preference,
            own: self.way != Way::Set && self.settings.own_names.contains(&name),
            private: false,
            authenticated: true,
            six: family(self.settings.ipv6),
            four: family(self.settings.ipv4),
        }
    }

    fn is_own(&self, address: IpAddr) -> bool {
        self.settings.own_addresses.contains(&address.to_canonical())
    }

    fn admits(&self, address: IpAddr) -> bool {
        self.way == Way::Set || self.settings.private_networks || is_public(address)
    }

    /// Takes the MX records.
    fn hosts(&mut self, domain: Name, answer: Answer<'_>) {
        self.authenticated = answer.is_authenticated();
        match answer.mx() {
            Ok(records) => {
                // RFC 7505, 3; beside others such a record names no host
                if records.iter().all(|record| record.exchange.is_root()) {
                    return self.fail(NoRoute::NullMx);
                }
                self.rank(records);
            }
            // RFC 5321, 5.1: the domain is its own host, with preference 0
            Err(Absence::NoRecords) => {
                if self.way == Way::Mx {
                    self.way = Way::Implicit;
                }
                self.candidates.push(self.candidate(domain, 0));
            }
            Err(Absence::NoSuchName) => return self.fail(NoRoute::NoSuchDomain),
            Err(absence) => return self.fail(NoRoute::Lookup(absence)),
        }
        self.settle();
    }

    /// Puts hosts in the order in which they are tried, each once, and keeps the best ones.
    fn rank(&mut self, records: &[Mx]) {
        let mut records: Vec<Mx> = records.iter().filter(|record| !record.exchange.is_root()).copied().collect();
        // the order in which the DNS gave them must not matter
        records.sort_unstable_by_key(|record| (record.exchange, record.preference));
        records.dedup_by_key(|record| record.exchange);
        shuffle(&mut records, self.random);
        records.sort_by_key(|record| record.preference);
        // RFC 5321, 5.1 (row R-4): our own record, and all that are no better
        if self.way != Way::Set {
            let own = records.iter().find(|record| self.settings.own_names.contains(&record.exchange));
            if let Some(own) = own.map(|record| record.preference) {
                records.retain(|record| record.preference < own);
            }
        }
        if records.is_empty() {
            return self.fail(NoRoute::Loop);
        }
        let best = records.iter().take(self.limits.hosts.max(1));
        self.candidates = best.map(|record| self.candidate(record.exchange, record.preference)).collect();
    }

    /// Takes addresses of a host.
    fn addresses(&mut self, host: usize, kind: Kind, answer: Answer<'_>) {
        let most = self.limits.addresses.max(1);
        let (mut own, mut private) = (false, false);
        let mut keep = |addresses: &mut dyn Iterator<Item = IpAddr>| {
            let mut kept = Vec::new();
            for address in addresses {
                if self.way != Way::Set && self.is_own(address) {
                    own = true;
                } else if !self.admits(address) {
                    private = true;
                } else if kept.len() < most {
                    kept.push(address);
                }
            }
            kept
        };
        let found = match kind {
            Kind::Aaaa => answer.aaaa().map(|all| keep(&mut all.iter().map(|address| IpAddr::V6(*address)))),
            _ => answer.a().map(|all| keep(&mut all.iter().map(|address| IpAddr::V4(*address)))),
        };
        let Some(candidate) = self.candidates.get_mut(host) else { return };
        let look = if kind == Kind::Aaaa { &mut candidate.six } else { &mut candidate.four };
        if !matches!(look, Look::Asked) {
            return;
        }
        candidate.authenticated &= found.is_err() || answer.is_authenticated();
        candidate.own |= own;
        candidate.private |= private;
        *look = Look::Done(found);
        self.settle();
    }

    /// Comes to the verdict once everything is answered.
    fn settle(&mut self) {
        let done = |candidate: &Candidate| {
            matches!((&candidate.six, &candidate.four), (Look::Done(_), Look::Done(_)))
                // what is no better than we are does not matter
                || candidate.own
        };
        if self.verdict.is_none() && self.candidates.iter().all(done) {
            self.verdict = Some(self.conclude());
        }
    }

    fn conclude(&mut self) -> Result<Plan, NoRoute> {
        let own = self.candidates.iter().filter(|candidate| candidate.own).map(|candidate| candidate.preference).min();
        let mut candidates = mem::take(&mut self.candidates);
        candidates.retain(|candidate| own.is_none_or(|own| candidate.preference < own));
        if candidates.is_empty() {
            return Err(NoRoute::Loop);
        }
        let hosts = self.allot(&candidates);
        if !hosts.is_empty() {
            return Ok(Plan { way: self.way, authenticated: self.authenticated, hosts });
        }
        let mut looks = candidates.iter().flat_map(|candidate| [&candidate.six, &candidate.four]);
        if let Some(absence) = looks.find_map(Look::unknown) {
            return Err(NoRoute::Lookup(absence));
        }
        Err(match self.way {
            Way::Set => NoRoute::Hop,
            _ if candidates.iter().any(|candidate| candidate.private) => NoRoute::NotPublic,
            Way::Implicit => NoRoute::NoSuchDomain,
            _ => NoRoute::NoHost,
        })
    }

    /// Gives each host one address, then each its second, as long as there is room (row R-8).
    fn allot(&self, candidates: &[Candidate]) -> Vec<Host> {
        let most = self.limits.addresses.max(1);
        let mut left = most;
        let mut hosts: Vec<(Host, Vec<IpAddr>)> = candidates
            .iter()
            .map(|candidate| {
                let host = Host {
                    name: Some(candidate.name),
                    preference: candidate.preference,
                    addresses: Vec::new(),
                    port: self.port,
                    authenticated: candidate.authenticated,
                };
                (host, in_turn(candidate.six.addresses(), candidate.four.addresses()))
            })
            .collect();
        for round in 0..most {
            for (host, addresses) in &mut hosts {
                if let Some(address) = addresses.get(round).filter(|_| left > 0) {
                    host.addresses.push(*address);
                    left -= 1;
                }
            }
        }
        hosts.into_iter().map(|(host, _)| host).filter(|host| !host.addresses.is_empty()).collect()
    }

    fn fail(&mut self, reason: NoRoute) {
        self.candidates.clear();
        self.verdict = Some(Err(reason));
    }
}

impl Inquiry for Route {
    type Verdict = Result<Plan, NoRoute>;

    fn step(&mut self) -> Step<'_, Self::Verdict> {
        if let Some(verdict) = &self.verdict {
            return Step::Done(verdict.clone());
        }
        if let Some(name) = &self.domain {
            if mem::replace(&mut self.asked, true) {
                return Step::Wait;
            }
            return Step::Ask(Question { id: MX, name, kind: Kind::Mx });
        }
        for (id, candidate) in (MX.0 + 1..).step_by(2).zip(&mut self.candidates) {
            for (id, kind, look) in [(id, Kind::Aaaa, &mut candidate.six), (id + 1, Kind::A, &mut candidate.four)] {
                if matches!(look, Look::Unasked) && !candidate.own {
                    *look = Look::Asked;
                    return Step::Ask(Question { id: QuestionId(id), name: &candidate.name, kind });
                }
            }
        }
        Step::Wait
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        if self.verdict.is_some() {
            return;
        }
        match id.0.checked_sub(MX.0 + 1) {
            None => {
                if self.asked
                    && let Some(domain) = self.domain.take()
                {
                    self.hosts(domain, answer);
                }
            }
            Some(at) => {
                let kind = if at.is_multiple_of(2) { Kind::Aaaa } else { Kind::A };
                self.addresses(usize::try_from(at / 2).unwrap_or(usize::MAX), kind, answer);
            }
        }
    }

    fn deadline(&self) -> Option<Duration> {
        self.verdict.is_none().then_some(self.deadline)
    }

    fn tick(&mut self, now: Duration) {
        if now < self.deadline || self.verdict.is_some() {
            return;
        }
        if self.domain.take().is_some() {
            return self.fail(NoRoute::Lookup(Absence::TryLater));
        }
        for candidate in &mut self.candidates {
            for look in [&mut candidate.six, &mut candidate.four] {
                if !matches!(look, Look::Done(_)) {
                    *look = Look::Done(Err(Absence::TryLater));
                }
            }
        }
        self.settle();
    }
}

/// IPv6 and IPv4 in turn, so that a family that does not work here costs one attempt only. Addresses inside others are not counted twice.
fn in_turn(six: &[IpAddr], four: &[IpAddr]) -> Vec<IpAddr> {
    let mut all = Vec::with_capacity(six.len() + four.len());
    for at in 0..six.len().max(four.len()) {
        for address in [six.get(at), four.get(at)].into_iter().flatten() {
            if !all.contains(address) {
                all.push(*address);
            }
        }
    }
    all
}

/// An order that depends on the random octets alone (the shuffle of Fisher and Yates, on numbers that splitmix64 makes of them).
fn shuffle<T>(items: &mut [T], random: u128) {
    let mut state = ((random >> 64) as u64).wrapping_mul(0xD1B5_4A32_D192_ED03).wrapping_add(random as u64);
    for left in (2..=items.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        items.swap(left - 1, (mixed % left as u64) as usize);
    }
}
