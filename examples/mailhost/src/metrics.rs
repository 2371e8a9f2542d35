//! Counters for the operator, in Prometheus' text form.

use core::fmt::Write as _;
use core::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// One more.
    pub(crate) fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// The number.
    #[cfg(test)]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that comes and goes.
#[derive(Debug, Default)]
pub(crate) struct Gauge(AtomicI64);

impl Gauge {
    /// More, or less.
    pub(crate) fn add(&self, n: i64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
}

macro_rules! metrics {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ident $kind_name:literal,)+) => {
        /// All that is counted.
        #[derive(Debug, Default)]
        pub(crate) struct Metrics {
            $($(#[doc = $doc])+ pub(crate) $name: $kind,)+
        }

        impl Metrics {
            /// All figures, as Prometheus reads them.
            pub(crate) fn text(&self) -> String {
                let mut text = String::new();
                $(
                    let name = concat!("mailhost_", stringify!($name));
                    let value = self.$name.0.load(Ordering::Relaxed);
                    let _ = writeln!(text, "# HELP {name}{}\n# TYPE {name} {}\n{name} {value}", concat!($($doc),+), $kind_name);
                )+
                text
            }
        }
    };
}

metrics! {
    /// Recipients elsewhere whose server has taken their mail.
    relayed_total: Counter "counter",
    /// Attempts for recipients elsewhere that are repeated later.
    put_off_total: Counter "counter",
    /// Recipients elsewhere who will not get their mail.
    failed_total: Counter "counter",
    /// Reports of failures and delays delivered to senders.
    reports_total: Counter "counter",
    /// Connections accepted.
    connections_total: Counter "counter",
    /// Connections refused because there were too many.
    connections_refused_total: Counter "counter",
    /// Connections at the moment.
    connections: Gauge "gauge",
    /// TLS handshakes that failed.
    tls_failures_total: Counter "counter",
    /// Messages accepted.
    messages_total: Counter "counter",
    /// Octets of messages accepted.
    message_octets_total: Counter "counter",
    /// Copies delivered into mailboxes.
    deliveries_total: Counter "counter",
    /// Messages refused at their end.
    messages_refused_total: Counter "counter",
    /// Recipients refused because there is no such user.
    unknown_recipients_total: Counter "counter",
    /// Recipients refused because their domain is not ours.
    relay_refused_total: Counter "counter",
    /// Protocol faults of clients.
    faults_total: Counter "counter",
    /// Logins that succeeded.
    logins_total: Counter "counter",
    /// Logins that failed.
    login_failures_total: Counter "counter",
    /// Logins refused unseen, since there had been too many failures.
    logins_limited_total: Counter "counter",
    /// Passwords that had to be hashed.
    password_hashes_total: Counter "counter",
    /// Messages handed out over POP3.
    pop3_retrieved_total: Counter "counter",
    /// Messages removed over POP3.
    pop3_deleted_total: Counter "counter",
    /// Times that the store could not do what it was asked.
    store_failures_total: Counter "counter",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prometheus_text() {
        let metrics = Metrics::default();
        metrics.messages_total.add(3);
        let text = metrics.text();
        assert!(text.contains("# HELP mailhost_messages_total Messages accepted.\n# TYPE mailhost_messages_total counter\nmailhost_messages_total 3\n"), "{text}");
        assert!(text.contains("# TYPE mailhost_connections gauge\n"));
    }
}
