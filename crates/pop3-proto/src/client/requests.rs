//! What goes to the server: requests, made into commands, and when each may be sent.

use alloc::vec::Vec;

use super::{Awaited, Core, Request, Stage, Step};
use crate::{
    command::{Command, SecretText},
    language::is_range,
};
use wire::{Misuse, Secret, base64};

/// The longest AUTH command with its initial response (RFC 5034, 4); longer ones go in two steps.
const AUTH_COMMAND: usize = 255;

impl Core {
    pub(super) fn tell(&mut self, request: Request<'_>) -> Result<(), Misuse> {
        let open = matches!(self.stage, Stage::Ready | Stage::List { .. } | Stage::Message { .. });
        let quitting = self
            .queue
            .iter()
            .map(|(step, _)| *step)
            .chain(self.awaited.iter().map(|awaited| awaited.step))
            .any(|step| step == Step::Quit);
        if !open || quitting {
            return Err(Misuse("tell: the session is not open"));
        }
        if self.queue.len() + self.awaited.len() + 2 > self.limits.pipeline.max(2) {
            return Err(Misuse("tell: too many requests wait for their answers"));
        }
        let login = matches!(request, Request::Login { .. } | Request::Apop { .. } | Request::Auth { .. });
        if login && self.tls.is_none() && !self.config.login_without_tls {
            return Err(Misuse("tell: no login without TLS"));
        }
        if login && self.logged_in {
            return Err(Misuse("tell: logged in already"));
        }
        match request {
            Request::Login { user, password } => {
                self.check_name(user)?;
                self.check_name(password)?;
                let secret = SecretText::new(password).ok_or(Misuse("tell: a password that no line can carry"))?;
                self.queue(Step::User, &Command::User(user));
                self.queue(Step::Pass, &Command::Pass(secret));
            }
            Request::Apop { .. } if self.timestamp.is_none() => {
                return Err(Misuse("tell: APOP is not allowed, or the greeting had no timestamp for it"));
            }
            Request::Apop { user, digest } => {
                self.check_name(user)?;
                self.queue(Step::Apop, &Command::Apop(user, digest));
            }
            Request::Auth { mechanism, initial } => self.auth(mechanism, initial)?,
            Request::Stat => self.queue(Step::Stat, &Command::Stat),
            Request::List(number) => self.queue(Step::List, &Command::List(number)),
            Request::Uidl(number) => self.queue(Step::Uidl, &Command::Uidl(number)),
            Request::Retrieve(number) => self.queue(Step::Retr, &Command::Retr(number)),
            Request::Top { number, lines } => self.queue(Step::Top, &Command::Top { number, lines }),
            Request::Delete(number) => self.queue(Step::Dele, &Command::Dele(number)),
            Request::Reset => self.queue(Step::Rset, &Command::Rset),
            Request::Utf8 if self.logged_in => return Err(Misuse("tell: UTF8 is for before login")),
            Request::Utf8 => self.queue(Step::Utf8, &Command::Utf8),
            Request::Languages => self.queue(Step::Lang, &Command::Lang(None)),
            Request::Language(range) if !is_range(range) => return Err(Misuse("tell: not a language range")),
            Request::Language(range) => self.queue(Step::Lang, &Command::Lang(Some(range))),
            Request::Noop => self.queue(Step::Noop, &Command::Noop),
            Request::Quit => self.queue(Step::Quit, &Command::Quit),
        }
        self.send_queued();
        Ok(())
    }

    /// Whether a name or password may be said in USER, PASS or APOP.
    fn check_name(&self, text: &str) -> Result<(), Misuse> {
        if text.is_empty() || text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err(Misuse("tell: a name or password that no line can carry"));
        }
        // RFC 6856, 2.2: only where the server has said that it reads them
        if !text.is_ascii() && !self.capabilities.utf8_user {
            return Err(Misuse("tell: the server takes no name or password beyond ASCII"));
        }
        Ok(())
    }

    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&[u8]>) -> Result<(), Misuse> {
        let good = (1..=20).contains(&mechanism.len())
            && mechanism.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !good {
            return Err(Misuse("tell: not a mechanism's name"));
        }
        let mut line = Vec::from(*b"AUTH ");
        line.extend_from_slice(mechanism.as_bytes());
        self.initial = None;
        if let Some(initial) = initial {
            // RFC 5034, 4: `=` stands for a response of no octets
            let encoded = initial.len().div_ceil(3) * 4;
            if line.len() + 1 + encoded.max(1) + 2 <= AUTH_COMMAND {
                line.push(b' ');
                if initial.is_empty() {
                    line.push(b'=');
                }
                base64::encode(initial, &mut line);
            } else {
                self.initial = Some(Secret::from(initial.to_vec()));
            }
        }
        line.extend_from_slice(b"\r\n");
        self.queue.push_back((Step::Auth, Secret::from(line)));
        Ok(())
    }

    pub(super) fn queue(&mut self, step: Step, command: &Command<'_>) {
        let mut line = Vec::new();
        command.write(&mut line);
        self.queue.push_back((step, Secret::from(line)));
    }

    /// Sends what may be sent: everything if the server takes groups, else one command at a time. Logins and QUIT are waited for in any case: what follows depends on them.
    pub(super) fn send_queued(&mut self) {
        while let Some((step, _)) = self.queue.front() {
            let alone =
                |step| matches!(step, Step::User | Step::Pass | Step::Apop | Step::Auth | Step::Stls | Step::Quit);
            let groups = self.config.pipelining
                && self.capabilities.pipelining
                && !alone(*step)
                && !self.awaited.iter().any(|awaited| alone(awaited.step));
            if !self.awaited.is_empty() && !groups {
                return;
            }
            let Some((step, line)) = self.queue.pop_front() else { return };
            self.output.tail().extend_from_slice(line.expose());
            self.expect(step, line.expose());
        }
    }

    /// Sends a command at once.
    pub(super) fn send(&mut self, step: Step, command: &Command<'_>) {
        let start = self.output.tail().len();
        command.write(self.output.tail());
        let line = self.output.tail().get(start..).unwrap_or_default().to_vec();
        self.expect(step, &line);
    }

    pub(super) fn expect(&mut self, step: Step, line: &[u8]) {
        // LIST and UIDL have lines only if no message was named, LANG only if no language was.
        let lines = match step {
            Step::List | Step::Uidl | Step::Lang => line.len() == 6,
            Step::Retr | Step::Top | Step::Capa => true,
            _ => false,
        };
        if self.awaited.is_empty() {
            self.clock.heard();
        }
        self.awaited.push_back(Awaited { step, lines });
    }
}
