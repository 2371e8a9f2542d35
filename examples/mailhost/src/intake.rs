//! A message on its way in: its header is read as it comes, what strangers forged is left out, what this server has to say is put on top. The body is passed on.

use message::trace::{Received, WithProtocol};
use message::{AddrSpec, DateTime, Headers, Index, MessageId, Progress};
use smtp_proto::{EnhancedStatus, Reply, TlsFacts, TlsVersion};
use tracing::info;

use crate::clock;
use crate::filter::{Checks, Disposition, Judgement};
use crate::host::{Destination, Host};
use crate::outgoing::Outgoing;
use crate::random;
use crate::store::{Body, BodyWriter, Error};

/// What is known about where a message came from.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// This server's id for the message.
    pub(crate) id: String,
    /// The name in EHLO.
    pub(crate) helo: String,
    /// The address of the client.
    pub(crate) address: core::net::IpAddr,
    /// How it came.
    pub(crate) protocol: WithProtocol,
    /// The connection's TLS.
    pub(crate) tls: Option<TlsFacts>,
    /// The recipient, if there is one alone.
    pub(crate) only: Option<AddrSpec<'static>>,
    /// A user sent it (RFC 6409), under this address: what is missing is added, and what is not theirs is refused.
    pub(crate) user: Option<String>,
}

/// Why a message is not taken.
#[derive(Debug)]
pub(crate) enum Rejection {
    /// It never will be.
    Permanent(EnhancedStatus, &'static str),
    /// The checks speak against it.
    Judged(Reply<'static>),
    /// The store cannot, for now.
    Store(Error),
}

impl Rejection {
    /// What the client is told.
    pub(crate) fn reply(&self) -> Reply<'static> {
        match self {
            Self::Permanent(status, text) => Reply::new(554, Some(*status), *text),
            Self::Judged(reply) => reply.clone(),
            // Whatever it is, it is our trouble: the client keeps the message.
            Self::Store(_) => {
                Reply::new(451, Some(EnhancedStatus::new(4, 3, 0)), "Cannot store the message now: try again later")
            }
        }
    }
}

/// A message that is complete.
#[derive(Debug)]
pub(crate) struct Taken {
    /// Its octets, with what this server has added.
    pub(crate) body: Body,
    /// The mailboxes that it is for.
    pub(crate) destinations: Vec<Destination>,
    /// Header fields for the top of every copy, which were known only at its end.
    pub(crate) top: Vec<u8>,
    /// It goes to Junk.
    pub(crate) junk: bool,
    /// Whether there are octets beyond ASCII in it.
    pub(crate) eight_bit: bool,
}

/// A message on its way in.
#[derive(Debug)]
pub(crate) struct Intake {
    source: Source,
    destinations: Vec<Destination>,
    checks: Option<Checks>,
    authserv_id: String,
    received_hops: usize,
    by: String,
    body: BodyWriter,
    /// Only for mail of users.
    outgoing: Option<Outgoing>,
    eight_bit: bool,
    head: Head,
}

#[derive(Debug)]
enum Head {
    /// The header so far, and where its fields are.
    Coming(Vec<u8>, Index),
    /// It is written, the body follows.
    Written,
    /// The message will be refused; what comes is not looked at.
    Refused(Option<Rejection>),
}

impl Intake {
    /// Begins to take in a message for these mailboxes.
    pub(crate) fn begin(host: &Host, source: Source, destinations: Vec<Destination>, checks: Option<Checks>) -> Self {
        Self {
            outgoing: source.user.as_deref().map(|user| Outgoing::begin(host, user)),
            eight_bit: false,
            source,
            destinations,
            checks,
            authserv_id: host.filter.authserv_id().to_owned(),
            received_hops: host.config.limits.received_hops,
            by: host.config.hostname.clone(),
            body: host.store.begin_body(),
            head: Head::Coming(Vec::new(), Index::new(host.config.limits.header())),
        }
    }

    /// Takes the next piece. What is wrong is said at the end.
    pub(crate) async fn write(&mut self, piece: &[u8]) {
        if let (Some(checks), Head::Coming(..) | Head::Written) = (&mut self.checks, &self.head) {
            checks.receive(piece);
        }
        let written = match &mut self.head {
            Head::Refused(_) => return,
            Head::Written => self.keep(piece).await,
            Head::Coming(head, index) => {
                head.extend_from_slice(piece);
                match index.scan(head) {
                    Ok(Progress::Incomplete) => return,
                    Ok(Progress::Body(_)) => self.header().await,
                    Err(_) => Err(too_big()),
                }
            }
        };
        if let Err(rejection) = written {
            self.head = Head::Refused(Some(rejection));
        }
    }

    /// The message is complete: this is what to deliver.
    ///
    /// # Errors
    /// [`Rejection`]: nothing of it is kept.
    pub(crate) async fn finish(mut self) -> Result<Taken, Rejection> {
        if let Head::Coming(head, index) = &mut self.head {
            // No empty line: it is all header.
            index.finish(head).map_err(|_| too_big())?;
            self.header().await?;
        }
        if let Head::Refused(Some(rejection)) = self.head {
            return Err(rejection);
        }
        let mut junk = false;
        let mut top = self.outgoing.map(Outgoing::finish).unwrap_or_default();
        if let Some(checks) = self.checks.take() {
            let judgement = checks.finish().await;
            info!(message = self.source.id, %judgement, "judged");
            let Judgement { disposition, reply, fields, .. } = judgement;
            if let (Disposition::Refuse, Some(reply)) = (&disposition, reply) {
                return Err(Rejection::Judged(reply));
            }
            junk = disposition == Disposition::Junk;
            top.extend_from_slice(&fields);
        }
        let body = self.body.finish().await.map_err(Rejection::Store)?;
        Ok(Taken { body, destinations: self.destinations, top, junk, eight_bit: self.eight_bit })
    }

