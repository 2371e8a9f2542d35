//! The store in one data folder: SQLite, and a file for each large body.
//!
//! ```text
//! mailhost-data/         0700
//!   mail.db              0600, with mail.db-wal and mail.db-shm beside it
//!   lock                 held by the process that serves
//!   bodies/              bodies over 128 KiB, named by random numbers
//!   bodies/tmp/          the same while they are being written
//! ```

use core::sync::atomic::{AtomicU64, Ordering};
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::bodies::{Health, Spool, collect_orphans};
use super::disk::{Disk, FILE_MODE, RealDisk, create_folder, sync_folder};
use super::reader::Readers;
use super::writer::{Keeper, Writer};
use super::{
    Account, AccountId, Address, BodyWriter, Claim, Counts, Credentials, Delivery, EntryId, Error, MailboxId, Maildrop,
    MessageReader, Pending, QueueEntry, QueueId, Refused, Settled, Store, Uid, Wanted, accounts, check, deliver,
    message, queue, schema,
};
use crate::clock;

/// The database's file in the data folder.
const DATABASE: &str = "mail.db";
/// Connections for reading, each with a thread: reading is mostly from memory, so more than the processors help little.
const READERS_MAX: usize = 4;

/// What a process opens the store for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To serve from it: one process at a time, and only this one clears away what a crash left over.
    Serve,
    /// For one command, possibly beside a server that runs.
    Command,
}

/// A [`Store`] in one folder. Nothing else is needed to run it.
///
/// Dropping it waits for the changes that were handed over, and for its threads.
#[derive(Debug)]
pub(crate) struct SqliteStore {
    // in the order in which they end: what may still hand something to another ends before it
    readers: Readers,
    writer: Writer,
    keeper: Keeper,
    spool: Spool,
    disk: Arc<dyn Disk>,
    delivered: Arc<AtomicU64>,
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the store in this folder, which is made if it is missing, and brings its data to the present version. Works on the
    /// calling thread, and takes as long as the disk does.
    ///
    /// # Errors
    /// [`Error::Exposed`] where others can read the folder; [`Error::InUse`] where another process serves from it;
    /// [`Error::NewerSchema`]; [`Error::Database`] and [`Error::File`].
    pub(crate) fn open(folder: &Path, purpose: Purpose) -> Result<Self, Error> {
        create_folder(folder).map_err(|source| Error::Folder { path: folder.to_owned(), source })?;
        refuse_exposed(folder)?;
        Self::open_on(Arc::new(RealDisk::new(folder)?), folder, purpose)
    }

    /// As [`open`](Self::open), with the files of bodies on this disk.
    pub(super) fn open_on(disk: Arc<dyn Disk>, folder: &Path, purpose: Purpose) -> Result<Self, Error> {
        let lock = match purpose {
            Purpose::Serve => Some(lock(folder)?),
            Purpose::Command => None,
        };
        let path = folder.join(DATABASE);
        create_file(folder, &path)?;
        let mut database = schema::open_writer(&path)?;
        schema::migrate(&mut database, schema::STEPS)?;
        if purpose == Purpose::Serve {
            // what an earlier process could not sync may be readable from memory and yet not on disk: written and synced
            // anew here, before anything is built on it
            database.pragma_update_and_check(None, "wal_checkpoint", "TRUNCATE", |_| Ok(()))?;
            collect_orphans(&*disk, &database)?;
            queue::release_claims(&database, clock::unix())?;
        }
        let health = Health::default();
        let keeper = Keeper::start(schema::open_writer(&path)?, disk.clone(), health.clone())?;
        let writer = Writer::start(database, disk.clone(), health.clone(), &keeper)?;
        let readers = thread::available_parallelism().map_or(1, usize::from).min(READERS_MAX);
        let readers = Readers::start(&path, readers)?;
        let spool = Spool::new(disk.clone(), health);
        Ok(Self { readers, writer, keeper, spool, disk, delivered: Arc::default(), _lock: lock })
    }
}

