//! SMTP, submission and LMTP: a session's questions, answered.

mod transaction;

use core::net::IpAddr;
use std::io;
use std::sync::Arc;

use embed::Turn;
use embed::asynchronous::Driver;
use smtp_proto::command::Command;
use smtp_proto::forward::{Attribute, Attributes, Value};
use smtp_proto::server::{Answer, Closing, Config, Event, Notice, Role};
use smtp_proto::{EnhancedStatus, Reply, Server, TlsFacts};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, info, warn};

use self::transaction::{Addressee, Peer, Sender, Transaction};
use crate::auth::{self, Exchange, Login, Next};
use crate::filter::{Checks, Envelope};
use crate::host::{Host, Resolution};
use crate::link::Connection;
use crate::listen::Admission;
use crate::random;
use crate::store::Account;
use crate::tls::Channel;

/// One of the three services.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Mail from other servers.
    Relay,
    /// Mail from users.
    Submission,
    /// Mail from a relay of one's own.
    Lmtp,
}

/// What the sessions of one service are set up with.
pub(crate) fn config(host: &Host, service: Service) -> Config {
    let role = match service {
        Service::Relay => Role::Relay,
        Service::Submission => Role::Submission,
        Service::Lmtp => Role::Lmtp,
    };
    let mut config = Config::new(role, host.config.hostname.clone());
    config.starttls = true;
    config.require_tls = service == Service::Submission;
    if service == Service::Submission {
        config.mechanisms = auth::MECHANISMS.iter().map(|mechanism| mechanism.name().to_owned()).collect();
        // Programs on users' own machines write what they like; it is mended, as content only (RFC 6409, 8).
        config.bare_lf = smtp_proto::framing::BareLf::Normalize;
    }
    // Users are told what became of their mail. For nobody else anything is passed on, so that no report can be promised.
    config.dsn = service == Service::Submission;
    config
}

/// One session.
struct Session<'a> {
    host: &'a Host,
    service: Service,
    address: IpAddr,
    /// The session's id; its messages are numbered behind it.
    id: String,
    messages: u32,
    helo: String,
    extended: bool,
    tls: Option<TlsFacts>,
    channel: Channel,
    user: Option<Account>,
    exchange: Option<Exchange>,
    transaction: Option<Transaction>,
}

