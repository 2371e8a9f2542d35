//! From the greeting to a session that is ready: EHLO, HELO, LHLO (RFC 5321, 3.2; RFC 2033, 4.1) and STARTTLS (RFC 3207).

use super::{About, Core, Error, Event, Role, Stage, StartTls, Step, Taken};
use crate::{
    command::{ClientName, Command},
    ehlo::Capabilities,
    reply::Reply,
};
use wire::TlsFacts;

impl Core {
    /// The greeting.
    pub(super) fn greeted(&mut self, code: u16, bytes: &[u8]) -> Taken {
        match code / 100 {
            2 => self.hello(if self.config.role == Role::Lmtp { Hello::Lhlo } else { Hello::Ehlo }),
            3 => self.fail(Error::Unexpected { step: Step::Connect, code }),
            _ => self.refused(Step::Connect, bytes),
        }
        Taken::Nothing
    }

    fn hello(&mut self, hello: Hello) {
        let config = self.config.clone();
        let Ok(name) = ClientName::parse(&config.name) else {
            self.give_up(Error::Name);
            return;
        };
        self.stage = Stage::Hello;
        match hello {
            Hello::Ehlo => self.command(Step::Ehlo, &Command::Ehlo(name)),
            Hello::Lhlo => self.command(Step::Ehlo, &Command::Lhlo(name)),
            Hello::Helo => self.command(Step::Helo, &Command::Helo(name)),
        }
    }

    /// The reply to EHLO or LHLO.
    pub(super) fn extended(&mut self, code: u16, bytes: &[u8]) -> Taken {
        match code / 100 {
            2 => {
                self.capabilities = Reply::parse(bytes)
                    .ok()
                    .flatten()
                    .map(|(reply, _)| Capabilities::from_reply(&reply))
                    .unwrap_or_default();
                self.hello_done();
            }
            3 => self.fail(Error::Unexpected { step: Step::Ehlo, code }),
            // RFC 5321, 3.2: an old server may know HELO. Submission and LMTP are younger than EHLO.
            5 if self.config.role == Role::Smtp => self.hello(Hello::Helo),
            _ => self.refused(Step::Ehlo, bytes),
        }
        Taken::Nothing
    }

    /// The reply to HELO.
    pub(super) fn plain(&mut self, code: u16, bytes: &[u8]) -> Taken {
        match code / 100 {
            2 => {
                self.capabilities = Capabilities::new();
                self.hello_done();
            }
            3 => self.fail(Error::Unexpected { step: Step::Helo, code }),
            _ => self.refused(Step::Helo, bytes),
        }
        Taken::Nothing
    }

    /// TLS, if it is still to come and wanted.
    fn hello_done(&mut self) {
        let offered = self.capabilities.start_tls;
        match self.config.starttls {
            _ if self.tls.is_some() => self.ready(),
            StartTls::IfOffered | StartTls::Required if offered => self.command(Step::StartTls, &Command::StartTls),
            StartTls::Required => self.give_up(Error::TlsNotOffered),
            StartTls::Never | StartTls::IfOffered => self.ready(),
        }
    }

    /// The reply to STARTTLS.
    pub(super) fn starttls_answered(&mut self, code: u16, bytes: &[u8]) -> Taken {
        match code {
            220 => self.stage = Stage::Securing,
            // RFC 3207, 4: no other reply lets the handshake begin.
            200..=399 => self.fail(Error::Unexpected { step: Step::StartTls, code }),
            _ if self.config.starttls == StartTls::Required => self.give_up(Error::TlsRefused { reply: owned(bytes) }),
            _ => {
                self.ready();
                return Taken::Event(About::TlsRefused);
            }
        }
        Taken::Nothing
    }

    /// TLS is up: all that was learned before is forgotten (RFC 3207, 4.2; row W-12).
    pub(super) fn secured(&mut self, tls: TlsFacts) {
        self.tls = Some(tls);
        self.lines.restart();
        self.clock.spoke();
        self.begin_again();
    }

    /// The server takes us for the client that we speak for: the session begins anew.
    pub(super) fn proxied(&mut self) -> Taken {
        self.authenticated = false;
        self.messages = 0;
        self.begin_again();
        Taken::Nothing
    }

    /// Says hello once more, to a server that has forgotten the first one.
    fn begin_again(&mut self) {
        self.capabilities = Capabilities::new();
        self.hello(if self.config.role == Role::Lmtp { Hello::Lhlo } else { Hello::Ehlo });
    }

    /// Nothing is on its way any more.
    pub(super) fn ready(&mut self) {
        self.stage = Stage::Ready;
        self.told.push_back(Event::Ready);
    }

    /// The server does not serve us.
    pub(super) fn refused(&mut self, step: Step, bytes: &[u8]) {
        self.give_up(Error::Refused { step, reply: owned(bytes) });
    }
}

#[derive(Clone, Copy)]
enum Hello {
    Ehlo,
    Lhlo,
    Helo,
}

/// A whole reply, to keep.
pub(super) fn owned(bytes: &[u8]) -> Reply<'static> {
    Reply::parse(bytes).ok().flatten().map_or_else(|| Reply::new(500, None, ""), |(reply, _)| reply.into_owned())
}
