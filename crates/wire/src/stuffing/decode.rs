//! DATA in: content as slices of the wire.

use core::ops::Range;

use super::BareLf;

/// Takes the dots out of a DATA stream and finds its end.
///
/// It looks at each byte once, many at a time, and copies none: content comes out as ranges of what went in. It holds no bytes
/// itself; what it cannot judge yet (a carriage return or a dot at the very end) stays with the caller until more has come.
///
/// ```
/// use wire::stuffing::{BareLf, DataDecoder, Piece};
///
/// let wire = b"Subject: hi\r\n\r\n..dot\r\n.\r\nQUIT\r\n";
/// let (mut decoder, mut at, mut content) = (DataDecoder::new(BareLf::Refuse), 0, Vec::new());
/// loop {
///     let (piece, used) = decoder.next(&wire[at..]);
///     match piece {
///         Piece::Content(range) => content.extend_from_slice(&wire[at..][range]),
///         Piece::End => { at += used; break }
///         other => panic!("{other:?}"),
///     }
///     at += used;
/// }
/// assert_eq!(content, b"Subject: hi\r\n\r\n.dot\r\n");
/// assert_eq!(&wire[at..], b"QUIT\r\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataDecoder {
    /// The next byte is the first of a line.
    line_start: bool,
    bare_lf: BareLf,
}

/// What [`DataDecoder::next`] found at the start of its input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes of the input are content, never empty.
    Content(Range<usize>),
    /// A line end that was a lone line feed on the wire: CRLF is content here. Only under [`BareLf::Normalize`].
    LineEnd,
    /// The message has ended: CRLF.CRLF.
    End,
    /// A carriage return or line feed stands alone. The decoder goes on behind it, so that the real end can be found.
    Bare(Bare),
    /// More input is needed.
    More,
}

/// Which half of a line end stood alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Bare {
    /// A carriage return with no line feed after it.
    Cr,
    /// A line feed with no carriage return before it.
    Lf,
}

impl DataDecoder {
    /// A decoder at the start of a message: what comes first is the first byte of a line.
    #[must_use]
    pub const fn new(bare_lf: BareLf) -> Self {
        Self { line_start: true, bare_lf }
    }

    /// Looks at `bytes`, which start where the last call stopped using them, and says what comes first and how many bytes that used.
    ///
    /// After [`Piece::More`] call again with at least one byte more.
    pub fn next(&mut self, bytes: &[u8]) -> (Piece, usize) {
        let mut from = 0;
        if self.line_start && bytes.first() == Some(&b'.') {
            match bytes.get(1..3).unwrap_or_else(|| bytes.get(1..).unwrap_or_default()) {
                b"\r\n" => return (Piece::End, 3),
                // Whether this dot ends the message is for the next bytes to say.
                b"" | b"\r" => return (Piece::More, 0),
                // RFC 5321, 4.5.2: one leading dot goes, whatever follows.
                _ => from = 1,
            }
        }
        let (len, stop) = run(bytes.get(from..).unwrap_or_default());
        let content = from..from + len;
        match stop {
            // Content first; what stopped it is found again at the start of the next call.
            _ if len > 0 => {
                self.line_start = matches!(bytes.get(content.end - 1), Some(b'\n'));
                let used = content.end;
                (Piece::Content(content), used)
            }
            Stop::BareLf if self.bare_lf == BareLf::Normalize => {
                self.line_start = false;
                (Piece::LineEnd, from + 1)
            }
            Stop::BareLf => {
                self.line_start = false;
                (Piece::Bare(Bare::Lf), from + 1)
            }
            Stop::BareCr => {
                self.line_start = false;
                (Piece::Bare(Bare::Cr), from + 1)
            }
            Stop::Nothing => (Piece::More, 0),
        }
    }
}

/// How much is judged at once, and how much once something is known to be in it.
const BLOCK: usize = 512;
const SMALL: usize = 32;

