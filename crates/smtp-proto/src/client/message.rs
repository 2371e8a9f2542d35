//! One message: its envelope, in groups or one by one, and what becomes of it (RFC 5321, 3.3; RFC 2920; RFC 2033, 4.2).

use alloc::collections::VecDeque;

use super::{
    About, Config, Core, Envelope, Error, Event, Outcome, Role, Stage, Step, Taken, Unsendable, WithoutDsn,
    content::{Chunks, Content},
    hello::owned,
};
use crate::{
    command::{BodyType, Command, Mail, MailParams, Rcpt, RcptParams},
    delivery::ByMode,
    ehlo::Capabilities,
    framing::DataEncoder,
};
use wire::Misuse;

/// The message that is on its way.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    /// The recipient whose reply is next.
    next: u32,
    /// Recipients accepted; for LMTP those whose last word is still to come.
    accepted: VecDeque<u32>,
    /// MAIL has been accepted: RSET is needed if nothing comes of it.
    open: bool,
    /// The caller knows what became of it: what still comes is of no interest.
    pub(super) over: bool,
    /// The content goes by BDAT.
    chunked: bool,
    /// BODY=BINARYMIME
    binary: bool,
    /// DATA has been said.
    data: bool,
}

impl Core {
    /// Takes on a message.
    pub(super) fn send(&mut self, envelope: Envelope<'_>) {
        let fit = fits(&envelope, &self.capabilities, &self.config, self.tls.is_some());
        if let Err(unsendable) = fit.and_then(|()| self.within_limits(&envelope)) {
            self.told.push_back(Event::Unsendable(unsendable));
            self.ready();
            return;
        }
        let mail = mail_for(&envelope, &self.capabilities);
        self.messages = self.messages.saturating_add(1);
        let binary = mail.params.body == Some(BodyType::BinaryMime);
        let chunked = binary || (self.config.prefer_chunking && self.capabilities.chunking);
        self.message = Some(Message { binary, chunked, ..Message::default() });
        self.message_begins();
        self.stage = Stage::Envelope;
        self.command(Step::Mail, &Command::Mail(mail));
        for rcpt in envelope.recipients {
            let params = if self.capabilities.dsn { rcpt.params.clone() } else { RcptParams::default() };
            Command::Rcpt(Rcpt { forward_path: rcpt.forward_path.clone(), params }).write(self.recipients.tail());
        }
        self.pump();
    }

    /// RFC 9422: what the server has said it takes at most, it is not asked to go beyond.
    fn within_limits(&self, envelope: &Envelope<'_>) -> Result<(), Unsendable> {
        let Some(limits) = &self.capabilities.limits else { return Ok(()) };
        match (limits.rcpt, limits.mail) {
            (Some(limit), _) if u32::try_from(envelope.recipients.len()).map_or(true, |count| count > limit) => {
                Err(Unsendable::TooManyRecipients { limit })
            }
            (_, Some(limit)) if self.messages >= limit => Err(Unsendable::TooManyMessages { limit }),
            _ => Ok(()),
        }
    }

    /// Says as much of the envelope as may be said before replies have come.
    fn pump(&mut self) {
        let Some(message) = &self.message else { return };
        if message.over || !matches!(self.stage, Stage::Envelope) {
            return;
        }
        let window =
            if self.config.pipelining && self.capabilities.pipelining { self.limits.pipeline.max(1) } else { 1 };
        // Half a window at a time, rather than one command for each reply.
        if self.waiting.len() > window / 2 {
            return;
        }
        while self.waiting.len() < window && !self.recipients.is_empty() {
            let rcpt = self.recipients.unsent();
            let length = memchr::memchr(b'\n', rcpt).map_or(rcpt.len(), |at| at + 1);
            self.output.tail().extend_from_slice(rcpt.get(..length).unwrap_or_default());
            self.recipients.transmitted(length);
            self.wait_for(Step::Rcpt);
        }
        if !self.recipients.is_empty() || self.waiting.len() >= window {
            return;
        }
        let Some(message) = &mut self.message else { return };
        let hope = !message.accepted.is_empty() || self.waiting.iter().any(|first| first.step == Step::Rcpt);
        if !message.chunked && !message.data && hope {
            message.data = true;
            self.command(Step::Data, &Command::Data);
        }
    }

    /// Sees where the message stands after a reply.
    fn settle(&mut self) {
        self.pump();
        let Some(message) = &self.message else { return };
        if !self.waiting.is_empty() || !matches!(self.stage, Stage::Envelope | Stage::Ending) {
            return;
        }
        if message.over || message.accepted.is_empty() {
            let open = message.open;
            self.message_done(open);
        } else if message.chunked {
            self.stage = Stage::Content(Content::Chunks(Chunks::new(message.binary)));
        }
    }

