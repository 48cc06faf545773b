//! The profile: a name, or a name and switches.

use std::borrow::Cow;

use routehub::profile::{PROFILES, Profile, ProfileError, Values};
use routehub::types::Prefix;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde_json::{Map, json};

use crate::syntax::diagnostic::Fault;
use crate::syntax::node::{Entry, Node, Value};
use crate::syntax::value_deserializer::Context;

/// Reads a profile: its name, or a mapping of `base` and of switches.
pub(crate) fn profile(context: Context<'_>, node: &Node) -> Result<Profile, Fault> {
    let given = match &node.value {
        Value::Map(entries) => Given::read(context, entries)
            .map_err(|fault| fault.in_object(node.object("profile")).within(node.span))?,
        Value::List(_) | Value::Integer(_) => {
            return Err(context.expected(node, "a profile's name, or a mapping"));
        }
        _ => Given {
            base: word(context, node, &PROFILES)?,
            switches: Vec::new(),
        },
    };
    let made = given.profile();
    made.map_err(|error| Fault::new(node.span, error.to_string()))
}

/// What a file says of its profile.
struct Given {
    /// The profile that the rest is taken from.
    base: String,
    /// Switches and their values.
    switches: Vec<(&'static str, String)>,
}

impl Given {
    fn read(context: Context<'_>, entries: &[Entry]) -> Result<Self, Fault> {
        let fields = Profile::default().fields();
        let (mut base, mut switches) = (None, Vec::new());
        for Entry { key, span, value } in entries {
            let field = fields.iter().find(|field| field.name == key);
            let switch = field.and_then(|field| Some((field.name, field.switch?)));
            if key == "base" {
                let name = word(context, value, &PROFILES);
                base = Some(name.map_err(|fault| fault.under("base"))?);
            } else if let Some((switch, values)) = switch {
                let text = text_of(context, value, values);
                let text = text.map_err(|fault| fault.within(value.span).under(switch))?;
                switches.extend(text.map(|text| (switch, text)));
            } else {
                let known = std::iter::once(&"base").chain(Profile::SWITCHES);
                return Err(Fault::unknown_key(*span, key, known.copied().collect()));
            }
        }
        let base = base.ok_or_else(|| Fault::missing_field("base"))?;
        Ok(Self { base, switches })
    }

    fn profile(&self) -> Result<Profile, ProfileError> {
        let mut profile = Profile::named(&self.base)?;
        let mut switches = self.switches.iter();
        switches.try_for_each(|(switch, value)| profile.set(switch, value))?;
        Ok(profile)
    }
}

/// The value of a switch as [`Profile::set`] takes it; none if it is left out.
fn text_of(context: Context<'_>, node: &Node, values: Values) -> Result<Option<String>, Fault> {
    let text = match (values, &node.value) {
        (_, Value::Null) => return Ok(None),
        (Values::Switch, _) => context.read::<bool>(node)?.to_string(),
        (Values::PrefixLength, Value::Integer(_)) => context.read::<u8>(node)?.to_string(),
        (Values::Words(words), _) => word(context, node, words)?,
        (Values::Prefixes, Value::List(items)) if items.is_empty() => "none".to_owned(),
        (Values::Prefixes, Value::List(_)) => {
            let prefixes: Vec<Prefix> = context.read(node)?;
            let texts: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
            texts.join(", ")
        }
        (Values::Prefixes, _) => word(context, node, &["none"])?,
        (Values::Limit, Value::Integer(_)) => context.read::<u32>(node)?.to_string(),
        (Values::Limit | Values::PrefixLength, Value::List(_) | Value::Map(_)) => {
            return Err(context.expected(node, "a whole number, or `none`"));
        }
        (Values::Limit | Values::PrefixLength, _) => word(context, node, &["none"])?,
    };
    Ok(Some(text))
}

/// One of these words.
fn word(
    context: Context<'_>,
    node: &Node,
    words: &'static [&'static str],
) -> Result<String, Fault> {
    let text: String = context.read(node)?;
    match words.contains(&text.as_str()) {
        true => Ok(text),
        false => Err(Fault::unknown_variant(&text, words).within(node.span)),
    }
}

/// A profile by name, or with switches of its own.
pub(crate) struct ProfileSchema;

impl JsonSchema for ProfileSchema {
    fn schema_name() -> Cow<'static, str> {
        "Profile".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let about = "A year of Azure, or a plain route server.";
        let name = json!({"description": about, "type": "string", "enum": PROFILES});
        let mut properties = Map::from_iter([("base".to_owned(), name.clone())]);
        for field in Profile::default().fields() {
            let Some(values) = field.switch else { continue };
            let mut switch = match values {
                Values::Switch => json!({"type": ["boolean", "null"]}),
                Values::Limit => json!({"anyOf": [
                    {"type": "integer", "minimum": 0, "maximum": u32::MAX},
                    {"enum": ["none", null]},
                ]}),
                Values::PrefixLength => json!({"anyOf": [
                    {"type": "integer", "minimum": 0, "maximum": 32},
                    {"enum": ["none", null]},
                ]}),
                Values::Prefixes => json!({"anyOf": [
                    {"type": "array", "items": {"type": "string"}},
                    {"enum": ["none", null]},
                ]}),
                Values::Words(words) => json!({"anyOf": [{"enum": words}, {"type": "null"}]}),
            };
            switch["description"] = format!("{} ({})", field.about, field.rules).into();
            properties.insert(field.name.to_owned(), switch);
        }
        json_schema!({
            "description": "A profile by name, or with switches of its own.",
            "anyOf": [
                name,
                {
                    "type": "object",
                    "properties": properties,
                    "additionalProperties": false,
                    "required": ["base"],
                },
            ],
        })
    }
}
