//! The keys that users' mail is signed with (RFC 6376), and the commands around them.
//!
//! Each domain has a folder below `dkim` in the data folder, and in it a file `SELECTOR.pem` for each key. All keys of a domain sign.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use dkim::{Signing, SigningKey};
use dns::Name;
use message::DateTime;
use zeroize::Zeroizing;

use crate::Failure;
use crate::cli::DkimCommand;
use crate::clock;
use crate::config::Config;
use crate::random;

/// Bits of a new RSA key: what every verifier takes, and what a DNS answer has room for (RFC 8301, 3.2).
const RSA_BITS: usize = 2_048;

/// The keys of each domain, in lower-case A-labels.
type Keys = HashMap<String, Vec<Arc<Signing>>>;

/// Which files there are, and of which age.
type Seen = Vec<(PathBuf, Option<SystemTime>)>;

/// The keys that are in use.
#[derive(Debug)]
pub(crate) struct Signers {
    folder: PathBuf,
    keys: RwLock<(Seen, Arc<Keys>)>,
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A file or folder cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has no key in it.
    #[error("{} holds no key that mail can be signed with: {source}; `mailhost dkim generate` makes one", path.display())]
    Key {
        /// Which.
        path: PathBuf,
        /// Why.
        source: dkim::SigningKeyError,
    },
    /// The names of the folder and the file make no name in the DNS.
    #[error("{} is named after no domain and selector: {source}", path.display())]
    Name {
        /// Which.
        path: PathBuf,
        /// Why.
        source: dkim::SigningError,
    },
}

impl Signers {
    /// The keys in the data folder.
    ///
    /// # Errors
    /// [`Error`]: one cannot be used.
    pub(crate) fn open(data: &Path) -> Result<Self, Error> {
        let folder = data.join("dkim");
        let seen = seen(&folder)?;
        let keys = Arc::new(read(&seen)?);
        Ok(Self { folder, keys: RwLock::new((seen, keys)) })
    }

    /// Takes keys into use that have come, and gives up those that are gone; tells whether anything has changed.
    ///
    /// # Errors
    /// [`Error`]: one cannot be used; those in use stay.
    pub(crate) fn reload(&self) -> Result<bool, Error> {
        let now = seen(&self.folder)?;
        if self.keys.read().unwrap_or_else(PoisonError::into_inner).0 == now {
            return Ok(false);
        }
        let keys = Arc::new(read(&now)?);
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = (now, keys);
        Ok(true)
    }

    /// The keys of a domain.
    pub(crate) fn of(&self, domain: &str) -> Vec<Arc<Signing>> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner).1.clone();
        keys.get(&domain.to_ascii_lowercase()).cloned().unwrap_or_default()
    }
}

/// All key files below a folder, which need not exist.
fn seen(folder: &Path) -> Result<Seen, Error> {
    let list = |path: &Path| match fs::read_dir(path) {
        Ok(entries) => entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    };
    let read = |path: &Path| list(path).map_err(|source| Error::Read { path: path.into(), source });
    let mut files = Vec::new();
    for domain in read(folder)?.into_iter().filter(|path| path.is_dir()) {
        files.extend(read(&domain)?.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "pem")));
    }
    files.sort();
    let age = |path: &PathBuf| fs::metadata(path).and_then(|facts| facts.modified()).ok();
    Ok(files.into_iter().map(|path| (path.clone(), age(&path))).collect())
}

fn read(files: &Seen) -> Result<Keys, Error> {
    let mut keys = Keys::new();
    for (path, _) in files {
        let (domain, selector) = names(path);
        let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.clone(), source })?;
        let key =
            SigningKey::from_pem(&Zeroizing::new(text)).map_err(|source| Error::Key { path: path.clone(), source })?;
        let signing =
            Signing::new(&domain, &selector, key).map_err(|source| Error::Name { path: path.clone(), source })?;
        keys.entry(domain).or_default().push(Arc::new(signing));
    }
    Ok(keys)
}

/// The domain and the selector of a key file.
fn names(path: &Path) -> (String, String) {
    let text =
        |part: Option<&std::ffi::OsStr>| part.map_or_else(String::new, |part| part.to_string_lossy().to_lowercase());
    (text(path.parent().and_then(Path::file_name)), text(path.file_stem()))
}

/// Carries out `mailhost dkim …`.
///
/// # Errors
/// What the person who typed it has to know.
pub(crate) fn run(config: &Config, command: DkimCommand) -> Result<(), Failure> {
    match command {
        DkimCommand::Generate { domain, selector } => generate(config, &domain, selector.as_deref()),
        DkimCommand::List => {
            let signers = Signers::open(&config.data)?;
            let keys = signers.keys.read().unwrap_or_else(PoisonError::into_inner).1.clone();
            let mut all: Vec<_> = keys.values().flatten().collect();
            all.sort_by_key(|signing| *signing.key_name());
            let mut out = io::stdout().lock();
            for signing in all {
                writeln!(out, "{}  {}", signing.key_name(), signing.algorithm())?;
            }
            Ok(())
        }
    }
}

