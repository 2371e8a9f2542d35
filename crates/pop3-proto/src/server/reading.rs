//! What comes from the client: which line is at the front of the input, and whose turn it is.

use super::{Closing, Core, Event, Found, Open, Stage};
use crate::error::{Error, Limit};
use wire::{Input, Line};

impl Core {
    /// Drops the input that the last event was made of, unless it is a question's.
    pub(super) fn drop_used(&mut self, input: &mut Input) {
        if self.open.is_none() && self.lines.drop_taken(input) {
            self.secret.clear();
        }
    }

    pub(super) const fn takes_input(&self) -> bool {
        !self.eof && !matches!(self.stage, Stage::Securing | Stage::Closing)
    }

    /// Looks at the front of the input and says what it is.
    pub(super) fn find(&mut self, input: &mut Input) -> Found {
        let found = match &self.stage {
            Stage::Greeting => {
                self.open = Some(Open::Connected);
                return Found::Event(Event::Connected);
            }
            Stage::Securing | Stage::Closing | Stage::Retrieving(_) => return Found::Nothing,
            Stage::Listing(_) => {
                if !self.list() {
                    return Found::Nothing;
                }
                self.find_line(input)
            }
            Stage::Commands | Stage::Auth => self.find_line(input),
            Stage::Skip(limit) => {
                let limit = *limit;
                self.skip_line(input, limit)
            }
        };
        if matches!(found, Found::Nothing)
            && self.eof
            && matches!(self.stage, Stage::Commands | Stage::Auth | Stage::Skip(_))
        {
            self.close(Closing::PeerClosed);
            return self.told.pop_front().map_or(Found::Nothing, Found::Event);
        }
        found
    }

    pub(super) fn find_line(&mut self, input: &mut Input) -> Found {
        let auth = matches!(self.stage, Stage::Auth);
        let unread = input.unread();
        // What cannot be POP3 is not waited for (row W-6).
        if self.maildrop.is_none()
            && unread.first().is_some_and(|byte| !byte.is_ascii_graphic() && !matches!(byte, b'\r' | b'\n' | b' '))
        {
            input.discard();
            return Found::Event(self.send_away(Error::ForeignProtocol));
        }
        let (limit, name) = if auth || unread.get(..5).is_some_and(|verb| verb.eq_ignore_ascii_case(b"AUTH ")) {
            (self.limits.auth_line, Limit::AuthLine)
        } else {
            (self.limits.command_line, Limit::CommandLine)
        };
        match self.lines.next(unread, limit) {
            Line::Partial => Found::Nothing,
            Line::Whole { text, total } => {
                self.lines.take(total);
                if auth { Found::Response(text) } else { Found::Line(text) }
            }
            Line::BareLf { total, .. } => {
                self.lines.take(total);
                self.lines.taken_is_secret();
                Found::Event(self.send_away(Error::BareLineEnd))
            }
            Line::TooLong => {
                self.stage = Stage::Skip(name);
                self.skip_line(input, name)
            }
        }
    }

    pub(super) fn skip_line(&mut self, input: &mut Input, limit: Limit) -> Found {
        if !self.lines.skip_line(input) {
            return Found::Nothing;
        }
        self.stage = Stage::Commands;
        if limit == Limit::AuthLine {
            self.told.push_back(Event::AuthAborted);
        }
        let value = if limit == Limit::AuthLine { self.limits.auth_line } else { self.limits.command_line };
        Found::Event(self.fault(Error::Limit { limit, value: value as u64 }))
    }
}
