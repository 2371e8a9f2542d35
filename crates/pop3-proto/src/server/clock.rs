//! What time it is in a session, and what happens when it runs out.

use core::time::Duration;

use super::{Closing, Core, Stage, Timer};

impl Core {
    /// When the buffers may be given back.
    pub(super) fn quiet(&self) -> Duration {
        self.clock.quiet_since().saturating_add(self.limits.quiet)
    }

    /// The moment at which the session is over, and by which timer.
    pub(super) fn expiry(&self) -> Option<(Duration, Timer)> {
        // The client is not late while it is we who think, or who owe it a message.
        let ours = self.open.is_some()
            || self.clock.is_held()
            || (matches!(self.stage, Stage::Retrieving(_)) && self.output.is_empty());
        if ours || (matches!(self.stage, Stage::Closing) && self.output.is_empty()) {
            return None;
        }
        let idle = (self.clock.last_spoken().saturating_add(self.limits.idle_time), Timer::Idle);
        let login = (self.clock.start().saturating_add(self.limits.login_time), Timer::Login);
        Some(if self.maildrop.is_none() && login.0 < idle.0 { login } else { idle })
    }

    /// Ends the session if its time is up. RFC 1939, 3: without entering the update state, and without a word.
    pub(super) fn expire(&mut self) {
        let Some((at, timer)) = self.expiry() else { return };
        if self.clock.now() < at {
            return;
        }
        // The peer does not read: what is left unsent will not be sent.
        self.output.transmitted(usize::MAX);
        if !matches!(self.stage, Stage::Closing) {
            self.close(Closing::TimedOut(timer));
        }
    }
}
