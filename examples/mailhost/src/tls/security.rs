//! What TLS gives a session: facts for its trace, what SASL can be bound to, and whom a certificate is of.

use ring::digest;
use rustls::{ProtocolVersion, ServerConnection};
use rustls_pki_types::CertificateDer;
use sasl::{BindingType, ChannelBinding, Mechanism};
use wire::{TlsFacts, TlsVersion};
use x509_parser::oid_registry as oid;
use x509_parser::prelude::{FromDer as _, GeneralName, X509Certificate};

/// What is known of a connection once its handshake is done.
#[derive(Debug)]
pub(crate) struct Security {
    /// For the session.
    pub(crate) facts: TlsFacts,
    /// For SASL.
    pub(crate) channel: Channel,
}

/// What SASL can build on. Nothing, where there is no TLS.
#[derive(Debug, Clone, Default)]
pub(crate) struct Channel {
    /// What an exchange can be bound to.
    pub(crate) bindings: Vec<ChannelBinding>,
    /// The user whose certificate the client has shown.
    pub(crate) user: Option<String>,
}

impl Channel {
    /// The mechanisms that only this connection can offer, best first.
    fn mechanisms(&self) -> impl Iterator<Item = Mechanism> {
        let external = self.user.is_some().then_some(Mechanism::External);
        let bound = (!self.bindings.is_empty()).then_some(Mechanism::ScramSha256Plus);
        external.into_iter().chain(bound)
    }

    /// Whether this connection offers a mechanism that others may not.
    pub(crate) fn offers(&self, mechanism: Mechanism) -> bool {
        self.mechanisms().any(|offered| offered == mechanism)
    }
}

impl Security {
    /// Looks at a connection. `end_point` is the binding to the certificate that we have shown; `local` says which addresses can be users'.
    pub(super) fn of(
        connection: &ServerConnection,
        end_point: Option<ChannelBinding>,
        local: impl Fn(&str) -> bool,
    ) -> Self {
        let version = match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => TlsVersion::Tls13,
            _ => TlsVersion::Tls12,
        };
        let suite = connection.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or_default();
        // The library writes TLS13_AES_256_GCM_SHA384 where the registry has TLS_AES_256_GCM_SHA384.
        let mut facts = TlsFacts::new(version, suite.replacen("TLS13_", "TLS_", 1));
        facts.server_name = connection.server_name().map(Into::into);
        // The library has verified it by now: there are no others.
        let certificate = connection.peer_certificates().and_then(<[_]>::first);
        facts.peer_verified = certificate.is_some();
        // RFC 9266, 3: in TLS 1.2 the exporter is unique only with the extended master secret, of which the library does not tell.
        let exporter = if version == TlsVersion::Tls13 { exporter(connection) } else { None };
        let channel = Channel {
            bindings: exporter.into_iter().chain(end_point).collect(),
            user: certificate.and_then(|certificate| user(certificate, local)),
        };
        facts.mechanisms = channel.mechanisms().map(|mechanism| mechanism.name().to_owned()).collect();
        Self { facts, channel }
    }
}

/// `tls-exporter` (RFC 9266, 2).
fn exporter(connection: &ServerConnection) -> Option<ChannelBinding> {
    let exported = connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(&[])).ok()?;
    Some(ChannelBinding::new(BindingType::TlsExporter, exported))
}

/// `tls-server-end-point` (RFC 5929, 4.1): the hash of our certificate, by that of its signature, but by none weaker than SHA-256. `None` where
/// the signature has no such hash.
pub(super) fn end_point(certificate: &CertificateDer<'_>) -> Option<ChannelBinding> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let signature = &parsed.signature_algorithm.algorithm;
    let hashes = [
        (&digest::SHA256, &oid::OID_PKCS1_SHA1WITHRSA),
        (&digest::SHA256, &oid::OID_PKCS1_SHA256WITHRSA),
        (&digest::SHA256, &oid::OID_SIG_ECDSA_WITH_SHA256),
        (&digest::SHA384, &oid::OID_PKCS1_SHA384WITHRSA),
        (&digest::SHA384, &oid::OID_SIG_ECDSA_WITH_SHA384),
        (&digest::SHA512, &oid::OID_PKCS1_SHA512WITHRSA),
        (&digest::SHA512, &oid::OID_SIG_ECDSA_WITH_SHA512),
    ];
    let (hash, _) = hashes.into_iter().find(|(_, known)| *known == signature)?;
    Some(ChannelBinding::new(BindingType::TlsServerEndPoint, digest::digest(hash, certificate).as_ref()))
}

/// The first of the addresses in a certificate (RFC 5280, 4.2.1.6: `rfc822Name`) that can be a user's here.
fn user(certificate: &CertificateDer<'_>, local: impl Fn(&str) -> bool) -> Option<String> {
    let (_, parsed) = X509Certificate::from_der(certificate).ok()?;
    let names = parsed.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::RFC822Name(address) if local(address) => Some((*address).to_owned()),
        _ => None,
    })
}
