//! Tables of routes, in the shapes of Azure's commands.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use routehub::estate::Connection;
use routehub::{Estate, Exchange, RouteRow};
use routehub_scenario::az::{self, Peering};
use routehub_scenario::{Snapshot, Tables};

use super::app::App;
use super::error::Refusal;

type Answer = Result<Response, Refusal>;
type AppState = State<Arc<App>>;
type Names<T> = Result<Path<T>, PathRejection>;

/// What `az network routeserver peering list-learned-routes` prints.
pub(super) async fn rs_learned(State(app): AppState, names: Names<(String, String)>) -> Answer {
    peering(&app, names, Exchange::rs_learned, Peering::learned).await
}

/// What `az network routeserver peering list-advertised-routes` prints.
pub(super) async fn rs_advertised(State(app): AppState, names: Names<(String, String)>) -> Answer {
    peering(&app, names, Exchange::rs_advertised, Peering::advertised).await
}

async fn peering(
    app: &App,
    names: Names<(String, String)>,
    rows: fn(&Exchange, &str, &str) -> Vec<RouteRow>,
    shape: fn(&[RouteRow], [Option<IpAddr>; 2]) -> Peering,
) -> Answer {
    let Path((rs, nva)) = names?;
    let read = move |exchange: &Exchange| {
        let estate = exchange.estate();
        let servers = estate.route_servers.iter().map(|server| &server.name);
        Refusal::unless_known("Route Server", &rs, servers)?;
        let peers = estate.nvas.iter().filter(|nva| {
            let mut sessions = nva.sessions.iter();
            sessions.any(|session| session.route_server == rs)
        });
        let kind = format!("peering of {rs} with an NVA");
        Refusal::unless_known(&kind, &nva, peers.map(|nva| &nva.name))?;
        let addresses = [0, 1].map(|instance| exchange.instance_address(&rs, instance));
        Ok((rows(exchange, &rs, &nva), addresses))
    };
    app.table(read, move |(rows, addresses)| shape(&rows, addresses))
        .await
}

/// What `az network vnet-gateway list-learned-routes` prints.
pub(super) async fn gateway_learned(State(app): AppState, name: Names<String>) -> Answer {
    let Path(gateway) = name?;
    let read = move |exchange: &Exchange| {
        let estate = exchange.estate();
        known_gateway(estate, &gateway)?;
        let local = estate.gateway_addresses(&gateway).first().copied();
        Ok((exchange.gateway_learned(&gateway), local))
    };
    app.table(read, |(rows, local)| az::gateway_learned(&rows, local))
        .await
}

/// What `az network vnet-gateway list-advertised-routes` prints.
pub(super) async fn gateway_advertised(
    State(app): AppState,
    names: Names<(String, String)>,
) -> Answer {
    let Path((gateway, to)) = names?;
    let read = move |exchange: &Exchange| {
        let estate = exchange.estate();
        known_gateway(estate, &gateway)?;
        let kind = format!("connection of {gateway} to");
        Refusal::unless_known(&kind, &to, far_ends(estate, &gateway))?;
        Ok(exchange.gateway_advertised(&gateway, &to))
    };
    app.table(read, |rows| az::gateway_advertised(&rows)).await
}

fn known_gateway(estate: &Estate, gateway: &str) -> Result<(), Refusal> {
    let gateways = estate.gateways.iter().map(|gateway| &gateway.name);
    Refusal::unless_known("gateway", gateway, gateways)
}

/// What the connections of a gateway lead to; they are declared on either side.
fn far_ends<'a>(estate: &'a Estate, name: &'a str) -> impl Iterator<Item = &'a String> + Clone {
    let connections = estate.gateways.iter().flat_map(|gateway| {
        let ends = gateway
            .connections
            .iter()
            .map(|connection| match connection {
                Connection::Circuit { circuit, .. } => circuit,
                Connection::Site { site, .. } => site,
                Connection::Gateway { gateway } => gateway,
            });
        ends.map(|end| (&gateway.name, end))
    });
    connections.filter_map(move |(gateway, end)| match (gateway == name, end == name) {
        (true, _) => Some(end),
        (false, true) => Some(gateway),
        (false, false) => None,
    })
}

/// The route table of a circuit.
pub(super) async fn circuit_routes(State(app): AppState, name: Names<String>) -> Answer {
    let Path(circuit) = name?;
    let read = move |exchange: &Exchange| {
        let circuits = exchange.estate().circuits.iter();
        Refusal::unless_known("circuit", &circuit, circuits.map(|circuit| &circuit.name))?;
        Ok(exchange.circuit_routes(&circuit))
    };
    app.table(read, |rows| az::circuit_routes(&rows)).await
}

/// What `az network nic show-effective-route-table` prints.
pub(super) async fn effective_routes(State(app): AppState, name: Names<String>) -> Answer {
    let Path(nic) = name?;
    let read = move |exchange: &Exchange| {
        let nics = exchange.estate().nics.iter().map(|nic| &nic.name);
        let rows = exchange.nic_effective(&nic);
        rows.ok_or_else(|| Refusal::unknown("NIC", &nic, nics))
    };
    app.table(read, |rows| az::effective(&rows)).await
}

/// Every table, in the shapes of the network file's `expect`.
pub(super) async fn all(State(app): AppState) -> Answer {
    let read = |exchange: &Exchange| {
        let snapshot: &dyn Snapshot = exchange;
        Ok(Tables::of(exchange.estate(), snapshot))
    };
    app.table(read, |tables| tables).await
}
