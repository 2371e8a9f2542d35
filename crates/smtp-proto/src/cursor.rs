//! A place in a text that is being read.
//!
//! All that SMTP writes in its commands is words of letters, digits and hyphens with a few other characters between them. So where words end is found for 64
//! bytes at once, and what is left to look at one by one is what stands between them.

use wide::{bytemuck::cast, i8x16};

use crate::path::{LABEL, is};

/// A text and a place in it.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// Where the bytes begin that `others` tells of.
    window: usize,
    /// A bit for each of 64 bytes, the first lowest: set if it belongs to no word, or is behind the end.
    others: u64,
}

impl<'a> Cursor<'a> {
    /// At a place in a text.
    #[inline(always)]
    pub(crate) fn new(text: &'a str, at: usize) -> Self {
        Self { text, at, window: at, others: others(text.as_bytes(), at) }
    }

    /// The place: bytes from the start of the text.
    #[inline(always)]
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// All that is from the place on.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What is between an earlier place and this one.
    #[inline(always)]
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// The byte at the place; none at the end.
    #[inline(always)]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The byte before the place.
    #[inline(always)]
    pub(crate) fn before(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at.wrapping_sub(1)).copied()
    }

    /// Goes back to an earlier place.
    pub(crate) const fn back(&mut self, start: usize) {
        self.at = start;
    }

    /// Passes this byte, if it is there.
    #[inline(always)]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// Passes some bytes that are there.
    #[inline(always)]
    pub(crate) const fn pass(&mut self, length: usize) {
        self.at += length;
    }

    /// Passes a text, in whatever case of letters, if it is there.
    #[inline(always)]
    pub(crate) fn eat_text(&mut self, text: &str) -> bool {
        let there = self.text.as_bytes().get(self.at..self.at + text.len());
        let there = there.is_some_and(|bytes| bytes.eq_ignore_ascii_case(text.as_bytes()));
        self.at += if there { text.len() } else { 0 };
        there
    }

    /// Passes a word, if one is there, and tells its length.
    #[inline(always)]
    pub(crate) fn word(&mut self) -> usize {
        let start = self.at;
        loop {
            // A place before the window is a very large number here.
            let from = self.at.wrapping_sub(self.window);
            if from >= 64 {
                self.move_window();
                continue;
            }
            let others = self.others >> from;
            if others != 0 {
                self.at += others.trailing_zeros() as usize;
                return self.at - start;
            }
            self.at = self.window + 64;
        }
    }

    #[inline(never)]
    fn move_window(&mut self) {
        self.window = self.at;
        self.others = others(self.text.as_bytes(), self.at);
    }

    /// Passes bytes of a class that has all those of words in it, and tells how many.
    #[inline(always)]
    pub(crate) fn run(&mut self, class: u8) -> usize {
        let start = self.at;
        loop {
            self.word();
            match self.peek() {
                Some(byte) if is(class, byte) => self.at += 1,
                _ => return self.at - start,
            }
        }
    }

    /// Passes a word, if one is there, and gives its number (see [`name`]).
    #[inline(always)]
    pub(crate) fn name(&mut self) -> u64 {
        let start = self.at;
        let length = self.word();
        let bytes = self.text.as_bytes();
        let eight = match bytes.get(start..).and_then(<[u8]>::first_chunk::<8>) {
            Some(eight) => u64::from_le_bytes(*eight),
            None => tail(bytes, start),
        };
        match length {
            1..=8 => (eight & CAPITALS) << (8 * (8 - length)),
            _ => 0,
        }
    }
}

/// What a letter loses to become a capital. Digits and hyphens lose it as well, and become what no word has.
const CAPITALS: u64 = 0xDFDF_DFDF_DFDF_DFDF;

/// A name of up to eight letters, digits and hyphens as one number, in whatever case of letters. Longer names have 0.
pub(crate) const fn name(name: &[u8]) -> u64 {
    let mut number = 0;
    let mut rest = name;
    while let [more @ .., last] = rest {
        number = number << 8 | (*last & 0xDF) as u64;
        rest = more;
    }
    match name.len() {
        1..=8 => number << (8 * (8 - name.len())),
        _ => 0,
    }
}

