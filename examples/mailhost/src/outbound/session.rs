//! One message in one session with one server.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;

use bytes::Bytes;
use embed::Turn;
use embed::asynchronous::Driver;
use message::Carriage;
use message::mime::Parser;
use relay::{Fate, Host as MailHost, NoRoute, Outcome};
use rustls_pki_types::ServerName;
use smtp_proto::Client;
use smtp_proto::client::{self, Envelope, Event, Request, Unsendable};
use smtp_proto::command::{BodyType, Mail, MailParams, Rcpt, ReversePath};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use wire::{TlsFacts, TlsVersion};

use super::{tls, words};
use crate::host::Host;
use crate::store::{MessageReader, Octets, QueueId, QueuedEnvelope};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(30);

/// A connection, in the clear or not.
trait Link: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Link for T {}

/// What is sent.
pub(super) struct Message<'a> {
    pub(super) id: QueueId,
    pub(super) envelope: &'a QueuedEnvelope,
    pub(super) sender: &'a ReversePath<'a>,
    pub(super) recipients: &'a [Rcpt<'a>],
    pub(super) size: u64,
    /// The hosts are those that the DNS names, and none of them may be this machine.
    pub(super) foreign: bool,
}

/// What a session came to: one outcome for each recipient.
pub(super) struct Session {
    pub(super) outcomes: Vec<Outcome>,
    /// What was known of TLS.
    pub(super) tls: Option<TlsFacts>,
    /// Whether the server promises reports itself.
    pub(super) dsn: bool,
    /// The server is this one.
    pub(super) ourselves: bool,
}

impl Session {
    fn all(message: &Message<'_>, outcome: &Outcome) -> Self {
        Self { outcomes: vec![outcome.clone(); message.recipients.len()], tls: None, dsn: false, ourselves: false }
    }
}

/// For the log.
pub(super) fn tls_words(facts: Option<&TlsFacts>) -> &'static str {
    match facts.map(|facts| facts.version) {
        None => "none",
        Some(TlsVersion::Tls13) => "TLSv1.3",
        Some(_) => "TLSv1.2",
    }
}

/// Sends a message to a server at an address. Where the handshake fails, it goes in the clear.
pub(super) async fn send(host: &Host, to: &MailHost, address: SocketAddr, message: &Message<'_>) -> Session {
    let mut sent = attempt(host, to, address, message, true).await;
    if let Err(Broken::Handshake) = sent {
        sent = attempt(host, to, address, message, false).await;
    }
    match sent {
        Ok(session) => session,
        Err(Broken::Handshake) => Session::all(message, &Outcome::tls_failed("no TLS")),
        Err(Broken::Connection(error)) => Session::all(message, &Outcome::unreachable(&words(&error))),
        Err(Broken::Ourselves) => {
            Session { ourselves: true, ..Session::all(message, &Outcome::no_route(&NoRoute::Loop)) }
        }
    }
}

/// Why nothing has been sent.
enum Broken {
    Handshake,
    Connection(io::Error),
    Ourselves,
}

