//! The one thread that changes the database, and the one that keeps it in order.
//!
//! The writer gathers the changes that wait into one transaction, so that however many sessions deliver at once, one sync makes
//! all of it safe; while it syncs, the next batch gathers. Each change runs in a savepoint of its own: one that fails is undone
//! alone. Nobody is answered before the commit has returned.

use core::mem;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::sync::Arc;
use std::sync::mpsc as sync;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};

use super::Error;
use super::bodies::{Health, SpooledFile, discard};
use super::disk::{Disk, FileName, Folder};

/// Changes that may wait; whoever comes then waits to hand theirs over.
const WAITING_MAX: usize = 1024;
/// Changes in one transaction: bounds the octets held for it, and how long the first of them waits.
const BATCH_MAX: usize = 128;
/// Changes between two checkpoints. The log then has some 10 to 50 MB with small messages; twice the longer a log, half the
/// syncs of the database file.
const CHECKPOINT_EVERY: u64 = 2000;
/// How often the free space is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Takes changes from any thread to the writer's.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which has this connection to itself.
    pub(super) fn start(
        database: Connection,
        disk: Arc<dyn Disk>,
        health: Health,
        keeper: &Keeper,
    ) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let (chores, shared) = (keeper.chores.clone(), keeper.shared.clone());
        let mut desk = Desk { database, disk, health, chores, shared, since_checkpoint: 0 };
        let thread = thread::Builder::new().name("store-writer".into()).spawn(move || desk.work(waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Makes a change, and answers once it is on disk.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Change<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job = Task { work: Some(work), result: Err(Error::NotCommitted), files: Files::default(), reply };
        let jobs = self.jobs.as_ref().ok_or(Error::Closing)?;
        jobs.send(Box::new(job)).await.map_err(|_| Error::Closing)?;
        answer.await.map_err(|_| Error::Closing)?
    }
}

/// Ends the thread once it has done what waits.
impl Drop for Writer {
    fn drop(&mut self) {
        self.jobs = None;
        join(&mut self.thread);
    }
}

/// What a change works with.
#[derive(Debug)]
pub(super) struct Change<'a> {
    /// The database, in a transaction.
    pub(super) database: &'a Connection,
    files: &'a mut Files,
    undone: bool,
}

impl Change<'_> {
    /// The database refers to this file once the change is committed.
    pub(super) fn adopt(&mut self, file: SpooledFile) {
        self.files.adopted.push(file);
    }

    /// Nothing refers to this file any more once the change is committed.
    pub(super) fn abandon(&mut self, file: &str) -> Result<(), Error> {
        let name = FileName::found(file).ok_or(Error::Contradiction("a body's file has a foreign name"))?;
        self.files.abandoned.push(name);
        Ok(())
    }

    /// What was done so far is not to last; the result is answered all the same.
    pub(super) fn undo(&mut self) {
        self.undone = true;
    }
}

/// Files that a change concerns, until it is known whether it lasts.
#[derive(Debug, Default)]
struct Files {
    adopted: Vec<SpooledFile>,
    abandoned: Vec<FileName>,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// On disk.
    Committed,
    /// As if it had never been.
    Undone,
    /// A sync failed: it may be on disk or not.
    Unknown,
}

/// A change of any type of result.
trait Job: Send {
    /// Does the work; `false` where it is to be undone.
    fn run(&mut self, database: &Connection) -> bool;
    /// Answers, and settles what becomes of the files; gives those that are to be removed.
    fn settle(self: Box<Self>, fate: Fate) -> Vec<FileName>;
}

struct Task<W, T> {
    work: Option<W>,
    result: Result<T, Error>,
    files: Files,
    reply: oneshot::Sender<Result<T, Error>>,
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&mut Change<'_>) -> Result<T, Error> + Send,
    T: Send,
{
    fn run(&mut self, database: &Connection) -> bool {
        let Some(work) = self.work.take() else { return false };
        let mut change = Change { database, files: &mut self.files, undone: false };
        self.result = work(&mut change);
        let keep = self.result.is_ok() && !change.undone;
        if !keep {
            // adopted files go with the drop, abandoned ones stay
            self.files = Files::default();
        }
        keep
    }

    fn settle(self: Box<Self>, fate: Fate) -> Vec<FileName> {
        let Self { result, files, reply, .. } = *self;
        let Files { adopted, abandoned } = files;
        let (result, abandoned) = match fate {
            Fate::Committed => (result, abandoned),
            Fate::Undone | Fate::Unknown => (result.and(Err(Error::NotCommitted)), Vec::new()),
        };
        if fate != Fate::Undone {
            // where nobody knows whether the row is on disk, its file must be
            adopted.into_iter().for_each(SpooledFile::keep);
        }
        // who asked may be gone; what was done stays done (the next to look will find it)
        drop(reply.send(result));
        abandoned
    }
}

/// The writer's own side.
#[derive(Debug)]
struct Desk {
    database: Connection,
    disk: Arc<dyn Disk>,
    health: Health,
    chores: sync::Sender<Chore>,
    shared: Arc<Shared>,
    since_checkpoint: u64,
}

impl Desk {
    fn work(&mut self, mut waiting: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH_MAX);
        while let Some(first) = waiting.blocking_recv() {
            batch.push(first);
            while batch.len() < BATCH_MAX
                && let Ok(next) = waiting.try_recv()
            {
                batch.push(next);
            }
            self.change(&mut batch);
        }
    }

