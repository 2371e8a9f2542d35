//! Fields that others have collected, with what must be read from them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod support;

use auth_results::{AuthenticationResults, Leniency, Limits, Ptype, Resinfo, claims};
use serde_json::Value;

/// What an expression over a field that was read gives. `None`: one that does not ask what the field says (it builds another one, or asks for
/// the other library's own).
fn evaluate(field: &AuthenticationResults<'_>, expression: &str) -> Option<String> {
    // the name of the variable is the test's
    let (_, path) = expression.strip_prefix("str(")?.strip_suffix(')')?.split_once('.')?;
    if path == "authserv_id" {
        return Some(field.authserv_id.to_string());
    }
    let (index, path) = path.strip_prefix("results[")?.split_once(']')?;
    let result = field.results.get(index.parse::<usize>().ok()?)?;
    let none = || "None".to_owned();
    match path.strip_prefix('.').unwrap_or_default() {
        "" => Some(result.to_string()),
        "method" => Some(result.method.to_string()),
        "result" => Some(result.result.to_string()),
        "reason" => Some(result.reason.as_deref().map_or_else(none, str::to_owned)),
        "comment" => Some(result.comments.first().map_or_else(none, ToString::to_string)),
        path => match path.strip_prefix("properties[").and_then(|path| path.split_once("].")) {
            Some((index, part)) => {
                let property = result.properties.get(index.parse::<usize>().ok()?)?;
                match part {
                    "type" => Some(property.ptype.to_string()),
                    "name" => Some(property.name.to_string()),
                    "value" => Some(property.value.to_string()),
                    _ => None,
                }
            }
            None => by_name(result, path).map(|value| value.unwrap_or_else(none)),
        },
    }
}

/// `smtp_mailfrom`: a type and a property.
fn by_name(result: &Resinfo<'_>, path: &str) -> Option<Option<String>> {
    let (ptype, name) = path.split_once('_')?;
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric())
        .then(|| result.get(&Ptype::from(ptype), name).map(str::to_owned))
}

/// Each field is read; each assertion on what it says is compared as text, and fields that the other library wrote are written by ours. Two fields must
/// be refused: what is said there is an error. What is left asks for the other library's own functions.
#[test]
fn auth_results_authres() {
    let Some(folder) = support::suite("auth-results-authres") else { return };
    let cases: Vec<Value> = serde_json::from_str(&support::text(&folder.join("parse-cases.json"))).unwrap();
    let (mut fields, mut refused, mut passed, mut other) = (0, 0, 0, 0);
    for case in &cases {
        let value = case["input"].as_str().unwrap().split_once(':').unwrap().1;
        let read = AuthenticationResults::parse(value.as_bytes());
        fields += 1;
        for assertion in case["asserts"].as_array().unwrap() {
            let (expression, prints) = (assertion["expr"].as_str().unwrap(), assertion["prints"].as_str().unwrap());
            if prints.starts_with("Syntax error") {
                assert!(read.is_err(), "{value}");
                let forgiving =
                    AuthenticationResults::parse_with(value.as_bytes(), &Limits::default(), Leniency::Forgiving);
                assert!(!forgiving.unwrap().results.is_empty(), "{value}");
                refused += 1;
                continue;
            }
            let field = read.as_ref().unwrap_or_else(|error| panic!("{error}: {value}"));
            if let Some(printed) =
                prints.strip_prefix("'Authentication-Results:").and_then(|text| text.strip_suffix('\''))
            {
                // a field that the other library wrote: ours writes the same, but for folds
                let printed = AuthenticationResults::parse(printed.as_bytes()).unwrap();
                let mut out = Vec::new();
                printed.write(&mut out).unwrap();
                let unfolded = String::from_utf8(out).unwrap().replace("\r\n", "");
                assert_eq!(format!("'{unfolded}'"), prints);
                passed += 1;
                continue;
            }
            match evaluate(field, expression) {
                Some(text) => {
                    assert_eq!(format!("'{text}'"), prints, "{expression} of {value}");
                    passed += 1;
                }
                None => other += 1,
            }
        }
        if let Ok(field) = read {
            written_is_read_as_the_same(&field);
        }
    }
    println!(
        "auth-results-authres: {fields} fields, {refused} of them refused as they must be; {passed} assertions passed, 0 failed, {other} not on what a field says"
    );
    assert_eq!((fields, refused, passed, other), (12, 2, 96, 18));
}

/// Every example of the appendix is read, and bears the name that wrote it.
#[test]
fn auth_results_rfc() {
    let Some(folder) = support::suite("auth-results-rfc") else { return };
    let text = support::text(&folder.join("rfc7601-appendix-B.txt"));
    let mut fields = Vec::new();
    let mut lines = text.lines().map(str::trim_end).peekable();
    while let Some(line) = lines.next() {
        let Some(first) = line.trim_start().strip_prefix("Authentication-Results:") else { continue };
        let margin = line.len() - line.trim_start().len();
        let mut field = first.to_owned();
        while let Some(more) = lines.next_if(|more| more.len() - more.trim_start().len() > margin) {
            field.push_str("\r\n");
            field.push_str(more.get(margin..).unwrap());
        }
        fields.push(field);
    }
    let mut results = 0;
    for value in &fields {
        let field = AuthenticationResults::parse(value.as_bytes()).unwrap_or_else(|error| panic!("{error}: {value}"));
        assert!(claims(value.as_bytes(), &field.authserv_id));
        assert!(field.results.iter().all(Resinfo::is_known));
        results += field.results.len();
        written_is_read_as_the_same(&field);
    }
    println!("auth-results-rfc: {} fields passed, 0 failed; {results} results in them", fields.len());
    assert_eq!((fields.len(), results), (9, 12));
}

fn written_is_read_as_the_same(field: &AuthenticationResults<'_>) {
    let mut out = Vec::new();
    field.write(&mut out).unwrap();
    let value = out.strip_prefix(b"Authentication-Results:").unwrap();
    assert_eq!(AuthenticationResults::parse(value).as_ref(), Ok(field));
}
