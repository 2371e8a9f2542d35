//! An inquiry under way: its questions are out while the message still comes.

use core::time::Duration;

use dns::{Inquiry, QuestionId, Response, Step};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

use crate::resolver::Resolver;

/// An inquiry with the questions that it has out. Dropped, it asks no more.
#[derive(Debug)]
pub(super) struct Running<I> {
    inquiry: I,
    open: JoinSet<(QuestionId, Response)>,
}

impl<I: Inquiry> Running<I> {
    pub(super) fn new(inquiry: I) -> Self {
        Self { inquiry, open: JoinSet::new() }
    }

    /// To tell it what is not an answer. [`Self::ask`] is to follow.
    pub(super) fn inquiry(&mut self) -> &mut I {
        &mut self.inquiry
    }

    /// Sends out all questions that can be asked now; gives the verdict, once there is one.
    pub(super) fn ask(&mut self, resolver: &Resolver) -> Option<I::Verdict> {
        loop {
            match self.inquiry.step() {
                Step::Ask(question) => {
                    let (id, name, kind) = (question.id, *question.name, question.kind);
                    let resolver = resolver.clone();
                    self.open.spawn(async move { (id, resolver.lookup(name, kind).await) });
                }
                Step::Wait => return None,
                Step::Done(verdict) => return Some(verdict),
            }
        }
    }

    /// Goes on to the verdict, or to the moment after which nothing is waited for.
    pub(super) async fn finish(mut self, resolver: &Resolver, until: Instant) -> (I::Verdict, I) {
        loop {
            if let Some(verdict) = self.ask(resolver) {
                return (verdict, self.inquiry);
            }
            match timeout_at(until, self.open.join_next()).await {
                Ok(Some(Ok((id, response)))) => self.inquiry.answer(id, response.as_answer()),
                // a look-up that broke is like one that is not answered
                Ok(Some(Err(_))) => {}
                Ok(None) | Err(_) => self.inquiry.tick(Duration::MAX),
            }
        }
    }
}
