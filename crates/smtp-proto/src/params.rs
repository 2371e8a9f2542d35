//! Parameters of MAIL and RCPT: one type for each command, each parameter at most once.

use alloc::vec::Vec;
use core::fmt::Write as _;

use memchr::{memchr, memchr2};

use crate::{
    command::CommandError,
    dsn::{Notify, OriginalRecipient, Ret},
    path::Mailbox,
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

    const fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("8BITMIME") {
            Some(Self::EightBitMime)
        } else if text.eq_ignore_ascii_case("7BIT") {
            Some(Self::SevenBit)
        } else if text.eq_ignore_ascii_case("BINARYMIME") {
            Some(Self::BinaryMime)
        } else {
            None
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

/// The parameters behind a path, one after the other.
struct Words<'a> {
    text: &'a str,
    at: usize,
}

/// One parameter: where it is, its keyword, and its value if there is one.
struct Word<'a> {
    at: usize,
    keyword: &'a str,
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
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let word = memchr2(b'=', b' ', rest).unwrap_or(rest.len());
        let keyword = self.text.get(at..at + word)?;
        if rest.get(word) != Some(&b'=') {
            self.at = at + word;
            return Some(Word { at, keyword, value: None });
        }
        let value = at + word + 1;
        let end = memchr(b' ', bytes.get(value..)?).map_or(bytes.len(), |end| value + end);
        self.at = end;
        Some(Word { at, keyword, value: self.text.get(value..end) })
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
    pub(crate) fn parse(text: &'a str, at: usize) -> Result<Self, CommandError> {
        let mut params = Self::default();
        for Word { at: start, keyword, value } in (Words { text, at: 0 }) {
            let at = at + start;
            if keyword.eq_ignore_ascii_case("SIZE") {
                once(&mut params.size, "SIZE", at, value.and_then(size))?;
            } else if keyword.eq_ignore_ascii_case("BODY") {
                once(&mut params.body, "BODY", at, value.and_then(BodyType::parse))?;
            } else if keyword.eq_ignore_ascii_case("SMTPUTF8") {
                if value.is_some() {
                    return Err(CommandError::BadParameter { at, name: "SMTPUTF8" });
                }
                if core::mem::replace(&mut params.smtputf8, true) {
                    return Err(CommandError::DuplicateParameter { at, name: "SMTPUTF8" });
                }
            } else if keyword.eq_ignore_ascii_case("RET") {
                once(&mut params.ret, "RET", at, value.and_then(Ret::parse))?;
            } else if keyword.eq_ignore_ascii_case("ENVID") {
                once(&mut params.envid, "ENVID", at, value.and_then(envid))?;
            } else if keyword.eq_ignore_ascii_case("AUTH") {
                once(&mut params.auth, "AUTH", at, value.and_then(submitter))?;
            } else {
                return Err(CommandError::UnknownParameter { at });
            }
        }
        Ok(params)
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
    pub(crate) fn parse(text: &'a str, at: usize, utf8: bool) -> Result<Self, CommandError> {
        let mut params = Self::default();
        for Word { at: start, keyword, value } in (Words { text, at: 0 }) {
            let at = at + start;
            if keyword.eq_ignore_ascii_case("NOTIFY") {
                once(&mut params.notify, "NOTIFY", at, value.and_then(Notify::parse))?;
            } else if keyword.eq_ignore_ascii_case("ORCPT") {
                once(&mut params.orcpt, "ORCPT", at, value.and_then(|value| OriginalRecipient::parse(value, utf8)))?;
            } else {
                return Err(CommandError::UnknownParameter { at });
            }
        }
        Ok(params)
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
