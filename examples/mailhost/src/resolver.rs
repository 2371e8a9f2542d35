//! The DNS, as inquiries ask it.

use std::io;
use std::sync::Arc;

use dns::{Kind, Name, Response, Zone};
use embed::resolver::{Config as Servers, Resolver as Stub};

use crate::config;

/// Where answers come from. Copies share what they know.
#[derive(Clone, Debug)]
pub(crate) enum Resolver {
    /// Servers that find the answers.
    Servers(Stub),
    /// Names and records in a file, for `mailhost explain`.
    Zone(Arc<Zone>),
}

impl Resolver {
    /// One that asks the servers that are configured, or the system's where there are none.
    ///
    /// # Errors
    /// The system's settings cannot be read.
    pub(crate) fn new(config: &config::Dns) -> io::Result<Self> {
        let servers = if config.servers.is_empty() { Servers::system()? } else { Servers::new(config.servers.clone()) };
        Ok(Self::Servers(Stub::new(servers)))
    }

    /// The answer to a question. It always comes, in bounded time.
    pub(crate) async fn lookup(&self, name: Name, kind: Kind) -> Response {
        match self {
            Self::Servers(resolver) => resolver.lookup(name, kind).await,
            Self::Zone(zone) => zone.lookup(&name, kind),
        }
    }
}
