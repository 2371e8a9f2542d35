//! Other names for users.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fs;
use std::io;
use std::path::PathBuf;

use crate::config;
use crate::store::Address;

/// How many aliases stand behind each other at most, and how many names one name may lead to (row R-4).
const DEPTH_MAX: usize = 20;
const NAMES_MAX: usize = 1_000;

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
    /// Its own domain is not ours.
    #[error(
        "alias `{name}`: its domain is not one of ours, so nothing would ever come to it; add the domain to `domains`"
    )]
    Foreign {
        /// The name.
        name: String,
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
                let (name, targets) =
                    line.split_once(':').ok_or_else(|| Error::Line { path: path.clone(), line: number + 1 })?;
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
                let address: Address =
                    full.parse().map_err(|_| Error::Address { name: name.into(), target: target.into() })?;
                let (_, domain) = address.as_str().rsplit_once('@').unwrap_or_default();
                if !domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)) {
                    return Err(Error::External { name: name.into(), target: target.into() });
                }
                Ok(address)
            })
            .collect::<Result<Vec<_>, _>>()?;
        let name = name.to_lowercase();
        if let Some((_, domain)) = name.rsplit_once('@') {
            if !domains.iter().any(|ours| ours.eq_ignore_ascii_case(domain)) {
                return Err(Error::Foreign { name });
            }
            self.0.insert(name, targets);
        } else {
            for domain in domains {
                self.0.insert(format!("{name}@{}", domain.to_lowercase()), targets.clone());
            }
        }
        Ok(())
    }

    /// The addresses that a name with its domain, in lower case, stands for in the end: what remains when no more aliases apply. A name without an
    /// alias stands for itself, less its detail.
    ///
    /// # Errors
    /// [`TooFar`].
    pub(crate) fn expand(&self, name: &str) -> Result<Vec<String>, TooFar> {
        self.walk(name).map(|walk| walk.ends)
    }

    /// Follows each name once, the nearest first.
    fn walk(&self, start: &str) -> Result<Walk, TooFar> {
        let mut walk = Walk { ends: Vec::new(), returns: false };
        let mut seen = HashSet::from([start.to_owned()]);
        let mut open = VecDeque::from([(start.to_owned(), 0)]);
        while let Some((name, depth)) = open.pop_front() {
            let Some((alias, targets)) = self.of(&name) else {
                walk.ends.push(without_detail(&name).unwrap_or(name));
                continue;
            };
            if depth == DEPTH_MAX {
                return Err(TooFar);
            }
            for target in targets.iter().map(Address::as_str) {
                if target == alias {
                    // Itself among others: the user of that name keeps a copy.
                    walk.ends.push(target.to_owned());
                } else if seen.insert(target.to_owned()) {
                    open.push_back((target.to_owned(), depth + 1));
                } else if target == start {
                    walk.returns = true;
                }
            }
            if seen.len() > NAMES_MAX {
                return Err(TooFar);
            }
        }
        let mut ends = HashSet::new();
        walk.ends.retain(|end| ends.insert(end.clone()));
        Ok(walk)
    }

    /// The alias for a name: for the name as it is or, where there is none, without its detail (RFC 5233): ann+lists is ann's.
    fn of(&self, name: &str) -> Option<(&str, &[Address])> {
        let found = self.0.get_key_value(name).or_else(|| self.0.get_key_value(&without_detail(name)?));
        found.map(|(alias, targets)| (alias.as_str(), targets.as_slice()))
    }

    /// What the operator surely did not mean, one line each: names that lead in a circle, to nobody, or to too many.
    pub(crate) fn faults(&self, users: &HashSet<&str>) -> Vec<String> {
        let mut faults = BTreeSet::new();
        for (name, targets) in &self.0 {
            match self.walk(name) {
                Err(error) => {
                    faults.insert(format!("alias `{name}` {error}"));
                }
                Ok(walk) if walk.returns => {
                    faults.insert(format!("alias `{name}` leads back to itself"));
                }
                Ok(_) => {}
            }
            for target in targets.iter().map(Address::as_str) {
                let plain = without_detail(target);
                let user = users.contains(plain.as_deref().unwrap_or(target));
                if !user && (target == name || self.of(target).is_none()) {
                    faults.insert(format!("alias `{name}`: `{target}` is neither a user nor an alias"));
                }
            }
        }
        faults.into_iter().collect()
    }
}

/// Where a name leads.
struct Walk {
    ends: Vec<String>,
    /// The name itself is met again.
    returns: bool,
}

