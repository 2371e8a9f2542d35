//! `mailhost check`: what can be wrong, found before it is met. It looks, and makes nothing.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::config::Config;
use crate::host::Aliases;
use crate::listen::Listeners;
use crate::signing::Signers;
use crate::store::{Purpose, Store as _};
use crate::tls::Tls;
use crate::{Failure, log, open_store, status, web};

/// Writes a line for each thing that is wrong; the exit code says whether there was one.
///
/// # Errors
/// What keeps it from looking.
pub(crate) async fn run(config: &Config) -> Result<ExitCode, Failure> {
    let mut wrong = Vec::new();
    wrong.extend(log::filter(&config.log).err());
    wrong.extend(Tls::check(config).err().map(|error| error.to_string()));
    wrong.extend(Signers::open(&config.data).err().map(|error| error.to_string()));
    // A server that runs has these ports; that it runs shows that they were free.
    if status::ask(&config.data).is_none() {
        wrong.extend(Listeners::bind(&config.listen).await.err().map(|error| error.to_string()));
        wrong.extend(web::bind(&config.listen.http).await.err().map(|error| error.to_string()));
    }
    let mut accounts = Vec::new();
    if config.store_folder().exists() {
        let store = open_store(config, Purpose::Command)?;
        wrong.extend(store.check().await?);
        accounts = store.accounts().await?;
    }
    let users: HashSet<&str> = accounts.iter().map(|account| account.address.as_str()).collect();
    match Aliases::read(&config.aliases, &config.domains) {
        Ok(aliases) => wrong.extend(aliases.faults(&users)),
        Err(error) => wrong.push(error.to_string()),
    }
    let mut out = io::stdout().lock();
    for line in &wrong {
        writeln!(out, "wrong: {line}")?;
    }
    if wrong.is_empty() {
        writeln!(
            out,
            "configuration, certificate, keys, ports, aliases and store are in order ({} users)",
            users.len()
        )?;
        Ok(ExitCode::SUCCESS)
    } else {
        Ok(ExitCode::FAILURE)
    }
}
