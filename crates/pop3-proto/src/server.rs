//! The serving side of POP3.
//!
//! ```text
//!              Connected?             Login? / Auth?           Opened?
//!   connect ───────────► Authorization ───────────► (question) ───────► Transaction ──► Retrieve? ──► feed, feed, … feed_end
//!                           │   ▲                                            │  ▲             │
//!                     Stls? │   │ secured                                    │  └─────────────┘
//!                           ▼   │                                      QUIT  │
//!                          Securing                                          ▼
//!                                                                         Update? ──► Closing
//!   a connection that ends in any other way removes nothing (RFC 1939, 6)
//! ```
//!
//! A `?` marks an event that asks: nothing more is read from the buffer until the caller has answered, however long that takes.

mod auth;
mod clock;
mod commands;
mod config;
mod event;
mod language;
mod listing;
mod reading;
mod retrieve;
mod saying;

use alloc::{collections::VecDeque, string::String, sync::Arc};
use core::time::Duration;

pub use self::{
    config::Config,
    event::{Answer, Closing, Event, Notice, Timer},
};
use self::{language::Chosen, listing::Listing, retrieve::Retrieval};
use crate::{
    apop::Timestamp,
    capabilities::{Expire, LoginDelay},
    command::Command,
    error::{Error, Limit},
    limits::Limits,
    maildrop::Maildrop,
};
use wire::{Clock, Input, Lines, Misuse, Output, Secret, TlsFacts, Wants};

/// How much output may wait before nothing further is written.
const OUTPUT_BOUND: usize = 16_384;

/// The server's side of one connection.
///
/// Bytes go in by [`receive`](Self::receive) (or [`space`](Self::space) and [`received`](Self::received)), events come out of [`poll`](Self::poll), decisions go back by
/// [`answer`](Self::answer), messages go out by [`feed`](Self::feed), bytes come out of [`transmit`](Self::transmit). Any order of calls is harmless.
///
/// ```
/// use core::time::Duration;
/// use pop3_proto::{Limits, Server, Wants, maildrop::{Entry, Maildrop, Uid}, server::{Answer, Config, Event}};
/// # use wire::{TlsFacts, TlsVersion};
///
/// let message = b"Subject: hello\r\n\r\n.hidden\r\n";
/// let now = Duration::ZERO;
/// let tls = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
/// let mut server = Server::new(Config::default(), Limits::default(), Some(tls), now);
/// let mut said = Vec::new();
/// for packet in ["", "USER ann\r\nPASS secret\r\n", "RETR 1\r\n", "DELE 1\r\nQUIT\r\n"] {
///     server.receive(packet.as_bytes(), now);
///     loop {
///         while let Some(event) = server.poll() {
///             let answer = match event {
///                 Event::Login { user, password } if (user, password) == ("ann", "secret") => {
///                     let entry = Entry { size: message.len() as u64, uid: Uid::new("u1").unwrap() };
///                     Answer::Open(Maildrop::new([entry]))
///                 }
///                 Event::Login { .. } => Answer::Refuse,
///                 event if event.asks() => Answer::Accept,     // on Update: remove what is marked, then accept
///                 _ => continue,
///             };
///             server.answer(answer, now)?;
///         }
///         if let Wants::Body { .. } = server.wants() {
///             server.feed(message, now);                       // from your storage, piece by piece
///             server.feed_end(now)?;
///             continue;
///         }
///         break;
///     }
///     said.extend_from_slice(server.transmit());
///     server.transmitted(server.transmit().len(), now);
/// }
/// assert!(said.ends_with(b"Subject: hello\r\n\r\n..hidden\r\n.\r\n+OK Marked\r\n+OK Bye\r\n"));
/// assert_eq!(server.wants(), Wants::Close);
/// # Ok::<(), wire::Misuse>(())
/// ```
#[derive(Clone, Debug)]
pub struct Server {
    input: Input,
    core: Core,
}

