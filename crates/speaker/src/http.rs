//! What a server shows and takes over HTTP: [`PATHS`].
//!
//! Streams are server-sent events if the request accepts `text/event-stream`, else a line of JSON
//! for each. A wrong request is answered with `{"error": "..."}`, which says what was wrong.
//!
//! Only `POST` changes something. Events need a bearer token if there is one, and there has to
//! be one if the address is not a loopback address; a web page, which sends its `Origin`, cannot
//! have events happen.
//!
//! # Cost
//! A table is read by the engine task between two of its requests, one query at a time.
//! Measured on a busy machine with two cores, tables of 100,000 rows: about 1 µs for a row of
//! learned or effective routes, 3 µs for one of advertised routes; `/metrics` takes some 5 µs for
//! a peer, and for a modelled one as much as its table of advertised routes. Meanwhile routes wait,
//! but no session: their KEEPALIVEs leave, and nothing is lost. Shaping and writing happen
//! elsewhere. There are at most [`CONNECTIONS`]
//! connections, [`TABLES`] tables and [`STREAMS`] streams at once. A client that takes nothing for
//! 30 s is cut off, a table that is not taken in five minutes as well; a stream that does not keep
//! up loses what is oldest, and is told how much.

mod app;
mod body;
mod error;
mod events;
mod metrics;
mod notification;
mod peers;
mod queries;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use routehub::TableKind;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, Sleep};

use crate::Server;
use app::App;
pub use app::{Changes, STREAMS, TABLES, Token, TokenError};
use error::Refusal;

/// Connections at once; further ones wait.
pub const CONNECTIONS: usize = 64;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// Octets of a request's head at most.
const HEAD_SIZE: usize = 1 << 16;
/// Octets of a request's body at most.
const BODY_SIZE: usize = 1 << 20;
/// The pause after a connection could not be accepted.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a connection may be idle.
const IDLE: Duration = Duration::from_secs(30);
/// How long the engine task may take to show that it works.
const HEALTHY: Duration = Duration::from_secs(5);

