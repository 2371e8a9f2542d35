//! Where a message's content begins and ends on the wire. Nothing here knows what a command says.
//!
//! - [`DataDecoder`]: content out of a DATA stream, as slices between the stuffed dots (RFC 5321, 4.5.2).
//! - [`DataEncoder`]: content into a DATA stream.
//! - [`ChunkCheck`]: line ends inside BDAT chunks, across their borders (RFC 3030).

mod chunk;

pub use self::chunk::ChunkCheck;
pub use wire::stuffing::{Bare, BareLf, DataDecoder, DataEncoder, Piece};
