#![allow(
    unreachable_pub,
    missing_docs,
    dead_code,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "what the tests share"
)]

use core::time::Duration;
use std::{env, fs, path::PathBuf};

use dmarc::{Authors, Check, Config, Dkim, Identity, Limits, Outcome, Spf, Verdict};
use dns::{Answer, Inquiry, Kind, Name, QuestionId, RecordSet, Response, Step, Zone};

pub mod recorded;

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

/// The cases of a file of a suite.
pub fn cases(suite: &str, file: &str) -> Option<Vec<recorded::Case>> {
    let text = fs::read_to_string(self::suite(suite)?.join(file)).unwrap();
    Some(recorded::cases(&text).unwrap())
}

pub fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A zone with a policy record for each domain that is named; `_dmarc` is put in front.
pub fn zone(records: &[(&str, &str)]) -> Zone {
    let mut zone = Zone::new();
    for (domain, text) in records {
        zone.add(name(domain).prefixed("_dmarc").unwrap(), RecordSet::Txt(vec![(*text).into()]));
    }
    zone
}

pub fn begin(author: &str, config: Config) -> Check {
    Check::new(&Authors::from(name(author)), config, Limits::default(), Duration::ZERO)
}

pub fn spf(domain: &str) -> Spf {
    Spf { outcome: Outcome::Pass, domain: name(domain), identity: Identity::MailFrom }
}

pub fn dkim(domain: &str) -> Dkim {
    Dkim { outcome: Outcome::Pass, domain: name(domain), partial: false }
}

/// Runs a check that knows all its facts, and tells what it asked.
pub fn run(check: &mut Check, zone: &Zone) -> (Verdict, Vec<String>) {
    check.complete();
    finish(check, |name, kind| zone.lookup(name, kind))
}

pub fn finish(check: &mut Check, mut resolve: impl FnMut(&Name, Kind) -> Response) -> (Verdict, Vec<String>) {
    let mut asked = Vec::new();
    loop {
        let (id, response): (QuestionId, Response) = match check.step() {
            Step::Ask(question) => {
                asked.push(question.to_string());
                (question.id, resolve(question.name, question.kind))
            }
            Step::Wait => panic!("it waits for nothing"),
            Step::Done(verdict) => return (verdict, asked),
        };
        check.answer(id, response.as_answer());
        // a second answer is ignored
        check.answer(id, Answer::TryLater);
    }
}

/// The verdict on a message with what passed.
pub fn verdict(author: &str, spf_domain: Option<&str>, dkim_domains: &[&str], zone: &Zone) -> Verdict {
    let mut check = begin(author, Config::default());
    if let Some(domain) = spf_domain {
        check.spf(&spf(domain));
    }
    for domain in dkim_domains {
        check.dkim(&dkim(domain));
    }
    run(&mut check, zone).0
}
