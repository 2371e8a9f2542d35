//! The three fields of a set, each by itself (RFC 8617, 4.1).

use alloc::boxed::Box;
use core::fmt;
use core::ops::Range;

use dkim::{Algorithm, Field, SignatureError, Tag, TagList};
use dns::Name;

use crate::{ArcResult, Problem};

/// Which of the three fields of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldKind {
    /// What the server found out (RFC 8617, 4.1.1).
    Results,
    /// Its signature over the message (RFC 8617, 4.1.2).
    Message,
    /// Its signature over the chain (RFC 8617, 4.1.3).
    Seal,
}

impl FieldKind {
    /// In the order in which a seal is over them (RFC 8617, 5.1.1).
    pub const ALL: [Self; 3] = [Self::Results, Self::Message, Self::Seal];

    /// The field's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Results => "ARC-Authentication-Results",
            Self::Message => "ARC-Message-Signature",
            Self::Seal => "ARC-Seal",
        }
    }

    pub(crate) fn of(field: &Field<'_>) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| field.is(kind.name()))
    }
}

impl fmt::Display for FieldKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// Whether it is the name of a field of a set.
#[cfg(feature = "seal")]
pub(crate) fn is_of_set(name: &str) -> bool {
    FieldKind::ALL.iter().any(|kind| kind.name().eq_ignore_ascii_case(name))
}

/// RFC 8617, 3.9: one or two digits, 1 to 50.
fn position(digits: &[u8]) -> Option<u8> {
    let number = match digits {
        [one] => one.checked_sub(b'0').filter(|one| *one < 10)?,
        [ten, one] if ten.is_ascii_digit() && one.is_ascii_digit() => (ten - b'0') * 10 + (one - b'0'),
        _ => return None,
    };
    (1..=50).contains(&number).then_some(number)
}

/// The instance of a signature or seal. The grammar has `i=` in front; many sealers write their tags in another order, and all readers take it.
pub(crate) fn instance(tags: &TagList<'_>) -> Option<u8> {
    position(tags.get("i")?.value())
}

/// The instance of an ARC-Authentication-Results field: all that has to be readable of it for the chain to hold. What some large senders write behind it is
/// against the grammar.
pub(crate) fn results_instance(value: &[u8]) -> Option<u8> {
    let rest = without_cfws(value)?.strip_prefix(b"i")?;
    let rest = without_cfws(without_cfws(rest)?.strip_prefix(b"=")?)?;
    let digits = rest.iter().take_while(|octet| octet.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at_checked(digits)?;
    without_cfws(rest)?.starts_with(b";").then(|| position(digits))?
}

/// What follows white space and comments; nothing, where a comment does not end.
fn without_cfws(octets: &[u8]) -> Option<&[u8]> {
    let (mut depth, mut rest) = (0_usize, octets);
    loop {
        rest = match rest {
            [b' ' | b'\t' | b'\r' | b'\n', behind @ ..] => behind,
            [b'(', behind @ ..] => {
                depth += 1;
                behind
            }
            [b')', behind @ ..] if depth > 0 => {
                depth -= 1;
                behind
            }
            [b'\\', _, behind @ ..] | [_, behind @ ..] if depth > 0 => behind,
            _ => return (depth == 0).then_some(rest),
        };
    }
}

/// An ARC-Seal as it is written, checked as far as that goes without its key and the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub(crate) algorithm: Algorithm,
    pub(crate) domain: Box<str>,
    pub(crate) domain_name: Name,
    pub(crate) selector: Box<str>,
    pub(crate) key_name: Name,
    pub(crate) timestamp: Option<u64>,
    pub(crate) status: ArcResult,
    pub(crate) signature: Box<[u8]>,
    pub(crate) span: Range<usize>,
}

impl Seal {
    /// Reads it from the tags of a field (RFC 8617, 4.1.3).
    pub(crate) fn from_tags(tags: &TagList<'_>, instance: u8) -> Result<Self, Problem> {
        if tags.get("h").is_some() {
            return Err(Problem::SealNames(instance));
        }
        let status = status(tags).ok_or(Problem::NoStatus(instance))?;
        Self::with_status(tags, status).map_err(|error| Problem::Seal { instance, problem: error.into() })
    }

    fn with_status(tags: &TagList<'_>, status: ArcResult) -> Result<Self, SignatureError> {
        let must = |name: &'static str| tags.get(name).ok_or(SignatureError::Missing(name));
        let algorithm = Algorithm::from_name(must("a")?.value()).ok_or(SignatureError::Algorithm)?;
        let domain = must("d")?.text()?;
        let domain_name = Name::parse(domain).ok().filter(|name| !name.is_root()).ok_or(SignatureError::Domain)?;
        let selector = must("s")?.text()?;
        let key_name = key_name(selector, &domain_name).ok_or(SignatureError::Selector)?;
        let b = must("b")?;
        Ok(Self {
            algorithm,
            domain: domain.into(),
            domain_name,
            selector: selector.into(),
            key_name,
            timestamp: tags.get("t").map(Tag::number).transpose()?,
            status,
            signature: b.base64()?.into(),
            span: b.span(),
        })
    }

    /// `a=`.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// `d=` as it was written.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// `d=` as a name, to be compared.
    #[must_use]
    pub const fn domain_name(&self) -> &Name {
        &self.domain_name
    }

    /// `s=` as it was written.
    #[must_use]
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// Where the key is (RFC 6376, 3.6.2.1).
    #[must_use]
    pub const fn key_name(&self) -> &Name {
        &self.key_name
    }

    /// `t=`: when it was made, in Unix seconds. Nothing is decided by it.
    #[must_use]
    pub const fn timestamp(&self) -> Option<u64> {
        self.timestamp
    }

    /// `cv=`: what the server found of the chain before it.
    #[must_use]
    pub const fn status(&self) -> ArcResult {
        self.status
    }
}

/// `cv=`.
pub(crate) fn status(tags: &TagList<'_>) -> Option<ArcResult> {
    let value = tags.get("cv")?.value();
    ArcResult::ALL.into_iter().find(|result| result.as_str().as_bytes().eq_ignore_ascii_case(value))
}

/// Where a key is: the selector, `_domainkey`, the domain.
pub(crate) fn key_name(selector: &str, domain: &Name) -> Option<Name> {
    // a selector is labels, not the root and without a dot at its end
    let fits = !selector.is_empty() && !selector.ends_with('.');
    let below = domain.prefixed("_domainkey").ok()?;
    fits.then(|| below.prefixed(selector).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k8_an_instance_is_from_1_to_50() {
        for (text, number) in [("1", 1), ("50", 50), ("09", 9)] {
            assert_eq!(position(text.as_bytes()), Some(number));
        }
        for text in ["", "0", "00", "51", "99", "001", "1000", "+1", "-1", "1 ", "a", "1a", "a1", "\u{661}"] {
            assert_eq!(position(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn the_instance_of_results_is_in_front() {
        for value in [" i=7; a", "i=7;", "\r\n (c (d) \\) ) i (x) = (y) 7\t(z);a", "i=07;"] {
            assert_eq!(results_instance(value.as_bytes()), Some(7), "{value:?}");
        }
        for value in [
            "", "i=7", "i=7 a;", "I=7;", "a; i=7;", "(i=7;", "i==7;", "i=7);", "i=0;", "i=51;", "i=700;", "i 7;", "(\\",
        ] {
            assert_eq!(results_instance(value.as_bytes()), None, "{value:?}");
        }
    }
}
