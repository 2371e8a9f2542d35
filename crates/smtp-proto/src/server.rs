//! The receiving side of SMTP, submission and LMTP.
//!
//! ```text
//!              Connected?            Hello?               Mail?
//!   connect ───────────► Commands ───────────► Commands ───────────► Commands (transaction open)
//!                           │  ▲                                       │ Recipient?  (again and again)
//!                  StartTls?│  │secured                                │ ContentStart?
//!                           ▼  │                                       ▼
//!                         Securing                              Data or Chunk ──► Body, Body, …
//!                                                                      │ end of content
//!   any state ──► Closing: QUIT, 421, timeout, a fault                 ▼
//!                 that leaves no safe way on                      MessageEnd? ──► Commands
//! ```
//!
//! A `?` marks an event that asks: nothing more is read from the buffer until the caller has answered, however long that takes.

mod auth;
mod clock;
mod commands;
mod config;
mod content;
mod event;

use alloc::{collections::VecDeque, sync::Arc};
use core::time::Duration;

use self::content::{Chunk, Data};
pub use self::{
    config::{Config, Role},
    event::{Aborted, Answer, Closing, ContentStart, Event, Hello, MessageEnd, Notice, Timer},
};
use crate::{
    command::{Command, Syntax},
    error::{Error, Limit},
    limits::Limits,
    reply::Reply,
    status::EnhancedStatus,
};
use wire::{Clock, Input, Line, Lines, Misuse, Output, Secret, TlsFacts, Wants};

/// How much output may wait before no further command is looked at.
const OUTPUT_BOUND: usize = 16_384;

/// The server's side of one connection.
///
/// Bytes go in by [`receive`](Self::receive) (or [`space`](Self::space) and [`received`](Self::received)), events come out of [`poll`](Self::poll), decisions go back by
/// [`answer`](Self::answer), bytes come out of [`transmit`](Self::transmit). Any order of calls is harmless.
///
/// ```
/// use core::time::Duration;
/// use smtp_proto::{Limits, Server, Wants, server::{Answer, Config, Event, Role}};
///
/// let now = Duration::ZERO;
/// let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, now);
/// let mut content = Vec::new();
/// # let mut said = Vec::new();
/// for line in ["", "EHLO client.example.net\r\n", "MAIL FROM:<bob@example.net>\r\n", "RCPT TO:<alice@example.org>\r\n", "DATA\r\n",
///              "Subject: hello\r\n\r\nHi.\r\n.\r\n", "QUIT\r\n"] {
///     server.receive(line.as_bytes(), now);
///     while let Some(event) = server.poll() {
///         if let Event::Body(slice) = event {
///             content.extend_from_slice(slice);
///         } else if event.asks() {
///             server.answer(Answer::Accept, now)?;     // a real server looks at the event first
///         }
///     }
///     // write `server.transmit()` to the socket, then:
/// #   said.extend_from_slice(server.transmit());
///     server.transmitted(server.transmit().len(), now);
/// }
/// assert_eq!(content, b"Subject: hello\r\n\r\nHi.\r\n");
/// assert_eq!(server.wants(), Wants::Close);
/// # assert!(said.starts_with(b"220 mx.example.org ESMTP"));
/// # Ok::<(), smtp_proto::Misuse>(())
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
    /// When the content began.
    content_since: Duration,
    eof: bool,
    shutdown: bool,
    stress: bool,
    refused: bool,
    hello: Option<Extended>,
    authenticated: bool,
    transaction: Option<Transaction>,
    secret: Secret,
    counts: Counts,
}

/// Whether the client said EHLO (or LHLO) or HELO.
type Extended = bool;

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
    /// Content by DATA.
    Data(Data),
    /// Content by BDAT.
    Chunk(Chunk),
    /// 220 to STARTTLS has been given.
    Securing,
    /// Only output is left.
    Closing,
}

