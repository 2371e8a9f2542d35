//! A record, parsed (RFC 7208, 4.5, 4.6, 5 and 6).

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};
use core::ops::Range;
use core::slice;
use core::str::FromStr;

use dns::{Name, Txt};

use crate::parser::{self, Item, Kind, Spec};
use crate::{Qualifier, RecordError};

/// A record that is well formed as a whole.
///
/// Cloning it is cheap: it is shared. So a cache hands it out to as many checks as like.
///
/// ```
/// use spf::{Mechanism, Qualifier, Record, TermKind};
///
/// let record: Record = "v=spf1 A:mail.example.org/28 +ip4:192.0.2.0/24 -all".parse()?;
/// let first = record.terms().next().unwrap();
/// assert_eq!((first.text, first.span), ("A:mail.example.org/28", 7..28));
/// let last = record.terms().last().unwrap();
/// assert_eq!(last.kind, TermKind::Directive(Qualifier::Fail, Mechanism::All));
/// assert_eq!(record.to_string(), "v=spf1 a:mail.example.org/28 ip4:192.0.2.0/24 -all");
/// # Ok::<(), spf::RecordError>(())
/// ```
#[derive(Clone)]
pub struct Record(Arc<Inner>);

/// What all clones of a record share.
pub(crate) struct Inner {
    pub(crate) text: Box<[u8]>,
    pub(crate) items: Vec<Item>,
    /// The domains without macros, ready to be asked for.
    pub(crate) names: Vec<Name>,
}

impl Record {
    /// The longest record there can be: a TXT record has no more octets.
    pub const MAX: usize = 65_535;

    /// A record as the DNS has it, its strings joined.
    ///
    /// # Errors
    ///
    /// [`RecordError`], with the octet. It is well formed as a whole or not at all (RFC 7208, 4.6).
    pub fn parse(octets: &[u8]) -> Result<Self, RecordError> {
        if octets.len() > Self::MAX {
            return Err(RecordError::Long(Self::MAX));
        }
        Ok(Self(Arc::new(parser::parse(octets)?)))
    }

    /// The one SPF record among the texts of a name (RFC 7208, 4.5); `None` where there is none. The others are nobody's business here, whatever octets they have.
    ///
    /// # Errors
    ///
    /// [`RecordError`], where there are several or the one is not well formed.
    pub fn select(texts: &[Txt]) -> Result<Option<Self>, RecordError> {
        Self::select_within(texts, Self::MAX)
    }

    /// [`Self::select`] of a record no longer than that.
    pub(crate) fn select_within(texts: &[Txt], limit: usize) -> Result<Option<Self>, RecordError> {
        let mut records = texts.iter().map(AsRef::as_ref).filter(|text| Self::is_record(text));
        let Some(octets) = records.next() else { return Ok(None) };
        if records.next().is_some() {
            return Err(RecordError::Several);
        }
        if octets.len() > limit {
            return Err(RecordError::Long(limit));
        }
        Self::parse(octets).map(Some)
    }

    /// Whether a text claims to be an SPF record, of this version: `v=spf1` in any case, then a space or the end (RFC 7208, 4.5).
    #[must_use]
    pub fn is_record(octets: &[u8]) -> bool {
        parser::after_version(octets).is_some()
    }

    /// The terms in their order.
    #[must_use]
    pub fn terms(&self) -> Terms<'_> {
        Terms { record: &self.0, items: self.0.items.iter() }
    }

    /// One term, counted from zero.
    pub(crate) fn term(&self, index: usize) -> Option<Term<'_>> {
        self.0.items.get(index).map(|item| self.0.view(item))
    }

    /// The record as the DNS has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII parses.
        core::str::from_utf8(&self.0.text).unwrap_or_default()
    }

    pub(crate) fn as_octets(&self) -> &[u8] {
        &self.0.text
    }

    /// How many IPv4 addresses the `ip4` terms that say pass let through, and `all` if it says so: what an attacker has to choose from. Networks that overlap count
    /// each; what other records and the DNS add is not known here.
    ///
    /// Receivers may trust a pass less that comes from a very wide record; the result itself stays (RFC 7208, 11.3 and 11.4).
    #[must_use]
    pub fn ipv4_addresses(&self) -> u64 {
        const ALL: u64 = 1 << 32;
        let mut sum = 0_u64;
        for item in &self.0.items {
            sum = sum.saturating_add(match item.kind {
                Kind::Ip4(Qualifier::Pass, prefix, _) => ALL >> prefix.min(32),
                Kind::All(Qualifier::Pass) => ALL,
                _ => 0,
            });
        }
        sum.min(ALL)
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.0
    }
}

