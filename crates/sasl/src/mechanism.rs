//! The names of the mechanisms.

use core::{fmt, str::FromStr};

/// A SASL mechanism, ordered from the one to be taken last to the one to be preferred.
///
/// ```
/// use sasl::{Credential, Mechanism};
///
/// assert_eq!("scram-sha-256".parse(), Ok(Mechanism::ScramSha256));
/// // What a server offers, and the best of it for a client that has a password:
/// let offered = Mechanism::offered("LOGIN CRAM-MD5 PLAIN OAUTHBEARER");
/// assert_eq!(offered.filter(|m| m.credential() == Credential::Password).max(), Some(Mechanism::Plain));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Mechanism {
    /// `LOGIN`, never standardized (draft-murchison-sasl-login-00), for old clients only. The password goes over the wire.
    Login,
    /// `PLAIN` (RFC 4616). The password goes over the wire.
    Plain,
    /// `SCRAM-SHA-1` (RFC 5802), for old clients only: see [`Self::is_obsolete`].
    ScramSha1,
    /// `SCRAM-SHA-1-PLUS`: the same, bound to the TLS connection below.
    ScramSha1Plus,
    /// `XOAUTH2`, what large providers had before [`Self::OauthBearer`]. A token goes over the wire.
    Xoauth2,
    /// `OAUTHBEARER` (RFC 7628). A token goes over the wire.
    OauthBearer,
    /// `SCRAM-SHA-256` (RFC 5802, RFC 7677).
    ScramSha256,
    /// `SCRAM-SHA-256-PLUS`: the same, bound to the TLS connection below.
    ScramSha256Plus,
    /// `EXTERNAL` (RFC 4422, A): who the client is has been proved already, by its certificate in TLS.
    External,
}

/// What a client must have to use a mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Credential {
    /// A password.
    Password,
    /// A bearer token of OAuth 2.0 (RFC 6750).
    Token,
    /// A certificate that TLS has been shown.
    Certificate,
}

/// The hash that a SCRAM mechanism is built on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Hash {
    /// SHA-1, 20 octets (RFC 5802).
    Sha1,
    /// SHA-256, 32 octets (RFC 7677).
    Sha256,
}

impl Hash {
    /// Octets of the hash and of all keys.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
        }
    }

    /// The mechanism without channel binding, whose name stored keys begin with, too.
    #[must_use]
    pub const fn mechanism(self) -> Mechanism {
        match self {
            Self::Sha1 => Mechanism::ScramSha1,
            Self::Sha256 => Mechanism::ScramSha256,
        }
    }

    /// The same mechanism with channel binding.
    #[must_use]
    pub const fn mechanism_plus(self) -> Mechanism {
        match self {
            Self::Sha1 => Mechanism::ScramSha1Plus,
            Self::Sha256 => Mechanism::ScramSha256Plus,
        }
    }
}

impl Mechanism {
    /// All of them, the preferred ones first, as a server may list them; the [obsolete](Self::is_obsolete) ones are to be left out.
    pub const ALL: [Self; 9] = [
        Self::External,
        Self::ScramSha256Plus,
        Self::ScramSha256,
        Self::OauthBearer,
        Self::Xoauth2,
        Self::ScramSha1Plus,
        Self::ScramSha1,
        Self::Plain,
        Self::Login,
    ];

    /// The name as registered, in upper case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "LOGIN",
            Self::Plain => "PLAIN",
            Self::ScramSha1 => "SCRAM-SHA-1",
            Self::ScramSha1Plus => "SCRAM-SHA-1-PLUS",
            Self::Xoauth2 => "XOAUTH2",
            Self::OauthBearer => "OAUTHBEARER",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha256Plus => "SCRAM-SHA-256-PLUS",
            Self::External => "EXTERNAL",
        }
    }

    /// What a client must have.
    #[must_use]
    pub const fn credential(self) -> Credential {
        match self {
            Self::Xoauth2 | Self::OauthBearer => Credential::Token,
            Self::External => Credential::Certificate,
            _ => Credential::Password,
        }
    }

    /// Whether whoever listens could use what is sent (the password or token itself), so that the mechanism must be neither offered nor
    /// accepted without TLS.
    #[must_use]
    pub const fn sends_secret(self) -> bool {
        matches!(self, Self::Login | Self::Plain | Self::Xoauth2 | Self::OauthBearer)
    }

    /// Whether a successor has taken its place, so that it is offered and taken only where somebody has said so: SCRAM with SHA-1, which
    /// RFC 7677 replaced.
    #[must_use]
    pub const fn is_obsolete(self) -> bool {
        matches!(self, Self::ScramSha1 | Self::ScramSha1Plus)
    }

    /// The hash of a SCRAM mechanism.
    #[must_use]
    pub const fn hash(self) -> Option<Hash> {
        match self {
            Self::ScramSha1 | Self::ScramSha1Plus => Some(Hash::Sha1),
            Self::ScramSha256 | Self::ScramSha256Plus => Some(Hash::Sha256),
            _ => None,
        }
    }

    /// Whether it is bound to the TLS connection (`-PLUS`).
    #[must_use]
    pub const fn is_bound(self) -> bool {
        matches!(self, Self::ScramSha1Plus | Self::ScramSha256Plus)
    }

    /// Those of a server's list that we know, in its order; names apart by spaces. The [obsolete](Self::is_obsolete) ones are passed over;
    /// who must use one names it.
    pub fn offered(list: &str) -> impl Iterator<Item = Self> + '_ {
        list.split_ascii_whitespace().filter_map(|name| name.parse().ok()).filter(|known: &Self| !known.is_obsolete())
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
#[error("unknown SASL mechanism: known are PLAIN, LOGIN, SCRAM-SHA-256, OAUTHBEARER, XOAUTH2 and EXTERNAL")]
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
        let offered = Mechanism::offered("SCRAM-SHA-1-PLUS SCRAM-SHA-1 X plain");
        assert!(offered.eq([Mechanism::Plain]), "the obsolete ones must be asked for by name");
        for unknown in ["", "PLAIN ", "SCRAM-SHA-512", "CRAM-MD5", "PLÀIN"] {
            assert_eq!(unknown.parse::<Mechanism>(), Err(UnknownMechanism));
        }
    }
}
