//! What is known of a message before DMARC: whom it says it is from, and what SPF and DKIM found.

use alloc::vec::Vec;
use core::time::Duration;

use dns::Name;

use crate::Limits;

/// The domains of a message's From field.
///
/// ```
/// use dmarc::Authors;
///
/// let mut authors = Authors::new();
/// authors.push("Example.ORG"); // once for each mailbox of the field
/// authors.push("example.org");
/// assert_eq!(authors, Authors::from("example.org".parse::<dns::Name>()?));
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authors {
    /// Nearly all messages have one: it needs no heap.
    first: Option<Name>,
    more: Vec<Name>,
    malformed: bool,
}

impl Authors {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the domain of a mailbox, as it is written: any case, with letters beyond ASCII (RFC 9989, 5.3.1). The same domain again changes nothing. What is no domain
    /// name, an address in brackets for one, makes the field malformed.
    pub fn push(&mut self, domain: &str) {
        match domain.parse::<Name>() {
            Ok(name) if !name.is_root() && !domain.starts_with('[') => self.add(name),
            _ => self.malformed = true,
        }
    }

    /// Says that the field is missing, there twice, or cannot be read: whatever domains were found in it are not believed.
    pub fn set_malformed(&mut self) {
        self.malformed = true;
    }

    fn add(&mut self, name: Name) {
        if self.first.is_none() {
            self.first = Some(name);
        } else if self.domains().all(|other| *other != name) {
            self.more.push(name);
        }
    }

    /// The domains, each once.
    pub fn domains(&self) -> impl Iterator<Item = &Name> {
        self.first.iter().chain(&self.more)
    }

    /// Whether the field cannot be believed.
    #[must_use]
    pub const fn is_malformed(&self) -> bool {
        self.malformed
    }
}

impl From<Name> for Authors {
    fn from(name: Name) -> Self {
        if name.is_root() {
            return Self { malformed: true, ..Self::default() };
        }
        Self { first: Some(name), ..Self::default() }
    }
}

/// What an authentication mechanism found, as far as DMARC asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The domain has let it through: SPF's and DKIM's `pass`.
    Pass,
    /// It has not, for certain: every other result.
    Fail,
    /// It could not be found out now: `temperror`.
    TempError,
}

impl Outcome {
    /// The outcome of a result's keyword in Authentication-Results (RFC 8601, 2.7), in any case.
    ///
    /// ```
    /// assert_eq!(dmarc::Outcome::of("softfail"), dmarc::Outcome::Fail);
    /// ```
    #[must_use]
    pub const fn of(keyword: &str) -> Self {
        if keyword.eq_ignore_ascii_case("pass") {
            Self::Pass
        } else if keyword.eq_ignore_ascii_case("temperror") {
            Self::TempError
        } else {
            Self::Fail
        }
    }
}

/// Whose domain SPF has checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Identity {
    /// The reverse-path's; for a null one HELO's, which then stands for it (RFC 7208, 2.4).
    MailFrom,
    /// HELO's, beside a reverse-path that has a domain. It counts for nothing (RFC 9989, 4.4.2).
    Helo,
}

/// What SPF found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spf {
    /// What it found.
    pub outcome: Outcome,
    /// The domain that was checked.
    pub domain: Name,
    /// Whose it is.
    pub identity: Identity,
}

/// What DKIM found of one signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dkim {
    /// What it found.
    pub outcome: Outcome,
    /// The signature's `d=`.
    pub domain: Name,
    /// Whether the signature has `l=`, and so leaves room for more text behind what it covers.
    pub partial: bool,
}

/// How a walk's questions are asked. The verdict is the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// All that may be needed at once: one round trip for a policy, one more where other domains have to be looked at.
    #[default]
    Parallel,
    /// One after the other, and none that is not needed: most messages take one question.
    Sequential,
}

/// What is done with messages that have no Author Domain, or several (RFC 9989, 11.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unclear {
    /// They fail. What the site asks to be done with them is said here; such messages are seldom what they seem to be.
    Fail(crate::Policy),
    /// Several domains are evaluated each, up to [`Limits::authors`], and the strictest of what fails counts. No domain, or more, is as `Fail` with `reject`.
    Strictest,
    /// DMARC is not applied to them: `none`.
    None,
}

/// What it means that the Author Domain itself has several policy records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SeveralRecords {
    /// Nobody knows what its owner wants: DMARC is not applied, as it was under RFC 7489, 6.6.3.
    #[default]
    End,
    /// They are as if they were not there, and the walk goes on to the domains above, by the letter of RFC 9989, 4.10.1.
    WalkOn,
}

/// How a site reads what the standard leaves open.
///
/// ```
/// let mut config = dmarc::Config::default();
/// config.order = dmarc::Order::Sequential;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How questions are asked.
    pub order: Order,
    /// What is done with messages without one clear Author Domain. Default [`Unclear::Fail`] with `reject`.
    pub unclear: Unclear,
    /// What several records at the Author Domain mean. Above it they are always as if they were not there.
    pub several_records: SeveralRecords,
    /// Whether signatures with `l=` count. Default no: what they do not cover, anybody can add.
    pub partial_signatures: bool,
    /// Whether `pct=0` of an old record is read as `t=y`, as its writers meant it (RFC 9989, A.6). Default no: the tag is no longer part of the protocol.
    pub old_zero_percent_is_testing: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            order: Order::Parallel,
            unclear: Unclear::Fail(crate::Policy::Reject),
            several_records: SeveralRecords::End,
            partial_signatures: false,
            old_zero_percent_is_testing: false,
        }
    }
}

/// When an inquiry that begins now is tired of waiting.
pub(crate) const fn until(now: Duration, limits: &Limits) -> Duration {
    now.saturating_add(limits.time)
}
