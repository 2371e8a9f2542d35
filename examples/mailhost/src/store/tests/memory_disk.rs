//! A disk in memory that writes down every call, can lose what was not synced, and can fail at any call.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use rusqlite::{Connection, ffi};

use crate::store::disk::{Appender, Disk, FileName, Folder, Reader};

/// One call that changed the disk, or made a change last.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Create(Folder, FileName, usize),
    Append(usize, Vec<u8>),
    Sync(usize),
    Publish(FileName, usize),
    Remove(Folder, FileName),
    SyncFolder(Folder),
    /// The database as it is from here on: the number of its copy.
    Commit(usize),
}

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nothing is done, there is no room.
    Full,
    /// Nothing is done.
    Broken,
    /// It is done, and reported as failed.
    BrokenAfterwards,
}

/// The files of a moment: all that a disk still has after a crash, beside the database.
pub(super) type Files = BTreeMap<(Folder, FileName), Vec<u8>>;

#[derive(Debug, Clone, Default)]
pub(super) struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    log: Vec<Op>,
    contents: Vec<Vec<u8>>,
    names: BTreeMap<(Folder, FileName), usize>,
    copies: Option<PathBuf>,
    commits: usize,
    calls: usize,
    fault: Option<(usize, Fault)>,
}

impl MemoryDisk {
    /// A disk with these files, all of them safe.
    pub(super) fn with(files: Files) -> Self {
        let disk = Self::default();
        for (at, (name, content)) in files.into_iter().enumerate() {
            let mut state = disk.state();
            state.contents.push(content);
            state.names.insert(name, at);
        }
        disk
    }

    /// Begins the log, with a copy of the database after each commit in this folder.
    pub(super) fn record(&self, copies: PathBuf) {
        let mut state = self.state();
        state.copies = Some(copies);
        state.log.clear();
    }

    pub(super) fn log(&self) -> Vec<Op> {
        self.state().log.clone()
    }

    /// How many calls have been logged.
    pub(super) fn now(&self) -> usize {
        self.state().log.len()
    }

    /// Lets the call with this number from now on fail, and only that.
    pub(super) fn fail(&self, call: usize, fault: Fault) {
        let mut state = self.state();
        state.calls = 0;
        state.fault = Some((call, fault));
    }

    /// Whether the fault has happened.
    pub(super) fn has_failed(&self) -> bool {
        let state = self.state();
        state.fault.is_some_and(|(call, _)| state.calls > call)
    }

    pub(super) fn names(&self, folder: Folder) -> usize {
        self.state().names.keys().filter(|(at, _)| *at == folder).count()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts a call, and does it unless it is the one to fail.
    fn call<T>(&self, work: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        let fault = state.fault.filter(|(call, _)| *call == state.calls).map(|(_, fault)| fault);
        state.calls += 1;
        match fault {
            None => work(&mut state),
            Some(Fault::Full) => Err(io::Error::from_raw_os_error(28)),
            Some(Fault::Broken) => Err(io::Error::from_raw_os_error(5)),
            Some(Fault::BrokenAfterwards) => work(&mut state).and(Err(io::Error::from_raw_os_error(5))),
        }
    }
}

impl Disk for MemoryDisk {
    fn create(&self, folder: Folder, name: &FileName) -> io::Result<Box<dyn Appender>> {
        let disk = self.clone();
        self.call(|state| {
            let inode = state.contents.len();
            if state.names.contains_key(&(folder, name.clone())) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            state.contents.push(Vec::new());
            state.names.insert((folder, name.clone()), inode);
            state.log.push(Op::Create(folder, name.clone(), inode));
            Ok(Box::new(MemoryFile { disk, inode }) as Box<dyn Appender>)
        })
    }

    fn open(&self, name: &FileName) -> io::Result<Box<dyn Reader>> {
        let state = self.state();
        let inode = *state.names.get(&(Folder::Bodies, name.clone())).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(MemoryFile { disk: self.clone(), inode }))
    }

    fn publish(&self, name: &FileName) -> io::Result<()> {
        self.call(|state| {
            let inode = state.names.remove(&(Folder::Unfinished, name.clone())).ok_or(io::ErrorKind::NotFound)?;
            state.names.insert((Folder::Bodies, name.clone()), inode);
            state.log.push(Op::Publish(name.clone(), inode));
            Ok(())
        })
    }

    fn remove(&self, folder: Folder, name: &FileName) -> io::Result<()> {
        self.call(|state| {
            state.names.remove(&(folder, name.clone())).ok_or(io::ErrorKind::NotFound)?;
            state.log.push(Op::Remove(folder, name.clone()));
            Ok(())
        })
    }

