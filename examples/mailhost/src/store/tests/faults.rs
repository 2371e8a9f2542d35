//! Disks that are full or broken, at every call.

use std::path::Path;
use std::sync::{Arc, mpsc};

use rusqlite::Connection;

use super::memory_disk::{Fault, MemoryDisk};
use super::*;
use crate::store::bodies::Health;
use crate::store::disk::{Disk as _, Folder};
use crate::store::schema;
use crate::store::writer::{Keeper, Writer};

fn open_on(disk: &MemoryDisk, folder: &Path) -> SqliteStore {
    SqliteStore::open_on(Arc::new(disk.clone()), folder, Purpose::Serve).unwrap()
}

/// Tries to deliver three messages and to expunge the first; says which were accepted, and whether the expunge was.
async fn traffic(store: &SqliteStore, ann: &Account) -> (Vec<(Uid, Vec<u8>)>, bool) {
    let mut accepted = Vec::new();
    for (seed, length) in [(1, 300_000), (2, 1_000), (3, 140_000)] {
        let body = octets(seed, length);
        match deliver_one(store, &body, ann.inbox).await {
            Ok(uid) => accepted.push((uid, body)),
            Err(error) => assert!(error.is_temporary(), "rule 7: {error}"),
        }
    }
    let first = accepted.first().map_or(Uid::new(1), |(uid, _)| Some(*uid)).unwrap();
    let expunged = match store.expunge(ann.id, ann.inbox, vec![first]).await {
        Ok(removed) => removed == 1,
        Err(error) => {
            assert!(error.is_temporary(), "rule 7: {error}");
            false
        }
    };
    (accepted, expunged)
}

#[tokio::test]
async fn rule6_rule7_a_fault_at_any_call_is_temporary_and_leaves_nothing_half_visible() {
    let mut runs = 0;
    for fault in [Fault::Full, Fault::Broken, Fault::BrokenAfterwards] {
        for call in 0.. {
            let folder = private_folder();
            let disk = MemoryDisk::default();
            let store = open_on(&disk, folder.path());
            let ann = add(&store, "ann@example.org").await;
            disk.fail(call, fault);
            let (accepted, expunged) = traffic(&store, &ann).await;
            drop(store);
            if !disk.has_failed() {
                break;
            }
            runs += 1;

            let store = open_on(&disk, folder.path());
            let there = store.maildrop(ann.id).await.unwrap().messages;
            for (at, (uid, body)) in accepted.iter().enumerate() {
                let found = there.iter().any(|message| message.uid == *uid);
                if at == 0 && expunged {
                    assert!(!found, "{fault:?} at call {call}: an expunged message is back");
                } else if at > 0 {
                    assert!(found, "{fault:?} at call {call}: an accepted message is gone");
                }
                if found {
                    assert!(read(&store, &ann, *uid).await.unwrap() == served(body));
                }
            }
            for message in &there {
                let whole = read(&store, &ann, message.uid).await.unwrap();
                assert_eq!(whole.len() as u64, message.size);
            }
            assert_sound(&store).await;
            let large = there.iter().filter(|message| message.size > 131_072 + PREFIX.len() as u64).count();
            assert_eq!((disk.names(Folder::Bodies), disk.names(Folder::Unfinished)), (large, 0));
            deliver_one(&store, b"it serves again", ann.inbox).await.unwrap();
        }
    }
    assert!(runs > 30, "only {runs} faults happened");
}

#[tokio::test]
async fn rule6_after_a_failed_commit_every_change_is_refused_until_the_store_is_opened_anew() {
    let folder = private_folder();
    let disk = MemoryDisk::default();
    let store = open_on(&disk, folder.path());
    let ann = add(&store, "ann@example.org").await;
    let uid = deliver_one(&store, b"before", ann.inbox).await.unwrap();
    disk.fail(0, Fault::Broken);
    let failed = deliver_one(&store, b"lost", ann.inbox).await;
    assert!(matches!(failed, Err(Error::NotCommitted)), "{failed:?}");
    for _ in 0..2 {
        let refused = deliver_one(&store, b"refused", ann.inbox).await;
        assert!(matches!(&refused, Err(error) if error.is_temporary()), "{refused:?}");
        assert!(store.begin_body().write(&octets(1, 300_000)).await.is_err());
        assert!(store.expunge(ann.id, ann.inbox, vec![uid]).await.is_err());
        assert!(store.set_credentials(ann.id, credentials("new")).await.is_err());
    }
    assert_eq!(read(&store, &ann, uid).await.unwrap(), served(b"before"), "what is there can be read");
    drop(store);
    let store = open_on(&disk, folder.path());
    assert_eq!(store.maildrop(ann.id).await.unwrap().messages.len(), 1);
    deliver_one(&store, b"after", ann.inbox).await.unwrap();
}

