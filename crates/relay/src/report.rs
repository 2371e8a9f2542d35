//! The message that tells a sender what became of theirs.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::fmt::Write as _;

use message::{
    AddrSpec, BuildError, Carriage, Content, DateTime, DisplayName, FieldName, Index, Mailbox, MessageBuilder,
    MessageId, Multipart,
};
use smtp_proto::{
    dsn::{Notify, OriginalRecipient, Ret},
    path::{self, ReversePath},
    xtext::Xtext,
};

use crate::{Limits, Outcome, outcome::printable};

/// What has become of a message for one recipient (RFC 3464, 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// It will not arrive.
    Failed,
    /// It has not arrived yet.
    Delayed {
        /// Until when it will be tried, in Unix seconds.
        until: i64,
    },
    /// It has arrived.
    Delivered,
    /// It was passed on to a server that sends no reports.
    Relayed,
    /// It was passed on to several addresses.
    Expanded,
}

impl Action {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Delayed { .. } => "delayed",
            Self::Delivered => "delivered",
            Self::Relayed => "relayed",
            Self::Expanded => "expanded",
        }
    }

    /// What stands above the recipients in the text.
    const fn words(self) -> &'static str {
        match self {
            Self::Failed => "could not be delivered to the following recipients, and will not be tried again:",
            Self::Delayed { .. } => {
                "has not been delivered to the following recipients yet. You need not send it again; it will be tried further:"
            }
            Self::Delivered => "has been delivered to the following recipients:",
            Self::Relayed => "was passed on for the following recipients, to a server that may not confirm delivery:",
            Self::Expanded => "was passed on to all whom the following addresses stand for:",
        }
    }

    /// Whether this is to be told (RFC 3461, 4.1). Where the sender has not said, failures and delays are.
    fn is_wanted(self, notify: Option<Notify>) -> bool {
        match self {
            Self::Failed => notify.is_none_or(|notify| notify.failure),
            Self::Delayed { .. } => notify.is_none_or(|notify| notify.delay),
            Self::Delivered | Self::Relayed | Self::Expanded => notify.is_some_and(|notify| notify.success),
        }
    }
}

/// One recipient that a report is about.
#[derive(Clone, Debug)]
pub struct Recipient<'a> {
    /// The address, as it was used last.
    pub address: path::Mailbox<'a>,
    /// The address as the sender wrote it: ORCPT (RFC 3461, 4.2).
    pub original: Option<OriginalRecipient<'a>>,
    /// On which occasions the sender wants to be told (RFC 3461, 4.1).
    pub notify: Option<Notify>,
    /// What has become of the message.
    pub action: Action,
    /// What the last attempt came to.
    pub outcome: Outcome,
    /// The host that said so.
    pub host: Option<&'a str>,
    /// When that was, in Unix seconds.
    pub last_attempt: Option<i64>,
}

/// A report of what became of a message (RFC 3461, 6; RFC 3464; RFC 6522).
///
/// It goes to the message's reverse path, from the null path. There is none about a message that has the null path itself (row R-3), and none that tells only what nobody
/// wants to know. What strangers have put into it, such as a server's words or ORCPT, cannot break it (row R-6).
///
/// ```
/// use relay::{Action, Limits, Outcome, Recipient, Report};
/// use smtp_proto::{Reply, client::Step, path::{Mailbox, ReversePath}};
///
/// let sender = ReversePath::parse("<ann@example.org>", false)?;
/// let mail = b"Subject: Hello\r\n\r\nHi.\r\n";
/// let mut report = Report::new("mx.example.org", &sender, mail, 0);
/// report.recipients.push(Recipient {
///     address: Mailbox::parse("ben@example.net", false)?,
///     original: None,
///     notify: None,
///     action: Action::Failed,
///     outcome: Outcome::reply(Step::Rcpt, &Reply::new(550, None, "No such user")),
///     host: Some("mx.example.net"),
///     last_attempt: Some(60),
/// });
/// let written = report.build(61, [7; 32], &Limits::default())?.expect("somebody is told");
/// assert_eq!(written.to.as_str(), "ann@example.org");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report<'a> {
    /// This server's name: in Reporting-MTA, and behind the `@` of the report's author.
    pub server: &'a str,
    /// Who is told.
    pub reverse_path: &'a ReversePath<'a>,
    /// The message, or its header at least.
    pub message: &'a [u8],
    /// When it was taken, in Unix seconds.
    pub arrived: i64,
    /// ENVID, which the sender knows it by (RFC 3461, 4.4).
    pub envelope_id: Option<Xtext<'a>>,
    /// RET: how much of it is to come back (RFC 3461, 4.3). The header, where the sender has not said.
    pub ret: Option<Ret>,
    /// Whom it is about.
    pub recipients: Vec<Recipient<'a>>,
}

