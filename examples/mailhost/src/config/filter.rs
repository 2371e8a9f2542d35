//! `[filter]`: what mail from other servers is checked for, and what follows.

use serde::Deserialize;

/// The checks. Mail of users who have logged in, mail over LMTP and mail from `trusted` networks is not judged by where it comes from.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Filter {
    /// How long all checks of one message may wait for the DNS, in seconds. What is not known then counts as a temporary error, which refuses nothing.
    pub(crate) time: u64,
    /// Whether the client's address has a name that leads back to it (RFC 8601, 2.7.3).
    pub(crate) iprev: Iprev,
    /// Whether the client may send for the domain it names (RFC 7208).
    pub(crate) spf: Spf,
    /// Whether the message is signed (RFC 6376).
    pub(crate) dkim: Dkim,
    /// What servers on the way say that they saw (RFC 8617).
    pub(crate) arc: Arc,
    /// What the author's domain wants done (RFC 9989).
    pub(crate) dmarc: Dmarc,
}

impl Default for Filter {
    fn default() -> Self {
        Self {
            time: 20,
            iprev: Iprev::default(),
            spf: Spf::default(),
            dkim: Dkim::default(),
            arc: Arc::default(),
            dmarc: Dmarc::default(),
        }
    }
}

impl Filter {
    /// What cannot be meant.
    pub(super) fn fault(&self) -> Option<String> {
        if self.time == 0 {
            return Some("`filter.time` is 0, so that nothing can be found out; turn single checks off instead".into());
        }
        if self.dmarc.enabled && !(self.spf.enabled && self.dkim.enabled) {
            return Some(
                "`filter.dmarc` judges by what SPF and DKIM find: leave both enabled, or turn `filter.dmarc` off too"
                    .into(),
            );
        }
        let wrong = self.arc.trusted.iter().find(|name| name.parse::<dns::Name>().is_err())?;
        Some(format!("`filter.arc.trusted` names `{}`, which is no domain", wrong.escape_debug()))
    }
}

/// `[filter.iprev]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Iprev {
    /// Look it up.
    pub(crate) enabled: bool,
}

impl Default for Iprev {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// `[filter.spf]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Spf {
    /// Check it.
    pub(crate) enabled: bool,
    /// Refuse mail for which the answer is `fail`, whoever its author is. Forwarded mail fails too, so this is off.
    pub(crate) reject: bool,
}

impl Default for Spf {
    fn default() -> Self {
        Self { enabled: true, reject: false }
    }
}

/// `[filter.dkim]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dkim {
    /// Check signatures.
    pub(crate) enabled: bool,
}

impl Default for Dkim {
    fn default() -> Self {
        Self { enabled: true }
    }
}

/// `[filter.arc]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Arc {
    /// Check the chain.
    pub(crate) enabled: bool,
    /// Domains whose seal is believed: mail that they passed on is not refused where DMARC fails, if it was right when they took it.
    pub(crate) trusted: Vec<String>,
}

impl Default for Arc {
    fn default() -> Self {
        Self { enabled: true, trusted: Vec::new() }
    }
}

/// `[filter.dmarc]`
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Dmarc {
    /// Look for the policy.
    pub(crate) enabled: bool,
    /// Refuse what the author's domain wants refused; otherwise it goes to Junk.
    pub(crate) reject: bool,
    /// Put into Junk what the author's domain wants looked at with suspicion; otherwise it is delivered.
    pub(crate) quarantine: bool,
}

impl Default for Dmarc {
    fn default() -> Self {
        Self { enabled: true, reject: true, quarantine: true }
    }
}
