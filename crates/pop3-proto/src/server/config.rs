//! Who the server is and what it offers.

use alloc::{string::String, vec::Vec};

use crate::{
    capabilities::{Expire, LoginDelay},
    language::Language,
};

/// What a [`Server`](crate::Server) is set up with. Start from the default and change the fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// What the greeting says behind `+OK`. Default: `POP3 ready`. Angle brackets are left out: they are APOP's (RFC 2449, 3).
    pub greeting: String,
    /// Whether STLS is offered while there is no TLS (RFC 2595). Default: no, since the caller must be able to do the handshake.
    pub stls: bool,
    /// Whether logins are allowed without TLS. Default: no (RFC 8314, 3; row T-6). For loopback and tests.
    pub login_without_tls: bool,
    /// Whether USER and PASS are served. Default: yes.
    pub user: bool,
    /// The SASL mechanisms that AUTH offers, by name, best first. Default: none.
    pub mechanisms: Vec<String>,
    /// The languages that LANG offers, the preferred first; `i-default`, this crate's own English, is there beside them (RFC 6856, 3). Default: none, and LANG is not
    /// served.
    pub languages: Vec<Language>,
    /// What CAPA's EXPIRE says (RFC 2449, 6.7): the shortest time that any user's messages stay. `per_user` says so before login;
    /// [`Notice::Retention`](super::Notice::Retention) says the user's own time after it. Default: nothing.
    pub expire: Option<Expire>,
    /// What CAPA's LOGIN-DELAY says (RFC 2449, 6.5): the longest wait of any user. `per_user` says so before login;
    /// [`Notice::LoginDelay`](super::Notice::LoginDelay) says the user's own wait after it. Default: nothing. Whoever comes too early is for the caller to know, and
    /// to refuse by [`Answer::Reply`](super::Answer::Reply) with [`Code::LoginDelay`](crate::response::Code::LoginDelay).
    pub login_delay: Option<LoginDelay>,
    /// Whether names and passwords of USER and PASS may be beyond ASCII, as CAPA's `UTF8 USER` tells clients (RFC 6856, 2.2). Default: no. The caller applies
    /// SASLprep to both before it compares them.
    pub utf8_user: bool,
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
            languages: Vec::new(),
            expire: None,
            login_delay: None,
            utf8_user: false,
            implementation: String::new(),
            synchronize: true,
        }
    }
}
