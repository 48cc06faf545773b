//! Queries about the network: tables in the shapes of Azure's commands, explanations, traces, findings.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::future::{BoxFuture, FutureExt as _};
use routehub::types::Prefix;
use routehub::{
    BothWays, Estate, Exchange, Explanation, Refused, TableId, TableKind, Trace, TraceError, rules,
};
use serde::{Deserialize, Serialize};

use super::app::App;
use super::body::write_line;
use super::error::Refusal;

type Answer = Result<Response, Refusal>;
type AppState = State<Arc<App>>;
/// Whose table it is, and who is at the other end.
type Names = Result<Path<Vec<String>>, PathRejection>;

/// Answers with tables of a kind, in the shape of their command.
pub(super) fn tables_of(
    kind: TableKind,
) -> impl Fn(AppState, Names) -> BoxFuture<'static, Answer> + Clone {
    move |State(app), names| table(app, kind, names).boxed()
}

async fn table(app: Arc<App>, kind: TableKind, names: Names) -> Answer {
    let Path(names) = names?;
    let mut names = names.into_iter();
    let id = TableId {
        kind,
        owner: names.next().unwrap_or_default(),
        peer: names.next(),
    };
    let check = |exchange: &Exchange, id: &TableId| check_known(exchange.estate(), id);
    app.shared_table(id, check).await
}

/// Refuses a table that nothing has.
fn check_known(estate: &Estate, id: &TableId) -> Result<(), Refusal> {
    let shape = id.kind.shape();
    let owners = (shape.owner.names)(estate);
    if !owners.contains(&id.owner.as_str()) {
        let owners = owners.into_iter();
        return Err(Refusal::unknown(shape.owner.word, &id.owner, owners));
    }
    let (Some(subject), Some(peer)) = (shape.peer, &id.peer) else {
        return Ok(());
    };
    let tables = id.kind.tables(estate);
    if tables.contains(id) {
        return Ok(());
    }
    let relation = match subject.word {
        "NVA" => format!("peering of {} with an NVA", id.owner),
        _ => format!("connection of {} to", id.owner),
    };
    let same_owner = tables.iter().filter(|other| other.owner == id.owner);
    let peers = same_owner.filter_map(|other| other.peer.as_ref());
    Err(Refusal::unknown(&relation, peer, peers))
}

/// A route that a Route Server refused.
#[derive(Serialize)]
struct RefusedRow {
    prefix: Prefix,
    as_path: String,
    instance: u8,
    rule: String,
    reason: &'static str,
}

/// What a Route Server refused of an NVA, and by which rules.
pub(super) async fn refused(State(app): AppState, names: Names) -> Answer {
    let Path(names) = names?;
    let mut names = names.into_iter();
    let id = TableId {
        kind: TableKind::RsLearned,
        owner: names.next().unwrap_or_default(),
        peer: names.next(),
    };
    let read = move |exchange: &Exchange| {
        check_known(exchange.estate(), &id)?;
        let nva = id.peer.as_deref().unwrap_or_default();
        // The names were checked.
        Ok(exchange.rs_refused(&id.owner, nva).unwrap_or_default())
    };
    let shape = |refused: Vec<Refused>| {
        let rows = refused.into_iter().map(|route| RefusedRow {
            prefix: route.prefix,
            as_path: route.as_path.to_string(),
            instance: route.instance,
            rule: route.rule.to_string(),
            reason: rules::text(route.rule),
        });
        rows.collect::<Vec<_>>()
    };
    app.table(read, shape).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainQuery {
    name: String,
    destination: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TraceQuery {
    #[serde(alias = "nic")]
    from: String,
    #[serde(alias = "address")]
    to: String,
    #[serde(default)]
    both_ways: bool,
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
    State(app): AppState,
    query: Result<Query<ExplainQuery>, QueryRejection>,
) -> Answer {
    let wanted = "`name=NIC_OR_SPEAKER&destination=PREFIX_OR_ADDRESS`";
    let ExplainQuery { name, destination } = parse(query, wanted)?;
    let address = destination.parse::<IpAddr>().map(Prefix::host);
    let prefix = address.or_else(|_| destination.parse::<Prefix>());
    let prefix =
        prefix.map_err(|error| Refusal::bad(format!("destination `{destination}`: {error}")))?;
    let read = move |exchange: &Exchange| {
        let explained = routehub::explain(exchange, &name, prefix);
        explained.map_err(|_| {
            let names = exchange.estate().names_with_routes();
            Refusal::unknown("NIC or speaker", &name, names)
        })
    };
    let shape = |answer: Explanation| WithText {
        text: answer.to_string(),
        answer: answer.with_rules(),
    };
    app.table(read, shape).await
}

/// The way of a packet between two ends, as `scenario --trace` takes them, or there and back.
pub(super) async fn trace(
    State(app): AppState,
    query: Result<Query<TraceQuery>, QueryRejection>,
) -> Answer {
    let wanted = "`from=END&to=END`, both a NIC, NVA, site, circuit, address or `internet`, and \
                  `both_ways=true` for the way back too";
    let TraceQuery {
        from,
        to,
        both_ways,
    } = parse(query, wanted)?;
    if both_ways {
        let read = move |exchange: &Exchange| {
            routehub::both_ways(exchange, &from, &to).map_err(|error| no_end(&error))
        };
        let shape = |ways: BothWays| WithText {
            text: ways.to_string(),
            answer: ways.with_rules(),
        };
        return app.table(read, shape).await;
    }
    let read = move |exchange: &Exchange| {
        routehub::trace(exchange, &from, &to).map_err(|error| no_end(&error))
    };
    let shape = |trace: Trace| WithText {
        text: trace.to_string(),
        answer: trace.with_rules(),
    };
    app.table(read, shape).await
}

fn no_end(error: &TraceError) -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, error.to_string())
}

/// What is to be said about the network.
pub(super) async fn findings(State(app): AppState) -> Answer {
    let permit = app.table_permit().await?;
    let findings = app.findings().await?;
    app.written(permit, move |_, out| write_line(out, &findings))
        .await
}
