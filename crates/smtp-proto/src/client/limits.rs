//! What a server may cost its client: sizes, counts and times.

use core::time::Duration;

/// The limits of a client session. Change the fields of a default value.
///
/// Sizes are bytes and include line ends; times are measured on the caller's clock. A size or count that is passed ends the session with
/// [`Error::Limit`](super::Error::Limit), a time with [`Error::TimedOut`](super::Error::TimedOut): the server sees the connection close.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest line of a reply: 2,048. RFC 5321, 4.5.3.1.5 allows a server 512 (row W-11).
    pub reply_line: usize,
    /// The longest line of an AUTH exchange, in either direction: 12,288 (RFC 4954, 4). A longer response is `Misuse`.
    pub auth_line: usize,
    /// Lines of one reply: 100 (row W-11).
    pub reply_lines: u32,
    /// One reply with all its lines: 32,768 (row W-11). Up to twice of it is held.
    pub reply: usize,
    /// Pipelined commands that may wait for their replies: 100. Small enough that their replies fit the socket's buffers, so that a caller which
    /// writes everything before it reads cannot block the server and itself (RFC 2920, 3.1).
    pub pipeline: usize,
    /// Content that is gathered before it goes out as one BDAT chunk: 65,536 (RFC 3030).
    pub chunk: usize,
    /// How long the greeting may take: 5 min (RFC 5321, 4.5.3.2.1).
    pub greeting_time: Duration,
    /// How long the replies to EHLO, HELO, LHLO and STARTTLS and the TLS handshake may take, each: 5 min.
    pub hello_time: Duration,
    /// How long the replies to MAIL, RCPT, AUTH, RSET, VRFY and NOOP may take, each: 5 min (RFC 5321, 4.5.3.2.2 and 3).
    pub command_time: Duration,
    /// How long the reply to DATA may take: 2 min (RFC 5321, 4.5.3.2.4).
    pub data_time: Duration,
    /// How long the server may take none of the content, or leave a chunk unanswered: 3 min (RFC 5321, 4.5.3.2.5).
    pub content_time: Duration,
    /// How long the reply to the end of the message may take: 10 min (RFC 5321, 4.5.3.2.6). A shorter time makes messages arrive twice. For LMTP
    /// each recipient's reply has this time.
    pub end_time: Duration,
    /// How long one message may take in all, from MAIL to the end of its content: 2 h. Time that the caller takes does not end it.
    pub message_time: Duration,
    /// How long the reply to QUIT is waited for: 10 s. Then the session is over as if it had come.
    pub quit_time: Duration,
    /// After this long without input or output the buffers are given back: 5 s. They are made again at the next byte.
    pub quiet: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reply_line: 2_048,
            auth_line: 12_288,
            reply_lines: 100,
            reply: 32_768,
            pipeline: 100,
            chunk: 65_536,
            greeting_time: Duration::from_secs(300),
            hello_time: Duration::from_secs(300),
            command_time: Duration::from_secs(300),
            data_time: Duration::from_secs(120),
            content_time: Duration::from_secs(180),
            end_time: Duration::from_secs(600),
            message_time: Duration::from_secs(7_200),
            quit_time: Duration::from_secs(10),
            quiet: Duration::from_secs(5),
        }
    }
}
