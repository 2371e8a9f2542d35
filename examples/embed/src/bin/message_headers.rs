//! Reads a message from standard input and prints what its header says, and what is odd about it.
//!
//! Try it: `cargo run -p embed --bin message_headers < letter.eml`

use std::io::{self, Read as _, Write as _};

use message::{Index, Progress};

fn main() -> io::Result<()> {
    let mut index = Index::default();
    let mut message = Vec::new();
    let mut input = io::stdin().lock();
    // the header is indexed as it arrives; the body is not even read
    loop {
        let mut piece = [0; 4096];
        let length = input.read(&mut piece)?;
        if length == 0 {
            index.finish(&message).map_err(io::Error::other)?;
            break;
        }
        message.extend_from_slice(piece.get(..length).unwrap_or_default());
        if let Progress::Body(_) = index.scan(&message).map_err(io::Error::other)? {
            break;
        }
    }

    let mut out = io::stdout().lock();
    let headers = index.headers(&message);
    match headers.author() {
        Ok(author) => writeln!(out, "Author: {author}")?,
        Err(error) => writeln!(out, "No author one could be sure of: {error}")?,
    }
    for field in headers.all("To").chain(headers.all("Cc")) {
        match field.addresses() {
            Ok(list) => list.mailboxes().try_for_each(|mailbox| writeln!(out, "{}: {mailbox}", field.name()))?,
            Err(error) => writeln!(out, "{}: cannot be read: {error}", field.name())?,
        }
    }
    if let Some(subject) = headers.get("Subject") {
        writeln!(out, "Subject: {}", subject.text())?;
    }
    if let Some(Ok(date)) = headers.get("Date").map(|field| field.date()) {
        writeln!(out, "Date: {date} ({} in Unix seconds)", date.unix())?;
    }
    for hop in headers.all("Received").filter_map(|field| field.hop().ok()) {
        writeln!(out, "Passed {} from {}", hop.by.unwrap_or("?"), hop.from.unwrap_or("?"))?;
    }
    for field in headers.duplicates() {
        writeln!(out, "Odd: a second {} at byte {}", field.name(), field.at())?;
    }
    headers.defects().try_for_each(|defect| writeln!(out, "Odd: {defect}"))
}
