//! What an inquiry asks, and how it goes on.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use crate::{Answer, Name};

/// Of which kind the records are that are asked for (RFC 1035, 3.2.2; RFC 3596, 2.1; RFC 6698, 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[non_exhaustive]
pub enum Kind {
    /// IPv4 addresses.
    A,
    /// IPv6 addresses.
    Aaaa,
    /// Where a domain's mail goes.
    Mx,
    /// Texts.
    Txt,
    /// The names of an address.
    Ptr,
    /// What a name is an alias of.
    Cname,
    /// What certificates have to be.
    Tlsa,
    /// A zone's servers.
    Ns,
    /// The beginning of a zone.
    Soa,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::A, Self::Aaaa, Self::Mx, Self::Txt, Self::Ptr, Self::Cname, Self::Tlsa, Self::Ns, Self::Soa];

    /// The name in zone files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Mx => "MX",
            Self::Txt => "TXT",
            Self::Ptr => "PTR",
            Self::Cname => "CNAME",
            Self::Tlsa => "TLSA",
            Self::Ns => "NS",
            Self::Soa => "SOA",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// A kind of records that no inquiry asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no kind of record that mail asks for")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    /// The name in zone files, in any case.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str().eq_ignore_ascii_case(text)).ok_or(UnknownKind)
    }
}

/// Which question of one inquiry: its answer comes back with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuestionId(pub u32);

/// What an inquiry wants to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// To be given back with the answer.
    pub id: QuestionId,
    /// Whose records.
    pub name: &'a Name,
    /// Which records. Aliases are to be followed.
    pub kind: Kind,
}

impl fmt::Display for Question<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.name, self.kind)
    }
}

/// How an inquiry goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a, V> {
    /// A question. Each is handed out once; step again, until it is something else, to have all that can be asked now.
    Ask(Question<'a>),
    /// Nothing goes on before an answer comes, or the deadline.
    Wait,
    /// The verdict; it is the same however often it is asked for.
    Done(V),
}

/// A computation that needs answers from the DNS: SPF, the keys of DKIM, the policy of DMARC, the way to a domain's mail.
///
/// Whoever has one runs it with [`drive`](crate::drive), or by hand: step until it waits, find the answers in any order and all at once, give each back with its id,
/// and step again.
///
/// ```
/// use core::time::Duration;
/// use dns::{Inquiry, Step, Zone};
///
/// /// Runs any inquiry to its end, from a zone in memory.
/// fn run<I: Inquiry>(mut inquiry: I, zone: &Zone) -> Option<I::Verdict> {
///     loop {
///         let (id, response) = match inquiry.step() {
///             Step::Ask(question) => (question.id, zone.lookup(question.name, question.kind)),
///             Step::Wait => return None,
///             Step::Done(verdict) => return Some(verdict),
///         };
///         inquiry.answer(id, response.as_answer());
///     }
/// }
/// ```
pub trait Inquiry {
    /// What it comes to.
    type Verdict;

    /// What it wants next.
    fn step(&mut self) -> Step<'_, Self::Verdict>;

    /// The answer to a question, in any order. One to an unknown question, or a second one, is ignored.
    fn answer(&mut self, id: QuestionId, answer: Answer<'_>);

    /// When it will be tired of waiting, on the caller's clock; `None` once it is done.
    fn deadline(&self) -> Option<Duration>;

    /// What time it is. At the deadline questions that are open count as not answered ([`Answer::TryLater`]). Early and late calls are harmless.
    fn tick(&mut self, now: Duration);
}
