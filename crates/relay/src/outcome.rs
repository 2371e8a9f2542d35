//! What an attempt means for a recipient.

use alloc::{
    format,
    string::{String, ToString},
};
use core::fmt;

use smtp_proto::{
    EnhancedStatus, Reply,
    client::{self, Step, Unsendable},
};

use crate::{Limits, NoRoute};

/// What follows for a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// The next server has taken on the responsibility.
    Delivered,
    /// Not now, but later perhaps.
    Retry,
    /// Never.
    Failed,
}

/// What an attempt came to, for one recipient or for all of them: what follows, why, and in whose words.
///
/// ```
/// use relay::{Fate, Outcome};
/// use smtp_proto::{Reply, client::Step};
///
/// let outcome = Outcome::reply(Step::Rcpt, &Reply::new(550, None, "No such user"));
/// assert_eq!((outcome.fate, outcome.another_host), (Fate::Failed, false));
/// assert_eq!(outcome.diagnostic().as_deref(), Some("smtp; 550 No such user"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// What follows.
    pub fate: Fate,
    /// The enhanced status: the server's where it gave one, otherwise what is known.
    pub status: EnhancedStatus,
    /// The code of the server's reply, if it was one.
    pub code: Option<u16>,
    /// The server's words, or what happened instead: printable ASCII on one line, cut to [`Limits::words`].
    pub words: String,
    /// Whether another host of the domain is to be tried at once (RFC 5321, 5.1), for it was the host that failed and not the message.
    pub another_host: bool,
}

impl Outcome {
    fn new(fate: Fate, status: (u8, u16, u16), words: &str, another_host: bool) -> Self {
        let status = EnhancedStatus::new(status.0, status.1, status.2);
        Self { fate, status, code: None, words: printable(words, Limits::default().words), another_host }
    }

    /// A server's reply to a command. What concerns whom, the command says: RCPT one recipient; MAIL, DATA and the content all that were accepted; the greeting and EHLO the
    /// host, and all recipients if no host is better.
    #[must_use]
    pub fn reply(step: Step, reply: &Reply<'_>) -> Self {
        let class = match reply.code() {
            200..=399 => 2,
            400..=499 => 4,
            // RFC 5321, 4.5.3.1.10: too many recipients, which is for the next transaction
            552 if step == Step::Rcpt => 4,
            _ => 5,
        };
        let fate = match class {
            2 => Fate::Delivered,
            4 => Fate::Retry,
            _ => Fate::Failed,
        };
        let status = reply.status().filter(|status| status.class() == class);
        let of_host = matches!(step, Step::Connect | Step::Ehlo | Step::Helo | Step::StartTls | Step::Auth);
        Self {
            fate,
            // RFC 3463, 3: nothing more is known
            status: status.unwrap_or(EnhancedStatus::new(class, 0, 0)),
            code: Some(reply.code()),
            words: printable(reply.text(), Limits::default().words),
            another_host: of_host && fate != Fate::Delivered,
        }
    }

    /// A session that failed, with what became of the message.
    #[must_use]
    pub fn session(error: &client::Error, message: client::Outcome) -> Self {
        use client::Error;
        // RFC 5321, 4.5.4.1: to be sent again, though it may arrive twice; not at once by another host, which would make that likely
        let another = message != client::Outcome::Unknown;
        let words = error.to_string();
        match error {
            Error::Refused { step, reply } => {
                let outcome = Self::reply(*step, reply);
                // a session fails at a refusal only where it is the host's, or where the content is cut short
                Self { another_host: another && outcome.another_host, ..outcome }
            }
            Error::Closing { reply } => Self { another_host: another, ..Self::reply(Step::Connect, reply) },
            Error::ConnectionLost | Error::TimedOut(_) => Self::new(Fate::Retry, (4, 4, 2), &words, another),
            Error::TlsNotOffered | Error::TlsRefused { .. } => Self::new(Fate::Retry, (4, 7, 10), &words, another),
            Error::PlaintextAfterStartTls { .. } => Self::new(Fate::Retry, (4, 7, 5), &words, another),
            Error::Name => Self::new(Fate::Retry, (4, 3, 5), &words, false),
            // what the server says is not SMTP
            _ => Self::new(Fate::Retry, (4, 5, 0), &words, another),
        }
    }

