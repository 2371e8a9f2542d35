//! One message for its recipients at one destination: the way, the hosts in their order, and what follows.

use relay::{Action, Destination, Fate, Life, Next, NoRoute, Outcome, Plan, Route, Way};
use smtp_proto::command::{ForwardPath, Rcpt, RcptParams, ReversePath};
use smtp_proto::dsn::OriginalRecipient;
use smtp_proto::xtext::Xtext;
use tracing::{info, warn};

use super::random;
use super::report::{self, Told};
use super::session::{self, Message, goes_on, tls_words};
use crate::clock;
use crate::host::Host;
use crate::store::{Claim, Claimed, EntryId, Settled};

/// What an attempt came to for one recipient.
#[derive(Debug, Clone)]
struct Tried {
    outcome: Outcome,
    /// The host that decided.
    host: Option<String>,
    /// Whether that host promises reports itself.
    dsn: bool,
}

/// Tries a claim, and writes down what it came to.
pub(super) async fn deliver(host: &Host, claim: Claim) {
    let tried = attempt(host, &claim).await;
    let now = clock::unix();
    let mut results: Vec<(EntryId, Settled)> = Vec::with_capacity(claim.recipients.len());
    let mut told = Vec::new();
    for (one, tried) in claim.recipients.iter().zip(tried) {
        let (settled, action, tried) = follow(host, &claim, one, tried, now);
        let path = &one.recipient.path;
        info!(message = claim.envelope.name, recipient = path, host = tried.host, outcome = %tried.outcome, "attempt");
        if let Some(action) = action {
            told.push(Told { recipient: &one.recipient, action, outcome: tried.outcome, host: tried.host, at: now });
        }
        results.push((one.id, settled));
    }
    let report = report::write(host, &claim, &told).await;
    let reports = report.is_some();
    match host.store.settle(claim.message, results, report).await {
        Ok(reported) => host.metrics.reports_total.add(u64::from(reports && reported)),
        Err(error) => {
            // the claim holds until it runs out; then it is tried again, and may arrive twice, but is not lost
            host.metrics.store_failures_total.add(1);
            warn!(message = claim.envelope.name, %error, "what became of a message could not be written down");
        }
    }
    // something else may be due that this destination's share kept back
    host.outbound.wake();
}

/// What follows an attempt for one recipient: what is written down, and what the sender is told.
fn follow(host: &Host, claim: &Claim, one: &Claimed, mut tried: Tried, now: i64) -> (Settled, Option<Action>, Tried) {
    let metrics = &host.metrics;
    match tried.outcome.fate {
        Fate::Delivered => {
            metrics.relayed_total.add(1);
            // RFC 3461, 5.2.2: who promises reports sends them
            (Settled::Over, (!tried.dsn).then_some(Action::Relayed), tried)
        }
        Fate::Failed => {
            metrics.failed_total.add(1);
            (Settled::Over, Some(Action::Failed), tried)
        }
        Fate::Retry => {
            let life = Life {
                arrived: claim.envelope.arrived,
                attempts: one.attempts.saturating_add(1),
                delay_told: one.delay_told,
                bounce: claim.envelope.sender == "<>",
            };
            let schedule = &host.outbound.schedule;
            match schedule.next(&life, now, u64::from_le_bytes(random())) {
                Next::Retry { at, tell_delay } => {
                    metrics.put_off_total.add(1);
                    let until = life.arrived.saturating_add(schedule.end(&life).as_secs().cast_signed());
                    let words = tried.outcome.to_string();
                    let settled = Settled::Again { due: at, delay_told: one.delay_told || tell_delay, words };
                    (settled, tell_delay.then_some(Action::Delayed { until }), tried)
                }
                Next::GiveUp => {
                    metrics.failed_total.add(1);
                    tried.outcome = tried.outcome.expired();
                    (Settled::Over, Some(Action::Failed), tried)
                }
            }
        }
    }
}

