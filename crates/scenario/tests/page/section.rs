//! The sections of the page: the file itself, then every object in the order in which it is met.

use std::fmt::Write as _;

use routehub_scenario::{SCHEMA_URL, json_schema};
use serde_json::{Map, Value, json};

use crate::examples;
use crate::keys::{kind, plain, reference, said, values};

/// An object with its keys.
pub(crate) struct Section {
    pub(crate) name: String,
    schema: Value,
    defs: Value,
}

/// Every section: the file itself, then each object behind the first that has it.
pub(crate) fn sections() -> Vec<Section> {
    let schema: Value = serde_json::from_str(&json_schema()).expect("JSON");
    let defs = schema["$defs"].clone();
    let mut sections = Vec::new();
    enter(&mut sections, "The file", &schema, &defs);
    sections
}

fn enter(sections: &mut Vec<Section>, name: &str, schema: &Value, defs: &Value) {
    // Two definitions that differ in the case of their names are one object.
    let same = |section: &Section| section.name.eq_ignore_ascii_case(name);
    if sections.iter().any(same) {
        return;
    }
    let section = Section {
        name: name.to_owned(),
        schema: schema.clone(),
        defs: defs.clone(),
    };
    let objects = section.objects();
    sections.push(section);
    for (name, schema) in objects {
        enter(sections, &name, &schema, defs);
    }
}

/// The page.
pub(crate) fn page(text: &str) -> String {
    let shown = examples::of(text);
    let mut page = INTRODUCTION.replace("SCHEMA_URL", SCHEMA_URL);
    for section in sections() {
        section.write(&mut page, shown.get(&section.name));
    }
    page
}

const INTRODUCTION: &str = "# The network file

Every key of a network file, made from its JSON schema (`crates/scenario/schema/routehub-1.schema.json`).
An editor that knows YAML checks and completes a file that begins with

```yaml
# yaml-language-server: $schema=SCHEMA_URL
```

A file is YAML or JSON. Keys are written as here; a key that is not known is an error that names the
nearest one. Objects name each other; a name stands once in each list, and Route Servers, NVAs, gateways,
circuits and sites share their names. A *prefix* is written like `10.0.0.0/16`, without host bits; an
*address* like `10.0.0.4`; a *number* is an ASN or a count, and has no unit unless its sentence names
one. **Bold** keys are required; of alternatives it is said which. Rules (R-nnn) are on
[their page](rules.md). The examples are parts of one network that a test runs.
";

impl Section {
    /// Its keys with what the schema says of each, those that are required first.
    fn keys(&self) -> Vec<(String, Value)> {
        let mut keys: Vec<(String, Value)> = properties(&self.schema).into_iter().collect();
        let order = routehub_order(&self.name);
        keys.sort_by_key(|(key, _)| {
            let place = order.iter().position(|known| known == key);
            (place.unwrap_or(usize::MAX), !self.is_required(key))
        });
        keys
    }

    fn is_required(&self, key: &str) -> bool {
        let required = self.schema["required"].as_array();
        required.is_some_and(|required| required.iter().any(|name| name == key))
    }

