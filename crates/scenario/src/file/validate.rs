//! What does not fit together: the estate's own check, and names in events and `expect`.

use std::collections::{HashMap, HashSet};

use routehub::check::{EstateError, List, Place, Step, nearest_name};
use routehub::{Estate, Event, TableId, TableKind};

use crate::expect::INITIAL;
use crate::scenario::Scenario;
use crate::syntax::fault::Fault;
use crate::syntax::node::{Node, Value};
use crate::syntax::text::Span;

/// Checks a scenario whose form is right; the estate goes into it if everything there fits.
pub(crate) fn check(scenario: &mut Scenario, estate: Estate, root: &Node, faults: &mut Vec<Fault>) {
    event_ids(&scenario.events, root, faults);
    expectations(scenario, &estate, root, faults);
    match estate.checked(&scenario.events) {
        Ok(checked) => scenario.estate = checked,
        Err(errors) => faults.extend(errors.0.iter().map(|error| placed(root, error))),
    }
}

/// Checks events that are to happen to an estate which is known to be sound.
pub(crate) fn check_events(
    estate: &Estate,
    events: &[(String, Event)],
    root: &Node,
    faults: &mut Vec<Fault>,
) {
    let errors = estate.check_run(events).into_iter();
    let errors = errors.filter(|error| error.place.list == List::Events);
    faults.extend(errors.map(|error| placed(root, &error)));
    event_ids(events, root, faults);
}

fn placed(root: &Node, error: &EstateError) -> Fault {
    let message = format!("{}: {}", error.object, error.problem);
    let fault = Fault::new(find(root, &error.place).span, message);
    match &error.other {
        Some(other) => fault.related("the other one is", find(root, other).span),
        None => fault,
    }
}

/// The value at a place, or the nearest around it that the file has.
fn find<'a>(root: &'a Node, place: &Place) -> &'a Node {
    let entry = root
        .field(place.list.name())
        .and_then(|list| list.item(place.index));
    let Some(mut node) = entry else {
        return root;
    };
    if place.list == List::Events {
        node = action(node).unwrap_or(node);
    }
    for step in &place.path {
        let next = match step {
            Step::Key(key) => node.field(key).or_else(|| node.field(short_form(key))),
            Step::Item(index) => node.item(*index),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

/// The value of an event's action.
fn action(event: &Node) -> Option<&Node> {
    let Value::Map(entries) = &event.value else {
        return None;
    };
    entries
        .iter()
        .find(|entry| entry.key != "id")
        .map(|entry| &entry.value)
}

/// The key that stands for one of a peering in the form `{hub, spoke}`.
fn short_form(key: &str) -> &str {
    match key {
        "a" | "a_to_b" => "hub",
        "b" | "b_to_a" => "spoke",
        key => key,
    }
}

fn event_ids(events: &[(String, Event)], root: &Node, faults: &mut Vec<Fault>) {
    let span = |index| {
        let id = Place::entry(List::Events, index);
        let event = root.field("events").and_then(|list| list.item(id.index));
        let id = event.and_then(|event| event.field("id"));
        id.map_or(root.span, |id| id.span)
    };
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (index, (id, _)) in events.iter().enumerate() {
        if id == INITIAL {
            let message =
                format!("`{INITIAL}` is the time before the first event; no event is called so");
            faults.push(Fault::new(span(index), message));
        } else if let Some(first) = seen.get(id.as_str()) {
            let message = format!("two events have the id `{id}`");
            faults.push(Fault::new(span(index), message).related("the other one is", span(*first)));
        } else {
            seen.insert(id, index);
        }
    }
}

/// The names that `expect` may use.
struct Known<'a> {
    estate: &'a Estate,
    /// Route Servers that events add.
    added: Vec<&'a str>,
}

impl<'a> Known<'a> {
    fn new(estate: &'a Estate, events: &'a [(String, Event)]) -> Self {
        let added = events.iter().filter_map(|(_, event)| match event {
            Event::AddRouteServer(server) => Some(server.name.as_str()),
            _ => None,
        });
        Self {
            estate,
            added: added.collect(),
        }
    }

    /// The names of a table that nothing has, with the kinds they should be of.
    fn missing<'t>(&self, table: &'t TableId) -> Vec<Missing<'t>> {
        let shape = table.kind.shape();
        let peer = shape.peer.zip(table.peer.as_ref());
        let subjects = std::iter::once((shape.owner, &table.owner)).chain(peer);
        let missing = subjects.filter_map(|(subject, name)| {
            let mut known = (subject.names)(self.estate);
            if subject.key == "route_server" {
                known.extend(&self.added);
            }
            if known.contains(&name.as_str()) {
                return None;
            }
            known.sort_unstable();
            known.dedup();
            Some(Missing {
                name,
                kind: subject.word,
                near: nearest_name(name, known).map(str::to_owned),
            })
        });
        missing.collect()
    }
}

