//! What a client may cost: sizes, counts and times.

use core::time::Duration;

/// The limits of a server session. Change the fields of a default value.
///
/// Sizes are bytes and include line ends; times are measured on the caller's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest command line: 1,024. RFC 2449, 4 asks for 255. Answered `-ERR` once, and dropped whole (row W-7).
    pub command_line: usize,
    /// The longest line of an AUTH exchange: 12,288 (RFC 5034, 4). Answered `-ERR`.
    pub auth_line: usize,
    /// How much input is held at most: 32,768; at least twice the longest line. A full buffer is back-pressure.
    pub buffer: usize,
    /// Errors after which each further reply is held back by [`error_delay`](Self::error_delay): 5.
    pub soft_errors: u32,
    /// Errors after which the session ends: 20.
    pub hard_errors: u32,
    /// Errors before login after which the session ends: 5.
    pub hard_errors_before_login: u32,
    /// How long a reply is held back: 1 s.
    pub error_delay: Duration,
    /// Failed logins of one session: 3. Then it ends.
    pub auth_failures: u32,
    /// How long a client may take to log in: 60 s.
    pub login_time: Duration,
    /// How long the server waits for a command after login, from its own last reply: 10 min, the least that RFC 1939, 3 allows. Single bytes do not prolong it
    /// (row W-10). Then the session is over, and nothing is removed.
    pub idle_time: Duration,
    /// After this long without input or output the buffers are given back: 5 s. They are made again at the next byte.
    pub quiet: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_line: 1_024,
            auth_line: 12_288,
            buffer: 32_768,
            soft_errors: 5,
            hard_errors: 20,
            hard_errors_before_login: 5,
            error_delay: Duration::from_secs(1),
            auth_failures: 3,
            login_time: Duration::from_secs(60),
            idle_time: Duration::from_secs(600),
            quiet: Duration::from_secs(5),
        }
    }
}
