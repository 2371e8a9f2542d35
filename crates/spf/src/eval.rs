//! `check_host()` inside: from one answer to the next question (RFC 7208, 4.6 to 6).

use alloc::boxed::Box;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dns::{Absence, Answer, Name};
use smallvec::SmallVec;

use crate::expand::{self, Values};
use crate::parser::{Kind, Part, Parts, Spec};
use crate::sender::Text;
use crate::{CheckHost, Qualifier, Reason, Record, SpfResult, Verdict};

/// A record that is being evaluated.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) record: Record,
    /// The term it is at.
    pub(crate) at: u16,
    /// Whether all mechanisms have been passed, so that only `redirect` is left.
    ended: bool,
    pub(crate) via: Via,
    domain: Domain,
}

/// What led to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// It is the sender's own.
    Sender,
    Include,
    Redirect,
}

/// Whose record it is.
#[derive(Clone, Debug)]
enum Domain {
    Sender,
    /// One of the names of the record that led to it.
    Named(u16),
    /// It was made of macros.
    Own(Box<Name>),
}

/// What the open questions are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pending {
    Nothing,
    /// The sender's record.
    First,
    Include,
    Redirect,
    /// The address of an `a`.
    Address,
    Exists,
    Mx,
    /// The addresses of the hosts of an `mx`.
    Hosts,
    /// The names of the client.
    Client,
    /// The addresses of these names.
    ClientHosts,
    /// The text that `exp` leads to.
    Explanation,
}

impl Pending {
    pub(crate) const fn takes_record(self) -> bool {
        matches!(self, Self::First | Self::Include | Self::Redirect)
    }
}

/// Whose records are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject {
    Sender,
    /// The domain whose record that is.
    Frame(usize),
    /// A name in that record.
    Named {
        frame: usize,
        name: u16,
    },
    /// The name made of macros.
    Own,
    /// The hosts of an `mx`, each for itself.
    Hosts,
    /// The client's names, each for itself.
    ClientHosts,
}

/// How far it is.
#[derive(Clone, Debug)]
pub(crate) enum Phase {
    Terms,
    /// It fails; the domain's explanation is to be found.
    ExpDomain(Reason),
    /// This is its text.
    ExpText(Reason, Box<[u8]>),
    /// There is none; the receiver's is to be used.
    Default(Reason),
}

/// A name whose addresses are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) name: Name,
    pub(crate) found: Found,
}

/// What is known of a name's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing yet.
    Open,
    /// One of them matches.
    Match,
    /// None of them matches.
    Other,
    /// There is none.
    Void,
    /// The DNS did not tell.
    Failed,
}

/// Where a term leads.
enum Target {
    Ask(Subject),
    /// To no name.
    Nowhere,
    /// The client's name has to be known first, and is asked for.
    Later,
}

/// Whether the leading bits are the same.
const fn near4(a: u32, b: u32, prefix: u8) -> bool {
    // One bit more than there are, so that a shift by all of them leaves none.
    ((a ^ b) as u64) >> (32 - prefix) == 0
}

const fn near6(a: u128, b: u128, prefix: u8) -> bool {
    prefix == 0 || (a ^ b) >> (128 - prefix) == 0
}

impl CheckHost {
    /// Goes on until something has to be asked, or all is said.
    pub(crate) fn run(&mut self) {
        while self.verdict.is_none() && self.pending == Pending::Nothing {
            match &self.phase {
                Phase::Terms => self.terms(),
                Phase::ExpDomain(reason) => self.exp_domain(*reason),
                Phase::ExpText(..) | Phase::Default(_) => self.exp_text(),
            }
        }
    }

