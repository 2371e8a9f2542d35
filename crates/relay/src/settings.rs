//! What a relay knows of itself and of ways that the DNS does not tell.

use alloc::collections::{BTreeMap, BTreeSet};
use core::{fmt, net::IpAddr, str::FromStr};

use dns::Name;
use smtp_proto::path::Domain;

use crate::NoRoute;

/// Where a message is to go: what stands behind the `@`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(clippy::large_enum_variant, reason = "a name has no heap, and nearly all of them are names")]
pub enum Destination {
    /// A domain.
    Domain(Name),
    /// An address literal (RFC 5321, 4.1.3).
    Address(IpAddr),
}

impl TryFrom<Domain<'_>> for Destination {
    type Error = NoRoute;

    /// The domain of a mailbox, U-labels as A-labels.
    ///
    /// # Errors
    /// [`NoRoute::Domain`]: no name that the DNS could know, or an address of an unknown kind.
    fn try_from(domain: Domain<'_>) -> Result<Self, NoRoute> {
        match domain {
            Domain::Name(name) => Name::parse(name).map(Self::Domain).map_err(|_| NoRoute::Domain),
            Domain::V4(address) => Ok(Self::Address(address.into())),
            Domain::V6(address) => Ok(Self::Address(address.into())),
            Domain::General { .. } => Err(NoRoute::Domain),
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(name) => name.fmt(f),
            Self::Address(address) => write!(f, "[{address}]"),
        }
    }
}

/// A way that the operator has set: a smart host, or the host for one domain. It is trusted: it may be in a private network, and may be this machine.
///
/// As text it is a host's name or its address, with or without a port: `smtp.example.org`, `smtp.example.org:587`, `[192.0.2.1]:2525`, `[2001:db8::1]`.
///
/// ```
/// use relay::NextHop;
///
/// let hop: NextHop = "[2001:db8::1]:2525".parse()?;
/// assert_eq!((hop.to_string().as_str(), hop.port), ("[2001:db8::1]:2525", Some(2525)));
/// # Ok::<(), relay::NextHopError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NextHop {
    /// The host.
    pub host: Destination,
    /// Its port; by default that of [`Settings::port`].
    pub port: Option<u16>,
    /// Whether a name is asked for its MX records, as a domain is. By default it is a host.
    pub mx: bool,
}

/// A text is no [`NextHop`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither a host nor an address, with or without a port, such as smtp.example.org:587 or [192.0.2.1]:25")]
pub struct NextHopError;

impl FromStr for NextHop {
    type Err = NextHopError;

    fn from_str(text: &str) -> Result<Self, NextHopError> {
        let address = |text: &str| text.parse::<IpAddr>().map_err(|_| NextHopError);
        let port = |text: &str| text.parse().ok().filter(|port| *port != 0).ok_or(NextHopError);
        let hop = |host, port| Self { host, port, mx: false };
        if let Some(rest) = text.strip_prefix('[') {
            let (inside, behind) = rest.split_once(']').ok_or(NextHopError)?;
            let port =
                if behind.is_empty() { None } else { Some(port(behind.strip_prefix(':').ok_or(NextHopError)?)?) };
            return Ok(hop(Destination::Address(address(inside)?), port));
        }
        if let Ok(address) = text.parse() {
            return Ok(hop(Destination::Address(address), None));
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, digits)) => (host, Some(port(digits)?)),
            None => (text, None),
        };
        if let Ok(address) = host.parse() {
            return Ok(hop(Destination::Address(address), port));
        }
        let name = Name::parse(host).ok().filter(|name| !name.is_root() && !host.contains([':', '/', '@']));
        name.map(|name| hop(Destination::Domain(name), port)).ok_or(NextHopError)
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.host.fmt(f)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// What [`Route`](crate::Route) has to know beside the DNS. Change the fields of a default value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// The port of other servers: 25.
    pub port: u16,
    /// Where everything goes that has no way of its own in [`domains`](Self::domains). Default: nowhere, each domain's own hosts are asked for.
    pub smart_host: Option<NextHop>,
    /// Ways for single domains, which go before [`smart_host`](Self::smart_host). Not for what is below them.
    pub domains: BTreeMap<Name, NextHop>,
    /// Our own names: an MX record with one of them, and each that is no better, is dropped (RFC 5321, 5.1; row R-4).
    pub own_names: BTreeSet<Name>,
    /// Our own addresses: so is a host that has one of them.
    pub own_addresses: BTreeSet<IpAddr>,
    /// Whether the DNS may lead to addresses that are not [public](crate::is_public): for tests, and where all mail stays in a private network. Default: no (row R-8).
    pub private_networks: bool,
    /// Whether this machine reaches others by IPv4. Default: yes.
    pub ipv4: bool,
    /// Whether this machine reaches others by IPv6. Default: yes.
    pub ipv6: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 25,
            smart_host: None,
            domains: BTreeMap::new(),
            own_names: BTreeSet::new(),
            own_addresses: BTreeSet::new(),
            private_networks: false,
            ipv4: true,
            ipv6: true,
        }
    }
}

impl Settings {
    /// The way that is set for a destination, if one is.
    pub(crate) fn hop(&self, destination: &Destination) -> Option<NextHop> {
        let own = match destination {
            Destination::Domain(name) => self.domains.get(name),
            Destination::Address(_) => None,
        };
        own.or(self.smart_host.as_ref()).copied()
    }
}
