//! Mail that waits to be sent elsewhere.

use std::collections::HashMap;

use super::*;
use crate::store::{Claim, EntryId, Octets, Outgoing, OutgoingRecipient, QueuedEnvelope, Settled, Wanted};

fn outgoing(recipients: &[&str]) -> Outgoing {
    let recipient = |path: &&str| OutgoingRecipient {
        path: format!("<{path}>"),
        destination: path.rsplit_once('@').unwrap().1.to_owned(),
        original: None,
        notify: None,
    };
    Outgoing {
        envelope: QueuedEnvelope {
            name: "abc.1".into(),
            sender: "<ann@example.org>".into(),
            arrived: 100,
            ret: None,
            envelope_id: Some("id".into()),
            utf8: false,
            octets: Octets::EightBit,
        },
        prefix: b"Signed: yes\r\n".to_vec(),
        recipients: recipients.iter().map(recipient).collect(),
    }
}

async fn send(store: &SqliteStore, body: &[u8], here: Vec<Recipient>, elsewhere: &[&str]) -> Vec<Result<Uid, Refused>> {
    let body = write(store, body).await.unwrap().finish().await.unwrap();
    let outgoing = Some(outgoing(elsewhere));
    store.deliver(Delivery { body, recipients: here, received: 100, partial: false, outgoing }).await.unwrap()
}

fn wanted(now: i64) -> Wanted {
    Wanted { now, until: now + 1_000, messages: 10, recipients: 10, per_destination: 2, busy: HashMap::new() }
}

/// Messages and recipients of claims.
fn paths(claims: &[Claim]) -> Vec<Vec<&str>> {
    claims.iter().map(|claim| claim.recipients.iter().map(|one| one.recipient.path.as_str()).collect()).collect()
}

fn all(claim: &Claim, settled: &Settled) -> Vec<(EntryId, Settled)> {
    claim.recipients.iter().map(|one| (one.id, settled.clone())).collect()
}

async fn queued(store: &SqliteStore, claim: &Claim) -> Vec<u8> {
    let mut reader = store.open_queued(claim.message).await.unwrap();
    let mut whole = Vec::new();
    while let Some(piece) = reader.piece().await.unwrap() {
        whole.extend_from_slice(&piece);
    }
    whole
}

#[tokio::test]
async fn a_message_is_stored_once_for_all_and_goes_with_the_last() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    for length in [1_000, 300_000] {
        let body = octets(1, length);
        let uid = send(&store, &body, vec![to(ann.inbox)], &["a@x.test", "b@y.test", "c@x.test"]).await[0].unwrap();
        assert_eq!(store.counts().await.unwrap().queue, 1);
        assert_sound(&store).await;
        let claims = store.claim(wanted(100)).await.unwrap();
        assert_eq!(paths(&claims), [vec!["<a@x.test>", "<c@x.test>"], vec!["<b@y.test>"]]);
        assert_eq!(claims[0].envelope, outgoing(&["a@x.test"]).envelope);
        assert_eq!(queued(&store, &claims[0]).await, [b"Signed: yes\r\n", &body[..]].concat());
        assert_eq!(claims[0].size, 13 + length as u64);
        store.settle(claims[0].message, all(&claims[0], &Settled::Over), None).await.unwrap();
        assert_sound(&store).await;
        store.expunge(ann.id, ann.inbox, vec![uid]).await.unwrap();
        assert_eq!(queued(&store, &claims[1]).await.len(), 13 + length);
        store.settle(claims[1].message, all(&claims[1], &Settled::Over), None).await.unwrap();
        assert_eq!(store.counts().await.unwrap().queue, 0);
        assert_eq!(store.next_due().await.unwrap(), None);
        assert_sound(&store).await;
    }
    // a refusal here keeps it from leaving, too
    let mut full = to(ann.inbox);
    full.quota = Some(1);
    assert_eq!(send(&store, b"x", vec![full], &["a@x.test"]).await, [Err(Refused::OverQuota)]);
    assert_eq!(store.counts().await.unwrap().queue, 0);
    // and nobody need be here
    assert_eq!(send(&store, b"x", vec![], &["a@x.test"]).await, []);
    assert_eq!(store.counts().await.unwrap().queue, 1);
    assert_sound(&store).await;
}

