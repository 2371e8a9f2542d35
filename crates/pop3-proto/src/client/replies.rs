//! What comes from the server: status lines, lists, messages.

use core::ops::Range;

use super::{Awaited, Core, Error, Event, Stage, Step, Stls};
use crate::{apop::Timestamp, command::Command, language::is_tag, response::Response};
use wire::{
    Input, Line,
    stuffing::{Bare, BareLf, DataDecoder, Piece},
};

/// What is at the front of the input, once the state has changed.
pub(super) enum Found {
    /// An event that has been queued.
    Told,
    /// A line of this length, to make an event of.
    Line(usize, Telling),
    /// A piece of a message.
    Body(Range<usize>),
    /// A line end or carriage return of a message that stood for itself.
    Octets(&'static [u8]),
    /// Something that nobody is told: look again.
    Again,
    Nothing,
}

/// What a line is told as.
#[derive(Clone, Copy)]
pub(super) enum Telling {
    Answered(Step),
    Stat,
    Size,
    Unique,
    Chosen,
    Language,
    Challenge,
}

impl Core {
    /// Looks at the front of the input.
    pub(super) fn find(&mut self, input: &Input) -> Found {
        let found = match &self.stage {
            Stage::Securing | Stage::Closing => return Found::Nothing,
            Stage::Message { .. } => self.message(input.unread()),
            Stage::Opening | Stage::Ready | Stage::List { .. } => self.line(input.unread()),
        };
        if matches!(found, Found::Nothing) && self.eof {
            self.fail(Error::ConnectionLost);
            return Found::Told;
        }
        found
    }

    /// Makes the event of a line that has been judged.
    pub(super) fn event<'a>(&'a self, line: &'a [u8], telling: Telling) -> Option<Event<'a>> {
        let (number, rest) = match telling {
            Telling::Answered(step) => return Some(Event::Answered { step, response: Response::parse(line)? }),
            Telling::Challenge => return Some(Event::Challenge(self.challenge.expose())),
            Telling::Stat => pair(line.get(3..)?)?,
            Telling::Size | Telling::Unique => pair(line)?,
            Telling::Chosen | Telling::Language => return language(line, telling),
        };
        Some(match telling {
            Telling::Stat => Event::Stat { count: number, octets: rest.parse().ok()? },
            Telling::Size => Event::Size { number, size: rest.parse().ok()? },
            _ => Event::Unique { number, uid: rest },
        })
    }

    fn line(&mut self, unread: &[u8]) -> Found {
        let auth = self.awaited.front().is_some_and(|awaited| awaited.step == Step::Auth);
        let limit = if auth { self.limits.auth_line } else { self.limits.line };
        match self.lines.next(unread, limit) {
            Line::Partial => Found::Nothing,
            Line::TooLong => {
                self.fail(Error::TooLong { value: limit as u64 });
                Found::Told
            }
            // Servers of long ago end lines in a line feed alone; in a status line nothing depends on it.
            Line::Whole { text, total } | Line::BareLf { text, total } => {
                self.lines.take(total);
                let line = unread.get(..text).unwrap_or_default();
                match self.stage {
                    Stage::List { step, lines } => self.list_line(line, step, lines),
                    _ => self.status_line(line),
                }
                .map_or(Found::Again, |telling| telling.map_or(Found::Told, |telling| Found::Line(text, telling)))
            }
        }
    }

    /// A line of a list. `None`: nobody is told; `Some(None)`: an event has been queued.
    fn list_line(&mut self, line: &[u8], step: Step, lines: u32) -> Option<Option<Telling>> {
        if line == b"." {
            self.stage = Stage::Ready;
            if step == Step::Capa {
                self.opened();
                return None;
            }
            self.told.push_back(Event::End);
            self.send_queued();
            return Some(None);
        }
        if lines >= self.limits.list_lines {
            self.fail(Error::TooLong { value: self.limits.list_lines.into() });
            return Some(None);
        }
        self.stage = Stage::List { step, lines: lines + 1 };
        let telling = match step {
            Step::Capa => {
                self.capabilities.read(&alloc::string::String::from_utf8_lossy(line));
                return None;
            }
            Step::List => Telling::Size,
            Step::Lang => Telling::Language,
            _ => Telling::Unique,
        };
        self.checked(line, telling, step)
    }

    /// Tells a line if it can be read.
    fn checked(&mut self, line: &[u8], telling: Telling, step: Step) -> Option<Option<Telling>> {
        if self.event(line, telling).is_some() {
            return Some(Some(telling));
        }
        self.fail(Error::Response(step));
        Some(None)
    }