    /// Keeps the next octets of the message as it will be.
    async fn keep(&mut self, octets: &[u8]) -> Result<(), Rejection> {
        if let Some(outgoing) = &mut self.outgoing {
            outgoing.write(octets);
        }
        self.eight_bit |= !octets.is_ascii();
        self.body.write(octets).await.map_err(Rejection::Store)
    }

    /// The header is whole: judges it and writes it.
    async fn header(&mut self) -> Result<(), Rejection> {
        let Head::Coming(head, index) = core::mem::replace(&mut self.head, Head::Written) else { return Ok(()) };
        let headers = index.headers(&head);
        self.judge(&headers)?;
        if let Some(checks) = &mut self.checks {
            checks.header(&headers);
        }
        let mut out = Vec::with_capacity(head.len() + 512);
        self.received(&mut out);
        let user = self.source.user.as_deref();
        for (field, raw) in headers.pieces() {
            // Row R-11: these are this server's to write. A user's Bcc is nobody's business (RFC 5322, 3.6.3), and a Sender who is
            // somebody else is a lie (row A-8).
            let drop = field.is_some_and(|field| {
                let foreign =
                    |user| !message::Mailbox::parse(field.value()).is_ok_and(|sender| is_of(sender.address(), user));
                field.is("Return-Path")
                    || field.is("Delivered-To")
                    // RFC 8601, 5: only this server speaks in its own name
                    || (field.is("Authentication-Results") && auth_results::claims(field.value(), &self.authserv_id))
                    || user.is_some_and(|user| field.is("Bcc") || (field.is("Sender") && foreign(user)))
            });
            if !drop {
                out.extend_from_slice(raw);
            }
        }
        if user.is_some() {
            self.complete(&headers, &mut out);
        }
        let end = index.body_offset().unwrap_or(head.len());
        let fields: usize = headers.pieces().map(|(_, raw)| raw.len()).sum();
        // the empty line; where none came, there is no body either
        out.extend_from_slice(if fields < end { b"\r\n" } else { b"" });
        out.extend_from_slice(head.get(end..).unwrap_or_default());
        self.keep(&out).await
    }

    fn judge(&self, headers: &Headers<'_>) -> Result<(), Rejection> {
        let looped = self.destinations.iter().any(|destination| {
            let (local, domain) = destination.address.as_str().rsplit_once('@').unwrap_or_default();
            AddrSpec::new(local, domain).is_ok_and(|address| headers.delivered_to(&address))
        });
        // Row R-4; RFC 5321, 6.3
        if looped || headers.hops() >= self.received_hops {
            return Err(Rejection::Permanent(
                EnhancedStatus::new(5, 4, 6),
                "This message has been here before: mail loop",
            ));
        }
        // Row A-8: who is shown as the author is who has logged in.
        if let Some(user) = &self.source.user {
            let author = headers.author();
            let theirs = author.is_ok_and(|author| is_of(author.address(), user));
            if !theirs {
                return Err(Rejection::Permanent(
                    EnhancedStatus::new(5, 7, 1),
                    "From must have one address, and it must be your own",
                ));
            }
        }
        Ok(())
    }

    fn received(&self, out: &mut Vec<u8>) {
        let source = &self.source;
        let version = |facts: &TlsFacts| if facts.version == TlsVersion::Tls13 { "TLSv1.3" } else { "TLSv1.2" };
        Received {
            from_helo: &source.helo,
            from_ip: source.address,
            from_name: None,
            by: &self.by,
            protocol: source.protocol,
            tls: source.tls.as_ref().map(|facts| (version(facts), &*facts.cipher)),
            id: &source.id,
            for_: source.only.clone(),
            date: DateTime::utc(clock::unix()),
        }
        .write(out);
    }

    /// Adds what a user's program left out (RFC 6409, 8.1 and 8.3).
    fn complete(&self, headers: &Headers<'_>, out: &mut Vec<u8>) {
        if headers.get("Date").is_none() {
            out.extend_from_slice(format!("Date: {}\r\n", DateTime::utc(clock::unix())).as_bytes());
        }
        if headers.get("Message-ID").is_none()
            && let Ok(random) = random::bytes()
            && let Ok(id) = MessageId::generate(random, &self.by)
        {
            out.extend_from_slice(format!("Message-ID: {id}\r\n").as_bytes());
        }
    }
}

/// Whether an address is a user's own, with or without a detail.
fn is_of(address: &AddrSpec<'_>, user: &str) -> bool {
    let (local, domain) = user.rsplit_once('@').unwrap_or_default();
    let plain = address.local_part().split_once('+').map_or(address.local_part(), |(plain, _)| plain);
    address.domain().eq_ignore_ascii_case(domain)
        && (address.local_part().eq_ignore_ascii_case(local) || plain.eq_ignore_ascii_case(local))
}

fn too_big() -> Rejection {
    Rejection::Permanent(EnhancedStatus::new(5, 3, 4), "The header is too big, or has too many fields")
}
