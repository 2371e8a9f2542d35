//! What has been found, and why.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt::{self, Write as _};

use auth_results::{AuthenticationResults, Leniency, Method, Ptype};
use dns::Name;

use crate::{Problem, Seal};

/// The status of a chain (RFC 8617, 4.4), by its name in `cv=` and in Authentication-Results.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ArcResult {
    /// There is no chain.
    None,
    /// The chain is whole.
    Pass,
    /// It is not, and is worth as much as none (RFC 8617, 5.2).
    Fail,
}

impl ArcResult {
    pub(crate) const ALL: [Self; 3] = [Self::None, Self::Pass, Self::Fail];

    /// The name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }
}

impl fmt::Display for ArcResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One set of a chain, from a message whose chain has the right form. What it says is worth something only where [`Verdict::result`] is pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Set {
    /// Its number, from 1 on.
    pub instance: u8,
    /// Its seal: whose it is.
    pub seal: Seal,
    /// Whether the owner of the seal's key is still testing (`t=y` of the key record, RFC 6376, 3.6.1). Such a seal passes, and nobody is trusted for it.
    pub testing: bool,
    /// The value of its ARC-Authentication-Results.
    pub(crate) value: Box<[u8]>,
}

impl Set {
    /// What the server found out. Sealers as large as there are write this field against the grammar, so it is read with [`Leniency::Forgiving`].
    ///
    /// # Errors
    ///
    /// [`auth_results::Error`], where it cannot be read even so; the chain may be right all the same.
    pub fn results(&self) -> Result<AuthenticationResults<'_>, auth_results::Error> {
        let limits = auth_results::Limits::default();
        AuthenticationResults::parse_arc_with(&self.value, &limits, Leniency::Forgiving).map(|(_, results)| results)
    }
}

/// What has been found of a message's chain. Copies are cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Inner {
    pub(crate) problem: Option<Problem>,
    pub(crate) sets: Vec<Set>,
    pub(crate) oldest_pass: u8,
    /// The author's domain, where there is one author, and the newest message signature is over From.
    pub(crate) author: Option<Name>,
}

impl Verdict {
    /// The result. There is no temporary one (RFC 8617, 5.2.1): a key that is out of reach makes the chain fail; see [`Self::is_temporary`].
    #[must_use]
    pub fn result(&self) -> ArcResult {
        match (&self.inner.problem, self.inner.sets.is_empty()) {
            (Some(_), _) => ArcResult::Fail,
            (None, true) => ArcResult::None,
            (None, false) => ArcResult::Pass,
        }
    }

    /// Why the chain fails; nothing, where it does not.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        self.inner.problem.as_ref()
    }

    /// Whether the chain fails only because a key was out of reach, so that another try may find otherwise. A receiver to whom the chain would have made a difference may
    /// ask for the message again (451 4.7.5), and a forwarder should: a seal with `cv=fail` cannot be taken back.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        self.problem().is_some_and(Problem::is_temporary)
    }

    /// The lowest instance whose message signature still holds, or 0 if all do: `header.oldest-pass` (RFC 8617, 5.2 and 6). Signatures beyond
    /// [`Limits::messages`](crate::Limits::messages) are not tried and count as not holding. Nothing where the chain does not pass.
    #[must_use]
    pub fn oldest_pass(&self) -> Option<u8> {
        (self.result() == ArcResult::Pass).then_some(self.inner.oldest_pass)
    }

    /// The domain of the newest seal: who passed the message on last. Nothing where the chain does not pass, since anybody can write a name.
    #[must_use]
    pub fn sealer(&self) -> Option<&Name> {
        self.passed().last().map(|set| set.seal.domain_name())
    }

    /// All sets, the oldest first; none where the chain has no right form. They may be a forger's where [`Self::result`] is not pass.
    #[must_use]
    pub fn sets(&self) -> &[Set] {
        &self.inner.sets
    }

    /// The sets of a chain that passes.
    pub(crate) fn passed(&self) -> &[Set] {
        if self.result() == ArcResult::Pass { &self.inner.sets } else { &[] }
    }

    /// What a DMARC report is to say where the chain made a difference, as the comment of the reason `local_policy` (RFC 8617, 7.2.2):
    /// `arc=pass as[2].d=d2.example as[2].s=s2 as[1].d=d1.example as[1].s=s1 remote-ip[1]=192.0.2.1`.
    #[must_use]
    pub fn report_comment(&self) -> String {
        let mut out = alloc::format!("arc={}", self.result());
        for set in self.passed().iter().rev() {
            let (n, seal) = (set.instance, &set.seal);
            // writing into a string does not fail
            let _ = write!(out, " as[{n}].d={} as[{n}].s={}", Shown(seal.domain()), Shown(seal.selector()));
        }
        let first = self.passed().first().and_then(|set| set.results().ok());
        let results = first.iter().flat_map(|first| first.of(&Method::Arc));
        if let Some(ip) = results.filter_map(|arc| arc.get(&Ptype::Smtp, "remote-ip")).next() {
            let _ = write!(out, " remote-ip[1]={}", Shown(ip));
        }
        out
    }
}

/// One line, as in Authentication-Results: `arc=fail (the seal of instance 2: …)`, or `arc=pass (2 sets) header.d=example.net header.s=2026 header.oldest-pass=0`. What a
/// stranger wrote is escaped and cut to 80.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "arc={}", self.result())?;
        if let Some(problem) = self.problem() {
            write!(formatter, " ({problem}{})", if self.is_temporary() { "; temporary" } else { "" })?;
        }
        if let Some(newest) = self.passed().last() {
            let (sets, seal) = (self.sets().len(), &newest.seal);
            write!(formatter, " ({sets} {}", if sets == 1 { "set" } else { "sets" })?;
            write!(formatter, ") header.d={} header.s={}", Shown(seal.domain()), Shown(seal.selector()))?;
            write!(formatter, " header.oldest-pass={}", self.inner.oldest_pass)?;
        }
        Ok(())
    }
}

/// Text of a stranger's.
struct Shown<'a>(&'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars().take(80) {
            if letter.is_control() || letter.is_whitespace() {
                write!(formatter, "{}", letter.escape_default())?;
            } else {
                formatter.write_char(letter)?;
            }
        }
        Ok(())
    }
}
