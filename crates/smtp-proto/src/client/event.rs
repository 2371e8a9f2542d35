//! What a client session tells and asks, and what it is told.

use super::{Error, Outcome, Step, Unsendable};
use crate::{
    command::{Mail, Rcpt},
    forward::Attributes,
    reply::Reply,
};

/// What has happened in a client session, borrowed from its buffers.
///
/// The one that [asks](Self::asks) is answered by [`answer`](crate::Client::answer); all others only tell.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Nothing is on its way: the next [`Request`] may be told. What the server offers is in [`capabilities`](crate::Client::capabilities). This comes first
    /// after the hello (and TLS), then after the end of each request.
    Ready,
    /// Asks: the server's challenge in an AUTH exchange, decoded. It may be empty.
    Challenge(&'a [u8]),
    /// The server refused STARTTLS, and the session goes on without, since [`StartTls::IfOffered`](super::StartTls::IfOffered) is set.
    TlsRefused(Reply<'a>),
    /// AUTH has succeeded.
    Authenticated(Reply<'a>),
    /// AUTH has failed, or was cancelled. The session stands as before.
    AuthFailed(Reply<'a>),
    /// The server's word on VRFY, NOOP, RSET or XFORWARD, or its refusal of XCLIENT.
    Answered {
        /// Which.
        step: Step,
        /// Its words.
        reply: Reply<'a>,
    },

    /// The message cannot go to this server, or the name to be verified; nothing of it has been sent.
    Unsendable(Unsendable),
    /// The server's word on a recipient, each in its turn. 2xx accepts it; after anything else the message goes to the others alone. 552 is
    /// handed out as 452 (RFC 5321, 4.5.3.1.10).
    Recipient {
        /// Its place in [`Envelope::recipients`].
        index: u32,
        /// The server's words.
        reply: Reply<'a>,
    },
    /// The server has taken on the responsibility for the message, for all accepted recipients that have had no event since, or for one.
    Delivered {
        /// LMTP only: which, by its place in [`Envelope::recipients`].
        recipient: Option<u32>,
        /// The server's words.
        reply: Reply<'a>,
    },
    /// The server has refused the message, for all recipients that were not refused before, or for one.
    Refused {
        /// At what.
        step: Step,
        /// LMTP only, at [`Step::End`]: which recipient, by its place in [`Envelope::recipients`].
        recipient: Option<u32>,
        /// The server's words. 4xx: try again later.
        reply: Reply<'a>,
    },
    /// The message has been [abandoned](Request::Abandon): the server does not have it.
    Abandoned,

    /// The session has failed, and the message with it unless it had its event before.
    Failed {
        /// Why.
        error: Error,
        /// What became of the message.
        outcome: Outcome,
    },
    /// The session is over, by QUIT or after a failure: close the connection.
    Closing,
}

impl Event<'_> {
    /// Whether the session waits for an answer to this.
    #[must_use]
    pub const fn asks(&self) -> bool {
        matches!(self, Self::Challenge(_))
    }
}

/// The caller's word on an event that asks.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer<'a> {
    /// The response to the challenge, not encoded. May be empty.
    Response(&'a [u8]),
    /// Gives up the exchange (RFC 4954, 4). The server's reply comes as [`Event::AuthFailed`].
    Cancel,
}

/// What the caller wants done. All but the last two need a session that is [ready](Event::Ready).
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Request<'a> {
    /// AUTH, with a mechanism that the server offers, inside TLS, once (RFC 4954).
    Auth {
        /// The mechanism's name.
        mechanism: &'a str,
        /// The initial response, not encoded, if the mechanism has one; it may be empty. Where it is too long for the command line it goes in answer to the server's
        /// empty challenge.
        initial: Option<&'a [u8]>,
    },
    /// Sends a message: its envelope now, its content by [`feed`](crate::Client::feed) once [`Wants::Body`](crate::Wants::Body) says so.
    Send(Envelope<'a>),
    /// VRFY, with a user's name or address. Beyond ASCII it needs a server with SMTPUTF8 (RFC 6531, 3.7.4), and is [`Unsendable`] else.
    Verify(&'a str),
    /// XCLIENT: from now on the session is with the client that these attributes are of. If the server takes it, the session says hello
    /// anew and is [ready](Event::Ready) then.
    Xclient(&'a Attributes<'a>),
    /// XFORWARD: the next message is of the client that these attributes are of.
    Xforward(&'a Attributes<'a>),
    /// NOOP: is the server still there?
    Noop,
    /// RSET: is it there, and has it forgotten everything? Between messages the session sees to that by itself.
    Reset,
    /// QUIT.
    Quit,
    /// The content has been fed to its end.
    BodyEnd,
    /// The rest of the content will not come: the server must not deliver the message. Where the content is on its way by DATA that means
    /// closing the connection; otherwise the session goes on. Too late after [`BodyEnd`](Self::BodyEnd).
    Abandon,
}

/// Who sends what to whom. Parameters that the server does not offer are left out where that changes nothing for the message, which else is
/// [`Unsendable`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// MAIL's argument. `size` is what the content will about have, `body` what it is made of. `smtputf8` is set by the session if an address needs it.
    pub mail: &'a Mail<'a>,
    /// At least one. Events name them by their place.
    pub recipients: &'a [Rcpt<'a>],
}

// Secrets are not for logs.
impl core::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Response(_) => "Response(..)",
            Self::Cancel => "Cancel",
        })
    }
}

impl core::fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Auth { mechanism, .. } => {
                f.debug_struct("Auth").field("mechanism", mechanism).finish_non_exhaustive()
            }
            Self::Send(envelope) => f.debug_tuple("Send").field(envelope).finish(),
            Self::Verify(_) => f.write_str("Verify(..)"),
            Self::Xclient(attributes) => f.debug_tuple("Xclient").field(attributes).finish(),
            Self::Xforward(attributes) => f.debug_tuple("Xforward").field(attributes).finish(),
            Self::Noop => f.write_str("Noop"),
            Self::Reset => f.write_str("Reset"),
            Self::Quit => f.write_str("Quit"),
            Self::BodyEnd => f.write_str("BodyEnd"),
            Self::Abandon => f.write_str("Abandon"),
        }
    }
}
