//! What a server remembers between the client's two messages, and how it judges the second.

use alloc::{format, string::String};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;

use super::{
    crypto::{proves, sign},
    message::{ClientFinal, ClientFirst, Flag},
};
use crate::{
    binding::ChannelBinding,
    error::Failure,
    keys::StoredKeys,
    mechanism::{Hash, Mechanism},
};

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
    /// Which of the offered bindings the client uses.
    binding: Option<usize>,
}

impl Exchange {
    /// Begins with the client's message. `keys` are a decoy's until [`Self::challenge`] is told of others.
    pub(crate) fn new(first: &ClientFirst<'_>, binding: Option<usize>, nonce: &str, decoy: StoredKeys) -> Self {
        Self {
            header: first.header.text.into(),
            bare: first.bare.into(),
            nonce: format!("{}{nonce}", first.nonce),
            challenge: String::new(),
            keys: decoy,
            known: false,
            binding,
        }
    }

    /// The hash that the client has chosen by the mechanism.
    pub(crate) const fn hash(&self) -> Hash {
        self.keys.hash
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
    pub(crate) fn conclude(&self, message: &[u8], offered: &[ChannelBinding]) -> Result<String, Failure> {
        let hash = self.keys.hash;
        let last = ClientFinal::parse(hash, message)?;
        // RFC 5802, 6: the header comes a second time under the proof, so that nobody has changed it on the way.
        let binding = self.binding.and_then(|chosen| offered.get(chosen));
        let data = binding.map_or(&[][..], |binding| &*binding.data);
        let (header, bound) = last.binding.split_at_checked(self.header.len()).ok_or(Failure::BindingMismatch)?;
        if !bool::from(header.ct_eq(self.header.as_bytes()) & bound.ct_eq(data)) {
            return Err(Failure::BindingMismatch);
        }
        // The whole nonce, not only its beginning; and the work of the proof for users that do not exist, too.
        let messages = [self.bare.as_str(), self.challenge.as_str(), last.without_proof];
        let proven = proves(hash, &last.proof, &self.keys.stored_key, messages);
        let signature = sign(hash, &self.keys.server_key, messages);
        if proven & self.known & (last.nonce == self.nonce) {
            Ok(format!("v={}", STANDARD.encode(&*signature)))
        } else {
            Err(Failure::Credentials)
        }
    }
}

/// Whether the client's word on channel binding fits the mechanism and what the server offers; which binding it is.
pub(crate) fn agree(
    flag: Flag<'_>,
    mechanism: Mechanism,
    offered: &[ChannelBinding],
) -> Result<Option<usize>, Failure> {
    match (flag, mechanism.is_bound()) {
        (Flag::Used(name), true) => {
            let chosen = offered.iter().position(|binding| binding.kind.name() == name);
            chosen.map(Some).ok_or(Failure::BindingType)
        }
        // RFC 5802, 6: who could bind and does not, because the list said we cannot, has seen a list that is not ours.
        (Flag::Unoffered, _) if !offered.is_empty() => Err(Failure::Downgrade),
        (Flag::Unsupported | Flag::Unoffered, false) => Ok(None),
        _ => Err(Failure::BindingType),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::{keys::Decoys, password::Password};

    const NONCE: &str = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    const FIRST: &str = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const CHALLENGE: &str = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
    const LAST: &str =
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    const SIGNATURE: &str = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

    fn keys() -> StoredKeys {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        StoredKeys::derive(&Password::from("pencil"), salt.try_into().unwrap(), 4_096).unwrap()
    }

    fn exchange(keys: StoredKeys) -> Exchange {
        let first = ClientFirst::parse(FIRST.as_bytes()).unwrap();
        let mut exchange = Exchange::new(&first, None, NONCE, Decoys::new([2; 32], 4_096).keys("user"));
        assert_eq!(exchange.challenge(Some(keys)), CHALLENGE);
        exchange
    }

    #[test]
    fn the_exchange_of_rfc_7677() {
        assert_eq!(exchange(keys()).conclude(LAST.as_bytes(), &[]).as_deref(), Ok(SIGNATURE));
    }

    /// no octet of the last message can be another one.
    #[test]
    fn a5_no_mutation_of_the_vector_succeeds() {
        let exchange = exchange(keys());
        for at in 0..LAST.len() {
            for other in [0, 1, 0x20, 0x80] {
                let mut bytes = Vec::from(LAST.as_bytes());
                bytes[at] ^= other;
                assert_eq!(exchange.conclude(&bytes, &[]).is_ok(), other == 0, "{}", bytes.escape_ascii());
            }
            assert!(exchange.conclude(&LAST.as_bytes()[..at], &[]).is_err());
        }
        // Part of the nonce is not enough, even under a proof that was made for it.
        let keys = keys();
        let without_proof = "c=biws,r=rOprNGfwEbeRWgbNEkqO";
        let salted = crate::scram::crypto::salted_password(Hash::Sha256, b"pencil", &keys.salt, 4_096);
        let client_key = crate::scram::crypto::hmac(Hash::Sha256, &salted, &[b"Client Key"]);
        let messages = ["n=user,r=rOprNGfwEbeRWgbNEkqO", CHALLENGE, without_proof];
        let proof = crate::scram::crypto::xor(&client_key, &sign(Hash::Sha256, &keys.stored_key, messages));
        let message = format!("{without_proof},p={}", STANDARD.encode(&*proof));
        assert_eq!(exchange.conclude(message.as_bytes(), &[]), Err(Failure::Credentials));
    }

    /// a user that does not exist cannot log in even with the decoy's own key, and the proof is computed all the same.
    #[test]
    fn a2_a_decoy_is_never_right() {
        let first = ClientFirst::parse(FIRST.as_bytes()).unwrap();
        let mut exchange = Exchange::new(&first, None, NONCE, keys());
        assert_eq!(exchange.challenge(None), CHALLENGE);
        assert_eq!(exchange.conclude(LAST.as_bytes(), &[]), Err(Failure::Credentials));
    }
}
