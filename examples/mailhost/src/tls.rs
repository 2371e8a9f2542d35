//! Certificates, and what each service does with them.

mod security;

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use rustls::crypto::ring::{default_provider, sign};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, ServerConnection};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sasl::ChannelBinding;

pub(crate) use security::{Channel, Security};

use crate::config;

/// Why there is no certificate to serve with.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file is not the PEM that it should be.
    #[error("{}: not PEM: {source}", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rustls_pki_types::pem::Error,
    },
    /// There is no certificate in the file.
    #[error("{}: no certificate in it", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// Certificate and key do not go together, or are of a kind that is not supported.
    #[error("certificate and key cannot be used: {0}")]
    Unusable(#[from] rustls::Error),
    /// The authorities for users' certificates are none.
    #[error("the certificates of `tls.client_ca` cannot be used: {0}")]
    Authorities(#[from] VerifierBuilderError),
    /// No certificate could be made.
    #[error("cannot make a self-signed certificate: {0}")]
    SelfSigned(#[from] rcgen::Error),
}

/// The certificate, exchanged while the server runs, and the configuration of each kind of service.
#[derive(Debug)]
pub(crate) struct Tls {
    files: Files,
    current: Arc<Current>,
    changed: std::sync::Mutex<[Option<SystemTime>; 2]>,
    /// For mail from other servers. It gives no session tickets: some big senders give up when one comes right behind the handshake (row T-8).
    pub(crate) relay: Arc<ServerConfig>,
    /// For mail from users.
    pub(crate) submission: Arc<ServerConfig>,
    /// For POP3.
    pub(crate) pop3: Arc<ServerConfig>,
}

#[derive(Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

#[derive(Debug)]
struct Current(RwLock<Shown>);

/// What clients are shown.
#[derive(Debug, Clone)]
struct Shown {
    certified: Arc<CertifiedKey>,
    end_point: Option<ChannelBinding>,
}

impl Current {
    fn shown(&self) -> Shown {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl From<CertifiedKey> for Shown {
    fn from(certified: CertifiedKey) -> Self {
        let end_point = certified.cert.first().and_then(security::end_point);
        Self { certified: Arc::new(certified), end_point }
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.shown().certified)
    }
}

impl Tls {
    /// Reads the certificate, or makes one where none is configured.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn open(config: &config::Config) -> Result<Self, Error> {
        let files = Files::of(config);
        if config.tls.certificate.is_none() && !files.exist() {
            files.make(&config.hostname)?;
        }
        let current = Arc::new(Current(RwLock::new(files.read()?.into())));
        let users = users(config)?;
        let changed = std::sync::Mutex::new(files.changed());
        Ok(Self {
            files,
            relay: service(&current, b"smtp", 0, None)?,
            submission: service(&current, b"smtp", 2, users.clone())?,
            pop3: service(&current, b"pop3", 2, users)?,
            current,
            changed,
        })
    }

    /// Looks whether the certificate can be used. A self-signed one need not be there yet.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn check(config: &config::Config) -> Result<(), Error> {
        let files = Files::of(config);
        users(config)?;
        if config.tls.certificate.is_some() || files.exist() { files.read().map(drop) } else { Ok(()) }
    }

    /// What a connection gives once its handshake is done. `local` says which addresses can be users'.
    pub(crate) fn security(&self, connection: &ServerConnection, local: impl Fn(&str) -> bool) -> Security {
        Security::of(connection, self.current.shown().end_point, local)
    }

    /// Reads the files again if they have changed. If they cannot be used, what was there stays, and the error says so.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn reload(&self) -> Result<bool, Error> {
        let times = self.files.changed();
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if *changed == times {
            return Ok(false);
        }
        *changed = times;
        let certified = self.files.read()?;
        *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = certified.into();
        Ok(true)
    }
}

impl Files {
    /// The configured ones, or those of the self-signed certificate in the data folder.
    fn of(config: &config::Config) -> Self {
        match (&config.tls.certificate, &config.tls.key) {
            (Some(certificate), Some(key)) => Self { certificate: certificate.clone(), key: key.clone() },
            _ => Self { certificate: config.data.join("self-signed.pem"), key: config.data.join("self-signed.key") },
        }
    }

