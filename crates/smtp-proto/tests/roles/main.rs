//! Our client and our server, joined end to end: whatever the cuts, the delays and the decisions, no message is lost, doubled or changed.

#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "tests stop at what they do not expect"
)]

mod world;

use proptest::prelude::*;

use world::{Fate, Letter, Plan, World};

fn content() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => Just(b"\r\n".to_vec()),
        3 => Just(b".".to_vec()),
        2 => Just(b"\r\n.\r\n".to_vec()),
        2 => Just(b"text".to_vec()),
        1 => Just(b"\r".to_vec()),
        1 => Just(b"\n".to_vec()),
        1 => Just(vec![b'x'; 1_500]),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(part, 0..20).prop_map(|parts| parts.concat())
}

/// Mostly yes.
fn verdict() -> impl Strategy<Value = bool> {
    proptest::bool::weighted(0.8)
}

fn letter() -> impl Strategy<Value = Letter> {
    let verdicts = (verdict(), proptest::collection::vec((verdict(), verdict()), 1..6), verdict());
    (verdicts, content(), any::<bool>()).prop_map(|((mail, recipients, start), content, binary)| Letter {
        mail,
        recipients: recipients.iter().map(|(rcpt, _)| *rcpt).collect(),
        ends: recipients.iter().map(|(_, end)| *end).collect(),
        start,
        content,
        binary,
    })
}

fn plan() -> impl Strategy<Value = Plan> {
    (
        (0..3u8, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        (1..8usize, 8..200usize),
        proptest::collection::vec(letter(), 1..4),
        proptest::collection::vec(any::<u8>(), 0..400),
    )
        .prop_map(
            |((service, chunking, prefer_chunking, pipelining, starttls), (pipeline, chunk), letters, schedule)| Plan {
                service,
                chunking,
                prefer_chunking,
                pipelining,
                starttls,
                pipeline,
                chunk,
                letters,
                schedule,
            },
        )
}

proptest! {
    /// Where nothing is cut, each message meets the fate that the server's answers say, and no other.
    #[test]
    fn every_message_meets_its_fate(plan in plan()) {
        let world = World::new(&plan).run(None);
        prop_assert!(world.ended(), "stuck: {world:#?}");
        for (n, letter) in plan.letters.iter().enumerate() {
            for recipient in 0..letter.recipients.len() {
                let expected = letter.fate(recipient, &plan);
                prop_assert_eq!(world.fate(n, recipient), Some(expected), "message {} recipient {}", n, recipient);
                let stored = world.stored(n, recipient);
                prop_assert_eq!(stored.len(), usize::from(expected == Fate::Delivered));
                prop_assert!(stored.iter().all(|content| **content == letter.arrives(&plan)), "message {n} has changed");
            }
        }
    }

    /// Where the connection is cut, what the client says about a message is true, and nothing is stored twice or in part.
    #[test]
    fn a_cut_connection_leaves_no_false_belief(plan in plan(), cut in 0..3_000usize) {
        let world = World::new(&plan).run(Some(cut));
        prop_assert!(world.ended(), "stuck: {world:#?}");
        for (n, letter) in plan.letters.iter().enumerate() {
            for recipient in 0..letter.recipients.len() {
                let stored = world.stored(n, recipient);
                match world.fate(n, recipient) {
                    Some(Fate::Delivered) => prop_assert_eq!(stored.len(), 1, "message {} lost", n),
                    Some(Fate::Unknown) => prop_assert!(stored.len() <= 1),
                    Some(Fate::Refused | Fate::NotDelivered) | None => prop_assert_eq!(stored.len(), 0, "message {} would be doubled", n),
                    Some(Fate::Unsendable) => prop_assert_eq!(stored.len(), 0),
                }
                prop_assert!(stored.iter().all(|content| **content == letter.arrives(&plan)), "message {n} has changed");
            }
        }
    }
}