impl Inner {
    pub(crate) fn octets(&self, start: u16, end: u16) -> &[u8] {
        self.text.get(usize::from(start)..usize::from(end)).unwrap_or_default()
    }

    fn str(&self, start: u16, end: u16) -> &str {
        core::str::from_utf8(self.octets(start, end)).unwrap_or_default()
    }

    fn domain(&self, spec: Spec) -> DomainSpec<'_> {
        DomainSpec {
            text: self.str(spec.start, spec.end),
            name: self.names.get(usize::from(spec.name)),
            has_macros: spec.has_macros(),
        }
    }

    fn view(&self, item: &Item) -> Term<'_> {
        let text = self.str(item.start, item.end);
        let domain = |spec: Option<Spec>| spec.map(|spec| self.domain(spec));
        let kind = match item.kind {
            Kind::All(qualifier) => TermKind::Directive(qualifier, Mechanism::All),
            Kind::Include(qualifier, spec) => {
                TermKind::Directive(qualifier, Mechanism::Include { domain: self.domain(spec) })
            }
            Kind::A(qualifier, spec, [v4, v6]) => {
                TermKind::Directive(qualifier, Mechanism::A { domain: domain(spec), v4, v6 })
            }
            Kind::Mx(qualifier, spec, [v4, v6]) => {
                TermKind::Directive(qualifier, Mechanism::Mx { domain: domain(spec), v4, v6 })
            }
            Kind::Ptr(qualifier, spec) => TermKind::Directive(qualifier, Mechanism::Ptr { domain: domain(spec) }),
            Kind::Ip4(qualifier, prefix, address) => {
                TermKind::Directive(qualifier, Mechanism::Ip4 { network: Ipv4Addr::from_bits(address), prefix })
            }
            Kind::Ip6(qualifier, prefix, address) => {
                TermKind::Directive(qualifier, Mechanism::Ip6 { network: Ipv6Addr::from_octets(address), prefix })
            }
            Kind::Exists(qualifier, spec) => {
                TermKind::Directive(qualifier, Mechanism::Exists { domain: self.domain(spec) })
            }
            Kind::Redirect(spec) => TermKind::Redirect(self.domain(spec)),
            Kind::Exp(spec) => TermKind::Exp(self.domain(spec)),
            Kind::Unknown => {
                let (name, value) = text.split_once('=').unwrap_or((text, ""));
                TermKind::Unknown { name, value }
            }
        };
        Term { span: usize::from(item.start)..usize::from(item.end), text, kind }
    }
}

impl FromStr for Record {
    type Err = RecordError;

    fn from_str(text: &str) -> Result<Self, RecordError> {
        Self::parse(text.as_bytes())
    }
}

impl TryFrom<&[u8]> for Record {
    type Error = RecordError;

    fn try_from(octets: &[u8]) -> Result<Self, RecordError> {
        Self::parse(octets)
    }
}

impl fmt::Display for Record {
    /// In the usual form: one space between terms, names of mechanisms in lower case, no `+`, no prefix length that says nothing.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("v=spf1")?;
        self.terms().try_for_each(|term| write!(formatter, " {}", term.kind))
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl PartialEq for Record {
    /// Whether both have the same text.
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Record {}

/// The terms of a [`Record`].
#[derive(Clone)]
pub struct Terms<'a> {
    record: &'a Inner,
    items: slice::Iter<'a, Item>,
}

impl<'a> Iterator for Terms<'a> {
    type Item = Term<'a>;

    fn next(&mut self) -> Option<Term<'a>> {
        self.items.next().map(|item| self.record.view(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Terms<'_> {}

impl fmt::Debug for Terms<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.clone()).finish()
    }
}

/// One term of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term<'a> {
    /// Where it stands in the record, in octets.
    pub span: Range<usize>,
    /// As it is written.
    pub text: &'a str,
    /// What it says.
    pub kind: TermKind<'a>,
}