async fn attempt(
    host: &Host,
    to: &MailHost,
    address: SocketAddr,
    message: &Message<'_>,
    encrypted: bool,
) -> Result<Session, Broken> {
    let outbound = &host.outbound;
    let stream = timeout(CONNECT, TcpStream::connect(address)).await;
    let stream = stream.map_err(io::Error::from).and_then(|stream| stream).map_err(Broken::Connection)?;
    let _ = stream.set_nodelay(true);
    // Row R-4: who has the address that we have is this machine, under an address that the configuration does not name.
    if message.foreign && stream.local_addr().is_ok_and(|local| local.ip() == address.ip()) {
        return Err(Broken::Ourselves);
    }
    let config = if encrypted { &outbound.client } else { &outbound.plain };
    let mut driver = Driver::new(Box::new(stream) as Box<dyn Link>, host.origin);
    let mut client = Client::new(config.clone(), client::Limits::default(), None, driver.now());
    let mut talk = Talk::new(host, message);
    loop {
        while let Some(event) = client.poll() {
            if let Some(request) = talk.event(&event) {
                // what cannot be told ends the session; what is known by then is known
                talk.stream_broken |= talk.tell(&mut client, request, driver.now()).await.is_err();
            }
        }
        if talk.stream_broken {
            break;
        }
        match driver.turn(&mut client).await {
            Ok(Turn::Closed) => break,
            Ok(Turn::Body) => talk.feed(&mut client, driver.now()).await,
            Ok(Turn::Secure) => {
                let name = match &to.name {
                    Some(name) => ServerName::try_from(name.as_str().to_owned()).ok(),
                    None => None,
                };
                let name = name.unwrap_or_else(|| ServerName::IpAddress(address.ip().into()));
                let handshake = TlsConnector::from(outbound.tls.clone()).connect(name, driver.into_stream());
                let time = host.config.limits.handshake_time;
                let Ok(Ok(stream)) = timeout(time, handshake).await else { return Err(Broken::Handshake) };
                let facts = tls::facts(stream.get_ref().1);
                driver = Driver::new(Box::new(stream) as Box<dyn Link>, host.origin);
                talk.tls = Some(facts.clone());
                client.secured(facts, driver.now());
            }
            Ok(Turn::Progress | Turn::Answer) => {}
            // It broke while something was written. What has come in until then is still worked off.
            Err(_) => {
                talk.stream_broken = true;
                client.closed(driver.now());
            }
        }
    }
    Ok(talk.end())
}

/// One message's talk with a server.
struct Talk<'a> {
    host: &'a Host,
    message: &'a Message<'a>,
    /// What is known of each recipient.
    outcomes: Vec<Option<Outcome>>,
    tls: Option<TlsFacts>,
    dsn: bool,
    /// What the content is told to be, once it has been made less than it was.
    converted: Option<Converted>,
    reader: Option<MessageReader>,
    rest: Bytes,
    sent: bool,
    stream_broken: bool,
}

/// A message that has been encoded for a server, wholly in memory.
struct Converted {
    bytes: Bytes,
    octets: Octets,
    _turn: OwnedSemaphorePermit,
}

/// What to tell the session.
enum Next {
    Send,
    Convert,
    Quit,
}

impl<'a> Talk<'a> {
    fn new(host: &'a Host, message: &'a Message<'a>) -> Self {
        Self {
            host,
            message,
            outcomes: vec![None; message.recipients.len()],
            tls: None,
            dsn: false,
            converted: None,
            reader: None,
            rest: Bytes::new(),
            sent: false,
            stream_broken: false,
        }
    }

    fn open(&mut self, outcome: &Outcome) {
        self.outcomes.iter_mut().filter(|known| known.is_none()).for_each(|known| *known = Some(outcome.clone()));
    }

    fn event(&mut self, event: &Event<'_>) -> Option<Next> {
        match event {
            Event::Ready if self.sent => return Some(Next::Quit),
            Event::Ready => {
                self.sent = true;
                return Some(Next::Send);
            }
            Event::Recipient { index, reply } if !reply.is_positive() => {
                let outcome = Outcome::reply(client::Step::Rcpt, reply);
                if let Some(known) = usize::try_from(*index).ok().and_then(|index| self.outcomes.get_mut(index)) {
                    *known = Some(outcome);
                }
            }
            Event::Delivered { reply, .. } => self.open(&Outcome::reply(client::Step::End, reply)),
            Event::Refused { step, reply, .. } => self.open(&Outcome::reply(*step, reply)),
            Event::Unsendable(Unsendable::EightBit | Unsendable::Binary) if self.converted.is_none() => {
                return Some(Next::Convert);
            }
            Event::Unsendable(why) => self.open(&Outcome::unsendable(why)),
            Event::Abandoned => self.open(&Outcome::local_trouble("the message could not be read")),
            Event::Failed { error, outcome } => self.open(&Outcome::session(error, *outcome)),
            _ => {}
        }
        None
    }

    async fn tell(&mut self, client: &mut Client, next: Next, now: Duration) -> Result<(), smtp_proto::Misuse> {
        self.dsn |= client.capabilities().dsn;
        match next {
            Next::Quit => client.tell(Request::Quit, now),
            Next::Convert => {
                // what the server does not take is encoded (RFC 6152, 3), and the message is sent at the next chance
                let carriage =
                    if client.capabilities().eight_bit_mime { Carriage::EightBit } else { Carriage::SevenBit };
                match self.convert(carriage).await {
                    Ok(converted) => {
                        self.converted = Some(converted);
                        self.sent = false;
                    }
                    Err(outcome) => self.open(&outcome),
                }
                Ok(())
            }
            Next::Send => self.send(client, now).await,
        }
    }

