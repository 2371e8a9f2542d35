//! Commands and answers: who may say what when (RFC 5321, 4.1.4 and 4.3.2).

use super::{
    Aborted, Answer, Closing, ContentStart, Core, Event, Extended, Hello, Open, Role, Stage, Transaction, content,
};
use crate::{
    command::{BodyType, Command, CommandError, Mail},
    delivery::{ByMode, Hold},
    error::{Error, Limit, Order},
    forward::{Attribute, Value},
    framing::Bare,
    reply::Reply,
    status::EnhancedStatus,
};
use wire::Misuse;

/// Verbs of other protocols. Whoever says one is a browser that was made to, or lost (row W-6).
const FOREIGN: [&[u8]; 8] = [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE", b"PATCH"];

impl Core {
    /// Takes up one command line. `more` says that the client has already sent something behind it.
    pub(super) fn command<'a>(&'a mut self, line: &'a [u8], more: bool) -> Event<'a> {
        let command = match Command::parse(line, &self.syntax()) {
            Ok(command) => command,
            Err(error) => {
                let verb = line.split(|byte| *byte == b' ').next().unwrap_or_default();
                if FOREIGN.iter().any(|foreign| verb.eq_ignore_ascii_case(foreign)) {
                    return self.send_away(Error::ForeignProtocol);
                }
                if memchr::memchr(b'\r', line).is_some() {
                    return self.send_away(Error::BareLineEnd { bare: Bare::Cr, content: false });
                }
                return self.fault(error.into());
            }
        };
        if let Err(error) = self.admit(&command) {
            return match error {
                // A chunk that is refused is still on its way: it is let pass before the reply.
                error if error.ends_session() => self.send_away(error),
                error if matches!(command, Command::Bdat { .. }) => self.refuse_chunk(&command, error),
                error => self.fault(error),
            };
        }
        if more
            && self.config.synchronize
            && let Some(after) = synchronizes(&command)
        {
            return self.send_away(Error::Unsynchronized { after });
        }
        let open = match &command {
            Command::Ehlo(_) | Command::Lhlo(_) => Open::Hello { extended: true },
            Command::Helo(_) => Open::Hello { extended: false },
            Command::Mail(mail) => {
                Open::Mail { binary: mail.params.body == Some(BodyType::BinaryMime), utf8: mail.params.smtputf8 }
            }
            Command::Rcpt(_) => Open::Recipient,
            Command::Data => Open::ContentStart(ContentStart::Data),
            Command::Bdat { size, last } => match self.begin_chunk(*size, *last) {
                Some(start) => Open::ContentStart(start),
                None => return Event::Answered(command),
            },
            Command::StartTls => Open::StartTls,
            Command::Vrfy(_) => Open::Verify,
            Command::Auth { initial, .. } => match initial {
                Some(initial) => {
                    self.lines.taken_is_secret();
                    if self.secret.decode_base64(initial.as_base64()).is_err() {
                        return self.fault(Error::AuthNotBase64);
                    }
                    Open::Auth { initial: true }
                }
                None => Open::Auth { initial: false },
            },
            Command::Rset => {
                self.say(250, (2, 0, 0), "Flushed");
                self.abort(Aborted::Reset);
                return Event::Answered(command);
            }
            Command::Noop(_) => {
                self.say(250, (2, 0, 0), "OK");
                return Event::Answered(command);
            }
            Command::Help(_) => {
                self.say(214, (2, 0, 0), "RFC 5321 describes what this server understands; EHLO lists its extensions");
                return Event::Answered(command);
            }
            Command::Expn(_) => {
                // RFC 5321, 3.5.3: lists are nobody's business (row W-13).
                self.say(502, (5, 5, 1), "EXPN is not served here");
                return Event::Answered(command);
            }
            Command::Unserved { verb, .. } => {
                self.reply(&Reply::new(
                    502,
                    Some(EnhancedStatus::new(5, 5, 1)),
                    alloc::format!("{} is not served here", verb.name()),
                ));
                return Event::Answered(command);
            }
            Command::Xforward(_) => {
                self.say(250, (2, 0, 0), "OK");
                return Event::Answered(command);
            }
            Command::Xclient(attributes) => {
                Open::Proxied { login: matches!(attributes.get(Attribute::Login), Some(Value::Known(_))) }
            }
            Command::Quit => {
                self.say(221, (2, 0, 0), "Bye");
                self.close(Closing::Quit);
                return Event::Answered(command);
            }
        };
        self.ask(open);
        // A question is always made of a command that fits it.
        self.question(command, open).unwrap_or(Event::Connected)
    }

    /// Makes the event of a question out of its command.
    pub(super) fn question<'a>(&'a self, command: Command<'a>, open: Open) -> Option<Event<'a>> {
        Some(match (command, open) {
            (Command::Ehlo(name) | Command::Lhlo(name) | Command::Helo(name), Open::Hello { extended }) => {
                Event::Hello(Hello { extended, name })
            }
            (Command::Mail(mail), _) => Event::Mail(mail),
            (Command::Rcpt(rcpt), _) => Event::Recipient(rcpt),
            (Command::Data | Command::Bdat { .. }, Open::ContentStart(start)) => Event::ContentStart(start),
            (Command::StartTls, _) => Event::StartTls,
            (Command::Vrfy(argument), _) => Event::Verify(argument),
            (Command::Xclient(attributes), _) => Event::Proxied(attributes),
            (Command::Auth { mechanism, .. }, Open::Auth { initial }) => {
                Event::Auth { mechanism, initial: initial.then(|| self.secret.expose()) }
            }
            _ => return None,
        })
    }

    /// Whether a command may be said now.
    fn admit(&mut self, command: &Command<'_>) -> Result<(), Error> {
        let order = |order| Err(Error::Order(order));
        if self.refused && !matches!(command, Command::Quit) {
            return order(Order::Refused);
        }
        if self.config.require_tls
            && self.tls.is_none()
            && !matches!(
                command,
                Command::Noop(_) | Command::Ehlo(_) | Command::Lhlo(_) | Command::StartTls | Command::Quit
            )
        {
            return order(Order::TlsFirst);
        }
        match command {
            Command::Helo(_) | Command::Ehlo(_) | Command::Lhlo(_) => {
                let lmtp = matches!(command, Command::Lhlo(_));
                if lmtp != (self.config.role == Role::Lmtp) {
                    return order(Order::OtherHello);
                }
                if self.hello.is_some() {
                    self.junk()?;
                }
            }
            Command::Mail(mail) => {
                if self.hello.is_none() {
                    return order(Order::HelloFirst);
                }
                if self.transaction.is_some() {
                    return order(Order::InTransaction);
                }
                if self.config.require_auth && !self.authenticated {
                    return order(Order::AuthFirst);
                }
                self.admit_mail(mail)?;
                if self.counts.messages >= self.limits.messages {
                    return Err(Error::Limit { limit: Limit::Messages, value: u64::from(self.limits.messages) });
                }
                if self.counts.bytes >= self.limits.session_bytes {
                    return Err(Error::Limit { limit: Limit::SessionBytes, value: self.limits.session_bytes });
                }
            }
            Command::Rcpt(rcpt) => {
                let Some(transaction) = &self.transaction else { return order(Order::MailFirst) };
                if transaction.chunked.is_some() {
                    return order(Order::ChunksOnly);
                }
                if transaction.recipients >= self.limits.recipients {
                    return Err(Error::Limit { limit: Limit::Recipients, value: u64::from(self.limits.recipients) });
                }
                let dsn = self.config.dsn && self.hello == Some(true);
                if !dsn && let Some(name) = rcpt.params.first_of_dsn() {
                    return Err(Error::Command(CommandError::parameter_not_offered(name)));
                }
            }
            Command::Data | Command::Bdat { .. } => {
                let chunk = matches!(command, Command::Bdat { .. });
                if chunk && !self.config.chunking {
                    return Err(Error::Command(CommandError::not_implemented()));
                }
                let Some(transaction) = &self.transaction else { return order(Order::MailFirst) };
                match &transaction.chunked {
                    Some(chunks) if chunk && chunks.failed => return order(Order::ChunkFailed),
                    Some(_) if !chunk => return order(Order::ChunksOnly),
                    _ => {}
                }
                // W-4: chunks of nothing are commands that do nothing.
                if matches!(command, Command::Bdat { size: 0, last: false }) {
                    self.junk()?;
                }
                let Some(transaction) = &self.transaction else { return order(Order::MailFirst) };
                if transaction.recipients == 0 {
                    return order(Order::RecipientFirst);
                }
                if !chunk && transaction.binary {
                    return order(Order::ChunksOnly);
                }
            }
            Command::StartTls => {
                if self.tls.is_some() {
                    return order(Order::TlsAgain);
                }
                if !self.config.starttls {
                    return Err(Error::Command(CommandError::not_implemented()));
                }
                if self.transaction.is_some() {
                    return order(Order::InTransaction);
                }
            }
            Command::Auth { mechanism, .. } => self.admit_auth(mechanism)?,
            Command::Rset
            | Command::Noop(_)
            | Command::Help(_)
            | Command::Vrfy(_)
            | Command::Expn(_)
            | Command::Unserved { .. } => self.junk()?,
            Command::Xclient(_) | Command::Xforward(_) => {
                let served =
                    if matches!(command, Command::Xclient(_)) { self.config.xclient } else { self.config.xforward };
                if !served {
                    return Err(Error::Command(CommandError::not_implemented()));
                }
                if self.transaction.is_some() {
                    return order(Order::InTransaction);
                }
                self.junk()?;
            }
            Command::Quit => {}
        }
        Ok(())
    }

    /// Whether MAIL's parameters are among what was offered, and the message would fit.
    fn admit_mail(&self, mail: &Mail<'_>) -> Result<(), Error> {
        let params = &mail.params;
        let extended = self.hello == Some(true);
        let offered = |offered: bool, given: bool, name| {
            if given && !(offered && extended) {
                Err(Error::Command(CommandError::parameter_not_offered(name)))
            } else {
                Ok(())
            }
        };
        offered(true, params.size.is_some(), "SIZE")?;
        offered(true, params.body.is_some(), "BODY")?;
        offered(self.config.chunking, params.body == Some(BodyType::BinaryMime), "BODY=BINARYMIME")?;
        offered(self.config.smtputf8, params.smtputf8, "SMTPUTF8")?;
        offered(self.config.dsn, params.ret.is_some(), "RET")?;
        offered(self.config.dsn, params.envid.is_some(), "ENVID")?;
        offered(self.offers_auth() || self.authenticated, params.auth.is_some(), "AUTH")?;
        offered(self.config.requiretls && self.tls.is_some(), params.require_tls, "REQUIRETLS")?;
        offered(self.config.priority, params.priority.is_some(), "MT-PRIORITY")?;
        if let Some(by) = params.deliver_by {
            offered(self.config.deliver_by.is_some(), true, "BY")?;
            // RFC 2852, 4.1: what cannot be kept is not promised.
            let least = self.config.deliver_by.unwrap_or(0);
            if by.mode() == ByMode::Return && i64::from(by.seconds()) < i64::from(least) {
                return Err(Error::Command(CommandError::TooSoon { least }));
            }
        }
        if let Some(hold) = params.hold {
            let name = if matches!(hold, Hold::For(_)) { "HOLDFOR" } else { "HOLDUNTIL" };
            let limits = self.config.future_release.filter(|_| self.config.role == Role::Submission);
            offered(limits.is_some(), true, name)?;
            // RFC 4865, 4.2: not longer than has been offered, and not past the time that BY gives.
            let in_time = match (hold, params.deliver_by) {
                (Hold::For(held), Some(by)) => i64::from(held) < i64::from(by.seconds()),
                _ => true,
            };
            if !in_time || !limits.is_some_and(|limits| limits.admits(hold)) {
                return Err(Error::Command(CommandError::TooLong { name }));
            }
        }
        if params.size.is_some_and(|size| size > self.limits.message_size) {
            // RFC 1870, 6.1: known to be too big, so refused before it is sent.
            return Err(Error::Limit { limit: Limit::MessageSize, value: self.limits.message_size });
        }
        Ok(())
    }

    /// Carries out the caller's word on a question.
    pub(super) fn answer(&mut self, open: Open, answer: &Answer<'_>, more: bool) -> Result<(), Misuse> {
        let reply = match answer {
            Answer::Challenge(challenge) => return self.challenge(open, challenge, more),
            Answer::Accept => None,
            Answer::Reply(reply) => Some(reply),
        };
        let start = matches!(open, Open::ContentStart(_));
        let accepted = match reply.map(|reply| reply.code() / 100) {
            None => true,
            Some(2) if !start => true,
            Some(3) if matches!(open, Open::ContentStart(ContentStart::Data)) => true,
            Some(4 | 5) => false,
            Some(_) => return Err(Misuse("answer: this reply code does not fit the question")),
        };
        // What came in while the caller was thinking came in before the client could know the answer.
        let early = match open {
            Open::Connected => Some("connecting"),
            Open::Hello { .. } => Some("EHLO"),
            Open::StartTls => Some("STARTTLS"),
            Open::Auth { .. } | Open::AuthResponse => Some("AUTH"),
            Open::Proxied { .. } => Some("XCLIENT"),
            Open::ContentStart(ContentStart::Data) => Some("DATA"),
            _ => None,
        };
        if let Some(after) = early.filter(|_| more && self.config.synchronize) {
            self.open = None;
            let fault = self.send_away(Error::Unsynchronized { after });
            self.told.push_front(fault);
            return Ok(());
        }
        self.open = None;
        if accepted {
            self.accept(open, reply);
        } else {
            self.refuse(open, reply);
        }
        if reply.is_some_and(|reply| reply.code() == 421) && !matches!(self.stage, Stage::Closing) {
            self.close(Closing::Shutdown);
        }
        self.shut_down_if_due();
        Ok(())
    }

    fn accept(&mut self, open: Open, reply: Option<&Reply<'_>>) {
        match (open, reply) {
            (Open::Hello { extended }, reply) => return self.accept_hello(extended, reply),
            (Open::MessageEnd(end), reply) => return self.message_answered(end, reply),
            (Open::ContentStart(start), reply) => return self.content_accepted(start, reply),
            // Its reply is the greeting.
            (Open::Proxied { login }, _) => return self.proxied(login),
            (_, Some(reply)) => self.reply(reply),
            (Open::Connected, None) => self.greet(),
            (Open::StartTls, None) => self.say(220, (2, 0, 0), "Ready to start TLS"),
            (Open::Auth { .. } | Open::AuthResponse, None) => self.say(235, (2, 7, 0), "Authentication successful"),
            (Open::Mail { .. }, None) => self.say(250, (2, 1, 0), "Sender OK"),
            (Open::Recipient, None) => self.say(250, (2, 1, 5), "Recipient OK"),
            (Open::Verify, None) => self.say(252, (2, 1, 5), "Cannot verify, but will take mail and try"),
        }
        match open {
            Open::Connected => self.stage = Stage::Commands,
            Open::StartTls => self.stage = Stage::Securing,
            Open::Auth { .. } | Open::AuthResponse => {
                self.authenticated = true;
                self.stage = Stage::Commands;
            }
            Open::Mail { binary, utf8 } => {
                self.transaction = Some(Transaction { binary, utf8, ..Transaction::default() });
            }
            Open::Recipient => {
                if let Some(transaction) = &mut self.transaction {
                    transaction.recipients += 1;
                }
            }
            Open::Hello { .. } | Open::ContentStart(_) | Open::MessageEnd(_) | Open::Verify | Open::Proxied { .. } => {}
        }
    }

    fn refuse(&mut self, open: Open, reply: Option<&Reply<'_>>) {
        let Some(reply) = reply else { return };
        match open {
            Open::MessageEnd(end) => return self.message_answered(end, Some(reply)),
            Open::ContentStart(start) => return self.content_refused(start, reply),
            _ => self.reply(reply),
        }
        match open {
            Open::Connected => {
                self.refused = true;
                self.stage = Stage::Commands;
            }
            Open::Recipient if reply.code() / 10 == 55 => {
                self.counts.unknown += 1;
                if self.counts.unknown > self.limits.unknown_recipients {
                    let value = u64::from(self.limits.unknown_recipients);
                    self.end_by(Limit::UnknownRecipients, value);
                    self.clock.hold_for(self.limits.unknown_recipients_delay);
                }
            }
            Open::Auth { .. } | Open::AuthResponse => {
                self.stage = Stage::Commands;
                self.auth_failed(reply);
            }
            _ => {}
        }
    }

    fn greet(&mut self) {
        use core::fmt::Write as _;

        let protocol = if self.config.role == Role::Lmtp { "LMTP" } else { "ESMTP" };
        let mut text = alloc::string::String::with_capacity(64);
        let _ = write!(text, "{} {protocol}", self.config.hostname);
        if !self.config.greeting.is_empty() {
            let _ = write!(text, " {}", self.config.greeting);
        }
        // RFC 2034, 4: no enhanced code in the greeting.
        self.reply(&Reply::new(220, None, &text));
    }

    fn accept_hello(&mut self, extended: Extended, reply: Option<&Reply<'_>>) {
        // RFC 5321, 4.1.4: EHLO in the middle acts like RSET too.
        self.abort(Aborted::Hello);
        self.hello = Some(extended);
        match reply {
            Some(reply) => self.reply(reply),
            None if extended => self.write_capabilities(),
            None => {
                let config = self.config.clone();
                self.reply(&Reply::new(250, None, &config.hostname));
            }
        }
    }

    /// The session is with another client from now on.
    fn proxied(&mut self, login: bool) {
        self.hello = None;
        self.authenticated = login;
        self.stage = Stage::Greeting;
    }

    /// The transaction has brought a message, or a recipient's share of it.
    pub(super) fn message_done(&mut self, size: u64) {
        self.transaction = None;
        self.counts.messages += 1;
        self.counts.bytes = self.counts.bytes.saturating_add(size);
        self.counts.junk = 0;
    }

    /// Marks a chunk's transaction as failed.
    pub(super) fn chunk_failed(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.chunked.get_or_insert_with(content::Chunked::default).failed = true;
        }
    }
}

/// The commands that must be the last of a group (RFC 2920, 3.1; RFC 3207, 4; RFC 4954, 4). VRFY, EXPN and NOOP are on that list as well and are tolerated, since
/// nothing depends on them; QUIT ends everything anyway.
const fn synchronizes(command: &Command<'_>) -> Option<&'static str> {
    match command {
        Command::Ehlo(_) => Some("EHLO"),
        Command::Helo(_) => Some("HELO"),
        Command::Lhlo(_) => Some("LHLO"),
        Command::StartTls => Some("STARTTLS"),
        Command::Auth { .. } => Some("AUTH"),
        Command::Data => Some("DATA"),
        Command::Xclient(_) => Some("XCLIENT"),
        _ => None,
    }
}
