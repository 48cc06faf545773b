//! The layout of the file: its keys, and its JSON schema.
//!
//! A struct's serde name is what messages call such an object; its schema name is its Rust name.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::OnceLock;

use routehub::{Estate, Event, TableKind};
use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use serde_json::{Map, Value, json};

use super::dynamic::{self, DynamicForm};
use super::expectation::{
    EXPLAINS_KEYS, FINDING_KEYS, TRACES_KEYS, peer_keys, route_columns, route_tables,
};
use super::live::Live;
use super::live_peer::LivePeer;
use super::profile::ProfileSchema;
use super::promise::PromiseForm;
use crate::expect::{
    AbsentFinding, ExpectedExplanation, ExpectedFinding, ExpectedSession, ExpectedTrace, Note,
    RowPattern,
};

/// A network: what it consists of, what happens to it, and what should then be seen.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "NetworkFile")]
#[allow(
    dead_code,
    reason = "the reader goes key by key; this is the schema's view"
)]
struct File {
    /// The version of this format.
    schema: SchemaVersion,
    /// What the network is about.
    title: String,
    /// Where the facts come from.
    #[schemars(default)]
    source: BTreeMap<String, AnyText>,
    /// Remarks.
    #[schemars(default)]
    notes: Vec<AnyText>,
    /// The behaviour: `azure-2026` if left out.
    #[schemars(default)]
    profile: Option<ProfileSchema>,
    #[schemars(flatten)]
    estate: Estate,
    /// What happens, in order; the network settles after each.
    #[schemars(default)]
    events: Vec<Event>,
    /// What should be seen, at the start and after events.
    #[schemars(default)]
    expect: Vec<ExpectationSchema>,
    /// What is to hold, whatever fails.
    #[schemars(default)]
    always: Vec<PromiseForm>,
    /// What is to hold unless something has failed: anything, or what an entry names.
    #[schemars(default)]
    unless_failed: Vec<PromiseForm>,
    /// Where the live server listens.
    #[schemars(default)]
    listen: Option<Live>,
}

/// The keys of the file.
pub(crate) const KEYS: &[&str] = &[
    "schema",
    "title",
    "source",
    "notes",
    "profile",
    "vnets",
    "peerings",
    "route_servers",
    "nvas",
    "gateways",
    "circuits",
    "sites",
    "route_tables",
    "nics",
    "private_endpoints",
    "load_balancers",
    "route_maps",
    "events",
    "expect",
    "always",
    "unless_failed",
    "listen",
];

/// The version of the format.
#[derive(Deserialize, JsonSchema)]
pub(crate) enum SchemaVersion {
    /// The first.
    #[serde(rename = "routehub/1")]
    One,
}

/// A text, number or switch, taken as it is written.
#[derive(Clone, JsonSchema)]
#[schemars(inline, transform = any_scalar)]
pub(crate) struct AnyText(pub(crate) String);

fn any_scalar(schema: &mut schemars::Schema) {
    *schema = schemars::json_schema!({"type": ["string", "number", "boolean"]});
}

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl Visitor<'_> for Written {
            type Value = AnyText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<AnyText, E> {
                Ok(AnyText(text.to_owned()))
            }
        }

        deserializer.deserialize_any(Written)
    }
}

/// The keys of the file whose objects have a key of this name.
pub(super) fn keys_with(key: &str) -> Vec<String> {
    static BY_KEY: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    let by_key = BY_KEY.get_or_init(|| keys_by_key(&json_schema()).unwrap_or_default());
    by_key.get(key).cloned().unwrap_or_default()
}

fn keys_by_key(schema: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let schema: Value = serde_json::from_str(schema).ok()?;
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, list) in schema["properties"].as_object()? {
        let place = list["items"]["$ref"].as_str();
        let place = place.and_then(|place| place.strip_prefix('#'));
        let object = place.and_then(|place| schema.pointer(place));
        let keys = object.and_then(|object| object["properties"].as_object());
        for key in keys.into_iter().flat_map(Map::keys) {
            by_key
                .entry(key.clone())
                .or_default()
                .push(format!("`{name}`"));
        }
    }
    Some(by_key)
}

/// Where editors find the JSON schema of a network file.
pub const SCHEMA_URL: &str = concat!(
    env!("CARGO_PKG_REPOSITORY"),
    "/raw/main/crates/scenario/schema/routehub-1.schema.json"
);

