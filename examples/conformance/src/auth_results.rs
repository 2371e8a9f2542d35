//! `auth-results FILE.json`: Authentication-Results fields, and what a reader must find in them.
//!
//! The file is a list of fields, each with expressions on an object that was read from it, in the notation of the Python library `authres`, and what they print. A
//! field passes if every expression on what it says gives that text, or if it is refused where a syntax error is printed; expressions on that library's own objects
//! are left out.

use std::path::Path;

use ::auth_results::{AuthenticationResults, Ptype, Resinfo};
use serde_json::Value;

use crate::{Error, Report};

/// Runs the suite.
///
/// # Errors
/// [`Error`]: the file cannot be read, or has another form.
pub fn run(path: &Path) -> Result<Report, Error> {
    let cases = crate::json(path)?;
    let cases = cases.as_array().ok_or_else(|| Error::form(path, "not a list of cases"))?;
    let mut report = Report::default();
    for (index, case) in cases.iter().enumerate() {
        let (Some(input), Some(asserts)) = (case["input"].as_str(), case["asserts"].as_array()) else {
            return Err(Error::form(path, &format!("case {index} has no `input` or no `asserts`")));
        };
        let value = input.split_once(':').map_or(input, |(_, value)| value);
        let name = format!("{index}: {}", value.trim().chars().take(60).collect::<String>());
        match judge(value, asserts) {
            Verdict::Passed => report.passed += 1,
            Verdict::NothingSaid => report.skip(name, "no expression is on what the field says"),
            Verdict::Failed(expected, found) => report.fail(name, expected, found),
        }
    }
    Ok(report)
}

enum Verdict {
    Passed,
    NothingSaid,
    Failed(String, String),
}

fn judge(value: &str, asserts: &[Value]) -> Verdict {
    let read = AuthenticationResults::parse(value.as_bytes());
    let mut understood = 0;
    for assertion in asserts {
        let (Some(expression), Some(prints)) = (assertion["expr"].as_str(), assertion["prints"].as_str()) else {
            continue;
        };
        if prints.starts_with("Syntax error") {
            understood += 1;
            match &read {
                Ok(field) => return Verdict::Failed(prints.to_owned(), format!("{field:?}")),
                Err(_) => continue,
            }
        }
        let field = match &read {
            Ok(field) => field,
            Err(error) => return Verdict::Failed(format!("{expression} is {prints}"), error.to_string()),
        };
        let Some(text) = evaluate(field, expression) else { continue };
        understood += 1;
        if prints.trim_matches('\'') != text {
            return Verdict::Failed(format!("{expression} is {prints}"), text);
        }
    }
    if understood == 0 { Verdict::NothingSaid } else { Verdict::Passed }
}

/// What an expression on a field gives; `None` for one that does not ask what the field says.
fn evaluate(field: &AuthenticationResults<'_>, expression: &str) -> Option<String> {
    // the name of the variable is the case's
    let (_, path) = expression.strip_prefix("str(")?.strip_suffix(')')?.split_once('.')?;
    match path {
        "authserv_id" => return Some(field.authserv_id.to_string()),
        // others are not read (RFC 8601, 2.2)
        "version" => return Some("1".into()),
        _ => {}
    }
    let (index, path) = path.strip_prefix("results[")?.split_once(']')?;
    let result = field.results.get(index.parse::<usize>().ok()?)?;
    let none = || "None".to_owned();
    match path.strip_prefix('.').unwrap_or_default() {
        "" => Some(result.to_string()),
        "method" => Some(result.method.to_string()),
        "result" => Some(result.result.to_string()),
        "reason" => Some(result.reason.as_deref().map_or_else(none, str::to_owned)),
        "comment" | "result_comment" => Some(result.comments.first().map_or_else(none, ToString::to_string)),
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
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| result.get(&Ptype::from(ptype), name).map(str::to_owned))
}