    /// The terms from the current one on, up to one that decides or asks.
    fn terms(&mut self) {
        let (four, six) = match self.ip {
            IpAddr::V4(ip) => (Some(ip.to_bits()), 0),
            IpAddr::V6(ip) => (None, ip.to_bits()),
        };
        let Some(frame) = self.frames.last_mut().filter(|frame| !frame.ended) else { return self.end_of_record() };
        let items = &frame.record.inner().items;
        for (at, item) in items.iter().enumerate().skip(usize::from(frame.at)) {
            // Nearly all terms are networks: they are looked at first.
            let qualifier = match item.kind {
                Kind::Ip4(qualifier, prefix, network) => match four {
                    Some(ip) if near4(ip, network, prefix) => qualifier,
                    _ => continue,
                },
                Kind::Ip6(qualifier, prefix, network) => {
                    if four.is_some() || !near6(six, u128::from_be_bytes(network), prefix) {
                        continue;
                    }
                    qualifier
                }
                Kind::All(qualifier) => qualifier,
                Kind::Redirect(_) | Kind::Exp(_) | Kind::Unknown => continue,
                kind => {
                    frame.at = at as u16;
                    return self.ask_for(kind);
                }
            };
            frame.at = at as u16;
            return self.leave(qualifier.result(), Reason::Matched);
        }
        frame.at = items.len() as u16;
        frame.ended = true;
        self.end_of_record();
    }

    /// 6.1, 4.7: nothing matched.
    fn end_of_record(&mut self) {
        let level = self.frames.len().saturating_sub(1);
        let redirect = self.frames.get_mut(level).and_then(|frame| {
            let mut items = frame.record.inner().items.iter().enumerate();
            let found = items.find_map(|(at, item)| match item.kind {
                Kind::Redirect(spec) => Some((at, spec)),
                _ => None,
            });
            if let Some((at, _)) = found {
                frame.at = at as u16;
            }
            found
        });
        let Some((_, spec)) = redirect else { return self.leave(SpfResult::Neutral, Reason::NoMatch) };
        if !self.count() {
            return;
        }
        match self.target(Some(spec), level) {
            Target::Ask(subject) => self.ask(Pending::Redirect, subject, dns::Kind::Txt, 1),
            Target::Nowhere => self.end(SpfResult::Permerror, Reason::NoTargetName),
            Target::Later => {}
        }
    }

    /// Counts the current term as one that asks the DNS; false if that is one too many (4.6.4).
    fn count(&mut self) -> bool {
        if self.counted {
            return true;
        }
        let limit = self.limits.depth();
        if self.lookups >= limit {
            self.end(SpfResult::Permerror, Reason::Lookups(limit));
            return false;
        }
        self.lookups += 1;
        self.counted = true;
        true
    }

    /// A term that asks the DNS.
    fn ask_for(&mut self, kind: Kind) {
        if !self.count() {
            return;
        }
        let (spec, pending, asked) = match kind {
            Kind::Include(_, spec) => (Some(spec), Pending::Include, dns::Kind::Txt),
            Kind::A(_, spec, _) => (spec, Pending::Address, self.address_kind()),
            Kind::Mx(_, spec, _) => (spec, Pending::Mx, dns::Kind::Mx),
            // 5.7: always A, whatever the client has.
            Kind::Exists(_, spec) => (Some(spec), Pending::Exists, dns::Kind::A),
            Kind::Ptr(_, spec) => return self.ptr(spec),
            _ => return self.next_term(),
        };
        let level = self.frames.len().saturating_sub(1);
        match self.target(spec, level) {
            Target::Ask(subject) => self.ask(pending, subject, asked, 1),
            // 4.8 leaves it open what a name is worth that cannot be asked for: it matches nobody.
            Target::Nowhere => self.next_term(),
            Target::Later => {}
        }
    }

    /// 5.5.
    fn ptr(&mut self, spec: Option<Spec>) {
        let level = self.frames.len().saturating_sub(1);
        if self.client.is_none() {
            return self.ask_client();
        }
        let (subject, own) = match self.target(spec, level) {
            Target::Ask(subject) => (subject, self.own),
            Target::Nowhere => return self.next_term(),
            Target::Later => return,
        };
        let within = match subject {
            Subject::Own => own.as_ref(),
            other => Some(self.name(other, 0)),
        };
        let matches = within.is_some_and(|domain| self.confirmed().any(|name| name.is_within(domain)));
        match matches {
            true => self.matched(),
            false if self.client_void => self.void(),
            false => self.next_term(),
        }
    }

