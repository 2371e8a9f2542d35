//! Logs a client in to a server by SCRAM-SHA-256, both in this program, and shows what goes over the wire.
//!
//! Try it: `cargo run -p embed --bin sasl_login -- user pencil`

use core::error::Error;
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
};

use sasl::{
    Answer, Client, Config, DEFAULT_ITERATIONS, Decoys, Limits, Mechanism, Password, Question, Server, Step, StoredKeys,
};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "user".to_owned());
    let password = Password::from(arguments.next().unwrap_or_else(|| "pencil".to_owned()));

    // What a server keeps: keys for `user`, whose password is `pencil`, and one secret for all users that do not exist.
    let stored = StoredKeys::derive(&Password::from("pencil"), random()?, DEFAULT_ITERATIONS)?;
    let decoys = Decoys::new(random()?, DEFAULT_ITERATIONS);

    let mut server = Server::new(Mechanism::ScramSha256, Config::new(random()?, decoys), Limits::default());
    let mut client = Client::scram_sha_256("", &name, password, random()?, Limits::default())?;
    let mut out = io::stdout();

    let initial = client.initial().unwrap_or_default();
    writeln!(out, "C: {}", initial.escape_ascii())?;
    server.receive(initial)?;
    let verdict = loop {
        match server.step() {
            Step::Challenge(challenge) => {
                writeln!(out, "S: {}", challenge.escape_ascii())?;
                let response = client.receive(challenge)?;
                writeln!(out, "C: {}", response.escape_ascii())?;
                server.receive(response)?;
            }
            Step::Ask(Question::StoredKeys { authcid, .. }) => {
                let keys = (authcid == "user").then(|| stored.clone());
                server.answer(Answer::Keys(keys))?;
            }
            // Nobody acts for another here; the other questions belong to other mechanisms.
            Step::Ask(Question::Authorize { .. }) => server.answer(Answer::Authorized(false))?,
            Step::Ask(_) => server.answer(Answer::Unavailable)?,
            Step::Wait => return Err("the exchange waits for nobody".into()),
            Step::Done(verdict) => break verdict.cloned(),
        }
    };
    let identity = verdict?;
    client.finish()?;
    writeln!(out, "logged in: {}", identity.authzid())?;
    Ok(())
}

/// Randomness from the system.
fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes)
}