    /// A message that cannot go to this server as it is.
    #[must_use]
    pub fn unsendable(why: &Unsendable) -> Self {
        let words = why.to_string();
        let (fate, status, another) = match why {
            Unsendable::EightBit | Unsendable::Binary => (Fate::Failed, (5, 6, 3), false),
            // RFC 6531, 3.5
            Unsendable::Utf8 => (Fate::Failed, (5, 6, 7), false),
            Unsendable::Dsn => (Fate::Failed, (5, 3, 3), false),
            // RFC 1870, 6.1
            Unsendable::TooBig { .. } => (Fate::Failed, (5, 3, 4), false),
            // RFC 8689, 4.2.1: another host may do better
            Unsendable::RequireTls => (Fate::Failed, (5, 7, 30), true),
            // RFC 2852, 4.2
            Unsendable::DeliverBy => (Fate::Failed, (5, 4, 7), false),
            Unsendable::Hold => (Fate::Retry, (4, 3, 3), false),
            Unsendable::TooManyRecipients { .. } | Unsendable::TooManyMessages { .. } => {
                (Fate::Retry, (4, 5, 3), false)
            }
            _ => (Fate::Retry, (4, 5, 0), false),
        };
        Self::new(fate, status, &words, another)
    }

    /// There is no way.
    #[must_use]
    pub fn no_route(why: &NoRoute) -> Self {
        let fate = if why.is_permanent() { Fate::Failed } else { Fate::Retry };
        Self { status: why.status(), ..Self::new(fate, (4, 4, 4), &why.to_string(), false) }
    }

    /// No connection: refused, unreachable, timed out. `why` is for the log and the sender.
    #[must_use]
    pub fn unreachable(why: &str) -> Self {
        Self::new(Fate::Retry, (4, 4, 1), why, true)
    }

    /// No TLS where a policy demands it, or a handshake that failed.
    #[must_use]
    pub fn tls_failed(why: &str) -> Self {
        Self::new(Fate::Retry, (4, 7, 5), why, true)
    }

    /// Our own trouble: the message cannot be read, memory or disk is short.
    #[must_use]
    pub fn local_trouble(why: &str) -> Self {
        Self::new(Fate::Retry, (4, 3, 0), why, false)
    }

    /// Given up: the time is over. The last words stay.
    #[must_use]
    pub fn expired(self) -> Self {
        Self { fate: Fate::Failed, status: EnhancedStatus::new(5, 4, 7), another_host: false, ..self }
    }

    /// Two hosts' outcomes as one. A recipient fails only if every host says so; the last words count, of those that decide.
    #[must_use]
    pub fn and_then(self, next: Self) -> Self {
        match (self.fate, next.fate) {
            (Fate::Retry, Fate::Failed) if next.another_host => Self { another_host: true, ..self },
            _ => next,
        }
    }

    /// The value of a Diagnostic-Code field (RFC 3464, 2.3.6): the server's reply; `None` where no server said anything.
    #[must_use]
    pub fn diagnostic(&self) -> Option<String> {
        let code = self.code?;
        let status = if self.status.subject() == 0 && self.status.detail() == 0 || self.status.class() != class(code) {
            String::new()
        } else {
            format!("{} ", self.status)
        };
        Some(format!("smtp; {code} {status}{}", self.words).trim_end().to_string())
    }
}

fn class(code: u16) -> u8 {
    u8::try_from(code / 100).unwrap_or(5)
}

/// For the log: one line.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.fate {
            Fate::Delivered => "delivered: ",
            Fate::Retry => "put off: ",
            Fate::Failed => "failed: ",
        })?;
        if let Some(code) = self.code {
            write!(f, "{code} ")?;
        }
        write!(f, "{} {}", self.status, self.words)
    }
}

