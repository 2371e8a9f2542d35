//! A maildrop as one session sees it: what was in it at login, and which messages are marked as deleted (RFC 1939, 4 to 6). Pure state, without any I/O.

use alloc::{string::String, vec::Vec};
use core::fmt;

/// The unique id of a message: 1 to 70 printable characters, never used again in its maildrop (RFC 1939, 7).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(String);

impl Uid {
    /// Takes a text; `None` if it is not 1 to 70 characters from `!` to `~`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let good = (1..=70).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        good.then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({})", self.0)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One message of a maildrop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its octets, as RETR sends them, without stuffed dots (RFC 1939, 11).
    pub size: u64,
    /// Its unique id.
    pub uid: Uid,
}

/// The messages that were there at login, numbered from 1, and the marks on them.
///
/// ```
/// use pop3_proto::maildrop::{Entry, Maildrop, Uid};
///
/// let entry = |size, uid| Entry { size, uid: Uid::new(uid).unwrap() };
/// let mut maildrop = Maildrop::new([entry(120, "a"), entry(200, "b")]);
/// assert!(maildrop.delete(1));
/// assert_eq!((maildrop.count(), maildrop.octets()), (1, 200));
/// assert_eq!(maildrop.get(1), None);
/// assert_eq!(maildrop.deleted().collect::<Vec<_>>(), [1]);
/// maildrop.reset();
/// assert_eq!(maildrop.count(), 2);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maildrop {
    entries: Vec<(Entry, bool)>,
    count: u32,
    octets: u64,
}

impl Maildrop {
    /// A maildrop with these messages, of which none is marked. It has at most 4,294,967,295; more are left out.
    #[must_use]
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut this = Self::default();
        this.entries.extend(entries.into_iter().map(|entry| (entry, false)));
        this.entries.truncate(usize::try_from(u32::MAX).unwrap_or(usize::MAX));
        this.reset();
        this
    }

    /// How many messages are not marked.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// How many octets they have.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.octets
    }

    /// The highest number, of marked messages too.
    #[must_use]
    pub fn last(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// A message that is not marked.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Entry> {
        self.at(number).filter(|(_, marked)| !marked).map(|(entry, _)| entry)
    }

    /// Marks a message; false if there is none of that number, or it is marked already.
    pub fn delete(&mut self, number: u32) -> bool {
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let Some((entry, marked @ false)) = index.and_then(|index| self.entries.get_mut(index)) else { return false };
        *marked = true;
        self.count -= 1;
        self.octets = self.octets.saturating_sub(entry.size);
        true
    }

    /// Takes all marks back.
    pub fn reset(&mut self) {
        for (_, marked) in &mut self.entries {
            *marked = false;
        }
        self.count = self.last();
        self.octets = self.entries.iter().fold(0, |sum: u64, (entry, _)| sum.saturating_add(entry.size));
    }

    /// The numbers of the marked messages, ascending.
    pub fn deleted(&self) -> impl Iterator<Item = u32> + '_ {
        (1..).zip(&self.entries).filter(|(_, (_, marked))| *marked).map(|(number, _)| number)
    }

    fn at(&self, number: u32) -> Option<&(Entry, bool)> {
        self.entries.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}
