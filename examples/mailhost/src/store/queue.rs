//! Messages that wait to be sent elsewhere, in the database. A message's body is the one that local mailboxes share; each recipient has a row of its own.
//!
//! Whoever takes recipients to try them claims them for a time. What is claimed is nobody else's until the claim has run out, or the server is started anew:
//! so a crash costs a repeated attempt, and never a message.

use std::collections::{HashMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row};
use smtp_proto::dsn::{Notify, Ret};

use super::deliver::{self, release_body};
use super::disk::Disk;
use super::message::{self, MessageReader};
use super::writer::Change;
use super::{BodyId, Delivery, Error};

/// Names a message in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct QueueId(i64);

/// Names one recipient of a message in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId(i64);

/// What goes elsewhere of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outgoing {
    /// What is known of the message.
    pub(crate) envelope: QueuedEnvelope,
    /// Header lines of this copy, written above the shared body.
    pub(crate) prefix: Vec<u8>,
    /// Who gets it; at least one.
    pub(crate) recipients: Vec<OutgoingRecipient>,
}

/// What a message in the queue has to be sent with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueuedEnvelope {
    /// The message's id in the log.
    pub(crate) name: String,
    /// The reverse path with its brackets.
    pub(crate) sender: String,
    /// When it was taken, in Unix seconds.
    pub(crate) arrived: i64,
    /// RET.
    pub(crate) ret: Option<Ret>,
    /// ENVID, in xtext.
    pub(crate) envelope_id: Option<String>,
    /// It came with SMTPUTF8.
    pub(crate) utf8: bool,
    /// What it is made of.
    pub(crate) octets: Octets,
}

/// What a message is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Octets {
    /// Lines of ASCII.
    Ascii,
    /// Lines with octets beyond ASCII.
    EightBit,
    /// It came as BINARYMIME.
    Binary,
}

/// One recipient elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutgoingRecipient {
    /// The forward path with its brackets.
    pub(crate) path: String,
    /// Where it leads, in one spelling: recipients with the same go together.
    pub(crate) destination: String,
    /// ORCPT.
    pub(crate) original: Option<String>,
    /// NOTIFY.
    pub(crate) notify: Option<Notify>,
}

/// Recipients of one message at one destination, claimed to be tried now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    /// The message.
    pub(crate) message: QueueId,
    /// What it has to be sent with.
    pub(crate) envelope: QueuedEnvelope,
    /// Its octets as they are sent.
    pub(crate) size: u64,
    /// Where they are.
    pub(crate) destination: String,
    /// Who; at least one.
    pub(crate) recipients: Vec<Claimed>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claimed {
    /// Its id.
    pub(crate) id: EntryId,
    /// Who it is.
    pub(crate) recipient: OutgoingRecipient,
    /// How often it has been tried before.
    pub(crate) attempts: u32,
    /// Whether the sender has been told of a delay.
    pub(crate) delay_told: bool,
}

/// What is taken from the queue at once.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// The moment, in Unix seconds.
    pub(crate) now: i64,
    /// Until when the claim holds.
    pub(crate) until: i64,
    /// How many messages at most.
    pub(crate) messages: usize,
    /// How many recipients of each at most.
    pub(crate) recipients: usize,
    /// How many messages for one destination at most, with those that are claimed already.
    pub(crate) per_destination: usize,
    /// How many are claimed already, by destination.
    pub(crate) busy: HashMap<String, usize>,
}

/// What becomes of a claimed recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Settled {
    /// It is over, well or not.
    Over,
    /// To be tried again.
    Again {
        /// When, in Unix seconds.
        due: i64,
        /// The sender has been told of the delay.
        delay_told: bool,
        /// What the attempt came to, for the operator.
        words: String,
    },
}

/// A line of the queue, for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueEntry {
    /// The message's id in the log.
    pub(crate) name: String,
    /// From whom.
    pub(crate) sender: String,
    /// To whom.
    pub(crate) recipient: String,
    /// When it was taken.
    pub(crate) arrived: i64,
    /// How often it has been tried.
    pub(crate) attempts: u32,
    /// When it is tried next.
    pub(crate) due: i64,
    /// It is being tried.
    pub(crate) claimed: bool,
    /// What the last attempt came to.
    pub(crate) words: String,
}

/// Puts a message into the queue, for a body that is there.
pub(super) fn enqueue(database: &Connection, body: BodyId, size: u64, outgoing: &Outgoing) -> Result<(), Error> {
    let envelope = &outgoing.envelope;
    let size = size.saturating_add(outgoing.prefix.len() as u64);
    let mut insert = database.prepare_cached(
        "INSERT INTO queue_messages (name, sender, arrived, ret, envelope_id, utf8, octets, size, prefix, body)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let message = insert.insert((
        &envelope.name,
        &envelope.sender,
        envelope.arrived,
        envelope.ret.map(Ret::as_str),
        &envelope.envelope_id,
        envelope.utf8,
        envelope.octets as u8,
        size.cast_signed(),
        &outgoing.prefix,
        body.0,
    ))?;
    let mut insert = database.prepare_cached(
        "INSERT INTO queue (message, path, destination, original, notify, due) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    for one in &outgoing.recipients {
        let notify = one.notify.map(bits);
        insert.execute((message, &one.path, &one.destination, &one.original, notify, envelope.arrived))?;
    }
    Ok(())
}

