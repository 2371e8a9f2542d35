//! The whole store read and compared with itself, for `mailhost check`.

use rusqlite::Connection;

use super::Error;
use super::disk::{Disk, FileName};

/// The most lines answered: by then it is known that something is wrong.
const LINES_MAX: usize = 100;

/// Each is a sentence about a thing (the first column names it) that must not be in the database.
const CONTRADICTIONS: &[(&str, &str)] = &[
    ("account {} has no credentials", "SELECT id FROM accounts WHERE id NOT IN (SELECT account FROM credentials)"),
    (
        "account {} has no INBOX",
        "SELECT id FROM accounts WHERE id NOT IN (SELECT account FROM mailboxes WHERE name = 'INBOX')",
    ),
    (
        "mailbox {} counts other messages or octets than it has",
        "SELECT x.id FROM mailboxes x LEFT JOIN
             (SELECT mailbox, count(*) AS n, sum(size) AS s FROM messages GROUP BY mailbox) m ON m.mailbox = x.id
         WHERE x.messages <> ifnull(m.n, 0) OR x.octets <> ifnull(m.s, 0)",
    ),
    (
        "mailbox {} has a UID or MODSEQ beyond what it has given out",
        "SELECT DISTINCT x.id FROM mailboxes x JOIN
             (SELECT mailbox, uid, modseq FROM messages UNION ALL SELECT mailbox, uid, modseq FROM expunged) m
             ON m.mailbox = x.id
         WHERE m.uid >= x.uid_next OR m.modseq > x.highest_modseq",
    ),
    (
        "mailbox {} has messages but does not exist",
        "SELECT DISTINCT mailbox FROM messages WHERE mailbox NOT IN (SELECT id FROM mailboxes)",
    ),
    (
        "body {} is referred to but not there",
        "SELECT DISTINCT body FROM (SELECT body FROM messages UNION ALL SELECT body FROM queue_messages)
         WHERE body NOT IN (SELECT id FROM bodies)",
    ),
    (
        "body {} counts other references than it has",
        "SELECT b.id FROM bodies b LEFT JOIN (SELECT body, count(*) AS n FROM
             (SELECT body FROM messages UNION ALL SELECT body FROM queue_messages) GROUP BY body) m ON m.body = b.id
         WHERE b.refs <> ifnull(m.n, 0)",
    ),
    (
        "recipient {} in the queue has no message",
        "SELECT id FROM queue WHERE message NOT IN (SELECT id FROM queue_messages)",
    ),
    (
        "message {} in the queue has no recipient",
        "SELECT id FROM queue_messages WHERE id NOT IN (SELECT message FROM queue)",
    ),
    ("body {} has another length than its octets", "SELECT id FROM bodies WHERE length(data) <> size"),
    (
        "a message with body {} has another size than its parts",
        "SELECT b.id FROM messages m JOIN bodies b ON b.id = m.body WHERE m.size <> length(m.prefix) + b.size",
    ),
];

/// One line for each contradiction found, at most [`LINES_MAX`].
pub(super) fn check(database: &Connection, disk: &dyn Disk) -> Result<Vec<String>, Error> {
    // one state of the database for all that follows
    let look = database.unchecked_transaction()?;
    let mut lines = Vec::new();
    look.pragma_query(None, "integrity_check", |row| {
        let line = row.get_ref(0)?.as_str()?;
        if line != "ok" {
            lines.push(format!("database: {line}"));
        }
        Ok(())
    })?;
    for (sentence, contradiction) in CONTRADICTIONS {
        let mut select = look.prepare(contradiction)?;
        let mut rows = select.query([])?;
        while let Some(row) = rows.next()?
            && lines.len() < LINES_MAX
        {
            lines.push(sentence.replace("{}", &row.get::<_, i64>(0)?.to_string()));
        }
    }
    check_files(&look, disk, &mut lines)?;
    lines.truncate(LINES_MAX);
    Ok(lines)
}

fn check_files(database: &Connection, disk: &dyn Disk, lines: &mut Vec<String>) -> Result<(), Error> {
    let mut select = database.prepare("SELECT id, file, size FROM bodies WHERE file IS NOT NULL")?;
    let mut rows = select.query([])?;
    while let Some(row) = rows.next()?
        && lines.len() < LINES_MAX
    {
        let (id, file, size): (i64, String, i64) = row.try_into()?;
        let fault = match FileName::found(&file) {
            None => "has a file with a foreign name".to_owned(),
            Some(name) => match disk.open(&name).and_then(|file| file.size()) {
                Ok(found) if found == size.cast_unsigned() => continue,
                Ok(found) => format!("has {found} octets in its file instead of {size}"),
                Err(error) => format!("has a file that cannot be read: {error}"),
            },
        };
        lines.push(format!("body {id} {fault}"));
    }
    Ok(())
}
