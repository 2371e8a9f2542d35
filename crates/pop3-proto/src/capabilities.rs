//! CAPA: what a server offers (RFC 2449).

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt::{self, Write as _};

use crate::command::Bytes;

/// How many capabilities that this crate does not know are kept.
const OTHERS_MAX: usize = 50;

/// What a server offers. Start from [`Capabilities::new`], which offers nothing.
///
/// ```
/// use pop3_proto::{Capabilities, capabilities::{Expire, Retention}};
///
/// let mut offers = Capabilities::new();
/// for line in ["TOP", "SASL PLAIN SCRAM-SHA-256", "EXPIRE 60 USER", "X-OURS 1"] {
///     offers.read(line);
/// }
/// assert!(offers.top && !offers.stls);
/// assert_eq!(offers.sasl, ["PLAIN", "SCRAM-SHA-256"]);
/// assert_eq!(offers.expire, Some(Expire { retention: Retention::Days(60), per_user: true }));
/// let mut wire = Vec::new();
/// offers.write(&mut wire);
/// assert_eq!(wire, b"TOP\r\nSASL PLAIN SCRAM-SHA-256\r\nEXPIRE 60 USER\r\nX-OURS 1\r\n.\r\n");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// TOP (6.2)
    pub top: bool,
    /// USER (6.3): USER and PASS
    pub user: bool,
    /// SASL (6.4): the mechanisms of AUTH, as they are written, each once
    pub sasl: Vec<String>,
    /// RESP-CODES (6.5)
    pub resp_codes: bool,
    /// AUTH-RESP-CODE (RFC 3206, 6)
    pub auth_resp_code: bool,
    /// PIPELINING (6.8)
    pub pipelining: bool,
    /// UIDL (6.8)
    pub uidl: bool,
    /// STLS (RFC 2595, 4)
    pub stls: bool,
    /// UTF8 (RFC 6856, 2)
    pub utf8: bool,
    /// UTF8's argument USER (RFC 6856, 2.2): names and passwords may be UTF-8 too. Not written without [`utf8`](Self::utf8).
    pub utf8_user: bool,
    /// LANG (RFC 6856, 3)
    pub lang: bool,
    /// EXPIRE (6.7): how long messages stay
    pub expire: Option<Expire>,
    /// LOGIN-DELAY (6.5): how soon one may log in again
    pub login_delay: Option<LoginDelay>,
    /// IMPLEMENTATION (6.9); empty: not said
    pub implementation: String,
    /// The lines of up to 50 others, as they are written
    pub others: Vec<String>,
}

/// EXPIRE: how long messages are sure to stay on the server (RFC 2449, 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Expire {
    /// The shortest time that is, or might be, in force.
    pub retention: Retention,
    /// `USER`: another value may hold for the user; CAPA says which after login. Only before login.
    pub per_user: bool,
}

/// How long messages stay (RFC 2449, 6.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Retention {
    /// So many days at least. 0: none may be left; what was read by RETR may be removed at QUIT.
    Days(u32),
    /// `NEVER`: the server removes nothing by itself.
    Never,
}

/// LOGIN-DELAY: how long to wait between logins (RFC 2449, 6.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LoginDelay {
    /// Seconds from one login's `+OK` until the next login is let in.
    pub seconds: u32,
    /// `USER`: a shorter time may hold for the user; CAPA says which after login. Only before login.
    pub per_user: bool,
}

impl Expire {
    fn read(params: &str) -> Option<Self> {
        let (value, per_user) = split_user(params)?;
        let never = value.eq_ignore_ascii_case("NEVER");
        let retention = if never { Retention::Never } else { Retention::Days(number(value)?) };
        Some(Self { retention, per_user })
    }
}

impl LoginDelay {
    fn read(params: &str) -> Option<Self> {
        let (value, per_user) = split_user(params)?;
        Some(Self { seconds: number(value)?, per_user })
    }
}

/// As CAPA lists it: `EXPIRE 60 USER`.
impl fmt::Display for Expire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.retention {
            Retention::Days(days) => write!(f, "EXPIRE {days}")?,
            Retention::Never => f.write_str("EXPIRE NEVER")?,
        }
        f.write_str(if self.per_user { " USER" } else { "" })
    }
}

