//! BDAT in: the octets are content as they are, but their line ends are judged like any other content's.

use memchr::{memchr, memchr_iter};

use super::Bare;

/// Looks for carriage returns and line feeds that stand alone in content that comes in chunks (RFC 3030).
///
/// The rule holds for the joined content: a chunk may end between a carriage return and its line feed (row W-3). Content declared
/// BINARYMIME is exempt, and the caller does not ask.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChunkCheck {
    /// The content so far ends in a carriage return.
    after_cr: bool,
}

impl ChunkCheck {
    /// A check at the start of a message.
    #[must_use]
    pub const fn new() -> Self {
        Self { after_cr: false }
    }

    /// Judges the next bytes of the content.
    ///
    /// # Errors
    /// The first of them that stands alone.
    pub fn next(&mut self, bytes: &[u8]) -> Result<(), Bare> {
        if bytes.is_empty() {
            return Ok(());
        }
        if self.after_cr && bytes.first() != Some(&b'\n') {
            return Err(Bare::Cr);
        }
        let mut lines = 0;
        for at in memchr_iter(b'\n', bytes) {
            let paired = match at.checked_sub(1) {
                Some(before) => bytes.get(before) == Some(&b'\r'),
                None => self.after_cr,
            };
            if !paired {
                return Err(if has_bare_cr(bytes.get(..at).unwrap_or_default()) { Bare::Cr } else { Bare::Lf });
            }
            lines += usize::from(at > 0);
        }
        self.after_cr = bytes.last() == Some(&b'\r');
        if memchr_iter(b'\r', bytes).count() == lines + usize::from(self.after_cr) { Ok(()) } else { Err(Bare::Cr) }
    }

    /// Judges the end of the content.
    ///
    /// # Errors
    /// [`Bare::Cr`] if it ends in a carriage return.
    pub const fn end(&self) -> Result<(), Bare> {
        if self.after_cr { Err(Bare::Cr) } else { Ok(()) }
    }
}

fn has_bare_cr(mut bytes: &[u8]) -> bool {
    while let Some(at) = memchr(b'\r', bytes) {
        match bytes.get(at + 1) {
            Some(b'\n') => bytes = bytes.get(at + 2..).unwrap_or_default(),
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    fn check(bytes: &[u8], cuts: &[usize]) -> Result<(), Bare> {
        let mut check = ChunkCheck::new();
        let mut from = 0;
        for &cut in cuts.iter().chain([&bytes.len()]) {
            check.next(&bytes[from..cut])?;
            from = cut;
        }
        check.end()
    }

    /// W-3: the border between two chunks is no excuse, and no offence.
    #[test]
    fn w3_line_ends_across_chunk_borders() {
        assert_eq!(check(b"a\r\nb\r\n", &[2]), Ok(()));
        assert_eq!(check(b"a\rb\r\n", &[2]), Err(Bare::Cr));
        assert_eq!(check(b"a\nb\r\n", &[1]), Err(Bare::Lf));
        assert_eq!(check(b"a\r", &[]), Err(Bare::Cr));
    }

    proptest! {
        #[test]
        fn cuts_change_nothing_and_the_rule_is_the_plain_one(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'a')], 0..30),
            cuts in proptest::collection::vec(any::<proptest::sample::Index>(), 0..5),
        ) {
            let mut cuts: Vec<usize> = cuts.iter().map(|i| i.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let clean = (0..bytes.len()).all(|i| match bytes[i] {
                b'\r' => bytes.get(i + 1) == Some(&b'\n'),
                b'\n' => i > 0 && bytes[i - 1] == b'\r',
                _ => true,
            });
            prop_assert_eq!(check(&bytes, &[]).is_ok(), clean);
            prop_assert_eq!(check(&bytes, &cuts).is_ok(), clean);
        }
    }
}
