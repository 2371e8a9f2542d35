//! What a server session tells its caller and asks of it.

use crate::{
    apop::{Digest, Timestamp},
    capabilities::Retention,
    command::Command,
    error::Error,
    maildrop::Maildrop,
    response::Response,
};

/// What has happened in a server session, borrowed from its buffer.
///
/// An event that [asks](Self::asks) is a decision: the session goes on once [`answer`](crate::Server::answer) has been called. All others only tell.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Asks: a client has connected. Accepting sends the greeting; [`Answer::Greet`] does with a timestamp.
    Connected,
    /// Asks: STLS. Accepting sends `+OK`; then [`Wants::Secure`](wire::Wants::Secure).
    Stls,
    /// Asks: USER and PASS. [`Answer::Open`] with the user's maildrop, or a refusal.
    Login {
        /// The name.
        user: &'a str,
        /// The password. `Debug` does not show it.
        password: &'a str,
    },
    /// Asks: APOP (RFC 1939, 7). Compare the digest with that of the password that is kept, [`Digest::proves`](crate::apop::Digest), in the same time whether there is such a
    /// user or not; then [`Answer::Open`] or a refusal.
    Apop {
        /// The name.
        user: &'a str,
        /// The greeting's timestamp.
        timestamp: &'a Timestamp,
        /// What proves that the client knows the password.
        digest: Digest,
    },
    /// Asks: AUTH begins. [`Answer::Challenge`], [`Answer::Open`] or a refusal.
    Auth {
        /// The mechanism's name, as the client wrote it. It is one of those offered.
        mechanism: &'a str,
        /// The initial response, decoded, if there was one; it may be empty.
        initial: Option<&'a [u8]>,
    },
    /// Asks: the client's response to the last challenge, decoded.
    AuthResponse(&'a [u8]),
    /// Asks: RETR or TOP. After accepting, [`feed`](crate::Server::feed) the message from its beginning.
    Retrieve {
        /// Which message; it is there and not marked.
        number: u32,
        /// TOP: how many lines of the body are asked for. The session counts them.
        lines: Option<u64>,
    },
    /// Asks: QUIT after login. Remove what [`Maildrop::deleted`] says, all in one step and for good; then accept. A refusal says that it was not removed.
    Update,

    /// The AUTH exchange is over without success: the client gave up or sent what cannot be read. Forget its state.
    AuthAborted,
    /// A command that the session has answered by itself.
    Answered(Command<'a>),
    /// The client did something wrong. The response has been given.
    Fault(Error),
    /// TLS is up. All that the client had said before is forgotten.
    Secured,
    /// The client will send nothing more. What it has sent is still worked off.
    PeerClosed,
    /// The session is over: send what [`transmit`](crate::Server::transmit) holds and close. Nothing was removed but by an accepted [`Update`](Self::Update).
    Closing(Closing),
}

impl Event<'_> {
    /// Whether the session waits for an answer to this.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(
            self,
            Self::Connected
                | Self::Stls
                | Self::Login { .. }
                | Self::Apop { .. }
                | Self::Auth { .. }
                | Self::AuthResponse(_)
                | Self::Retrieve { .. }
                | Self::Update
        )
    }
}

/// Secrets are not shown.
impl core::fmt::Debug for Event<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Connected => f.write_str("Connected"),
            Self::Stls => f.write_str("Stls"),
            Self::Login { user, .. } => write!(f, "Login {{ user: {user:?}, .. }}"),
            Self::Apop { user, timestamp, .. } => {
                write!(f, "Apop {{ user: {user:?}, timestamp: {timestamp:?}, .. }}")
            }
            Self::Auth { mechanism, initial } => write!(
                f,
                "Auth {{ mechanism: {mechanism:?}, initial: {} }}",
                if initial.is_some() { "Some(..)" } else { "None" }
            ),
            Self::AuthResponse(_) => f.write_str("AuthResponse(..)"),
            Self::Retrieve { number, lines } => write!(f, "Retrieve {{ number: {number}, lines: {lines:?} }}"),
            Self::Update => f.write_str("Update"),
            Self::AuthAborted => f.write_str("AuthAborted"),
            Self::Answered(command) => write!(f, "Answered({command:?})"),
            Self::Fault(error) => write!(f, "Fault({error:?})"),
            Self::Secured => f.write_str("Secured"),
            Self::PeerClosed => f.write_str("PeerClosed"),
            Self::Closing(why) => write!(f, "Closing({why:?})"),
        }
    }
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closing {
    /// QUIT.
    Quit,
    /// The client closed its side without QUIT.
    PeerClosed,
    /// The caller refused the connection or asked for [shutdown](Notice::Shutdown).
    Shutdown,
    /// Too many errors or failed logins, or a fault that leaves no safe way to go on.
    SentAway,
    /// A deadline has passed.
    TimedOut(Timer),
    /// A message could not be sent to its end.
    BodyFailed,
}

/// The deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// [`login_time`](crate::Limits::login_time)
    Login,
    /// [`idle_time`](crate::Limits::idle_time)
    Idle,
}

/// The caller's word on an event that asks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// Yes, with the usual response.
    Accept,
    /// To [`Event::Connected`] alone: yes, and APOP is served. The greeting ends in this timestamp, another one for each connection (RFC 1939, 7). Where logins need TLS
    /// and there is none, it is left out as all other ways to log in are, and what STLS begins has none: the client could not trust what came in the clear.
    Greet(Timestamp),
    /// To a login: welcome, this is the maildrop.
    Open(Maildrop),
    /// No. To a login: name or password is wrong, `-ERR [AUTH]`.
    Refuse,
    /// No, in these words; `-ERR`, whatever they are made with. To a login it does not count as a wrong password unless its code is `[AUTH]`: `[LOGIN-DELAY]` says
    /// that the user comes too soon, `[IN-USE]` that the maildrop is taken; both only where the password was right (RFC 2449, 8.1).
    Reply(Response<'a>),
    /// AUTH only: the next challenge, not encoded. May be empty.
    Challenge(&'a [u8]),
}

/// The caller's own initiative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The server shuts down: finish what goes out, then say so and close. Nothing is removed.
    Shutdown,
    /// After login: how long this user's messages stay. CAPA's EXPIRE says it from now on (RFC 2449, 6.7).
    Retention(Retention),
    /// After login: how many seconds this user is to wait between logins. CAPA's LOGIN-DELAY says it from now on (RFC 2449, 6.5).
    LoginDelay(u32),
}
