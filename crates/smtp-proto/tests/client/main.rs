//! Dialogues of the client, one rule each.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests stop at what they do not expect"
)]

mod failures;
mod hello;
mod messages;
mod talk;
