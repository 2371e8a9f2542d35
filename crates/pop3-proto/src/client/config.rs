//! What the client insists on, and what a server may cost it.

use core::time::Duration;

/// Whether the client turns TLS on by STLS (RFC 2595). A connection that began with TLS is left as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Stls {
    /// Not at all.
    Never,
    /// If the server offers it. It stops those who only listen, and nobody else.
    IfOffered,
    /// The session ends before a login if there is no TLS (RFC 8314, 3).
    #[default]
    Required,
}

/// What a [`Client`](crate::Client) is set up with. Start from the default and change the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// Whether STLS is used. Default: required.
    pub stls: Stls,
    /// Whether requests go out without waiting if the server offers PIPELINING (RFC 2449, 6.8). Default: yes.
    pub pipelining: bool,
    /// Whether logins are allowed without TLS. Default: no (row T-6). For loopback and tests.
    pub login_without_tls: bool,
    /// Whether [`Request::Apop`](super::Request::Apop) may be told. Default: no. MD5 is weak, the server must keep the password as it was typed, and a hostile one can
    /// choose timestamps that tell it the password in the end (CVE-2007-1558). For servers that have nothing better, inside TLS.
    pub apop: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { stls: Stls::Required, pipelining: true, login_without_tls: false, apop: false }
    }
}

/// The limits of a client session. Change the fields of a default value.
///
/// Sizes are bytes and include line ends; times are measured on the caller's clock. What passes one ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest status or list line: 2,048. RFC 2449, 4 allows a server 512 (row W-11).
    pub line: usize,
    /// The longest line of an AUTH exchange: 12,288 (RFC 5034, 4).
    pub auth_line: usize,
    /// Lines of LIST, UIDL or CAPA: 1,000,000.
    pub list_lines: u32,
    /// Octets of one message: 100 MiB.
    pub message_size: u64,
    /// Requests that may wait for their responses: 100.
    pub pipeline: usize,
    /// How long a response, or the next piece of a message, may take: 5 min.
    pub response_time: Duration,
    /// How long the response to QUIT may take: 30 s; the server may have much to remove.
    pub quit_time: Duration,
    /// After this long without input or output the buffers are given back: 5 s.
    pub quiet: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line: 2_048,
            auth_line: 12_288,
            list_lines: 1_000_000,
            message_size: 100 << 20,
            pipeline: 100,
            response_time: Duration::from_secs(300),
            quit_time: Duration::from_secs(30),
            quiet: Duration::from_secs(5),
        }
    }
}
