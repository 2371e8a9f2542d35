//! What must last: accounts, mailboxes and messages, on disk before anybody is told so.
//!
//! [`Store`] is the face that the rest of the server sees; [`SqliteStore`] keeps everything in one folder. What a reply
//! promises, whichever store gives it:
//!
//! 1. A method that changes something returns `Ok` only when the change survives a power loss at the next instant.
//! 2. Nothing is ever half visible: a message is there with all its octets, or it is not there.
//! 3. A fault of ours is a *temporary* error ([`Error::is_temporary`]): the peer keeps the message and tries again.
//! 4. After a failed sync nobody knows what reached the disk, so the store refuses every later change until it is opened anew.
//!
//! No method blocks the thread that polls it: the database has threads of its own, files are handled on blocking threads.

#![allow(clippy::std_instead_of_alloc, reason = "a program has std; what it shares with crates without it is `core`")]

use core::fmt;
use core::num::NonZeroU32;
use core::pin::Pin;

use zeroize::Zeroizing;

mod accounts;
mod address;
mod bodies;
mod check;
mod deliver;
mod disk;
mod error;
mod message;
mod queue;
mod reader;
mod schema;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use address::Address;
pub(crate) use bodies::{Body, BodyWriter};
pub(crate) use error::Error;
pub(crate) use message::MessageReader;
pub(crate) use queue::{
    Claim, Claimed, EntryId, Octets, Outgoing, OutgoingRecipient, QueueEntry, QueueId, QueuedEnvelope, Settled, Wanted,
};
pub(crate) use sqlite::{Purpose, SqliteStore};

/// What a store's method returns: an answer that comes once the store's own threads have it.
///
/// Dropping it does not undo what was asked: a change that was handed over is made or refused as a whole, unseen.
pub(crate) type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// Accounts, mailboxes and messages that outlive the process. One for the whole server, shared as `Arc<dyn Store>`.
///
/// Whoever names a mailbox also names the account that asks: a mailbox of another account is [`Error::NoSuchMailbox`], as if
/// it did not exist.
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// Adds an account with its mailboxes: INBOX, and Drafts, Sent, Junk, Trash and Archive with their special use
    /// (RFC 6154).
    ///
    /// # Errors
    /// [`Error::AccountExists`].
    fn add_account(&self, address: Address, credentials: Credentials) -> Pending<'_, AccountId>;

    /// Removes an account with all its mail. Its ids are never given out again.
    ///
    /// # Errors
    /// [`Error::NoSuchAccount`].
    fn remove_account(&self, account: AccountId) -> Pending<'_, ()>;

    /// Replaces what passwords are checked against.
    ///
    /// # Errors
    /// [`Error::NoSuchAccount`].
    fn set_credentials(&self, account: AccountId, credentials: Credentials) -> Pending<'_, ()>;

    /// The account that receives mail for this address, if there is one.
    fn account(&self, address: Address) -> Pending<'_, Option<Account>>;

    /// All accounts, by address.
    fn accounts(&self) -> Pending<'_, Vec<Account>>;

    /// What passwords of this account are checked against.
    ///
    /// # Errors
    /// [`Error::NoSuchAccount`].
    fn credentials(&self, account: AccountId) -> Pending<'_, Credentials>;

    /// Begins to take in the octets of a message; [`BodyWriter::finish`] gives the [`Body`] for a [`Delivery`].
    fn begin_body(&self) -> BodyWriter;

    /// Puts one message into one or more mailboxes, and into the queue for those who are elsewhere, in one step: the body is kept once.
    ///
    /// Answers one outcome a recipient, in their order: the UID that the message has there, or why it was not put there. With
    /// [`Delivery::partial`] unset, one refusal means that nobody got the message.
    fn deliver(&self, delivery: Delivery) -> Pending<'_, Vec<Result<Uid, Refused>>>;

    /// Claims what is due in the queue.
    fn claim(&self, wanted: Wanted) -> Pending<'_, Vec<Claim>>;

    /// Says what an attempt for claimed recipients of a message came to, and puts a report into the sender's mailbox in the same step. Answers whether the report
    /// has found one.
    fn settle(&self, message: QueueId, results: Vec<(EntryId, Settled)>, report: Option<Delivery>)
    -> Pending<'_, bool>;

    /// When something in the queue is due next, in Unix seconds; claims count until they run out.
    fn next_due(&self) -> Pending<'_, Option<i64>>;

    /// So much of the queue at most, the longest in it first.
    fn queue(&self, most: usize) -> Pending<'_, Vec<QueueEntry>>;

    /// Opens a message of the queue for reading, a piece at a time.
    fn open_queued(&self, message: QueueId) -> Pending<'_, MessageReader>;

    /// What is in the account's INBOX now, in the order of UIDs: the snapshot that a POP3 session works on (RFC 1939, 3).
    ///
    /// # Errors
    /// [`Error::NoSuchAccount`].
    fn maildrop(&self, account: AccountId) -> Pending<'_, Maildrop>;

    /// Opens a message for reading, a piece at a time. It stays readable to its end even if it is expunged meanwhile.
    ///
    /// # Errors
    /// [`Error::NoSuchMessage`], also where mailbox or message belong to another account.
    fn open_message(&self, account: AccountId, mailbox: MailboxId, uid: Uid) -> Pending<'_, MessageReader>;

    /// Removes these messages for good, all in one step, and answers how many of them were still there.
    ///
    /// # Errors
    /// [`Error::NoSuchMailbox`].
    fn expunge(&self, account: AccountId, mailbox: MailboxId, uids: Vec<Uid>) -> Pending<'_, u64>;

    /// Figures for the operator.
    fn counts(&self) -> Pending<'_, Counts>;

    /// Octets that can still be written to the file system, as of at most a second ago.
    fn free_space(&self) -> u64;

    /// Reads everything and answers each contradiction found as one line; empty when all is well.
    fn check(&self) -> Pending<'_, Vec<String>>;
}