    /// The client's names that lead back to it.
    fn confirmed(&self) -> impl Iterator<Item = &Name> {
        self.client.iter().flatten().filter(|host| host.found == Found::Match).map(|host| &host.name)
    }

    /// What `%{p}` is in the record of a domain (7.3): the domain itself if that is among the names, else one below it, else any.
    fn validated(&self, domain: &Name) -> Option<&Name> {
        self.confirmed()
            .find(|name| *name == domain)
            .or_else(|| self.confirmed().find(|name| name.is_within(domain)))
            .or_else(|| self.confirmed().next())
    }

    const fn address_kind(&self) -> dns::Kind {
        if self.ip.is_ipv4() { dns::Kind::A } else { dns::Kind::Aaaa }
    }

    /// The domain whose record that is.
    pub(crate) fn frame_domain(&self, level: usize) -> &Name {
        let named = match self.frames.get(level).map(|frame| &frame.domain) {
            Some(Domain::Own(name)) => Some(&**name),
            Some(Domain::Named(name)) => level
                .checked_sub(1)
                .and_then(|parent| self.frames.get(parent))
                .and_then(|parent| parent.record.inner().names.get(usize::from(*name))),
            Some(Domain::Sender) | None => None,
        };
        named.or(self.sender.as_ref().ok()).unwrap_or(&Name::ROOT)
    }

    /// The name that a question is about.
    pub(crate) fn name_of(&self, index: usize) -> &Name {
        self.name(self.subject, index)
    }

    fn name(&self, subject: Subject, index: usize) -> &Name {
        let found = match subject {
            Subject::Sender => self.sender.as_ref().ok(),
            Subject::Frame(level) => Some(self.frame_domain(level)),
            Subject::Named { frame, name } => {
                self.frames.get(frame).and_then(|frame| frame.record.inner().names.get(usize::from(name)))
            }
            Subject::Own => self.own.as_ref(),
            Subject::Hosts => self.hosts.get(index).map(|host| &host.name),
            Subject::ClientHosts => self.client.as_ref().and_then(|hosts| hosts.get(index)).map(|host| &host.name),
        };
        found.unwrap_or(&Name::ROOT)
    }

