//! The database's tables, their versions, and how a connection is set up.
//!
//! The version is SQLite's `user_version`. Each step of [`STEPS`] takes the data from one version to the next; all steps that are
//! missing run in one transaction. A step that was released is never changed again: a new one is added.

use core::time::Duration;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::Error;

/// What each version adds. The version after `STEPS[n]` is `n + 1`.
pub(super) const STEPS: &[&str] = &[VERSION_1, VERSION_2];

/// Ids of accounts and mailboxes are `AUTOINCREMENT`: what another account once had is never given out again, so that nothing
/// remembered under an id can show one person's mail to another. Messages are stored in their mailbox's order under its UIDs,
/// without a rowid and without a second index: on delivery each index is one more page to write, and the mailbox's own order
/// answers all that POP3 asks. For the same reason only bodies that have a file are in the index of files. The counts in
/// `mailboxes` are kept with each change because counting rows takes time with each row, and the row is written anyway for
/// `uid_next`.
const VERSION_1: &str = "
CREATE TABLE house (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    last_uid_validity INTEGER NOT NULL
) STRICT;
INSERT INTO house VALUES (1, 0);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    address TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE credentials (
    account INTEGER PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    password TEXT NOT NULL,
    scram TEXT
) STRICT;

CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account INTEGER NOT NULL REFERENCES accounts,
    name TEXT NOT NULL,
    special_use TEXT,
    subscribed INTEGER NOT NULL,
    uid_validity INTEGER NOT NULL,
    uid_next INTEGER NOT NULL DEFAULT 1,
    highest_modseq INTEGER NOT NULL DEFAULT 1,
    messages INTEGER NOT NULL DEFAULT 0,
    octets INTEGER NOT NULL DEFAULT 0,
    UNIQUE (account, name)
) STRICT;

CREATE TABLE messages (
    mailbox INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    flags INTEGER NOT NULL,
    keywords TEXT,
    received INTEGER NOT NULL,
    size INTEGER NOT NULL,
    prefix BLOB NOT NULL,
    body INTEGER NOT NULL,
    PRIMARY KEY (mailbox, uid)
) STRICT, WITHOUT ROWID;

CREATE TABLE bodies (
    id INTEGER PRIMARY KEY,
    refs INTEGER NOT NULL,
    size INTEGER NOT NULL,
    file TEXT,
    data BLOB,
    CHECK ((file IS NULL) <> (data IS NULL))
) STRICT;
CREATE UNIQUE INDEX bodies_in_files ON bodies (file) WHERE file IS NOT NULL;

CREATE TABLE expunged (
    mailbox INTEGER NOT NULL,
    modseq INTEGER NOT NULL,
    uid INTEGER NOT NULL,
    PRIMARY KEY (mailbox, modseq, uid)
) STRICT, WITHOUT ROWID;
";

/// Mail that waits to be sent elsewhere: a message once, and a row for each recipient. A claimed recipient is due when the claim runs out, so that an
/// index finds all that there is to do; the one by destination finds what there is beside a destination that has its share already. The octets of a message are 0 for ASCII, 1 for 8-bit, 2 for binary.
const VERSION_2: &str = "
CREATE TABLE queue_messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    sender TEXT NOT NULL,
    arrived INTEGER NOT NULL,
    ret TEXT,
    envelope_id TEXT,
    utf8 INTEGER NOT NULL,
    octets INTEGER NOT NULL,
    size INTEGER NOT NULL,
    prefix BLOB NOT NULL,
    body INTEGER NOT NULL
) STRICT;

CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message INTEGER NOT NULL,
    path TEXT NOT NULL,
    destination TEXT NOT NULL,
    original TEXT,
    notify INTEGER,
    due INTEGER NOT NULL,
    claimed INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0,
    delay_told INTEGER NOT NULL DEFAULT 0,
    words TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX queue_due ON queue (due, destination, message);
CREATE INDEX queue_destination ON queue (destination, due, message);
CREATE INDEX queue_message ON queue (message, destination);
";

/// How long to wait for another process (a command beside the running server) to finish its change.
const BUSY: Duration = Duration::from_secs(5);
/// Octets a page. A message of 10 KB with its rows then touches the fewest octets; measured against 4096 and 16384.
const PAGE_SIZE: i64 = 8192;
/// Statements kept prepared on each connection: more than there are, so that none is ever prepared twice.
const STATEMENTS: usize = 64;

/// Opens the database for changes; the file must exist, possibly empty.
pub(super) fn open_writer(path: &Path) -> Result<Connection, Error> {
    let database =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    set_up(&database)?;
    // takes effect only where the file is still empty
    database.pragma_update(None, "page_size", PAGE_SIZE)?;
    database.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    // with NORMAL the last commits may be lost with the power; a reply of ours says that they are not
    database.pragma_update(None, "synchronous", "FULL")?;
    // the keeper does that, see writer.rs
    database.pragma_update(None, "wal_autocheckpoint", 0)?;
    Ok(database)
}

/// Opens the database for reading.
pub(super) fn open_reader(path: &Path) -> Result<Connection, Error> {
    let database =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    set_up(&database)?;
    Ok(database)
}

fn set_up(database: &Connection) -> Result<(), Error> {
    database.busy_timeout(BUSY)?;
    database.set_prepared_statement_cache_capacity(STATEMENTS);
    // savepoints keep the old state of pages: in memory, a temporary file would be one more place for mail to lie about
    database.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(())
}

/// Takes the data to the latest version.
///
/// # Errors
/// [`Error::NewerSchema`] where a later program wrote them; nothing is changed then.
pub(super) fn migrate(database: &mut Connection, steps: &[&str]) -> Result<(), Error> {
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    let change = database.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found: i64 = change.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found == known {
        return Ok(());
    }
    let missing = usize::try_from(found).ok().and_then(|found| steps.get(found..));
    let Some(missing) = missing else { return Err(Error::NewerSchema { found, known }) };
    for step in missing {
        change.execute_batch(step)?;
    }
    change.pragma_update(None, "user_version", known)?;
    change.commit()?;
    Ok(())
}
