//! The text of a zone: master files (RFC 1035, 5).

use alloc::vec;
use alloc::vec::Vec;
use core::str::FromStr;

use super::Zone;
use crate::{Absence, Kind, Limits, Mx, Name, NameError, RecordSet, Soa, Tlsa, Txt};

/// Why a text is no [`Zone`]. Lines are counted from one; of a record over several lines it is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZoneError {
    /// The owner or a name in the data is no name.
    #[error("line {line} of the zone: {reason}")]
    Name {
        /// The line.
        line: u32,
        /// Why.
        reason: NameError,
    },
    /// The first line begins with a space: there is no owner above.
    #[error("line {line} of the zone: no owner stands above")]
    Owner {
        /// The line.
        line: u32,
    },
    /// No kind of record that is known, where one should be.
    #[error("line {line} of the zone: the kind of record is missing or unknown")]
    Kind {
        /// The line.
        line: u32,
    },
    /// A directive that is not known.
    #[error("line {line} of the zone: the directive is unknown")]
    Directive {
        /// The line.
        line: u32,
    },
    /// A part of the data is missing, or not what it should be.
    #[error("line {line} of the zone: {what} is missing or wrong")]
    Field {
        /// The line.
        line: u32,
        /// Which part.
        what: &'static str,
    },
    /// More stands on the line than belongs to the record.
    #[error("line {line} of the zone: more than the record takes")]
    Extra {
        /// The line.
        line: u32,
    },
    /// A quoted string does not end on its line.
    #[error("line {line} of the zone: the quoted string does not end")]
    Quote {
        /// The line.
        line: u32,
    },
    /// Parentheses that do not match, or one within another.
    #[error("line {line} of the zone: the parentheses do not match")]
    Parenthesis {
        /// The line.
        line: u32,
    },
    /// A backslash with nothing behind it, with digits that are no octet, or in front of a dot within a name.
    #[error("line {line} of the zone: what is behind the backslash cannot be there")]
    Escape {
        /// The line.
        line: u32,
    },
    /// The text has more octets than [`Limits::zone_text`].
    #[error("the zone's text has more than {limit} octets")]
    LongText {
        /// The limit.
        limit: usize,
    },
    /// The text has more records than [`Limits::zone_records`].
    #[error("the zone's text has more than {limit} records")]
    ManyRecords {
        /// The limit.
        limit: usize,
    },
}

/// A word, or a quoted string without its quotes; escapes are still in it.
#[derive(Clone, Copy)]
struct Token<'a> {
    text: &'a str,
    quoted: bool,
}

/// The text, entry by entry.
struct Entries<'a> {
    rest: &'a str,
    line: u32,
    tokens: Vec<Token<'a>>,
}

/// Where an entry begins, and whether it is without an owner of its own.
struct Start {
    line: u32,
    inherits: bool,
}

pub(super) fn parse(text: &str, limits: &Limits) -> Result<Zone, ZoneError> {
    if text.len() > limits.zone_text {
        return Err(ZoneError::LongText { limit: limits.zone_text });
    }
    let mut entries = Entries { rest: text, line: 1, tokens: Vec::new() };
    let mut reader = Reader {
        zone: Zone::new(),
        origin: Name::ROOT,
        owner: None,
        default_ttl: None,
        last_ttl: None,
        records: 0,
        limit: limits.zone_records,
    };
    while let Some(start) = entries.next()? {
        reader.entry(&start, &entries.tokens)?;
    }
    Ok(reader.zone)
}

impl<'a> Entries<'a> {
    /// Reads the next entry's tokens; none at the end.
    fn next(&mut self) -> Result<Option<Start>, ZoneError> {
        self.tokens.clear();
        let mut start = self.start();
        let mut open = false;
        while let Some(octet) = self.rest.bytes().next() {
            match octet {
                b'\n' => {
                    self.skip(1);
                    self.line = self.line.saturating_add(1);
                    if open {
                        continue;
                    }
                    if !self.tokens.is_empty() {
                        return Ok(Some(start));
                    }
                    start = self.start();
                }
                b' ' | b'\t' | b'\r' => self.skip(1),
                b';' => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
                b'(' | b')' if open == (octet == b'(') => return Err(ZoneError::Parenthesis { line: self.line }),
                b'(' | b')' => {
                    open = !open;
                    self.skip(1);
                }
                b'"' => {
                    self.skip(1);
                    let end = self.find(|octet| matches!(octet, b'"' | b'\n'));
                    let text = self.take(end);
                    if !self.rest.starts_with('"') {
                        return Err(ZoneError::Quote { line: self.line });
                    }
                    self.skip(1);
                    self.tokens.push(Token { text, quoted: true });
                }
                _ => {
                    let end =
                        self.find(|octet| matches!(octet, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')' | b'"'));
                    let text = self.take(end);
                    self.tokens.push(Token { text, quoted: false });
                }
            }
        }
        if open {
            return Err(ZoneError::Parenthesis { line: start.line });
        }
        Ok((!self.tokens.is_empty()).then_some(start))
    }

