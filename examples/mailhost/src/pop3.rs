//! POP3: a session's questions, answered.

mod languages;

use core::net::IpAddr;
use std::io;
use std::sync::Arc;

use embed::Turn;
use embed::asynchronous::Driver;
use pop3_proto::capabilities::{Expire, LoginDelay, Retention};
use pop3_proto::maildrop::{Entry, Maildrop, Uid};
use pop3_proto::response::Code;
use pop3_proto::server::{Answer, Closing, Config, Event, Notice};
use pop3_proto::{Limits, Response, Server};
use tokio::sync::watch;
use tokio::time::sleep;
use tracing::{debug, info, warn};
use zeroize::Zeroizing;

use crate::auth::{self, Exchange, Login, Next};
use crate::host::Host;
use crate::link::{Connection, Link};
use crate::listen::{Admission, Pop3Admission, Pop3Refusal};
use crate::random;
use crate::store::{self, Account, MessageReader};
use crate::tls::Channel;

/// What the sessions are set up with.
pub(crate) fn config(host: &Host) -> Arc<Config> {
    let mut config = Config::default();
    config.stls = true;
    config.mechanisms = auth::MECHANISMS.iter().map(|mechanism| mechanism.name().to_owned()).collect();
    config.utf8_user = true;
    config.languages = languages::all();
    // Only their users remove messages.
    config.expire = Some(Expire { retention: Retention::Never, per_user: false });
    let delay = host.config.limits.pop3_login_delay;
    config.login_delay = (!delay.is_zero())
        .then(|| LoginDelay { seconds: u32::try_from(delay.as_secs()).unwrap_or(u32::MAX), per_user: false });
    config.implementation = "mailhost".into();
    Arc::new(config)
}

/// One session.
struct Session<'a> {
    host: &'a Host,
    address: IpAddr,
    admission: &'a Admission,
    id: String,
    channel: Channel,
    exchange: Option<Exchange>,
    open: Option<OpenMaildrop>,
    /// The message that goes out.
    reader: Option<MessageReader>,
}

/// A user's mailbox as it was at login.
struct OpenMaildrop {
    account: Account,
    stored: store::Maildrop,
    _admission: Pop3Admission,
}

/// What an event asks that takes time, without what it borrowed.
enum Work {
    Login { user: String, password: Zeroizing<String> },
    Auth { mechanism: String, initial: Option<Zeroizing<Vec<u8>>> },
    AuthResponse(Zeroizing<Vec<u8>>),
    Retrieve(u32),
    Update(Vec<u32>),
}

