//! Whatever a server sends is an answer or an error; a question that is sent back as it is answers nothing, and one that is marked as an answer is empty.
#![no_main]

use dns::{Kind, Limits, Name, wire};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, Name, Kind, &[u8], &[u8])| {
    let (id, name, kind, message, behind) = input;
    let limits = Limits::default();
    let _ = wire::decode(id, &name, kind, message, &limits);

    let question = wire::encode(id, &name, kind, &wire::Options::default());
    assert!(wire::decode(id, &name, kind, &question, &limits).is_err());
    let mut answer = question;
    if let Some(flags) = answer.get_mut(2) {
        *flags |= 0x80;
    }
    assert!(wire::decode(id, &name, kind, &answer, &limits).is_ok());
    assert!(wire::decode(id.wrapping_add(1), &name, kind, &answer, &limits).is_err());

    // records behind the question, as many as are said: read or refused
    if let Some(counts) = answer.get_mut(7) {
        *counts = behind.first().copied().unwrap_or(1);
    }
    answer.extend_from_slice(behind);
    let _ = wire::decode(id, &name, kind, &answer, &limits);
});
