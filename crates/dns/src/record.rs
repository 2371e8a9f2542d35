//! Records, as far as mail asks for them.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::{Kind, Name};

/// One way to a domain's mail (RFC 1035, 3.3.9). A lone one to the root with preference 0 says that there is none (RFC 7505).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mx {
    /// The lowest is tried first.
    pub preference: u16,
    /// The host.
    pub exchange: Name,
}

/// The octets of one TXT record, its strings joined with nothing between them, as SPF (RFC 7208, 3.3), DKIM (RFC 6376, 3.6.2.2) and DMARC (RFC 9989, 4.6) read
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Txt(pub Box<[u8]>);

impl From<&str> for Txt {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().into())
    }
}

impl AsRef<[u8]> for Txt {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// What a certificate has to be (RFC 6698, 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Tlsa {
    /// Certificate usage: 2 (DANE-TA) or 3 (DANE-EE) for mail.
    pub usage: u8,
    /// Selector: 0 the whole certificate, 1 its public key.
    pub selector: u8,
    /// Matching type: 0 in full, 1 SHA-256, 2 SHA-512.
    pub matching: u8,
    /// What is matched.
    pub data: Box<[u8]>,
}

/// The beginning of a zone (RFC 1035, 3.3.13).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Soa {
    /// The zone's primary server.
    pub primary: Name,
    /// Who looks after it; the first dot stands for `@`.
    pub responsible: Name,
    /// Its version.
    pub serial: u32,
    /// How long, in seconds, that a name does not exist may be remembered (RFC 2308, 4).
    pub minimum: u32,
}

/// How many octets of a text, and of a certificate, are shown.
const SHOWN: usize = 80;

/// How many records are shown.
const SHOWN_RECORDS: usize = 10;

impl fmt::Display for Mx {
    /// As in a zone file.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.preference, self.exchange)
    }
}

impl fmt::Display for Txt {
    /// Quoted and escaped, the first 80 octets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..SHOWN).unwrap_or(&self.0);
        let more = if shown.len() < self.0.len() { "..." } else { "" };
        write!(formatter, "\"{}\"{more}", shown.escape_ascii())
    }
}

impl fmt::Display for Tlsa {
    /// As in a zone file, the first 80 octets of the data.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {} ", self.usage, self.selector, self.matching)?;
        self.data.iter().take(SHOWN).try_for_each(|octet| write!(formatter, "{octet:02x}"))?;
        if self.data.len() > SHOWN { formatter.write_str("...") } else { Ok(()) }
    }
}

impl fmt::Display for Soa {
    /// The primary server, who looks after it, the serial number and the minimum.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {} {} {}", self.primary, self.responsible, self.serial, self.minimum)
    }
}

