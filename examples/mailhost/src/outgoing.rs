//! What is added to the mail of users before it leaves: the place where it is signed.

use crate::host::Host;

/// Sees a message of a user as it comes in, with the fields that this server has added, and says at its end what is to be put on top of it. The message itself is
/// never held.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {}

impl Outgoing {
    /// A message of this user begins.
    pub(crate) fn begin(_host: &Host, _user: &str) -> Self {
        Self::default()
    }

    /// Its next octets.
    pub(crate) fn write(&mut self, _octets: &[u8]) {}

    /// It is complete: header fields for its top, each with its CRLF. They are on all copies, here and elsewhere.
    pub(crate) fn finish(self) -> Vec<u8> {
        Vec::new()
    }
}
