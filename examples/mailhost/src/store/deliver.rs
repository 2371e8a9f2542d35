//! Messages into mailboxes and out of them, in the database. All of it runs in the writer's transaction.

use rusqlite::{Connection, OptionalExtension as _};

use super::bodies::{Body, Content};
use super::writer::Change;
use super::{AccountId, BodyId, Delivery, Error, Flags, MailboxId, ModSeq, Recipient, Refused, Uid, queue};

/// Puts one body and a row for each recipient who is not refused. UIDs are given here, in the order of commits, so that whoever
/// has seen a UID never sees a smaller one appear later.
pub(super) fn deliver(change: &mut Change<'_>, delivery: Delivery) -> Result<Vec<Result<Uid, Refused>>, Error> {
    let Delivery { body, recipients, received, partial, outgoing } = delivery;
    let body_size = body.size();
    let wanted = recipients.len();
    // the queue holds the body once, for all its recipients
    let queued = usize::from(outgoing.is_some());
    let stored = insert_body(change, body, wanted + queued)?;

    let mut outcomes = Vec::with_capacity(wanted);
    for recipient in &recipients {
        let size = body_size.saturating_add(recipient.prefix.len() as u64);
        let size = i64::try_from(size).map_err(|_| Error::Contradiction("a message is longer than can be"))?;
        outcomes.push(match place(change.database, recipient, size)? {
            Ok((uid, modseq)) => {
                let message = (recipient.mailbox.0, uid.get(), modseq.0, Flags::default().0, received, size);
                insert_message(change.database, message, &recipient.prefix, stored)?;
                Ok(uid)
            }
            Err(refused) => Err(refused),
        });
    }

    let placed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    if placed + queued == 0 || (placed < wanted && !partial) {
        change.undo();
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_ok()) {
            *outcome = Err(Refused::WithOthers);
        }
        return Ok(outcomes);
    }
    if placed < wanted {
        let mut count = change.database.prepare_cached("UPDATE bodies SET refs = ?2 WHERE id = ?1")?;
        count.execute((stored.0, small(placed + queued)))?;
    }
    if let Some(outgoing) = &outgoing {
        queue::enqueue(change.database, stored, body_size, outgoing)?;
    }
    Ok(outcomes)
}

fn insert_body(change: &mut Change<'_>, body: Body, refs: usize) -> Result<BodyId, Error> {
    let database = change.database;
    let mut insert = database.prepare_cached("INSERT INTO bodies (refs, size, file, data) VALUES (?, ?, ?, ?)")?;
    let size = i64::try_from(body.size()).map_err(|_| Error::Contradiction("a message is longer than can be"))?;
    let id = match body.content {
        Content::Held(data) => insert.insert((small(refs), size, None::<&str>, Some(data.as_slice())))?,
        Content::Filed(file) => {
            let id = insert.insert((small(refs), size, Some(file.name()), None::<&[u8]>))?;
            change.adopt(file);
            id
        }
    };
    Ok(BodyId(id))
}

/// Takes the next UID and MODSEQ of a mailbox and counts the message, unless the recipient is to be refused.
fn place(database: &Connection, recipient: &Recipient, size: i64) -> Result<Result<(Uid, ModSeq), Refused>, Error> {
    if let Some(quota) = recipient.quota {
        let mut held = database.prepare_cached(
            "SELECT sum(octets) FROM mailboxes WHERE account = (SELECT account FROM mailboxes WHERE id = ?)",
        )?;
        let held: Option<i64> = held.query_row([recipient.mailbox.0], |row| row.get(0))?;
        let after = held.unwrap_or(0).saturating_add(size);
        if after.cast_unsigned() > quota {
            return Ok(Err(Refused::OverQuota));
        }
    }
    let mut next = database.prepare_cached(
        "UPDATE mailboxes SET uid_next = uid_next + 1, highest_modseq = highest_modseq + 1,
             messages = messages + 1, octets = octets + ?2
         WHERE id = ?1 RETURNING uid_next - 1, highest_modseq",
    )?;
    let given = next.query_row((recipient.mailbox.0, size), |row| Ok((row.get::<_, i64>(0)?, ModSeq(row.get(1)?))));
    let Some((uid, modseq)) = given.optional()? else { return Ok(Err(Refused::NoSuchMailbox)) };
    let uid = u32::try_from(uid).ok().and_then(Uid::new);
    Ok(Ok((uid.ok_or(Error::Contradiction("a mailbox has no UID left"))?, modseq)))
}

fn insert_message(
    database: &Connection,
    (mailbox, uid, modseq, flags, received, size): (i64, u32, i64, u8, i64, i64),
    prefix: &[u8],
    body: BodyId,
) -> Result<(), Error> {
    let mut insert = database.prepare_cached(
        "INSERT INTO messages (mailbox, uid, modseq, flags, received, size, prefix, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute((mailbox, uid, modseq, flags, received, size, prefix, body.0))?;
    Ok(())
}

/// Removes messages; each that was there leaves its UID with the MODSEQ of this change, for those who were away (RFC 7162,
/// 3.2.5).
pub(super) fn expunge(
    change: &mut Change<'_>,
    (account, mailbox): (AccountId, MailboxId),
    uids: &[Uid],
) -> Result<u64, Error> {
    let database = change.database;
    let mut owned = database.prepare_cached("SELECT highest_modseq FROM mailboxes WHERE id = ? AND account = ?")?;
    let highest: Option<i64> = owned.query_row((mailbox.0, account.0), |row| row.get(0)).optional()?;
    let modseq = highest.ok_or(Error::NoSuchMailbox)?.saturating_add(1);

    let mut delete =
        database.prepare_cached("DELETE FROM messages WHERE mailbox = ? AND uid = ? RETURNING body, size")?;
    let mut remember = database.prepare_cached("INSERT INTO expunged (mailbox, modseq, uid) VALUES (?, ?, ?)")?;
    let (mut removed, mut octets) = (0_i64, 0_i64);
    for uid in uids {
        let gone = delete.query_row((mailbox.0, uid.get()), |row| Ok((BodyId(row.get(0)?), row.get::<_, i64>(1)?)));
        let Some((body, size)) = gone.optional()? else { continue };
        remember.execute((mailbox.0, modseq, uid.get()))?;
        release_body(change, body, 1)?;
        removed = removed.saturating_add(1);
        octets = octets.saturating_add(size);
    }
    if removed > 0 {
        let mut count = database.prepare_cached(
            "UPDATE mailboxes SET highest_modseq = ?2, messages = messages - ?3, octets = octets - ?4 WHERE id = ?1",
        )?;
        count.execute((mailbox.0, modseq, removed, octets))?;
    }
    Ok(removed.cast_unsigned())
}

/// Takes this many references from a body, and the body away with the last one.
pub(super) fn release_body(change: &mut Change<'_>, body: BodyId, times: i64) -> Result<(), Error> {
    let database = change.database;
    let mut delete = database.prepare_cached("DELETE FROM bodies WHERE id = ? AND refs = ? RETURNING file")?;
    let deleted: Option<Option<String>> = delete.query_row((body.0, times), |row| row.get(0)).optional()?;
    match deleted {
        Some(Some(file)) => change.abandon(&file),
        Some(None) => Ok(()),
        None => {
            let mut count =
                database.prepare_cached("UPDATE bodies SET refs = refs - ?2 WHERE id = ?1 AND refs > ?2")?;
            match count.execute((body.0, times))? {
                1 => Ok(()),
                _ => Err(Error::Contradiction("a message refers to a body that is not there")),
            }
        }
    }
}

/// A count of recipients as SQLite takes it.
fn small(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
