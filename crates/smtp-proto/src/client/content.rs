//! Content on its way out: DATA (RFC 5321, 4.1.1.4) and BDAT (RFC 3030).

use alloc::vec::Vec;

use memchr::memchr2;

use super::{Core, Role, Stage, Step};
use crate::{command::Command, framing::DataEncoder};
use wire::Misuse;

/// How much encoded content may wait to be sent before no more is taken.
const OUTPUT_BOUND: usize = 65_536;

#[derive(Clone, Debug)]
pub(super) enum Content {
    Data(DataEncoder),
    Chunks(Chunks),
}

/// Content that goes by BDAT.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    /// What the next chunk holds so far.
    chunk: Vec<u8>,
    /// Text's line ends are made whole, as by DATA (row W-2); `None` for BINARYMIME.
    line_ends: Option<LineEnds>,
    /// A chunk has been said.
    begun: bool,
    ended: bool,
}

impl Chunks {
    pub(super) const fn new(binary: bool) -> Self {
        Self {
            chunk: Vec::new(),
            line_ends: if binary { None } else { Some(LineEnds { last: None }) },
            begun: false,
            ended: false,
        }
    }
}

impl Content {
    /// Whether the caller has told the end.
    pub(super) const fn ended(&self) -> bool {
        matches!(self, Self::Chunks(Chunks { ended: true, .. }))
    }

    /// How many bytes of memory it holds.
    pub(super) const fn capacity(&self) -> usize {
        match self {
            Self::Data(_) => 0,
            Self::Chunks(chunks) => chunks.chunk.capacity(),
        }
    }
}

impl Core {
    /// How much content may be fed now.
    pub(super) fn room(&self) -> usize {
        match &self.stage {
            Stage::Content(Content::Data(_)) => OUTPUT_BOUND.saturating_sub(self.output.len()),
            Stage::Content(Content::Chunks(chunks)) if !chunks.ended => {
                self.limits.chunk.max(1).saturating_sub(chunks.chunk.len())
            }
            _ => 0,
        }
    }

    /// Takes as much of the content as there is room for.
    pub(super) fn feed(&mut self, content: &[u8]) -> usize {
        self.caller_was_waited_for();
        let mut taken = 0;
        while let Some(rest) = content.get(taken..).filter(|rest| !rest.is_empty()) {
            let part = rest.get(..self.room()).unwrap_or(rest);
            if part.is_empty() {
                break;
            }
            taken += part.len();
            match &mut self.stage {
                Stage::Content(Content::Data(encoder)) => encoder.write(part, self.output.tail()),
                Stage::Content(Content::Chunks(Chunks { chunk, line_ends, .. })) => {
                    match line_ends {
                        Some(line_ends) => line_ends.write(part, chunk),
                        None => chunk.extend_from_slice(part),
                    }
                    self.say_chunks();
                }
                _ => {}
            }
        }
        taken
    }

    /// The content has been fed to its end.
    pub(super) fn body_end(&mut self) -> Result<(), Misuse> {
        self.caller_was_waited_for();
        match &mut self.stage {
            Stage::Content(Content::Data(encoder)) => {
                encoder.end(self.output.tail());
                self.stage = Stage::Ending;
                self.wait_for(Step::End);
                Ok(())
            }
            Stage::Content(Content::Chunks(chunks)) if !chunks.ended => {
                if let Some(line_ends) = &mut chunks.line_ends {
                    line_ends.end(&mut chunks.chunk);
                }
                chunks.ended = true;
                self.say_chunks();
                Ok(())
            }
            _ => Err(Misuse("tell: no content is on its way")),
        }
    }