    fn start(&self) -> Start {
        Start { line: self.line, inherits: self.rest.starts_with([' ', '\t']) }
    }

    /// Where the first such octet is that has no backslash in front; a line's end ends everything.
    fn find(&self, ends: impl Fn(u8) -> bool) -> usize {
        let mut escaped = false;
        let end = self.rest.bytes().position(|octet| {
            let end = (!escaped || octet == b'\n') && ends(octet);
            escaped = !escaped && octet == b'\\';
            end
        });
        end.unwrap_or(self.rest.len())
    }

    fn take(&mut self, octets: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(octets).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn skip(&mut self, octets: usize) {
        self.take(octets);
    }
}

struct Reader {
    zone: Zone,
    origin: Name,
    owner: Option<Name>,
    /// As `$TTL` says.
    default_ttl: Option<u32>,
    /// As the last record with one says.
    last_ttl: Option<u32>,
    records: usize,
    limit: usize,
}

/// The tokens of one entry that are left.
struct Fields<'t, 'a> {
    tokens: core::slice::Iter<'t, Token<'a>>,
    line: u32,
}

impl Reader {
    fn entry(&mut self, start: &Start, tokens: &[Token<'_>]) -> Result<(), ZoneError> {
        let mut fields = Fields { tokens: tokens.iter(), line: start.line };
        let line = start.line;
        if let Some(Token { text, quoted: false }) = tokens.first()
            && text.starts_with('$')
        {
            fields.tokens.next();
            return self.directive(text, fields);
        }
        if !start.inherits {
            self.owner = Some(fields.name(&self.origin, "the owner")?);
        }
        let owner = self.owner.ok_or(ZoneError::Owner { line })?;
        if self.records == self.limit {
            return Err(ZoneError::ManyRecords { limit: self.limit });
        }
        self.records += 1;
        // RFC 1035, 5.1: TTL and class stand in any order, or not at all.
        let mut ttl = None;
        let kind = loop {
            let word = fields.word().ok_or(ZoneError::Kind { line })?;
            if ttl.is_none() && word.bytes().all(|octet| octet.is_ascii_digit()) {
                ttl = Some(word.parse().map_err(|_| ZoneError::Field { line, what: "the TTL" })?);
            } else if !word.eq_ignore_ascii_case("IN") {
                break word;
            }
        };
        self.last_ttl = ttl.or(self.last_ttl);
        if let Some(absence) = absence(kind) {
            if fields.tokens.len() == 0 {
                self.zone.set_absent(owner, absence);
            }
            while let Some(kind) = fields.word() {
                let kind = Kind::from_str(kind).map_err(|_| ZoneError::Kind { line })?;
                self.zone.set(owner, kind, absence.into());
            }
            return fields.end();
        }
        let kind = Kind::from_str(kind).map_err(|_| ZoneError::Kind { line })?;
        let records = fields.records(kind, &self.origin)?;
        fields.end()?;
        let ttl = ttl.or(self.default_ttl).or(self.last_ttl).unwrap_or(Zone::TTL);
        self.zone.add_for(owner, ttl, records);
        Ok(())
    }

    fn directive(&mut self, word: &str, mut fields: Fields<'_, '_>) -> Result<(), ZoneError> {
        match word {
            "$ORIGIN" => self.origin = fields.name(&self.origin, "the origin")?,
            "$TTL" => self.default_ttl = Some(fields.number("the TTL")?),
            "$AUTHENTICATED" | "$UNAUTHENTICATED" => {
                let name = fields.name(&self.origin, "the name")?;
                self.zone.set_authenticated(name, word == "$AUTHENTICATED");
            }
            _ => return Err(ZoneError::Directive { line: fields.line }),
        }
        fields.end()
    }
}

/// The words that stand in a kind's place and say how questions end.
fn absence(word: &str) -> Option<Absence> {
    let words = [("TIMEOUT", Absence::TryLater), ("REFUSED", Absence::Refused), ("NXDOMAIN", Absence::NoSuchName)];
    words.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, absence)| absence)
}