/// The JSON schema of a network file, as text.
///
/// It tells an editor what may stand where; what depends on other parts of the file, such as
/// references, only [`Scenario::parse`](crate::Scenario::parse) knows.
pub fn json_schema() -> String {
    let mut generator = SchemaSettings::default().into_generator();
    let live = LivePeer::json_schema(&mut generator);
    let servers = LiveRouteServer::json_schema(&mut generator);
    let mut schema = generator.into_root_schema_for::<File>();
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.push(json!("vnets"));
    }
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        for name in ["Nva", "Site", "OnPremises"] {
            add_live_keys(defs, name, &live, LivePeer::KEYS);
        }
        add_live_keys(defs, "RouteServer", &servers, &[dynamic::KEY]);
        add_live_keys(defs, "DynamicNeighbors", &live, LivePeer::SESSION_KEYS);
        let set = fields_of_objects(defs);
        if let Some(event) = defs.get_mut("Event") {
            as_mapping_with_id(event, &set);
        }
    }
    RecursiveTransform(addresses).transform(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// What a live server does for a Route Server.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "this is the schema's view")]
struct LiveRouteServer {
    /// From where routers are taken as peers that are not described; profile `open`.
    #[schemars(default)]
    dynamic_neighbors: Vec<DynamicForm>,
}

/// Keys of a real router stand among those of the model.
fn add_live_keys(defs: &mut Map<String, Value>, name: &str, live: &Schema, keys: &[&str]) {
    let properties = defs.get_mut(name).and_then(|def| def.get_mut("properties"));
    if let (Some(Value::Object(properties)), Some(Value::Object(added))) =
        (properties, live.get("properties"))
    {
        let added = added.iter().filter(|(key, _)| keys.contains(&key.as_str()));
        properties.extend(added.map(|(key, value)| (key.clone(), value.clone())));
    }
}

/// An event changes an object by its name and those of its fields that change.
fn fields_of_objects(defs: &Map<String, Value>) -> Value {
    let variants = |name: &str| -> Vec<(String, Value)> {
        let variants = defs.get(name).and_then(|def| def["oneOf"].as_array());
        let variants = variants.into_iter().flatten();
        let properties = variants.filter_map(|variant| variant["properties"].as_object());
        properties.flat_map(Map::clone).collect()
    };
    let objects = variants("Object");
    let kinds = variants("ObjectName").into_iter().map(|(kind, name)| {
        let object = objects.iter().find(|(of, _)| *of == kind);
        let definition = object.and_then(|(_, object)| object["$ref"].as_str());
        let definition = definition.and_then(|path| defs.get(path.rsplit('/').next()?));
        let fields = definition.and_then(|def| def["properties"].as_object().cloned());
        let fields = fields.into_iter().flatten();
        let fields =
            fields.filter(|(key, _)| !["name", "a", "b", "hub", "spoke"].contains(&&**key));
        // Of a mapping some keys may be given: what it lacks stays.
        let fields = fields.map(|(key, _)| (key, json!({})));
        let properties: Map<String, Value> = fields.chain([(kind.clone(), name)]).collect();
        json!({
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "required": [kind],
        })
    });
    json!({"anyOf": kinds.collect::<Vec<_>>()})
}

/// An event is a mapping of an id and one of its variants.
fn as_mapping_with_id(event: &mut Value, set: &Value) {
    let mut properties = Map::new();
    properties.insert(
        "id".to_owned(),
        json!({"description": "Its name.", "type": "string"}),
    );
    let variants = event.get_mut("oneOf").and_then(Value::as_array_mut);
    for variant in variants.into_iter().flatten() {
        let description = variant["description"].take();
        if let Value::Object(action) = variant["properties"].take() {
            for (key, value) in action {
                let value = if key == "set" { set.clone() } else { value };
                let either =
                    json!({"description": description, "anyOf": [value, {"type": "null"}]});
                properties.insert(key, either);
            }
        }
    }
    *event = json!({
        "description": "Something that happens: an id and one action.",
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "minProperties": 2,
        "maxProperties": 2,
        "required": ["id"],
    });
}

/// Addresses are told by what they may consist of, as prefixes are.
fn addresses(schema: &mut Schema) {
    if schema.get("format").and_then(Value::as_str) == Some("ip") {
        schema.remove("format");
        schema.insert("pattern".to_owned(), json!("^[0-9A-Fa-f.:]+$"));
    }
}

/// What should be seen at one time, as the JSON schema has it.
pub(crate) struct ExpectationSchema;

impl JsonSchema for ExpectationSchema {
    fn schema_name() -> Cow<'static, str> {
        "Expectation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let at = json!({"type": "string", "description": "`initial`, or an event's id."});
        let mut properties = Map::from_iter([("at".to_owned(), at)]);
        for kind in TableKind::ALL {
            let shape = kind.shape();
            let mut table = rows_of(*kind, generator);
            for _ in 0..1 + usize::from(shape.peer.is_some()) {
                table = json!({"type": "object", "additionalProperties": table});
            }
            table["description"] = json!(shape.about);
            properties.insert(shape.key.to_owned(), table);
        }
        properties.insert("findings".to_owned(), findings(generator));
        let explanation = row::<ExpectedExplanation>(generator, EXPLAINS_KEYS);
        let explains = json!({
            "type": "array",
            "items": explanation,
            "description": "What explanations should say.",
        });
        properties.insert("explains".to_owned(), explains);
        let trace = row::<ExpectedTrace>(generator, TRACES_KEYS);
        let traces = json!({
            "type": "array",
            "items": trace,
            "description": "Which ways packets should take.",
        });
        properties.insert("traces".to_owned(), traces);
        let absent = json!({
            "type": "array",
            "items": {"anyOf": [absent_row(generator), absent_finding(generator)]},
            "description": "Rows and findings that must not exist.",
        });
        properties.insert("absent".to_owned(), absent);
        json_schema!({
            "description": "What should be seen at one time.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
            "required": ["at"],
        })
    }
}

