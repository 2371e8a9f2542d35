//! What can go wrong on the server's side, and what the client is told.

use core::fmt;

use crate::response::{Code, Response};

/// Why a line is not a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// The line is not UTF-8, or has a control character in it.
    #[error("a byte that no command has at byte {at}")]
    Character {
        /// Where.
        at: usize,
    },
    /// No such command.
    #[error("unknown command")]
    Unknown,
    /// Arguments are missing, or there are too many, or they are malformed.
    #[error("wrong arguments")]
    Arguments,
    /// What should be a message's number is none.
    #[error("not a message number")]
    Number,
}

/// What a client did wrong, and what it is told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Syntax: a line that is no command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Syntax: a line ends in a line feed alone.
    #[error("a line that does not end in CR LF")]
    BareLineEnd,
    /// Syntax: what came is another protocol's (row W-6).
    #[error("the peer does not speak POP3")]
    ForeignProtocol,
    /// Syntax: an AUTH response is not base64.
    #[error("an AUTH response is not base64")]
    AuthNotBase64,
    /// Limit: something is longer or more than the session takes.
    #[error("{limit} over the limit of {value}")]
    Limit {
        /// Which.
        limit: Limit,
        /// Its value.
        value: u64,
    },
    /// State: the right words at the wrong moment.
    #[error("out of order: {0}")]
    Order(Order),
    /// State: a message that does not exist, or is marked as deleted.
    #[error("no message {number}")]
    NoSuchMessage {
        /// The number asked for.
        number: u32,
    },
    /// State: the client sent on where it must wait for a reply.
    #[error("the client did not wait for the reply to {after}")]
    Unsynchronized {
        /// The command it did not wait for, or `connecting`.
        after: &'static str,
    },
    /// State: plaintext came in behind STLS, before the handshake (row T-1). It has been dropped.
    #[error("{bytes} bytes of plaintext after STLS dropped")]
    PlaintextAfterStls {
        /// How much.
        bytes: usize,
    },
    /// State: a login without TLS, where that would show the password to the network (row T-6).
    #[error("login without TLS")]
    LoginNeedsTls,
    /// State: LANG asks for a language that is not offered (RFC 6856, 3.2).
    #[error("a language that is not offered")]
    NoSuchLanguage,
    /// State: AUTH with a mechanism that is not offered.
    #[error("a SASL mechanism that is not offered")]
    UnknownMechanism,
    /// State: the client gave up its AUTH exchange.
    #[error("AUTH cancelled by the client")]
    AuthCancelled,
}

/// A limit of [`Limits`](crate::Limits) by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// `command_line`
    #[error("command line")]
    CommandLine,
    /// `auth_line`
    #[error("AUTH line")]
    AuthLine,
    /// `hard_errors`, or `hard_errors_before_login`
    #[error("errors")]
    Errors,
    /// `auth_failures`
    #[error("failed logins")]
    AuthFailures,
}

/// Which order was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// The command needs a login.
    LoginFirst,
    /// The command is for before the login.
    LoggedIn,
    /// PASS without USER (RFC 1939, 7).
    UserFirst,
    /// STLS inside TLS (RFC 2595, 4).
    TlsAgain,
    /// The command is known and not served.
    NotServed,
}

impl Order {
    /// What the client is told.
    const fn text(self) -> &'static str {
        match self {
            Self::LoginFirst => "Log in first",
            Self::LoggedIn => "Already logged in",
            Self::UserFirst => "Say USER first",
            Self::TlsAgain => "TLS is already on",
            Self::NotServed => "Not served here: CAPA lists what is",
        }
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

impl core::error::Error for Order {}

impl Error {
    /// What the client is told.
    #[must_use]
    pub fn response(&self) -> Response<'static> {
        let text = match self {
            Self::Command(CommandError::Unknown) => "Unknown command: CAPA lists what is served",
            Self::Command(CommandError::Arguments) => "Wrong arguments",
            Self::Command(CommandError::Number) => "Not a message number",
            Self::Command(CommandError::Character { .. }) => "Commands are text without control characters",
            Self::BareLineEnd => "Lines must end in CR LF",
            Self::ForeignProtocol => "This is POP3",
            Self::AuthNotBase64 => "Cannot decode that: send base64",
            Self::Order(order) => order.text(),
            Self::NoSuchMessage { .. } => "No such message",
            Self::Unsynchronized { .. } => "Wait for the reply before sending on",
            Self::PlaintextAfterStls { .. } => "Plaintext after STLS",
            // RFC 3206, 5: [AUTH] is for wrong credentials alone, and these have not been looked at
            Self::LoginNeedsTls => "Say STLS first: no password in the clear",
            Self::NoSuchLanguage => "No such language: LANG lists those that are here",
            Self::UnknownMechanism => "Mechanism not offered: CAPA lists those that are",
            Self::AuthCancelled => "Authentication cancelled",
            Self::Limit { limit: Limit::CommandLine | Limit::AuthLine, .. } => "Line too long",
            Self::Limit { limit: Limit::Errors, .. } => "Too many errors",
            Self::Limit { limit: Limit::AuthFailures, .. } => {
                return Response::err(Some(Code::Auth), "Too many failed logins");
            }
        };
        Response::err(None, text)
    }
}