    fn values(&self, level: usize) -> Option<Values<'_>> {
        let domain = self.frame_domain(level);
        Some(Values {
            ip: self.ip,
            local: self.texts.octets(Text::Local),
            sender: self.sender.as_ref().ok()?,
            domain,
            helo: self.texts.octets(Text::Helo),
            receiver: self.texts.octets(Text::Receiver),
            time: self.time,
            validated: self.validated(domain),
        })
    }

    /// Where a domain in a record leads, its macros put in.
    fn target(&mut self, spec: Option<Spec>, level: usize) -> Target {
        let Some(spec) = spec else { return Target::Ask(Subject::Frame(level)) };
        let Some(frame) = self.frames.get(level) else { return Target::Nowhere };
        let record = frame.record.inner();
        if record.names.get(usize::from(spec.name)).is_some() {
            return Target::Ask(Subject::Named { frame: level, name: spec.name });
        }
        if !spec.has_macros() {
            return Target::Nowhere;
        }
        if spec.has_validated() && self.look_up_p && self.client.is_none() {
            self.ask_client();
            return Target::Later;
        }
        let text = record.octets(spec.start, spec.end);
        self.own = self.values(level).and_then(|values| expand::domain(text, &values));
        if self.own.is_some() { Target::Ask(Subject::Own) } else { Target::Nowhere }
    }

    fn ask(&mut self, pending: Pending, subject: Subject, kind: dns::Kind, batch: usize) {
        self.pending = pending;
        self.subject = subject;
        self.kind = kind;
        self.first = self.first.wrapping_add(self.batch);
        self.asked = 0;
        self.batch = batch as u32;
    }

    fn ask_client(&mut self) {
        self.own = Some(Name::reverse(self.ip));
        self.ask(Pending::Client, Subject::Own, dns::Kind::Ptr, 1);
    }

    /// Whether that question has not been answered.
    pub(crate) fn is_open(&self, index: usize) -> bool {
        let hosts = match self.subject {
            Subject::Hosts => self.hosts.get(index),
            Subject::ClientHosts => self.client.as_ref().and_then(|hosts| hosts.get(index)),
            _ => return self.pending != Pending::Nothing,
        };
        hosts.is_some_and(|host| host.found == Found::Open)
    }

    /// A record that was asked for.
    pub(crate) fn found(&mut self, record: Record) {
        if record.as_octets().len() > self.limits.record as usize {
            let error = crate::RecordError::Long(self.limits.record as usize);
            return self.end(SpfResult::Permerror, Reason::Record(error));
        }
        let via = match self.pending {
            Pending::Include => Via::Include,
            Pending::Redirect => Via::Redirect,
            _ => Via::Sender,
        };
        let domain = match (self.subject, &self.own) {
            (Subject::Named { name, .. }, _) => Domain::Named(name),
            (Subject::Own, Some(own)) => Domain::Own(Box::new(*own)),
            _ => Domain::Sender,
        };
        self.frames.push(Frame { record, at: 0, ended: false, via, domain });
        self.pending = Pending::Nothing;
        self.counted = false;
    }

    /// There is no record where one was asked for.
    pub(crate) fn without_record(&mut self) {
        match self.pending {
            Pending::First => self.end(SpfResult::None, Reason::NoRecord),
            _ => self.end(SpfResult::Permerror, Reason::NoTarget),
        }
    }

    /// Any other answer.
    pub(crate) fn answered(&mut self, index: usize, answer: Answer<'_>) {
        match self.pending {
            Pending::Address => {
                let found = self.compare(answer, self.prefixes());
                self.term_found(found);
            }
            Pending::Exists => self.term_found(match answer.a() {
                Ok(_) => Found::Match,
                Err(absence) => absent(absence),
            }),
            Pending::Mx => self.mx(answer),
            Pending::Hosts => {
                let found = self.compare(answer, self.prefixes());
                self.host_found(index, found);
            }
            Pending::Client => self.client_names(answer),
            Pending::ClientHosts => {
                let found = self.compare(answer, [32, 128]);
                self.client_found(index, found);
            }
            Pending::Explanation => self.explained(answer),
            Pending::Nothing | Pending::First | Pending::Include | Pending::Redirect => {}
        }
    }

    /// The prefix lengths of the current term.
    fn prefixes(&self) -> [u8; 2] {
        match self.current() {
            Some(Kind::A(_, _, prefixes) | Kind::Mx(_, _, prefixes)) => prefixes,
            _ => [32, 128],
        }
    }

    fn current(&self) -> Option<Kind> {
        let frame = self.frames.last()?;
        frame.record.inner().items.get(usize::from(frame.at)).map(|item| item.kind)
    }

    fn compare(&self, answer: Answer<'_>, [v4, v6]: [u8; 2]) -> Found {
        let matches = match self.ip {
            IpAddr::V4(ip) => {
                let near = |other: &Ipv4Addr| near4(other.to_bits(), ip.to_bits(), v4);
                answer.a().map(|addresses| addresses.iter().any(near))
            }
            IpAddr::V6(ip) => {
                let near = |other: &Ipv6Addr| near6(other.to_bits(), ip.to_bits(), v6);
                answer.aaaa().map(|addresses| addresses.iter().any(near))
            }
        };
        match matches {
            Ok(true) => Found::Match,
            Ok(false) => Found::Other,
            Err(absence) => absent(absence),
        }
    }

    /// What the current term comes to.
    fn term_found(&mut self, found: Found) {
        match found {
            Found::Match => self.matched(),
            Found::Other | Found::Open => self.next_term(),
            Found::Void => self.void(),
            Found::Failed => self.end(SpfResult::Temperror, Reason::Dns),
        }
    }

    /// 5.4: the hosts of a domain's mail, whose addresses are asked for all at once.
    fn mx(&mut self, answer: Answer<'_>) {
        let hosts = match answer.mx() {
            Ok(hosts) => hosts,
            Err(absence) => return self.term_found(absent(absence)),
        };
        let limit = self.limits.mx_names;
        if hosts.len() > limit as usize {
            return self.end(SpfResult::Permerror, Reason::MxNames(limit));
        }
        // RFC 7505: the root takes no mail; there is no such host to ask for.
        let hosts = hosts.iter().filter(|host| !host.exchange.is_root());
        self.hosts.clear();
        self.hosts.extend(hosts.map(|host| Host { name: host.exchange, found: Found::Open }));
        if self.hosts.is_empty() {
            return self.next_term();
        }
        self.ask(Pending::Hosts, Subject::Hosts, self.address_kind(), self.hosts.len());
    }

    /// One host matches, or all have been heard: so the order of answers changes nothing. A host that is permitted is so whether or not the others are known.
    fn host_found(&mut self, index: usize, found: Found) {
        if found == Found::Match {
            return self.matched();
        }
        if let Some(host) = self.hosts.get_mut(index) {
            host.found = found;
        }
        let any = |found| self.hosts.iter().any(|host| host.found == found);
        if any(Found::Open) {
            return;
        }
        // 4.6.4 limits the terms for which the DNS has nothing, not the questions: a domain may well have many hosts without an IPv6 address.
        let all = match (any(Found::Failed), any(Found::Other)) {
            (true, _) => Found::Failed,
            (false, true) => Found::Other,
            (false, false) => Found::Void,
        };
        self.term_found(all);
    }

    /// 5.5: the client's names. If the DNS does not tell, it has none.
    fn client_names(&mut self, answer: Answer<'_>) {
        self.client_void = answer.ptr().is_err_and(Absence::is_certain);
        let names = answer.ptr().unwrap_or_default().iter().take(self.limits.ptr_names as usize);
        let hosts: SmallVec<[Host; 1]> = names.map(|name| Host { name: *name, found: Found::Open }).collect();
        let count = hosts.len();
        self.client = Some(hosts);
        if count == 0 {
            self.pending = Pending::Nothing;
        } else {
            self.ask(Pending::ClientHosts, Subject::ClientHosts, self.address_kind(), count);
        }
    }

    fn client_found(&mut self, index: usize, found: Found) {
        let Some(hosts) = &mut self.client else { return };
        if let Some(host) = hosts.get_mut(index) {
            host.found = found;
        }
        if hosts.iter().all(|host| host.found != Found::Open) {
            self.pending = Pending::Nothing;
        }
    }

    fn next_term(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at = frame.at.saturating_add(1);
        }
        self.pending = Pending::Nothing;
        self.counted = false;
    }

    /// The DNS has nothing for the current term.
    fn void(&mut self) {
        self.voids += 1;
        if self.voids > self.limits.voids {
            self.end(SpfResult::Permerror, Reason::Voids(self.limits.voids));
        } else {
            self.next_term();
        }
    }

    /// The current term matches.
    fn matched(&mut self) {
        let qualifier = self.current().and_then(qualifier).unwrap_or(Qualifier::Neutral);
        self.leave(qualifier.result(), Reason::Matched);
    }

    /// A record has a result. What led to it goes on, or has the same one (5.2, 6.1).
    fn leave(&mut self, mut result: SpfResult, mut reason: Reason) {
        self.pending = Pending::Nothing;
        let mut level = self.frames.len().saturating_sub(1);
        self.origin = level;
        loop {
            let via = self.frames.get(level).map_or(Via::Sender, |frame| frame.via);
            let Some(parent) = level.checked_sub(1).filter(|_| via != Via::Sender) else {
                return self.finish(result, reason);
            };
            if via == Via::Include {
                if result != SpfResult::Pass {
                    self.frames.truncate(level);
                    return self.next_term();
                }
                let include = self.frames.get(parent).and_then(|frame| {
                    let item = frame.record.inner().items.get(usize::from(frame.at))?;
                    qualifier(item.kind)
                });
                result = include.unwrap_or(Qualifier::Neutral).result();
                reason = Reason::Matched;
                self.origin = parent;
            }
            level = parent;
        }
    }

    /// The sender's record has a result.
    fn finish(&mut self, result: SpfResult, reason: Reason) {
        if result != SpfResult::Fail {
            return self.end(result, reason);
        }
        if self.explain {
            self.phase = Phase::ExpDomain(reason);
        } else if self.texts.has_explanation() {
            self.phase = Phase::Default(reason);
        } else {
            self.end(result, reason);
        }
    }

    pub(crate) fn end(&mut self, result: SpfResult, reason: Reason) {
        self.pending = Pending::Nothing;
        self.verdict = Some(Verdict { result, reason, lookups: self.lookups, voids: self.voids });
    }

    pub(crate) fn out_of_time(&mut self) {
        match self.phase {
            Phase::Terms => self.end(SpfResult::Temperror, Reason::Time),
            // Only the explanation is missing.
            Phase::ExpDomain(reason) | Phase::ExpText(reason, _) | Phase::Default(reason) => {
                self.end(SpfResult::Fail, reason);
            }
        }
    }

    /// 6.2: whose text explains the fail.
    fn exp_domain(&mut self, reason: Reason) {
        let spec = self.frames.get(self.origin).and_then(|frame| {
            frame.record.inner().items.iter().find_map(|item| match item.kind {
                Kind::Exp(spec) => Some(spec),
                _ => None,
            })
        });
        let target = spec.map_or(Target::Nowhere, |spec| self.target(Some(spec), self.origin));
        match target {
            Target::Ask(subject) => self.ask(Pending::Explanation, subject, dns::Kind::Txt, 1),
            Target::Nowhere => self.phase = Phase::Default(reason),
            Target::Later => {}
        }
    }

    /// 6.2: one text, or it is as if none had been asked for.
    fn explained(&mut self, answer: Answer<'_>) {
        self.pending = Pending::Nothing;
        if let Phase::ExpDomain(reason) = self.phase {
            self.phase = match answer.txt() {
                Ok([text]) => Phase::ExpText(reason, text.as_ref().into()),
                _ => Phase::Default(reason),
            };
        }
    }

    fn exp_text(&mut self) {
        let (reason, text, default) = match &self.phase {
            Phase::ExpText(reason, text) => (*reason, &**text, false),
            Phase::Default(reason) => (*reason, self.texts.octets(Text::Explanation), true),
            Phase::Terms | Phase::ExpDomain(_) => return,
        };
        let has_validated =
            || Parts::new(text).any(|part| matches!(part, Part::Macro { expand, .. } if expand.letter == b'p'));
        if self.look_up_p && self.client.is_none() && has_validated() {
            return self.ask_client();
        }
        let limit = self.limits.explanation as usize;
        self.explanation = self
            .values(self.origin)
            .and_then(|values| expand::text(text, &values, limit))
            .filter(|text| !text.is_empty());
        if self.explanation.is_some() || default {
            self.end(SpfResult::Fail, reason);
        } else {
            self.phase = Phase::Default(reason);
        }
    }
}

const fn absent(absence: Absence) -> Found {
    if absence.is_certain() { Found::Void } else { Found::Failed }
}

const fn qualifier(kind: Kind) -> Option<Qualifier> {
    match kind {
        Kind::All(qualifier)
        | Kind::Include(qualifier, _)
        | Kind::A(qualifier, ..)
        | Kind::Mx(qualifier, ..)
        | Kind::Ptr(qualifier, _)
        | Kind::Ip4(qualifier, ..)
        | Kind::Ip6(qualifier, ..)
        | Kind::Exists(qualifier, _) => Some(qualifier),
        Kind::Redirect(_) | Kind::Exp(_) | Kind::Unknown => None,
    }
}
