//! A receiver's question to a chain: reads a message from standard input, validates its ARC chain with the keys of a zone file, and says whether one of those who are
//! trusted vouches for the author.
//!
//! Try it: `cargo run -p embed --bin arc_verify keys.zone lists.example.org < letter.eml`

use core::time::Duration;
use std::{
    env, fs,
    io::{self, Read, Write as _},
    time::{Instant, SystemTime},
};

use arc::{Limits, Validator};
use dns::{Inquiry as _, Name, Step, Zone};

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let zone = arguments.next().map(fs::read_to_string).transpose()?.unwrap_or_default();
    let zone = Zone::parse(&zone).map_err(io::Error::other)?; // a server asks the DNS instead
    let trusted: Vec<Name> = arguments.filter_map(|name| name.parse().ok()).collect();

    let start = Instant::now();
    let calendar = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let unix_time = i64::try_from(calendar.as_secs()).unwrap_or_default();
    let mut validator = Validator::new(Limits::default(), Duration::ZERO, unix_time);
    let mut input = io::stdin().lock();
    let mut piece = [0; 4096];
    let verdict = loop {
        // lines from a file get the ends that they have on the wire
        match input.read(&mut piece)? {
            0 => validator.end(),
            len => piece.iter().take(len).for_each(|octet| match octet {
                b'\r' => {}
                b'\n' => validator.receive(b"\r\n"),
                octet => validator.receive(&[*octet]),
            }),
        }
        validator.tick(start.elapsed());
        // questions are there as soon as the header is
        while let Step::Ask(question) = validator.step() {
            let (id, response) = (question.id, zone.lookup(question.name, question.kind));
            validator.answer(id, response.as_answer());
        }
        if let Step::Done(verdict) = validator.step() {
            break verdict;
        }
    };

    let mut out = io::stdout().lock();
    writeln!(out, "{verdict}")?;
    for set in verdict.sets() {
        writeln!(out, "  {}: {}", set.instance, set.seal.domain())?;
        for result in set.results().iter().flat_map(|results| &results.results) {
            writeln!(out, "     {result}")?;
        }
    }
    match verdict.vouches_dmarc(&trusted) {
        true => writeln!(out, "The author was the author when the message came to someone who is trusted."),
        false => writeln!(out, "Nobody who is trusted vouches for the author."),
    }
}
