//! The grammar of records (RFC 7208, 12).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::Ipv6Addr;

use dns::Name;

use crate::macros::{Part, Parts};
use crate::record::Inner;
use crate::{Qualifier, SyntaxError};

/// A term inside a record.
#[derive(Clone, Copy)]
pub(crate) struct Item {
    pub(crate) start: u16,
    pub(crate) end: u16,
    pub(crate) kind: Kind,
}

/// What it says, as small as it gets: checks run through many of these.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    All(Qualifier),
    Include(Qualifier, Spec),
    A(Qualifier, Option<Spec>, [u8; 2]),
    Mx(Qualifier, Option<Spec>, [u8; 2]),
    Ptr(Qualifier, Option<Spec>),
    Ip4(Qualifier, u8, u32),
    Ip6(Qualifier, u8, [u8; 16]),
    Exists(Qualifier, Spec),
    Redirect(Spec),
    Exp(Spec),
    Unknown,
}

/// Which macros are in a domain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Macros {
    None,
    Some,
    /// `%{p}` among them: the client's name has to be known first.
    Validated,
}

/// A domain inside a record.
#[derive(Clone, Copy)]
pub(crate) struct Spec {
    pub(crate) start: u16,
    pub(crate) end: u16,
    /// Which of the record's names it is; [`Self::NO_NAME`] if it has macros or is none.
    pub(crate) name: u16,
    macros: Macros,
}

impl Spec {
    const NO_NAME: u16 = u16::MAX;

    pub(crate) const fn has_macros(self) -> bool {
        !matches!(self.macros, Macros::None)
    }

    pub(crate) const fn has_validated(self) -> bool {
        matches!(self.macros, Macros::Validated)
    }
}

/// What follows `v=spf1`, if it begins with that and a space or the end.
pub(crate) fn after_version(octets: &[u8]) -> Option<&[u8]> {
    let (version, rest) = octets.split_first_chunk::<6>()?;
    (version.eq_ignore_ascii_case(b"v=spf1") && matches!(rest, [] | [b' ', ..])).then_some(rest)
}

/// A record's terms; its length has been checked to fit sixteen bits.
pub(crate) fn parse(octets: &[u8]) -> Result<Inner, SyntaxError> {
    let mut rest = after_version(octets).ok_or(SyntaxError::Version)?;
    // A term is seldom shorter than this many octets: one allocation does for nearly all records.
    let items = Vec::with_capacity(rest.len() / 14 + 2);
    let mut parser = Parser { at: 0, end: 0, items, names: Vec::new(), redirect: false, exp: false };
    while let [first, tail @ ..] = rest {
        if *first == b' ' {
            rest = tail;
            continue;
        }
        parser.at = octets.len() - rest.len();
        if let Some((qualifier, prefix, network, len)) = ip4(rest) {
            parser.end = parser.at + len;
            parser.push(Kind::Ip4(qualifier, prefix, network));
            rest = rest.get(len..).unwrap_or_default();
            continue;
        }
        let len = memchr::memchr(b' ', rest).unwrap_or(rest.len());
        let Some((term, tail)) = rest.split_at_checked(len) else { break };
        parser.end = parser.at + len;
        parser.term(term)?;
        rest = tail;
    }
    Ok(Inner { text: Box::from(octets), items: parser.items, names: parser.names })
}

/// What nearly all terms are, read in one pass: an IPv4 network and the space behind it. Everything else, and every mistake, is [`Parser::term`]'s.
#[inline]
fn ip4(octets: &[u8]) -> Option<(Qualifier, u8, u32, usize)> {
    let (qualifier, text) = qualified(octets);
    let (name, text) = text.split_first_chunk::<4>()?;
    if !name.eq_ignore_ascii_case(b"ip4:") {
        return None;
    }
    let (a, text) = small(text)?;
    let [b'.', text @ ..] = text else { return None };
    let (b, text) = small(text)?;
    let [b'.', text @ ..] = text else { return None };
    let (c, text) = small(text)?;
    let [b'.', text @ ..] = text else { return None };
    let (d, mut text) = small(text)?;
    let mut prefix = 32;
    if let [b'/', rest @ ..] = text {
        (prefix, text) = small(rest)?;
    }
    let fits = (a | b | c | d) < 256 && prefix <= 32 && matches!(text, [] | [b' ', ..]);
    fits.then_some((
        qualifier.unwrap_or(Qualifier::Pass),
        prefix as u8,
        a << 24 | b << 16 | c << 8 | d,
        octets.len() - text.len(),
    ))
}

