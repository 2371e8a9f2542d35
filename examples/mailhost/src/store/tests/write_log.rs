//! The write-log test: a power loss after every single call to the disk, with every choice of what was not yet synced.

use core::hash::{Hash as _, Hasher as _};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::hash::DefaultHasher;
use std::path::Path;
use std::sync::Arc;

use super::memory_disk::{Files, MemoryDisk, Op, after_crash, unsafe_calls};
use super::*;
use crate::store::disk::Folder;

/// What became of one message, in positions of the log.
#[derive(Debug, Clone)]
struct Fate {
    body: Vec<u8>,
    delivered: usize,
    expunge_begun: usize,
    expunged: usize,
}

/// A history: the log, what was promised when, and the copies of the database.
struct History {
    log: Vec<Op>,
    messages: BTreeMap<Uid, Fate>,
    folder: tempfile::TempDir,
}

/// Deliveries and expunges of small and large bodies, alone and together, and messages given up half way.
async fn history() -> History {
    let folder = private_folder();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let disk = MemoryDisk::default();
    let store = SqliteStore::open_on(Arc::new(disk.clone()), &data, Purpose::Serve).unwrap();
    disk.record(folder.path().to_owned());
    let ann = add(&store, "ann@example.org").await;
    let mut messages = BTreeMap::new();
    let never = usize::MAX;
    for (seed, length) in [(1, 2_000), (2, 300_000), (3, 140_000)] {
        let body = octets(seed, length);
        let uid = deliver_one(&store, &body, ann.inbox).await.unwrap();
        messages.insert(uid, Fate { body, delivered: disk.now(), expunge_begun: never, expunged: never });
    }
    let given_up = write(&store, &octets(4, 200_000)).await.unwrap();
    let (small, large) = (octets(5, 900), octets(6, 150_000));
    let (first, second) = tokio::join!(deliver_one(&store, &small, ann.inbox), deliver_one(&store, &large, ann.inbox));
    for (uid, body) in [(first, small), (second, large)] {
        messages.insert(uid.unwrap(), Fate { body, delivered: disk.now(), expunge_begun: never, expunged: never });
    }
    drop(given_up);
    for uids in [[1, 2], [4, 5]] {
        let uids = uids.map(|uid| Uid::new(uid).unwrap());
        uids.iter().for_each(|uid| messages.get_mut(uid).unwrap().expunge_begun = disk.now());
        assert_eq!(store.expunge(ann.id, ann.inbox, uids.to_vec()).await.unwrap(), 2);
        uids.iter().for_each(|uid| messages.get_mut(uid).unwrap().expunged = disk.now());
    }
    drop(store);
    History { log: disk.log(), messages, folder }
}

impl History {
    /// Every state that a crash can leave behind, once each: the cut, the files, and the number of the database's copy.
    fn crashes(&self) -> Vec<(usize, Files, usize)> {
        let (mut crashes, mut seen) = (Vec::new(), HashSet::new());
        // the first call is the commit that adds the account
        for cut in 1..=self.log.len() {
            let (before, _) = self.log.split_at(cut);
            for lost in subsets(&unsafe_calls(before)) {
                let (files, copy) = after_crash(before, &lost);
                let mut hasher = DefaultHasher::new();
                (cut, &files, copy).hash(&mut hasher);
                if seen.insert(hasher.finish()) {
                    crashes.push((cut, files, copy));
                }
            }
        }
        crashes
    }

    /// Opens what a crash left behind, and says which promise is broken.
    async fn examine(&self, cut: usize, files: Files, copy: usize) -> Result<(), String> {
        let data = self.folder.path().join("after");
        if data.exists() {
            fs::remove_dir_all(&data).unwrap();
        }
        fs::create_dir(&data).unwrap();
        fs::copy(self.folder.path().join(copy.to_string()), data.join("mail.db")).unwrap();
        self.examine_in(&data, &MemoryDisk::with(files), cut).await
    }

    async fn examine_in(&self, data: &Path, disk: &MemoryDisk, cut: usize) -> Result<(), String> {
        let store = SqliteStore::open_on(Arc::new(disk.clone()), data, Purpose::Serve).unwrap();
        let ann = store.account(address("ann@example.org")).await.unwrap().ok_or("the account is gone")?;
        let there: Vec<_> = store.maildrop(ann.id).await.unwrap().messages.iter().map(|message| message.uid).collect();
        for (uid, fate) in &self.messages {
            if fate.delivered <= cut && cut < fate.expunge_begun && !there.contains(uid) {
                return Err(format!("rule 1: message {uid} was accepted and is gone"));
            }
            if fate.expunged <= cut && there.contains(uid) {
                return Err(format!("rule 1: message {uid} was expunged and is back"));
            }
        }
        let mut large = 0;
        for uid in there {
            let body = &self.messages.get(&uid).ok_or("a message appeared from nowhere")?.body;
            large += usize::from(body.len() > 131_072);
            match read(&store, &ann, uid).await {
                Ok(whole) if whole == served(body) => {}
                other => return Err(format!("message {uid} is half visible: {:?}", other.map(|whole| whole.len()))),
            }
        }
        let faults = store.check().await.unwrap();
        if !faults.is_empty() {
            return Err(format!("{faults:?}"));
        }
        if (disk.names(Folder::Bodies), disk.names(Folder::Unfinished)) != (large, 0) {
            return Err("rule 2: orphans are left after the start".into());
        }
        Ok(())
    }
}

/// All choices among a few; among many: none, all, each alone, all but each.
fn subsets(of: &[usize]) -> Vec<Vec<usize>> {
    let chosen =
        |mask: u64| of.iter().enumerate().filter(|(at, _)| mask >> at & 1 == 1).map(|(_, call)| *call).collect();
    let all = (1_u64 << of.len()) - 1;
    if of.len() <= 5 {
        return (0..=all).map(chosen).collect();
    }
    let single = (0..of.len()).flat_map(|at| [1 << at, all & !(1 << at)]);
    [0, all].into_iter().chain(single).map(chosen).collect()
}

#[tokio::test]
async fn rules_1_to_4_hold_after_a_power_loss_at_any_moment() {
    let history = history().await;
    let crashes = history.crashes();
    assert!(crashes.len() > 100, "only {} states", crashes.len());
    for (cut, files, copy) in crashes {
        let verdict = history.examine(cut, files, copy).await;
        assert_eq!(verdict, Ok(()), "cut after {:?}", history.log[..cut].last().map(core::mem::discriminant));
    }
}

#[tokio::test]
async fn the_write_log_test_sees_each_sync_that_is_left_out() {
    let whole = history().await;
    type Choice = fn(&Op) -> bool;
    let left_out: [Choice; 2] = [|op| matches!(op, Op::Sync(_)), |op| matches!(op, Op::SyncFolder(_))];
    for without in left_out {
        let at_each = |op: &Op| if without(op) { Op::Commit(usize::MAX) } else { op.clone() };
        // positions stay as they are: a sync that did nothing takes the place of the one left out
        let mut copy = 0;
        let log = whole.log.iter().map(at_each).map(|op| match op {
            Op::Commit(usize::MAX) => Op::Commit(copy),
            Op::Commit(number) => {
                copy = number;
                Op::Commit(number)
            }
            op => op,
        });
        let log: Vec<_> = log.collect();
        let mut seen = false;
        for cut in 1..=log.len() {
            let lost = unsafe_calls(&log[..cut]);
            let (files, copy) = after_crash(&log[..cut], &lost);
            seen |= whole.examine(cut, files, copy).await.is_err();
        }
        assert!(seen);
    }
}
