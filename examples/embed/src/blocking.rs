//! A driver for plain threads and blocking sockets.

use core::time::Duration;
use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Instant,
};

use wire::Wants;

use crate::{Session, Turn};

/// A stream whose waits can be bounded.
pub trait Stream: Read + Write {
    /// Lets each read and write take this long at most.
    ///
    /// # Errors
    /// The stream's.
    fn wait_at_most(&self, time: Option<Duration>) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn wait_at_most(&self, time: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(time)?;
        self.set_write_timeout(time)
    }
}

/// Moves bytes between one stream and one session, one direction at a time.
#[derive(Debug)]
pub struct Driver<S> {
    stream: S,
    origin: Instant,
    ended: bool,
}

impl<S: Stream> Driver<S> {
    /// A driver for a stream. The session's time is counted from `origin`.
    pub const fn new(stream: S, origin: Instant) -> Self {
        Self { stream, origin, ended: false }
    }

    /// The moment, on the session's clock.
    pub fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The stream, for the TLS handshake.
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// Sends and receives until there is something to do for the caller.
    ///
    /// # Errors
    /// The stream's, while writing. A stream that fails while reading has ended, which is the session's to judge.
    pub fn turn(&mut self, session: &mut impl Session) -> io::Result<Turn> {
        while !session.transmit().is_empty() {
            self.bound(session)?;
            match self.stream.write(session.transmit()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(n) => session.transmitted(n, self.now()),
                Err(error) if late(&error) => session.tick(self.now()),
                Err(error) => return Err(error),
            }
        }
        self.stream.flush()?;
        match session.wants() {
            Wants::Answer => return Ok(Turn::Answer),
            Wants::Body { .. } => return Ok(Turn::Body),
            Wants::Secure => return Ok(Turn::Secure),
            Wants::Close => return Ok(Turn::Closed),
            Wants::Input if !self.ended => {
                self.bound(session)?;
                let n = match self.stream.read(session.space()) {
                    Err(error) if late(&error) => {
                        session.tick(self.now());
                        return Ok(Turn::Progress);
                    }
                    read => read.unwrap_or(0),
                };
                if n == 0 {
                    self.ended = true;
                    session.closed(self.now());
                } else {
                    session.received(n, self.now());
                }
            }
            // A reply is held back on purpose.
            Wants::Flush | Wants::Input => {
                let until = session.deadline().unwrap_or_default();
                std::thread::sleep(until.saturating_sub(self.now()));
                session.tick(self.now());
            }
        }
        Ok(Turn::Progress)
    }

    /// Lets the next call on the stream last until the session's deadline.
    fn bound(&self, session: &impl Session) -> io::Result<()> {
        let left = session.deadline().map(|deadline| deadline.saturating_sub(self.now()).max(Duration::from_millis(1)));
        self.stream.wait_at_most(left)
    }
}

fn late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
