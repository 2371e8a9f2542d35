//! Canonical bodies (RFC 6376, 3.4.3 and 3.4.4), piece by piece.

use crate::Canonicalization;
use crate::scan::next_change;

/// Line ends, to be handed out in bulk.
const LINE_ENDS: [u8; 512] = {
    let mut ends = [b'\n'; 512];
    let mut at = 0;
    while at < ends.len() {
        #[allow(clippy::indexing_slicing, reason = "a constant: the compiler itself would fail")]
        {
            ends[at] = b'\r';
        }
        at += 2;
    }
    ends
};

/// A body on its way to its canonical form. Its size does not depend on the body's.
///
/// Lines end in CRLF; a lone CR or LF is an octet like any other (RFC 5322, 2.3, forbids them, and RFC 6376, 5.3, wants them gone before a message is signed).
///
/// Pieces of any size go in; the canonical octets come out as slices of them wherever nothing changes.
///
/// ```
/// use dkim::{BodyCanonicalizer, Canonicalization};
///
/// let mut canonical = Vec::new();
/// let mut body = BodyCanonicalizer::new(Canonicalization::Relaxed);
/// for piece in ["Hello \t", " world  \r", "\n\r\n \r\n"] {
///     body.write(piece.as_bytes(), &mut |octets| canonical.extend_from_slice(octets));
/// }
/// body.finish(&mut |octets| canonical.extend_from_slice(octets));
/// assert_eq!(canonical, b"Hello world\r\n");
/// ```
#[derive(Clone, Debug)]
pub struct BodyCanonicalizer {
    canonicalization: Canonicalization,
    /// What was seen and not handed out, in this order: line ends that may be the last ones, white space that may end a line, half a line end.
    line_ends: u64,
    space: bool,
    cr: bool,
    /// Whether anything was handed out.
    any: bool,
}

impl BodyCanonicalizer {
    /// The beginning of a body.
    #[must_use]
    pub const fn new(canonicalization: Canonicalization) -> Self {
        Self { canonicalization, line_ends: 0, space: false, cr: false, any: false }
    }

    /// The next piece.
    pub fn write(&mut self, piece: &[u8], out: &mut impl FnMut(&[u8])) {
        let Some((next, behind)) = piece.split_first() else { return };
        let mut rest = piece;
        if self.cr {
            self.cr = false;
            if *next == b'\n' {
                self.line_end();
                rest = behind;
            } else {
                self.release(out);
                out(b"\r");
            }
        }
        if self.canonicalization == Canonicalization::Simple {
            self.run(rest, true, out);
            return;
        }
        if self.space {
            rest = without_space(rest);
        }
        while !rest.is_empty() {
            let (plain, changed) = rest.split_at_checked(next_change::<false>(rest)).unwrap_or((rest, &[]));
            self.run(plain, changed.is_empty(), out);
            rest = without_space(changed);
            self.space |= rest.len() < changed.len();
        }
    }

    /// The end of the body: what is left of it.
    pub fn finish(mut self, out: &mut impl FnMut(&[u8])) {
        if self.cr || self.space {
            self.release(out);
        }
        if self.cr {
            out(b"\r");
        }
        // RFC 6376, 3.4.3: an empty body is one line end; 3.4.4: or nothing. A last line without its end gets one.
        if self.any || self.canonicalization == Canonicalization::Simple {
            out(b"\r\n");
        }
    }

    fn line_end(&mut self) {
        self.space = false;
        self.line_ends += 1;
    }

    /// What was held back is inside the body after all.
    fn release(&mut self, out: &mut impl FnMut(&[u8])) {
        self.any = true;
        while self.line_ends > 0 {
            let count = self.line_ends.min(LINE_ENDS.len() as u64 / 2);
            out(LINE_ENDS.get(..count as usize * 2).unwrap_or_default());
            self.line_ends -= count;
        }
        if self.space {
            self.space = false;
            out(b" ");
        }
    }

