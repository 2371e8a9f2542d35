//! What can go wrong in a session by the peer's doing.

use crate::{command::CommandError, framing::Bare, reply::Reply, status::EnhancedStatus};

/// What a client did wrong, and what it is told.
///
/// `Display` is for the log; [`reply`](Self::reply) is what goes on the wire.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Syntax: a command that cannot be read, or has a parameter that is not served.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// Syntax: a carriage return or line feed stands alone in a command line or in content.
    #[error("a lone {} {}", match .bare { Bare::Cr => "carriage return", Bare::Lf => "line feed" }, if *.content { "in content" } else { "in a command" })]
    BareLineEnd {
        /// Which half.
        bare: Bare,
        /// In content, not in a command.
        content: bool,
    },
    /// Syntax: what came is another protocol's.
    #[error("the peer does not speak SMTP")]
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
    /// State: the client sent on where it must wait for a reply.
    #[error("the client did not wait for the reply to {after}")]
    Unsynchronized {
        /// The command it did not wait for, or `connecting`.
        after: &'static str,
    },
    /// State: plaintext came in behind STARTTLS, before the handshake. It has been dropped.
    #[error("{bytes} bytes of plaintext after STARTTLS dropped")]
    PlaintextAfterStartTls {
        /// How much.
        bytes: usize,
    },
    /// State: AUTH without TLS, where that would show the password to the network.
    #[error("AUTH without TLS")]
    AuthNeedsTls,
    /// State: AUTH with a mechanism that is not offered.
    #[error("a SASL mechanism that is not offered")]
    UnknownMechanism,
    /// State: the client gave up its AUTH exchange.
    #[error("AUTH cancelled by the client")]
    AuthCancelled,
}

/// A limit of [`Limits`](crate::Limits) by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// `command_line`
    CommandLine,
    /// `auth_line`
    AuthLine,
    /// `message_size`
    MessageSize,
    /// `recipients`
    Recipients,
    /// `messages`
    Messages,
    /// `session_bytes`
    SessionBytes,
    /// `hard_errors`
    Errors,
    /// `junk_commands`
    JunkCommands,
    /// `unknown_recipients`
    UnknownRecipients,
    /// `auth_failures`
    AuthFailures,
}

impl core::fmt::Display for Limit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::CommandLine => "command line",
            Self::AuthLine => "AUTH line",
            Self::MessageSize => "message size",
            Self::Recipients => "recipients",
            Self::Messages => "messages in a session",
            Self::SessionBytes => "bytes in a session",
            Self::Errors => "errors",
            Self::JunkCommands => "commands without a message",
            Self::UnknownRecipients => "unknown recipients",
            Self::AuthFailures => "failed logins",
        })
    }
}

/// Which order was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// MAIL, AUTH and others need EHLO or HELO first (RFC 5321, 4.1.4).
    HelloFirst,
    /// RCPT, DATA and BDAT need MAIL first.
    MailFirst,
    /// DATA and BDAT need a recipient that was accepted.
    RecipientFirst,
    /// MAIL or AUTH inside a transaction.
    InTransaction,
    /// AUTH after AUTH (RFC 4954, 4).
    AuthAgain,
    /// STARTTLS inside TLS (RFC 3207, 4.2).
    TlsAgain,
    /// The server wants TLS first.
    TlsFirst,
    /// The server wants AUTH first.
    AuthFirst,
    /// DATA after BDAT, or DATA for BODY=BINARYMIME (RFC 3030, 2 and 3).
    ChunksOnly,
    /// BDAT after a BDAT that failed; RSET begins anew (RFC 3030, 2).
    ChunkFailed,
    /// HELO or EHLO to an LMTP server, or LHLO to an SMTP server (RFC 2033, 4.1).
    OtherHello,
    /// Anything but QUIT after the greeting was a refusal (RFC 5321, 3.1).
    Refused,
}

impl core::fmt::Display for Order {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.reply().2)
    }
}

