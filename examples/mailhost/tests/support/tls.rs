//! TLS as a client that trusts the server's own certificate.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Server;

pub fn config(server: &Server) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let pem = server.folder.path().join("data/self-signed.pem");
    roots.add(CertificateDer::from_pem_file(pem).unwrap()).unwrap();
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth()
}

/// Connects to a port where TLS begins at once.
pub fn connect(server: &Server, port: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let stream = TcpStream::connect(server.port(port)).unwrap();
    stream.set_nodelay(true).unwrap();
    begin(stream, config(server), &server.hostname)
}

/// Begins TLS on a connection.
pub fn over(stream: TcpStream, config: ClientConfig) -> StreamOwned<ClientConnection, TcpStream> {
    begin(stream, config, "mx.mail.test")
}

fn begin(stream: TcpStream, config: ClientConfig, name: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), stream)
}
