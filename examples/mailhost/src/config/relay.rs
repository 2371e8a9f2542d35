//! How mail leaves.

use core::time::Duration;

use relay::{NextHop, Schedule};
use serde::{Deserialize, Deserializer, de::Error as _};

/// The keys, for suggestions.
pub(super) const KEYS: &[&str] = &[
    "port",
    "smarthost",
    "private_networks",
    "connections",
    "connections_per_domain",
    "retry",
    "delay_notice",
    "give_up",
];

/// How users' mail for other domains leaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Relay {
    /// The port of other servers.
    pub(crate) port: u16,
    /// Where everything goes instead of to each domain's own hosts. Empty: nowhere.
    #[serde(deserialize_with = "hop")]
    pub(crate) smarthost: Option<NextHop>,
    /// Whether the DNS may lead to this machine and to private networks: for tests, and where all mail stays in one.
    pub(crate) private_networks: bool,
    /// Connections to other servers at a time, in all.
    pub(crate) connections: usize,
    /// Connections for one domain at a time.
    pub(crate) connections_per_domain: usize,
    /// How long to wait after each attempt, in seconds; the last one counts for all that follow.
    pub(crate) retry: Vec<u64>,
    /// After how many seconds the sender is told of a delay; 0 is never.
    pub(crate) delay_notice: u64,
    /// After how many seconds a message is given up.
    pub(crate) give_up: u64,
}

impl Default for Relay {
    fn default() -> Self {
        let schedule = Schedule::default();
        Self {
            port: 25,
            smarthost: None,
            private_networks: false,
            connections: 100,
            connections_per_domain: 5,
            retry: schedule.waits.iter().map(Duration::as_secs).collect(),
            delay_notice: schedule.delay_notice.map_or(0, |notice| notice.as_secs()),
            give_up: schedule.give_up.as_secs(),
        }
    }
}

impl Relay {
    /// When to try again.
    pub(crate) fn schedule(&self) -> Schedule {
        let mut schedule = Schedule::default();
        schedule.waits = self.retry.iter().copied().map(Duration::from_secs).collect();
        schedule.delay_notice = (self.delay_notice > 0).then_some(Duration::from_secs(self.delay_notice));
        schedule.give_up = Duration::from_secs(self.give_up);
        schedule.give_up_bounce = schedule.give_up_bounce.min(schedule.give_up);
        schedule
    }

    /// What cannot be meant.
    pub(super) fn fault(&self) -> Option<&'static str> {
        if self.port == 0 {
            return Some("`relay.port` is 0, which is no port");
        }
        if self.connections == 0 || self.connections_per_domain == 0 {
            return Some(
                "`relay.connections` and `relay.connections_per_domain` are 1 at least: with none, no mail leaves",
            );
        }
        if self.retry.is_empty() || self.retry.contains(&0) {
            return Some("`relay.retry` names the seconds between attempts: one number at least, and none of them 0");
        }
        None
    }
}

fn hop<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NextHop>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(D::Error::custom) }
}

/// Whom to ask for the ways of mail.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dns {
    /// Servers that find answers, such as a resolver on the same machine. Without one the system's.
    pub(crate) servers: Vec<core::net::SocketAddr>,
}
