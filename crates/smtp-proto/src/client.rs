//! The sending side of SMTP, submission and LMTP.
//!
//! ```text
//!   connect ──► Hello: greeting, EHLO (LHLO, HELO) ──► Ready ◄───────────────────────────────┐
//!                 ▲            │ STARTTLS                │ Send                              │
//!                 │ secured    ▼                         ▼                                   │
//!                 └───────── Securing                 Envelope ──► Recipient, Recipient, …   │ RSET,
//!                                                        │     ──► Refused, or nobody left ──┤ if need be
//!                                                        ▼                                   │
//!   Ready ──► Auth, Verify, Noop, ...   ──► Ready     Content ◄── feed, feed, …              │
//!                                                        │ BodyEnd                           │
//!   Ready ──► Quit ──► Closing                           ▼                                   │
//!   any state ──► Failed ──► Closing                  Ending ──► Delivered or Refused ───────┘
//! ```
//!
//! All up to the first `Ready` goes by itself. Then the caller tells [requests](Request), one after the other, each at an [`Event::Ready`].

mod auth;
mod clock;
mod config;
mod content;
mod error;
mod event;
mod hello;
mod limits;
mod message;
mod replies;

use alloc::{borrow::ToOwned, collections::VecDeque, sync::Arc};
use core::time::Duration;

use self::{auth::Auth, content::Content, message::Message, replies::Scan};
pub use self::{
    config::{Config, Role, StartTls, WithoutDsn},
    error::{Error, Limit, Outcome, Step, Timer, Unsendable},
    event::{Answer, Envelope, Event, Request},
    limits::Limits,
};
use crate::{command::Command, ehlo::Capabilities, reply::Reply, status::EnhancedStatus};
use wire::{Clock, Input, Lines, Misuse, Output, Secret, TlsFacts, Wants};

/// The client's side of one connection.
///
/// Bytes go in by [`receive`](Self::receive) (or [`space`](Self::space) and [`received`](Self::received)), events come out of [`poll`](Self::poll), requests go in by
/// [`tell`](Self::tell), content by [`feed`](Self::feed), bytes come out of [`transmit`](Self::transmit). Any order of calls is harmless.
///
/// ```
/// use core::time::Duration;
/// use smtp_proto::{
///     Client, Wants,
///     client::{Config, Envelope, Event, Limits, Request, Role},
///     command::{ForwardPath, Mail, MailParams, Rcpt, RcptParams, ReversePath},
/// };
///
/// let mail = Mail { reverse_path: ReversePath::parse("<bob@example.net>", false)?, params: MailParams::default() };
/// let recipients = [Rcpt { forward_path: ForwardPath::parse("<alice@example.org>", false)?, params: RcptParams::default() }];
/// let mut requests = vec![Request::Quit, Request::Send(Envelope { mail: &mail, recipients: &recipients })];
/// let mut delivered = false;
///
/// let now = Duration::ZERO;
/// let mut client = Client::new(Config::new(Role::Smtp, "client.example.net"), Limits::default(), None, now);
/// # let mut said = Vec::new();
/// for line in ["220 mx.example.org\r\n", "250-mx.example.org\r\n250 PIPELINING\r\n", "250 Fine\r\n", "250 Fine\r\n", "354 Go on\r\n",
///              "250 Taken\r\n", "221 Bye\r\n"] {
///     client.receive(line.as_bytes(), now);
///     while let Some(event) = client.poll() {
///         match event {
///             Event::Ready => if let Some(request) = requests.pop() { client.tell(request, now)? },
///             Event::Delivered { .. } => delivered = true,
///             _ => {}     // a real client looks at refusals and failures
///         }
///     }
///     if let Wants::Body { .. } = client.wants() {
///         assert_eq!(client.feed(b"Subject: hello\r\n\r\nHi.\r\n", now), 23);
///         client.tell(Request::BodyEnd, now)?;
///     }
///     // write `client.transmit()` to the socket, then:
/// #   said.extend_from_slice(client.transmit());
///     client.transmitted(client.transmit().len(), now);
/// }
/// assert!(delivered);
/// assert_eq!(client.wants(), Wants::Close);
/// # assert_eq!(String::from_utf8(said)?, "EHLO client.example.net\r\nMAIL FROM:<bob@example.net>\r\nRCPT TO:<alice@example.org>\r\nDATA\r\n\
/// #                                       Subject: hello\r\n\r\nHi.\r\n.\r\nQUIT\r\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
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
    scan: Scan,
    output: Output,
    /// A line of an AUTH exchange, sent behind `output` and wiped then.
    secret: Secret,
    secret_sent: usize,
    /// How many bytes have been sent in all.
    sent: u64,
    stage: Stage,
    /// What has been said and has had no reply, in order.
    waiting: VecDeque<Waiting>,
    /// A challenge waits for its answer.
    asking: bool,
    /// A reply is there to something that has not been sent yet.
    held: bool,
    /// Events that need no input, in order.
    told: VecDeque<Event<'static>>,
    clock: Clock,
    /// When the message began, moved on by the time that its caller took.
    message_since: Duration,
    eof: bool,
    capabilities: Capabilities,
    authenticated: bool,
    auth: Auth,
    message: Option<Message>,
    /// How many messages have been begun.
    messages: u32,
    /// RCPT commands that are still to be said.
    recipients: Output,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Until the session is ready for the first time, or again after TLS.
    Hello,
    /// 220 to STARTTLS has come.
    Securing,
    /// Nothing is on its way.
    Ready,
    /// AUTH, VRFY, NOOP or the caller's RSET.
    Request,
    /// MAIL, RCPT and DATA, and what is left of them once the message is over.
    Envelope,
    /// Content is being fed.
    Content(Content),
    /// The end of the content has been said.
    Ending,
    /// RSET behind a message that came to nothing.
    Clearing,
    /// QUIT
    Quitting,
    /// Nothing more is said or heard.
    Closing,
}

