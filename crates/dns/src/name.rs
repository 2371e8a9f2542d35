//! Domain names (RFC 1035, 2.3; RFC 2181, 11).

use core::cmp::Ordering;
use core::fmt;
use core::hash::{Hash, Hasher};
use core::net::IpAddr;
use core::str::FromStr;

/// What a name may have at most, dots included and the last one left out (RFC 1035, 2.3.4: 255 octets on the wire).
const MAX: usize = 253;

/// What a label may have at most (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;

/// A domain name in lower-case A-labels, without the dot at its end; the root is empty.
///
/// It is kept in place, without a heap: 254 octets. The DNS itself takes any octet in a label (RFC 2181, 11); here it is visible ASCII other than the dot, so
/// that a name can be written down everywhere. [`Self::is_host`] tells whether it could be a host's.
///
/// ```
/// let name: dns::Name = "_dmarc.Example.ORG.".parse()?;
/// assert_eq!(name, "_dmarc.example.org");
/// assert_eq!(name.parent().unwrap(), "example.org");
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Name {
    len: u8,
    octets: [u8; MAX],
}

/// Why something is no [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing is there; the root is written `.`.
    #[error("a domain name has at least one label; the root is written as a lone dot")]
    Empty,
    /// Two dots meet, or one is in front.
    #[error("octet {at} of the domain name: a label is empty")]
    EmptyLabel {
        /// The octet, counted from zero.
        at: usize,
    },
    /// A label has more than 63 octets.
    #[error("octet {at} of the domain name: a label may have at most 63 octets")]
    LongLabel {
        /// Where the label begins.
        at: usize,
    },
    /// The whole has more than 253 octets.
    #[error("the domain name has more than 253 octets")]
    Long,
    /// A space, a control, or a letter beyond ASCII that cannot be made an A-label.
    #[error("octet {at} of the domain name may not be there")]
    Octet {
        /// The octet, counted from zero; for a name beyond ASCII the first such.
        at: usize,
    },
}

impl Name {
    /// The root: no label at all.
    pub const ROOT: Self = Self { len: 0, octets: [0; MAX] };