    fn sync_folder(&self, folder: Folder) -> io::Result<()> {
        self.call(|state| {
            state.log.push(Op::SyncFolder(folder));
            Ok(())
        })
    }

    fn list(&self, folder: Folder) -> io::Result<Vec<FileName>> {
        let state = self.state();
        Ok(state.names.keys().filter(|(at, _)| *at == folder).map(|(_, name)| name.clone()).collect())
    }

    fn commit(&self, database: &Connection) -> rusqlite::Result<()> {
        let commit = |state: &mut State| {
            database.execute_batch("COMMIT").map_err(io::Error::other)?;
            if let Some(copies) = state.copies.clone() {
                let copy = copies.join(state.commits.to_string());
                database.execute("VACUUM INTO ?", [copy.to_str()]).map_err(io::Error::other)?;
                state.log.push(Op::Commit(state.commits));
                state.commits += 1;
            }
            Ok(())
        };
        self.call(commit).map_err(|error| {
            let code = if error.raw_os_error() == Some(28) { ffi::SQLITE_FULL } else { ffi::SQLITE_IOERR_FSYNC };
            rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
        })
    }

    fn free_space(&self) -> io::Result<u64> {
        Ok(1 << 40)
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    inode: usize,
}

impl Appender for MemoryFile {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.disk.call(|state| {
            state.contents[self.inode].extend_from_slice(octets);
            state.log.push(Op::Append(self.inode, octets.to_vec()));
            Ok(())
        })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.call(|state| {
            state.log.push(Op::Sync(self.inode));
            Ok(())
        })
    }
}

impl Reader for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.disk.state().contents[self.inode].len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.state();
        let from = state.contents[self.inode].get(offset as usize..).unwrap_or_default();
        buffer.copy_from_slice(from.get(..buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }
}

/// The calls before the cut that no sync before the cut has made safe: each of them may have reached the disk or not.
pub(super) fn unsafe_calls(log: &[Op]) -> Vec<usize> {
    // what happened to a file under its first name matters no more once its second name is safe
    let mut settled = BTreeSet::new();
    for (at, op) in log.iter().enumerate() {
        if let Op::Publish(name, _) = op
            && log[at..].iter().any(|op| matches!(op, Op::SyncFolder(Folder::Bodies)))
        {
            settled.insert(name);
        }
    }
    let is_safe = |at: usize, op: &Op| {
        let mut later = log[at..].iter();
        match op {
            Op::Create(_, name, _) if settled.contains(name) => true,
            Op::Create(folder, ..) | Op::Remove(folder, _) => {
                later.any(|op| matches!(op, Op::SyncFolder(synced) if synced == folder))
            }
            Op::Publish(..) => later.any(|op| matches!(op, Op::SyncFolder(Folder::Bodies))),
            Op::Append(inode, _) => later.any(|op| matches!(op, Op::Sync(synced) if synced == inode)),
            Op::Sync(_) | Op::SyncFolder(_) | Op::Commit(_) => true,
        }
    };
    log.iter().enumerate().filter(|(at, op)| !is_safe(*at, op)).map(|(at, _)| at).collect()
}

/// What the disk has after a crash at the end of this log in which the given calls were lost: the files, and the number of the
/// database's copy.
pub(super) fn after_crash(log: &[Op], lost: &[usize]) -> (Files, usize) {
    let mut names = BTreeMap::new();
    let mut contents: BTreeMap<usize, (usize, Vec<u8>)> = BTreeMap::new();
    let mut copy = 0;
    for (at, op) in log.iter().enumerate() {
        let kept = !lost.contains(&at);
        match op {
            Op::Create(folder, name, inode) if kept => drop(names.insert((*folder, name.clone()), *inode)),
            Op::Publish(name, inode) if kept => {
                names.remove(&(Folder::Unfinished, name.clone()));
                names.insert((Folder::Bodies, name.clone()), *inode);
            }
            Op::Remove(folder, name) if kept => drop(names.remove(&(*folder, name.clone()))),
            Op::Append(inode, octets) => {
                // lost octets with kept ones behind them read as zeros
                let (end, content) = contents.entry(*inode).or_default();
                if kept {
                    content.resize(*end, 0);
                    content.extend_from_slice(octets);
                }
                *end += octets.len();
            }
            Op::Commit(number) => copy = *number,
            _ => {}
        }
    }
    let content = |inode| contents.get(inode).map(|(_, content)| content.clone()).unwrap_or_default();
    (names.iter().map(|(name, inode)| (name.clone(), content(inode))).collect(), copy)
}
