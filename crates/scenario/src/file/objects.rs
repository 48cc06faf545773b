//! Events that change, add or remove any object: from the fields that a file gives to the whole
//! object, as it is then.

use routehub::Estate;
use routehub::estate::{OBJECT_KINDS, Object, ObjectName, PeeredSubnets, Peering};
use serde::de::Error as _;
use serde_json::{Map, Value as Json};

use crate::syntax::diagnostic::Fault;
use crate::syntax::node::{Entry, Node, Value};
use crate::syntax::text::Span;
use crate::syntax::value_deserializer::Context;

/// An event `set` with the whole object in the place of the fields that change; an event that adds
/// a subnet with the network in the subnet's name. None for others.
pub(super) fn describe(
    context: Context<'_>,
    event: &Node,
    estate: &Estate,
) -> Result<Option<Node>, Fault> {
    let mut described = event.clone();
    let Value::Map(entries) = &mut described.value else {
        return Ok(None);
    };
    for entry in entries {
        match (entry.key.as_str(), &entry.value.value) {
            ("set", Value::Map(_)) => {
                let set = with_all_fields(context, &entry.value, estate);
                entry.value = set.map_err(|fault| fault.under("set"))?;
            }
            ("add", Value::Map(_)) => name_with_vnet(&mut entry.value),
            _ => continue,
        }
        return Ok(Some(described));
    }
    Ok(None)
}

/// The object that a `set` means, with the fields it gives.
fn with_all_fields(context: Context<'_>, set: &Node, estate: &Estate) -> Result<Node, Fault> {
    let kinds = OBJECT_KINDS.iter().copied();
    // A field may be called as another kind is: the first kind is the one that has such fields.
    let named = kinds
        .filter_map(|kind| Some((kind, set.entry(kind)?)))
        .next();
    let Some((kind, named)) = named else {
        let kinds = OBJECT_KINDS.to_vec();
        return Err(match set.entries() {
            [first, ..] => Fault::unknown_key(first.span, &first.key, kinds),
            [] => Fault::new(set.span, format!("one of {} is needed", kinds.join(", "))),
        });
    };
    let as_object = |value: Node| Node {
        span: set.span,
        value: Value::Map(vec![Entry {
            key: kind.to_owned(),
            span: named.span,
            value,
        }]),
    };
    let (name, beside) = name_and_fields(&named.value);
    let name: ObjectName = context.read(&as_object(name))?;
    let Some(object) = estate.object(&name) else {
        let problem = estate.need_object(&name).map(|problem| problem.to_string());
        return Err(Fault::new(named.value.span, problem.unwrap_or_default()).under(kind));
    };
    let mut all = fields(&in_order(object, &name), set.span)?;
    let given = set.entries().iter().filter(|entry| entry.key != kind);
    for given in given.chain(&beside) {
        if given.key == "name" {
            let message = "an object keeps its name: remove it and add another";
            return Err(Fault::new(given.span, message));
        }
        give(&mut all, given);
    }
    Ok(as_object(Node {
        span: set.span,
        value: Value::Map(all),
    }))
}

/// Gives a field its new value: of a mapping key by key, anything else as a whole.
fn give(fields: &mut Vec<Entry>, given: &Entry) {
    let Some(field) = fields.iter_mut().find(|field| field.key == given.key) else {
        return fields.push(given.clone());
    };
    field.span = given.span;
    match (&mut field.value.value, &given.value.value) {
        (Value::Map(inner), Value::Map(given)) => given.iter().for_each(|key| give(inner, key)),
        _ => field.value.clone_from(&given.value),
    }
}

/// The name of an object, where it is written as a mapping with fields among them.
fn name_and_fields(named: &Node) -> (Node, Vec<Entry>) {
    let Value::Map(entries) = &named.value else {
        return (named.clone(), Vec::new());
    };
    let is_end = |entry: &Entry| ["a", "b", "hub", "spoke"].contains(&entry.key.as_str());
    if let Some(name) = named.field("name") {
        let fields = entries.iter().filter(|entry| entry.key != "name");
        return (name.clone(), fields.cloned().collect());
    }
    let (ends, fields) = entries.iter().cloned().partition(is_end);
    let ends = Node {
        span: named.span,
        value: Value::Map(ends),
    };
    (ends, fields)
}

/// A peering in the order in which its name has the networks: its fields go by that.
fn in_order(object: Object, name: &ObjectName) -> Object {
    match (object, name) {
        (Object::Peering(peering), ObjectName::Peering(ends)) if peering.a != ends.a => {
            Object::Peering(Peering {
                a: peering.b,
                b: peering.a,
                a_to_b: peering.b_to_a,
                b_to_a: peering.a_to_b,
                subnets: peering.subnets.map(|subnets| PeeredSubnets {
                    a: subnets.b,
                    b: subnets.a,
                }),
                ..peering
            })
        }
        (object, _) => object,
    }
}

/// The fields of an object as a file writes them, all at one place.
fn fields(object: &Object, span: Span) -> Result<Vec<Entry>, Fault> {
    let written = serde_json::to_value(object).map_err(Fault::custom)?;
    let fields = match written {
        Json::Object(object) => object.into_iter().next().map(|(_, fields)| fields),
        _ => None,
    };
    match fields {
        Some(Json::Object(fields)) => Ok(entries(fields, span)),
        _ => Ok(Vec::new()),
    }
}

fn entries(map: Map<String, Json>, span: Span) -> Vec<Entry> {
    let entries = map.into_iter().map(|(key, value)| Entry {
        key,
        span,
        value: node(value, span),
    });
    entries.collect()
}

/// The tree of a value, all at one place.
pub(super) fn node(value: Json, span: Span) -> Node {
    let value = match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => number.as_i128().map_or(Value::Fraction, Value::Integer),
        Json::String(text) => Value::Text(text),
        Json::Array(items) => Value::List(items.into_iter().map(|item| node(item, span)).collect()),
        Json::Object(map) => Value::Map(entries(map, span)),
    };
    Node { span, value }
}

/// A subnet may say its network by a field.
fn name_with_vnet(add: &mut Node) {
    let Value::Map(objects) = &mut add.value else {
        return;
    };
    let subnet = objects.iter_mut().find(|entry| entry.key == "subnet");
    let Some(Value::Map(fields)) = subnet.map(|entry| &mut entry.value.value) else {
        return;
    };
    let vnet = fields.iter().find_map(|field| match &field.value.value {
        Value::Text(text) if field.key == "vnet" => Some(text.clone()),
        _ => None,
    });
    let Some(vnet) = vnet else {
        return;
    };
    fields.retain(|field| field.key != "vnet");
    let name = fields.iter_mut().find(|field| field.key == "name");
    if let Some(Value::Text(name)) = name.map(|field| &mut field.value.value) {
        *name = format!("{vnet}/{name}");
    }
}
