//! Macros and what they stand for (RFC 7208, 7).

use alloc::string::String;
use core::fmt::{self, Write as _};
use core::net::IpAddr;

use dns::Name;
use smallvec::SmallVec;

use crate::parser::{Expand, Part, Parts};

/// The longest name (RFC 7208, 7.3).
const MAX_NAME: usize = 253;

/// The longest local part or HELO name that is put in: no path is longer (RFC 5321, 4.5.3.1.3).
const MAX_VALUE: usize = 256;

/// What is put in for the letters.
pub(crate) struct Values<'a> {
    pub(crate) ip: IpAddr,
    pub(crate) local: &'a str,
    /// The sender's domain.
    pub(crate) sender: &'a Name,
    /// The domain whose record is evaluated.
    pub(crate) domain: &'a Name,
    pub(crate) helo: &'a str,
    pub(crate) receiver: &'a str,
    pub(crate) time: i64,
    /// The client's name that has been confirmed.
    pub(crate) validated: Option<&'a Name>,
}

/// A domain with its macros put in; `None` if no name comes of it.
pub(crate) fn domain(text: &[u8], values: &Values<'_>) -> Option<Name> {
    let mut out: Octets = Octets::default();
    for part in Parts::new(text) {
        match part {
            Part::Literal { octets, .. } => out.0.extend_from_slice(octets),
            Part::Percent { .. } => out.0.push(b'%'),
            Part::Space { .. } => out.0.push(b' '),
            Part::UrlSpace { .. } => out.0.extend_from_slice(b"%20"),
            Part::Macro { expand, .. } => values.put(expand, &mut out.0)?,
            Part::Wrong { .. } => return None,
        }
        // 7.3: of what is too long labels go from the left. So no more than the end is ever kept.
        if out.0.len() > 8 * MAX_NAME {
            let front = out.0.len() - 2 * MAX_NAME;
            out.0.drain(..front);
        }
    }
    let mut name = out.0.strip_suffix(b".").unwrap_or(&out.0);
    while name.len() > MAX_NAME {
        let dot = memchr::memchr(b'.', name)?;
        name = name.get(dot + 1..)?;
    }
    if !name.contains(&b' ') {
        return Name::from_ascii(name).ok();
    }
    // `%_` makes a space, which is written in names as zone files do (RFC 1035, 5.1).
    let mut escaped: Octets = Octets::default();
    for octet in name {
        match octet {
            b' ' => escaped.0.extend_from_slice(br"\032"),
            octet => escaped.0.push(*octet),
        }
    }
    Name::from_ascii(&escaped.0).ok()
}

/// An explanation with its macros put in, cut to that many octets; `None` if it is not well formed, or not visible ASCII and spaces.
pub(crate) fn text(text: &[u8], values: &Values<'_>, limit: usize) -> Option<String> {
    let mut out: Octets = Octets::default();
    for part in Parts::new(text) {
        match part {
            Part::Literal { octets, .. } => out.0.extend_from_slice(octets),
            Part::Percent { .. } => out.0.push(b'%'),
            Part::Space { .. } => out.0.push(b' '),
            Part::UrlSpace { .. } => out.0.extend_from_slice(b"%20"),
            Part::Macro { expand, .. } => values.put(expand, &mut out.0)?,
            Part::Wrong { .. } => return None,
        }
        // Nothing that is cut off is worth the work; but a mistake further on counts.
        out.0.truncate(limit.saturating_add(1));
    }
    out.0.truncate(limit);
    // It goes into a reply to a stranger's mail: neither line ends nor letters that the stranger's server may not know (6.2).
    out.0.iter().all(|octet| (0x20..=0x7E).contains(octet)).then(|| String::from_utf8_lossy(&out.0).into_owned())
}

impl Values<'_> {
    /// One macro's value, transformed; `None` if it has none that may be used.
    fn put(&self, expand: Expand, out: &mut SmallVec<[u8; 256]>) -> Option<()> {
        let mut own: Octets = Octets::default();
        match expand.letter {
            // RFC 8616, 4: a local part beyond ASCII matches nothing.
            b's' | b'l' if self.local.len() > MAX_VALUE || !self.local.is_ascii() => return None,
            b'h' if self.helo.len() > MAX_VALUE => return None,
            b'r' if self.receiver.len() > MAX_VALUE => return None,
            _ => {}
        }
        let value: &[u8] = match expand.letter {
            b's' => {
                write!(own, "{}@{}", self.local, self.sender).ok()?;
                &own.0
            }
            b'l' => self.local.as_bytes(),
            b'o' => self.sender.as_bytes(),
            b'd' => self.domain.as_bytes(),
            b'i' => {
                self.write_dotted(&mut own).ok()?;
                &own.0
            }
            b'p' => self.validated.map_or(b"unknown", Name::as_bytes),
            b'v' if self.ip.is_ipv4() => b"in-addr",
            b'v' => b"ip6",
            b'h' => self.helo.as_bytes(),
            b'c' => {
                write!(own, "{}", self.ip).ok()?;
                &own.0
            }
            b'r' if self.receiver.is_empty() => b"unknown",
            b'r' => self.receiver.as_bytes(),
            b't' => {
                write!(own, "{}", self.time).ok()?;
                &own.0
            }
            _ => return None,
        };
        if expand.is_plain() {
            return put_part(value, expand.escape, out);
        }
        let parts = value.split(|octet| expand.splits_at(*octet));
        let skip = parts.clone().count().saturating_sub(expand.keep);
        let join = |at: usize, part: &[u8], out: &mut SmallVec<[u8; 256]>| {
            if at > 0 {
                out.push(b'.');
            }
            put_part(part, expand.escape, out)
        };
        if expand.reverse {
            parts.rev().skip(skip).enumerate().try_for_each(|(at, part)| join(at, part, out))
        } else {
            parts.skip(skip).enumerate().try_for_each(|(at, part)| join(at, part, out))
        }
    }

    /// 7.3: an IPv4 address as usual, an IPv6 address as 32 nibbles with dots between.
    fn write_dotted(&self, out: &mut Octets) -> fmt::Result {
        match self.ip {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                write!(out, "{a}.{b}.{c}.{d}")
            }
            IpAddr::V6(ip) => ip.octets().iter().enumerate().try_for_each(|(at, octet)| {
                write!(out, "{}{:x}.{:x}", if at > 0 { "." } else { "" }, octet >> 4, octet & 15)
            }),
        }
    }
}

