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

use world::{Letter, Plan, check_cut, check_whole};

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
    #[test]
    fn every_message_meets_its_fate(plan in plan()) {
        check_whole(&plan);
    }

    #[test]
    fn a_cut_connection_leaves_no_false_belief(plan in plan(), cut in 0..3_000usize) {
        check_cut(&plan, cut);
    }
}
