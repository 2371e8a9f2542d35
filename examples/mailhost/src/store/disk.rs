//! The file operations of the store, as a trait, so that tests can record them, cut them short and make them fail.
//!
//! What a power loss leaves behind depends only on the order of these calls (threats to durability are all of the form "this
//! happened before that was synced"), so everything that decides durability passes here: the files of large bodies, and the
//! commit of the database, which counts as one atomic step that is on disk when it returns.

use core::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

/// Readable and writable by the server alone.
pub(super) const FILE_MODE: u32 = 0o600;
/// Likewise for folders.
pub(super) const FOLDER_MODE: u32 = 0o700;

/// Which of the two folders for bodies a file is in. There is no other, and no path from outside ever gets here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Folder {
    /// Bodies that the database may refer to.
    Bodies,
    /// Bodies being written.
    Unfinished,
}

/// The file system under the store.
pub(super) trait Disk: fmt::Debug + Send + Sync {
    /// Creates a file that was not there, for appending.
    fn create(&self, folder: Folder, name: &FileName) -> io::Result<Box<dyn Appender>>;
    /// Opens a finished body for reading.
    fn open(&self, name: &FileName) -> io::Result<Box<dyn Reader>>;
    /// Moves a file from [`Folder::Unfinished`] to [`Folder::Bodies`].
    fn publish(&self, name: &FileName) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, folder: Folder, name: &FileName) -> io::Result<()>;
    /// Makes the names in a folder last.
    fn sync_folder(&self, folder: Folder) -> io::Result<()>;
    /// The files in a folder. Names that the store did not give are left out.
    fn list(&self, folder: Folder) -> io::Result<Vec<FileName>>;
    /// Commits the open transaction of this connection.
    fn commit(&self, database: &Connection) -> rusqlite::Result<()>;
    /// Octets that can still be written.
    fn free_space(&self) -> io::Result<u64>;
}

/// A file that grows at its end.
pub(super) trait Appender: fmt::Debug + Send {
    /// Appends all these octets.
    fn append(&mut self, octets: &[u8]) -> io::Result<()>;
    /// Makes what was appended last.
    fn sync(&mut self) -> io::Result<()>;
}

/// A file that is read.
pub(super) trait Reader: fmt::Debug + Send + Sync {
    /// Its length in octets.
    fn size(&self) -> io::Result<u64>;
    /// Fills the buffer from this offset.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;
}

/// The name of a body's file: 32 hexadecimal digits from the system's random source, never anything that a user wrote.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct FileName(String);

impl FileName {
    const DIGITS: usize = 32;

    /// A name that no other file has.
    pub(super) fn new(random: [u8; Self::DIGITS / 2]) -> Self {
        Self(format!("{:032x}", u128::from_be_bytes(random)))
    }

    /// A name found on disk or in the database; `None` where the store cannot have given it.
    pub(super) fn found(text: &str) -> Option<Self> {
        let hexadecimal = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        (text.len() == Self::DIGITS && hexadecimal).then(|| Self(text.to_owned()))
    }

    /// The name as text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The file system of the machine.
#[derive(Debug)]
pub(super) struct RealDisk {
    bodies: PathBuf,
    unfinished: PathBuf,
}

impl RealDisk {
    /// The folders for bodies in this data folder, made where they are missing.
    pub(super) fn new(data: &Path) -> io::Result<Self> {
        let bodies = data.join("bodies");
        let unfinished = bodies.join("tmp");
        create_folder(&bodies)?;
        create_folder(&unfinished)?;
        Ok(Self { bodies, unfinished })
    }

    fn path(&self, folder: Folder, name: &FileName) -> PathBuf {
        self.folder(folder).join(name.as_str())
    }

    fn folder(&self, folder: Folder) -> &Path {
        match folder {
            Folder::Bodies => &self.bodies,
            Folder::Unfinished => &self.unfinished,
        }
    }
}

impl Disk for RealDisk {
    fn create(&self, folder: Folder, name: &FileName) -> io::Result<Box<dyn Appender>> {
        // `create_new` is O_EXCL: neither an existing file nor a planted symbolic link is ever written through
        let file = OpenOptions::new().append(true).create_new(true).mode(FILE_MODE).open(self.path(folder, name))?;
        Ok(Box::new(file))
    }

    fn open(&self, name: &FileName) -> io::Result<Box<dyn Reader>> {
        let no_follow = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let file = OpenOptions::new().read(true).custom_flags(no_follow).open(self.path(Folder::Bodies, name))?;
        Ok(Box::new(file))
    }

    fn publish(&self, name: &FileName) -> io::Result<()> {
        fs::rename(self.path(Folder::Unfinished, name), self.path(Folder::Bodies, name))
    }

    fn remove(&self, folder: Folder, name: &FileName) -> io::Result<()> {
        fs::remove_file(self.path(folder, name))
    }

    fn sync_folder(&self, folder: Folder) -> io::Result<()> {
        sync_folder(self.folder(folder))
    }

    fn list(&self, folder: Folder) -> io::Result<Vec<FileName>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder(folder))? {
            names.extend(entry?.file_name().to_str().and_then(FileName::found));
        }
        Ok(names)
    }

    fn commit(&self, database: &Connection) -> rusqlite::Result<()> {
        database.prepare_cached("COMMIT")?.execute([]).map(drop)
    }

    fn free_space(&self) -> io::Result<u64> {
        let facts = rustix::fs::statvfs(&self.bodies)?;
        // what an ordinary user may still take: the reserve of the superuser is not ours
        Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
    }
}

impl Appender for File {
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        self.write_all(octets)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_all()
    }
}

impl Reader for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        self.read_exact_at(buffer, offset)
    }
}

/// Creates a folder with [`FOLDER_MODE`] and makes its name last; does nothing where there is one.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(FOLDER_MODE).create(path) {
        Ok(()) => match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
            _ => sync_folder(Path::new(".")),
        },
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Makes the names in a folder last.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
