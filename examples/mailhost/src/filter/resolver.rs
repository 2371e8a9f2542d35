//! Where answers come from.

use std::sync::Arc;

use dns::{Kind, Name, Response, Zone};

/// The DNS, or a zone in memory.
#[derive(Clone, Debug)]
pub(crate) enum Resolver {
    /// Names and records in a file, for `mailhost explain`.
    Zone(Arc<Zone>),
}

impl Resolver {
    /// The answer to a question, in bounded time.
    pub(crate) async fn lookup(&self, name: Name, kind: Kind) -> Response {
        match self {
            Self::Zone(zone) => zone.lookup(&name, kind),
        }
    }
}

impl Resolver {
    /// What the configuration says.
    pub(crate) fn of(_config: &crate::config::Config) -> Result<Self, crate::host::Error> {
        Ok(Self::Zone(Arc::new(Zone::new())))
    }
}
