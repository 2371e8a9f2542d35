//! Signs a message from standard input with a new Ed25519 key, and writes it with its signature; the record to publish goes to standard error.
//!
//! Try it: `printf 'From: a@example.net\n\nHello\n' | cargo run -p embed --bin dkim_sign -- example.net 2026 > signed.eml`

extern crate alloc;

use alloc::sync::Arc;
use core::error::Error;
use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    time::{SystemTime, UNIX_EPOCH},
};

use dkim::{Limits, SignStep, Signer, Signing, SigningKey};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let domain = arguments.next().unwrap_or_else(|| "example.net".to_owned());
    let selector = arguments.next().unwrap_or_else(|| "2026".to_owned());

    // A server reads its key from a file: SigningKey::from_pem.
    let mut seed = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut seed)?;
    let key = SigningKey::from_seed(&seed)?;
    let record = key.record();
    let signing = Signing::new(&domain, &selector, key)?;
    writeln!(io::stderr(), "{}. IN TXT {}", signing.key_name(), record.strings())?;

    // What is signed has the line ends of the wire.
    let mut text = String::new();
    io::stdin().read_to_string(&mut text)?;
    let message = text.replace("\r\n", "\n").replace('\n', "\r\n");

    let unix_time = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs().try_into()?;
    let mut signer = Signer::new([Arc::new(signing)], Limits::default(), unix_time);
    // In pieces, as it would come from a queue's file.
    message.as_bytes().chunks(4_096).for_each(|piece| signer.receive(piece));
    signer.end();
    match signer.step() {
        SignStep::Done(fields) => {
            let mut out = io::stdout().lock();
            out.write_all(fields?)?;
            out.write_all(message.as_bytes())?;
            Ok(())
        }
        // Only keys that are elsewhere are asked.
        SignStep::Sign(_) | SignStep::Wait => Err("the key is here".into()),
    }
}
