//! What time it is in a session, and what happens when it runs out.

use core::time::Duration;

use super::{Closing, Core, Stage, Timer};
use crate::limits::Limits;

/// Moments on the caller's clock.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    now: Duration,
    start: Duration,
    /// Since when the client has been owed nothing: the last response queued or sent.
    spoke: Duration,
    /// When bytes last came in.
    heard: Duration,
    /// Output is held back until then.
    pub(super) hold: Option<Duration>,
}

impl Clock {
    pub(super) const fn new(now: Duration) -> Self {
        Self { now, start: now, spoke: now, heard: now, hold: None }
    }

    /// Time never goes back: an earlier moment than the last is taken for the last.
    pub(super) fn set(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    pub(super) const fn spoke(&mut self) {
        self.spoke = self.now;
    }

    pub(super) const fn heard(&mut self) {
        self.heard = self.now;
    }

    pub(super) const fn held(&self) -> bool {
        self.hold.is_some()
    }

    pub(super) fn hold_for(&mut self, time: Duration) {
        let until = self.now.saturating_add(time);
        self.hold = Some(self.hold.map_or(until, |hold| hold.max(until)));
    }

    /// Lets held output go if its time has come. The client is owed its response until then, so its own time begins anew.
    pub(super) fn let_go(&mut self) {
        if self.hold.is_some_and(|hold| self.now >= hold) {
            self.hold = None;
            self.spoke = self.now;
        }
    }

    /// When the buffers may be given back.
    pub(super) fn quiet(&self, limits: &Limits) -> Duration {
        self.heard.max(self.spoke).saturating_add(limits.quiet)
    }
}

impl Core {
    /// The moment at which the session is over, and by which timer.
    pub(super) fn expiry(&self) -> Option<(Duration, Timer)> {
        // The client is not late while it is we who think, or who owe it a message.
        let ours = self.open.is_some()
            || self.clock.held()
            || (matches!(self.stage, Stage::Retrieving(_)) && self.output.is_empty());
        if ours || (matches!(self.stage, Stage::Closing) && self.output.is_empty()) {
            return None;
        }
        let idle = (self.clock.spoke.saturating_add(self.limits.idle_time), Timer::Idle);
        let login = (self.clock.start.saturating_add(self.limits.login_time), Timer::Login);
        Some(if self.maildrop.is_none() && login.0 < idle.0 { login } else { idle })
    }

    /// Ends the session if its time is up. RFC 1939, 3: without entering the update state, and without a word.
    pub(super) fn expire(&mut self) {
        let Some((at, timer)) = self.expiry() else { return };
        if self.clock.now < at {
            return;
        }
        // The peer does not read: what is left unsent will not be sent.
        self.output.transmitted(usize::MAX);
        if !matches!(self.stage, Stage::Closing) {
            self.close(Closing::TimedOut(timer));
        }
    }
}
