//! Messages in, read, and out again.

use core::time::Duration;
use std::fs;

use super::*;
use crate::store::bodies::INLINE_MAX;

#[tokio::test]
async fn a_message_reads_as_its_prefix_and_body_at_every_size() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    for (seed, length) in [0, 1, 65_535, 65_536, 65_537, INLINE_MAX, INLINE_MAX + 1, 1_000_003].into_iter().enumerate()
    {
        let body = octets(seed as u8, length);
        let uid = deliver_one(&store, &body, ann.inbox).await.unwrap();
        assert_eq!(uid.get() as usize, seed + 1);
        assert!(read(&store, &ann, uid).await.unwrap() == served(&body), "length {length}");
    }
    let maildrop = store.maildrop(ann.id).await.unwrap();
    assert_eq!(maildrop.messages.len(), 8);
    assert_eq!(maildrop.messages[2].size, (PREFIX.len() + 65_535) as u64);
    assert_eq!(fs::read_dir(folder.path().join("bodies")).unwrap().count(), 3, "two large bodies and the folder tmp");
    assert_sound(&store).await;
}

#[tokio::test]
async fn one_body_serves_all_recipients_and_goes_with_the_last() {
    let folder = private_folder();
    let store = open(folder.path());
    let (ann, bob) = (add(&store, "ann@example.org").await, add(&store, "bob@example.org").await);
    for length in [5_000, 300_000] {
        let body = octets(1, length);
        let uids = deliver(&store, &body, vec![to(ann.inbox), to(bob.inbox)], false).await.unwrap();
        let (for_ann, for_bob) = (uids[0].unwrap(), uids[1].unwrap());
        assert_eq!(store.expunge(ann.id, ann.inbox, vec![for_ann]).await.unwrap(), 1);
        assert!(matches!(read(&store, &ann, for_ann).await, Err(Error::NoSuchMessage)));
        assert_eq!(read(&store, &bob, for_bob).await.unwrap(), served(&body));
        assert_sound(&store).await;
        assert_eq!(store.expunge(bob.id, bob.inbox, vec![for_bob, for_bob]).await.unwrap(), 1);
        assert_sound(&store).await;
    }
    drop(store);
    assert_eq!(fs::read_dir(folder.path().join("bodies")).unwrap().count(), 1, "only the folder tmp");
}

#[tokio::test]
async fn a_message_opened_before_its_expunge_reads_to_its_end() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    let body = octets(3, 400_000);
    let uid = deliver_one(&store, &body, ann.inbox).await.unwrap();
    let mut message = store.open_message(ann.id, ann.inbox, uid).await.unwrap();
    store.expunge(ann.id, ann.inbox, vec![uid]).await.unwrap();
    let mut whole = Vec::new();
    while let Some(piece) = message.piece().await.unwrap() {
        whole.extend_from_slice(&piece);
    }
    assert!(whole == served(&body));
}

#[tokio::test]
async fn a_refused_recipient_takes_the_others_along_unless_each_is_answered() {
    let folder = private_folder();
    let store = open(folder.path());
    let (ann, gone) = (add(&store, "ann@example.org").await, add(&store, "bob@example.org").await);
    store.remove_account(gone.id).await.unwrap();
    for length in [100, 200_000] {
        let body = octets(4, length);
        let together = deliver(&store, &body, vec![to(ann.inbox), to(gone.inbox)], false).await.unwrap();
        assert_eq!(together, [Err(Refused::WithOthers), Err(Refused::NoSuchMailbox)]);
        let each = deliver(&store, &body, vec![to(gone.inbox), to(ann.inbox)], true).await.unwrap();
        assert_eq!(each[0], Err(Refused::NoSuchMailbox));
        assert_eq!(read(&store, &ann, each[1].unwrap()).await.unwrap(), served(&body));
        assert_eq!(deliver(&store, &body, vec![to(gone.inbox)], true).await.unwrap(), [Err(Refused::NoSuchMailbox)]);
        assert_sound(&store).await;
    }
    assert_eq!(store.counts().await.unwrap().messages, 2);
    drop(store);
    assert_eq!(fs::read_dir(folder.path().join("bodies")).unwrap().count(), 2, "one large body and the folder tmp");
}

