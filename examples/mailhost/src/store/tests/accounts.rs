//! Accounts, their spelling, and their secrets.

use rusqlite::Connection;

use super::*;

#[tokio::test]
async fn an_account_is_found_whatever_the_case_of_its_address() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "Ann@Example.ORG").await;
    assert_eq!(ann.address.as_str(), "ann@example.org");
    assert_eq!(store.account(address("ANN@example.org")).await.unwrap(), Some(ann.clone()));
    assert_eq!(store.account(address("bob@example.org")).await.unwrap(), None);
    let again = store.add_account(address("aNN@example.org"), credentials("other")).await;
    assert!(matches!(again, Err(Error::AccountExists)), "{again:?}");
    assert_eq!(store.accounts().await.unwrap(), [ann]);
    assert_sound(&store).await;
}

#[tokio::test]
async fn credentials_are_replaced_and_go_with_the_account() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    let new = Credentials { scram: Some(Zeroizing::new("keys".into())), ..credentials("new") };
    store.set_credentials(ann.id, new.clone()).await.unwrap();
    assert_eq!(store.credentials(ann.id).await.unwrap(), new);
    store.remove_account(ann.id).await.unwrap();
    assert!(matches!(store.credentials(ann.id).await, Err(Error::NoSuchAccount)));
    assert!(matches!(store.set_credentials(ann.id, new).await, Err(Error::NoSuchAccount)));
    assert!(matches!(store.remove_account(ann.id).await, Err(Error::NoSuchAccount)));
    assert_sound(&store).await;
}

#[tokio::test]
async fn an_account_begins_with_its_mailboxes_and_their_special_use() {
    let folder = private_folder();
    drop(add(&open(folder.path()), "ann@example.org").await);
    let database = Connection::open(folder.path().join("mail.db")).unwrap();
    let mut select =
        database.prepare("SELECT name, special_use, subscribed, uid_next FROM mailboxes ORDER BY id").unwrap();
    let rows: Vec<(String, Option<String>, bool, u32)> =
        select.query_map([], |row| row.try_into()).unwrap().map(Result::unwrap).collect();
    let use_of = |name: &str| (name != "INBOX").then(|| format!("\\{name}"));
    let expected = ["INBOX", "Drafts", "Sent", "Junk", "Trash", "Archive"].map(|n| (n.to_owned(), use_of(n), true, 1));
    assert_eq!(rows, expected);
}

#[tokio::test]
async fn i9_ids_and_uid_validity_of_a_removed_account_never_come_back() {
    let folder = private_folder();
    let store = open(folder.path());
    let first = add(&store, "ann@example.org").await;
    deliver_one(&store, b"old", first.inbox).await.unwrap();
    let old = store.maildrop(first.id).await.unwrap();
    store.remove_account(first.id).await.unwrap();
    let second = add(&store, "ann@example.org").await;
    let new = store.maildrop(second.id).await.unwrap();
    assert!(second.id > first.id && second.inbox > first.inbox && new.uid_validity > old.uid_validity);
    assert_eq!(new.messages, []);
    assert_eq!(store.counts().await.unwrap().messages, 0);
    assert_sound(&store).await;
}

#[test]
fn f4_secrets_are_not_shown_and_addresses_are_shortened() {
    let secret = Credentials { scram: Some(Zeroizing::new("scram-keys".into())), ..credentials("argon-hash") };
    let shown = format!("{secret:?}");
    assert!(!shown.contains("argon") && !shown.contains("scram-keys"), "{shown}");
    assert_eq!(format!("{:?}", address("ann@example.org")), "a…@example.org");
}

#[test]
fn addresses_that_are_none_are_refused() {
    let long_local = format!("{}@example.org", "a".repeat(65));
    let long_domain = format!("a@{}", "a".repeat(256));
    for text in
        ["", "@", "ann", "ann@", "@example.org", "a\r\nb@example.org", "a@exa mple", "a\0@b", &long_local, &long_domain]
    {
        assert!(text.parse::<Address>().is_err(), "{text:?}");
    }
}