impl<'a> Fields<'_, 'a> {
    fn token(&mut self, what: &'static str) -> Result<Token<'a>, ZoneError> {
        self.tokens.next().copied().ok_or(ZoneError::Field { line: self.line, what })
    }

    /// The next token, where it is not quoted.
    fn word(&mut self) -> Option<&'a str> {
        self.tokens.next().filter(|token| !token.quoted).map(|token| token.text)
    }

    fn end(&self) -> Result<(), ZoneError> {
        if self.tokens.len() == 0 { Ok(()) } else { Err(ZoneError::Extra { line: self.line }) }
    }

    fn number<N: FromStr>(&mut self, what: &'static str) -> Result<N, ZoneError> {
        self.word().and_then(|word| word.parse().ok()).ok_or(ZoneError::Field { line: self.line, what })
    }

    /// A name, below the origin unless it has a dot at its end (RFC 1035, 5.1).
    fn name(&mut self, origin: &Name, what: &'static str) -> Result<Name, ZoneError> {
        let line = self.line;
        let wrong = |reason| ZoneError::Name { line, reason };
        let text = self.word().ok_or(ZoneError::Field { line, what })?;
        if text == "@" {
            return Ok(*origin);
        }
        let mut plain = Vec::new();
        let text = if text.contains('\\') {
            unescape(text, &mut plain, line, |octet| octet != b'.')?;
            core::str::from_utf8(&plain).map_err(|_| ZoneError::Escape { line })?
        } else {
            text
        };
        let name = Name::parse(text).map_err(wrong)?;
        if text.ends_with('.') || origin.is_root() {
            return Ok(name);
        }
        origin.prefixed(text).map_err(wrong)
    }

    /// The data of one record.
    fn records(&mut self, kind: Kind, origin: &Name) -> Result<RecordSet, ZoneError> {
        Ok(match kind {
            Kind::A => RecordSet::A(vec![self.number("the address")?]),
            Kind::Aaaa => RecordSet::Aaaa(vec![self.number("the address")?]),
            Kind::Mx => RecordSet::Mx(vec![Mx {
                preference: self.number("the preference")?,
                exchange: self.name(origin, "the exchange")?,
            }]),
            Kind::Txt => RecordSet::Txt(vec![self.txt()?]),
            Kind::Ptr => RecordSet::Ptr(vec![self.name(origin, "the name")?]),
            Kind::Cname => RecordSet::Cname(vec![self.name(origin, "the name")?]),
            Kind::Ns => RecordSet::Ns(vec![self.name(origin, "the server")?]),
            Kind::Soa => RecordSet::Soa(vec![self.soa(origin)?]),
            Kind::Tlsa => RecordSet::Tlsa(vec![self.tlsa()?]),
        })
    }

    fn txt(&mut self) -> Result<Txt, ZoneError> {
        let (line, what) = (self.line, "a string");
        let mut text = Vec::new();
        let mut token = self.token(what)?;
        loop {
            let begin = text.len();
            unescape(token.text, &mut text, line, |_| true)?;
            // RFC 1035, 3.3: one octet tells how long a string is.
            if text.len() - begin > 255 {
                return Err(ZoneError::Field { line, what });
            }
            match self.tokens.next() {
                Some(next) => token = *next,
                None => return Ok(Txt(text.into())),
            }
        }
    }

    fn soa(&mut self, origin: &Name) -> Result<Soa, ZoneError> {
        let primary = self.name(origin, "the primary server")?;
        let responsible = self.name(origin, "the responsible person")?;
        let serial = self.number("the serial number")?;
        for what in ["the refresh time", "the retry time", "the expire time"] {
            self.number::<u32>(what)?;
        }
        Ok(Soa { primary, responsible, serial, minimum: self.number("the minimum TTL")? })
    }

    /// RFC 6698, 2.2: three numbers and hexadecimal digits, which may have spaces between them.
    fn tlsa(&mut self) -> Result<Tlsa, ZoneError> {
        let usage = self.number("the usage")?;
        let selector = self.number("the selector")?;
        let matching = self.number("the matching type")?;
        let wrong = ZoneError::Field { line: self.line, what: "the certificate's data" };
        let (mut data, mut high) = (Vec::new(), None);
        for token in self.tokens.by_ref() {
            for digit in token.text.chars() {
                let digit = digit.to_digit(16).ok_or(wrong)? as u8;
                match high.take() {
                    Some(high) => data.push(high << 4 | digit),
                    None => high = Some(digit),
                }
            }
        }
        if data.is_empty() || high.is_some() {
            return Err(wrong);
        }
        Ok(Tlsa { usage, selector, matching, data: data.into() })
    }
}

