//! Names and passwords in one form, whichever keyboard they were typed on (RFC 4013, SASLprep).

use alloc::borrow::Cow;

/// A text that may not be a name or password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotPrepared {
    /// Nothing is there, or nothing is left after preparation.
    #[error("a user name or password is empty")]
    Empty,
    /// A control character, a code point that is unassigned in Unicode 3.2, or mixed writing directions (RFC 4013, 2.3 to 2.5).
    #[error("a user name or password has a character that SASLprep forbids")]
    Forbidden,
    /// Beyond ASCII, and the crate was built without its feature `saslprep`.
    #[error("a user name or password is beyond ASCII, which this program was built without")]
    NotAscii,
}

/// The form in which a name or password is compared and hashed: SASLprep for a stored string.
///
/// Code points unassigned in Unicode 3.2 are refused on all sides, also where RFC 4616 would let a query pass: no stored string can have
/// them, so nothing could match. Without the feature `saslprep` everything beyond ASCII is refused.
///
/// # Errors
/// [`NotPrepared`]
///
/// ```
/// use sasl::{NotPrepared, prepare};
///
/// assert_eq!(prepare("pencil")?, "pencil");
/// # #[cfg(feature = "saslprep")]
/// assert_eq!(prepare("\u{2168}")?, "IX"); // the Roman numeral nine
/// assert_eq!(prepare("\u{7}"), Err(NotPrepared::Forbidden));
/// # Ok::<(), NotPrepared>(())
/// ```
pub fn prepare(text: &str) -> Result<Cow<'_, str>, NotPrepared> {
    // Most names and nearly all passwords: nothing to map, and a secret is not copied.
    let prepared =
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) { Cow::Borrowed(text) } else { beyond(text)? };
    if prepared.is_empty() { Err(NotPrepared::Empty) } else { Ok(prepared) }
}

#[cfg(feature = "saslprep")]
fn beyond(text: &str) -> Result<Cow<'_, str>, NotPrepared> {
    stringprep::saslprep(text).map_err(|_| NotPrepared::Forbidden)
}

#[cfg(not(feature = "saslprep"))]
fn beyond(text: &str) -> Result<Cow<'_, str>, NotPrepared> {
    Err(if text.is_ascii() { NotPrepared::Forbidden } else { NotPrepared::NotAscii })
}

#[cfg(all(test, feature = "saslprep"))]
mod tests {
    use super::*;

    /// RFC 4013, 3, and what A-4 adds: look-alikes fold to one form before they are compared, the unassigned is refused.
    #[test]
    fn a4_names_are_prepared_before_they_are_compared() {
        for (text, prepared) in [
            ("I\u{ad}X", Ok("IX")),
            ("user", Ok("user")),
            ("USER", Ok("USER")),
            ("\u{aa}", Ok("a")),
            ("\u{2168}", Ok("IX")),
            ("\u{ff55}ser", Ok("user")),
            ("a\u{a0}b", Ok("a b")),
            ("\u{7}", Err(NotPrepared::Forbidden)),
            ("\u{627}1", Err(NotPrepared::Forbidden)),
            ("user\u{0}", Err(NotPrepared::Forbidden)),
            ("\u{1f600}", Err(NotPrepared::Forbidden)),
            ("\u{ad}", Err(NotPrepared::Empty)),
            ("", Err(NotPrepared::Empty)),
        ] {
            assert_eq!(prepare(text).as_deref().map_err(|e| *e), prepared, "{text:?}");
        }
    }
}
