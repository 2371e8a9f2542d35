//! Mailboxes, groups, and lists of them (RFC 5322, 3.4 and 4.4; groups in From: RFC 6854).

use alloc::{borrow::Cow, vec::Vec};
use core::fmt;

use crate::{
    AddrSpec, Error, Leniency, Limits,
    addr_spec::write_quoted,
    address_parser,
    grammar::{has_control, is_atext},
    text::clean_owned,
};

/// A name to be shown beside or instead of an address: text without line ends and control characters but the tab, and not empty.
///
/// What would be a control character is U+FFFD, be it from an encoded word or from the caller.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DisplayName<'a>(Cow<'a, str>);

impl<'a> DisplayName<'a> {
    /// `None` where there is no text.
    pub fn new(text: impl Into<Cow<'a, str>>) -> Option<Self> {
        let text = text.into();
        Self::of_clean(if has_control(text.as_bytes()) { Cow::Owned(clean_owned(text.into_owned())) } else { text })
    }

    /// The same for text that has been through [`text`](crate::text) already.
    pub(crate) fn of_clean(text: Cow<'a, str>) -> Option<Self> {
        (!text.is_empty()).then_some(Self(text))
    }

    /// The text, decoded and without quotes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> DisplayName<'static> {
        DisplayName(Cow::Owned(self.0.into_owned()))
    }

    /// Whether it can be written without quotes: atoms with single spaces between them (RFC 5322, 3.2.5).
    pub(crate) fn is_phrase(&self) -> bool {
        // what looks like an encoded word would be decoded when read
        !self.0.contains("=?") && self.0.split(' ').all(|word| !word.is_empty() && word.bytes().all(is_atext))
    }
}

impl fmt::Display for DisplayName<'_> {
    /// As it stands in a header with UTF-8 (RFC 6532): quoted where it must be.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_phrase() { f.write_str(&self.0) } else { write_quoted(f, &self.0) }
    }
}

/// An address with the name of who reads there, if it has one.
///
/// `Display` writes it as in a header with UTF-8 (RFC 6532), without comments; what was written is read as the same again.
///
/// ```
/// use message::Mailbox;
///
/// let mailbox = Mailbox::parse(b"=?utf-8?q?Andr=C3=A9?= Pirard <pirard@example.org> (Belgium)")?;
/// assert_eq!(mailbox.name(), Some("André Pirard"));
/// assert_eq!(mailbox.address().domain(), "example.org");
/// assert_eq!(mailbox.comments(), ["Belgium"]);
/// assert_eq!(mailbox.to_string(), "André Pirard <pirard@example.org>");
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox<'a> {
    pub(crate) name: Option<DisplayName<'a>>,
    pub(crate) address: AddrSpec<'a>,
    pub(crate) comments: Vec<Cow<'a, str>>,
}

impl<'a> Mailbox<'a> {
    /// A mailbox of a name and an address.
    #[must_use]
    pub fn new(name: Option<DisplayName<'a>>, address: AddrSpec<'a>) -> Self {
        Self { name, address, comments: Vec::new() }
    }

    /// Reads a value that is one mailbox, by the standard grammar.
    ///
    /// # Errors
    /// [`Error::Syntax`]; with [`Syntax::Several`](crate::Syntax::Several) where the value has more than one, with
    /// [`Syntax::Address`](crate::Syntax::Address) where it has none or a group.
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        address_parser::mailbox(value, &Limits::default(), Leniency::Standard)
    }

    /// The name, decoded and without quotes.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(DisplayName::as_str)
    }

    /// The address alone.
    #[must_use]
    pub fn address(&self) -> &AddrSpec<'a> {
        &self.address
    }

    /// The address alone, taken out.
    #[must_use]
    pub fn into_address(self) -> AddrSpec<'a> {
        self.address
    }

    /// The comments before, in and behind it, decoded, without their parentheses. Old mail has the name there: `jdoe@example.org (John Doe)`.
    #[must_use]
    pub fn comments(&self) -> &[Cow<'a, str>] {
        &self.comments
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Mailbox<'static> {
        Mailbox {
            name: self.name.map(DisplayName::into_owned),
            address: self.address.into_owned(),
            comments: self.comments.into_iter().map(|comment| Cow::Owned(comment.into_owned())).collect(),
        }
    }
}