/// Appends a token's octets, escapes resolved (RFC 1035, 5.1); an escaped octet has to be allowed.
fn unescape(text: &str, out: &mut Vec<u8>, line: u32, allowed: impl Fn(u8) -> bool) -> Result<(), ZoneError> {
    let wrong = ZoneError::Escape { line };
    let mut rest = text.as_bytes();
    while let [first, behind @ ..] = rest {
        rest = behind;
        if *first != b'\\' {
            out.push(*first);
            continue;
        }
        let octet = match behind {
            [a @ b'0'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', behind @ ..] => {
                rest = behind;
                let number = [a, b, c].iter().fold(0, |number, digit| number * 10 + u16::from(**digit - b'0'));
                u8::try_from(number).map_err(|_| wrong)?
            }
            [b'0'..=b'9', ..] | [] => return Err(wrong),
            [octet, behind @ ..] => {
                rest = behind;
                *octet
            }
        };
        if !allowed(octet) {
            return Err(wrong);
        }
        out.push(octet);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use core::net::Ipv4Addr;

    use super::*;
    use crate::Response;

    fn get(zone: &Zone, name: &str, kind: Kind) -> Response {
        zone.lookup(&name.parse().unwrap(), kind)
    }

    #[test]
    fn the_example_of_rfc_1035() {
        let zone = Zone::parse(
            "$ORIGIN ISI.EDU.\n\
             @   IN  SOA     VENERA      Action\\(domains (\n                                 20     ; SERIAL\n\
             \t7200   ; REFRESH\n   600    ; RETRY\n    3600000; EXPIRE\n    60)    ; MINIMUM\n\n\
             \x20       NS      A.ISI.EDU.\n        NS      VENERA\n        NS      VAXA\n        MX      10      VENERA\n\
             \x20       MX      20      VAXA\n\nA       A       26.3.0.103\n\nVENERA  A       10.1.0.52\n\
             \x20       A       128.9.0.32\n\nVAXA    A       10.2.0.27\n        A       128.9.0.33\n",
        )
        .unwrap();
        let soa = get(&zone, "isi.edu", Kind::Soa);
        let soa = &soa.as_answer().soa().unwrap()[0];
        assert_eq!((soa.primary.as_str(), soa.responsible.as_str()), ("venera.isi.edu", "action(domains.isi.edu"));
        assert_eq!((soa.serial, soa.minimum), (20, 60));
        assert_eq!(get(&zone, "isi.edu", Kind::Ns).as_answer().ns().unwrap().len(), 3);
        assert_eq!(get(&zone, "isi.edu", Kind::Mx).as_answer().mx().unwrap()[1].exchange, "vaxa.isi.edu");
        let addresses = [Ipv4Addr::new(10, 1, 0, 52), Ipv4Addr::new(128, 9, 0, 32)];
        assert_eq!(get(&zone, "venera.isi.edu", Kind::A).as_answer().a(), Ok(&addresses[..]));
    }

    #[test]
    fn strings_are_unescaped_and_joined() {
        let zone =
            Zone::parse("a TXT \"a \\\"b\\\" ; \" c\\;\\032d ( \"e\n\" )").map(|_| ()).expect_err("an open string");
        assert_eq!(zone, ZoneError::Quote { line: 1 });
        let zone = Zone::parse("a TXT \"a \\\"b\\\" ; \" c\\;\\032d ( \"(é\"\n \"\\255\\\\\" ) ; end").unwrap();
        let text = get(&zone, "a", Kind::Txt);
        assert_eq!(
            text.as_answer().txt().unwrap()[0].as_ref(),
            "a \"b\" ; c; d(é".bytes().chain([255, b'\\']).collect::<Vec<_>>()
        );
    }

    #[test]
    fn ttls_are_stated_or_implied() {
        let ttl = |text: &str| {
            let zone = Zone::parse(text).unwrap();
            get(&zone, "b", Kind::A).as_answer().ttl()
        };
        assert_eq!(ttl("b A 192.0.2.1"), Zone::TTL);
        assert_eq!(ttl("b 60 IN A 192.0.2.1"), 60);
        assert_eq!(ttl("b IN 60 A 192.0.2.1"), 60);
        assert_eq!(ttl("a 60 A 192.0.2.1\nb A 192.0.2.1"), 60);
        assert_eq!(ttl("$TTL 30\na 60 A 192.0.2.1\nb A 192.0.2.1"), 30);
        assert_eq!(ttl("b 60 A 192.0.2.1\n  5 A 192.0.2.2"), 5);
    }

    #[test]
    fn all_kinds_are_read() {
        let zone = Zone::parse(
            "$ORIGIN example.\na AAAA 2001:db8::1\n_25._tcp TLSA 3 1 1 00ff ( AB\n cd )\n1 PTR a\nc CNAME a\n@ MX 0 .",
        )
        .unwrap();
        assert_eq!(get(&zone, "c.example", Kind::Aaaa).as_answer().aaaa().unwrap().len(), 1);
        let tlsa = get(&zone, "_25._tcp.example", Kind::Tlsa);
        assert_eq!(*tlsa.as_answer().tlsa().unwrap()[0].data, [0, 255, 0xAB, 0xCD]);
        assert_eq!(get(&zone, "1.example", Kind::Ptr).as_answer().ptr().unwrap()[0], "a.example");
        assert!(get(&zone, "example", Kind::Mx).as_answer().mx().unwrap()[0].exchange.is_root());
    }

    #[test]
    fn questions_may_end_without_an_answer() {
        let zone = Zone::parse("a TIMEOUT\nb A 192.0.2.1\n  TIMEOUT TXT mx\nc refused").unwrap();
        assert_eq!(get(&zone, "a", Kind::A), Absence::TryLater.into());
        assert_eq!(get(&zone, "b", Kind::Mx), Absence::TryLater.into());
        assert_eq!(get(&zone, "b", Kind::Ptr), Absence::NoRecords.into());
        assert!(get(&zone, "b", Kind::A).as_answer().a().is_ok());
        assert_eq!(get(&zone, "c", Kind::A), Absence::Refused.into());
    }

    #[test]
    fn errors_have_their_line() {
        let field = |line, what| ZoneError::Field { line, what };
        for (text, error) in [
            ("\n\na..b A 192.0.2.1", ZoneError::Name { line: 3, reason: NameError::EmptyLabel { at: 2 } }),
            ("; one\n  A 192.0.2.1", ZoneError::Owner { line: 2 }),
            ("a HINFO x", ZoneError::Kind { line: 1 }),
            ("a", ZoneError::Kind { line: 1 }),
            ("a 3 CH A 192.0.2.1", ZoneError::Kind { line: 1 }),
            ("a \"A\" 192.0.2.1", ZoneError::Kind { line: 1 }),
            ("$INCLUDE x", ZoneError::Directive { line: 1 }),
            ("a 99999999999 A 192.0.2.1", field(1, "the TTL")),
            ("a A\nb A 192.0.2.1", field(1, "the address")),
            ("a A 192.0.2.1 x", ZoneError::Extra { line: 1 }),
            ("a MX x.", field(1, "the preference")),
            ("a MX 70000 x.", field(1, "the preference")),
            ("a TXT", field(1, "a string")),
            ("a TLSA 3 1 1 0", field(1, "the certificate's data")),
            ("a TLSA 3 1 1", field(1, "the certificate's data")),
            ("a SOA b c 1 2 3 4", field(1, "the minimum TTL")),
            ("a TXT \"x\nb TXT y\"", ZoneError::Quote { line: 1 }),
            ("a TXT \"x\\\nb TXT y\"", ZoneError::Quote { line: 1 }),
            ("\na TXT ( x\ny", ZoneError::Parenthesis { line: 2 }),
            ("a TXT ( x\n( y ))", ZoneError::Parenthesis { line: 2 }),
            ("a TXT x )", ZoneError::Parenthesis { line: 1 }),
            ("a TXT \\25", ZoneError::Escape { line: 1 }),
            ("a TXT \\256", ZoneError::Escape { line: 1 }),
            ("a TXT x\\", ZoneError::Escape { line: 1 }),
            ("a\\.b TXT x", ZoneError::Escape { line: 1 }),
            ("a\\046b TXT x", ZoneError::Escape { line: 1 }),
        ] {
            assert_eq!(Zone::parse(text).map(|_| ()), Err(error), "{text:?}");
        }
    }

    #[test]
    fn texts_are_bounded() {
        let mut limits = Limits { zone_records: 2, ..Limits::default() };
        let text = "a A 192.0.2.1\nb A 192.0.2.1\n";
        assert!(Zone::parse_with(text, &limits).is_ok());
        let more = [text, "c A 192.0.2.1"].concat();
        assert_eq!(Zone::parse_with(&more, &limits).map(|_| ()), Err(ZoneError::ManyRecords { limit: 2 }));
        limits.zone_text = 3;
        assert_eq!(Zone::parse_with(text, &limits).map(|_| ()), Err(ZoneError::LongText { limit: 3 }));
        let long: String = "x".repeat(256);
        assert!(Zone::parse(&["a TXT ", &long].concat()).is_err());
        assert!(Zone::parse(&["a TXT ", long.get(1..).unwrap()].concat()).is_ok());
    }
}
