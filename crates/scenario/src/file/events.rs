//! Events: those of a file, and by themselves what is to happen to a network that is there already.

use std::borrow::Cow;

use routehub::{Estate, Event};

use super::{objects, validate};
use crate::syntax::diagnostic::{Diagnostics, Fault};
use crate::syntax::node::{Entry, Node, Value, parse};
use crate::syntax::text::{Span, Text};
use crate::syntax::value_deserializer::Context;

/// The prefixes that events may name or count out at most: what they are to an object is asked when
/// they happen.
const MOST_PREFIXES: usize = 200_000;

/// Reads an event as it stands in a network file, or a list of them, in YAML or JSON, for an estate
/// as it is now; `ipv6` says whether prefixes may be IPv6.
///
/// ```
/// use routehub::Event;
/// use routehub_scenario::{Scenario, parse_events};
///
/// let file = "
/// schema: routehub/1
/// title: A hub
/// vnets: [{name: hub, address_space: [10.0.0.0/16]}]
/// route_servers: [{name: rs, vnet: hub, ips: [10.0.6.4, 10.0.6.5]}]
/// ";
/// let estate = Scenario::parse(file).unwrap().estate;
/// let text = "{id: on, set_branch_to_branch: {route_server: rs, value: true}}";
/// let events = parse_events(text, &estate, false).unwrap();
/// assert!(matches!(events[0].1, Event::SetBranchToBranch { value: true, .. }));
///
/// let wrong = parse_events(&text.replace("rs", "sr"), &estate, false).unwrap_err();
/// assert!(wrong[0].to_string().contains("there is no Route Server `sr`; did you mean `rs`?"));
/// ```
///
/// # Errors
/// Everything that is found wrong, in the order of the text.
pub fn parse_events(
    source: &str,
    estate: &Estate,
    ipv6: bool,
) -> Result<Vec<(String, Event)>, Diagnostics> {
    let text = Text::new(source);
    read(&text, estate, ipv6).map_err(|faults| Fault::diagnostics(faults, &text))
}

fn read(text: &Text<'_>, estate: &Estate, ipv6: bool) -> Result<Vec<(String, Event)>, Vec<Fault>> {
    let root = as_in_a_file(text, parse(text)?)?;
    let context = Context {
        text,
        ipv6,
        keys_beside: |_| &[],
    };
    let nodes = root.field("events").map_or(&[][..], Node::items);
    let mut prefixes = 0_usize;
    for node in nodes {
        prefixes = prefixes.saturating_add(prefix_count(node));
        if prefixes > MOST_PREFIXES {
            let message = format!("more than {MOST_PREFIXES} prefixes at once");
            return Err(vec![Fault::new(node.span, message)]);
        }
    }
    let mut faults = Vec::new();
    let events = read_events(context, nodes, estate, &mut faults);
    if faults.is_empty() {
        validate::check_events(estate, &events, &root, &mut faults);
    }
    match faults.is_empty() {
        true => Ok(events),
        false => Err(faults),
    }
}

/// Reads events with their ids, each for the estate as it then is.
pub(crate) fn read_events(
    context: Context<'_>,
    nodes: &[Node],
    estate: &Estate,
    faults: &mut Vec<Fault>,
) -> Vec<(String, Event)> {
    let sets = |node: &Node| node.field("set").is_some();
    let mut now = nodes.iter().any(sets).then_some(Cow::Borrowed(estate));
    let mut events = Vec::new();
    for node in nodes {
        match read_event(context, node, now.as_deref().unwrap_or(estate)) {
            Ok(event) => {
                if let Some(now) = &mut now {
                    // What does not fit is told when all events are checked.
                    let _ = now.to_mut().change(&event.1);
                }
                events.push(event);
            }
            Err(fault) => faults.push(fault),
        }
    }
    events
}

/// An event with its id, for an estate as it then is.
fn read_event(
    context: Context<'_>,
    node: &Node,
    estate: &Estate,
) -> Result<(String, Event), Fault> {
    let id = node.text_of("id").unwrap_or_default();
    let described = objects::describe(context, node, estate);
    let described = described.map_err(|fault| {
        let fault = fault.in_object(node.object("event"));
        fault.within(node.span)
    })?;
    let event = context.read(described.as_ref().unwrap_or(node))?;
    Ok((id.to_owned(), event))
}

/// Puts events where they stand in a network file.
fn as_in_a_file(text: &Text<'_>, node: Node) -> Result<Node, Vec<Fault>> {
    let span = node.span;
    let events = match node.value {
        Value::List(_) => node,
        Value::Map(_) => Node {
            span,
            value: Value::List(vec![node]),
        },
        _ => {
            let found = node.describe(text);
            let message = format!("an event or a list of events is expected, not {found}");
            return Err(vec![Fault::new(span, message)]);
        }
    };
    let entry = Entry {
        key: "events".to_owned(),
        span: Span::default(),
        value: events,
    };
    Ok(Node {
        span,
        value: Value::Map(vec![entry]),
    })
}

/// The prefixes of all routes in a value, as far as their number can be right.
pub(crate) fn prefix_count(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => total(items.iter().map(prefix_count)),
        Value::Map(entries) => {
            total(
                entries
                    .iter()
                    .map(|entry| match (entry.key.as_str(), &entry.value.value) {
                        ("prefix", _) => 1,
                        ("prefixes", Value::List(items)) => items.len(),
                        ("prefixes_from", _) => run_length(&entry.value),
                        _ => prefix_count(&entry.value),
                    }),
            )
        }
        _ => 0,
    }
}

/// The length of a run; one that is too long is refused when it is read.
fn run_length(run: &Node) -> usize {
    match run.field("count").map(|count| &count.value) {
        Some(Value::Integer(count @ 0..=1_000_000)) => usize::try_from(*count).unwrap_or_default(),
        _ => 0,
    }
}

fn total(counts: impl Iterator<Item = usize>) -> usize {
    counts.fold(0, usize::saturating_add)
}
