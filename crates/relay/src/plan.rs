//! Where a message can go, or why nowhere.

use alloc::vec::Vec;
use core::{
    fmt,
    net::{IpAddr, SocketAddr},
};

use dns::{Absence, Name};
use smtp_proto::EnhancedStatus;

/// How a route was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Way {
    /// By the domain's MX records.
    Mx,
    /// The domain has none and is its own host (RFC 5321, 5.1).
    Implicit,
    /// The address literal itself.
    Literal,
    /// The operator's word.
    Set,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mx => "MX",
            Self::Implicit => "implicit MX",
            Self::Literal => "address literal",
            Self::Set => "set",
        })
    }
}

/// The hosts that take a domain's mail, in the order in which they are tried. There is at least one, and each has an address.
///
/// `Display` is one line for the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How they were found.
    pub way: Way,
    /// Whether DNSSEC vouched for the MX records: without that TLSA records of the hosts prove nothing (RFC 7672, 2.2.1). `false` where there were none.
    pub authenticated: bool,
    /// The hosts.
    pub hosts: Vec<Host>,
}

/// One host that takes mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Its name, as it stands in the MX record; `None` where only its address is known.
    pub name: Option<Name>,
    /// The preference in its MX record; 0 where there is none.
    pub preference: u16,
    /// Its addresses, in the order in which they are tried: IPv6 and IPv4 in turn.
    pub addresses: Vec<IpAddr>,
    /// Its port.
    pub port: u16,
    /// Whether DNSSEC vouched for its addresses.
    pub authenticated: bool,
}

impl Plan {
    /// All that is tried, in order.
    pub fn targets(&self) -> impl Iterator<Item = (&Host, SocketAddr)> {
        self.hosts
            .iter()
            .flat_map(|host| host.addresses.iter().map(move |address| (host, SocketAddr::new(*address, host.port))))
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}:", self.way, if self.authenticated { " (DNSSEC)" } else { "" })?;
        for host in &self.hosts {
            if let Some(name) = &host.name {
                write!(f, " {name}")?;
            }
            for (at, address) in host.addresses.iter().enumerate() {
                write!(f, "{}{address}", if at == 0 { " [" } else { " " })?;
            }
            f.write_str("]")?;
        }
        Ok(())
    }
}

/// Why there is no way for a message. `Display` is for the log and for the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoRoute {
    /// What is behind the `@` is no domain that the DNS could know. 550 5.1.2.
    #[error("the domain is not one that can exist")]
    Domain,
    /// The domain does not exist, or has neither MX records nor addresses. 550 5.1.2.
    #[error("the domain does not exist, or has no mail host")]
    NoSuchDomain,
    /// The domain says that it takes no mail (RFC 7505). 556 5.1.10.
    #[error("the domain says that it takes no mail")]
    NullMx,
    /// The domain has MX records, and none of its hosts has an address. RFC 5321, 5.1: that is an error, and its own address is not taken instead. 550 5.4.4.
    #[error("none of the domain's mail hosts has an address")]
    NoHost,
    /// All addresses that were found are of this machine, of private networks or of nobody (row R-8). 550 5.4.4.
    #[error("the domain's mail hosts have no address on the Internet")]
    NotPublic,
    /// The mail would come back to us: we are the domain's best host, and do not know that we serve it (RFC 5321, 5.1; row R-4). 554 5.4.6.
    #[error("the domain's mail leads back to this server, which does not serve it")]
    Loop,
    /// The DNS did not answer. 451 4.4.3.
    #[error("the domain's mail hosts could not be found out: {0}")]
    Lookup(Absence),
    /// The host that the operator has set has no address: not the sender's fault. 451 4.3.5.
    #[error("the host that is set for this mail has no address; look at the configuration and its DNS")]
    Hop,
}

impl NoRoute {
    /// The code of a reply that says so (RFC 5321, 4.2; RFC 7505, 3).
    #[must_use]
    pub const fn code(&self) -> u16 {
        match self {
            Self::NullMx => 556,
            Self::Loop => 554,
            Self::Lookup(_) | Self::Hop => 451,
            _ => 550,
        }
    }

    /// The enhanced status (RFC 3463, 3; RFC 7505, 4.1).
    #[must_use]
    pub const fn status(&self) -> EnhancedStatus {
        match self {
            Self::Domain | Self::NoSuchDomain => EnhancedStatus::new(5, 1, 2),
            Self::NullMx => EnhancedStatus::new(5, 1, 10),
            Self::NoHost | Self::NotPublic => EnhancedStatus::new(5, 4, 4),
            Self::Loop => EnhancedStatus::new(5, 4, 6),
            Self::Lookup(_) => EnhancedStatus::new(4, 4, 3),
            Self::Hop => EnhancedStatus::new(4, 3, 5),
        }
    }

    /// Whether trying again is of no use.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        !matches!(self, Self::Lookup(_) | Self::Hop)
    }
}