    /// Octets in which nothing changes; `last`: nothing is known of what follows.
    fn run(&mut self, run: &[u8], last: bool, out: &mut impl FnMut(&[u8])) {
        let mut run = run;
        if self.space
            && let Some(rest) = run.strip_prefix(b"\r\n")
        {
            self.line_end();
            run = rest;
        }
        let mut inner = run;
        let cr = last && inner.ends_with(b"\r");
        if cr {
            inner = inner.get(..inner.len() - 1).unwrap_or_default();
        }
        let mut line_ends = 0;
        while let Some(front) = inner.strip_suffix(b"\r\n") {
            inner = front;
            line_ends += 1;
        }
        if !inner.is_empty() {
            self.release(out);
            out(inner);
        }
        self.line_ends += line_ends;
        self.cr = cr;
    }
}

/// What follows the white space in front.
fn without_space(octets: &[u8]) -> &[u8] {
    let spaces = octets.iter().take_while(|octet| matches!(octet, b' ' | b'\t')).count();
    octets.get(spaces..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// The canonical form, by the letter of the RFC and with a whole body in hand.
    fn plainly(canonicalization: Canonicalization, body: &[u8]) -> Vec<u8> {
        let mut text: Vec<u8> = Vec::new();
        if canonicalization == Canonicalization::Simple {
            text.extend_from_slice(body);
        } else {
            let mut rest = body;
            while let Some((octet, behind)) = rest.split_first() {
                rest = behind;
                if !matches!(octet, b' ' | b'\t') {
                    text.push(*octet);
                    continue;
                }
                while let Some((b' ' | b'\t', behind)) = rest.split_first() {
                    rest = behind;
                }
                if !rest.starts_with(b"\r\n") {
                    text.push(b' ');
                }
            }
        }
        while let Some(front) = text.strip_suffix(b"\r\n") {
            text.truncate(front.len());
        }
        if !text.is_empty() || canonicalization == Canonicalization::Simple {
            text.extend_from_slice(b"\r\n");
        }
        text
    }

    fn pieces(canonicalization: Canonicalization, pieces: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut body = BodyCanonicalizer::new(canonicalization);
        for piece in pieces {
            body.write(piece, &mut |octets| out.extend_from_slice(octets));
        }
        body.finish(&mut |octets| out.extend_from_slice(octets));
        out
    }

    const BOTH: [Canonicalization; 2] = [Canonicalization::Simple, Canonicalization::Relaxed];

    #[test]
    fn k7_the_examples_of_rfc_6376() {
        let body = b" C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(pieces(Canonicalization::Relaxed, &[body]), b" C\r\nD E\r\n");
        assert_eq!(pieces(Canonicalization::Simple, &[body]), b" C \r\nD \t E\r\n");
        assert_eq!(pieces(Canonicalization::Simple, &[]), b"\r\n");
        assert_eq!(pieces(Canonicalization::Relaxed, &[]), b"");
        assert_eq!(pieces(Canonicalization::Relaxed, &[b"\r\n \r\n\t\r\n"]), b"");
        assert_eq!(pieces(Canonicalization::Simple, &[b"a"]), b"a\r\n");
        assert_eq!(pieces(Canonicalization::Relaxed, &[b"a\n \r\r\n"]), b"a\n \r\r\n");
    }

    /// All bodies of up to seven octets of those that matter, cut in two at each place.
    #[test]
    fn k7_every_short_body_however_it_is_cut() {
        const OCTETS: [u8; 5] = *b" \t\r\nx";
        for len in 0..=7_u32 {
            for number in 0..5_usize.pow(len) {
                let body: Vec<u8> = (0..len).map(|at| OCTETS[number / 5_usize.pow(at) % 5]).collect();
                for canonicalization in BOTH {
                    let expected = plainly(canonicalization, &body);
                    for cut in 0..=body.len() {
                        let (front, back) = body.split_at(cut);
                        let found = pieces(canonicalization, &[front, back]);
                        assert_eq!(found, expected, "{canonicalization} {body:?} cut at {cut}");
                    }
                    let single: Vec<&[u8]> = body.chunks(1).collect();
                    assert_eq!(pieces(canonicalization, &single), expected, "{canonicalization} {body:?} in octets");
                }
            }
        }
    }

    #[test]
    fn many_line_ends_are_kept_in_the_middle() {
        let body = [b"a".to_vec(), b"\r\n".repeat(5_000), b"b\r\n".to_vec()].concat();
        for canonicalization in BOTH {
            assert_eq!(pieces(canonicalization, &[&body]), body);
        }
    }
}
