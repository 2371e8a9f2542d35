//! Writes fields in lines of a bounded length.

use alloc::{string::String, vec::Vec};

use crate::{Address, DisplayName, Mailbox, addr_spec::write_quoted, encoded_word};

/// Lines should have at most 78 octets without the line end (RFC 5322, 2.1.1), those with an encoded word have 76 (RFC 2047, 2). Two are kept
/// for what may be attached to a token: `,`, ` :`, `;,`.
const LINE: usize = 76 - 2;
/// What is not divided is never longer than this, so that a line with a name before it stays below 998 octets (RFC 5322, 2.1.1).
const TOKEN: usize = 900;
/// Names that need quotes or have longer words than this are encoded, because encoded words can be divided anywhere.
const NAME: usize = 70;
/// Room for an encoded word that is worth its frame.
const ROOM: usize = 24;

/// A field being written: tokens, each with white space before it, where the line is broken if it gets too long.
///
/// A line break only ever comes between two tokens, or between the name and the first one, so no line has white space alone.
pub(crate) struct Folder<'o> {
    out: &'o mut Vec<u8>,
    /// Octets on this line.
    column: usize,
    /// Whether nothing but the name or white space is on this line.
    fresh: bool,
    /// Whether text beyond ASCII is written as it is (RFC 6532).
    utf8: bool,
}

impl<'o> Folder<'o> {
    pub(crate) fn new(out: &'o mut Vec<u8>, name: &str, utf8: bool) -> Self {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        Self { out, column: name.len() + 1, fresh: true, utf8 }
    }

    pub(crate) fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }

    /// Writes so many spaces and a token.
    fn spaced(&mut self, spaces: usize, token: &[u8]) {
        if !self.fresh && self.column + spaces + token.len() > LINE {
            self.break_line();
        }
        self.out.resize(self.out.len() + spaces, b' ');
        self.attached(token);
        self.column += spaces;
    }

    /// Writes what belongs to the token before it.
    fn attached(&mut self, token: &[u8]) {
        self.out.extend_from_slice(token);
        self.column += token.len();
        self.fresh = false;
    }

    pub(crate) fn token(&mut self, token: &str) {
        self.spaced(1, token.as_bytes());
    }

    fn break_line(&mut self) {
        self.out.extend_from_slice(b"\r\n");
        self.column = 0;
    }

    /// Writes an unstructured value (RFC 5322, 2.2.1). Encoded where it would not be read as it is: beyond ASCII, white space at its ends,
    /// what looks like an encoded word, and what cannot be folded.
    pub(crate) fn text(&mut self, text: &str) {
        let plain = (self.utf8 || text.is_ascii())
            && !text.contains("=?")
            && !text.contains('\t')
            && !text.starts_with(' ')
            && !text.ends_with(' ');
        // a run of spaces stays with the word behind it
        let mut spaces = 1;
        let mut tokens = Vec::new();
        for word in text.split(' ') {
            if word.is_empty() {
                spaces += 1;
            } else {
                tokens.push((spaces, word));
                spaces = 1;
            }
        }
        if plain && tokens.iter().all(|(spaces, word)| spaces + word.len() <= TOKEN) {
            tokens.iter().for_each(|(spaces, word)| self.spaced(*spaces, word.as_bytes()));
        } else {
            self.encoded(text);
        }
    }

    /// Writes text as encoded words.
    fn encoded(&mut self, text: &str) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.column + 1 + ROOM > LINE {
                self.break_line();
            }
            self.out.push(b' ');
            let before = self.out.len();
            rest = encoded_word::encode_some(rest, LINE - self.column - 1, self.out);
            self.column += 1 + self.out.len() - before;
            self.fresh = false;
        }
    }

    /// Writes a name, and says whether it was encoded.
    fn name(&mut self, name: &DisplayName<'_>) -> bool {
        let text = name.as_str();
        let readable = (self.utf8 || text.is_ascii()) && !text.contains("=?") && !text.contains('\t');
        if readable && name.is_phrase() && text.split(' ').all(|word| word.len() <= NAME) {
            text.split(' ').for_each(|word| self.token(word));
        } else if readable && text.len() <= NAME {
            let mut quoted = String::with_capacity(text.len() + 2);
            // writing to a String does not fail
            let _ = write_quoted(&mut quoted, text);
            self.token(&quoted);
        } else {
            self.encoded(text);
            return true;
        }
        false
    }

    fn mailbox(&mut self, mailbox: &Mailbox<'_>) {
        match &mailbox.name {
            Some(name) => {
                self.name(name);
                self.token(&alloc::format!("<{}>", mailbox.address));
            }
            None => self.token(&alloc::format!("{}", mailbox.address)),
        }
    }

    pub(crate) fn mailboxes(&mut self, mailboxes: &[Mailbox<'_>]) {
        for (i, mailbox) in mailboxes.iter().enumerate() {
            if i > 0 {
                self.attached(b",");
            }
            self.mailbox(mailbox);
        }
    }

    pub(crate) fn addresses(&mut self, addresses: &[Address<'_>]) {
        for (i, address) in addresses.iter().enumerate() {
            if i > 0 {
                self.attached(b",");
            }
            match address {
                Address::Mailbox(mailbox) => self.mailbox(mailbox),
                Address::Group { name, members } => {
                    // RFC 2047, 5 (3): white space on both sides of an encoded word
                    let colon: &[u8] = if self.name(name) { b" :" } else { b":" };
                    self.attached(colon);
                    self.mailboxes(members);
                    self.attached(b";");
                }
            }
        }
    }
}
