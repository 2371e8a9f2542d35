//! Who the server is and what it offers.

use alloc::{string::String, vec::Vec};

use crate::{command::Syntax, delivery::FutureRelease, framing::BareLf};

/// Which of SMTP's three services a session gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Role {
    /// Mail from other servers, on port 25 (RFC 5321). Never offers AUTH.
    Relay,
    /// Mail from users, on port 587 or 465 (RFC 6409, RFC 8314). Offers AUTH, inside TLS only, and takes no mail without it.
    Submission,
    /// Mail from one's own relay into mailboxes (RFC 2033): LHLO for EHLO, and one reply per recipient after the content.
    Lmtp,
}

/// What a [`Server`](crate::Server) is set up with. Start from [`Config::new`] and change the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The service.
    pub role: Role,
    /// The name the server goes by, in the greeting and in the reply to EHLO: a fully qualified domain name.
    pub hostname: String,
    /// What else the greeting says, after the host name and `ESMTP` or `LMTP`. May be empty.
    pub greeting: String,
    /// Whether STARTTLS is offered while there is no TLS. Default: no, since the caller must be able to do the handshake.
    pub starttls: bool,
    /// Whether everything but NOOP, EHLO, STARTTLS and QUIT is refused with 530 before TLS (RFC 3207, 4). Never for [`Role::Relay`]: a
    /// public server must not demand it.
    pub require_tls: bool,
    /// The SASL mechanisms that AUTH offers, by name, best first. Only for [`Role::Submission`].
    pub mechanisms: Vec<String>,
    /// Whether AUTH is offered without TLS. Default: no (RFC 8314, 4.1; row T-6). For loopback and tests.
    pub auth_without_tls: bool,
    /// Whether MAIL is refused with 530 until AUTH has succeeded (RFC 6409, 4.3). Default: for [`Role::Submission`].
    pub require_auth: bool,
    /// Whether CHUNKING and BINARYMIME are offered (RFC 3030). Default: yes.
    pub chunking: bool,
    /// Whether DSN is offered (RFC 3461). Default: yes. Whoever offers it hands the parameters on or acts on them.
    pub dsn: bool,
    /// Whether SMTPUTF8 is offered (RFC 6531). Default: yes.
    pub smtputf8: bool,
    /// Whether REQUIRETLS is offered inside TLS (RFC 8689). Default: no. Whoever offers it passes such messages on by checked TLS alone.
    pub requiretls: bool,
    /// Whether LIMITS tells how many messages and recipients are taken (RFC 9422), as [`Limits`](crate::Limits) has them. Default: yes.
    pub limits: bool,
    /// Whether DELIVERBY is offered (RFC 2852), with the fewest seconds that a message which is else to be returned must have, 0 for no such
    /// bound. Default: no. Whoever offers it keeps the time.
    pub deliver_by: Option<u32>,
    /// Whether FUTURERELEASE is offered (RFC 4865), with the longest times. Only for [`Role::Submission`], and by default not. Whoever offers
    /// it holds the messages.
    pub future_release: Option<FutureRelease>,
    /// Whether MT-PRIORITY is offered (RFC 6710). Default: no. Whoever offers it minds the order.
    pub priority: bool,
    /// Whether XCLIENT is served: the peer may say that it speaks for another client. Default: no. Only for peers that are known and
    /// trusted, since whoever may say it may be anybody.
    pub xclient: bool,
    /// Whether XFORWARD is served: the peer may say where a message came from. Default: no, and only for such peers.
    pub xforward: bool,
    /// How the grammar is read: strict, or lenient in named points.
    pub syntax: Syntax,
    /// What happens to lone line feeds in content. Default: the message is refused.
    pub bare_lf: BareLf,
    /// Whether a client that does not wait for a reply where it must (RFC 2920, 3.1) is sent away (row W-5). Default: yes. Without it, a test
    /// may feed a whole dialogue at once.
    pub synchronize: bool,
}

impl Config {
    /// The defaults for a service under a host name.
    #[must_use]
    pub fn new(role: Role, hostname: impl Into<String>) -> Self {
        Self {
            role,
            hostname: hostname.into(),
            greeting: String::new(),
            starttls: false,
            require_tls: false,
            mechanisms: Vec::new(),
            auth_without_tls: false,
            require_auth: role == Role::Submission,
            chunking: true,
            dsn: true,
            smtputf8: true,
            requiretls: false,
            limits: true,
            deliver_by: None,
            future_release: None,
            priority: false,
            xclient: false,
            xforward: false,
            syntax: Syntax::default(),
            bare_lf: BareLf::Refuse,
            synchronize: true,
        }
    }
}
