//! Macros and what they stand for (RFC 7208, 7).

use alloc::string::String;
use core::fmt::{self, Write as _};
use core::net::IpAddr;

use dns::Name;
use smallvec::SmallVec;

use crate::macros::{Expand, Part, Parts};

/// The longest name (RFC 7208, 7.3).
const MAX_NAME: usize = 253;

/// The longest local part or HELO name that is put in: no path is longer (RFC 5321, 4.5.3.1.3).
const MAX_VALUE: usize = 256;

/// What is put in for the letters.
pub(crate) struct Values<'a> {
    pub(crate) ip: IpAddr,
    pub(crate) local: &'a [u8],
    /// The sender's domain.
    pub(crate) sender: &'a Name,
    /// The domain whose record is evaluated.
    pub(crate) domain: &'a Name,
    pub(crate) helo: &'a [u8],
    pub(crate) receiver: &'a [u8],
    pub(crate) time: i64,
    /// The client's name that has been confirmed.
    pub(crate) validated: Option<&'a Name>,
}

/// A domain with its macros put in; `None` if no name comes of it.
pub(crate) fn domain(text: &[u8], values: &Values<'_>) -> Option<Name> {
    let mut tail = Tail::new();
    for part in Parts::new(text) {
        put(part, values, &mut tail)?;
    }
    let mut name = tail.octets();
    name = name.strip_suffix(b".").unwrap_or(name);
    // 7.3: of what is too long labels go from the left.
    while name.len() > MAX_NAME {
        let dot = memchr::memchr(b'.', name)?;
        name = name.get(dot + 1..)?;
    }
    if !name.contains(&b' ') {
        return Name::from_ascii(name).ok();
    }
    // `%_` makes a space, which is written in names as zone files do (RFC 1035, 5.1).
    let mut escaped = Tail::new();
    for octet in name {
        match octet {
            b' ' => escaped.put(br"\032"),
            octet => escaped.put(&[*octet]),
        }
    }
    Name::from_ascii(escaped.octets()).ok()
}

/// An explanation with its macros put in, cut to that many octets; `None` if it is not well formed, or not visible ASCII and spaces.
pub(crate) fn text(text: &[u8], values: &Values<'_>, limit: usize) -> Option<String> {
    let mut whole = Whole { text: String::new(), limit, clean: true };
    for part in Parts::new(text) {
        put(part, values, &mut whole)?;
    }
    whole.clean.then_some(whole.text)
}

/// One piece.
#[inline]
fn put(part: Part<'_>, values: &Values<'_>, out: &mut impl Out) -> Option<()> {
    match part {
        Part::Literal { octets, .. } => out.put(octets),
        Part::Percent { .. } => out.put(b"%"),
        Part::Space { .. } => out.put(b" "),
        Part::UrlSpace { .. } => out.put(b"%20"),
        Part::Macro { expand, .. } => return values.put(expand, out),
        Part::Wrong { .. } => return None,
    }
    Some(())
}

/// Where the pieces go.
trait Out {
    fn put(&mut self, octets: &[u8]);
}

/// More than a name has, so that it can be seen that there was more.
const KEPT: usize = 256;

/// The end of what is written: labels that are too much go from the left.
struct Tail {
    room: [u8; 2 * KEPT],
    len: usize,
}

impl Tail {
    const fn new() -> Self {
        Self { room: [0; 2 * KEPT], len: 0 }
    }

    fn octets(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or_default()
    }
}

impl Out for Tail {
    fn put(&mut self, octets: &[u8]) {
        let octets = octets.get(octets.len().saturating_sub(KEPT)..).unwrap_or_default();
        if self.len + octets.len() > self.room.len() {
            self.room.copy_within(self.len - KEPT..self.len, 0);
            self.len = KEPT;
        }
        if let Some(room) = self.room.get_mut(self.len..self.len + octets.len()) {
            room.copy_from_slice(octets);
            self.len += octets.len();
        }
    }
}

