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
    pop3_login_delay: Duration,
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
    /// When users have logged in to POP3, as far as that matters still.
    pop3_logins: HashMap<AccountId, Duration>,
}

/// One connection that is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Admission {
    caps: Arc<Caps>,
    /// `None`: of a trusted network, counted in the total alone.
    networks: Option<[Network; 3]>,
}

/// Why there is to be no POP3 session.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pop3Refusal {
    /// The user has enough of them from that address.
    TooMany,
    /// The user has logged in a moment ago (RFC 2449, 6.5).
    TooSoon,
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
            pop3_login_delay: limits.pop3_login_delay,
            table: Mutex::new(Table {
                open: 0,
                by_network: HashMap::new(),
                rates: Counts::new(Duration::from_secs(60)),
                pop3: HashMap::new(),
                pop3_logins: HashMap::new(),
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

    /// One POP3 session more for a user from an address, if there may be. Trusted clients need not wait between logins.
    fn admit_pop3(
        self: &Arc<Self>,
        account: AccountId,
        address: IpAddr,
        trusted: bool,
        now: Duration,
    ) -> Result<Pop3Admission, Pop3Refusal> {
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        let Table { pop3, pop3_logins, .. } = &mut *table;
        if !self.pop3_login_delay.is_zero() && !trusted {
            // Nobody is remembered for longer than it matters.
            pop3_logins.retain(|_, last| *last + self.pop3_login_delay > now);
            if pop3_logins.contains_key(&account) {
                return Err(Pop3Refusal::TooSoon);
            }
            pop3_logins.insert(account, now);
        }
        let open = pop3.entry((account, address)).or_default();
        if *open >= self.pop3_sessions {
            return Err(Pop3Refusal::TooMany);
        }
        *open += 1;
        Ok(Pop3Admission { caps: self.clone(), key: (account, address) })
    }
}

impl Admission {
    /// Whether the server is short of connections, now and whenever that changes.
    pub(crate) fn stress(&self) -> watch::Receiver<bool> {
        self.caps.stress.subscribe()
    }

    /// This connection is a POP3 session of that user, if there may be one more.
    pub(crate) fn pop3(
        &self,
        account: AccountId,
        address: IpAddr,
        now: Duration,
    ) -> Result<Pop3Admission, Pop3Refusal> {
        self.caps.admit_pop3(account, address, self.networks.is_none(), now)
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
    fn pop3_logins_have_a_pace() {
        let limits = Limits { pop3_login_delay: Duration::from_secs(60), pop3_sessions: 1, ..Limits::default() };
        let caps = Arc::new(Caps::new(&limits));
        let address = IpAddr::from([203, 0, 113, 1]);
        let [ann, ben] = [AccountId(1), AccountId(2)];
        let login = |account, trusted, seconds| {
            caps.admit_pop3(account, address, trusted, Duration::from_secs(seconds)).map(drop)
        };
        assert_eq!(login(ann, false, 100), Ok(()));
        assert_eq!(login(ann, false, 159), Err(Pop3Refusal::TooSoon));
        assert_eq!(login(ben, false, 159), Ok(()), "another user");
        assert_eq!(login(ann, true, 159), Ok(()), "trusted");
        assert_eq!(login(ann, false, 160), Ok(()));
        let _open = caps.admit_pop3(ben, address, true, Duration::ZERO).unwrap();
        assert_eq!(login(ben, true, 300), Err(Pop3Refusal::TooMany));
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
