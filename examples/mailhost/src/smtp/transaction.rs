//! One message, from MAIL to the reply that takes responsibility for it.

use core::net::IpAddr;

use message::AddrSpec;
use message::trace::{DeliveredTo, ReturnPath, WithProtocol};
use relay::{Action, Limits, Report};
use smtp_proto::client::Step;
use smtp_proto::command::{BodyType, ForwardPath, Mail, Rcpt, ReversePath};
use smtp_proto::dsn::{Notify, Ret};
use smtp_proto::path::Mailbox;
use smtp_proto::{EnhancedStatus, Reply};
use tracing::{info, warn};

use super::Service;
use crate::clock;
use crate::filter::Checks;
use crate::host::{Destination, Host};
use crate::intake::{Intake, Rejection, Source, Taken};
use crate::outbound;
use crate::store::{Delivery, Octets, Outgoing, OutgoingRecipient, QueuedEnvelope, Recipient, Refused, Uid};

/// MAIL, as far as it matters here.
#[derive(Debug)]
pub(crate) struct Sender {
    pub(crate) path: ReversePath<'static>,
    pub(crate) size: Option<u64>,
    pub(crate) utf8: bool,
    binary: bool,
    ret: Option<Ret>,
    envelope_id: Option<String>,
}

impl Sender {
    pub(crate) fn new(mail: Mail<'_>) -> Self {
        let params = &mail.params;
        Self {
            size: params.size,
            utf8: params.smtputf8,
            binary: params.body == Some(BodyType::BinaryMime),
            ret: params.ret,
            envelope_id: params.envid.as_ref().map(|id| id.as_str().to_owned()),
            path: mail.reverse_path.into_owned(),
        }
    }
}

/// RCPT, as far as it matters here.
#[derive(Debug)]
pub(crate) struct Addressee {
    pub(crate) path: ForwardPath<'static>,
    original: Option<String>,
    notify: Option<Notify>,
}

impl Addressee {
    pub(crate) fn new(rcpt: Rcpt<'_>) -> Self {
        Self {
            original: rcpt.params.orcpt.as_ref().map(ToString::to_string),
            notify: rcpt.params.notify,
            path: rcpt.forward_path.into_owned(),
        }
    }

    /// The recipient, as the queue and reports have it.
    fn outgoing(&self, destination: String) -> OutgoingRecipient {
        OutgoingRecipient {
            path: self.path.to_string(),
            destination,
            original: self.original.clone(),
            notify: self.notify,
        }
    }
}

/// A message on its way.
#[derive(Debug)]
pub(crate) struct Transaction {
    sender: Sender,
    /// Where it comes from is looked at.
    checks: Option<Checks>,
    /// Each recipient as the client wrote it, and the mailboxes it stands for, by their place in `destinations`.
    recipients: Vec<(ForwardPath<'static>, Vec<usize>)>,
    destinations: Vec<Destination>,
    /// Recipients elsewhere.
    outgoing: Vec<OutgoingRecipient>,
    /// Recipients here of whom the sender wants to be told that they have the message (RFC 3461, 4.1).
    confirmed: Vec<OutgoingRecipient>,
    id: String,
    pub(crate) intake: Option<Intake>,
    outcome: Outcome,
}

/// What became of it.
#[derive(Debug)]
enum Outcome {
    Open,
    /// Each destination got it or not.
    Delivered(Vec<Result<Uid, Refused>>),
    /// Nobody got it.
    Rejected(Reply<'static>),
}

impl Transaction {
    pub(crate) fn new(sender: Sender, checks: Option<Checks>) -> Self {
        Self {
            sender,
            checks,
            recipients: Vec::new(),
            destinations: Vec::new(),
            outgoing: Vec::new(),
            confirmed: Vec::new(),
            id: String::new(),
            intake: None,
            outcome: Outcome::Open,
        }
    }

    /// Adds a recipient. A mailbox that several recipients stand for gets the message once.
    pub(crate) fn add(&mut self, addressee: Addressee, found: Vec<Destination>) {
        let places = found
            .into_iter()
            .map(|destination| {
                let known = self.destinations.iter().position(|known| known.mailbox == destination.mailbox);
                known.unwrap_or_else(|| {
                    self.destinations.push(destination);
                    self.destinations.len() - 1
                })
            })
            .collect();
        if addressee.notify.is_some_and(|notify| notify.success) {
            self.confirmed.push(addressee.outgoing(String::new()));
        }
        self.recipients.push((addressee.path, places));
    }

