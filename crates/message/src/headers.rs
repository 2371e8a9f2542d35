//! The fields of one message, read from where the index says they are.

use alloc::borrow::Cow;
use core::{fmt, iter::FusedIterator};

use crate::{
    AddrSpec, AddressList, DateTime, Defect, Error, Hop, Leniency, Limits, Mailbox, MessageIds, Syntax,
    defect::Defects,
    index::{Entry, without_line_end},
    text,
};

/// The fields that RFC 5322, 3.6 allows once at most, and those that MIME (RFC 2045, 4 to 8) does.
const ONCE: [&str; 14] = [
    "Date",
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Subject",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
];

/// The header block of a message: its fields in their order, borrowed from the message and the [`Index`](crate::Index) over it.
///
/// Names are looked up without regard to case. Nothing is decoded before it is asked for.
#[derive(Clone, Copy)]
pub struct Headers<'a> {
    message: &'a [u8],
    entries: &'a [Entry],
    place: Place,
    defects: &'a Defects,
}

/// Where a header block and its body are in a message.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: usize,
    /// Behind the empty line, or as far as the block has been indexed.
    pub(crate) indexed: usize,
    /// None as long as the empty line has not been seen.
    pub(crate) body: Option<usize>,
    pub(crate) end: usize,
}

impl<'a> Headers<'a> {
    pub(crate) fn new(message: &'a [u8], entries: &'a [Entry], place: Place, defects: &'a Defects) -> Self {
        Self { message, entries, place, defects }
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.iter().filter(|entry| entry.name > 0).count()
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All fields from top to bottom.
    #[must_use]
    pub fn iter(&self) -> Fields<'a> {
        Fields { message: self.message, entries: self.entries.iter() }
    }

    /// Everything in the header block from top to bottom, without gaps: fields, and lines that are none. Behind the last comes the empty line.
    ///
    /// To leave fields out, such as trace fields that a stranger forged (RFC 8601, 5), write out the others:
    ///
    /// ```
    /// let mut index = message::Index::default();
    /// let letter = b"Authentication-Results: mx.example.org; spf=pass\r\nSubject: Hi\r\n\r\nBody\r\n";
    /// let headers = index.parse(letter)?;
    /// let mut kept = Vec::new();
    /// for (field, raw) in headers.pieces() {
    ///     if !field.is_some_and(|field| field.is("Authentication-Results")) {
    ///         kept.extend_from_slice(raw);
    ///     }
    /// }
    /// assert_eq!(kept, b"Subject: Hi\r\n");
    /// # Ok::<(), message::Error>(())
    /// ```
    pub fn pieces(&self) -> impl DoubleEndedIterator<Item = (Option<Field<'a>>, &'a [u8])> + use<'a> {
        let message = self.message;
        self.entries.iter().map(move |entry| {
            let field = Field::new(message, entry);
            ((entry.name > 0).then_some(field), field.raw())
        })
    }

    /// The first field of this name, from the top.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Field<'a>> {
        self.all(name).next()
    }

    /// All fields of this name, from top to bottom; reversed, from the bottom up, as DKIM counts them (RFC 6376, 5.4.2).
    pub fn all<'n>(&self, name: &'n str) -> impl DoubleEndedIterator<Item = Field<'a>> + use<'a, 'n> {
        let message = self.message;
        // the index tells most of them apart by the length of the name alone
        let entries = self.entries.iter().filter(move |entry| entry.name as usize == name.len() && !name.is_empty());
        entries.map(move |entry| Field::new(message, entry)).filter(move |field| field.is(name))
    }

    /// Fields that repeat one which RFC 5322, 3.6 or MIME allows once at most, in the order of that table.
    ///
    /// Programs differ in which of two they show and which they judge (rows M-9 and M-10): a message that has any is suspect.
    pub fn duplicates(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let this = *self;
        ONCE.into_iter().flat_map(move |name| this.all(name).skip(1))
    }

    /// The one author: the mailbox of the only From field, where it has only one.
    ///
    /// This is the only reading of From that checks on a sender should use, so that what is judged is what is shown (row M-9).
    ///
    /// # Errors
    /// [`Error::Syntax`] with [`Syntax::Address`] where there is no From, with [`Syntax::Several`] where there are several fields or several
    /// addresses, or as the value is wrong.
    pub fn author(&self) -> Result<Mailbox<'a>, Error> {
        let mut fields = self.all("From");
        let field = fields.next().ok_or(Error::syntax(Syntax::Address, 0))?;
        if fields.next().is_some() {
            return Err(Error::syntax(Syntax::Several, 0));
        }
        Mailbox::parse(field.value())
    }

    /// How many servers say that they have passed the message on: the number of Received fields. RFC 5321, 6.3: at 100 or more it is a loop.
    #[must_use]
    pub fn hops(&self) -> usize {
        self.all("Received").count()
    }

    /// Whether a Delivered-To field names this address already, which means that the message goes round (RFC 9228, 2). The domain is compared
    /// without regard to ASCII case.
    #[must_use]
    pub fn delivered_to(&self, address: &AddrSpec<'_>) -> bool {
        self.all("Delivered-To")
            .any(|field| Mailbox::parse(field.value()).is_ok_and(|found| found.address().is_same(address)))
    }

    /// Everything behind the empty line; empty as long as that line has not been seen.
    #[must_use]
    pub fn body(&self) -> &'a [u8] {
        self.place.body.and_then(|at| self.message.get(at..self.place.end)).unwrap_or_default()
    }

    /// The header block as it stands, with the empty line, as far as it has been indexed.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.message.get(self.place.start..self.place.indexed).unwrap_or_default()
    }

    /// What the grammar forbids in the lines that were read together with these: the first place of each kind.
    pub fn defects(&self) -> impl Iterator<Item = Defect> + use<'a> {
        self.defects.iter()
    }
}