/// What an event asks that takes time, without what it borrowed.
enum Work {
    Auth { mechanism: String, initial: Option<zeroize::Zeroizing<Vec<u8>>> },
    AuthResponse(zeroize::Zeroizing<Vec<u8>>),
    Mail(Sender),
    Proxied(Attributes<'static>),
    Recipient(Addressee),
    Start,
    End(Option<u32>),
}

/// Serves one connection to its end.
///
/// # Errors
/// The connection's.
pub(crate) async fn serve(
    host: &Host,
    service: Service,
    config: Arc<Config>,
    connection: Connection,
    admission: &Admission,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let Connection { link, security, address } = connection;
    let (tls, channel) = security.map(|security| (security.facts, security.channel)).unzip();
    let mut driver = Driver::new(link, host.origin);
    let trusted = host.trusts(address);
    let mut server = Server::new(config, host.config.limits.smtp(trusted), tls.clone(), driver.now());
    let id = random::id()?;
    let mut session = Session {
        host,
        service,
        address,
        id,
        messages: 0,
        helo: String::new(),
        extended: false,
        tls,
        channel: channel.unwrap_or_default(),
        user: None,
        exchange: None,
        transaction: None,
    };
    debug!(session = session.id, %address, ?service, "connected");
    if *shutdown.borrow_and_update() {
        let _ = server.tell(Notice::Shutdown, driver.now());
    }
    // Those whom this server trusts are not hurried.
    let mut stress = admission.stress();
    stress.mark_changed();
    loop {
        while let Some(event) = server.poll() {
            let work = match session.event(event).await {
                Decision::Go => continue,
                Decision::Now(answer) => {
                    server.answer(answer, driver.now()).map_err(io::Error::other)?;
                    continue;
                }
                Decision::Work(work) => work,
            };
            let answer = driver.meanwhile(&mut server, session.work(work)).await;
            let answered = match &answer {
                Reaction::Accept => server.answer(Answer::Accept, driver.now()),
                Reaction::Reply(reply) => server.answer(Answer::Reply(reply.clone()), driver.now()),
                Reaction::Challenge(challenge) => server.answer(Answer::Challenge(challenge), driver.now()),
            };
            answered.map_err(io::Error::other)?;
        }
        let turn = tokio::select! {
            turn = driver.turn(&mut server) => turn?,
            Ok(()) = shutdown.changed() => {
                let _ = server.tell(Notice::Shutdown, driver.now());
                Turn::Progress
            }
            Ok(()) = stress.changed(), if !trusted => {
                let _ = server.tell(Notice::Stress(*stress.borrow_and_update()), driver.now());
                Turn::Progress
            }
        };
        match turn {
            Turn::Closed => return Ok(()),
            Turn::Secure => {
                let config = match service {
                    Service::Submission => &host.tls.submission,
                    Service::Relay | Service::Lmtp => &host.tls.relay,
                };
                let secured = driver.into_stream().secure(host, config.clone()).await;
                let (link, security) = secured.inspect_err(|error| {
                    host.metrics.tls_failures_total.add(1);
                    info!(session = session.id, %address, %error, "no TLS");
                })?;
                driver = Driver::new(link, host.origin);
                session.helo.clear();
                session.tls = Some(security.facts.clone());
                session.channel = security.channel;
                server.secured(security.facts, driver.now());
            }
            Turn::Progress | Turn::Answer | Turn::Body => {}
        }
    }
}

/// What to do about an event.
enum Decision {
    /// Nothing.
    Go,
    /// This answer.
    Now(Answer<'static>),
    /// Something that takes time, then an answer.
    Work(Work),
}

/// An answer that owns what it says.
enum Reaction {
    Accept,
    Reply(Reply<'static>),
    Challenge(Vec<u8>),
}

impl Session<'_> {
    async fn event(&mut self, event: Event<'_>) -> Decision {
        match event {
            Event::Body(slice) => {
                if let Some(intake) = self.transaction.as_mut().and_then(|transaction| transaction.intake.as_mut()) {
                    intake.write(slice).await;
                }
                Decision::Go
            }
            Event::Hello(hello) => {
                hello.name.as_str().clone_into(&mut self.helo);
                self.extended = hello.extended;
                Decision::Now(Answer::Accept)
            }
            Event::Connected | Event::StartTls | Event::Verify(_) => Decision::Now(Answer::Accept),
            Event::Auth { mechanism, initial } => Decision::Work(Work::Auth {
                mechanism: mechanism.to_owned(),
                initial: initial.map(|initial| zeroize::Zeroizing::new(initial.to_vec())),
            }),
            Event::AuthResponse(response) => {
                Decision::Work(Work::AuthResponse(zeroize::Zeroizing::new(response.to_vec())))
            }
            Event::Mail(mail) => Decision::Work(Work::Mail(Sender::new(mail))),
            Event::Proxied(attributes) => Decision::Work(Work::Proxied(attributes.into_owned())),
            Event::Answered(Command::Xforward(attributes)) => {
                info!(session = self.id, address = %self.address, %attributes, "forwarded for");
                Decision::Go
            }
            Event::Recipient(rcpt) => Decision::Work(Work::Recipient(Addressee::new(rcpt))),
            Event::ContentStart(_) => Decision::Work(Work::Start),
            Event::MessageEnd(end) => Decision::Work(Work::End(end.recipient)),
            Event::Aborted(why) => {
                if self.transaction.take().is_some() {
                    debug!(session = self.id, ?why, "transaction dropped");
                }
                Decision::Go
            }
            Event::AuthAborted => {
                self.exchange = None;
                Decision::Go
            }
            Event::Fault(error) => {
                self.host.metrics.faults_total.add(1);
                info!(session = self.id, address = %self.address, %error, "fault");
                Decision::Go
            }
            Event::Closing(why) => {
                if matches!(why, Closing::TimedOut(_) | Closing::SentAway) {
                    info!(session = self.id, address = %self.address, ?why, "closed");
                }
                Decision::Go
            }
            _ => Decision::Go,
        }
    }