    /// Adds a recipient elsewhere.
    pub(crate) fn add_outgoing(&mut self, addressee: Addressee, destination: &relay::Destination) {
        let recipient = addressee.outgoing(destination.to_string());
        if !self.outgoing.iter().any(|known| known.path == recipient.path) {
            self.outgoing.push(recipient);
        }
        self.recipients.push((addressee.path, Vec::new()));
    }

    /// How many recipients have been accepted.
    pub(crate) fn recipients(&self) -> u32 {
        u32::try_from(self.recipients.len()).unwrap_or(u32::MAX)
    }

    /// The content comes.
    pub(crate) fn begin(&mut self, host: &Host, service: Service, id: String, session: &Peer<'_>) {
        self.id.clone_from(&id);
        let source = Source {
            id,
            helo: session.helo.to_owned(),
            address: session.address,
            protocol: WithProtocol {
                lmtp: service == Service::Lmtp,
                extended: session.extended,
                utf8: self.sender.utf8,
                tls: session.tls.is_some(),
                authenticated: session.user.is_some(),
            },
            tls: session.tls.cloned(),
            only: match self.recipients.as_slice() {
                [(ForwardPath::Mailbox(mailbox), _)] => address(mailbox),
                _ => None,
            },
            user: session.user.clone(),
        };
        self.intake = Some(Intake::begin(host, source, self.destinations.clone(), self.checks.take()));
    }

    /// The content is complete: delivers it, and says what the client is told. With `partial`, some may get it while others do not.
    pub(crate) async fn deliver(&mut self, host: &Host, partial: bool) -> Reply<'static> {
        let Some(intake) = self.intake.take() else { return unavailable() };
        let reply = match intake.finish().await {
            Ok(taken) => self.store(host, taken, partial).await,
            Err(rejection) => {
                if let Rejection::Store(error) = &rejection {
                    host.metrics.store_failures_total.add(1);
                    warn!(message = self.id, %error, "the store failed");
                }
                rejection.reply()
            }
        };
        if !reply.is_positive() {
            host.metrics.messages_refused_total.add(1);
            info!(message = self.id, sender = %self.sender.path, %reply, "refused");
            self.outcome = Outcome::Rejected(reply.clone());
        }
        reply
    }

    async fn store(&mut self, host: &Host, taken: Taken, partial: bool) -> Reply<'static> {
        let Taken { body, destinations, top, junk, eight_bit } = taken;
        let size = body.size();
        let quota = (host.config.limits.quota > 0).then_some(host.config.limits.quota);
        let path = ReturnPath(self.sender.path.mailbox().and_then(address)).to_string();
        let recipients = destinations
            .into_iter()
            .map(|destination| {
                let mut prefix = path.clone().into_bytes();
                if let Some((local, domain)) = destination.address.as_str().rsplit_once('@')
                    && let Ok(address) = AddrSpec::new(local, domain)
                {
                    DeliveredTo(address).write(&mut prefix);
                }
                prefix.extend_from_slice(&top);
                let mailbox = if junk { destination.junk } else { destination.mailbox };
                Recipient { mailbox, prefix, quota }
            })
            .collect();
        let received = clock::unix();
        let queued = self.outgoing.len();
        let octets = match (self.sender.binary, eight_bit) {
            (true, _) => Octets::Binary,
            (_, true) => Octets::EightBit,
            _ => Octets::Ascii,
        };
        let outgoing = (queued > 0).then(|| Outgoing {
            envelope: QueuedEnvelope {
                name: self.id.clone(),
                sender: self.sender.path.to_string(),
                arrived: received,
                ret: self.sender.ret,
                envelope_id: self.sender.envelope_id.clone(),
                utf8: self.sender.utf8,
                octets,
            },
            prefix: top,
            recipients: core::mem::take(&mut self.outgoing),
        });
        match host.store.deliver(Delivery { body, recipients, received, partial, outgoing }).await {
            Err(error) => {
                host.metrics.store_failures_total.add(1);
                warn!(message = self.id, %error, "the store failed");
                unavailable()
            }
            Ok(outcomes) => {
                let delivered = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
                let refused =
                    outcomes.iter().find_map(|outcome| outcome.err().filter(|why| *why != Refused::WithOthers));
                self.outcome = Outcome::Delivered(outcomes);
                if (delivered + queued == 0 || !partial)
                    && let Some(why) = refused
                {
                    return refusal(why);
                }
                host.metrics.messages_total.add(1);
                host.metrics.message_octets_total.add(size);
                host.metrics.deliveries_total.add(delivered as u64);
                info!(message = self.id, sender = %self.sender.path, recipients = self.recipients.len(), delivered, queued, size, junk, "delivered");
                if queued > 0 {
                    host.outbound.wake();
                }
                self.confirm(host, received).await;
                accepted(&self.id)
            }
        }
    }

