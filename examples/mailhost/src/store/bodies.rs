//! The octets of messages on their way in: small ones wait in memory for their row, large ones go to a file of their own.
//!
//! A file is written under `bodies/tmp`, synced, moved to `bodies` and the folder synced, all before the row that names it is
//! committed; on removal the row goes first. So at every moment each row has its file, and what a crash can leave over is a file
//! without a row, which [`collect_orphans`] removes at the next start.

use core::mem;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io;
use std::sync::Arc;

use ring::rand::{SecureRandom as _, SystemRandom};
use rusqlite::Connection;
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::Error;
use super::disk::{Appender, Disk, FileName, Folder};

/// The largest body, in octets, that lives in its row. Beyond it a file costs less than pages of the database do: below, one
/// file each with its own syncs would be the slowest part of a delivery.
pub(super) const INLINE_MAX: usize = 128 * 1024;

/// Where bodies are written, and whether the disk can still be believed.
#[derive(Debug, Clone)]
pub(super) struct Spool {
    disk: Arc<dyn Disk>,
    health: Health,
    random: SystemRandom,
}

impl Spool {
    pub(super) fn new(disk: Arc<dyn Disk>, health: Health) -> Self {
        Self { disk, health, random: SystemRandom::new() }
    }

    pub(super) fn begin(&self) -> BodyWriter {
        BodyWriter { spool: self.clone(), size: 0, held: Vec::new(), file: None }
    }

    fn new_file(&self) -> Result<Spooled, Error> {
        let mut random = [0; 16];
        self.random.fill(&mut random).map_err(|_| io::Error::other("the system's random source failed"))?;
        let name = FileName::new(random);
        let appender = self.disk.create(Folder::Unfinished, &name)?;
        let guard = SpooledFile { disk: self.disk.clone(), folder: Folder::Unfinished, name: Some(name) };
        Ok(Spooled { appender, guard })
    }
}

/// Whether a sync ever failed. Shared by all that write; once bad it stays bad until the store is opened anew, since a second
/// sync that succeeds says nothing about what the first one lost.
#[derive(Debug, Clone, Default)]
pub(super) struct Health(Arc<AtomicBool>);

impl Health {
    /// Refuses where an earlier sync failed.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Acquire) { Err(Error::Failed) } else { Ok(()) }
    }

    /// No later write may be believed.
    pub(super) fn fail(&self, what: &str, why: &(dyn core::error::Error + 'static)) {
        if !self.0.swap(true, Ordering::AcqRel) {
            tracing::error!(what, why, "the disk failed: nothing is accepted until a restart");
        }
    }
}

/// Takes in one message, a piece at a time.
///
/// Up to 128 KiB are held in memory; what is longer goes to a file as it comes. Dropping the writer, or the [`Body`] it gave,
/// leaves nothing behind.
#[derive(Debug)]
pub(crate) struct BodyWriter {
    spool: Spool,
    size: u64,
    held: Vec<u8>,
    file: Option<Spooled>,
}

#[derive(Debug)]
struct Spooled {
    appender: Box<dyn Appender>,
    guard: SpooledFile,
}

impl BodyWriter {
    /// Takes in the next octets. A failure ends the message: the writer is of no more use.
    ///
    /// # Errors
    /// All temporary: [`Error::File`] (the disk is full, for one), [`Error::Failed`].
    pub(crate) async fn write(&mut self, mut octets: &[u8]) -> Result<(), Error> {
        while !octets.is_empty() {
            if self.held.len() == INLINE_MAX {
                self.spill().await?;
            }
            let room = INLINE_MAX.saturating_sub(self.held.len());
            let (now, later) = octets.split_at(room.min(octets.len()));
            self.held.extend_from_slice(now);
            self.size = self.size.saturating_add(now.len() as u64);
            octets = later;
        }
        Ok(())
    }

