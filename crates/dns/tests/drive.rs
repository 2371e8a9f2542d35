//! The two loops that run an inquiry: what they ask, when, and what they make of each answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on must fail")]

use core::{
    cell::{Cell, RefCell},
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use dns::{Absence, Answer, Inquiry, Kind, Name, Question, QuestionId, Response, Step, Zone, drive};
use proptest::prelude::*;

/// Asks about so many names at once; when all answers are there, about each of them once more. The verdict is what was told of each, by its question's number.
struct Rounds {
    names: Vec<Name>,
    asked: usize,
    told: Vec<Option<bool>>,
    late: bool,
}

impl Rounds {
    fn new(names: usize) -> Self {
        let names: Vec<Name> = (0..names).map(|at| Name::parse(&format!("n{at}.example")).unwrap()).collect();
        Self { told: vec![None; 2 * names.len()], names, asked: 0, late: false }
    }
}

impl Inquiry for Rounds {
    type Verdict = Vec<Option<bool>>;

    fn step(&mut self) -> Step<'_, Self::Verdict> {
        let (first, _) = self.told.split_at(self.names.len());
        let open = if first.iter().all(Option::is_some) { self.told.len() } else { self.names.len() };
        if self.late || self.told.iter().all(Option::is_some) {
            return Step::Done(self.told.clone());
        }
        if self.asked >= open {
            return Step::Wait;
        }
        let id = QuestionId(self.asked as u32);
        let name = self.names.get(self.asked % self.names.len()).unwrap();
        self.asked += 1;
        Step::Ask(Question { id, name, kind: Kind::A })
    }

    fn answer(&mut self, id: QuestionId, answer: Answer<'_>) {
        assert!((id.0 as usize) < self.asked, "the answer to a question that was asked");
        let told = self.told.get_mut(id.0 as usize).unwrap();
        assert_eq!(*told, None, "each is answered once");
        *told = Some(answer.a().is_ok());
    }

    fn deadline(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    fn tick(&mut self, now: Duration) {
        self.late = now >= Duration::from_secs(1);
    }
}

/// Polls until nothing moves any more.
fn run<T>(future: impl Future<Output = T>, mut between: impl FnMut()) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
        between();
    }
    unreachable!("it does not end")
}

fn zone() -> Zone {
    Zone::parse("n0.example A 192.0.2.1\nn2.example A 192.0.2.1").unwrap()
}

#[test]
fn all_that_can_be_asked_is_asked_before_the_first_answer() {
    let zone = zone();
    let (open, most, resolved) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let told = run(
        drive::concurrent(Rounds::new(5), |name, kind| {
            open.set(open.get() + 1);
            most.set(open.get().max(most.get()));
            let (zone, open, resolved) = (&zone, &open, &resolved);
            let mut polled = 0;
            poll_fn(move |_| {
                polled += 1;
                if polled < 3 {
                    return Poll::Pending;
                }
                // Nothing was answered while there was more to ask.
                resolved.set(resolved.get() + 1);
                open.set(open.get() - 1);
                Poll::Ready(zone.lookup(&name, kind))
            })
        }),
        || {},
    );
    assert_eq!((most.get(), open.get(), resolved.get()), (5, 0, 10));
    assert_eq!(told, [true, false, true, false, false].repeat(2).into_iter().map(Some).collect::<Vec<_>>());
}

#[test]
fn an_inquiry_that_waits_for_nothing_is_told_that_time_is_up() {
    /// Waits without a question.
    struct Idle(bool);
    impl Inquiry for Idle {
        type Verdict = bool;
        fn step(&mut self) -> Step<'_, bool> {
            if self.0 { Step::Done(true) } else { Step::Wait }
        }
        fn answer(&mut self, _: QuestionId, _: Answer<'_>) {}
        fn deadline(&self) -> Option<Duration> {
            Some(Duration::from_secs(20))
        }
        fn tick(&mut self, now: Duration) {
            self.0 = now >= Duration::from_secs(20);
        }
    }
    assert!(drive::blocking(Idle(false), |_, _| Absence::Refused.into()));
    assert!(run(drive::concurrent(Idle(false), |_, _| async { Absence::Refused.into() }), || {}));
}

#[test]
fn an_inquiry_can_be_looked_at_afterwards() {
    let zone = zone();
    let mut rounds = Rounds::new(2);
    drive::blocking_mut(&mut rounds, |name, kind| zone.lookup(name, kind));
    assert_eq!(rounds.asked, 4);
    let mut rounds = Rounds::new(2);
    run(
        drive::concurrent_mut(&mut rounds, |name, kind| {
            let response = zone.lookup(&name, kind);
            async move { response }
        }),
        || {},
    );
    assert_eq!(rounds.asked, 4);
}

#[test]
fn a_drive_that_is_dropped_leaves_nothing_behind() {
    let dropped = Cell::new(0);
    /// Counts when it goes.
    struct Guard<'a>(&'a Cell<u32>);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
        }
    }
    {
        let mut future = pin!(drive::concurrent(Rounds::new(3), |_, _| {
            let guard = Guard(&dropped);
            async move {
                let _guard = guard;
                core::future::pending::<Response>().await
            }
        }));
        assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(dropped.get(), 0);
    }
    assert_eq!(dropped.get(), 3);
}

proptest! {
    /// In whatever order answers come, each goes to its question, and the verdict is the one of one question after the other.
    #[test]
    fn any_order_of_answers_gives_the_same_verdict(names in 1..12_usize, picks in prop::collection::vec(any::<prop::sample::Index>(), 24)) {
        let zone = zone();
        let expected = drive::blocking(Rounds::new(names), |name, kind| zone.lookup(name, kind));
        // The questions that wait, by number; one after the other is let go.
        let (count, waiting, free) = (Cell::new(0_usize), RefCell::new(Vec::new()), RefCell::new(Vec::new()));
        let mut picks = picks.into_iter();
        let told = run(
            drive::concurrent(Rounds::new(names), |name, kind| {
                let number = count.get();
                count.set(number + 1);
                waiting.borrow_mut().push(number);
                let (zone, free) = (&zone, &free);
                poll_fn(move |_| {
                    if free.borrow().contains(&number) { Poll::Ready(zone.lookup(&name, kind)) } else { Poll::Pending }
                })
            }),
            || {
                let mut waiting = waiting.borrow_mut();
                if !waiting.is_empty() {
                    let pick = picks.next().map_or(0, |pick| pick.index(waiting.len()));
                    let number = waiting.swap_remove(pick);
                    free.borrow_mut().push(number);
                }
            },
        );
        prop_assert_eq!(told, expected);
    }
}