/// Something said that has had no reply.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    step: Step,
    /// How many bytes have been sent in all when it has been.
    end: u64,
}

/// What to make of a reply once the state has changed.
enum Taken {
    Event(About),
    Nothing,
}

/// What a reply tells the caller.
#[derive(Clone, Copy, Debug)]
enum About {
    TlsRefused,
    Challenge,
    Authenticated,
    AuthFailed,
    Answered(Step),
    Recipient(u32),
    Delivered(Option<u32>),
    Refused { step: Step, recipient: Option<u32> },
}

impl Client {
    /// A session at its start, at the moment `now`. `tls` says what is known about TLS if the connection began with it (RFC 8314, 3.3); else `None`.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>, limits: Limits, tls: Option<TlsFacts>, now: Duration) -> Self {
        let input = Input::new(2 * limits.reply.max(limits.reply_line).max(limits.auth_line));
        Self { input, core: Core::new(config.into(), limits, tls, now) }
    }

    /// Where the next bytes from the server may be written; say how many by [`received`](Self::received).
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

    /// Says that the server will send nothing more. What it has sent is still worked off.
    pub fn closed(&mut self, now: Duration) {
        self.core.clock.set(now);
        self.core.eof = true;
    }

    /// The next event. `None`: look at [`wants`](Self::wants).
    pub fn poll(&mut self) -> Option<Event<'_>> {
        self.core.drop_used(&mut self.input);
        if let Some(event) = self.core.told.pop_front() {
            return Some(event);
        }
        let Some(about) = self.core.find(&mut self.input) else { return self.core.told.pop_front() };
        if matches!(about, About::Challenge) {
            return Some(Event::Challenge(self.core.auth.challenge.expose()));
        }
        let bytes = self.input.unread().get(..self.core.lines.taken()).unwrap_or_default();
        let (reply, _) = Reply::parse(bytes).ok().flatten()?;
        Some(match about {
            About::TlsRefused => Event::TlsRefused(reply),
            About::Challenge => return None,
            About::Authenticated => Event::Authenticated(reply),
            About::AuthFailed => Event::AuthFailed(reply),
            About::Answered(step) => Event::Answered { step, reply },
            About::Recipient(index) => Event::Recipient { index, reply: too_many(reply) },
            About::Delivered(recipient) => Event::Delivered { recipient, reply },
            About::Refused { step, recipient } => Event::Refused { step, recipient, reply },
        })
    }

    /// The question that waits for an answer, to look at again.
    #[must_use]
    pub fn asked(&self) -> Option<Event<'_>> {
        self.core.asking.then(|| Event::Challenge(self.core.auth.challenge.expose()))
    }

    /// Answers the open question.
    ///
    /// # Errors
    /// [`Misuse`] if no question is open or the response is longer than [`Limits::auth_line`]. Nothing has changed then.
    pub fn answer(&mut self, answer: Answer<'_>, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        if !self.core.asking {
            return Err(Misuse("answer: no question is open"));
        }
        self.core.respond(answer)
    }

    /// Tells the session what the caller wants done.
    ///
    /// # Errors
    /// [`Misuse`] if the request makes no sense at this moment: most need a session that is [ready](Event::Ready), `Auth` needs TLS and a mechanism that the server
    /// offers, `Send` at least one recipient. Nothing has changed then.
    pub fn tell(&mut self, request: Request<'_>, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        self.core.drop_used(&mut self.input);
        match request {
            Request::BodyEnd => return self.core.body_end(),
            Request::Abandon => return self.core.abandon(),
            _ if !matches!(self.core.stage, Stage::Ready) => {
                return Err(Misuse("tell: the session is not ready for a request"));
            }
            Request::Send(Envelope { recipients, .. })
                if recipients.is_empty() || u32::try_from(recipients.len()).is_err() =>
            {
                return Err(Misuse("tell: a message needs a recipient"));
            }
            Request::Auth { mechanism, .. } => self.core.admit_auth(mechanism)?,
            Request::Verify(user) if user.is_empty() || user.bytes().any(|byte| byte.is_ascii_control()) => {
                return Err(Misuse("tell: VRFY needs a name without control characters"));
            }
            Request::Xclient(_) if !self.core.capabilities.xclient => {
                return Err(Misuse("tell: the server does not offer XCLIENT"));
            }
            Request::Xforward(_) if !self.core.capabilities.xforward => {
                return Err(Misuse("tell: the server does not offer XFORWARD"));
            }
            _ => {}
        }
        // Row W-11: what is there already cannot be the reply.
        if !self.input.is_empty() {
            self.core.spoken_to(&self.input, matches!(request, Request::Send(_)));
            return Ok(());
        }
        match request {
            Request::Auth { mechanism, initial } => self.core.authenticate(mechanism, initial)?,
            Request::Send(envelope) => self.core.send(envelope),
            Request::Verify(user) => self.core.verify(user),
            Request::Xclient(attributes) => self.core.request(Step::Xclient, &Command::Xclient(attributes.clone())),
            Request::Xforward(attributes) => self.core.request(Step::Xforward, &Command::Xforward(attributes.clone())),
            Request::Noop => self.core.request(Step::Noop, &Command::Noop(b"")),
            Request::Reset => self.core.request(Step::Rset, &Command::Rset),
            Request::Quit => self.core.quit(),
            Request::BodyEnd | Request::Abandon => {}
        }
        Ok(())
    }

    /// Feeds the next piece of the message's content, and says how much of it was taken: 0 unless the session [wants](Self::wants) the body.
    ///
    /// The session stuffs dots or makes chunks; the content is plain, with CRLF at its line ends. Half a line end becomes a whole one, and so does a missing last
    /// one (row W-2), unless the content is declared BINARYMIME.
    pub fn feed(&mut self, content: &[u8], now: Duration) -> usize {
        self.core.clock.set(now);
        self.core.feed(content)
    }

    /// What the session waits for once [`poll`](Self::poll) gives nothing more. While it is ready for a request that is `Input`, since the server may close.
    #[must_use]
    pub fn wants(&self) -> Wants {
        let core = &self.core;
        match core.stage {
            Stage::Closing => Wants::Close,
            _ if core.asking => Wants::Answer,
            Stage::Securing => Wants::Secure,
            _ if core.held => Wants::Flush,
            Stage::Content(_) if core.room() > 0 => Wants::Body { left: None },
            Stage::Content(_) if !core.output.is_empty() => Wants::Flush,
            _ => Wants::Input,
        }
    }

    /// What is to be sent to the server now.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        if self.core.output.is_empty() { self.core.secret_unsent() } else { self.core.output.unsent() }
    }

    /// Says that the first `n` bytes of [`transmit`](Self::transmit) have been sent. What carried a secret is wiped.
    pub fn transmitted(&mut self, n: usize, now: Duration) {
        self.core.clock.set(now);
        self.core.transmitted(n);
    }

    /// The next moment, on the caller's clock, at which [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let core = &self.core;
        let buffers = self.input.capacity() + core.output.capacity() + core.recipients.capacity() > 0;
        let idle = self.input.is_empty() && core.output.is_empty() && core.recipients.is_empty();
        let quiet = (buffers && idle).then(|| core.quiet());
        [core.expiry().map(|(at, _)| at), quiet].into_iter().flatten().min()
    }

    /// Says what time it is. Deadlines that have passed are acted upon.
    pub fn tick(&mut self, now: Duration) {
        self.core.clock.set(now);
        self.core.drop_used(&mut self.input);
        if now >= self.core.quiet() {
            self.input.release();
            self.core.output.release();
            self.core.recipients.release();
        }
        self.core.expire();
    }

    /// Says that the TLS handshake is done. Everything the server said before is forgotten (RFC 3207, 4.2); bytes that came in behind its reply to STARTTLS are
    /// dropped, and are the end of the session (row T-2).
    pub fn secured(&mut self, tls: TlsFacts, now: Duration) {
        self.core.clock.set(now);
        if !matches!(self.core.stage, Stage::Securing) {
            return;
        }
        self.core.drop_used(&mut self.input);
        match self.input.discard() {
            0 => self.core.secured(tls),
            bytes => self.core.fail(Error::PlaintextAfterStartTls { bytes }),
        }
    }

    /// What the server offers, as it said last. Nothing before the first [`Event::Ready`], and nothing if it knows only HELO.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.core.capabilities
    }

    /// What is known about TLS, if it is on.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsFacts> {
        self.core.tls.as_ref()
    }

    /// Whether AUTH has succeeded.
    #[must_use]
    pub const fn authenticated(&self) -> bool {
        self.core.authenticated
    }

    /// How many bytes of memory the session's buffers hold at the moment.
    #[must_use]
    pub const fn memory(&self) -> usize {
        let content = if let Stage::Content(content) = &self.core.stage { content.capacity() } else { 0 };
        self.input.capacity() + self.core.output.capacity() + self.core.recipients.capacity() + content
    }
}