/// A name leads through more aliases than anybody can oversee.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("leads to more than {NAMES_MAX} names, or through more than {DEPTH_MAX} aliases in a row")]
pub(crate) struct TooFar;

/// `ann+lists@mail.test` is `ann@mail.test`.
fn without_detail(name: &str) -> Option<String> {
    let (local, domain) = name.rsplit_once('@')?;
    let (user, _) = local.split_once('+')?;
    (!user.is_empty()).then(|| format!("{user}@{domain}"))
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
        assert_eq!(aliases.expand("sales@other.test").unwrap(), ["ann@mail.test", "ben@mail.test"]);
        assert_eq!(aliases.expand("root@other.test").unwrap(), ["ann@mail.test"]);
        assert_eq!(aliases.expand("root@mail.test").unwrap(), ["root@mail.test"], "that name is of one domain");
        fs::write(&path, "no colon\n").unwrap();
        assert!(Aliases::read(&config, &domains).unwrap_err().to_string().contains("line 1"));
        config.file = None;
        config.map.insert("x".into(), config::Targets::One("ann@example.com".into()));
        assert!(Aliases::read(&config, &domains).unwrap_err().to_string().contains("not relayed"));
        config.map = HashMap::from([("x@example.com".into(), config::Targets::One("ann".into()))]);
        assert!(Aliases::read(&config, &domains).unwrap_err().to_string().contains("not one of ours"));
    }

    fn aliases(table: &str) -> Aliases {
        Aliases::read(&toml::from_str(table).unwrap(), &["mail.test".to_owned()]).unwrap()
    }

    #[test]
    fn names_are_followed_to_their_ends() {
        let aliases = aliases(
            "root = 'all'\nall = ['ann', 'ben', 'root']\nann = ['ann', 'ben']\n'ben+lists' = 'cid'\nloop = 'pool'\npool = 'loop'",
        );
        let ends =
            |name: &str| aliases.expand(&format!("{name}@mail.test")).unwrap().join(" ").replace("@mail.test", "");
        assert_eq!(ends("root"), "ann ben");
        assert_eq!(ends("ann"), "ann ben", "a name among its own targets is the user");
        assert_eq!(ends("ann+x"), "ann ben");
        assert_eq!(ends("ben+x"), "ben");
        assert_eq!(ends("ben+lists"), "cid", "an alias may be for one detail");
        assert_eq!(ends("loop"), "");
        assert_eq!(ends("+x"), "+x");
    }

    #[test]
    fn r4_too_deep_and_too_wide_is_an_error_and_nobody_is_left_out() {
        let chain = |length: usize| (0..length).map(|n| format!("a{n} = 'a{}'\n", n + 1)).collect::<String>();
        assert_eq!(aliases(&chain(20)).expand("a0@mail.test").unwrap(), ["a20@mail.test"]);
        assert_eq!(aliases(&chain(21)).expand("a0@mail.test"), Err(TooFar));
        let list = |length: usize| format!("all = {:?}", (0..length).map(|n| format!("u{n}")).collect::<Vec<_>>());
        assert_eq!(aliases(&list(999)).expand("all@mail.test").unwrap().len(), 999);
        assert_eq!(aliases(&list(1_000)).expand("all@mail.test"), Err(TooFar));
    }

    #[test]
    fn faults_are_found() {
        let users = HashSet::from(["ann@mail.test", "ben@mail.test"]);
        assert_eq!(aliases("sales = ['ann', 'ben+s']\nann = ['ann', 'ben']\nroot = 'sales+x'").faults(&users), [""; 0]);
        let faults = aliases("a = 'b'\nb = ['a', 'ann']\nc = ['bem', 'c', 'a']").faults(&users);
        assert_eq!(
            faults,
            [
                "alias `a@mail.test` leads back to itself",
                "alias `b@mail.test` leads back to itself",
                "alias `c@mail.test`: `bem@mail.test` is neither a user nor an alias",
                "alias `c@mail.test`: `c@mail.test` is neither a user nor an alias",
            ]
        );
    }

    #[test]
    fn a_long_file_is_one_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("aliases");
        fs::write(&path, (0..30_000).map(|n| format!("name{n}: user{n}\n")).collect::<String>()).unwrap();
        let config = config::Aliases { file: Some(path), ..config::Aliases::default() };
        let aliases = Aliases::read(&config, &["mail.test".to_owned()]).unwrap();
        assert_eq!(aliases.expand("name29999@mail.test").unwrap(), ["user29999@mail.test"]);
        assert_eq!(aliases.faults(&HashSet::new()).len(), 30_000);
    }
}
