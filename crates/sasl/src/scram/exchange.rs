//! What a server remembers between the client's two messages, and how it judges the second.

use alloc::{format, string::String};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;

use super::{
    crypto::{proves, sign},
    message::{ClientFinal, ClientFirst, Flag},
};
use crate::{binding::ChannelBinding, error::Failure, keys::StoredKeys, mechanism::Mechanism};

/// An exchange after the client's first message.
pub(crate) struct Exchange {
    /// `gs2-header`, as it came.
    header: String,
    /// `client-first-message-bare`, as it came.
    bare: String,
    /// The client's nonce and ours.
    nonce: String,
    /// `server-first-message`, once it is made.
    challenge: String,
    keys: StoredKeys,
    /// Whether the keys are a user's own.
    known: bool,
}

impl Exchange {
    /// Begins with the client's message. `keys` are a decoy's until [`Self::challenge`] is told of others.
    pub(crate) fn new(first: &ClientFirst<'_>, nonce: &str, decoy: StoredKeys) -> Self {
        Self {
            header: first.header.into(),
            bare: first.bare.into(),
            nonce: format!("{}{nonce}", first.nonce),
            challenge: String::new(),
            keys: decoy,
            known: false,
        }
    }

    /// Makes the server's message.
    pub(crate) fn challenge(&mut self, keys: Option<StoredKeys>) -> &str {
        if let Some(keys) = keys {
            self.keys = keys;
            self.known = true;
        }
        let StoredKeys { salt, iterations, .. } = &self.keys;
        self.challenge = format!("r={},s={},i={iterations}", self.nonce, STANDARD.encode(salt));
        &self.challenge
    }

    /// Judges the client's second message: `server-final-message`, or why not.
    pub(crate) fn conclude(&self, message: &[u8], binding: Option<&ChannelBinding>) -> Result<String, Failure> {
        let last = ClientFinal::parse(message)?;
        // RFC 5802, 6: the header comes a second time under the proof, so that nobody has changed it on the way.
        let data = binding.map_or(&[][..], |binding| &*binding.data);
        let (header, bound) = last.binding.split_at_checked(self.header.len()).ok_or(Failure::BindingMismatch)?;
        if !bool::from(header.ct_eq(self.header.as_bytes()) & bound.ct_eq(data)) {
            return Err(Failure::BindingMismatch);
        }
        // The whole nonce, not only its beginning; and the work of the proof for users that do not exist, too.
        let messages = [self.bare.as_str(), self.challenge.as_str(), last.without_proof];
        let proven = proves(&last.proof, &self.keys.stored_key, messages);
        let signature = sign(&self.keys.server_key, messages);
        if proven & self.known & (last.nonce == self.nonce) {
            Ok(format!("v={}", STANDARD.encode(*signature)))
        } else {
            Err(Failure::Credentials)
        }
    }
}

/// Whether the client's word on channel binding fits the mechanism and what the server offers; the binding to use.
pub(crate) fn agree<'a>(
    flag: Flag<'_>,
    mechanism: Mechanism,
    offered: Option<&'a ChannelBinding>,
) -> Result<Option<&'a ChannelBinding>, Failure> {
    match (flag, mechanism == Mechanism::ScramSha256Plus, offered) {
        (Flag::Used(name), true, Some(binding)) if name == binding.kind.name() => Ok(Some(binding)),
        // RFC 5802, 6: who could bind and does not, because the list said we cannot, has seen a list that is not ours.
        (Flag::Unoffered, _, Some(_)) => Err(Failure::Downgrade),
        (Flag::Unsupported, false, _) | (Flag::Unoffered, false, None) => Ok(None),
        _ => Err(Failure::BindingType),
    }
}
