//! What a sender wants to be told (RFC 3461).

use alloc::borrow::Cow;
use core::fmt;

use crate::{
    cursor::{Cursor, name},
    path::{ATEXT, is},
    xtext::Xtext,
};

/// RET: how much of the message goes into a report of its failure (RFC 3461, 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Ret {
    /// All of it.
    Full,
    /// Its header.
    Headers,
}

impl Ret {
    /// The value as it goes on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "FULL",
            Self::Headers => "HDRS",
        }
    }

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        const FULL: u64 = name(b"FULL");
        const HEADERS: u64 = name(b"HDRS");
        match cursor.name() {
            FULL => Some(Self::Full),
            HEADERS => Some(Self::Headers),
            _ => None,
        }
    }
}

/// NOTIFY: on which occasions the sender is told (RFC 3461, 4.1). All three unset is NEVER.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Notify {
    /// When the message has arrived.
    pub success: bool,
    /// When it cannot arrive.
    pub failure: bool,
    /// When it takes unusually long.
    pub delay: bool,
}

impl Notify {
    /// Not at all: NOTIFY=NEVER.
    pub const NEVER: Self = Self { success: false, failure: false, delay: false };

    pub(crate) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        const NEVER: u64 = name(b"NEVER");
        const SUCCESS: u64 = name(b"SUCCESS");
        const FAILURE: u64 = name(b"FAILURE");
        const DELAY: u64 = name(b"DELAY");
        let mut notify = Self::NEVER;
        loop {
            // NEVER stands alone, and nothing is said twice.
            let flag = match cursor.name() {
                SUCCESS => &mut notify.success,
                FAILURE => &mut notify.failure,
                DELAY => &mut notify.delay,
                NEVER if notify == Self::NEVER => return Some(notify),
                _ => return None,
            };
            if core::mem::replace(flag, true) {
                return None;
            }
            if !cursor.eat(b',') {
                return Some(notify);
            }
        }
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::NEVER {
            return f.write_str("NEVER");
        }
        let mut first = true;
        for (set, word) in [(self.success, "SUCCESS"), (self.failure, "FAILURE"), (self.delay, "DELAY")] {
            if set {
                f.write_str(if core::mem::take(&mut first) { "" } else { "," })?;
                f.write_str(word)?;
            }
        }
        Ok(())
    }
}

/// ORCPT: the recipient as the sender wrote it (RFC 3461, 4.2).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OriginalRecipient<'a> {
    address_type: Cow<'a, str>,
    address: Xtext<'a>,
}

impl<'a> OriginalRecipient<'a> {
    /// An address of a type, such as `rfc822` or `utf-8`; `None` if the type is no atom, the address is empty, or both together are longer than 500 octets.
    #[must_use]
    pub fn new(address_type: &'a str, address: Xtext<'a>) -> Option<Self> {
        let atom = !address_type.is_empty() && address_type.bytes().all(|byte| is(ATEXT, byte));
        if atom { Self::of_atom(address_type, address) } else { None }
    }

    fn of_atom(address_type: &'a str, address: Xtext<'a>) -> Option<Self> {
        // RFC 3461, 4.2: 500 characters at most
        (!address.as_str().is_empty() && address_type.len() + 1 + address.as_str().len() <= 500)
            .then_some(Self { address_type: Cow::Borrowed(address_type), address })
    }

    pub(crate) fn read(cursor: &mut Cursor<'a>, utf8: bool) -> Option<Self> {
        let start = cursor.at();
        cursor.run(ATEXT);
        let atom = Some(cursor.since(start)).filter(|atom| !atom.is_empty() && cursor.eat(b';'))?;
        Self::of_atom(atom, Xtext::read(cursor, utf8)?)
    }

    /// The address's type: `rfc822` for a mailbox, `utf-8` for an internationalized one (RFC 6533, 3).
    #[must_use]
    pub fn address_type(&self) -> &str {
        &self.address_type
    }

    /// The address, in xtext.
    #[must_use]
    pub const fn address(&self) -> &Xtext<'a> {
        &self.address
    }

    /// The same, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> OriginalRecipient<'static> {
        OriginalRecipient {
            address_type: Cow::Owned(self.address_type.into_owned()),
            address: self.address.into_owned(),
        }
    }
}

impl fmt::Display for OriginalRecipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};{}", self.address_type, self.address)
    }
}

impl fmt::Debug for OriginalRecipient<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OriginalRecipient").field("address_type", &self.address_type).finish_non_exhaustive()
    }
}
