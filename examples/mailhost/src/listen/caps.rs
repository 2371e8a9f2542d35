//! How many connections there may be.

use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use crate::config::Limits;
use crate::limiter::{Counts, FACTORS, Network};
use crate::store::AccountId;

/// Connections at the moment, by network.
#[derive(Debug)]
pub(crate) struct Caps {
    total: usize,
    reserved: usize,
    per_address: usize,
    rate: u32,
    pop3_sessions: usize,
    table: Mutex<Table>,
    /// Whether more than three quarters of all connections are taken.
    stress: watch::Sender<bool>,
}

#[derive(Debug)]
struct Table {
    open: usize,
    by_network: HashMap<Network, usize>,
    rates: Counts<Network>,
    pop3: HashMap<(AccountId, IpAddr), usize>,
}

/// One connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    caps: Arc<Caps>,
    /// `None`: of a trusted network, counted in the total alone.
    networks: Option<[Network; 3]>,
}

/// One POP3 session of a user, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Pop3Admission {
    caps: Arc<Caps>,
    key: (AccountId, IpAddr),
}

impl Caps {
    /// By the configured limits.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            total: limits.connections,
            reserved: limits.connections_reserved,
            per_address: limits.connections_per_address,
            rate: limits.connection_rate,
            pop3_sessions: limits.pop3_sessions,
            table: Mutex::new(Table {
                open: 0,
                by_network: HashMap::new(),
                rates: Counts::new(Duration::from_secs(60)),
                pop3: HashMap::new(),
            }),
            stress: watch::Sender::new(false),
        }
    }

    /// One connection more, if there may be. Some slots are kept for users, so that a flood of mail does not lock them out.
    pub(crate) fn admit(
        self: &Arc<Self>,
        address: IpAddr,
        user: bool,
        trusted: bool,
        now: Duration,
    ) -> Option<Admission> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let total = if user { self.total } else { self.total.saturating_sub(self.reserved) };
        if table.open >= total {
            return None;
        }
        let networks = (!trusted).then(|| Network::around(address));
        for (network, factor) in networks.iter().flatten().zip(FACTORS) {
            let open = table.by_network.get(network).copied().unwrap_or(0);
            let allowed = self.per_address.saturating_mul(usize::try_from(factor).unwrap_or(1));
            if open >= allowed || table.rates.get(network, now) >= self.rate.saturating_mul(factor) {
                return None;
            }
        }
        table.open += 1;
        self.weigh(table.open);
        for network in networks.iter().flatten() {
            *table.by_network.entry(*network).or_default() += 1;
            table.rates.add(*network, now);
        }
        Some(Admission { caps: self.clone(), networks })
    }

    /// Notes whether the server is under stress, and tells all sessions when that changes.
    fn weigh(&self, open: usize) {
        let stress = open.saturating_mul(4) > self.total.saturating_mul(3);
        self.stress.send_if_modified(|now| core::mem::replace(now, stress) != stress);
    }

    /// One POP3 session more for a user from an address, if there may be.
    fn admit_pop3(self: &Arc<Self>, account: AccountId, address: IpAddr) -> Option<Pop3Admission> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let open = table.pop3.entry((account, address)).or_default();
        if *open >= self.pop3_sessions {
            return None;
        }
        *open += 1;
        Some(Pop3Admission { caps: self.clone(), key: (account, address) })
    }
}

impl Admission {
    /// Whether the server is short of connections, now and whenever that changes.
    pub(crate) fn stress(&self) -> watch::Receiver<bool> {
        self.caps.stress.subscribe()
    }

    /// This connection is a POP3 session of that user, if there may be one more.
    pub(crate) fn pop3(&self, account: AccountId, address: IpAddr) -> Option<Pop3Admission> {
        self.caps.admit_pop3(account, address)
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        let mut table = self.caps.table.lock().unwrap_or_else(PoisonError::into_inner);
        table.open = table.open.saturating_sub(1);
        self.caps.weigh(table.open);
        for network in self.networks.iter().flatten() {
            release(&mut table.by_network, network);
        }
    }
}

impl Drop for Pop3Admission {
    fn drop(&mut self) {
        release(&mut self.caps.table.lock().unwrap_or_else(PoisonError::into_inner).pop3, &self.key);
    }
}

/// One less; at none, the entry goes.
fn release<K: core::hash::Hash + Eq>(table: &mut HashMap<K, usize>, key: &K) {
    if let Some(open) = table.get_mut(key) {
        *open = open.saturating_sub(1);
        if *open == 0 {
            table.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_capped_by_address_neighbourhood_and_in_all() {
        let limits =
            Limits { connections: 10, connections_reserved: 2, connections_per_address: 2, ..Limits::default() };
        let caps = Arc::new(Caps::new(&limits));
        let v4 = |last| IpAddr::from([203, 0, 113, last]);
        let admit = |last, user| caps.admit(v4(last), user, false, Duration::ZERO);
        let first = admit(1, false).unwrap();
        let _second = admit(1, false).unwrap();
        assert!(admit(1, false).is_none(), "two for an address");
        drop(first);
        let _third = admit(1, false).unwrap();
        let _near: Vec<_> = (2..=5).map(|last| admit(last, false).unwrap()).collect();
        assert!(admit(6, false).is_none(), "six for a /26");
        let _far: Vec<_> = (70..72).map(|last| admit(last, false).unwrap()).collect();
        assert!(admit(80, false).is_none(), "eight of ten in all");
        let _users: Vec<_> = (80..82).map(|last| admit(last, true).unwrap()).collect();
        assert!(caps.admit(v4(90), true, true, Duration::ZERO).is_none(), "the total holds for all");
    }

    #[test]
    fn w10_three_quarters_are_stress() {
        let limits = Limits { connections: 8, connections_reserved: 0, ..Limits::default() };
        let caps = Arc::new(Caps::new(&limits));
        let address = IpAddr::from([203, 0, 113, 1]);
        let mut all: Vec<_> = (0..6).map(|_| caps.admit(address, false, false, Duration::ZERO).unwrap()).collect();
        let stress = all[0].stress();
        assert!(!*stress.borrow());
        all.push(caps.admit(address, false, false, Duration::ZERO).unwrap());
        assert!(*stress.borrow());
        all.pop();
        assert!(!*stress.borrow());
    }

    #[test]
    fn new_connections_have_a_rate() {
        let limits = Limits { connection_rate: 3, ..Limits::default() };
        let caps = Arc::new(Caps::new(&limits));
        let address = IpAddr::from([203, 0, 113, 1]);
        for _ in 0..3 {
            assert!(caps.admit(address, false, false, Duration::ZERO).is_some());
        }
        assert!(caps.admit(address, false, false, Duration::ZERO).is_none());
        assert!(caps.admit(address, false, true, Duration::ZERO).is_some(), "trusted");
        assert!(caps.admit(address, false, false, Duration::from_secs(61)).is_some());
    }
}
