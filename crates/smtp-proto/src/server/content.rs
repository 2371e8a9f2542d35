//! Content on its way in: DATA (RFC 5321, 4.1.1.4) and BDAT (RFC 3030).

use alloc::vec::Vec;

use super::{Aborted, ContentStart, Core, Event, Found, MessageEnd, Open, Role, Stage};
use crate::{
    command::Command,
    error::{Error, Limit},
    framing::{BareLf, ChunkCheck, DataDecoder, Piece},
    reply::Reply,
};
use wire::Input;

/// Content that comes by DATA.
#[derive(Clone, Debug)]
pub(super) struct Data {
    decoder: DataDecoder,
    size: u64,
    /// How many replies its end is owed.
    replies: u32,
    /// Why the content is being thrown away, if it is. The reply is given at its end, where the client looks for it.
    fault: Option<Error>,
}

/// One chunk on its way.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    left: u64,
    size: u64,
    last: bool,
    /// Why the chunk is thrown away, if it is.
    refusal: Option<Refusal>,
}

#[derive(Clone, Debug)]
enum Refusal {
    Fault(Error),
    /// The caller's reply, as it goes on the wire.
    Answer(Vec<u8>),
}

/// What the chunks of a message have brought so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Chunked {
    size: u64,
    check: ChunkCheck,
    pub(super) failed: bool,
}

impl Core {
    /// How much content has come in.
    pub(super) fn content_size(&self) -> u64 {
        match &self.stage {
            Stage::Data(data) => data.size,
            Stage::Chunk(_) => {
                self.transaction.as_ref().and_then(|t| t.chunked.as_ref()).map_or(0, |chunks| chunks.size)
            }
            _ => 0,
        }
    }

