//! The reading side of POP3.
//!
//! ```text
//!   connect ──► greeting ──► CAPA ──► (STLS ──► Securing ──► CAPA) ──► Ready
//!   Ready: requests are told, in any number; each has one `Answered`, lists and messages their pieces and an `End`
//!   Quit ──► Closing        anything the server may not do ──► Failed ──► Closing
//! ```

mod config;
mod event;
mod replies;
mod requests;

use alloc::{collections::VecDeque, sync::Arc};
use core::{mem, time::Duration};

use self::replies::Found;
pub use self::{
    config::{Config, Limits, Stls},
    event::{Answer, Error, Event, Request, Step},
};
use crate::{apop::Timestamp, capabilities::Capabilities, command::Command};
use wire::{Clock, Input, Lines, Misuse, Output, Secret, TlsFacts, Wants, base64, stuffing::DataDecoder};

/// How much input is held at most, beyond twice the longest line.
const BUFFER: usize = 65_536;

/// The client's side of one connection.
///
/// Bytes go in by [`receive`](Self::receive) (or [`space`](Self::space) and [`received`](Self::received)), events come out of [`poll`](Self::poll), requests go in by
/// [`tell`](Self::tell), bytes come out of [`transmit`](Self::transmit). Any order of calls is harmless.
///
/// ```
/// use core::time::Duration;
/// use pop3_proto::{Client, client::{Config, Event, Limits, Request, Step}};
/// # use wire::{TlsFacts, TlsVersion};
///
/// let now = Duration::ZERO;
/// let tls = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
/// let mut client = Client::new(Config::default(), Limits::default(), Some(tls), now);
/// client.receive(b"+OK ready\r\n-ERR no CAPA here\r\n", now);
/// while let Some(event) = client.poll() {
///     assert_eq!(event, Event::Ready);
/// }
/// client.tell(Request::Login { user: "ann", password: "secret" }, now)?;
/// client.tell(Request::Retrieve(1), now)?;
/// # client.transmitted(usize::MAX, now);
/// # client.receive(b"+OK\r\n", now);
/// # while client.poll().is_some() {}
/// # client.transmitted(usize::MAX, now);
/// # client.receive(b"+OK\r\n", now);
/// # while client.poll().is_some() {}
/// client.receive(b"+OK 17 octets\r\nSubject: x\r\n\r\n..\r\n.\r\n", now);
/// let mut message = Vec::new();
/// while let Some(event) = client.poll() {
///     if let Event::Body(slice) = event {
///         message.extend_from_slice(slice);
///     }
/// }
/// assert_eq!(message, b"Subject: x\r\n\r\n.\r\n");
/// # Ok::<(), pop3_proto::Misuse>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    input: Input,
    core: Core,
}

#[derive(Clone, Debug)]
struct Core {
    config: Arc<Config>,
    limits: Limits,
    tls: Option<TlsFacts>,
    lines: Lines,
    output: Output,
    stage: Stage,
    /// Commands that wait to be sent, each as it goes on the wire.
    queue: VecDeque<(Step, Secret)>,
    /// Commands whose status line is awaited, in order.
    awaited: VecDeque<Awaited>,
    told: VecDeque<Event<'static>>,
    capabilities: Capabilities,
    /// What APOP is to answer, if it is allowed.
    timestamp: Option<Timestamp>,
    /// The initial response that goes out in answer to an empty challenge.
    initial: Option<Secret>,
    challenge: Secret,
    /// A challenge waits for its answer.
    asked: bool,
    logged_in: bool,
    eof: bool,
    /// The server has been heard when it last did something it was waited for, or was asked.
    clock: Clock,
}

/// A command that is on its way, and what its `+OK` is followed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Awaited {
    step: Step,
    lines: bool,
}

#[derive(Clone, Debug)]
enum Stage {
    /// Up to `Ready`.
    Opening,
    /// Status lines.
    Ready,
    /// The lines of LIST, UIDL or CAPA.
    List { step: Step, lines: u32 },
    /// A message.
    Message { decoder: DataDecoder, size: u64 },
    /// `+OK` to STLS has come.
    Securing,
    /// Only output is left.
    Closing,
}

