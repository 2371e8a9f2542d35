//! Who the server is and what it offers.

use alloc::{string::String, vec::Vec};

use crate::{command::Syntax, framing::BareLf};

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
            syntax: Syntax::default(),
            bare_lf: BareLf::Refuse,
            synchronize: true,
        }
    }
}
