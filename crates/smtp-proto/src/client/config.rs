//! Who the client is and what it insists on.

use alloc::string::String;

/// Which service a client talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Role {
    /// Another server, on port 25 (RFC 5321).
    Smtp,
    /// The user's own server, on port 587 or 465 (RFC 6409, RFC 8314): TLS is required by default.
    Submission,
    /// LMTP (RFC 2033): LHLO for EHLO, and one reply per recipient after the content.
    Lmtp,
}

/// Whether the client turns TLS on by STARTTLS (RFC 3207). A connection that began with TLS is left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum StartTls {
    /// Not at all.
    Never,
    /// If the server offers it. If the server then refuses, the session goes on in the clear. This is what servers do among themselves; it
    /// stops those who only listen.
    #[default]
    IfOffered,
    /// The session ends before anything is sent but EHLO and QUIT if there is no TLS. For submission (RFC 8314), and wherever a policy demands it.
    Required,
}

/// What becomes of DSN parameters (RFC 3461) if the server does not offer DSN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum WithoutDsn {
    /// The message is sent without them (RFC 3461, 5.2.2: a relay does so and reports `relayed` where success was to be reported).
    #[default]
    Drop,
    /// The message is [`Unsendable`](super::Unsendable).
    Refuse,
}

/// What a [`Client`](crate::Client) is set up with. Start from [`Config::new`] and change the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// The service.
    pub role: Role,
    /// The name the client gives in EHLO: its fully qualified domain name, or an address literal such as `[192.0.2.1]` (RFC 5321, 4.1.4).
    pub name: String,
    /// Whether STARTTLS is used. Default: if it is offered; for [`Role::Submission`] it is required.
    pub starttls: StartTls,
    /// Whether commands go out in groups if the server offers PIPELINING (RFC 2920). Default: yes.
    pub pipelining: bool,
    /// Whether content goes by BDAT rather than DATA if the server offers CHUNKING (RFC 3030). Default: no. Content declared
    /// BINARYMIME always does.
    pub prefer_chunking: bool,
    /// What becomes of DSN parameters that the server does not take. Default: they are dropped.
    pub without_dsn: WithoutDsn,
    /// Whether AUTH is allowed without TLS. Default: no (RFC 8314, 4.1; row T-6). For loopback and tests.
    pub auth_without_tls: bool,
}

impl Config {
    /// The defaults for a service under a client's name.
    #[must_use]
    pub fn new(role: Role, name: impl Into<String>) -> Self {
        Self {
            role,
            name: name.into(),
            starttls: if role == Role::Submission { StartTls::Required } else { StartTls::IfOffered },
            pipelining: true,
            prefer_chunking: false,
            without_dsn: WithoutDsn::default(),
            auth_without_tls: false,
        }
    }
}
