//! HTTP for the operator: metrics and health.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tracing::warn;

use crate::host::Host;
use crate::listen::hint;

/// Connections at once.
const CONNECTIONS: usize = 64;
/// How long a client may take for the header of a request, and between two requests.
const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long a connection may last.
const CONNECTION_TIME: Duration = Duration::from_secs(60);
/// Between two tries to accept, where the system has no more room.
const PAUSE: Duration = Duration::from_millis(100);

/// Why there is no listening.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for HTTP: {source}{}", hint(source))]
pub(crate) struct Error {
    address: SocketAddr,
    source: io::Error,
}

/// Binds every address.
///
/// # Errors
/// [`Error`]: which, and what to do.
pub(crate) async fn bind(addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, Error> {
    let mut listeners = Vec::new();
    for address in addresses {
        let listener = TcpListener::bind(address).await;
        listeners.push(listener.map_err(|source| Error { address: *address, source })?);
    }
    Ok(listeners)
}

/// Serves `/metrics` and `/healthz` until shutdown.
pub(crate) async fn serve(host: Arc<Host>, listener: TcpListener, shutdown: watch::Receiver<bool>) {
    let router = Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(host);
    serve_router(router, listener, shutdown).await;
}

/// Serves connections until shutdown; none of them for long, and not more than a few at once, whoever they are.
async fn serve_router(router: Router, listener: TcpListener, mut shutdown: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|shutdown| *shutdown) => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "HTTP cannot accept a connection");
                sleep(PAUSE).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
            // what a client did wrong is its own affair
            let _ = timeout(CONNECTION_TIME, http.serve_connection(TokioIo::new(stream), service)).await;
            drop(place);
        });
    }
}

async fn metrics(State(host): State<Arc<Host>>) -> String {
    host.metrics.text()
}

/// Healthy means that the store answers.
async fn health(State(host): State<Arc<Host>>) -> (StatusCode, &'static str) {
    match host.store.counts().await {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n"),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpStream;
    use tokio::time::Instant;

    use super::*;

    /// W-10 for HTTP: who never ends a request is left, and takes nobody else's place for long.
    #[tokio::test]
    async fn w10_a_request_that_never_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (_shutdown, until) = watch::channel(false);
        let router = Router::new().route("/", get(async || "here"));
        tokio::spawn(serve_router(router, listener, until));

        let mut good = TcpStream::connect(address).await.unwrap();
        good.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        good.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("here"), "{answer}");

        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(b"GET / HTTP/1.1\r\nHost:").await.unwrap();
        tokio::task::yield_now().await;
        tokio::time::pause();
        let start = Instant::now();
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.unwrap();
        assert!(start.elapsed() < CONNECTION_TIME);
    }
}
