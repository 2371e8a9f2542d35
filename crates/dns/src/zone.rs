//! Names and records in memory.

use alloc::collections::BTreeMap;

use crate::{Absence, Kind, Name, RecordSet, Response};

/// How many aliases are followed.
const ALIASES: usize = 10;

/// Names and their records, in memory: for tests, examples and suites that bring their DNS along.
///
/// A name that has no records and nothing below it does not exist. Aliases are followed.
///
/// ```
/// use dns::{Kind, RecordSet, Zone};
///
/// let mut zone = Zone::new();
/// zone.add("example.org".parse()?, RecordSet::Txt(vec!["v=spf1 -all".into()]));
/// let response = zone.lookup(&"example.org".parse()?, Kind::Txt);
/// assert_eq!(response.as_answer().txt().unwrap()[0].as_ref(), b"v=spf1 -all");
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Zone {
    records: BTreeMap<(Name, Kind), Response>,
    /// Names all of whose questions end alike.
    absent: BTreeMap<Name, Absence>,
}

impl Zone {
    /// How long its records may be kept, in seconds.
    pub const TTL: u32 = 300;

    /// Nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds records to those that a name has.
    pub fn add(&mut self, name: Name, records: RecordSet) {
        let kind = records.as_records().kind();
        match self.records.get_mut(&(name, kind)) {
            Some(Response::Records { records: there, .. }) => _ = there.append(records),
            _ => self.set(name, kind, Response::Records { records, ttl: Self::TTL, authenticated: false }),
        }
    }

    /// What a question is answered with from now on.
    pub fn set(&mut self, name: Name, kind: Kind, response: Response) {
        self.records.insert((name, kind), response);
    }

    /// What all other questions about a name are answered with: [`Absence::TryLater`] for one whose servers are silent.
    pub fn set_absent(&mut self, name: Name, absence: Absence) {
        self.absent.insert(name, absence);
    }

    /// Whether a name exists: it has records, or one below it does (RFC 8020).
    fn exists(&self, name: &Name) -> bool {
        self.records.keys().any(|(other, _)| other.is_within(name))
    }

    /// The answer to a question.
    #[must_use]
    pub fn lookup(&self, name: &Name, kind: Kind) -> Response {
        let mut name = *name;
        for _ in 0..ALIASES {
            if let Some(response) = self.records.get(&(name, kind)) {
                return response.clone();
            }
            if let Some(absence) = self.absent.get(&name) {
                return (*absence).into();
            }
            let alias = self.records.get(&(name, Kind::Cname)).and_then(|response| match response {
                Response::Records { records: RecordSet::Cname(names), .. } => names.first(),
                _ => None,
            });
            let Some(target) = alias else {
                return if self.exists(&name) { Absence::NoRecords.into() } else { Absence::NoSuchName.into() };
            };
            name = *target;
        }
        Absence::TryLater.into()
    }
}
