//! Counting by address and neighbourhood: an attacker has many addresses, but seldom many networks (row A-1).

use core::hash::Hash;
use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;

/// How many addresses, or networks, or accounts a table holds at most.
const TABLE_MAX: usize = 100_000;

/// The first so many bits of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Network {
    bits: u128,
    length: u8,
    v4: bool,
}

impl Network {
    /// An address's own network, its near and its wide neighbourhood: /32, /26 and /21, or /64, /48 and /32 for IPv6.
    pub(crate) fn around(address: IpAddr) -> [Self; 3] {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = u128::from(address.to_bits()) << 96;
                [32, 26, 21].map(|length| Self { bits: bits & mask(length), length, v4: true })
            }
            IpAddr::V6(address) => {
                let bits = address.to_bits();
                [64, 48, 32].map(|length| Self { bits: bits & mask(length), length, v4: false })
            }
        }
    }
}

const fn mask(length: u8) -> u128 {
    u128::MAX << (128 - length as u32)
}

/// How many times as much as an address its neighbourhoods may do.
pub(crate) const FACTORS: [u32; 3] = [1, 3, 9];

/// How often something happened in the present window of time.
#[derive(Debug, Clone, Copy)]
struct Window {
    since: Duration,
    count: u32,
}

/// Counts of what happened in windows of one length, for at most 100,000 keys.
///
/// A window begins with its first event. When the table is full, windows that are over are dropped; if that is not enough, it starts anew, which
/// forgets something but never grows.
#[derive(Debug)]
pub(crate) struct Counts<K> {
    window: Duration,
    table: HashMap<K, Window>,
}

impl<K: Hash + Eq> Counts<K> {
    /// An empty table.
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, table: HashMap::new() }
    }

    /// How often it has happened so far.
    pub(crate) fn get(&self, key: &K, now: Duration) -> u32 {
        self.table.get(key).filter(|window| now.saturating_sub(window.since) < self.window).map_or(0, |window| window.count)
    }

    /// It happened once more: how often now?
    pub(crate) fn add(&mut self, key: K, now: Duration) -> u32 {
        if self.table.len() >= TABLE_MAX && !self.table.contains_key(&key) {
            let length = self.window;
            self.table.retain(|_, window| now.saturating_sub(window.since) < length);
            if self.table.len() >= TABLE_MAX {
                self.table.clear();
            }
        }
        let window = self.table.entry(key).or_insert(Window { since: now, count: 0 });
        if now.saturating_sub(window.since) >= self.window {
            *window = Window { since: now, count: 0 };
        }
        window.count = window.count.saturating_add(1);
        window.count
    }
}

/// Failed logins, by network and by account.
#[derive(Debug)]
pub(crate) struct LoginLimiter {
    per_minute: u32,
    per_day: u32,
    minute: Counts<Network>,
    day: Counts<Network>,
    account_minute: Counts<String>,
    account_day: Counts<String>,
}

impl LoginLimiter {
    /// With so many failures allowed.
    pub(crate) fn new(per_minute: u32, per_day: u32) -> Self {
        let (minute, day) = (Duration::from_secs(60), Duration::from_secs(86_400));
        Self {
            per_minute,
            per_day,
            minute: Counts::new(minute),
            day: Counts::new(day),
            account_minute: Counts::new(minute),
            account_day: Counts::new(day),
        }
    }

    /// Whether this address may try to log in at all.
    pub(crate) fn admits(&self, address: IpAddr, now: Duration) -> bool {
        Network::around(address).iter().zip(FACTORS).all(|(network, factor)| {
            self.minute.get(network, now) < self.per_minute.saturating_mul(factor)
                && self.day.get(network, now) < self.per_day.saturating_mul(factor)
        })
    }

    /// Whether somebody who is not trusted may try this account. The account's own bound is ten times an address's: else anybody could lock its
    /// owner out.
    pub(crate) fn admits_account(&self, account: &str, now: Duration) -> bool {
        let account = account.to_owned();
        self.account_minute.get(&account, now) < self.per_minute.saturating_mul(10)
            && self.account_day.get(&account, now) < self.per_day.saturating_mul(10)
    }

    /// A login has failed. Answers how long its reply is to be held back: 2 s, doubled with each failure of a minute, to 15 s at most. A login
    /// that succeeds later takes nothing of this back.
    pub(crate) fn failed(&mut self, address: IpAddr, account: &str, now: Duration) -> Duration {
        let mut failures = 1;
        for (at, network) in Network::around(address).into_iter().enumerate() {
            self.day.add(network, now);
            let count = self.minute.add(network, now);
            if at == 0 {
                failures = count;
            }
        }
        self.account_minute.add(account.to_owned(), now);
        self.account_day.add(account.to_owned(), now);
        Duration::from_secs(2_u64.checked_shl(failures.saturating_sub(1)).unwrap_or(15).clamp(2, 15))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn v4(last: u8) -> IpAddr {
        IpAddr::from([203, 0, 113, last])
    }

    #[test]
    fn a1_an_address_is_stopped_then_its_neighbourhood_then_forgotten() {
        let mut limiter = LoginLimiter::new(10, 50);
        let now = Duration::from_secs(1_000);
        for n in 0..10 {
            assert!(limiter.admits(v4(1), now), "{n}");
            limiter.failed(v4(1), "ann", now);
        }
        assert!(!limiter.admits(v4(1), now));
        assert!(limiter.admits(v4(2), now), "a neighbour still may");
        for n in 2..=21 {
            limiter.failed(v4(n), "ann", now);
        }
        assert!(!limiter.admits(v4(60), now), "30 failures in a /26 stop all of it");
        assert!(limiter.admits(v4(70), now), "another /26");
        assert!(limiter.admits(v4(1), now + Duration::from_secs(60)));
    }

    #[test]
    fn a1_the_day_is_counted_too() {
        let mut limiter = LoginLimiter::new(10, 50);
        let mut now = Duration::ZERO;
        for _ in 0..50 {
            assert!(limiter.admits(v4(1), now));
            limiter.failed(v4(1), "ann", now);
            now += Duration::from_secs(61);
        }
        assert!(!limiter.admits(v4(1), now));
        assert!(limiter.admits(v4(1), Duration::from_secs(90_000)));
    }

    #[test]
    fn a1_the_wait_grows() {
        let mut limiter = LoginLimiter::new(10, 50);
        let waits: Vec<u64> = (0..5).map(|_| limiter.failed(v4(9), "ann", Duration::ZERO).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 15, 15]);
    }

    #[test]
    fn a1_the_table_has_a_bound() {
        let mut counts = Counts::new(Duration::from_secs(60));
        for n in 0..10_000_000_u32 {
            counts.add(n, Duration::from_millis(u64::from(n)));
            debug_assert!(counts.table.len() <= TABLE_MAX);
        }
        assert!(counts.table.len() <= TABLE_MAX);
    }

    #[test]
    fn networks_of_both_families() {
        let [own, near, wide] = Network::around(v4(200));
        assert_eq!(Network::around(v4(201))[0] == own, false);
        assert_eq!(Network::around(v4(201))[1], near);
        assert_eq!(Network::around(IpAddr::from([203, 0, 118, 1]))[2], wide);
        let six = |text: &str| Network::around(text.parse().unwrap());
        assert_eq!(six("2001:db8::1")[0], six("2001:db8::2")[0], "one /64 is one customer");
        assert_ne!(six("2001:db8:0:1::1")[0], six("2001:db8::1")[0]);
        assert_eq!(six("::ffff:203.0.113.200")[0], own, "mapped addresses are IPv4");
    }
}