/// Everything but the input buffer, so that an event may borrow the one while the other changes.
#[derive(Clone, Debug)]
struct Core {
    config: Arc<Config>,
    limits: Limits,
    tls: Option<TlsFacts>,
    lines: Lines,
    output: Output,
    stage: Stage,
    /// The question that waits for its answer.
    open: Option<Open>,
    /// Events that need no input, in order.
    told: VecDeque<Event<'static>>,
    clock: Clock,
    eof: bool,
    shutdown: bool,
    /// The name of the last USER.
    user: Option<String>,
    maildrop: Option<Maildrop>,
    /// The greeting's timestamp, if APOP is served.
    timestamp: Option<Timestamp>,
    /// UTF8 has been said.
    utf8: bool,
    /// What LANG has chosen.
    language: Option<Chosen>,
    /// What CAPA says of the user who has logged in.
    expire: Option<Expire>,
    login_delay: Option<LoginDelay>,
    secret: Secret,
    errors: u32,
    auth_failures: u32,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Until the greeting has been decided on.
    Greeting,
    /// Between commands.
    Commands,
    /// The next line is an AUTH response.
    Auth,
    /// An over-long line is being thrown away; the fault is told at its end.
    Skip(Limit),
    /// A long list goes out as fast as the client takes it.
    Listing(Listing),
    /// A message goes out.
    Retrieving(Retrieval),
    /// `+OK` to STLS has been given.
    Securing,
    /// Only output is left.
    Closing,
}

/// A question, by kind; its line is at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Connected,
    Stls,
    Login,
    Apop,
    Auth { initial: bool },
    AuthResponse,
    Retrieve { number: u32, lines: Option<u64> },
    Update,
}

/// What to make an event of, once the state has changed.
enum Found {
    /// A command line of this length at the front of the input.
    Line(usize),
    /// An AUTH response line.
    Response(usize),
    Event(Event<'static>),
    Nothing,
}

impl Server {
    /// A session at its start, at the moment `now`. `tls` says what is known about TLS if the connection began with it (RFC 8314, 3.3); else `None`.
    ///
    /// The first event asks for the greeting.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>, limits: Limits, tls: Option<TlsFacts>, now: Duration) -> Self {
        let input = Input::new(limits.buffer.max(2 * limits.command_line.max(limits.auth_line)));
        Self { input, core: Core::new(config.into(), limits, tls, now) }
    }

    /// Where the next bytes from the client may be written; say how many by [`received`](Self::received).
    ///
    /// Empty while the session takes no input. Ask for it when the socket is readable, not before: that keeps idle connections small.
    pub fn space(&mut self) -> &mut [u8] {
        self.core.drop_used(&mut self.input);
        if self.core.takes_input() { self.input.space() } else { &mut [] }
    }

    /// Says that `n` bytes have come in through [`space`](Self::space).
    pub fn received(&mut self, n: usize, now: Duration) {
        self.core.clock.set(now);
        if self.core.takes_input() && n > 0 {
            self.input.received(n);
            self.core.clock.heard();
        }
    }

    /// Copies in as many of `bytes` as there is room for, and says how many that were.
    pub fn receive(&mut self, bytes: &[u8], now: Duration) -> usize {
        self.core.clock.set(now);
        self.core.drop_used(&mut self.input);
        if !self.core.takes_input() || bytes.is_empty() {
            return 0;
        }
        self.core.clock.heard();
        self.input.receive(bytes)
    }

    /// Says that the client will send nothing more. What it has sent is still worked off; without QUIT nothing is removed (RFC 1939, 6).
    pub fn closed(&mut self, now: Duration) {
        self.core.clock.set(now);
        if !self.core.eof {
            self.core.eof = true;
            if !matches!(self.core.stage, Stage::Closing) {
                self.core.told.push_back(Event::PeerClosed);
            }
        }
    }