/// A question, by kind; its line is at the front of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Connected,
    Hello { extended: bool },
    StartTls,
    Auth { initial: bool },
    AuthResponse,
    Mail { binary: bool, utf8: bool },
    Recipient,
    ContentStart(ContentStart),
    MessageEnd(MessageEnd),
    Verify,
    Proxied { login: bool },
}

#[derive(Clone, Debug, Default)]
struct Transaction {
    /// Recipients accepted.
    recipients: u32,
    /// BODY=BINARYMIME: the content's line ends are its own affair.
    binary: bool,
    utf8: bool,
    /// Content that chunks have brought so far, if there were any.
    chunked: Option<content::Chunked>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    errors: u32,
    junk: u32,
    unknown: u32,
    auth_failures: u32,
    messages: u32,
    bytes: u64,
}

/// What to make an event of, once the state has changed.
enum Found {
    /// A command line of this length at the front of the input.
    Line(usize),
    /// An AUTH response line.
    Response(usize),
    /// Content: this part of the input.
    Content(core::ops::Range<usize>),
    /// A line end that stood for itself.
    LineEnd,
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
    /// Empty while the session takes no input: the buffer is full, TLS is being set up, or the session is over. Ask for it when the
    /// socket is readable, not before: that keeps idle connections small.
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

