//! What an inquiry is told.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::{Mx, Name, RecordSet, Records, Soa, Tlsa, Txt};

/// An answer, lent for as long as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// There are records of the kind that was asked for.
    Records {
        /// The records.
        records: Records<'a>,
        /// How long they may be kept, in seconds.
        ttl: u32,
        /// Whether DNSSEC vouched for all of them, aliases included.
        authenticated: bool,
    },
    /// The name exists, and has no such records (NODATA; RFC 2308, 2.2).
    NoRecords,
    /// The name does not exist, and nothing below it does (NXDOMAIN; RFC 8020).
    NoSuchName,
    /// It could not be found out now: a timeout, SERVFAIL, an answer that DNSSEC contradicts. It may be known later.
    TryLater,
    /// No server will answer this question. Nobody gains by asking again soon.
    Refused,
}

/// Why there are no records.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Absence {
    /// See [`Answer::NoRecords`].
    #[error("the name has no such records")]
    NoRecords,
    /// See [`Answer::NoSuchName`].
    #[error("the name does not exist")]
    NoSuchName,
    /// See [`Answer::TryLater`].
    #[error("the DNS did not answer; try later")]
    TryLater,
    /// See [`Answer::Refused`].
    #[error("the DNS refused to answer")]
    Refused,
}

impl Absence {
    /// Whether the name has no such records for certain; otherwise nobody knows (RFC 7208, 4.6.4, calls this a void lookup).
    #[must_use]
    pub const fn is_certain(self) -> bool {
        matches!(self, Self::NoRecords | Self::NoSuchName)
    }
}

/// The records of one kind, or why there are none; an empty list and records of another kind are none.
macro_rules! records_of {
    ($($method:ident, $kind:ident, $record:ty, $what:literal;)*) => {
        $(
            #[doc = concat!($what, ", at least one.")]
            ///
            /// # Errors
            ///
            /// [`Absence`], why there is none. Records of another kind are none.
            pub const fn $method(&self) -> Result<&'a [$record], Absence> {
                match self {
                    Self::Records { records: Records::$kind(records), .. } if !records.is_empty() => Ok(records),
                    Self::Records { .. } | Self::NoRecords => Err(Absence::NoRecords),
                    Self::NoSuchName => Err(Absence::NoSuchName),
                    Self::TryLater => Err(Absence::TryLater),
                    Self::Refused => Err(Absence::Refused),
                }
            }
        )*
    };
}

impl<'a> Answer<'a> {
    records_of! {
        a, A, Ipv4Addr, "IPv4 addresses";
        aaaa, Aaaa, Ipv6Addr, "IPv6 addresses";
        mx, Mx, Mx, "Ways to a domain's mail, in any order";
        txt, Txt, Txt, "Texts";
        ptr, Ptr, Name, "Names of an address";
        cname, Cname, Name, "What the name is an alias of";
        ns, Ns, Name, "A zone's servers";
        soa, Soa, Soa, "The beginning of a zone";
        tlsa, Tlsa, Tlsa, "What certificates have to be";
    }

    /// How long the records may be kept, in seconds; 0 where there are none.
    #[must_use]
    pub const fn ttl(&self) -> u32 {
        if let Self::Records { ttl, .. } = self { *ttl } else { 0 }
    }

    /// Whether DNSSEC vouched for the records.
    #[must_use]
    pub const fn is_authenticated(&self) -> bool {
        matches!(self, Self::Records { authenticated: true, .. })
    }
}

impl fmt::Display for Answer<'_> {
    /// On one line, for a log: the first records, cut and escaped, and how long they may be kept; or why there are none.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let absence = match self {
            Self::Records { records, ttl, authenticated } => {
                let vouched = if *authenticated { ", authenticated" } else { "" };
                return write!(formatter, "{records} (TTL {ttl}{vouched})");
            }
            Self::NoRecords => Absence::NoRecords,
            Self::NoSuchName => Absence::NoSuchName,
            Self::TryLater => Absence::TryLater,
            Self::Refused => Absence::Refused,
        };
        absence.fmt(formatter)
    }
}

impl From<Absence> for Answer<'_> {
    fn from(absence: Absence) -> Self {
        match absence {
            Absence::NoRecords => Self::NoRecords,
            Absence::NoSuchName => Self::NoSuchName,
            Absence::TryLater => Self::TryLater,
            Absence::Refused => Self::Refused,
        }
    }
}

/// An answer that owns what it says: what a resolver hands on, and a cache keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// See [`Answer::Records`].
    Records {
        /// The records.
        records: RecordSet,
        /// How long they may be kept, in seconds.
        ttl: u32,
        /// Whether DNSSEC vouched for all of them.
        authenticated: bool,
    },
    /// There are none.
    Absent(Absence),
}

impl Response {
    /// The answer, lent.
    #[must_use]
    pub fn as_answer(&self) -> Answer<'_> {
        match self {
            Self::Records { records, ttl, authenticated } => {
                Answer::Records { records: records.as_records(), ttl: *ttl, authenticated: *authenticated }
            }
            Self::Absent(absence) => (*absence).into(),
        }
    }
}

impl From<Absence> for Response {
    fn from(absence: Absence) -> Self {
        Self::Absent(absence)
    }
}

impl fmt::Display for Response {
    /// As [`Answer`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_answer().fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString};

    use crate::{Kind, Zone};

    #[test]
    fn a_response_is_one_line() {
        let (long, cut) = ("x".repeat(81), "x".repeat(80));
        let text = [
            "$AUTHENTICATED b.\na TXT \"a \\010b\" c\n  TXT ",
            &long,
            "\n  MX 10 mx.b\n  TLSA 3 1 1 00fF\nb SOA ns.b root.b 1 2 3 4 5\n",
            &"c PTR x\n".repeat(12),
        ]
        .concat();
        let zone = Zone::parse(&text).unwrap();
        let shown = |name: &str, kind| zone.lookup(&name.parse().unwrap(), kind).to_string();
        let expected: String = ["TXT \"a \\nbc\", \"", &cut, "\"... (TTL 300)"].concat();
        assert_eq!(shown("a", Kind::Txt), expected);
        assert_eq!(shown("a", Kind::Mx), "MX 10 mx.b (TTL 300)");
        assert_eq!(shown("a", Kind::Tlsa), "TLSA 3 1 1 00ff (TTL 300)");
        assert_eq!(shown("a", Kind::A), "the name has no such records");
        assert_eq!(shown("b", Kind::Soa), "SOA ns.b root.b 1 5 (TTL 300, authenticated)");
        assert_eq!(shown("c", Kind::Ptr), "PTR x, x, x, x, x, x, x, x, x, x, 2 more (TTL 300)");
    }
}