struct Missing<'a> {
    name: &'a str,
    kind: &'static str,
    near: Option<String>,
}

impl Missing<'_> {
    fn message(&self, table: &TableId) -> String {
        let Self { name, kind, near } = self;
        let table = table.kind.shape().key;
        let message = format!("`{table}`: there is no {kind} `{name}`");
        match near {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message,
        }
    }
}

fn expectations(scenario: &Scenario, estate: &Estate, root: &Node, faults: &mut Vec<Fault>) {
    let known = Known::new(estate, &scenario.events);
    let ids: HashSet<&str> = scenario.events.iter().map(|(id, _)| id.as_str()).collect();
    for (index, expectation) in scenario.expectations.iter().enumerate() {
        let Some(node) = root.field("expect").and_then(|list| list.item(index)) else {
            continue;
        };
        if expectation.at != INITIAL && !ids.contains(expectation.at.as_str()) {
            let span = node.field("at").map_or(node.span, |at| at.span);
            faults.push(Fault::new(span, no_such_event(&expectation.at, &ids)));
        }
        for expected in &expectation.tables {
            check_table(&known, &expected.table, node, faults);
        }
        for session in &expectation.sessions {
            let table = TableKind::Sessions.between(&session.route_server, &session.nva);
            check_table(&known, &table, node, faults);
        }
        for (n, absent) in expectation.absent.iter().enumerate() {
            for missing in known.missing(&absent.table) {
                let row = node.field("absent").and_then(|list| list.item(n));
                let span = row.map_or(node.span, |row| value_span(row, missing.name));
                faults.push(Fault::new(span, missing.message(&absent.table)));
            }
        }
    }
}

fn no_such_event(id: &str, ids: &HashSet<&str>) -> String {
    let mut all: Vec<&str> = ids.iter().copied().chain([INITIAL]).collect();
    all.sort_unstable();
    let message = format!("`at`: there is no event `{id}`");
    match nearest_name(id, all) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message,
    }
}

fn check_table(known: &Known<'_>, table: &TableId, node: &Node, faults: &mut Vec<Fault>) {
    for missing in known.missing(table) {
        let span = key_span(node, table, missing.name);
        faults.push(Fault::new(span, missing.message(table)));
    }
}

/// Where the key `name` stands in a table of one or two names.
fn key_span(node: &Node, table: &TableId, name: &str) -> Span {
    let tables = node.field(table.kind.shape().key);
    let keyed = |map: Option<&Node>, key: &str| match map.map(|map| &map.value) {
        Some(Value::Map(entries)) => entries.iter().find(|e| e.key == key).map(|e| e.span),
        _ => None,
    };
    let first = keyed(tables, &table.owner).filter(|_| table.owner == name);
    let inner = tables.and_then(|tables| tables.field(&table.owner));
    first.or_else(|| keyed(inner, name)).unwrap_or(node.span)
}

/// Where the text `name` stands as a value of a mapping.
fn value_span(node: &Node, name: &str) -> Span {
    let Value::Map(entries) = &node.value else {
        return node.span;
    };
    let is = |value: &Node| matches!(&value.value, Value::Text(text) if text == name);
    let found = entries.iter().find(|entry| is(&entry.value));
    found.map_or(node.span, |entry| entry.value.span)
}