/// An answer that owns what it says.
enum Reaction {
    Accept,
    Refuse,
    Open(Maildrop),
    Reply(Response<'static>),
    Challenge(Vec<u8>),
}

/// Serves one connection to its end.
///
/// # Errors
/// The connection's.
pub(crate) async fn serve(
    host: &Host,
    config: Arc<Config>,
    connection: Connection,
    admission: &Admission,
    mut shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    let Connection { link, security, address } = connection;
    let (tls, channel) = security.map(|security| (security.facts, security.channel)).unzip();
    let mut driver = Driver::new(link, host.origin);
    let mut limits = Limits::default();
    limits.auth_failures = host.config.limits.auth_failures;
    limits.idle_time = host.config.limits.pop3_idle;
    let mut server = Server::new(config, limits, tls, driver.now());
    let id = random::id()?;
    let channel = channel.unwrap_or_default();
    let mut session = Session { host, address, admission, id, channel, exchange: None, open: None, reader: None };
    if *shutdown.borrow_and_update() {
        let _ = server.tell(Notice::Shutdown, driver.now());
    }
    loop {
        while let Some(event) = server.poll() {
            let work = match event {
                Event::Connected | Event::Stls => {
                    server.answer(Answer::Accept, driver.now()).map_err(io::Error::other)?;
                    continue;
                }
                Event::Login { user, password } => {
                    Work::Login { user: user.to_owned(), password: Zeroizing::new(password.to_owned()) }
                }
                Event::Auth { mechanism, initial } => Work::Auth {
                    mechanism: mechanism.to_owned(),
                    initial: initial.map(|initial| Zeroizing::new(initial.to_vec())),
                },
                Event::AuthResponse(response) => Work::AuthResponse(Zeroizing::new(response.to_vec())),
                Event::Retrieve { number, .. } => Work::Retrieve(number),
                Event::Update => {
                    Work::Update(server.maildrop().map(|maildrop| maildrop.deleted().collect()).unwrap_or_default())
                }
                told => {
                    session.told(&told);
                    continue;
                }
            };
            let reaction = driver.meanwhile(&mut server, session.work(work)).await;
            let answered = match &reaction {
                Reaction::Accept => server.answer(Answer::Accept, driver.now()),
                Reaction::Refuse => server.answer(Answer::Refuse, driver.now()),
                Reaction::Open(maildrop) => server.answer(Answer::Open(maildrop.clone()), driver.now()),
                Reaction::Reply(response) => server.answer(Answer::Reply(response.clone()), driver.now()),
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
        };
        match turn {
            Turn::Closed => return Ok(()),
            Turn::Body => session.send(&mut driver, &mut server).await?,
            Turn::Secure => {
                let secured = driver.into_stream().secure(host, host.tls.pop3.clone()).await;
                let (link, security) = secured.inspect_err(|_| host.metrics.tls_failures_total.add(1))?;
                driver = Driver::new(link, host.origin);
                session.channel = security.channel;
                server.secured(security.facts, driver.now());
            }
            Turn::Progress | Turn::Answer => {}
        }
    }
}

impl Session<'_> {
    fn told(&mut self, event: &Event<'_>) {
        match event {
            Event::AuthAborted => self.exchange = None,
            Event::Fault(error) => {
                self.host.metrics.faults_total.add(1);
                debug!(session = self.id, address = %self.address, %error, "fault");
            }
            Event::Closing(why @ (Closing::TimedOut(_) | Closing::SentAway)) => {
                info!(session = self.id, address = %self.address, ?why, "closed");
            }
            _ => {}
        }
    }

    async fn work(&mut self, work: Work) -> Reaction {
        match work {
            Work::Login { user, password } => {
                let login = self.host.login(&user, &password, self.address).await;
                self.logged_in(login).await
            }
            Work::Auth { mechanism, initial } => {
                match Exchange::begin(self.host, &mechanism, self.address, &self.channel) {
                    Ok(Some(exchange)) => self.exchange(exchange, initial.as_deref().map(Vec::as_slice)).await,
                    Ok(None) => Reaction::Reply(Response::err(None, "Mechanism not offered")),
                    Err(_) => unavailable(),
                }
            }
            Work::AuthResponse(response) => match self.exchange.take() {
                Some(exchange) => self.exchange(exchange, Some(&response)).await,
                None => unavailable(),
            },
            Work::Retrieve(number) => self.retrieve(number).await,
            Work::Update(deleted) => self.update(&deleted).await,
        }
    }

    async fn exchange(&mut self, mut exchange: Exchange, response: Option<&[u8]>) -> Reaction {
        match exchange.go(self.host, response).await {
            Next::Challenge(challenge) => {
                self.exchange = Some(exchange);
                Reaction::Challenge(challenge)
            }
            Next::Done(login) => self.logged_in(login).await,
        }
    }

    /// What a login comes to: the user's maildrop, or a refusal.
    async fn logged_in(&mut self, login: Login) -> Reaction {
        let account = match login {
            Login::Welcome(account) => account,
            Login::Refused(wait) => {
                info!(session = self.id, address = %self.address, "login failed");
                sleep(wait).await;
                return Reaction::Refuse;
            }
            Login::Malformed => {
                return Reaction::Reply(Response::err(None, "That is not a response of this mechanism"));
            }
            Login::Limited => {
                info!(session = self.id, address = %self.address, "login refused: too many failures");
                return Reaction::Reply(Response::err(Some(Code::SysTemp), "Too many failed logins, try again later"));
            }
            Login::Unavailable => return unavailable(),
        };
        let admission = match self.admission.pop3(account.id, self.address, self.host.now()) {
            Ok(admission) => admission,
            Err(Pop3Refusal::TooMany) => {
                return Reaction::Reply(Response::err(Some(Code::InUse), "Too many sessions of this user"));
            }
            Err(Pop3Refusal::TooSoon) => {
                info!(session = self.id, user = %account.address, "logged in again too soon");
                return Reaction::Reply(Response::err(Some(Code::LoginDelay), "Too soon after your last login"));
            }
        };
        let stored = match self.host.store.maildrop(account.id).await {
            Ok(stored) => stored,
            Err(error) => return self.failed(&error),
        };
        // RFC 1939, 7: the mailbox's incarnation and the UID in it name a message for ever.
        let entries = stored.messages.iter().filter_map(|entry| {
            Some(Entry { size: entry.size, uid: Uid::new(format!("{}.{}", stored.uid_validity, entry.uid))? })
        });
        let maildrop = Maildrop::new(entries);
        info!(session = self.id, address = %self.address, user = %account.address, messages = maildrop.count(), "logged in");
        self.open = Some(OpenMaildrop { account, stored, _admission: admission });
        Reaction::Open(maildrop)
    }

    async fn retrieve(&mut self, number: u32) -> Reaction {
        let Some((open, uid)) = self.open.as_ref().and_then(|open| Some((open, open.uid(number)?))) else {
            return unavailable();
        };
        match self.host.store.open_message(open.account.id, open.stored.mailbox, uid).await {
            Ok(reader) => {
                self.host.metrics.pop3_retrieved_total.add(1);
                self.reader = Some(reader);
                Reaction::Accept
            }
            // Another session has removed it meanwhile.
            Err(store::Error::NoSuchMessage) => Reaction::Reply(Response::err(None, "This message is no longer there")),
            Err(error) => self.failed(&error),
        }
    }

    async fn update(&mut self, deleted: &[u32]) -> Reaction {
        let Some(open) = &self.open else { return unavailable() };
        let uids: Vec<_> = deleted.iter().filter_map(|number| open.uid(*number)).collect();
        if uids.is_empty() {
            return Reaction::Accept;
        }
        match self.host.store.expunge(open.account.id, open.stored.mailbox, uids).await {
            Ok(removed) => {
                self.host.metrics.pop3_deleted_total.add(removed);
                info!(session = self.id, user = %open.account.address, removed, "removed");
                Reaction::Accept
            }
            Err(error) => self.failed(&error),
        }
    }

    /// Sends the message piece by piece, as fast as the client takes it.
    async fn send(&mut self, driver: &mut Driver<Link>, server: &mut Server) -> io::Result<()> {
        let Some(mut reader) = self.reader.take() else {
            return server.feed_failed(driver.now()).map_err(io::Error::other);
        };
        while server.wants_more() {
            let piece = match reader.piece().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => {
                    self.failed(&error);
                    return server.feed_failed(driver.now()).map_err(io::Error::other);
                }
            };
            let mut rest = &piece[..];
            while !rest.is_empty() {
                let taken = server.feed(rest, driver.now());
                rest = rest.get(taken..).unwrap_or_default();
                if taken == 0 && driver.turn(server).await? == Turn::Closed {
                    return Ok(());
                }
            }
        }
        // If a deadline has ended the session meanwhile, there is nothing to end here.
        let _ = server.feed_end(driver.now());
        Ok(())
    }

    fn failed(&self, error: &store::Error) -> Reaction {
        self.host.metrics.store_failures_total.add(1);
        warn!(session = self.id, %error, "the store failed");
        if error.is_temporary() {
            unavailable()
        } else {
            Reaction::Reply(Response::err(Some(Code::SysPerm), "This mailbox is gone"))
        }
    }
}

impl OpenMaildrop {
    fn uid(&self, number: u32) -> Option<store::Uid> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        self.stored.messages.get(index).map(|entry| entry.uid)
    }
}

fn unavailable() -> Reaction {
    Reaction::Reply(Response::err(Some(Code::SysTemp), "Not possible now, try again later"))
}
