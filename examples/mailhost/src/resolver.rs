//! The DNS, as inquiries ask it.

use core::net::SocketAddr;

use dns::{Absence, Kind, Mx, Name, RecordSet, Response};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{self, RData, RecordType};

/// Asks servers, and keeps what it has learnt. It does not tell what DNSSEC vouches for.
#[derive(Debug)]
pub(crate) struct Resolver(TokioResolver);

impl Resolver {
    /// One that asks these servers, or the system's where there are none.
    ///
    /// # Errors
    /// The system's settings cannot be read.
    pub(crate) fn new(servers: &[SocketAddr]) -> Result<Self, NetError> {
        let provider = TokioRuntimeProvider::default();
        let mut builder = if servers.is_empty() {
            TokioResolver::builder(provider)?
        } else {
            let servers = servers.iter().map(|server| {
                let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
                    connection.port = server.port();
                    connection
                });
                NameServerConfig::new(server.ip(), true, connections.into())
            });
            TokioResolver::builder_with_config(
                ResolverConfig::from_parts(None, Vec::new(), servers.collect()),
                provider,
            )
        };
        // Mail asks the DNS, not this machine's files.
        builder.options_mut().use_hosts_file = ResolveHosts::Never;
        builder.build().map(Self)
    }

    /// The answer to a question. It always comes: within the resolver's own times.
    pub(crate) async fn lookup(&self, name: Name, kind: Kind) -> Response {
        let Ok(mut asked) = rr::Name::from_labels(name.labels().map(str::as_bytes)) else {
            return Absence::Refused.into();
        };
        // Without a dot at the end the search list would come into play.
        asked.set_fqdn(true);
        let record_type = match kind {
            Kind::A => RecordType::A,
            Kind::Aaaa => RecordType::AAAA,
            Kind::Mx => RecordType::MX,
            _ => return Absence::Refused.into(),
        };
        let lookup = match self.0.lookup(asked, record_type).await {
            Ok(lookup) => lookup,
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => return absence(none.response_code).into(),
            Err(NetError::Dns(DnsError::ResponseCode(code))) => return absence(code).into(),
            Err(_) => return Absence::TryLater.into(),
        };
        let mut records = RecordSet::new(kind);
        let mut ttl = u32::MAX;
        for record in lookup.answers() {
            let found = match &record.data {
                RData::A(address) => RecordSet::A(vec![address.0]),
                RData::AAAA(address) => RecordSet::Aaaa(vec![address.0]),
                RData::MX(mx) => match Name::parse(&mx.exchange.to_ascii()) {
                    Ok(exchange) => RecordSet::Mx(vec![Mx { preference: mx.preference, exchange }]),
                    Err(_) => continue,
                },
                _ => continue,
            };
            ttl = ttl.min(record.ttl);
            records.append(found);
        }
        if records.as_records().is_empty() {
            return Absence::NoRecords.into();
        }
        Response::Records { records, ttl, authenticated: false }
    }
}

fn absence(code: ResponseCode) -> Absence {
    match code {
        ResponseCode::NoError => Absence::NoRecords,
        ResponseCode::NXDomain => Absence::NoSuchName,
        ResponseCode::Refused | ResponseCode::NotAuth | ResponseCode::NotImp => Absence::Refused,
        _ => Absence::TryLater,
    }
}
