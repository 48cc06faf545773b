//! A network as the text of a network file, as a person would write it: a key that says nothing is
//! left out, and what has a short form has that.

use std::fmt::Write as _;

use routehub::estate::Object;
use routehub::{EffectiveRow, Estate};
use serde_json::{Map, Value as Json};

use super::objects::node;
use super::schema::SCHEMA_URL;
use crate::syntax::text::{Span, Text};
use crate::syntax::value_deserializer::Context;
use crate::tables::cells::Fields;

/// The longest line that an object or a list stands in alone.
const WIDTH: usize = 110;

/// The keys that come first, in this order; others follow by the alphabet.
const FIRST: &[&str] = &[
    "name",
    "hub",
    "spoke",
    "a",
    "b",
    "vnet",
    "subnet",
    "prefix",
    "region",
    "ip",
    "type",
    "asn",
    "address_space",
    "subnets",
    "sessions",
    "circuit",
    "site",
    "gateway",
    "bgp_ips",
    "to",
    "instance",
    "prefixes",
    "as_path",
    "next_hop_type",
    "next_hop",
];

/// What a network file says of a network: [`text`](Self::text) writes it.
#[derive(Clone, Copy, Debug)]
pub struct NetworkText<'a> {
    /// What it is about.
    pub title: &'a str,
    /// The name of the profile.
    pub profile: &'a str,
    /// Remarks, which become comments at the top.
    pub comments: &'a [String],
    /// The network.
    pub estate: &'a Estate,
    /// The effective routes that NICs should have before the first event, by NIC.
    pub effective: &'a [(String, Vec<EffectiveRow>)],
}

impl NetworkText<'_> {
    /// The text. What is read from it is the same network.
    pub fn text(&self) -> String {
        let mut text = format!("# yaml-language-server: $schema={SCHEMA_URL}\n");
        for comment in self.comments {
            for line in comment.lines() {
                _ = writeln!(text, "# {line}");
            }
        }
        _ = writeln!(text, "schema: routehub/1");
        _ = writeln!(text, "title: {}", scalar(&Json::from(self.title)));
        if !self.profile.is_empty() {
            _ = writeln!(text, "profile: {}", self.profile);
        }
        for (key, objects) in lists(self.estate) {
            match (key, objects.is_empty()) {
                // Without it a text is no network file.
                ("vnets", true) => text.push_str("vnets: []\n"),
                (_, true) => {}
                (_, false) => _ = writeln!(text, "{key}:"),
            }
            for object in &objects {
                item(&written(object), 2, &mut text);
            }
        }
        if !self.effective.is_empty() {
            text.push_str("expect:\n  - at: initial\n    nic_effective:\n");
        }
        for (nic, rows) in self.effective {
            let name = scalar(&Json::from(nic.as_str()));
            _ = writeln!(text, "      {name}:\n        complete: true\n        rows:");
            for row in rows.iter().flat_map(Fields::effective_each) {
                let mut row = serde_json::to_value(row).unwrap_or_default();
                if let Some(row) = row.as_object_mut() {
                    row.retain(|_, value| value.as_array().is_none_or(|list| !list.is_empty()));
                }
                item(&row, 10, &mut text);
            }
        }
        text
    }
}

/// The objects of an estate by the keys of their lists.
fn lists(estate: &Estate) -> Vec<(&'static str, Vec<Object>)> {
    fn all<T: Clone>(list: &[T], object: fn(T) -> Object) -> Vec<Object> {
        list.iter().cloned().map(object).collect()
    }
    // Every list is named, so that a new one is not forgotten.
    let Estate {
        vnets,
        peerings,
        route_servers,
        nvas,
        load_balancers,
        gateways,
        circuits,
        sites,
        route_maps,
        route_tables,
        nics,
        private_endpoints,
        session_options: _, // of live sessions, whose keys are not the estate's
    } = estate;
    vec![
        ("vnets", all(vnets, Object::Vnet)),
        ("peerings", all(peerings, Object::Peering)),
        ("route_servers", all(route_servers, Object::RouteServer)),
        ("nvas", all(nvas, Object::Nva)),
        ("load_balancers", all(load_balancers, Object::LoadBalancer)),
        ("gateways", all(gateways, Object::Gateway)),
        ("circuits", all(circuits, Object::Circuit)),
        ("sites", all(sites, Object::Site)),
        ("route_maps", all(route_maps, Object::RouteMap)),
        ("route_tables", all(route_tables, Object::RouteTable)),
        ("nics", all(nics, Object::Nic)),
        (
            "private_endpoints",
            all(private_endpoints, Object::PrivateEndpoint),
        ),
    ]
}

