//! Questions about the network: why, where to, what is to be said.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use routehub::types::Prefix;
use routehub::{Engine, Explained, TraceText};
use serde::{Deserialize, Serialize};

use super::App;
use super::body::table;
use super::error::Refusal;

/// What a query may hold.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explain {
    name: String,
    destination: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trace {
    nic: String,
    address: String,
}

/// An answer for programs and for people.
#[derive(Serialize)]
struct Both<T> {
    answer: T,
    text: String,
}

fn query<T>(given: Result<Query<T>, QueryRejection>, wanted: &str) -> Result<T, Refusal> {
    let wrong = |error: QueryRejection| {
        let why = std::error::Error::source(&error).map(ToString::to_string);
        let why = why.unwrap_or_else(|| error.body_text());
        Refusal::bad(format!("{why}; the query is {wanted}"))
    };
    given.map(|Query(query)| query).map_err(wrong)
}

/// Why a NIC or speaker has, or has not, routes to a prefix or address.
pub(crate) async fn explain(
    State(app): State<Arc<App>>,
    given: Result<Query<Explain>, QueryRejection>,
) -> Result<Response, Refusal> {
    let wanted = "`name=NIC_OR_SPEAKER&destination=PREFIX_OR_ADDRESS`";
    let Explain { name, destination } = query(given, wanted)?;
    let address = destination.parse::<IpAddr>().map(Prefix::host);
    let prefix = address.or_else(|_| destination.parse::<Prefix>());
    let prefix =
        prefix.map_err(|error| Refusal::bad(format!("destination `{destination}`: {error}")))?;
    let room = app.room().await?;
    let question = move |engine: &Engine| {
        let exchange = engine.exchange();
        let explained = exchange.explain(&name, prefix);
        explained.ok_or_else(|| {
            let estate = exchange.estate();
            let names = estate.nics.iter().map(|one| &one.name);
            let names = names.chain(estate.route_servers.iter().map(|one| &one.name));
            let names = names.chain(estate.nvas.iter().map(|one| &one.name));
            let names = names.chain(estate.gateways.iter().map(|one| &one.name));
            let names = names.chain(estate.circuits.iter().map(|one| &one.name));
            let names = names.chain(estate.sites.iter().map(|one| &one.name));
            Refusal::unknown("NIC or speaker", &name, names)
        })
    };
    let answer = Explained(app.ask(question).await??);
    table(room, move || Both {
        text: answer.to_string(),
        answer,
    })
    .await
}

/// The way of a packet.
pub(crate) async fn trace(
    State(app): State<Arc<App>>,
    given: Result<Query<Trace>, QueryRejection>,
) -> Result<Response, Refusal> {
    let Trace { nic, address } = query(given, "`nic=NIC&address=ADDRESS`")?;
    let to: IpAddr = address
        .parse()
        .map_err(|error| Refusal::bad(format!("address `{address}`: {error}")))?;
    let room = app.room().await?;
    let question = move |engine: &Engine| {
        let exchange = engine.exchange();
        let trace = exchange.trace(&nic, to);
        let nics = exchange.estate().nics.iter().map(|one| &one.name);
        trace.ok_or_else(|| Refusal::unknown("NIC", &nic, nics))
    };
    let answer = app.ask(question).await??;
    table(room, move || Both {
        text: TraceText(&answer).to_string(),
        answer,
    })
    .await
}

/// What is to be said about the network.
pub(crate) async fn findings(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let room = app.room().await?;
    let findings = app.ask(|engine| engine.exchange().findings()).await?;
    table(room, move || findings).await
}
