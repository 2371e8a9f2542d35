//! Without a library for signatures: hashes are computed, keys are read, and nothing verifies. A [`Signer`](crate::Signer) works with keys that are elsewhere.

use alloc::boxed::Box;
use core::fmt;

use sha2::Digest as _;

use super::Digest;
use crate::Hash;

/// A hash that is being computed. SHA-1 is refused long before.
pub(crate) struct Context(sha2::Sha256);

impl Context {
    pub(crate) fn new(_: Hash) -> Self {
        Self(sha2::Sha256::new())
    }

    pub(crate) fn update(&mut self, octets: &[u8]) {
        self.0.update(octets);
    }

    pub(crate) fn finish(self) -> Digest {
        Digest::new(self.0.finalize().as_ref())
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Context")
    }
}

pub(crate) fn sha256(octets: &[u8]) -> Digest {
    Digest::new(sha2::Sha256::digest(octets).as_ref())
}

#[derive(Clone)]
pub(crate) struct RsaKey(Box<[u8]>);

impl RsaKey {
    pub(crate) fn new(der: &[u8]) -> Self {
        Self(der.into())
    }

    pub(crate) fn der(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn verify(&self, _: Hash, _: &[u8], _: &[u8]) -> bool {
        false
    }
}

#[derive(Clone)]
pub(crate) struct Ed25519Key([u8; 32]);

impl Ed25519Key {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn verify(&self, _: &[u8], _: &[u8]) -> bool {
        false
    }
}

/// There is none.
pub(crate) enum RsaPair {}

impl RsaPair {
    pub(crate) fn from_pkcs8(_: &[u8]) -> Option<Self> {
        None
    }

    pub(crate) fn from_pkcs1(_: &[u8]) -> Option<Self> {
        None
    }

    pub(crate) fn public(&self) -> &[u8] {
        match *self {}
    }

    pub(crate) fn sign(&self, _: &[u8]) -> Option<Box<[u8]>> {
        match *self {}
    }
}

/// There is none.
pub(crate) enum Ed25519Pair {}

impl Ed25519Pair {
    pub(crate) fn from_pkcs8(_: &[u8]) -> Option<Self> {
        None
    }

    pub(crate) fn from_seed(_: &[u8; 32]) -> Option<Self> {
        None
    }

    pub(crate) fn public(&self) -> &[u8] {
        match *self {}
    }

    pub(crate) fn sign(&self, _: &[u8]) -> Box<[u8]> {
        match *self {}
    }
}