    /// The message is out of the way; if the server may still hold some of it, that first.
    pub(super) fn message_done(&mut self, reset: bool) {
        self.message = None;
        self.recipients.transmitted(usize::MAX);
        if reset {
            self.stage = Stage::Clearing;
            self.command(Step::Rset, &Command::Rset);
        } else {
            self.ready();
        }
    }

    /// The caller is told what became of the message; what is not said yet is not said.
    fn over(&mut self) {
        self.recipients.transmitted(usize::MAX);
        if let Some(message) = &mut self.message {
            message.over = true;
        }
    }

    pub(super) fn mail_answered(&mut self, code: u16) -> Taken {
        let Some(message) = &mut self.message else { return Taken::Nothing };
        let told = message.over;
        match code / 100 {
            2 => message.open = true,
            3 => return self.unexpected(Step::Mail, code),
            _ => self.over(),
        }
        self.settle();
        if told || code < 400 {
            Taken::Nothing
        } else {
            Taken::Event(About::Refused { step: Step::Mail, recipient: None })
        }
    }

    pub(super) fn rcpt_answered(&mut self, code: u16) -> Taken {
        let Some(message) = &mut self.message else { return Taken::Nothing };
        let (index, told) = (message.next, message.over);
        message.next += 1;
        match code / 100 {
            2 => message.accepted.push_back(index),
            3 => return self.unexpected(Step::Rcpt, code),
            _ => {}
        }
        self.settle();
        if told { Taken::Nothing } else { Taken::Event(About::Recipient(index)) }
    }

    pub(super) fn data_answered(&mut self, code: u16) -> Taken {
        let Some(message) = &mut self.message else { return Taken::Nothing };
        let nobody = message.accepted.is_empty();
        let told = message.over || nobody;
        match code / 100 {
            2 => return self.unexpected(Step::Data, code),
            // RFC 2033, 4.2: an LMTP server has no reply to give for nobody.
            3 if nobody && self.config.role == Role::Lmtp => {
                message.over = true;
                return self.unexpected(Step::Data, code);
            }
            // RFC 2920, 3.1: the server takes content for nobody, and gets none.
            3 if nobody => {
                message.over = true;
                self.stage = Stage::Ending;
                self.output.tail().extend_from_slice(b".\r\n");
                self.wait_for(Step::End);
            }
            // The lone dot would deliver an empty message. Only this keeps it away.
            3 if message.over => self.close(),
            3 => {
                self.clock.spoke();
                self.stage = Stage::Content(Content::Data(DataEncoder::new()));
            }
            _ => {
                self.over();
                self.settle();
                if !told {
                    return Taken::Event(About::Refused { step: Step::Data, recipient: None });
                }
            }
        }
        Taken::Nothing
    }

    /// The reply to a chunk that is not the last.
    pub(super) fn chunk_answered(&mut self, code: u16) -> Taken {
        let Some(message) = &self.message else { return Taken::Nothing };
        let told = message.over;
        match code / 100 {
            2 => self.say_chunks(),
            3 => return self.unexpected(Step::Bdat, code),
            _ => {
                self.over();
                if matches!(self.stage, Stage::Content(_)) {
                    self.stage = Stage::Envelope;
                }
            }
        }
        // RFC 3030, 2: what follows fails as well, until RSET.
        self.settle();
        if told || code < 400 {
            Taken::Nothing
        } else {
            Taken::Event(About::Refused { step: Step::Bdat, recipient: None })
        }
    }

    /// The reply to the end of the content: the server's word on the message, or on one recipient's share of it.
    pub(super) fn end_answered(&mut self, code: u16, sent: bool, bytes: &[u8]) -> Taken {
        let Some(message) = &mut self.message else { return Taken::Nothing };
        if code / 100 == 3 {
            let outcome = if message.over { Outcome::Nothing } else { Outcome::Unknown };
            self.fail_with(Error::Unexpected { step: Step::End, code }, outcome);
            return Taken::Nothing;
        }
        if message.over {
            self.settle();
            return Taken::Nothing;
        }
        if !sent && !message.chunked {
            // It has not seen the end, so it cannot mean that.
            self.fail_with(Error::Refused { step: Step::Content, reply: owned(bytes) }, Outcome::NotDelivered);
            return Taken::Nothing;
        }
        let recipient = if self.config.role == Role::Lmtp { message.accepted.pop_front() } else { None };
        if recipient.is_some() && !message.accepted.is_empty() {
            self.wait_for(Step::End);
        } else {
            // RFC 3030, 2: after a chunk that failed the server's state is not known.
            let reset = code >= 400 && message.chunked && recipient.is_none();
            self.message_done(reset);
        }
        Taken::Event(if code < 400 {
            About::Delivered(recipient)
        } else {
            About::Refused { step: Step::End, recipient }
        })
    }