/// Names an account for as long as it exists; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct AccountId(pub(crate) i64);

/// Names a mailbox for as long as it exists; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MailboxId(i64);

/// Names a stored body; inside the store only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct BodyId(i64);

/// A message's number in its mailbox: ascending, never reused there, never changed (RFC 9051, 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Uid(NonZeroU32);

impl Uid {
    /// The UID with this value; `None` for 0, which no message has.
    pub(crate) fn new(value: u32) -> Option<Self> {
        NonZeroU32::new(value).map(Self)
    }

    /// The value, 1 or more.
    pub(crate) fn get(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Names one incarnation of a mailbox: together with it a UID means one message for ever (RFC 9051, 2.3.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct UidValidity(NonZeroU32);

impl fmt::Display for UidValidity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A mailbox's count of changes (RFC 7162, 3.1): grows with each, never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct ModSeq(i64);

/// The system flags of a message (RFC 9051, 2.3.2), one bit each. A new message has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Flags(u8);

/// What is known of an account without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Account {
    /// Its id.
    pub(crate) id: AccountId,
    /// The address it receives mail for.
    pub(crate) address: Address,
    /// Its INBOX, where mail is delivered.
    pub(crate) inbox: MailboxId,
    /// Its Junk, where suspicious mail is delivered; INBOX where there is none.
    pub(crate) junk: MailboxId,
    /// Messages in all its mailboxes.
    pub(crate) messages: u64,
    /// Octets in all its mailboxes, each message counted as it is served.
    pub(crate) octets: u64,
}

/// What passwords are checked against. Zeroed when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The password under Argon2id, as a PHC string.
    pub(crate) password: Zeroizing<String>,
    /// The keys of SCRAM (RFC 5802) as text, where the account has any.
    pub(crate) scram: Option<Zeroizing<String>>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// One message on its way into mailboxes.
#[derive(Debug)]
pub(crate) struct Delivery {
    /// The octets that all recipients share.
    pub(crate) body: Body,
    /// Who gets it here; at least one, unless it goes elsewhere.
    pub(crate) recipients: Vec<Recipient>,
    /// When it was received, in Unix seconds (RFC 9051, 2.3.3).
    pub(crate) received: i64,
    /// Whether some may get it while others are refused, as LMTP can say (RFC 2033); otherwise all or nobody.
    pub(crate) partial: bool,
    /// Who gets it elsewhere.
    pub(crate) outgoing: Option<Outgoing>,
}

/// One mailbox that a message goes to.
#[derive(Debug, Clone)]
pub(crate) struct Recipient {
    /// The mailbox.
    pub(crate) mailbox: MailboxId,
    /// Header lines of this copy alone, written above the shared body: `Return-Path` and `Delivered-To`, each with its CRLF.
    pub(crate) prefix: Vec<u8>,
    /// The most octets that all mailboxes of this account together may hold; `None` for no bound. Looked at in the same step
    /// in which the message is put there, so that deliveries at the same time cannot pass it together.
    pub(crate) quota: Option<u64>,
}

/// Why a recipient did not get a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// The mailbox is not there (any more): 550 5.1.1.
    #[error("the mailbox does not exist")]
    NoSuchMailbox,
    /// The account would hold more than it may: 452 4.2.2.
    #[error("the account holds as much as it may")]
    OverQuota,
    /// Another recipient was refused, and the delivery is for all or nobody.
    #[error("another recipient was refused")]
    WithOthers,
}

/// What an INBOX held at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Maildrop {
    /// The INBOX.
    pub(crate) mailbox: MailboxId,
    /// Its incarnation; with a message's UID it makes the unique id of POP3 (RFC 1939, 7).
    pub(crate) uid_validity: UidValidity,
    /// The messages, UIDs ascending.
    pub(crate) messages: Vec<Entry>,
}

/// One message of a [`Maildrop`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its UID.
    pub(crate) uid: Uid,
    /// Its octets as served: prefix and body.
    pub(crate) size: u64,
}

/// Figures for the operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    /// Accounts.
    pub(crate) users: u64,
    /// Messages in all mailboxes.
    pub(crate) messages: u64,
    /// Copies put into mailboxes since this store was opened.
    pub(crate) delivered: u64,
    /// Messages that wait to be sent elsewhere.
    pub(crate) queue: u64,
}
