//! Answers for inquiries, to copy: [`Resolver`] for tokio, [`blocking`] for threads, and [`hickory`] for who has a hickory-resolver already.
//!
//! This is a stub resolver: it asks servers that find the answers, such as an unbound on the same machine. Each question has a socket of its own with a port that
//! the system chooses at random, and a random id (RFC 5452); what does not answer it is not looked at; what is cut is asked for by TCP; a server that
//! does not understand EDNS is asked without.

mod asynchronous;
pub mod blocking;
#[cfg(feature = "hickory-resolver")]
pub mod hickory;

use core::{net::SocketAddr, time::Duration};
use std::{fs, io};

use dns::{
    Absence, Limits,
    wire::{Options, Reply, WireError},
};

pub use asynchronous::Resolver;

/// How many messages that are no answer are passed over before the question goes by TCP: somebody may be guessing (RFC 5452, 9.1 and 10).
const UNRELATED: u32 = 8;

/// Whom a resolver asks, and with how much patience.
#[derive(Clone, Debug)]
pub struct Config {
    /// The servers. One is asked until it fails; then the next.
    pub servers: Vec<SocketAddr>,
    /// Whether the servers are believed when they say that DNSSEC vouches for an answer. They have to validate, and nobody may sit on the way (RFC 6840, 5.8): at
    /// first, whether all are on this machine.
    pub trusted: bool,
    /// How long one server has for one question: 5 seconds.
    pub timeout: Duration,
    /// How often a question is asked, whatever the server: 2 times, and each server once at least.
    pub tries: usize,
    /// How many answers are kept: 4,096. With 0 none are.
    pub kept: usize,
    /// How many octets an answer may have in memory that is kept: 8 KiB, which with the number makes 32 MiB. Strangers choose what their zones say.
    pub kept_octets: usize,
    /// How long it is kept that nobody could tell (RFC 9520, 3.2): 5 seconds.
    pub failure_ttl: Duration,
    /// How many questions are open at once: 200. Others wait, each within its own patience.
    pub open: usize,
    /// What is taken of an answer.
    pub limits: Limits,
}

impl Config {
    /// These servers, and everything else as usual.
    pub fn new(servers: Vec<SocketAddr>) -> Self {
        Self {
            trusted: servers.iter().all(|server| server.ip().is_loopback()),
            servers,
            timeout: Duration::from_secs(5),
            tries: 2,
            kept: 4_096,
            kept_octets: 8_192,
            failure_ttl: Duration::from_secs(5),
            open: 200,
            limits: Limits::default(),
        }
    }

    /// What the system uses: `/etc/resolv.conf`.
    ///
    /// # Errors
    /// If the file cannot be read or understood.
    pub fn system() -> io::Result<Self> {
        Self::parse(&fs::read("/etc/resolv.conf")?)
    }

    /// What a file in the form of `/etc/resolv.conf` says. Without a server it is the one on this machine, as `resolv.conf(5)` has it. Search lists mean nothing
    /// here: names in mail are whole.
    ///
    /// # Errors
    /// If it cannot be understood.
    pub fn parse(text: &[u8]) -> io::Result<Self> {
        let file =
            resolv_conf::Config::parse(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let servers = file.nameservers.iter().map(|server| SocketAddr::new(server.into(), 53)).collect();
        let mut config = Self::new(servers);
        if config.servers.is_empty() {
            config.servers.push(SocketAddr::from(([127, 0, 0, 1], 53)));
        }
        config.trusted |= file.trust_ad;
        config.timeout = Duration::from_secs(file.timeout.clamp(1, 30).into());
        config.tries = usize::try_from(file.attempts).unwrap_or(1).clamp(1, 5);
        Ok(config)
    }

    fn tries(&self) -> usize {
        self.tries.max(self.servers.len())
    }

    /// The answer as it is handed on: what a server says of DNSSEC counts only where it is trusted.
    fn believed(&self, mut reply: Reply) -> Reply {
        if let dns::Response::Records { authenticated, .. } = &mut reply.response {
            *authenticated &= self.trusted;
        }
        reply
    }
}

/// What comes next in asking one server.
enum Next {
    /// This is the answer.
    Reply(Reply),
    /// The server has none, for this reason.
    Failed(Absence),
    /// Something else came in; wait on.
    Wait,
    /// Ask by TCP.
    Tcp,
    /// Ask without EDNS.
    Plain,
}

/// One question to one server: what comes in, and what follows from it. It is the same on any socket.
#[derive(Default)]
struct Exchange {
    options: Options,
    unrelated: u32,
    tcp: bool,
}

impl Exchange {
    fn next(&mut self, message: Result<Reply, WireError>) -> Next {
        match message {
            Ok(reply) => match reply.response {
                dns::Response::Absent(absence) if !absence.is_certain() => Next::Failed(absence),
                _ => Next::Reply(reply),
            },
            // Over TCP there is nobody else who could have said it.
            Err(WireError::Unrelated | WireError::Malformed { .. } | WireError::Truncated) if self.tcp => {
                Next::Failed(Absence::TryLater)
            }
            Err(WireError::Unrelated | WireError::Malformed { .. }) => {
                self.unrelated += 1;
                if self.unrelated >= UNRELATED { self.by_tcp() } else { Next::Wait }
            }
            Err(WireError::Truncated) => self.by_tcp(),
            Err(WireError::NotUnderstood) if self.options.payload.is_some() => {
                self.options.payload = None;
                Next::Plain
            }
            // The answer is there, and more than anybody takes: asking again gives the same.
            Err(_) => Next::Failed(Absence::Refused),
        }
    }

    fn by_tcp(&mut self) -> Next {
        self.tcp = true;
        Next::Tcp
    }
}

/// A random id.
fn random_id() -> io::Result<u16> {
    let mut id = [0; 2];
    getrandom::fill(&mut id).map_err(io::Error::other)?;
    Ok(u16::from_ne_bytes(id))
}

/// The local address from which a server is asked: any, with a port that the system chooses.
fn local(server: SocketAddr) -> SocketAddr {
    match server {
        SocketAddr::V4(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
        SocketAddr::V6(_) => SocketAddr::from(([0_u16; 8], 0)),
    }
}

/// A message with its length in front, as TCP has it (RFC 1035, 4.2.2).
fn framed(message: &[u8]) -> Vec<u8> {
    let len = u16::try_from(message.len()).unwrap_or(u16::MAX);
    [&len.to_be_bytes()[..], message].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_file_is_read() {
        let config = Config::parse(
            b"# comment\nsearch example.org\nnameserver 192.0.2.1\nnameserver 2001:db8::1\noptions timeout:2 attempts:3 edns0\n",
        )
        .unwrap();
        assert_eq!(config.servers, ["192.0.2.1:53", "[2001:db8::1]:53"].map(|server| server.parse().unwrap()));
        assert_eq!((config.timeout, config.tries, config.trusted), (Duration::from_secs(2), 3, false));
        assert!(Config::parse(b"nameserver 192.0.2.1\noptions trust-ad\n").unwrap().trusted);
        let config = Config::parse(b"").unwrap();
        assert_eq!(config.servers, ["127.0.0.1:53".parse().unwrap()]);
        assert!(config.trusted);
    }
}
