//! What every request is answered from, and how much of it at once.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use routehub::{Engine, Exchange, Finding, FindingSearch, TableId};
use routehub_scenario::Tables;
use routehub_scenario::az::Table;
use serde::Serialize;
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore, broadcast};

use super::body::{self, Pen, Writing};
use super::connections::ConnectionCounts;
use super::error::Refusal;
use super::guard::Guard;
use crate::Server;
use crate::log::Log;
use crate::sink::{JsonSink, Sink};

/// Tables that are made or sent at once; further ones wait.
pub const TABLES: usize = 6;
/// Streams at once; further ones are refused.
pub const STREAMS: usize = 24;

/// How long a query may wait for its turn and its answer.
pub(super) const QUERY: Duration = Duration::from_secs(30);

/// A table that is being read, for everybody who asks for it meanwhile.
type Flight = Arc<OnceCell<Arc<Tables>>>;

/// The state of the HTTP server.
pub(super) struct App {
    server: Arc<Server>,
    guard: Guard,
    changes: Option<Changes>,
    log: Option<Log>,
    /// Lines that streams of events lost.
    lost: Arc<AtomicU64>,
    connections: Arc<ConnectionCounts>,
    /// The engine task answers one query at a time.
    query: Arc<Semaphore>,
    tables: Arc<Semaphore>,
    /// Tables that are read, or findings that are looked for, at once.
    reads: Semaphore,
    /// Tables that are being read.
    flights: Mutex<BTreeMap<TableId, Flight>>,
    pen: Pen,
    streams: Arc<Semaphore>,
}

impl App {
    pub(super) fn new(
        server: Arc<Server>,
        guard: Guard,
        changes: Option<Changes>,
        log: Option<Log>,
    ) -> Self {
        Self {
            server,
            guard,
            changes,
            log,
            lost: Arc::default(),
            connections: Arc::default(),
            query: Arc::new(Semaphore::new(1)),
            tables: Arc::new(Semaphore::new(TABLES)),
            reads: Semaphore::new(1),
            flights: Mutex::default(),
            pen: Pen::default(),
            streams: Arc::new(Semaphore::new(STREAMS)),
        }
    }

    pub(super) fn server(&self) -> &Server {
        &self.server
    }

    pub(super) const fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(super) const fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// What became of connections.
    pub(super) const fn connections(&self) -> &Arc<ConnectionCounts> {
        &self.connections
    }

    /// How many lines streams of events lost.
    pub(super) const fn lost(&self) -> &Arc<AtomicU64> {
        &self.lost
    }

    pub(super) const fn changes(&self) -> Option<&Changes> {
        self.changes.as_ref()
    }

    /// Reads from the engine, after other queries.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let answer = async {
            let turn = Arc::clone(&self.query).acquire_owned().await;
            let query = move |engine: &Engine| {
                let answer = query(engine);
                // Only now it is the turn of the next, even if nobody waits for this any more.
                drop(turn);
                answer
            };
            Ok(self.server.ask(query).await?)
        };
        let answer = tokio::time::timeout(QUERY, answer).await;
        answer.map_err(|_| Refusal::busy("the routes are busy: there was no answer in 30 s"))?
    }

    /// A permit to make and send a table.
    pub(super) async fn table_permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.tables).acquire_owned();
        let permit = tokio::time::timeout(QUERY, permit).await;
        let permit = permit.ok().and_then(Result::ok);
        permit.ok_or_else(|| Refusal::busy("too many tables are being sent"))
    }

    /// A table that is read in shares and shaped by another thread. Whoever asks for it while it is
    /// read gets the same rows: they are as the table is when all was read.
    pub(super) async fn shared_table(
        self: Arc<Self>,
        id: TableId,
        check: impl Fn(&Exchange, &TableId) -> Result<(), Refusal> + Clone + Send + 'static,
    ) -> Result<Response, Refusal> {
        let permit = self.table_permit().await?;
        let tables = self.read_together(&id, check).await?;
        self.written(permit, move |_, out| {
            body::write_line(out, &Table::of(&tables, &id))
        })
        .await
    }

    /// Reads a table in shares, for everybody who asks for it meanwhile.
    pub(super) async fn read_together(
        &self,
        id: &TableId,
        check: impl Fn(&Exchange, &TableId) -> Result<(), Refusal> + Clone + Send + 'static,
    ) -> Result<Arc<Tables>, Refusal> {
        let flight = self.flight(id);
        let tables = flight
            .get_or_try_init(|| async {
                let _turn = self.reads.acquire().await;
                self.read(id.clone(), check).await.map(Arc::new)
            })
            .await?;
        Ok(Arc::clone(tables))
    }

    /// What is to be said about the network, looked for step by step.
    pub(super) async fn findings(&self) -> Result<Vec<Finding>, Refusal> {
        let mut search = FindingSearch::default();
        let mut more = true;
        while more {
            let _turn = self.reads.acquire().await;
            (search, more) = self.step(search).await?;
        }
        Ok(search.into_findings())
    }

    fn flights(&self) -> MutexGuard<'_, BTreeMap<TableId, Flight>> {
        // Every change of it is whole before something could panic.
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The table that is being read.
    fn flight(&self, id: &TableId) -> Flight {
        let mut flights = self.flights();
        // Those that nobody waits for any more.
        flights.retain(|_, flight| Arc::strong_count(flight) > 1);
        Arc::clone(flights.entry(id.clone()).or_default())
    }

    /// Has nobody else wait for a table that is being read.
    pub(super) fn land(&self, id: &TableId) {
        self.flights().remove(id);
    }

    /// A table that the engine task reads and another thread shapes.
    pub(super) async fn table<R: Send + 'static, T: Serialize>(
        &self,
        read: impl FnOnce(&Exchange) -> Result<R, Refusal> + Send + 'static,
        shape: impl FnOnce(R) -> T + Send + 'static,
    ) -> Result<Response, Refusal> {
        let permit = self.table_permit().await?;
        let rows = self.ask(move |engine| read(engine.exchange())).await??;
        self.written(permit, move |_, out| body::write_line(out, &shape(rows)))
            .await
    }

    /// An answer that is sent while another thread writes it.
    pub(super) async fn written(
        &self,
        permit: OwnedSemaphorePermit,
        write: impl FnOnce(&Writing<'_>, &mut dyn io::Write) -> io::Result<()> + Send + 'static,
    ) -> Result<Response, Refusal> {
        body::written(permit, self.pen.clone(), write).await
    }

    /// A permit to send a stream.
    pub(super) fn stream_permit(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let permit = Arc::clone(&self.streams).try_acquire_owned();
        permit.map_err(|_| Refusal::busy("too many streams are open"))
    }
}

/// Batches that are kept for a slow stream; the oldest are lost first.
const BATCHES: usize = 64;

/// The way of changed routes from the engine to streams.
///
/// Give its [`sink`](Self::sink) to the server and itself to the
/// [`Http`](super::Http::with_changes).
#[derive(Clone)]
pub struct Changes(broadcast::Sender<Bytes>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BATCHES))
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Changes")
    }
}

impl Changes {
    /// The sink that receives the changes.
    pub fn sink(&self) -> Box<dyn Sink> {
        Box::new(JsonSink::named("changes", self.clone()))
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Bytes> {
        self.0.subscribe()
    }
}

/// Takes the lines of a batch at once.
impl io::Write for Changes {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        if self.0.receiver_count() > 0 {
            // The last receiver may be gone.
            let _ = self.0.send(Bytes::copy_from_slice(lines));
        }
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
