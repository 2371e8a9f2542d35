//! Tells what DMARC comes to for a message, with records from the command line in place of a DNS.
//!
//! Try it: `cargo run -p embed --bin dmarc_check -- news.example.org spf=bounce.example.org dkim=example.net
//! '_dmarc.example.org=v=DMARC1; p=reject; sp=quarantine'`

use core::{error::Error, time::Duration};
use std::io::{self, Write as _};

use dmarc::{Authors, Check, Config, Dkim, Identity, Limits, Outcome, Record, Spf, Use};
use dns::{RecordSet, Zone, drive};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut authors = Authors::new();
    authors.push(&arguments.next().unwrap_or_else(|| "example.org".to_owned()));

    let mut out = io::stdout();
    let mut check = Check::new(&authors, Config::default(), Limits::default(), Duration::ZERO);
    let mut zone = Zone::new();
    for argument in arguments {
        let (what, value) = argument.split_once('=').ok_or("spf=DOMAIN, dkim=DOMAIN or NAME=RECORD")?;
        match what {
            "spf" => {
                check.spf(&Spf { outcome: Outcome::Pass, domain: value.parse()?, identity: Identity::MailFrom });
            }
            "dkim" => check.dkim(&Dkim { outcome: Outcome::Pass, domain: value.parse()?, partial: false }),
            name => {
                if let Ok(record) = Record::parse(value.as_bytes()) {
                    for finding in record.lint(&Use::default()) {
                        writeln!(out, "{name}: {finding}")?;
                    }
                }
                zone.add(name.parse()?, RecordSet::Txt(vec![value.into()]));
            }
        }
    }
    check.complete();

    let mut questions = Vec::new();
    let verdict = drive::blocking(check, |name, kind| {
        questions.push(format!("{name} {kind}"));
        zone.lookup(name, kind)
    });
    for question in questions {
        writeln!(out, "asked: {question}")?;
    }
    writeln!(out, "{verdict}")?;
    Ok(())
}