    /// Says that the client will send nothing more. What it has sent is still worked off; a message that is not complete is dropped (RFC 5321, 4.1.1.4).
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
            Found::LineEnd => Some(Event::Body(b"\r\n")),
            Found::Content(range) => self.input.unread().get(range).map(Event::Body),
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
            Open::StartTls => Event::StartTls,
            Open::AuthResponse => Event::AuthResponse(self.core.secret.expose()),
            Open::ContentStart(start) => Event::ContentStart(start),
            Open::MessageEnd(end) => Event::MessageEnd(end),
            Open::Hello { .. }
            | Open::Mail { .. }
            | Open::Recipient
            | Open::Verify
            | Open::Auth { .. }
            | Open::Proxied { .. } => {
                // The line has been parsed before; it parses again.
                self.core.question(Command::parse(line, &self.core.syntax()).ok()?, open)?
            }
        })
    }

    /// Answers the open question.
    ///
    /// # Errors
    /// [`Misuse`] if no question is open or the answer does not fit it. Nothing has changed then.
    #[allow(clippy::needless_pass_by_value, reason = "an answer is given, once")]
    pub fn answer(&mut self, answer: Answer<'_>, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        let open = self.core.open.ok_or(Misuse("answer: no question is open"))?;
        let more = self.input.len() > self.core.lines.taken();
        self.core.answer(open, &answer, more)?;
        if self.core.open.is_none() {
            self.core.drop_used(&mut self.input);
        }
        Ok(())
    }

    /// Tells the session something of the caller's own accord.
    ///
    /// # Errors
    /// None so far; other sessions of the family have notices that can come at a wrong moment.
    pub fn tell(&mut self, notice: Notice, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        match notice {
            Notice::Stress(stress) => self.core.stress = stress,
            Notice::Shutdown => {
                self.core.shutdown = true;
                self.core.shut_down_if_due();
            }
        }
        Ok(())
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

    /// Says that the TLS handshake is done. Everything the client said before is forgotten (RFC 3207, 4.2); bytes that came in behind STARTTLS in the clear are
    /// dropped, and are the end of the session (row T-1).
    pub fn secured(&mut self, tls: TlsFacts, now: Duration) {
        self.core.clock.set(now);
        if !matches!(self.core.stage, Stage::Securing) {
            return;
        }
        self.core.drop_used(&mut self.input);
        let bytes = self.input.discard();
        self.core.secured(tls);
        if bytes > 0 {
            self.core.end(Error::PlaintextAfterStartTls { bytes });
        }
    }

    /// What is known about TLS, if it is on.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsFacts> {
        self.core.tls.as_ref()
    }

    /// Whether the client said EHLO or LHLO, not HELO; `None` before either. Which protocol name goes into `Received` follows from it.
    #[must_use]
    pub const fn extended(&self) -> Option<bool> {
        self.core.hello
    }

    /// Whether AUTH has succeeded.
    #[must_use]
    pub const fn authenticated(&self) -> bool {
        self.core.authenticated
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
            content_since: now,
            eof: false,
            shutdown: false,
            stress: false,
            refused: false,
            hello: None,
            authenticated: false,
            transaction: None,
            secret: Secret::new(),
            counts: Counts::default(),
        }
    }

    /// Drops the input that the last event was made of, unless it is a question's.
    #[inline]
    fn drop_used(&mut self, input: &mut Input) {
        if self.open.is_none() && self.lines.drop_taken(input) {
            self.secret.clear();
        }
    }

    const fn takes_input(&self) -> bool {
        !self.eof && !matches!(self.stage, Stage::Securing | Stage::Closing)
    }

    /// How the next command is to be read.
    fn syntax(&self) -> Syntax {
        let mut syntax = self.config.syntax;
        syntax.utf8 = self.transaction.as_ref().is_some_and(|t| t.utf8);
        syntax
    }

    /// Looks at the front of the input and says what it is.
    fn find(&mut self, input: &mut Input) -> Found {
        let found = match &self.stage {
            Stage::Greeting => {
                self.open = Some(Open::Connected);
                return Found::Event(Event::Connected);
            }
            Stage::Securing | Stage::Closing => return Found::Nothing,
            Stage::Commands | Stage::Auth => self.find_line(input),
            Stage::Skip(limit) => {
                let limit = *limit;
                self.skip_line(input, limit)
            }
            Stage::Data(_) => self.find_data(input),
            Stage::Chunk(_) => self.find_chunk(input),
        };
        if matches!(found, Found::Nothing) && self.eof {
            self.close(Closing::PeerClosed);
            return self.told.pop_front().map_or(Found::Nothing, Found::Event);
        }
        found
    }

    fn find_line(&mut self, input: &mut Input) -> Found {
        let auth = matches!(self.stage, Stage::Auth);
        let unread = input.unread();
        // The rows' cheap cases first: what cannot be SMTP is not waited for. (W-6: a TLS hello, a binary protocol.)
        if self.hello.is_none()
            && unread.first().is_some_and(|byte| !byte.is_ascii_graphic() && !matches!(byte, b'\r' | b'\n' | b' '))
        {
            input.discard();
            return Found::Event(self.send_away(Error::ForeignProtocol));
        }
        let (limit, name) =
            if auth { (self.limits.auth_line, Limit::AuthLine) } else { (self.line_limit(unread), Limit::CommandLine) };
        match self.lines.next(unread, limit) {
            Line::Partial => Found::Nothing,
            Line::Whole { text, total } => {
                self.lines.take(total);
                if auth { Found::Response(text) } else { Found::Line(text) }
            }
            Line::BareLf { total, .. } => {
                self.lines.take(total);
                Found::Event(self.send_away(Error::BareLineEnd { bare: crate::framing::Bare::Lf, content: false }))
            }
            Line::TooLong => {
                self.stage = Stage::Skip(name);
                self.skip_line(input, name)
            }
        }
    }

    /// AUTH lines may be longer, since an initial response is on them (RFC 4954, 4).
    fn line_limit(&self, unread: &[u8]) -> usize {
        match unread.get(..5) {
            Some(verb) if verb.eq_ignore_ascii_case(b"AUTH ") => self.limits.auth_line,
            _ => self.limits.command_line,
        }
    }

    fn skip_line(&mut self, input: &mut Input, limit: Limit) -> Found {
        if !self.lines.skip_line(input) {
            return Found::Nothing;
        }
        self.stage = Stage::Commands;
        if limit == Limit::AuthLine {
            self.told.push_back(Event::AuthAborted);
        }
        let value = if limit == Limit::AuthLine { self.limits.auth_line } else { self.limits.command_line };
        Found::Event(self.fault(Error::Limit { limit, value: value as u64 }))
    }

    /// Opens a question.
    fn ask(&mut self, open: Open) {
        self.open = Some(open);
    }

    /// Queues a reply.
    fn reply(&mut self, reply: &Reply<'_>) {
        reply.write(self.output.tail());
        self.clock.spoke();
    }

    fn say(&mut self, code: u16, status: (u8, u16, u16), text: &str) {
        self.reply(&Reply::new(code, Some(EnhancedStatus::new(status.0, status.1, status.2)), text));
    }

    /// Gives the reply to a fault, counts it, and makes the event.
    fn fault(&mut self, error: Error) -> Event<'static> {
        self.reply(&error.reply());
        self.counts.errors += 1;
        let hard = if self.stress { 1 } else { self.limits.hard_errors };
        if self.counts.errors >= hard {
            self.end_by(Limit::Errors, u64::from(hard));
        } else if self.counts.errors > self.limits.soft_errors {
            self.clock.hold_for(self.limits.error_delay);
        }
        Event::Fault(error)
    }

    /// Gives the reply to a fault that leaves no safe way to go on, and closes.
    fn send_away(&mut self, error: Error) -> Event<'static> {
        self.reply(&error.reply());
        self.close(Closing::SentAway);
        Event::Fault(error)
    }

    /// Ends the session because a limit has been passed: 421.
    fn end_by(&mut self, limit: Limit, value: u64) {
        self.end(Error::Limit { limit, value });
    }

    /// Ends the session because of this, behind what is already told.
    fn end(&mut self, error: Error) {
        self.reply(&error.reply());
        self.told.push_back(Event::Fault(error));
        self.close(Closing::SentAway);
    }

    /// Counts a command that does nothing for a message.
    fn junk(&mut self) -> Result<(), Error> {
        self.counts.junk += 1;
        let limit = if self.stress { 1 } else { self.limits.junk_commands };
        if self.counts.junk > limit {
            Err(Error::Limit { limit: Limit::JunkCommands, value: u64::from(limit) })
        } else {
            Ok(())
        }
    }

    /// Ends the session; what is queued is still sent.
    fn close(&mut self, why: Closing) {
        if self.stage_is_auth() {
            self.told.push_back(Event::AuthAborted);
        }
        self.abort(Aborted::Ended);
        self.open = None;
        self.stage = Stage::Closing;
        self.secret.clear();
        self.told.push_back(Event::Closing(why));
    }

    fn stage_is_auth(&self) -> bool {
        matches!(self.stage, Stage::Auth) || matches!(self.open, Some(Open::Auth { .. } | Open::AuthResponse))
    }

    /// Drops the transaction, if there is one, and tells.
    fn abort(&mut self, why: Aborted) {
        // What failed in a chunk has been told then.
        if self.transaction.take().is_some_and(|t| !t.chunked.is_some_and(|chunks| chunks.failed)) {
            self.told.push_back(Event::Aborted(why));
        }
    }

    /// Says 421 and closes if shutdown has been asked for and no content is on its way.
    fn shut_down_if_due(&mut self) {
        let busy = matches!(self.stage, Stage::Data(_) | Stage::Chunk(_) | Stage::Closing)
            || matches!(self.open, Some(Open::MessageEnd(_)))
            || self.transaction.as_ref().is_some_and(|t| t.chunked.is_some());
        if self.shutdown && !busy {
            // A client in the middle of a handshake must not be sent plaintext (RFC 3207, 4).
            if !matches!(self.stage, Stage::Securing) {
                self.say(421, (4, 3, 2), "Shutting down: try again later");
            }
            self.close(Closing::Shutdown);
        }
    }
}
