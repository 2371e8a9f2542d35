//! For tokio, with a cache.

use core::{
    net::SocketAddr,
    num::NonZeroUsize,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use dns::{
    Absence, Kind, Name, RecordSet, Response,
    wire::{self, Reply},
};
use lru::LruCache;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpStream, UdpSocket},
    sync::{OnceCell, Semaphore},
    time::{Instant, timeout},
};

use super::{Config, Exchange, Next, framed, local, random_id};

/// A resolver for tokio that keeps what it has learnt. Clones are the same one.
///
/// ```no_run
/// use dns::{Iprev, Limits, drive};
/// use embed::resolver::{Config, Resolver};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let resolver = Resolver::new(Config::system()?);
/// let iprev = Iprev::new("192.0.2.1".parse()?, &Limits::default(), core::time::Duration::ZERO);
/// println!("{}", drive::concurrent(iprev, |name, kind| resolver.lookup(name, kind)).await);
/// # Ok(())
/// # }
/// ```
///
/// - Answers are kept as long as they say, absence as long as the zone says, and failure for a moment (RFC 2308, 5; RFC 9520); the least used give way.
/// - Whoever asks what is being asked already waits for the same answer: each question more on the way would be one more that can be forged an answer for (RFC
///   5452, 5).
/// - A lookup never fails and always ends: after [`Config::timeout`] for each of its tries, and the same again where it had to wait for its turn.
#[derive(Clone, Debug)]
pub struct Resolver {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    config: Config,
    cache: Mutex<LruCache<(Name, Kind), Entry>>,
    turns: Semaphore,
    /// The server that answered last.
    preferred: AtomicUsize,
}

/// An answer, once it is there.
type Entry = Arc<OnceCell<Kept>>;

#[derive(Debug)]
struct Kept {
    response: Response,
    until: Instant,
}