/// Tries the hosts of the destination in their order, each for those recipients whom none before has decided.
async fn attempt(host: &Host, claim: &Claim) -> Vec<Tried> {
    let all = |outcome: &Outcome| {
        let tried = Tried { outcome: outcome.clone(), host: None, dsn: false };
        vec![tried; claim.recipients.len()]
    };
    let plan = match plan(host, claim).await {
        Ok(plan) => plan,
        Err(reason) => return all(&Outcome::no_route(&reason)),
    };
    let Ok(sender) = ReversePath::parse(&claim.envelope.sender, true) else {
        return all(&Outcome::local_trouble("the sender's address cannot be read"));
    };
    let mut tried: Vec<Option<Tried>> = vec![None; claim.recipients.len()];
    for (mail_host, address) in plan.targets() {
        let open: Vec<usize> = (0..tried.len())
            .filter(|at| tried.get(*at).and_then(Option::as_ref).is_none_or(|tried| goes_on(&tried.outcome)))
            .collect();
        if open.is_empty() {
            break;
        }
        let recipients: Vec<Rcpt<'_>> =
            open.iter().filter_map(|at| claim.recipients.get(*at)).filter_map(rcpt).collect();
        if recipients.len() != open.len() {
            return all(&Outcome::local_trouble("a recipient's address cannot be read"));
        }
        let message = Message {
            id: claim.message,
            envelope: &claim.envelope,
            sender: &sender,
            recipients: &recipients,
            size: claim.size,
            foreign: plan.way != Way::Set && !host.outbound.settings.private_networks,
        };
        let session = session::send(host, mail_host, address, &message).await;
        if session.ourselves && tried.iter().any(Option::is_some) {
            // RFC 5321, 5.1: better hosts are there and will take it some time; those behind us are no better than we are
            break;
        }
        let name = mail_host.name.map_or_else(|| address.ip().to_string(), |name| name.to_string());
        info!(
            message = claim.envelope.name,
            host = name,
            %address,
            tls = tls_words(session.tls.as_ref()),
            cipher = session.tls.as_ref().map(|facts| &*facts.cipher),
            recipients = recipients.len(),
            "sent to"
        );
        for (at, outcome) in open.into_iter().zip(session.outcomes) {
            let Some(known) = tried.get_mut(at) else { continue };
            let outcome = match known.take() {
                Some(before) => before.outcome.and_then(outcome),
                None => outcome,
            };
            *known = Some(Tried { outcome, host: Some(name.clone()), dsn: session.dsn });
        }
    }
    let none = || Tried { outcome: Outcome::unreachable("no host was tried"), host: None, dsn: false };
    tried.into_iter().map(|tried| tried.unwrap_or_else(none)).collect()
}

/// The way to the destination.
async fn plan(host: &Host, claim: &Claim) -> Result<Plan, NoRoute> {
    let first = claim.recipients.first().map(|one| one.recipient.path.as_str()).unwrap_or_default();
    let path = ForwardPath::parse(first, true).map_err(|_| NoRoute::Domain)?;
    let mailbox = path.mailbox().ok_or(NoRoute::Domain)?;
    let destination = Destination::try_from(mailbox.domain())?;
    let outbound = &host.outbound;
    let route = Route::new(destination, outbound.settings.clone(), outbound.limits, random(), host.now());
    let answers = dns::drive::concurrent(route, |name, kind| outbound.resolver.lookup(name, kind));
    let found = tokio::time::timeout(outbound.limits.time, answers).await;
    let plan = found.unwrap_or(Err(NoRoute::Lookup(dns::Absence::TryLater)))?;
    info!(message = claim.envelope.name, destination = claim.destination, %plan, "way");
    Ok(plan)
}

/// A recipient as it goes on the wire.
fn rcpt(one: &Claimed) -> Option<Rcpt<'_>> {
    let recipient = &one.recipient;
    let params = RcptParams { notify: recipient.notify, orcpt: recipient.original.as_deref().and_then(original) };
    Some(Rcpt { forward_path: ForwardPath::parse(&recipient.path, true).ok()?, params })
}

/// ORCPT as it was stored.
pub(super) fn original(text: &str) -> Option<OriginalRecipient<'_>> {
    let (kind, address) = text.split_once(';')?;
    OriginalRecipient::new(kind, Xtext::parse(address, true)?)
}