/// How many bytes from the start of `bytes` are plain content, and what stopped it: a stuffed dot or the end of input, or a fault. What came before
/// `bytes` does not end in a carriage return.
#[inline(always)]
fn scan(bytes: &[u8]) -> (usize, Stop) {
    if bytes.first() == Some(&b'\n') {
        return (0, Stop::BareLf);
    }
    let all = bytes.get(1..).unwrap_or_default();
    let plain = plain_blocks(bytes, all, BLOCK);
    let rest = |n| (bytes.get(n..).unwrap_or_default(), all.get(n..).unwrap_or_default());
    let (before, behind) = rest(plain);
    let plain = plain + plain_blocks(before, behind, SMALL);
    let (before, behind) = rest(plain);
    for (at, (before, byte)) in before.iter().zip(behind).enumerate() {
        let at = plain + at;
        match (before, byte) {
            (b'\r', b'\n') => {}
            (b'\r', _) => return (at, Stop::BareCr),
            (_, b'\n') => return (at + 1, Stop::BareLf),
            (b'\n', b'.') => return (at + 1, Stop::Nothing),
            _ => {}
        }
    }
    // A carriage return at the very end may yet be half of a line end.
    (bytes.len() - usize::from(bytes.last() == Some(&b'\r')), Stop::Nothing)
}

/// How many bytes of `behind` are in whole blocks, from the start on, with nothing to look at; `before` is the same text one byte earlier.
#[inline(always)]
fn plain_blocks(before: &[u8], behind: &[u8], block: usize) -> usize {
    let mut at = 0;
    while let (Some(before), Some(behind)) = (before.get(at..at + block), behind.get(at..at + block)) {
        if !is_plain(before, behind) {
            break;
        }
        at += block;
    }
    at
}

/// Whether each line feed has its carriage return and each carriage return its line feed, and no line begins with a dot. It asks that of each byte and the one
/// before it without a branch, so that the compiler can do it for many at once.
#[inline(always)]
fn is_plain(before: &[u8], block: &[u8]) -> bool {
    let mut odd = 0;
    for (before, byte) in before.iter().zip(block) {
        odd |= u8::from(*byte == b'\n') ^ u8::from(*before == b'\r');
        odd |= u8::from(*before == b'\n') & u8::from(*byte == b'.');
    }
    odd == 0
}

/// [`scan`] with the widest vector instructions that the processor has.
#[cfg(feature = "std")]
fn run(bytes: &[u8]) -> (usize, Stop) {
    struct Scan<'a>(&'a [u8]);
    impl pulp::NullaryFnOnce for Scan<'_> {
        type Output = (usize, Stop);
        #[inline(always)]
        fn call(self) -> Self::Output {
            scan(self.0)
        }
    }
    pulp::Arch::new().dispatch(Scan(bytes))
}

/// [`scan`] with the vector instructions that all processors of the target have.
#[cfg(not(feature = "std"))]
fn run(bytes: &[u8]) -> (usize, Stop) {
    scan(bytes)
}

enum Stop {
    Nothing,
    BareCr,
    BareLf,
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    /// All pieces joined: content, faults in order, and where the message ended.
    #[derive(Debug, Default, PartialEq, Eq)]
    struct Decoded {
        content: Vec<u8>,
        bare: Vec<Bare>,
        end: Option<usize>,
    }

    /// Feeds `wire` in pieces that end at each of `cuts`.
    fn decode(wire: &[u8], cuts: &[usize], bare_lf: BareLf) -> Decoded {
        let mut decoder = DataDecoder::new(bare_lf);
        let mut out = Decoded::default();
        let mut at = 0;
        for &cut in cuts.iter().chain([&wire.len()]) {
            loop {
                let (piece, used) = decoder.next(&wire[at..cut]);
                match piece {
                    Piece::Content(range) => {
                        assert!(!range.is_empty() && range.end <= used);
                        out.content.extend_from_slice(&wire[at..cut][range]);
                    }
                    Piece::LineEnd => out.content.extend_from_slice(b"\r\n"),
                    Piece::Bare(bare) => out.bare.push(bare),
                    Piece::End => {
                        out.end = Some(at + used);
                        return out;
                    }
                    Piece::More => {
                        at += used;
                        break;
                    }
                }
                at += used;
            }
        }
        out
    }

