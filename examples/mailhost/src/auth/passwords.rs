//! Passwords: how they are kept, and what checking one may cost.

use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::Argon2;
use ring::hmac;
use sasl::{DEFAULT_ITERATIONS, Password, StoredKeys};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::metrics::Metrics;
use crate::random;
use crate::store::{self, Credentials};

/// How many hashes are computed at a time; each takes 19 MiB. All others wait their turn, up to [`QUEUE_TIME`] (row A-7).
const HASHES_MAX: usize = 2;
const QUEUE_TIME: Duration = Duration::from_secs(10);

/// How long a password that was right is remembered, and how many are.
const REMEMBERED_TIME: Duration = Duration::from_secs(300);
const REMEMBERED_MAX: usize = 10_000;

/// Why a password could not be checked or kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Too many checks are waiting.
    #[error("too many passwords are being checked")]
    Busy,
    /// What is stored is no hash.
    #[error("a stored password hash cannot be read: {0}")]
    Hash(argon2::password_hash::Error),
    /// The password has characters that no password may have.
    #[error("the password has characters that cannot be typed everywhere: {0}")]
    Unprepared(#[from] sasl::NotPrepared),
    /// Keys cannot be derived from it.
    #[error("the password cannot be used: {0}")]
    Keys(#[from] sasl::KeyError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] io::Error),
}

/// Checks passwords, and remembers for a while which were right: a mail program asks every few minutes, and a hash that is slow to guess is slow to check.
///
/// What is remembered is an HMAC, under a key that only this process has, of the password together with the stored hash: a changed password is forgotten
/// by itself.
#[derive(Debug)]
pub(crate) struct Passwords {
    turns: Semaphore,
    key: hmac::Key,
    remembered: Mutex<HashMap<[u8; 32], Instant>>,
    /// The hash of no password, checked for users that do not exist.
    dummy: Zeroizing<String>,
}

impl Passwords {
    /// Remembers nothing yet.
    ///
    /// # Errors
    /// [`Error`]: no randomness.
    pub(crate) fn new() -> Result<Self, Error> {
        let nobody: [u8; 16] = random::bytes()?;
        Ok(Self {
            turns: Semaphore::new(HASHES_MAX),
            key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()?),
            remembered: Mutex::default(),
            dummy: hash(&nobody)?,
        })
    }

    /// Whether this is the password with that hash. Without a hash the answer is no, after the same work (row A-2).
    ///
    /// # Errors
    /// [`Error::Busy`], [`Error::Hash`].
    pub(crate) async fn verify(&self, phc: Option<Zeroizing<String>>, password: &Password, metrics: &Metrics) -> Result<bool, Error> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.dummy.clone());
        let tag = self.tag(&phc, password);
        if known && self.remembers(&tag) {
            return Ok(true);
        }
        let _turn = timeout(QUEUE_TIME, self.turns.acquire()).await.map_err(|_| Error::Busy)?.map_err(|_| Error::Busy)?;
        metrics.password_hashes_total.add(1);
        let password = password.clone();
        let right = spawn_blocking(move || {
            let parsed = PasswordHash::new(&phc).map_err(Error::Hash)?;
            Ok::<_, Error>(Argon2::default().verify_password(password.expose().as_bytes(), &parsed).is_ok())
        })
        .await
        .map_err(|_| Error::Busy)??;
        if right && known {
            self.remember(tag);
        }
        Ok(right && known)
    }

    fn tag(&self, phc: &str, password: &Password) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(&(phc.len() as u64).to_le_bytes());
        context.update(phc.as_bytes());
        context.update(password.expose().as_bytes());
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }

    fn remembers(&self, tag: &[u8; 32]) -> bool {
        let remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.get(tag).is_some_and(|since| since.elapsed() < REMEMBERED_TIME)
    }

    fn remember(&self, tag: [u8; 32]) {
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED_MAX {
            remembered.retain(|_, since| since.elapsed() < REMEMBERED_TIME);
            if remembered.len() >= REMEMBERED_MAX {
                remembered.clear();
            }
        }
        remembered.insert(tag, Instant::now());
    }
}

/// What is kept of a new password: its Argon2id hash, and keys for SCRAM. Takes a moment, on the calling thread.
///
/// # Errors
/// [`Error`]: the password cannot be used.
pub(crate) fn credentials(password: &str) -> Result<Credentials, Error> {
    let prepared = Password::from(password).prepared()?;
    let keys = StoredKeys::derive(&prepared, random::bytes()?, DEFAULT_ITERATIONS)?;
    Ok(Credentials { password: hash(prepared.expose().as_bytes())?, scram: Some(keys.to_text()) })
}

fn hash(password: &[u8]) -> Result<Zeroizing<String>, Error> {
    let salt = SaltString::encode_b64(&random::bytes::<16>()?).map_err(Error::Hash)?;
    Ok(Zeroizing::new(Argon2::default().hash_password(password, &salt).map_err(Error::Hash)?.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn right_wrong_and_remembered() {
        let passwords = Passwords::new().unwrap();
        let metrics = Metrics::default();
        let kept = credentials("correct horse").unwrap();
        let check = |password: &'static str| {
            let (passwords, phc, metrics) = (&passwords, kept.password.clone(), &metrics);
            async move { passwords.verify(Some(phc), &Password::from(password), metrics).await.unwrap() }
        };
        assert!(check("correct horse").await);
        assert!(!check("correct hors").await);
        assert_eq!(metrics.password_hashes_total.get(), 2);
        assert!(check("correct horse").await);
        assert_eq!(metrics.password_hashes_total.get(), 2, "remembered");
        let changed = credentials("correct horse").unwrap();
        assert!(passwords.verify(Some(changed.password), &Password::from("correct horse"), &metrics).await.unwrap());
        assert_eq!(metrics.password_hashes_total.get(), 3, "another hash is another memory");
    }

    #[tokio::test]
    async fn a2_an_unknown_user_costs_a_hash() {
        let passwords = Passwords::new().unwrap();
        let metrics = Metrics::default();
        assert!(!passwords.verify(None, &Password::from("x"), &metrics).await.unwrap());
        assert_eq!(metrics.password_hashes_total.get(), 1);
    }

    #[test]
    fn scram_keys_fit_the_password() {
        let kept = credentials("pencil").unwrap();
        let keys = StoredKeys::parse(&kept.scram.unwrap()).unwrap();
        assert!(keys.verify(&Password::from("pencil")));
        assert!(credentials("\u{0}").is_err());
    }
}