/// One message's recipients at one destination.
pub(super) type Group = (i64, String);

/// Finds what is due, the longest due first, without more than its share for any destination (row R-7). It is looked for by a reader, so that a long queue does not
/// hold up deliveries; nobody else claims.
pub(super) fn due(database: &Connection, wanted: &Wanted) -> Result<Vec<Group>, Error> {
    let mut found = Found { wanted, busy: wanted.busy.clone(), groups: Vec::new(), seen: HashSet::new() };
    let mut oldest = database.prepare_cached(
        "SELECT message, destination FROM queue INDEXED BY queue_due WHERE due <= ?1 ORDER BY due LIMIT ?2",
    )?;
    let mut rows = oldest.query((wanted.now, small(LOOK_MAX)))?;
    let mut looked = 0;
    while !found.is_enough()
        && let Some(row) = rows.next()?
    {
        looked += 1;
        found.add((row.get(0)?, row.get(1)?));
    }
    if !found.groups.is_empty() || looked < LOOK_MAX {
        return Ok(found.groups);
    }
    // The oldest are all of destinations that have their share: each destination is asked for by itself.
    let mut next =
        database.prepare_cached("SELECT destination FROM queue WHERE destination > ? ORDER BY destination LIMIT 1")?;
    let mut theirs = database.prepare_cached(
        "SELECT message FROM queue INDEXED BY queue_destination WHERE destination = ?1 AND due <= ?2 ORDER BY due LIMIT ?3",
    )?;
    let mut last = String::new();
    while !found.is_enough()
        && let Some(destination) = next.query_row([&last], |row| row.get::<_, String>(0)).optional()?
    {
        if found.has_room(&destination) {
            let messages = theirs.query_map((&destination, wanted.now, small(wanted.recipients)), |row| row.get(0))?;
            for message in messages {
                found.add((message?, destination.clone()));
            }
        }
        last = destination;
    }
    Ok(found.groups)
}

/// Rows looked at in the order in which they are due, before each destination is asked for.
const LOOK_MAX: usize = 1_000;

/// What has been found to be claimed.
struct Found<'a> {
    wanted: &'a Wanted,
    busy: HashMap<String, usize>,
    groups: Vec<Group>,
    seen: HashSet<Group>,
}

impl Found<'_> {
    fn is_enough(&self) -> bool {
        self.groups.len() >= self.wanted.messages
    }

    fn has_room(&self, destination: &str) -> bool {
        self.busy.get(destination).is_none_or(|count| *count < self.wanted.per_destination)
    }

    fn add(&mut self, group: Group) {
        if self.is_enough() || !self.has_room(&group.1) || !self.seen.insert(group.clone()) {
            return;
        }
        *self.busy.entry(group.1.clone()).or_default() += 1;
        self.groups.push(group);
    }
}

/// Claims what was found.
pub(super) fn claim(change: &Change<'_>, wanted: &Wanted, groups: Vec<Group>) -> Result<Vec<Claim>, Error> {
    let database = change.database;
    let mut recipients = database.prepare_cached(
        "SELECT id, path, original, notify, attempts, delay_told FROM queue
         WHERE message = ?1 AND destination = ?2 AND due <= ?3 ORDER BY id LIMIT ?4",
    )?;
    let mut hold =
        database.prepare_cached("UPDATE queue SET due = ?2, claimed = 1, attempts = attempts + 1 WHERE id = ?1")?;
    let mut claims: Vec<Claim> = Vec::new();
    for (message, destination) in groups {
        let rows = recipients.query_map((message, &destination, wanted.now, small(wanted.recipients)), |row| {
            Ok(Claimed {
                id: EntryId(row.get(0)?),
                recipient: OutgoingRecipient {
                    path: row.get(1)?,
                    destination: destination.clone(),
                    original: row.get(2)?,
                    notify: row.get::<_, Option<u8>>(3)?.map(of_bits),
                },
                attempts: row.get(4)?,
                delay_told: row.get(5)?,
            })
        })?;
        let recipients = rows.collect::<Result<Vec<_>, _>>()?;
        if recipients.is_empty() {
            continue;
        }
        for one in &recipients {
            hold.execute((one.id.0, wanted.until))?;
        }
        let (envelope, size) = envelope(database, message)?;
        claims.push(Claim { message: QueueId(message), envelope, size, destination, recipients });
    }
    Ok(claims)
}

