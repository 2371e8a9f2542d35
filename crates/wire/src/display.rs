//! How bytes from a stranger are shown to a person.

use core::fmt;

/// How many bytes of a stranger's text are shown.
const SHOWN: usize = 80;

/// Shows untrusted bytes escaped and cut to 80, so that they can neither forge a line in a log nor fill it.
///
/// Everything but printable ASCII is escaped, so control characters, terminal sequences and direction marks arrive as text.
///
/// ```
/// assert_eq!(wire::Excerpt(b"MAIL\x1b[2J\r\n").to_string(), r"MAIL\x1b[2J\r\n");
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Excerpt<'a>(pub &'a [u8]);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..SHOWN).unwrap_or(self.0);
        write!(f, "{}", shown.escape_ascii())?;
        if self.0.len() > SHOWN {
            write!(f, "... ({} bytes)", self.0.len())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// F-5: nothing a peer sends can end a log line, move the cursor or turn the text around.
    #[test]
    fn f5_control_and_direction_characters_are_escaped() {
        let shown = Excerpt("a\nb\r\0\u{1b}[31m\u{202e}".as_bytes()).to_string();
        assert!(shown.bytes().all(|b| (0x20..0x7f).contains(&b)), "{shown}");
        assert_eq!(Excerpt(&[b'x'; 5000]).to_string().len(), 80 + "... (5000 bytes)".len());
    }
}
