//! Says whether a client may send for a domain, from the records on standard input, with the loop that blocks.
//!
//! Try it: `printf 'example.org TXT v=spf1 mx -all\nexample.org MX mx.example.org\nmx.example.org A 192.0.2.1\n' |
//! cargo run -p embed --bin spf_check 192.0.2.1 jane@example.org mail.example.org`

use core::{error::Error, time::Duration};
use std::{
    env,
    io::{self, Write as _},
};

use dns::{Mx, RecordSet, Zone, drive};
use spf::{CheckHost, Config, Limits, Survey};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(client), Some(sender), Some(helo)) = (args.next(), args.next(), args.next()) else {
        return Err("say who it is: the client's address, the sender's, and the HELO name".into());
    };
    let mut zone = Zone::new();
    for line in io::stdin().lines() {
        let line = line?;
        let mut words = line.splitn(3, ' ');
        let (Some(owner), Some(kind), Some(data)) = (words.next(), words.next(), words.next()) else { continue };
        let records = match kind {
            "TXT" => RecordSet::Txt(vec![data.into()]),
            "A" => RecordSet::A(vec![data.parse()?]),
            "AAAA" => RecordSet::Aaaa(vec![data.parse()?]),
            "MX" => RecordSet::Mx(vec![Mx { preference: 10, exchange: data.parse()? }]),
            "PTR" => RecordSet::Ptr(vec![data.parse()?]),
            _ => return Err(format!("{kind} is not for SPF").into()),
        };
        zone.add(owner.parse()?, records);
    }

    let mut out = io::stdout().lock();
    let mut config = Config::new("mx.example.com");
    config.explain = true;
    // With a resolver in place of the zone: it bounds its own time.
    let mut check = CheckHost::mail_from(client.parse()?, &helo, &sender, &config, Limits::default(), Duration::ZERO);
    drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
    writeln!(out, "{}", check.trace())?;
    if let Some(explanation) = check.explanation() {
        writeln!(out, "The domain says: {explanation}")?;
    }
    if let Some(field) = check.received_spf() {
        write!(out, "{field}")?;
    }
    if let Some(domain) = check.domain() {
        let mut survey = Survey::new(*domain, Limits::default(), Duration::ZERO);
        drive::blocking_mut(&mut survey, |name, kind| zone.lookup(name, kind));
        survey.findings().iter().try_for_each(|finding| writeln!(out, "To mend: {finding}"))?;
    }
    Ok(())
}
