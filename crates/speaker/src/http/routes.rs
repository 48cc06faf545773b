//! Tables of routes, in the shapes of Azure's commands.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use routehub::estate::Connection;
use routehub::{Engine, Estate, Exchange, RouteRow};
use routehub_scenario::az::{self, Peering};
use routehub_scenario::{Snapshot, Tables};
use serde::Serialize;
use tokio::sync::OwnedSemaphorePermit;

use super::App;
use super::body::{json, table};
use super::error::Refusal;

/// How long a question may wait for its turn and its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the thread of the routes may take to show that it works.
const HEALTHY: Duration = Duration::from_secs(5);

type Given<T> = Result<Path<T>, PathRejection>;

impl App {
    /// Asks the engine something, when nobody else does.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let asked = async {
            let turn = Arc::clone(&self.asking).acquire_owned().await;
            let ask = move |engine: &Engine| {
                let answer = question(engine);
                // The turn is over when the answer is there, even if nobody waits for it any more.
                drop(turn);
                answer
            };
            Ok(self.server.ask(ask).await?)
        };
        let busy = "the routes are busy: there was no answer in 30 s";
        let late = |_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, busy);
        tokio::time::timeout(PATIENCE, asked).await.map_err(late)?
    }

    /// Room for a table.
    pub(super) async fn room(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let room = Arc::clone(&self.tables).acquire_owned();
        let busy = "too many tables are being sent";
        let late = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, busy);
        let room = tokio::time::timeout(PATIENCE, room).await;
        room.map_err(|_| late())?.map_err(|_| late())
    }

    /// A table that is read on the thread of the routes and shaped elsewhere.
    async fn table<R: Send + 'static, T: Serialize>(
        &self,
        read: impl FnOnce(&Exchange) -> Result<R, Refusal> + Send + 'static,
        shape: impl FnOnce(&R) -> T + Send + 'static,
    ) -> Result<Response, Refusal> {
        let room = self.room().await?;
        let rows = self.ask(move |engine| read(engine.exchange())).await??;
        table(room, move || shape(&rows)).await
    }
}

fn names<T>(given: Given<T>) -> Result<T, Refusal> {
    let wrong = |error: PathRejection| Refusal::bad(error.body_text());
    given.map(|Path(names)| names).map_err(wrong)
}

#[derive(Serialize)]
struct Index {
    routes: Vec<(&'static str, &'static str)>,
}

/// What there is.
pub(crate) async fn index() -> Result<Response, Refusal> {
    let rows = include_str!("../http.rs").lines();
    let rows = rows.filter_map(|line| line.strip_prefix("//! | `"));
    let rows = rows.filter_map(|row| row.split_once("` | "));
    let routes = rows.map(|(request, answer)| (request, answer.trim_end_matches(" |")));
    json(&Index {
        routes: routes.collect(),
    })
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// Whether the thread of the routes answers.
pub(crate) async fn health(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let answer = app.server.ask(|_| ());
    match tokio::time::timeout(HEALTHY, answer).await {
        Ok(answer) => answer?,
        Err(_) => {
            let error = "the thread of the routes has not answered for 5 s";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, error));
        }
    }
    json(&Health { status: "ok" })
}

/// Rows of a Route Server, and the addresses of its instances.
type OfServer = (Vec<RouteRow>, [Option<IpAddr>; 2]);

fn of_server(
    exchange: &Exchange,
    (rs, nva): &(String, String),
    rows: fn(&Exchange, &str, &str) -> Vec<RouteRow>,
) -> Result<OfServer, Refusal> {
    let estate = exchange.estate();
    let servers = || estate.route_servers.iter().map(|one| &one.name);
    if !servers().any(|name| name == rs) {
        return Err(Refusal::unknown("Route Server", rs, servers()));
    }
    let peers = || {
        let nvas = estate.nvas.iter();
        let peers = nvas.filter(|nva| nva.sessions.iter().any(|with| with.route_server == *rs));
        peers.map(|nva| &nva.name)
    };
    if !peers().any(|name| name == nva) {
        let kind = format!("peering of {rs} with an NVA");
        return Err(Refusal::unknown(&kind, nva, peers()));
    }
    let addresses = [0, 1].map(|instance| exchange.instance_address(rs, instance));
    Ok((rows(exchange, rs, nva), addresses))
}

