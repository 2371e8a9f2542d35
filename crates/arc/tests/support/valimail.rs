//! Files in the form of ValiMail's suite of ARC tests, and what becomes of them here.
//!
//! A file is a JSON array of scenarios: `tests` by name, `txt-records`, and for sealing `domain`, `sel` and `privatekey`. A test has a `message` and either `cv`, which
//! its chain must come to, or `AAR`, `AMS` and `AS`, the fields that sealing must give.

use core::{fmt, time::Duration};
use std::collections::BTreeMap;

use arc::{ArcResult, FieldKind, Limits, SealStep, Sealer, Verdict};
use dkim::{Algorithm, Canonicalization, Form, Header, KeyRecord, Signature, TagList};
use dns::{Name, RecordSet, Zone};
use serde_json::Value;

/// Long after all that the suite has signed.
const NOW: i64 = 1_790_000_000;

/// One test.
pub struct Case {
    /// The scenario and the test's name.
    pub name: String,
    /// With the line ends of the wire.
    pub message: Vec<u8>,
    pub zone: Zone,
    pub expected: Expected,
}

pub enum Expected {
    /// What the chain comes to.
    Status(ArcResult),
    /// What is added to it.
    Fields(Box<Sealed>),
    /// The test has another form, and this is what is wrong with it: it fails, and the others are run.
    Unclear(String),
}

/// What is sealed with, and the fields as they must be; empty ones, where there is nothing to seal.
pub struct Sealed {
    pub domain: String,
    pub selector: String,
    /// In PEM, PKCS #1.
    pub private_key: String,
    pub time: i64,
    pub names: Vec<String>,
    pub authserv_id: String,
    pub results: String,
    pub message: String,
    pub seal: String,
}

/// Signs by PKCS #1 1.5 over SHA-256: a key in PEM, and what is signed.
pub type Sign<'s> = &'s mut dyn FnMut(&str, &[u8]) -> Result<Vec<u8>, String>;

/// All tests of a file. Only what is no file of this form at all is an error.
pub fn cases(json: &str) -> Result<Vec<Case>, String> {
    let file: Value = serde_json::from_str(json).map_err(|error| error.to_string())?;
    let scenarios = file.as_array().ok_or("the file is no array of scenarios")?;
    let mut cases = Vec::new();
    for scenario in scenarios {
        let zone = zone(scenario);
        let title = text(scenario, "description");
        let Some(tests) = scenario.get("tests").and_then(Value::as_object) else {
            let expected = Expected::Unclear("a scenario without `tests`".to_owned());
            cases.push(Case { name: title, message: Vec::new(), zone, expected });
            continue;
        };
        for (id, test) in tests {
            let name = format!("{title}: {id}");
            let message = with_line_ends(text(test, "message").as_bytes());
            let expected = expected(scenario, test).unwrap_or_else(Expected::Unclear);
            cases.push(Case { name, message, zone: zone.clone(), expected });
        }
    }
    Ok(cases)
}

fn expected(scenario: &Value, test: &Value) -> Result<Expected, String> {
    if !test.get("message").is_some_and(Value::is_string) {
        return Err("a test without `message`".to_owned());
    }
    if test.get("cv").is_some() {
        let said = text(test, "cv");
        return status(&said).map(Expected::Status).ok_or(format!("a test with the unknown `cv` {said:?}"));
    }
    if let Some(name) = ["AAR", "AMS", "AS"].into_iter().find(|name| test.get(name).is_none()) {
        return Err(format!("a test with neither `cv` nor `{name}`"));
    }
    sealed(scenario, test).map(Box::new).map(Expected::Fields)
}

/// A member as text, whatever it is.
fn text(object: &Value, name: &str) -> String {
    match object.get(name) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// No status is how the suite says that a chain says itself that it fails.
fn status(text: &str) -> Option<ArcResult> {
    match text.trim().to_ascii_lowercase().as_str() {
        "none" => Some(ArcResult::None),
        "pass" => Some(ArcResult::Pass),
        "fail" | "" => Some(ArcResult::Fail),
        _ => None,
    }
}

fn zone(scenario: &Value) -> Zone {
    let mut zone = Zone::new();
    for (name, record) in scenario.get("txt-records").and_then(Value::as_object).into_iter().flatten() {
        let text = record.as_str().map_or_else(|| record.to_string(), str::to_owned);
        // what is no name cannot be asked for
        if let Ok(name) = name.parse::<Name>() {
            zone.add(name, RecordSet::Txt(vec![(&*text).into()]));
        }
    }
    zone
}

fn sealed(scenario: &Value, test: &Value) -> Result<Sealed, String> {
    let time = text(test, "t");
    Ok(Sealed {
        domain: text(scenario, "domain"),
        selector: text(scenario, "sel"),
        private_key: text(scenario, "privatekey"),
        time: time.trim().parse().map_err(|_| format!("a test with the unreadable `t` {time:?}"))?,
        names: text(test, "sig-headers").split(':').map(|name| name.trim().to_owned()).collect(),
        authserv_id: text(test, "srv-id"),
        results: text(test, "AAR"),
        message: text(test, "AMS"),
        seal: text(test, "AS"),
    })
}

/// Every line end becomes CRLF.
fn with_line_ends(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 32);
    let mut before = 0;
    for octet in text {
        if *octet == b'\n' && before != b'\r' {
            out.push(b'\r');
        }
        out.push(*octet);
        before = *octet;
    }
    out
}