    /// The caller has no more content and no end of it.
    pub(super) fn abandon(&mut self) -> Result<(), Misuse> {
        match &self.stage {
            Stage::Envelope if self.message.as_ref().is_some_and(|message| !message.over) => self.over(),
            Stage::Content(content) if content.ended() => {
                return Err(Misuse("tell: the end of the content has been told"));
            }
            Stage::Content(Content::Data(_)) => {
                // RFC 5321, 4.1.1.4: without its end the message does not count.
                self.told.push_back(Event::Abandoned);
                self.close();
                return Ok(());
            }
            Stage::Content(Content::Chunks(_)) => {
                self.over();
                self.stage = Stage::Envelope;
            }
            _ => return Err(Misuse("tell: no message to abandon, or its end has been told")),
        }
        self.told.push_back(Event::Abandoned);
        self.settle();
        Ok(())
    }

    fn unexpected(&mut self, step: Step, code: u16) -> Taken {
        self.fail(Error::Unexpected { step, code });
        Taken::Nothing
    }
}

/// Whether the server takes such a message.
fn fits(envelope: &Envelope<'_>, offers: &Capabilities, config: &Config, tls: bool) -> Result<(), Unsendable> {
    let params = &envelope.mail.params;
    if params.require_tls && !(tls && offers.require_tls) {
        return Err(Unsendable::RequireTls);
    }
    // RFC 2852, 4.2: only a message that is to be returned when it is late must not go where nobody minds.
    if let Some(by) = params.deliver_by.filter(|by| by.mode() == ByMode::Return)
        && offers.deliver_by.is_none_or(|least| i64::from(by.seconds()) < i64::from(least))
    {
        return Err(Unsendable::DeliverBy);
    }
    if let Some(hold) = params.hold
        && !offers.future_release.is_some_and(|limits| limits.admits(hold))
    {
        return Err(Unsendable::Hold);
    }
    match params.body {
        // RFC 6152, 3
        Some(BodyType::EightBitMime) if !offers.eight_bit_mime => return Err(Unsendable::EightBit),
        // RFC 3030, 3
        Some(BodyType::BinaryMime) if !(offers.binary_mime && offers.chunking) => return Err(Unsendable::Binary),
        _ => {}
    }
    // RFC 6531, 3.2 and 3.5
    if is_utf8(envelope) && !(offers.smtputf8 && offers.eight_bit_mime) {
        return Err(Unsendable::Utf8);
    }
    let wants_dsn = params.ret.is_some()
        || params.envid.is_some()
        || envelope.recipients.iter().any(|rcpt| rcpt.params.notify.is_some() || rcpt.params.orcpt.is_some());
    if wants_dsn && !offers.dsn && config.without_dsn == WithoutDsn::Refuse {
        return Err(Unsendable::Dsn);
    }
    // RFC 1870, 6
    match (params.size, offers.size) {
        (Some(size), Some(Some(limit))) if size > limit => Err(Unsendable::TooBig { limit }),
        _ => Ok(()),
    }
}

fn is_utf8(envelope: &Envelope<'_>) -> bool {
    let beyond_ascii = |rcpt: &Rcpt<'_>| {
        let original = rcpt.params.orcpt.as_ref();
        !rcpt.forward_path.is_ascii() || original.is_some_and(|orcpt| !orcpt.address().as_str().is_ascii())
    };
    envelope.mail.params.smtputf8
        || !envelope.mail.reverse_path.is_ascii()
        || envelope.recipients.iter().any(beyond_ascii)
}

/// MAIL with the parameters that the server knows.
fn mail_for<'a>(envelope: &Envelope<'a>, offers: &Capabilities) -> Mail<'a> {
    let params = &envelope.mail.params;
    Mail {
        reverse_path: envelope.mail.reverse_path.clone(),
        params: MailParams {
            size: params.size.filter(|_| offers.size.is_some()),
            body: params.body.filter(|_| offers.eight_bit_mime || offers.binary_mime),
            smtputf8: is_utf8(envelope),
            ret: params.ret.filter(|_| offers.dsn),
            envid: params.envid.clone().filter(|_| offers.dsn),
            // RFC 4954, 5
            auth: params.auth.clone().filter(|_| !offers.auth.is_empty()),
            require_tls: params.require_tls,
            deliver_by: params.deliver_by.filter(|_| offers.deliver_by.is_some()),
            hold: params.hold,
            priority: params.priority.filter(|_| offers.priority),
        },
    }
}