    /// Makes the changes of a batch in one transaction, and answers them all.
    fn change(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let fate = match self.transact(batch) {
            Ok(fate) => fate,
            // told once, when it happened
            Err(Error::Failed) => Fate::Undone,
            Err(error) => {
                tracing::error!(%error, changes = batch.len(), "a transaction failed and was undone");
                Fate::Undone
            }
        };
        if !self.database.is_autocommit()
            && let Err(error) = run(&self.database, "ROLLBACK")
        {
            self.health.fail("undoing a transaction", &error);
        }
        self.since_checkpoint += batch.len() as u64;
        let abandoned: Vec<_> = batch.drain(..).flat_map(|job| job.settle(fate)).collect();
        if !abandoned.is_empty() {
            drop(self.chores.send(Chore::Remove(abandoned)));
        }
        self.checkpoint();
    }

    fn transact(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Fate, Error> {
        self.health.check()?;
        run(&self.database, "BEGIN IMMEDIATE")?;
        let mut changed = false;
        for job in batch {
            run(&self.database, "SAVEPOINT job")?;
            let keep = job.run(&self.database);
            // on some errors SQLite gives up the whole transaction of its own
            if self.database.is_autocommit() {
                return Ok(Fate::Undone);
            }
            if !keep {
                run(&self.database, "ROLLBACK TO job")?;
            }
            run(&self.database, "RELEASE job")?;
            changed |= keep;
        }
        if !changed {
            // only refusals and errors, which each job answers itself
            return Ok(Fate::Committed);
        }
        match self.disk.commit(&self.database) {
            Ok(()) => Ok(Fate::Committed),
            // these two are told before anything is synced
            Err(error) if matches!(error.sqlite_error_code(), Some(ErrorCode::DiskFull | ErrorCode::DatabaseBusy)) => {
                Err(error.into())
            }
            Err(error) => {
                self.health.fail("a commit", &error);
                Ok(Fate::Unknown)
            }
        }
    }

    /// The keeper copies the log into the database file meanwhile; the end of it is copied here, where nothing is appended at the
    /// same time, since only a log that was copied whole is begun anew instead of growing.
    fn checkpoint(&mut self) {
        if self.shared.almost_copied.swap(false, Ordering::AcqRel) {
            checkpoint(&self.database, &self.health);
        } else if self.since_checkpoint >= CHECKPOINT_EVERY {
            self.since_checkpoint = 0;
            drop(self.chores.send(Chore::Checkpoint));
        }
    }
}

/// The thread for what need not be waited for: copying the log into the database file, removing files, looking at the free space.
#[derive(Debug)]
pub(super) struct Keeper {
    chores: sync::Sender<Chore>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Chore {
    Checkpoint,
    Remove(Vec<FileName>),
    Stop,
}

#[derive(Debug, Default)]
struct Shared {
    free_space: AtomicU64,
    almost_copied: AtomicBool,
}

impl Keeper {
    /// Starts the thread, which has this connection to itself.
    pub(super) fn start(database: Connection, disk: Arc<dyn Disk>, health: Health) -> Result<Self, Error> {
        let (chores, waiting) = sync::channel();
        let shared = Arc::new(Shared::default());
        look(&*disk, &shared);
        let given = shared.clone();
        let work = move || keep(&waiting, &database, &*disk, &health, &given);
        let thread = thread::Builder::new().name("store-keeper".into()).spawn(work)?;
        Ok(Self { chores, shared, thread: Some(thread) })
    }

    /// Octets that could still be written when last looked at.
    pub(super) fn free_space(&self) -> u64 {
        self.shared.free_space.load(Ordering::Relaxed)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.chores.send(Chore::Stop));
        join(&mut self.thread);
    }
}

fn keep(waiting: &sync::Receiver<Chore>, database: &Connection, disk: &dyn Disk, health: &Health, shared: &Shared) {
    loop {
        match waiting.recv_timeout(LOOK_EVERY) {
            Ok(Chore::Checkpoint) => {
                checkpoint(database, health);
                // what was appended meanwhile: little, so that little is left for the writer
                checkpoint(database, health);
                shared.almost_copied.store(true, Ordering::Release);
            }
            Ok(Chore::Remove(files)) => files.iter().for_each(|name| discard(disk, Folder::Bodies, name)),
            Ok(Chore::Stop) | Err(sync::RecvTimeoutError::Disconnected) => return,
            Err(sync::RecvTimeoutError::Timeout) => look(disk, shared),
        }
    }
}

fn look(disk: &dyn Disk, shared: &Shared) {
    match disk.free_space() {
        Ok(octets) => shared.free_space.store(octets, Ordering::Relaxed),
        Err(error) => tracing::warn!(%error, "the free space could not be found out"),
    }
}

/// Copies what can be copied of the log into the database file, without making anybody wait.
fn checkpoint(database: &Connection, health: &Health) {
    let copied =
        database.prepare_cached("PRAGMA wal_checkpoint(PASSIVE)").and_then(|mut copy| copy.query_row([], |_| Ok(())));
    match copied {
        Ok(()) => {}
        // another copies at this moment, or there is no room: the log stays as it is, and safe
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::DiskFull)
            ) => {}
        Err(error) => health.fail("copying the log into the database", &error),
    }
}

fn run(database: &Connection, statement: &str) -> rusqlite::Result<()> {
    database.prepare_cached(statement)?.execute([]).map(drop)
}

fn join(thread: &mut Option<JoinHandle<()>>) {
    if let Some(thread) = mem::take(thread)
        && thread.join().is_err()
    {
        tracing::error!("a thread of the store panicked");
    }
}
