//! Commands and answers: who may say what when (RFC 1939, 4 to 6).

use alloc::borrow::ToOwned;

use super::{Answer, Closing, Core, Event, Listing, Open, Retrieval, Stage, listing::Kind};
use crate::{
    command::Command,
    error::{Error, Order},
    response::{Code, Response},
};
use wire::Misuse;

/// Verbs of other protocols that might be sent here by a browser that was made to (row W-6).
const FOREIGN: [&[u8]; 9] = [b"GET", b"POST", b"PUT", b"HEAD", b"OPTIONS", b"CONNECT", b"DELETE", b"EHLO", b"HELO"];

impl Core {
    /// Takes up one command line. `more` says that the client has already sent something behind it.
    pub(super) fn command<'a>(&'a mut self, line: &'a [u8], more: bool) -> Event<'a> {
        let secret = |verb: &[u8]| [b"PASS", b"APOP", b"AUTH"].iter().any(|secret| verb.eq_ignore_ascii_case(*secret));
        if line.get(..4).is_some_and(secret) {
            self.lines.taken_is_secret();
        }
        let command = match Command::parse(line) {
            Ok(command) => command,
            Err(error) => {
                let verb = line.split(|byte| *byte == b' ').next().unwrap_or_default();
                if FOREIGN.iter().any(|foreign| verb.eq_ignore_ascii_case(foreign)) {
                    return self.send_away(Error::ForeignProtocol);
                }
                return self.fault(error.into());
            }
        };
        // RFC 2449, 6.8: STLS and AUTH end a group (rows T-1 and W-5).
        if more && self.config.synchronize {
            let after = match command {
                Command::Stls => Some("STLS"),
                Command::Auth { .. } => Some("AUTH"),
                _ => None,
            };
            if let Some(after) = after {
                return self.send_away(Error::Unsynchronized { after });
            }
        }
        let open = match self.carry_out(command) {
            Ok(Some(open)) => open,
            Ok(None) => return Event::Answered(command),
            Err(error) => return self.fault(error),
        };
        self.open = Some(open);
        // A question is always made of a command that fits it.
        self.question(command, open).unwrap_or(Event::Update)
    }

    /// Makes the event of a question out of its command.
    pub(super) fn question<'a>(&'a self, command: Command<'a>, open: Open) -> Option<Event<'a>> {
        Some(match (command, open) {
            (Command::Stls, _) => Event::Stls,
            (Command::Pass(password), _) => Event::Login { user: self.user.as_deref()?, password: password.expose() },
            (Command::Apop(user, digest), _) => Event::Apop { user, timestamp: self.timestamp.as_ref()?, digest },
            (Command::Auth { mechanism, .. }, Open::Auth { initial }) => {
                Event::Auth { mechanism, initial: initial.then(|| self.secret.expose()) }
            }
            (_, Open::Retrieve { number, lines }) => Event::Retrieve { number, lines },
            (Command::Quit, _) => Event::Update,
            _ => return None,
        })
    }

    /// Does what a command says, or finds the question that it raises.
    fn carry_out(&mut self, command: Command<'_>) -> Result<Option<Open>, Error> {
        match command {
            Command::Capa => self.capabilities(),
            Command::Noop if self.maildrop.is_some() => self.ok("Nothing done"),
            Command::Quit if self.maildrop.is_some() => return Ok(Some(Open::Update)),
            Command::Quit => {
                self.ok("Bye");
                self.close(Closing::Quit);
            }
            Command::Stls => {
                if self.maildrop.is_some() {
                    return Err(Error::Order(Order::LoggedIn));
                }
                if self.tls.is_some() {
                    return Err(Error::Order(Order::TlsAgain));
                }
                if !self.config.stls {
                    return Err(Error::Order(Order::NotServed));
                }
                return Ok(Some(Open::Stls));
            }
            Command::User(name) => {
                self.admit_user()?;
                self.user = Some(name.to_owned());
                // RFC 1939, 7: whether there is such a user is not said.
                self.ok("Send the password");
            }
            Command::Pass(_) => {
                self.admit_user()?;
                if self.user.is_none() {
                    return Err(Error::Order(Order::UserFirst));
                }
                return Ok(Some(Open::Login));
            }
            Command::Auth { mechanism, initial } => {
                self.admit_auth(mechanism)?;
                let Some(initial) = initial else { return Ok(Some(Open::Auth { initial: false })) };
                // RFC 5034, 4: `=` is a response of no octets
                let text = if initial.expose() == "=" { "" } else { initial.expose() };
                self.secret.decode_base64(text.as_bytes()).map_err(|_| Error::AuthNotBase64)?;
                return Ok(Some(Open::Auth { initial: true }));
            }
            Command::AuthList => {
                self.ok("Mechanisms follow");
                let offered = self.offers_login() && self.maildrop.is_none();
                let lines: alloc::string::String =
                    self.mechanisms().filter(|_| offered).flat_map(|name| [name, "\r\n"]).collect();
                let out = self.output.tail();
                out.extend_from_slice(lines.as_bytes());
                out.extend_from_slice(b".\r\n");
            }
            Command::Apop(..) => {
                self.admit_apop()?;
                return Ok(Some(Open::Apop));
            }
            Command::Utf8 => {
                // RFC 6856, 2: before login.
                if self.maildrop.is_some() {
                    return Err(Error::Order(Order::LoggedIn));
                }
                self.utf8 = true;
                self.ok("UTF-8 it is");
            }
            Command::Lang(range) => self.lang(range)?,
            _ => return self.transaction(command),
        }
        Ok(None)
    }

