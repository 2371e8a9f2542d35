//! Bytes that must not outlive their use or appear in a log.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

/// A secret's bytes: zeroed when dropped or cleared, never shown by `Debug`, in any build.
///
/// ```
/// let secret = wire::Secret::from(b"hunter2".to_vec());
/// assert_eq!(format!("{secret:?}"), "Secret(..)");
/// assert_eq!(secret.expose(), b"hunter2");
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// No bytes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The bytes. Whoever calls this keeps them out of logs.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Zeroes the bytes and forgets them.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Replaces the secret with what the base64 `text` stands for, without leaving copies behind.
    ///
    /// # Errors
    /// [`NotBase64`](crate::base64::NotBase64); the secret is empty then.
    pub fn decode_base64(&mut self, text: &[u8]) -> Result<(), crate::base64::NotBase64> {
        self.clear();
        // Made large enough at once: a vector that grows would leave its old memory behind unzeroed.
        self.0.reserve_exact(text.len().div_ceil(4) * 3);
        crate::base64::decode(text, &mut self.0)
    }
}

impl From<Vec<u8>> for Secret {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}
