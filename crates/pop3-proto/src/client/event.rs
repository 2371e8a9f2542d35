//! What a client session tells its caller, and what it is told.

use core::fmt;

use crate::{apop::Digest, response::Response};

/// What has happened in a client session, borrowed from its buffer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The session is open, with TLS if that is how it is set up. What the server offers is in [`capabilities`](crate::Client::capabilities). Requests may be told.
    Ready,
    /// Asks: the server's challenge, decoded. [`Answer::Response`] or [`Answer::Cancel`].
    Challenge(&'a [u8]),
    /// The status line to a request.
    Answered {
        /// Which.
        step: Step,
        /// What the server says.
        response: Response<'a>,
    },
    /// STAT: how many messages, how many octets.
    Stat {
        /// Messages.
        count: u32,
        /// Octets of them all.
        octets: u64,
    },
    /// LIST: one message's size.
    Size {
        /// Which message.
        number: u32,
        /// Its octets.
        size: u64,
    },
    /// UIDL: one message's unique id.
    Unique {
        /// Which message.
        number: u32,
        /// Its id: 1 to 70 printable characters.
        uid: &'a str,
    },
    /// LANG with a range: all further responses are in this language (RFC 6856, 3.2).
    LanguageChosen {
        /// The tag of the language that the server has chosen.
        tag: &'a str,
        /// What it says in it.
        text: &'a str,
    },
    /// LANG alone: one of the server's languages (RFC 6856, 3.2).
    Language {
        /// Its tag.
        tag: &'a str,
        /// Its name in the language itself; may be empty.
        description: &'a str,
    },
    /// RETR and TOP: the next piece of the message, dots unstuffed. Line feeds that stood alone are CRLF here.
    Body(&'a [u8]),
    /// The list or message that the last status line began is complete.
    End,
    /// The session is over by a fault.
    Failed(Error),
    /// Nothing more will come: send what [`transmit`](crate::Client::transmit) holds, and close.
    Closing,
}

/// Which request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Step {
    /// Connecting: the greeting.
    Connect,
    /// CAPA
    Capa,
    /// STLS
    Stls,
    /// USER
    User,
    /// PASS
    Pass,
    /// APOP
    Apop,
    /// AUTH
    Auth,
    /// STAT
    Stat,
    /// LIST
    List,
    /// UIDL
    Uidl,
    /// RETR
    Retr,
    /// TOP
    Top,
    /// DELE
    Dele,
    /// RSET
    Rset,
    /// NOOP
    Noop,
    /// UTF8
    Utf8,
    /// LANG
    Lang,
    /// QUIT
    Quit,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "connecting",
            Self::Capa => "CAPA",
            Self::Stls => "STLS",
            Self::User => "USER",
            Self::Pass => "PASS",
            Self::Apop => "APOP",
            Self::Auth => "AUTH",
            Self::Stat => "STAT",
            Self::List => "LIST",
            Self::Uidl => "UIDL",
            Self::Retr => "RETR",
            Self::Top => "TOP",
            Self::Dele => "DELE",
            Self::Rset => "RSET",
            Self::Noop => "NOOP",
            Self::Utf8 => "UTF8",
            Self::Lang => "LANG",
            Self::Quit => "QUIT",
        })
    }
}

/// What the caller wants done.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// Log in by USER and PASS. Both are answered; only `+OK` to PASS is a login.
    Login {
        /// The name.
        user: &'a str,
        /// The password.
        password: &'a str,
    },
    /// Log in by APOP, where [`Config::apop`](super::Config::apop) allows it and [`timestamp`](crate::Client::timestamp) gives one (RFC 1939, 7).
    Apop {
        /// The name.
        user: &'a str,
        /// The digest of timestamp and password.
        digest: Digest,
    },
    /// Log in by AUTH.
    Auth {
        /// The SASL mechanism.
        mechanism: &'a str,
        /// The initial response, not encoded. It goes out with the command, or in answer to an empty challenge where the line would be too long.
        initial: Option<&'a [u8]>,
    },
    /// How many messages are there?
    Stat,
    /// What sizes have they?
    List(Option<u32>),
    /// What are their unique ids?
    Uidl(Option<u32>),
    /// A whole message.
    Retrieve(u32),
    /// A message's header, and so many lines of its body.
    Top {
        /// Which message.
        number: u32,
        /// How many lines.
        lines: u64,
    },
    /// Mark a message as deleted. It is removed by [`Quit`](Self::Quit), and only by it.
    Delete(u32),
    /// Take all marks back.
    Reset,
    /// Nothing.
    Noop,
    /// Before login: mail may come with UTF-8 in its header (RFC 6856, 2).
    Utf8,
    /// Which languages does the server speak (RFC 6856, 3)?
    Languages,
    /// All further responses in a language that this range matches: a tag, or `*` for the one that the server prefers. In the clear anybody may change it: tell it
    /// after [`Event::Ready`], when TLS is up.
    Language(&'a str),
    /// End the session, and remove what is marked.
    Quit,
}

/// Secrets are not shown.
impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Login { user, .. } => write!(f, "Login {{ user: {user:?}, .. }}"),
            Self::Apop { user, .. } => write!(f, "Apop {{ user: {user:?}, .. }}"),
            Self::Auth { mechanism, .. } => write!(f, "Auth {{ mechanism: {mechanism:?}, .. }}"),
            Self::Stat => f.write_str("Stat"),
            Self::List(number) => write!(f, "List({number:?})"),
            Self::Uidl(number) => write!(f, "Uidl({number:?})"),
            Self::Retrieve(number) => write!(f, "Retrieve({number})"),
            Self::Top { number, lines } => write!(f, "Top {{ number: {number}, lines: {lines} }}"),
            Self::Delete(number) => write!(f, "Delete({number})"),
            Self::Reset => f.write_str("Reset"),
            Self::Noop => f.write_str("Noop"),
            Self::Utf8 => f.write_str("Utf8"),
            Self::Languages => f.write_str("Languages"),
            Self::Language(range) => write!(f, "Language({range:?})"),
            Self::Quit => f.write_str("Quit"),
        }
    }
}

/// The caller's word on a challenge.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// This, not encoded. It is a secret: `Debug` does not show it.
    Response(&'a [u8]),
    /// Give up.
    Cancel,
}

impl fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Response(_) => "Response(..)",
            Self::Cancel => "Cancel",
        })
    }
}

/// What ended a session before its caller did.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Syntax: what came is not a response.
    #[error("the server's response to {0} cannot be read")]
    Response(Step),
    /// Limit: a line, a list or a message is longer than the session takes.
    #[error("the server's response is longer than the limit of {value}")]
    TooLong {
        /// The limit.
        value: u64,
    },
    /// State: a line came with nothing asked (row W-11).
    #[error("the server said something that nothing was asked for")]
    Unsolicited,
    /// State: bytes came in behind the response to STLS, before the handshake (row T-2). They have been dropped.
    #[error("{bytes} bytes of plaintext behind the response to STLS dropped")]
    PlaintextAfterStls {
        /// How much.
        bytes: usize,
    },
    /// The server refused what no session can do without.
    #[error("refused at {step}: {response}")]
    Refused {
        /// What it refused.
        step: Step,
        /// Its words.
        response: Response<'static>,
    },
    /// TLS is required, and the server does not offer it.
    #[error("TLS is required, and the server does not offer STLS")]
    TlsNotOffered,
    /// The connection ended. If QUIT was on its way, what was marked may or may not be removed; else nothing is.
    #[error("the server closed the connection")]
    ConnectionLost,
    /// The server took too long.
    #[error("no response to {0} in time")]
    TimedOut(Step),
}
