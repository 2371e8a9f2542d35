//! Tests of the store's promises. Those that answer a known threat or durability rule are named after it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::{
    Account, Address, BodyWriter, Credentials, Delivery, Error, MailboxId, Purpose, Recipient, Refused, SqliteStore,
    Store, Uid,
};

mod accounts;
mod faults;
mod folder;
mod isolation;
mod memory_disk;
mod messages;
mod queue;
mod write_log;

const PREFIX: &[u8] = b"Return-Path: <sender@example.net>\r\nDelivered-To: someone@example.org\r\n";

/// A folder for one test, which nobody else can enter.
fn private_folder() -> tempfile::TempDir {
    tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap()
}

fn open(folder: &Path) -> SqliteStore {
    SqliteStore::open(folder, Purpose::Serve).unwrap()
}

fn address(text: &str) -> Address {
    text.parse().unwrap()
}

fn credentials(password: &str) -> Credentials {
    Credentials { password: Zeroizing::new(password.to_owned()), scram: None }
}

async fn add(store: &SqliteStore, text: &str) -> Account {
    store.add_account(address(text), credentials("hash")).await.unwrap();
    store.account(address(text)).await.unwrap().unwrap()
}

/// Octets that differ with the seed and from place to place, so that a piece in the wrong place is seen.
fn octets(seed: u8, length: usize) -> Vec<u8> {
    (0..length).map(|at| (at as u8).wrapping_mul(31).wrapping_add((at >> 8) as u8).wrapping_add(seed)).collect()
}

fn to(mailbox: MailboxId) -> Recipient {
    Recipient { mailbox, prefix: PREFIX.to_vec(), quota: None }
}

async fn write(store: &SqliteStore, body: &[u8]) -> Result<BodyWriter, Error> {
    let mut writer = store.begin_body();
    for piece in body.chunks(10_000) {
        writer.write(piece).await?;
    }
    Ok(writer)
}

async fn deliver(
    store: &SqliteStore,
    body: &[u8],
    recipients: Vec<Recipient>,
    partial: bool,
) -> Result<Vec<Result<Uid, Refused>>, Error> {
    let body = write(store, body).await?.finish().await?;
    store.deliver(Delivery { body, recipients, received: 1_700_000_000, partial, outgoing: None }).await
}

async fn deliver_one(store: &SqliteStore, body: &[u8], mailbox: MailboxId) -> Result<Uid, Error> {
    let outcomes = deliver(store, body, vec![to(mailbox)], false).await?;
    Ok(outcomes[0].unwrap())
}

/// The whole message, or the error; every piece is looked at for its length.
async fn read(store: &SqliteStore, account: &Account, uid: Uid) -> Result<Vec<u8>, Error> {
    let mut message = store.open_message(account.id, account.inbox, uid).await?;
    let mut whole = Vec::new();
    while let Some(piece) = message.piece().await? {
        assert!((1..=65_536).contains(&piece.len()));
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// What the message reads as when it was delivered with this body.
fn served(body: &[u8]) -> Vec<u8> {
    [PREFIX, body].concat()
}

async fn assert_sound(store: &SqliteStore) {
    assert_eq!(store.check().await.unwrap(), Vec::<String>::new());
}