/// Records of one kind, lent. Aliases have been followed: these are what stands at the end of a chain of CNAMEs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Records<'a> {
    /// IPv4 addresses.
    A(&'a [Ipv4Addr]),
    /// IPv6 addresses.
    Aaaa(&'a [Ipv6Addr]),
    /// Ways to a domain's mail, in any order.
    Mx(&'a [Mx]),
    /// Texts.
    Txt(&'a [Txt]),
    /// Names that an address has.
    Ptr(&'a [Name]),
    /// What a name is an alias of; only where that itself was the question.
    Cname(&'a [Name]),
    /// A zone's servers.
    Ns(&'a [Name]),
    /// The beginning of a zone.
    Soa(&'a [Soa]),
    /// What certificates have to be.
    Tlsa(&'a [Tlsa]),
}

/// [`Records`] that are owned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordSet {
    /// See [`Records::A`].
    A(Vec<Ipv4Addr>),
    /// See [`Records::Aaaa`].
    Aaaa(Vec<Ipv6Addr>),
    /// See [`Records::Mx`].
    Mx(Vec<Mx>),
    /// See [`Records::Txt`].
    Txt(Vec<Txt>),
    /// See [`Records::Ptr`].
    Ptr(Vec<Name>),
    /// See [`Records::Cname`].
    Cname(Vec<Name>),
    /// See [`Records::Ns`].
    Ns(Vec<Name>),
    /// See [`Records::Soa`].
    Soa(Vec<Soa>),
    /// See [`Records::Tlsa`].
    Tlsa(Vec<Tlsa>),
}

/// The same for each kind of record.
macro_rules! each {
    ($of:ident, $value:expr, $records:ident => $result:expr) => {
        match $value {
            $of::A($records) => $result,
            $of::Aaaa($records) => $result,
            $of::Mx($records) => $result,
            $of::Txt($records) => $result,
            $of::Ptr($records) | $of::Cname($records) | $of::Ns($records) => $result,
            $of::Soa($records) => $result,
            $of::Tlsa($records) => $result,
        }
    };
}

impl Records<'_> {
    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        each!(Self, self, records => records.len())
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of which kind they are.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::A(_) => Kind::A,
            Self::Aaaa(_) => Kind::Aaaa,
            Self::Mx(_) => Kind::Mx,
            Self::Txt(_) => Kind::Txt,
            Self::Ptr(_) => Kind::Ptr,
            Self::Cname(_) => Kind::Cname,
            Self::Ns(_) => Kind::Ns,
            Self::Soa(_) => Kind::Soa,
            Self::Tlsa(_) => Kind::Tlsa,
        }
    }
}

impl fmt::Display for Records<'_> {
    /// On one line: the kind, and the first ten records.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<R: fmt::Display>(records: &[R], formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            for (at, record) in records.iter().take(SHOWN_RECORDS).enumerate() {
                write!(formatter, "{}{record}", if at == 0 { " " } else { ", " })?;
            }
            match records.len().saturating_sub(SHOWN_RECORDS) {
                0 => Ok(()),
                more => write!(formatter, ", {more} more"),
            }
        }
        formatter.write_str(self.kind().as_str())?;
        each!(Self, self, records => list(records, formatter))
    }
}

impl fmt::Display for RecordSet {
    /// As [`Records`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_records().fmt(formatter)
    }
}

impl RecordSet {
    /// None of a kind, to be added to.
    #[must_use]
    pub const fn new(kind: Kind) -> Self {
        match kind {
            Kind::A => Self::A(Vec::new()),
            Kind::Aaaa => Self::Aaaa(Vec::new()),
            Kind::Mx => Self::Mx(Vec::new()),
            Kind::Txt => Self::Txt(Vec::new()),
            Kind::Ptr => Self::Ptr(Vec::new()),
            Kind::Cname => Self::Cname(Vec::new()),
            Kind::Ns => Self::Ns(Vec::new()),
            Kind::Soa => Self::Soa(Vec::new()),
            Kind::Tlsa => Self::Tlsa(Vec::new()),
        }
    }

    /// The records, lent.
    #[must_use]
    pub fn as_records(&self) -> Records<'_> {
        match self {
            Self::A(records) => Records::A(records),
            Self::Aaaa(records) => Records::Aaaa(records),
            Self::Mx(records) => Records::Mx(records),
            Self::Txt(records) => Records::Txt(records),
            Self::Ptr(records) => Records::Ptr(records),
            Self::Cname(records) => Records::Cname(records),
            Self::Ns(records) => Records::Ns(records),
            Self::Soa(records) => Records::Soa(records),
            Self::Tlsa(records) => Records::Tlsa(records),
        }
    }

    /// Adds the other's records, where they are of the same kind; tells whether they are.
    pub fn append(&mut self, other: Self) -> bool {
        match (self, other) {
            (Self::A(to), Self::A(from)) => to.extend(from),
            (Self::Aaaa(to), Self::Aaaa(from)) => to.extend(from),
            (Self::Mx(to), Self::Mx(from)) => to.extend(from),
            (Self::Txt(to), Self::Txt(from)) => to.extend(from),
            (Self::Ptr(to), Self::Ptr(from))
            | (Self::Cname(to), Self::Cname(from))
            | (Self::Ns(to), Self::Ns(from)) => {
                to.extend(from);
            }
            (Self::Soa(to), Self::Soa(from)) => to.extend(from),
            (Self::Tlsa(to), Self::Tlsa(from)) => to.extend(from),
            _ => return false,
        }
        true
    }
}