/// The bytes from a place on, of which there are fewer than eight, as one number.
#[inline(always)]
fn tail(bytes: &[u8], start: usize) -> u64 {
    let length = bytes.len() - start;
    match bytes.last_chunk::<8>() {
        _ if length == 0 => 0,
        Some(last) => u64::from_le_bytes(*last) >> (64 - 8 * length),
        None => bytes.iter().skip(start).rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
}

/// Which of 64 bytes from a place on belong to no word; those behind the end do not.
#[inline(always)]
fn others(text: &[u8], from: usize) -> u64 {
    let (blocks, rest) = text.get(from..).unwrap_or_default().as_chunks::<16>();
    let mut words = 0;
    let mut at = 0;
    for block in blocks.iter().take(4) {
        words |= word_bytes(block) << at;
        at += 16;
    }
    if at < 64 && !rest.is_empty() {
        // The last bytes of all, some of which may be before the place or have been looked at.
        let last = match text.last_chunk::<16>() {
            Some(last) => word_bytes(last) >> (16 - rest.len()),
            None => rest.iter().rev().fold(0, |words, byte| words << 1 | u64::from(is(LABEL, *byte))),
        };
        words |= last << at;
    }
    !words
}

/// Which of sixteen bytes belong to words, as bits.
#[inline(always)]
fn word_bytes(block: &[u8; 16]) -> u64 {
    // Bytes beyond ASCII are negative.
    let bytes: i8x16 = cast(*block);
    let between = |bytes: i8x16, first: u8, last: u8| {
        bytes.simd_gt(i8x16::splat(first as i8 - 1)) & bytes.simd_lt(i8x16::splat(last as i8 + 1))
    };
    let letters = between(bytes | i8x16::splat(0x20), b'a', b'z');
    let digits = between(bytes, b'0', b'9');
    let hyphens = bytes.simd_eq(i8x16::splat(b'-' as i8));
    u64::from((letters | digits | hyphens).to_bitmask())
}

#[cfg(test)]
mod tests {
    use alloc::{string::String, vec::Vec};

    use proptest::prelude::*;

    use super::*;
    use crate::path::ATEXT;

    proptest! {
        // What is found for 64 bytes at once is what a look at each byte finds, wherever it begins and ends.
        #[test]
        fn words_end_where_they_end(text in "([a-zA-Z0-9-]{0,70}[@-\\[`-{ -/:é]{0,2}){0,4}", places in prop::collection::vec(0_usize..200, 1..8)) {
            let places: Vec<usize> = places.into_iter().filter(|at| text.is_char_boundary(*at)).collect();
            let Some(first) = places.first() else { return Ok(()) };
            let mut cursor = Cursor::new(&text, *first);
            for at in places {
                for class in [LABEL, ATEXT] {
                    cursor.back(at);
                    let length = if class == LABEL { cursor.word() } else { cursor.run(class) };
                    let there = text.bytes().skip(at).take_while(|byte| is(class, *byte)).count();
                    prop_assert_eq!(length, there);
                    prop_assert_eq!(cursor.at(), at + there);
                }
            }
        }

        #[test]
        fn names_are_compared_without_case(word in "[a-zA-Z0-9-]{0,10}", other in "[a-zA-Z0-9-]{0,10}", behind in "( [a-z]{0,9})?") {
            let text: String = [word.as_str(), behind.as_str()].concat();
            let number = Cursor::new(&text, 0).name();
            prop_assert_eq!(number == 0, word.is_empty() || word.len() > 8);
            prop_assert_eq!(number, name(word.to_ascii_lowercase().as_bytes()));
            if number != 0 {
                prop_assert_eq!(number == name(other.as_bytes()), word.eq_ignore_ascii_case(&other));
            }
        }
    }
}
