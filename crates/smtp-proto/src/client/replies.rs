//! Replies as they come in: where each ends, and what it answers.

use super::{About, Content, Core, Error, Limit, Outcome, Stage, Step, Taken, hello::owned};
use crate::reply::{ReplyError, ReplyLine};
use wire::{Input, Line};

/// How much of a reply has been looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Scan {
    /// Its whole lines so far, in bytes.
    at: usize,
    lines: u32,
    code: u16,
    /// Its code and length, once it is complete.
    whole: Option<(u16, usize)>,
}

impl Core {
    /// Works off replies until one is the caller's to see: it is then the first [taken](wire::Lines::taken) bytes of the input.
    pub(super) fn find(&mut self, input: &mut Input) -> Option<About> {
        while self.told.is_empty() && !self.asking {
            self.drop_used(input);
            if matches!(self.stage, Stage::Securing | Stage::Closing) {
                if self.eof && matches!(self.stage, Stage::Securing) {
                    self.fail(Error::ConnectionLost);
                }
                return None;
            }
            match self.next_reply(input.unread()) {
                Err(error) => self.fail(error),
                Ok(None) if self.eof => self.lost(),
                Ok(None) => return None,
                Ok(Some((code, _))) if self.must_wait(code) => {
                    self.held = true;
                    return None;
                }
                Ok(Some((code, length))) => {
                    self.scan = Scan::default();
                    self.lines.take(length);
                    if let Taken::Event(about) = self.take(code, input.unread().get(..length).unwrap_or_default()) {
                        return Some(about);
                    }
                }
            }
        }
        None
    }

    /// Finds the end of the reply at the front of the input: its code and its length.
    fn next_reply(&mut self, bytes: &[u8]) -> Result<Option<(u16, usize)>, Error> {
        let auth = self.waiting.front().is_some_and(|first| first.step == Step::Auth);
        let (line_limit, limit) =
            if auth { (self.limits.auth_line, Limit::AuthLine) } else { (self.limits.reply_line, Limit::ReplyLine) };
        let most = self.limits.reply.max(line_limit);
        let passed = |limit, value| Err(Error::Limit { limit, value });
        while self.scan.whole.is_none() {
            let rest = bytes.get(self.scan.at..).unwrap_or_default();
            let (text, total) = match self.lines.next(rest, line_limit) {
                Line::Partial if bytes.len() >= most => return passed(Limit::Reply, most as u64),
                Line::Partial => return Ok(None),
                Line::TooLong => return passed(limit, line_limit as u64),
                Line::BareLf { .. } => return Err(Error::BareLineEnd),
                Line::Whole { text, total } => (text, total),
            };
            self.lines.restart();
            let line = ReplyLine::parse(rest.get(..text).unwrap_or_default())?;
            if self.scan.lines > 0 && line.code != self.scan.code {
                return Err(ReplyError::CodeChanged { at: self.scan.at, from: self.scan.code, to: line.code }.into());
            }
            self.scan.code = line.code;
            self.scan.lines += 1;
            self.scan.at += total;
            if self.scan.at > most {
                return passed(Limit::Reply, most as u64);
            }
            if self.scan.lines > self.limits.reply_lines {
                return passed(Limit::ReplyLines, u64::from(self.limits.reply_lines));
            }
            if line.last {
                self.scan.whole = Some((line.code, self.scan.at));
            }
        }
        Ok(self.scan.whole)
    }

    /// Whether a reply is to something that has not been sent yet. It is left until that has happened, since the caller may only be slow to say so. A server that
    /// wants no more content is heard at once.
    fn must_wait(&self, code: u16) -> bool {
        let Some(first) = self.waiting.front() else { return false };
        let gives_up = code >= 400 && (self.eof || matches!(first.step, Step::Bdat | Step::End));
        !self.sent(first) && code != 421 && !gives_up
    }

    /// Takes up a reply.
    fn take(&mut self, code: u16, bytes: &[u8]) -> Taken {
        self.clock.spoke();
        if matches!(self.stage, Stage::Quitting) {
            self.close();
            return Taken::Nothing;
        }
        // RFC 5321, 3.8: at any time. Whatever it was to answer has not been done.
        if code == 421 {
            let outcome = if self.outcome() == Outcome::Nothing { Outcome::Nothing } else { Outcome::NotDelivered };
            self.fail_with(Error::Closing { reply: owned(bytes) }, outcome);
            return Taken::Nothing;
        }
        let Some(first) = self.waiting.pop_front() else {
            self.unsolicited(code, bytes);
            return Taken::Nothing;
        };
        match first.step {
            Step::Connect => self.greeted(code, bytes),
            Step::Ehlo => self.extended(code, bytes),
            Step::Helo => self.plain(code, bytes),
            Step::StartTls => self.starttls_answered(code, bytes),
            Step::Auth => self.auth_answered(code, bytes),
            Step::Mail => self.mail_answered(code),
            Step::Rcpt => self.rcpt_answered(code),
            Step::Data => self.data_answered(code),
            Step::Bdat => self.chunk_answered(code),
            Step::End => {
                let sent = self.sent(&first);
                self.end_answered(code, sent, bytes)
            }
            Step::Xclient if code / 100 == 2 => self.proxied(),
            step @ (Step::Rset | Step::Vrfy | Step::Noop | Step::Xclient | Step::Xforward) => {
                self.answered(step, code, bytes)
            }
            Step::Content | Step::Quit => Taken::Nothing,
        }
    }

    /// The reply to a request that is one command, or to the session's own RSET.
    fn answered(&mut self, step: Step, code: u16, bytes: &[u8]) -> Taken {
        let own = matches!(self.stage, Stage::Clearing);
        match code / 100 {
            3 => self.fail(Error::Unexpected { step, code }),
            4 | 5 if own => self.refused(step, bytes),
            _ => {
                self.ready();
                if !own {
                    return Taken::Event(About::Answered(step));
                }
            }
        }
        Taken::Nothing
    }

    /// A reply with nothing asked.
    fn unsolicited(&mut self, code: u16, bytes: &[u8]) {
        if code >= 400 && matches!(self.stage, Stage::Content(Content::Data(_) | Content::Chunks(_))) {
            self.fail(Error::Refused { step: Step::Content, reply: owned(bytes) });
        } else {
            self.fail(Error::Unsolicited);
        }
    }

    /// The server has spoken before the request that the caller tells. `message`: the request is to send one.
    pub(super) fn spoken_to(&mut self, input: &Input, message: bool) {
        let error = match self.next_reply(input.unread()) {
            Ok(Some((421, length))) => {
                Error::Closing { reply: owned(input.unread().get(..length).unwrap_or_default()) }
            }
            Ok(_) => Error::Unsolicited,
            Err(error) => error,
        };
        self.fail_with(error, if message { Outcome::NotDelivered } else { Outcome::Nothing });
    }

    /// The connection has ended.
    fn lost(&mut self) {
        if matches!(self.stage, Stage::Quitting) { self.close() } else { self.fail(Error::ConnectionLost) }
    }
}
