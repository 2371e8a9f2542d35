//! What a stranger may cost: sizes, counts and times.

use core::time::Duration;

/// The limits of a server session. Change the fields of a default value.
///
/// Sizes are bytes and include line ends; times are measured on the caller's clock. A limit that is passed is always answered as its
/// field says, never by cutting short what came in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest command line: 2,048. RFC 5321, 4.5.3.1.4 asks for 512 and more for each extension. Answered 500 5.5.2 once, and dropped whole
    /// (row W-7).
    pub command_line: usize,
    /// The longest line of an AUTH exchange: 12,288 (RFC 4954, 4). Answered 500 5.5.6.
    pub auth_line: usize,
    /// How much input is held at most: 65,536; at least twice the longest line. A full buffer is back-pressure.
    pub buffer: usize,
    /// The largest message: 50 MiB, advertised by SIZE. Answered 552 5.3.4, at MAIL if it was declared, else at its end.
    pub message_size: u64,
    /// Recipients of one message: 1,000 (RFC 5321, 4.5.3.1.8: at least 100). Answered 452 4.5.3 for each further one.
    pub recipients: u32,
    /// Messages of one session: 100. Answered 421 4.7.0 at the next MAIL.
    pub messages: u32,
    /// Bytes of content of one session: 250 MiB. Answered 421 4.7.0 at the next MAIL.
    pub session_bytes: u64,
    /// Errors after which each further reply is held back by [`error_delay`](Self::error_delay): 5.
    pub soft_errors: u32,
    /// Errors after which the session ends with 421 4.7.0: 10.
    pub hard_errors: u32,
    /// How long a reply is held back: 1 s.
    pub error_delay: Duration,
    /// Commands that do nothing for a message (NOOP, RSET, VRFY, EXPN, HELP, BDAT 0, repeated EHLO) since the last message: 100. Then 421 4.7.0 (row W-4).
    pub junk_commands: u32,
    /// Recipients refused for good in one session: 5. The next refusal is held back by [`unknown_recipients_delay`](Self::unknown_recipients_delay),
    /// then 421 4.7.0 (row W-13).
    pub unknown_recipients: u32,
    /// How long that refusal is held back: 5 s.
    pub unknown_recipients_delay: Duration,
    /// Failed AUTH exchanges of one session: 3. Then 421 4.7.0.
    pub auth_failures: u32,
    /// How long the server waits for a whole command, from its own last reply: 5 min (RFC 5321, 4.5.3.2.7: at least that). Single bytes do not
    /// prolong it (row W-10). Then 421 4.4.2.
    pub command_time: Duration,
    /// How long the server waits for the next piece of content: 3 min (RFC 5321, 4.5.3.2.5). Then 421 4.4.2.
    pub content_time: Duration,
    /// How long one message's content may take in all: 30 min. Then 421 4.4.2.
    pub message_time: Duration,
    /// How long a session may last: 2 h. Then 421 4.4.2; a question that is open is waited for.
    pub session_time: Duration,
    /// The slowest that content may come in while the server is under [stress](crate::server::Notice::Stress), in bytes a second over the message so far: 500.
    pub minimum_rate: u64,
    /// Waiting time for a command under stress: 10 s.
    pub stress_command_time: Duration,
    /// After this long without input or output the buffers are given back: 5 s. They are made again at the next byte.
    pub quiet: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command_line: 2_048,
            auth_line: 12_288,
            buffer: 65_536,
            message_size: 50 << 20,
            recipients: 1_000,
            messages: 100,
            session_bytes: 250 << 20,
            soft_errors: 5,
            hard_errors: 10,
            error_delay: Duration::from_secs(1),
            junk_commands: 100,
            unknown_recipients: 5,
            unknown_recipients_delay: Duration::from_secs(5),
            auth_failures: 3,
            command_time: Duration::from_secs(300),
            content_time: Duration::from_secs(180),
            message_time: Duration::from_secs(1_800),
            session_time: Duration::from_secs(7_200),
            minimum_rate: 500,
            stress_command_time: Duration::from_secs(10),
            quiet: Duration::from_secs(5),
        }
    }
}
