//! Events by themselves: what is to happen to a network that is there already.

use routehub::{Estate, Event};

use super::prefix_count::prefix_count;
use super::validate;
use crate::syntax::Diagnostic;
use crate::syntax::fault::Fault;
use crate::syntax::node::{Entry, Node, Value};
use crate::syntax::text::{Span, Text};
use crate::syntax::value_deserializer::Context;

/// The prefixes that events may name or count out at most.
const MOST_PREFIXES: usize = 1_000_000;

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
) -> Result<Vec<(String, Event)>, Vec<Diagnostic>> {
    let text = Text::new(source);
    read(&text, source, estate, ipv6).map_err(|mut faults| {
        faults.sort_by_key(Fault::start);
        let faults = faults.into_iter();
        faults.map(|fault| fault.diagnostic(&text)).collect()
    })
}

fn read(
    text: &Text<'_>,
    source: &str,
    estate: &Estate,
    ipv6: bool,
) -> Result<Vec<(String, Event)>, Vec<Fault>> {
    let root = as_in_a_file(text, crate::syntax::node::parse(text, source)?)?;
    let context = Context {
        text,
        ipv6,
        keys_beside: |_| &[],
    };
    let (mut events, mut faults) = (Vec::new(), Vec::new());
    let mut prefixes = 0_usize;
    for node in root.field("events").map_or(&[][..], Node::items) {
        prefixes = prefixes.saturating_add(prefix_count(node));
        if prefixes > MOST_PREFIXES {
            let message = format!("more than {MOST_PREFIXES} prefixes at once");
            return Err(vec![Fault::new(node.span, message)]);
        }
        match read_event(context, node) {
            Ok(event) => events.push(event),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() {
        validate::check_events(estate, &events, &root, &mut faults);
    }
    if faults.is_empty() {
        Ok(events)
    } else {
        Err(faults)
    }
}

/// An event with its id.
pub(crate) fn read_event(context: Context<'_>, node: &Node) -> Result<(String, Event), Fault> {
    let event = context.read(node)?;
    let id = match node.field("id").map(|id| &id.value) {
        Some(Value::Text(id)) => id.clone(),
        _ => String::new(),
    };
    Ok((id, event))
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
