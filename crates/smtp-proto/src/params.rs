//! Parameters of MAIL and RCPT: one type for each command, each parameter at most once.

use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::{
    command::CommandError,
    cursor::{Cursor, name},
    delivery::{DeliverBy, Hold, Priority},
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

    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        const EIGHT_BIT: u64 = name(b"8BITMIME");
        const SEVEN_BIT: u64 = name(b"7BIT");
        let start = cursor.at();
        match cursor.name() {
            EIGHT_BIT => Some(Self::EightBitMime),
            SEVEN_BIT => Some(Self::SevenBit),
            _ => cursor.since(start).eq_ignore_ascii_case("BINARYMIME").then_some(Self::BinaryMime),
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
    /// REQUIRETLS: to be passed on by TLS alone, with certificates that are checked (RFC 8689, 3).
    pub require_tls: bool,
    /// BY: until when it must have been delivered.
    pub deliver_by: Option<DeliverBy>,
    /// HOLDFOR or HOLDUNTIL: not to be delivered before.
    pub hold: Option<Hold>,
    /// MT-PRIORITY: how soon before others it is passed on.
    pub priority: Option<Priority>,
}

/// The parameters of RCPT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RcptParams<'a> {
    /// NOTIFY: when the sender is told.
    pub notify: Option<Notify>,
    /// ORCPT: the recipient as the sender wrote it.
    pub orcpt: Option<OriginalRecipient<'a>>,
}

const SIZE: u64 = name(b"SIZE");
const BODY: u64 = name(b"BODY");
const SMTPUTF8: u64 = name(b"SMTPUTF8");
const RET: u64 = name(b"RET");
const ENVID: u64 = name(b"ENVID");
const AUTH: u64 = name(b"AUTH");
const NOTIFY: u64 = name(b"NOTIFY");
const ORCPT: u64 = name(b"ORCPT");

/// Passes the spaces before a parameter; no if there is none behind them.
#[inline(always)]
fn more(cursor: &mut Cursor<'_>) -> bool {
    while cursor.eat(b' ') {}
    cursor.peek().is_some()
}

/// Passes a keyword and gives its number; 0 if what is there is none.
#[inline(always)]
fn keyword(cursor: &mut Cursor<'_>) -> u64 {
    let name = cursor.name();
    if matches!(cursor.peek(), None | Some(b' ' | b'=')) { name } else { 0 }
}