/// A report, ready to be sent from the null path (RFC 5321, 4.5.5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its one recipient.
    pub to: path::Mailbox<'static>,
    /// The whole message.
    pub message: Vec<u8>,
    /// Whether it needs SMTPUTF8: the sender's address does.
    pub utf8: bool,
    /// Whether it has octets beyond ASCII, in what it sends back.
    pub eight_bit: bool,
}

/// Why a report cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The server's name, or the sender's address, cannot stand in a field.
    #[error("an address for the report cannot be written: {0}")]
    Address(#[from] message::Error),
    /// The message cannot be built.
    #[error("the report cannot be built: {0}")]
    Build(#[from] BuildError),
}

impl<'a> Report<'a> {
    /// A report without recipients yet.
    #[must_use]
    pub const fn new(server: &'a str, reverse_path: &'a ReversePath<'a>, message: &'a [u8], arrived: i64) -> Self {
        Self { server, reverse_path, message, arrived, envelope_id: None, ret: None, recipients: Vec::new() }
    }

    /// Writes it at the moment `now`, in Unix seconds. `None` if there is nobody to tell, or nothing that is to be told. `random` makes its id and its boundaries.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn build(&self, now: i64, random: [u8; 32], limits: &Limits) -> Result<Option<Written>, ReportError> {
        // RFC 5321, 4.5.5 (row R-3)
        let ReversePath::Mailbox(sender) = self.reverse_path else { return Ok(None) };
        let told: Vec<&Recipient<'_>> = self.recipients.iter().filter(|one| one.action.is_wanted(one.notify)).collect();
        if told.is_empty() {
            return Ok(None);
        }
        let (id, boundaries) = random.split_at(16);
        let array = |half: &[u8]| <[u8; 16]>::try_from(half).unwrap_or_default();
        let author = AddrSpec::new("MAILER-DAEMON", self.server)?;
        let report = |returned, carriage| {
            let parts = [Content::text(self.text(&told)), Content::delivery_status(self.status(&told)?), returned];
            let builder = MessageBuilder::new(
                Mailbox::new(DisplayName::new("Mail Delivery System"), author.clone()),
                DateTime::utc(now),
            );
            Ok::<_, ReportError>(
                builder
                    .to(AddrSpec::parse(sender.as_str())?)
                    .message_id(MessageId::generate(array(id), self.server)?)
                    .subject(subject(&told))
                    // RFC 3834, 5: nobody's program is to answer
                    .field(FieldName::new("Auto-Submitted")?, "auto-replied")
                    .boundaries(array(boundaries))
                    .carriage(carriage)
                    .utf8(!sender.is_ascii())
                    .content(Content::multipart(Multipart::DeliveryReport, parts)),
            )
        };
        let mut message = Vec::new();
        let header = header(self.message, limits.header);
        let failed = told.iter().any(|one| one.action == Action::Failed);
        // RFC 3461, 4.3 and 6.2: whole only where it failed. A header beyond ASCII makes it no message/rfc822.
        let whole = failed && self.ret == Some(Ret::Full) && self.message.len() <= limits.whole && header.is_ascii();
        let mut utf8 = None;
        if whole {
            let carriage = if self.message.is_ascii() { Carriage::SevenBit } else { Carriage::EightBit };
            match report(Content::message(self.message), carriage)?.write(&mut message) {
                Ok(needs) => utf8 = Some(needs),
                // it can pass only in an encoding that a message may not have
                Err(BuildError::Carriage) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let utf8 = match utf8 {
            Some(utf8) => utf8,
            None => report(Content::header(header), Carriage::SevenBit)?.write(&mut message)?,
        };
        let eight_bit = !message.is_ascii();
        Ok(Some(Written { to: sender.clone().into_owned(), message, utf8, eight_bit }))
    }

    /// The part for programs (RFC 3464, 2.2 and 2.3).
    fn status(&self, told: &[&Recipient<'_>]) -> Result<Vec<Vec<(FieldName, String)>>, BuildError> {
        let mut groups = Vec::with_capacity(1 + told.len());
        let mut group = Vec::new();
        add(&mut group, "Original-Envelope-Id", self.envelope_id.as_ref().and_then(plain))?;
        add(&mut group, "Reporting-MTA", Some(format!("dns; {}", printable(self.server, 255))))?;
        add(&mut group, "Arrival-Date", Some(DateTime::utc(self.arrived).to_string()))?;
        groups.push(group);
        for one in told {
            let mut group = Vec::new();
            let original = one
                .original
                .as_ref()
                .and_then(|original| Some(format!("{}; {}", original.address_type(), plain(original.address())?)));
            add(&mut group, "Original-Recipient", original.filter(|text| text.is_ascii()))?;
            add(&mut group, "Final-Recipient", Some(typed(&one.address)))?;
            add(&mut group, "Action", Some(one.action.as_str().to_string()))?;
            add(&mut group, "Status", Some(one.outcome.status.to_string()))?;
            add(&mut group, "Remote-MTA", one.host.map(|host| format!("dns; {}", printable(host, 255))))?;
            add(&mut group, "Diagnostic-Code", one.outcome.diagnostic())?;
            add(&mut group, "Last-Attempt-Date", one.last_attempt.map(|at| DateTime::utc(at).to_string()))?;
            if let Action::Delayed { until } = one.action {
                add(&mut group, "Will-Retry-Until", Some(DateTime::utc(until).to_string()))?;
            }
            groups.push(group);
        }
        Ok(groups)
    }

    /// The part for people.
    fn text(&self, told: &[&Recipient<'_>]) -> String {
        let mut text = format!("This is the mail system at {}.\n", printable(self.server, 255));
        let mut before = None;
        for one in told {
            if before != Some(one.action.as_str()) {
                let date = DateTime::utc(self.arrived);
                let _ = write!(text, "\nYour message of {date}\n{}\n", one.action.words());
                before = Some(one.action.as_str());
            }
            let _ = write!(text, "\n  <{}>\n", one.address);
            let who = one.host.map(|host| format!("{} said: ", printable(host, 255))).unwrap_or_default();
            let code = one.outcome.code.map(|code| format!("{code} ")).unwrap_or_default();
            let words = &one.outcome.words;
            if !matches!(one.action, Action::Delivered | Action::Expanded) {
                let _ = writeln!(text, "    {who}{code}{} {words}", one.outcome.status);
            }
            if let Action::Delayed { until } = one.action {
                let _ = writeln!(text, "    It will be tried until {}.", DateTime::utc(until));
            }
        }
        text.push_str("\nThe details are below, for programs, and what was sent is behind them.\n");
        text
    }
}

fn add(group: &mut Vec<(FieldName, String)>, name: &str, value: Option<String>) -> Result<(), BuildError> {
    if let Some(value) = value {
        group.push((FieldName::new(name)?, value));
    }
    Ok(())
}

fn subject(told: &[&Recipient<'_>]) -> &'static str {
    let any = |wanted: &str| told.iter().any(|one| one.action.as_str() == wanted);
    if any("failed") {
        "Your message could not be delivered"
    } else if any("delayed") {
        "Your message is delayed"
    } else {
        "Your message was delivered or passed on"
    }
}

/// What an xtext stands for, if that is printable ASCII, as it has to be (RFC 3461, 4.2 and 4.4; row R-6).
fn plain(text: &Xtext<'_>) -> Option<String> {
    let decoded = text.decode();
    let printable = !decoded.is_empty() && decoded.iter().all(|byte| matches!(byte, b' '..=b'~'));
    // one octet more than a line can have would be encoded, and would be another text then
    if printable && decoded.len() <= 500 { String::from_utf8(decoded).ok() } else { None }
}

/// An address with its type (RFC 3464, 2.1.2), in ASCII (RFC 6533, 3: `utf-8-addr-xtext`).
fn typed(address: &path::Mailbox<'_>) -> String {
    if address.is_ascii() {
        return format!("rfc822; {address}");
    }
    let mut text = String::from("utf-8; ");
    for c in address.as_str().chars() {
        if matches!(c, '!'..='~') && !matches!(c, '\\' | '+' | '=') {
            text.push(c);
        } else {
            let _ = write!(text, "\\x{{{:X}}}", u32::from(c));
        }
    }
    text
}

/// The header of a message, with whole lines up to a limit.
fn header(message: &[u8], most: usize) -> &[u8] {
    let mut index = Index::default();
    let end = match index.parse(message) {
        Ok(headers) => message.len() - headers.body().len(),
        // too many or too long fields: as much as there is room for
        Err(_) => message.windows(4).position(|window| window == b"\r\n\r\n").map_or(message.len(), |at| at + 2),
    };
    let header = message.get(..end).unwrap_or(message);
    let header = header.strip_suffix(b"\r\n\r\n").map_or(header, |_| header.get(..header.len() - 2).unwrap_or(header));
    if header.len() <= most {
        return header;
    }
    let cut = header.get(..most).unwrap_or_default();
    let lines = cut.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    cut.get(..lines).unwrap_or_default()
}
