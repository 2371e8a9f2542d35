//! The configuration: one TOML file, every key with a default, unknown keys refused.

mod filter;
mod keys;
mod limits;
mod relay;

use core::net::{IpAddr, SocketAddr};
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(crate) use filter::Filter;
pub(crate) use limits::Limits;
pub(crate) use relay::{Dns, Relay};

/// All settings. What a file leaves out has its default, and without a file everything has.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// The name the server goes by: in greetings, in `Received`, in a self-signed certificate.
    pub(crate) hostname: String,
    /// The domains that mail is taken for. The first is where `postmaster` without a domain lives.
    pub(crate) domains: Vec<String>,
    /// The folder that holds everything that must last.
    pub(crate) data: PathBuf,
    /// Where to listen.
    pub(crate) listen: Listen,
    /// The certificate.
    pub(crate) tls: Tls,
    /// Where mail is stored.
    pub(crate) store: Store,
    /// Other names for users.
    pub(crate) aliases: Aliases,
    /// What mail is checked for.
    pub(crate) filter: Filter,
    /// How users' mail for other domains leaves.
    pub(crate) relay: Relay,
    /// Whom to ask for the ways of mail.
    pub(crate) dns: Dns,
    /// What strangers may cost.
    pub(crate) limits: Limits,
    /// Networks and single addresses that connection and login limits do not apply to. Being trusted never means that mail is relayed.
    #[serde(deserialize_with = "networks")]
    pub(crate) trusted: Vec<IpNet>,
    /// Networks and single addresses of proxies: a connection from there begins with the PROXY protocol, version 1 or 2, and is whose that
    /// says. None by default: whoever is listed may be anybody.
    #[serde(deserialize_with = "networks")]
    pub(crate) proxies: Vec<IpNet>,
    /// Networks and single addresses that may say XCLIENT and XFORWARD, and so be anybody as well. None by default.
    #[serde(deserialize_with = "networks")]
    pub(crate) xclient: Vec<IpNet>,
    /// What the log says.
    pub(crate) log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            hostname: "mail.test".into(),
            domains: vec!["mail.test".into()],
            data: "mailhost-data".into(),
            listen: Listen::default(),
            tls: Tls::default(),
            store: Store::default(),
            aliases: Aliases::default(),
            filter: Filter::default(),
            relay: Relay::default(),
            dns: Dns::default(),
            limits: Limits::default(),
            trusted: ["127.0.0.0/8", "::1/128"].into_iter().filter_map(|net| net.parse().ok()).collect(),
            proxies: Vec::new(),
            xclient: Vec::new(),
            log: Log::default(),
        }
    }
}

/// Addresses and ports, as many as wanted for each service; an empty list turns it off.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Listen {
    /// Mail from other servers: port 25 in public.
    pub(crate) smtp: Vec<SocketAddr>,
    /// Mail from users, TLS by STARTTLS: 587.
    pub(crate) submission: Vec<SocketAddr>,
    /// Mail from users, TLS at once: 465.
    pub(crate) submissions: Vec<SocketAddr>,
    /// Mail from a relay of one's own, believed: never in public. Off by default.
    pub(crate) lmtp: Vec<SocketAddr>,
    /// POP3, TLS by STLS: 110.
    pub(crate) pop3: Vec<SocketAddr>,
    /// POP3, TLS at once: 995.
    pub(crate) pop3s: Vec<SocketAddr>,
    /// Metrics and health, in the clear: for the operator, not in public.
    pub(crate) http: Vec<SocketAddr>,
}

impl Default for Listen {
    fn default() -> Self {
        let local = |port| vec![SocketAddr::from(([127, 0, 0, 1], port))];
        Self {
            smtp: local(2525),
            submission: local(2587),
            submissions: local(2465),
            lmtp: Vec::new(),
            pop3: local(2110),
            pop3s: local(2995),
            http: local(8080),
        }
    }
}

/// The certificate: both files, or a self-signed one that is made on first start.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Tls {
    /// The chain in PEM, the server's own certificate first. Read again when it changes.
    pub(crate) certificate: Option<PathBuf>,
    /// The private key in PEM.
    pub(crate) key: Option<PathBuf>,
    /// Certificates in PEM of the authorities that issue those of users. Where they are given, clients are asked for a certificate, and who shows
    /// one with a user's address in it (as subjectAltName) may log in by EXTERNAL.
    pub(crate) client_ca: Option<PathBuf>,
    /// Make one. The default where no files are named.
    pub(crate) self_signed: Option<bool>,
}

