//! Logins: USER and PASS, AUTH (RFC 5034), and what TLS changes.

use alloc::string::String;

use super::{Answer, Core, Event, Open, Stage};
use crate::{
    apop::Timestamp,
    error::{Error, Limit, Order},
    maildrop::Maildrop,
    response::{Code, Response},
};
use wire::{Misuse, TlsFacts, base64};

/// How many characters of its words a greeting has at most; in ASCII, which it is, they and a timestamp fit into 512 octets.
const GREETING_WORDS: usize = 250;

impl Core {
    /// The mechanisms of this connection.
    pub(super) fn mechanisms(&self) -> impl Iterator<Item = &str> {
        wire::mechanisms(self.tls.as_ref(), &self.config.mechanisms)
    }

    /// Whether a login is possible now (row T-6).
    pub(super) fn offers_login(&self) -> bool {
        self.tls.is_some() || self.config.login_without_tls
    }

    /// The greeting, with APOP's timestamp if there is one. Its words have no angle brackets (RFC 2449, 3), and leave the timestamp its room.
    pub(super) fn greet(&mut self) {
        let config = self.config.clone();
        let timestamp = self.timestamp.as_ref().map_or("", Timestamp::as_str);
        let mut text = String::with_capacity(config.greeting.len() + 1 + timestamp.len());
        text.extend(config.greeting.chars().filter(|c| !matches!(c, '<' | '>')).take(GREETING_WORDS));
        if !timestamp.is_empty() {
            text.push(' ');
            text.push_str(timestamp);
        }
        self.respond(&Response::ok(text));
    }

    /// Whether APOP is served: only if the greeting had a timestamp.
    pub(super) fn admit_apop(&self) -> Result<(), Error> {
        if self.maildrop.is_some() {
            return Err(Error::Order(Order::LoggedIn));
        }
        if self.timestamp.is_none() {
            return Err(Error::Order(Order::NotServed));
        }
        Ok(())
    }

    /// Whether an AUTH command may begin.
    pub(super) fn admit_auth(&self, mechanism: &str) -> Result<(), Error> {
        if self.maildrop.is_some() {
            return Err(Error::Order(Order::LoggedIn));
        }
        if self.mechanisms().next().is_none() {
            return Err(Error::Order(Order::NotServed));
        }
        if !self.offers_login() {
            return Err(Error::LoginNeedsTls);
        }
        if !self.mechanisms().any(|offered| offered.eq_ignore_ascii_case(mechanism)) {
            return Err(Error::UnknownMechanism);
        }
        Ok(())
    }

    /// Sends a challenge and waits for the response.
    pub(super) fn challenge(&mut self, open: Open, challenge: &[u8], more: bool) -> Result<(), Misuse> {
        if !matches!(open, Open::Auth { .. } | Open::AuthResponse) {
            return Err(Misuse("answer: a challenge answers only an AUTH question"));
        }
        self.open = None;
        if more && self.config.synchronize {
            let fault = self.send_away(Error::Unsynchronized { after: "AUTH" });
            self.told.push_front(fault);
            return Ok(());
        }
        let out = self.output.tail();
        // The space stays even if nothing follows it (RFC 5034, 4).
        out.extend_from_slice(b"+ ");
        base64::encode(challenge, out);
        out.extend_from_slice(b"\r\n");
        self.clock.spoke();
        self.stage = Stage::Auth;
        Ok(())
    }

    /// Takes up a line of the AUTH exchange.
    pub(super) fn auth_response(&mut self, line: &[u8], more: bool) -> Event<'_> {
        self.lines.taken_is_secret();
        self.stage = Stage::Commands;
        let fault = if line == b"*" {
            Error::AuthCancelled
        } else if more && self.config.synchronize {
            self.told.push_back(Event::AuthAborted);
            return self.send_away(Error::Unsynchronized { after: "AUTH" });
        } else if self.secret.decode_base64(line).is_err() {
            Error::AuthNotBase64
        } else {
            self.open = Some(Open::AuthResponse);
            return Event::AuthResponse(self.secret.expose());
        };
        self.told.push_back(Event::AuthAborted);
        let gave_up = fault == Error::AuthCancelled;
        let event = self.fault(fault);
        if !gave_up {
            self.count_auth_failure();
        }
        event
    }

    /// Carries out the caller's word on a login.
    pub(super) fn login_answered(&mut self, answer: Answer<'_>) -> Result<(), Misuse> {
        match answer {
            Answer::Open(maildrop) => self.opened(maildrop),
            Answer::Refuse => {
                self.open = None;
                // RFC 1939, 13: which of the two is wrong is not said.
                self.respond(&Response::err(Some(Code::Auth), "Wrong user name or password"));
                self.stage = Stage::Commands;
                self.count_auth_failure();
            }
            Answer::Reply(response) => {
                self.open = None;
                self.respond(&Response::err(response.code(), response.text()));
                self.stage = Stage::Commands;
                if response.code() == Some(Code::Auth) {
                    self.count_auth_failure();
                }
            }
            Answer::Accept | Answer::Challenge(_) | Answer::Greet(_) => {
                return Err(Misuse("answer: a login is answered by a maildrop or a refusal"));
            }
        }
        Ok(())
    }

    fn opened(&mut self, maildrop: Maildrop) {
        self.open = None;
        self.stage = Stage::Commands;
        self.errors = 0;
        let (messages, octets) = (self.word("messages"), self.word("octets"));
        let text = alloc::format!("{} {messages}, {} {octets}", maildrop.count(), maildrop.octets());
        self.respond(&Response::ok(text));
        self.maildrop = Some(maildrop);
    }

    fn count_auth_failure(&mut self) {
        self.user = None;
        self.auth_failures += 1;
        if self.auth_failures >= self.limits.auth_failures && !matches!(self.stage, Stage::Closing) {
            self.end_by(Limit::AuthFailures, u64::from(self.limits.auth_failures));
        }
    }

    /// TLS is up: what was said before is forgotten (RFC 2595, 4; row T-1).
    pub(super) fn secured(&mut self, tls: TlsFacts) {
        self.tls = Some(tls);
        self.stage = Stage::Commands;
        self.user = None;
        self.timestamp = None;
        // RFC 6856, 7: whoever stood in between may have chosen.
        self.utf8 = false;
        self.language = None;
        self.lines.restart();
        self.clock.spoke();
        self.told.push_back(Event::Secured);
    }
}
