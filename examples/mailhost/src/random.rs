//! Random bytes, and the ids made of them.

use std::io;

use ring::rand::{SecureRandom as _, SystemRandom};

/// Fresh random bytes.
///
/// # Errors
/// The system has none to give.
pub(crate) fn bytes<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    fill(&mut bytes)?;
    Ok(bytes)
}

/// Fills all of it with fresh random bytes.
///
/// # Errors
/// The system has none to give.
pub(crate) fn fill(bytes: &mut [u8]) -> io::Result<()> {
    SystemRandom::new().fill(bytes).map_err(|_| io::Error::other("the system's random source failed"))
}

/// A name for a session, and the start of those of its messages: 13 letters and digits, never the same twice.
pub(crate) fn id() -> io::Result<String> {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut number = u64::from_le_bytes(bytes()?);
    let mut id = String::with_capacity(13);
    for _ in 0..13 {
        let digit = usize::try_from(number & 31).unwrap_or(0);
        id.push(DIGITS.get(digit).map_or('0', |digit| char::from(*digit)));
        number >>= 5;
    }
    Ok(id)
}