/// Where mail is stored.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Store {
    /// `sqlite:FOLDER`. Default: the data folder.
    pub(crate) url: Option<String>,
}

/// Other names for users: in the file itself, or in one beside it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Aliases {
    /// A file with a line for each name: `name: address, address`. Lines that begin with `#` say nothing.
    pub(crate) file: Option<PathBuf>,
    /// Names, with or without domain, and the local addresses they stand for.
    #[serde(flatten)]
    pub(crate) map: HashMap<String, Targets>,
}

/// One address or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Targets {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Targets {
    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        match self {
            Self::One(one) => core::slice::from_ref(one),
            Self::Many(many) => many,
        }
        .iter()
        .map(String::as_str)
    }
}

/// What the log says. `MAILHOST_LOG` in the environment goes before `filter`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// Which events, in the notation of tracing's `EnvFilter`: `info`, or `mailhost=debug`.
    pub(crate) filter: String,
    /// One JSON object a line instead of text.
    pub(crate) json: bool,
}

impl Default for Log {
    fn default() -> Self {
        Self { filter: "info".into(), json: false }
    }
}

/// How the URL of a store on SQLite begins.
const SQLITE: &str = "sqlite:";

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not TOML, or a value is of the wrong kind.
    #[error("{}: {source}", path.display())]
    Parse {
        /// Which.
        path: PathBuf,
        /// Why, with the line.
        source: Box<toml::de::Error>,
    },
    /// A key that does not exist.
    #[error("{}: unknown key `{key}`{}", path.display(), suggestion.as_ref().map(|known| format!("; did you mean `{known}`?")).unwrap_or_default())]
    UnknownKey {
        /// In which file.
        path: PathBuf,
        /// The key with its tables.
        key: String,
        /// One that is spelled nearly so.
        suggestion: Option<String>,
    },
    /// Each setting is well-formed, but they do not fit together.
    #[error("{0}")]
    Invalid(String),
}