/// An object with as few words as it can be read from.
fn written(object: &Object) -> Json {
    let whole = serde_json::to_value(object).unwrap_or_default();
    let Some((kind, whole)) = whole.as_object().and_then(|whole| whole.iter().next()) else {
        return Json::Null;
    };
    let reads = |value: &Json| {
        let entry = Map::from_iter([(kind.clone(), value.clone())]);
        read(&Json::Object(entry)).as_ref() == Some(object)
    };
    let mut shortest = whole.clone();
    if let Object::Peering(peering) = object {
        let short = serde_json::json!({
            "hub": peering.a, "spoke": peering.b, "global": peering.global,
            "subnets": whole.get("subnets"),
        });
        if reads(&short) {
            shortest = short;
        }
    }
    shorten(&shortest.clone(), &mut shortest, &mut Vec::new(), &reads);
    shortest
}

/// Reads an object as a network file has it.
fn read(value: &Json) -> Option<Object> {
    let text = Text::new("");
    let context = Context {
        text: &text,
        ipv6: true,
        keys_beside: |_| &[],
    };
    context.read(&node(value.clone(), Span::default())).ok()
}

/// A step of the way to a value.
#[derive(Clone)]
enum Step {
    Key(String),
    Item(usize),
}

/// Leaves out each key that makes no difference, and puts the value of an only key in the place of
/// its mapping where that reads the same.
fn shorten(value: &Json, whole: &mut Json, way: &mut Vec<Step>, reads: &dyn Fn(&Json) -> bool) {
    match value {
        Json::Object(map) => {
            for (key, inner) in map {
                let mut without = whole.clone();
                if let Some(Json::Object(map)) = at(&mut without, way) {
                    map.remove(key);
                }
                if reads(&without) {
                    *whole = without;
                    continue;
                }
                way.push(Step::Key(key.clone()));
                shorten(inner, whole, way, reads);
                way.pop();
            }
            let only = match at(whole, way) {
                Some(Json::Object(map)) if map.len() == 1 => map.values().next().cloned(),
                _ => None,
            };
            if let Some(only) = only {
                let mut short = whole.clone();
                if let Some(value) = at(&mut short, way) {
                    *value = only;
                }
                if reads(&short) {
                    *whole = short;
                }
            }
        }
        // Values of a list of many numbers or texts are what they are.
        Json::Array(items) => {
            for (n, inner) in items
                .iter()
                .enumerate()
                .filter(|(_, inner)| inner.is_object())
            {
                way.push(Step::Item(n));
                shorten(inner, whole, way, reads);
                way.pop();
            }
        }
        _ => {}
    }
}

fn at<'a>(value: &'a mut Json, way: &[Step]) -> Option<&'a mut Json> {
    way.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Item(n) => value.get_mut(n),
    })
}

/// An item of a list: on a line of its own, or key by key.
fn item(value: &Json, indent: usize, text: &mut String) {
    let line = flow(value);
    match value {
        Json::Object(map) if indent + line.len() > WIDTH => {
            for (n, (key, value)) in in_order(map).into_iter().enumerate() {
                let dash = if n == 0 { "- " } else { "  " };
                _ = write!(text, "{:indent$}{dash}{key}:", "");
                field(value, indent + 4, text);
            }
        }
        _ => _ = writeln!(text, "{:indent$}- {line}", ""),
    }
}

/// The value of a key that was written: behind it, or below.
fn field(value: &Json, indent: usize, text: &mut String) {
    let line = flow(value);
    match value {
        Json::Object(map) if indent + line.len() > WIDTH => {
            text.push('\n');
            for (key, value) in in_order(map) {
                _ = write!(text, "{:indent$}{key}:", "");
                field(value, indent + 2, text);
            }
        }
        Json::Array(items)
            if items.iter().any(Json::is_object) && items.len() > 1
                || indent + line.len() > WIDTH && value.is_array() =>
        {
            text.push('\n');
            for value in items {
                item(value, indent, text);
            }
        }
        _ => _ = writeln!(text, " {line}"),
    }
}

/// The entries of a mapping, what says what it is first.
fn in_order(map: &Map<String, Json>) -> Vec<(&String, &Json)> {
    let mut entries: Vec<_> = map.iter().collect();
    let place = |key: &str| FIRST.iter().position(|first| *first == key);
    entries.sort_by_key(|(key, _)| place(key).unwrap_or(FIRST.len()));
    entries
}

/// A value on one line.
fn flow(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let entries = in_order(map).into_iter();
            let entries = entries.map(|(key, value)| format!("{key}: {}", flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        Json::Array(items) => {
            let items = items.iter().map(flow);
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        scalar => self::scalar(scalar),
    }
}

/// A text, number, yes or no: without quotes where nothing else could be meant.
fn scalar(value: &Json) -> String {
    let Json::String(text) = value else {
        return value.to_string();
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./ ()".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic());
    // Prefixes and addresses, also of IPv6, need none.
    let address = text.starts_with(|c: char| c.is_ascii_digit())
        && text.contains('.')
        && text.chars().all(|c| c.is_ascii_digit() || "./".contains(c))
        && text.parse::<f64>().is_err();
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let word = words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if address || begins && !word && text.chars().all(plain) && !text.ends_with(' ') {
        return text.clone();
    }
    value.to_string()
}
