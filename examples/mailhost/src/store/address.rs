//! Addresses as keys: one spelling for each account.

use core::fmt;
use core::str::FromStr;

/// An address in the one spelling under which the store knows it: domain and local part in lower case.
///
/// RFC 5321, 2.4 leaves the case of local parts to the host that owns them; ours takes `Ann` and `ann` for one person, since two
/// people told apart by case alone is an invitation to misdelivery. An international domain is to be given as A-labels.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Address(String);

/// Why a text is no address to keep mail for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an address of the form local@domain (local part up to 64 octets, domain up to 255)")]
pub(crate) struct BadAddress;

impl Address {
    /// The address as text, `local@domain`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(BadAddress)?;
        // RFC 5321, 4.5.3.1.1 and 4.5.3.1.2
        let sized = (1..=64).contains(&local.len()) && (1..=255).contains(&domain.len());
        // a control character has no business in an address, a log line or a header made from it
        if !sized || text.chars().any(char::is_control) || domain.contains(char::is_whitespace) {
            return Err(BadAddress);
        }
        Ok(Self(text.to_lowercase()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Shortened: who it is stays out of logs, where they are does not.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let first = local.chars().next().unwrap_or_default();
        write!(f, "{first}…@{domain}")
    }
}
