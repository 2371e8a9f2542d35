//! Messages made of parts (RFC 2045 to 2049): the tree of parts, what each is, and its content.

mod bodies;
mod decode;
mod edit;
mod media_type;
mod param;
mod parser;
mod part;

pub use self::{
    bodies::Bodies,
    decode::Decoded,
    edit::{Edits, EncodeError},
    media_type::{Disposition, MediaType, TransferEncoding},
    param::Params,
    parser::Parser,
    part::{Message, Part, Parts},
};
