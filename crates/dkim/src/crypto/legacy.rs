//! RSA with keys that no library takes any more: only for mail from before RFC 8301, and only to verify, so that no secret is at stake.

use alloc::vec::Vec;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U64, U1024};
use der::Decode as _;
use sha1::{Digest as _, Sha1};

use super::sha256;
use crate::Hash;

/// What is in front of a hash in a signature (RFC 8017, 9.2, note 1).
const SHA1: [u8; 15] = [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2B, 0x0E, 0x03, 0x02, 0x1A, 0x05, 0x00, 0x04, 0x14];
const SHA256: [u8; 19] =
    [0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];

/// Whether a signature is right (RFC 8017, 8.2.2). Keys of up to 1,024 bits.
pub(super) fn verify(key: &[u8], hash: Hash, input: &[u8], signature: &[u8]) -> bool {
    matches(key, hash, input, signature).unwrap_or(false)
}

fn matches(key: &[u8], hash: Hash, input: &[u8], signature: &[u8]) -> Option<bool> {
    let key = pkcs1::RsaPublicKey::from_der(key).ok()?;
    let modulus = key.modulus.as_bytes();
    if signature.len() != modulus.len() {
        return Some(false);
    }
    let n: Option<Odd<U1024>> = Odd::new(number(modulus)?).into();
    let n = n?;
    let s = number(signature)?;
    let mut exponent = [0; 8];
    let e = key.public_exponent.as_bytes();
    exponent.get_mut(8_usize.checked_sub(e.len())?..)?.copy_from_slice(e);
    if s >= *n {
        return Some(false);
    }
    let params = FixedMontyParams::new_vartime(n);
    let message = FixedMontyForm::new(&s, &params).pow(&U64::from_be_slice(&exponent)).retrieve();
    let octets = message.to_be_bytes();
    let octets: &[u8] = octets.as_ref();
    let (zeros, found) = octets.split_at_checked(octets.len().checked_sub(modulus.len())?)?;
    // what is expected is made and compared, so that nothing has to be parsed that a stranger wrote
    Some(zeros.iter().all(|octet| *octet == 0) && *found == *encoded(hash, input, modulus.len())?)
}

/// A number of up to 1,024 bits.
fn number(octets: &[u8]) -> Option<U1024> {
    let mut all = [0; 128];
    all.get_mut(128_usize.checked_sub(octets.len())?..)?.copy_from_slice(octets);
    Some(U1024::from_be_slice(&all))
}

/// What a signature over the input stands for (RFC 8017, 9.2).
fn encoded(hash: Hash, input: &[u8], len: usize) -> Option<Vec<u8>> {
    let (prefix, digest): (&[u8], Vec<u8>) = match hash {
        Hash::Sha1 => (&SHA1, Sha1::digest(input).to_vec()),
        Hash::Sha256 => (&SHA256, sha256(input).as_ref().to_vec()),
    };
    let padding = len.checked_sub(3 + prefix.len() + digest.len()).filter(|padding| *padding >= 8)?;
    let mut out = alloc::vec![0xFF; 2 + padding];
    *out.first_mut()? = 0;
    *out.get_mut(1)? = 1;
    out.push(0);
    out.extend_from_slice(prefix);
    out.extend_from_slice(&digest);
    Some(out)
}
