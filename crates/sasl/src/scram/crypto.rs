//! The arithmetic of RFC 5802, 3.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What the hash and all keys consist of.
pub(crate) type Key = Zeroizing<[u8; 32]>;

/// `Hi(password, salt, iterations)`.
pub(crate) fn salted_password(password: &[u8], salt: &[u8], iterations: u32) -> Key {
    let mut salted = Key::default();
    pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, iterations, &mut *salted);
    salted
}

/// `H(text)`.
pub(crate) fn hash(text: &[u8]) -> Key {
    Zeroizing::new(Sha256::digest(text).into())
}

/// `HMAC(key, parts, one after the other)`.
pub(crate) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Key {
    // RFC 2104, 2: a key shorter than a block is filled up with zeros. Done here, so that there is no length to be wrong.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// `a XOR b`.
pub(crate) fn xor(a: &[u8; 32], b: &[u8; 32]) -> Key {
    let mut out = Key::default();
    for (out, (a, b)) in out.iter_mut().zip(a.iter().zip(b)) {
        *out = a ^ b;
    }
    out
}

/// The three messages that both signatures cover, without the commas between them.
pub(crate) type AuthMessage<'a> = [&'a str; 3];

/// The signature of `AuthMessage` with one of the keys.
pub(crate) fn sign(key: &[u8; 32], [first, challenge, last]: AuthMessage<'_>) -> Key {
    hmac(key, &[first.as_bytes(), b",", challenge.as_bytes(), b",", last.as_bytes()])
}

/// Whether the proof is of one who knows the client key (RFC 5802, 3: `H(proof XOR signature)` is the stored key).
pub(crate) fn proves(proof: &[u8; 32], stored_key: &[u8; 32], messages: AuthMessage<'_>) -> bool {
    let client_key = xor(proof, &sign(stored_key, messages));
    hash(&*client_key).ct_eq(stored_key).into()
}