/// Words of a stranger on one line (row R-6): line ends and runs of white space are one space, what is not printable ASCII is `?`, what is too long is cut.
pub(crate) fn printable(text: &str, most: usize) -> String {
    let mut line = String::new();
    for c in text.chars() {
        let c = match c {
            ' ' | '\t' | '\r' | '\n' if line.is_empty() || line.ends_with(' ') => continue,
            ' ' | '\t' | '\r' | '\n' => ' ',
            '!'..='~' => c,
            _ => '?',
        };
        if line.len() >= most {
            break;
        }
        line.push(c);
    }
    line.truncate(line.trim_end().len());
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(step: Step, code: u16, status: Option<(u8, u16, u16)>) -> (Fate, String, bool) {
        let status = status.map(|(class, subject, detail)| EnhancedStatus::new(class, subject, detail));
        let outcome = Outcome::reply(step, &Reply::new(code, status, "words"));
        (outcome.fate, outcome.status.to_string(), outcome.another_host)
    }

    #[test]
    fn replies_are_sorted_by_class_and_step() {
        assert_eq!(reply(Step::End, 250, Some((2, 0, 0))), (Fate::Delivered, "2.0.0".into(), false));
        assert_eq!(reply(Step::Rcpt, 550, Some((5, 1, 1))), (Fate::Failed, "5.1.1".into(), false));
        assert_eq!(reply(Step::Rcpt, 450, Some((4, 2, 0))), (Fate::Retry, "4.2.0".into(), false));
        assert_eq!(reply(Step::Rcpt, 552, Some((5, 5, 3))), (Fate::Retry, "4.0.0".into(), false));
        assert_eq!(reply(Step::End, 552, Some((5, 2, 2))), (Fate::Failed, "5.2.2".into(), false));
        assert_eq!(reply(Step::Connect, 554, None), (Fate::Failed, "5.0.0".into(), true));
        assert_eq!(reply(Step::Ehlo, 421, Some((4, 3, 2))), (Fate::Retry, "4.3.2".into(), true));
        assert_eq!(reply(Step::Mail, 451, None), (Fate::Retry, "4.0.0".into(), false));
    }

    #[test]
    fn sessions_fail_for_a_while_or_as_the_server_says() {
        use client::{Error, Outcome as Became, Timer};
        let of = |error: Error, became| {
            let outcome = Outcome::session(&error, became);
            (outcome.fate, outcome.status.to_string(), outcome.another_host)
        };
        assert_eq!(of(Error::ConnectionLost, Became::NotDelivered), (Fate::Retry, "4.4.2".into(), true));
        assert_eq!(of(Error::TimedOut(Timer::End), Became::Unknown), (Fate::Retry, "4.4.2".into(), false));
        let reply = Reply::new(554, Some(EnhancedStatus::new(5, 7, 1)), "Go away");
        let refused = Error::Refused { step: Step::Connect, reply: reply.clone() };
        assert_eq!(of(refused, Became::Nothing), (Fate::Failed, "5.7.1".into(), true));
        let refused = Error::Refused { step: Step::Content, reply };
        assert_eq!(of(refused, Became::NotDelivered), (Fate::Failed, "5.7.1".into(), false));
        let closing = Error::Closing { reply: Reply::new(421, None, "Later") };
        assert_eq!(of(closing, Became::NotDelivered), (Fate::Retry, "4.0.0".into(), true));
        assert_eq!(of(Error::Unsolicited, Became::Nothing), (Fate::Retry, "4.5.0".into(), true));
        assert_eq!(of(Error::Name, Became::Nothing), (Fate::Retry, "4.3.5".into(), false));
    }

    #[test]
    fn what_cannot_be_sent_has_its_status() {
        let of = |why| Outcome::unsendable(&why).status.to_string();
        assert_eq!(of(Unsendable::Utf8), "5.6.7");
        assert_eq!(of(Unsendable::TooBig { limit: 1 }), "5.3.4");
        assert_eq!(of(Unsendable::EightBit), "5.6.3");
        assert_eq!(of(Unsendable::RequireTls), "5.7.30");
        assert_eq!(Outcome::unsendable(&Unsendable::TooManyRecipients { limit: 1 }).fate, Fate::Retry);
    }

    #[test]
    fn a_recipient_fails_only_if_every_host_says_so() {
        let refused = || Outcome::reply(Step::Connect, &Reply::new(554, None, "no"));
        let down = || Outcome::unreachable("refused");
        assert_eq!(refused().and_then(refused()).fate, Fate::Failed);
        assert_eq!(refused().and_then(down()).fate, Fate::Retry);
        assert_eq!(down().and_then(refused()).fate, Fate::Retry);
        let unknown = Outcome::reply(Step::Rcpt, &Reply::new(550, None, "no"));
        assert_eq!(down().and_then(unknown).fate, Fate::Failed, "a host that knows the recipient decides");
    }

    #[test]
    fn r6_words_are_one_line_of_printable_ascii_and_not_too_long() {
        let outcome = Outcome::reply(Step::Rcpt, &Reply::new(550, None, "a\nb\r\n  c\u{e9}\u{1b}[0m\0"));
        assert_eq!(outcome.words, "a b c??[0m?");
        let outcome = Outcome::reply(Step::Rcpt, &Reply::new(550, None, "x".repeat(10_000)));
        assert_eq!(outcome.words.len(), Limits::default().words);
        assert_eq!(outcome.expired().status.to_string(), "5.4.7");
    }
}
