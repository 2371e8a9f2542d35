//! Cases that were recorded from another implementation's unit tests: calls with their arguments, the DNS they see, and what is asserted of the results.
//!
//! [`cases`] reads a file of them, [`Case::run`] runs one. Nothing here is of the test harness, so that a program can use it too.
#![allow(unreachable_pub, missing_docs, clippy::missing_errors_doc, reason = "shared between tests and programs")]

use core::time::Duration;

use dmarc::{Authors, Check, Config, Dkim, Identity, Limits, Mode, Outcome, Spf, Tags, Verdict};
use dns::{Mx, Name, RecordSet, Txt, Zone, drive};
use serde_json::{Map, Value, json};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    calls: Vec<Value>,
    asserts: Vec<Value>,
}

/// The cases of a file.
pub fn cases(text: &str) -> Result<Vec<Case>, String> {
    let all: Vec<Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = |case: &Value, key: &str| case.get(key).and_then(Value::as_array).cloned();
    all.iter()
        .map(|case| {
            let name = case.get("name").and_then(Value::as_str).ok_or("a case has no name")?.to_owned();
            let calls = list(case, "calls").ok_or_else(|| format!("{name}: no calls"))?;
            let asserts = list(case, "asserts").ok_or_else(|| format!("{name}: nothing is asserted"))?;
            Ok(Case { name, calls, asserts })
        })
        .collect()
}

impl Case {
    /// Whether it speaks of DMARC.
    pub fn is_dmarc(&self) -> bool {
        self.calls.iter().any(|call| call.to_string().to_ascii_lowercase().contains("dmarc"))
    }

    /// Runs it; an error tells what is not as it should be.
    pub fn run(&self, config: Config) -> Result<(), String> {
        let mut results = Map::new();
        for (index, call) in self.calls.iter().enumerate() {
            let argument = call.pointer("/args/0").ok_or("a call without an argument")?;
            let result = match function(call) {
                "verify" => verify(argument, config)?,
                "tools.parseTagValueRecord" => tags(argument.as_str().unwrap_or_default()),
                other => return Err(format!("unknown call {other}")),
            };
            results.insert(format!("result{index}"), result);
        }
        let results = Value::Object(results);
        self.asserts.iter().try_for_each(|assert| holds(assert, &results))
    }
}

fn function(call: &Value) -> &str {
    call.get("fn").and_then(Value::as_str).unwrap_or_default()
}

/// Whether something that is asserted holds.
fn holds(assert: &Value, results: &Value) -> Result<(), String> {
    let path = assert.pointer("/subject/ref").and_then(Value::as_str).ok_or("an assertion without a subject")?;
    let subject = results.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
    let words: Vec<&str> =
        assert.get("chain").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let wanted = assert.pointer("/args/0").unwrap_or(&Value::Null);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let truthy = !matches!(subject, Value::Null | Value::Bool(false));
    let right = match words.as_slice() {
        ["to", "equal"] => subject == wanted,
        ["to", "be", "true"] => *subject == Value::Bool(true),
        ["to", "be", "false"] => *subject == Value::Bool(false),
        ["to", "not", "be", "ok"] => !truthy,
        ["to", "contain"] => text(subject).contains(&text(wanted)),
        ["to", "not", "have", "property"] => subject.get(text(wanted)).is_none(),
        other => return Err(format!("unknown assertion {other:?}")),
    };
    if right { Ok(()) } else { Err(format!("{path} is {subject}; asserted: {} {wanted}", words.join(" "))) }
}

/// What stands in a record.
fn tags(text: &str) -> Value {
    let mut tags = Map::new();
    let mut valid = true;
    for tag in Tags::new(text.as_bytes()) {
        let Ok(tag) = tag else {
            valid = false;
            continue;
        };
        let utf8 = |octets| String::from_utf8_lossy(octets).into_owned();
        valid &= tags.insert(utf8(tag.name).to_ascii_lowercase(), Value::String(utf8(tag.value))).is_none();
    }
    json!({ "isValid": valid, "tags": tags })
}

/// Evaluates a message, and tells what the cases ask about.
fn verify(argument: &Value, config: Config) -> Result<Value, String> {
    let zone = zone(argument.pointer("/resolver/zone"))?;
    let from = argument.get("headerFrom").and_then(Value::as_str).ok_or("no From")?;
    let mut authors = Authors::new();
    authors.push(from.rsplit_once('@').map_or(from, |(_, domain)| domain));
    let mut check = Check::new(&authors, config, Limits::default(), Duration::ZERO);
    for domain in domains(argument, "spfDomains")? {
        check.spf(&Spf { outcome: Outcome::Pass, domain, identity: Identity::MailFrom });
    }
    for domain in domains(argument, "dkimDomains")? {
        check.dkim(&Dkim { outcome: Outcome::Pass, domain, partial: false });
    }
    check.complete();
    Ok(told(&drive::blocking(check, |name, kind| zone.lookup(name, kind))))
}

fn domains(argument: &Value, key: &str) -> Result<Vec<Name>, String> {
    let list = argument.get(key).and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|item| item.get("domain").and_then(Value::as_str)).map(name).collect()
}

fn name(text: &str) -> Result<Name, String> {
    text.parse().map_err(|error| format!("{text}: {error}"))
}

/// A verdict in the cases' own words.
fn told(verdict: &Verdict) -> Value {
    let author = verdict.author_domain().map(ToString::to_string);
    let organization = verdict.organizational_domain().or(verdict.policy_domain()).map(str::to_owned).or(author);
    let mut told = json!({ "status": { "result": verdict.result.as_str() }, "domain": organization });
    let Some(record) = verdict.record() else { return told };
    let mechanism = |alignment: dmarc::Alignment, mode: Mode| {
        let result = alignment.is_aligned().then(|| organization.clone());
        json!({ "result": result, "strict": mode == Mode::Strict })
    };
    let rules = record.rules();
    let alignment = json!({ "spf": mechanism(verdict.spf, rules.aspf), "dkim": mechanism(verdict.dkim, rules.adkim) });
    if let Some(object) = told.as_object_mut() {
        object.insert("alignment".into(), alignment);
        object.insert("rr".into(), String::from_utf8_lossy(record.text()).into_owned().into());
        if let Some(policy) = verdict.policy {
            object.insert("policy".into(), policy.as_str().into());
        }
    }
    told
}

/// The DNS of a case: name, kind, data.
fn zone(content: Option<&Value>) -> Result<Zone, String> {
    let mut zone = Zone::new();
    for (owner, kinds) in content.and_then(Value::as_object).into_iter().flatten() {
        for (kind, list) in kinds.as_object().into_iter().flatten() {
            let list = list.as_array().into_iter().flatten();
            let records = match kind.as_str() {
                "TXT" => RecordSet::Txt(list.map(txt).collect()),
                "A" => RecordSet::A(list.filter_map(Value::as_str).filter_map(|text| text.parse().ok()).collect()),
                "MX" => {
                    let host = |item: &Value| {
                        let exchange = name(item.get("exchange")?.as_str()?).ok()?;
                        let preference = u16::try_from(item.get("priority")?.as_u64()?).ok()?;
                        Some(Mx { preference, exchange })
                    };
                    RecordSet::Mx(list.filter_map(host).collect())
                }
                other => return Err(format!("unknown kind of record {other}")),
            };
            zone.add(name(owner)?, records);
        }
    }
    Ok(zone)
}

/// A TXT record: its strings, joined.
fn txt(strings: &Value) -> Txt {
    let strings = strings.as_array().into_iter().flatten().filter_map(Value::as_str);
    Txt::from(&*strings.collect::<String>())
}
