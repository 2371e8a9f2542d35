//! Two accounts under random operations: neither sees the other's mail, and no number ever goes back.

use proptest::prelude::*;
use rusqlite::Connection;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    Deliver {
        who: usize,
        length: usize,
    },
    DeliverBoth {
        length: usize,
    },
    Expunge {
        who: usize,
        at: usize,
    },
    /// With ids of the other's mailbox: must change nothing.
    Trespass {
        who: usize,
    },
    Reopen,
}

fn step() -> impl Strategy<Value = Step> {
    let length = prop_oneof![4 => 0..3_000_usize, 1 => 131_000..140_000_usize];
    prop_oneof![
        4 => (0..2_usize, length.clone()).prop_map(|(who, length)| Step::Deliver { who, length }),
        2 => length.prop_map(|length| Step::DeliverBoth { length }),
        3 => (0..2_usize, 0..8_usize).prop_map(|(who, at)| Step::Expunge { who, at }),
        1 => (0..2_usize).prop_map(|who| Step::Trespass { who }),
        1 => Just(Step::Reopen),
    ]
}

/// Next UID and highest MODSEQ of every mailbox.
fn numbers(folder: &Path) -> Vec<(i64, i64)> {
    let database = Connection::open(folder.join("mail.db")).unwrap();
    let mut select = database.prepare("SELECT uid_next, highest_modseq FROM mailboxes ORDER BY id").unwrap();
    select.query_map([], |row| row.try_into()).unwrap().map(Result::unwrap).collect()
}

async fn run(steps: Vec<Step>) {
    let folder = private_folder();
    let mut store = open(folder.path());
    let accounts = [add(&store, "ann@example.org").await, add(&store, "bob@example.org").await];
    let mut model: [Vec<(Uid, Vec<u8>)>; 2] = Default::default();
    let mut before = numbers(folder.path());
    for (seed, step) in steps.into_iter().enumerate() {
        match step {
            Step::Deliver { who, length } => {
                let body = octets(seed as u8, length);
                let uid = deliver_one(&store, &body, accounts[who].inbox).await.unwrap();
                model[who].push((uid, body));
            }
            Step::DeliverBoth { length } => {
                let body = octets(seed as u8, length);
                let recipients = accounts.iter().map(|account| to(account.inbox)).collect();
                let uids = deliver(&store, &body, recipients, false).await.unwrap();
                for (messages, uid) in model.iter_mut().zip(uids) {
                    messages.push((uid.unwrap(), body.clone()));
                }
            }
            Step::Expunge { who, at } => {
                let uids = model[who].get(at).map(|(uid, _)| *uid);
                let account = &accounts[who];
                let removed = store.expunge(account.id, account.inbox, uids.into_iter().collect()).await.unwrap();
                assert_eq!(removed, uids.iter().len() as u64);
                model[who].retain(|(uid, _)| Some(*uid) != uids);
            }
            Step::Trespass { who } => {
                let (me, other) = (&accounts[who], &accounts[1 - who]);
                let uid = Uid::new(1).unwrap();
                assert!(store.expunge(me.id, other.inbox, vec![uid]).await.is_err());
                assert!(store.open_message(me.id, other.inbox, uid).await.is_err());
            }
            Step::Reopen => {
                drop(store);
                store = open(folder.path());
            }
        }
        let after = numbers(folder.path());
        assert!(before.iter().zip(&after).all(|(before, after)| before.0 <= after.0 && before.1 <= after.1));
        before = after;
        for (account, messages) in accounts.iter().zip(&model) {
            let there = store.maildrop(account.id).await.unwrap().messages;
            let sizes = there.iter().map(|message| (message.uid, message.size));
            assert!(sizes.eq(messages.iter().map(|(uid, body)| (*uid, (PREFIX.len() + body.len()) as u64))));
        }
    }
    for (account, messages) in accounts.iter().zip(&model) {
        for (uid, body) in messages {
            assert!(read(&store, account, *uid).await.unwrap() == served(body));
        }
    }
    assert_sound(&store).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn i9_i10_views_are_disjoint_and_numbers_never_go_back(steps in prop::collection::vec(step(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
