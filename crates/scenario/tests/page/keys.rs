//! What the schema says of a key: what may stand there, in words.

use serde_json::Value;

/// The largest of the numbers that are told as a range.
const ASN: u64 = 4_294_967_295;

/// What may stand in the place of a schema, in words, with links to objects.
pub(crate) fn kind(schema: &Value, defs: &Value) -> String {
    if let Some(name) = reference(schema) {
        return of_definition(&name, defs);
    }
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null());
        return values
            .map(|value| format!("`{}`", plain(value)))
            .collect::<Vec<_>>()
            .join(", ");
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        let choices = choices.iter().filter(|choice| choice["type"] != "null");
        let mut kinds: Vec<String> = choices.map(|choice| kind(choice, defs)).collect();
        kinds.dedup();
        return kinds.join(", or ");
    }
    if let Some(only) = schema["const"].as_str() {
        return format!("`{only}`");
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    let types = types.into_iter().filter(|name| *name != "null");
    let kinds: Vec<String> = types.map(|name| of_type(name, schema, defs)).collect();
    match kinds.as_slice() {
        [] => "anything".to_owned(),
        kinds => kinds.join(" or "),
    }
}

/// The name of the definition that a schema points to.
pub(crate) fn reference(schema: &Value) -> Option<String> {
    let path = schema["$ref"].as_str()?;
    Some(path.rsplit('/').next()?.replace("%20", " "))
}

fn of_definition(name: &str, defs: &Value) -> String {
    let definition = &defs[name];
    if definition["properties"].is_object() {
        return link(name);
    }
    let choices = definition["oneOf"].as_array();
    let is_object = |choice: &Value| choice["properties"].is_object();
    let either = definition["anyOf"].as_array().into_iter().flatten();
    if either.clone().any(is_object) {
        let plain = either.filter(|choice| !is_object(choice));
        let plain = plain.map(|choice| kind(choice, defs));
        let kinds: Vec<String> = plain.chain([link(name)]).collect();
        return kinds.join(", or ");
    }
    match choices {
        Some(choices) if choices.iter().any(is_object) => link(name),
        _ => kind(definition, defs),
    }
}

fn of_type(name: &str, schema: &Value, defs: &Value) -> String {
    match name {
        "string" => match schema["pattern"].as_str() {
            Some(pattern) if pattern.contains("/[0-9]") => "prefix".to_owned(),
            Some(pattern) if pattern.contains("self") => "address or `self`".to_owned(),
            Some(pattern) if pattern.contains("A-F") => "address".to_owned(),
            _ => "text".to_owned(),
        },
        "integer" => match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
            (Some(0), Some(ASN)) | (_, None) => "number".to_owned(),
            (least, Some(most)) => format!("number, {} to {most}", least.unwrap_or(0)),
        },
        "boolean" => "`true` or `false`".to_owned(),
        "array" => format!("list: {}", kind(&schema["items"], defs)),
        "object" => of_mapping(schema, defs),
        other => other.to_owned(),
    }
}

fn of_mapping(schema: &Value, defs: &Value) -> String {
    if let Some(properties) = schema["properties"].as_object() {
        let keys = properties.keys().map(|key| format!("`{key}`"));
        return format!("mapping of {}", keys.collect::<Vec<_>>().join(", "));
    }
    let by_pattern = schema["patternProperties"].as_object();
    if let Some((_, value)) = by_pattern.and_then(|patterns| patterns.iter().next()) {
        return format!("mapping of address to {}", kind(value, defs));
    }
    match &schema["additionalProperties"] {
        Value::Object(_) => {
            let value = kind(&schema["additionalProperties"], defs);
            format!("mapping of name to {value}")
        }
        _ => "mapping".to_owned(),
    }
}

/// What values an enumeration has, with what each means; none if it is none.
pub(crate) fn values(schema: &Value, defs: &Value) -> Vec<(String, String)> {
    let mut schema = schema;
    for _ in 0..4 {
        let Some(name) = reference(schema) else { break };
        schema = &defs[name.as_str()];
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    let mut found = Vec::new();
    for choice in choices.into_iter().flatten() {
        match choice["const"].as_str() {
            Some(value) => found.push((value.to_owned(), said(choice))),
            None if reference(choice).is_some() => found.extend(values(choice, defs)),
            None => {}
        }
    }
    found
}

/// The sentence of a schema, in a line.
pub(crate) fn said(schema: &Value) -> String {
    let said = schema["description"].as_str().unwrap_or_default();
    said.replace('\n', " ").replace('|', "\\|")
}

/// A link to the section of an object.
pub(crate) fn link(name: &str) -> String {
    format!("[{name}](#{})", anchor(name))
}

/// How a page of GitHub calls a heading.
fn anchor(name: &str) -> String {
    let kept = name.to_lowercase().replace(' ', "-");
    kept.chars()
        .filter(|c| c.is_alphanumeric() || "-_".contains(*c))
        .collect()
}

/// A value as the network file has it.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
