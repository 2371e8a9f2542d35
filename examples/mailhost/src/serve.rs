//! `mailhost serve`: from an empty folder to a server that listens, and to its end.

use core::time::Duration;
use std::fs::DirBuilder;
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};
use tracing::{error, info};

use crate::Failure;
use crate::config::Config;
use crate::host::Host;
use crate::listen::Listeners;
use crate::store::{Purpose, Store};
use crate::{demo, open_store, outbound, status, web};

/// How often the certificate's files are looked at.
const RELOAD: Duration = Duration::from_secs(10);

/// How long the end waits for HTTP and status, whose answers matter to nobody then.
const HELPERS: Duration = Duration::from_secs(1);

/// Serves until SIGTERM or Ctrl-C. `first_steps`: without a configuration there is a demo user, and what to type is shown.
///
/// # Errors
/// What keeps the server from starting.
pub(crate) async fn serve(config: Config, first_steps: bool) -> Result<(), Failure> {
    let store: Arc<dyn Store> = Arc::new(open_store(&config, Purpose::Serve)?);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .map_err(|error| format!("cannot make the folder {}: {error}", config.data.display()))?;
    let demo = if first_steps { Some(demo::set_up(&config, &*store).await?) } else { None };
    let host = Arc::new(Host::new(config, store)?);

    // Asked for before anything listens: who sends a signal right behind the ready line is heard.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let hangup = signal(SignalKind::hangup())?;
    let listeners = Listeners::bind(&host.config.listen).await?;
    let http = web::bind(&host.config.listen.http).await?;
    let socket = status::bind(&host.config.data).map_err(|error| {
        format!("cannot make the socket of `mailhost status` in {}: {error}", host.config.data.display())
    })?;

    let (stop, shutdown) = watch::channel(false);
    let mut helpers = JoinSet::new();
    for listener in http {
        info!(port = %"Http", address = %listener.local_addr()?, "listening");
        helpers.spawn(web::serve(host.clone(), listener, shutdown.clone()));
    }
    helpers.spawn(status::serve(host.clone(), socket, shutdown.clone()));
    helpers.spawn(reload(host.clone(), hangup, shutdown.clone()));
    for (port, address) in listeners.addresses() {
        info!(?port, %address, "listening");
    }
    let mut stderr = io::stderr().lock();
    if let Some(demo) = demo {
        write!(stderr, "{demo}")?;
    }
    writeln!(stderr, "mailhost ready")?;
    drop(stderr);

    let sending = tokio::spawn(outbound::run(host.clone(), shutdown.clone()));
    let sessions = tokio::spawn(listeners.serve(host.clone(), shutdown));
    tokio::select! {
        _ = terminate.recv() => info!("SIGTERM: finishing what is in flight"),
        _ = interrupt.recv() => info!("interrupted: finishing what is in flight"),
    }
    let _ = stop.send(true);
    sessions.await?;
    sending.await?;
    let _ = timeout(HELPERS, helpers.join_all()).await;
    info!("stopped");
    Ok(())
}

/// Takes a new certificate into use when its files change: soon, or at once on SIGHUP.
async fn reload(host: Arc<Host>, mut hangup: Signal, mut shutdown: watch::Receiver<bool>) {
    let mut ticks = interval(RELOAD);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = hangup.recv() => info!("SIGHUP: looking at the certificate"),
            _ = shutdown.wait_for(|shutdown| *shutdown) => return,
        }
        match host.signers.reload() {
            Ok(true) => info!("the keys that mail is signed with have changed and are in use"),
            Ok(false) => {}
            Err(error) => {
                error!(%error, "the keys that mail is signed with have changed and cannot be used; the old ones stay");
            }
        }
        match host.tls.reload() {
            Ok(true) => info!("the certificate has changed and is in use"),
            Ok(false) => {}
            Err(error) => error!(%error, "the certificate has changed and cannot be used; the old one stays"),
        }
    }
}
