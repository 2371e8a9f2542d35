//! Passwords: how they are kept, and what checking one may cost.

use core::time::Duration;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
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
    /// While this check waited for its turn, too many others have failed.
    #[error("too many logins have failed")]
    Limited,
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
    turns: Arc<Semaphore>,
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
            turns: Arc::new(Semaphore::new(HASHES_MAX)),
            key: hmac::Key::new(hmac::HMAC_SHA256, &random::bytes::<32>()?),
            remembered: Mutex::default(),
            dummy: hash(&nobody)?,
        })
    }

    /// Whether this is the password with that hash. Without a hash the answer is no, after the same work (row A-2). `admitted` is asked when
    /// the check has its turn: those that came in together cannot all be admitted by the count of failures there was before the first of them.
    ///
    /// # Errors
    /// [`Error::Limited`], [`Error::Busy`], [`Error::Hash`].
    pub(crate) async fn verify(
        &self,
        phc: Option<Zeroizing<String>>,
        password: &Password,
        metrics: &Metrics,
        admitted: impl FnOnce() -> bool,
    ) -> Result<bool, Error> {
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.dummy.clone());
        let tag = self.tag(&phc, password);
        if known && self.remembers(&tag) {
            return Ok(true);
        }
        let turn = timeout(QUEUE_TIME, self.turns.clone().acquire_owned()).await.map_err(|_| Error::Busy)?;
        let turn = turn.map_err(|_| Error::Busy)?;
        if !admitted() {
            return Err(Error::Limited);
        }
        metrics.password_hashes_total.add(1);
        let password = password.clone();
        let right = spawn_blocking(move || {
            // The turn is the hash's, not the session's: one that goes away meanwhile does not stop the hash, nor make room for another.
            let _turn = turn;
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
            async move { passwords.verify(Some(phc), &Password::from(password), metrics, || true).await.unwrap() }
        };
        assert!(check("correct horse").await);
        assert!(!check("correct hors").await);
        assert_eq!(metrics.password_hashes_total.get(), 2);
        assert!(check("correct horse").await);
        assert_eq!(metrics.password_hashes_total.get(), 2, "remembered");
        let changed = credentials("correct horse").unwrap();
        let right = Password::from("correct horse");
        assert!(passwords.verify(Some(changed.password), &right, &metrics, || true).await.unwrap());
        assert_eq!(metrics.password_hashes_total.get(), 3, "another hash is another memory");
    }

    #[tokio::test]
    async fn a2_an_unknown_user_costs_a_hash() {
        let passwords = Passwords::new().unwrap();
        let metrics = Metrics::default();
        assert!(!passwords.verify(None, &Password::from("x"), &metrics, || true).await.unwrap());
        assert_eq!(metrics.password_hashes_total.get(), 1);
    }

    #[tokio::test]
    async fn a7_who_leaves_early_makes_no_room_for_another_hash() {
        let passwords = Passwords::new().unwrap();
        let metrics = Metrics::default();
        let guess = Password::from("x");
        for _ in 0..HASHES_MAX {
            let check = passwords.verify(None, &guess, &metrics, || true);
            // Polled until its hash is under way, then dropped, as a session is whose client hangs up.
            assert!(timeout(Duration::ZERO, check).await.is_err());
        }
        assert_eq!(metrics.password_hashes_total.get(), HASHES_MAX as u64);
        assert_eq!(passwords.turns.available_permits(), 0, "the hashes go on, and count");
        assert!(
            !passwords.verify(None, &guess, &metrics, || true).await.unwrap(),
            "they end, and others have their turn"
        );
    }

    #[tokio::test]
    async fn a1_who_waited_is_judged_by_what_failed_meanwhile() {
        let passwords = Passwords::new().unwrap();
        let metrics = Metrics::default();
        let kept = credentials("correct horse").unwrap();
        let right = Password::from("correct horse");
        let refused = passwords.verify(Some(kept.password.clone()), &right, &metrics, || false).await;
        assert!(matches!(refused, Err(Error::Limited)));
        assert_eq!(metrics.password_hashes_total.get(), 0, "nothing was looked at");
    }

    #[test]
    fn scram_keys_fit_the_password() {
        let kept = credentials("pencil").unwrap();
        let keys = StoredKeys::parse(&kept.scram.unwrap()).unwrap();
        assert!(keys.verify(&Password::from("pencil")));
        assert!(credentials("\u{0}").is_err());
    }
}
