//! Reads the value of a field (RFC 8601, 2.2).

use alloc::{borrow::Cow, string::String, vec::Vec};

use crate::{
    AuthenticationResults, Error, Leniency, Limit, Limits, Method, Property, Ptype, Resinfo, ResultCode, Syntax,
    cursor::Cursor,
    grammar::{
        is_atext, is_domain, is_domain_byte, is_dot_atom, is_keyword, is_ldh, is_token, is_token_byte, is_word_byte,
        is_wsp,
    },
    names::lower,
    write::push_quoted,
};

impl<'a> AuthenticationResults<'a> {
    /// Reads the value of an Authentication-Results field: what is behind its colon, folds and comments as they are, with or without the last
    /// line end. By the grammar, and within the default limits.
    ///
    /// # Errors
    /// The field is to be ignored, for the reason that [`Error`] gives.
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(value, &Limits::default(), Leniency::Standard)
    }

    /// The same within other limits, and more forgiving if wanted.
    ///
    /// ```
    /// use auth_results::{AuthenticationResults, Leniency, Limits, ResultCode};
    ///
    /// let value = b"spf=hardfail smtp.client-ip=2001:db8::1;";
    /// assert!(AuthenticationResults::parse(value).is_err());
    /// let field = AuthenticationResults::parse_with(value, &Limits::default(), Leniency::Forgiving)?;
    /// assert_eq!((&*field.authserv_id, &field.results[0].result), ("", &ResultCode::Fail));
    /// # Ok::<(), auth_results::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_with(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<Self, Error> {
        Reader::new(value, limits, leniency)?.payload()
    }

    /// Reads the value of an ARC-Authentication-Results field, which begins with the instance of its set (RFC 8617, 4.1.1).
    ///
    /// ```
    /// use auth_results::AuthenticationResults;
    ///
    /// let (instance, field) = AuthenticationResults::parse_arc(b" i=2; mx.example.org; arc=pass")?;
    /// assert_eq!((instance, &*field.authserv_id), (2, "mx.example.org"));
    /// # Ok::<(), auth_results::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::parse`]; [`Syntax::Instance`] where there is no instance from 1 to 50.
    pub fn parse_arc(value: &'a [u8]) -> Result<(u8, Self), Error> {
        Self::parse_arc_with(value, &Limits::default(), Leniency::Standard)
    }

    /// The same within other limits, and more forgiving if wanted.
    ///
    /// # Errors
    /// As [`Self::parse_arc`].
    pub fn parse_arc_with(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<(u8, Self), Error> {
        let mut reader = Reader::new(value, limits, leniency)?;
        let instance = reader.instance()?;
        Ok((instance, reader.payload()?))
    }
}

struct Reader<'a, 'l> {
    cursor: Cursor<'a>,
    limits: &'l Limits,
    forgiving: bool,
    comments: u32,
    properties: u32,
}

/// Comments on their way to where they belong.
type Comments<'a> = Vec<Cow<'a, str>>;

impl<'a, 'l> Reader<'a, 'l> {
    fn new(value: &'a [u8], limits: &'l Limits, leniency: Leniency) -> Result<Self, Error> {
        if value.len() > usize::try_from(limits.field).unwrap_or(usize::MAX) {
            return Err(Error::Limit { limit: Limit::Field, value: limits.field });
        }
        let value = value.strip_suffix(b"\n").map_or(value, |line| line.strip_suffix(b"\r").unwrap_or(line));
        let cursor = Cursor::new(value, limits.depth)?;
        Ok(Self { cursor, limits, forgiving: leniency == Leniency::Forgiving, comments: 0, properties: 0 })
    }

    /// RFC 8617, 3.9 and 4.1.1: the instance and the semicolon behind it.
    fn instance(&mut self) -> Result<u8, Error> {
        let mut comments = Vec::new();
        self.skip_cfws(&mut comments)?;
        let at = self.cursor.at();
        let wrong = Error::syntax(Syntax::Instance, at);
        // the tag is of this case alone
        if !self.cursor.take(b'i') {
            return Err(wrong);
        }
        self.skip_cfws(&mut comments)?;
        if !self.cursor.take(b'=') {
            return Err(wrong);
        }
        self.skip_cfws(&mut comments)?;
        let digits = self.cursor.take_while(|byte| byte.is_ascii_digit());
        let instance = digits.parse().ok().filter(|number| digits.len() <= 2 && (1..=50).contains(number));
        self.skip_cfws(&mut comments)?;
        match instance {
            Some(instance) if self.cursor.take(b';') => Ok(instance),
            Some(_) => Err(self.cursor.error(Syntax::Semicolon)),
            None => Err(wrong),
        }
    }

