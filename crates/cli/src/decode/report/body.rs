//! What is in a message.

use routehub_types::{Nlri, RouterId};
use routehub_wire::{
    Announced, Attribute, Capability, Message, Notification, Open, RawAttribute, RefreshKind,
    RouteRefresh, UpdateView, attribute_code,
};
use serde_json::{Value, json};

use super::hex;
use super::tree::{Object, Tree};

/// What is in a message.
pub(crate) fn describe(message: &Message<'_>) -> Object {
    let object = Object::default().with("type", message.kind().to_string());
    match message {
        Message::Open(open) => describe_open(object, open),
        Message::Update(update) => describe_update(object, update),
        Message::Notification(notification) => describe_notification(object, notification),
        Message::Keepalive => object,
        Message::RouteRefresh(refresh) => describe_refresh(object, *refresh),
    }
}

fn describe_open(object: Object, open: &Open) -> Object {
    let capabilities: Tree = open.capabilities.iter().map(describe_capability).collect();
    object
        .with("asn", open.asn.0)
        .with("hold_time", open.hold_time)
        .with("router_id", open.router_id.to_string())
        .with("capabilities", capabilities)
}

/// Code and name, and what the capability says: a family by name, all else as its type shows.
fn describe_capability(capability: &Capability) -> Object {
    let object = Object::default().with("code", capability.code());
    if let Capability::Multiprotocol(family) = capability {
        let object = object.with("name", "multiprotocol");
        return object.with("value", family.to_string());
    }
    if let Capability::Unknown { value, .. } = capability {
        return object.with("value_hex", hex(value));
    }
    match serde_json::to_value(capability) {
        Ok(Value::Object(fields)) => match fields.into_iter().next() {
            Some((name, value)) => object.with("name", name).with("value", value),
            None => object,
        },
        Ok(name) => object.with("name", name),
        Err(_) => object,
    }
}

fn describe_notification(object: Object, notification: &Notification) -> Object {
    object
        .with("code", notification.code)
        .with("subcode", notification.subcode)
        .with("data_hex", hex(&notification.data))
        .with("meaning", notification.to_string())
        .with_some("text", notification.text())
}

fn describe_refresh(object: Object, refresh: RouteRefresh) -> Object {
    let kind = match refresh.kind {
        RefreshKind::Request => json!("request"),
        RefreshKind::Begin => json!("begin"),
        RefreshKind::End => json!("end"),
        RefreshKind::Other(subtype) => json!(subtype),
    };
    object
        .with("family", refresh.family.to_string())
        .with("kind", kind)
}

/// An UPDATE: what counts of its routes, and its attributes as they stand in the message.
fn describe_update(object: Object, update: &UpdateView<'_>) -> Object {
    let text = |nlri: Nlri| Tree::from(nlri.to_string());
    let announced = |field: Announced<'_>| {
        Object::default()
            .with("family", field.family().to_string())
            .with("next_hop", field.next_hop.to_string())
            .with_some(
                "link_local",
                field.next_hop.link_local.map(|address| address.to_string()),
            )
            .with("prefixes", field.nlri.map(text).collect::<Tree>())
    };
    let skipped: Vec<String> = update.skipped().map(|family| family.to_string()).collect();
    let skipped = (!skipped.is_empty()).then_some(skipped);
    let attributes = update.raw_attributes();
    let attributes: Tree = attributes
        .map(|raw| describe_attribute(update, &raw))
        .collect();
    object
        .with_some(
            "end_of_rib",
            update.end_of_rib().map(|family| family.to_string()),
        )
        .with_some("skipped_families", skipped)
        .with("withdrawn", update.withdrawn().map(text).collect::<Tree>())
        .with(
            "announced",
            update.announced().map(announced).collect::<Tree>(),
        )
        .with("attributes", attributes)
}

/// An attribute: its place, and its value if it counts, else its octets.
fn describe_attribute<'a>(update: &UpdateView<'a>, raw: &RawAttribute<'a>) -> Object {
    let object = Object::default()
        .with("code", raw.code)
        .with_some("name", attribute_code::name(raw.code))
        .with("offset", raw.offset)
        .with("flags", format!("{:02x}", raw.flags));
    match update.interpret(raw).as_ref().and_then(value) {
        Some(value) => object.with("value", value),
        None => object.with("value_hex", hex(raw.value)),
    }
}

/// The value of an attribute in words; none where only its octets are known.
fn value(attribute: &Attribute<'_>) -> Option<Value> {
    Some(match attribute {
        Attribute::Origin(origin) => json!(origin),
        Attribute::AsPath(path) | Attribute::As4Path(path) => json!(path.to_string()),
        Attribute::NextHop(address) => json!(address),
        Attribute::Med(number) | Attribute::LocalPref(number) => json!(number),
        Attribute::AtomicAggregate => json!(true),
        Attribute::Aggregator(one) | Attribute::As4Aggregator(one) => json!(one),
        Attribute::Communities(list) => json!(list.collect::<Vec<_>>()),
        Attribute::OriginatorId(id) => json!(id),
        Attribute::ClusterList(list) => json!(list.collect::<Vec<RouterId>>()),
        Attribute::ExtendedCommunities(list) => json!(list.collect::<Vec<_>>()),
        Attribute::Ipv6ExtendedCommunities(list) => json!(list.collect::<Vec<_>>()),
        Attribute::Aigp(metric) => json!(metric),
        Attribute::LargeCommunities(list) => json!(list.collect::<Vec<_>>()),
        Attribute::OnlyToCustomer(asn) => json!(asn),
        _ => return None,
    })
}
