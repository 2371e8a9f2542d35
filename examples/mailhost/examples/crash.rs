//! Kills the server as often as you like, under load, and looks each time whether every accepted message is there.
//!
//! `cargo run --release -p mailhost --example crash -- 1000`

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test by hand")]

#[path = "../tests/support/mod.rs"]
mod support;

use std::process::ExitCode;

use support::{Server, crash};

fn main() -> ExitCode {
    // The server that is killed is this program, started once more.
    let mut arguments = std::env::args().skip(1);
    let first = arguments.next();
    let kills = match first.as_deref().map(str::parse::<u64>) {
        Some(Ok(kills)) => kills,
        None => 20,
        Some(Err(_)) => return mailhost::main(),
    };
    let mut server = Server::start(std::env::current_exe().unwrap(), "");
    let seen = crash::kill(&mut server, kills, |seen| {
        if seen.kills % 10 == 0 {
            println!("{} kills, {} messages accepted and found", seen.kills, seen.accepted);
        }
    });
    println!("{seen:?}: nothing was lost, nothing was half there, nothing came back");
    ExitCode::SUCCESS
}
