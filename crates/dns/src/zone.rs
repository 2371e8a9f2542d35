//! Names and records in memory.

mod text;

use alloc::collections::BTreeMap;
use core::cmp::Ordering;
use core::str::FromStr;

pub use text::ZoneError;

use crate::{Absence, Kind, Limits, Name, RecordSet, Response};

/// How many aliases are followed.
const ALIASES: usize = 8;

/// Names and their records, in memory: for tests, examples and suites that bring their DNS along.
///
/// A name that has no records and nothing below it does not exist. Aliases are followed, and a name `*` speaks for all names beside it that do not exist (RFC
/// 4592). It is no server: nothing is delegated, and all names of the world may stand in one.
///
/// # The text
///
/// [`Zone::parse`] reads the master files of RFC 1035, 5, as far as mail has a use for them: one record on a line, as `owner TTL IN KIND data`.
/// - The owner is `@` for the origin, a name below the origin, or a whole name with a dot at its end. A line that begins with a space has the owner of the one above.
/// - The TTL, in seconds, and the class, `IN`, may be left out, and may change places. Without a TTL it is that of `$TTL` (RFC 2308, 4), or the last one
///   stated, or [`Zone::TTL`].
/// - The kinds are those of [`Kind`]. Strings of a TXT are joined; they are quoted where a space or one of `;()` is in them.
/// - `\` makes the character behind it an ordinary one; with three digits it is an octet.
/// - What is in parentheses may go on over several lines. A comment begins with `;`.
/// - `$ORIGIN name` sets the origin, which is the root at first. `$INCLUDE` is refused.
///
/// Beyond that, for tests:
/// - `owner TIMEOUT`: no server answers questions about the name; with kinds behind it, `owner TIMEOUT TXT MX`, only questions for these.
/// - `owner REFUSED` and `owner NXDOMAIN` likewise: the servers refuse to answer; the name does not exist, though a wildcard speaks for it.
/// - `$AUTHENTICATED owner`: DNSSEC vouches for all records of this name and of those below; `$UNAUTHENTICATED owner` takes it back for a part.
///
/// ```
/// use dns::{Absence, Kind, Zone};
///
/// let zone = Zone::parse(
///     r#"
/// $ORIGIN example.org.
/// @        MX   10 mx          ; mx.example.org
///          TXT  ( "v=spf1 "
///                 "mx -all" )
/// mx       A    192.0.2.1
/// *.lists  CNAME @
/// slow     TIMEOUT
/// "#,
/// )?;
/// assert_eq!(zone.lookup(&"example.org".parse()?, Kind::Txt).as_answer().txt().unwrap()[0].as_ref(), b"v=spf1 mx -all");
/// assert_eq!(zone.lookup(&"a.lists.example.org".parse()?, Kind::Mx).as_answer().mx().unwrap().len(), 1);
/// assert_eq!(zone.lookup(&"slow.example.org".parse()?, Kind::A).as_answer().a(), Err(Absence::TryLater));
/// assert_eq!(zone.lookup(&"other.example.org".parse()?, Kind::A).as_answer().a(), Err(Absence::NoSuchName));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Zone {
    records: BTreeMap<(Node, Kind), Response>,
    /// Names all of whose questions end alike.
    absent: BTreeMap<Node, Absence>,
    /// From which names on DNSSEC vouches for records, and from which not.
    authenticated: BTreeMap<Node, bool>,
}

