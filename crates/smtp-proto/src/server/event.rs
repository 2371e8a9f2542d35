//! What a server session tells its caller and asks of it.

use crate::{
    command::{ClientName, Command, Mail, Rcpt},
    error::Error,
    forward::Attributes,
    reply::Reply,
};

/// What has happened in a server session, borrowed from its buffer.
///
/// An event that [asks](Self::asks) is a decision: the session goes on once [`answer`](crate::Server::answer) has been called. All others only tell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Asks: a client has connected. Accepting sends the greeting; a refusal should be 421, 554 or 521.
    Connected,
    /// Asks: EHLO, HELO or LHLO. Accepting sends the list of extensions.
    Hello(Hello<'a>),
    /// Asks: STARTTLS. Accepting sends 220; then [`Wants::Secure`](wire::Wants::Secure).
    StartTls,
    /// Asks: AUTH begins. Accepting means the client is authenticated; a challenge goes on.
    Auth {
        /// The mechanism's name, as the client wrote it. It is one of those offered.
        mechanism: &'a str,
        /// The initial response, decoded, if there was one; it may be empty.
        initial: Option<&'a [u8]>,
    },
    /// Asks: the client's response to the last challenge, decoded.
    AuthResponse(&'a [u8]),
    /// Asks: MAIL. Accepting begins a transaction.
    Mail(Mail<'a>),
    /// Asks: RCPT. Accepting adds the recipient.
    Recipient(Rcpt<'a>),
    /// Asks: DATA, or the first BDAT of a message. Accepting lets the content in. This is the moment to see whether there is room for it.
    ContentStart(ContentStart),
    /// Asks: the content is complete. Accepting takes on the responsibility for the message (RFC 5321, 4.2.5): it is safe on disk by then.
    ///
    /// For LMTP this comes once for each accepted recipient, in their order (RFC 2033, 4.2).
    MessageEnd(MessageEnd),
    /// Asks: VRFY, with its argument. Accepting says 252: no verdict, but mail will be tried (RFC 5321, 3.5.3).
    Verify(&'a [u8]),
    /// Asks: XCLIENT. Accepting means that the session is with the client that is described: it begins anew with [`Event::Connected`], nothing
    /// that was said before counts, and if there is a [`Login`](crate::forward::Attribute::Login) its user is authenticated.
    Proxied(Attributes<'a>),

    /// The next slice of content, without its stuffed dots.
    Body(&'a [u8]),
    /// The transaction is over without a message: forget its sender, recipients and content.
    Aborted(Aborted),
    /// The AUTH exchange is over without success: the client gave up or sent what cannot be read. Forget its state.
    AuthAborted,
    /// A command that the session has answered by itself: NOOP, RSET, QUIT, HELP, EXPN, a further BDAT, a command
    /// that nobody serves, or XFORWARD, whose attributes are of the next message.
    Answered(Command<'a>),
    /// The client did something wrong. The reply has been given.
    Fault(Error),
    /// TLS is up. All that the client had said before is forgotten.
    Secured,
    /// The client will send nothing more. What it has sent is still worked off, and replies are still given.
    PeerClosed,
    /// The session is over: send what [`transmit`](crate::Server::transmit) holds and close.
    Closing(Closing),
}

impl Event<'_> {
    /// Whether the session waits for an answer to this.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(
            self,
            Self::Connected
                | Self::Hello(_)
                | Self::StartTls
                | Self::Auth { .. }
                | Self::AuthResponse(_)
                | Self::Mail(_)
                | Self::Recipient(_)
                | Self::ContentStart(_)
                | Self::MessageEnd(_)
                | Self::Verify(_)
                | Self::Proxied(_)
        )
    }
}

/// How a client introduced itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Hello<'a> {
    /// EHLO or LHLO rather than HELO: extensions may be used.
    pub extended: bool,
    /// The name it gave. It is only a claim (RFC 5321, 4.1.4).
    pub name: ClientName<'a>,
}

/// How the content of a message begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentStart {
    /// By DATA: its length is not known.
    Data,
    /// By BDAT: the first chunk.
    Chunk {
        /// Its size in bytes.
        size: u64,
        /// Whether it is the last as well.
        last: bool,
    },
}

/// A complete message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageEnd {
    /// Its size in bytes, as handed out by [`Event::Body`].
    pub size: u64,
    /// LMTP only: whose reply this is, counting the accepted recipients from 0.
    pub recipient: Option<u32>,
}

/// Why a transaction ended without a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aborted {
    /// RSET.
    Reset,
    /// EHLO or HELO in the middle (RFC 5321, 4.1.4).
    Hello,
    /// QUIT, or the connection ended, timed out or was sent away.
    Ended,
    /// The content was refused by the session, or by the answer to [`Event::MessageEnd`] or [`Event::ContentStart`]. The rest of it is thrown away.
    Refused,
}

/// Why a session is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Closing {
    /// QUIT.
    Quit,
    /// The client closed its side, and all it had sent is worked off.
    PeerClosed,
    /// The caller refused with 421 or asked for [shutdown](Notice::Shutdown).
    Shutdown,
    /// Too many errors, failed logins, unknown recipients, messages or commands that do nothing, or a fault that leaves no safe way to go on.
    SentAway,
    /// A deadline has passed.
    TimedOut(Timer),
}

/// The deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// [`command_time`](crate::Limits::command_time), or its form under stress.
    Command,
    /// [`content_time`](crate::Limits::content_time)
    Content,
    /// [`message_time`](crate::Limits::message_time)
    Message,
    /// [`minimum_rate`](crate::Limits::minimum_rate)
    Rate,
    /// [`session_time`](crate::Limits::session_time)
    Session,
}

/// The caller's word on an event that asks.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// Yes, with the usual reply.
    Accept,
    /// This reply. Its code decides: 2xx (354 for content) accepts, 4xx and 5xx refuse, 421 also ends the session.
    Reply(Reply<'a>),
    /// AUTH only: the next challenge, not encoded. May be empty.
    Challenge(&'a [u8]),
}

/// The caller's own initiative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The server shuts down: finish the message whose content is on its way, if there is one, then say 421 and close (RFC 5321, 3.8).
    Shutdown,
    /// The server is short of something: hurry. Waiting times become [`stress_command_time`](crate::Limits::stress_command_time), one error or junk command ends the
    /// session, content must come at the [minimum rate](crate::Limits::minimum_rate). `false` goes back to normal.
    Stress(bool),
}
