//! Reads a message from standard input and prints its parts, its text, and what is odd about it.
//!
//! Try it: `cargo run -p embed --bin message_parts < letter.eml`

use std::io::{self, Read as _, Write as _};

use message::{
    html,
    mime::{Parser, TransferEncoding},
};

fn main() -> io::Result<()> {
    let mut mail = Vec::new();
    io::stdin().lock().read_to_end(&mut mail)?;
    let mut parser = Parser::default();
    let message = parser.parse(&mail).map_err(io::Error::other)?;

    let mut out = io::stdout().lock();
    for part in message.parts() {
        let media_type = part.media_type();
        write!(out, "{:indent$}{}/{}", "", media_type.main(), media_type.sub(), indent = 2 * part.depth())?;
        if let Some(name) = part.file_name() {
            // somebody else wrote it: shown, and never taken for a path
            write!(out, " {name:?}")?;
        }
        let encoding = part.transfer_encoding();
        if encoding != TransferEncoding::SevenBit {
            write!(out, ", {}", encoding.as_str())?;
        }
        writeln!(out, ", {} octets", part.decoded().bytes.len())?;
    }
    for part in message.bodies().text {
        match part.text() {
            Some(page) if part.media_type().is("text", "html") => write!(out, "\n{}", html::to_text(&page))?,
            Some(text) => write!(out, "\n{text}")?,
            None => writeln!(out, "\n[{}]", part.media_type().main())?,
        }
    }
    message.defects().try_for_each(|defect| writeln!(out, "Odd: {defect}"))
}
