//! The format of the openspf suites: documents of YAML, each with tests and the zone they are asked of.

use core::{error::Error, net::IpAddr, time::Duration};

use dns::{Absence, Inquiry, Kind, Mx, Name, QuestionId, RecordSet, Response, Step, Txt, Zone};
use saphyr::{LoadableYamlNode, Scalar, Yaml};
use spf::{CheckHost, Config, Limits, Record, SpfResult, Verdict};

/// What is wrong with a suite's file.
pub type Wrong = Box<dyn Error>;

/// One document.
pub struct Scenario {
    pub description: String,
    pub cases: Vec<Case>,
    pub zone: Zone,
}

/// One test.
pub struct Case {
    pub name: String,
    pub helo: String,
    pub host: IpAddr,
    pub mail_from: String,
    /// Any of them will do.
    pub results: Vec<String>,
    pub explanation: Option<String>,
}

/// What stands in a suite for the receiver's own explanation, where the domain has none.
const DEFAULT: &str = "DEFAULT";

/// In which order a check's questions are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One by one.
    Asked,
    /// All that are there, the last one first.
    Reversed,
    /// One by one, with records that have been parsed before.
    Parsed,
}

impl Order {
    pub const ALL: [Self; 3] = [Self::Asked, Self::Reversed, Self::Parsed];
}

impl Case {
    /// Runs the check.
    pub fn check(&self, zone: &Zone, order: Order) -> (Verdict, CheckHost) {
        let mut config = Config::new("receiver.example");
        config.explain = true;
        config.explanation = DEFAULT;
        let limits = Limits::default();
        let mut check = CheckHost::mail_from(self.host, &self.helo, &self.mail_from, &config, limits, Duration::ZERO);
        let mut open: Vec<(QuestionId, Response)> = Vec::new();
        loop {
            match check.step() {
                Step::Ask(question) => {
                    open.push((question.id, zone.lookup(question.name, question.kind)));
                    if order == Order::Reversed {
                        continue;
                    }
                }
                Step::Wait => assert!(!open.is_empty(), "{}: it waits for nothing", self.name),
                Step::Done(verdict) => return (verdict, check),
            }
            let Some((id, response)) = open.pop() else { continue };
            let parsed = match response.as_answer().txt() {
                Ok(texts) if order == Order::Parsed => Record::select(texts).ok().flatten(),
                _ => None,
            };
            match parsed {
                Some(record) => check.answer_parsed(id, &record),
                None => check.answer(id, response.as_answer()),
            }
        }
    }

    /// What is wrong with how a check has come out.
    pub fn judge(&self, verdict: Verdict, check: &CheckHost) -> Result<(), String> {
        if !self.results.iter().any(|result| result == verdict.result.as_str()) {
            return Err(format!("{} is not among {:?}; {}", verdict.result, self.results, check.trace()));
        }
        // The nibbles of an address have upper case in one suite and lower case in another; to the DNS it is all the same.
        let same = |text: &String| check.explanation().is_some_and(|given| given.eq_ignore_ascii_case(text));
        match &self.explanation {
            Some(text) if verdict.result == SpfResult::Fail && !same(text) => {
                Err(format!("{:?} does not explain it by {text:?}", check.explanation()))
            }
            _ => Ok(()),
        }
    }
}

/// A suite's documents, in their order.
pub fn load(text: &str) -> Result<Vec<Scenario>, Wrong> {
    Yaml::load_from_str(text)?.iter().filter(|document| document.is_mapping()).map(scenario).collect()
}

fn scenario(document: &Yaml<'_>) -> Result<Scenario, Wrong> {
    let tests = document.as_mapping_get("tests").and_then(Yaml::as_mapping).ok_or("no tests")?;
    let cases = tests.iter().map(|(name, test)| case(scalar(name), test)).collect::<Result<_, _>>()?;
    let mut zone = Zone::new();
    let zonedata = document.as_mapping_get("zonedata").and_then(Yaml::as_mapping).ok_or("no zonedata")?;
    for (owner, records) in zonedata {
        // Names with a space in them are written as zone files do; what is no name cannot be asked for.
        if let Ok(owner) = Name::parse(&scalar(owner).replace(' ', r"\032")) {
            add(&mut zone, owner, records.as_vec().map_or(&[], Vec::as_slice))?;
        }
    }
    Ok(Scenario { description: field(document, "description").unwrap_or_default(), cases, zone })
}

fn case(name: String, test: &Yaml<'_>) -> Result<Case, Wrong> {
    let result = test.as_mapping_get("result").ok_or("a test without result")?;
    Ok(Case {
        helo: field(test, "helo").unwrap_or_default(),
        host: field(test, "host").ok_or("a test without host")?.parse()?,
        mail_from: field(test, "mailfrom").unwrap_or_default(),
        results: result.as_vec().map_or_else(|| vec![scalar(result)], |results| results.iter().map(scalar).collect()),
        explanation: field(test, "explanation"),
        name,
    })
}

/// The records of one owner. SPF records count as TXT, unless there are TXT records too; `TXT: NONE` says that there are none. A `TIMEOUT` is the answer to
/// whatever has not been listed.
fn add(zone: &mut Zone, owner: Name, records: &[Yaml<'_>]) -> Result<(), Wrong> {
    let times_out = records.iter().any(|record| scalar(record) == "TIMEOUT");
    if times_out {
        zone.set_absent(owner, Absence::TryLater);
    }
    let entries = || records.iter().filter_map(Yaml::as_mapping).flatten().map(|(kind, data)| (scalar(kind), data));
    let has_txt = entries().any(|(kind, _)| kind == "TXT");
    for (kind, data) in entries() {
        let records = match (&*kind, &*scalar(data)) {
            ("SPF", _) if has_txt => continue,
            ("TXT", "NONE") if times_out => continue,
            ("TXT", "NONE") => {
                zone.set(owner, Kind::Txt, Absence::NoRecords.into());
                continue;
            }
            ("TXT" | "SPF", _) => RecordSet::Txt(vec![txt(data)]),
            ("A", address) => RecordSet::A(vec![address.parse()?]),
            ("AAAA", address) => RecordSet::Aaaa(vec![address.parse()?]),
            ("PTR", name) => RecordSet::Ptr(vec![Name::parse(name)?]),
            ("CNAME", name) => RecordSet::Cname(vec![Name::parse(name)?]),
            ("MX", _) => {
                let [preference, exchange] = data.as_vec().map_or(&[][..], Vec::as_slice) else {
                    return Err("an MX without host".into());
                };
                let exchange = match &*scalar(exchange) {
                    "" => Name::ROOT,
                    name => Name::parse(name)?,
                };
                RecordSet::Mx(vec![Mx { preference: scalar(preference).parse()?, exchange }])
            }
            (other, _) => return Err(format!("records of kind {other}").into()),
        };
        zone.add(owner, records);
    }
    Ok(())
}

/// One text; several strings are one text. A letter of the file stands for the octet with its number.
fn txt(data: &Yaml<'_>) -> Txt {
    let text = data.as_vec().map_or_else(|| scalar(data), |strings| strings.iter().map(scalar).collect());
    Txt(text.chars().map(|letter| u8::try_from(u32::from(letter)).unwrap_or(b'?')).collect())
}

fn field(of: &Yaml<'_>, name: &str) -> Option<String> {
    of.as_mapping_get(name).map(scalar)
}

fn scalar(value: &Yaml<'_>) -> String {
    match value {
        Yaml::Value(Scalar::String(text)) => text.to_string(),
        Yaml::Value(Scalar::Integer(number)) => number.to_string(),
        _ => String::new(),
    }
}
