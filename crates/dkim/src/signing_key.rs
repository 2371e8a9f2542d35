//! Keys to sign with.

use core::fmt;

use der::pem;
use zeroize::Zeroizing;

use crate::crypto::{Ed25519Pair, RsaPair};
use crate::{Algorithm, KeyRecord, PublicKey};

/// What is in front of a seed in PKCS #8 (RFC 8410, 7).
const ED25519_PKCS8: [u8; 16] =
    [0x30, 0x2E, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

/// A private key in memory: RSA of 2,048 bits at least, or Ed25519.
///
/// The text or DER that it comes from belongs to the caller, who should wipe it; copies that are made here on the way are zeroed. What the library makes of a key is the
/// library's: aws-lc-rs zeroes it, ring does not.
///
/// ```
/// use dkim::{Algorithm, SigningKey};
///
/// let key = SigningKey::from_seed(&[7; 32])?; // 32 octets of good randomness
/// assert_eq!(key.algorithm(), Algorithm::Ed25519Sha256);
/// let pem = SigningKey::seed_to_pem(&[7; 32]);
/// assert_eq!(SigningKey::from_pem(&pem)?.record(), key.record());
/// println!("2026._domainkey.example.net. TXT {}", key.record().strings());
/// # Ok::<(), dkim::SigningKeyError>(())
/// ```
pub struct SigningKey(Pair);

enum Pair {
    Rsa(RsaPair),
    Ed25519(Ed25519Pair),
}

/// Why something is no [`SigningKey`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningKeyError {
    /// The text is not PEM (RFC 7468), or of another kind: an encrypted key, a public key.
    #[error("no PEM of a private key; an encrypted one has to be decrypted first")]
    Pem,
    /// The key is malformed, of another type, or RSA of less than 2,048 bits.
    #[error("no private key of RSA with 2,048 bits or more, nor of Ed25519")]
    Key,
    /// The random generator gave nothing of use.
    #[error("no key could be made from these random numbers")]
    Randomness,
}

impl SigningKey {
    /// A key from PEM: `PRIVATE KEY` (PKCS #8), `RSA PRIVATE KEY` (PKCS #1).
    ///
    /// # Errors
    ///
    /// [`SigningKeyError`].
    pub fn from_pem(text: &str) -> Result<Self, SigningKeyError> {
        let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| SigningKeyError::Pem)?;
        let der = Zeroizing::new(der);
        match label {
            "PRIVATE KEY" => Self::from_pkcs8(&der),
            "RSA PRIVATE KEY" => Self::from_pkcs1(&der),
            _ => Err(SigningKeyError::Pem),
        }
    }

    /// A key from the DER of PKCS #8 (RFC 5958).
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Key`].
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SigningKeyError> {
        let rsa = || RsaPair::from_pkcs8(der).map(Pair::Rsa);
        Ed25519Pair::from_pkcs8(der).map(Pair::Ed25519).or_else(rsa).map(Self).ok_or(SigningKeyError::Key)
    }

    /// An RSA key from the DER of PKCS #1 (RFC 8017, A.1.2).
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Key`].
    pub fn from_pkcs1(der: &[u8]) -> Result<Self, SigningKeyError> {
        RsaPair::from_pkcs1(der).map(Pair::Rsa).map(Self).ok_or(SigningKeyError::Key)
    }

    /// An Ed25519 key from its 32 octets (RFC 8032, 5.1.5), which have to be random, and secret.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Key`], in a build without a library for signatures.
    pub fn from_seed(seed: &[u8; 32]) -> Result<Self, SigningKeyError> {
        Ed25519Pair::from_seed(seed).map(Pair::Ed25519).map(Self).ok_or(SigningKeyError::Key)
    }

    /// The 32 octets of an Ed25519 key as PEM, to be kept in a file.
    #[must_use]
    pub fn seed_to_pem(seed: &[u8; 32]) -> Zeroizing<alloc::string::String> {
        let mut der = Zeroizing::new([0; 48]);
        der.iter_mut().zip(ED25519_PKCS8.iter().chain(seed)).for_each(|(to, octet)| *to = *octet);
        // 48 octets and this label always fit
        Zeroizing::new(pem::encode_string("PRIVATE KEY", pem::LineEnding::LF, der.as_ref()).unwrap_or_default())
    }

    /// A new RSA key as PEM, to be kept in a file. `fill` puts randomness into all of a slice; it is asked often. 2,048 bits are what DKIM is used with; more make records that
    /// not every DNS server passes on. It takes from a tenth of a second to some seconds.
    ///
    /// # Errors
    ///
    /// [`SigningKeyError::Key`] for less than 2,048 bits or more than 4,096; [`SigningKeyError::Randomness`].
    #[cfg(feature = "generate")]
    pub fn generate_rsa(
        bits: usize,
        fill: impl FnMut(&mut [u8]),
    ) -> Result<Zeroizing<alloc::string::String>, SigningKeyError> {
        use rsa::pkcs8::{EncodePrivateKey as _, LineEnding};

        if !(2_048..=4_096).contains(&bits) {
            return Err(SigningKeyError::Key);
        }
        let key = rsa::RsaPrivateKey::new(&mut Random(fill), bits).map_err(|_| SigningKeyError::Randomness)?;
        key.to_pkcs8_pem(LineEnding::LF).map_err(|_| SigningKeyError::Randomness)
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.0 {
            Pair::Rsa(_) => Algorithm::RsaSha256,
            Pair::Ed25519(_) => Algorithm::Ed25519Sha256,
        }
    }

    /// The record to publish under [`Signing::key_name`](crate::Signing::key_name), for this key and for all of mail.
    #[must_use]
    pub fn record(&self) -> KeyRecord {
        KeyRecord::new(match &self.0 {
            Pair::Rsa(pair) => PublicKey::rsa(pair.public()).unwrap_or_else(|_| PublicKey::ed25519([0; 32])),
            Pair::Ed25519(pair) => PublicKey::ed25519(pair.public().try_into().unwrap_or_default()),
        })
    }

    /// The signature over the input of a [`SignRequest`](crate::SignRequest); nothing, where the library fails.
    pub(crate) fn sign(&self, input: &[u8]) -> Option<alloc::boxed::Box<[u8]>> {
        match &self.0 {
            Pair::Rsa(pair) => pair.sign(input),
            Pair::Ed25519(pair) => Some(pair.sign(input)),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({}, redacted)", self.algorithm())
    }
}

/// The caller's randomness, as the generator of RSA keys wants it.
#[cfg(feature = "generate")]
struct Random<F>(F);

#[cfg(feature = "generate")]
impl<F: FnMut(&mut [u8])> rsa::rand_core::RngCore for Random<F> {
    fn next_u32(&mut self) -> u32 {
        rsa::rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rsa::rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, octets: &mut [u8]) {
        (self.0)(octets);
    }

    fn try_fill_bytes(&mut self, octets: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.fill_bytes(octets);
        Ok(())
    }
}

#[cfg(feature = "generate")]
impl<F: FnMut(&mut [u8])> rsa::rand_core::CryptoRng for Random<F> {}