/// Each path once: method, path, query, handler, and what `GET /` and the documentation say of it.
macro_rules! paths {
    (@method get) => { "GET" };
    (@method post) => { "POST" };
    ($($method:ident $path:literal $query:literal => $handler:expr => $answer:literal;)*) => {
        /// Every request and its answer, as `GET /` lists them.
        ///
        /// | request | answer |
        /// |---|---|
        $(#[doc = concat!("| `", paths!(@method $method), " ", $path, $query, "` | ", $answer, " |")])*
        pub const PATHS: &[(&str, &str)] =
            &[$((concat!(paths!(@method $method), " ", $path, $query), $answer)),*];

        fn router(app: App) -> Router {
            Router::new()
                $(.route($path, $method($handler)))*
                .fallback(error::no_such_path)
                .method_not_allowed_fallback(error::no_such_method)
                .layer(DefaultBodyLimit::max(BODY_SIZE))
                .with_state(Arc::new(app))
        }
    };
}

paths! {
    get "/" "" => index =>
        "this table, as JSON";
    get "/healthz" "" => health =>
        "`200` while the thread of the routes answers, else `503`";
    get "/metrics" "" => metrics::metrics =>
        "metrics in OpenMetrics text";
    get "/v1/peers" "" => peers::peers =>
        "every session: state, uptime, routes, messages";
    get "/v1/route-servers/{rs}/peerings/{nva}/learned-routes" "" => queries::tables_of(TableKind::RsLearned) =>
        "what `az network routeserver peering list-learned-routes` prints";
    get "/v1/route-servers/{rs}/peerings/{nva}/advertised-routes" "" => queries::tables_of(TableKind::RsAdvertised) =>
        "what `az network routeserver peering list-advertised-routes` prints";
    get "/v1/route-servers/{rs}/peerings/{nva}/refused-routes" "" => queries::refused =>
        "what a Route Server refused of an NVA, and by which rules";
    get "/v1/gateways/{gateway}/learned-routes" "" => queries::tables_of(TableKind::GatewayLearned) =>
        "what `az network vnet-gateway list-learned-routes` prints";
    get "/v1/gateways/{gateway}/advertised-routes/{to}" "" => queries::tables_of(TableKind::GatewayAdvertised) =>
        "what `az network vnet-gateway list-advertised-routes` prints";
    get "/v1/circuits/{circuit}/routes" "" => queries::tables_of(TableKind::CircuitRoutes) =>
        "the route table of a circuit";
    get "/v1/nics/{nic}/effective-routes" "" => queries::tables_of(TableKind::NicEffective) =>
        "what `az network nic show-effective-route-table` prints";
    get "/v1/tables" "" => queries::tables =>
        "every table of the network, in the shapes of the network file's `expect`";
    get "/v1/explain" "?name=NAME&destination=PREFIX_OR_ADDRESS" => queries::explain =>
        "why a NIC or speaker has routes there, or has not";
    get "/v1/trace" "?nic=NIC&address=ADDRESS" => queries::trace =>
        "the way of a packet";
    get "/v1/findings" "" => queries::findings =>
        "what is to be said about the network";
    get "/v1/events" "" => events::events =>
        "everything that happens from here on";
    get "/v1/changes" "" => events::changes =>
        "every change of the networks' routes from here on, where a [`Changes`] is told of them";
    post "/v1/events" "" => events::post =>
        "lets events happen that stand in the body as in a network file";
}

async fn index() -> Result<Response, Refusal> {
    body::json(&json!({ "routes": PATHS }))
}

/// Whether the engine task answers.
async fn health(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let answer = tokio::time::timeout(HEALTHY, app.server().ask(|_| ())).await;
    let late = "the thread of the routes has not answered for 5 s";
    answer.map_err(|_| Refusal::busy(late))??;
    body::json(&json!({ "status": "ok" }))
}

/// An HTTP server for a route server.
pub struct Http {
    listener: TcpListener,
    token: Option<Token>,
    changes: Option<Changes>,
}

impl Http {
    /// Listens on an address. With a token, events need it.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(address: SocketAddr, token: Option<Token>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self {
            listener,
            token,
            changes: None,
        })
    }

    /// Shows the changes of the networks' routes as well, which the sink of [`Changes`] receives.
    #[must_use]
    pub fn with_changes(mut self, changes: Changes) -> Self {
        self.changes = Some(changes);
        self
    }

    /// Where it listens.
    ///
    /// # Errors
    /// The system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests, for ever. Once this is dropped, no connection is left.
    pub async fn serve(self, server: Arc<Server>) {
        let loopback = self
            .address()
            .is_ok_and(|address| address.ip().is_loopback());
        let app = router(App::new(server, self.token, loopback, self.changes));
        let slots = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&slots).acquire_owned().await {
            let Ok((stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(PAUSE).await;
                continue;
            };
            let service = TowerToHyperService::new(app.clone());
            connections.spawn(async move {
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD)
                    .max_buf_size(HEAD_SIZE)
                    .serve_connection(TokioIo::new(IdleTimeout::new(stream)), service);
                // The client may have gone.
                let _ = connection.await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

/// A TCP connection that ends when nothing is read or written for too long.
struct IdleTimeout {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
}

impl IdleTimeout {
    fn new(stream: TcpStream) -> Self {
        // Answers are written whole: waiting for more gains nothing. A connection on which this
        // fails is broken, which reading from it will tell.
        let _ = stream.set_nodelay(true);
        Self {
            stream,
            deadline: Box::pin(tokio::time::sleep(IDLE)),
        }
    }

    /// Resets the timeout after progress; without, an error once it is over.
    fn check<T>(
        &mut self,
        cx: &mut Context<'_>,
        progress: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if progress.is_ready() {
            self.deadline.as_mut().reset(Instant::now() + IDLE);
            return progress;
        }
        ready!(self.deadline.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for IdleTimeout {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.check(cx, read)
    }
}

impl AsyncWrite for IdleTimeout {
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