    /// RFC 8601, 2.2: `authres-payload`.
    fn payload(mut self) -> Result<AuthenticationResults<'a>, Error> {
        let mut field = AuthenticationResults::new("");
        self.skip_cfws(&mut field.comments)?;
        let start = self.cursor.at();
        let has_id = self.authserv_id(&mut field)?;
        if !has_id {
            // a first result stands where the id should be
            self.cursor.go_to(start);
            field.comments.clear();
            self.entry(&mut field)?;
        }
        let mut entries = 0_u32;
        while !self.cursor.is_at_end() {
            if !self.cursor.take(b';') {
                return Err(self.cursor.error(Syntax::Semicolon));
            }
            entries += 1;
            let at_none = self.cursor.at();
            if self.no_result(&mut field)? {
                if (entries > 1 || !self.cursor.is_at_end()) && !self.forgiving {
                    return Err(Error::syntax(Syntax::Trailing, at_none));
                }
                continue;
            }
            self.entry(&mut field)?;
        }
        if entries == 0 && !self.forgiving {
            return Err(self.cursor.error(Syntax::Semicolon));
        }
        Ok(field)
    }

    /// The id and the version behind it. `false`: there is no id, which a forgiving reader takes.
    fn authserv_id(&mut self, field: &mut AuthenticationResults<'a>) -> Result<bool, Error> {
        let at = self.cursor.at();
        let mut gap = false;
        if self.cursor.peek() == Some(b'"') {
            field.authserv_id = self.cursor.quoted()?;
        } else {
            let id = self.cursor.take_while(is_token_byte);
            gap = self.skip_cfws(&mut field.comments)?;
            if self.forgiving && (id.is_empty() || matches!(self.cursor.peek(), Some(b'=' | b'/'))) {
                return Ok(false);
            }
            field.authserv_id = Cow::Borrowed(id);
        }
        if field.authserv_id.is_empty() {
            return Err(Error::syntax(Syntax::AuthservId, at));
        }
        gap |= self.skip_cfws(&mut field.comments)?;
        if self.cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            if !gap {
                return Err(self.cursor.error(Syntax::Space));
            }
            let version = self.number()?;
            if version != 1 {
                return Err(Error::Version { version });
            }
            self.skip_cfws(&mut field.comments)?;
        }
        Ok(true)
    }

    /// `none` alone.
    fn no_result(&mut self, field: &mut AuthenticationResults<'a>) -> Result<bool, Error> {
        let (at, mark) = (self.cursor.at(), self.mark(&field.comments));
        self.skip_cfws(&mut field.comments)?;
        let is_none = self.cursor.take_while(is_ldh).eq_ignore_ascii_case("none");
        if is_none {
            self.skip_cfws(&mut field.comments)?;
            if matches!(self.cursor.peek(), None | Some(b';')) {
                return Ok(true);
            }
        }
        self.go_back(at, mark, &mut field.comments);
        Ok(false)
    }

    /// One result up to the next semicolon. A forgiving reader leaves out what it cannot read.
    fn entry(&mut self, field: &mut AuthenticationResults<'a>) -> Result<(), Error> {
        let (start, counted) = (self.cursor.at(), (self.comments, self.properties));
        let failed = match self.resinfo() {
            Ok(result) => {
                if field.results.len() >= usize::try_from(self.limits.results).unwrap_or(usize::MAX) {
                    return Err(Error::Limit { limit: Limit::Results, value: self.limits.results });
                }
                field.results.push(result);
                return Ok(());
            }
            Err(error @ Error::Syntax { .. }) if self.forgiving => error,
            Err(error) => return Err(error),
        };
        self.cursor.go_to(start);
        (self.comments, self.properties) = counted;
        let is_empty = match self.pass_over() {
            Ok(is_empty) => is_empty,
            // what has no end takes all that is left with it
            Err(Error::Syntax { what: Syntax::Unterminated, .. }) => false,
            Err(Error::Syntax { .. }) => return Err(failed),
            Err(error) => return Err(error),
        };
        field.skipped += u32::from(!is_empty);
        Ok(())
    }

    /// Goes to the next semicolon or the end, and says whether there was nothing before it.
    fn pass_over(&mut self) -> Result<bool, Error> {
        let (mut comments, mut is_empty) = (Vec::new(), true);
        loop {
            self.skip_cfws(&mut comments)?;
            match self.cursor.peek() {
                None | Some(b';') => return Ok(is_empty),
                Some(b'"') => drop(self.cursor.quoted()?),
                Some(b'\r' | b'\n') => return Err(self.cursor.error(Syntax::Octet)),
                Some(_) => {
                    self.cursor.bump();
                    self.cursor.take_while(|byte| is_loose(byte) && byte != b'"');
                }
            }
            is_empty = false;
        }
    }

    fn resinfo(&mut self) -> Result<Resinfo<'a>, Error> {
        let mut comments = Vec::new();
        self.skip_cfws(&mut comments)?;
        if self.cursor.is_at_end() {
            return Err(self.cursor.error(Syntax::NoResult));
        }
        let method = Method::from(self.keyword()?);
        self.skip_cfws(&mut comments)?;
        let mut version = 1;
        if self.cursor.take(b'/') {
            self.skip_cfws(&mut comments)?;
            version = self.number()?;
            self.skip_cfws(&mut comments)?;
        }
        self.equals()?;
        self.skip_cfws(&mut comments)?;
        let result = match self.keyword()? {
            old if self.forgiving && old.eq_ignore_ascii_case("hardfail") => ResultCode::Fail,
            code => ResultCode::from(code),
        };
        let mut info = Resinfo { comments, method_version: version, ..Resinfo::new(method, result) };
        self.reason_and_properties(&mut info)?;
        Ok(info)
    }

    fn reason_and_properties(&mut self, info: &mut Resinfo<'a>) -> Result<(), Error> {
        // grammar lets properties follow each other without white space, but nothing else
        let mut must_gap = true;
        loop {
            let comments = info.properties.last_mut().map_or(&mut info.comments, |property| &mut property.comments);
            let gap = self.skip_cfws(comments)?;
            if matches!(self.cursor.peek(), None | Some(b';')) {
                return Ok(());
            }
            if must_gap && !gap && !self.forgiving {
                return Err(self.cursor.error(Syntax::Space));
            }
            let at = self.cursor.at();
            let name = self.keyword()?;
            let mut inner = Vec::new();
            self.skip_cfws(&mut inner)?;
            if self.cursor.take(b'=') {
                let is_reason = name.eq_ignore_ascii_case("reason") && info.reason.is_none();
                let is_in_place = is_reason && info.properties.is_empty();
                if !is_in_place && !self.forgiving {
                    return Err(Error::syntax(Syntax::Dot, at));
                }
                let comments = info.properties.last_mut().map_or(&mut info.comments, |property| &mut property.comments);
                comments.append(&mut inner);
                self.skip_cfws(comments)?;
                let value = self.value()?;
                if is_reason {
                    info.reason = Some(value);
                }
                must_gap = true;
                continue;
            }
            if !self.cursor.take(b'.') {
                return Err(self.cursor.error(Syntax::Dot));
            }
            self.properties += 1;
            if self.properties > self.limits.properties {
                return Err(Error::Limit { limit: Limit::Properties, value: self.limits.properties });
            }
            self.skip_cfws(&mut inner)?;
            let property = self.keyword()?;
            self.skip_cfws(&mut inner)?;
            self.equals()?;
            self.skip_cfws(&mut inner)?;
            let value = self.pvalue(&mut inner)?;
            info.properties.push(Property { ptype: Ptype::from(name), name: lower(property), value, comments: inner });
            must_gap = false;
        }
    }

    fn equals(&mut self) -> Result<(), Error> {
        if self.cursor.take(b'=') { Ok(()) } else { Err(self.cursor.error(Syntax::Equals)) }
    }

    /// RFC 5321, 4.1.2: `Keyword`.
    fn keyword(&mut self) -> Result<&'a str, Error> {
        let at = self.cursor.at();
        let forgiving = self.forgiving;
        let word = self.cursor.take_while(|byte| is_ldh(byte) || forgiving && byte == b'_');
        if is_keyword(word) || forgiving && !word.is_empty() {
            return Ok(word);
        }
        Err(Error::syntax(Syntax::Keyword, at))
    }

    /// A number; one that is too large is the largest.
    fn number(&mut self) -> Result<u32, Error> {
        let digits = self.cursor.take_while(|byte| byte.is_ascii_digit());
        if digits.is_empty() {
            return Err(self.cursor.error(Syntax::Number));
        }
        let add = |number: u32, digit: u8| number.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
        Ok(digits.bytes().fold(0, add))
    }

    /// RFC 2045, 5.1: a token or a quoted string.
    fn value(&mut self) -> Result<Cow<'a, str>, Error> {
        if self.cursor.peek() == Some(b'"') {
            return self.cursor.quoted();
        }
        let (at, forgiving) = (self.cursor.at(), self.forgiving);
        let value = self.cursor.take_while(|byte| if forgiving { is_loose(byte) } else { is_token_byte(byte) });
        if value.is_empty() && !forgiving {
            return Err(Error::syntax(Syntax::Value, at));
        }
        Ok(Cow::Borrowed(value))
    }

    /// A value, or an address, of which the local part or also its at sign may be missing.
    fn pvalue(&mut self, comments: &mut Comments<'a>) -> Result<Cow<'a, str>, Error> {
        let (start, mark) = (self.cursor.at(), self.mark(comments));
        let quoted = self.cursor.peek() == Some(b'"');
        let value = if quoted { self.cursor.quoted()? } else { Cow::Borrowed(self.cursor.take_while(is_word_byte)) };
        let end = self.cursor.at();
        let mut stop = end;
        let read = if !quoted && self.cursor.peek() == Some(b'@') && (value.is_empty() || is_dot_atom(&value)) {
            // the usual address, in one piece
            self.cursor.bump();
            let domain = self.domain();
            stop = self.cursor.at();
            domain.map(|_| Cow::Borrowed(self.cursor.slice(start, stop)))
        } else {
            self.skip_cfws(comments)?;
            if matches!(self.cursor.peek(), Some(b'@' | b'.')) && end > start {
                // RFC 5322, 3.4.1 and 4.4: a local part in quotes, or in pieces
                self.go_back(start, mark, comments);
                let address = self.local_part(comments).and_then(|local| self.address(local));
                stop = self.cursor.at();
                address.map(Cow::Owned)
            } else if quoted || is_token(&value) {
                Ok(value)
            } else {
                let good = value.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(value.len());
                Err(Error::syntax(Syntax::Value, start + good))
            }
        };
        match read {
            Err(error @ Error::Limit { .. }) => Err(error),
            read if !self.forgiving => read,
            // `2001:db8::1` is more than the token that it begins with
            Ok(value) if quoted || !self.cursor.byte(stop).is_some_and(is_loose) => Ok(value),
            // what should have been in quotes
            _ => {
                self.go_back(start, mark, comments);
                Ok(Cow::Borrowed(self.cursor.take_while(is_loose)))
            }
        }
    }

    /// Words with dots between them, white space and comments between all of these; written as a dot-atom, or as a quoted string where it must be.
    fn local_part(&mut self, comments: &mut Comments<'a>) -> Result<String, Error> {
        let mut local = String::new();
        loop {
            if self.cursor.peek() == Some(b'"') {
                local.push_str(&self.cursor.quoted()?);
            } else {
                let atom = self.cursor.take_while(is_atext);
                if atom.is_empty() {
                    return Err(self.cursor.error(Syntax::LocalPart));
                }
                local.push_str(atom);
            }
            self.skip_cfws(comments)?;
            if !self.cursor.take(b'.') {
                break;
            }
            local.push('.');
            self.skip_cfws(comments)?;
        }
        if is_dot_atom(&local) {
            return Ok(local);
        }
        let mut quoted = String::new();
        push_quoted(&mut quoted, &local);
        Ok(quoted)
    }

    /// The at sign and the domain, put behind their local part.
    fn address(&mut self, mut local: String) -> Result<String, Error> {
        if !self.cursor.take(b'@') {
            return Err(self.cursor.error(Syntax::LocalPart));
        }
        local.push('@');
        local.push_str(self.domain()?);
        Ok(local)
    }

    fn domain(&mut self) -> Result<&'a str, Error> {
        let at = self.cursor.at();
        let domain = self.cursor.take_while(is_domain_byte);
        if is_domain(domain) { Ok(domain) } else { Err(Error::syntax(Syntax::Domain, at)) }
    }

    /// What to go back with: how many comments are kept, and how many are counted.
    fn mark(&self, comments: &Comments<'a>) -> (usize, u32) {
        (comments.len(), self.comments)
    }

    /// Goes back to read in another way, and forgets the comments since.
    fn go_back(&mut self, at: usize, (kept, counted): (usize, u32), comments: &mut Comments<'a>) {
        comments.truncate(kept);
        self.comments = counted;
        self.cursor.go_to(at);
    }

    /// Skips white space, folds and comments, keeps the comments, and says whether there was anything.
    fn skip_cfws(&mut self, comments: &mut Comments<'a>) -> Result<bool, Error> {
        let mut any = false;
        loop {
            any |= self.cursor.skip_fws();
            if self.cursor.peek() != Some(b'(') {
                return Ok(any);
            }
            self.comments += 1;
            if self.comments > self.limits.comments {
                return Err(Error::Limit { limit: Limit::Comments, value: self.limits.comments });
            }
            comments.push(self.cursor.comment()?);
            any = true;
        }
    }
}

/// A byte of a value that should have been in quotes: up to white space, a comment or the next result.
fn is_loose(byte: u8) -> bool {
    !is_wsp(byte) && !matches!(byte, b'\r' | b'\n' | b';' | b'(')
}
