//! Queries about the network: explanations, traces, findings.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use routehub::types::Prefix;
use routehub::{Exchange, Explanation, Trace};
use serde::{Deserialize, Serialize};

use super::app::App;
use super::error::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainQuery {
    name: String,
    destination: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceQuery {
    nic: String,
    address: String,
}

/// An answer for programs and for people.
#[derive(Serialize)]
struct WithText<T> {
    answer: T,
    text: String,
}

fn parse<T>(query: Result<Query<T>, QueryRejection>, wanted: &str) -> Result<T, Refusal> {
    let refusal = |error: QueryRejection| {
        let why = std::error::Error::source(&error).map(ToString::to_string);
        let why = why.unwrap_or_else(|| error.body_text());
        Refusal::bad(format!("{why}; the query is {wanted}"))
    };
    query.map(|Query(query)| query).map_err(refusal)
}

/// Why a NIC or speaker has, or has not, routes to a prefix or address.
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    query: Result<Query<ExplainQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let wanted = "`name=NIC_OR_SPEAKER&destination=PREFIX_OR_ADDRESS`";
    let ExplainQuery { name, destination } = parse(query, wanted)?;
    let address = destination.parse::<IpAddr>().map(Prefix::host);
    let prefix = address.or_else(|_| destination.parse::<Prefix>());
    let prefix =
        prefix.map_err(|error| Refusal::bad(format!("destination `{destination}`: {error}")))?;
    let read = move |exchange: &Exchange| {
        let explained = routehub::explain(exchange, &name, prefix);
        explained.ok_or_else(|| {
            let estate = exchange.estate();
            let nics = estate.nics.iter().map(|nic| &nic.name);
            let servers = estate.route_servers.iter().map(|server| &server.name);
            let nvas = estate.nvas.iter().map(|nva| &nva.name);
            let gateways = estate.gateways.iter().map(|gateway| &gateway.name);
            let circuits = estate.circuits.iter().map(|circuit| &circuit.name);
            let sites = estate.sites.iter().map(|site| &site.name);
            let speakers = servers.chain(nvas).chain(gateways).chain(circuits);
            let names = nics.chain(speakers).chain(sites);
            Refusal::unknown("NIC or speaker", &name, names)
        })
    };
    let shape = |answer: Explanation| WithText {
        text: answer.to_string(),
        answer: answer.with_rules(),
    };
    app.table(read, shape).await
}

/// The way of a packet.
pub(super) async fn trace(
    State(app): State<Arc<App>>,
    query: Result<Query<TraceQuery>, QueryRejection>,
) -> Result<Response, Refusal> {
    let TraceQuery { nic, address } = parse(query, "`nic=NIC&address=ADDRESS`")?;
    let to: IpAddr = address
        .parse()
        .map_err(|error| Refusal::bad(format!("address `{address}`: {error}")))?;
    let read = move |exchange: &Exchange| {
        let nics = exchange.estate().nics.iter().map(|nic| &nic.name);
        let trace = routehub::trace(exchange, &nic, to);
        trace.ok_or_else(|| Refusal::unknown("NIC", &nic, nics))
    };
    let shape = |answer: Trace| WithText {
        text: answer.to_string(),
        answer,
    };
    app.table(read, shape).await
}

/// What is to be said about the network.
pub(super) async fn findings(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let read = |exchange: &Exchange| Ok(routehub::findings(exchange));
    app.table(read, |findings| findings).await
}