impl std::fmt::Display for Expected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Status(status) => write!(f, "arc={status}"),
            Self::Fields(_) => f.write_str("the test's fields, and a chain that passes"),
            Self::Unclear(_) => f.write_str("a test with `message`, and `cv` or `AAR`, `AMS`, `AS` and `t`"),
        }
    }
}

impl Case {
    /// Whether all is as it must be, or what was found. `sign` is needed for sealing only.
    pub fn check(&self, sign: Sign<'_>) -> Result<(), String> {
        match &self.expected {
            Expected::Status(status) => {
                let verdict = self.validate(&self.message, NOW)?;
                if verdict.result() == *status { Ok(()) } else { Err(verdict.to_string()) }
            }
            Expected::Fields(sealed) => self.seal(sealed, sign),
            Expected::Unclear(what) => Err(what.clone()),
        }
    }

    /// In pieces of several sizes, which must come to the same.
    fn validate(&self, message: &[u8], now: i64) -> Result<Verdict, String> {
        let verdicts = [1, 17, usize::MAX].map(|size| {
            let mut validator = arc::Validator::new(Limits::default(), Duration::ZERO, now);
            message.chunks(size).for_each(|piece| validator.receive(piece));
            validator.end();
            dns::drive::blocking(validator, |name, kind| self.zone.lookup(name, kind))
        });
        let [first, second, last] = verdicts;
        let same = first == second && second == last;
        if same { Ok(last) } else { Err(format!("{first} or {second} or {last}, as the message is cut")) }
    }

    fn seal(&self, sealed: &Sealed, sign: Sign<'_>) -> Result<(), String> {
        let status = self.validate(&self.message, NOW)?.result();
        let fields = self.sealed_fields(sealed, status, sign)?;
        let Some(fields) = fields else {
            let nothing = [&sealed.results, &sealed.message, &sealed.seal].iter().all(|field| field.trim().is_empty());
            return if nothing { Ok(()) } else { Err("nothing was sealed".to_owned()) };
        };
        let found = Header::parse(&fields, &dkim::Limits::default()).map_err(|error| error.to_string())?;
        let value = |kind: FieldKind| {
            let field = found.fields().find(|field| field.is(kind.name()));
            field.map(|field| String::from_utf8_lossy(field.value()).into_owned()).unwrap_or_default()
        };
        if dense(&value(FieldKind::Results)) != dense(&sealed.results) {
            return Err(format!("AAR: expected {:?}, found {:?}", sealed.results, value(FieldKind::Results)));
        }
        for (kind, expected) in [(FieldKind::Message, &sealed.message), (FieldKind::Seal, &sealed.seal)] {
            let (found, expected) = (tags(&value(kind))?, tags(expected)?);
            if found != expected {
                return Err(format!("{kind}: expected {expected:?}, found {found:?}"));
            }
        }
        let expected = self.expected_fields(sealed);
        let whole = |fields: &[u8]| [fields, &self.message].concat();
        let now = NOW.max(sealed.time);
        if status == ArcResult::Fail {
            // nobody looks at what is under a seal that says so
            self.own_set(&fields)?;
            self.own_set(&expected)?;
            let verdict = self.validate(&whole(&fields), now)?;
            let said = matches!(verdict.problem(), Some(arc::Problem::SaidToFail(_)));
            return if said { Ok(()) } else { Err(format!("our seal comes to {verdict}")) };
        }
        for (whose, fields) in [("our", fields), ("the suite's", expected)] {
            let verdict = self.validate(&whole(&fields), now)?;
            if verdict.result() != ArcResult::Pass || verdict.oldest_pass() != Some(0) {
                return Err(format!("{whose} seal comes to {verdict}"));
            }
        }
        Ok(())
    }