    /// A name as it is written, with or without the dot at its end, in letters of any case. Letters beyond ASCII become A-labels (RFC 5891; UTS 46) with the
    /// feature `idna`.
    ///
    /// # Errors
    ///
    /// [`NameError`], with the octet.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        match text.bytes().position(|octet| !octet.is_ascii()) {
            None => Self::from_ascii(text.as_bytes()),
            #[cfg(feature = "idna")]
            Some(at) => {
                let deny = idna::AsciiDenyList::EMPTY;
                let hyphens = idna::uts46::Hyphens::Allow;
                let ascii = idna::uts46::Uts46::new()
                    .to_ascii(text.as_bytes(), deny, hyphens, idna::uts46::DnsLength::Ignore)
                    .map_err(|_| NameError::Octet { at })?;
                Self::from_ascii(ascii.as_bytes())
            }
            #[cfg(not(feature = "idna"))]
            Some(at) => Err(NameError::Octet { at }),
        }
    }

    /// A name of ASCII, as it is written.
    ///
    /// # Errors
    ///
    /// [`NameError`], with the octet.
    pub fn from_ascii(octets: &[u8]) -> Result<Self, NameError> {
        if octets == b"." {
            return Ok(Self::ROOT);
        }
        let octets = octets.strip_suffix(b".").unwrap_or(octets);
        let mut name = Self::ROOT;
        name.write(octets)?;
        Ok(name)
    }

    /// Takes another text, without a dot at its end. After an error the old one is no longer whole.
    #[inline]
    fn write(&mut self, octets: &[u8]) -> Result<(), NameError> {
        if octets.is_empty() {
            return Err(NameError::Empty);
        }
        let room = self.octets.get_mut(..octets.len()).ok_or(NameError::Long)?;
        let mut begin = 0;
        for (at, (to, octet)) in room.iter_mut().zip(octets).enumerate() {
            match octet {
                b'.' if at == begin => return Err(NameError::EmptyLabel { at }),
                b'.' => begin = at + 1,
                0x21..=0x7E if at - begin < MAX_LABEL => {}
                0x21..=0x7E => return Err(NameError::LongLabel { at: begin }),
                _ => return Err(NameError::Octet { at }),
            }
            *to = octet.to_ascii_lowercase();
        }
        if begin == octets.len() {
            return Err(NameError::EmptyLabel { at: begin });
        }
        self.len = octets.len() as u8;
        Ok(())
    }

    /// Becomes what [`Self::prefixed`] gives of the last labels of another name, so many, in the room it has: a walk up a tree asks for one name after the other
    /// without copies. `labels` is ASCII. After an error it is the root.
    ///
    /// ```
    /// let name: dns::Name = "news.example.org".parse()?;
    /// let mut asked = dns::Name::ROOT;
    /// asked.become_prefixed("_dmarc", &name, 2)?;
    /// assert_eq!(asked, "_dmarc.example.org");
    /// # Ok::<(), dns::NameError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NameError`], where the labels are no name's or the whole is too long.
    #[inline]
    pub fn become_prefixed(&mut self, labels: &str, other: &Self, last: usize) -> Result<(), NameError> {
        self.len = 0;
        let behind = other.last_octets(last);
        self.write(labels.as_bytes())?;
        if behind.is_empty() {
            return Ok(());
        }
        let begin = usize::from(core::mem::take(&mut self.len)) + 1;
        let end = begin + behind.len();
        let (dot, room) =
            self.octets.get_mut(begin - 1..end).and_then(<[u8]>::split_first_mut).ok_or(NameError::Long)?;
        *dot = b'.';
        room.copy_from_slice(behind);
        self.len = end as u8;
        Ok(())
    }

    /// The text of the last labels, so many.
    #[inline]
    fn last_octets(&self, count: usize) -> &[u8] {
        let octets = self.as_bytes();
        let Some(before) = count.checked_sub(1) else { return &[] };
        let mut dots = octets.iter().enumerate().rev().filter(|(_, octet)| **octet == b'.');
        dots.nth(before).and_then(|(dot, _)| octets.get(dot + 1..)).unwrap_or(octets)
    }

    /// A name of labels as they stand on the wire, where it can be one: a dot or anything that is not visible ASCII within a label cannot.
    #[cfg(feature = "hickory-proto")]
    pub(crate) fn from_labels<'l>(labels: impl Iterator<Item = &'l [u8]>) -> Option<Self> {
        let mut name = Self::ROOT;
        let mut len = 0;
        for label in labels {
            let begin = if len == 0 { 0 } else { len + 1 };
            let end = begin + label.len();
            let allowed = (1..=MAX_LABEL).contains(&label.len())
                && label.iter().all(|octet| matches!(octet, 0x21..=0x7E if *octet != b'.'));
            let room = name.octets.get_mut(len..end).filter(|_| allowed)?;
            let (dot, room) = room.split_at_mut_checked(begin - len)?;
            dot.fill(b'.');
            room.copy_from_slice(label);
            room.make_ascii_lowercase();
            len = end;
        }
        name.len = len as u8;
        Some(name)
    }

    /// The name whose records say whose an address is: `d.c.b.a.in-addr.arpa` (RFC 1035, 3.5), or 32 nibbles under `ip6.arpa` (RFC 3596, 2.5).
    #[must_use]
    pub fn reverse(address: IpAddr) -> Self {
        Self::reversed_under(address, if address.is_ipv4() { "in-addr.arpa" } else { "ip6.arpa" })
    }

    /// The octets or nibbles of an address, the last one first, under a zone: what lists of addresses are asked by (RFC 5782, 2.1 and 2.4). `zone` has to be a
    /// name's text; one that leaves no room gives the root.
    #[must_use]
    pub(crate) fn reversed_under(address: IpAddr, zone: &str) -> Self {
        let mut name = Writer { name: Self::ROOT };
        let written = match address {
            IpAddr::V4(address) => {
                let [a, b, c, d] = address.octets();
                fmt::Write::write_fmt(&mut name, format_args!("{d}.{c}.{b}.{a}.{zone}"))
            }
            IpAddr::V6(address) => {
                let nibbles = address.octets().into_iter().rev().try_for_each(|octet| {
                    fmt::Write::write_fmt(&mut name, format_args!("{:x}.{:x}.", octet & 15, octet >> 4))
                });
                nibbles.and_then(|()| fmt::Write::write_str(&mut name, zone))
            }
        };
        written.map_or(Self::ROOT, |()| name.name)
    }

    /// The name with labels put in front: `_dmarc` in front of `example.org`.
    ///
    /// # Errors
    ///
    /// [`NameError`], where the labels are no name's or the whole is too long.
    pub fn prefixed(&self, labels: &str) -> Result<Self, NameError> {
        let mut front = Self::parse(labels)?;
        if self.is_root() {
            return Ok(front);
        }
        if front.is_root() {
            return Ok(*self);
        }
        let begin = usize::from(front.len) + 1;
        let end = begin + usize::from(self.len);
        let (dot, room) =
            front.octets.get_mut(begin - 1..end).and_then(<[u8]>::split_first_mut).ok_or(NameError::Long)?;
        *dot = b'.';
        room.copy_from_slice(self.as_bytes());
        front.len = end as u8;
        Ok(front)
    }

    /// The text, without a dot at its end; empty for the root.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII comes in.
        core::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// The text's octets.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether it is the root.
    #[must_use]
    pub const fn is_root(&self) -> bool {
        self.len == 0
    }

    /// The labels, the one in front first.
    #[must_use]
    pub fn labels(&self) -> Labels<'_> {
        Labels { rest: (!self.is_root()).then(|| self.as_str()) }
    }

    /// The name without the label in front; of a name with one label the root, of the root nothing.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        if self.is_root() {
            return None;
        }
        let rest = self.as_bytes().iter().position(|octet| *octet == b'.').map_or(usize::from(self.len), |dot| dot + 1);
        Some(self.behind(rest))
    }

    /// The last labels, so many; the name itself where it has no more.
    #[must_use]
    pub fn last_labels(&self, count: usize) -> Self {
        if count == 0 {
            return Self::ROOT;
        }
        let mut dots = self.as_bytes().iter().enumerate().rev().filter(|(_, octet)| **octet == b'.');
        dots.nth(count - 1).map_or(*self, |(dot, _)| self.behind(dot + 1))
    }

    /// Whether it is the other name or below it. Every name is within the root.
    #[must_use]
    pub fn is_within(&self, other: &Self) -> bool {
        other.is_root()
            || self
                .as_bytes()
                .strip_suffix(other.as_bytes())
                .is_some_and(|front| front.is_empty() || front.ends_with(b"."))
    }

    /// Whether it could be a host's or a mail domain's: letters, digits and hyphens inside, two labels at least (RFC 5321, 2.3.5; RFC 1123, 2.1).
    #[must_use]
    pub fn is_host(&self) -> bool {
        let label = |label: &str| {
            !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
        };
        self.labels().count() > 1 && self.labels().all(label)
    }

    /// What stands behind so many octets.
    fn behind(&self, at: usize) -> Self {
        let mut name = Self::ROOT;
        let rest = self.as_bytes().get(at..).unwrap_or_default();
        if let Some(room) = name.octets.get_mut(..rest.len()) {
            room.copy_from_slice(rest);
            name.len = rest.len() as u8;
        }
        name
    }
}