impl Order {
    const fn reply(self) -> (u16, EnhancedStatus, &'static str) {
        let order = EnhancedStatus::new(5, 5, 1);
        match self {
            Self::HelloFirst => (503, order, "Say EHLO first"),
            Self::MailFirst => (503, order, "Say MAIL first"),
            Self::RecipientFirst => (503, order, "No valid recipients: say RCPT first"),
            Self::InTransaction => (503, order, "A transaction is open: finish it, or say RSET"),
            Self::AuthAgain => (503, order, "Already authenticated"),
            Self::TlsAgain => (503, order, "TLS is already on"),
            Self::TlsFirst => (530, EnhancedStatus::new(5, 7, 0), "Must issue a STARTTLS command first"),
            Self::AuthFirst => (530, EnhancedStatus::new(5, 7, 0), "Authentication required"),
            Self::ChunksOnly => (503, order, "This message comes by BDAT: go on with BDAT, or say RSET"),
            Self::ChunkFailed => (503, order, "An earlier chunk failed: say RSET"),
            Self::OtherHello => (500, order, "Wrong hello for this service: EHLO is SMTP's, LHLO is LMTP's"),
            Self::Refused => (503, order, "No service here: say QUIT"),
        }
    }
}

impl Error {
    /// Whether the session is over because of it: its reply is 421.
    #[must_use]
    pub fn ends_session(&self) -> bool {
        matches!(
            self,
            Self::Limit {
                limit: Limit::Messages
                    | Limit::SessionBytes
                    | Limit::Errors
                    | Limit::JunkCommands
                    | Limit::UnknownRecipients
                    | Limit::AuthFailures,
                ..
            }
        )
    }

    /// What the client is told.
    #[must_use]
    pub fn reply(&self) -> Reply<'static> {
        let (code, status, text) = match self {
            Self::Command(error) => return error.reply(),
            Self::BareLineEnd { content: true, .. } => (
                550,
                EnhancedStatus::new(5, 6, 0),
                "Message refused: lines must end in CR LF, and CR or LF must not stand alone",
            ),
            Self::BareLineEnd { content: false, .. } => {
                (500, EnhancedStatus::new(5, 5, 2), "Command lines must end in CR LF")
            }
            Self::ForeignProtocol => (554, EnhancedStatus::new(5, 5, 0), "This is SMTP"),
            Self::AuthNotBase64 => (501, EnhancedStatus::new(5, 5, 2), "Cannot decode that: send base64"),
            Self::Order(order) => order.reply(),
            Self::Unsynchronized { .. } => {
                (554, EnhancedStatus::new(5, 5, 0), "Synchronization error: wait for the reply before sending on")
            }
            Self::PlaintextAfterStartTls { .. } => (554, EnhancedStatus::new(5, 5, 0), "Plaintext after STARTTLS"),
            Self::AuthNeedsTls => {
                (538, EnhancedStatus::new(5, 7, 11), "Encryption required for authentication: say STARTTLS first")
            }
            Self::UnknownMechanism => {
                (504, EnhancedStatus::new(5, 5, 4), "Mechanism not offered: EHLO lists those that are")
            }
            Self::AuthCancelled => (501, EnhancedStatus::new(5, 7, 0), "Authentication cancelled"),
            Self::Limit { limit, .. } => match limit {
                Limit::CommandLine => (500, EnhancedStatus::new(5, 5, 2), "Line too long"),
                // RFC 4954, 4: 5.5.6 is for AUTH lines alone
                Limit::AuthLine => (500, EnhancedStatus::new(5, 5, 6), "Authentication exchange line is too long"),
                Limit::MessageSize => (552, EnhancedStatus::new(5, 3, 4), "Message too big"),
                Limit::Recipients => {
                    (452, EnhancedStatus::new(4, 5, 3), "Too many recipients: send the message again for the rest")
                }
                Limit::Messages | Limit::SessionBytes => {
                    (421, EnhancedStatus::new(4, 7, 0), "Enough for one session: connect again for more")
                }
                Limit::Errors => (421, EnhancedStatus::new(4, 7, 0), "Too many errors"),
                Limit::JunkCommands => (421, EnhancedStatus::new(4, 7, 0), "Too many commands without a message"),
                Limit::UnknownRecipients => (421, EnhancedStatus::new(4, 7, 0), "Too many unknown recipients"),
                Limit::AuthFailures => (421, EnhancedStatus::new(4, 7, 0), "Too many failed logins"),
            },
        };
        Reply::new(code, Some(status), text)
    }
}
