//! Counting by address and neighbourhood: an attacker has many addresses, but seldom many networks (row A-1).

use core::hash::{BuildHasher as _, Hash};
use core::net::IpAddr;
use core::time::Duration;
use std::collections::HashMap;
use std::hash::RandomState;

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
/// A window begins with its first event. When the table is full, windows that are over are dropped; if half of them are not, it starts anew,
/// which forgets something, but neither grows nor looks through the table for each event.
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
        self.table
            .get(key)
            .filter(|window| now.saturating_sub(window.since) < self.window)
            .map_or(0, |window| window.count)
    }

    /// It happened once more: how often now?
    pub(crate) fn add(&mut self, key: K, now: Duration) -> u32 {
        if self.table.len() >= TABLE_MAX && !self.table.contains_key(&key) {
            let length = self.window;
            self.table.retain(|_, window| now.saturating_sub(window.since) < length);
            if self.table.len() > TABLE_MAX / 2 {
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
    account_minute: Counts<u64>,
    account_day: Counts<u64>,
    /// Names are counted by their hash: what a stranger made up is not worth keeping. Nobody outside can find two names with the same one.
    hasher: RandomState,
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
            hasher: RandomState::new(),
        }
    }

    /// Whether this address may try this account. The account's own bound is ten times an address's: else anybody could lock its owner out.
    pub(crate) fn admits(&self, address: IpAddr, account: &str, now: Duration) -> bool {
        let below = |minute: u32, day: u32, factor: u32| {
            minute < self.per_minute.saturating_mul(factor) && day < self.per_day.saturating_mul(factor)
        };
        let account = self.hasher.hash_one(account);
        below(self.account_minute.get(&account, now), self.account_day.get(&account, now), 10)
            && Network::around(address)
                .iter()
                .zip(FACTORS)
                .all(|(network, factor)| below(self.minute.get(network, now), self.day.get(network, now), factor))
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
        let account = self.hasher.hash_one(account);
        self.account_minute.add(account, now);
        self.account_day.add(account, now);
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
            assert!(limiter.admits(v4(1), "ann", now), "{n}");
            limiter.failed(v4(1), "ann", now);
        }
        assert!(!limiter.admits(v4(1), "ann", now));
        assert!(limiter.admits(v4(2), "ann", now), "a neighbour still may");
        for n in 2..=21 {
            limiter.failed(v4(n), "ann", now);
        }
        assert!(!limiter.admits(v4(60), "ann", now), "30 failures in a /26 stop all of it");
        assert!(limiter.admits(v4(70), "ann", now), "another /26");
        assert!(limiter.admits(v4(1), "ann", now + Duration::from_secs(60)));
    }

    #[test]
    fn a1_the_day_is_counted_too() {
        let mut limiter = LoginLimiter::new(10, 50);
        let mut now = Duration::ZERO;
        for _ in 0..50 {
            assert!(limiter.admits(v4(1), "ann", now));
            limiter.failed(v4(1), "ann", now);
            now += Duration::from_secs(61);
        }
        assert!(!limiter.admits(v4(1), "ann", now));
        assert!(limiter.admits(v4(1), "ann", Duration::from_secs(90_000)));
    }

    #[test]
    fn a1_an_account_is_guarded_against_many_networks() {
        let mut limiter = LoginLimiter::new(10, 50);
        for n in 0..100 {
            assert!(limiter.admits(IpAddr::from([n, 0, 0, 1]), "ann", Duration::ZERO), "{n}");
            limiter.failed(IpAddr::from([n, 0, 0, 1]), "ann", Duration::ZERO);
        }
        assert!(!limiter.admits(v4(1), "ann", Duration::ZERO));
        assert!(limiter.admits(v4(1), "ben", Duration::ZERO), "others are not concerned");
        assert!(limiter.admits(v4(1), "ann", Duration::from_secs(60)));
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
        // Where every window is still open, it starts anew instead of being looked through each time.
        for n in 0..=u32::try_from(TABLE_MAX).unwrap() {
            counts.add(u32::MAX - n, Duration::from_secs(20_000));
        }
        assert!(counts.table.len() <= TABLE_MAX / 2 + 1);
    }

    #[test]
    fn networks_of_both_families() {
        let [own, near, wide] = Network::around(v4(200));
        assert_ne!(Network::around(v4(201))[0], own);
        assert_eq!(Network::around(v4(201))[1], near);
        assert_eq!(Network::around(IpAddr::from([203, 0, 118, 1]))[2], wide);
        let six = |text: &str| Network::around(text.parse().unwrap());
        assert_eq!(six("2001:db8::1")[0], six("2001:db8::2")[0], "one /64 is one customer");
        assert_ne!(six("2001:db8:0:1::1")[0], six("2001:db8::1")[0]);
        assert_eq!(six("::ffff:203.0.113.200")[0], own, "mapped addresses are IPv4");
    }
}