#[tokio::test(flavor = "multi_thread")]
async fn f2_deliveries_at_the_same_time_cannot_pass_the_quota_together() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    let body = octets(5, 1_000);
    let quota = Some(10 * (PREFIX.len() as u64 + 1_000));
    let attempts = (0..100).map(|_| deliver(&store, &body, vec![Recipient { quota, ..to(ann.inbox) }], false));
    let mut placed = 0;
    for outcome in join_all(attempts).await {
        match outcome.unwrap()[0] {
            Ok(_) => placed += 1,
            Err(refused) => assert_eq!(refused, Refused::OverQuota),
        }
    }
    assert_eq!(placed, 10);
    assert_eq!(Some(store.account(address("ann@example.org")).await.unwrap().unwrap().octets), quota);
    assert_sound(&store).await;
}

#[tokio::test]
async fn t9_a_body_cut_short_leaves_nothing_behind() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    for length in [10, INLINE_MAX, INLINE_MAX + 1, 500_000] {
        let body = octets(6, length);
        drop(write(&store, &body).await.unwrap());
        drop(write(&store, &body).await.unwrap().finish().await.unwrap());
    }
    for _ in 0..500 {
        let files = fs::read_dir(folder.path().join("bodies")).unwrap().count();
        if files == 1 && fs::read_dir(folder.path().join("bodies/tmp")).unwrap().count() == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(fs::read_dir(folder.path().join("bodies")).unwrap().count(), 1, "only the folder tmp");
    assert_eq!(fs::read_dir(folder.path().join("bodies/tmp")).unwrap().count(), 0);
    assert_eq!(store.maildrop(ann.id).await.unwrap().messages, []);
}

#[tokio::test]
async fn i8_another_accounts_mailbox_is_as_if_it_did_not_exist() {
    let folder = private_folder();
    let store = open(folder.path());
    let (ann, bob) = (add(&store, "ann@example.org").await, add(&store, "bob@example.org").await);
    let uid = deliver_one(&store, b"for ann", ann.inbox).await.unwrap();
    let read = store.open_message(bob.id, ann.inbox, uid).await;
    assert!(matches!(read, Err(Error::NoSuchMessage)), "{read:?}");
    let expunge = store.expunge(bob.id, ann.inbox, vec![uid]).await;
    assert!(matches!(expunge, Err(Error::NoSuchMailbox)), "{expunge:?}");
    assert_eq!(store.maildrop(ann.id).await.unwrap().messages.len(), 1);
}

#[tokio::test]
async fn counts_follow_what_happens_and_begin_anew_with_the_store() {
    let folder = private_folder();
    let store = open(folder.path());
    let (ann, bob) = (add(&store, "ann@example.org").await, add(&store, "bob@example.org").await);
    deliver(&store, b"one", vec![to(ann.inbox), to(bob.inbox)], false).await.unwrap();
    let uid = deliver_one(&store, b"two", ann.inbox).await.unwrap();
    store.expunge(ann.id, ann.inbox, vec![uid]).await.unwrap();
    let counts = store.counts().await.unwrap();
    assert_eq!((counts.users, counts.messages, counts.delivered), (2, 2, 3));
    drop(store);
    let counts = open(folder.path()).counts().await.unwrap();
    assert_eq!((counts.users, counts.messages, counts.delivered), (2, 2, 0));
}

/// Awaits all of them at the same time.
async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    core::future::poll_fn(|context| {
        for (future, done) in &mut waiting {
            if done.is_none()
                && let core::task::Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if waiting.iter().all(|(_, done)| done.is_some()) {
            core::task::Poll::Ready(())
        } else {
            core::task::Poll::Pending
        }
    })
    .await;
    waiting.into_iter().filter_map(|(_, done)| done).collect()
}
