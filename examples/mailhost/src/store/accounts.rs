//! Accounts in the database: who there is, and what their passwords are checked against.

use core::num::NonZeroU32;
use std::time::SystemTime;

use rusqlite::{Connection, ErrorCode, OptionalExtension as _, Row};
use zeroize::Zeroizing;

use super::deliver::release_body;
use super::writer::Change;
use super::{Account, AccountId, Address, Counts, Credentials, Entry, Error, MailboxId, Maildrop, Uid, UidValidity};

/// What each account begins with: name and special use (RFC 6154, 2). INBOX has none, it is special by its name.
const MAILBOXES: [(&str, Option<&str>); 6] = [
    ("INBOX", None),
    ("Drafts", Some("\\Drafts")),
    ("Sent", Some("\\Sent")),
    ("Junk", Some("\\Junk")),
    ("Trash", Some("\\Trash")),
    ("Archive", Some("\\Archive")),
];

pub(super) fn add(change: &Change<'_>, address: &Address, credentials: &Credentials) -> Result<AccountId, Error> {
    let database = change.database;
    match database.execute("INSERT INTO accounts (address) VALUES (?)", [address.as_str()]) {
        Ok(_) => {}
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            return Err(Error::AccountExists);
        }
        Err(error) => return Err(error.into()),
    }
    let account = AccountId(database.last_insert_rowid());
    set_credentials(change, account, credentials)?;
    for (name, special_use) in MAILBOXES {
        let uid_validity = next_uid_validity(database)?;
        database.execute(
            "INSERT INTO mailboxes (account, name, special_use, subscribed, uid_validity) VALUES (?, ?, ?, 1, ?)",
            (account.0, name, special_use, uid_validity),
        )?;
    }
    Ok(account)
}

/// RFC 9051, 2.3.1.1: a mailbox made anew under an old name must have a greater value. The time grows from one start to the next;
/// the last value given keeps it growing where a clock was set back or two mailboxes are made in one second.
fn next_uid_validity(database: &Connection) -> Result<u32, Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let now = u32::try_from(now).unwrap_or(u32::MAX);
    let given = database.query_row(
        "UPDATE house SET last_uid_validity = max(last_uid_validity + 1, ?) RETURNING last_uid_validity",
        [now],
        |row| row.get::<_, i64>(0),
    )?;
    u32::try_from(given).map_err(|_| Error::Contradiction("there is no UIDVALIDITY left"))
}

pub(super) fn remove(change: &mut Change<'_>, account: AccountId) -> Result<(), Error> {
    let database = change.database;
    let mut bodies = database.prepare(
        "SELECT m.body, count(*) FROM mailboxes x JOIN messages m ON m.mailbox = x.id WHERE x.account = ? GROUP BY m.body",
    )?;
    let mut rows = bodies.query([account.0])?;
    while let Some(row) = rows.next()? {
        release_body(change, super::BodyId(row.get(0)?), row.get(1)?)?;
    }
    for table in ["messages", "expunged"] {
        let delete = format!("DELETE FROM {table} WHERE mailbox IN (SELECT id FROM mailboxes WHERE account = ?)");
        database.execute(&delete, [account.0])?;
    }
    database.execute("DELETE FROM mailboxes WHERE account = ?", [account.0])?;
    match database.execute("DELETE FROM accounts WHERE id = ?", [account.0])? {
        0 => Err(Error::NoSuchAccount),
        _ => Ok(()),
    }
}

pub(super) fn set_credentials(change: &Change<'_>, account: AccountId, credentials: &Credentials) -> Result<(), Error> {
    let set = change.database.execute(
        "INSERT INTO credentials (account, password, scram) SELECT id, ?2, ?3 FROM accounts WHERE id = ?1
         ON CONFLICT (account) DO UPDATE SET password = excluded.password, scram = excluded.scram",
        (account.0, credentials.password.as_str(), credentials.scram.as_ref().map(|keys| keys.as_str())),
    )?;
    if set == 0 { Err(Error::NoSuchAccount) } else { Ok(()) }
}

