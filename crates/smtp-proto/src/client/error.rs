//! What can go wrong in a client session.

use crate::{reply::Reply, reply::ReplyError};

/// What ended a session before its caller did.
///
/// None of it goes on the wire: what can be said to the server is QUIT, and that has been said where the stream is still in order.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Syntax: what came is not a reply.
    #[error("the server's reply cannot be read: {0}")]
    Reply(#[from] ReplyError),
    /// Syntax: a line of a reply ends in a line feed alone.
    #[error("a line of the server's reply ends in a lone line feed")]
    BareLineEnd,
    /// Limit: a reply is longer than the session takes.
    #[error("{limit} over the limit of {value}")]
    Limit {
        /// Which.
        limit: Limit,
        /// Its value.
        value: u64,
    },
    /// State: a reply came with nothing asked. What follows cannot be told apart from replies to later commands (row W-11).
    #[error("the server said something that nothing was asked for")]
    Unsolicited,
    /// State: bytes came in behind the reply to STARTTLS, before the handshake (row T-2). They have been dropped.
    #[error("{bytes} bytes of plaintext behind the reply to STARTTLS dropped")]
    PlaintextAfterStartTls {
        /// How much.
        bytes: usize,
    },
    /// State: a reply of a kind that the command cannot have, such as 354 to RCPT.
    #[error("{code} is no reply to {step}")]
    Unexpected {
        /// What it came in reply to.
        step: Step,
        /// The code.
        code: u16,
    },
    /// The server does not serve us: it refused what no session can do without. Its class, 4 or 5, says whether to try again.
    #[error("refused at {step}: {reply}")]
    Refused {
        /// What it refused. [`Step::Content`]: it gave up on the message while the content was on its way.
        step: Step,
        /// Its words.
        reply: Reply<'static>,
    },
    /// TLS is required, and the server does not offer it.
    #[error("TLS is required, and the server does not offer STARTTLS")]
    TlsNotOffered,
    /// TLS is required, and the server refused STARTTLS.
    #[error("TLS is required, and the server refused STARTTLS: {reply}")]
    TlsRefused {
        /// Its words.
        reply: Reply<'static>,
    },
    /// The server closes the session: 421, which it may say at any time (RFC 5321, 3.8). Try again later.
    #[error("the server closes the session: {reply}")]
    Closing {
        /// Its words.
        reply: Reply<'static>,
    },
    /// The connection ended. Try again later.
    #[error("the server closed the connection")]
    ConnectionLost,
    /// The server took too long. Try again later.
    #[error("timed out: {0}")]
    TimedOut(Timer),
    /// The name in [`Config::name`](super::Config::name) cannot stand in EHLO: neither a domain nor an address literal.
    #[error("the client's own name is neither a domain nor an address literal")]
    Name,
}

/// What became of the message that was on its way when the session failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was none: what was sent before has had its own event.
    Nothing,
    /// The server does not have it: its end had not been sent (RFC 5321, 4.1.1.4).
    NotDelivered,
    /// The server may have it. Sending it again may make it arrive twice, not sending it may lose it: so it is sent again. For LMTP this
    /// holds for the recipients that have had no event.
    Unknown,
}

/// A limit of [`Limits`](super::Limits) by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// `reply_line`
    ReplyLine,
    /// `auth_line`
    AuthLine,
    /// `reply_lines`
    ReplyLines,
    /// `reply`
    Reply,
}

impl core::fmt::Display for Limit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::ReplyLine => "reply line",
            Self::AuthLine => "AUTH line",
            Self::ReplyLines => "lines of a reply",
            Self::Reply => "reply",
        })
    }
}

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Connecting: the reply is the greeting.
    Connect,
    /// EHLO or LHLO
    Ehlo,
    /// HELO
    Helo,
    /// STARTTLS
    StartTls,
    /// AUTH, or a line of its exchange
    Auth,
    /// MAIL
    Mail,
    /// RCPT
    Rcpt,
    /// DATA
    Data,
    /// The content itself, before its end.
    Content,
    /// BDAT, but for the last
    Bdat,
    /// The end of the content: the lone dot, or the last BDAT
    End,
    /// RSET
    Rset,
    /// VRFY
    Vrfy,
    /// NOOP
    Noop,
    /// XCLIENT
    Xclient,
    /// XFORWARD
    Xforward,
    /// QUIT
    Quit,
}

