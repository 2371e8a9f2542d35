//! A mail server on the Mailwright crates. `mailhost --help` says what it does; the README says how to set it up.
//!
//! It is a program. That there is a library at all is so that tests can start it as a process of their own and kill it.

#![allow(clippy::std_instead_of_alloc, reason = "a program has std; what it shares with crates without it is `core`")]

mod auth;
mod check;
mod cli;
mod clock;
mod config;
mod demo;
mod explain;
mod filter;
mod host;
mod intake;
mod limiter;
mod link;
mod listen;
mod log;
mod metrics;
mod outbound;
mod outgoing;
mod pop3;
mod proxy;
mod queue;
mod random;
mod resolver;
mod serve;
mod signing;
mod smtp;
mod status;
mod store;
mod tls;
mod user;
mod web;

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command, QueueCommand};
use crate::config::Config;
use crate::status::Status;
use crate::store::{Purpose, SqliteStore, Store as _};

/// Why a command came to nothing; what it says is for the person who typed it.
type Failure = Box<dyn core::error::Error>;

/// Does what the command line says.
pub fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(failure) => {
            let mut text = failure.to_string();
            let mut source = failure.source();
            while let Some(error) = source {
                let more = error.to_string();
                if !text.contains(&more) {
                    text = format!("{text}: {more}");
                }
                source = error.source();
            }
            let _ = writeln!(io::stderr(), "mailhost: {text}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let demo = cli.config.is_none();
    let config = cli.config.map_or_else(|| Ok(Config::default()), |path| Config::read(&path))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => {
            log::start(&config.log)?;
            runtime.block_on(serve::serve(config, demo))?;
        }
        Command::User { command } => runtime.block_on(user::run(&config, command))?,
        Command::Queue { command: QueueCommand::List } => {
            let mut text = String::new();
            if config.store_folder().exists() {
                let store = open_store(&config, Purpose::Command)?;
                text = queue::text(&runtime.block_on(store.queue(queue::LINES_MAX))?);
            }
            io::stdout().write_all(text.as_bytes())?;
        }
        Command::Status { json } => {
            let status = match status::ask(&config.data) {
                Some(status) => status,
                None if config.store_folder().exists() => {
                    runtime.block_on(status::of_store(&open_store(&config, Purpose::Command)?))?
                }
                None => Status::default(),
            };
            let text = if json { format!("{}\n", serde_json::to_string(&status)?) } else { status.text() };
            io::stdout().write_all(text.as_bytes())?;
        }
        Command::Dkim { command } => signing::run(&config, command)?,
        Command::DnsRecords { domain } => signing::dns_records(&config, &domain)?,
        Command::Explain(explain) => runtime.block_on(explain::run(&config, &explain))?,
        Command::Check => return runtime.block_on(check::run(&config)),
    }
    Ok(ExitCode::SUCCESS)
}

/// Opens the store.
///
/// # Errors
/// The store's, with the folder that it is about.
fn open_store(config: &Config, purpose: Purpose) -> Result<SqliteStore, Failure> {
    let folder = config.store_folder();
    SqliteStore::open(&folder, purpose).map_err(|source| StoreUnusable { folder, source }.into())
}

/// The store cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot open the store in {}", folder.display())]
struct StoreUnusable {
    folder: PathBuf,
    source: store::Error,
}
