//! The names of the mechanisms.

use core::{fmt, str::FromStr};

/// A SASL mechanism, ordered from the one to be taken last to the one to be preferred.
///
/// ```
/// use sasl::Mechanism;
///
/// assert_eq!("scram-sha-256".parse(), Ok(Mechanism::ScramSha256));
/// // What a server offers, the best first:
/// assert_eq!(Mechanism::offered("LOGIN CRAM-MD5 PLAIN").max(), Some(Mechanism::Plain));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Mechanism {
    /// `LOGIN`, never standardized (draft-murchison-sasl-login-00), for old clients only. The password goes over the wire.
    Login,
    /// `PLAIN` (RFC 4616). The password goes over the wire.
    Plain,
    /// `SCRAM-SHA-256` (RFC 5802, RFC 7677).
    ScramSha256,
    /// `SCRAM-SHA-256-PLUS`: the same, bound to the TLS connection below.
    ScramSha256Plus,
}

impl Mechanism {
    /// All of them, the preferred ones first, as a server may list them.
    pub const ALL: [Self; 4] = [Self::ScramSha256Plus, Self::ScramSha256, Self::Plain, Self::Login];

    /// The name as registered, in upper case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "LOGIN",
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
        }
    }

    /// Whether the password itself is sent, so that the mechanism must be neither offered nor accepted without TLS.
    #[must_use]
    pub const fn sends_password(self) -> bool {
        matches!(self, Self::Login | Self::Plain)
    }

    /// Those of a server's list that we know, in its order; names apart by spaces.
    pub fn offered(list: &str) -> impl Iterator<Item = Self> + '_ {
        list.split_ascii_whitespace().filter_map(|name| name.parse().ok())
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Mechanism {
    type Err = UnknownMechanism;

    /// In any case: the mail protocols that carry these names do not mind it.
    fn from_str(name: &str) -> Result<Self, UnknownMechanism> {
        Self::ALL.into_iter().find(|known| known.name().eq_ignore_ascii_case(name)).ok_or(UnknownMechanism)
    }
}

/// The name of a mechanism that is not in [`Mechanism`]. The protocol's answer is "unrecognized authentication type" (SMTP 504).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown SASL mechanism: offer or choose one of PLAIN, LOGIN, SCRAM-SHA-256 and SCRAM-SHA-256-PLUS")]
pub struct UnknownMechanism;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_case_and_sorted_by_strength() {
        for mechanism in Mechanism::ALL {
            assert_eq!(mechanism.name().parse(), Ok(mechanism));
            assert_eq!(mechanism.name().to_ascii_lowercase().parse(), Ok(mechanism));
        }
        assert!(Mechanism::ALL.is_sorted_by(|a, b| a > b));
        for unknown in ["", "PLAIN ", "SCRAM-SHA-1", "CRAM-MD5", "PLÀIN"] {
            assert_eq!(unknown.parse::<Mechanism>(), Err(UnknownMechanism));
        }
    }
}
