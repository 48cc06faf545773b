//! The JSON schema of `expect`, by kinds of tables.

use std::borrow::Cow;

use routehub::TableKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::expectation::{peer_keys, route_tables};
use super::rows::{COLUMNS, FindingRow, RowFields, SessionRow};

/// What should be seen at one time, as the JSON schema has it.
pub(crate) struct ExpectationSchema;

impl JsonSchema for ExpectationSchema {
    fn schema_name() -> Cow<'static, str> {
        "Expectation".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        let at = "`initial`, or an event's id.";
        properties.insert(
            "at".to_owned(),
            json!({"type": "string", "description": at}),
        );
        for kind in TableKind::ALL {
            let shape = kind.shape();
            let mut table = match kind {
                TableKind::Sessions => {
                    json!({"type": "array", "items": generator.subschema_for::<SessionRow>()})
                }
                kind => rows_of(*kind, generator),
            };
            for _ in 0..1 + usize::from(shape.peer.is_some()) {
                table = json!({"type": "object", "additionalProperties": table});
            }
            table["description"] = json!(shape.about);
            properties.insert(shape.key.to_owned(), table);
        }
        let findings = generator.subschema_for::<FindingRow>();
        let findings = json!({"type": "array", "items": findings, "description": "Findings."});
        properties.insert("findings".to_owned(), findings);
        let absent = json!({
            "type": "array",
            "items": absent_row(generator),
            "description": "Rows that must not exist.",
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

/// The properties of a row with these columns.
fn row_properties(generator: &mut SchemaGenerator, columns: &[&str]) -> Map<String, Value> {
    let row = RowFields::json_schema(generator);
    let properties = row.get("properties").and_then(Value::as_object).cloned();
    let mut properties = properties.unwrap_or_default();
    properties.retain(|key, _| !COLUMNS.contains(&key.as_str()) || columns.contains(&key.as_str()));
    properties
}

/// The rows of a table, some or all.
fn rows_of(kind: TableKind, generator: &mut SchemaGenerator) -> Value {
    let shape = kind.shape();
    let row = json!({
        "type": "object",
        "properties": row_properties(generator, shape.columns),
        "additionalProperties": false,
        "required": ["prefix"],
    });
    let name = format!("{}_row", shape.key);
    let row_ref = json!({"$ref": format!("#/$defs/{name}")});
    generator.definitions_mut().insert(name, row);
    json!({"anyOf": [
        {"type": "array", "items": row_ref},
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

/// A table by its names, and what no row of it may fit.
fn absent_row(generator: &mut SchemaGenerator) -> Value {
    let mut properties = row_properties(generator, COLUMNS);
    let mut tables = Vec::new();
    for kind in route_tables() {
        let shape = kind.shape();
        let keys = std::iter::once(shape.key).chain(shape.peer.map(|peer| peer.key));
        tables.push(json!({"required": keys.collect::<Vec<_>>()}));
        let name = json!({"type": ["string", "null"], "description": shape.about});
        properties.insert(shape.key.to_owned(), name);
    }
    for key in peer_keys() {
        let about = "The second name of a table.";
        let name = json!({"type": ["string", "null"], "description": about});
        properties.insert(key.to_owned(), name);
    }
    json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
        "oneOf": tables,
        "required": ["prefix"],
    })
}