impl Resolver {
    /// A resolver that knows nothing yet.
    pub fn new(config: Config) -> Self {
        // What is being asked has a place, too, so that there is one always.
        let kept = NonZeroUsize::new(config.kept).unwrap_or(NonZeroUsize::MIN);
        let shared = Shared {
            cache: Mutex::new(LruCache::new(kept)),
            turns: Semaphore::new(config.open.clamp(1, Semaphore::MAX_PERMITS)),
            preferred: AtomicUsize::new(0),
            config,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Whom it asks.
    pub fn config(&self) -> &Config {
        &self.shared.config
    }

    /// The answer to a question: from memory, from whoever is asking just now, or from a server.
    pub async fn lookup(&self, name: Name, kind: Kind) -> Response {
        let shared = &self.shared;
        let entry = shared.entry(name, kind);
        let kept = entry
            .get_or_init(|| async {
                let reply = shared.ask(&name, kind).await;
                let ttl = shared.ttl(&reply);
                if ttl.is_zero() {
                    shared.forget(name, kind);
                }
                Kept { response: reply.response, until: Instant::now() + ttl }
            })
            .await;
        let mut response = kept.response.clone();
        if let Response::Records { ttl, .. } = &mut response {
            // What is handed on is as old as it is here.
            let left = kept.until.saturating_duration_since(Instant::now()).as_millis().div_ceil(1_000);
            *ttl = u32::try_from(left).unwrap_or(u32::MAX).min(*ttl);
        }
        response
    }
}

impl Shared {
    /// The place of a question: with an answer that is still good, being filled, or empty.
    fn entry(&self, name: Name, kind: Kind) -> Entry {
        // Whoever panicked has left whole entries behind.
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = cache.get(&(name, kind))
            && entry.get().is_none_or(|kept| kept.until > Instant::now())
        {
            return Arc::clone(entry);
        }
        let entry = Entry::default();
        cache.put((name, kind), Arc::clone(&entry));
        entry
    }

    /// Gives a place up. Who waits for the answer there gets it all the same.
    fn forget(&self, name: Name, kind: Kind) {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner).pop(&(name, kind));
    }

    /// How long an answer is kept.
    fn ttl(&self, reply: &Reply) -> Duration {
        if self.config.kept == 0 || octets(&reply.response) > self.config.kept_octets {
            return Duration::ZERO;
        }
        match reply.response {
            Response::Absent(absence) if !absence.is_certain() => self.config.failure_ttl,
            _ => Duration::from_secs(reply.ttl.into()),
        }
    }

    /// Asks one server after the other, beginning with the one that answered last.
    async fn ask(&self, name: &Name, kind: Kind) -> Reply {
        let config = &self.config;
        let none = |absence: Absence| Reply::new(absence.into(), 0);
        let patience = config.timeout.saturating_mul(u32::try_from(config.tries()).unwrap_or(u32::MAX));
        let Ok(Ok(_turn)) = timeout(patience, self.turns.acquire()).await else { return none(Absence::TryLater) };
        let first = self.preferred.load(Ordering::Relaxed);
        let mut worst = Absence::Refused;
        for (at, server) in config.servers.iter().enumerate().cycle().skip(first).take(config.tries()) {
            match timeout(config.timeout, self.ask_one(*server, name, kind)).await {
                Ok(Ok(Ok(reply))) => {
                    self.preferred.store(at, Ordering::Relaxed);
                    return config.believed(reply);
                }
                Ok(Ok(Err(Absence::Refused))) => {}
                Ok(Ok(Err(absence))) => worst = absence,
                // Nobody listens there, or nobody answers.
                Ok(Err(_)) | Err(_) => worst = Absence::TryLater,
            }
        }
        none(worst)
    }

    /// Asks one server: its answer, or why it has none.
    async fn ask_one(&self, server: SocketAddr, name: &Name, kind: Kind) -> io::Result<Result<Reply, Absence>> {
        let mut exchange = Exchange::default();
        let mut buffer = Vec::new();
        loop {
            let id = random_id()?;
            let question = wire::encode(id, name, kind, &exchange.options);
            let mut socket = if exchange.tcp {
                let mut stream = TcpStream::connect(server).await?;
                stream.write_all(&framed(&question)).await?;
                Socket::Tcp(stream)
            } else {
                let socket = UdpSocket::bind(local(server)).await?;
                // A connected socket takes messages from this server only, and learns that nobody listens there.
                socket.connect(server).await?;
                socket.send(&question).await?;
                Socket::Udp(socket)
            };
            loop {
                socket.receive(&mut buffer).await?;
                match exchange.next(wire::decode(id, name, kind, &buffer, &self.config.limits)) {
                    Next::Reply(reply) => return Ok(Ok(reply)),
                    Next::Failed(absence) => return Ok(Err(absence)),
                    Next::Wait => {}
                    Next::Tcp | Next::Plain => break,
                }
            }
        }
    }
}

/// About how much memory an answer takes.
fn octets(response: &Response) -> usize {
    let Response::Records { records, .. } = response else { return 0 };
    match records {
        RecordSet::A(records) => size_of_val(records.as_slice()),
        RecordSet::Aaaa(records) => size_of_val(records.as_slice()),
        RecordSet::Mx(records) => size_of_val(records.as_slice()),
        RecordSet::Txt(records) => records.iter().map(|txt| size_of_val(txt) + txt.0.len()).sum(),
        RecordSet::Ptr(records) | RecordSet::Cname(records) | RecordSet::Ns(records) => size_of_val(records.as_slice()),
        RecordSet::Soa(records) => size_of_val(records.as_slice()),
        RecordSet::Tlsa(records) => records.iter().map(|tlsa| size_of_val(tlsa) + tlsa.data.len()).sum(),
        _ => usize::MAX,
    }
}

enum Socket {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Socket {
    /// The next message, whole.
    async fn receive(&mut self, buffer: &mut Vec<u8>) -> io::Result<()> {
        buffer.clear();
        match self {
            Self::Udp(socket) => {
                // Room for more than was allowed: what is longer is cut, and would not be an answer.
                buffer.reserve(4_096);
                socket.recv_buf(buffer).await?;
            }
            Self::Tcp(stream) => {
                let len = stream.read_u16().await?;
                // Memory grows as the message comes, not as it is announced.
                stream.take(len.into()).read_to_end(buffer).await?;
                if buffer.len() < usize::from(len) {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(())
    }
}