/// Makes an RSA and an Ed25519 key, and prints what to publish.
fn generate(config: &Config, domain: &str, selector: Option<&str>) -> Result<(), Failure> {
    let domain = ours(config, domain)?;
    let folder = config.data.join("dkim").join(domain.as_str());
    DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    // `Wed, 25 Nov 2026 …`
    let date = DateTime::utc(clock::unix()).to_string();
    let part = |at| date.split(' ').nth(at).unwrap_or_default().to_lowercase();
    let month = part(3) + &part(2);
    let base = selector.map_or(month, str::to_lowercase);
    let files = ["rsa", "ed25519"].map(|kind| folder.join(format!("{base}-{kind}.pem")));
    if let Some(there) = files.iter().find(|path| path.exists()) {
        return Err(format!(
            "there is a key in {} already, and mail may be signed with it: give the new ones another name with --selector",
            there.display()
        )
        .into());
    }
    // so that a name that is none is told before anything is made
    Signing::new(domain.as_str(), &format!("{base}-ed25519"), SigningKey::from_seed(&[1; 32])?)?;
    writeln!(io::stderr(), "making a key of {RSA_BITS} bits and an Ed25519 key")?;
    let mut broken = None;
    let rsa = SigningKey::generate_rsa(RSA_BITS, |octets| broken = broken.take().or(random::fill(octets).err()))?;
    if let Some(error) = broken {
        return Err(error.into());
    }
    let seed = Zeroizing::new(random::bytes()?);
    for (path, pem) in files.iter().zip([rsa, SigningKey::seed_to_pem(&seed)]) {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
    }
    fs::File::open(&folder)?.sync_all()?;
    let mut out = io::stdout().lock();
    for line in key_records(config, &domain)? {
        writeln!(out, "{line}")?;
    }
    writeln!(
        io::stderr(),
        "publish these records first; a running server signs with the keys within ten seconds. `mailhost dns-records {domain}` shows all records"
    )?;
    Ok(())
}

/// A domain that mail is taken for.
fn ours(config: &Config, text: &str) -> Result<Name, Failure> {
    let domain = Name::parse(text).map_err(|error| format!("`{text}` is no domain: {error}"))?;
    if !config.domains.iter().any(|ours| ours.parse() == Ok(domain)) {
        let domains = config.domains.join(", ");
        return Err(
            format!("{domain} is not one of the configured domains ({domains}): nobody here sends for it").into()
        );
    }
    Ok(domain)
}

/// The records of a domain's keys, as lines of a zone file.
fn key_records(config: &Config, domain: &Name) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    for signing in Signers::open(&config.data)?.of(domain.as_str()) {
        if let dkim::Key::Held(key) = signing.key() {
            lines.push(format!("{}. IN TXT {}", signing.key_name(), key.record().strings()));
        }
    }
    Ok(lines)
}

/// `mailhost dns-records DOMAIN`: what a domain has to publish, as lines of a zone file.
///
/// # Errors
/// What the person who typed it has to know.
pub(crate) fn dns_records(config: &Config, domain: &str) -> Result<(), Failure> {
    let domain = ours(config, domain)?;
    let host = &config.hostname;
    let mut lines = vec![
        format!(
            "; Mail for {domain} comes to this server, which needs A and AAAA records of its own, and reverse ones."
        ),
        format!("{domain}. IN MX 10 {host}."),
        "; Who may send mail for it (SPF): its mail server, nobody else. Add whoever else sends in its name.".into(),
        format!("{domain}. IN TXT \"v=spf1 mx -all\""),
        format!("{host}. IN TXT \"v=spf1 a -all\""),
    ];
    let keys = key_records(config, &domain)?;
    lines.push("; What its mail is signed with (DKIM).".into());
    if keys.is_empty() {
        lines.push(format!("; There is no key yet: `mailhost dkim generate {domain}` makes some."));
    }
    lines.extend(keys);
    lines.extend([
        "; What others are to do with mail that only claims to be its own (DMARC): none asks for reports alone. Go on to quarantine when the".into(),
        "; reports are good; reject hurts users who write to mailing lists (RFC 9989, 7.4).".into(),
        format!("_dmarc.{domain}. IN TXT \"v=DMARC1; p=none; rua=mailto:postmaster@{domain}\""),
    ]);
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}
