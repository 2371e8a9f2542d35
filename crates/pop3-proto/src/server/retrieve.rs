//! A message on its way out: RETR and TOP.

use super::{Closing, Core, OUTPUT_BOUND, Stage};
use wire::{Misuse, stuffing::DataEncoder};

/// How much of a message is taken at once.
const PIECE: usize = 8_192;

/// A message that goes out.
#[derive(Clone, Debug)]
pub(super) struct Retrieval {
    encoder: DataEncoder,
    /// TOP: what is still wanted.
    top: Option<Top>,
}

/// Where TOP is in a message.
#[derive(Clone, Copy, Debug)]
enum Top {
    /// In the header. `empty`: nothing has come of this line yet.
    Header { lines: u64, empty: bool },
    /// In the body, with so many lines to go.
    Body(u64),
}

impl Retrieval {
    pub(super) const fn new(lines: Option<u64>) -> Self {
        let top = match lines {
            Some(lines) => Some(Top::Header { lines, empty: true }),
            None => None,
        };
        Self { encoder: DataEncoder::new(), top }
    }

    pub(super) const fn wants_more(&self) -> bool {
        !matches!(self.top, Some(Top::Body(0)))
    }

    /// How much of a piece is wanted: all for RETR; for TOP, up to its last line.
    fn wanted(&mut self, piece: &[u8]) -> usize {
        let Some(top) = &mut self.top else { return piece.len() };
        let mut at = 0;
        for line in piece.split_inclusive(|byte| *byte == b'\n') {
            if matches!(top, Top::Body(0)) {
                break;
            }
            at += line.len();
            let ended = line.last() == Some(&b'\n');
            *top = match *top {
                Top::Header { lines, empty } => {
                    let blank = empty && matches!(line, b"\r\n" | b"\n" | b"\r");
                    if blank && ended { Top::Body(lines) } else { Top::Header { lines, empty: ended || blank } }
                }
                Top::Body(left) if ended => Top::Body(left.saturating_sub(1)),
                body @ Top::Body(_) => body,
            };
        }
        at
    }
}

impl Core {
    /// Takes the next piece of a message.
    pub(super) fn feed(&mut self, body: &[u8]) -> usize {
        if self.clock.is_held() || self.output.len() > OUTPUT_BOUND {
            return 0;
        }
        let Stage::Retrieving(retrieval) = &mut self.stage else { return 0 };
        let piece = body.get(..PIECE).unwrap_or(body);
        let wanted = retrieval.wanted(piece);
        retrieval.encoder.write(piece.get(..wanted).unwrap_or_default(), self.output.tail());
        if !retrieval.wants_more() {
            return body.len();
        }
        piece.len()
    }

    /// The message is complete.
    pub(super) fn feed_end(&mut self) -> Result<(), Misuse> {
        let Stage::Retrieving(retrieval) = &mut self.stage else {
            return Err(Misuse("feed_end: no message is on its way"));
        };
        retrieval.encoder.end(self.output.tail());
        self.stage = Stage::Commands;
        self.clock.spoke();
        self.shut_down_if_due();
        Ok(())
    }

    /// The rest of it cannot be had.
    pub(super) fn feed_failed(&mut self) -> Result<(), Misuse> {
        if !matches!(self.stage, Stage::Retrieving(_)) {
            return Err(Misuse("feed_failed: no message is on its way"));
        }
        self.close(Closing::BodyFailed);
        Ok(())
    }
}
