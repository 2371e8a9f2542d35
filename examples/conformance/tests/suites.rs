//! Every suite through the library, and the program on small files of its own.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::std_instead_of_alloc,
    clippy::unwrap_used,
    reason = "tests stop at what they do not expect, and tell what they counted"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use conformance::{Error, Report};

/// A suite's file or folder; `None`, said on one line, if it is not on this machine.
fn suite(name: &str) -> Option<PathBuf> {
    let root = env::var_os("MAILWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {name} suite here; MAILWRIGHT_CONFORMANCE names the folder that has it");
    None
}

/// Runs a file of a suite, or its folder, and compares the numbers of tests that pass and that are skipped.
fn check(run: fn(&Path) -> Result<Report, Error>, name: &str, file: Option<&str>, passed: usize, skipped: usize) {
    let Some(folder) = suite(name) else { return };
    let report = run(&file.map_or_else(|| folder.clone(), |file| folder.join(file))).unwrap();
    let counts = (report.passed, report.failed.len(), report.skipped.len());
    println!("{name}: {} passed, {} failed, {} skipped", counts.0, counts.1, counts.2);
    assert_eq!(counts, (passed, 0, skipped), "{report}");
    assert_eq!(report.cases(), passed + skipped);
}

#[test]
fn spf_rfc7208() {
    check(conformance::spf::run, "spf-rfc7208", Some("rfc7208-tests.yml"), 203, 0);
}

#[test]
fn spf_rfc4408() {
    check(conformance::spf::run, "spf-rfc4408", Some("rfc4408-tests.yml"), 191, 0);
}

#[test]
fn dkim_mail_dkim() {
    check(conformance::dkim::run, "dkim-mail-dkim", None, 14, 26);
}

#[test]
fn arc_valimail_validation() {
    check(conformance::arc::run, "arc-valimail", Some("arc-draft-validation-tests.json"), 87, 0);
}

#[test]
fn arc_valimail_sealing() {
    check(conformance::arc::run, "arc-valimail", Some("arc-draft-sign-tests.json"), 9, 0);
}

#[test]
fn dmarc_rfc9989() {
    check(conformance::dmarc::run, "dmarc-rfc9989", Some("rfc9989-compliance.json"), 28, 0);
}

#[test]
fn auth_results_authres() {
    check(conformance::auth_results::run, "auth-results-authres", Some("parse-cases.json"), 12, 0);
}

/// Runs the program over files with these texts.
fn program(suite: &str, texts: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let paths = texts.iter().enumerate().map(|(number, text)| {
        let path = folder.path().join(number.to_string());
        fs::write(&path, text).unwrap();
        path
    });
    let paths: Vec<PathBuf> = paths.collect();
    Command::new(env!("CARGO_BIN_EXE_conformance")).arg(suite).args(paths).output().unwrap()
}

fn text(octets: &[u8]) -> &str {
    str::from_utf8(octets).unwrap()
}

const RIGHT: &str = r#"[{"input": "Authentication-Results: mx.example; spf=pass",
    "asserts": [{"expr": "str(field.results[0].result)", "prints": "'pass'"}]}]"#;
const WRONG: &str = r#"[{"input": "Authentication-Results: mx.example; spf=pass",
    "asserts": [{"expr": "str(field.results[0].result)", "prints": "'fail'"}]}]"#;

#[test]
fn all_pass() {
    let output = program("auth-results", &[RIGHT, RIGHT]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    assert_eq!(text(&output.stdout), "2 passed, 0 failed, 0 skipped\n");
}

#[test]
fn one_fails() {
    let output = program("auth-results", &[RIGHT, WRONG]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), ""));
    let lines: Vec<&str> = text(&output.stdout).lines().collect();
    let told = [
        "FAILED 0: mx.example; spf=pass",
        "  expected: str(field.results[0].result) is 'fail'",
        "  found:    pass",
        "1 passed, 1 failed, 0 skipped",
    ];
    assert_eq!(lines, told);
}

#[test]
fn a_suite_that_cannot_be_run() {
    for suite in ["spf", "dkim", "arc", "dmarc", "auth-results"] {
        let missing = Command::new(env!("CARGO_BIN_EXE_conformance")).args([suite, "no/such/file"]).output().unwrap();
        assert_eq!((missing.status.code(), text(&missing.stdout)), (Some(2), ""), "{suite}");
        let error = text(&missing.stderr);
        assert!(error.starts_with("conformance: ") && error.contains("no/such/file"), "{error}");
    }
    let output = program("arc", &["{}"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("does not have the form of this suite"), "{output:?}");
}

/// A test of another form fails, and the others are run.
#[test]
fn arc_tests_that_are_not_understood() {
    let file = r#"[
        {"description": "no tests"},
        {"description": "some", "txt-records": {"": "", "s._domainkey.example.net": 1}, "tests": {
            "a": {"message": "From: a@example.net\n\n", "cv": "None"},
            "b": {"message": "From: a@example.net\n\n", "cv": "Pass"},
            "c": {"message": "From: a@example.net\n\n", "cv": "Perhaps"},
            "d": {"message": "From: a@example.net\n\n", "AAR": ""},
            "e": {"message": "From: a@example.net\n\n", "AAR": "", "AMS": "", "AS": "", "t": "soon"},
            "f": {"message": "From: a@example.net\n\n", "AAR": "", "AMS": "", "AS": "", "t": 1,
                "srv-id": "mx.example", "sig-headers": "from"},
            "g": {"cv": "None"},
            "h": 1}},
        []]"#;
    let output = program("arc", &[file]);
    let told = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(told.lines().last(), Some("1 passed, 9 failed, 0 skipped"), "{told}");
    assert!(told.contains("FAILED some: b\n  expected: arc=pass\n  found:    arc=none\n"), "{told}");
    assert!(told.contains("\n  found:    a test with the unknown `cv` \"Perhaps\"\n"), "{told}");
    assert!(told.contains("\n  found:    a test with neither `cv` nor `AMS`\n"), "{told}");
    assert!(told.contains("\n  found:    a test with the unreadable `t` \"soon\"\n"), "{told}");
}
