//! Where answers come from.

use std::sync::Arc;

use dns::{Kind, Name, Response, Zone};

/// The DNS, or a zone in memory.
#[derive(Clone, Debug)]
pub(crate) enum Resolver {
    /// Servers.
    Servers(embed::resolver::Resolver),
    /// Names and records in a file, for `mailhost explain`.
    Zone(Arc<Zone>),
}

impl Resolver {
    /// The answer to a question, in bounded time.
    pub(crate) async fn lookup(&self, name: Name, kind: Kind) -> Response {
        match self {
            Self::Servers(resolver) => resolver.lookup(name, kind).await,
            Self::Zone(zone) => zone.lookup(&name, kind),
        }
    }
}
