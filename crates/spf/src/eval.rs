//! `check_host()` inside: from one answer to the next question (RFC 7208, 4.6 to 6).

use alloc::boxed::Box;
use core::net::IpAddr;

use dns::Name;

use crate::answers::{near4, near6};
use crate::expand::{self, Values};
use crate::parser::{Kind, Spec};
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
pub(crate) enum Target {
    Ask(Subject),
    /// To no name.
    Nowhere,
    /// The client's name has to be known first, and is asked for.
    Later,
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
    pub(crate) fn end_of_record(&mut self) {
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

    pub(crate) const fn address_kind(&self) -> dns::Kind {
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

    pub(crate) fn values(&self, level: usize) -> Option<Values<'_>> {
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
    pub(crate) fn target(&mut self, spec: Option<Spec>, level: usize) -> Target {
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

    pub(crate) fn ask(&mut self, pending: Pending, subject: Subject, kind: dns::Kind, batch: usize) {
        self.pending = pending;
        self.subject = subject;
        self.kind = kind;
        self.first = self.first.wrapping_add(self.batch);
        self.asked = 0;
        self.batch = batch as u32;
    }

    pub(crate) fn ask_client(&mut self) {
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

    pub(crate) fn next_term(&mut self) {
        if let Some(frame) = self.frames.last_mut() {
            frame.at = frame.at.saturating_add(1);
        }
        self.pending = Pending::Nothing;
        self.counted = false;
    }

    /// The DNS has nothing for the current term.
    pub(crate) fn void(&mut self) {
        self.voids += 1;
        if self.voids > self.limits.voids {
            self.end(SpfResult::Permerror, Reason::Voids(self.limits.voids));
        } else {
            self.next_term();
        }
    }

    /// The current term matches.
    pub(crate) fn matched(&mut self) {
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
