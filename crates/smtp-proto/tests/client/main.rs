//! Dialogues of the client, one rule each.

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

mod delivery;
mod failures;
mod hello;
mod messages;
mod talk;
