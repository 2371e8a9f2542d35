//! `mailhost status`: a running server is asked over a socket in its data folder; without one, the store says what it knows.

use core::fmt::Write as _;
use core::time::Duration;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::UnixListener;
use tokio::sync::watch;
use tracing::warn;

use crate::host::Host;
use crate::store::{self, Counts};

/// The socket's name in the data folder, which only its owner can enter.
const SOCKET: &str = "status.sock";

/// What an operator asks first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// Whether a server runs on this data folder.
    pub(crate) running: bool,
    /// Accounts.
    pub(crate) users: u64,
    /// Messages in all mailboxes.
    pub(crate) messages: u64,
    /// Copies delivered into mailboxes since the server has started; 0 where none runs.
    pub(crate) delivered: u64,
    /// Messages that wait to be sent elsewhere.
    pub(crate) queue: u64,
}

impl Status {
    fn of(counts: Counts, running: bool) -> Self {
        let delivered = if running { counts.delivered } else { 0 };
        Self { running, users: counts.users, messages: counts.messages, delivered, queue: counts.queue }
    }

    /// For people.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "running    {}", if self.running { "yes" } else { "no" });
        let _ = writeln!(text, "users      {}", self.users);
        let _ = writeln!(text, "messages   {}", self.messages);
        let _ = writeln!(text, "delivered  {} since the start", self.delivered);
        let _ = writeln!(text, "queue      {}", self.queue);
        text
    }
}

/// Asks the server that runs on this folder; `None` if there is none.
pub(crate) fn ask(data: &Path) -> Option<Status> {
    let (path, _folder) = socket(data).ok()?;
    let mut stream = UnixStream::connect(path).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// What the store says by itself.
///
/// # Errors
/// The store's.
pub(crate) async fn of_store(store: &dyn store::Store) -> Result<Status, store::Error> {
    store.counts().await.map(|counts| Status::of(counts, false))
}

/// Binds the socket. One that an earlier server left behind is replaced: the store's lock has shown that it is dead.
///
/// # Errors
/// The folder's.
pub(crate) fn bind(data: &Path) -> io::Result<UnixListener> {
    let (path, _folder) = socket(data)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    UnixListener::bind(path)
}

/// The socket's path, and a folder that it leads through, to be kept open as long as the path is used: a socket's path has 107 octets at most, and
/// data folders can be deeper.
fn socket(data: &Path) -> io::Result<(PathBuf, Option<File>)> {
    let path = data.join(SOCKET);
    if path.as_os_str().len() <= 100 {
        return Ok((path, None));
    }
    let folder = File::open(data)?;
    Ok((Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET), Some(folder)))
}

/// Answers each connection with one line of JSON, until shutdown.
pub(crate) async fn serve(host: Arc<Host>, listener: UnixListener, mut shutdown: watch::Receiver<bool>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|shutdown| *shutdown) => break,
        };
        let Ok((mut stream, _)) = accepted else { continue };
        match host.store.counts().await {
            Ok(counts) => {
                let mut line = serde_json::to_vec(&Status::of(counts, true)).unwrap_or_default();
                line.push(b'\n');
                let _ = stream.write_all(&line).await;
            }
            Err(error) => warn!(%error, "no figures"),
        }
    }
    let _ = fs::remove_file(host.config.data.join(SOCKET));
}
