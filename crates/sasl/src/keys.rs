//! What a server keeps of a password.

use alloc::{boxed::Box, string::String, vec::Vec};
use core::{fmt, fmt::Write as _};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::{
    mechanism::Hash,
    password::Password,
    prepare::NotPrepared,
    scram::crypto::{Key, digest, hmac, salted_password},
};

/// The fewest iterations that are safe to announce or accept (RFC 7677, 3).
pub const MIN_ITERATIONS: u32 = 4_096;

/// Iterations for new keys: what RFC 7677, 4, finds right where old telephones are not the rule.
pub const DEFAULT_ITERATIONS: u32 = 15_000;

/// Octets of salt in new keys and in decoys.
pub const SALT_LEN: usize = 16;

/// A user's keys for SCRAM (RFC 5802, 3): enough to check a password or a proof, not enough to log in elsewhere.
///
/// Whoever steals them can still try passwords, and can pose as the server: keep them as safe as password hashes.
///
/// ```
/// use sasl::{Password, StoredKeys};
///
/// let keys = StoredKeys::derive(&Password::from("pencil"), *b"sixteen random o", 4_096)?;
/// let text = keys.to_text();
/// assert!(text.starts_with("SCRAM-SHA-256$4096:"));
/// let keys = StoredKeys::parse(&text)?;
/// assert!(keys.verify(&Password::from("pencil")));
/// assert!(!keys.verify(&Password::from("crayon")));
/// # Ok::<(), sasl::KeyError>(())
/// ```
#[derive(Clone)]
pub struct StoredKeys {
    pub(crate) hash: Hash,
    pub(crate) salt: Box<[u8]>,
    pub(crate) iterations: u32,
    pub(crate) stored_key: Key,
    pub(crate) server_key: Key,
}

impl StoredKeys {
    /// Computes the keys of a new password for SCRAM-SHA-256. `salt` is fresh randomness; [`DEFAULT_ITERATIONS`] is a good count. Takes time in proportion to
    /// `iterations`, some milliseconds for the default: not for a thread that serves many connections.
    ///
    /// # Errors
    /// [`KeyError::Iterations`] below [`MIN_ITERATIONS`], [`KeyError::Unprepared`] for a password that SASLprep forbids.
    pub fn derive(password: &Password, salt: [u8; SALT_LEN], iterations: u32) -> Result<Self, KeyError> {
        Self::derive_with(Hash::Sha256, password, salt, iterations)
    }

    /// The same for SCRAM with another hash; a user has keys of each kind that is to be offered.
    ///
    /// # Errors
    /// As for [`Self::derive`].
    pub fn derive_with(
        hash: Hash,
        password: &Password,
        salt: [u8; SALT_LEN],
        iterations: u32,
    ) -> Result<Self, KeyError> {
        if iterations < MIN_ITERATIONS {
            return Err(KeyError::Iterations);
        }
        Ok(Self::compute(hash, &password.prepared()?, Box::from(salt), iterations))
    }

    fn compute(hash: Hash, prepared: &Password, salt: Box<[u8]>, iterations: u32) -> Self {
        let salted = salted_password(hash, prepared.expose().as_bytes(), &salt, iterations);
        let client_key = hmac(hash, &salted, &[b"Client Key"]);
        let server_key = hmac(hash, &salted, &[b"Server Key"]);
        Self { hash, salt, iterations, stored_key: digest(hash, &client_key), server_key }
    }

    /// Whether this is the password, as PLAIN and LOGIN ask. Takes as long as [`Self::derive`], whatever the answer.
    #[must_use]
    pub fn verify(&self, password: &Password) -> bool {
        let Ok(prepared) = password.prepared() else { return false };
        let keys = Self::compute(self.hash, &prepared, self.salt.clone(), self.iterations);
        keys.stored_key.ct_eq(&self.stored_key).into()
    }

    /// The hash whose SCRAM they are for.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }

    /// How many iterations of the hash made them; a server may want to derive anew once its own count is higher.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Reads `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>` (or `SCRAM-SHA-1$...`), the three in base64: the form that PostgreSQL keeps too.
    ///
    /// # Errors
    /// [`KeyError::Text`] for another form, [`KeyError::Iterations`] below [`MIN_ITERATIONS`].
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let fields = || {
            let (scheme, rest) = text.split_once('$')?;
            let (cost, keys) = rest.split_once('$')?;
            let (iterations, salt) = cost.split_once(':')?;
            let (stored_key, server_key) = keys.split_once(':')?;
            let salt = STANDARD.decode(salt).ok().filter(|salt| !salt.is_empty())?;
            let digits = iterations.bytes().all(|byte| byte.is_ascii_digit()) && !iterations.starts_with('0');
            let hash = [Hash::Sha1, Hash::Sha256].into_iter().find(|hash| hash.mechanism().name() == scheme)?;
            digits.then_some(())?;
            Some(Self {
                hash,
                salt: salt.into_boxed_slice(),
                iterations: iterations.parse().ok()?,
                stored_key: key(hash, stored_key)?,
                server_key: key(hash, server_key)?,
            })
        };
        let keys = fields().ok_or(KeyError::Text)?;
        if keys.iterations < MIN_ITERATIONS { Err(KeyError::Iterations) } else { Ok(keys) }
    }

    /// The form that [`Self::parse`] reads, for a file or a database.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        // Large enough at once: a string that grows would leave its old memory behind unzeroed.
        let mut text = Zeroizing::new(String::with_capacity(128 + self.salt.len().div_ceil(3) * 4));
        // Writing to a string does not fail.
        let _ = write!(text, "{}${}:", self.hash.mechanism(), self.iterations);
        STANDARD.encode_string(&self.salt, &mut text);
        text.push('$');
        STANDARD.encode_string(&*self.stored_key, &mut text);
        text.push(':');
        STANDARD.encode_string(&*self.server_key, &mut text);
        text
    }
}

impl PartialEq for StoredKeys {
    fn eq(&self, other: &Self) -> bool {
        let keys = self.stored_key.ct_eq(&other.stored_key) & self.server_key.ct_eq(&other.server_key);
        self.hash == other.hash && self.salt == other.salt && self.iterations == other.iterations && keys.into()
    }
}

impl Eq for StoredKeys {}

impl fmt::Debug for StoredKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredKeys({}, {} iterations, ..)", self.hash.mechanism(), self.iterations)
    }
}

fn key(hash: Hash, text: &str) -> Option<Key> {
    Key::of(hash, &Zeroizing::new(STANDARD.decode(text).ok()?))
}

/// Why keys cannot be made or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not the text form of [`StoredKeys`].
    #[error("not keys for SCRAM: expected SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>")]
    Text,
    /// Fewer iterations than [`MIN_ITERATIONS`].
    #[error("fewer than {MIN_ITERATIONS} iterations; set the password anew")]
    Iterations,
    /// The password may not be used.
    #[error(transparent)]
    Unprepared(#[from] NotPrepared),
}

/// Keys for users that do not exist, so that nobody can ask which do (RFC 5802, 9; RFC 4616, 6).
///
/// A stranger who asks for the same name twice sees the same salt; without the secret nobody can tell it from a real one. So keep the secret
/// over restarts, and derive all users' keys with the same count of iterations. No password fits a decoy.
///
/// A server where `Bob` and `bob` are one user answers for users it does not know with the decoy of the folded name: otherwise two spellings
/// with one salt would betray a user.
///
/// ```
/// use sasl::{Decoys, Password, StoredKeys};
///
/// let decoys = Decoys::new([7; 32], sasl::MIN_ITERATIONS);
/// let found: Option<StoredKeys> = None; // no such user
/// // The work of a check is done in any case:
/// assert!(!found.unwrap_or_else(|| decoys.keys("nobody")).verify(&Password::from("guess")));
/// ```
#[derive(Clone)]
pub struct Decoys {
    secret: Zeroizing<[u8; 32]>,
    iterations: u32,
}

impl Decoys {
    /// Decoys from a secret that nobody else knows, with the count of iterations that real users have.
    #[must_use]
    pub fn new(secret: [u8; 32], iterations: u32) -> Self {
        Self { secret: Zeroizing::new(secret), iterations: iterations.max(MIN_ITERATIONS) }
    }

    /// The keys for SCRAM-SHA-256 of a user that does not exist; the same for the same prepared name.
    #[must_use]
    pub fn keys(&self, authcid: &str) -> StoredKeys {
        self.keys_with(Hash::Sha256, authcid)
    }

    /// The same for SCRAM with another hash.
    #[must_use]
    pub fn keys_with(&self, hash: Hash, authcid: &str) -> StoredKeys {
        let derived = |purpose: &[u8]| hmac(hash, &*self.secret, &[purpose, b"\0", authcid.as_bytes()]);
        let salt: Vec<u8> = derived(b"salt").iter().copied().take(SALT_LEN).collect();
        StoredKeys {
            hash,
            salt: salt.into_boxed_slice(),
            iterations: self.iterations,
            stored_key: derived(b"stored key"),
            server_key: derived(b"server key"),
        }
    }
}

impl fmt::Debug for Decoys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoys({} iterations, ..)", self.iterations)
    }
}
