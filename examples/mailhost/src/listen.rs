//! Sockets: who may connect, how many at a time, and how it all ends.

mod caps;

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;
use std::io;
use std::sync::Arc;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

pub(crate) use caps::{Admission, Caps, Pop3Admission, Pop3Refusal};

use crate::host::Host;
use crate::link::{Connection, Link};
use crate::metrics::Metrics;
use crate::{pop3, proxy, smtp};

/// What is spoken on a port.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// 25
    Smtp,
    /// 587
    Submission,
    /// 465
    Submissions,
    /// LMTP's, which has no fixed one.
    Lmtp,
    /// 110
    Pop3,
    /// 995
    Pop3s,
}

impl Port {
    /// Whether TLS begins at once.
    const fn is_implicit_tls(self) -> bool {
        matches!(self, Self::Submissions | Self::Pop3s)
    }

    /// Whether it is for users, who have slots kept for them.
    const fn is_for_users(self) -> bool {
        !matches!(self, Self::Smtp)
    }

    /// What a client is told that there is no room for.
    const fn busy(self) -> &'static [u8] {
        match self {
            Self::Pop3 => b"-ERR [SYS/TEMP] Too many connections, try again later\r\n",
            // Nothing can be said before the handshake, and none is done.
            Self::Submissions | Self::Pop3s => b"",
            Self::Smtp | Self::Submission | Self::Lmtp => b"421 4.7.0 Too many connections, try again later\r\n",
        }
    }
}

/// All listeners, bound, and what they serve with.
#[derive(Debug)]
pub(crate) struct Listeners {
    listeners: Vec<(Port, TcpListener)>,
}

/// Why there is no listening.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for {port:?}: {source}{}", hint(source))]
pub(crate) struct Error {
    port: Port,
    address: SocketAddr,
    source: io::Error,
}

/// What the operator can do about it.
pub(crate) fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "; is another server running? Choose another port under [listen]",
        io::ErrorKind::PermissionDenied => {
            "; ports below 1024 need the right to bind them (setcap cap_net_bind_service=+ep, or a service manager)"
        }
        _ => "",
    }
}

impl Listeners {
    /// Binds every address of the configuration.
    ///
    /// # Errors
    /// [`Error`]: which, and what to do.
    pub(crate) async fn bind(config: &crate::config::Listen) -> Result<Self, Error> {
        let mut listeners = Vec::new();
        for (port, addresses) in [
            (Port::Smtp, &config.smtp),
            (Port::Submission, &config.submission),
            (Port::Submissions, &config.submissions),
            (Port::Lmtp, &config.lmtp),
            (Port::Pop3, &config.pop3),
            (Port::Pop3s, &config.pop3s),
        ] {
            for address in addresses {
                let listener =
                    TcpListener::bind(address).await.map_err(|source| Error { port, address: *address, source })?;
                listeners.push((port, listener));
            }
        }
        Ok(Self { listeners })
    }

    /// Where it listens.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (Port, SocketAddr)> + '_ {
        self.listeners.iter().filter_map(|(port, listener)| Some((*port, listener.local_addr().ok()?)))
    }

    /// Serves until `shutdown` says otherwise, then waits for what is in flight.
    pub(crate) async fn serve(self, host: Arc<Host>, shutdown: watch::Receiver<bool>) {
        let caps = Arc::new(Caps::new(&host.config.limits));
        let services = Arc::new(Services::new(&host));
        let mut accepting = JoinSet::new();
        for (port, listener) in self.listeners {
            accepting.spawn(accept(port, listener, host.clone(), services.clone(), caps.clone(), shutdown.clone()));
        }
        let mut sessions = accepting.join_all().await;
        let time = host.config.limits.shutdown_time;
        let finish = async {
            for sessions in &mut sessions {
                while sessions.join_next().await.is_some() {}
            }
        };
        if timeout(time, finish).await.is_err() {
            let left: usize = sessions.iter().map(JoinSet::len).sum();
            warn!(left, "sessions were still busy and are cut off");
        }
    }
}

/// What sessions are set up with, made once.
#[derive(Debug)]
struct Services {
    relay: Smtp,
    submission: Smtp,
    lmtp: Smtp,
    pop3: Arc<pop3_proto::server::Config>,
}

/// One of SMTP's services, for clients and for proxies that may say XCLIENT.
#[derive(Debug)]
struct Smtp {
    service: smtp::Service,
    client: Arc<smtp_proto::server::Config>,
    proxy: Arc<smtp_proto::server::Config>,
}