    /// The objects that its keys lead to.
    fn objects(&self) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for (key, schema) in self.keys() {
            // An action of an event is an object of its own.
            if self.name == "Event" && key != "set" {
                let inline = schema["anyOf"].as_array().into_iter().flatten();
                for choice in inline.filter(|choice| choice["properties"].is_object()) {
                    let mut object = choice.clone();
                    object["description"] = schema["description"].clone();
                    found.push((format!("Event: {key}"), object));
                }
            }
            if let Some(row) = self.row(&schema) {
                found.push((format!("Expectation: {key}"), row));
            }
            references(&schema, &self.defs, &mut found);
        }
        found
    }

    /// The rows that a key of an expectation has, where they are no definition of their own.
    fn row(&self, schema: &Value) -> Option<Value> {
        let mut keys = Map::new();
        if self.name == "Expectation" {
            inline_rows(schema, &mut keys);
        }
        (!keys.is_empty()).then(|| json!({"description": said(schema), "properties": keys}))
    }

    /// Keys that do not stand in a text, `Section.key`; those of a profile are told by
    /// `--example profiles`.
    pub(crate) fn unseen(&self, text: &str) -> Vec<String> {
        if self.name == "Profile" {
            return Vec::new();
        }
        let stands = |key: &str| text.contains(&format!("{key}:"));
        let keys = self.keys().into_iter().filter(|(key, _)| !stands(key));
        keys.map(|(key, _)| format!("{}.{key}", self.name))
            .collect()
    }

    fn write(&self, page: &mut String, example: Option<&String>) {
        let _ = write!(page, "\n## {}\n\n{}\n\n", self.name, said(&self.schema));
        if let Some(choices) = self.schema["oneOf"].as_array() {
            let sets = choices
                .iter()
                .filter_map(|choice| choice["required"].as_array());
            let sets = sets.map(|keys| {
                let keys = keys.iter().map(|key| format!("`{}`", plain(key)));
                keys.collect::<Vec<_>>().join(" and ")
            });
            let sets: Vec<String> = sets.collect();
            if sets.len() > 1 {
                let _ = write!(page, "Exactly one of: {}.\n\n", sets.join("; "));
            }
        }
        page.push_str(
            "| key | what it says | what may stand there | if left out |\n|---|---|---|---|\n",
        );
        for (key, schema) in self.keys() {
            let required = self.is_required(&key);
            let name = if required {
                format!("**`{key}`**")
            } else {
                format!("`{key}`")
            };
            let mut what = said(&schema);
            for (value, meaning) in values(&schema, &self.defs) {
                let _ = write!(
                    what,
                    " `{value}`: {}",
                    meaning.replace("`all`.", "Every session.")
                );
            }
            let kind = match key.as_str() {
                "set" if self.name == "Event" => {
                    "mapping: a kind of object with its name, and the \
                                                  keys that change"
                        .to_owned()
                }
                _ if self.name == "Event" && is_inline(&schema) => {
                    crate::keys::link(&format!("Event: {key}"))
                }
                "findings" if self.name == "Expectation" => format!(
                    "list: {}, or mapping of `complete`, `rows`, `absent`",
                    crate::keys::link("Expectation: findings")
                ),
                _ if self.row(&schema).is_some() => {
                    format!(
                        "list: {}",
                        crate::keys::link(&format!("Expectation: {key}"))
                    )
                }
                _ => kind(&schema, &self.defs),
            };
            let default = match &schema["default"] {
                _ if required => "required".to_owned(),
                Value::Null => "-".to_owned(),
                Value::Array(list) if list.is_empty() => "none".to_owned(),
                Value::Object(map) if map.is_empty() => "none".to_owned(),
                Value::Object(_) => "as if empty".to_owned(),
                value => format!("`{}`", plain(value)),
            };
            let _ = writeln!(page, "| {name} | {} | {kind} | {default} |", what.trim());
        }
        if let Some(example) = example {
            let _ = write!(page, "\n```yaml\n{example}\n```\n");
        }
    }
}

/// The keys of all rows inside a schema that are no definitions of their own.
fn inline_rows(schema: &Value, keys: &mut Map<String, Value>) {
    let own = schema["properties"].as_object();
    let own = own.filter(|own| !own.contains_key("complete"));
    for (key, value) in own.into_iter().flatten() {
        keys.entry(key.clone()).or_insert_with(|| value.clone());
    }
    if own.is_none() {
        let choices = schema["anyOf"].as_array().into_iter().flatten();
        let inner = choices.chain(schema.get("items"));
        inner.for_each(|inner| inline_rows(inner, keys));
    }
}

/// Whether a key of an event has its object there and then.
fn is_inline(schema: &Value) -> bool {
    let choices = schema["anyOf"].as_array().into_iter().flatten();
    choices
        .into_iter()
        .any(|choice| choice["properties"].is_object())
}

/// The keys of an object; of one of several kinds the key of each kind.
fn properties(schema: &Value) -> Map<String, Value> {
    if let Some(properties) = schema["properties"].as_object() {
        return properties.clone();
    }
    let mut all = Map::new();
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    for choice in choices.into_iter().flatten() {
        for (key, value) in choice["properties"].as_object().into_iter().flatten() {
            let mut value = value.clone();
            if schema["oneOf"].is_array() {
                value["description"] = choice["description"].clone();
            }
            all.insert(key.clone(), value);
        }
    }
    all
}

/// The definitions of objects that a schema leads to.
fn references(schema: &Value, defs: &Value, found: &mut Vec<(String, Value)>) {
    match schema {
        Value::Object(map) => {
            if let Some(name) = reference(schema) {
                let definition = &defs[name.as_str()];
                if properties(definition).is_empty() {
                    references(definition, defs, found);
                } else {
                    found.push((name, definition.clone()));
                }
                return;
            }
            let inner = map.iter().filter(|(key, _)| *key != "$defs");
            inner.for_each(|(_, value)| references(value, defs, found));
        }
        Value::Array(list) => list.iter().for_each(|value| references(value, defs, found)),
        _ => {}
    }
}

/// The order of keys where it is not that of the alphabet.
fn routehub_order(name: &str) -> &'static [&'static str] {
    match name {
        "The file" => &[
            "schema",
            "title",
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
        ],
        "Event" => &["id"],
        "Expectation" => &["at"],
        _ => &["name", "hub", "spoke", "a", "b", "vnet"],
    }
}
