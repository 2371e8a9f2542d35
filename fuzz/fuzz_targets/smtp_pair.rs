//! Client and server joined end to end under any schedule, with and without a cut: no message is lost, doubled or changed.
#![no_main]

#[path = "../../crates/smtp-proto/tests/roles/world.rs"]
mod world;

use arbitrary::{Arbitrary, Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use world::{Letter, Plan, check_cut, check_whole};

fn letter(u: &mut Unstructured<'_>) -> Result<Letter> {
    let recipients: Vec<bool> = (0..u.int_in_range(1..=5)?).map(|_| u.arbitrary()).collect::<Result<_>>()?;
    let ends = recipients.iter().map(|_| u.arbitrary()).collect::<Result<_>>()?;
    Ok(Letter {
        mail: u.arbitrary()?,
        recipients,
        start: u.arbitrary()?,
        ends,
        binary: u.arbitrary()?,
        content: u.arbitrary()?,
    })
}

fn plan(u: &mut Unstructured<'_>) -> Result<Plan> {
    Ok(Plan {
        service: u.int_in_range(0..=2)?,
        chunking: u.arbitrary()?,
        prefer_chunking: u.arbitrary()?,
        pipelining: u.arbitrary()?,
        starttls: u.arbitrary()?,
        pipeline: u.int_in_range(1..=8)?,
        chunk: u.int_in_range(8..=200)?,
        letters: (0..u.int_in_range(1..=3)?).map(|_| letter(u)).collect::<Result<_>>()?,
        schedule: Vec::<u8>::arbitrary(u)?,
    })
}

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    let Ok(plan) = plan(&mut u) else { return };
    check_whole(&plan);
    check_cut(&plan, u.int_in_range(0..=3_000).unwrap_or(0));
});
