//! AUTH (RFC 4954), and what TLS changes.

use alloc::{borrow::ToOwned as _, vec::Vec};

use super::{Core, Event, Open, Role, Stage};
use crate::{
    command::CommandError,
    delivery::ServerLimits,
    ehlo::Capabilities,
    error::{Error, Limit, Order},
    reply::Reply,
};
use wire::{Misuse, TlsFacts, base64};

impl Core {
    /// The mechanisms of this connection.
    fn mechanisms(&self) -> impl Iterator<Item = &str> {
        wire::mechanisms(self.tls.as_ref(), &self.config.mechanisms)
    }

    /// Whether AUTH is offered now: to users, with TLS (row T-6).
    pub(super) fn offers_auth(&self) -> bool {
        self.config.role == Role::Submission
            && self.mechanisms().next().is_some()
            && (self.tls.is_some() || self.config.auth_without_tls)
    }

    /// Whether an AUTH command may begin.
    pub(super) fn admit_auth(&self, mechanism: &str) -> Result<(), Error> {
        if self.config.role != Role::Submission || self.mechanisms().next().is_none() {
            return Err(Error::Command(CommandError::not_implemented()));
        }
        if self.hello != Some(true) {
            return Err(Error::Order(Order::HelloFirst));
        }
        if self.authenticated {
            return Err(Error::Order(Order::AuthAgain));
        }
        if self.transaction.is_some() {
            return Err(Error::Order(Order::InTransaction));
        }
        if !self.offers_auth() {
            return Err(Error::AuthNeedsTls);
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
        // The space stays even if nothing follows it (RFC 4954, 4).
        out.extend_from_slice(b"334 ");
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
            Some(Error::AuthCancelled)
        } else if more && self.config.synchronize {
            self.told.push_back(Event::AuthAborted);
            return self.send_away(Error::Unsynchronized { after: "AUTH" });
        } else {
            self.secret.decode_base64(line).is_err().then_some(Error::AuthNotBase64)
        };
        if let Some(fault) = fault {
            self.told.push_back(Event::AuthAborted);
            let gave_up = matches!(fault, Error::AuthCancelled);
            let event = self.fault(fault);
            if !gave_up {
                self.count_auth_failure();
            }
            return event;
        }
        self.ask(Open::AuthResponse);
        Event::AuthResponse(self.secret.expose())
    }

    /// Counts a failed exchange.
    pub(super) fn auth_failed(&mut self, reply: &Reply<'_>) {
        // Our own trouble (454) is not the client's failure.
        if reply.is_permanent() {
            self.count_auth_failure();
        }
    }

    fn count_auth_failure(&mut self) {
        self.counts.auth_failures += 1;
        if self.counts.auth_failures >= self.limits.auth_failures && !matches!(self.stage, Stage::Closing) {
            self.end_by(Limit::AuthFailures, u64::from(self.limits.auth_failures));
        }
    }

    /// TLS is up: all that was learned before is forgotten (RFC 3207, 4.2; row W-12).
    pub(super) fn secured(&mut self, tls: TlsFacts) {
        self.tls = Some(tls);
        self.stage = Stage::Commands;
        self.hello = None;
        self.authenticated = false;
        self.transaction = None;
        self.lines.restart();
        self.clock.spoke();
        self.told.push_back(Event::Secured);
    }

    /// The reply to EHLO.
    pub(super) fn write_capabilities(&mut self) {
        let config = self.config.clone();
        let mut capabilities = Capabilities::new();
        capabilities.pipelining = true;
        capabilities.eight_bit_mime = true;
        capabilities.enhanced_status_codes = true;
        capabilities.size = Some(Some(self.limits.message_size));
        capabilities.chunking = config.chunking;
        capabilities.binary_mime = config.chunking;
        capabilities.smtputf8 = config.smtputf8;
        capabilities.dsn = config.dsn;
        capabilities.start_tls = config.starttls && self.tls.is_none();
        capabilities.require_tls = config.requiretls && self.tls.is_some();
        capabilities.limits = config.limits.then(|| {
            let mut limits = ServerLimits::default();
            limits.mail = Some(self.limits.messages);
            limits.rcpt = Some(self.limits.recipients);
            limits
        });
        capabilities.deliver_by = config.deliver_by;
        capabilities.future_release = config.future_release.filter(|_| config.role == Role::Submission);
        capabilities.priority = config.priority;
        capabilities.xclient = config.xclient;
        capabilities.xforward = config.xforward;
        if self.offers_auth() {
            capabilities.auth = self.mechanisms().map(str::to_owned).collect::<Vec<_>>();
        }
        capabilities.write_reply(&config.hostname, self.output.tail());
        self.clock.spoke();
    }
}