impl Client {
    /// A session at its start, at the moment `now`. `tls` says what is known about TLS if the connection began with it; else `None`.
    #[must_use]
    pub fn new(config: impl Into<Arc<Config>>, limits: Limits, tls: Option<TlsFacts>, now: Duration) -> Self {
        let input = Input::new(BUFFER.max(2 * limits.line.max(limits.auth_line)));
        let mut awaited = VecDeque::new();
        awaited.push_back(Awaited { step: Step::Connect, lines: false });
        let core = Core {
            config: config.into(),
            limits,
            tls,
            lines: Lines::new(),
            output: Output::new(),
            stage: Stage::Opening,
            queue: VecDeque::new(),
            awaited,
            told: VecDeque::new(),
            capabilities: Capabilities::new(),
            timestamp: None,
            initial: None,
            challenge: Secret::new(),
            asked: false,
            logged_in: false,
            eof: false,
            clock: Clock::new(now),
        };
        Self { input, core }
    }

    /// Where the next bytes from the server may be written; say how many by [`received`](Self::received).
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

    /// Says that the server will send nothing more.
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
        if self.core.asked {
            return None;
        }
        loop {
            match self.core.find(&self.input) {
                Found::Nothing => return None,
                Found::Told => return self.core.told.pop_front(),
                Found::Body(range) => return self.input.unread().get(range).map(Event::Body),
                Found::Octets(octets) => return Some(Event::Body(octets)),
                Found::Line(text, telling) => {
                    return self.core.event(self.input.unread().get(..text).unwrap_or_default(), telling);
                }
                Found::Again => {
                    self.core.drop_used(&mut self.input);
                    if !self.core.told.is_empty() {
                        return self.core.told.pop_front();
                    }
                }
            }
        }
    }

    /// Tells what to do next. Requests are answered in the order in which they were told; they go out at once if the server offers PIPELINING, else one by one.
    ///
    /// # Errors
    /// [`Misuse`]: before [`Event::Ready`], after [`Request::Quit`], a login without TLS or inside a session, a text that no line can carry or that the server does not
    /// take, or more than
    /// [`pipeline`](Limits::pipeline) of them. Nothing has changed then.
    pub fn tell(&mut self, request: Request<'_>, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        self.core.tell(request)
    }

    /// Answers a challenge.
    ///
    /// # Errors
    /// [`Misuse`] if none is open.
    pub fn answer(&mut self, answer: Answer<'_>, now: Duration) -> Result<(), Misuse> {
        self.core.clock.set(now);
        if !mem::take(&mut self.core.asked) {
            return Err(Misuse("answer: no challenge is open"));
        }
        match answer {
            Answer::Response(response) => self.core.respond(response),
            Answer::Cancel => self.core.output.tail().extend_from_slice(b"*\r\n"),
        }
        self.core.clock.heard();
        Ok(())
    }

    /// What the session waits for once [`poll`](Self::poll) gives nothing more.
    #[must_use]
    pub const fn wants(&self) -> Wants {
        match self.core.stage {
            Stage::Closing => Wants::Close,
            Stage::Securing => Wants::Secure,
            _ if self.core.asked => Wants::Answer,
            _ => Wants::Input,
        }
    }

    /// Whether anything that was told is still to be answered.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self.core.stage, Stage::Ready) && self.core.awaited.is_empty() && self.core.queue.is_empty()
    }

    /// What is to be sent to the server now.
    #[must_use]
    pub fn transmit(&self) -> &[u8] {
        self.core.output.unsent()
    }

    /// Says that the first `n` bytes of [`transmit`](Self::transmit) have been sent.
    pub fn transmitted(&mut self, n: usize, now: Duration) {
        self.core.clock.set(now);
        if n > 0 {
            self.core.output.transmitted(n);
        }
    }

    /// The next moment, on the caller's clock, at which [`tick`](Self::tick) has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let buffers = self.input.capacity() + self.core.output.capacity() > 0;
        let idle = self.input.is_empty() && self.core.output.is_empty();
        let quiet = (buffers && idle).then(|| self.core.clock.last_heard().saturating_add(self.core.limits.quiet));
        [self.core.expiry().map(|(at, _)| at), quiet].into_iter().flatten().min()
    }

    /// Says what time it is. Deadlines that have passed are acted upon.
    pub fn tick(&mut self, now: Duration) {
        self.core.clock.set(now);
        self.core.drop_used(&mut self.input);
        if now >= self.core.clock.last_heard().saturating_add(self.core.limits.quiet) {
            self.input.release();
            self.core.output.release();
        }
        if let Some((_, step)) = self.core.expiry().filter(|(at, _)| self.core.clock.now() >= *at) {
            self.core.fail(Error::TimedOut(step));
        }
    }

    /// Says that the TLS handshake is done. What the server said before is forgotten (RFC 2595, 4); bytes that came in behind its `+OK` in the clear are dropped, and
    /// are the end of the session (row T-2).
    pub fn secured(&mut self, tls: TlsFacts, now: Duration) {
        self.core.clock.set(now);
        if !matches!(self.core.stage, Stage::Securing) {
            return;
        }
        self.core.drop_used(&mut self.input);
        let bytes = self.input.discard();
        self.core.tls = Some(tls);
        self.core.lines.restart();
        self.core.capabilities = Capabilities::new();
        self.core.timestamp = None;
        self.core.clock.heard();
        self.core.stage = Stage::Opening;
        if bytes > 0 {
            self.core.fail(Error::PlaintextAfterStls { bytes });
        } else {
            self.core.send(Step::Capa, &Command::Capa);
        }
    }

    /// What is known about TLS, if it is on.
    #[must_use]
    pub const fn tls(&self) -> Option<&TlsFacts> {
        self.core.tls.as_ref()
    }

    /// What the server offers.
    #[must_use]
    pub const fn capabilities(&self) -> &Capabilities {
        &self.core.capabilities
    }

    /// The greeting's timestamp, for [`Request::Apop`]. `None` if [`Config::apop`] does not allow that, if the greeting had none or one that is no message id (the
    /// mark of a server that is after the password), or if it came in the clear and STLS has made it void (RFC 2595, 4).
    #[must_use]
    pub const fn timestamp(&self) -> Option<&Timestamp> {
        self.core.timestamp.as_ref()
    }

    /// Whether a login has succeeded.
    #[must_use]
    pub const fn logged_in(&self) -> bool {
        self.core.logged_in
    }

    /// How many bytes of memory the session's buffers hold at the moment.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.input.capacity() + self.core.output.capacity()
    }
}

