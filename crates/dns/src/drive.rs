//! The two loops that every user of an inquiry would write.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::future::{Future, poll_fn};
use core::pin::Pin;
use core::task::Poll;

use crate::{Inquiry, Kind, Name, QuestionId, Response, Step};

/// Asks one question after the other and waits for each answer.
///
/// `resolve` bounds its own time; an answer that does not come is [`Absence::TryLater`](crate::Absence::TryLater).
///
/// ```
/// # fn run(inquiry: impl dns::Inquiry<Verdict = ()>, zone: &dns::Zone) {
/// let verdict = dns::drive::blocking(inquiry, |name, kind| zone.lookup(name, kind));
/// # }
/// ```
pub fn blocking<I: Inquiry>(mut inquiry: I, resolve: impl FnMut(&Name, Kind) -> Response) -> I::Verdict {
    blocking_mut(&mut inquiry, resolve)
}

/// [`blocking`] for an inquiry that is looked at again afterwards.
pub fn blocking_mut<I: Inquiry>(inquiry: &mut I, mut resolve: impl FnMut(&Name, Kind) -> Response) -> I::Verdict {
    loop {
        let (id, response) = match inquiry.step() {
            Step::Ask(question) => (question.id, resolve(question.name, question.kind)),
            // All questions have been answered: only a clock that has run out ends this.
            Step::Wait => {
                inquiry.tick(core::time::Duration::MAX);
                continue;
            }
            Step::Done(verdict) => return verdict,
        };
        inquiry.answer(id, response.as_answer());
    }
}

/// An answer on its way.
type Pending<F> = (QuestionId, Pin<Box<F>>);

/// Asks all that can be asked at once, and goes on with each answer as it comes. It needs no particular runtime.
///
/// `resolve` bounds its own time, or the whole is put into a runtime's timeout.
///
/// ```
/// # async fn run(inquiry: impl dns::Inquiry<Verdict = ()>, zone: dns::Zone) {
/// let verdict = dns::drive::concurrent(inquiry, |name, kind| {
///     let response = zone.lookup(&name, kind); // with a resolver: its future, mapped
///     async move { response }
/// })
/// .await;
/// # }
/// ```
pub async fn concurrent<I, F>(mut inquiry: I, resolve: impl FnMut(Name, Kind) -> F) -> I::Verdict
where
    I: Inquiry,
    F: Future<Output = Response>,
{
    concurrent_mut(&mut inquiry, resolve).await
}

/// [`concurrent`] for an inquiry that is looked at again afterwards.
pub async fn concurrent_mut<I, F>(inquiry: &mut I, mut resolve: impl FnMut(Name, Kind) -> F) -> I::Verdict
where
    I: Inquiry,
    F: Future<Output = Response>,
{
    let mut open: Vec<Pending<F>> = Vec::new();
    loop {
        match inquiry.step() {
            Step::Ask(question) => {
                let (id, name, kind) = (question.id, *question.name, question.kind);
                open.push((id, Box::pin(resolve(name, kind))));
            }
            Step::Wait if open.is_empty() => inquiry.tick(core::time::Duration::MAX),
            Step::Wait => {
                let (id, response) = first(&mut open).await;
                inquiry.answer(id, response.as_answer());
            }
            Step::Done(verdict) => return verdict,
        }
    }
}

/// The first answer that comes; the others go on.
async fn first<F: Future<Output = Response>>(open: &mut Vec<Pending<F>>) -> (QuestionId, Response) {
    poll_fn(|context| {
        let ready = open.iter_mut().enumerate().find_map(|(at, (id, pending))| match pending.as_mut().poll(context) {
            Poll::Ready(response) => Some((at, *id, response)),
            Poll::Pending => None,
        });
        let Some((at, id, response)) = ready else { return Poll::Pending };
        open.swap_remove(at);
        Poll::Ready((id, response))
    })
    .await
}
