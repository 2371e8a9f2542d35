//! Writes new messages.

use alloc::{
    borrow::Cow,
    string::{String, ToString},
    vec::Vec,
};

use crate::{
    AddrSpec, Address, Carriage, Content, DateTime, FieldName, Limits, Mailbox, MessageId, content::Boundaries,
    fold::Folder, grammar::is_control,
};

/// What the caller put into a message that no message can have. Nothing has been written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A name that no field can have: see [`FieldName`].
    #[error("a field's name must be 1 to 70 printable ASCII characters without a colon")]
    FieldName,
    /// A field that has a method of its own, or is MIME's.
    #[error("{0} has a method of its own: use that")]
    Reserved(FieldName),
    /// A control character other than the tab in a field's text (row R-10), or one beyond ASCII in a delivery status. Line ends are for the builder to write.
    #[error("a control character in {field} at byte {at}, or one beyond ASCII where none may be: take it out")]
    Control {
        /// The field.
        field: Cow<'static, str>,
        /// The offset in its text, in bytes.
        at: usize,
    },
    /// Several authors and no Sender (RFC 5322, 3.6.2).
    #[error("several authors need a sender: name who sends the message")]
    SenderMissing,
    /// Parts, and nothing to make their boundaries of.
    #[error("parts need boundaries: give random octets by `boundaries`")]
    BoundaryMissing,
    /// A multipart without parts (RFC 2046, 5.1.1).
    #[error("a multipart needs a part")]
    NoParts,
    /// Parts in parts, deeper than [`Limits::depth`](crate::Limits::depth) lets anybody read them.
    #[error("parts are nested too deep")]
    Depth,
    /// Not a type and a subtype.
    #[error("{0:?} is no media type: it is a type, a slash and a subtype, without parameters")]
    MediaType(String),
    /// The id of a part has characters beyond ASCII, which no page could name (RFC 2392, 2).
    #[error("the id of a part must be ASCII")]
    ContentId,
    /// A message inside that cannot pass as it is (RFC 2046, 5.2.1): it has other octets or longer lines than the [`Carriage`] allows.
    #[error("the message inside would have to be encoded: attach it as a file, or say that the way is 8-bit or binary")]
    Carriage,
}

/// A message to be written: by RFC 5322 and MIME.
///
/// It has what a message must have from the start, and each field that may be there once is there once at most (3.6). Lines are folded
/// at 78 octets, text beyond ASCII is encoded by RFC 2047, texts go as 7bit, quoted-printable or base64, whichever is shortest and safe
/// anywhere, files as base64. No text, name or address can make a field or line of its own (row R-10).
///
/// ```
/// use message::{AddrSpec, DateTime, DisplayName, Mailbox, MessageBuilder};
///
/// let from = Mailbox::new(DisplayName::new("Zoë"), "zoe@example.org".parse()?);
/// let to: AddrSpec = "ned@example.net".parse()?;
/// let message = MessageBuilder::new(from, DateTime::utc(880_127_706)).to(to).subject("Grüße").text("Hello\n").build()?;
/// assert_eq!(
///     String::from_utf8(message)?,
///     "Date: Fri, 21 Nov 1997 15:55:06 +0000\r\n\
///      From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\r\n\
///      To: ned@example.net\r\n\
///      Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\
///      MIME-Version: 1.0\r\n\
///      Content-Type: text/plain; charset=us-ascii\r\n\
///      Content-Transfer-Encoding: 7bit\r\n\
///      \r\n\
///      Hello\r\n"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageBuilder {
    date: DateTime,
    from: Vec<Mailbox<'static>>,
    sender: Option<Mailbox<'static>>,
    reply_to: Vec<Address<'static>>,
    to: Vec<Address<'static>>,
    cc: Vec<Address<'static>>,
    bcc: Vec<Address<'static>>,
    message_id: Option<MessageId<'static>>,
    in_reply_to: Vec<MessageId<'static>>,
    references: Vec<MessageId<'static>>,
    subject: Option<String>,
    fields: Vec<(FieldName, String)>,
    content: Content,
    boundaries: Option<[u8; 16]>,
    carriage: Carriage,
    utf8: bool,
}

