//! Keys as the DNS has them (RFC 6376, 3.6.1; RFC 8463, 4).

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use der::Decode as _;
use der::Encode as _;
use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use crate::crypto::{Ed25519Key, LIBRARY_MIN_BITS, RsaKey, sha256, verify_short_rsa};
use crate::tag_list::encode_base64;
use crate::{Algorithm, Exceeded, Hash, KeyError, Limits, TagList};

/// rsaEncryption (RFC 8017, A.1).
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// A public key.
#[derive(Clone)]
pub struct PublicKey(Inner);

#[derive(Clone)]
enum Inner {
    Rsa { key: RsaKey, bits: u16 },
    Ed25519(Ed25519Key),
}

impl PublicKey {
    /// An RSA key from its DER: SubjectPublicKeyInfo, as nearly all records have it, or the bare RSAPublicKey that RFC 6376, 3.6.1, speaks of.
    ///
    /// # Errors
    ///
    /// [`KeyError::Malformed`].
    pub fn rsa(der: &[u8]) -> Result<Self, KeyError> {
        let bare = match SubjectPublicKeyInfoRef::from_der(der) {
            Ok(info) if info.algorithm.oid == RSA => info.subject_public_key.as_bytes().ok_or(KeyError::Malformed)?,
            Ok(_) => return Err(KeyError::Malformed),
            Err(_) => der,
        };
        let parts = pkcs1::RsaPublicKey::from_der(bare).map_err(|_| KeyError::Malformed)?;
        let modulus = parts.modulus.as_bytes();
        let first = modulus.first().copied().unwrap_or_default();
        let exponent = parts.public_exponent.as_bytes();
        // Row K-4: an exponent of one makes any text a signature, and a huge one is a cost. Odd it has to be.
        let sane = exponent.len() <= 4 && exponent != [1] && exponent.last().is_some_and(|octet| octet & 1 == 1);
        let bits = (modulus.len() * 8).saturating_sub(first.leading_zeros() as usize);
        let bits = u16::try_from(bits).map_err(|_| KeyError::Malformed)?;
        if !sane || bits < 128 {
            return Err(KeyError::Malformed);
        }
        Ok(Self(Inner::Rsa { key: RsaKey::new(bare), bits }))
    }

    /// An Ed25519 key: its 32 octets (RFC 8463, 4.2).
    #[must_use]
    pub fn ed25519(key: [u8; 32]) -> Self {
        Self(Inner::Ed25519(Ed25519Key::new(key)))
    }

    /// The name in `k=`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.0 {
            Inner::Rsa { .. } => "rsa",
            Inner::Ed25519(_) => "ed25519",
        }
    }

    /// How many bits: of an RSA key's modulus, or 256.
    #[must_use]
    pub const fn bits(&self) -> u16 {
        match self.0 {
            Inner::Rsa { bits, .. } => bits,
            Inner::Ed25519(_) => 256,
        }
    }

    /// Whether the algorithm is one of this type of key.
    #[must_use]
    pub const fn fits(&self, algorithm: Algorithm) -> bool {
        match self.0 {
            Inner::Rsa { .. } => matches!(algorithm, Algorithm::RsaSha256 | Algorithm::RsaSha1),
            Inner::Ed25519(_) => matches!(algorithm, Algorithm::Ed25519Sha256),
        }
    }

    /// Whether a signature over the input is right. The input is what is signed, not its hash. How many bits are enough is not judged here.
    ///
    /// It is never right in a build without a library for signatures.
    #[must_use]
    pub fn verify(&self, algorithm: Algorithm, input: &[u8], signature: &[u8]) -> bool {
        match (&self.0, algorithm) {
            (Inner::Rsa { key, bits }, Algorithm::RsaSha256 | Algorithm::RsaSha1) => {
                if *bits < LIBRARY_MIN_BITS {
                    return verify_short_rsa(key.der(), algorithm.hash(), input, signature);
                }
                key.verify(algorithm.hash(), input, signature)
            }
            // RFC 8463, 3: what Ed25519 signs is the hash
            (Inner::Ed25519(key), Algorithm::Ed25519Sha256) => key.verify(sha256(input).as_ref(), signature),
            _ => false,
        }
    }

    /// What stands in `p=`, before base64: SubjectPublicKeyInfo for RSA, 32 octets for Ed25519.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.0 {
            Inner::Ed25519(key) => key.as_bytes().to_vec(),
            Inner::Rsa { key, .. } => {
                let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };
                let info = BitStringRef::from_bytes(key.der())
                    .map(|subject_public_key| SubjectPublicKeyInfoRef { algorithm, subject_public_key });
                // a key of at most 8,192 octets fits into any DER
                info.and_then(|info| info.to_der()).unwrap_or_default()
            }
        }
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Inner::Rsa { key, .. }, Inner::Rsa { key: other, .. }) => key.der() == other.der(),
            (Inner::Ed25519(key), Inner::Ed25519(other)) => key.as_bytes() == other.as_bytes(),
            _ => false,
        }
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PublicKey({}, {} bits)", self.kind(), self.bits())
    }
}

