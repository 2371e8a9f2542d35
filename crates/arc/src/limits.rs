//! What a chain may cost.

/// Bounds on what a stranger's message makes us do. Change the fields of a default value.
///
/// What passes one is no chain: the result is fail, and nothing is asked of the DNS.
///
/// ```
/// let mut limits = arc::Limits::default();
/// limits.sets = 10;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many sets a chain may have: 50 (RFC 8617, 4.2.1), and never more. Each has a seal to be verified, so a key to be asked for.
    pub sets: u8,
    /// How many octets the fields of all sets may have together: 256 KiB. Honest sets have about 3 KiB each. Each seal is over all sets before it, so the work
    /// is this times [`Self::sets`] at most.
    pub chain: usize,
    /// How many message signatures are verified, from the newest on: 10. Only the newest decides; the others tell [`Verdict::oldest_pass`](crate::Verdict::oldest_pass).
    pub messages: u8,
    /// What is the same as in DKIM: the header block and its fields, tags, signed fields, keys, and the time for answers.
    pub dkim: dkim::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self { sets: 50, chain: 256 << 10, messages: 10, dkim: dkim::Limits::default() }
    }
}

impl Limits {
    /// RFC 8617, 4.2.1: whatever the caller says, there is no 51st.
    pub(crate) fn max_sets(&self) -> u8 {
        self.sets.min(50)
    }
}
