//! Where a line ends. What it says is for others to find out.

use memchr::memchr;

use crate::buffer::Input;

/// Finds the end of the next line in a buffer that grows.
///
/// It also keeps what a session has taken from the front of its input to make an event of, until that may be dropped.
///
/// It remembers how far it has looked, so that bytes fed one at a time cost no more than all at once. Only CRLF ends a line
/// (RFC 5321, 2.3.8; RFC 9051, 2.2; RFC 1939, 3); a line feed without its carriage return is reported as what it is, because a server that takes it
/// for a line end and one that does not can be played against each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    looked: usize,
    taken: usize,
    secret: bool,
}

/// What [`Lines::next`] found at the start of the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// A line of `text` bytes; with its CRLF it takes `total`.
    Whole {
        /// Length without the line end.
        text: usize,
        /// Length with the line end.
        total: usize,
    },
    /// The same, but what ends it is a line feed alone.
    BareLf {
        /// Length without the line feed.
        text: usize,
        /// Length with the line feed.
        total: usize,
    },
    /// No line end is there yet.
    Partial,
    /// The line, with its end, is longer than the limit. Whether its end is there yet does not matter: use [`Lines::skip`].
    TooLong,
}

impl Lines {
    /// A finder at the start of a line.
    #[must_use]
    pub const fn new() -> Self {
        Self { looked: 0, taken: 0, secret: false }
    }

    /// Looks for the end of the line that starts at `bytes[0]`. `limit` is the longest line in bytes, line end included.
    ///
    /// Call it again with the same start and more bytes after [`Line::Partial`], and [`restart`](Self::restart) it once bytes have been consumed.
    #[inline]
    pub fn next(&mut self, bytes: &[u8], limit: usize) -> Line {
        match memchr(b'\n', bytes.get(self.looked..).unwrap_or_default()) {
            Some(n) => {
                let at = self.looked + n;
                self.looked = at;
                if at >= limit {
                    return Line::TooLong;
                }
                match at.checked_sub(1).and_then(|before| bytes.get(before)) {
                    Some(b'\r') => Line::Whole { text: at - 1, total: at + 1 },
                    _ => Line::BareLf { text: at, total: at + 1 },
                }
            }
            None => {
                self.looked = bytes.len();
                // Even if the next byte ended it, the line would be too long.
                if bytes.len() >= limit { Line::TooLong } else { Line::Partial }
            }
        }
    }

    /// Says that bytes have been consumed and a new line starts at the front of the buffer.
    #[inline]
    pub const fn restart(&mut self) {
        self.looked = 0;
    }

    /// Says that an event is made of the first `n` unread bytes. They stay where they are, for the event borrows them, until they are
    /// [dropped](Self::drop_taken).
    #[inline]
    pub const fn take(&mut self, n: usize) {
        self.taken = n;
    }

    /// Says that what has been taken carries a secret, and is to be overwritten when it is dropped.
    #[inline]
    pub const fn taken_is_secret(&mut self) {
        self.secret = true;
    }

    /// How many bytes are taken; 0 if none are.
    #[must_use]
    #[inline]
    pub const fn taken(&self) -> usize {
        self.taken
    }

    /// Drops what has been taken, if anything, and starts a new line behind it. Tells whether it carried a secret.
    #[inline]
    pub fn drop_taken(&mut self, input: &mut Input) -> bool {
        if self.taken == 0 {
            return false;
        }
        let secret = core::mem::take(&mut self.secret);
        if secret {
            input.consume_secret(self.taken);
        } else {
            input.consume(self.taken);
        }
        self.taken = 0;
        self.restart();
        secret
    }

    /// Throws away as much of an over-long line as has come in, for it may carry a secret, and tells whether it has ended.
    pub fn skip_line(&mut self, input: &mut Input) -> bool {
        let (n, ended) = Self::skip(input.unread());
        input.consume_secret(n);
        self.restart();
        ended
    }