    /// The next event. `None`: look at [`wants`](Self::wants).
    pub fn poll(&mut self) -> Option<Event<'_>> {
        self.core.drop_used(&mut self.input);
        if let Some(event) = self.core.told.pop_front() {
            return Some(event);
        }
        if self.core.open.is_some() || self.core.clock.is_held() || self.core.output.len() > OUTPUT_BOUND {
            return None;
        }
        match self.core.find(&mut self.input) {
            Found::Nothing => None,
            Found::Event(event) => Some(event),
            Found::Line(text) => {
                let unread = self.input.unread();
                let line = unread.get(..text).unwrap_or_default();
                Some(self.core.command(line, unread.len() > text + 2))
            }
            Found::Response(text) => {
                let unread = self.input.unread();
                let line = unread.get(..text).unwrap_or_default();
                Some(self.core.auth_response(line, unread.len() > text + 2))
            }
        }
    }

    /// The question that waits for an answer, to look at again.
    #[must_use]
    pub fn asked(&self) -> Option<Event<'_>> {
        let open = self.core.open?;
        let line = self.input.unread().get(..self.core.lines.taken().saturating_sub(2)).unwrap_or_default();
        Some(match open {
            Open::Connected => Event::Connected,
            Open::Stls => Event::Stls,
            Open::AuthResponse => Event::AuthResponse(self.core.secret.expose()),
            Open::Retrieve { number, lines } => Event::Retrieve { number, lines },
            Open::Update => Event::Update,
            // The line has been parsed before; it parses again.
            Open::Login | Open::Apop | Open::Auth { .. } => self.core.question(Command::parse(line).ok()?, open)?,
        })
    }

    /// Answers the open question.
    ///
    /// # Errors
    /// [`Misuse`] if no question is open or the answer does not fit it. Nothing has changed then.
    pub fn answer(&mut self, answer: Answer<'_>, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        let open = self.core.open.ok_or(Misuse("answer: no question is open"))?;
        let more = self.input.len() > self.core.lines.taken();
        self.core.answer(open, answer, more)?;
        if self.core.open.is_none() {
            self.core.drop_used(&mut self.input);
        }
        Ok(())
    }

    /// Tells the session something of the caller's own accord.
    ///
    /// # Errors
    /// [`Misuse`]: what concerns a user, before login. Nothing has changed then.
    pub fn tell(&mut self, notice: Notice, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        match notice {
            Notice::Shutdown => {
                self.core.shutdown = true;
                self.core.shut_down_if_due();
            }
            _ if self.core.maildrop.is_none() => return Err(Misuse("tell: nobody has logged in")),
            Notice::Retention(retention) => self.core.expire = Some(Expire { retention, per_user: false }),
            Notice::LoginDelay(seconds) => self.core.login_delay = Some(LoginDelay { seconds, per_user: false }),
        }
        Ok(())
    }

    /// Sends the next piece of the message that was asked for, and says how much of it was taken: 0 means that what is there must be
    /// [sent](Self::transmitted) first. Line feeds and carriage returns that stand alone go out as CRLF, and dots are stuffed (RFC 1939, 3).
    ///
    /// After TOP's last line the rest is taken and not sent; [`wants_more`](Self::wants_more) says so early.
    pub fn feed(&mut self, body: &[u8], now: Duration) -> usize {
        self.core.clock.set(now);
        self.core.feed(body)
    }

    /// Whether more of the message is of any use: TOP asks for its beginning only.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        matches!(&self.core.stage, Stage::Retrieving(retrieval) if retrieval.wants_more())
    }

    /// Says that the message is complete.
    ///
    /// # Errors
    /// [`Misuse`] if none is on its way.
    pub fn feed_end(&mut self, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        self.core.feed_end()
    }

    /// Says that the rest of the message cannot be had. There is no way to tell the client but to end the connection: what it has is then plainly not whole.
    ///
    /// # Errors
    /// [`Misuse`] if none is on its way.
    pub fn feed_failed(&mut self, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        self.core.feed_failed()
    }

    /// What the session waits for once [`poll`](Self::poll) gives nothing more.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let core = &self.core;
        match core.stage {
            _ if core.clock.is_held() => Wants::Flush,
            Stage::Closing => Wants::Close,
            _ if core.open.is_some() => Wants::Answer,
            Stage::Securing => Wants::Secure,
            _ if core.output.len() > OUTPUT_BOUND => Wants::Flush,
            Stage::Retrieving(_) => Wants::Body { left: None },
            _ => Wants::Input,
        }
    }

    /// What is to be sent to the client now.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        if self.core.clock.is_held() { &[] } else { self.core.output.unsent() }
    }

    /// Says that the first `n` bytes of [`transmit`](Self::transmit) have been sent.
    pub fn transmitted(&mut self, n: usize, now: Duration) {
        self.core.clock.set(now);
        if n > 0 && !self.core.clock.is_held() {
            self.core.output.transmitted(n);
            self.core.clock.spoke();
        }
    }

    /// The next moment, on the caller's clock, at which [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let buffers = self.input.capacity() + self.core.output.capacity() > 0;
        let idle = self.input.is_empty() && self.core.output.is_empty();
        let quiet = (buffers && idle).then(|| self.core.quiet());
        [self.core.expiry().map(|(at, _)| at), self.core.clock.held_until(), quiet].into_iter().flatten().min()
    }

    /// Says what time it is. Deadlines that have passed are acted upon.
    pub fn tick(&mut self, now: Duration) {
        self.core.clock.set(now);
        self.core.clock.let_go();
        self.core.drop_used(&mut self.input);
        if now >= self.core.quiet() {
            self.input.release();
            self.core.output.release();
        }
        self.core.expire();
    }

    /// Says that the TLS handshake is done. Bytes that came in behind STLS in the clear are dropped, and are the end of the session (row T-1).
    pub fn secured(&mut self, tls: TlsFacts, now: Duration) {
        self.core.clock.set(now);
        if !matches!(self.core.stage, Stage::Securing) {
            return;
        }
        self.core.drop_used(&mut self.input);
        let bytes = self.input.discard();
        self.core.secured(tls);
        if bytes > 0 {
            let fault = self.core.fault(Error::PlaintextAfterStls { bytes });
            self.core.told.push_back(fault);
            self.core.close(Closing::SentAway);
        }
    }

    /// What is known about TLS, if it is on.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsFacts> {
        self.core.tls.as_ref()
    }

    /// The maildrop, once it has been opened: which messages are marked is here to see at [`Event::Update`].
    #[must_use]
    pub const fn maildrop(&self) -> Option<&Maildrop> {
        self.core.maildrop.as_ref()
    }

    /// Whether the client has said UTF8. If not, a message with UTF-8 in its header is sent to it as a surrogate (RFC 6855, 7), or refused with
    /// [`Code::Utf8`](crate::response::Code::Utf8) (RFC 6856, 2.1).
    #[must_use]
    pub const fn utf8(&self) -> bool {
        self.core.utf8
    }

    /// The tag of the language that the client has chosen by LANG, in which [`Answer::Reply`] is to speak (RFC 6856, 3.2). `None`: English in ASCII.
    #[must_use]
    pub fn language(&self) -> Option<&str> {
        self.core.language.map(|chosen| self.core.tag(chosen))
    }

    /// How many bytes of memory the session's buffers hold at the moment.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.input.capacity() + self.core.output.capacity()
    }
}

impl Core {
    fn new(config: Arc<Config>, limits: Limits, tls: Option<TlsFacts>, now: Duration) -> Self {
        Self {
            config,
            limits,
            tls,
            lines: Lines::new(),
            output: Output::new(),
            stage: Stage::Greeting,
            open: None,
            told: VecDeque::new(),
            clock: Clock::new(now),
            eof: false,
            shutdown: false,
            user: None,
            maildrop: None,
            timestamp: None,
            utf8: false,
            language: None,
            expire: None,
            login_delay: None,
            secret: Secret::new(),
            errors: 0,
            auth_failures: 0,
        }
    }
}
