//! Who the server is and what it offers.

use alloc::{string::String, vec::Vec};

/// What a [`Server`](crate::Server) is set up with. Start from the default and change the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What the greeting says behind `+OK`. Default: `POP3 ready`. Nothing in it looks like APOP's timestamp, which is not served.
    pub greeting: String,
    /// Whether STLS is offered while there is no TLS (RFC 2595). Default: no, since the caller must be able to do the handshake.
    pub stls: bool,
    /// Whether logins are allowed without TLS. Default: no (RFC 8314, 3; row T-6). For loopback and tests.
    pub login_without_tls: bool,
    /// Whether USER and PASS are served. Default: yes.
    pub user: bool,
    /// The SASL mechanisms that AUTH offers, by name, best first. Default: none.
    pub mechanisms: Vec<String>,
    /// What CAPA's IMPLEMENTATION says (RFC 2449, 6.9); empty says nothing. Default: empty.
    pub implementation: String,
    /// Whether a client that does not wait for a reply where it must is sent away (row W-5). Default: yes. Without it, a test may feed a whole dialogue at once.
    pub synchronize: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            greeting: "POP3 ready".into(),
            stls: false,
            login_without_tls: false,
            user: true,
            mechanisms: Vec::new(),
            implementation: String::new(),
            synchronize: true,
        }
    }
}
