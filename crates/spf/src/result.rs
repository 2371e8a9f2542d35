//! What SPF comes to.

use core::fmt;

/// The result of a check (RFC 7208, 2.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpfResult {
    /// No record, or no domain to look for one.
    None,
    /// The domain says nothing about the client.
    Neutral,
    /// The client may send for the domain.
    Pass,
    /// The client may not send for the domain.
    Fail,
    /// The client may probably not send for the domain. Nobody refuses a message for this alone (8.5).
    Softfail,
    /// It could not be found out now. It may be known later.
    Temperror,
    /// The domain's records are wrong.
    Permerror,
}

impl SpfResult {
    /// The word in `Received-SPF` and in `Authentication-Results` (RFC 7208, 9.1; RFC 8601, 2.7.2).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Neutral => "neutral",
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Softfail => "softfail",
            Self::Temperror => "temperror",
            Self::Permerror => "permerror",
        }
    }

    /// What a server says that refuses for this result: the reply's code and its enhanced status (RFC 7208, 8.4 to 8.7; RFC 7372, 3.2). `None` for results for
    /// which nobody refuses.
    ///
    /// Whether to refuse is policy: RFC 7208 leaves it open for all of them, and what DMARC has to say comes later.
    ///
    /// ```
    /// assert_eq!(spf::SpfResult::Fail.refusal(), Some((550, "5.7.23")));
    /// ```
    #[must_use]
    pub const fn refusal(self) -> Option<(u16, &'static str)> {
        match self {
            Self::Fail => Some((550, "5.7.23")),
            Self::Temperror => Some((451, "4.7.24")),
            Self::Permerror => Some((550, "5.7.24")),
            Self::None | Self::Neutral | Self::Pass | Self::Softfail => None,
        }
    }
}

impl fmt::Display for SpfResult {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// What a term that matches says of the client (RFC 7208, 4.6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Qualifier {
    /// `+`, also where none is written.
    Pass,
    /// `-`
    Fail,
    /// `~`
    Softfail,
    /// `?`
    Neutral,
}

impl Qualifier {
    /// What a match comes to.
    #[must_use]
    pub const fn result(self) -> SpfResult {
        match self {
            Self::Pass => SpfResult::Pass,
            Self::Fail => SpfResult::Fail,
            Self::Softfail => SpfResult::Softfail,
            Self::Neutral => SpfResult::Neutral,
        }
    }

    /// As it is written in front of a mechanism; nothing for pass.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "",
            Self::Fail => "-",
            Self::Softfail => "~",
            Self::Neutral => "?",
        }
    }
}
