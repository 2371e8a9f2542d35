#![allow(
    unreachable_pub,
    missing_docs,
    dead_code,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "what the tests over suites share"
)]

pub mod mail_dkim;

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Duration,
};

use dkim::{Limits, Policy, Verdict, Verifier};
use dns::{RecordSet, Zone};

/// Long after all signatures of the suites were made.
pub const NOW: i64 = 1_790_000_000;

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

/// A file with the line ends of the wire.
pub fn message(path: &Path) -> Vec<u8> {
    mail_dkim::with_line_ends(&fs::read(path).unwrap())
}

pub fn text(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
}

/// What all signatures of a message come to, with the message in pieces of some size.
pub fn verdict_in(message: &[u8], zone: &Zone, policy: Policy, now: i64, size: usize) -> Verdict {
    let mut verifier = Verifier::new(policy, Limits::default(), Duration::ZERO, now);
    message.chunks(size.max(1)).for_each(|piece| verifier.receive(piece));
    verifier.end();
    dns::drive::blocking(verifier, |name, kind| zone.lookup(name, kind))
}

/// The same for a whole message.
pub fn verdict(message: &[u8], zone: &Zone, policy: Policy) -> Verdict {
    verdict_in(message, zone, policy, NOW, usize::MAX)
}

/// A zone with these texts.
pub fn zone<N: AsRef<str>, T: AsRef<str>>(texts: impl IntoIterator<Item = (N, T)>) -> Zone {
    let mut zone = Zone::new();
    for (name, text) in texts {
        zone.add(name.as_ref().parse().unwrap(), RecordSet::Txt(vec![text.as_ref().into()]));
    }
    zone
}