/// The beginning of what is written, as far as there is room.
struct Whole {
    text: String,
    limit: usize,
    /// Whether all of it may be there. It goes into a reply to a stranger's mail: neither line ends, nor letters that the stranger's server may not know (6.2).
    clean: bool,
}

impl Out for Whole {
    fn put(&mut self, octets: &[u8]) {
        // Nothing that is cut off is worth the work; but a mistake further on counts.
        self.clean &= octets.iter().all(|octet| (0x20..=0x7E).contains(octet));
        let room = self.limit.saturating_sub(self.text.len()).min(octets.len());
        let octets = octets.get(..room).unwrap_or_default();
        self.text.push_str(core::str::from_utf8(octets).unwrap_or_default());
    }
}

impl Values<'_> {
    /// One macro's value, transformed; `None` if it has none that may be used.
    fn put(&self, expand: Expand, out: &mut impl Out) -> Option<()> {
        let value: &[u8] = match expand.letter {
            // RFC 8616, 4: a local part beyond ASCII matches nothing.
            b's' | b'l' if self.local.len() > MAX_VALUE || !self.local.is_ascii() => return None,
            b'h' if self.helo.len() > MAX_VALUE => return None,
            b'r' if self.receiver.len() > MAX_VALUE => return None,
            b'l' => self.local,
            b'o' => self.sender.as_bytes(),
            b'd' => self.domain.as_bytes(),
            b'p' => self.validated.map_or(b"unknown", Name::as_bytes),
            b'v' if self.ip.is_ipv4() => b"in-addr",
            b'v' => b"ip6",
            b'h' => self.helo,
            b'r' if self.receiver.is_empty() => b"unknown",
            b'r' => self.receiver,
            b's' | b'i' | b'c' | b't' => {
                let mut own = Octets(SmallVec::new());
                match expand.letter {
                    b's' => {
                        own.0.extend_from_slice(self.local);
                        own.0.push(b'@');
                        own.0.extend_from_slice(self.sender.as_bytes());
                    }
                    // What nearly all ask for who ask for the address: it is written as it is wanted.
                    b'i' if expand.is_reversal() => {
                        self.write_dotted(true, &mut own).ok()?;
                        out.put(&own.0);
                        return Some(());
                    }
                    b'i' => self.write_dotted(false, &mut own).ok()?,
                    b'c' => write!(own, "{}", self.ip).ok()?,
                    _ => write!(own, "{}", self.time).ok()?,
                }
                transform(expand, &own.0, out);
                return Some(());
            }
            _ => return None,
        };
        transform(expand, value, out);
        Some(())
    }

    /// 7.3: an IPv4 address as usual, an IPv6 address as 32 nibbles with dots between; turned round, the last one first.
    fn write_dotted(&self, reverse: bool, out: &mut Octets) -> fmt::Result {
        match self.ip {
            IpAddr::V4(ip) => {
                let mut octets = ip.octets();
                if reverse {
                    octets.reverse();
                }
                for (at, octet) in octets.into_iter().enumerate() {
                    if at > 0 {
                        out.0.push(b'.');
                    }
                    if octet > 99 {
                        out.0.push(b'0' + octet / 100);
                    }
                    if octet > 9 {
                        out.0.push(b'0' + octet / 10 % 10);
                    }
                    out.0.push(b'0' + octet % 10);
                }
                Ok(())
            }
            IpAddr::V6(ip) => {
                let all = ip.to_bits();
                (0..32).try_for_each(|at| {
                    let from_right = if reverse { at } else { 31 - at };
                    write!(out, "{}{:x}", if at > 0 { "." } else { "" }, all >> (4 * from_right) & 15)
                })
            }
        }
    }
}

