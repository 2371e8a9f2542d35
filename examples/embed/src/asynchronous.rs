//! A driver for tokio. Nothing in it but its timer is tokio's own.

use core::{
    future::{Future, poll_fn},
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
    time::Duration,
};
use std::io;

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};
use wire::Wants;

use crate::{Session, Turn};

/// How much is read at once while a session has no buffer. It lies on the stack only while the socket is asked, so a connection that says nothing
/// holds none of it.
const FIRST_READ: usize = 16_384;

/// Moves bytes between one stream and one session.
///
/// ```no_run
/// # async fn serve(stream: tokio::net::TcpStream) -> std::io::Result<()> {
/// use embed::{Turn, asynchronous::Driver};
/// use smtp_proto::{Limits, Server, server::{Answer, Config, Role}};
///
/// let mut driver = Driver::new(stream, tokio::time::Instant::now());
/// let mut server = Server::new(Config::new(Role::Relay, "mx.example.org"), Limits::default(), None, driver.now());
/// loop {
///     while let Some(event) = server.poll() {
///         if event.asks() {
///             server.answer(Answer::Accept, driver.now()).expect("it asked");
///         }
///     }
///     if driver.turn(&mut server).await? == Turn::Closed {
///         return Ok(());
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Driver<S> {
    stream: S,
    origin: Instant,
    /// Armed for a moment no later than the session's deadline; it is set anew only when it goes off too early, since deadlines move on with each
    /// byte and seldom matter.
    timer: Option<Pin<Box<Sleep>>>,
    unflushed: bool,
    ended: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// A driver for a stream. The session's time is counted from `origin`.
    pub const fn new(stream: S, origin: Instant) -> Self {
        Self { stream, origin, timer: None, unflushed: false, ended: false }
    }

    /// The moment, on the session's clock.
    pub fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    /// The stream, for the TLS handshake: the session has no bytes left to send when it [wants](Wants::Secure) one.
    pub fn into_stream(self) -> S {
        self.stream
    }

    /// The stream, to look at.
    pub const fn stream(&self) -> &S {
        &self.stream
    }

    /// Sends and receives until there is something to do for the caller. May be cancelled and called again.
    ///
    /// # Errors
    /// The stream's, while writing. A stream that fails while reading has ended, which is the session's to judge.
    pub async fn turn(&mut self, session: &mut impl Session) -> io::Result<Turn> {
        poll_fn(|context| self.poll_turn(session, context)).await
    }

    /// Works on the open question while the connection stays alive: bytes go out, and come in as far as there is room, so that a client that sends too
    /// early or leaves is seen.
    ///
    /// The work is done to its end in any case; a stream that fails meanwhile shows at the next turn.
    pub async fn meanwhile<T>(&mut self, session: &mut impl Session, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        let mut broken = false;
        poll_fn(|context| {
            if let Poll::Ready(done) = work.as_mut().poll(context) {
                return Poll::Ready(done);
            }
            while !broken {
                match self.poll_move(session, context) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => broken = true,
                    Poll::Pending => break,
                }
            }
            Poll::Pending
        })
        .await
    }

    fn poll_turn(&mut self, session: &mut impl Session, context: &mut Context<'_>) -> Poll<io::Result<Turn>> {
        match session.wants() {
            Wants::Answer => return Poll::Ready(Ok(Turn::Answer)),
            Wants::Body { .. } if session.transmit().is_empty() => return Poll::Ready(Ok(Turn::Body)),
            Wants::Secure => {
                while !session.transmit().is_empty() || self.unflushed {
                    ready!(self.poll_move(session, context))?;
                }
                return Poll::Ready(Ok(Turn::Secure));
            }
            Wants::Close => {
                while !session.transmit().is_empty() || self.unflushed {
                    ready!(self.poll_move(session, context))?;
                }
                // A peer that is gone already cannot be told goodbye.
                let _ = ready!(Pin::new(&mut self.stream).poll_shutdown(context));
                return Poll::Ready(Ok(Turn::Closed));
            }
            Wants::Input | Wants::Body { .. } | Wants::Flush => {}
        }
        ready!(self.poll_move(session, context))?;
        Poll::Ready(Ok(Turn::Progress))
    }

    /// Moves something in one direction, or lets time pass.
    fn poll_move(&mut self, session: &mut impl Session, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut sent = false;
        while !session.transmit().is_empty() {
            match Pin::new(&mut self.stream).poll_write(context, session.transmit()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(n)) => {
                    session.transmitted(n, self.origin.elapsed());
                    self.unflushed = true;
                    sent = true;
                }
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        if self.unflushed && session.transmit().is_empty() {
            match Pin::new(&mut self.stream).poll_flush(context) {
                Poll::Ready(Ok(())) => self.unflushed = false,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => {}
            }
        }
        if !self.ended && self.poll_receive(session, context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if sent || self.poll_time(session, context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    fn poll_receive(&mut self, session: &mut impl Session, context: &mut Context<'_>) -> Poll<()> {
        let now = self.origin.elapsed();
        let stream = Pin::new(&mut self.stream);
        let read = if session.memory() == 0 && session.wants() == Wants::Input {
            let mut bytes = [MaybeUninit::uninit(); FIRST_READ];
            let mut buffer = ReadBuf::uninit(&mut bytes);
            ready!(stream.poll_read(context, &mut buffer)).map(|()| {
                let taken = session.receive(buffer.filled(), now);
                debug_assert_eq!(taken, buffer.filled().len(), "an empty session has room for a first read");
                buffer.filled().len()
            })
        } else {
            let space = session.space();
            if space.is_empty() {
                return Poll::Pending;
            }
            let mut buffer = ReadBuf::new(space);
            let read = ready!(stream.poll_read(context, &mut buffer));
            let n = buffer.filled().len();
            read.map(|()| {
                session.received(n, now);
                n
            })
        };
        // An error here is mostly a peer that left without a word, which is the same as one that has said its last.
        if read.unwrap_or(0) == 0 {
            self.ended = true;
            session.closed(now);
        }
        Poll::Ready(())
    }

    fn poll_time(&mut self, session: &mut impl Session, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = session.deadline() else { return Poll::Pending };
        let deadline = self.origin + deadline;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() > deadline {
            timer.as_mut().reset(deadline);
        }
        loop {
            ready!(timer.as_mut().poll(context));
            if Instant::now() >= deadline {
                break;
            }
            timer.as_mut().reset(deadline);
        }
        self.timer = None;
        session.tick(self.origin.elapsed());
        Poll::Ready(())
    }
}
