//! CAPA: what a server offers (RFC 2449).

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt::Write as _;

use crate::command::Bytes;

/// How many capabilities that this crate does not know are kept.
const OTHERS_MAX: usize = 50;

/// What a server offers. Start from [`Capabilities::new`], which offers nothing.
///
/// ```
/// use pop3_proto::Capabilities;
///
/// let mut offers = Capabilities::new();
/// for line in ["TOP", "SASL PLAIN SCRAM-SHA-256", "EXPIRE 60"] {
///     offers.read(line);
/// }
/// assert!(offers.top && !offers.stls);
/// assert_eq!(offers.sasl, ["PLAIN", "SCRAM-SHA-256"]);
/// let mut wire = Vec::new();
/// offers.write(&mut wire);
/// assert_eq!(wire, b"TOP\r\nSASL PLAIN SCRAM-SHA-256\r\nEXPIRE 60\r\n.\r\n");
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
    /// IMPLEMENTATION (6.9); empty: not said
    pub implementation: String,
    /// The lines of up to 50 others, as they are written
    pub others: Vec<String>,
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
            "UTF8" => &mut self.utf8,
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
        let mut line = |words: &[&str]| {
            let start = out.len();
            let mut text = Bytes(out);
            for word in words {
                let _ = text.write_str(word);
            }
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
            (self.utf8, "UTF8"),
            (self.stls, "STLS"),
            (self.user, "USER"),
        ];
        for (_, keyword) in flags.into_iter().filter(|(set, _)| *set) {
            line(&[keyword]);
        }
        if !self.sasl.is_empty() {
            line(&["SASL ", &self.sasl.join(" ")]);
        }
        if !self.implementation.is_empty() {
            line(&["IMPLEMENTATION ", &self.implementation]);
        }
        for other in &self.others {
            line(&[other]);
        }
        out.extend_from_slice(b".\r\n");
    }
}
