//! Connections: how many there may be, of whom, and how long each may take.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, Sleep};

/// Connections at once on which everything is answered.
pub const CONNECTIONS: usize = 64;

/// Connections of one client address among them at most.
pub const PER_CLIENT: usize = 32;

/// Connections beyond those, on which a little is answered; the oldest makes way for the newest.
const EXPRESS: usize = 16;

/// How long the head of a request may take, in each case.
const HEAD: [Duration; 2] = [Duration::from_secs(10), Duration::from_secs(2)];
/// How long a connection may last on which only a little is answered.
const EXPRESS_LIFE: Duration = Duration::from_secs(10);
/// Octets of a request's head at most.
const HEAD_SIZE: usize = 1 << 16;
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(30);

/// The addresses of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    /// Ours.
    pub(super) local: SocketAddr,
    /// The client's.
    pub(super) client: IpAddr,
}

/// Who has to do something next on a connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Turn {
    /// The client: it sends a request, or follows a stream.
    Client,
    /// The client, which has to take an answer until then.
    Take(Instant),
    /// The server, whose time does not count.
    Server,
}

/// The turn on a connection, for those who answer on it.
#[derive(Clone, Debug)]
pub(super) struct Turns(Arc<Mutex<Turn>>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Turn::Client)))
    }
}

impl Turns {
    fn turn(&self) -> MutexGuard<'_, Turn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Turn {
        *self.turn()
    }

    pub(super) fn set(&self, turn: Turn) {
        *self.turn() = turn;
    }
}

/// What became of connections.
#[derive(Debug, Default)]
pub(super) struct ConnectionCounts {
    /// Those that are open, and on which everything is answered.
    pub(super) open: AtomicUsize,
    /// Those that there were too many of.
    pub(super) limited: AtomicU64,
    /// Those that were cut off because nothing moved, or too slowly.
    pub(super) timed_out: AtomicU64,
}

/// How many connections each client has.
#[derive(Clone, Debug, Default)]
struct Clients(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// A place among the connections, as long as this is held.
struct Slot {
    clients: Clients,
    client: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Clients {
    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for a client, if there is one.
    fn slot(&self, client: IpAddr, slots: &Arc<Semaphore>) -> Option<Slot> {
        let mut counts = self.counts();
        let count = counts.get(&client).copied().unwrap_or(0);
        let fits = count < PER_CLIENT;
        let permit = fits.then(|| Arc::clone(slots).try_acquire_owned().ok())??;
        counts.insert(client, count + 1);
        Some(Slot {
            clients: self.clone(),
            client,
            _permit: permit,
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.clients.counts();
        if let Some(count) = counts.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.client);
            }
        }
    }
}

/// Answers requests for ever: by the first router, and on connections that there are too many of by
/// the second.
pub(super) async fn serve(
    listener: TcpListener,
    [all, some]: [Router; 2],
    counts: Arc<ConnectionCounts>,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS));
    let clients = Clients::default();
    let mut connections = JoinSet::new();
    let mut express: Vec<AbortHandle> = Vec::new();
    loop {
        let accepted = listener.accept().await;
        let Some((stream, ends)) = accepted.ok().and_then(with_ends) else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        if let Some(slot) = clients.slot(ends.client, &slots) {
            let answered = answer(stream, ends, all.clone(), HEAD[0], Arc::clone(&counts));
            counts.open.fetch_add(1, Ordering::Relaxed);
            let counts = Arc::clone(&counts);
            connections.spawn(async move {
                answered.await;
                counts.open.fetch_sub(1, Ordering::Relaxed);
                drop(slot);
            });
            continue;
        }
        express.retain(|connection| !connection.is_finished());
        if express.len() >= EXPRESS {
            express.remove(0).abort();
        }
        counts.limited.fetch_add(1, Ordering::Relaxed);
        let answered = answer(stream, ends, some.clone(), HEAD[1], Arc::clone(&counts));
        let answered = tokio::time::timeout(EXPRESS_LIFE, answered);
        express.push(connections.spawn(async move {
            // Its time may be over.
            let _ = answered.await;
        }));
    }
}

fn with_ends((stream, client): (TcpStream, SocketAddr)) -> Option<(TcpStream, Ends)> {
    let local = stream.local_addr().ok()?;
    let client = client.ip().to_canonical();
    Some((stream, Ends { local, client }))
}

/// Answers the requests of a connection.
async fn answer(
    stream: TcpStream,
    ends: Ends,
    router: Router,
    head: Duration,
    counts: Arc<ConnectionCounts>,
) {
    let turns = Turns::default();
    let router = router
        .layer(axum::Extension(ends))
        .layer(axum::Extension(turns.clone()));
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(Timed::new(stream, turns, counts)), service);
    // The client may have gone.
    let _ = connection.await;
}

/// A TCP connection that ends when nothing is read or written for too long, or an answer is not
/// taken in time.
struct Timed {
    stream: TcpStream,
    idle: Pin<Box<Sleep>>,
    idle_at: Instant,
    turns: Turns,
    counts: Arc<ConnectionCounts>,
}

/// How often it is looked whether the time is over.
const LOOK: Duration = Duration::from_secs(1);

impl Timed {
    fn new(stream: TcpStream, turns: Turns, counts: Arc<ConnectionCounts>) -> Self {
        // Answers are written whole: waiting for more gains nothing. A connection on which this
        // fails is broken, which reading from it will tell.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            idle: Box::pin(tokio::time::sleep(LOOK)),
            idle_at: Instant::now() + IDLE,
            turns,
            counts,
        }
    }

    /// Resets the timeout after progress; without, an error once it is over.
    fn check<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.idle_at = Instant::now() + IDLE;
            return progress;
        }
        loop {
            ready!(self.idle.as_mut().poll(cx));
            let now = Instant::now();
            let is_over = match self.turns.now() {
                Turn::Server => {
                    self.idle_at = now + IDLE;
                    false
                }
                Turn::Take(until) => until <= now,
                Turn::Client => false,
            };
            if is_over || self.idle_at <= now {
                self.counts.timed_out.fetch_add(1, Ordering::Relaxed);
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.idle.as_mut().reset(now + LOOK);
        }
    }
}

impl AsyncRead for Timed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.check(cx, read)
    }
}

impl AsyncWrite for Timed {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.check(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, pieces);
        self.check(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