    async fn send(&mut self, client: &mut Client, now: Duration) -> Result<(), smtp_proto::Misuse> {
        let envelope = self.message.envelope;
        let (size, octets) = match &self.converted {
            Some(converted) => {
                self.rest = converted.bytes.clone();
                (converted.bytes.len() as u64, converted.octets)
            }
            None => match self.host.store.open_queued(self.message.id).await {
                Ok(reader) => {
                    self.reader = Some(reader);
                    (self.message.size, envelope.octets)
                }
                Err(error) => {
                    self.open(&Outcome::local_trouble(&error.to_string()));
                    return client.tell(Request::Quit, now);
                }
            },
        };
        let envelope_id = envelope.envelope_id.as_deref().and_then(|text| smtp_proto::xtext::Xtext::parse(text, false));
        let params = MailParams {
            size: Some(size),
            body: match octets {
                Octets::Ascii => None,
                Octets::EightBit => Some(BodyType::EightBitMime),
                Octets::Binary => Some(BodyType::BinaryMime),
            },
            smtputf8: envelope.utf8,
            ret: envelope.ret,
            envid: envelope_id,
            ..MailParams::default()
        };
        let mail = Mail { reverse_path: self.message.sender.clone(), params };
        client.tell(Request::Send(Envelope { mail: &mail, recipients: self.message.recipients }), now)
    }

    /// The whole message, encoded for a server that takes less than it has.
    async fn convert(&mut self, carriage: Carriage) -> Result<Converted, Outcome> {
        let trouble = |error: &dyn core::fmt::Display| Outcome::local_trouble(&error.to_string());
        let turn = self.host.outbound.conversions.clone().acquire_owned().await.map_err(|error| trouble(&error))?;
        let mut reader = self.host.store.open_queued(self.message.id).await.map_err(|error| trouble(&error))?;
        let mut whole = Vec::new();
        while let Some(piece) = reader.piece().await.map_err(|error| trouble(&error))? {
            whole.extend_from_slice(&piece);
        }
        let why = Unsendable::EightBit;
        let mut parser = Parser::default();
        let parsed = parser.parse(&whole).map_err(|_| Outcome::unsendable(&why))?;
        let encoded = parsed.encoded_for(carriage).map_err(|_| Outcome::unsendable(&why))?;
        let octets = if encoded.is_ascii() { Octets::Ascii } else { Octets::EightBit };
        if octets == Octets::EightBit && carriage == Carriage::SevenBit {
            // What is left is in the header, which nobody can encode for its sender (RFC 6531, 3.5).
            return Err(Outcome::unsendable(&Unsendable::Utf8));
        }
        Ok(Converted { bytes: encoded.into_owned().into(), octets, _turn: turn })
    }

    /// Feeds the next piece of the content.
    async fn feed(&mut self, client: &mut Client, now: Duration) {
        if self.rest.is_empty()
            && let Some(reader) = &mut self.reader
        {
            match reader.piece().await {
                Ok(Some(piece)) => self.rest = piece,
                Ok(None) => self.reader = None,
                Err(_) => {
                    self.reader = None;
                    let _ = client.tell(Request::Abandon, now);
                    return;
                }
            }
        }
        if self.rest.is_empty() {
            let _ = client.tell(Request::BodyEnd, now);
            return;
        }
        let taken = client.feed(&self.rest, now);
        drop(self.rest.split_to(taken.min(self.rest.len())));
    }

    fn end(self) -> Session {
        let unknown = Outcome::unreachable("the server closed the connection");
        let outcomes = self.outcomes.into_iter().map(|known| known.unwrap_or_else(|| unknown.clone())).collect();
        Session { outcomes, tls: self.tls, dsn: self.dsn, ourselves: false }
    }
}

/// Whether another host is to be tried for a recipient.
pub(super) const fn goes_on(outcome: &Outcome) -> bool {
    !matches!(outcome.fate, Fate::Delivered) && outcome.another_host
}
