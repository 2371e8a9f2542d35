//! Who sent this? The checks of mail from other servers, in one verdict with its reasons (RFC 7208, 6376, 8601, 8617, 9989).
//!
//! What is asked is asked as soon as it is known: SPF at MAIL, keys and the policy when the header is there, while the body still comes. Nothing here is worth a refusal
//! because the DNS did not answer.

mod running;
mod verdict;

use core::net::IpAddr;
use core::time::Duration;
use std::sync::Arc;

use dns::{Iprev, IprevVerdict, Name};
use message::Headers;
use tokio::task::JoinSet;
use tokio::time::Instant;

use running::Running;
pub(crate) use verdict::{Disposition, Judgement, Row};
use verdict::{Found, SpfFound};

use crate::clock;
use crate::config;
use crate::resolver::Resolver;

/// What all checks share.
#[derive(Debug)]
pub(crate) struct Filter {
    settings: config::Filter,
    /// The name in Authentication-Results (RFC 8601, 2.5).
    hostname: String,
    resolver: Resolver,
    /// Whose seals are believed.
    sealers: Vec<Name>,
}

/// Whom a message comes from, as far as the session knows.
#[derive(Debug, Clone)]
pub(crate) struct Envelope {
    /// The client.
    pub(crate) address: IpAddr,
    /// What it said in EHLO or HELO.
    pub(crate) helo: String,
    /// The reverse-path without brackets; empty for the null one.
    pub(crate) reverse_path: String,
}

impl Filter {
    pub(crate) fn new(settings: config::Filter, hostname: &str, resolver: Resolver) -> Self {
        let sealers = settings.arc.trusted.iter().filter_map(|name| name.parse().ok()).collect();
        Self { settings, hostname: hostname.to_owned(), resolver, sealers }
    }

    /// The name in Authentication-Results.
    pub(crate) fn authserv_id(&self) -> &str {
        &self.hostname
    }

    /// Begins the checks of one message.
    pub(crate) fn begin(self: &Arc<Self>, envelope: Envelope) -> Checks {
        let mut sender = JoinSet::new();
        if self.settings.iprev.enabled || self.settings.spf.enabled {
            let (filter, envelope) = (self.clone(), envelope.clone());
            sender.spawn(async move { filter.sender(&envelope).await });
        }
        let settings = &self.settings;
        let dkim = settings.dkim.enabled.then(|| {
            let (policy, limits) = (dkim::Policy::default(), dkim::Limits::default());
            Running::new(dkim::Verifier::new(policy, limits, Duration::ZERO, clock::unix()))
        });
        let arc = settings
            .arc
            .enabled
            .then(|| Running::new(arc::Validator::new(arc::Limits::default(), Duration::ZERO, clock::unix())));
        Checks { filter: self.clone(), envelope, sender: Coming { task: sender, there: None }, dkim, arc, dmarc: None }
    }

    /// How long is waited for answers that come now.
    fn until(&self) -> Instant {
        Instant::now() + Duration::from_secs(self.settings.time)
    }

    /// What the client's address and names come to.
    async fn sender(&self, envelope: &Envelope) -> (Option<IprevVerdict>, Vec<SpfFound>) {
        let until = self.until();
        let iprev = async {
            if !self.settings.iprev.enabled {
                return None;
            }
            let inquiry = Iprev::new(envelope.address, &dns::Limits::default(), Duration::ZERO);
            Some(Running::new(inquiry).finish(&self.resolver, until).await.0)
        };
        let mut config = spf::Config::new(&self.hostname);
        config.time = clock::unix();
        // Only a refusal has room for an explanation (row S-3).
        config.explain = self.settings.spf.reject;
        let limits = spf::Limits::default();
        let spf = async {
            let mut found = Vec::new();
            if !self.settings.spf.enabled {
                return found;
            }
            let Envelope { address, helo, reverse_path } = envelope;
            let check = spf::CheckHost::mail_from(*address, helo, reverse_path, &config, limits, Duration::ZERO);
            let (_, check) = Running::new(check).finish(&self.resolver, until).await;
            found.extend(SpfFound::new(&check));
            // RFC 7208, 2.3; without a reverse-path that is what has just been checked.
            if !reverse_path.is_empty() {
                let check = spf::CheckHost::helo(*address, helo, &config, limits, Duration::ZERO);
                let (_, check) = Running::new(check).finish(&self.resolver, until).await;
                found.extend(SpfFound::new(&check));
            }
            found
        };
        tokio::join!(iprev, spf)
    }
}