impl<'a> From<AddrSpec<'a>> for Mailbox<'a> {
    fn from(address: AddrSpec<'a>) -> Self {
        Self::new(None, address)
    }
}

impl fmt::Display for Mailbox<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} <{}>", self.address),
            None => self.address.fmt(f),
        }
    }
}

/// A mailbox, or a group of them under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address<'a> {
    /// One mailbox.
    Mailbox(Mailbox<'a>),
    /// `name: members;`, and there may be no members: `undisclosed-recipients:;`.
    Group {
        /// What the group is called.
        name: DisplayName<'a>,
        /// Who is in it.
        members: Vec<Mailbox<'a>>,
    },
}

impl<'a> Address<'a> {
    /// The mailbox, or those of the group.
    #[must_use]
    pub fn mailboxes(&self) -> &[Mailbox<'a>] {
        match self {
            Self::Mailbox(mailbox) => core::slice::from_ref(mailbox),
            Self::Group { members, .. } => members,
        }
    }

    /// The same, owning its text.
    #[must_use]
    pub fn into_owned(self) -> Address<'static> {
        match self {
            Self::Mailbox(mailbox) => Address::Mailbox(mailbox.into_owned()),
            Self::Group { name, members } => Address::Group {
                name: name.into_owned(),
                members: members.into_iter().map(Mailbox::into_owned).collect(),
            },
        }
    }
}

impl<'a> From<Mailbox<'a>> for Address<'a> {
    fn from(mailbox: Mailbox<'a>) -> Self {
        Self::Mailbox(mailbox)
    }
}

impl<'a> From<AddrSpec<'a>> for Address<'a> {
    fn from(address: AddrSpec<'a>) -> Self {
        Self::Mailbox(address.into())
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mailbox(mailbox) => mailbox.fmt(f),
            Self::Group { name, members } => {
                write!(f, "{name}:")?;
                for (i, member) in members.iter().enumerate() {
                    write!(f, "{}{member}", if i == 0 { " " } else { ", " })?;
                }
                f.write_str(";")
            }
        }
    }
}

/// The value of From, To, Cc, Bcc, Reply-To and their like: addresses with commas between them.
///
/// ```
/// use message::AddressList;
///
/// let list = AddressList::parse(b"Mary Smith <mary@x.example>, A Group:Ed <ed@y.example>,joe@z.example;")?;
/// assert_eq!(list.addresses().len(), 2);
/// let domains: Vec<_> = list.mailboxes().map(|mailbox| mailbox.address().domain()).collect();
/// assert_eq!(domains, ["x.example", "y.example", "z.example"]);
/// # Ok::<(), message::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AddressList<'a> {
    pub(crate) addresses: Vec<Address<'a>>,
    pub(crate) skipped: u32,
}

impl<'a> AddressList<'a> {
    /// Reads a list by the standard grammar and the default limits.
    ///
    /// # Errors
    /// See [`parse_with`](Self::parse_with).
    pub fn parse(value: &'a [u8]) -> Result<Self, Error> {
        Self::parse_with(value, &Limits::default(), Leniency::Standard)
    }

    /// Reads a list. Empty elements are allowed (4.4), and so is a list with nothing else.
    ///
    /// The cost is linear in the value, whatever it is (row M-4).
    ///
    /// # Errors
    /// [`Error::Limit`] for more addresses than `limits` has, [`Error::Syntax`] for what the grammar does not have. A
    /// [forgiving](Leniency::Forgiving) reader has no syntax errors: it leaves out what it cannot read, and counts it.
    pub fn parse_with(value: &'a [u8], limits: &Limits, leniency: Leniency) -> Result<Self, Error> {
        address_parser::list(value, limits, leniency)
    }

    /// The addresses in their order.
    #[must_use]
    pub fn addresses(&self) -> &[Address<'a>] {
        &self.addresses
    }

    /// All mailboxes in their order, those in groups too.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox<'a>> {
        self.addresses.iter().flat_map(Address::mailboxes)
    }

    /// How many elements a forgiving reader left out; 0 by the standard grammar.
    #[must_use]
    pub fn skipped(&self) -> u32 {
        self.skipped
    }

    /// The addresses, taken out.
    #[must_use]
    pub fn into_addresses(self) -> Vec<Address<'a>> {
        self.addresses
    }
}

impl fmt::Display for AddressList<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, address) in self.addresses.iter().enumerate() {
            write!(f, "{}{address}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}
