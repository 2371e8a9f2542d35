//! What goes to the client: status lines, faults, and the end of the session.

use super::{Closing, Core, Event, Open, Stage};
use crate::{
    error::{Error, Limit},
    response::{Code, Response},
};

impl Core {
    /// Queues a status line, in the language of the session. Without LANG or UTF8 it is ASCII (RFC 6856, 2.1 and 3.2).
    pub(super) fn respond(&mut self, response: &Response<'_>) {
        let out = self.output.tail();
        match self.language.and_then(|chosen| chosen.of(&self.config)?.text(response.text())) {
            Some(text) => response.with_text(text).write(out),
            None if self.utf8 || self.language.is_some() => response.write(out),
            None => response.write_ascii(out),
        }
        self.clock.spoke();
    }

    /// Queues `+OK` and a text.
    pub(super) fn ok(&mut self, text: &'static str) {
        self.respond(&Response::ok(text));
    }

    /// Gives the response to a fault, counts it, and makes the event.
    pub(super) fn fault(&mut self, error: Error) -> Event<'static> {
        self.respond(&error.response());
        self.errors += 1;
        let hard = if self.maildrop.is_some() { self.limits.hard_errors } else { self.limits.hard_errors_before_login };
        if self.errors >= hard {
            self.end_by(Limit::Errors, u64::from(hard));
        } else if self.errors > self.limits.soft_errors {
            self.clock.hold_for(self.limits.error_delay);
        }
        Event::Fault(error)
    }

    /// Gives the response to a fault that leaves no safe way to go on, and closes.
    pub(super) fn send_away(&mut self, error: Error) -> Event<'static> {
        self.respond(&error.response());
        self.close(Closing::SentAway);
        Event::Fault(error)
    }

    /// Ends the session because a limit has been passed.
    pub(super) fn end_by(&mut self, limit: Limit, value: u64) {
        self.told.push_back(Event::Fault(Error::Limit { limit, value }));
        self.close(Closing::SentAway);
    }

    /// Ends the session; what is queued is still sent. Marks are forgotten: only QUIT removes anything.
    pub(super) fn close(&mut self, why: Closing) {
        if matches!(self.stage, Stage::Auth) || matches!(self.open, Some(Open::Auth { .. } | Open::AuthResponse)) {
            self.told.push_back(Event::AuthAborted);
        }
        self.open = None;
        self.stage = Stage::Closing;
        self.secret.clear();
        self.told.push_back(Event::Closing(why));
    }

    /// Closes if shutdown has been asked for and nothing is going out.
    pub(super) fn shut_down_if_due(&mut self) {
        let busy = matches!(self.stage, Stage::Retrieving(_) | Stage::Listing(_) | Stage::Closing)
            || self.open == Some(Open::Update);
        if self.shutdown && !busy {
            // A client in the middle of a handshake must not be sent plaintext.
            if !matches!(self.stage, Stage::Securing) {
                self.respond(&Response::err(Some(Code::SysTemp), "Shutting down, nothing was removed"));
            }
            self.close(Closing::Shutdown);
        }
    }
}