impl MessageBuilder {
    /// A message with what RFC 5322, 3.6 demands: an author and a date.
    #[must_use]
    pub fn new<'a>(from: impl Into<Mailbox<'a>>, date: DateTime) -> Self {
        Self {
            date,
            from: [from.into().into_owned()].into(),
            sender: None,
            reply_to: Vec::new(),
            to: Vec::new(),
            cc: Vec::new(),
            bcc: Vec::new(),
            message_id: None,
            in_reply_to: Vec::new(),
            references: Vec::new(),
            subject: None,
            fields: Vec::new(),
            content: Content::text(""),
            boundaries: None,
            carriage: Carriage::SevenBit,
            utf8: false,
        }
    }

    /// One more author. With more than one there must be a [`sender`](Self::sender).
    #[must_use]
    pub fn from<'a>(mut self, mailbox: impl Into<Mailbox<'a>>) -> Self {
        self.from.push(mailbox.into().into_owned());
        self
    }

    /// Who sends the message, where that is not its author.
    #[must_use]
    pub fn sender<'a>(mut self, mailbox: impl Into<Mailbox<'a>>) -> Self {
        self.sender = Some(mailbox.into().into_owned());
        self
    }

    /// One more address that answers are to go to.
    #[must_use]
    pub fn reply_to<'a>(mut self, address: impl Into<Address<'a>>) -> Self {
        self.reply_to.push(address.into().into_owned());
        self
    }

    /// One more addressee.
    #[must_use]
    pub fn to<'a>(mut self, address: impl Into<Address<'a>>) -> Self {
        self.to.push(address.into().into_owned());
        self
    }

    /// One more addressee of a copy.
    #[must_use]
    pub fn cc<'a>(mut self, address: impl Into<Address<'a>>) -> Self {
        self.cc.push(address.into().into_owned());
        self
    }

    /// One more addressee of a copy that the others are not told of: one of [`recipients`](Self::recipients), and never written.
    #[must_use]
    pub fn bcc<'a>(mut self, address: impl Into<Address<'a>>) -> Self {
        self.bcc.push(address.into().into_owned());
        self
    }

    /// The message's id. Every message should have one (3.6.4).
    #[must_use]
    pub fn message_id(mut self, id: MessageId<'_>) -> Self {
        self.message_id = Some(id.into_owned());
        self
    }

    /// One more message that this one answers.
    #[must_use]
    pub fn in_reply_to(mut self, id: MessageId<'_>) -> Self {
        self.in_reply_to.push(id.into_owned());
        self
    }

    /// One more message of the thread, the oldest first.
    #[must_use]
    pub fn reference(mut self, id: MessageId<'_>) -> Self {
        self.references.push(id.into_owned());
        self
    }

    /// The subject.
    #[must_use]
    pub fn subject(mut self, text: impl Into<String>) -> Self {
        self.subject = Some(text.into());
        self
    }

    /// One more field with an unstructured value (2.2.1). Structured fields are not for this: encoded words have no place in them.
    #[must_use]
    pub fn field(mut self, name: FieldName, text: impl Into<String>) -> Self {
        self.fields.push((name, text.into()));
        self
    }

    /// Plain text as the content: [`Content::text`].
    #[must_use]
    pub fn text(self, text: impl Into<String>) -> Self {
        self.content(Content::text(text))
    }

    /// What is in the message. Default: an empty text.
    #[must_use]
    pub fn content(mut self, content: Content) -> Self {
        self.content = content;
        self
    }

    /// Random octets that boundaries are made of, needed where there are parts. They are seen by whoever gets the message.
    #[must_use]
    pub fn boundaries(mut self, random: [u8; 16]) -> Self {
        self.boundaries = Some(random);
        self
    }

    /// What the way of the message lets pass, so that less has to be encoded. Default: what every server takes.
    #[must_use]
    pub fn carriage(mut self, carriage: Carriage) -> Self {
        self.carriage = carriage;
        self
    }

    /// Whether text beyond ASCII is written into fields as it is (RFC 6532) instead of encoded. Such a message goes only where SMTPUTF8 does.
    /// Default: no.
    #[must_use]
    pub fn utf8(mut self, utf8: bool) -> Self {
        self.utf8 = utf8;
        self
    }

    /// Everybody the message goes to: To, Cc and Bcc in this order, for the envelope.
    pub fn recipients(&self) -> impl Iterator<Item = &AddrSpec<'static>> {
        let addresses = self.to.iter().chain(&self.cc).chain(&self.bcc);
        addresses.flat_map(Address::mailboxes).map(Mailbox::address)
    }

    /// Writes the message.
    ///
    /// # Errors
    /// [`BuildError`].
    pub fn build(&self) -> Result<Vec<u8>, BuildError> {
        let mut out = Vec::new();
        self.write(&mut out)?;
        Ok(out)
    }

    /// Appends the message to a buffer, and says whether it needs SMTPUTF8 (RFC 6531): whether there is anything but ASCII in its fields.
    ///
    /// # Errors
    /// [`BuildError`]; the buffer is then as it was.
    pub fn write(&self, out: &mut Vec<u8>) -> Result<bool, BuildError> {
        self.check()?;
        let start = out.len();
        let field = |out: &mut Vec<u8>, name: &str, write: &dyn Fn(&mut Folder<'_>)| {
            let mut folder = Folder::new(out, name, self.utf8);
            write(&mut folder);
            folder.end();
        };
        field(out, "Date", &|line| line.token(&self.date.to_string()));
        field(out, "From", &|line| line.mailboxes(&self.from));
        if let Some(sender) = &self.sender {
            field(out, "Sender", &|line| line.mailboxes(core::slice::from_ref(sender)));
        }
        for (name, addresses) in [("Reply-To", &self.reply_to), ("To", &self.to), ("Cc", &self.cc)] {
            if !addresses.is_empty() {
                field(out, name, &|line| line.addresses(addresses));
            }
        }
        if let Some(id) = &self.message_id {
            field(out, "Message-ID", &|line| line.token(&id.to_string()));
        }
        for (name, ids) in [("In-Reply-To", &self.in_reply_to), ("References", &self.references)] {
            if !ids.is_empty() {
                field(out, name, &|line| ids.iter().for_each(|id| line.token(&id.to_string())));
            }
        }
        if let Some(subject) = &self.subject {
            field(out, "Subject", &|line| line.text(subject));
        }
        for (name, text) in &self.fields {
            field(out, name.as_str(), &|line| line.text(text));
        }
        let utf8 = out.get(start..).is_some_and(|header| !header.is_ascii());

        out.extend_from_slice(b"MIME-Version: 1.0\r\n");
        self.content.write(self.carriage, &mut Boundaries::new(self.boundaries.unwrap_or_default()), out);
        Ok(utf8)
    }

    /// What is not valid by its type: texts, names that are ours, and what fields need of each other.
    fn check(&self) -> Result<(), BuildError> {
        if self.from.len() > 1 && self.sender.is_none() {
            return Err(BuildError::SenderMissing);
        }
        self.content.check(self.carriage, self.boundaries.is_some(), Limits::default().depth)?;
        if let Some((name, _)) = self.fields.iter().find(|(name, _)| name.is_reserved()) {
            return Err(BuildError::Reserved(name.clone()));
        }
        let subject = self.subject.iter().map(|text| ("Subject", text));
        for (field, text) in subject.chain(self.fields.iter().map(|(name, text)| (name.as_str(), text))) {
            if let Some(at) = text.bytes().position(is_control) {
                return Err(BuildError::Control { field: Cow::Owned(field.to_string()), at });
            }
        }
        Ok(())
    }
}