    /// The rule of RFC 5321, 4.5.2, written as plainly as possible, a byte at a time.
    fn plainly(wire: &[u8]) -> (Vec<u8>, Option<usize>) {
        let (mut content, mut at) = (Vec::new(), 0);
        let mut line_start = true;
        while at < wire.len() {
            if line_start && wire[at] == b'.' {
                if wire[at..].starts_with(b".\r\n") {
                    return (content, Some(at + 3));
                }
                at += 1;
                line_start = false;
                continue;
            }
            content.push(wire[at]);
            line_start = content.ends_with(b"\r\n") && wire[at] == b'\n';
            at += 1;
        }
        (content, None)
    }

    /// W-1: of all sequences of up to five bytes that look like an end of data, only CRLF.CRLF is one; and the second message behind
    /// it stays content or is refused with the first.
    #[test]
    fn w1_only_crlf_dot_crlf_ends_data() {
        let alphabet = [b'\r', b'\n', b'.', 0, b'a'];
        for length in 3..=5u32 {
            for code in 0..5usize.pow(length) {
                let sequence: Vec<u8> = (0..length).map(|i| alphabet[code / 5usize.pow(i) % 5]).collect();
                let mut wire = Vec::from(*b"first");
                wire.extend_from_slice(&sequence);
                wire.extend_from_slice(b"MAIL FROM:<evil@example.com>\r\n.\r\n");
                let got = decode(&wire, &[], BareLf::Refuse);
                let first_end = wire.windows(5).position(|w| w == b"\r\n.\r\n").map(|at| at + 5);
                assert_eq!(got.end, first_end, "{}", wire.escape_ascii());
                let judged = &wire[..first_end.unwrap()];
                let bare_lf = (0..judged.len()).any(|i| judged[i] == b'\n' && (i == 0 || judged[i - 1] != b'\r'));
                let bare_cr = (0..judged.len()).any(|i| judged[i] == b'\r' && judged.get(i + 1) != Some(&b'\n'));
                assert_eq!(!got.bare.is_empty(), bare_lf || bare_cr, "{}", wire.escape_ascii());
            }
        }
    }

    #[test]
    fn a_lone_line_feed_becomes_content_where_that_is_allowed() {
        let got = decode(b"a\nb\n.\n.\r\nc\r\n.\r\n", &[], BareLf::Normalize);
        assert_eq!(got.content, b"a\r\nb\r\n.\r\n.\r\nc\r\n");
        assert_eq!(got.end, Some(15));
        let got = decode(b"a\rb\r\n.\r\n", &[], BareLf::Normalize);
        assert_eq!(got.bare, [Bare::Cr]);
    }

    fn wire() -> impl Strategy<Value = Vec<u8>> {
        const PARTS: [&[u8]; 7] = [b"\r\n", b".", b"a", b"\r", b"\n", b"\r\n.", b"\r\n.\r\n"];
        proptest::collection::vec(proptest::sample::select(&PARTS[..]), 0..40).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same(wire in wire(), cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6), normalize: bool) {
            let bare_lf = if normalize { BareLf::Normalize } else { BareLf::Refuse };
            let mut cuts: Vec<usize> = cuts.iter().map(|i| i.index(wire.len() + 1)).collect();
            cuts.sort_unstable();
            let whole = decode(&wire, &[], bare_lf);
            prop_assert_eq!(&decode(&wire, &cuts, bare_lf), &whole);
            let every: Vec<usize> = (0..=wire.len()).collect();
            prop_assert_eq!(&decode(&wire, &every, bare_lf), &whole);
        }

        #[test]
        fn agrees_with_the_rule_written_plainly(wire in wire()) {
            let got = decode(&wire, &[], BareLf::Refuse);
            let (content, end) = plainly(&wire);
            prop_assert_eq!(got.end, end);
            if got.bare.is_empty() && end.is_some() {
                prop_assert_eq!(got.content, content);
            }
        }
    }
}
