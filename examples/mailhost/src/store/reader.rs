//! The threads that read the database, a few connections shared by all sessions.
//!
//! Readers never wait for the writer: each sees the state of the last commit before it began.

use core::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{Error, schema};

/// Questions that may wait; whoever comes then waits to hand theirs over.
const WAITING_MAX: usize = 1024;

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// Takes questions from any thread to whichever reader is free.
pub(super) struct Readers {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Starts this many threads on this database.
    pub(super) fn start(database: &Path, threads: usize) -> Result<Self, Error> {
        let (jobs, waiting) = mpsc::channel::<Job>(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let mut readers = Self { jobs: Some(jobs), threads: Vec::with_capacity(threads) };
        for _ in 0..threads {
            let database = schema::open_reader(database)?;
            let waiting = waiting.clone();
            let thread = thread::Builder::new().name("store-reader".into()).spawn(move || work(&database, &waiting))?;
            readers.threads.push(thread);
        }
        Ok(readers)
    }

    /// Asks the database.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |database| {
            // who gave up waiting costs nothing more
            if !reply.is_closed() {
                drop(reply.send(work(database)));
            }
        });
        let jobs = self.jobs.as_ref().ok_or(Error::Closing)?;
        jobs.send(job).await.map_err(|_| Error::Closing)?;
        answer.await.map_err(|_| Error::Closing)?
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("threads", &self.threads.len()).finish_non_exhaustive()
    }
}

/// Ends the threads once they have answered what waits.
impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

fn work(database: &Connection, waiting: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // one idle reader waits for a question, the others wait for its place
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match job {
            Some(job) => job(database),
            None => return,
        }
    }
}
