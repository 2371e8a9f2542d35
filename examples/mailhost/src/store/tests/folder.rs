//! The data folder: who may see it, who may have it, and which version wrote it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use rusqlite::Connection;

use super::*;
use crate::store::schema;

#[tokio::test]
async fn f4_folders_and_files_are_for_the_server_alone() {
    let parent = private_folder();
    let folder = parent.path().join("data");
    let store = open(&folder);
    let ann = add(&store, "ann@example.org").await;
    deliver_one(&store, &octets(1, 200_000), ann.inbox).await.unwrap();
    let (mut waiting, mut seen) = (vec![folder.clone()], 0);
    while let Some(path) = waiting.pop() {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, if path.is_dir() { 0o700 } else { 0o600 }, "{}", path.display());
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        seen += 1;
    }
    assert!(seen >= 7, "the folders, the database with its two companions, the lock and a body");
    drop(store);

    fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
    let exposed = SqliteStore::open(&folder, Purpose::Serve).map(drop);
    assert!(matches!(exposed, Err(Error::Exposed { mode: 0o755, .. })), "{exposed:?}");
}

#[tokio::test]
async fn f1_w9_what_users_call_themselves_never_becomes_a_path() {
    let parent = private_folder();
    let folder = parent.path().join("data");
    let store = open(&folder);
    for local in
        [";id", "../x", "' or 1=1 --", "*)(uid=*", "%n", "/etc/passwd", "~root", "a/../../b", "nul\u{202e}", "\"q\""]
    {
        let account = add(&store, &format!("{local}@example.org")).await;
        let uid = deliver_one(&store, &octets(2, 150_000), account.inbox).await.unwrap();
        assert_eq!(read(&store, &account, uid).await.unwrap().len(), PREFIX.len() + 150_000);
    }
    assert_eq!(store.accounts().await.unwrap().len(), 10);
    let names = |path: PathBuf| {
        let mut names: Vec<_> =
            fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    assert_eq!(names(parent.path().to_owned()), ["data"]);
    assert_eq!(names(folder.clone()), ["bodies", "lock", "mail.db", "mail.db-shm", "mail.db-wal"]);
    let bodies = names(folder.join("bodies"));
    assert_eq!(bodies.len(), 11);
    for name in bodies.iter().filter(|name| *name != "tmp") {
        assert!(name.len() == 32 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
}

#[tokio::test]
async fn f1_a_link_planted_for_a_body_is_not_followed() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    let uid = deliver_one(&store, &octets(3, 150_000), ann.inbox).await.unwrap();
    let bodies = fs::read_dir(folder.path().join("bodies")).unwrap().map(|entry| entry.unwrap().path());
    let body = bodies.into_iter().find(|path| path.is_file()).unwrap();
    fs::remove_file(&body).unwrap();
    symlink("/etc/passwd", &body).unwrap();
    let outcome = read(&store, &ann, uid).await;
    assert!(matches!(&outcome, Err(error @ Error::File(_)) if error.is_temporary()), "{outcome:?}");
    assert_eq!(store.check().await.unwrap().len(), 1);
}

#[tokio::test]
async fn one_process_serves_and_a_command_may_work_beside_it() {
    let folder = private_folder();
    let store = open(folder.path());
    let second = SqliteStore::open(folder.path(), Purpose::Serve).map(drop);
    assert!(matches!(second, Err(Error::InUse { .. })), "{second:?}");

    // a body that the server is just writing is none of the command's business
    let body = octets(4, 300_000);
    let writer = write(&store, &body).await.unwrap();
    let command = SqliteStore::open(folder.path(), Purpose::Command).unwrap();
    let ann = add(&command, "ann@example.org").await;
    drop(command);
    let body_of_ann = writer.finish().await.unwrap();
    let delivery =
        Delivery { body: body_of_ann, recipients: vec![to(ann.inbox)], received: 0, partial: false, outgoing: None };
    let uid = store.deliver(delivery).await.unwrap()[0].unwrap();
    assert_eq!(read(&store, &ann, uid).await.unwrap(), served(&body));
    drop(store);
    drop(open(folder.path()));
}

#[test]
fn rule8_data_of_a_later_version_are_refused_and_left_alone() {
    let folder = private_folder();
    drop(open(folder.path()));
    let path = folder.path().join("mail.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = SqliteStore::open(folder.path(), Purpose::Serve).map(drop);
    assert!(matches!(refused, Err(Error::NewerSchema { found: 99, known: 2 })), "{refused:?}");
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn rule8_migration_goes_forward_in_one_transaction_or_not_at_all() {
    let version =
        |database: &Connection| -> i64 { database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap() };
    let mut database = Connection::open_in_memory().unwrap();
    schema::migrate(&mut database, schema::STEPS).unwrap();
    assert_eq!(version(&database), 2);
    schema::migrate(&mut database, schema::STEPS).unwrap();

    let second = "ALTER TABLE accounts ADD COLUMN note TEXT; UPDATE house SET last_uid_validity = 7;";
    let broken = [schema::STEPS, &[second, "NOT SQL"]].concat();
    assert!(schema::migrate(&mut database, &broken).is_err());
    assert_eq!(version(&database), 2);
    assert!(database.prepare("SELECT note FROM accounts").is_err());

    let whole = [schema::STEPS, &[second]].concat();
    schema::migrate(&mut database, &whole).unwrap();
    assert_eq!(version(&database), 3);
    let kept: i64 = database.query_row("SELECT last_uid_validity FROM house", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 7);
    assert!(schema::migrate(&mut database, schema::STEPS).is_err(), "the way back is closed");
}

#[tokio::test]
async fn orphans_of_a_crash_go_at_the_start_and_nothing_else_does() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    let body = octets(5, 200_000);
    let uid = deliver_one(&store, &body, ann.inbox).await.unwrap();
    drop(store);
    let bodies = folder.path().join("bodies");
    fs::write(bodies.join("0123456789abcdef0123456789abcdef"), "left over").unwrap();
    fs::write(bodies.join("tmp/fedcba9876543210fedcba9876543210"), "half wri").unwrap();
    fs::write(bodies.join("README.txt"), "not ours").unwrap();
    let store = open(folder.path());
    assert_eq!(read(&store, &ann, uid).await.unwrap(), served(&body));
    assert_eq!(fs::read_dir(&bodies).unwrap().count(), 3, "the body, the folder tmp, and the operator's file");
    assert_eq!(fs::read_dir(bodies.join("tmp")).unwrap().count(), 0);
    assert_sound(&store).await;
}

#[tokio::test]
async fn check_says_what_contradicts_what() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    deliver_one(&store, b"body", ann.inbox).await.unwrap();
    let database = Connection::open(folder.path().join("mail.db")).unwrap();
    for (damage, sentence) in [
        ("UPDATE mailboxes SET messages = messages + 1 WHERE name = 'INBOX'", "counts other messages"),
        (
            "UPDATE mailboxes SET uid_next = 1, messages = messages - 1 WHERE name = 'INBOX'",
            "beyond what it has given out",
        ),
        ("UPDATE mailboxes SET uid_next = 2; UPDATE bodies SET refs = 2", "counts other references"),
        ("UPDATE bodies SET refs = 1; UPDATE messages SET size = size", ""),
        ("UPDATE bodies SET size = 5", "another length"),
        ("DELETE FROM bodies", "referred to but not there"),
        ("DELETE FROM credentials", "no credentials"),
    ] {
        database.execute_batch(damage).unwrap();
        let lines = store.check().await.unwrap();
        let found = lines.iter().any(|line| line.contains(sentence));
        assert!(if sentence.is_empty() { lines.is_empty() } else { found }, "{damage}: {lines:?}");
    }
}

#[tokio::test]
async fn r9_the_free_space_is_known_without_asking_the_disk() {
    let folder = private_folder();
    assert!(open(folder.path()).free_space() > 0);
}
