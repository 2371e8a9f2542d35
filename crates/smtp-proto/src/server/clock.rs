//! What time it is in a session, and what happens when it runs out.

use core::time::Duration;

use super::{Closing, Core, Stage, Timer};

impl Core {
    /// The content begins.
    pub(super) const fn content_begins(&mut self) {
        self.content_since = self.clock.now();
        self.clock.heard();
    }

    /// When the buffers may be given back.
    pub(super) fn quiet(&self) -> Duration {
        self.clock.quiet_since().saturating_add(self.limits.quiet)
    }

    /// The earliest moment at which the session is over, and by which timer.
    pub(super) fn expiry(&self) -> Option<(Duration, Timer)> {
        // The client is not late while it is we who think.
        if self.open.is_some() || self.clock.is_held() {
            return None;
        }
        let (clock, limits) = (&self.clock, &self.limits);
        let session = (clock.start().saturating_add(limits.session_time), Timer::Session);
        let stage = match &self.stage {
            Stage::Data(_) | Stage::Chunk(_) => {
                let block = (clock.last_heard().saturating_add(limits.content_time), Timer::Content);
                let message = (self.content_since.saturating_add(limits.message_time), Timer::Message);
                let slow = self.stress.then(|| {
                    // A message may take as long as its bytes so far at the slowest rate, and one waiting time more.
                    let seconds = self.content_size() / limits.minimum_rate.max(1);
                    let time = Duration::from_secs(seconds).saturating_add(limits.stress_command_time);
                    (self.content_since.saturating_add(time), Timer::Rate)
                });
                [Some(block), Some(message), slow].into_iter().flatten().min_by_key(|(at, _)| *at)?
            }
            Stage::Closing if self.output.is_empty() => return None,
            _ => {
                let time = if self.stress { limits.stress_command_time } else { limits.command_time };
                (clock.last_spoken().saturating_add(time), Timer::Command)
            }
        };
        Some(if session.0 < stage.0 { session } else { stage })
    }

    /// Ends the session if its time is up.
    pub(super) fn expire(&mut self) {
        let Some((at, timer)) = self.expiry() else { return };
        if self.clock.now() < at {
            return;
        }
        if matches!(self.stage, Stage::Closing) {
            // The peer does not read: what is left unsent will not be sent.
            self.output.transmitted(usize::MAX);
            return;
        }
        // RFC 3207, 4: after the 220 to STARTTLS nothing more is said in the clear.
        if !matches!(self.stage, Stage::Securing) {
            let text = match timer {
                Timer::Command => "Timed out waiting for a command",
                Timer::Session => "The session has lasted too long",
                Timer::Content | Timer::Message | Timer::Rate => "Timed out waiting for content",
            };
            self.say(421, (4, 4, 2), text);
        }
        self.close(Closing::TimedOut(timer));
    }
}