impl Config {
    /// Reads a file. Relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// [`Error`]: says what to change.
    pub(crate) fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
        let parse = |source| Error::Parse { path: path.into(), source: Box::new(source) };
        let table: toml::Table = toml::from_str(&text).map_err(parse)?;
        if let Some((key, suggestion)) = keys::unknown(&table) {
            return Err(Error::UnknownKey { path: path.into(), key, suggestion });
        }
        if let Some(key) = table.get("limits").and_then(toml::Value::as_table).and_then(limits::closed) {
            return Err(Error::Invalid(format!(
                "`limits.{key}` is 0, which lets nothing pass; leave it out for its default"
            )));
        }
        let mut config: Self = toml::from_str(&text).map_err(parse)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let files =
            [&mut config.tls.certificate, &mut config.tls.key, &mut config.tls.client_ca, &mut config.aliases.file];
        for file in files.into_iter().flatten().chain([&mut config.data]) {
            *file = folder.join(&*file);
        }
        config.validate()?;
        if let Some(store) = config.store.url.as_deref().and_then(|url| url.strip_prefix(SQLITE)) {
            config.store.url = Some(format!("{SQLITE}{}", folder.join(store).display()));
        }
        Ok(config)
    }

    /// Looks at how settings fit together.
    fn validate(&self) -> Result<(), Error> {
        let invalid = |text: &str| Err(Error::Invalid(text.into()));
        if self.domains.is_empty() {
            return invalid("`domains` is empty: name at least one domain that mail is taken for");
        }
        for name in self.domains.iter().chain([&self.hostname]) {
            if smtp_proto::path::ClientName::parse(name).is_err() || name.starts_with('[') {
                return Err(Error::Invalid(format!(
                    "`{name}` is not a domain name (write an international one in its xn-- form)"
                )));
            }
        }
        if self.tls.certificate.is_some() != self.tls.key.is_some() {
            return invalid(
                "`tls.certificate` and `tls.key` belong together: give both, or neither for a self-signed certificate",
            );
        }
        if self.tls.certificate.is_some() && self.tls.self_signed == Some(true) {
            return invalid("`tls.self_signed` and `tls.certificate` exclude each other");
        }
        if self.tls.certificate.is_none() && self.tls.self_signed == Some(false) {
            return invalid(
                "without `tls.certificate` and `tls.key` the certificate is self-signed: drop `tls.self_signed = false` or name the files",
            );
        }
        if let Some(url) = &self.store.url
            && url.strip_prefix(SQLITE).is_none_or(str::is_empty)
        {
            return invalid("`store.url` must be `sqlite:FOLDER`: there is no other store yet");
        }
        if let Some(lmtp) =
            self.listen.lmtp.iter().find(|address| !address.ip().is_loopback() && !is_private(**address))
        {
            return Err(Error::Invalid(format!(
                "`listen.lmtp` on {lmtp}: LMTP believes whoever speaks it, so it listens on loopback and private addresses only"
            )));
        }
        if let Some(fault) = self.relay.fault() {
            return invalid(fault);
        }
        if let Some(fault) = self.filter.fault() {
            return Err(Error::Invalid(fault));
        }
        for (key, networks) in [("proxies", &self.proxies), ("xclient", &self.xclient)] {
            if networks.iter().any(|network| network.prefix_len() == 0) {
                return Err(Error::Invalid(format!(
                    "`{key}` names every address there is: whoever is listed may pose as anybody, so list your own proxies alone"
                )));
            }
        }
        if self.limits.connections_reserved >= self.limits.connections {
            return invalid(
                "`limits.connections_reserved` leaves none of `limits.connections` for mail from other servers",
            );
        }
        Ok(())
    }

    /// The folder of the store.
    pub(crate) fn store_folder(&self) -> PathBuf {
        match self.store.url.as_deref().and_then(|url| url.strip_prefix(SQLITE)) {
            Some(folder) => folder.into(),
            None => self.data.clone(),
        }
    }
}