/// A row with these columns, and with the keys that any row may have.
fn row<T: JsonSchema>(generator: &mut SchemaGenerator, columns: &[&str]) -> Value {
    let mut row = T::json_schema(generator).to_value();
    let mut note = Note::json_schema(generator).to_value();
    if let (Value::Object(own), Value::Object(any)) =
        (&mut row["properties"], &mut note["properties"])
    {
        own.retain(|key, _| columns.contains(&key.as_str()));
        own.append(any);
    }
    row["additionalProperties"] = json!(false);
    row
}

/// The rows of a table, some or all.
fn rows_of(kind: TableKind, generator: &mut SchemaGenerator) -> Value {
    let shape = kind.shape();
    let row = match kind {
        TableKind::Sessions => row::<ExpectedSession>(generator, shape.columns),
        _ => row::<RowPattern>(generator, &[&["prefix"], shape.columns].concat()),
    };
    let name = format!("{}_row", shape.key);
    let row_ref = json!({"$ref": format!("#/$defs/{name}")});
    generator.definitions_mut().insert(name, row);
    let rows = json!({"type": "array", "items": row_ref});
    if kind == TableKind::Sessions {
        return rows;
    }
    json!({"anyOf": [
        rows,
        {
            "type": "object",
            "properties": {
                "complete": {"type": "boolean", "description": "Whether there are no others."},
                "rows": {"type": ["array", "null"], "items": row_ref, "description": "The rows."},
            },
            "additionalProperties": false,
            "required": ["complete"],
        },
    ]})
}

/// Findings: some or all, and which are not there.
fn findings(generator: &mut SchemaGenerator) -> Value {
    let finding = row::<ExpectedFinding>(generator, FINDING_KEYS);
    let absent = row::<AbsentFinding>(generator, FINDING_KEYS);
    let rows = json!({"type": "array", "items": finding});
    json!({
        "description": "Findings.",
        "anyOf": [
            rows,
            {
                "type": "object",
                "properties": {
                    "complete": {"type": "boolean", "description": "Whether there are no others."},
                    "rows": {"type": ["array", "null"], "items": finding, "description": "The findings."},
                    "absent": {
                        "type": ["array", "null"],
                        "items": absent,
                        "description": "Findings that must not be there.",
                    },
                },
                "additionalProperties": false,
            },
        ],
    })
}

/// A finding that must not be there, as a row of `absent`.
fn absent_finding(generator: &mut SchemaGenerator) -> Value {
    let mut by_rule = row::<AbsentFinding>(generator, FINDING_KEYS);
    by_rule["required"] = json!(["rule"]);
    let mut by_subject = row::<AbsentFinding>(generator, &["rule", "severity"]);
    by_subject["properties"]["findings"] =
        json!({"type": "string", "description": "The object to change."});
    by_subject["required"] = json!(["findings"]);
    json!({"anyOf": [by_rule, by_subject]})
}

/// A table by its names, and what no row of it may fit.
fn absent_row(generator: &mut SchemaGenerator) -> Value {
    let columns = [&["prefix"], route_columns().as_slice()].concat();
    let mut row = row::<RowPattern>(generator, &columns);
    let mut name = |key: &str, about: &str| {
        row["properties"][key] = json!({"type": ["string", "null"], "description": about});
    };
    let mut tables = Vec::new();
    for kind in route_tables() {
        let shape = kind.shape();
        let keys = std::iter::once(shape.key).chain(shape.peer.map(|peer| peer.key));
        tables.push(json!({"required": keys.collect::<Vec<_>>()}));
        name(shape.key, shape.about);
    }
    for key in peer_keys() {
        name(key, "The second name of a table.");
    }
    row["oneOf"] = json!(tables);
    row
}
