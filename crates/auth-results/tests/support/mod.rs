#![allow(
    unreachable_pub,
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "what the tests over suites share"
)]

use std::{
    env, fs,
    path::{Path, PathBuf},
};

/// The folder of a suite that others wrote; `None`, said on one line, if it is not on this machine.
pub fn suite(name: &str) -> Option<PathBuf> {
    let root = env::var_os("MAILWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no {name} suite here; MAILWRIGHT_CONFORMANCE names the folder that has it");
    None
}

/// A file of a suite, as text.
pub fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
