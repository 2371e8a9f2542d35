//! What strangers may cost, as the operator may change it.

use core::time::Duration;

use serde::{Deserialize, Deserializer};

/// Sizes in bytes, times in seconds. The protocols' own finer limits keep their defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// The largest message: 50 MiB.
    pub(crate) message_size: u64,
    /// Recipients of one message: 1,000.
    pub(crate) recipients: u32,
    /// Messages of one session: 100. Not for trusted networks.
    pub(crate) messages_per_session: u32,
    /// Bytes of content of one session: 250 MiB. Not for trusted networks.
    pub(crate) bytes_per_session: u64,
    /// Errors after which replies are slow: 5. Not for trusted networks.
    pub(crate) soft_errors: u32,
    /// Errors after which the session ends: 10. Not for trusted networks.
    pub(crate) hard_errors: u32,
    /// Commands that do nothing for a message: 100. Not for trusted networks.
    pub(crate) junk_commands: u32,
    /// Unknown recipients of one session: 5. Not for trusted networks.
    pub(crate) unknown_recipients: u32,
    /// Failed logins of one session: 3.
    pub(crate) auth_failures: u32,
    /// `Received` fields of a message; more is a loop: 100.
    pub(crate) received_hops: usize,
    /// The header block: 1 MiB.
    pub(crate) header_size: usize,
    /// Fields in it: 1,000.
    pub(crate) header_fields: usize,
    /// Octets that one account may hold; 0 is no bound: 0.
    pub(crate) quota: u64,
    /// Connections at a time, all together: 1,000.
    pub(crate) connections: usize,
    /// Of them, kept for users (submission and POP3): 100.
    pub(crate) connections_reserved: usize,
    /// Connections at a time from one address; three times as many from its near, nine times from its wide neighbourhood: 30.
    pub(crate) connections_per_address: usize,
    /// New connections a minute from one address, and from its neighbourhoods as above: 300.
    pub(crate) connection_rate: u32,
    /// POP3 sessions at a time of one user from one address: 4.
    pub(crate) pop3_sessions: usize,
    /// Failed logins a minute from one address, and from its neighbourhoods as above; and for one account: 10.
    pub(crate) login_failures_per_minute: u32,
    /// The same for a day: 50.
    pub(crate) login_failures_per_day: u32,
    /// Between commands: 5 min.
    #[serde(deserialize_with = "seconds")]
    pub(crate) command_time: Duration,
    /// Between pieces of content: 3 min.
    #[serde(deserialize_with = "seconds")]
    pub(crate) content_time: Duration,
    /// For one message's content: 30 min.
    #[serde(deserialize_with = "seconds")]
    pub(crate) message_time: Duration,
    /// For an SMTP session: 2 h.
    #[serde(deserialize_with = "seconds")]
    pub(crate) session_time: Duration,
    /// For a TLS handshake: 1 min.
    #[serde(deserialize_with = "seconds")]
    pub(crate) handshake_time: Duration,
    /// Between POP3 commands: 10 min.
    #[serde(deserialize_with = "seconds")]
    pub(crate) pop3_idle: Duration,
    /// Between logins of one user to POP3: none.
    #[serde(deserialize_with = "seconds")]
    pub(crate) pop3_login_delay: Duration,
    /// For what is in flight when the server is told to stop: 30 s.
    #[serde(deserialize_with = "seconds")]
    pub(crate) shutdown_time: Duration,
}

/// The names of all keys.
pub(super) const KEYS: &[&str] = &[
    "message_size",
    "recipients",
    "messages_per_session",
    "bytes_per_session",
    "soft_errors",
    "hard_errors",
    "junk_commands",
    "unknown_recipients",
    "auth_failures",
    "received_hops",
    "header_size",
    "header_fields",
    "quota",
    "connections",
    "connections_reserved",
    "connections_per_address",
    "connection_rate",
    "pop3_sessions",
    "login_failures_per_minute",
    "login_failures_per_day",
    "command_time",
    "content_time",
    "message_time",
    "session_time",
    "handshake_time",
    "pop3_idle",
    "pop3_login_delay",
    "shutdown_time",
];

/// Those of them that may be 0: no bound, none at all, at once.
const MAY_BE_ZERO: [&str; 5] = ["soft_errors", "quota", "connections_reserved", "pop3_login_delay", "shutdown_time"];

/// The first key of `[limits]` whose value lets nothing at all pass.
pub(super) fn closed(table: &toml::Table) -> Option<&str> {
    let zero =
        |(key, value): &(&String, &toml::Value)| value.as_integer() == Some(0) && !MAY_BE_ZERO.contains(&key.as_str());
    table.iter().find(zero).map(|(key, _)| key.as_str())
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_size: 50 << 20,
            recipients: 1_000,
            messages_per_session: 100,
            bytes_per_session: 250 << 20,
            soft_errors: 5,
            hard_errors: 10,
            junk_commands: 100,
            unknown_recipients: 5,
            auth_failures: 3,
            received_hops: 100,
            header_size: 1 << 20,
            header_fields: 1_000,
            quota: 0,
            connections: 1_000,
            connections_reserved: 100,
            connections_per_address: 30,
            connection_rate: 300,
            pop3_sessions: 4,
            login_failures_per_minute: 10,
            login_failures_per_day: 50,
            command_time: Duration::from_secs(300),
            content_time: Duration::from_secs(180),
            message_time: Duration::from_secs(1_800),
            session_time: Duration::from_secs(7_200),
            handshake_time: Duration::from_secs(60),
            pop3_idle: Duration::from_secs(600),
            pop3_login_delay: Duration::ZERO,
            shutdown_time: Duration::from_secs(30),
        }
    }
}

impl Limits {
    /// The limits of a message's header.
    pub(crate) fn header(&self) -> message::Limits {
        let mut limits = message::Limits::default();
        limits.header = u32::try_from(self.header_size).unwrap_or(u32::MAX);
        limits.fields = u32::try_from(self.header_fields).unwrap_or(u32::MAX);
        limits
    }

    /// The limits of an SMTP session. Those that count are lifted for networks that are trusted.
    pub(crate) fn smtp(&self, trusted: bool) -> smtp_proto::Limits {
        let mut limits = smtp_proto::Limits::default();
        limits.message_size = self.message_size;
        limits.recipients = self.recipients;
        limits.auth_failures = self.auth_failures;
        limits.command_time = self.command_time;
        limits.content_time = self.content_time;
        limits.message_time = self.message_time;
        limits.session_time = self.session_time;
        if trusted {
            limits.messages = u32::MAX;
            limits.session_bytes = u64::MAX;
            limits.soft_errors = u32::MAX;
            limits.hard_errors = u32::MAX;
            limits.junk_commands = u32::MAX;
            limits.unknown_recipients = u32::MAX;
        } else {
            limits.messages = self.messages_per_session;
            limits.session_bytes = self.bytes_per_session;
            limits.soft_errors = self.soft_errors;
            limits.hard_errors = self.hard_errors;
            limits.junk_commands = self.junk_commands;
            limits.unknown_recipients = self.unknown_recipients;
        }
        limits
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_are_named() {
        let text: String = KEYS.iter().map(|key| format!("{key} = 1\n")).collect();
        let limits: Limits = toml::from_str(&text).unwrap();
        assert_eq!(limits.shutdown_time, Duration::from_secs(1));
        assert!(MAY_BE_ZERO.iter().all(|key| KEYS.contains(key)));
    }
}