pub(super) fn credentials(database: &Connection, account: AccountId) -> Result<Credentials, Error> {
    let mut select = database.prepare_cached("SELECT password, scram FROM credentials WHERE account = ?")?;
    let found = select.query_row([account.0], |row| {
        let scram: Option<String> = row.get(1)?;
        Ok(Credentials { password: Zeroizing::new(row.get(0)?), scram: scram.map(Zeroizing::new) })
    });
    found.optional()?.ok_or(Error::NoSuchAccount)
}

pub(super) fn find(database: &Connection, address: &Address) -> Result<Option<Account>, Error> {
    let mut select = database.prepare_cached(
        "SELECT a.id, a.address, i.id, sum(x.messages), sum(x.octets),
             ifnull(max(CASE x.special_use WHEN '\\Junk' THEN x.id END), i.id)
         FROM accounts a JOIN mailboxes i ON i.account = a.id AND i.name = 'INBOX' JOIN mailboxes x ON x.account = a.id
         WHERE a.address = ? GROUP BY a.id",
    )?;
    select.query_row([address.as_str()], account).optional()?.transpose()
}

pub(super) fn list(database: &Connection) -> Result<Vec<Account>, Error> {
    let mut select = database.prepare(
        "SELECT a.id, a.address, i.id, sum(x.messages), sum(x.octets),
             ifnull(max(CASE x.special_use WHEN '\\Junk' THEN x.id END), i.id)
         FROM accounts a JOIN mailboxes i ON i.account = a.id AND i.name = 'INBOX' JOIN mailboxes x ON x.account = a.id
         GROUP BY a.id ORDER BY a.address",
    )?;
    select.query_map([], account)?.map(|row| row?).collect()
}

/// An account from its row; the inner error is an address that cannot have been stored.
fn account(row: &Row<'_>) -> rusqlite::Result<Result<Account, Error>> {
    let address: Result<Address, _> = row.get_ref(1)?.as_str()?.parse();
    let Ok(address) = address else { return Ok(Err(Error::Contradiction("an account has no proper address"))) };
    Ok(Ok(Account {
        id: AccountId(row.get(0)?),
        address,
        inbox: MailboxId(row.get(2)?),
        messages: row.get::<_, i64>(3)?.cast_unsigned(),
        octets: row.get::<_, i64>(4)?.cast_unsigned(),
        junk: MailboxId(row.get(5)?),
    }))
}

pub(super) fn maildrop(database: &Connection, account: AccountId) -> Result<Maildrop, Error> {
    // both statements see one state of the database: mailbox and messages belong together
    let look = database.unchecked_transaction()?;
    let mut inbox =
        look.prepare_cached("SELECT id, uid_validity, messages FROM mailboxes WHERE account = ? AND name = 'INBOX'")?;
    let found = inbox.query_row([account.0], |row| Ok((MailboxId(row.get(0)?), row.get(1)?, row.get::<_, i64>(2)?)));
    let (mailbox, uid_validity, count) = found.optional()?.ok_or(Error::NoSuchAccount)?;
    let uid_validity = NonZeroU32::new(uid_validity).ok_or(Error::Contradiction("a mailbox has UIDVALIDITY 0"))?;

    let mut messages = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    let mut select = look.prepare_cached("SELECT uid, size FROM messages WHERE mailbox = ? ORDER BY uid")?;
    let mut rows = select.query([mailbox.0])?;
    while let Some(row) = rows.next()? {
        let uid = Uid::new(row.get(0)?).ok_or(Error::Contradiction("a message has UID 0"))?;
        messages.push(Entry { uid, size: row.get::<_, i64>(1)?.cast_unsigned() });
    }
    Ok(Maildrop { mailbox, uid_validity: UidValidity(uid_validity), messages })
}

/// Users and messages; how many were delivered is not in the database.
pub(super) fn counts(database: &Connection) -> Result<Counts, Error> {
    let select = "SELECT (SELECT count(*) FROM accounts), (SELECT ifnull(sum(messages), 0) FROM mailboxes),
                         (SELECT count(*) FROM queue_messages)";
    let count = |row: &Row<'_>, at| Ok::<_, rusqlite::Error>(row.get::<_, i64>(at)?.cast_unsigned());
    let read = |row: &Row<'_>| Ok((count(row, 0)?, count(row, 1)?, count(row, 2)?));
    let (users, messages, queue) = database.query_row(select, [], read)?;
    Ok(Counts { users, messages, delivered: 0, queue })
}
