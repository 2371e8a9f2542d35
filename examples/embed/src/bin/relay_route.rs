//! The way to a domain's mail, and what the sender is told if there is none: `cargo run -p embed --bin relay_route`.
//!
//! The DNS is a zone in memory here; a resolver's answers go in the same way, by `dns::drive::concurrent` all at once.

use core::{error::Error, time::Duration};
use std::io::{Write as _, stdout};

use dns::{Mx, RecordSet, Zone};
use relay::{Action, Destination, Limits, Outcome, Recipient, Report, Route, Settings};
use smtp_proto::path::{Mailbox, ReversePath};

fn main() -> Result<(), Box<dyn Error>> {
    let mut zone = Zone::new();
    let mx = |preference, host: &str| Ok::<_, dns::NameError>(Mx { preference, exchange: host.parse()? });
    zone.add("example.org".parse()?, RecordSet::Mx(vec![mx(20, "b.example.org")?, mx(10, "a.example.org")?]));
    zone.add("a.example.org".parse()?, RecordSet::A(vec!["192.0.2.1".parse()?]));
    zone.add("b.example.org".parse()?, RecordSet::Aaaa(vec!["2001:db8::2".parse()?]));
    zone.add("nomail.example".parse()?, RecordSet::Mx(vec![mx(0, ".")?]));

    for address in ["ben@example.org", "cid@nomail.example"] {
        let recipient = Mailbox::parse(address, false)?;
        let destination = Destination::try_from(recipient.domain())?;
        let route = Route::new(destination, Settings::default(), Limits::default(), [7; 16], Duration::ZERO);
        match dns::drive::blocking(route, |name, kind| zone.lookup(name, kind)) {
            Ok(plan) => writeln!(stdout(), "{address}: {plan}")?,
            Err(reason) => {
                writeln!(stdout(), "{address}: {reason}\n")?;
                let sender = ReversePath::parse("<ann@example.net>", false)?;
                let mut report = Report::new("mx.example.net", &sender, b"Subject: Lunch?\r\n\r\nAt one.\r\n", 0);
                report.recipients.push(Recipient {
                    address: recipient,
                    original: None,
                    notify: None,
                    action: Action::Failed,
                    outcome: Outcome::no_route(&reason),
                    host: None,
                    last_attempt: Some(0),
                });
                if let Some(written) = report.build(0, [7; 32], &Limits::default())? {
                    stdout().write_all(&written.message)?;
                }
            }
        }
    }
    Ok(())
}