/// Reads the `=` and the value behind it, which must be all that is there up to a space or the end.
#[inline(always)]
fn value<'a, T>(cursor: &mut Cursor<'a>, read: impl FnOnce(&mut Cursor<'a>) -> Option<T>) -> Option<T> {
    let value = if cursor.eat(b'=') { read(cursor) } else { None };
    value.filter(|_| matches!(cursor.peek(), None | Some(b' ')))
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
    /// Reads all that is behind the place.
    pub(crate) fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<(), CommandError> {
        while more(cursor) {
            let at = cursor.at();
            match keyword(cursor) {
                SIZE => once(&mut self.size, "SIZE", at, value(cursor, size))?,
                BODY => once(&mut self.body, "BODY", at, value(cursor, BodyType::read))?,
                SMTPUTF8 if cursor.peek() == Some(b'=') => {
                    return Err(CommandError::BadParameter { at, name: "SMTPUTF8" });
                }
                SMTPUTF8 if self.smtputf8 => return Err(CommandError::DuplicateParameter { at, name: "SMTPUTF8" }),
                SMTPUTF8 => self.smtputf8 = true,
                RET => once(&mut self.ret, "RET", at, value(cursor, Ret::read))?,
                ENVID => once(&mut self.envid, "ENVID", at, value(cursor, envid))?,
                AUTH => once(&mut self.auth, "AUTH", at, value(cursor, submitter))?,
                _ => self.read_rare(at, cursor)?,
            }
        }
        Ok(())
    }

    /// Reads one whose keyword, which has been passed, is not among those that most messages have.
    #[cold]
    fn read_rare(&mut self, at: usize, cursor: &mut Cursor<'a>) -> Result<(), CommandError> {
        let keyword = cursor.since(at);
        let is = |name: &str| keyword.eq_ignore_ascii_case(name);
        if is("REQUIRETLS") {
            let name = "REQUIRETLS";
            if !matches!(cursor.peek(), None | Some(b' ')) {
                return Err(CommandError::BadParameter { at, name });
            }
            if core::mem::replace(&mut self.require_tls, true) {
                return Err(CommandError::DuplicateParameter { at, name });
            }
        } else if is("BY") {
            once(&mut self.deliver_by, "BY", at, value(cursor, DeliverBy::read))?;
        } else if is("MT-PRIORITY") {
            once(&mut self.priority, "MT-PRIORITY", at, value(cursor, Priority::read))?;
        } else if is("HOLDFOR") {
            // RFC 4865, 4.2: one of the two, once.
            once(&mut self.hold, "HOLDFOR", at, value(cursor, Hold::read_for))?;
        } else if is("HOLDUNTIL") {
            once(&mut self.hold, "HOLDUNTIL", at, value(cursor, Hold::read_until))?;
        } else {
            return Err(CommandError::UnknownParameter { at });
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
            if self.require_tls {
                out.write_str(" REQUIRETLS")?;
            }
            if let Some(by) = self.deliver_by {
                write!(out, " BY={by}")?;
            }
            if let Some(hold) = self.hold {
                write!(out, " {hold}")?;
            }
            if let Some(priority) = self.priority {
                write!(out, " MT-PRIORITY={priority}")?;
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
            require_tls: self.require_tls,
            deliver_by: self.deliver_by,
            hold: self.hold,
            priority: self.priority,
        }
    }
}

impl<'a> RcptParams<'a> {
    /// Reads all that is behind the place.
    pub(crate) fn read(&mut self, cursor: &mut Cursor<'a>, utf8: bool) -> Result<(), CommandError> {
        while more(cursor) {
            let at = cursor.at();
            match keyword(cursor) {
                NOTIFY => once(&mut self.notify, "NOTIFY", at, value(cursor, Notify::read))?,
                ORCPT => {
                    let orcpt = value(cursor, |cursor| OriginalRecipient::read(cursor, utf8));
                    once(&mut self.orcpt, "ORCPT", at, orcpt)?;
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
fn size(cursor: &mut Cursor<'_>) -> Option<u64> {
    let start = cursor.at();
    cursor.word();
    let digits = cursor.since(start);
    // Nineteen digits are never too many.
    let mut size = 0_u64;
    let (sure, rest) = digits.as_bytes().split_at(digits.len().min(19));
    for digit in sure {
        size = size * 10 + u64::from(decimal(*digit)?);
    }
    match rest {
        [] if digits.is_empty() => None,
        [] => Some(size),
        [digit] => Some(size.saturating_mul(10).saturating_add(u64::from(decimal(*digit)?))),
        _ => None,
    }
}

/// What a digit stands for.
#[inline(always)]
fn decimal(byte: u8) -> Option<u8> {
    let value = byte.wrapping_sub(b'0');
    (value < 10).then_some(value)
}

/// RFC 4954, 5: `<>` or a mailbox, in xtext. 500 characters are added to the line for it.
fn submitter<'a>(cursor: &mut Cursor<'a>) -> Option<Xtext<'a>> {
    let submitter = Xtext::read(cursor, false).filter(|submitter| submitter.as_str().len() <= 500)?;
    let mailbox = |text: &str| Mailbox::parse(text, true).is_ok();
    let good = if submitter.is_plain() {
        submitter.as_str() == "<>" || mailbox(submitter.as_str())
    } else {
        core::str::from_utf8(&submitter.decode()).is_ok_and(mailbox)
    };
    good.then_some(submitter)
}

/// RFC 3461, 4.4: at most 100 characters, which stand for printable ASCII.
fn envid<'a>(cursor: &mut Cursor<'a>) -> Option<Xtext<'a>> {
    let envid = Xtext::read(cursor, false).filter(|envid| (1..=100).contains(&envid.as_str().len()))?;
    let printable = envid.is_plain() || envid.decode().iter().all(|byte| matches!(byte, b' '..=b'~'));
    printable.then_some(envid)
}
