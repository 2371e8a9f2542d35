#![allow(dead_code, missing_docs)]
use core::time::Duration;
use dns::{Answer, Inquiry, Name, QuestionId, Step};
#[derive(Debug, Clone, Default)]
pub(super) struct Limits;
#[derive(Debug)]
pub(super) struct Validator;
impl Validator {
    pub(super) fn new(_: Limits, _: Duration, _: i64) -> Self { Self }
    pub(super) fn receive(&mut self, _: &[u8]) {}
    pub(super) fn end(&mut self) {}
}
#[derive(Debug, Clone)]
pub(super) struct Verdict;
#[derive(Debug, Clone)]
pub(super) struct ArcResult;
impl ArcResult { pub(super) fn as_str(&self) -> &'static str { "none" } }
impl Verdict {
    pub(super) fn result(&self) -> ArcResult { ArcResult }
    pub(super) fn oldest_pass(&self) -> Option<u8> { None }
    pub(super) fn sealer(&self) -> Option<&Name> { None }
    pub(super) fn vouches_dmarc(&self, _: &[Name]) -> bool { false }
}
impl core::fmt::Display for Verdict { fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result { f.write_str("arc=none") } }
impl Inquiry for Validator {
    type Verdict = Verdict;
    fn step(&mut self) -> Step<'_, Verdict> { Step::Done(Verdict) }
    fn answer(&mut self, _: QuestionId, _: Answer<'_>) {}
    fn deadline(&self) -> Option<Duration> { None }
    fn tick(&mut self, _: Duration) {}
}