    fn admit_user(&self) -> Result<(), Error> {
        if self.maildrop.is_some() {
            return Err(Error::Order(Order::LoggedIn));
        }
        if !self.config.user {
            return Err(Error::Order(Order::NotServed));
        }
        if self.offers_login() { Ok(()) } else { Err(Error::LoginNeedsTls) }
    }

    /// The commands that need a maildrop.
    fn transaction(&mut self, command: Command<'_>) -> Result<Option<Open>, Error> {
        let Some(maildrop) = &mut self.maildrop else { return Err(Error::Order(Order::LoginFirst)) };
        match command {
            Command::Stat => {
                let text = alloc::format!("{} {}", maildrop.count(), maildrop.octets());
                self.respond(&Response::ok(text));
            }
            Command::List(None) => {
                let (count, size) = (maildrop.count(), maildrop.octets());
                let text = alloc::format!("{count} {} ({size} {})", self.word("messages"), self.word("octets"));
                self.respond(&Response::ok(text));
                self.stage = Stage::Listing(Listing::new(Kind::Sizes));
            }
            Command::Uidl(None) => {
                self.ok("Unique ids follow");
                self.stage = Stage::Listing(Listing::new(Kind::Uids));
            }
            Command::List(Some(number)) => {
                let entry = maildrop.get(number).ok_or(Error::NoSuchMessage { number })?;
                let text = alloc::format!("{number} {}", entry.size);
                self.respond(&Response::ok(text));
            }
            Command::Uidl(Some(number)) => {
                let entry = maildrop.get(number).ok_or(Error::NoSuchMessage { number })?;
                let text = alloc::format!("{number} {}", entry.uid);
                self.respond(&Response::ok(text));
            }
            Command::Retr(number) => {
                maildrop.get(number).ok_or(Error::NoSuchMessage { number })?;
                return Ok(Some(Open::Retrieve { number, lines: None }));
            }
            Command::Top { number, lines } => {
                maildrop.get(number).ok_or(Error::NoSuchMessage { number })?;
                return Ok(Some(Open::Retrieve { number, lines: Some(lines) }));
            }
            Command::Dele(number) => {
                if !maildrop.delete(number) {
                    return Err(Error::NoSuchMessage { number });
                }
                self.ok("Marked");
            }
            Command::Rset => {
                maildrop.reset();
                self.ok("No message is marked");
            }
            _ => return Err(Error::Order(Order::NotServed)),
        }
        Ok(None)
    }

    /// Carries out the caller's word on a question.
    pub(super) fn answer(&mut self, open: Open, answer: Answer<'_>, more: bool) -> Result<(), Misuse> {
        if let Answer::Challenge(challenge) = answer {
            return self.challenge(open, challenge, more);
        }
        // What came in while the caller was thinking came in before the client could know the answer.
        let early = match open {
            Open::Connected => Some("connecting"),
            Open::Stls => Some("STLS"),
            Open::Auth { .. } | Open::AuthResponse => Some("AUTH"),
            _ => None,
        };
        if let Some(after) = early.filter(|_| more && self.config.synchronize) {
            self.open = None;
            let fault = self.send_away(Error::Unsynchronized { after });
            self.told.push_front(fault);
            return Ok(());
        }
        if matches!(open, Open::Login | Open::Apop | Open::Auth { .. } | Open::AuthResponse) {
            self.login_answered(answer)?;
            self.shut_down_if_due();
            return Ok(());
        }
        let refusal = match answer {
            Answer::Accept => None,
            Answer::Greet(timestamp) if open == Open::Connected => {
                self.timestamp = self.offers_login().then_some(timestamp);
                None
            }
            Answer::Refuse => Some(Response::err(Some(Code::SysTemp), "Not possible now")),
            Answer::Reply(response) => Some(Response::err(response.code(), response.text().to_owned())),
            Answer::Open(_) | Answer::Challenge(_) | Answer::Greet(_) => {
                return Err(Misuse("answer: this does not answer the question"));
            }
        };
        self.open = None;
        match (open, refusal) {
            (Open::Connected, None) => {
                self.greet();
                self.stage = Stage::Commands;
            }
            (Open::Connected, Some(refusal)) => {
                self.respond(&refusal);
                self.close(Closing::Shutdown);
            }
            (Open::Stls, None) => {
                self.ok("Begin TLS");
                self.stage = Stage::Securing;
            }
            (Open::Retrieve { lines, number }, None) => {
                let size =
                    self.maildrop.as_ref().and_then(|maildrop| maildrop.get(number)).map_or(0, |entry| entry.size);
                match lines {
                    None => self.respond(&Response::ok(alloc::format!("{size} {}", self.word("octets")))),
                    Some(_) => self.ok("The top follows"),
                }
                self.stage = Stage::Retrieving(Retrieval::new(lines));
            }
            (Open::Update, None) => {
                self.ok("Bye");
                self.close(Closing::Quit);
            }
            (Open::Update, Some(refusal)) => {
                // RFC 1939, 6: the session ends all the same.
                self.respond(&refusal);
                self.close(Closing::Quit);
            }
            (_, Some(refusal)) => self.respond(&refusal),
            (_, None) => {}
        }
        self.shut_down_if_due();
        Ok(())
    }
}
