//! Reads addresses out of values.

use alloc::{borrow::Cow, string::String, vec::Vec};
use core::mem;

use memchr::memchr_iter;

use crate::{
    AddrSpec, Address, AddressList, DisplayName, Error, Leniency, Limit, Limits, Mailbox, Syntax,
    cursor::Cursor,
    encoded_word,
    grammar::{is_atext, is_control, is_dotted, is_dtext, is_fws, may_have_encoded_word},
    text::{self, Pieces},
    work::look,
};

/// Reads a value that is exactly one mailbox.
pub(crate) fn mailbox<'a>(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<Mailbox<'a>, Error> {
    let mut reader = Reader::new(value, limits, leniency);
    let mut mailbox = None;
    reader.element(false, |read| mailbox = Some(read))?;
    let mailbox = mailbox.ok_or(Error::syntax(Syntax::Address, 0))?;
    match reader.cursor.peek() {
        None => Ok(mailbox),
        Some(b',') => Err(reader.cursor.error(Syntax::Several)),
        Some(_) => Err(reader.cursor.error(Syntax::Trailing)),
    }
}

/// Reads a list of addresses.
pub(crate) fn list<'a>(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<AddressList<'a>, Error> {
    let mut reader = Reader::new(value, limits, leniency);
    // most lists have an address for each comma and one more; commas are not trusted beyond a few
    let expected = memchr_iter(b',', value).take(15).count() + 1;
    let mut list = AddressList { addresses: Vec::with_capacity(expected), skipped: 0 };
    // the group whose members are being read
    let mut group: Option<(DisplayName<'a>, Vec<Mailbox<'a>>)> = None;
    loop {
        let element = match &mut group {
            Some((_, members)) => reader.element(true, |mailbox| members.push(mailbox)),
            None => reader.element(false, |mailbox| list.addresses.push(Address::Mailbox(mailbox))),
        };
        match (element, &group) {
            // nothing at all may stand before a comma, not before just anything
            (Ok(None), _) => reader.end_of_element(group.is_some())?,
            (Ok(Some(name)), None) => {
                reader.count()?;
                group = Some((name, Vec::new()));
                continue;
            }
            // groups do not nest (RFC 5322, 3.4)
            (Ok(Some(_)), Some(_)) if !reader.forgiving() => {
                return Err(reader.cursor.error(Syntax::Address));
            }
            (Ok(Some(_)), Some(_)) => {
                list.skipped += 1;
                continue;
            }
            (Err(error), _) => {
                if !reader.forgiving() || matches!(error, Error::Limit { .. }) {
                    return Err(error);
                }
                list.skipped += 1;
                reader.recover();
            }
        }
        let closes = reader.cursor.take(b';');
        if closes || reader.cursor.is_at_end() {
            if let Some((name, members)) = group.take() {
                if !closes && !reader.forgiving() {
                    return Err(reader.cursor.error(Syntax::Unterminated));
                }
                list.addresses.push(Address::Group { name, members });
            }
            if reader.cursor.is_at_end() {
                return Ok(list);
            }
            // behind a group comes a comma, or the end
            if closes {
                reader.after_group()?;
                if reader.cursor.is_at_end() {
                    return Ok(list);
                }
            }
        }
        reader.cursor.take(b',');
    }
}

enum Domain<'a> {
    /// Atoms with single dots between them: all but a few.
    DotAtom(&'a str),
    /// Anything else, still to be checked.
    Other(Cow<'a, str>),
}

impl<'a> Domain<'a> {
    fn into_text(self) -> Cow<'a, str> {
        match self {
            Self::DotAtom(text) => Cow::Borrowed(text),
            Self::Other(text) => text,
        }
    }
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    pieces: Pieces<'a>,
    /// The comments of the element that is being read.
    comments: Vec<Cow<'a, str>>,
    leniency: Leniency,
    /// How many addresses may still come.
    left: u32,
    most: u32,
}

