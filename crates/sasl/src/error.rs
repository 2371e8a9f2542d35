//! What can go wrong in an exchange.

use alloc::boxed::Box;

use crate::prepare::NotPrepared;

/// A message that is not in the form its mechanism demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("octet {at} of the SASL message: {what}")]
pub struct SyntaxError {
    /// The octet, counted from zero, in the message after base64.
    pub at: usize,
    /// What should have been there.
    pub what: &'static str,
}

/// A limit was passed; each carries the limit's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Exceeded {
    /// [`Limits::message`](crate::Limits::message)
    #[error("the SASL message is longer than {0} octets")]
    Message(usize),
    /// [`Limits::name`](crate::Limits::name)
    #[error("the user name is longer than {0} octets")]
    Name(usize),
    /// [`Limits::password`](crate::Limits::password)
    #[error("the password is longer than {0} octets")]
    Password(usize),
    /// [`Limits::token`](crate::Limits::token)
    #[error("the token is longer than {0} octets")]
    Token(usize),
    /// [`Limits::max_iterations`](crate::Limits::max_iterations)
    #[error("the server demands more than {0} iterations; raise the limit only if it is trusted")]
    Iterations(u32),
}

/// Why a server refused. The peer learns only what [`Self::is_malformed`] and [`Self::Unavailable`] tell apart; the rest is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The response does not have the mechanism's form. On the wire: a syntax error (SMTP 501 5.5.2).
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// The response is too large. On the wire: a syntax error (SMTP 500 5.5.6 or 501 5.5.2).
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// A name or password may not be used in this form. On the wire: authentication failed (SMTP 535 5.7.8).
    #[error(transparent)]
    Unprepared(#[from] NotPrepared),
    /// No such user, not the right password or token, or no certificate; nobody outside learns which. On the wire: authentication failed
    /// (SMTP 535 5.7.8).
    #[error("wrong user name, password or token")]
    Credentials,
    /// The credentials are right, but this user may not act for that other one. On the wire: as for [`Self::Credentials`].
    #[error("the user may not act for the one named as authorization identity")]
    NotAuthorized,
    /// The client believes that we offer no channel binding, but we do: somebody between us has changed the list (RFC 5802, 6). On
    /// the wire: as for [`Self::Credentials`].
    #[error("the client was made to believe that channel binding is not offered; somebody may be changing the traffic")]
    Downgrade,
    /// Channel binding is not what the mechanism demands, or of a type that is not configured. On the wire: as for
    /// [`Self::Credentials`].
    #[error("the client's choice of channel binding does not fit the mechanism or is not supported")]
    BindingType,
    /// The client is bound to another TLS connection, or its header was changed on the way. On the wire: as for
    /// [`Self::Credentials`].
    #[error("the channel binding does not match; somebody may be between client and server")]
    BindingMismatch,
    /// The client gave up ([`Server::cancel`](crate::Server::cancel)). On the wire: cancelled (SMTP 501 5.7.0).
    #[error("the client cancelled the exchange")]
    Cancelled,
    /// The caller could not answer. On the wire: a temporary failure (SMTP 454 4.7.0).
    #[error("credentials could not be looked up just now")]
    Unavailable,
}

impl Failure {
    /// Whether the message itself was at fault, so that the peer may be told of a syntax error instead of wrong credentials.
    #[must_use]
    pub const fn is_malformed(&self) -> bool {
        matches!(self, Self::Syntax(_) | Self::Limit(_))
    }
}

/// Why a client gave up. The exchange is over then: send the protocol's cancel line (`*`) if the server waits for a response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The challenge does not have the mechanism's form.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// A name or password, or what the server demands, is too large.
    #[error(transparent)]
    Limit(#[from] Exceeded),
    /// The name or password may not be used with this mechanism.
    #[error(transparent)]
    Unprepared(#[from] NotPrepared),
    /// The server demands fewer iterations than [`MIN_ITERATIONS`](crate::MIN_ITERATIONS): whoever listens could guess the password.
    #[error("the server demands only {0} iterations, which protects no password")]
    FewIterations(u32),
    /// The server's nonce does not begin with ours, or adds nothing to it (RFC 5802, 5.1): an old exchange is being replayed.
    #[error("the server's nonce does not continue ours")]
    Nonce,
    /// The server's signature is wrong: it does not know the password. Do not trust this connection.
    #[error("the server could not prove that it knows the password; do not trust this connection")]
    ServerSignature,
    /// The server reports an error (RFC 5802, 5.1, `e=`; RFC 7628, 3.2.2, an object of JSON); escaped and cut to 80 characters.
    #[error("the server refused: {0}")]
    Refused(Box<str>),
    /// A challenge where none belongs.
    #[error("a challenge that the mechanism does not know")]
    Unexpected,
    /// The server says success before the exchange was whole; in SCRAM it has proved nothing. Do not trust this connection.
    #[error("the server announced success too early; do not trust this connection")]
    Unfinished,
}

/// The caller called something that makes no sense at this moment. Nothing has changed.
///
/// This is always a mistake in the program that drives the exchange, never the peer's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("misuse of a SASL exchange: {0}")]
pub struct Misuse(pub &'static str);
