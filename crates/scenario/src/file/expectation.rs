//! `expect`: from the tree to what should be seen at one time.

use routehub::estate::forms::exactly_one;
use routehub::{TableId, TableKind, TableShape};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};

use crate::expect::{
    AbsentFinding, AbsentRow, Expectation, ExpectedExplanation, ExpectedFinding, ExpectedSession,
    ExpectedTable, ExpectedTrace, Note, RowPattern,
};
use crate::syntax::diagnostic::Fault;
use crate::syntax::node::{Node, Value};
use crate::syntax::value_deserializer::Context;

/// The kinds of tables that have rows of routes.
pub(super) fn route_tables() -> impl Iterator<Item = TableKind> {
    let kinds = TableKind::ALL.iter().copied();
    kinds.filter(|kind| *kind != TableKind::Sessions)
}

/// The keys of second names in rows of `absent`.
pub(super) fn peer_keys() -> Vec<&'static str> {
    each_once(route_tables().filter_map(|kind| Some(kind.shape().peer?.key)))
}

/// The fields of rows of routes beside the prefix.
pub(super) fn route_columns() -> Vec<&'static str> {
    each_once(route_tables().flat_map(|kind| kind.shape().columns.iter().copied()))
}

fn each_once(all: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
    let mut keys = Vec::new();
    for key in all {
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

/// The keys of a finding.
pub(super) const FINDING_KEYS: &[&str] = &["rule", "subject", "severity"];

/// A complete table; its rows are read by themselves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename = "table")]
struct TableForm {
    complete: bool,
    #[serde(rename = "rows")]
    _rows: Option<Vec<IgnoredAny>>,
}

/// The keys of an explanation.
pub(super) const EXPLAINS_KEYS: &[&str] = &["name", "destination", "says"];

/// The keys of a trace.
pub(super) const TRACES_KEYS: &[&str] = &["from", "to", "arrives", "via", "at"];

/// Findings and which are not there; the rows are read by themselves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename = "findings")]
struct FindingsForm {
    #[serde(default)]
    complete: bool,
    #[serde(rename = "rows")]
    _rows: Option<Vec<IgnoredAny>>,
    #[serde(rename = "absent")]
    _absent: Option<Vec<IgnoredAny>>,
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
    for entry in context.entries(node)? {
        let value = &entry.value;
        let (key, read) = match entry.key.as_str() {
            "at" => ("at", context.read(value).map(|text| at = Some(text))),
            "findings" => ("findings", findings(context, value, &mut expectation)),
            "explains" => ("explains", explains(context, value, &mut expectation)),
            "traces" => ("traces", traces(context, value, &mut expectation)),
            "absent" => ("absent", absent(context, value, &mut expectation)),
            key => {
                let Some(kind) = TableKind::of_key(key) else {
                    let kinds = TableKind::ALL.iter().map(|kind| kind.shape().key);
                    let known = std::iter::once("at").chain(kinds);
                    let known = known
                        .chain(["findings", "explains", "traces", "absent"])
                        .collect();
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
    expectation.at = at.ok_or_else(|| Fault::missing_field("at"))?;
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
    for owner in context.entries(node)? {
        let id = kind.of(&owner.key);
        if kind.shape().peer.is_none() {
            table(context, id, &owner.value, expectation)?;
            continue;
        }
        for peer in context.entries(&owner.value)? {
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
    let TableShape { key, columns, .. } = id.kind.shape();
    let object = format!("{key} row");
    if id.kind == TableKind::Sessions {
        for row in context.items(node)? {
            let (session, note) = read_row(context, row, &object, columns, &[])?;
            expectation.sessions.push(ExpectedSession {
                route_server: id.owner.clone(),
                nva: id.peer.clone().unwrap_or_default(),
                note,
                ..session
            });
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
    let columns = [&["prefix"], columns].concat();
    let rows = listed.map_or(&[][..], Node::items).iter();
    let rows = rows.map(|row| route_row(context, row, &object, &columns, &[]));
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

/// Reads a row of routes.
fn route_row(
    context: Context<'_>,
    node: &Node,
    object: &str,
    columns: &[&'static str],
    beside: &[&'static str],
) -> Result<RowPattern, Fault> {
    let (row, note) = read_row(context, node, object, columns, beside)?;
    Ok(RowPattern { note, ..row })
}

/// Reads a row that may have these columns, and keys that are read by themselves; and how it
/// counts.
fn read_row<T: DeserializeOwned>(
    context: Context<'_>,
    node: &Node,
    object: &str,
    columns: &[&'static str],
    beside: &[&'static str],
) -> Result<(T, Note), Fault> {
    let known = [beside, columns, &["soft", "why"]].concat();
    let mut entries = context.entries(node)?.iter();
    let unknown = entries.find(|entry| !known.contains(&entry.key.as_str()));
    let unknown = unknown.map(|entry| Fault::unknown_key(entry.span, &entry.key, known));
    let read = both(context.read::<T>(node), context.read::<Note>(node));
    let line = context.line(node);
    let read = both(unknown.map_or(Ok(()), Err), read);
    read.map(|((), (row, note))| (row, Note { line, ..note }))
        .map_err(|fault| fault.in_object(node.object(object)).within(node.span))
}

/// Both, or the fault that the text has first; a key that is missing is told last.
fn both<A, B>(a: Result<A, Fault>, b: Result<B, Fault>) -> Result<(A, B), Fault> {
    let order = |fault: &Fault| (fault.is_missing_key(), fault.start());
    match (a, b) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(a), Err(b)) if order(&b) < order(&a) => Err(b),
        (Err(fault), _) | (_, Err(fault)) => Err(fault),
    }
}

/// Findings: a list, or a mapping that also says which are not there.
fn findings(context: Context<'_>, node: &Node, expectation: &mut Expectation) -> Result<(), Fault> {
    let (rows, absent) = match &node.value {
        Value::Map(_) => {
            let form: FindingsForm = context.read(node)?;
            let line = context.line(node);
            expectation.findings_complete = form.complete.then_some(line);
            let list = |key| {
                let list = node.field(key);
                list.filter(|list| list.value != Value::Null)
            };
            (list("rows"), list("absent"))
        }
        _ => (Some(node), None),
    };
    for row in rows.map_or(Ok(&[][..]), |rows| context.items(rows))? {
        let (finding, note) = read_row(context, row, "findings row", FINDING_KEYS, &[])?;
        expectation
            .findings
            .push(ExpectedFinding { note, ..finding });
    }
    for row in absent.map_or(Ok(&[][..]), |rows| context.items(rows))? {
        let absent = absent_finding(context, row).map_err(|fault| fault.under("absent"))?;
        expectation.absent_findings.push(absent);
    }
    Ok(())
}

fn absent_finding(context: Context<'_>, node: &Node) -> Result<AbsentFinding, Fault> {
    let beside = match node.field("findings") {
        // It stands for the subject.
        Some(_) => &["findings", "rule", "severity"][..],
        None => FINDING_KEYS,
    };
    let (absent, note) = read_row(context, node, "absent row", &[], beside)?;
    let absent = AbsentFinding { note, ..absent };
    if absent.rule.is_none() && absent.subject.is_none() {
        return Err(Fault::missing_field("rule"));
    }
    Ok(absent)
}

fn explains(context: Context<'_>, node: &Node, expectation: &mut Expectation) -> Result<(), Fault> {
    for row in context.items(node)? {
        let (explained, note) = read_row(context, row, "explains row", EXPLAINS_KEYS, &[])?;
        expectation
            .explains
            .push(ExpectedExplanation { note, ..explained });
    }
    Ok(())
}

fn traces(context: Context<'_>, node: &Node, expectation: &mut Expectation) -> Result<(), Fault> {
    for row in context.items(node)? {
        let (trace, note) = read_row(context, row, "traces row", TRACES_KEYS, &[])?;
        expectation.traces.push(ExpectedTrace { note, ..trace });
    }
    Ok(())
}

/// Whether a row of `absent` is about a finding, not about a table.
pub(super) fn is_absent_finding(row: &Node) -> bool {
    row.field("findings").is_some() || row.field("rule").is_some()
}

fn absent(context: Context<'_>, node: &Node, expectation: &mut Expectation) -> Result<(), Fault> {
    for row in context.items(node)? {
        if is_absent_finding(row) {
            let read = absent_finding(context, row).map_err(|fault| fault.within(row.span))?;
            expectation.absent_findings.push(read);
            continue;
        }
        let read = absent_row(context, row).map_err(|fault| fault.within(row.span))?;
        expectation.absent.push(read);
    }
    Ok(())
}

/// A table by one key or by two, and what no row of it may fit.
fn absent_row(context: Context<'_>, node: &Node) -> Result<AbsentRow, Fault> {
    let tables = route_tables().map(|kind| kind.shape().key);
    let names: Vec<&str> = tables.chain(peer_keys()).collect();
    let all = route_columns();
    let columns = [&["prefix"], all.as_slice()].concat();
    let row = route_row(context, node, "absent row", &columns, &names)?;
    let name = |key: &'static str| -> Result<Option<String>, Fault> {
        let read = node.field(key).map(|value| context.read(value));
        let read = read.transpose().map_err(|fault| fault.under(key));
        read.map_err(|fault| fault.in_object(node.object("absent row")))
            .map(Option::flatten)
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
        return Err(Fault::custom(exactly_one(&keys.collect::<Vec<_>>())));
    };
    let shape = kind.shape();
    let peer_key = shape.peer.map(|peer| peer.key);
    let peer = peer_key.map(&name).transpose()?;
    let table = match (peer_key, peer.flatten()) {
        (None, _) => kind.of(owner),
        (Some(_), Some(peer)) => kind.between(owner, peer),
        (Some(key), None) => {
            let message = format!("the key `{key}` is missing for the second name");
            return Err(Fault::custom(message));
        }
    };
    let is_given = |key: &str| {
        node.field(key)
            .is_some_and(|value| value.value != Value::Null)
    };
    let mut foreign = all
        .into_iter()
        .find(|column| is_given(column) && !shape.columns.contains(column));
    // The other way round, a wrong second name is told last to first.
    for key in peer_keys().into_iter().rev() {
        if foreign.is_none() && Some(key) != peer_key && name(key)?.is_some() {
            foreign = Some(key);
        }
    }
    match foreign {
        Some(field) => {
            let message = format!("rows of {} have no `{field}`", shape.key);
            Err(Fault::custom(message))
        }
        None => Ok(AbsentRow { table, row }),
    }
}