/// A number of one to three digits in front, without leading zeros.
#[inline(always)]
fn small(text: &[u8]) -> Option<(u32, &[u8])> {
    let digit = |octet: &u8| u32::from(octet.wrapping_sub(b'0'));
    let [first, rest @ ..] = text else { return None };
    let first = digit(first);
    if first > 9 {
        return None;
    }
    let [second, tail @ ..] = rest else { return Some((first, rest)) };
    let second = digit(second);
    if second > 9 {
        return Some((first, rest));
    }
    if first == 0 {
        return None;
    }
    let [third, end @ ..] = tail else { return Some((first * 10 + second, tail)) };
    let third = digit(third);
    if third > 9 {
        return Some((first * 10 + second, tail));
    }
    Some((first * 100 + second * 10 + third, end))
}

/// An IPv4 address in front (RFC 7208, 12: no leading zeros).
fn ip4_address(mut text: &[u8]) -> Option<(u32, &[u8])> {
    let mut address = 0;
    for octet in 0..4 {
        if octet > 0 {
            let [b'.', rest @ ..] = text else { return None };
            text = rest;
        }
        let (value, rest) = number(text)?;
        address = address << 8 | u32::from(value);
        text = rest;
    }
    Some((address, text))
}

/// A number up to 255 in front, without leading zeros.
fn number(text: &[u8]) -> Option<(u8, &[u8])> {
    let [first @ b'0'..=b'9', rest @ ..] = text else { return None };
    let mut rest = rest;
    let mut value = u16::from(first - b'0');
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        if value == 0 {
            return None;
        }
        value = value * 10 + u16::from(digit - b'0');
        if value > 255 {
            return None;
        }
        rest = tail;
    }
    Some((value as u8, rest))
}

/// The qualifier, if there is one, and what follows.
fn qualified(term: &[u8]) -> (Option<Qualifier>, &[u8]) {
    match term {
        [b'+', rest @ ..] => (Some(Qualifier::Pass), rest),
        [b'-', rest @ ..] => (Some(Qualifier::Fail), rest),
        [b'~', rest @ ..] => (Some(Qualifier::Softfail), rest),
        [b'?', rest @ ..] => (Some(Qualifier::Neutral), rest),
        _ => (None, term),
    }
}

/// A name in lower case as a number, so that it is compared at once; zero for one that is longer than any.
const fn word(name: &[u8]) -> u64 {
    let (mut word, mut rest) = (0, name);
    if name.len() > 8 {
        return 0;
    }
    while let [first, tail @ ..] = rest {
        word = word << 8 | first.to_ascii_lowercase() as u64;
        rest = tail;
    }
    word
}

const ALL: u64 = word(b"all");
const INCLUDE: u64 = word(b"include");
const A: u64 = word(b"a");
const MX: u64 = word(b"mx");
const PTR: u64 = word(b"ptr");
const IP4: u64 = word(b"ip4");
const IP6: u64 = word(b"ip6");
const EXISTS: u64 = word(b"exists");
const REDIRECT: u64 = word(b"redirect");
const EXP: u64 = word(b"exp");

struct Parser {
    /// Where the term begins that is read.
    at: usize,
    /// Where it ends.
    end: usize,
    items: Vec<Item>,
    names: Vec<Name>,
    /// What may be there once.
    redirect: bool,
    exp: bool,
}

