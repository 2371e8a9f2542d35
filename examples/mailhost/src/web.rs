//! HTTP for the operator: metrics and health.

use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::warn;

use crate::host::Host;
use crate::listen::hint;

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
pub(crate) async fn serve(host: Arc<Host>, listener: TcpListener, mut shutdown: watch::Receiver<bool>) {
    let router = Router::new().route("/metrics", get(metrics)).route("/healthz", get(health)).with_state(host);
    let until = async move {
        let _ = shutdown.wait_for(|shutdown| *shutdown).await;
    };
    if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(until).await {
        warn!(%error, "HTTP has failed");
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
