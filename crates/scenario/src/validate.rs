//! What does not fit together: the estate's own check, and names in events and `expect`.

use std::collections::{HashMap, HashSet};

use routehub::check::{EstateError, List, Place, Step, nearest_name};
use routehub::{Estate, Event};

use crate::Scenario;
use crate::expect::{INITIAL, Table};
use crate::fault::Fault;
use crate::node::{Node, Value};
use crate::text::Span;

/// Checks a scenario whose form is right.
pub(crate) fn check(scenario: &Scenario, root: &Node, faults: &mut Vec<Fault>) {
    for error in scenario.estate.check_run(&scenario.events) {
        faults.push(placed(root, &error));
    }
    event_ids(&scenario.events, root, faults);
    expectations(scenario, root, faults);
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

/// A kind in words, and the names of that kind.
type Wanted<'a> = (&'static str, Vec<&'a HashSet<&'a str>>);

/// The names that `expect` may use, by kind.
struct Known<'a> {
    route_servers: HashSet<&'a str>,
    nvas: HashSet<&'a str>,
    gateways: HashSet<&'a str>,
    circuits: HashSet<&'a str>,
    sites: HashSet<&'a str>,
    nics: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn new(scenario: &'a Scenario) -> Self {
        let estate = &scenario.estate;
        let added = scenario.events.iter().filter_map(|(_, event)| match event {
            Event::AddRouteServer(server) => Some(server.name.as_str()),
            _ => None,
        });
        let servers = estate.route_servers.iter().map(|s| s.name.as_str());
        Self {
            route_servers: servers.chain(added).collect(),
            nvas: estate.nvas.iter().map(|n| n.name.as_str()).collect(),
            gateways: estate.gateways.iter().map(|g| g.name.as_str()).collect(),
            circuits: estate.circuits.iter().map(|c| c.name.as_str()).collect(),
            sites: estate.sites.iter().map(|s| s.name.as_str()).collect(),
            nics: estate.nics.iter().map(|n| n.name.as_str()).collect(),
        }
    }

    /// The names of a table that nothing has, with the kinds they should be of.
    fn missing<'t>(&self, table: &'t Table) -> Vec<Missing<'t>> {
        let rs = ("Route Server", vec![&self.route_servers]);
        let nva = ("NVA", vec![&self.nvas]);
        let gateway = ("gateway", vec![&self.gateways]);
        let ends = vec![&self.circuits, &self.sites, &self.gateways];
        let needed: Vec<(&str, Wanted<'_>)> = match table {
            Table::RsLearned {
                route_server,
                nva: name,
            }
            | Table::RsAdvertised {
                route_server,
                nva: name,
            } => {
                vec![(route_server, rs), (name, nva)]
            }
            Table::NvaLearned { nva: name } => vec![(name, nva)],
            Table::GatewayLearned { gateway: name } => vec![(name, gateway)],
            Table::GatewayAdvertised { gateway: name, to } => {
                vec![(name, gateway), (to, ("circuit, site or gateway", ends))]
            }
            Table::CircuitRoutes { circuit } => {
                vec![(circuit, ("circuit", vec![&self.circuits]))]
            }
            Table::OnPremLearned { name } => {
                vec![(name, ("site or circuit", vec![&self.sites, &self.circuits]))]
            }
            Table::NicEffective { nic } => vec![(nic, ("NIC", vec![&self.nics]))],
        };
        let missing = needed.into_iter().filter_map(|(name, (kind, known))| {
            if known.iter().any(|names| names.contains(name)) {
                return None;
            }
            let mut all: Vec<&str> = known.into_iter().flatten().copied().collect();
            all.sort_unstable();
            let near = nearest_name(name, all).map(str::to_owned);
            Some(Missing { name, kind, near })
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
    fn message(&self, table: &str) -> String {
        let Self { name, kind, near } = self;
        let message = format!("`{table}`: there is no {kind} `{name}`");
        match near {
            Some(near) => format!("{message}; did you mean `{near}`?"),
            None => message,
        }
    }
}

fn expectations(scenario: &Scenario, root: &Node, faults: &mut Vec<Fault>) {
    let known = Known::new(scenario);
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
            let table = Table::RsLearned {
                route_server: session.route_server.clone(),
                nva: session.nva.clone(),
            };
            for missing in known.missing(&table) {
                let span = key_span(
                    node,
                    "sessions",
                    (&session.route_server, Some(&session.nva)),
                    missing.name,
                );
                faults.push(Fault::new(span, missing.message("sessions")));
            }
        }
        for (n, absent) in expectation.absent.iter().enumerate() {
            for missing in known.missing(&absent.table) {
                let row = node.field("absent").and_then(|list| list.item(n));
                let span = row.map_or(node.span, |row| value_span(row, missing.name));
                faults.push(Fault::new(span, missing.message(absent.table.key())));
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

fn check_table(known: &Known<'_>, table: &Table, node: &Node, faults: &mut Vec<Fault>) {
    for missing in known.missing(table) {
        let span = key_span(node, table.key(), table.names(), missing.name);
        faults.push(Fault::new(span, missing.message(table.key())));
    }
}

/// Where the key `name` stands in a table of one or two names.
fn key_span(node: &Node, table: &str, names: (&str, Option<&str>), name: &str) -> Span {
    let tables = node.field(table);
    let keyed = |map: Option<&Node>, key: &str| match map.map(|map| &map.value) {
        Some(Value::Map(entries)) => entries.iter().find(|e| e.key == key).map(|e| e.span),
        _ => None,
    };
    let first = keyed(tables, names.0).filter(|_| names.0 == name);
    let inner = tables.and_then(|tables| tables.field(names.0));
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
