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
pub(crate) use directory::{Directory, Destination};

use crate::auth::Passwords;
use crate::config::Config;
use crate::limiter::LoginLimiter;
use crate::metrics::Metrics;
use crate::random;
use crate::store::{self, Address, Store};
use crate::tls::Tls;

/// How deep aliases of aliases go, and how many mailboxes one recipient may stand for (row R-4).
const ALIAS_DEPTH: usize = 20;
const ALIAS_TARGETS: usize = 1_000;

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
    /// Certificates.
    pub(crate) tls: Tls,
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
    /// The secret that stands for users who do not exist.
    #[error("cannot read or make the secret in the data folder: {0}")]
    Secret(#[from] io::Error),
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
        Ok(Self {
            limiter: Mutex::new(LoginLimiter::new(limits.login_failures_per_minute, limits.login_failures_per_day)),
            decoys: Decoys::new(secret(&config.data.join("secret"))?, DEFAULT_ITERATIONS),
            passwords: Passwords::new().map_err(|error| Error::Passwords(error.to_string()))?,
            directory: Directory::default(),
            metrics: Metrics::default(),
            origin: Instant::now(),
            aliases,
            tls,
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
        let mut found = Vec::new();
        self.expand(&local, domain, &mut found).await?;
        if found.is_empty() && local == "postmaster" {
            // RFC 5321, 4.5.1: there is always a postmaster. Where nobody has been named, it is the first of all users.
            found.extend(self.first_account().await?);
        }
        Ok(if found.is_empty() { Resolution::Unknown } else { Resolution::Local(found) })
    }

    /// Follows aliases, each once, until all that is left are accounts.
    async fn expand(&self, local: &str, domain: &str, found: &mut Vec<Destination>) -> Result<(), store::Error> {
        let mut open = vec![(format!("{local}@{domain}"), 0)];
        let mut seen = Vec::new();
        while let Some((name, depth)) = open.pop() {
            if seen.contains(&name) || depth > ALIAS_DEPTH || seen.len() > ALIAS_TARGETS || found.len() > ALIAS_TARGETS {
                continue;
            }
            // The name as it is, then without its detail (RFC 5233): ann+lists is ann's.
            let plain = without_detail(&name);
            for name in core::iter::once(name.as_str()).chain(plain.as_deref()) {
                if let Some(targets) = self.aliases.get(name) {
                    open.extend(targets.iter().map(|target| (target.as_str().to_owned(), depth + 1)));
                    break;
                }
                if let Ok(address) = name.parse::<Address>()
                    && let Some(destination) = self.directory.find(&*self.store, address).await?
                {
                    if !found.contains(&destination) {
                        found.push(destination);
                    }
                    break;
                }
            }
            seen.push(name);
        }
        Ok(())
    }

    async fn first_account(&self) -> Result<Option<Destination>, store::Error> {
        let first = self.store.accounts().await?.into_iter().next();
        Ok(first.map(|account| Destination { account: account.id, mailbox: account.inbox, address: account.address, octets: account.octets }))
    }

    /// Whether a user may send under an address: it is their own, with or without a detail, or an alias that leads to them alone (row A-8).
    ///
    /// # Errors
    /// The store does not answer.
    pub(crate) async fn may_send_as(&self, user: &Address, local: &str, domain: &str) -> Result<bool, store::Error> {
        let Some(ours) = self.config.domains.iter().find(|ours| ours.eq_ignore_ascii_case(domain)) else { return Ok(false) };
        let mut found = Vec::new();
        self.expand(&local.to_lowercase(), ours, &mut found).await?;
        Ok(matches!(found.as_slice(), [only] if only.address == *user))
    }
}

/// `ann+lists@mail.test` is `ann@mail.test`.
fn without_detail(name: &str) -> Option<String> {
    let (local, domain) = name.rsplit_once('@')?;
    let (user, _) = local.split_once('+')?;
    (!user.is_empty()).then(|| format!("{user}@{domain}"))
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
