//! What answers about addresses, hosts and names come to (RFC 7208, 5.3 to 5.7).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use dns::{Absence, Answer};
use smallvec::SmallVec;

use crate::eval::{Found, Host, Pending, Subject};
use crate::parser::Kind;
use crate::{CheckHost, Reason, SpfResult};

/// Whether the leading bits are the same.
#[inline]
pub(crate) const fn near4(a: u32, b: u32, prefix: u8) -> bool {
    // One bit more than there are, so that a shift by all of them leaves none.
    ((a ^ b) as u64) >> (32 - prefix) == 0
}

#[inline]
pub(crate) const fn near6(a: u128, b: u128, prefix: u8) -> bool {
    prefix == 0 || (a ^ b) >> (128 - prefix) == 0
}

impl CheckHost {
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

    pub(crate) fn current(&self) -> Option<Kind> {
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
}

const fn absent(absence: Absence) -> Found {
    if absence.is_certain() { Found::Void } else { Found::Failed }
}
