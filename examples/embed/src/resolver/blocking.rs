//! For threads: one question, without anything kept.

use core::net::SocketAddr;
use std::{
    io::{self, Read as _, Write as _},
    net::{TcpStream, UdpSocket},
    time::Instant,
};

use dns::{
    Absence, Kind, Name, Response,
    wire::{self, Reply},
};

use super::{Config, Exchange, Next, framed, local, random_id};

/// Asks one server after the other, each for as long as it may take.
///
/// ```no_run
/// use dns::{Iprev, Limits, drive};
/// use embed::resolver::{Config, blocking};
///
/// let config = Config::new(vec!["127.0.0.1:53".parse()?]);
/// let iprev = Iprev::new("192.0.2.1".parse()?, &Limits::default(), core::time::Duration::ZERO);
/// println!("{}", drive::blocking(iprev, |name, kind| blocking::lookup(&config, name, kind)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn lookup(config: &Config, name: &Name, kind: Kind) -> Response {
    let mut worst = Absence::Refused;
    for server in config.servers.iter().cycle().take(config.tries()) {
        match ask(config, *server, name, kind) {
            Ok(Ok(reply)) => return config.believed(reply).response,
            Ok(Err(Absence::Refused)) => {}
            Ok(Err(absence)) => worst = absence,
            // A timeout, or nobody listens there.
            Err(_) => worst = Absence::TryLater,
        }
    }
    worst.into()
}

/// Asks one server: its answer, or why it has none.
fn ask(config: &Config, server: SocketAddr, name: &Name, kind: Kind) -> io::Result<Result<Reply, Absence>> {
    let deadline = Instant::now() + config.timeout;
    let mut exchange = Exchange::default();
    loop {
        let id = random_id()?;
        let question = wire::encode(id, name, kind, &exchange.options);
        let socket = UdpSocket::bind(local(server))?;
        // A connected socket takes messages from this server only, and learns that nobody listens there.
        socket.connect(server)?;
        let mut stream = if exchange.tcp {
            let stream = TcpStream::connect_timeout(&server, left(deadline)?)?;
            (&stream).write_all(&framed(&question))?;
            Some(stream)
        } else {
            socket.send(&question)?;
            None
        };
        loop {
            let message = match &mut stream {
                Some(stream) => read(stream, deadline)?,
                None => {
                    let mut buffer = vec![0; wire::MAX_MESSAGE];
                    socket.set_read_timeout(Some(left(deadline)?))?;
                    let n = socket.recv(&mut buffer)?;
                    buffer.truncate(n);
                    buffer
                }
            };
            match exchange.next(wire::decode(id, name, kind, &message, &config.limits)) {
                Next::Reply(reply) => return Ok(Ok(reply)),
                Next::Failed(absence) => return Ok(Err(absence)),
                Next::Wait => {}
                Next::Tcp | Next::Plain => break,
            }
        }
    }
}

/// One message from TCP, however slowly it comes, until the deadline.
fn read(stream: &mut TcpStream, deadline: Instant) -> io::Result<Vec<u8>> {
    let mut message = Vec::new();
    loop {
        let len = message.first_chunk().map_or(2, |len| 2 + usize::from(u16::from_be_bytes(*len)));
        if message.len() == len && len > 2 {
            message.drain(..2);
            return Ok(message);
        }
        stream.set_read_timeout(Some(left(deadline)?))?;
        let mut buffer = [0; 4_096];
        let room = buffer.len().min(len - message.len());
        let n = stream.read(buffer.get_mut(..room).unwrap_or_default())?;
        if n == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        message.extend_from_slice(buffer.get(..n).unwrap_or_default());
    }
}

fn left(deadline: Instant) -> io::Result<core::time::Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}
