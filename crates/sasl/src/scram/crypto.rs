//! The arithmetic of RFC 5802, 3.

use core::ops::Deref;

use hmac::{Hmac, KeyInit, Mac, digest::consts::U64};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::mechanism::Hash;

/// What the hash and all keys consist of: as many octets as the hash has.
#[derive(Clone)]
pub(crate) struct Key {
    octets: Zeroizing<[u8; 32]>,
    len: usize,
}

impl Key {
    /// A key of these octets, of which there are no more than the longest hash has.
    fn new(octets: &[u8]) -> Self {
        let mut key = Self { octets: Zeroizing::default(), len: octets.len().min(32) };
        for (to, from) in key.octets.iter_mut().zip(octets) {
            *to = *from;
        }
        key
    }

    /// A key that somebody sent: it must be as long as the hash is.
    pub(crate) fn of(hash: Hash, octets: &[u8]) -> Option<Self> {
        (octets.len() == hash.len()).then(|| Self::new(octets))
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.octets.get(..self.len).unwrap_or_default()
    }
}

/// `Hi(password, salt, iterations)`.
pub(crate) fn salted_password(hash: Hash, password: &[u8], salt: &[u8], iterations: u32) -> Key {
    let mut salted = Zeroizing::new([0; 32]);
    let out = salted.get_mut(..hash.len()).unwrap_or_default();
    match hash {
        Hash::Sha1 => pbkdf2::pbkdf2_hmac::<Sha1>(password, salt, iterations, out),
        Hash::Sha256 => pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, out),
    }
    Key::new(out)
}

/// `H(text)`.
pub(crate) fn digest(hash: Hash, text: &[u8]) -> Key {
    match hash {
        Hash::Sha1 => Key::new(&Zeroizing::new(<[u8; 20]>::from(Sha1::digest(text)))[..]),
        Hash::Sha256 => Key::new(&Zeroizing::new(<[u8; 32]>::from(Sha256::digest(text)))[..]),
    }
}

/// `HMAC(key, parts, one after the other)`.
pub(crate) fn hmac(hash: Hash, key: &[u8], parts: &[&[u8]]) -> Key {
    match hash {
        Hash::Sha1 => mac::<Hmac<Sha1>>(key, parts),
        Hash::Sha256 => mac::<Hmac<Sha256>>(key, parts),
    }
}

fn mac<M: Mac + KeyInit<KeySize = U64>>(key: &[u8], parts: &[&[u8]]) -> Key {
    // RFC 2104, 2: a key shorter than a block is filled up with zeros. Done here, so that there is no length to be wrong.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = <M as KeyInit>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    Key::new(&mac.finalize().into_bytes())
}

/// `a XOR b`.
pub(crate) fn xor(a: &[u8], b: &[u8]) -> Key {
    let mut out = Key::new(a);
    for (out, b) in out.octets.iter_mut().zip(b) {
        *out ^= b;
    }
    out
}

/// The three messages that both signatures cover, without the commas between them.
pub(crate) type AuthMessage<'a> = [&'a str; 3];

/// The signature of `AuthMessage` with one of the keys.
pub(crate) fn sign(hash: Hash, key: &[u8], [first, challenge, last]: AuthMessage<'_>) -> Key {
    hmac(hash, key, &[first.as_bytes(), b",", challenge.as_bytes(), b",", last.as_bytes()])
}

/// Whether the proof is of one who knows the client key (RFC 5802, 3: `H(proof XOR signature)` is the stored key).
pub(crate) fn proves(hash: Hash, proof: &[u8], stored_key: &[u8], messages: AuthMessage<'_>) -> bool {
    let client_key = xor(proof, &sign(hash, stored_key, messages));
    digest(hash, &client_key).ct_eq(stored_key).into()
}
