//! What an inquiry is told.

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