impl Core {
    const fn takes_input(&self) -> bool {
        !self.eof && !matches!(self.stage, Stage::Securing | Stage::Closing)
    }

    fn drop_used(&mut self, input: &mut Input) {
        if !self.asked {
            self.lines.drop_taken(input);
        }
    }

    /// Sends a response of an AUTH exchange.
    fn respond(&mut self, response: &[u8]) {
        let out = self.output.tail();
        base64::encode(response, out);
        out.extend_from_slice(b"\r\n");
        self.challenge.clear();
    }

    /// When the server is too late, and with what.
    fn expiry(&self) -> Option<(Duration, Step)> {
        let step = match &self.stage {
            Stage::Closing => return None,
            Stage::Securing => Step::Stls,
            Stage::List { step, .. } => *step,
            Stage::Message { .. } => Step::Retr,
            Stage::Opening | Stage::Ready => self.awaited.front()?.step,
        };
        if self.asked {
            return None;
        }
        let time = if step == Step::Quit { self.limits.quit_time } else { self.limits.response_time };
        Some((self.clock.last_heard().saturating_add(time), step))
    }

    /// Ends the session.
    fn fail(&mut self, error: Error) {
        if !matches!(self.stage, Stage::Closing) {
            self.told.push_back(Event::Failed(error));
            self.close();
        }
    }

    fn close(&mut self) {
        self.stage = Stage::Closing;
        self.queue.clear();
        self.awaited.clear();
        self.asked = false;
        self.initial = None;
        self.challenge.clear();
        self.told.push_back(Event::Closing);
    }
}
