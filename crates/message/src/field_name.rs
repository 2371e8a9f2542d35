//! Names of fields, for those who write them.

use alloc::{borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

use crate::{BuildError, grammar::is_field_name};

/// A name that a field can be given: 1 to 70 bytes of printable ASCII without a colon (RFC 5322, 3.6.8).
///
/// ```
/// use message::FieldName;
///
/// assert_eq!("X-Loop".parse::<FieldName>()?.as_str(), "X-Loop");
/// assert!("X-Loop: 1\r\nBcc".parse::<FieldName>().is_err());
/// # Ok::<(), message::BuildError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(String);

impl FieldName {
    /// The longest name in bytes: 70, so that a folded value has room beside it.
    pub const MAX: usize = 70;

    /// Checks a name.
    ///
    /// # Errors
    /// [`BuildError::FieldName`].
    pub fn new(name: &str) -> Result<Self, BuildError> {
        if name.is_empty() || name.len() > Self::MAX || !name.bytes().all(is_field_name) {
            return Err(BuildError::FieldName);
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the builder writes this field itself, from typed values, and so takes it from nowhere else. All of MIME's `Content-` are.
    pub(crate) fn is_reserved(&self) -> bool {
        const RESERVED: [&str; 12] = [
            "Date",
            "From",
            "Sender",
            "Reply-To",
            "To",
            "Cc",
            "Bcc",
            "Message-ID",
            "In-Reply-To",
            "References",
            "Subject",
            "MIME-Version",
        ];
        let content = self.0.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("Content-"));
        content || RESERVED.iter().any(|name| name.eq_ignore_ascii_case(&self.0))
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for FieldName {
    type Err = BuildError;

    fn from_str(name: &str) -> Result<Self, BuildError> {
        Self::new(name)
    }
}