/// A key record, read from a TXT record or to be published in one.
///
/// What RFC 6376 no longer knows, such as `g=`, is passed over, as is all that is unknown.
///
/// ```
/// use dkim::{KeyRecord, Limits};
///
/// let text = b"v=DKIM1; k=ed25519; t=s; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// let record = KeyRecord::parse(text, &Limits::default())?;
/// assert_eq!(record.key().bits(), 256);
/// assert!(record.strict && !record.testing);
/// assert_eq!(record.to_string().as_bytes(), text);
/// # Ok::<(), dkim::KeyError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    key: PublicKey,
    /// Which hashes it may be used with (`h=`): all, where it says nothing. Unknown ones are left out.
    pub hashes: Option<Vec<Hash>>,
    /// Whether it is for mail (`s=`): also where it says nothing.
    pub email: bool,
    /// Whether its owner is still testing (`t=y`): a verifier is to treat the message as if it were not signed.
    pub testing: bool,
    /// Whether the domain in `i=` has to be the one in `d=` (`t=s`).
    pub strict: bool,
    /// What its owner has to say to people who look after mail (`n=`), as it was written.
    pub notes: Option<Box<str>>,
}

impl KeyRecord {
    /// The record of a key that may be used for all that is mail.
    #[must_use]
    pub const fn new(key: PublicKey) -> Self {
        Self { key, hashes: None, email: true, testing: false, strict: false, notes: None }
    }

    /// Reads the text of a TXT record.
    ///
    /// # Errors
    ///
    /// [`KeyError`]; a key that its owner has taken back is one, too.
    pub fn parse(text: &[u8], limits: &Limits) -> Result<Self, KeyError> {
        if text.len() > limits.key {
            return Err(Exceeded::Key(limits.key).into());
        }
        let list = TagList::parse(text, limits)?;
        // RFC 6376, 3.6.1, v=: in front, where it is there at all
        if list.get("v").is_some_and(|tag| tag.value() != b"DKIM1" || list.iter().next() != Some(tag)) {
            return Err(KeyError::Version);
        }
        let p = list.get("p").ok_or(KeyError::Missing)?;
        if p.value().is_empty() {
            return Err(KeyError::Revoked);
        }
        let octets = p.base64()?;
        let key = match list.get("k").map_or(&b"rsa"[..], |tag| tag.value()) {
            kind if kind.eq_ignore_ascii_case(b"rsa") => PublicKey::rsa(&octets)?,
            kind if kind.eq_ignore_ascii_case(b"ed25519") => {
                PublicKey::ed25519(octets.try_into().map_err(|_| KeyError::Malformed)?)
            }
            _ => return Err(KeyError::Type),
        };
        let mut record = Self::new(key);
        record.hashes = list.get("h").map(|tag| {
            let named = |name: &[u8]| {
                [Hash::Sha256, Hash::Sha1].into_iter().find(|hash| hash.name().as_bytes().eq_ignore_ascii_case(name))
            };
            tag.list().filter_map(named).collect()
        });
        record.email =
            list.get("s").is_none_or(|tag| tag.list().any(|kind| kind == b"*" || kind.eq_ignore_ascii_case(b"email")));
        if let Some(flags) = list.get("t") {
            record.testing = flags.list().any(|flag| flag == b"y");
            record.strict = flags.list().any(|flag| flag == b"s");
        }
        record.notes = list.get("n").and_then(|tag| tag.text().ok()).map(Into::into);
        Ok(record)
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}

/// The text of the TXT record to publish. A zone file wants it in strings of 255 octets at most: see [`Self::strings`](KeyRecord::strings).
impl fmt::Display for KeyRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "v=DKIM1; k={}", self.key.kind())?;
        if let Some(hashes) = &self.hashes {
            formatter.write_str("; h=")?;
            for (at, hash) in hashes.iter().enumerate() {
                write!(formatter, "{}{}", if at > 0 { ":" } else { "" }, hash.name())?;
            }
        }
        if !self.email {
            formatter.write_str("; s=none")?;
        }
        match (self.testing, self.strict) {
            (true, true) => formatter.write_str("; t=y:s")?,
            (true, false) => formatter.write_str("; t=y")?,
            (false, true) => formatter.write_str("; t=s")?,
            (false, false) => {}
        }
        if let Some(notes) = &self.notes {
            write!(formatter, "; n={notes}")?;
        }
        write!(formatter, "; p={}", encode_base64(&self.key.to_bytes()))
    }
}

impl KeyRecord {
    /// The text for a zone file: in quotes, in strings of 255 octets at most (RFC 1035, 3.3; RFC 6376, 3.6.2.2).
    ///
    /// ```
    /// # let text = b"k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    /// let record = dkim::KeyRecord::parse(text, &dkim::Limits::default())?;
    /// assert_eq!(record.strings(), "\"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\"");
    /// # Ok::<(), dkim::KeyError>(())
    /// ```
    #[must_use]
    pub fn strings(&self) -> String {
        let text = alloc::format!("{self}");
        let mut out = String::with_capacity(text.len() + 16);
        let mut len = 0;
        for letter in text.chars() {
            if len + letter.len_utf8() > 255 {
                out.push_str("\" \"");
                len = 0;
            }
            if len == 0 && out.is_empty() {
                out.push('"');
            }
            if matches!(letter, '"' | '\\') {
                out.push('\\');
            }
            out.push(letter);
            len += letter.len_utf8();
        }
        out.push('"');
        out
    }
}