    /// The whole message, ready to be delivered. A body with a file of its own is on disk when this returns.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub(crate) async fn finish(mut self) -> Result<Body, Error> {
        if self.file.is_none() {
            return Ok(Body { size: self.size, content: Content::Held(self.held) });
        }
        if !self.held.is_empty() {
            self.spill().await?;
        }
        let Some(Spooled { mut appender, mut guard }) = self.file else { return Err(Error::Failed) };
        let health = self.spool.health;
        let file = blocking(move || {
            let synced = appender.sync();
            synced.inspect_err(|error| health.fail("the sync of a body", error))?;
            guard.publish()?;
            let synced = guard.disk.sync_folder(Folder::Bodies);
            synced.inspect_err(|error| health.fail("the sync of the folder of bodies", error))?;
            Ok(guard)
        })
        .await?;
        Ok(Body { size: self.size, content: Content::Filed(file) })
    }

    /// Moves what is held in memory to the file, on a blocking thread.
    async fn spill(&mut self) -> Result<(), Error> {
        self.spool.health.check()?;
        let (spool, file, mut held) = (self.spool.clone(), self.file.take(), mem::take(&mut self.held));
        let (file, held) = blocking(move || {
            let mut file = file.map_or_else(|| spool.new_file(), Ok)?;
            file.appender.append(&held)?;
            held.clear();
            Ok((file, held))
        })
        .await?;
        (self.file, self.held) = (Some(file), held);
        Ok(())
    }
}

/// The octets of one message, taken in whole.
#[derive(Debug)]
pub(crate) struct Body {
    pub(super) size: u64,
    pub(super) content: Content,
}

impl Body {
    /// Its length in octets.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }
}

#[derive(Debug)]
pub(super) enum Content {
    Held(Vec<u8>),
    Filed(SpooledFile),
}

/// A body's file that nothing refers to yet: removed when dropped, unless it is kept.
#[derive(Debug)]
pub(super) struct SpooledFile {
    disk: Arc<dyn Disk>,
    folder: Folder,
    name: Option<FileName>,
}

impl SpooledFile {
    /// What the database is to call it.
    pub(super) fn name(&self) -> &str {
        self.name.as_ref().map_or("", FileName::as_str)
    }

    /// Leaves the file where it is: the database refers to it, or may do so.
    pub(super) fn keep(mut self) {
        self.name = None;
    }

    fn publish(&mut self) -> io::Result<()> {
        if let Some(name) = &self.name {
            self.disk.publish(name)?;
            self.folder = Folder::Bodies;
        }
        Ok(())
    }
}

impl Drop for SpooledFile {
    fn drop(&mut self) {
        let Some(name) = self.name.take() else { return };
        let (disk, folder) = (self.disk.clone(), self.folder);
        let remove = move || discard(&*disk, folder, &name);
        // taking a large file away takes time, which a thread that serves others has not
        match Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(remove)),
            Err(_) => remove(),
        }
    }
}

/// Removes a file that nothing refers to. Where that fails, the next start collects it.
pub(super) fn discard(disk: &dyn Disk, folder: Folder, name: &FileName) {
    match disk.remove(folder, name) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::warn!(%error, file = name.as_str(), "a body without a message could not be removed"),
    }
}

/// Removes every file that no row refers to: what writers left behind that never came to an end. Only for a process that has the
/// data folder to itself; another one's unfinished bodies look just the same.
pub(super) fn collect_orphans(disk: &dyn Disk, database: &Connection) -> Result<(), Error> {
    for name in disk.list(Folder::Unfinished)? {
        discard(disk, Folder::Unfinished, &name);
    }
    let mut referred = database.prepare("SELECT 1 FROM bodies WHERE file = ?")?;
    for name in disk.list(Folder::Bodies)? {
        if !referred.exists([name.as_str()])? {
            discard(disk, Folder::Bodies, &name);
        }
    }
    Ok(())
}

/// Does file work on a thread that may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work).await.map_err(|_| Error::Closing)?
}
