//! SCRAM (RFC 5802) with SHA-256 (RFC 7677): its messages, its arithmetic, and the exchange as a server leads it.

pub(crate) mod crypto;
pub(crate) mod exchange;
pub(crate) mod message;
