//! The trace field `Received-SPF` (RFC 7208, 9.1).

use core::fmt::{self, Write as _};

use crate::sender::Text;
use crate::{CheckHost, Identity, Reason, SpfResult, Verdict};

/// How many octets of a value are written.
const MAX_VALUE: usize = 320;

/// A `Received-SPF` field, with its line ends. It goes above the `Received` field of the host that checked.
///
/// Whatever client and sender said is quoted; what is no visible ASCII becomes `?`. So nobody can put in a line, or a key of their own.
///
/// ```
/// use core::time::Duration;
/// use dns::{RecordSet, Zone, drive};
/// use spf::{CheckHost, Config, Limits};
///
/// let mut zone = Zone::new();
/// zone.add("example.org".parse()?, RecordSet::Txt(vec!["v=spf1 ip4:192.0.2.0/24 -all".into()]));
/// let client = "192.0.2.17".parse().unwrap();
/// let config = Config::new("mx.example.com");
/// let mut check =
///     CheckHost::mail_from(client, "mail.example.org", "jane@example.org", &config, Limits::default(), Duration::ZERO);
/// drive::blocking_mut(&mut check, |name, kind| zone.lookup(name, kind));
/// assert_eq!(
///     check.received_spf().unwrap().to_string(),
///     "Received-SPF: pass receiver=mx.example.com; client-ip=192.0.2.17;\r\n\
///      \tidentity=mailfrom; helo=mail.example.org;\r\n\
///      \tenvelope-from=\"jane@example.org\";\r\n\
///      \tmechanism=\"ip4:192.0.2.0/24\"\r\n"
/// );
/// # Ok::<(), dns::NameError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ReceivedSpf<'a> {
    check: &'a CheckHost,
    verdict: Verdict,
}

impl CheckHost {
    /// The field that says what this check came to; `None` before it is done.
    #[must_use]
    pub fn received_spf(&self) -> Option<ReceivedSpf<'_>> {
        self.verdict.map(|verdict| ReceivedSpf { check: self, verdict })
    }
}

impl fmt::Display for ReceivedSpf<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let check = self.check;
        write!(formatter, "Received-SPF: {} ", self.verdict.result)?;
        if !check.texts.get(Text::Receiver).is_empty() {
            write!(formatter, "receiver={}; ", Value(&check.texts.get(Text::Receiver)))?;
        }
        write!(formatter, "client-ip={};\r\n", Value(&check.ip))?;
        write!(formatter, "\tidentity={}", check.identity.as_str())?;
        if !check.texts.get(Text::Helo).is_empty() {
            write!(formatter, "; helo={}", Value(&check.texts.get(Text::Helo)))?;
        }
        if let Some(domain) = check.domain().filter(|_| check.identity == Identity::MailFrom) {
            write!(
                formatter,
                ";\r\n\tenvelope-from={}",
                Value(&format_args!("{}@{domain}", check.texts.get(Text::Local)))
            )?;
        }
        match self.verdict.reason {
            Reason::Matched => {
                if let Some(term) = check.places().next_back().and_then(|place| place.term) {
                    write!(formatter, ";\r\n\tmechanism={}", Value(&term.text))?;
                }
            }
            Reason::NoMatch => formatter.write_str(";\r\n\tmechanism=default")?,
            _ => {}
        }
        if matches!(self.verdict.result, SpfResult::Temperror | SpfResult::Permerror) {
            write!(formatter, ";\r\n\tproblem={}", Value(&self.verdict.reason))?;
        }
        formatter.write_str("\r\n")
    }
}

/// `dot-atom / quoted-string`
struct Value<'a, T: ?Sized>(&'a T);

impl<T: fmt::Display + ?Sized> fmt::Display for Value<'_, T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut atom = DotAtom { whole: true, after_dot: true, len: 0 };
        write!(atom, "{}", self.0)?;
        if atom.whole && !atom.after_dot {
            return write!(formatter, "{}", self.0);
        }
        formatter.write_char('"')?;
        // Room runs out by an error of ours alone: what fits has been written then.
        let mut quoted = Quoted { to: &mut *formatter, room: MAX_VALUE };
        let written = write!(quoted, "{}", self.0);
        if written.is_err() && quoted.room > 0 {
            return written;
        }
        formatter.write_char('"')
    }
}

/// Whether what is written is a `dot-atom` (RFC 5322, 3.2.3).
struct DotAtom {
    whole: bool,
    after_dot: bool,
    len: usize,
}

impl fmt::Write for DotAtom {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.len += text.len();
        self.whole &= self.len <= MAX_VALUE;
        for octet in text.bytes() {
            let dot = octet == b'.';
            self.whole &= if dot {
                !self.after_dot
            } else {
                octet.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&octet)
            };
            self.after_dot = dot;
        }
        Ok(())
    }
}

/// The inside of a `quoted-string` (RFC 5322, 3.2.4).
struct Quoted<'a, 'b> {
    to: &'a mut fmt::Formatter<'b>,
    room: usize,
}

impl fmt::Write for Quoted<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for letter in text.chars() {
            self.room = self.room.checked_sub(1).ok_or(fmt::Error)?;
            match letter {
                '"' | '\\' => {
                    self.to.write_char('\\')?;
                    self.to.write_char(letter)?;
                }
                ' '..='~' => self.to.write_char(letter)?,
                _ => self.to.write_char('?')?,
            }
        }
        Ok(())
    }
}