/// What a Route Server learned from an NVA.
pub(crate) async fn rs_learned(
    State(app): State<Arc<App>>,
    given: Given<(String, String)>,
) -> Result<Response, Refusal> {
    let names = names(given)?;
    let read = move |exchange: &Exchange| of_server(exchange, &names, Exchange::rs_learned);
    app.table(read, |(rows, both)| Peering::learned(rows, *both))
        .await
}

/// What a Route Server sends to an NVA.
pub(crate) async fn rs_advertised(
    State(app): State<Arc<App>>,
    given: Given<(String, String)>,
) -> Result<Response, Refusal> {
    let names = names(given)?;
    let read = move |exchange: &Exchange| of_server(exchange, &names, Exchange::rs_advertised);
    app.table(read, |(rows, both)| Peering::advertised(rows, *both))
        .await
}

/// The connections of a gateway, declared on either side, by what is at the other end.
fn ends<'a>(estate: &'a Estate, gateway: &'a str) -> impl Iterator<Item = &'a String> {
    let all = estate.gateways.iter().flat_map(|one| {
        let ends = one.connections.iter().map(|connection| match connection {
            Connection::Circuit { circuit, .. } => circuit,
            Connection::Site { site, .. } => site,
            Connection::Gateway { gateway } => gateway,
        });
        ends.map(|end| (&one.name, end))
    });
    all.filter_map(move |(one, end)| match (one == gateway, end == gateway) {
        (true, _) => Some(end),
        (false, true) => Some(one),
        (false, false) => None,
    })
}

fn known_gateway(estate: &Estate, gateway: &str) -> Result<(), Refusal> {
    let gateways = || estate.gateways.iter().map(|one| &one.name);
    if gateways().any(|name| name == gateway) {
        Ok(())
    } else {
        Err(Refusal::unknown("gateway", gateway, gateways()))
    }
}

/// What a gateway learned.
pub(crate) async fn gateway_learned(
    State(app): State<Arc<App>>,
    given: Given<String>,
) -> Result<Response, Refusal> {
    let gateway = names(given)?;
    let read = move |exchange: &Exchange| {
        let estate = exchange.estate();
        known_gateway(estate, &gateway)?;
        let local = estate.gateway_addresses(&gateway).first().copied();
        Ok((exchange.gateway_learned(&gateway), local))
    };
    app.table(read, |(rows, local)| az::gateway_learned(rows, *local))
        .await
}

/// What a gateway sends over a connection.
pub(crate) async fn gateway_advertised(
    State(app): State<Arc<App>>,
    given: Given<(String, String)>,
) -> Result<Response, Refusal> {
    let (gateway, to) = names(given)?;
    let read = move |exchange: &Exchange| {
        let estate = exchange.estate();
        known_gateway(estate, &gateway)?;
        if !ends(estate, &gateway).any(|end| *end == to) {
            let kind = format!("connection of {gateway} to");
            return Err(Refusal::unknown(&kind, &to, ends(estate, &gateway)));
        }
        Ok(exchange.gateway_advertised(&gateway, &to))
    };
    app.table(read, |rows| az::gateway_advertised(rows)).await
}

/// What a circuit's edge holds.
pub(crate) async fn circuit_routes(
    State(app): State<Arc<App>>,
    given: Given<String>,
) -> Result<Response, Refusal> {
    let circuit = names(given)?;
    let read = move |exchange: &Exchange| {
        let circuits = || exchange.estate().circuits.iter().map(|one| &one.name);
        if circuits().any(|name| *name == circuit) {
            Ok(exchange.circuit_routes(&circuit))
        } else {
            Err(Refusal::unknown("circuit", &circuit, circuits()))
        }
    };
    app.table(read, |rows| az::circuit_routes(rows)).await
}

/// The effective routes of a NIC.
pub(crate) async fn effective(
    State(app): State<Arc<App>>,
    given: Given<String>,
) -> Result<Response, Refusal> {
    let nic = names(given)?;
    let read = move |exchange: &Exchange| {
        let nics = exchange.estate().nics.iter().map(|one| &one.name);
        let rows = exchange.nic_effective(&nic);
        rows.ok_or_else(|| Refusal::unknown("NIC", &nic, nics))
    };
    app.table(read, |rows| az::effective(rows)).await
}

/// Every table.
pub(crate) async fn tables(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let read = |exchange: &Exchange| {
        let seen: &dyn Snapshot = exchange;
        Ok(Tables::of(exchange.estate(), seen))
    };
    app.table(read, Clone::clone).await
}