impl<'a> IntoIterator for Headers<'a> {
    type Item = Field<'a>;
    type IntoIter = Fields<'a>;

    fn into_iter(self) -> Fields<'a> {
        self.iter()
    }
}

impl<'a> IntoIterator for &Headers<'a> {
    type Item = Field<'a>;
    type IntoIter = Fields<'a>;

    fn into_iter(self) -> Fields<'a> {
        self.iter()
    }
}

impl fmt::Debug for Headers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The fields of a header block from top to bottom: what [`Headers::iter`] gives.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    message: &'a [u8],
    entries: core::slice::Iter<'a, Entry>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let message = self.message;
        self.entries.find(|entry| entry.name > 0).map(|entry| Field::new(message, entry))
    }
}

impl DoubleEndedIterator for Fields<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let message = self.message;
        self.entries.rfind(|entry| entry.name > 0).map(|entry| Field::new(message, entry))
    }
}

impl FusedIterator for Fields<'_> {}

/// One field of a header block: its name and its value, and the bytes just as they came.
///
/// Structured values are read when asked for, by the standard grammar and the default limits; to read otherwise, hand
/// [`value`](Self::value) to the type's own `parse_with`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    raw: &'a [u8],
    at: u32,
    name: u32,
    value: u32,
}

impl<'a> Field<'a> {
    fn new(message: &'a [u8], entry: &Entry) -> Self {
        let raw = message.get(entry.start as usize..entry.end as usize).unwrap_or_default();
        Self { raw, at: entry.start, name: entry.name, value: entry.value - entry.start }
    }

    /// The name as it stands, without the white space that may be before the colon. Printable ASCII.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.raw.get(..self.name as usize).and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Whether the field has this name, without regard to case.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.raw.get(..self.name as usize).is_some_and(|own| own.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The whole field as it came: name, colon, value, folds, and the last line end.
    #[must_use]
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Where the field begins, in bytes from the beginning of the message.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at as usize
    }

    /// The value as it came: all between the colon and the last line end, folds and the first space included.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        without_line_end(self.raw.get(self.value as usize..).unwrap_or_default())
    }

    /// The value without its folds and without white space around it: the line ends are gone, the white space behind them stays
    /// (RFC 5322, 2.2.3). Borrowed where there is no fold.
    #[must_use]
    pub fn unfolded(&self) -> Cow<'a, [u8]> {
        text::unfold(self.value())
    }

    /// The value as text to be shown: unfolded, encoded words decoded (RFC 2047), UTF-8 as it is (RFC 6532). It holds no line end and no
    /// other control character but the tab; what cannot be text is U+FFFD. Borrowed where there is nothing to change.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        text::unstructured(self.value())
    }

    /// The value as a list of addresses: From, To, Cc, Reply-To and their like.
    ///
    /// # Errors
    /// [`Error::Syntax`] and [`Error::Limit`], see [`AddressList::parse_with`].
    pub fn addresses(&self) -> Result<AddressList<'a>, Error> {
        AddressList::parse_with(self.value(), &Limits::default(), Leniency::Standard)
    }

    /// The value as a date.
    ///
    /// # Errors
    /// [`Error::Syntax`], see [`DateTime::parse_with`].
    pub fn date(&self) -> Result<DateTime, Error> {
        DateTime::parse_with(self.value(), Leniency::Standard)
    }

    /// The message ids in the value: Message-ID, In-Reply-To, References.
    #[must_use]
    pub fn message_ids(&self) -> MessageIds<'a> {
        MessageIds::new(self.value())
    }

    /// The value as that of a Received field.
    ///
    /// # Errors
    /// [`Error::Syntax`], see [`Hop::parse`].
    pub fn hop(&self) -> Result<Hop<'a>, Error> {
        Hop::parse(self.value())
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        write!(f, "{}:{}", self.name(), value.get(..80).unwrap_or(value).escape_ascii())
    }
}
