//! What a server shows and takes over HTTP.
//!
//! | request | answer |
//! |---|---|
//! | `GET /` | this table, as JSON |
//! | `GET /healthz` | `200` while the thread of the routes answers, else `503` |
//! | `GET /metrics` | metrics in OpenMetrics text |
//! | `GET /v1/peers` | every session: state, uptime, routes, messages |
//! | `GET /v1/route-servers/{rs}/peerings/{nva}/learned-routes` | what `az network routeserver peering list-learned-routes` prints |
//! | `GET /v1/route-servers/{rs}/peerings/{nva}/advertised-routes` | what `az network routeserver peering list-advertised-routes` prints |
//! | `GET /v1/gateways/{gateway}/learned-routes` | what `az network vnet-gateway list-learned-routes` prints |
//! | `GET /v1/gateways/{gateway}/advertised-routes/{to}` | what `az network vnet-gateway list-advertised-routes` prints |
//! | `GET /v1/circuits/{circuit}/routes` | the route table of a circuit |
//! | `GET /v1/nics/{nic}/effective-routes` | what `az network nic show-effective-route-table` prints |
//! | `GET /v1/tables` | every table of the network, in the shapes of the network file's `expect` |
//! | `GET /v1/explain?name=NAME&destination=PREFIX_OR_ADDRESS` | why a NIC or speaker has routes there, or has not |
//! | `GET /v1/trace?nic=NIC&address=ADDRESS` | the way of a packet |
//! | `GET /v1/findings` | what is to be said about the network |
//! | `GET /v1/events` | everything that happens from here on |
//! | `GET /v1/changes` | every change of the networks' routes from here on, where a [`Changes`] is told of them |
//! | `POST /v1/events` | lets events happen that stand in the body as in a network file |
//!
//! Streams are server-sent events if the request accepts `text/event-stream`, else a line of JSON
//! for each. A wrong request is answered with `{"error": "..."}`, which says what was wrong.
//!
//! Everything but the last only looks. Events need a bearer token if there is one, and there has to
//! be one if the address is not a loopback address; a web page, which sends its `Origin`, cannot
//! have events happen.
//!
//! # Cost
//! A table is read on the thread of the routes between two of its works, one question at a time.
//! Measured on a busy machine with two cores, tables of 100,000 rows: about 1 µs for a row of
//! learned or effective routes, 3 µs for one of advertised routes; `/metrics` takes some 5 µs for
//! a peer, and for a modelled one as much as its table of advertised routes. Meanwhile routes wait,
//! but no session: their KEEPALIVEs leave, and nothing is lost. Shaping and writing happen
//! elsewhere. There are at most [`CONNECTIONS`]
//! connections, [`TABLES`] tables and [`STREAMS`] streams at once. A client that takes nothing for
//! 30 s is cut off, a table that is not taken in five minutes as well; a stream that does not keep
//! up loses what is oldest, and is told how much.

mod body;
mod changes;
mod error;
mod events;
mod idle_timeout;
mod metrics;
mod peers;
mod queries;
mod routes;
mod stream;
mod token;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::Server;

pub use changes::Changes;
use idle_timeout::IdleTimeout;
pub use token::{Token, TokenError};

/// Connections at once; further ones wait.
pub const CONNECTIONS: usize = 64;
/// Tables that are made or sent at once; further ones wait.
pub const TABLES: usize = 4;
/// Streams at once; further ones are refused.
pub const STREAMS: usize = 32;

/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(10);
/// Octets of a request's head at most.
const HEAD_SIZE: usize = 1 << 16;
/// Octets of a request's body at most.
const BODY_SIZE: usize = 1 << 20;
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// What every request is answered from.
pub(crate) struct App {
    server: Arc<Server>,
    token: Option<Token>,
    loopback: bool,
    changes: Option<Changes>,
    /// One question at a time is put to the thread of the routes.
    asking: Arc<Semaphore>,
    tables: Arc<Semaphore>,
    streams: Arc<Semaphore>,
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

    /// Shows the changes of the networks' routes as well: those of whoever tells the sinks of
    /// [`Changes`].
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
        let app = router(App {
            server,
            token: self.token,
            loopback,
            changes: self.changes,
            asking: Arc::new(Semaphore::new(1)),
            tables: Arc::new(Semaphore::new(TABLES)),
            streams: Arc::new(Semaphore::new(STREAMS)),
        });
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        // The semaphore is never closed.
        while let Ok(permit) = Arc::clone(&room).acquire_owned().await {
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
                // A client that breaks off has only itself to tell.
                let _ = connection.await;
                drop(permit);
            });
            while connections.try_join_next().is_some() {}
        }
    }
}

fn router(app: App) -> Router {
    Router::new()
        .route("/", get(routes::index))
        .route("/healthz", get(routes::health))
        .route("/metrics", get(metrics::metrics))
        .route("/v1/peers", get(peers::peers))
        .route(
            "/v1/route-servers/{rs}/peerings/{nva}/learned-routes",
            get(routes::rs_learned),
        )
        .route(
            "/v1/route-servers/{rs}/peerings/{nva}/advertised-routes",
            get(routes::rs_advertised),
        )
        .route(
            "/v1/gateways/{gateway}/learned-routes",
            get(routes::gateway_learned),
        )
        .route(
            "/v1/gateways/{gateway}/advertised-routes/{to}",
            get(routes::gateway_advertised),
        )
        .route("/v1/circuits/{circuit}/routes", get(routes::circuit_routes))
        .route("/v1/nics/{nic}/effective-routes", get(routes::effective))
        .route("/v1/tables", get(routes::tables))
        .route("/v1/explain", get(queries::explain))
        .route("/v1/trace", get(queries::trace))
        .route("/v1/findings", get(queries::findings))
        .route("/v1/events", get(stream::events).post(events::post))
        .route("/v1/changes", get(stream::changes))
        .fallback(error::no_such_path)
        .method_not_allowed_fallback(error::no_such_method)
        .layer(DefaultBodyLimit::max(BODY_SIZE))
        .with_state(Arc::new(app))
}