fn envelope(database: &Connection, message: i64) -> Result<(QueuedEnvelope, u64), Error> {
    let mut select = database.prepare_cached(
        "SELECT name, sender, arrived, ret, envelope_id, utf8, octets, size FROM queue_messages WHERE id = ?",
    )?;
    let read = |row: &Row<'_>| {
        let ret = row.get::<_, Option<String>>(3)?;
        let envelope = QueuedEnvelope {
            name: row.get(0)?,
            sender: row.get(1)?,
            arrived: row.get(2)?,
            ret: ret.map(|word| if word == Ret::Full.as_str() { Ret::Full } else { Ret::Headers }),
            envelope_id: row.get(4)?,
            utf8: row.get(5)?,
            octets: match row.get::<_, u8>(6)? {
                0 => Octets::Ascii,
                1 => Octets::EightBit,
                _ => Octets::Binary,
            },
        };
        Ok((envelope, row.get::<_, i64>(7)?.cast_unsigned()))
    };
    let found = select.query_row([message], read).optional()?;
    found.ok_or(Error::Contradiction("a recipient in the queue has no message"))
}

/// Writes down what attempts came to, and puts a report for the sender into their mailbox, in one step. A report for somebody who is not here any more is nobody's.
pub(super) fn settle(
    change: &mut Change<'_>,
    message: QueueId,
    results: &[(EntryId, Settled)],
    report: Option<Delivery>,
) -> Result<bool, Error> {
    {
        let database = change.database;
        let mut delete = database.prepare_cached("DELETE FROM queue WHERE id = ? AND message = ?")?;
        let mut again = database.prepare_cached(
            "UPDATE queue SET due = ?3, claimed = 0, delay_told = ?4, words = ?5 WHERE id = ?1 AND message = ?2",
        )?;
        for (id, settled) in results {
            match settled {
                Settled::Over => delete.execute((id.0, message.0))?,
                Settled::Again { due, delay_told, words } => {
                    again.execute((id.0, message.0, due, delay_told, words))?
                }
            };
        }
        let mut left = database.prepare_cached("SELECT 1 FROM queue WHERE message = ? LIMIT 1")?;
        if !left.exists([message.0])? {
            let mut delete = database.prepare_cached("DELETE FROM queue_messages WHERE id = ? RETURNING body")?;
            let body: Option<i64> = delete.query_row([message.0], |row| row.get(0)).optional()?;
            if let Some(body) = body {
                release_body(change, BodyId(body), 1)?;
            }
        }
    }
    let Some(report) = report else { return Ok(false) };
    let mut known = change.database.prepare_cached("SELECT 1 FROM mailboxes WHERE id = ?")?;
    let mut there = Vec::new();
    for recipient in report.recipients {
        if known.exists([recipient.mailbox.0])? {
            there.push(recipient);
        }
    }
    if there.is_empty() {
        return Ok(false);
    }
    // who may write may be told: no bound on what they hold keeps a report away
    there.iter_mut().for_each(|recipient| recipient.quota = None);
    deliver::deliver(change, Delivery { recipients: there, ..report })?;
    Ok(true)
}

/// Lets go of all claims: at the start, there is nobody who could hold one.
pub(super) fn release_claims(database: &Connection, now: i64) -> Result<usize, Error> {
    Ok(database.execute("UPDATE queue SET due = min(due, ?), claimed = 0 WHERE claimed = 1", [now])?)
}

/// When the next recipient is due that is not claimed.
pub(super) fn next_due(database: &Connection) -> Result<Option<i64>, Error> {
    let mut select = database.prepare_cached("SELECT min(due) FROM queue")?;
    Ok(select.query_row([], |row| row.get(0))?)
}

/// The queue, the longest in it first.
pub(super) fn list(database: &Connection, most: usize) -> Result<Vec<QueueEntry>, Error> {
    let mut select = database.prepare_cached(
        "SELECT m.name, m.sender, q.path, m.arrived, q.attempts, q.due, q.claimed, q.words
         FROM queue q JOIN queue_messages m ON m.id = q.message ORDER BY q.message, q.id LIMIT ?",
    )?;
    let rows = select.query_map([small(most)], |row| {
        Ok(QueueEntry {
            name: row.get(0)?,
            sender: row.get(1)?,
            recipient: row.get(2)?,
            arrived: row.get(3)?,
            attempts: row.get(4)?,
            due: row.get(5)?,
            claimed: row.get(6)?,
            words: row.get(7)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Opens a message of the queue for reading.
pub(super) fn open(database: &Connection, disk: &dyn Disk, message: QueueId) -> Result<MessageReader, Error> {
    let mut select = database.prepare_cached(
        "SELECT m.prefix, b.size, b.file, b.data FROM queue_messages m JOIN bodies b ON b.id = m.body WHERE m.id = ?",
    )?;
    message::read_row(disk, &mut || message::row(&mut select, [message.0]))
}

/// NOTIFY as a number.
fn bits(notify: Notify) -> u8 {
    u8::from(notify.success) | u8::from(notify.failure) << 1 | u8::from(notify.delay) << 2
}

fn of_bits(bits: u8) -> Notify {
    Notify { success: bits & 1 != 0, failure: bits & 2 != 0, delay: bits & 4 != 0 }
}

fn small(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
