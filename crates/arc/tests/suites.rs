//! Chains that others have collected, with what they must come to.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod support;

use support::{sign_rsa, suite, valimail};

fn run(file: &str, count: usize) {
    let Some(folder) = suite("arc-valimail") else { return };
    let cases = valimail::cases(&std::fs::read_to_string(folder.join(file)).unwrap()).unwrap();
    let failed: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let found = case.check(&mut sign_rsa).err()?;
            Some(format!("{}: expected {}, found {found}", case.name, case.expected))
        })
        .collect();
    println!("arc-valimail, {file}: {} of {} pass", cases.len() - failed.len(), cases.len());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert_eq!(cases.len(), count);
}

#[test]
fn k8_valimail_validation() {
    run("arc-draft-validation-tests.json", 87);
}

#[test]
fn valimail_sealing() {
    run("arc-draft-sign-tests.json", 9);
}

/// The keys of the example are not published: its layout is what is read.
#[test]
fn rfc8617_example() {
    let Some(folder) = suite("arc-rfc8617") else { return };
    let text = std::fs::read_to_string(folder.join("rfc8617-appendix-B.txt")).unwrap();
    let start = text.find("Return-Path:").unwrap();
    let end = text.find("--J.").unwrap() + 4;
    // the pages of the document are no part of the message
    let is_page = |line: &str| line.starts_with("Andersen, et al.") || line.starts_with("RFC 8617 ");
    let page = |line: &&str| !is_page(line) && !line.contains('\u{c}');
    let lines: Vec<&str> = text[start..end].lines().filter(page).collect();
    let body = lines.iter().position(|line| line.starts_with("Hey gang")).unwrap();
    let (header, body) = lines.split_at(body);
    let header: Vec<&str> = header.iter().copied().filter(|line| !line.trim().is_empty()).collect();
    let message = [header.join("\r\n"), "\r\n\r\n".to_owned(), body.join("\r\n"), "\r\n".to_owned()].concat();

    let verdict = support::validate(message.as_bytes(), &dns::Zone::new());
    assert_eq!(verdict.to_string(), "arc=fail (the message signature of instance 3: no key: the name does not exist)");
    let sealers: Vec<&str> = verdict.sets().iter().map(|set| set.seal.domain()).collect();
    assert_eq!(sealers, ["lists.example.org", "gmail.example", "clochette.example.org"]);
    let spf: Vec<String> = verdict
        .sets()
        .iter()
        .map(|set| set.results().unwrap().of(&auth_results::Method::Spf).next().unwrap().result.to_string())
        .collect();
    assert_eq!(spf, ["pass", "fail", "fail"]);
    println!("arc-rfc8617: 1 of 1 example, 3 of 3 sets");
}