#[tokio::test]
async fn what_is_claimed_is_nobody_elses_until_the_claim_ends() {
    let folder = private_folder();
    let mut store = open(folder.path());
    send(&store, b"x", vec![], &["a@x.test"]).await;
    assert_eq!(store.claim(wanted(99)).await.unwrap(), []);
    let claim = store.claim(wanted(100)).await.unwrap().remove(0);
    assert_eq!(store.claim(wanted(1_099)).await.unwrap(), []);
    assert_eq!(store.next_due().await.unwrap(), Some(1_100));
    let again = store.claim(wanted(1_100)).await.unwrap().remove(0);
    assert_eq!((claim.recipients[0].attempts, again.recipients[0].attempts), (0, 1));
    // a start releases it at once
    drop(store);
    store = open(folder.path());
    assert!(store.next_due().await.unwrap().is_some_and(|due| due <= 2_100));
    let claim = store.claim(wanted(2_100)).await.unwrap().remove(0);
    let later = Settled::Again { due: 5_000, delay_told: true, words: "451 later".into() };
    store.settle(claim.message, all(&claim, &later), None).await.unwrap();
    let entry = store.queue(10).await.unwrap().remove(0);
    assert_eq!((entry.due, entry.claimed, entry.attempts, &*entry.words), (5_000, false, 3, "451 later"));
    assert_eq!(store.claim(wanted(4_999)).await.unwrap(), []);
    assert!(store.claim(wanted(5_000)).await.unwrap()[0].recipients[0].delay_told);
}

#[tokio::test]
async fn r7_one_destination_has_its_share_and_no_more() {
    let folder = private_folder();
    let store = open(folder.path());
    // more than are looked at in their order
    for _ in 0..11 {
        let many: Vec<String> = (0..100).map(|n| format!("a{n}@slow.test")).collect();
        send(&store, b"x", vec![], &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    }
    send(&store, b"x", vec![], &["b@quick.test"]).await;
    let mut busy: HashMap<String, usize> = HashMap::new();
    let mut seen = Vec::new();
    loop {
        let claims = store.claim(Wanted { busy: busy.clone(), ..wanted(100) }).await.unwrap();
        if claims.is_empty() {
            break;
        }
        for claim in claims {
            *busy.entry(claim.destination.clone()).or_default() += 1;
            seen.push(claim.destination);
        }
    }
    seen.sort();
    assert_eq!(seen, ["quick.test", "slow.test", "slow.test"]);
}

#[tokio::test]
async fn a_report_is_there_when_its_message_is_gone() {
    let folder = private_folder();
    let store = open(folder.path());
    let ann = add(&store, "ann@example.org").await;
    let report = async |mailbox| {
        let body = write(&store, b"gone").await.unwrap().finish().await.unwrap();
        let recipients = vec![Recipient { quota: Some(0), ..to(mailbox) }];
        Delivery { body, recipients, received: 100, partial: true, outgoing: None }
    };
    send(&store, b"x", vec![], &["a@x.test"]).await;
    let claim = store.claim(wanted(100)).await.unwrap().remove(0);
    let told = store.settle(claim.message, all(&claim, &Settled::Over), Some(report(ann.inbox).await)).await.unwrap();
    assert!(told, "no quota keeps a report away");
    assert_eq!(store.maildrop(ann.id).await.unwrap().messages.len(), 1);
    // who is gone is not told, and the message goes all the same
    send(&store, b"x", vec![], &["a@x.test"]).await;
    let claim = store.claim(wanted(100)).await.unwrap().remove(0);
    let report = report(ann.inbox).await;
    store.remove_account(ann.id).await.unwrap();
    assert!(!store.settle(claim.message, all(&claim, &Settled::Over), Some(report)).await.unwrap());
    assert_eq!(store.counts().await.unwrap().queue, 0);
    assert_sound(&store).await;
}