    /// The content may come in.
    pub(super) fn content_accepted(&mut self, start: ContentStart, reply: Option<&Reply<'_>>) {
        self.content_begins();
        let replies = self.replies_owed();
        match start {
            ContentStart::Data => {
                match reply {
                    Some(reply) => self.reply(reply),
                    // RFC 2034, 4: no enhanced code with 354.
                    None => self.reply(&Reply::new(354, None, "Send the message, end it with a dot alone on a line")),
                }
                let bare_lf = if self.config.role == Role::Relay { BareLf::Refuse } else { self.config.bare_lf };
                self.stage = Stage::Data(Data { decoder: DataDecoder::new(bare_lf), size: 0, replies, fault: None });
            }
            ContentStart::Chunk { size, last } => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.chunked = Some(Chunked::default());
                }
                self.stage = Stage::Chunk(Chunk { left: size, size, last, refusal: None });
            }
        }
    }

    /// The caller does not want the content.
    pub(super) fn content_refused(&mut self, start: ContentStart, reply: &Reply<'_>) {
        match start {
            ContentStart::Data => {
                self.reply(reply);
                self.abort(Aborted::Refused);
            }
            ContentStart::Chunk { size, last } => {
                let mut refusal = Vec::new();
                reply.write(&mut refusal);
                self.chunk_failed();
                self.content_begins();
                self.stage = Stage::Chunk(Chunk { left: size, size, last, refusal: Some(Refusal::Answer(refusal)) });
            }
        }
    }

    /// The caller's word on a complete message, or on one recipient's share of it.
    pub(super) fn message_answered(&mut self, end: MessageEnd, reply: Option<&Reply<'_>>) {
        match reply {
            Some(reply) => self.reply(reply),
            None => self.say(250, (2, 0, 0), "Message accepted"),
        }
        if let Some(index) = end.recipient {
            let recipients = self.transaction.as_ref().map_or(0, |t| t.recipients);
            if index + 1 < recipients {
                let next = MessageEnd { recipient: Some(index + 1), ..end };
                self.ask(Open::MessageEnd(next));
                self.told.push_back(Event::MessageEnd(next));
                return;
            }
        }
        self.message_done(end.size);
    }

    /// Opens the question at the end of the content.
    fn message_ends(&mut self, size: u64) -> Found {
        let end = MessageEnd { size, recipient: (self.config.role == Role::Lmtp).then_some(0) };
        self.stage = Stage::Commands;
        self.lines.restart();
        self.ask(Open::MessageEnd(end));
        Found::Event(Event::MessageEnd(end))
    }

    /// How many replies the end of the content is owed: LMTP has one for each accepted recipient (RFC 2033, 4.2).
    fn replies_owed(&self) -> u32 {
        match &self.transaction {
            Some(transaction) if self.config.role == Role::Lmtp => transaction.recipients.max(1),
            _ => 1,
        }
    }

    /// Gives all but one of the replies that a message which failed is owed; the last is given with the fault.
    fn reply_to_others(&mut self, reply: &Reply<'_>, replies: u32) {
        for _ in 1..replies {
            self.reply(reply);
        }
    }

    /// Takes the next piece of DATA from the input.
    pub(super) fn find_data(&mut self, input: &mut Input) -> Found {
        let limit = self.limits.message_size;
        let Stage::Data(data) = &mut self.stage else { return Found::Nothing };
        loop {
            let (piece, used) = data.decoder.next(input.unread());
            match piece {
                Piece::More => return Found::Nothing,
                Piece::End => {
                    input.consume(used);
                    let size = data.size;
                    return match data.fault.take() {
                        None => self.message_ends(size),
                        Some(error) => {
                            let replies = data.replies;
                            self.stage = Stage::Commands;
                            self.lines.restart();
                            self.reply_to_others(&error.reply(), replies);
                            // W-1: whoever sends look-alikes of an end has more in mind than this message.
                            Found::Event(if matches!(error, Error::BareLineEnd { .. }) {
                                self.send_away(error)
                            } else {
                                self.fault(error)
                            })
                        }
                    };
                }
                Piece::Bare(bare) if data.fault.is_none() => {
                    input.consume(used);
                    data.fault = Some(Error::BareLineEnd { bare, content: true });
                    return self.content_thrown_away();
                }
                Piece::Content(range) if data.fault.is_none() => {
                    data.size += range.len() as u64;
                    if data.size > limit {
                        data.fault = Some(Error::Limit { limit: Limit::MessageSize, value: limit });
                        return self.content_thrown_away();
                    }
                    self.lines.take(used);
                    return Found::Content(range);
                }
                Piece::LineEnd if data.fault.is_none() => {
                    data.size += 2;
                    self.lines.take(used);
                    return Found::LineEnd;
                }
                Piece::Bare(bare) => {
                    input.consume(used);
                    // A look-alike of an end weighs more than a message that is merely too big.
                    data.fault = Some(Error::BareLineEnd { bare, content: true });
                }
                Piece::Content(_) | Piece::LineEnd => input.consume(used),
            }
        }
    }

    /// The rest of the content will be read but not handed out.
    fn content_thrown_away(&mut self) -> Found {
        self.transaction = None;
        Found::Event(Event::Aborted(Aborted::Refused))
    }

    /// A BDAT that may come. `None`: the chunk goes on with a message that has begun, and nobody needs to be asked.
    pub(super) fn begin_chunk(&mut self, size: u64, last: bool) -> Option<ContentStart> {
        if self.transaction.as_ref().is_none_or(|t| t.chunked.is_none()) {
            return Some(ContentStart::Chunk { size, last });
        }
        self.stage = Stage::Chunk(Chunk { left: size, size, last, refusal: None });
        self.clock.heard();
        None
    }

    /// A BDAT that may not come: its octets are let pass before the reply (RFC 3030, 2), if there are not absurdly many.
    pub(super) fn refuse_chunk<'a>(&mut self, command: &Command<'a>, error: Error) -> Event<'a> {
        let Command::Bdat { size, last } = *command else { return self.fault(error) };
        self.chunk_failed();
        if size > self.limits.message_size {
            return self.send_away(error);
        }
        self.content_begins();
        self.stage = Stage::Chunk(Chunk { left: size, size, last, refusal: Some(Refusal::Fault(error)) });
        Event::Answered(Command::Bdat { size, last })
    }

    /// Takes the next piece of a chunk from the input.
    pub(super) fn find_chunk(&mut self, input: &mut Input) -> Found {
        let limit = self.limits.message_size;
        let Stage::Chunk(chunk) = &mut self.stage else { return Found::Nothing };
        if chunk.refusal.is_none() {
            let Some(transaction) = &mut self.transaction else { return Found::Nothing };
            let binary = transaction.binary;
            let chunks = transaction.chunked.get_or_insert_with(Chunked::default);
            // W-4: judged before it is read.
            if chunks.size.saturating_add(chunk.left) > limit {
                if chunk.left > limit {
                    self.abort(Aborted::Refused);
                    return Found::Event(self.send_away(Error::Limit { limit: Limit::MessageSize, value: limit }));
                }
                return self.chunk_fault(Error::Limit { limit: Limit::MessageSize, value: limit });
            }
            let unread = input.unread();
            let n = unread.len().min(usize::try_from(chunk.left).unwrap_or(usize::MAX));
            if n > 0 {
                let bytes = unread.get(..n).unwrap_or_default();
                if !binary && let Err(bare) = chunks.check.next(bytes) {
                    return self.chunk_fault(Error::BareLineEnd { bare, content: true });
                }
                chunk.left -= n as u64;
                chunks.size += n as u64;
                self.lines.take(n);
                return Found::Content(0..n);
            }
            if chunk.left > 0 {
                return Found::Nothing;
            }
            if chunk.last {
                let size = chunks.size;
                return match if binary { Ok(()) } else { chunks.check.end() } {
                    Ok(()) => self.message_ends(size),
                    Err(bare) => self.chunk_fault(Error::BareLineEnd { bare, content: true }),
                };
            }
            let size = chunk.size;
            self.stage = Stage::Commands;
            self.lines.restart();
            let mut text = alloc::string::String::with_capacity(32);
            let _ = core::fmt::Write::write_fmt(&mut text, format_args!("{size} octets received"));
            self.say(250, (2, 0, 0), &text);
            return self.find_line(input);
        }
        let n = input.len().min(usize::try_from(chunk.left).unwrap_or(usize::MAX));
        input.consume(n);
        chunk.left -= n as u64;
        if chunk.left > 0 {
            return Found::Nothing;
        }
        let refusal = chunk.refusal.take();
        let replies = if chunk.last { self.replies_owed() } else { 1 };
        self.stage = Stage::Commands;
        self.lines.restart();
        if let Some(Refusal::Fault(error)) = &refusal {
            self.reply_to_others(&error.reply(), replies);
        }
        match refusal {
            Some(Refusal::Fault(error @ Error::BareLineEnd { .. })) => Found::Event(self.send_away(error)),
            Some(Refusal::Fault(error)) => Found::Event(self.fault(error)),
            Some(Refusal::Answer(reply)) => {
                for _ in 0..replies {
                    self.output.tail().extend_from_slice(&reply);
                }
                self.clock.spoke();
                self.find_line(input)
            }
            None => Found::Nothing,
        }
    }

    /// Something is wrong with the chunk that is on its way: the message is over, the rest of the chunk is let pass.
    fn chunk_fault(&mut self, error: Error) -> Found {
        if let Stage::Chunk(chunk) = &mut self.stage {
            chunk.refusal = Some(Refusal::Fault(error));
        }
        // RFC 3030, 2: what follows fails as well, until RSET. The transaction stays, so that RSET has something to end.
        self.chunk_failed();
        Found::Event(Event::Aborted(Aborted::Refused))
    }
}
