#![allow(dead_code, unreachable_pub, missing_docs, missing_debug_implementations, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice, reason = "each test takes what it needs, and stops at what it does not expect")]

pub mod conformance;
pub mod dialogue;
pub mod talk;