impl<'a> Reader<'a> {
    fn new(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Self {
        Self {
            cursor: Cursor::with_depth(value, limits.comments),
            pieces: Pieces::new(value),
            comments: Vec::new(),
            leniency,
            left: limits.addresses,
            most: limits.addresses,
        }
    }

    fn forgiving(&self) -> bool {
        self.leniency == Leniency::Forgiving
    }

    fn count(&mut self) -> Result<(), Error> {
        self.left = self.left.checked_sub(1).ok_or(Error::Limit { limit: Limit::Addresses, value: self.most })?;
        Ok(())
    }

    /// What may stand behind an element: a comma, the end, or the end of the group it is in.
    fn end_of_element(&mut self, in_group: bool) -> Result<(), Error> {
        match self.cursor.peek() {
            None | Some(b',') => Ok(()),
            Some(b';') if in_group || self.forgiving() => Ok(()),
            Some(_) => Err(self.cursor.error(Syntax::Trailing)),
        }
    }

    fn after_group(&mut self) -> Result<(), Error> {
        let skipped = self.cursor.skip_cfws();
        match (skipped, self.cursor.peek()) {
            (Ok(()), None | Some(b',')) => Ok(()),
            _ if self.forgiving() => Ok(()),
            (Err(error), _) => Err(error),
            (Ok(()), Some(_)) => Err(self.cursor.error(Syntax::Trailing)),
        }
    }

    /// Goes on to the next comma or semicolon. From where reading failed, not from where it began: so it stays linear.
    fn recover(&mut self) {
        self.cursor.take_while(|byte| byte != b',' && byte != b';');
    }

    /// Reads what stands between two commas. A mailbox goes to `keep`, straight to where it stays, since it is large; the beginning of a group,
    /// with its colon, is given back.
    #[inline]
    fn element(&mut self, in_group: bool, keep: impl FnOnce(Mailbox<'a>)) -> Result<Option<DisplayName<'a>>, Error> {
        self.comments.clear();
        self.cfws()?;
        let mut start = self.cursor.at();
        let mut dot_atom = match self.cursor.peek() {
            None | Some(b',' | b';') => return Ok(None),
            Some(b'<') => None,
            Some(_) => self.local_or_words()?,
        };
        let mut name = None;
        let angle = self.cursor.peek() == Some(b'<');
        if angle {
            name = self.phrase(start, self.cursor.at());
            self.cursor.bump();
            self.cfws()?;
            self.route()?;
            start = self.cursor.at();
            dot_atom = self.local_or_words()?;
        } else if self.cursor.peek() == Some(b':') {
            let name = self.phrase(start, self.cursor.at()).ok_or(Error::syntax(Syntax::Address, start))?;
            self.cursor.bump();
            return Ok(Some(name));
        } else if self.cursor.peek() != Some(b'@') {
            return Err(self.cursor.error(Syntax::Address));
        }
        let local = match dot_atom {
            Some(_) => None,
            None => Some(self.local_part(start, self.cursor.at())?),
        };
        if !self.cursor.take(b'@') {
            return Err(self.cursor.error(Syntax::Address));
        }
        let domain = self.domain()?;
        if angle && !self.cursor.take(b'>') && !(self.forgiving() && self.cursor.is_at_end()) {
            let what = if self.cursor.is_at_end() { Syntax::Unterminated } else { Syntax::Domain };
            return Err(self.cursor.error(what));
        }
        let at_start = |error| match error {
            Error::Syntax { what, .. } => Error::syntax(what, start),
            other => other,
        };
        if let (Some(local), Domain::DotAtom(domain)) = (dot_atom, &domain) {
            if local.len() + 1 + domain.len() > AddrSpec::MAX {
                return Err(Error::syntax(Syntax::TooLong, start));
            }
            self.end(in_group)?;
            let address = AddrSpec::of_dot_atoms(local, domain);
            keep(Mailbox { name, address, comments: mem::take(&mut self.comments) });
            return Ok(None);
        }
        let local = local.or(dot_atom.map(Cow::Borrowed)).unwrap_or_default();
        let address = AddrSpec::new(local, domain.into_text()).map_err(at_start)?;
        self.end(in_group)?;
        keep(Mailbox { name, address, comments: mem::take(&mut self.comments) });
        Ok(None)
    }

    /// What is behind an address.
    fn end(&mut self, in_group: bool) -> Result<(), Error> {
        self.cfws()?;
        self.count()?;
        self.end_of_element(in_group)
    }

    /// RFC 5322, 4.4: a route before the address is read and dropped.
    fn route(&mut self) -> Result<(), Error> {
        if !matches!(self.cursor.peek(), Some(b'@' | b',')) {
            return Ok(());
        }
        loop {
            self.cfws()?;
            match self.cursor.peek() {
                Some(b',') => self.cursor.bump(),
                Some(b'@') => {
                    self.cursor.bump();
                    self.domain()?;
                }
                Some(b':') => {
                    self.cursor.bump();
                    return self.cfws();
                }
                None => return Err(self.cursor.error(Syntax::Unterminated)),
                Some(_) => return Err(self.cursor.error(Syntax::Address)),
            }
        }
    }

    /// Passes a local part that is a dot-atom up to its `@`, as most are, and gives it; or passes words.
    #[inline]
    fn local_or_words(&mut self) -> Result<Option<&'a str>, Error> {
        let start = self.cursor.at();
        let (_, good) = self.cursor.dotted();
        if good && self.cursor.peek() == Some(b'@') {
            return self.pieces.get(start, self.cursor.at()).map(Some).ok_or(Error::syntax(Syntax::Octet, start));
        }
        self.words()?;
        Ok(None)
    }

    /// Passes words, dots, white space and comments: a phrase, or a local part with obsolete white space.
    fn words(&mut self) -> Result<(), Error> {
        loop {
            self.cfws()?;
            match self.cursor.peek() {
                Some(b'"') => {
                    self.cursor.quoted()?;
                }
                Some(byte) if is_dotted(byte) => {
                    self.cursor.take_while(is_dotted);
                }
                _ => return Ok(()),
            }
        }
    }

    /// Skips white space and comments, and keeps the comments. Mostly there are none.
    #[inline]
    fn cfws(&mut self) -> Result<(), Error> {
        match self.cursor.peek() {
            Some(byte) if is_fws(byte) || byte == b'(' => self.some_cfws(),
            _ => Ok(()),
        }
    }

    fn some_cfws(&mut self) -> Result<(), Error> {
        loop {
            self.cursor.skip_fws();
            if self.cursor.peek() != Some(b'(') {
                return Ok(());
            }
            let inside = text::unescape(self.cursor.comment()?);
            self.comments.push(match inside {
                Cow::Borrowed(bytes) => text::unstructured(bytes),
                Cow::Owned(bytes) => Cow::Owned(text::unstructured(&bytes).into_owned()),
            });
        }
    }

    /// The words passed between two offsets as a local part: single dots between words, nothing else (4.4, `obs-local-part`).
    fn local_part(&self, start: usize, end: usize) -> Result<Cow<'a, str>, Error> {
        let raw = self.cursor.slice(start, end);
        let wrong = Error::syntax(Syntax::LocalPart, start);
        let given = |local| text::utf8(local).ok_or(Error::syntax(Syntax::Octet, start));
        if raw.is_empty() {
            return Err(wrong);
        }
        let mut words = Cursor::with_depth(raw, u32::MAX);
        let mut local: Vec<u8> = Vec::new();
        let mut expect_word = true;
        words.skip_cfws()?;
        // alone, a quoted string need not be copied
        if words.peek() == Some(b'"') {
            let inside = words.quoted()?;
            words.skip_cfws()?;
            if words.is_at_end() {
                return given(text::unescape(inside));
            }
            local.extend_from_slice(&text::unescape(inside));
            expect_word = false;
        }
        loop {
            words.skip_cfws()?;
            match words.peek() {
                None if expect_word && !self.forgiving() => return Err(wrong),
                None => return given(Cow::Owned(local)),
                Some(b'.') => {
                    if expect_word && !self.forgiving() {
                        return Err(wrong);
                    }
                    words.bump();
                    local.push(b'.');
                    expect_word = true;
                }
                Some(_) if !expect_word => return Err(wrong),
                Some(b'"') => {
                    local.extend_from_slice(&text::unescape(words.quoted()?));
                    expect_word = false;
                }
                Some(_) => {
                    local.extend_from_slice(words.atom());
                    expect_word = false;
                }
            }
        }
    }

    /// Reads a domain, and the white space behind it: atoms with dots, or a literal.
    fn domain(&mut self) -> Result<Domain<'a>, Error> {
        self.cfws()?;
        let start = self.cursor.at();
        let wrong = Error::syntax(Syntax::Domain, start);
        if self.cursor.peek() == Some(b'[') {
            return self.literal().map(Domain::Other);
        }
        let (domain, good) = self.cursor.dotted();
        if good && matches!(self.cursor.peek(), None | Some(b'>' | b',' | b';')) {
            return self.pieces.get(start, self.cursor.at()).map(Domain::DotAtom).ok_or(wrong);
        }
        let mut domain = Cow::Borrowed(domain);
        loop {
            self.cfws()?;
            // obsolete white space around the dots: the pieces are joined (4.4, `obs-domain`)
            let next = self.cursor.peek();
            if next != Some(b'.') && !(domain.last() == Some(&b'.') && next.is_some_and(is_atext)) {
                break;
            }
            let more = self.cursor.take_while(is_dotted);
            domain.to_mut().extend_from_slice(more);
        }
        text::utf8(domain).filter(|domain| !domain.is_empty()).map(Domain::Other).ok_or(wrong)
    }