/// As CAPA lists it: `LOGIN-DELAY 900`.
impl fmt::Display for LoginDelay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LOGIN-DELAY {}{}", self.seconds, if self.per_user { " USER" } else { "" })
    }
}

/// A value, and whether `USER` is behind it; `None` if something else is.
fn split_user(params: &str) -> Option<(&str, bool)> {
    match params.split_once(' ') {
        None => Some((params, false)),
        Some((value, user)) => user.trim_matches(' ').eq_ignore_ascii_case("USER").then_some((value, true)),
    }
}

/// Digits alone: no sign is one.
fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

impl Capabilities {
    /// Nothing is offered.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one line of the list. What this crate does not know is kept or dropped, never refused; control characters become
    /// `?`.
    pub fn read(&mut self, line: &str) {
        let plain = line
            .contains(|c: char| c.is_ascii_control())
            .then(|| line.trim_end().replace(|c: char| c.is_ascii_control(), "?"));
        let line = plain.as_deref().unwrap_or(line).trim_end();
        let (keyword, params) = line.split_once(' ').unwrap_or((line, ""));
        let flag = match keyword.to_ascii_uppercase().as_str() {
            "TOP" => &mut self.top,
            "USER" => &mut self.user,
            "RESP-CODES" => &mut self.resp_codes,
            "AUTH-RESP-CODE" => &mut self.auth_resp_code,
            "PIPELINING" => &mut self.pipelining,
            "UIDL" => &mut self.uidl,
            "STLS" => &mut self.stls,
            "UTF8" => {
                self.utf8_user |= params.split(' ').any(|word| word.eq_ignore_ascii_case("USER"));
                &mut self.utf8
            }
            "LANG" => &mut self.lang,
            "EXPIRE" if let Some(expire) = Expire::read(params) => {
                self.expire = Some(expire);
                return;
            }
            "LOGIN-DELAY" if let Some(delay) = LoginDelay::read(params) => {
                self.login_delay = Some(delay);
                return;
            }
            "SASL" => {
                for word in params.split_ascii_whitespace() {
                    if self.sasl.len() < OTHERS_MAX && !self.sasl.iter().any(|known| known.eq_ignore_ascii_case(word)) {
                        self.sasl.push(word.to_owned());
                    }
                }
                return;
            }
            "IMPLEMENTATION" => {
                params.clone_into(&mut self.implementation);
                return;
            }
            _ => {
                if !line.is_empty() && self.others.len() < OTHERS_MAX && !self.others.iter().any(|other| other == line)
                {
                    self.others.push(line.to_owned());
                }
                return;
            }
        };
        *flag = true;
    }

    /// Whether AUTH offers a mechanism.
    #[must_use]
    pub fn offers_mechanism(&self, name: &str) -> bool {
        self.sasl.iter().any(|offered| offered.eq_ignore_ascii_case(name))
    }

    /// Appends the list, ended by a lone dot. Control characters become `?`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut line = |words: fmt::Arguments<'_>| {
            let start = out.len();
            let _ = Bytes(out).write_fmt(words);
            for byte in out.iter_mut().skip(start).filter(|byte| byte.is_ascii_control()) {
                *byte = b'?';
            }
            out.extend_from_slice(b"\r\n");
        };
        let flags = [
            (self.top, "TOP"),
            (self.uidl, "UIDL"),
            (self.resp_codes, "RESP-CODES"),
            (self.auth_resp_code, "AUTH-RESP-CODE"),
            (self.pipelining, "PIPELINING"),
            (self.utf8 && !self.utf8_user, "UTF8"),
            (self.utf8 && self.utf8_user, "UTF8 USER"),
            (self.lang, "LANG"),
            (self.stls, "STLS"),
            (self.user, "USER"),
        ];
        for (_, keyword) in flags.into_iter().filter(|(set, _)| *set) {
            line(format_args!("{keyword}"));
        }
        if !self.sasl.is_empty() {
            line(format_args!("SASL {}", self.sasl.join(" ")));
        }
        if let Some(expire) = self.expire {
            line(format_args!("{expire}"));
        }
        if let Some(delay) = self.login_delay {
            line(format_args!("{delay}"));
        }
        if !self.implementation.is_empty() {
            line(format_args!("IMPLEMENTATION {}", self.implementation));
        }
        for other in &self.others {
            line(format_args!("{other}"));
        }
        out.extend_from_slice(b".\r\n");
    }
}
