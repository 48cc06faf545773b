//! What a server shows and takes over HTTP: [`PATHS`].
//!
//! Streams are server-sent events if the request accepts `text/event-stream`, else a line of JSON
//! for each. A wrong request is answered with `{"error": "..."}`, which says what was wrong.
//!
//! Only `POST` changes something. Events need a bearer token if there is one, and there has to
//! be one if the address is not a loopback address; a web page, which sends its `Origin`, cannot
//! have events happen. Reading needs a token where there is one for it; `/healthz` never does.
//! `Host` has to be the address that a client is connected to, or a name that was given: a web page
//! whose name was made to lead here learns nothing.
//!
//! # Cost
//! Tables are read by the engine task in shares of [`SHARE`] prefixes, between which routes pass,
//! and all rows are as they were at one time. There are at most [`TABLES`] tables at once,
//! [`STREAMS`] streams, [`CONNECTIONS`] connections and [`PER_CLIENT`] of one client; connections
//! beyond those are answered at once, `/healthz` and `/metrics` as ever, the rest with `503`. A
//! request has to be there within ten seconds, its body within another ten; a client that takes
//! nothing for 30 s is cut off, an answer that is not taken in two minutes as well. A stream that
//! does not keep up, or of which there would be more than [`RATE`] lines a second, loses lines, and
//! is told how many.

mod admission;
mod all_tables;
mod app;
mod body;
mod connections;
mod error;
mod events;
mod guard;
mod health;
mod metrics;
mod notification;
mod peers;
mod queries;
mod read;
mod token;

use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use routehub::TableKind;
use serde_json::json;
use tokio::net::TcpListener;

use crate::Server;
use crate::log::Log;
use app::App;
pub use app::{Changes, STREAMS, TABLES};
pub use connections::{CONNECTIONS, PER_CLIENT};
use error::Refusal;
pub use events::{RATE, event_json, said_json};
use guard::Guard;
pub use read::SHARE;
pub use token::{Token, TokenError};

/// Octets of a request's body at most.
const BODY_SIZE: usize = 1 << 20;

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

        fn router(app: Arc<App>) -> Router {
            let all = Router::new()
                $(.route($path, $method($handler)))*
                .fallback(error::no_such_path)
                .method_not_allowed_fallback(error::no_such_method)
                .layer(DefaultBodyLimit::max(BODY_SIZE));
            guarded(all, app)
        }
    };
}

paths! {
    get "/" "" => index =>
        "this table, as JSON";
    get "/healthz" "" => health::health =>
        "`200` while the thread of the routes answers and every sink takes what it is told, else \
         `503`; which part is ill, and why";
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
    get "/v1/tables" "" => all_tables::tables =>
        "every table of the network, in the shapes of the network file's `expect`";
    get "/v1/explain" "?name=NAME&destination=PREFIX_OR_ADDRESS" => queries::explain =>
        "why a NIC or speaker has routes there, or has not";
    get "/v1/trace" "?from=END&to=END" => queries::trace =>
        "the way of a packet between NICs, NVAs, sites, circuits, addresses, `internet`; with `&both_ways=true` and back";
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

/// What is answered on connections that there are too many of.
fn express(app: Arc<App>) -> Router {
    let some = Router::new()
        .route("/healthz", get(health::health))
        .route("/metrics", get(metrics::metrics))
        .fallback(error::too_many_connections);
    guarded(some, app)
}

/// Paths whose requests are looked at first, before anything of their bodies is read.
fn guarded(paths: Router<Arc<App>>, app: Arc<App>) -> Router {
    paths
        .layer(from_fn_with_state(Arc::clone(&app), admission::check))
        .with_state(app)
}

/// An HTTP server for a route server.
pub struct Http {
    listener: TcpListener,
    guard: Guard,
    changes: Option<Changes>,
    log: Option<Log>,
}

impl Http {
    /// Listens on an address. With a token, events need it.
    ///
    /// # Errors
    /// The address cannot be listened on.
    pub async fn bind(address: SocketAddr, token: Option<Token>) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let loopback = listener.local_addr()?.ip().is_loopback();
        Ok(Self {
            listener,
            guard: Guard::new(token, loopback),
            changes: None,
            log: None,
        })
    }

    /// Has everything but `/healthz` need this token, or the one that events need.
    #[must_use]
    pub fn with_read_token(mut self, token: Token) -> Self {
        self.guard.set_read_token(token);
        self
    }

    /// Takes requests with these names in `Host` as well.
    #[must_use]
    pub fn with_hosts(mut self, names: impl IntoIterator<Item = String>) -> Self {
        let names: BTreeSet<String> = names.into_iter().collect();
        self.guard.add_hosts(names);
        self
    }

    /// Shows the changes of the networks' routes as well, which the sink of [`Changes`] receives.
    #[must_use]
    pub fn with_changes(mut self, changes: Changes) -> Self {
        self.changes = Some(changes);
        self
    }

    /// Shows how the log is as well.
    #[must_use]
    pub fn with_log(mut self, log: Log) -> Self {
        self.log = Some(log);
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
        let app = Arc::new(App::new(server, self.guard, self.changes, self.log));
        let routers = [router(Arc::clone(&app)), express(Arc::clone(&app))];
        let counts = Arc::clone(app.connections());
        connections::serve(self.listener, routers, counts).await;
    }
}
