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
    let builder = fmt().with_env_filter(filter(config)?).with_writer(io::stderr).with_target(false);
    if config.json {
        builder.json().init();
    } else {
        builder.with_ansi(io::IsTerminal::is_terminal(&io::stderr())).init();
    }
    Ok(())
}

/// Which events are written.
///
/// # Errors
/// The filter cannot be read.
pub(crate) fn filter(config: &config::Log) -> Result<EnvFilter, String> {
    let (source, filter) = match env::var(VARIABLE) {
        Ok(filter) => (VARIABLE, filter),
        Err(_) => ("log.filter", config.filter.clone()),
    };
    EnvFilter::try_new(&filter).map_err(|error| format!("`{source}` is `{filter}`, which cannot be read: {error}"))
}