    /// Says the chunk that is gathered, if it is full or the last and may be said yet.
    pub(super) fn say_chunks(&mut self) {
        // RFC 3030, 4.2: BDAT may be pipelined. Not for LMTP: whether a BDAT LAST behind a chunk that failed has one reply or many, no document says.
        let lmtp = self.config.role == Role::Lmtp;
        let group = self.config.pipelining && self.capabilities.pipelining && !lmtp;
        let window = if group { self.limits.pipeline.max(1) } else { 1 };
        let Stage::Content(Content::Chunks(chunks)) = &mut self.stage else { return };
        let due = chunks.ended || chunks.chunk.len() >= self.limits.chunk.max(1);
        if !due || self.waiting.len() >= window || self.output.len() >= OUTPUT_BOUND {
            return;
        }
        // For the same reason the last chunk is an empty one there: a server that wants none of the content has said so once before that.
        let last = chunks.ended && (!lmtp || (chunks.begun && chunks.chunk.is_empty()));
        chunks.begun = true;
        Command::Bdat { size: chunks.chunk.len() as u64, last }.write(self.output.tail());
        self.output.tail().extend_from_slice(&chunks.chunk);
        // The memory stays for the next.
        chunks.chunk.clear();
        if last {
            self.stage = Stage::Ending;
        }
        self.wait_for(if last { Step::End } else { Step::Bdat });
    }

    /// What comes now could not come before because of the caller alone, if nothing was to be sent or heard.
    fn caller_was_waited_for(&mut self) {
        if self.output.is_empty() && self.waiting.is_empty() && matches!(self.stage, Stage::Content(_)) {
            let waited = self.clock.now().saturating_sub(self.clock.last_spoken());
            self.message_since = self.message_since.saturating_add(waited);
            self.clock.spoke();
        }
    }
}

/// Makes line ends whole: half a line end becomes CRLF, and the last line gets one if it has none.
#[derive(Clone, Debug)]
struct LineEnds {
    /// The last byte written, or a carriage return that is not written yet.
    last: Option<u8>,
}

impl LineEnds {
    fn write(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        while let Some(&first) = text.first() {
            if self.last == Some(b'\r') {
                out.extend_from_slice(b"\r\n");
                self.last = Some(b'\n');
                if first == b'\n' {
                    text = text.get(1..).unwrap_or_default();
                    continue;
                }
            }
            let run = memchr2(b'\r', b'\n', text).unwrap_or(text.len());
            let (line, rest) = text.split_at_checked(run).unwrap_or((text, &[]));
            out.extend_from_slice(line);
            self.last = line.last().copied().or(self.last);
            match rest.first() {
                Some(b'\r') => self.last = Some(b'\r'),
                Some(_) => {
                    out.extend_from_slice(b"\r\n");
                    self.last = Some(b'\n');
                }
                None => {}
            }
            text = rest.get(1..).unwrap_or_default();
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        if self.last.is_some_and(|last| last != b'\n') {
            out.extend_from_slice(b"\r\n");
            self.last = Some(b'\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::framing::{BareLf, DataDecoder, Piece};

    fn whole(content: &[u8], cut: usize) -> Vec<u8> {
        let (mut line_ends, mut out) = (LineEnds { last: None }, Vec::new());
        line_ends.write(&content[..cut], &mut out);
        line_ends.write(&content[cut..], &mut out);
        line_ends.end(&mut out);
        out
    }

    proptest! {
        /// W-2: content is the same whether it goes by DATA or by BDAT, wherever it is cut.
        #[test]
        fn w2_chunks_hold_what_data_would(
            content in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), Just(b'a')], 0..40),
            cut in any::<proptest::sample::Index>(),
        ) {
            let (mut encoder, mut wire) = (DataEncoder::new(), Vec::new());
            encoder.write(&content, &mut wire);
            encoder.end(&mut wire);
            let (mut decoder, mut at, mut by_data) = (DataDecoder::new(BareLf::Refuse), 0, Vec::new());
            loop {
                let (piece, used) = decoder.next(&wire[at..]);
                match piece {
                    Piece::Content(range) => by_data.extend_from_slice(&wire[at..][range]),
                    Piece::End => break,
                    other => prop_assert!(false, "{other:?}"),
                }
                at += used;
            }
            prop_assert_eq!(whole(&content, cut.index(content.len() + 1)), by_data);
        }
    }
}
