//! What can go wrong in the store, and whose trouble it is.

use std::io;
use std::path::PathBuf;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// There is an account with this address already.
    #[error("there is an account with this address already; choose another or change that one")]
    AccountExists,
    /// No account has this id.
    #[error("there is no such account")]
    NoSuchAccount,
    /// The account has no mailbox with this id.
    #[error("there is no such mailbox in this account")]
    NoSuchMailbox,
    /// The mailbox has no message with this UID.
    #[error("there is no such message in this mailbox")]
    NoSuchMessage,
    /// A sync failed earlier, so nobody knows what is on disk.
    #[error("an earlier write could not be made safe; check the disk, then restart the server")]
    Failed,
    /// The change could not be committed; the log says why.
    #[error("the change was not committed; the log says why")]
    NotCommitted,
    /// The store is shutting down.
    #[error("the store is closing")]
    Closing,
    /// The data folder is not there and cannot be made.
    #[error("the folder {} cannot be made; make the one above it, or set `data` to another place", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The data folder can be read by others.
    #[error("{} has mode {mode:03o} and others can read mail there; run: chmod 700 on it", path.display())]
    Exposed {
        /// The folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Another process serves from this folder.
    #[error("another mailhost serves from {}; stop it first, or choose another data folder", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The data were written by a later version.
    #[error("the data folder has schema {found}, this program knows up to {known}; use the program that wrote it")]
    NewerSchema {
        /// The version found on disk.
        found: i64,
        /// The latest that this program knows.
        known: i64,
    },
    /// What is stored contradicts itself.
    #[error("the store contradicts itself: {0}; run: mailhost check")]
    Contradiction(&'static str),
    /// The database could not do it.
    #[error("the database could not do it")]
    Database(#[from] rusqlite::Error),
    /// A file could not be read or written.
    #[error("a file could not be read or written")]
    File(#[from] io::Error),
}

impl Error {
    /// Whether asking again later may help. Trouble of our own always is of that kind, so that no sender is ever told to give
    /// up a message because of our disk: 451, `NO [SERVERBUG]`, `-ERR [SYS/TEMP]`.
    pub(crate) fn is_temporary(&self) -> bool {
        !matches!(self, Self::AccountExists | Self::NoSuchAccount | Self::NoSuchMailbox | Self::NoSuchMessage)
    }
}
