#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    missing_debug_implementations,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "what the tests over suites share; each uses a part of it"
)]

pub mod openspf;

use std::{env, fs, path::PathBuf};

/// A file of a suite that others wrote; `None`, said on one line, if it is not on this machine.
pub fn suite(name: &str, file: &str) -> Option<String> {
    let root = env::var_os("MAILWRIGHT_CONFORMANCE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"), PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(fs::read_to_string(folder.join(file)).unwrap());
    }
    println!("skipped: no {name} suite here; MAILWRIGHT_CONFORMANCE names the folder that has it");
    None
}