    /// What we add; nothing, where there is nothing to seal.
    fn sealed_fields(&self, sealed: &Sealed, status: ArcResult, sign: Sign<'_>) -> Result<Option<Vec<u8>>, String> {
        let results = arc::own_results(&self.message, &sealed.authserv_id, &Limits::default());
        let sealer = Sealer::new(&sealed.domain, &sealed.selector, Algorithm::RsaSha256);
        let sealer = sealer.and_then(|sealer| sealer.with_names(sealed.names.iter().map(String::as_str)));
        let sealer = sealer.map_err(|error| error.to_string())?;
        let mut sealing = sealer.seal(status, &results, sealed.time).map_err(|error| error.to_string())?;
        sealing.receive(&self.message);
        sealing.end();
        loop {
            let signature = match sealing.step() {
                Ok(SealStep::Sign(input)) => sign(&sealed.private_key, input)?,
                Ok(SealStep::Done(fields)) => return Ok(Some(fields.to_vec())),
                Ok(SealStep::Wait) => return Err("the message has not ended".to_owned()),
                Err(_) => return Ok(None),
            };
            sealing.signed(&signature).map_err(|error| error.to_string())?;
        }
    }

    /// The fields of the suite as it signs them: a fold is a space, but none in the values of tags.
    fn expected_fields(&self, sealed: &Sealed) -> Vec<u8> {
        let results: Vec<&str> = sealed.results.split_whitespace().collect();
        let tags = |value: &str| value.split(';').map(dense).collect::<Vec<_>>().join("; ");
        let (message, seal) = (tags(sealed.message.trim()), tags(sealed.seal.trim()));
        let values = [(FieldKind::Seal, seal), (FieldKind::Message, message), (FieldKind::Results, results.join(" "))];
        values.map(|(kind, value)| format!("{kind}: {value}\r\n")).concat().into_bytes()
    }

    /// Verifies the signatures of one set by themselves: a seal on a chain that has failed is over its own set (RFC 8617, 5.1.2).
    fn own_set(&self, fields: &[u8]) -> Result<(), String> {
        let limits = dkim::Limits::default();
        let fail = |what: &dyn fmt::Display| what.to_string();
        let (header, set) = (Header::parse(&self.message, &limits), Header::parse(fields, &limits));
        let (header, set) = (header.map_err(|error| fail(&error))?, set.map_err(|error| fail(&error))?);
        let get = |kind: FieldKind| set.fields().find(|field| field.is(kind.name())).ok_or(format!("no {kind}"));
        let (results, message, seal) = (get(FieldKind::Results)?, get(FieldKind::Message)?, get(FieldKind::Seal)?);
        let tags = TagList::parse(message.value(), &limits).map_err(|error| fail(&error))?;
        let signature = Signature::from_tags(&tags, Form::Arc, &limits).map_err(|error| fail(&error))?;
        let mut input = Vec::new();
        signature.append_input(&header, &message, &mut input);
        self.verify(&tags, &input, "message signature")?;
        input.clear();
        results.canonicalize(Canonicalization::Relaxed, &mut input);
        message.canonicalize(Canonicalization::Relaxed, &mut input);
        let tags = TagList::parse(seal.value(), &limits).map_err(|error| fail(&error))?;
        let span = tags.get("b").ok_or("no b=")?.span();
        seal.canonicalize_without(Canonicalization::Relaxed, span, &mut input);
        self.verify(&tags, &input, "seal")
    }

    fn verify(&self, tags: &TagList<'_>, input: &[u8], what: &str) -> Result<(), String> {
        let get = |name: &str| tags.get(name).ok_or(format!("no {name}="));
        let text = |name: &str| get(name)?.text().map(str::to_owned).map_err(|error| error.to_string());
        let name: Name = format!("{}._domainkey.{}", text("s")?, text("d")?).parse().map_err(|_| "no key name")?;
        let response = self.zone.lookup(&name, dns::Kind::Txt);
        let texts = response.as_answer().txt().map_err(|error| error.to_string())?;
        let record = texts.first().ok_or("no key")?;
        let record = KeyRecord::parse(record.as_ref(), &dkim::Limits::default()).map_err(|error| error.to_string())?;
        let signature = get("b")?.base64().map_err(|error| error.to_string())?;
        let right = record.key().verify(Algorithm::RsaSha256, input, &signature);
        if right { Ok(()) } else { Err(format!("the {what} alone does not verify")) }
    }
}

fn dense(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_whitespace()).collect()
}

/// All tags but `b=`, which depends on how the fields are folded.
fn tags(value: &str) -> Result<BTreeMap<String, String>, String> {
    let list = TagList::parse(value.as_bytes(), &dkim::Limits::default()).map_err(|error| error.to_string())?;
    let tags = list.iter().filter(|tag| tag.name() != "b");
    Ok(tags.map(|tag| (tag.name().to_owned(), dense(&String::from_utf8_lossy(tag.value())))).collect())
}
