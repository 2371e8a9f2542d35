//! Other names for users.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::config;
use crate::store::Address;

/// Names, with their domains, and the addresses they stand for.
#[derive(Debug, Default)]
pub(crate) struct Aliases(HashMap<String, Vec<Address>>);

/// Why aliases cannot be used.
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
    /// A line is not one.
    #[error("{}, line {line}: not of the form `name: address, address`", path.display())]
    Line {
        /// In which file.
        path: PathBuf,
        /// Which, from 1.
        line: usize,
    },
    /// A name or what it stands for is no address.
    #[error("alias `{name}`: `{target}` is no address")]
    Address {
        /// The name.
        name: String,
        /// What is wrong.
        target: String,
    },
    /// It leads away from here.
    #[error("alias `{name}`: `{target}` is not in one of our domains, and mail is not relayed")]
    External {
        /// The name.
        name: String,
        /// Where it leads.
        target: String,
    },
}

impl Aliases {
    /// Reads those in the configuration and those in the file that it names. Names without a domain hold in all of ours.
    ///
    /// # Errors
    /// [`Error`].
    pub(crate) fn read(config: &config::Aliases, domains: &[String]) -> Result<Self, Error> {
        let mut this = Self::default();
        if let Some(path) = &config.file {
            let text = fs::read_to_string(path).map_err(|source| Error::Read { path: path.clone(), source })?;
            for (number, line) in text.lines().enumerate() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') {
                    continue;
                }
                let (name, targets) = line.split_once(':').ok_or_else(|| Error::Line { path: path.clone(), line: number + 1 })?;
                this.add(name.trim(), targets.split(',').map(str::trim), domains)?;
            }
        }
        for (name, targets) in &config.map {
            this.add(name, targets.iter(), domains)?;
        }
        Ok(this)
    }

    fn add<'a>(&mut self, name: &str, targets: impl Iterator<Item = &'a str>, domains: &[String]) -> Result<(), Error> {
        let targets = targets
            .map(|target| {
                let domain = domains.first().map(String::as_str).unwrap_or_default();
                let full = if target.contains('@') { target.to_owned() } else { format!("{target}@{domain}") };
                let address: Address = full.parse().map_err(|_| Error::Address { name: name.into(), target: target.into() })?;
                let (_, domain) = address.as_str().rsplit_once('@').unwrap_or_default();
                if !domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)) {
                    return Err(Error::External { name: name.into(), target: target.into() });
                }
                Ok(address)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let name = name.to_lowercase();
        if name.contains('@') {
            self.0.insert(name, targets);
        } else {
            for domain in domains {
                self.0.insert(format!("{name}@{}", domain.to_lowercase()), targets.clone());
            }
        }
        Ok(())
    }

    /// What a name stands for, given with its domain in lower case.
    pub(crate) fn get(&self, name: &str) -> Option<&[Address]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_file_and_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aliases");
        fs::write(&path, "# names\n\nsales: ann, Ben@mail.test\nroot@other.test: ann@mail.test\n").unwrap();
        let mut config = config::Aliases { file: Some(path.clone()), ..config::Aliases::default() };
        let domains = ["mail.test".to_owned(), "other.test".to_owned()];
        let aliases = Aliases::read(&config, &domains).unwrap();
        let names = |name: &str| aliases.get(name).map(|targets| targets.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(names("sales@other.test").unwrap(), ["ann@mail.test", "ben@mail.test"]);
        assert_eq!(names("root@mail.test"), None);
        fs::write(&path, "no colon\n").unwrap();
        assert!(Aliases::read(&config, &domains).unwrap_err().to_string().contains("line 1"));
        config.file = None;
        config.map.insert("x".into(), config::Targets::One("ann@example.com".into()));
        assert!(Aliases::read(&config, &domains).unwrap_err().to_string().contains("not relayed"));
    }
}
