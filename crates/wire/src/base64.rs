//! Base64 as the SASL profiles want it: the standard alphabet, padding where it belongs, no line breaks, nothing else
//! (RFC 4954, 4; RFC 5034, 4; RFC 9051, 6.2.2; RFC 4648, 3.3 and 3.5).

use alloc::vec::Vec;

use base64::{DecodeSliceError, Engine as _, engine::general_purpose::STANDARD};

/// The text is not base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not base64: a byte outside the alphabet, padding in the wrong place, or bits that are not zero at the end")]
pub struct NotBase64;

/// Appends what `text` stands for to `out`. After an error `out` is as it was.
///
/// # Errors
/// [`NotBase64`] for anything but canonical base64.
pub fn decode(text: &[u8], out: &mut Vec<u8>) -> Result<(), NotBase64> {
    let start = out.len();
    out.resize(start + text.len().div_ceil(4) * 3, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    match STANDARD.decode_slice(text, room) {
        Ok(n) => {
            out.truncate(start + n);
            Ok(())
        }
        Err(DecodeSliceError::DecodeError(_) | DecodeSliceError::OutputSliceTooSmall) => {
            out.truncate(start);
            Err(NotBase64)
        }
    }
}

/// Appends the base64 of `bytes` to `out`.
pub fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    let n = STANDARD.encode_slice(bytes, room).unwrap_or_default();
    out.truncate(start + n);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// broken base64 is an error and leaves nothing behind.
    #[test]
    fn a3_broken_base64_is_refused() {
        for bad in [
            "=",
            "A",
            "AB",
            "ABC",
            "AB=",
            "AB=C",
            "AAAA=",
            "AA==AA==",
            "AB==",
            "A B=",
            "AAA\r\nA",
            "dGVz*A==",
            "dXNlckB0ZXN0AHlalala==",
            "_w==",
        ] {
            let mut out = Vec::from(*b"kept");
            assert_eq!(decode(bad.as_bytes(), &mut out), Err(NotBase64), "{bad:?}");
            assert_eq!(out, b"kept");
        }
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut text, mut back) = (Vec::new(), Vec::new());
            encode(&bytes, &mut text);
            prop_assert!(decode(&text, &mut back).is_ok());
            prop_assert_eq!(back, bytes);
        }

        #[test]
        fn what_decodes_is_canonical(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let (mut bytes, mut again) = (Vec::new(), Vec::new());
            if decode(&text, &mut bytes).is_ok() {
                encode(&bytes, &mut again);
                prop_assert_eq!(again, text);
            }
        }
    }
}
