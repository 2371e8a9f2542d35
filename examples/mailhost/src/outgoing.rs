//! What is added to the mail of users before it leaves: signatures.

use dkim::{Limits, SignStep, Signer};
use tracing::warn;

use crate::clock;
use crate::host::Host;

/// Sees a message of a user as it comes in, with the fields that this server has added, and says at its end what is to be put on top of it. The message itself is
/// never held.
#[derive(Debug)]
pub(crate) struct Outgoing {
    signer: Option<Signer>,
}

impl Outgoing {
    /// A message of this user begins. It is signed for the domain of the user's address, which is the one in From.
    pub(crate) fn begin(host: &Host, user: &str) -> Self {
        let domain = user.rsplit_once('@').map_or(user, |(_, domain)| domain);
        let signings = host.signers.of(domain);
        let signer = (!signings.is_empty()).then(|| Signer::new(signings, Limits::default(), clock::unix()));
        Self { signer }
    }

    /// Its next octets.
    pub(crate) fn write(&mut self, octets: &[u8]) {
        if let Some(signer) = &mut self.signer {
            signer.receive(octets);
        }
    }

    /// It is complete: header fields for its top, each with its CRLF. They are on all copies, here and elsewhere.
    pub(crate) fn finish(self) -> Vec<u8> {
        let Some(mut signer) = self.signer else { return Vec::new() };
        signer.end();
        match signer.step() {
            SignStep::Done(Ok(fields)) => fields.to_vec(),
            SignStep::Done(Err(error)) => {
                warn!(%error, "a message leaves without a signature");
                Vec::new()
            }
            // all keys are here: none has to be asked
            SignStep::Sign(_) | SignStep::Wait => Vec::new(),
        }
    }
}
