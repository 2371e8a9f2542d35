//! The words that every session and whoever drives it have in common.

use alloc::{boxed::Box, string::String, vec::Vec};

/// What a session waits for, once `poll` has given its last event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Wants {
    /// Bytes from the peer, by `space` and `received` or `receive`; or `closed`.
    Input,
    /// The caller's word on the open question, by `answer`. Reading on meanwhile is welcome while `space` has room.
    Answer,
    /// The next piece of the outgoing body, by `feed` or `passed`. `left` is how many bytes are still owed, where the protocol
    /// announced a length.
    Body {
        /// Bytes owed, or `None` where only the caller knows the end.
        left: Option<u64>,
    },
    /// All of `transmit` to be sent before anything else can happen. It may be empty for a while: a session that holds a reply back
    /// as a brake gives it out at `deadline`.
    Flush,
    /// The TLS handshake, then `secured`. Send what `transmit` holds first.
    Secure,
    /// The connection to be closed, once `transmit` has been sent.
    Close,
}

/// The caller called something that makes no sense at this moment. Nothing has changed.
///
/// This is always a mistake in the program that drives the session, never the peer's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("misuse of a session: {0}")]
pub struct Misuse(pub &'static str);

/// What is known about the TLS layer below a session.
///
/// The session needs only to know that there is one; the rest is carried for the `Received` field, for logs and for decisions.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsFacts {
    /// The protocol version.
    pub version: TlsVersion,
    /// The cipher suite by its IANA name, such as `TLS_AES_256_GCM_SHA384`; empty where it is not known.
    pub cipher: Box<str>,
    /// The server name the client asked for (SNI), if it did.
    pub server_name: Option<Box<str>>,
    /// Whether the peer's certificate was verified.
    pub peer_verified: bool,
    /// The SASL mechanisms that this connection adds to those that are configured, best first: `EXTERNAL` where the peer's certificate says
    /// who it is (RFC 4422, A), those that end in `-PLUS` where the TLS library tells the channel binding (RFC 5802, 6).
    pub mechanisms: Vec<String>,
}

impl TlsFacts {
    /// Facts with a version and a cipher suite; no server name, peer not verified, no mechanisms.
    #[must_use]
    pub fn new(version: TlsVersion, cipher: impl Into<String>) -> Self {
        Self {
            version,
            cipher: cipher.into().into_boxed_str(),
            server_name: None,
            peer_verified: false,
            mechanisms: Vec::new(),
        }
    }
}

/// The SASL mechanisms of one connection: those that its TLS adds, then those that are configured for all.
///
/// ```
/// use wire::{TlsFacts, TlsVersion, mechanisms};
///
/// let configured = ["PLAIN".to_owned()];
/// let mut tls = TlsFacts::new(TlsVersion::Tls13, "TLS_AES_128_GCM_SHA256");
/// tls.mechanisms.push("EXTERNAL".to_owned());
/// assert!(mechanisms(Some(&tls), &configured).eq(["EXTERNAL", "PLAIN"]));
/// assert!(mechanisms(None, &configured).eq(["PLAIN"]));
/// ```
pub fn mechanisms<'a>(tls: Option<&'a TlsFacts>, configured: &'a [String]) -> impl Iterator<Item = &'a str> {
    tls.into_iter().flat_map(|tls| &tls.mechanisms).chain(configured).map(String::as_str)
}

/// A version of TLS that may carry mail (RFC 9325, 3.1.1: nothing below 1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246)
    Tls12,
    /// TLS 1.3 (RFC 8446)
    Tls13,
}

impl core::fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLS1.2",
            Self::Tls13 => "TLS1.3",
        })
    }
}
