//! Reads addresses out of values.

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    AddrSpec, Address, AddressList, DisplayName, Error, Leniency, Limit, Limits, Mailbox, Syntax,
    cursor::Cursor,
    encoded_word,
    grammar::{is_atext, is_dot_atom, is_dtext, is_fws, may_have_encoded_word},
    text,
};

/// Reads a value that is exactly one mailbox.
pub(crate) fn mailbox<'a>(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<Mailbox<'a>, Error> {
    let mut reader = Reader::new(value, limits, leniency);
    let Element::Mailbox(mailbox) = reader.element()? else { return Err(Error::syntax(Syntax::Address, 0)) };
    match reader.cursor.peek() {
        None => Ok(mailbox),
        Some(b',') => Err(reader.cursor.error(Syntax::Several)),
        Some(_) => Err(reader.cursor.error(Syntax::Trailing)),
    }
}

/// Reads a list of addresses.
pub(crate) fn list<'a>(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<AddressList<'a>, Error> {
    let mut reader = Reader::new(value, limits, leniency);
    let mut list = AddressList::default();
    // the group whose members are being read
    let mut group: Option<(DisplayName<'a>, Vec<Mailbox<'a>>)> = None;
    loop {
        let element = match reader.element() {
            // behind the colon of a group's name its first member may follow
            Ok(name @ Element::GroupName(_)) => Ok(name),
            Ok(other) => reader.end_of_element(group.is_some()).map(|()| other),
            Err(error) => Err(error),
        };
        match (element, &mut group) {
            (Ok(Element::Nothing), _) => {}
            (Ok(Element::Mailbox(mailbox)), Some((_, members))) => members.push(mailbox),
            (Ok(Element::Mailbox(mailbox)), None) => list.addresses.push(Address::Mailbox(mailbox)),
            (Ok(Element::GroupName(name)), None) => {
                reader.count()?;
                group = Some((name, Vec::new()));
                continue;
            }
            // groups do not nest (RFC 5322, 3.4)
            (Ok(Element::GroupName(_)), Some(_)) if !reader.forgiving() => {
                return Err(reader.cursor.error(Syntax::Address));
            }
            (Ok(Element::GroupName(_)), Some(_)) => {
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

/// What stands between two commas.
enum Element<'a> {
    /// White space and comments alone.
    Nothing,
    Mailbox(Mailbox<'a>),
    /// The beginning of a group, with its colon.
    GroupName(DisplayName<'a>),
}

struct Reader<'a> {
    cursor: Cursor<'a>,
    leniency: Leniency,
    /// How many addresses may still come.
    left: u32,
    most: u32,
}

impl<'a> Reader<'a> {
    fn new(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Self {
        Self {
            cursor: Cursor::with_depth(value, limits.comments),
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

    fn element(&mut self) -> Result<Element<'a>, Error> {
        let mut comments = Vec::new();
        self.cfws(&mut comments)?;
        let start = self.cursor.at();
        match self.cursor.peek() {
            None | Some(b',' | b';') => return Ok(Element::Nothing),
            Some(b'<') => return self.angle(None, comments),
            Some(_) => {}
        }
        // most addresses: atoms and dots up to the `@`
        let run = self.cursor.take_while(|byte| is_atext(byte) || byte == b'.');
        if self.cursor.peek() != Some(b'@') || run.is_empty() {
            self.words(&mut comments)?;
        }
        let end = self.cursor.at();
        match self.cursor.peek() {
            Some(b'@') => {
                let local = self.local_part(start, end)?;
                self.cursor.bump();
                let domain = self.domain(&mut comments)?;
                self.mailbox(None, local, domain, start, comments)
            }
            Some(b'<') => {
                let name = self.phrase(start, end);
                self.angle(name, comments)
            }
            Some(b':') => {
                let name = self.phrase(start, end).ok_or(Error::syntax(Syntax::Address, start))?;
                self.cursor.bump();
                Ok(Element::GroupName(name))
            }
            _ => Err(self.cursor.error(Syntax::Address)),
        }
    }

    fn mailbox(
        &mut self,
        name: Option<DisplayName<'a>>,
        local: Cow<'a, str>,
        domain: Cow<'a, str>,
        start: usize,
        mut comments: Vec<Cow<'a, str>>,
    ) -> Result<Element<'a>, Error> {
        let address = AddrSpec::new(local, domain).map_err(|error| match error {
            Error::Syntax { what, .. } => Error::syntax(what, start),
            other => other,
        })?;
        self.cfws(&mut comments)?;
        self.count()?;
        Ok(Element::Mailbox(Mailbox { name, address, comments }))
    }

    /// `<` address `>`, where the cursor is at the `<`.
    fn angle(&mut self, name: Option<DisplayName<'a>>, mut comments: Vec<Cow<'a, str>>) -> Result<Element<'a>, Error> {
        self.cursor.bump();
        self.cfws(&mut comments)?;
        self.route(&mut comments)?;
        let start = self.cursor.at();
        self.words(&mut comments)?;
        let local = self.local_part(start, self.cursor.at())?;
        if !self.cursor.take(b'@') {
            return Err(self.cursor.error(Syntax::Address));
        }
        let domain = self.domain(&mut comments)?;
        let closed = self.cursor.take(b'>') || (self.forgiving() && self.cursor.is_at_end());
        if !closed {
            let what = if self.cursor.is_at_end() { Syntax::Unterminated } else { Syntax::Domain };
            return Err(self.cursor.error(what));
        }
        self.mailbox(name, local, domain, start, comments)
    }

    /// RFC 5322, 4.4: a route before the address is read and dropped.
    fn route(&mut self, comments: &mut Vec<Cow<'a, str>>) -> Result<(), Error> {
        if !matches!(self.cursor.peek(), Some(b'@' | b',')) {
            return Ok(());
        }
        loop {
            self.cfws(comments)?;
            match self.cursor.peek() {
                Some(b',') => self.cursor.bump(),
                Some(b'@') => {
                    self.cursor.bump();
                    self.domain(comments)?;
                }
                Some(b':') => {
                    self.cursor.bump();
                    return self.cfws(comments);
                }
                None => return Err(self.cursor.error(Syntax::Unterminated)),
                Some(_) => return Err(self.cursor.error(Syntax::Address)),
            }
        }
    }

    /// Passes words, dots, white space and comments: a phrase, or a local part with obsolete white space.
    fn words(&mut self, comments: &mut Vec<Cow<'a, str>>) -> Result<(), Error> {
        loop {
            self.cfws(comments)?;
            match self.cursor.peek() {
                Some(b'"') => {
                    self.cursor.quoted()?;
                }
                Some(byte) if is_atext(byte) || byte == b'.' => {
                    self.cursor.take_while(|byte| is_atext(byte) || byte == b'.');
                }
                _ => return Ok(()),
            }
        }
    }

    /// Skips white space and comments, and keeps the comments. Mostly there are none.
    #[inline]
    fn cfws(&mut self, comments: &mut Vec<Cow<'a, str>>) -> Result<(), Error> {
        match self.cursor.peek() {
            Some(byte) if is_fws(byte) || byte == b'(' => self.some_cfws(comments),
            _ => Ok(()),
        }
    }

    fn some_cfws(&mut self, comments: &mut Vec<Cow<'a, str>>) -> Result<(), Error> {
        loop {
            self.cursor.skip_fws();
            if self.cursor.peek() != Some(b'(') {
                return Ok(());
            }
            let inside = text::unescape(self.cursor.comment()?);
            comments.push(match inside {
                Cow::Borrowed(bytes) => text::unstructured(bytes),
                Cow::Owned(bytes) => Cow::Owned(text::unstructured(&bytes).into_owned()),
            });
        }
    }

    /// The words passed between two offsets as a local part: single dots between words, nothing else (4.4, `obs-local-part`).
    fn local_part(&self, start: usize, end: usize) -> Result<Cow<'a, str>, Error> {
        let raw = self.cursor.slice(start, end);
        let wrong = Error::syntax(Syntax::LocalPart, start);
        if is_dot_atom(raw) {
            return text::utf8(Cow::Borrowed(raw)).ok_or(Error::syntax(Syntax::Octet, start));
        }
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
                return text::utf8(text::unescape(inside)).ok_or(Error::syntax(Syntax::Octet, start));
            }
            local.extend_from_slice(&text::unescape(inside));
            expect_word = false;
        }
        loop {
            words.skip_cfws()?;
            match words.peek() {
                None if expect_word && !self.forgiving() => return Err(wrong),
                None => return text::utf8(Cow::Owned(local)).ok_or(Error::syntax(Syntax::Octet, start)),
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
    fn domain(&mut self, comments: &mut Vec<Cow<'a, str>>) -> Result<Cow<'a, str>, Error> {
        self.cfws(comments)?;
        let start = self.cursor.at();
        let wrong = Error::syntax(Syntax::Domain, start);
        if self.cursor.peek() == Some(b'[') {
            return self.literal(comments);
        }
        let mut domain = Cow::Borrowed(self.cursor.take_while(|byte| is_atext(byte) || byte == b'.'));
        loop {
            self.cfws(comments)?;
            // obsolete white space around the dots: the pieces are joined (4.4, `obs-domain`)
            let next = self.cursor.peek();
            if next != Some(b'.') && !(domain.last() == Some(&b'.') && next.is_some_and(is_atext)) {
                break;
            }
            let more = self.cursor.take_while(|byte| is_atext(byte) || byte == b'.');
            domain.to_mut().extend_from_slice(more);
        }
        text::utf8(domain).filter(|domain| !domain.is_empty()).ok_or(wrong)
    }

    /// Reads `[...]`. White space in it has no meaning and is dropped; what only obsolete escapes could write is refused.
    fn literal(&mut self, comments: &mut Vec<Cow<'a, str>>) -> Result<Cow<'a, str>, Error> {
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
        self.cfws(comments)?;
        let bytes = if folded {
            literal.iter().copied().filter(|&byte| !is_fws(byte)).collect()
        } else {
            Cow::Borrowed(literal)
        };
        text::utf8(bytes).ok_or(Error::syntax(Syntax::Octet, start))
    }

    /// The words passed between two offsets as a name.
    fn phrase(&self, start: usize, end: usize) -> Option<DisplayName<'a>> {
        let raw = text::trim(self.cursor.slice(start, end));
        // most names: words with one space between them, or one quoted string
        let mut last = 0;
        let simple = raw.iter().all(|&byte| {
            let odd_pair = matches!((last, byte), (b' ', b' ') | (b'=', b'?'));
            last = byte;
            !odd_pair && (is_atext(byte) || byte == b'.' || byte == b' ')
        });
        if simple {
            return DisplayName::of_clean(text::plain(raw));
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
        let mut atoms: Vec<u8> = Vec::new();
        let flush = |atoms: &mut Vec<u8>, name: &mut String| {
            if !atoms.is_empty() {
                join(name, &encoded_word::decode_all(atoms));
                atoms.clear();
            }
        };
        while words.skip_cfws().is_ok() && !words.is_at_end() {
            if words.peek() == Some(b'"') {
                flush(&mut atoms, &mut name);
                let Ok(inside) = words.quoted() else { break };
                join(&mut name, &self.quoted_text(inside));
                continue;
            }
            let atom = words.take_while(|byte| is_atext(byte) || byte == b'.');
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

fn join(name: &mut String, word: &str) {
    if !name.is_empty() {
        name.push(' ');
    }
    name.push_str(word);
}
