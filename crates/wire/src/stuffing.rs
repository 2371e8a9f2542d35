//! Text on the wire that ends with a lone dot: the content of SMTP's DATA (RFC 5321, 4.5.2) and the multi-line responses of POP3 (RFC 1939, 3).
//!
//! - [`DataDecoder`]: content out of such a stream, as slices between the stuffed dots.
//! - [`DataEncoder`]: content into such a stream.
//!
//! Only CRLF.CRLF is an end. A carriage return or line feed alone never is, and is by default a reason to refuse the message: servers that take it for a
//! line end let one message smuggle another past those that do not.

mod decode;
mod encode;

pub use self::{
    decode::{Bare, DataDecoder, Piece},
    encode::DataEncoder,
};

/// What to do with a line feed that has no carriage return before it, in content.
///
/// A lone carriage return is refused under either setting: nothing that composes mail writes one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum BareLf {
    /// Refuse the message (RFC 5321, 2.3.8). The default, and the only choice for mail from strangers.
    #[default]
    Refuse,
    /// Pass it on as CRLF, as content: it never ends the message, and a dot after it is an ordinary dot. For submission, where programs
    /// that write plain line feeds are the sender's own and the sender is known (RFC 6409, 8).
    Normalize,
}
