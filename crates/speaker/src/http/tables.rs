//! Tables of routes, in the shapes of Azure's commands.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Response;
use futures_util::future::{BoxFuture, FutureExt as _};
use routehub::{Estate, Exchange, TableId, TableKind};
use routehub_scenario::az::Table;
use routehub_scenario::{Snapshot, Tables};

use super::app::App;
use super::error::Refusal;

type Answer = Result<Response, Refusal>;
type AppState = State<Arc<App>>;
/// Whose table it is, and who is at the other end.
type Names = Result<Path<Vec<String>>, PathRejection>;

/// Answers with tables of a kind, in the shape of their command.
pub(super) fn of(
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
    let read = move |exchange: &Exchange| {
        let estate = exchange.estate();
        check_known(estate, &id)?;
        Ok((Tables::some(estate, exchange, [id.clone()]), id))
    };
    app.table(read, |(tables, id)| Table::of(&tables, &id))
        .await
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

/// Every table, in the shapes of the network file's `expect`.
pub(super) async fn all(State(app): AppState) -> Answer {
    let read = |exchange: &Exchange| {
        let snapshot: &dyn Snapshot = exchange;
        Ok(Tables::of(exchange.estate(), snapshot))
    };
    app.table(read, |tables| tables).await
}
