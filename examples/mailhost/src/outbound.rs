//! Mail of users for other domains: taken from the queue, sent, and tried again until it has arrived or the sender is told that it will not.

pub(crate) use report::{Told, deliverable, recipient};

mod delivery;
mod report;
mod session;
mod tls;

use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use dns::Name;
use relay::{Limits, Schedule, Settings};
use tokio::sync::{Notify, Semaphore, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use crate::clock;
use crate::config::Config;
use crate::host::Host;
use crate::resolver::Resolver;
use crate::store::Wanted;

/// How long a claim holds: longer than any attempt takes, see [`ATTEMPT`].
const CLAIM: i64 = 4 * 3_600;
/// How long one attempt may take, with all hosts of a domain.
const ATTEMPT: Duration = Duration::from_secs(3 * 3_600);
/// Recipients of one message that go in one transaction: what every server takes (RFC 5321, 4.5.3.1.8).
const RECIPIENTS: usize = 100;
/// Messages that are encoded for a server at a time: each is wholly in memory then.
const CONVERSIONS: usize = 2;
/// How often the queue is looked at even if nobody says that there is something: another process may have changed it, or the clock.
const LOOK: Duration = Duration::from_secs(60);
/// How long to wait after the store has failed.
const PAUSE: Duration = Duration::from_secs(5);

/// What sending needs.
#[derive(Debug)]
pub(crate) struct Outbound {
    resolver: Resolver,
    settings: Arc<Settings>,
    schedule: Schedule,
    limits: Limits,
    client: Arc<smtp_proto::client::Config>,
    /// For servers that break off the handshake: to them mail goes in the clear, as it would if they offered no TLS.
    plain: Arc<smtp_proto::client::Config>,
    tls: Arc<rustls::ClientConfig>,
    /// Messages that may be wholly in memory, encoded for servers that take less.
    conversions: Arc<Semaphore>,
    /// Something new is in the queue.
    woken: Notify,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// TLS.
    #[error("cannot set up TLS for outgoing mail: {0}")]
    Tls(#[from] rustls::Error),
}

impl Outbound {
    /// Sets up what sending needs.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn new(config: &Config, resolver: Resolver) -> Result<Self, Error> {
        let mut settings = Settings::default();
        settings.port = config.relay.port;
        settings.smart_host = config.relay.smarthost;
        settings.private_networks = config.relay.private_networks;
        settings.own_names.extend(Name::parse(&config.hostname).ok());
        // An address is ours where we would speak to ourselves.
        let own = config.listen.smtp.iter().filter(|address| address.port() == config.relay.port);
        settings.own_addresses = own.map(|address| address.ip().to_canonical()).collect();
        let mut client = smtp_proto::client::Config::new(smtp_proto::client::Role::Smtp, config.hostname.clone());
        let encrypted = Arc::new(client.clone());
        client.starttls = smtp_proto::client::StartTls::Never;
        Ok(Self {
            resolver,
            settings: Arc::new(settings),
            schedule: config.relay.schedule(),
            limits: Limits::default(),
            client: encrypted,
            plain: Arc::new(client),
            tls: tls::config()?,
            conversions: Arc::new(Semaphore::new(CONVERSIONS)),
            woken: Notify::new(),
        })
    }

    /// Something new is in the queue.
    pub(crate) fn wake(&self) {
        self.woken.notify_one();
    }
}

/// Sends what is due until shutdown, then lets what is in flight finish for a while. What does not is still in the queue.
pub(crate) async fn run(host: Arc<Host>, mut shutdown: watch::Receiver<bool>) {
    let mut pool = Pool { host, tasks: JoinSet::new(), busy: HashMap::new(), per: HashMap::new() };
    while !*shutdown.borrow() {
        let wait = match pool.fill().await {
            Ok(wait) => wait,
            Err(error) => {
                pool.host.metrics.store_failures_total.add(1);
                warn!(%error, "the store failed: the queue waits");
                PAUSE
            }
        };
        let host = pool.host.clone();
        tokio::select! {
            () = host.outbound.woken.notified() => {}
            () = sleep(wait) => {}
            Some(ended) = pool.tasks.join_next_with_id() => pool.ended(ended),
            _ = shutdown.wait_for(|shutdown| *shutdown) => break,
        }
    }
    let finish = async { while pool.tasks.join_next().await.is_some() {} };
    let time = pool.host.config.limits.shutdown_time;
    if timeout(time, finish).await.is_err() {
        info!(left = pool.tasks.len(), "deliveries were still busy; they are repeated after the next start");
    }
}

/// Deliveries at work.
struct Pool {
    host: Arc<Host>,
    tasks: JoinSet<()>,
    /// Where each leads.
    busy: HashMap<Id, String>,
    /// How many lead there (row R-7): one slow destination takes its share, and no more.
    per: HashMap<String, usize>,
}

impl Pool {
    /// Begins as many deliveries as there is room for; answers how long there is nothing more to begin.
    async fn fill(&mut self) -> Result<Duration, crate::store::Error> {
        let config = &self.host.config.relay;
        loop {
            let room = config.connections.saturating_sub(self.tasks.len());
            if room == 0 {
                return Ok(LOOK);
            }
            let now = clock::unix();
            let wanted = Wanted {
                now,
                until: now + CLAIM,
                messages: room,
                recipients: RECIPIENTS,
                per_destination: config.connections_per_domain,
                busy: self.per.clone(),
            };
            let claims = self.host.store.claim(wanted).await?;
            if claims.is_empty() {
                let next = self.host.store.next_due().await?;
                let wait = next.map_or(LOOK, |due| {
                    Duration::from_secs(u64::try_from(due - now).unwrap_or(0)).clamp(Duration::from_secs(1), LOOK)
                });
                // what is due and has to wait for its like begins when one of them has ended
                return Ok(wait);
            }
            for claim in claims {
                let destination = claim.destination.clone();
                *self.per.entry(destination.clone()).or_default() += 1;
                let host = self.host.clone();
                let task = self.tasks.spawn(async move {
                    if timeout(ATTEMPT, delivery::deliver(&host, claim)).await.is_err() {
                        error!("a delivery took longer than any may; it is repeated");
                    }
                });
                self.busy.insert(task.id(), destination);
            }
        }
    }

    fn ended(&mut self, ended: Result<(Id, ()), tokio::task::JoinError>) {
        let id = match ended {
            Ok((id, ())) => id,
            Err(error) => {
                error!(%error, "a delivery broke off; it is repeated");
                error.id()
            }
        };
        if let Some(destination) = self.busy.remove(&id)
            && let Some(count) = self.per.get_mut(&destination)
        {
            *count -= 1;
            if *count == 0 {
                self.per.remove(&destination);
            }
        }
    }
}

/// A random number for the schedule, and random octets for the rest; without any to be had, all are zero, which only makes waits even.
fn random<const N: usize>() -> [u8; N] {
    crate::random::bytes().unwrap_or([0; N])
}

/// An error of the connection on one line.
fn words(error: &io::Error) -> String {
    error.to_string()
}
