//! Parameters of MAIL and RCPT: one type for each command, each parameter at most once.

use alloc::vec::Vec;
use core::fmt::Write as _;

use memchr::memchr;

use crate::{
    command::CommandError,
    dsn::{Notify, OriginalRecipient, Ret},
    path::{LABEL, Mailbox, is},
    reply::Bytes,
    xtext::Xtext,
};

/// BODY: what the content is made of (RFC 6152, RFC 3030).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum BodyType {
    /// Lines of ASCII.
    SevenBit,
    /// Lines of any octets (RFC 6152).
    EightBitMime,
    /// Any octets, not in lines; by BDAT only (RFC 3030).
    BinaryMime,
}

impl BodyType {
    /// The value as it goes on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SevenBit => "7BIT",
            Self::EightBitMime => "8BITMIME",
            Self::BinaryMime => "BINARYMIME",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        const EIGHT_BIT: u64 = letters(b"8BITMIME");
        const SEVEN_BIT: u64 = letters(b"7BIT");
        match name(text) {
            EIGHT_BIT => Some(Self::EightBitMime),
            SEVEN_BIT => Some(Self::SevenBit),
            _ => text.eq_ignore_ascii_case("BINARYMIME").then_some(Self::BinaryMime),
        }
    }
}

/// The parameters of MAIL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailParams<'a> {
    /// SIZE: about how many bytes the message has (RFC 1870, 5). Up to twenty digits; what does not fit is the largest number.
    pub size: Option<u64>,
    /// BODY: what it is made of.
    pub body: Option<BodyType>,
    /// SMTPUTF8: it, or its addresses, need that extension (RFC 6531, 3.4).
    pub smtputf8: bool,
    /// RET: how much of it goes into a report.
    pub ret: Option<Ret>,
    /// ENVID: the sender's name for the envelope, up to 100 octets in xtext that stand for printable ASCII (RFC 3461, 4.4).
    pub envid: Option<Xtext<'a>>,
    /// AUTH: who submitted it, as a mailbox in xtext, or `<>` if that is not known (RFC 4954, 5). Believed only from those one trusts.
    pub auth: Option<Xtext<'a>>,
}

/// The parameters of RCPT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RcptParams<'a> {
    /// NOTIFY: when the sender is told.
    pub notify: Option<Notify>,
    /// ORCPT: the recipient as the sender wrote it.
    pub orcpt: Option<OriginalRecipient<'a>>,
}

/// A name of up to eight letters, digits and hyphens as one number, letters in capitals.
pub(crate) const fn letters(name: &[u8]) -> u64 {
    let mut number = 0;
    let mut rest = name;
    while let [first, more @ ..] = rest {
        number = number << 8 | (*first & 0xDF) as u64;
        rest = more;
    }
    number
}

/// The number of the name that a text is; 0 if it is none, or a longer one.
pub(crate) fn name(text: &str) -> u64 {
    let (number, length) = name_at(text.as_bytes(), 0);
    if length == text.len() { number } else { 0 }
}

/// The number of the name at a place, and its length: 0 and its length for one of more than eight.
#[inline(always)]
pub(crate) fn name_at(bytes: &[u8], at: usize) -> (u64, usize) {
    let mut number = 0;
    let mut length = 0;
    while let Some(byte) = bytes.get(at + length).filter(|byte| is(LABEL, **byte)) {
        number = number << 8 | u64::from(byte & 0xDF);
        length += 1;
    }
    (if length > 8 { 0 } else { number }, length)
}

const SIZE: u64 = letters(b"SIZE");
const BODY: u64 = letters(b"BODY");
const SMTPUTF8: u64 = letters(b"SMTPUTF8");
const RET: u64 = letters(b"RET");
const ENVID: u64 = letters(b"ENVID");
const AUTH: u64 = letters(b"AUTH");
const NOTIFY: u64 = letters(b"NOTIFY");
const ORCPT: u64 = letters(b"ORCPT");

/// The parameters behind a path, one after the other.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

/// One parameter: where it is, its [`name`], and its value if there is one.
struct Word<'a> {
    at: usize,
    name: u64,
    value: Option<&'a str>,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    #[inline]
    fn next(&mut self) -> Option<Word<'a>> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at) == Some(&b' ') {
            self.at += 1;
        }
        let at = self.at;
        if at == bytes.len() {
            return None;
        }
        let (name, length) = name_at(bytes, at);
        self.at += length;
        let value = match bytes.get(self.at) {
            None | Some(b' ') => None,
            Some(b'=') => {
                let value = self.text.get(self.at + 1..)?;
                let value = memchr(b' ', value.as_bytes()).map_or(Some(value), |end| value.get(..end))?;
                self.at += 1 + value.len();
                Some(value)
            }
            // No keyword has such a character.
            Some(_) => return Some(Word { at, name: 0, value: None }),
        };
        Some(Word { at, name, value })
    }
}

