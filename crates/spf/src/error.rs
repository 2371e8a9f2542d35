//! What can be wrong with a record.

/// Something in a record that RFC 7208, 12, does not allow. Whoever evaluates it comes to a permerror (4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum SyntaxError {
    /// It does not begin with `v=spf1` and a space or its end (4.5).
    #[error("octet 0 of the SPF record: it begins with v=spf1 and a space")]
    Version,
    /// A control or an octet beyond ASCII; terms are parted by spaces only (3.1, 4.6.1).
    #[error("octet {at} of the SPF record may not be there: terms are visible ASCII, parted by spaces")]
    Octet {
        /// The octet, counted from zero.
        at: usize,
    },
    /// No mechanism has that name (4.6.1, 4.8).
    #[error("octet {at} of the SPF record: no such mechanism; all, include, a, mx, ptr, ip4, ip6 and exists are known")]
    Mechanism {
        /// Where the term begins.
        at: usize,
    },
    /// A modifier's name begins with a letter, has letters, digits, `-`, `_` and `.`, and no qualifier in front (4.6.1).
    #[error("octet {at} of the SPF record: no name of a modifier")]
    Modifier {
        /// Where the term begins.
        at: usize,
    },
    /// Something follows a mechanism that takes nothing, or is missing where it must have something (5).
    #[error("octet {at} of the SPF record: an argument is missing, or one is there that may not be")]
    Argument {
        /// Where it should be, or is.
        at: usize,
    },
    /// A domain does not end in a dot and a top label, or in a macro (7.1). An address belongs behind `ip4:` or `ip6:`.
    #[error(
        "octet {at} of the SPF record: a domain ends in a dot and a top label that is not all digits, or in a macro"
    )]
    Domain {
        /// Where the domain begins.
        at: usize,
    },
    /// A `%` that begins no macro, an unknown letter, a letter for explanations only, or a zero (7.1 to 7.3).
    #[error("octet {at} of the SPF record: no macro that may be here")]
    Macro {
        /// Where the `%` stands.
        at: usize,
    },
    /// An IP address is not well formed (5.6).
    #[error("octet {at} of the SPF record: no IP address of that kind")]
    Address {
        /// Where the address begins.
        at: usize,
    },
    /// A prefix length is not a number from 0 to 32 or 128 without leading zeros (5.6).
    #[error("octet {at} of the SPF record: no prefix length")]
    Prefix {
        /// Where its slash stands.
        at: usize,
    },
    /// `redirect` or `exp` is there a second time (6).
    #[error("octet {at} of the SPF record: redirect and exp may be there once each")]
    Twice {
        /// Where the second one begins.
        at: usize,
    },
}

/// Why there is no [`Record`](crate::Record).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// It is not well formed. For SPF's result: permerror.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// It is longer than it may be. For SPF's result: permerror.
    #[error("the SPF record is longer than {0} octets")]
    Long(usize),
    /// A name has more than one SPF record (RFC 7208, 4.5). For SPF's result: permerror.
    #[error("there is more than one SPF record; all but one have to go")]
    Several,
}