impl Smtp {
    fn new(host: &Host, service: smtp::Service) -> Self {
        let client = smtp::config(host, service);
        let mut proxy = client.clone();
        proxy.xclient = true;
        proxy.xforward = true;
        Self { service, client: Arc::new(client), proxy: Arc::new(proxy) }
    }
}

impl Services {
    fn new(host: &Host) -> Self {
        Self {
            relay: Smtp::new(host, smtp::Service::Relay),
            submission: Smtp::new(host, smtp::Service::Submission),
            lmtp: Smtp::new(host, smtp::Service::Lmtp),
            pop3: pop3::config(host),
        }
    }
}

/// Accepts on one listener until shutdown, and gives back the sessions that are still there.
async fn accept(
    port: Port,
    listener: TcpListener,
    host: Arc<Host>,
    services: Arc<Services>,
    caps: Arc<Caps>,
    mut shutdown: watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut sessions = JoinSet::new();
    while !*shutdown.borrow() {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.changed() => break,
            Some(_) = sessions.join_next() => continue,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Mostly: no more file descriptors. It passes when sessions end.
                warn!(%error, ?port, "cannot accept");
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let address = address.ip().to_canonical();
        // A proxy is many clients; each of them is counted once it is known.
        let proxy = host.is_proxy(address);
        let Some(admission) = admit(&caps, &host, port, &stream, address, proxy) else { continue };
        let (host, services, caps, shutdown) = (host.clone(), services.clone(), caps.clone(), shutdown.clone());
        sessions.spawn(async move {
            let _open = Open::count(&host.metrics);
            let mut stream = stream;
            let (address, admission) = if proxy {
                match proxy::client(&mut stream, host.config.limits.handshake_time).await {
                    Err(error) => {
                        return info!(%address, ?port, %error, "a listed proxy did not say whom it speaks for");
                    }
                    Ok(None) => (address, admission),
                    Ok(Some(client)) => {
                        drop(admission);
                        let client = client.to_canonical();
                        let Some(admission) = admit(&caps, &host, port, &stream, client, false) else { return };
                        (client, admission)
                    }
                }
            } else {
                (address, admission)
            };
            if let Err(error) = session(port, stream, address, &host, &services, &admission, shutdown).await {
                debug!(%address, ?port, %error, "connection lost");
            }
        });
    }
    sessions
}

/// Whether there is room for a client; if there is none, it is told.
fn admit(
    caps: &Arc<Caps>,
    host: &Host,
    port: Port,
    stream: &TcpStream,
    address: IpAddr,
    proxy: bool,
) -> Option<Admission> {
    let admission = caps.admit(address, port.is_for_users(), proxy || host.trusts(address), host.now());
    if admission.is_none() {
        host.metrics.connections_refused_total.add(1);
        info!(%address, ?port, "too many connections");
        // Never wait for such a client.
        let _ = stream.try_write(port.busy());
    }
    admission
}

/// A connection that is counted until this is dropped, however its session ends.
struct Open<'a>(&'a Metrics);

impl<'a> Open<'a> {
    fn count(metrics: &'a Metrics) -> Self {
        metrics.connections_total.add(1);
        metrics.connections.add(1);
        Self(metrics)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.connections.add(-1);
    }
}

async fn session(
    port: Port,
    stream: TcpStream,
    address: IpAddr,
    host: &Host,
    services: &Services,
    admission: &Admission,
    shutdown: watch::Receiver<bool>,
) -> io::Result<()> {
    // Replies are small and wait for nothing.
    stream.set_nodelay(true)?;
    let link = Link::Plain(stream);
    let (link, security) = if port.is_implicit_tls() {
        let config = if port == Port::Pop3s { &host.tls.pop3 } else { &host.tls.submission };
        let secured = link.secure(host, config.clone()).await;
        let (link, security) = secured.inspect_err(|_| host.metrics.tls_failures_total.add(1))?;
        (link, Some(security))
    } else {
        (link, None)
    };
    let connection = Connection { link, security, address };
    let smtp = match port {
        Port::Smtp => &services.relay,
        Port::Submission | Port::Submissions => &services.submission,
        Port::Lmtp => &services.lmtp,
        Port::Pop3 | Port::Pop3s => {
            return pop3::serve(host, services.pop3.clone(), connection, admission, shutdown).await;
        }
    };
    let config = if host.speaks_for_others(address) { &smtp.proxy } else { &smtp.client };
    smtp::serve(host, smtp.service, config.clone(), connection, admission, shutdown).await
}