/// 7.3: the value split, turned round, its last parts kept, joined by dots.
fn transform(expand: Expand, value: &[u8], out: &mut impl Out) {
    if expand.is_plain() {
        return put_part(value, expand.escape, out);
    }
    if expand.is_end() {
        // Split at dots and joined by dots: the end of the value as it is.
        let mut dots = value.iter().enumerate().rev().filter(|(_, octet)| **octet == b'.');
        let begin = dots.nth(expand.keep - 1).map_or(0, |(dot, _)| dot + 1);
        return put_part(value.get(begin..).unwrap_or_default(), expand.escape, out);
    }
    let splits = expand.splitter();
    let parts = value.split(|octet| splits(*octet));
    let skip = match expand.keep {
        usize::MAX => 0,
        keep => parts.clone().count().saturating_sub(keep),
    };
    let mut dot: &[u8] = b"";
    let mut join = |part: &[u8]| {
        out.put(core::mem::replace(&mut dot, b"."));
        put_part(part, expand.escape, out);
    };
    if expand.reverse { parts.rev().skip(skip).for_each(&mut join) } else { parts.skip(skip).for_each(&mut join) }
}

/// Appends a value, escaped for URLs if that is asked for (RFC 3986, 2.3: all but the unreserved characters).
fn put_part(part: &[u8], escape: bool, out: &mut impl Out) {
    if !escape {
        return out.put(part);
    }
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let digit = |nibble: u8| HEX.get(usize::from(nibble)).copied().unwrap_or_default();
    for octet in part {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(octet) {
            out.put(&[*octet]);
        } else {
            out.put(&[b'%', digit(octet >> 4), digit(octet & 15)]);
        }
    }
}

/// Text in place.
struct Octets(SmallVec<[u8; 64]>);

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
        let (local, helo, receiver) = (&b"strong-bad"[..], &b"mail.example.org"[..], &b""[..]);
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
        let four = Values { local: local.as_bytes(), ..values(&sender, "192.0.2.3") };
        let many = "%{l999999r}.%{d}.".repeat(500) + "example.com";
        let name = domain(many.as_bytes(), &four).unwrap();
        assert!(name.as_str().len() <= 253 && name.as_str().ends_with("xxx.email.example.com.example.com"), "{name}");
        assert_eq!(text(many.as_bytes(), &four, 250).unwrap().len(), 250);
        assert_eq!(text(b"%{l18446744073709551616}", &four, 3).as_deref(), Some("xxx"));
        let long = "x".repeat(257);
        assert_eq!(text(b"%{l}", &Values { local: long.as_bytes(), ..values(&sender, "192.0.2.3") }, 250), None);
        assert_eq!(text(b"%{h}", &Values { helo: long.as_bytes(), ..values(&sender, "192.0.2.3") }, 250), None);
    }

    #[test]
    fn s3_explanations_are_visible_ascii_or_not_there() {
        let sender: Name = "example.com".parse().unwrap();
        let mut four = values(&sender, "192.0.2.3");
        for local in ["a\r\nb", "a\0b", "bücher", "a\x7Fb"] {
            four.local = local.as_bytes();
            assert_eq!(text(b"no: %{l}", &four, 250), None, "{local:?}");
        }
        four.local = b"a\r\nb";
        assert_eq!(text(b"%{L}%_%-%%", &four, 250).as_deref(), Some("a%0D%0Ab %20%"));
        assert_eq!(text("ü".as_bytes(), &four, 250), None);
        assert_eq!(text(b"100% sure", &four, 250), None);
    }

    #[test]
    fn a_local_part_beyond_ascii_makes_no_name() {
        let sender: Name = "example.com".parse().unwrap();
        let four = Values { local: "bücher".as_bytes(), ..values(&sender, "192.0.2.3") };
        for macros in ["%{l}.example.com", "%{S}.example.com", "%{L}.example.com"] {
            assert_eq!(domain(macros.as_bytes(), &four), None, "{macros}");
        }
        assert_eq!(domain(b"%{o}", &four).unwrap().to_string(), "example.com");
    }
}