    /// Reads `[...]`. White space in it has no meaning and is dropped; what only obsolete escapes could write is refused.
    fn literal(&mut self) -> Result<Cow<'a, str>, Error> {
        let start = self.cursor.at();
        self.cursor.bump();
        self.cursor.take_while(is_dtext);
        let mut folded = false;
        while self.cursor.peek().is_some_and(is_fws) {
            let at = self.cursor.at();
            self.cursor.skip_fws();
            self.cursor.take_while(is_dtext);
            folded = true;
            if self.cursor.at() == at {
                break;
            }
        }
        if !self.cursor.take(b']') {
            let what = if self.cursor.is_at_end() { Syntax::Unterminated } else { Syntax::Domain };
            return Err(self.cursor.error(what));
        }
        let literal = self.cursor.slice(start, self.cursor.at());
        self.cfws()?;
        let bytes = if folded {
            literal.iter().copied().filter(|&byte| !is_fws(byte)).collect()
        } else {
            Cow::Borrowed(literal)
        };
        text::utf8(bytes).ok_or(Error::syntax(Syntax::Octet, start))
    }

    /// The words passed between two offsets as a name.
    fn phrase(&self, start: usize, end: usize) -> Option<DisplayName<'a>> {
        let raw = self.cursor.slice(start, end);
        let raw = raw.get(..raw.iter().rposition(|&byte| !is_fws(byte))? + 1)?;
        look(raw.len());
        // most names: words with one space between them, or one quoted string without escapes and folds
        let simple = match raw {
            [b'"', inside @ .., b'"'] => {
                let odd = |byte| is_control(byte) || matches!(byte, b'"' | b'\\');
                let plain = !inside.iter().fold(false, |found, &byte| found | odd(byte));
                (plain && !(self.forgiving() && may_have_encoded_word(inside))).then_some((start + 1, inside))
            }
            _ => {
                let (mut last, mut encoded) = (0, false);
                let plain = raw.iter().all(|&byte| {
                    encoded |= matches!((last, byte), (b'=', b'?'));
                    let spaces = matches!((last, byte), (b' ', b' '));
                    last = byte;
                    !spaces && (is_dotted(byte) || byte == b' ')
                });
                if plain && encoded {
                    return DisplayName::new(encoded_word::decode_all(raw));
                }
                plain.then_some((start, raw))
            }
        };
        if let Some((start, name)) = simple
            && let Some(name) = self.pieces.get(start, start + name.len())
        {
            return DisplayName::of_clean(Cow::Borrowed(name));
        }
        let mut words = Cursor::with_depth(raw, u32::MAX);
        if words.peek() == Some(b'"')
            && let Ok(inside) = words.quoted()
            && words.is_at_end()
        {
            return DisplayName::of_clean(self.quoted_text(inside));
        }
        self.phrase_of_words(raw)
    }

    /// Words of all kinds: a space between each two, none between two encoded words (RFC 2047, 6.2).
    fn phrase_of_words(&self, raw: &'a [u8]) -> Option<DisplayName<'a>> {
        let mut words = Cursor::with_depth(raw, u32::MAX);
        let mut name = String::new();
        // encoded words in a row are decoded together, and ordinary atoms with them
        let mut atoms: Vec<u8> = Vec::with_capacity(raw.len());
        let flush = |atoms: &mut Vec<u8>, name: &mut String| {
            if !atoms.is_empty() {
                join(name, encoded_word::decode_all(atoms));
                atoms.clear();
            }
        };
        while words.skip_cfws().is_ok() && !words.is_at_end() {
            if words.peek() == Some(b'"') {
                flush(&mut atoms, &mut name);
                let Ok(inside) = words.quoted() else { break };
                join(&mut name, self.quoted_text(inside).into_owned());
                continue;
            }
            let atom = words.take_while(is_dotted);
            if atom.is_empty() {
                break;
            }
            if !atoms.is_empty() {
                atoms.push(b' ');
            }
            atoms.extend_from_slice(atom);
        }
        flush(&mut atoms, &mut name);
        DisplayName::new(name)
    }

    /// RFC 2047, 5 (3): no encoded words in a quoted string. Mailers that write them there are read by the forgiving.
    fn quoted_text(&self, inside: &'a [u8]) -> Cow<'a, str> {
        match text::unescape(inside) {
            bytes if self.forgiving() && may_have_encoded_word(&bytes) => {
                Cow::Owned(text::unstructured(&bytes).into_owned())
            }
            Cow::Borrowed(bytes) => text::plain(bytes),
            Cow::Owned(bytes) => Cow::Owned(text::plain(&bytes).into_owned()),
        }
    }
}

fn join(name: &mut String, word: String) {
    if name.is_empty() {
        *name = word;
    } else {
        name.push(' ');
        name.push_str(&word);
    }
}
