//! Suites that others wrote, where they are installed.

use std::{env, path::PathBuf};

/// The folder of a suite; `None`, said on one line, if there is none on this machine.
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
