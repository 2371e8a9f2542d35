//! The suites on this machine through the runner, and what the program says.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conformance::{Error, Report, arc, auth_results, dkim, dmarc, spf};

/// A file or folder of a suite; `None`, said on one line, if it is not on this machine.
fn suite(name: &str) -> Option<PathBuf> {
    let root = env::var_os("MAILWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from);
    let path = root.join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: no {name} here; MAILWRIGHT_CONFORMANCE names the folder that has it");
    None
}

/// Runs a suite: none fails, and so many are there.
fn run(name: &str, runner: fn(&Path) -> Result<Report, Error>, passed: usize, skipped: usize) {
    let Some(path) = suite(name) else { return };
    let report = runner(&path).unwrap();
    println!("{name}: {report}");
    assert!(report.failed.is_empty(), "{report}");
    assert_eq!((report.passed, report.skipped.len()), (passed, skipped), "{name}");
}

#[test]
fn spf_suites() {
    run("spf-rfc7208/rfc7208-tests.yml", spf::run, 203, 0);
    run("spf-rfc4408/rfc4408-tests.yml", spf::run, 191, 0);
}

#[test]
fn dkim_suites() {
    run("dkim-mail-dkim", dkim::run, 14, 26);
}

#[test]
fn arc_suites() {
    run("arc-valimail/arc-draft-validation-tests.json", arc::run, 87, 0);
    run("arc-valimail/arc-draft-sign-tests.json", arc::run, 9, 0);
}

#[test]
fn dmarc_suites() {
    run("dmarc-rfc9989/rfc9989-compliance.json", dmarc::run, 28, 0);
}

#[test]
fn auth_results_suites() {
    run("auth-results-authres/parse-cases.json", auth_results::run, 12, 0);
}

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_conformance")).args(arguments).output().unwrap()
}

#[test]
fn the_program_tells_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("suite.yml");
    let suite = "description: two\ntests:\n  right:\n    helo: mail.example\n    host: 192.0.2.1\n    mailfrom: a@example.org\n    result: pass\n  \
                 wrong:\n    helo: mail.example\n    host: 192.0.2.2\n    mailfrom: a@example.org\n    result: [pass, none]\n\
                 zonedata:\n  example.org:\n    - SPF: v=spf1 ip4:192.0.2.1 -all\n";
    fs::write(&path, suite).unwrap();
    let out = program(&["spf", path.to_str().unwrap()]);
    let said = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert_eq!(said.lines().last(), Some("1 passed, 1 failed, 0 skipped"), "{said}");
    assert!(said.contains("FAILED two: wrong\n  expected: pass or none\n"), "{said}");

    let out = program(&["dmarc", "/nowhere/at/all.json"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("cannot read /nowhere/at/all.json"));
}
