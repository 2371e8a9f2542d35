//! Reading a stored message, a piece at a time.

use core::mem;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension as _, Params, Row, Statement};

use super::bodies::blocking;
use super::disk::{Disk, FileName, Reader};
use super::{AccountId, Error, MailboxId, Uid};

/// The most octets in one piece.
const PIECE_MAX: usize = 64 * 1024;

/// A message being read: the header lines of this copy, then the body. Holds at most 128 KiB of it in memory, however long it is.
#[derive(Debug)]
pub(crate) struct MessageReader {
    prefix: Bytes,
    body: Source,
}

#[derive(Debug)]
enum Source {
    Held(Bytes),
    Filed { file: Arc<dyn Reader>, at: u64, size: u64 },
}

impl MessageReader {
    /// The next piece, 1 octet to 64 KiB; `None` at the end.
    ///
    /// # Errors
    /// [`Error::File`], temporary: what was given so far is not the whole message.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.prefix.is_empty() {
            return Ok(Some(take(&mut self.prefix)));
        }
        match &mut self.body {
            Source::Held(rest) if rest.is_empty() => Ok(None),
            Source::Held(rest) => Ok(Some(take(rest))),
            Source::Filed { at, size, .. } if at == size => Ok(None),
            Source::Filed { file, at, size } => {
                let (file, from) = (file.clone(), *at);
                let length = usize::try_from(size.saturating_sub(from)).unwrap_or(PIECE_MAX).min(PIECE_MAX);
                let piece = blocking(move || {
                    let mut piece = vec![0; length];
                    file.read_at(&mut piece, from)?;
                    Ok(piece)
                })
                .await?;
                *at = at.saturating_add(length as u64);
                Ok(Some(piece.into()))
            }
        }
    }
}

fn take(rest: &mut Bytes) -> Bytes {
    if rest.len() > PIECE_MAX { rest.split_to(PIECE_MAX) } else { mem::take(rest) }
}

/// Finds a message that belongs to this account, and opens it.
pub(super) fn open(
    database: &Connection,
    disk: &dyn Disk,
    (account, mailbox, uid): (AccountId, MailboxId, Uid),
) -> Result<MessageReader, Error> {
    let mut select = database.prepare_cached(
        "SELECT m.prefix, b.size, b.file, b.data
         FROM mailboxes x JOIN messages m ON m.mailbox = x.id JOIN bodies b ON b.id = m.body
         WHERE x.id = ?1 AND x.account = ?2 AND m.uid = ?3",
    )?;
    read_row(disk, &mut || row(&mut select, (mailbox.0, account.0, uid.get())))
}

/// What is known of a message: the size of its body, the lines above it, and the body's file or octets.
pub(super) type Stored = (i64, Bytes, Option<String>, Option<Bytes>);

/// The row of a message, if it is there: prefix, size, file, data.
pub(super) fn row(select: &mut Statement<'_>, parameters: impl Params) -> rusqlite::Result<Option<Stored>> {
    let read = |row: &Row<'_>| {
        let prefix = Bytes::copy_from_slice(row.get_ref(0)?.as_blob()?);
        let data = row.get_ref(3)?.as_blob_or_null()?.map(Bytes::copy_from_slice);
        Ok((row.get(1)?, prefix, row.get(2)?, data))
    };
    select.query_row(parameters, read).optional()
}

/// Opens what a row says.
pub(super) fn read_row(
    disk: &dyn Disk,
    find: &mut dyn FnMut() -> rusqlite::Result<Option<Stored>>,
) -> Result<MessageReader, Error> {
    let (body_size, prefix, file, data) = find()?.ok_or(Error::NoSuchMessage)?;
    let body = match (data, file) {
        (Some(data), _) => Source::Held(data),
        (None, Some(file)) => {
            let name = FileName::found(&file).ok_or(Error::Contradiction("a body's file has a foreign name"))?;
            match disk.open(&name) {
                Ok(file) => Source::Filed { file: file.into(), at: 0, size: body_size.cast_unsigned() },
                // expunged between the look at its row and now: then the row is gone too
                Err(error) if error.kind() == io::ErrorKind::NotFound && find()?.is_none() => {
                    return Err(Error::NoSuchMessage);
                }
                Err(error) => return Err(error.into()),
            }
        }
        (None, None) => return Err(Error::Contradiction("a body has no octets")),
    };
    Ok(MessageReader { prefix, body })
}