impl core::fmt::Display for Step {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Ehlo => "EHLO",
            Self::Helo => "HELO",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Mail => "MAIL",
            Self::Rcpt => "RCPT",
            Self::Data => "DATA",
            Self::Content => "the content",
            Self::Bdat => "BDAT",
            Self::End => "the end of the content",
            Self::Rset => "RSET",
            Self::Vrfy => "VRFY",
            Self::Noop => "NOOP",
            Self::Xclient => "XCLIENT",
            Self::Xforward => "XFORWARD",
            Self::Quit => "QUIT",
        })
    }
}

/// The deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timer {
    /// [`greeting_time`](super::Limits::greeting_time)
    Greeting,
    /// [`hello_time`](super::Limits::hello_time)
    Hello,
    /// [`command_time`](super::Limits::command_time)
    Command,
    /// [`data_time`](super::Limits::data_time)
    Data,
    /// [`content_time`](super::Limits::content_time)
    Content,
    /// [`end_time`](super::Limits::end_time)
    End,
    /// [`message_time`](super::Limits::message_time)
    Message,
    /// [`quit_time`](super::Limits::quit_time)
    Quit,
}

impl core::fmt::Display for Timer {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Greeting => "no greeting",
            Self::Hello => "no reply to EHLO or STARTTLS, or no end of the handshake",
            Self::Command => "no reply to a command",
            Self::Data => "no reply to DATA",
            Self::Content => "the server takes no content",
            Self::End => "no reply to the end of the content",
            Self::Message => "the message has taken too long",
            Self::Quit => "no reply to QUIT",
        })
    }
}

/// Why a message cannot go to this server. Nothing has been sent of it, and the session stands as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unsendable {
    /// The message has 8-bit content, and the server does not offer 8BITMIME: convert it, or give it back to its sender (RFC 6152, 3).
    #[error("the server does not take 8-bit content: convert it or return it")]
    EightBit,
    /// The message is binary, and the server does not offer BINARYMIME and CHUNKING: convert it or return it (RFC 3030, 3).
    #[error("the server does not take binary content: convert it or return it")]
    Binary,
    /// The message or an address needs SMTPUTF8, and the server does not offer it with 8BITMIME: return the message with 5.6.7 (RFC 6531, 3.5).
    #[error("the server does not take internationalized mail: return it")]
    Utf8,
    /// DSN parameters are given, the server does not offer DSN, and the setting is to refuse.
    #[error("the server does not take DSN parameters")]
    Dsn,
    /// The message is larger than the server takes (RFC 1870, 6): return it with 5.3.4.
    #[error("the message is larger than the {limit} bytes that the server takes")]
    TooBig {
        /// The largest message the server takes, in bytes.
        limit: u64,
    },
    /// The message must not be passed on but by TLS to servers that promise the same, and this is none, or TLS is not on: try the next, or
    /// return it with 5.7.30 (RFC 8689, 4.2.1).
    #[error("the message requires TLS, and the server does not offer REQUIRETLS inside it")]
    RequireTls,
    /// The message is to be returned if it is late, and the server does not offer DELIVERBY or needs more time: return it with 5.4.7 (RFC
    /// 2852, 4.2).
    #[error("the server does not promise to deliver the message in time")]
    DeliverBy,
    /// The message is to be held, and the server does not offer FUTURERELEASE or not for so long: hold it here (RFC 4865, 4.1).
    #[error("the server does not hold messages, or not for so long")]
    Hold,
    /// More recipients than the server takes in one transaction (RFC 9422): send it in parts of at most so many.
    #[error("the server takes {limit} recipients of one message: send it in parts")]
    TooManyRecipients {
        /// How many it takes.
        limit: u32,
    },
    /// The server takes no more messages in this session (RFC 9422): say QUIT and connect again.
    #[error("the server takes {limit} messages in one session: connect again")]
    TooManyMessages {
        /// How many it takes.
        limit: u32,
    },
}
