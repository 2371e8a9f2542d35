//! The corpus of Mail::DKIM: a folder `corpus` of messages, `FAKE_DNS.dat` with their keys, `expected.json` with what each must come to.

use std::{error::Error, fs, path::Path};

use dns::{Absence, Name, RecordSet, Zone};
use serde_json::Value;

/// One message of the corpus.
#[derive(Clone, Debug)]
pub struct Case {
    /// The file's name.
    pub name: String,
    /// The message, with the line ends of the wire.
    pub message: Vec<u8>,
    /// What it must come to, where old algorithms and short keys are taken: `pass`, `fail` or `invalid`.
    pub result: String,
    /// What it must come to under RFC 8301, where that is another.
    pub result_strict: Option<String>,
    /// Algorithms of its signatures.
    pub algorithms: Vec<String>,
    /// Whether a key of its has the tag `g=`, which RFC 6376 no longer knows: what was invalid by it no longer is.
    pub has_g_tag: bool,
    /// Why an RFC 6376 verifier does not take part: the suite's own words.
    pub skip: Option<&'static str>,
}

/// The corpus and its keys.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The messages, in the order of their names.
    pub cases: Vec<Case>,
    /// The keys.
    pub zone: Zone,
}

/// Reads a folder.
///
/// # Errors
///
/// A file that is missing or in another form.
pub fn load(folder: &Path) -> Result<Corpus, Box<dyn Error>> {
    let expected: Value = serde_json::from_slice(&fs::read(folder.join("expected.json"))?)?;
    let expected = expected.as_object().ok_or("expected.json is no object")?;
    let mut cases = Vec::new();
    for (name, entry) in expected {
        let flag = |flag: &str| entry.get(flag).and_then(Value::as_bool).unwrap_or(false);
        let text = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        let signatures = entry.get("signatures").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        cases.push(Case {
            name: name.clone(),
            message: with_line_ends(&fs::read(folder.join("corpus").join(name))?),
            result: text("result").ok_or("a result is missing")?,
            result_strict: text("result_strict"),
            algorithms: signatures
                .iter()
                .filter_map(|signature| signature.get("a").and_then(Value::as_str).map(str::to_owned))
                .collect(),
            has_g_tag: signatures.iter().any(|signature| signature.get("key_has_g_tag") == Some(&Value::Bool(true))),
            skip: ["domainkeys_rfc4870", "prestandard_ietf00", "needs_pre_rfc_syntax"]
                .into_iter()
                .find(|name| flag(name)),
        });
    }
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Corpus { cases, zone: keys(&fs::read_to_string(folder.join("FAKE_DNS.dat"))?)? })
}

/// Lines of a name and its text, or of a name and an error.
fn keys(text: &str) -> Result<Zone, Box<dyn Error>> {
    let mut zone = Zone::new();
    for line in text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
        let (name, text) = line.split_once(char::is_whitespace).ok_or("a name without its text")?;
        let (name, text): (Name, &str) = (name.parse()?, text.trim());
        match text {
            "NXDOMAIN" => zone.set_absent(name, Absence::NoSuchName),
            text if text.starts_with("~~") => zone.set_absent(name, Absence::TryLater),
            text => zone.add(name, RecordSet::Txt(vec![text.trim_matches('"').into()])),
        }
    }
    Ok(zone)
}

/// A file's text with the line ends of the wire.
pub fn with_line_ends(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + text.len() / 30);
    let mut last = 0;
    for octet in text {
        if *octet == b'\n' && last != b'\r' {
            out.push(b'\r');
        }
        out.push(*octet);
        last = *octet;
    }
    out
}