#[tokio::test]
async fn rule6_a_failed_sync_of_a_body_also_ends_all_changes() {
    // create, three appends, then the sync of the file, the move, and the sync of the folder
    for (call, ends) in [(3, false), (4, true), (5, false), (6, true)] {
        let folder = private_folder();
        let disk = MemoryDisk::default();
        let store = open_on(&disk, folder.path());
        let ann = add(&store, "ann@example.org").await;
        disk.fail(call, Fault::Broken);
        assert!(deliver_one(&store, &octets(1, 300_000), ann.inbox).await.is_err());
        assert_eq!(deliver_one(&store, b"next", ann.inbox).await.is_err(), ends, "call {call}");
    }
}

#[tokio::test]
async fn r9_a_full_disk_is_forgotten_once_there_is_room() {
    let folder = private_folder();
    let disk = MemoryDisk::default();
    let store = open_on(&disk, folder.path());
    let ann = add(&store, "ann@example.org").await;
    disk.fail(0, Fault::Full);
    assert!(deliver_one(&store, b"no room", ann.inbox).await.unwrap_err().is_temporary());
    assert_eq!(store.maildrop(ann.id).await.unwrap().messages, []);
    let uid = deliver_one(&store, b"room", ann.inbox).await.unwrap();
    assert_eq!(uid.get(), 1);
}

/// A writer alone, whose first change waits until several others wait behind it, so that they share a transaction.
async fn in_one_batch(
    folder: &Path,
    spoil: impl FnOnce(&Connection) + Send + 'static,
    bodies: [usize; 3],
) -> [bool; 4] {
    let disk = Arc::new(MemoryDisk::default());
    let path = folder.join("mail.db");
    std::fs::write(&path, "").unwrap();
    let mut database = schema::open_writer(&path).unwrap();
    schema::migrate(&mut database, schema::STEPS).unwrap();
    let keeper = Keeper::start(schema::open_writer(&path).unwrap(), disk.clone(), Health::default()).unwrap();
    let writer = Writer::start(database, disk.clone(), Health::default(), &keeper).unwrap();
    let (go, wait) = mpsc::channel();
    let first = writer.change(move |change| {
        spoil(change.database);
        wait.recv().map_err(|_| Error::Closing)
    });
    let insert = |size: usize| {
        writer.change(move |change| {
            let insert = "INSERT INTO bodies (refs, size, data) VALUES (0, ?1, zeroblob(?1))";
            Ok(change.database.execute(insert, [size as i64])?)
        })
    };
    let release = async {
        tokio::time::sleep(core::time::Duration::from_millis(50)).await;
        go.send(()).unwrap();
    };
    let (first, a, b, c, ()) = tokio::join!(first, insert(bodies[0]), insert(bodies[1]), insert(bodies[2]), release);
    let stored: i64 =
        Connection::open(&path).unwrap().query_row("SELECT count(*) FROM bodies", [], |row| row.get(0)).unwrap();
    let outcomes = [first.map(|()| 0), a, b, c];
    assert_eq!(stored as usize, outcomes[1..].iter().filter(|outcome| outcome.is_ok()).count());
    outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).for_each(|error| assert!(error.is_temporary()));
    outcomes.map(|outcome| outcome.is_ok())
}

#[tokio::test]
async fn a_change_that_fails_is_undone_alone() {
    let folder = private_folder();
    // beyond SQLite's own bound for one value
    let outcomes = in_one_batch(folder.path(), |_| {}, [1_000, 2_000_000_000, 1_000]).await;
    assert_eq!(outcomes, [true, true, false, true]);
}

#[tokio::test]
async fn r9_a_full_database_refuses_and_keeps_what_it_has() {
    let folder = private_folder();
    let spoil = |database: &Connection| {
        let pages: i64 = database.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        database.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).unwrap();
    };
    let outcomes = in_one_batch(folder.path(), spoil, [100, 1_000_000, 100]).await;
    // SQLite gives up the whole transaction on this error: who shared it is told to come again
    assert_eq!(outcomes, [false; 4]);
}

#[test]
fn the_disk_in_memory_counts_a_fault_once() {
    let disk = MemoryDisk::default();
    disk.fail(1, Fault::Broken);
    assert!(disk.sync_folder(Folder::Bodies).is_ok() && !disk.has_failed());
    assert!(disk.sync_folder(Folder::Bodies).is_err() && disk.has_failed());
    assert!(disk.sync_folder(Folder::Bodies).is_ok());
}