/// Puts a value where there was none.
fn once<T>(slot: &mut Option<T>, name: &'static str, at: usize, value: Option<T>) -> Result<(), CommandError> {
    if slot.is_some() {
        return Err(CommandError::DuplicateParameter { at, name });
    }
    *slot = Some(value.ok_or(CommandError::BadParameter { at, name })?);
    Ok(())
}

impl<'a> MailParams<'a> {
    /// `at` is where the text begins in its line.
    pub(crate) fn read(&mut self, text: &'a str, at: usize) -> Result<(), CommandError> {
        let params = self;
        for Word { at: start, name, value } in (Words { text, at: 0 }) {
            let at = at + start;
            match name {
                SIZE => once(&mut params.size, "SIZE", at, value.and_then(size))?,
                BODY => once(&mut params.body, "BODY", at, value.and_then(BodyType::parse))?,
                SMTPUTF8 if value.is_some() => return Err(CommandError::BadParameter { at, name: "SMTPUTF8" }),
                SMTPUTF8 if params.smtputf8 => return Err(CommandError::DuplicateParameter { at, name: "SMTPUTF8" }),
                SMTPUTF8 => params.smtputf8 = true,
                RET => once(&mut params.ret, "RET", at, value.and_then(Ret::parse))?,
                ENVID => once(&mut params.envid, "ENVID", at, value.and_then(envid))?,
                AUTH => once(&mut params.auth, "AUTH", at, value.and_then(submitter))?,
                _ => return Err(CommandError::UnknownParameter { at }),
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut out = Bytes(out);
        let _ = (|| {
            if let Some(size) = self.size {
                write!(out, " SIZE={size}")?;
            }
            if let Some(body) = self.body {
                write!(out, " BODY={}", body.as_str())?;
            }
            if self.smtputf8 {
                out.write_str(" SMTPUTF8")?;
            }
            if let Some(ret) = self.ret {
                write!(out, " RET={}", ret.as_str())?;
            }
            if let Some(envid) = &self.envid {
                write!(out, " ENVID={envid}")?;
            }
            if let Some(auth) = &self.auth {
                write!(out, " AUTH={auth}")?;
            }
            core::fmt::Result::Ok(())
        })();
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> MailParams<'static> {
        MailParams {
            size: self.size,
            body: self.body,
            smtputf8: self.smtputf8,
            ret: self.ret,
            envid: self.envid.map(Xtext::into_owned),
            auth: self.auth.map(Xtext::into_owned),
        }
    }
}

impl<'a> RcptParams<'a> {
    /// `at` is where the text begins in its line.
    pub(crate) fn read(&mut self, text: &'a str, at: usize, utf8: bool) -> Result<(), CommandError> {
        let params = self;
        for Word { at: start, name, value } in (Words { text, at: 0 }) {
            let at = at + start;
            match name {
                NOTIFY => once(&mut params.notify, "NOTIFY", at, value.and_then(Notify::parse))?,
                ORCPT => {
                    let orcpt = value.and_then(|value| OriginalRecipient::parse(value, utf8));
                    once(&mut params.orcpt, "ORCPT", at, orcpt)?;
                }
                _ => return Err(CommandError::UnknownParameter { at }),
            }
        }
        Ok(())
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        let mut out = Bytes(out);
        if let Some(notify) = self.notify {
            let _ = write!(out, " NOTIFY={notify}");
        }
        if let Some(orcpt) = &self.orcpt {
            let _ = write!(out, " ORCPT={orcpt}");
        }
    }

    /// The name of the first parameter of DSN that is given, if any is.
    #[must_use]
    pub const fn first_of_dsn(&self) -> Option<&'static str> {
        if self.notify.is_some() {
            Some("NOTIFY")
        } else if self.orcpt.is_some() {
            Some("ORCPT")
        } else {
            None
        }
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> RcptParams<'static> {
        RcptParams { notify: self.notify, orcpt: self.orcpt.map(OriginalRecipient::into_owned) }
    }
}

/// RFC 1870, 3: one to twenty digits.
fn size(value: &str) -> Option<u64> {
    let good = (1..=20).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| value.bytes().fold(0_u64, |n, digit| n.saturating_mul(10).saturating_add(u64::from(digit - b'0'))))
}

/// RFC 4954, 5: `<>` or a mailbox, in xtext. 500 characters are added to the line for it.
fn submitter(value: &str) -> Option<Xtext<'_>> {
    let submitter = Xtext::parse(value, false).filter(|_| value.len() <= 500)?;
    let mailbox = |text: &str| Mailbox::parse(text, true).is_ok();
    let good = value == "<>"
        || if value.contains('+') {
            core::str::from_utf8(&submitter.decode()).is_ok_and(mailbox)
        } else {
            mailbox(value)
        };
    good.then_some(submitter)
}

/// RFC 3461, 4.4: at most 100 characters, which stand for printable ASCII.
fn envid(value: &str) -> Option<Xtext<'_>> {
    let envid = Xtext::parse(value, false).filter(|_| (1..=100).contains(&value.len()))?;
    let printable = !value.contains('+') || envid.decode().iter().all(|byte| matches!(byte, b' '..=b'~'));
    printable.then_some(envid)
}
