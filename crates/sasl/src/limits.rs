//! What an exchange may cost.

/// How much the peer may make us store or compute. The same for both sides.
///
/// ```
/// let mut limits = sasl::Limits::default();
/// limits.max_iterations = 100_000; // a client on a small machine
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Octets of one message after base64. Default 9,216, what the 12,288 octets of a line of RFC 4954, 4, stand for. A longer response
    /// fails as [`Exceeded::Message`](crate::Exceeded::Message).
    pub message: usize,
    /// Octets of a user name, before preparation. Default 255. A longer one fails as [`Exceeded::Name`](crate::Exceeded::Name).
    pub name: usize,
    /// Octets of a password, before preparation. Default 1,024. A longer one fails as [`Exceeded::Password`](crate::Exceeded::Password).
    pub password: usize,
    /// Octets of a bearer token. Default 8,192, which the tokens of large providers stay below. A longer one fails as
    /// [`Exceeded::Token`](crate::Exceeded::Token).
    pub token: usize,
    /// SCRAM iterations that a client accepts at most, so that a server cannot make it work for hours. Default 1,000,000, about a
    /// second. More fail as [`Exceeded::Iterations`](crate::Exceeded::Iterations). The least is always
    /// [`MIN_ITERATIONS`](crate::MIN_ITERATIONS).
    pub max_iterations: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 9_216, name: 255, password: 1_024, token: 8_192, max_iterations: 1_000_000 }
    }
}