/// What is known of the client before the content.
type Sender = (Option<IprevVerdict>, Vec<SpfFound>);

/// The checks of one message, under way.
#[derive(Debug)]
pub(crate) struct Checks {
    filter: Arc<Filter>,
    envelope: Envelope,
    sender: Coming,
    dkim: Option<Running<dkim::Verifier>>,
    arc: Option<Running<arc::Validator>>,
    dmarc: Option<Running<dmarc::Check>>,
}

/// What the client's address and names come to: one task, which ends when it is dropped.
#[derive(Debug)]
struct Coming {
    task: JoinSet<Sender>,
    there: Option<Box<Sender>>,
}

impl Coming {
    async fn wait(&mut self) -> &mut Sender {
        if self.there.is_none() {
            self.there = self.task.join_next().await.and_then(Result::ok).map(Box::new);
        }
        // nothing was asked, or the task broke: nothing is known
        self.there.get_or_insert_default()
    }
}

impl Checks {
    /// Whether the sender is refused before the content comes: SPF says `fail`, and the operator wants no such mail.
    pub(crate) async fn refusal(&mut self) -> Option<smtp_proto::Reply<'static>> {
        if !self.filter.settings.spf.reject {
            return None;
        }
        let (_, spf) = self.sender.wait().await;
        spf.iter().find_map(SpfFound::refusal)
    }

    /// The next piece of the message, as it came.
    pub(crate) fn receive(&mut self, piece: &[u8]) {
        let resolver = &self.filter.resolver;
        if let Some(dkim) = &mut self.dkim {
            dkim.inquiry().receive(piece);
            dkim.ask(resolver);
        }
        if let Some(arc) = &mut self.arc {
            arc.inquiry().receive(piece);
            arc.ask(resolver);
        }
    }

    /// The header is whole.
    pub(crate) fn header(&mut self, headers: &Headers<'_>) {
        if !self.filter.settings.dmarc.enabled {
            return;
        }
        let check =
            dmarc::Check::new(&authors(headers), dmarc::Config::default(), dmarc::Limits::default(), Duration::ZERO);
        let mut running = Running::new(check);
        running.ask(&self.filter.resolver);
        self.dmarc = Some(running);
    }

    /// The message is complete: waits for what has been asked, and judges.
    pub(crate) async fn finish(mut self) -> Judgement {
        let filter = &*self.filter;
        let until = filter.until();
        let (iprev, spf) = core::mem::take(self.sender.wait().await);
        let mut dkim = None;
        if let Some(mut running) = self.dkim.take() {
            running.inquiry().end();
            dkim = Some(running.finish(&filter.resolver, until).await.0);
        }
        let mut arc = None;
        if let Some(mut running) = self.arc.take() {
            running.inquiry().end();
            arc = Some(running.finish(&filter.resolver, until).await.0);
        }
        let mut dmarc = None;
        if let Some(mut running) = self.dmarc.take() {
            let check = running.inquiry();
            for found in &spf {
                if let Some(fact) = found.fact() {
                    check.spf(&fact);
                }
            }
            for signature in dkim.iter().flat_map(dkim::Verdict::signatures) {
                if let Some(fact) = verdict::fact_of(signature) {
                    check.dkim(&fact);
                }
            }
            check.complete();
            dmarc = Some(running.finish(&filter.resolver, until).await.0);
        }
        let found = Found { envelope: self.envelope, iprev, spf, dkim, arc, dmarc };
        found.judge(filter)
    }
}

/// The domains of From (RFC 9989, 4.3.1); one field, that can be read, or none that can be believed.
fn authors(headers: &Headers<'_>) -> dmarc::Authors {
    let mut authors = dmarc::Authors::new();
    let mut fields = headers.iter().filter(|field| field.is("From"));
    let (Some(from), None) = (fields.next(), fields.next()) else {
        authors.set_malformed();
        return authors;
    };
    match from.addresses() {
        Ok(list) => list.mailboxes().for_each(|mailbox| authors.push(mailbox.address().domain())),
        Err(_) => authors.set_malformed(),
    }
    authors
}