/// Appends a value, escaped for URLs if that is asked for (RFC 3986, 2.3: all but the unreserved characters).
fn put_part(part: &[u8], escape: bool, out: &mut SmallVec<[u8; 256]>) -> Option<()> {
    if !escape {
        out.extend_from_slice(part);
        return Some(());
    }
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for octet in part {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(octet) {
            out.push(*octet);
        } else {
            out.push(b'%');
            out.push(*HEX.get(usize::from(octet >> 4))?);
            out.push(*HEX.get(usize::from(octet & 15))?);
        }
    }
    Some(())
}

/// Text in place.
#[derive(Default)]
struct Octets(SmallVec<[u8; 256]>);

impl fmt::Write for Octets {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    fn values<'a>(sender: &'a Name, ip: &str) -> Values<'a> {
        let (local, helo, receiver) = ("strong-bad", "mail.example.org", "");
        Values { ip: ip.parse().unwrap(), local, sender, domain: sender, helo, receiver, time: 0, validated: None }
    }

    /// RFC 7208, 7.4.
    #[test]
    fn the_examples_of_the_standard() {
        let sender: Name = "email.example.com".parse().unwrap();
        let four = values(&sender, "192.0.2.3");
        for (macros, expected) in [
            ("%{s}", "strong-bad@email.example.com"),
            ("%{o}", "email.example.com"),
            ("%{d}", "email.example.com"),
            ("%{d4}", "email.example.com"),
            ("%{d3}", "email.example.com"),
            ("%{d2}", "example.com"),
            ("%{d1}", "com"),
            ("%{dr}", "com.example.email"),
            ("%{d2r}", "example.email"),
            ("%{l}", "strong-bad"),
            ("%{l-}", "strong.bad"),
            ("%{lr}", "strong-bad"),
            ("%{lr-}", "bad.strong"),
            ("%{l1r-}", "strong"),
            ("%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com"),
            ("%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com"),
            ("%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com"),
            ("%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}", "3.2.0.192.in-addr.strong.lp._spf.example.com"),
            ("%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net"),
        ] {
            assert_eq!(text(macros.as_bytes(), &four, 250).as_deref(), Some(expected), "{macros}");
            if !expected.contains('@') {
                assert_eq!(domain(macros.as_bytes(), &four).unwrap(), expected);
            }
        }
        let six = values(&sender, "2001:db8::cb01");
        let expected = "1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com";
        assert_eq!(domain(b"%{ir}.%{v}._spf.%{d2}", &six).unwrap(), expected);
    }

    #[test]
    fn s2_output_is_bounded_whatever_the_macros_ask_for() {
        let sender: Name = "email.example.com".parse().unwrap();
        let local = "x".repeat(63) + &".y".repeat(90);
        let four = Values { local: &local, ..values(&sender, "192.0.2.3") };
        let many = "%{l999999r}.%{d}.".repeat(500) + "example.com";
        let name = domain(many.as_bytes(), &four).unwrap();
        assert!(name.as_str().len() <= 253 && name.as_str().ends_with("xxx.email.example.com.example.com"), "{name}");
        assert_eq!(text(many.as_bytes(), &four, 250).unwrap().len(), 250);
        assert_eq!(text(b"%{l18446744073709551616}", &four, 3).as_deref(), Some("xxx"));
        let long = "x".repeat(257);
        assert_eq!(text(b"%{l}", &Values { local: &long, ..values(&sender, "192.0.2.3") }, 250), None);
        assert_eq!(text(b"%{h}", &Values { helo: &long, ..values(&sender, "192.0.2.3") }, 250), None);
    }

    #[test]
    fn s3_explanations_are_visible_ascii_or_not_there() {
        let sender: Name = "example.com".parse().unwrap();
        let mut four = values(&sender, "192.0.2.3");
        for local in ["a\r\nb", "a\0b", "bücher", "a\x7Fb"] {
            four.local = local;
            assert_eq!(text(b"no: %{l}", &four, 250), None, "{local:?}");
        }
        four.local = "a\r\nb";
        assert_eq!(text(b"%{L}%_%-%%", &four, 250).as_deref(), Some("a%0D%0Ab %20%"));
        assert_eq!(text("ü".as_bytes(), &four, 250), None);
        assert_eq!(text(b"100% sure", &four, 250), None);
    }

    #[test]
    fn a_local_part_beyond_ascii_makes_no_name() {
        let sender: Name = "example.com".parse().unwrap();
        let four = Values { local: "bücher", ..values(&sender, "192.0.2.3") };
        for macros in ["%{l}.example.com", "%{S}.example.com", "%{L}.example.com"] {
            assert_eq!(domain(macros.as_bytes(), &four), None, "{macros}");
        }
        assert_eq!(domain(b"%{o}", &four).unwrap().to_string(), "example.com");
    }
}