impl Zone {
    /// How long its records may be kept, in seconds, unless they say it.
    pub const TTL: u32 = 300;

    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What a text says, in the [form](Self#the-text) of master files.
    ///
    /// # Errors
    ///
    /// [`ZoneError`], with the line.
    pub fn parse(text: &str) -> Result<Self, ZoneError> {
        Self::parse_with(text, &Limits::default())
    }

    /// [`Self::parse`] with other limits.
    ///
    /// # Errors
    ///
    /// [`ZoneError`], with the line.
    pub fn parse_with(text: &str, limits: &Limits) -> Result<Self, ZoneError> {
        text::parse(text, limits)
    }

    /// Adds records to those that a name has.
    pub fn add(&mut self, name: Name, records: RecordSet) {
        self.add_for(name, Self::TTL, records);
    }

    /// Adds records to those that a name has, to be kept for so many seconds; of different times the least holds (RFC 2181, 5.2).
    pub fn add_for(&mut self, name: Name, seconds: u32, records: RecordSet) {
        let kind = records.as_records().kind();
        match self.records.get_mut(&(Node(name), kind)) {
            Some(Response::Records { records: there, ttl, .. }) => {
                there.append(records);
                *ttl = seconds.min(*ttl);
            }
            _ => self.set(name, kind, Response::Records { records, ttl: seconds, authenticated: false }),
        }
    }

    /// What a question is answered with from now on.
    pub fn set(&mut self, name: Name, kind: Kind, response: Response) {
        self.records.insert((Node(name), kind), response);
    }

    /// What all other questions about a name are answered with: [`Absence::TryLater`] for one whose servers are silent.
    pub fn set_absent(&mut self, name: Name, absence: Absence) {
        self.absent.insert(Node(name), absence);
    }

    /// Whether DNSSEC vouches for the records of a name and of all names below, other than those of which something else is said. At first it does for none; a
    /// [`Response`] that was [set](Self::set) as authenticated is so in any case.
    pub fn set_authenticated(&mut self, name: Name, authenticated: bool) {
        self.authenticated.insert(Node(name), authenticated);
    }

    /// The answer to a question.
    #[must_use]
    pub fn lookup(&self, name: &Name, kind: Kind) -> Response {
        let mut name = *name;
        let (mut least, mut vouched) = (u32::MAX, true);
        for _ in 0..=ALIASES {
            let source = Node(self.source(&name));
            match self.records.get(&(source, kind)) {
                Some(Response::Records { records, ttl, authenticated }) => {
                    return Response::Records {
                        records: records.clone(),
                        ttl: least.min(*ttl),
                        authenticated: vouched && (*authenticated || self.is_authenticated(&name)),
                    };
                }
                Some(absent) => return absent.clone(),
                None => {}
            }
            if let Some(absence) = self.absent.get(&source) {
                return (*absence).into();
            }
            match self.records.get(&(source, Kind::Cname)) {
                Some(Response::Records { records: RecordSet::Cname(names), ttl, authenticated }) => {
                    let Some(target) = names.first() else { return Absence::NoRecords.into() };
                    least = least.min(*ttl);
                    vouched &= *authenticated || self.is_authenticated(&name);
                    name = *target;
                }
                _ if self.exists(&source.0) => return Absence::NoRecords.into(),
                _ => return Absence::NoSuchName.into(),
            }
        }
        Absence::TryLater.into()
    }

    /// Whether a name exists: it has records, or one below it does (RFC 8020).
    fn exists(&self, name: &Name) -> bool {
        self.records.range((Node(*name), Kind::A)..).next().is_some_and(|((first, _), _)| first.0.is_within(name))
    }

    /// The name whose records are a name's: its own, or those of the wildcard below the closest name that exists (RFC 4592, 3.3.1).
    fn source(&self, name: &Name) -> Name {
        let known = |name: &Name| self.exists(name) || self.absent.contains_key(&Node(*name));
        if known(name) {
            return *name;
        }
        let mut encloser = name.parent();
        while let Some(parent) = encloser.filter(|parent| !parent.is_root() && !self.exists(parent)) {
            encloser = parent.parent();
        }
        encloser.and_then(|encloser| encloser.prefixed("*").ok()).filter(known).unwrap_or(*name)
    }

    /// What is said of the name, or of the nearest above it.
    fn is_authenticated(&self, name: &Name) -> bool {
        let mut at = (!self.authenticated.is_empty()).then_some(*name);
        while let Some(name) = at {
            if let Some(authenticated) = self.authenticated.get(&Node(name)) {
                return *authenticated;
            }
            at = name.parent();
        }
        false
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    /// [`Zone::parse`].
    fn from_str(text: &str) -> Result<Self, ZoneError> {
        Self::parse(text)
    }
}

/// A name that comes before all that are below it, and these before all others: it is compared from its end, the dot being the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Node(Name);

impl Ord for Node {
    fn cmp(&self, other: &Self) -> Ordering {
        fn backward(name: &Name) -> impl Iterator<Item = u8> {
            name.as_bytes().iter().rev().map(|octet| if *octet == b'.' { 0 } else { *octet })
        }
        backward(&self.0).cmp(backward(&other.0))
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use alloc::vec::Vec;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn names_below_follow_their_parent() {
        let mut names: Vec<Node> =
            ["b.org", "org", "a.b.org", "ab.org", "b-c.org", "z.a.b.org", "b.net"].map(|text| Node(name(text))).into();
        names.sort();
        let sorted: Vec<_> = names.iter().map(|node| node.0).collect();
        assert_eq!(sorted, ["org", "b.org", "a.b.org", "z.a.b.org", "ab.org", "b-c.org", "b.net"].map(name));
    }

    #[test]
    fn a_name_exists_where_it_or_one_below_has_records() {
        let zone = Zone::parse("a.b.example. A 192.0.2.1").unwrap();
        for (text, absence) in [
            ("a.b.example", Absence::NoRecords),
            ("b.example", Absence::NoRecords),
            ("example", Absence::NoRecords),
            ("x.a.b.example", Absence::NoSuchName),
            ("ab.example", Absence::NoSuchName),
            ("c.example", Absence::NoSuchName),
        ] {
            assert_eq!(zone.lookup(&name(text), Kind::Mx), absence.into(), "{text}");
        }
    }

    #[test]
    fn aliases_are_followed_and_bounded() {
        let mut zone = Zone::new();
        for at in 0..9 {
            let names = [at, at + 1].map(|at| Name::parse(&alloc::format!("n{at}.example")).unwrap());
            zone.add(names[0], RecordSet::Cname(vec![names[1]]));
        }
        zone.add_for(name("n9.example"), 9, RecordSet::Txt(vec!["end".into()]));
        assert_eq!(zone.lookup(&name("n0.example"), Kind::Txt), Absence::TryLater.into());
        let response = zone.lookup(&name("n1.example"), Kind::Txt);
        assert_eq!(response.as_answer().txt().unwrap()[0].as_ref(), b"end");
        assert_eq!(response.as_answer().ttl(), 9);
        assert_eq!(zone.lookup(&name("n1.example"), Kind::Cname).as_answer().cname(), Ok(&[name("n2.example")][..]));
    }

    #[test]
    fn wildcards_speak_for_names_that_do_not_exist() {
        let zone = Zone::parse(
            "$ORIGIN example.\n* MX 10 host1\nsub.* TXT \"no wildcard\"\nhost1 A 192.0.2.1\n_ssh._tcp.host2 TXT x\n\
             *.t TIMEOUT\nt A 192.0.2.2\nx.t NXDOMAIN",
        )
        .unwrap();
        let is = |text: &str, kind, absence: Option<Absence>| {
            let response = zone.lookup(&name(text), kind);
            assert_eq!(response.as_answer().mx().err(), absence, "{text} {kind}");
        };
        // The examples of RFC 4592, 2.2.1.
        is("host3.example", Kind::Mx, None);
        is("host3.example", Kind::A, Some(Absence::NoRecords));
        is("foo.bar.example", Kind::Mx, None);
        is("host1.example", Kind::Mx, Some(Absence::NoRecords));
        is("sub.*.example", Kind::Mx, Some(Absence::NoRecords));
        is("_telnet._tcp.host1.example", Kind::Mx, Some(Absence::NoSuchName));
        is("host2.example", Kind::Mx, Some(Absence::NoRecords));
        is("ghost.*.example", Kind::Mx, Some(Absence::NoSuchName));
        is("a.t.example", Kind::Mx, Some(Absence::TryLater));
        is("x.t.example", Kind::Mx, Some(Absence::NoSuchName));
    }

    #[test]
    fn dnssec_vouches_from_a_name_on() {
        let zone = Zone::parse(
            "$ORIGIN example.\n$AUTHENTICATED @\n$UNAUTHENTICATED b\na A 192.0.2.1\na.b A 192.0.2.2\nc CNAME a.b\n\
             b CNAME a\nd CNAME a\nother. A 192.0.2.3",
        )
        .unwrap();
        let is = |text: &str| zone.lookup(&name(text), Kind::A).as_answer().is_authenticated();
        assert!(is("a.example") && is("d.example"));
        // An alias that is not vouched for leads anywhere, and so does one to a name that is not.
        assert!(!is("a.b.example") && !is("c.example") && !is("b.example") && !is("other"));
    }
}