    async fn work(&mut self, work: Work) -> Reaction {
        match work {
            Work::Auth { mechanism, initial } => {
                match Exchange::begin(self.host, &mechanism, self.address, &self.channel) {
                    Ok(Some(exchange)) => self.exchange(exchange, initial.as_deref().map(Vec::as_slice)).await,
                    Ok(None) => reply(504, (5, 5, 4), "Mechanism not offered"),
                    Err(_) => reply(454, (4, 7, 0), "Cannot authenticate now: try again later"),
                }
            }
            Work::AuthResponse(response) => match self.exchange.take() {
                Some(exchange) => self.exchange(exchange, Some(&response)).await,
                None => reply(454, (4, 7, 0), "Cannot authenticate now: try again later"),
            },
            Work::Mail(sender) => self.mail(sender).await,
            Work::Proxied(attributes) => self.proxied(&attributes).await,
            Work::Recipient(addressee) => self.recipient(addressee).await,
            Work::Start => self.start(),
            Work::End(recipient) => self.end(recipient).await,
        }
    }

    /// The session is with another client from now on, of whom a proxy that is listed tells (row W-14).
    async fn proxied(&mut self, attributes: &Attributes<'_>) -> Reaction {
        let login = attributes.get(Attribute::Login).and_then(Value::known);
        let user = match login.as_deref() {
            // Mail from other servers has no users.
            Some(_) if self.service != Service::Submission => {
                return reply(550, (5, 7, 1), "There are no logins on this port");
            }
            Some(name) => match self.host.vouched(name).await {
                Ok(Some(account)) => Some(account),
                Ok(None) => return reply(550, (5, 7, 1), "There is no such user here"),
                Err(error) => return self.store_failed(&error),
            },
            None => None,
        };
        info!(session = self.id, address = %self.address, %attributes, "speaks for");
        if let Some(Value::Known(address)) = attributes.address(Attribute::Addr) {
            self.address = address.to_canonical();
        }
        self.helo.clear();
        self.user = user;
        self.exchange = None;
        Reaction::Accept
    }

    /// Goes on with an AUTH exchange.
    async fn exchange(&mut self, mut exchange: Exchange, response: Option<&[u8]>) -> Reaction {
        let login = match exchange.go(self.host, response).await {
            Next::Challenge(challenge) => {
                self.exchange = Some(exchange);
                return Reaction::Challenge(challenge);
            }
            Next::Done(login) => login,
        };
        match login {
            Login::Welcome(account) => {
                info!(session = self.id, address = %self.address, user = %account.address, "logged in");
                self.user = Some(account);
                Reaction::Accept
            }
            Login::Refused(wait) => {
                info!(session = self.id, address = %self.address, "login failed");
                sleep(wait).await;
                reply(535, (5, 7, 8), "Wrong user name or password")
            }
            Login::Malformed => reply(501, (5, 5, 2), "That is not a response of this mechanism"),
            Login::Limited => {
                info!(session = self.id, address = %self.address, "login refused: too many failures");
                reply(454, (4, 7, 0), "Too many failed logins: try again later")
            }
            Login::Unavailable => reply(454, (4, 7, 0), "Cannot authenticate now: try again later"),
        }
    }

    async fn mail(&mut self, sender: Sender) -> Reaction {
        let host = self.host;
        // Row R-9: a message that would fill the disk is not begun.
        let size = sender.size.unwrap_or(0).max(host.config.limits.message_size.min(64 << 20));
        if host.store.free_space() < size.saturating_add(size / 2) {
            warn!(session = self.id, "the disk is nearly full");
            return reply(452, (4, 3, 1), "The disk is full: try again later");
        }
        // Row A-8. The null path is for anybody (RFC 6409, 3.2).
        if let (Some(user), Some(mailbox)) = (&self.user, sender.path.mailbox()) {
            match host.may_send_as(&user.address, &mailbox.local_value(), mailbox.domain_str()).await {
                Ok(true) => {}
                Ok(false) => {
                    info!(session = self.id, user = %user.address, sender = %sender.path, "sender refused");
                    return reply(550, (5, 7, 1), "You may send under your own addresses only");
                }
                Err(error) => return self.store_failed(&error),
            }
        }
        let mut checks = self.checks(&sender);
        if let Some(checks) = &mut checks
            && let Some(reply) = checks.refusal().await
        {
            info!(session = self.id, address = %self.address, sender = %sender.path, %reply, "sender refused");
            return Reaction::Reply(reply);
        }
        self.transaction = Some(Transaction::new(sender, checks));
        Reaction::Accept
    }

