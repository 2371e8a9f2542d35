//! A connection, with TLS or without.

use core::pin::Pin;
use core::task::{Context, Poll};
use std::io;
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::host::Host;
use crate::tls::Security;

/// A client that has connected.
#[derive(Debug)]
pub(crate) struct Connection {
    /// What its bytes come by.
    pub(crate) link: Link,
    /// What TLS gives, if it is on.
    pub(crate) security: Option<Security>,
    /// Where it comes from.
    pub(crate) address: core::net::IpAddr,
}

/// The way of its bytes.
#[derive(Debug)]
pub(crate) enum Link {
    /// In the clear.
    Plain(TcpStream),
    /// Inside TLS.
    Tls(Box<TlsStream<TcpStream>>),
}

impl Link {
    /// Does the handshake.
    ///
    /// # Errors
    /// The handshake's own, or that it took too long.
    pub(crate) async fn secure(self, host: &Host, config: Arc<ServerConfig>) -> io::Result<(Self, Security)> {
        let Self::Plain(stream) = self else { return Err(io::Error::other("TLS inside TLS")) };
        let handshake = TlsAcceptor::from(config).accept(stream);
        let stream =
            timeout(host.config.limits.handshake_time, handshake).await.map_err(|_| io::ErrorKind::TimedOut)??;
        let security = host.tls.security(stream.get_ref().1, |address| host.is_local(address));
        Ok((Self::Tls(Box::new(stream)), security))
    }
}

impl AsyncRead for Link {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Link {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}
