//! What time it is in a session, and what happens when it runs out (RFC 5321, 4.5.3.2).

use core::time::Duration;

use super::{Core, Error, Stage, Step, Timer};

// The clock's last word to the server is when the server began to owe something: the last whole reply, or the last output queued or sent. Single bytes of a
// reply do not count.
impl Core {
    /// The message begins.
    pub(super) const fn message_begins(&mut self) {
        self.message_since = self.clock.now();
    }

    /// When the buffers may be given back.
    pub(super) fn quiet(&self) -> Duration {
        self.clock.quiet_since().saturating_add(self.limits.quiet)
    }

    /// The earliest moment at which the session is over, and by which timer.
    pub(super) fn expiry(&self) -> Option<(Duration, Timer)> {
        if self.asking {
            return None;
        }
        let limits = &self.limits;
        let (time, timer) = match (&self.stage, self.waiting.front()) {
            (Stage::Closing, _) => return None,
            (Stage::Securing, _) => (limits.hello_time, Timer::Hello),
            // Content that the server does not take.
            (_, Some(first)) if matches!(first.step, Step::Bdat | Step::End) && !self.sent(first) => {
                (limits.content_time, Timer::Content)
            }
            (_, Some(first)) => match first.step {
                Step::Connect => (limits.greeting_time, Timer::Greeting),
                Step::Ehlo | Step::Helo | Step::StartTls => (limits.hello_time, Timer::Hello),
                Step::Data => (limits.data_time, Timer::Data),
                Step::Bdat | Step::Content => (limits.content_time, Timer::Content),
                Step::End => (limits.end_time, Timer::End),
                Step::Quit => (limits.quit_time, Timer::Quit),
                Step::Auth
                | Step::Mail
                | Step::Rcpt
                | Step::Rset
                | Step::Vrfy
                | Step::Noop
                | Step::Xclient
                | Step::Xforward => (limits.command_time, Timer::Command),
            },
            (_, None) if self.output.is_empty() => return None,
            (_, None) => (limits.content_time, Timer::Content),
        };
        let step = (self.clock.last_spoken().saturating_add(time), timer);
        // The time for a message ends with its content; the reply to that has its own.
        let ends = self.waiting.front().is_some_and(|first| first.step == Step::End && self.sent(first));
        let message = (self.message_since.saturating_add(limits.message_time), Timer::Message);
        Some(if self.message.is_some() && !ends && message.0 < step.0 { message } else { step })
    }

    /// Ends the session if its time is up.
    pub(super) fn expire(&mut self) {
        let Some((at, timer)) = self.expiry() else { return };
        if self.clock.now() < at {
            return;
        }
        match self.stage {
            Stage::Quitting => self.close(),
            _ => self.fail(Error::TimedOut(timer)),
        }
    }
}
