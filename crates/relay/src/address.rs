//! Which addresses a stranger's DNS may send us to.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one that a host on the Internet can have: not of this machine, of a private or local network, of a group, or of nobody (RFC 6890). A domain whose
/// MX leads elsewhere wants to make us speak to our own neighbours (row R-8). An IPv4 address inside an IPv6 one counts as what it is.
///
/// ```
/// assert!(relay::is_public("198.51.100.7".parse()?));
/// assert!(!relay::is_public("::ffff:127.0.0.1".parse()?));
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => embedded(address).is_none_or(is_public_v4) && is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    !(first == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        // RFC 6598: shared between a provider and its customers
        || (first == 100 && second & 0xC0 == 64)
        // RFC 6890: for protocols
        || (first == 192 && second == 0 && third == 0)
        // RFC 2544: for measurements
        || (first == 198 && second & 0xFE == 18)
        // groups, reserved, broadcast
        || first >= 224)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let first = address.segments().first().copied().unwrap_or_default();
    // RFC 4193: unique local; RFC 4291: link-local, RFC 3879: what was site-local
    let local = first & 0xFE00 == 0xFC00 || first & 0xFF80 == 0xFE80;
    !(address.is_unspecified() || address.is_loopback() || address.is_multicast() || local)
}

/// The IPv4 address that an IPv6 one leads to: of NAT64 (RFC 6052) and 6to4 (RFC 3056).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0x64, 0xFF9B, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => Some(join(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r8_only_addresses_of_the_internet_are_public() {
        for public in ["192.0.2.1", "8.8.8.8", "100.128.0.1", "198.20.0.1", "2001:db8::1", "2002:808:808::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for other in [
            "0.0.0.0",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:a00:1::1",
        ] {
            assert!(!is_public(other.parse().unwrap()), "{other}");
        }
    }
}