    /// Tells the sender that recipients here have the message, where that was asked for (RFC 3461, 5.2.3).
    async fn confirm(&mut self, host: &Host, received: i64) {
        let confirmed = core::mem::take(&mut self.confirmed);
        if confirmed.is_empty() {
            return;
        }
        let stored = Reply::new(250, Some(EnhancedStatus::new(2, 1, 5)), "Stored");
        let mut report = Report::new(&host.config.hostname, &self.sender.path, &[], received);
        report.envelope_id =
            self.sender.envelope_id.as_deref().and_then(|id| smtp_proto::xtext::Xtext::parse(id, false));
        let told = confirmed.iter().map(|recipient| outbound::Told {
            recipient,
            action: Action::Delivered,
            outcome: relay::Outcome::reply(Step::End, &stored),
            host: None,
            at: received,
        });
        let told: Vec<_> = told.collect();
        report.recipients = told.iter().filter_map(outbound::recipient).collect();
        if let Some(delivery) = outbound::deliverable(host, &self.id, &report, &Limits::default()).await
            && let Err(error) = host.store.deliver(delivery).await
        {
            warn!(message = self.id, %error, "a report could not be stored");
        }
    }

    /// What one recipient's share of the message came to (LMTP).
    pub(crate) fn reply_of(&self, index: u32) -> Reply<'static> {
        let outcomes = match &self.outcome {
            Outcome::Rejected(reply) => return reply.clone(),
            Outcome::Open => return unavailable(),
            Outcome::Delivered(outcomes) => outcomes,
        };
        let places = usize::try_from(index)
            .ok()
            .and_then(|index| self.recipients.get(index))
            .map(|(_, places)| places.as_slice());
        // A recipient that stands for several is served if one of them is: a second attempt would serve that one twice.
        let mut refused = None;
        for place in places.unwrap_or_default() {
            match outcomes.get(*place) {
                Some(Ok(_)) => return accepted(&self.id),
                Some(Err(why)) => refused = Some(*why),
                None => {}
            }
        }
        refused.map_or_else(unavailable, refusal)
    }
}

/// The client, as far as a message tells of it.
#[derive(Debug)]
pub(crate) struct Peer<'a> {
    pub(crate) helo: &'a str,
    pub(crate) extended: bool,
    pub(crate) address: IpAddr,
    pub(crate) tls: Option<&'a smtp_proto::TlsFacts>,
    pub(crate) user: Option<String>,
}

fn accepted(id: &str) -> Reply<'static> {
    Reply::new(250, Some(EnhancedStatus::new(2, 0, 0)), format!("Stored as {id}"))
}

fn unavailable() -> Reply<'static> {
    Reply::new(451, Some(EnhancedStatus::new(4, 3, 0)), "Cannot store the message now: try again later")
}

fn refusal(why: Refused) -> Reply<'static> {
    match why {
        Refused::NoSuchMailbox => {
            Reply::new(550, Some(EnhancedStatus::new(5, 1, 1)), "There is no such user here any more")
        }
        Refused::OverQuota => {
            Reply::new(452, Some(EnhancedStatus::new(4, 2, 2)), "The mailbox is full: try again later")
        }
        Refused::WithOthers => Reply::new(
            452,
            Some(EnhancedStatus::new(4, 5, 3)),
            "Another recipient cannot take the message: send it to each alone",
        ),
    }
}

/// An SMTP mailbox as a message has it.
fn address(mailbox: &Mailbox<'_>) -> Option<AddrSpec<'static>> {
    AddrSpec::new(mailbox.local_value().into_owned(), mailbox.domain_str().to_owned()).ok()
}
