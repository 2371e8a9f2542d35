//! The two ends of a session: bytes that came in and are not used yet, bytes that go out and are not sent yet.

use alloc::vec::Vec;

use zeroize::Zeroize;

/// How much an [`Input`] makes room for at first, in bytes.
const FIRST: usize = 4096;

/// The bounded buffer that a session's input comes in through.
///
/// It is made at the first byte, doubles when a read filled it, never passes its bound, and can be given back while it is
/// empty, so that an idle connection costs next to nothing. A full buffer is back-pressure: [`space`](Self::space) is empty.
///
/// Bytes are moved to the front only when at least as many have been used up as move, so the cost stays linear in the input
/// however it is cut. For that reason a frame of up to *half* the bound is certain to fit: choose the bound at twice
/// the longest line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    bound: usize,
}

impl Input {
    /// An empty buffer that will hold at most `bound` bytes. Allocates nothing.
    #[must_use]
    pub const fn new(bound: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, bound }
    }

    /// Where the next bytes from the peer may be written; report them by [`received`](Self::received).
    ///
    /// Empty when the buffer is full. Call it when the socket is readable, not before: this is where memory is taken.
    pub fn space(&mut self) -> &mut [u8] {
        self.move_up();
        if self.end == self.bytes.len() && self.end < self.bound {
            let size = self.grow(1);
            self.bytes.resize(size, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// Moves what is unread to the front where that is worth it.
    fn move_up(&mut self) {
        let unread = self.end - self.start;
        if unread == 0 {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.bytes.len() && self.start >= unread {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, unread);
        }
    }

    /// Takes memory for this many bytes behind the last, as far as the bound allows, and says for how many in all.
    fn grow(&mut self, wanted: usize) -> usize {
        let needed = self.end.saturating_add(wanted);
        let size = if needed > self.bytes.capacity() {
            (self.bytes.capacity() * 2).max(FIRST).max(needed).min(self.bound)
        } else {
            self.bytes.capacity().min(self.bound)
        };
        self.bytes.reserve_exact(size.saturating_sub(self.bytes.len()));
        size.max(self.bytes.len())
    }

    /// Says that `n` bytes have been written to [`space`](Self::space). More than there was room for counts as all of it.
    pub fn received(&mut self, n: usize) {
        self.end = self.end.saturating_add(n).min(self.bytes.len());
    }

    /// Copies in as many of `bytes` as there is room for, and says how many that were.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        self.move_up();
        // What has been written to before is written over, the rest is appended: nothing is filled with zeros first.
        let old = self.bytes.get_mut(self.end..).unwrap_or_default();
        let (over, more) = bytes.split_at_checked(old.len()).unwrap_or((bytes, &[]));
        if let Some(old) = old.get_mut(..over.len()) {
            old.copy_from_slice(over);
        }
        self.end += over.len();
        let mut taken = over.len();
        if !more.is_empty() && self.end < self.bound {
            let size = self.grow(more.len());
            let more = more.get(..size - self.end).unwrap_or(more);
            self.bytes.extend_from_slice(more);
            self.end += more.len();
            taken += more.len();
        }
        taken
    }

    /// What has come in and has not been consumed.
    #[must_use]
    #[inline]
    pub fn unread(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// How many bytes are unread.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether nothing is unread.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// Drops the first `n` unread bytes.
    #[inline]
    pub fn consume(&mut self, n: usize) {
        self.start = self.start.saturating_add(n).min(self.end);
    }

    /// Drops the first `n` unread bytes and overwrites them with zeros: for lines that carried a secret.
    pub fn consume_secret(&mut self, n: usize) {
        let end = self.start.saturating_add(n).min(self.end);
        self.bytes.get_mut(self.start..end).unwrap_or_default().zeroize();
        self.start = end;
    }

    /// Drops all unread bytes, overwrites them, and says how many there were. What came in before TLS ends here.
    pub fn discard(&mut self) -> usize {
        let n = self.len();
        self.consume_secret(n);
        n
    }

    /// Gives the memory back if nothing is unread. The next [`space`](Self::space) takes it again.
    pub fn release(&mut self) {
        if self.is_empty() {
            self.bytes = Vec::new();
            (self.start, self.end) = (0, 0);
        }
    }

    /// How many bytes of memory the buffer holds at the moment.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

/// The queue of bytes that wait to be sent. It keeps its capacity, so a session that has warmed up allocates nothing for a reply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    bytes: Vec<u8>,
    sent: usize,
}

impl Output {
    /// An empty queue. Allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), sent: 0 }
    }

    /// What is to be sent now, in order.
    #[must_use]
    #[inline]
    pub fn unsent(&self) -> &[u8] {
        self.bytes.get(self.sent..).unwrap_or_default()
    }

    /// Says that the first `n` bytes of [`unsent`](Self::unsent) have been sent.
    pub fn transmitted(&mut self, n: usize) {
        self.sent = self.sent.saturating_add(n).min(self.bytes.len());
        if self.sent == self.bytes.len() {
            self.bytes.clear();
            self.sent = 0;
        }
    }

    /// The end of the queue, for writers that append. Only append: what is there already has its place.
    #[inline]
    pub fn tail(&mut self) -> &mut Vec<u8> {
        // A peer that reads slowly must not make the queue grow at the front for ever.
        if self.sent > 0 && self.sent >= self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
        }
        &mut self.bytes
    }

    /// How many bytes wait.
    #[must_use]
    #[inline]
    pub const fn len(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Whether nothing waits.
    #[must_use]
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.bytes.len() == self.sent
    }

    /// Gives the memory back if nothing waits.
    pub fn release(&mut self) {
        if self.is_empty() {
            self.bytes = Vec::new();
            self.sent = 0;
        }
    }

    /// How many bytes of memory the queue holds at the moment.
    #[must_use]
    pub const fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_held_before_the_first_byte_and_after_release() {
        let mut input = Input::new(1 << 16);
        assert_eq!(input.capacity(), 0);
        assert_eq!(input.receive(b"abc"), 3);
        assert!(input.capacity() >= 3);
        input.release();
        assert_eq!(input.unread(), b"abc", "what is unread is never given back");
        input.consume(3);
        input.release();
        assert_eq!(input.capacity(), 0);
    }

    #[test]
    fn a_full_buffer_is_back_pressure() {
        let mut input = Input::new(10_000);
        assert_eq!(input.receive(&[b'a'; 20_000]), 10_000);
        assert!(input.space().is_empty());
        input.consume(1);
        assert!(input.space().is_empty(), "one byte used up is not worth moving 9,999");
        input.consume(4_999);
        assert_eq!(input.space().len(), 5_000);
    }

    #[test]
    fn a_secret_leaves_no_trace() {
        let mut input = Input::new(64);
        input.receive(b"PASS hunter2\r\nQUIT\r\n");
        input.consume_secret(14);
        assert_eq!(input.unread(), b"QUIT\r\n");
        assert!(!input.bytes.windows(7).any(|w| w == b"hunter2"));
    }

    #[test]
    fn output_goes_in_order_and_keeps_its_capacity() {
        let mut output = Output::new();
        output.tail().extend_from_slice(b"250 2.0.0 OK\r\n");
        output.transmitted(4);
        output.tail().extend_from_slice(b"221 2.0.0 Bye\r\n");
        assert_eq!(output.unsent(), b"2.0.0 OK\r\n221 2.0.0 Bye\r\n");
        let capacity = output.capacity();
        output.transmitted(usize::MAX);
        assert!(output.is_empty());
        assert_eq!(output.capacity(), capacity);
    }

    proptest! {
        /// Whatever is received comes out in order, within the bound, and the moves stay linear.
        #[test]
        fn input_is_a_queue(steps in proptest::collection::vec((0usize..5_000, 0usize..5_000), 1..60)) {
            let mut input = Input::new(8_192);
            let (mut next_in, mut next_out) = (0u32, 0u32);
            for (put, take) in steps {
                let bytes: Vec<u8> = (0..put).map(|i| ((next_in as usize + i) % 251) as u8).collect();
                let n = input.receive(&bytes);
                next_in += n as u32;
                prop_assert!(input.len() <= 8_192 && input.capacity() <= 8_192);
                let take = take.min(input.len());
                for &b in &input.unread()[..take] {
                    prop_assert_eq!(b, (next_out % 251) as u8);
                    next_out += 1;
                }
                input.consume(take);
            }
            prop_assert_eq!((next_in - next_out) as usize, input.len());
        }

        /// A frame of up to half the bound always fits, wherever it starts.
        #[test]
        fn half_the_bound_always_fits(used in 0usize..8_192, frame in 1usize..=4_096) {
            let mut input = Input::new(8_192);
            input.receive(&std::vec![b'x'; used]);
            input.consume(used.saturating_sub(1));
            let mut left = frame;
            let before = input.len();
            while left > 0 {
                let n = input.receive(&std::vec![b'y'; left]);
                prop_assert!(n > 0, "stuck with {} of {} to go", left, frame);
                left -= n;
                if input.len() == before + frame { break; }
                if before > 0 && input.unread()[0] == b'x' { input.consume(1); }
            }
        }
    }
}