/// RFC 5321, 4.5.3.1.10: 552 to RCPT means too many recipients, for now.
fn too_many(reply: Reply<'_>) -> Reply<'_> {
    if reply.code() != 552 {
        return reply;
    }
    let status = reply.status().map(|status| EnhancedStatus::new(4, status.subject(), status.detail()));
    Reply::new(452, status, reply.text().to_owned())
}

impl Core {
    fn new(config: Arc<Config>, limits: Limits, tls: Option<TlsFacts>, now: Duration) -> Self {
        Self {
            config,
            limits,
            tls,
            lines: Lines::new(),
            scan: Scan::default(),
            output: Output::new(),
            secret: Secret::new(),
            secret_sent: 0,
            sent: 0,
            stage: Stage::Hello,
            waiting: VecDeque::from([Waiting { step: Step::Connect, end: 0 }]),
            asking: false,
            held: false,
            told: VecDeque::new(),
            clock: Clock::new(now),
            message_since: now,
            eof: false,
            capabilities: Capabilities::new(),
            authenticated: false,
            auth: Auth::default(),
            message: None,
            messages: 0,
            recipients: Output::new(),
        }
    }

    /// Drops the input that the last event was made of.
    fn drop_used(&mut self, input: &mut Input) {
        self.lines.drop_taken(input);
    }

    const fn takes_input(&self) -> bool {
        !self.eof && !matches!(self.stage, Stage::Securing | Stage::Closing)
    }

    /// Queues a command.
    fn command(&mut self, step: Step, command: &Command<'_>) {
        command.write(self.output.tail());
        self.wait_for(step);
    }

    /// Expects a reply to what has just been queued.
    fn wait_for(&mut self, step: Step) {
        let unsent = self.output.len() + self.secret_unsent().len();
        self.waiting.push_back(Waiting { step, end: self.sent + unsent as u64 });
        self.clock.spoke();
    }

    /// Whether all of it has gone out.
    const fn sent(&self, waiting: &Waiting) -> bool {
        self.sent >= waiting.end
    }

    fn secret_unsent(&self) -> &[u8] {
        self.secret.expose().get(self.secret_sent..).unwrap_or_default()
    }

    fn transmitted(&mut self, n: usize) {
        let n = if self.output.is_empty() {
            let n = n.min(self.secret_unsent().len());
            self.secret_sent += n;
            if self.secret_unsent().is_empty() {
                self.secret.clear();
                self.secret_sent = 0;
            }
            n
        } else {
            let n = n.min(self.output.len());
            self.output.transmitted(n);
            n
        };
        if n > 0 {
            self.sent += n as u64;
            self.held = false;
            self.clock.spoke();
            self.say_chunks();
        }
    }

    /// A request that is one command.
    fn request(&mut self, step: Step, command: &Command<'_>) {
        self.stage = Stage::Request;
        self.command(step, command);
    }

    fn verify(&mut self, user: &str) {
        if user.is_ascii() {
            self.request(Step::Vrfy, &Command::Vrfy(user.as_bytes()));
        } else if self.capabilities.smtputf8 {
            // RFC 6531, 3.7.4
            self.request(Step::Vrfy, &Command::Vrfy(&[user.as_bytes(), b" SMTPUTF8"].concat()));
        } else {
            self.told.push_back(Event::Unsendable(Unsendable::Utf8));
            self.ready();
        }
    }

    fn quit(&mut self) {
        self.stage = Stage::Quitting;
        self.command(Step::Quit, &Command::Quit);
    }

    /// The session has failed, and the stream with it.
    fn fail(&mut self, error: Error) {
        let outcome = self.outcome();
        self.fail_with(error, outcome);
    }

    fn fail_with(&mut self, error: Error, outcome: Outcome) {
        self.told.push_back(Event::Failed { error, outcome });
        self.close();
    }

    /// The session has failed, but the stream is in order: the server is told goodbye (RFC 5321, 4.1.1.10).
    fn give_up(&mut self, error: Error) {
        let outcome = self.outcome();
        self.told.push_back(Event::Failed { error, outcome });
        self.message = None;
        self.quit();
    }

    /// What would become of the message if the session ended now.
    fn outcome(&self) -> Outcome {
        match &self.message {
            Some(message) if !message.over => {
                let ended = self.waiting.iter().any(|waiting| waiting.step == Step::End && self.sent(waiting));
                if ended { Outcome::Unknown } else { Outcome::NotDelivered }
            }
            _ => Outcome::Nothing,
        }
    }

    /// The session is over; what has not been sent will not be sent.
    fn close(&mut self) {
        self.stage = Stage::Closing;
        self.asking = false;
        self.held = false;
        self.message = None;
        self.waiting.clear();
        self.output = Output::new();
        self.recipients = Output::new();
        self.secret.clear();
        self.secret_sent = 0;
        self.auth = Auth::default();
        self.told.push_back(Event::Closing);
    }
}
