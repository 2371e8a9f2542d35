//! Echoes lines that end in CRLF, and says what is wrong with others: the smallest protocol on `wire`.
//!
//! Try it: `printf 'hello\r\nworld\n' | cargo run -p embed --bin wire_lines`

use std::io::{self, Read as _, Write as _};

use wire::{Excerpt, Input, Line, Lines};

fn main() -> io::Result<()> {
    let (mut input, mut lines) = (Input::new(4_096), Lines::new());
    let mut out = io::stdout().lock();
    loop {
        let n = io::stdin().read(input.space())?;
        if n == 0 {
            return Ok(());
        }
        input.received(n);
        loop {
            let total = match lines.next(input.unread(), 1_000) {
                Line::Partial => break,
                Line::Whole { text, total } => {
                    writeln!(out, "{}", Excerpt(input.unread().get(..text).unwrap_or_default()))?;
                    total
                }
                Line::BareLf { total, .. } => {
                    writeln!(out, "(a line that ends in a line feed alone)")?;
                    total
                }
                Line::TooLong => return Err(io::Error::other("a line of more than 1,000 bytes")),
            };
            input.consume(total);
            lines.restart();
        }
    }
}
