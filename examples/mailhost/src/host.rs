//! What all sessions share, and whom mail is for.

mod aliases;
mod directory;

use core::net::IpAddr;
use core::time::Duration;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use sasl::{DEFAULT_ITERATIONS, Decoys};
use smtp_proto::path::{Domain, Mailbox};
use tokio::time::Instant;

pub(crate) use aliases::Aliases;
use aliases::TooFar;
pub(crate) use directory::{Destination, Directory};

use crate::auth::Passwords;
use crate::config::Config;
use crate::filter::Filter;
use crate::limiter::LoginLimiter;
use crate::metrics::Metrics;
use crate::outbound::{self, Outbound};
use crate::random;
use crate::resolver::Resolver;
use crate::signing::Signers;
use crate::store::{self, Address, Store};
use crate::tls::Tls;

/// The server, as its sessions see it.
#[derive(Debug)]
pub(crate) struct Host {
    /// The settings.
    pub(crate) config: Config,
    /// What lasts.
    pub(crate) store: Arc<dyn Store>,
    /// Who is there, remembered for a moment.
    pub(crate) directory: Directory,
    /// Other names.
    pub(crate) aliases: Aliases,
    /// Password checks.
    pub(crate) passwords: Passwords,
    /// Keys for users that do not exist.
    pub(crate) decoys: Decoys,
    /// Failed logins.
    pub(crate) limiter: Mutex<LoginLimiter>,
    /// Checks of mail from other servers.
    pub(crate) filter: Arc<Filter>,
    /// Keys that users' mail is signed with.
    pub(crate) signers: Signers,
    /// Certificates.
    pub(crate) tls: Tls,
    /// Mail that leaves.
    pub(crate) outbound: Outbound,
    /// Figures.
    pub(crate) metrics: Metrics,
    /// What the clock of all sessions counts from.
    pub(crate) origin: Instant,
}

/// Whom a recipient stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Resolution {
    /// These mailboxes.
    Local(Vec<Destination>),
    /// The domain is ours, but there is nobody of that name.
    Unknown,
    /// The domain is not ours: mail for it would have to be relayed.
    External,
    /// The aliases lead too far. It is the operator's mistake, so nobody is to lose mail over it.
    TooFar,
}

/// Why a server cannot be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The aliases.
    #[error(transparent)]
    Aliases(#[from] aliases::Error),
    /// The certificate.
    #[error(transparent)]
    Tls(#[from] crate::tls::Error),
    /// The keys that mail is signed with.
    #[error(transparent)]
    Signing(#[from] crate::signing::Error),
    /// Sending.
    #[error(transparent)]
    Outbound(#[from] outbound::Error),
    /// The secret that stands for users who do not exist.
    #[error("cannot read or make the secret in the data folder: {0}")]
    Secret(#[from] io::Error),
    /// The servers of the DNS.
    #[error("cannot find out which DNS servers to ask; name them in `dns.servers`: {0}")]
    Resolver(io::Error),
    /// The hash that stands for them.
    #[error("cannot set up password checks: {0}")]
    Passwords(String),
}

impl Host {
    /// Sets up what sessions need.
    ///
    /// # Errors
    /// [`Error`]: says what to change.
    pub(crate) fn new(config: Config, store: Arc<dyn Store>) -> Result<Self, Error> {
        let aliases = Aliases::read(&config.aliases, &config.domains)?;
        let tls = Tls::open(&config)?;
        let limits = &config.limits;
        let resolver = Resolver::new(&config.dns).map_err(Error::Resolver)?;
        let outbound = Outbound::new(&config, resolver.clone())?;
        let signers = Signers::open(&config.data)?;
        Ok(Self {
            limiter: Mutex::new(LoginLimiter::new(limits.login_failures_per_minute, limits.login_failures_per_day)),
            decoys: Decoys::new(secret(&config.data.join("secret"))?, DEFAULT_ITERATIONS),
            passwords: Passwords::new().map_err(|error| Error::Passwords(error.to_string()))?,
            directory: Directory::default(),
            metrics: Metrics::default(),
            origin: Instant::now(),
            filter: Arc::new(Filter::new(config.filter.clone(), &config.hostname, resolver)),
            aliases,
            signers,
            tls,
            outbound,
            store,
            config,
        })
    }

    /// The moment, on the clock of all sessions.
    pub(crate) fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// Whether limits on connections and logins do not apply to an address.
    pub(crate) fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.config.trusted.iter().any(|network| network.contains(&address))
    }

    /// Whether a connection from there begins with the PROXY protocol (row W-14).
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.config.proxies.iter().any(|network| network.contains(&address))
    }

    /// Whether a client there may say that it speaks for another (row W-14).
    pub(crate) fn speaks_for_others(&self, address: IpAddr) -> bool {
        self.config.xclient.iter().any(|network| network.contains(&address))
    }

    /// Whether an address is in a domain of ours.
    pub(crate) fn is_local(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| self.config.domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)))
    }

    /// Whom a recipient stands for. `None` is `<Postmaster>` without a domain.
    ///
    /// The domain is compared as it was parsed, so no spelling of an address talks its way past (row R-1): a percent sign or an exclamation mark is a letter of the
    /// local part like any other.
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn resolve(&self, recipient: Option<&Mailbox<'_>>) -> Result<Resolution, store::Error> {
        let first = self.config.domains.first().map(String::as_str).unwrap_or_default();
        let (local, domain) = match recipient {
            None => ("postmaster".to_owned(), first),
            Some(mailbox) => {
                let Domain::Name(name) = mailbox.domain() else { return Ok(Resolution::External) };
                match self.config.domains.iter().find(|ours| ours.eq_ignore_ascii_case(name)) {
                    Some(ours) => (mailbox.local_value().to_lowercase(), ours.as_str()),
                    None => return Ok(Resolution::External),
                }
            }
        };
        let Ok(mut found) = self.destinations(&local, domain).await? else { return Ok(Resolution::TooFar) };
        if found.is_empty() && local == "postmaster" {
            // RFC 5321, 4.5.1: there is always a postmaster. Where nobody has been named, it is the oldest user.
            found.extend(self.directory.oldest(&*self.store).await?);
        }
        Ok(if found.is_empty() { Resolution::Unknown } else { Resolution::Local(found) })
    }

    /// The mailboxes that a name of ours stands for, given in lower case.
    async fn destinations(&self, local: &str, domain: &str) -> Result<Result<Vec<Destination>, TooFar>, store::Error> {
        let ends = match self.aliases.expand(&format!("{local}@{}", domain.to_lowercase())) {
            Ok(ends) => ends,
            Err(error) => return Ok(Err(error)),
        };
        let mut found = Vec::new();
        for end in ends {
            if let Ok(address) = end.parse() {
                found.extend(self.directory.find(&*self.store, address).await?);
            }
        }
        Ok(Ok(found))
    }

    /// Whether a user may send under an address: it is their own, with or without a detail, or an alias that leads to them alone (row A-8).
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn may_send_as(&self, user: &Address, local: &str, domain: &str) -> Result<bool, store::Error> {
        let Some(ours) = self.config.domains.iter().find(|ours| ours.eq_ignore_ascii_case(domain)) else {
            return Ok(false);
        };
        let found = self.destinations(&local.to_lowercase(), ours).await?;
        Ok(matches!(found.as_deref(), Ok([only]) if only.address == *user))
    }
}