    fn exist(&self) -> bool {
        self.certificate.exists() && self.key.exists()
    }

    /// Makes a self-signed certificate.
    fn make(&self, hostname: &str) -> Result<(), Error> {
        let names = vec![hostname.to_owned(), "localhost".into(), "127.0.0.1".into(), "::1".into()];
        let made = rcgen::generate_simple_self_signed(names)?;
        write(&self.key, &made.signing_key.serialize_pem(), 0o600)?;
        write(&self.certificate, &made.cert.pem(), 0o644)
    }

    fn read(&self) -> Result<CertifiedKey, Error> {
        let chain = certificates(&self.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|source| pem(&self.key, source))?;
        let certified = CertifiedKey::new(chain, sign::any_supported_type(&key)?);
        match certified.keys_match() {
            // Unknown: the key does not say.
            Ok(()) | Err(rustls::Error::InconsistentKeys(rustls::InconsistentKeys::Unknown)) => Ok(certified),
            Err(error) => Err(error.into()),
        }
    }

    fn changed(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| fs::metadata(path).and_then(|data| data.modified()).ok())
    }
}

/// All certificates of a file.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Vec<_> =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|source| pem(path, source))?;
    if all.is_empty() { Err(Error::Empty { path: path.into() }) } else { Ok(all) }
}

fn pem(path: &Path, source: rustls_pki_types::pem::Error) -> Error {
    match source {
        rustls_pki_types::pem::Error::Io(source) => Error::File { path: path.into(), source },
        source => Error::Pem { path: path.into(), source },
    }
}

/// What judges the certificates of users, where there is one who issues them (RFC 8314, 4.2: else none is asked for).
fn users(config: &config::Config) -> Result<Option<Arc<dyn ClientCertVerifier>>, Error> {
    let Some(path) = &config.tls.client_ca else { return Ok(None) };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate)?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::new(default_provider()));
    Ok(Some(verifier.allow_unauthenticated().build()?))
}

/// The configuration of one service. A client that names other protocols in ALPN is lost or led astray, and is refused (row W-6).
fn service(
    current: &Arc<Current>,
    protocol: &[u8],
    tickets: usize,
    users: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<Arc<ServerConfig>, Error> {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    let builder = match users {
        Some(users) => builder.with_client_cert_verifier(users),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(current.clone());
    config.alpn_protocols = vec![protocol.to_vec()];
    config.send_tls13_tickets = tickets;
    Ok(Arc::new(config))
}

/// Writes a file at once: it is there as a whole or not at all.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Error> {
    let unfinished = path.with_extension("tmp");
    let written = match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => OpenOptions::new().write(true).create_new(true).mode(mode).open(&unfinished),
    };
    written
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&unfinished, path))
        .map_err(|source| Error::File { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_certificate_is_made_kept_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config::Config { data: folder.path().into(), ..config::Config::default() };
        Tls::check(&config).unwrap();
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "a look makes nothing");
        let tls = Tls::open(&config).unwrap();
        Tls::check(&config).unwrap();
        let mode = fs::metadata(folder.path().join("self-signed.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let first = fs::read(folder.path().join("self-signed.pem")).unwrap();
        Tls::open(&config).unwrap();
        assert_eq!(first, fs::read(folder.path().join("self-signed.pem")).unwrap());
        assert!(!tls.reload().unwrap());
        // T-8
        assert_eq!(tls.relay.send_tls13_tickets, 0);
        // the key alone does not fit another certificate
        let other = rcgen::generate_simple_self_signed(vec!["other.test".into()]).unwrap();
        fs::write(folder.path().join("self-signed.key"), other.signing_key.serialize_pem()).unwrap();
        assert!(tls.reload().is_err());
        fs::write(folder.path().join("self-signed.pem"), other.cert.pem()).unwrap();
        assert!(tls.reload().unwrap());
        config.tls.certificate = Some(folder.path().join("missing.pem"));
        config.tls.key = Some(folder.path().join("missing.key"));
        assert!(Tls::open(&config).unwrap_err().to_string().contains("missing.pem"));
        assert!(Tls::check(&config).unwrap_err().to_string().contains("missing.pem"));
    }
}