    /// A status line, or a challenge.
    fn status_line(&mut self, line: &[u8]) -> Option<Option<Telling>> {
        let Some(Awaited { step, lines }) = self.awaited.front().copied() else {
            self.fail(Error::Unsolicited);
            return Some(None);
        };
        if step == Step::Auth
            && let Some(challenge) = line.strip_prefix(b"+").filter(|rest| !rest.starts_with(b"OK"))
        {
            return self.challenged(challenge.strip_prefix(b" ").unwrap_or(challenge));
        }
        let Some(response) = Response::parse(line) else {
            self.fail(Error::Response(step));
            return Some(None);
        };
        let ok = response.is_ok();
        self.awaited.pop_front();
        match (step, ok) {
            (Step::Connect, true) => {
                self.timestamp = self.config.apop.then(|| Timestamp::find(response.text())).flatten();
                self.send(Step::Capa, &Command::Capa);
                return None;
            }
            (Step::Capa, true) => {
                self.stage = Stage::List { step, lines: 0 };
                return None;
            }
            // RFC 2449, 5: a server that does not know CAPA offers what RFC 1939 has.
            (Step::Capa, false) => {
                self.opened();
                return if self.told.is_empty() { None } else { Some(None) };
            }
            (Step::Stls, true) => {
                self.stage = Stage::Securing;
                return None;
            }
            (Step::Stls, false) if self.config.stls == Stls::IfOffered => {
                self.ready();
                return Some(None);
            }
            (Step::Connect | Step::Stls, false) => {
                self.fail(Error::Refused { step, response: response.into_owned() });
                return Some(None);
            }
            (Step::User, false)
                // Without a name the password is nobody's business.
                if self.queue.front().is_some_and(|(step, _)| *step == Step::Pass) => {
                    self.queue.pop_front();
                }
            (Step::Pass | Step::Apop | Step::Auth, true) => self.logged_in = true,
            (Step::List | Step::Uidl | Step::Lang, true) if lines => self.stage = Stage::List { step, lines: 0 },
            (Step::Retr | Step::Top, true) => self.stage = Stage::Message { decoder: DataDecoder::new(BareLf::Normalize), size: 0 },
            (Step::Stat, true) => {
                self.send_queued();
                return self.checked(line, Telling::Stat, step);
            }
            (Step::Lang, true) => {
                self.send_queued();
                return self.checked(line, Telling::Chosen, step);
            }
            (Step::Quit, _) => {
                self.close();
                return Some(Some(Telling::Answered(step)));
            }
            _ => {}
        }
        self.initial = self.initial.take().filter(|_| step != Step::Auth);
        self.send_queued();
        Some(Some(Telling::Answered(step)))
    }

    /// A challenge of an AUTH exchange.
    fn challenged(&mut self, challenge: &[u8]) -> Option<Option<Telling>> {
        if self.challenge.decode_base64(challenge).is_err() {
            // What cannot be read cannot be answered; the server's status line says how it ends.
            self.output.tail().extend_from_slice(b"*\r\n");
            return None;
        }
        if let Some(initial) = self.initial.take() {
            self.respond(initial.expose());
            return None;
        }
        self.asked = true;
        Some(Some(Telling::Challenge))
    }

    /// The list of capabilities is complete, or there is none.
    fn opened(&mut self) {
        if self.tls.is_none() && self.config.stls != Stls::Never {
            if self.capabilities.stls {
                self.stage = Stage::Opening;
                self.send(Step::Stls, &Command::Stls);
                return;
            }
            if self.config.stls == Stls::Required {
                self.fail(Error::TlsNotOffered);
                return;
            }
        }
        self.ready();
    }

    fn ready(&mut self) {
        self.stage = Stage::Ready;
        self.told.push_back(Event::Ready);
    }

    /// The next piece of a message.
    fn message(&mut self, unread: &[u8]) -> Found {
        let Stage::Message { decoder, size } = &mut self.stage else { return Found::Nothing };
        let (piece, used) = decoder.next(unread);
        self.lines.take(used);
        let found = match piece {
            Piece::More => return Found::Nothing,
            Piece::End => {
                self.stage = Stage::Ready;
                self.told.push_back(Event::End);
                self.send_queued();
                return Found::Told;
            }
            Piece::Content(range) => {
                *size += range.len() as u64;
                Found::Body(range)
            }
            // A mailbox may hold what no server should have taken in; it is handed out, not judged.
            Piece::Bare(Bare::Cr) => Found::Octets(b"\r"),
            Piece::LineEnd | Piece::Bare(Bare::Lf) => Found::Octets(b"\r\n"),
        };
        if *size > self.limits.message_size {
            self.fail(Error::TooLong { value: self.limits.message_size });
            return Found::Told;
        }
        found
    }
}

/// What the server says of a language: its tag, and text in UTF-8 (RFC 6856, 3.2).
fn language(line: &[u8], telling: Telling) -> Option<Event<'_>> {
    let line = if matches!(telling, Telling::Chosen) { line.strip_prefix(b"+OK ")? } else { line };
    let line = core::str::from_utf8(line).ok()?;
    if line.bytes().any(|byte| byte.is_ascii_control()) {
        return None;
    }
    let (tag, text) = line.split_once(' ').unwrap_or((line, ""));
    let event = match telling {
        Telling::Chosen => Event::LanguageChosen { tag, text },
        _ => Event::Language { tag, description: text },
    };
    is_tag(tag).then_some(event)
}

/// A number and what is behind it: `1 120`.
fn pair(line: &[u8]) -> Option<(u32, &str)> {
    let text = core::str::from_utf8(line).ok()?.trim_start_matches(' ');
    let (number, rest) = text.split_once(' ')?;
    let rest = rest.trim_matches(' ').split(' ').next()?;
    let good = (1..=70).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_graphic());
    Some((number.parse().ok()?, rest)).filter(|_| good)
}
