//! Passwords and tokens, and what happens to their memory.

use alloc::string::String;
use core::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::prepare::{NotPrepared, prepare};

/// A password: zeroed when dropped, compared in constant time, never shown by `Debug`.
///
/// ```
/// let password = sasl::Password::from("hunter2");
/// assert_eq!(format!("{password:?}"), "Password(..)");
/// assert_eq!(password.expose(), "hunter2");
/// ```
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The text. Whoever calls this keeps it out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The same password after [`prepare`], the form to hash.
    ///
    /// # Errors
    /// [`NotPrepared`]
    pub fn prepared(&self) -> Result<Self, NotPrepared> {
        prepare(&self.0).map(|text| Self::from(text.into_owned()))
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Password {
    fn from(text: &str) -> Self {
        Self::from(String::from(text))
    }
}

impl PartialEq for Password {
    /// In time that depends on the lengths alone.
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Password {}

/// A bearer token of OAuth 2.0 (RFC 6750, 2.1), treated as a [`Password`] is. In most systems whoever has it is whom it was made for.
///
/// ```
/// let token = sasl::Token::from("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==");
/// assert_eq!(format!("{token:?}"), "Token(..)");
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Password);

impl Token {
    /// The text. Whoever calls this keeps it out of logs.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<String> for Token {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Token {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}