/// Appends text to a name; what is written has to be valid.
struct Writer {
    name: Name,
}

impl fmt::Write for Writer {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let begin = usize::from(self.name.len);
        let end = begin + text.len();
        self.name.octets.get_mut(begin..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.name.len = end as u8;
        Ok(())
    }
}

/// The labels of a [`Name`], the one in front first.
#[derive(Clone, Debug)]
pub struct Labels<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Labels<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.rest.take()?;
        let Some((label, rest)) = rest.split_once('.') else { return Some(rest) };
        self.rest = Some(rest);
        Some(label)
    }
}

impl DoubleEndedIterator for Labels<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let Some((rest, label)) = rest.rsplit_once('.') else { return Some(rest) };
        self.rest = Some(rest);
        Some(label)
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::parse(text)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(if self.is_root() { "." } else { self.as_str() })
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}

impl PartialEq for Name {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Name {}

impl PartialEq<str> for Name {
    /// Whether it is that text, letter for letter in lower case.
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Name {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for Name {
    fn arbitrary(input: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        let labels = input.int_in_range(0..=6)?;
        let mut name = Self::ROOT;
        for _ in 0..labels {
            let len = input.int_in_range(1..=12)?;
            let mut label = alloc::string::String::new();
            for _ in 0..len {
                label.push(char::from(*input.choose(b"abcdefghijklmnopqrstuvwxyz0123456789-_")?));
            }
            name = name.prefixed(&label).map_err(|_| arbitrary::Error::IncorrectFormat)?;
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use core::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn names_are_checked_and_lowered() {
        assert_eq!(name("A.Example.COM.").to_string(), "a.example.com");
        assert_eq!(name("."), Name::ROOT);
        assert_eq!(Name::ROOT.to_string(), ".");
        assert_eq!("".parse::<Name>(), Err(NameError::Empty));
        assert_eq!("a..b".parse::<Name>(), Err(NameError::EmptyLabel { at: 2 }));
        assert_eq!("a..".parse::<Name>(), Err(NameError::EmptyLabel { at: 2 }));
        assert_eq!(".a".parse::<Name>(), Err(NameError::EmptyLabel { at: 0 }));
        assert_eq!("a b".parse::<Name>(), Err(NameError::Octet { at: 1 }));
        assert_eq!(["ab.", &"x".repeat(64)].concat().parse::<Name>(), Err(NameError::LongLabel { at: 3 }));
        assert_eq!(["x".repeat(63), "y".into()].join(".").parse::<Name>().map(|name| name.labels().count()), Ok(2));
        let long = [&*"x".repeat(63); 4].join(".");
        assert_eq!(long.parse::<Name>(), Err(NameError::Long));
        assert_eq!(long.split_at(2).1.parse::<Name>().map(|name| name.as_str().len()), Ok(253));
    }

    #[cfg(feature = "idna")]
    #[test]
    fn letters_beyond_ascii_become_a_labels() {
        assert_eq!(name("Bücher.example"), "xn--bcher-kva.example");
        assert_eq!(name("_dmarc.bücher.example"), "_dmarc.xn--bcher-kva.example");
        assert!("b\u{FFFD}.example".parse::<Name>().is_err());
    }

    #[test]
    fn labels_from_both_ends() {
        let name = name("a.b.example");
        assert_eq!(name.labels().collect::<alloc::vec::Vec<_>>(), ["a", "b", "example"]);
        assert_eq!(name.labels().next_back(), Some("example"));
        assert_eq!(name.last_labels(2), "b.example");
        assert_eq!(name.last_labels(9), name);
        assert_eq!(name.last_labels(0), Name::ROOT);
        assert_eq!(name.last_labels(1).parent(), Some(Name::ROOT));
        assert_eq!(Name::ROOT.parent(), None);
        assert_eq!(Name::ROOT.labels().count(), 0);
    }

    #[test]
    fn a_name_is_within_its_parents() {
        assert!(name("a.example.org").is_within(&name("example.org")));
        assert!(name("example.org").is_within(&name("example.org")));
        assert!(!name("badexample.org").is_within(&name("example.org")));
        assert!(!name("org").is_within(&name("example.org")));
        assert!(name("org").is_within(&Name::ROOT));
    }

    #[test]
    fn addresses_are_reversed() {
        assert_eq!(Name::reverse(Ipv4Addr::new(192, 0, 2, 17).into()), "17.2.0.192.in-addr.arpa");
        let six: Ipv6Addr = "2001:db8::1".parse().unwrap();
        let reversed = Name::reverse(six.into());
        assert_eq!(reversed, "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa");
    }

    #[test]
    fn labels_are_put_in_front() {
        assert_eq!(name("example.org").prefixed("s._domainkey").unwrap(), "s._domainkey.example.org");
        assert_eq!(Name::ROOT.prefixed("org").unwrap(), "org");
        assert_eq!(name("org").prefixed(".").unwrap(), "org", "the root has no label to put there");
        assert_eq!(name(&[&*"x".repeat(61); 4].join(".")).prefixed("abcdefg"), Err(NameError::Long));
        let mut there = name("something.long.enough.example");
        for (last, text) in [(9, "_A.b.example.org"), (2, "_a.example.org"), (1, "_a.org"), (0, "_a")] {
            let labels = if last == 9 { "_A.b" } else { "_a" };
            there.become_prefixed(labels, &name("example.org"), last).unwrap();
            assert_eq!(there, *text.to_ascii_lowercase());
        }
        let long = name(&[&*"x".repeat(61); 4].join("."));
        assert_eq!(there.become_prefixed("abcdefg", &long, 4), Err(NameError::Long));
        assert_eq!(there, Name::ROOT);
        there.become_prefixed("abcdefg", &long, 3).unwrap();
        assert_eq!(there, long.last_labels(3).prefixed("abcdefg").unwrap());
        assert_eq!(there.become_prefixed("a..b", &long, 1), Err(NameError::EmptyLabel { at: 2 }));
    }

    #[test]
    fn hosts_have_letters_digits_and_hyphens() {
        assert!(name("mx-1.example.org").is_host());
        for other in ["org", "_dmarc.example.org", "-a.example.org", "a-.example.org", "a*.example.org"] {
            assert!(!name(other).is_host(), "{other}");
        }
    }
}
