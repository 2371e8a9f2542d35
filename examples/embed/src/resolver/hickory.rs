//! For who has a [hickory-resolver](hickory_resolver) already.
//!
//! It does not ask servers whether DNSSEC vouches for an answer, and does not tell: what comes from here is authenticated never, and DANE cannot be done with it. It
//! also knows by itself what `localhost` is. [`super::Resolver`] has neither of these properties.

use core::net::SocketAddr;

use dns::{Absence, Kind, Limits, Name, Response, wire};
use hickory_proto::{
    op::{MessageType, ResponseCode},
    rr::{self, RecordType},
    serialize::binary::BinEncodable as _,
};
use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig},
    lookup::Lookup,
    net::{DnsError, NetError, runtime::TokioRuntimeProvider},
};

/// A hickory-resolver that asks one server.
///
/// # Errors
/// The resolver's.
pub fn resolver(server: SocketAddr) -> Result<TokioResolver, NetError> {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.into());
    let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
    let mut builder = TokioResolver::builder_with_config(config, TokioRuntimeProvider::default());
    // Mail asks the DNS, not this machine's files.
    builder.options_mut().use_hosts_file = ResolveHosts::Never;
    builder.build()
}

/// Asks it.
pub async fn lookup(resolver: &TokioResolver, name: Name, kind: Kind) -> Response {
    let Ok(asked) = rr::Name::from_labels(name.labels().map(str::as_bytes)) else { return Absence::Refused.into() };
    let asked = {
        // Without a dot at the end the search list would come into play.
        let mut asked = asked;
        asked.set_fqdn(true);
        asked
    };
    let record_type = match kind {
        Kind::A => RecordType::A,
        Kind::Aaaa => RecordType::AAAA,
        Kind::Mx => RecordType::MX,
        Kind::Txt => RecordType::TXT,
        Kind::Ptr => RecordType::PTR,
        Kind::Cname => RecordType::CNAME,
        Kind::Tlsa => RecordType::TLSA,
        Kind::Ns => RecordType::NS,
        Kind::Soa => RecordType::SOA,
        _ => return Absence::Refused.into(),
    };
    response(resolver.lookup(asked, record_type).await, &name, kind)
}

/// What it has found, as an answer: read as a message, so that all that holds for messages holds for it.
pub fn response(found: Result<Lookup, NetError>, name: &Name, kind: Kind) -> Response {
    let lookup = match found {
        Ok(lookup) => lookup,
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => return absence(none.response_code).into(),
        Err(NetError::Dns(DnsError::ResponseCode(code))) => return absence(code).into(),
        Err(_) => return Absence::TryLater.into(),
    };
    let mut message = lookup.message().clone();
    message.metadata.message_type = MessageType::Response;
    message.metadata.truncation = false;
    let id = message.metadata.id;
    let Ok(bytes) = message.to_bytes() else { return Absence::TryLater.into() };
    match wire::decode(id, name, kind, &bytes, &Limits::default()) {
        Ok(reply) => reply.response,
        Err(_) => Absence::TryLater.into(),
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
