//! What the sender is told. Senders are users here, so a report goes into a mailbox, and never out into the Internet (row R-2).

use message::AddrSpec;
use message::trace::{DeliveredTo, ReturnPath};
use relay::{Action, Limits, Outcome, Recipient, Report};
use smtp_proto::command::{ForwardPath, ReversePath};
use smtp_proto::dsn::Ret;
use smtp_proto::xtext::Xtext;
use tracing::{info, warn};

use super::delivery::original;
use super::random;
use crate::clock;
use crate::host::{Host, Resolution};
use crate::store::{self, Body, Claim, Delivery, MessageReader, OutgoingRecipient};

/// One recipient of whom there is something to tell.
#[derive(Debug)]
pub(crate) struct Told<'a> {
    pub(crate) recipient: &'a OutgoingRecipient,
    pub(crate) action: Action,
    pub(crate) outcome: Outcome,
    pub(crate) host: Option<String>,
    pub(crate) at: i64,
}

/// The report about an attempt; `None` where there is nobody or nothing to tell.
pub(super) async fn write(host: &Host, claim: &Claim, told: &[Told<'_>]) -> Option<Delivery> {
    let envelope = &claim.envelope;
    let sender = ReversePath::parse(&envelope.sender, true).ok()?;
    if told.is_empty() {
        return None;
    }
    if sender == ReversePath::Null {
        if told.iter().any(|one| one.action == Action::Failed) {
            // RFC 5321, 6.1 (row R-3)
            info!(message = envelope.name, "a report did not arrive, and nobody is told");
        }
        return None;
    }
    let whole = envelope.ret == Some(Ret::Full);
    let limits = &host.outbound.limits;
    let read = async {
        let reader = host.store.open_queued(claim.message).await?;
        beginning(reader, if whole { limits.whole } else { limits.header } + 1).await
    };
    let message = match read.await {
        Ok(message) => message,
        Err(error) => {
            warn!(message = envelope.name, %error, "a message could not be read for its report, which goes without it");
            Vec::new()
        }
    };
    let mut report = Report::new(&host.config.hostname, &sender, &message, envelope.arrived);
    report.ret = envelope.ret;
    report.envelope_id = envelope.envelope_id.as_deref().and_then(|text| Xtext::parse(text, false));
    report.recipients = told.iter().filter_map(recipient).collect();
    deliverable(host, &envelope.name, &report, limits).await
}

/// Writes a report, and finds its mailbox.
pub(crate) async fn deliverable(host: &Host, name: &str, report: &Report<'_>, limits: &Limits) -> Option<Delivery> {
    let written = match report.build(clock::unix(), random(), limits) {
        Ok(written) => written?,
        Err(error) => {
            warn!(message = name, %error, "a report could not be written");
            return None;
        }
    };
    let found = match host.resolve(Some(&written.to)).await {
        Ok(Resolution::Local(found)) => found,
        Ok(_) => {
            info!(message = name, to = %written.to, "a report has nobody to go to");
            return None;
        }
        Err(error) => {
            warn!(message = name, %error, "a report has no way to its mailbox");
            return None;
        }
    };
    let body = match body(host, &written.message).await {
        Ok(body) => body,
        Err(error) => {
            warn!(message = name, %error, "a report could not be stored");
            return None;
        }
    };
    let recipients = found.into_iter().map(|destination| {
        let mut prefix = ReturnPath(None).to_string().into_bytes();
        if let Some((local, domain)) = destination.address.as_str().rsplit_once('@')
            && let Ok(address) = AddrSpec::new(local, domain)
        {
            DeliveredTo(address).write(&mut prefix);
        }
        store::Recipient { mailbox: destination.mailbox, prefix, quota: None }
    });
    info!(message = name, to = %written.to, "report");
    Some(Delivery { body, recipients: recipients.collect(), received: clock::unix(), partial: true, outgoing: None })
}

/// One recipient as a report has it.
pub(crate) fn recipient<'a>(told: &'a Told<'_>) -> Option<Recipient<'a>> {
    let path = ForwardPath::parse(&told.recipient.path, true).ok()?;
    Some(Recipient {
        address: path.mailbox()?.clone().into_owned(),
        original: told.recipient.original.as_deref().and_then(original),
        notify: told.recipient.notify,
        action: told.action,
        outcome: told.outcome.clone(),
        host: told.host.as_deref(),
        last_attempt: Some(told.at),
    })
}

async fn body(host: &Host, message: &[u8]) -> Result<Body, store::Error> {
    let mut writer = host.store.begin_body();
    writer.write(message).await?;
    writer.finish().await
}

/// The first octets of a message, so many and a piece at most.
async fn beginning(mut reader: MessageReader, most: usize) -> Result<Vec<u8>, store::Error> {
    let mut start = Vec::new();
    while start.len() < most
        && let Some(piece) = reader.piece().await?
    {
        start.extend_from_slice(&piece);
    }
    Ok(start)
}
