//! The log: standard error, one line an event.

use std::env;
use std::io;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config;

/// The variable that goes before the configured filter.
const VARIABLE: &str = "MAILHOST_LOG";

/// Begins to log.
///
/// # Errors
/// The filter cannot be read.
pub(crate) fn start(config: &config::Log) -> Result<(), String> {
    let filter = env::var(VARIABLE).unwrap_or_else(|_| config.filter.clone());
    let filter = EnvFilter::try_new(&filter).map_err(|error| format!("`log.filter` is `{filter}`, which cannot be read: {error}"))?;
    let builder = fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    if config.json { builder.json().init() } else { builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init() }
    Ok(())
}