fn is_private(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(address) => address.is_private(),
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// Networks as `192.0.2.0/24`, single addresses as `192.0.2.1`.
fn networks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<IpNet>, D::Error> {
    let network =
        |text: &String| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).map_err(|_| text.clone());
    let parsed = Vec::<String>::deserialize(deserializer)?.iter().map(network).collect::<Result<_, _>>();
    parsed.map_err(|text| {
        D::Error::custom(format!("`{}` is neither an address nor a network such as 192.0.2.0/24", text.escape_debug()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailhost.toml");
        fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = read("").unwrap();
        assert_eq!(config.hostname, "mail.test");
        assert_eq!(config.listen.smtp, [SocketAddr::from(([127, 0, 0, 1], 2525))]);
        assert_eq!(config.trusted.len(), 2);
    }

    /// The example in the README is what it says: all keys, each with its default.
    #[test]
    fn the_readme_shows_all_keys_and_their_defaults() {
        let readme = include_str!("../README.md");
        let (_, rest) = readme.split_once("```toml\n").unwrap();
        let (example, _) = rest.split_once("```").unwrap();
        let shown: Config = toml::from_str(example).unwrap();
        assert_eq!(format!("{shown:#?}"), format!("{:#?}", Config::default()));
        for (table, keys) in keys::KNOWN {
            let text = if table.is_empty() { example } else { example.split_once(&format!("[{table}]")).unwrap().1 };
            for key in keys {
                let full = if table.is_empty() { key.to_string() } else { format!("{table}.{key}") };
                let shown = text.lines().any(|line| {
                    let line = line.trim_start_matches("# ");
                    line.starts_with(&format!("{key} = ")) || line.starts_with(&format!("[{full}]"))
                });
                assert!(shown, "`{table}.{key}` is not in the README");
            }
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        let error = read("hostnam = 'x'").unwrap_err().to_string();
        assert!(error.contains("unknown key `hostnam`; did you mean `hostname`?"), "{error}");
        let error = read("[listen]\npop = []").unwrap_err().to_string();
        assert!(error.contains("unknown key `listen.pop`; did you mean `listen.pop3`?"), "{error}");
        let error = read("[limits]\nmesage_size = 1").unwrap_err().to_string();
        assert!(error.contains("did you mean `limits.message_size`?"), "{error}");
        let error = read("[filter.dmarc]\nrejct = true").unwrap_err().to_string();
        assert!(error.contains("unknown key `filter.dmarc.rejct`; did you mean `filter.dmarc.reject`?"), "{error}");
        let error = read("entirely_new = 1").unwrap_err().to_string();
        assert!(error.ends_with("unknown key `entirely_new`"), "{error}");
    }

    #[test]
    fn settings_must_fit_together() {
        assert!(read("domains = []").unwrap_err().to_string().contains("domains"));
        assert!(read("[tls]\ncertificate = 'a.pem'").unwrap_err().to_string().contains("tls.key"));
        assert!(read("[store]\nurl = 'oracle:x'").unwrap_err().to_string().contains("sqlite"));
        assert!(read("[listen]\nlmtp = ['203.0.113.7:24']").unwrap_err().to_string().contains("LMTP"));
        assert!(read("hostname = 'a b'").unwrap_err().to_string().contains("domain name"));
        assert!(read("[listen]\nsmtp = ['nowhere']").unwrap_err().to_string().contains("smtp"));
        assert!(read("[store]\nurl = 'sqlite:'").unwrap_err().to_string().contains("FOLDER"));
        assert!(read("[limits]\nrecipients = 0").unwrap_err().to_string().contains("`limits.recipients`"));
        assert!(read("[limits]\nconnections = 100").unwrap_err().to_string().contains("`limits.connections_reserved`"));
        assert!(read("[limits]\nquota = 0").is_ok());
        assert!(read("[filter.spf]\nenabled = false").unwrap_err().to_string().contains("`filter.dmarc`"));
        assert!(read("[filter.spf]\nenabled = false\n[filter.dmarc]\nenabled = false").is_ok());
        assert!(read("[filter.arc]\ntrusted = ['a b']").unwrap_err().to_string().contains("`filter.arc.trusted`"));
        assert!(read("[relay]\nretry = []").unwrap_err().to_string().contains("`relay.retry`"));
        assert!(read("[relay]\nconnections = 0").unwrap_err().to_string().contains("`relay.connections`"));
        assert!(read("[relay]\nsmarthost = 'a b'").unwrap_err().to_string().contains("neither a host"));
        assert!(read("[relay]\nsmarthost = 'smtp.example.org:587'").is_ok());
        // W-14
        assert!(read("proxies = ['0.0.0.0/0']").unwrap_err().to_string().contains("`proxies`"));
        assert!(read("xclient = ['::/0']").unwrap_err().to_string().contains("`xclient`"));
    }

    #[test]
    fn networks_and_single_addresses_are_trusted() {
        assert!(read("trusted = []").unwrap().trusted.is_empty());
        let config = read("trusted = ['127.0.0.0/8', '::1', '192.0.2.7', '2001:db8::/32']").unwrap();
        assert_eq!(
            config.trusted.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["127.0.0.0/8", "::1/128", "192.0.2.7/32", "2001:db8::/32"]
        );
        assert_eq!(config.trusted[..2], Config::default().trusted);
        assert!(read("trusted = ['192.0.2.0/33']").unwrap_err().to_string().contains("`192.0.2.0/33` is neither"));
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mailhost.toml");
        fs::write(&path, "data = 'mail'\n[aliases]\nfile = 'names'\nsales = ['ann@mail.test', 'ben@mail.test']\n")
            .unwrap();
        let config = Config::read(&path).unwrap();
        assert_eq!(config.data, folder.path().join("mail"));
        assert_eq!(config.aliases.file, Some(folder.path().join("names")));
        assert_eq!(config.aliases.map["sales"].iter().count(), 2);
        assert_eq!(config.store_folder(), folder.path().join("mail"), "by default the store is in the data folder");
        fs::write(&path, "[store]\nurl = 'sqlite:store'\n").unwrap();
        assert_eq!(Config::read(&path).unwrap().store_folder(), folder.path().join("store"));
        fs::write(&path, "[store]\nurl = 'sqlite:/srv/mail'\n").unwrap();
        assert_eq!(Config::read(&path).unwrap().store_folder(), Path::new("/srv/mail"));
    }
}
