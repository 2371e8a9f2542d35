//! Verifies the signatures of a message from standard input, with key records given as arguments, and prints the verdict.
//!
//! Try it, with what `dkim_sign` has printed:
//! `cargo run -p embed --bin dkim_verify -- '2026._domainkey.example.net=v=DKIM1; k=ed25519; p=…' < signed.eml`

use core::error::Error;
use std::{
    io::{self, Read as _, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use dkim::{Limits, Policy, Verifier};
use dns::{Inquiry as _, RecordSet, Step, Zone};

fn main() -> Result<(), Box<dyn Error>> {
    // The DNS of this example: NAME=TEXT.
    let mut zone = Zone::new();
    for argument in std::env::args().skip(1) {
        let (name, text) = argument.split_once('=').ok_or("a key is NAME=TEXT")?;
        zone.add(name.parse()?, RecordSet::Txt(vec![text.into()]));
    }

    // One clock for waiting, one for the calendar.
    let start = std::time::Instant::now();
    let unix_time = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?;
    let mut verifier = Verifier::new(Policy::default(), Limits::default(), start.elapsed(), unix_time);

    let mut buffer = vec![0; 65_536];
    let mut input = io::stdin().lock();
    loop {
        let count = input.read(&mut buffer)?;
        if count == 0 {
            break;
        }
        verifier.receive(buffer.get(..count).unwrap_or_default());
        // Keys are asked for as soon as the header is there. A server would start its lookups here, and go on reading.
        while let Step::Ask(question) = verifier.step() {
            let (id, response) = (question.id, zone.lookup(question.name, question.kind));
            verifier.answer(id, response.as_answer());
        }
    }
    verifier.end();
    // A message without an empty line has its header only now.
    let verdict = dns::drive::blocking(verifier, |name, kind| zone.lookup(name, kind));

    writeln!(io::stdout(), "{verdict}")?;
    Ok(())
}