/// The secret in the data folder, made if it is missing. It must outlast restarts: else who asks before and after one learns which users exist.
fn secret(path: &Path) -> io::Result<[u8; 32]> {
    let mut secret = [0; 32];
    match fs::File::open(path) {
        Ok(mut file) => file.read_exact(&mut secret)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            secret = random::bytes()?;
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(&secret)?;
        }
        Err(error) => return Err(error),
    }
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Credentials, Purpose, SqliteStore};

    /// A server for two domains with the users zoe and ann, in this order.
    async fn host(folder: &Path, aliases: &str) -> Host {
        let data = folder.join("data");
        let store = SqliteStore::open(&data, Purpose::Serve).unwrap();
        for user in ["zoe@mail.test", "ann@mail.test"] {
            let credentials = Credentials { password: String::new().into(), scram: None };
            store.add_account(user.parse().unwrap(), credentials).await.unwrap();
        }
        let config = Config {
            domains: vec!["mail.test".into(), "Second.test".into()],
            data,
            aliases: toml::from_str(aliases).unwrap(),
            ..Config::default()
        };
        Host::new(config, Arc::new(store)).unwrap()
    }

    #[tokio::test]
    async fn whom_mail_is_for() {
        let folder = tempfile::tempdir().unwrap();
        let aliases: String = (0..30).map(|n| format!("far{n} = 'far{}'\n", n + 1)).collect();
        let host = host(folder.path(), &format!("{aliases}sales = ['ann', 'zoe']\nann = ['ann', 'zoe']")).await;
        let resolve = async |recipient: &str| {
            let mailbox = Mailbox::parse(recipient, true).unwrap();
            match host.resolve(Some(&mailbox)).await.unwrap() {
                Resolution::Local(found) => {
                    found.iter().map(|destination| destination.address.to_string()).collect::<Vec<_>>().join(" ")
                }
                other => format!("{other:?}"),
            }
        };
        assert_eq!(resolve("Zoe@MAIL.test").await, "zoe@mail.test");
        assert_eq!(resolve("zoe+lists+x@mail.test").await, "zoe@mail.test");
        assert_eq!(resolve("\"zoe\"@mail.test").await, "zoe@mail.test");
        assert_eq!(
            resolve("ann@mail.test").await,
            "ann@mail.test zoe@mail.test",
            "a user can be an alias for others too"
        );
        assert_eq!(resolve("SALES@second.TEST").await, "ann@mail.test zoe@mail.test");
        assert_eq!(resolve("zoe@second.test").await, "Unknown");
        assert_eq!(resolve("nobody@mail.test").await, "Unknown");
        assert_eq!(resolve("far0@mail.test").await, "TooFar", "never a part of those it is for");
        for elsewhere in ["zoe@example.com", "zoe@[127.0.0.1]", "zoe@sub.mail.test", "\"zoe@mail.test\"@example.com"] {
            assert_eq!(resolve(elsewhere).await, "External", "{elsewhere}");
        }
        // RFC 5321, 4.5.1
        for postmaster in ["postmaster@mail.test", "PostMaster@second.test"] {
            assert_eq!(resolve(postmaster).await, "zoe@mail.test", "who was there first");
        }
        assert!(matches!(host.resolve(None).await.unwrap(), Resolution::Local(_)));
    }

    #[tokio::test]
    async fn a8_who_may_send_as_whom() {
        let folder = tempfile::tempdir().unwrap();
        let host = host(folder.path(), "me = 'ann'\nboth = ['ann', 'zoe']").await;
        let ann = "ann@mail.test".parse().unwrap();
        for (local, domain, may) in [
            ("ann", "mail.test", true),
            ("ANN+x", "MAIL.TEST", true),
            ("me", "second.test", true),
            ("zoe", "mail.test", false),
            ("both", "mail.test", false),
            ("nobody", "mail.test", false),
            ("postmaster", "mail.test", false),
            ("ann", "second.test", false),
            ("ann", "example.com", false),
        ] {
            assert_eq!(host.may_send_as(&ann, local, domain).await.unwrap(), may, "{local}@{domain}");
        }
    }
}
