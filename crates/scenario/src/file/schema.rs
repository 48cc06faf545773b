//! The JSON schema of the file.

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::layout::File;
use super::live::LivePeer;

/// The JSON schema of a network file, as text.
///
/// It tells an editor what may stand where; what depends on other parts of the file, such as
/// references, only [`Scenario::parse`](crate::Scenario::parse) knows.
pub fn json_schema() -> String {
    let mut generator = SchemaSettings::default().into_generator();
    let live = LivePeer::json_schema(&mut generator);
    let mut schema = generator.into_root_schema_for::<File>();
    require(&mut schema, "vnets");
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        for name in ["Nva", "Site", "OnPremises"] {
            add_live_keys(defs, name, &live);
        }
        defs.entry("Event").and_modify(as_mapping_with_id);
    }
    RecursiveTransform(addresses).transform(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

fn require(schema: &mut Schema, key: &str) {
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.push(json!(key));
    }
}

/// Keys of a real router stand among those of the model.
fn add_live_keys(defs: &mut Map<String, Value>, name: &str, live: &Schema) {
    let properties = defs.get_mut(name).and_then(|def| def.get_mut("properties"));
    if let (Some(Value::Object(properties)), Some(Value::Object(added))) =
        (properties, live.get("properties"))
    {
        properties.extend(added.clone());
    }
}

/// An event is a mapping of an id and one of its variants.
fn as_mapping_with_id(event: &mut Value) {
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