impl Store for SqliteStore {
    fn add_account(&self, address: Address, credentials: Credentials) -> Pending<'_, AccountId> {
        Box::pin(self.writer.change(move |change| accounts::add(change, &address, &credentials)))
    }

    fn remove_account(&self, account: AccountId) -> Pending<'_, ()> {
        Box::pin(self.writer.change(move |change| accounts::remove(change, account)))
    }

    fn set_credentials(&self, account: AccountId, credentials: Credentials) -> Pending<'_, ()> {
        Box::pin(self.writer.change(move |change| accounts::set_credentials(change, account, &credentials)))
    }

    fn account(&self, address: Address) -> Pending<'_, Option<Account>> {
        Box::pin(self.readers.read(move |database| accounts::find(database, &address)))
    }

    fn accounts(&self) -> Pending<'_, Vec<Account>> {
        Box::pin(self.readers.read(accounts::list))
    }

    fn credentials(&self, account: AccountId) -> Pending<'_, Credentials> {
        Box::pin(self.readers.read(move |database| accounts::credentials(database, account)))
    }

    fn begin_body(&self) -> BodyWriter {
        self.spool.begin()
    }

    fn deliver(&self, delivery: Delivery) -> Pending<'_, Vec<Result<Uid, Refused>>> {
        Box::pin(async move {
            let outcomes = self.writer.change(move |change| deliver::deliver(change, delivery)).await?;
            let placed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
            self.delivered.fetch_add(placed as u64, Ordering::Relaxed);
            Ok(outcomes)
        })
    }

    fn claim(&self, wanted: Wanted) -> Pending<'_, Vec<Claim>> {
        Box::pin(async move {
            let wanted = Arc::new(wanted);
            let look = wanted.clone();
            let groups = self.readers.read(move |database| queue::due(database, &look)).await?;
            if groups.is_empty() {
                return Ok(Vec::new());
            }
            self.writer.change(move |change| queue::claim(change, &wanted, groups)).await
        })
    }

    fn settle(
        &self,
        message: QueueId,
        results: Vec<(EntryId, Settled)>,
        report: Option<Delivery>,
    ) -> Pending<'_, bool> {
        Box::pin(async move {
            let reported = self.writer.change(move |change| queue::settle(change, message, &results, report)).await?;
            self.delivered.fetch_add(u64::from(reported), Ordering::Relaxed);
            Ok(reported)
        })
    }

    fn next_due(&self) -> Pending<'_, Option<i64>> {
        Box::pin(self.readers.read(queue::next_due))
    }

    fn queue(&self, most: usize) -> Pending<'_, Vec<QueueEntry>> {
        Box::pin(self.readers.read(move |database| queue::list(database, most)))
    }

    fn open_queued(&self, message: QueueId) -> Pending<'_, MessageReader> {
        let disk = self.disk.clone();
        Box::pin(self.readers.read(move |database| queue::open(database, &*disk, message)))
    }

    fn maildrop(&self, account: AccountId) -> Pending<'_, Maildrop> {
        Box::pin(self.readers.read(move |database| accounts::maildrop(database, account)))
    }

    fn open_message(&self, account: AccountId, mailbox: MailboxId, uid: Uid) -> Pending<'_, MessageReader> {
        let disk = self.disk.clone();
        Box::pin(self.readers.read(move |database| message::open(database, &*disk, (account, mailbox, uid))))
    }

    fn expunge(&self, account: AccountId, mailbox: MailboxId, uids: Vec<Uid>) -> Pending<'_, u64> {
        Box::pin(self.writer.change(move |change| deliver::expunge(change, (account, mailbox), &uids)))
    }

    fn counts(&self) -> Pending<'_, Counts> {
        Box::pin(async move {
            let counts = self.readers.read(accounts::counts).await?;
            Ok(Counts { delivered: self.delivered.load(Ordering::Relaxed), ..counts })
        })
    }

    fn free_space(&self) -> u64 {
        self.keeper.free_space()
    }

    fn check(&self) -> Pending<'_, Vec<String>> {
        let disk = self.disk.clone();
        Box::pin(self.readers.read(move |database| check::check(database, &*disk)))
    }
}

/// Passwords' hashes and people's mail are in there: a folder that others can enter is a mistake to be told, not repaired
/// behind the operator's back.
fn refuse_exposed(folder: &Path) -> Result<(), Error> {
    let mode = fs::metadata(folder)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(Error::Exposed { path: folder.to_owned(), mode });
    }
    Ok(())
}

/// Takes the data folder for this process; the system lets go of it however the process ends.
fn lock(folder: &Path) -> Result<File, Error> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(FILE_MODE).open(folder.join("lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Creates the database's file before SQLite does, which would let others read it; what SQLite puts beside it gets its mode.
fn create_file(folder: &Path, path: &Path) -> Result<(), Error> {
    match OpenOptions::new().write(true).create_new(true).mode(FILE_MODE).open(path) {
        Ok(_) => Ok(sync_folder(folder)?),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.into()),
    }
}
