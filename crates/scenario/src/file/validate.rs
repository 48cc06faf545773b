//! What does not fit together: the estate's own check, and names in events and `expect`.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use routehub::check::{EstateError, List, Place, Step, nearest_name};
use routehub::{Estate, Event, INTERNET, TableId, TableKind};

use super::expectation::is_absent_finding;
use crate::expect::{Expectation, INITIAL};
use crate::scenario::Scenario;
use crate::syntax::diagnostic::Fault;
use crate::syntax::node::{Node, Value};
use crate::syntax::text::Span;

/// Checks a scenario whose form is right; the estate goes into it if everything there fits.
pub(crate) fn check(scenario: &mut Scenario, estate: Estate, root: &Node, faults: &mut Vec<Fault>) {
    event_ids(&scenario.events, root, faults);
    expectations(scenario, &estate, root, faults);
    promised(&Known::new(&estate, &scenario.events), root, faults);
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
    let Some(mut node) = root.item_of(place.list.name(), place.index) else {
        return root;
    };
    if place.list == List::Events {
        let action = node.entries().iter().find(|entry| entry.key != "id");
        node = action.map_or(node, |entry| &entry.value);
        // What is added stands under its kind.
        if let (Some("add"), [object]) = (action.map(|entry| entry.key.as_str()), node.entries()) {
            node = &object.value;
        }
    }
    for step in &place.path {
        let next = match step {
            Step::Key(key) => node.field(key).or_else(|| node.field(short_form(key))),
            Step::Item(index) => node.items().get(*index),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node
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
        let id = root
            .item_of("events", index)
            .and_then(|event| event.field("id"));
        id.unwrap_or(root).span
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
    /// The estate with everything that events add.
    estate: Cow<'a, Estate>,
}

impl<'a> Known<'a> {
    fn new(estate: &'a Estate, events: &[(String, Event)]) -> Self {
        let mut estate = Cow::Borrowed(estate);
        for (_, event) in events {
            if matches!(event, Event::AddRouteServer(_) | Event::Add(_)) {
                // What cannot be added is told where events are checked.
                let _ = estate.to_mut().change(event);
            }
        }
        Self { estate }
    }

    /// The names of everybody who has routes.
    fn explained(&self) -> Vec<&str> {
        let names = self.estate.names_with_routes();
        names.map(String::as_str).collect()
    }

    /// The names of everything that can be an end of a trace.
    fn ends(&self) -> Vec<&str> {
        let estate = &self.estate;
        let nics = estate.nics.iter().map(|nic| &nic.name);
        let nvas = estate.nvas.iter().map(|nva| &nva.name);
        let sites = estate.sites.iter().map(|site| &site.name);
        let circuits = estate.circuits.iter().map(|circuit| &circuit.name);
        let endpoints = estate.private_endpoints.iter();
        let balancers = estate.load_balancers.iter();
        let all = nics.chain(nvas).chain(sites).chain(circuits);
        all.chain(endpoints.map(|endpoint| &endpoint.name))
            .chain(balancers.map(|balancer| &balancer.name))
            .map(String::as_str)
            .chain([INTERNET])
            .collect()
    }

    /// What is wrong with a table's names, with what is said of it.
    fn missing<'t>(&self, table: &'t TableId) -> impl Iterator<Item = (&'t str, String)> {
        let shape = table.kind.shape();
        let peer = shape.peer.zip(table.peer.as_ref());
        let subjects = std::iter::once((shape.owner, &table.owner)).chain(peer);
        subjects.filter_map(move |(subject, name)| {
            let known = (subject.names)(&self.estate);
            if known.contains(&name.as_str()) {
                return None;
            }
            let message = format!("`{}`: there is no {} `{name}`", shape.key, subject.word);
            Some((name.as_str(), with_nearest(message, name, known)))
        })
    }
}

/// A message, and the name that was probably meant.
fn with_nearest(message: String, name: &str, mut known: Vec<&str>) -> String {
    known.sort_unstable();
    match nearest_name(name, known) {
        Some(near) => format!("{message}; did you mean `{near}`?"),
        None => message,
    }
}

fn expectations(scenario: &Scenario, estate: &Estate, root: &Node, faults: &mut Vec<Fault>) {
    let known = Known::new(estate, &scenario.events);
    let ids: HashSet<&str> = scenario.events.iter().map(|(id, _)| id.as_str()).collect();
    for (index, expectation) in scenario.expectations.iter().enumerate() {
        let Some(node) = root.item_of("expect", index) else {
            continue;
        };
        let at = expectation.at.as_str();
        if at != INITIAL && !ids.contains(at) {
            let message = format!("`at`: there is no event `{at}`");
            let all = ids.iter().copied().chain([INITIAL]).collect();
            let span = node.field("at").unwrap_or(node).span;
            faults.push(Fault::new(span, with_nearest(message, at, all)));
        }
        let sessions = expectation
            .sessions
            .iter()
            .map(|session| TableKind::Sessions.between(&session.route_server, &session.nva));
        let tables = expectation
            .tables
            .iter()
            .map(|expected| expected.table.clone());
        for table in tables.chain(sessions) {
            for (name, message) in known.missing(&table) {
                faults.push(Fault::new(key_span(node, &table, name), message));
            }
        }
        explained(&known, expectation, node, faults);
        traced(&known, expectation, node, faults);
        let rows = node.field("absent").map_or(&[][..], Node::items).iter();
        let mut rows = rows.filter(|row| !is_absent_finding(row));
        for absent in &expectation.absent {
            let row = rows.next();
            for (name, message) in known.missing(&absent.table) {
                let span = row.map_or(node.span, |row| value_span(row, name));
                faults.push(Fault::new(span, message));
            }
        }
    }
}

/// Names that explanations are asked of, and nobody has.
fn explained(known: &Known<'_>, expectation: &Expectation, node: &Node, faults: &mut Vec<Fault>) {
    let names = known.explained();
    for (n, explained) in expectation.explains.iter().enumerate() {
        let name = explained.name.as_str();
        if !names.contains(&name) {
            let row = node.item_of("explains", n);
            let span = row.map_or(node.span, |row| value_span(row, name));
            let message = format!("`explains`: there is no NIC or speaker `{name}`");
            faults.push(Fault::new(span, with_nearest(message, name, names.clone())));
        }
    }
}

/// Ends of traces that nobody is called, nor an address, and names on the way that nobody has.
fn traced(known: &Known<'_>, expectation: &Expectation, node: &Node, faults: &mut Vec<Fault>) {
    let ends = known.ends();
    let passed = [known.explained(), ends.clone()].concat();
    for (n, trace) in expectation.traces.iter().enumerate() {
        let row = node.item_of("traces", n);
        let mut tell = |name: &str, known: &[&str], what: &str| {
            let span = row.map_or(node.span, |row| value_span(row, name));
            let message = format!("`traces`: there is no {what} `{name}`");
            faults.push(Fault::new(
                span,
                with_nearest(message, name, known.to_vec()),
            ));
        };
        for end in [&trace.from, &trace.to] {
            if !ends.contains(&end.as_str()) && end.parse::<IpAddr>().is_err() {
                tell(end, &ends, "NIC, NVA, site, circuit or address");
            }
        }
        let on_premises = |name: &str| name.strip_suffix(" on-premises").unwrap_or(name).to_owned();
        for name in trace.via.iter().flatten() {
            if !passed.contains(&on_premises(name).as_str()) && name.parse::<IpAddr>().is_err() {
                tell(name, &passed, "device");
            }
        }
    }
}

/// Names in promises that nobody has.
fn promised(known: &Known<'_>, root: &Node, faults: &mut Vec<Fault>) {
    let ends = known.ends();
    let devices = [known.explained(), ends.clone()].concat();
    let lists = ["always", "unless_failed"].into_iter();
    let lists = lists.filter_map(|key| root.field(key));
    let mut open: Vec<(&Node, &str)> = lists.map(|list| (list, "")).collect();
    while let Some((node, key)) = open.pop() {
        match &node.value {
            Value::List(items) => open.extend(items.iter().map(|item| (item, key))),
            Value::Map(entries) => {
                open.extend(entries.iter().map(|entry| (&entry.value, &*entry.key)));
            }
            Value::Text(name) => {
                let (known, what) = match key {
                    "from" | "to" => (&ends, "NIC, NVA, site, circuit or address"),
                    "via" | "never_via" | "names" | "routes_of" => (&devices, "device"),
                    _ => continue,
                };
                if !known.contains(&name.as_str()) && name.parse::<IpAddr>().is_err() {
                    let message = format!("there is no {what} `{name}`");
                    let message = with_nearest(message, name, known.clone());
                    faults.push(Fault::new(node.span, message));
                }
            }
            _ => {}
        }
    }
}

/// Where the key `name` stands in a table of one or two names.
fn key_span(node: &Node, table: &TableId, name: &str) -> Span {
    let tables = node.field(table.kind.shape().key);
    let inner = tables.and_then(|tables| tables.field(&table.owner));
    let owner = tables.filter(|_| table.owner == name);
    let entry = owner.and_then(|tables| tables.entry(name));
    let entry = entry.or_else(|| inner?.entry(name));
    entry.map_or(node.span, |entry| entry.span)
}

/// Where the text `name` stands as a value of a mapping.
fn value_span(node: &Node, name: &str) -> Span {
    let is = |value: &Node| matches!(&value.value, Value::Text(text) if text == name);
    let found = node.entries().iter().find(|entry| is(&entry.value));
    found.map_or(node.span, |entry| entry.value.span)
}