impl Parser {
    fn term(&mut self, term: &[u8]) -> Result<(), SyntaxError> {
        let at = self.at;
        let (qualifier, text) = qualified(term);
        let len = text
            .iter()
            .position(|octet| !(octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.')))
            .unwrap_or(text.len());
        let Some((name, rest)) = text.split_at_checked(len) else { return Err(SyntaxError::Mechanism { at }) };
        let argument_at = at + term.len() - rest.len();
        if let [b'=', value @ ..] = rest {
            if qualifier.is_some() || !name.first().is_some_and(u8::is_ascii_alphabetic) {
                return Err(SyntaxError::Modifier { at });
            }
            return self.modifier(name, value, argument_at + 1);
        }
        if let [octet, ..] = rest
            && !matches!(octet, b':' | b'/')
        {
            return Err(match octet {
                0x21..=0x7E => SyntaxError::Mechanism { at },
                _ => SyntaxError::Octet { at: argument_at },
            });
        }
        let qualifier = qualifier.unwrap_or(Qualifier::Pass);
        let missing = SyntaxError::Argument { at: argument_at };
        match word(name) {
            ALL if rest.is_empty() => self.push(Kind::All(qualifier)),
            INCLUDE | EXISTS => {
                let [b':', domain @ ..] = rest else { return Err(missing) };
                let spec = self.domain(domain, argument_at + 1)?;
                let include = word(name) == INCLUDE;
                self.push(if include { Kind::Include(qualifier, spec) } else { Kind::Exists(qualifier, spec) });
            }
            A | MX => {
                let (spec, bits) = self.domain_and_prefixes(rest, argument_at)?;
                let a = word(name) == A;
                self.push(if a { Kind::A(qualifier, spec, bits) } else { Kind::Mx(qualifier, spec, bits) });
            }
            IP4 | IP6 => {
                let [b':', network @ ..] = rest else { return Err(missing) };
                let kind = network_of(qualifier, word(name) == IP4, network, argument_at + 1)?;
                self.push(kind);
            }
            PTR => {
                let spec = match rest {
                    [] => None,
                    [b':', domain @ ..] => Some(self.domain(domain, argument_at + 1)?),
                    _ => return Err(missing),
                };
                self.push(Kind::Ptr(qualifier, spec));
            }
            ALL => return Err(missing),
            _ => return Err(SyntaxError::Mechanism { at }),
        }
        Ok(())
    }

    /// Each kind is pushed where it is known: one that may be any has to go through memory.
    #[inline]
    fn push(&mut self, kind: Kind) {
        self.items.push(Item { start: self.at as u16, end: self.end as u16, kind });
    }

    fn modifier(&mut self, name: &[u8], value: &[u8], at: usize) -> Result<(), SyntaxError> {
        match word(name) {
            REDIRECT => {
                let spec = self.domain(value, at)?;
                if core::mem::replace(&mut self.redirect, true) {
                    return Err(SyntaxError::Twice { at: self.at });
                }
                self.push(Kind::Redirect(spec));
            }
            EXP => {
                let spec = self.domain(value, at)?;
                if core::mem::replace(&mut self.exp, true) {
                    return Err(SyntaxError::Twice { at: self.at });
                }
                self.push(Kind::Exp(spec));
            }
            _ => {
                macro_string(value, at)?;
                self.push(Kind::Unknown);
            }
        }
        Ok(())
    }

    /// `[ ":" domain-spec ] [ dual-cidr-length ]`; a slash may be in the domain too, so the lengths are taken from the end.
    fn domain_and_prefixes(&mut self, argument: &[u8], at: usize) -> Result<(Option<Spec>, [u8; 2]), SyntaxError> {
        let (text, v6) = split_prefix(argument, true, at)?;
        let (text, v4) = split_prefix(text, false, at)?;
        let spec = match text {
            [] => None,
            [b':', domain @ ..] => Some(self.domain(domain, at + 1)?),
            _ => return Err(SyntaxError::Prefix { at }),
        };
        Ok((spec, [v4, v6]))
    }

    /// `domain-spec = macro-string domain-end`
    fn domain(&mut self, text: &[u8], at: usize) -> Result<Spec, SyntaxError> {
        let spec = Spec { start: at as u16, end: (at + text.len()) as u16, name: Spec::NO_NAME, macros: Macros::None };
        if memchr::memchr(b'%', text).is_none()
            && let Ok(name) = Name::from_ascii(text)
        {
            ends_in_toplabel(text, at)?;
            if self.names.capacity() == 0 {
                // Seldom more than these; a name is long.
                self.names.reserve_exact(3);
            }
            self.names.push(name);
            return Ok(Spec { name: (self.names.len() - 1) as u16, ..spec });
        }
        let scan = macro_string(text, at)?;
        // What follows the last macro is literal: it is empty, or ends in a dot and a top label.
        let literal = text.get(scan.last..).unwrap_or_default();
        if literal.is_empty() && scan.macros != Macros::None {
            return Ok(Spec { macros: scan.macros, ..spec });
        }
        ends_in_toplabel(literal, at)?;
        Ok(Spec { macros: scan.macros, ..spec })
    }
}

/// `"." toplabel [ "." ]` at the end.
fn ends_in_toplabel(text: &[u8], at: usize) -> Result<(), SyntaxError> {
    let text = text.strip_suffix(b".").unwrap_or(text);
    let dot = memchr::memrchr(b'.', text).ok_or(SyntaxError::Domain { at })?;
    let label = text.get(dot + 1..).unwrap_or_default();
    let ends = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    let valid = ends(label.first())
        && ends(label.last())
        && label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
        && !label.iter().all(u8::is_ascii_digit);
    if valid { Ok(()) } else { Err(SyntaxError::Domain { at }) }
}

/// A prefix length at the end, behind one slash or two; where there is none, all bits count.
fn split_prefix(text: &[u8], six: bool, at: usize) -> Result<(&[u8], u8), SyntaxError> {
    let (slashes, full): (&[u8], u8) = if six { (b"//", 128) } else { (b"/", 32) };
    let digits = text.iter().rev().take_while(|octet| octet.is_ascii_digit()).count();
    let Some((front, digits)) = text.split_at_checked(text.len() - digits) else { return Ok((text, full)) };
    // Behind a single slash a `//` would be left over; it is the caller's to find, since nothing may end in a slash.
    let Some(front) = front.strip_suffix(slashes) else { return Ok((text, full)) };
    match number(digits) {
        Some((prefix, [])) if prefix <= full => Ok((front, prefix)),
        _ => Err(SyntaxError::Prefix { at: at + front.len() }),
    }
}

/// The network of an `ip4` or `ip6`.
fn network_of(qualifier: Qualifier, four: bool, text: &[u8], at: usize) -> Result<Kind, SyntaxError> {
    let slash = memchr::memchr(b'/', text).unwrap_or(text.len());
    let (address, prefix) = text.split_at_checked(slash).unwrap_or((text, b""));
    let full = if four { 32 } else { 128 };
    let prefix = match prefix {
        [] => full,
        [_, digits @ ..] => match number(digits) {
            Some((prefix, [])) if prefix <= full => prefix,
            _ => return Err(SyntaxError::Prefix { at: at + slash }),
        },
    };
    let wrong = SyntaxError::Address { at };
    if four {
        return match ip4_address(address) {
            Some((address, [])) => Ok(Kind::Ip4(qualifier, prefix, address)),
            _ => Err(wrong),
        };
    }
    let address: Ipv6Addr = core::str::from_utf8(address).ok().and_then(|text| text.parse().ok()).ok_or(wrong)?;
    Ok(Kind::Ip6(qualifier, prefix, address.octets()))
}

/// What a text with macros has.
struct Scan {
    macros: Macros,
    /// Where the last macro ends.
    last: usize,
}

/// `macro-string`, without spaces and without the letters that are for explanations.
fn macro_string(text: &[u8], at: usize) -> Result<Scan, SyntaxError> {
    let mut scan = Scan { macros: Macros::None, last: 0 };
    for part in Parts::new(text) {
        match part {
            Part::Literal { octets, begin } => {
                if let Some(bad) = octets.iter().position(|octet| !(0x21..=0x7E).contains(octet)) {
                    return Err(SyntaxError::Octet { at: at + begin + bad });
                }
            }
            Part::Percent { end } | Part::Space { end } | Part::UrlSpace { end } => {
                scan.last = end;
                if scan.macros == Macros::None {
                    scan.macros = Macros::Some;
                }
            }
            Part::Macro { expand, begin, end } => {
                if matches!(expand.letter, b'c' | b'r' | b't') {
                    return Err(SyntaxError::Macro { at: at + begin });
                }
                scan.last = end;
                scan.macros = match scan.macros {
                    Macros::Validated => Macros::Validated,
                    _ if expand.letter == b'p' => Macros::Validated,
                    _ => Macros::Some,
                };
            }
            Part::Wrong { begin } => return Err(SyntaxError::Macro { at: at + begin }),
        }
    }
    Ok(scan)
}
