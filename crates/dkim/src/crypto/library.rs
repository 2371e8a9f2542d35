//! ring or aws-lc-rs: both have the same interface.

use alloc::boxed::Box;
use core::fmt;

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as library;
use library::signature::{
    ED25519, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, RSA_PKCS1_SHA256, RsaKeyPair,
};
use library::{digest, rand, signature};
#[cfg(not(feature = "aws-lc-rs"))]
use ring as library;

use super::Digest;
use crate::Hash;

/// A hash that is being computed.
pub(crate) struct Context(digest::Context);

impl Context {
    pub(crate) fn new(hash: Hash) -> Self {
        Self(digest::Context::new(match hash {
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
        }))
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest::new(self.0.finish().as_ref())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Context")
    }
}

pub(crate) fn sha256(octets: &[u8]) -> Digest {
    Digest::new(digest::digest(&digest::SHA256, octets).as_ref())
}

/// An RSA key to verify with.
#[derive(Clone)]
pub(crate) struct RsaKey {
    /// RFC 8017, A.1.1.
    der: Box<[u8]>,
    /// aws-lc-rs keeps what it has computed from a key; ring does that each time.
    #[cfg(feature = "aws-lc-rs")]
    parsed: Option<signature::ParsedPublicKey>,
}

impl RsaKey {
    pub(crate) fn new(der: &[u8]) -> Self {
        Self {
            der: der.into(),
            #[cfg(feature = "aws-lc-rs")]
            parsed: signature::ParsedPublicKey::new(&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, der).ok(),
        }
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(crate) fn verify(&self, hash: Hash, input: &[u8], signature: &[u8]) -> bool {
        #[cfg(feature = "aws-lc-rs")]
        if let (Some(parsed), Hash::Sha256) = (&self.parsed, hash) {
            return parsed.verify_sig(input, signature).is_ok();
        }
        // "legacy" is what the library calls keys of 1,024 bits; RFC 8301, 3.2, has them verified
        let algorithm = match hash {
            Hash::Sha256 => &RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
            Hash::Sha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        };
        signature::UnparsedPublicKey::new(algorithm, self.der()).verify(input, signature).is_ok()
    }
}

/// An Ed25519 key to verify with.
#[derive(Clone)]
pub(crate) struct Ed25519Key([u8; 32]);

impl Ed25519Key {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        signature::UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}

/// An RSA key to sign with.
pub(crate) struct RsaPair(RsaKeyPair);

impl RsaPair {
    pub(crate) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        RsaKeyPair::from_pkcs8(der).ok().map(Self)
    }

    pub(crate) fn from_pkcs1(der: &[u8]) -> Option<Self> {
        RsaKeyPair::from_der(der).ok().map(Self)
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    /// The signature; nothing where the library cannot make it.
    pub(crate) fn sign(&self, input: &[u8]) -> Option<Box<[u8]>> {
        let mut signature = alloc::vec![0; self.0.public_key().modulus_len()];
        // PKCS #1 1.5 has no randomness in it: the generator is not asked
        self.0.sign(&RSA_PKCS1_SHA256, &rand::SystemRandom::new(), input, &mut signature).ok()?;
        Some(signature.into())
    }
}

/// An Ed25519 key to sign with.
pub(crate) struct Ed25519Pair(Ed25519KeyPair);

impl Ed25519Pair {
    pub(crate) fn from_pkcs8(der: &[u8]) -> Option<Self> {
        // the public half may be missing (RFC 5958); it is computed anyway
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok().map(Self)
    }

    pub(crate) fn from_seed(seed: &[u8; 32]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    pub(crate) fn public(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Box<[u8]> {
        self.0.sign(message).as_ref().into()
    }
}