/// What a term says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TermKind<'a> {
    /// A mechanism, and what it says of clients that it matches.
    Directive(Qualifier, Mechanism<'a>),
    /// `redirect=`: whose record holds where nothing matches (RFC 7208, 6.1).
    Redirect(DomainSpec<'a>),
    /// `exp=`: who explains a fail (RFC 7208, 6.2).
    Exp(DomainSpec<'a>),
    /// A modifier of somebody else's; it changes nothing (RFC 7208, 6).
    Unknown {
        /// Its name.
        name: &'a str,
        /// What follows `=`.
        value: &'a str,
    },
}

/// Which clients a term matches (RFC 7208, 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mechanism<'a> {
    /// All of them.
    All,
    /// Those that pass another domain's record.
    Include {
        /// Whose record.
        domain: DomainSpec<'a>,
    },
    /// Those near an address of a name.
    A {
        /// The name, if it is not the domain itself.
        domain: Option<DomainSpec<'a>>,
        /// How many leading bits of an IPv4 address count.
        v4: u8,
        /// How many leading bits of an IPv6 address count.
        v6: u8,
    },
    /// Those near an address of the hosts that take a domain's mail.
    Mx {
        /// The domain, if it is not the one itself.
        domain: Option<DomainSpec<'a>>,
        /// How many leading bits of an IPv4 address count.
        v4: u8,
        /// How many leading bits of an IPv6 address count.
        v6: u8,
    },
    /// Those whose own name is within a domain. Nobody should publish it (RFC 7208, 5.5).
    Ptr {
        /// The domain, if it is not the one itself.
        domain: Option<DomainSpec<'a>>,
    },
    /// Those in an IPv4 network.
    Ip4 {
        /// An address of the network.
        network: Ipv4Addr,
        /// How many leading bits count.
        prefix: u8,
    },
    /// Those in an IPv6 network.
    Ip6 {
        /// An address of the network.
        network: Ipv6Addr,
        /// How many leading bits count.
        prefix: u8,
    },
    /// All, if a name has an IPv4 address.
    Exists {
        /// The name, nearly always with macros.
        domain: DomainSpec<'a>,
    },
}

/// A domain, perhaps with macros in it (RFC 7208, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainSpec<'a> {
    /// As it is written.
    pub text: &'a str,
    /// The name, if it has no macros and is one: labels that are empty or too long make none.
    pub name: Option<&'a Name>,
    /// Whether there are macros.
    pub has_macros: bool,
}

impl fmt::Display for DomainSpec<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text)
    }
}

impl fmt::Display for TermKind<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directive(qualifier, mechanism) => write!(formatter, "{}{mechanism}", qualifier.as_str()),
            Self::Redirect(domain) => write!(formatter, "redirect={domain}"),
            Self::Exp(domain) => write!(formatter, "exp={domain}"),
            Self::Unknown { name, value } => write!(formatter, "{name}={value}"),
        }
    }
}

impl fmt::Display for Mechanism<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |formatter: &mut fmt::Formatter<'_>, name, domain: &Option<DomainSpec<'_>>| match domain {
            Some(domain) => write!(formatter, "{name}:{domain}"),
            None => formatter.write_str(name),
        };
        let prefixes = |formatter: &mut fmt::Formatter<'_>, v4: u8, v6: u8| {
            if v4 != 32 {
                write!(formatter, "/{v4}")?;
            }
            if v6 != 128 { write!(formatter, "//{v6}") } else { Ok(()) }
        };
        match self {
            Self::All => formatter.write_str("all"),
            Self::Include { domain } => write!(formatter, "include:{domain}"),
            Self::A { domain, v4, v6 } => {
                named(formatter, "a", domain)?;
                prefixes(formatter, *v4, *v6)
            }
            Self::Mx { domain, v4, v6 } => {
                named(formatter, "mx", domain)?;
                prefixes(formatter, *v4, *v6)
            }
            Self::Ptr { domain } => named(formatter, "ptr", domain),
            Self::Ip4 { network, prefix: 32 } => write!(formatter, "ip4:{network}"),
            Self::Ip4 { network, prefix } => write!(formatter, "ip4:{network}/{prefix}"),
            Self::Ip6 { network, prefix: 128 } => write!(formatter, "ip6:{network}"),
            Self::Ip6 { network, prefix } => write!(formatter, "ip6:{network}/{prefix}"),
            Self::Exists { domain } => write!(formatter, "exists:{domain}"),
        }
    }
}
