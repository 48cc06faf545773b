//! `expect`: from the tree to what should be seen at one time.

use routehub::estate::forms::exactly_one;
use routehub::{TableId, TableKind};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::rows::{COLUMNS, FindingRow, RowFields, SessionRow};
use crate::expect::{AbsentRow, Expectation, ExpectedSession, ExpectedTable, RowPattern};
use crate::syntax::fault::Fault;
use crate::syntax::node::{Entry, Node, Value};
use crate::syntax::value_deserializer::Context;

/// The kinds of tables that have rows of routes.
pub(super) fn route_tables() -> impl Iterator<Item = TableKind> {
    let kinds = TableKind::ALL.iter().copied();
    kinds.filter(|kind| *kind != TableKind::Sessions)
}

/// The keys of second names in rows of `absent`.
pub(super) fn peer_keys() -> Vec<&'static str> {
    let mut keys = Vec::new();
    for key in route_tables().filter_map(|kind| Some(kind.shape().peer?.key)) {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// A complete table; its rows are read by themselves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename = "table")]
struct TableForm {
    complete: bool,
    #[serde(rename = "rows")]
    _rows: Option<Vec<IgnoredAny>>,
}

/// The entries of a mapping.
fn entries<'n>(context: Context<'_>, node: &'n Node) -> Result<&'n [Entry], Fault> {
    match &node.value {
        Value::Map(entries) => Ok(entries),
        _ => Err(context.expected(node, "a mapping")),
    }
}

/// The items of a list.
fn items<'n>(context: Context<'_>, node: &'n Node) -> Result<&'n [Node], Fault> {
    match &node.value {
        Value::List(items) => Ok(items),
        _ => Err(context.expected(node, "a list")),
    }
}

/// Reads what should be seen at one time.
pub(crate) fn expectation(context: Context<'_>, node: &Node) -> Result<Expectation, Fault> {
    let context = Context {
        ipv6: true,
        ..context
    };
    read(context, node).map_err(|fault| {
        fault
            .in_object(node.object("expectation"))
            .within(node.span)
    })
}

fn read(context: Context<'_>, node: &Node) -> Result<Expectation, Fault> {
    let mut at = None;
    let mut expectation = Expectation::default();
    for entry in entries(context, node)? {
        let value = &entry.value;
        let (key, read) = match entry.key.as_str() {
            "at" => ("at", context.read(value).map(|text| at = Some(text))),
            "findings" => ("findings", findings(context, value, &mut expectation)),
            "absent" => ("absent", absent(context, value, &mut expectation)),
            key => {
                let Some(kind) = TableKind::of_key(key) else {
                    let kinds = TableKind::ALL.iter().map(|kind| kind.shape().key);
                    let known = std::iter::once("at").chain(kinds);
                    let known = known.chain(["findings", "absent"]).collect();
                    return Err(Fault::unknown_key(entry.span, key, known));
                };
                (
                    kind.shape().key,
                    tables(context, kind, value, &mut expectation),
                )
            }
        };
        read.map_err(|fault| fault.within(value.span).under(key))?;
    }
    expectation.at = at.ok_or_else(|| <Fault as serde::de::Error>::missing_field("at"))?;
    expectation.tables.sort_by(|a, b| a.table.cmp(&b.table));
    let names = |session: &ExpectedSession| (session.route_server.clone(), session.nva.clone());
    expectation.sessions.sort_by_key(names);
    Ok(expectation)
}

/// The tables of a kind, by one name or by two.
fn tables(
    context: Context<'_>,
    kind: TableKind,
    node: &Node,
    expectation: &mut Expectation,
) -> Result<(), Fault> {
    for owner in entries(context, node)? {
        let id = kind.of(&owner.key);
        if kind.shape().peer.is_none() {
            table(context, id, &owner.value, expectation)?;
            continue;
        }
        for peer in entries(context, &owner.value)? {
            let peer_id = kind.between(&owner.key, &peer.key);
            table(context, peer_id, &peer.value, expectation)?;
        }
    }
    Ok(())
}

fn table(
    context: Context<'_>,
    id: TableId,
    node: &Node,
    expectation: &mut Expectation,
) -> Result<(), Fault> {
    if id.kind == TableKind::Sessions {
        for row in items(context, node)? {
            let session = context.read::<SessionRow>(row)?;
            let peer = id.peer.clone().unwrap_or_default();
            let line = context.line(row);
            expectation
                .sessions
                .push(session.of(id.owner.clone(), peer, line));
        }
        return Ok(());
    }
    let (complete, listed) = match &node.value {
        Value::List(_) => (false, Some(node)),
        Value::Map(_) => {
            let form: TableForm = context.read(node)?;
            let rows = node.field("rows");
            (form.complete, rows.filter(|rows| rows.value != Value::Null))
        }
        _ => {
            let wanted = "a list of rows, or a mapping with `complete` and `rows`";
            return Err(context.expected(node, wanted));
        }
    };
    let shape = id.kind.shape();
    let known: Vec<_> = ["prefix"]
        .iter()
        .chain(shape.columns)
        .chain(&["soft", "why"])
        .copied()
        .collect();
    let object = format!("{} row", shape.key);
    let rows = listed.map_or(&[][..], Node::items).iter();
    let rows = rows.map(|row| read_row(context, row, &object, &known, &[]));
    let rows: Result<Vec<RowPattern>, Fault> = rows.collect();
    expectation.tables.push(ExpectedTable {
        rows: rows.map_err(|fault| match node.value {
            Value::Map(_) => fault.under("rows"),
            _ => fault,
        })?,
        table: id,
        complete,
        line: context.line(node),
    });
    Ok(())
}

/// Reads a row that may have these keys, and others that are read by themselves.
fn read_row(
    context: Context<'_>,
    node: &Node,
    object: &str,
    known: &[&'static str],
    beside: &[&'static str],
) -> Result<RowPattern, Fault> {
    let own = entries(context, node)?;
    let unknown = own.iter().find(|entry| {
        let key = entry.key.as_str();
        !known.contains(&key) && !beside.contains(&key)
    });
    let unknown = unknown.map(|entry| {
        let known = beside.iter().chain(known).copied().collect();
        Fault::unknown_key(entry.span, &entry.key, known)
    });
    let own = own
        .iter()
        .filter(|entry| known.contains(&entry.key.as_str()));
    let fields = Node {
        span: node.span,
        value: Value::Map(own.cloned().collect()),
    };
    let read = match (context.read::<RowFields>(&fields), unknown) {
        (Ok(fields), None) => Ok(fields.pattern(context.line(node))),
        (Err(fault), Some(unknown))
            if !fault.is_missing_key() && fault.start() < unknown.start() =>
        {
            Err(fault)
        }
        (_, Some(unknown)) => Err(unknown),
        (Err(fault), None) => Err(fault),
    };
    read.map_err(|fault| fault.in_object(node.object(object)).within(node.span))
}

fn findings(context: Context<'_>, node: &Node, expectation: &mut Expectation) -> Result<(), Fault> {
    for row in items(context, node)? {
        let finding: FindingRow = context.read(row)?;
        expectation.findings.push(finding.at(context.line(row)));
    }
    Ok(())
}

fn absent(context: Context<'_>, node: &Node, expectation: &mut Expectation) -> Result<(), Fault> {
    for row in items(context, node)? {
        let read = absent_row(context, row).map_err(|fault| fault.within(row.span))?;
        expectation.absent.push(read);
    }
    Ok(())
}

/// A table by one key or by two, and what no row of it may fit.
fn absent_row(context: Context<'_>, node: &Node) -> Result<AbsentRow, Fault> {
    let tables = route_tables().map(|kind| kind.shape().key);
    let names: Vec<&str> = tables.chain(peer_keys()).collect();
    let known: Vec<_> = ["prefix"]
        .iter()
        .chain(COLUMNS)
        .chain(&["soft", "why"])
        .copied()
        .collect();
    let row = read_row(context, node, "absent row", &known, &names)?;
    let name = |key: &'static str| -> Result<Option<String>, Fault> {
        let Some(value) = node.field(key) else {
            return Ok(None);
        };
        let read = context.read(value).map_err(|fault| fault.under(key));
        read.map_err(|fault| fault.in_object(node.object("absent row")))
    };
    let mut given = Vec::new();
    for kind in route_tables() {
        given.push((kind, name(kind.shape().key)?));
    }
    let mut named = given
        .iter()
        .filter_map(|(kind, name)| Some((*kind, name.clone()?)));
    let (Some((kind, owner)), None) = (named.next(), named.next()) else {
        let keys = given
            .iter()
            .map(|(kind, name)| (kind.shape().key, name.is_some()));
        return Err(custom(exactly_one(&keys.collect::<Vec<_>>())));
    };
    let shape = kind.shape();
    let peer_key = shape.peer.map(|peer| peer.key);
    let table = match peer_key {
        None => kind.of(owner),
        Some(key) => match name(key)? {
            Some(peer) => kind.between(owner, peer),
            None => {
                let message = format!("the key `{key}` is missing for the second name");
                return Err(custom(message));
            }
        },
    };
    let foreign = COLUMNS.iter().find(|column| {
        let given = node
            .field(column)
            .is_some_and(|value| value.value != Value::Null);
        given && !shape.columns.contains(column)
    });
    let mut foreign = foreign.copied();
    // The other way round, a wrong second name is told last to first.
    for key in peer_keys().into_iter().rev() {
        if foreign.is_none() && Some(key) != peer_key && name(key)?.is_some() {
            foreign = Some(key);
        }
    }
    match foreign {
        Some(field) => Err(custom(format!("rows of {} have no `{field}`", shape.key))),
        None => Ok(AbsentRow { table, row }),
    }
}

fn custom(message: String) -> Fault {
    serde::de::Error::custom(message)
}