    /// How much of `bytes` belongs to a line that is being thrown away, and whether its CRLF is among them.
    ///
    /// A carriage return at the very end is left for the next call, which sees what follows it.
    #[must_use]
    pub fn skip(bytes: &[u8]) -> (usize, bool) {
        let mut from = 0;
        while let Some(n) = memchr(b'\n', bytes.get(from..).unwrap_or_default()) {
            let at = from + n;
            if at.checked_sub(1).and_then(|before| bytes.get(before)) == Some(&b'\r') {
                return (at + 1, true);
            }
            from = at + 1;
        }
        (bytes.len() - usize::from(bytes.last() == Some(&b'\r')), false)
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_crlf_ends_a_line() {
        let find = |bytes: &[u8]| Lines::new().next(bytes, 512);
        assert_eq!(find(b""), Line::Partial);
        assert_eq!(find(b"\r"), Line::Partial);
        assert_eq!(find(b"\r\n"), Line::Whole { text: 0, total: 2 });
        assert_eq!(find(b"NOOP\r\nQUIT\r\n"), Line::Whole { text: 4, total: 6 });
        assert_eq!(find(b"NOOP\nQUIT\r\n"), Line::BareLf { text: 4, total: 5 });
        assert_eq!(find(b"\n"), Line::BareLf { text: 0, total: 1 });
        assert_eq!(find(b"NO\rOP\r\n"), Line::Whole { text: 5, total: 7 });
    }

    /// W-7: a line without end is told as soon as it has passed the limit, and the limit is exact.
    #[test]
    fn w7_endless_line_is_too_long_at_the_limit() {
        let mut bytes = Vec::from([b'a'; 510]);
        assert_eq!(Lines::new().next(&bytes, 512), Line::Partial);
        bytes.extend_from_slice(b"\r\n");
        assert_eq!(Lines::new().next(&bytes, 512), Line::Whole { text: 510, total: 512 });
        assert_eq!(Lines::new().next(&bytes, 511), Line::TooLong);
        bytes.insert(0, b'a');
        assert_eq!(Lines::new().next(&bytes, 512), Line::TooLong);
        assert_eq!(Lines::new().next(&[b'a'; 512], 512), Line::TooLong);
    }

    #[test]
    fn a_line_thrown_away_ends_at_its_crlf_only() {
        assert_eq!(Lines::skip(b"aaa"), (3, false));
        assert_eq!(Lines::skip(b"aaa\n"), (4, false));
        assert_eq!(Lines::skip(b"aaa\r"), (3, false));
        assert_eq!(Lines::skip(b"\r\nQUIT"), (2, true));
        assert_eq!(Lines::skip(b"a\nb\r\nQUIT"), (5, true));
    }

    #[test]
    fn what_is_taken_stays_until_it_is_dropped() {
        let mut input = Input::new(256);
        let mut lines = Lines::new();
        input.receive(b"PASS hunter2\r\nQUIT\r\n");
        let Line::Whole { total, .. } = lines.next(input.unread(), 64) else { panic!("a line") };
        lines.take(total);
        lines.taken_is_secret();
        assert_eq!((lines.taken(), input.len()), (14, 20));
        assert!(lines.drop_taken(&mut input), "it was a secret");
        assert_eq!(input.unread(), b"QUIT\r\n");
        assert!(!lines.drop_taken(&mut input), "once");
        assert_eq!(lines.next(input.unread(), 64), Line::Whole { text: 4, total: 6 });
        lines.take(6);
        assert!(!lines.drop_taken(&mut input) && input.is_empty());
        input.receive(b"far too lo");
        assert!(!lines.skip_line(&mut input));
        input.receive(b"ng\r\nNOOP\r\n");
        assert!(lines.skip_line(&mut input));
        assert_eq!(lines.next(input.unread(), 64), Line::Whole { text: 4, total: 6 });
    }

    proptest! {
        #[test]
        fn cuts_change_nothing(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..40), limit in 1usize..30) {
            let whole = Lines::new().next(&bytes, limit);
            let mut lines = Lines::new();
            let mut found = Line::Partial;
            for end in 0..=bytes.len() {
                found = lines.next(&bytes[..end], limit);
                if found != Line::Partial { break; }
            }
            prop_assert_eq!(found, whole);
        }

        #[test]
        fn skipping_in_pieces_skips_the_same(bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..40)) {
            let (n, done) = Lines::skip(&bytes);
            let (mut from, mut piece_done) = (0, false);
            for end in 0..=bytes.len() {
                let (n, d) = Lines::skip(&bytes[from..end]);
                from += n;
                if d { piece_done = true; break; }
            }
            prop_assert_eq!((from, piece_done), (n, done));
        }
    }
}