    /// Where mail of other servers comes from is looked at; users have shown who they are, and whom this server trusts is not doubted.
    fn checks(&self, sender: &Sender) -> Option<Checks> {
        if self.service != Service::Relay || self.host.trusts(self.address) {
            return None;
        }
        let mailbox = sender.path.mailbox();
        let reverse_path =
            mailbox.map(|mailbox| format!("{}@{}", mailbox.local_value(), mailbox.domain_str())).unwrap_or_default();
        Some(self.host.filter.begin(Envelope { address: self.address, helo: self.helo.clone(), reverse_path }))
    }

    async fn recipient(&mut self, addressee: Addressee) -> Reaction {
        let host = self.host;
        let path = &addressee.path;
        let found = match host.resolve(path.mailbox()).await {
            Ok(Resolution::Local(found)) => found,
            Ok(Resolution::Unknown) => {
                host.metrics.unknown_recipients_total.add(1);
                info!(session = self.id, address = %self.address, recipient = %path, "no such user");
                return reply(550, (5, 1, 1), "There is no such user here");
            }
            // Row R-1: for users who have logged in, and for nobody else.
            Ok(Resolution::External) if self.user.is_some() && self.service == Service::Submission => {
                return self.elsewhere(addressee);
            }
            Ok(Resolution::External) => {
                host.metrics.relay_refused_total.add(1);
                info!(session = self.id, address = %self.address, recipient = %path, "relaying refused");
                return reply(550, (5, 7, 1), "This server does not relay mail");
            }
            Ok(Resolution::TooFar) => {
                warn!(session = self.id, recipient = %path, "the aliases of this name lead too far: `mailhost check` says more");
                return reply(451, (4, 3, 5), "That name is set up wrongly here: try again later");
            }
            Err(error) => return self.store_failed(&error),
        };
        let quota = host.config.limits.quota;
        if quota > 0 && found.iter().all(|destination| destination.octets >= quota) {
            return reply(452, (4, 2, 2), "The mailbox is full: try again later");
        }
        if let Some(transaction) = &mut self.transaction {
            transaction.add(addressee, found);
        }
        Reaction::Accept
    }

    /// A user's recipient in another domain.
    fn elsewhere(&mut self, addressee: Addressee) -> Reaction {
        let destination = addressee.path.mailbox().map(|mailbox| relay::Destination::try_from(mailbox.domain()));
        let Some(Ok(destination)) = destination else {
            return reply(550, (5, 1, 2), "There can be no such domain");
        };
        if let Some(transaction) = &mut self.transaction {
            transaction.add_outgoing(addressee, &destination);
        }
        Reaction::Accept
    }

    fn start(&mut self) -> Reaction {
        self.messages += 1;
        let id = format!("{}.{}", self.id, self.messages);
        let peer = Peer {
            helo: &self.helo,
            extended: self.extended,
            address: self.address,
            tls: self.tls.as_ref(),
            user: self.user.as_ref().map(|user| user.address.to_string()),
        };
        let Some(transaction) = &mut self.transaction else { return reply(451, (4, 3, 0), "Try again") };
        transaction.begin(self.host, self.service, id, &peer);
        Reaction::Accept
    }

    async fn end(&mut self, recipient: Option<u32>) -> Reaction {
        let Some(mut transaction) = self.transaction.take() else { return reply(451, (4, 3, 0), "Try again") };
        let reply = match recipient {
            None => transaction.deliver(self.host, false).await,
            Some(index) => {
                // All are delivered at the first question, and answered one by one (RFC 2033, 4.2).
                if index == 0 {
                    transaction.deliver(self.host, true).await;
                }
                let reply = transaction.reply_of(index);
                if index + 1 < transaction.recipients() {
                    self.transaction = Some(transaction);
                }
                reply
            }
        };
        Reaction::Reply(reply)
    }

    fn store_failed(&self, error: &crate::store::Error) -> Reaction {
        self.host.metrics.store_failures_total.add(1);
        warn!(session = self.id, %error, "the store failed");
        reply(451, (4, 3, 0), "Cannot look that up now: try again later")
    }
}

fn reply(code: u16, (class, subject, detail): (u8, u16, u16), text: &'static str) -> Reaction {
    Reaction::Reply(Reply::new(code, Some(EnhancedStatus::new(class, subject, detail)), text))
}
