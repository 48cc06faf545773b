//! The data types of the file, as serde and the JSON schema see them.
//!
//! A struct's serde name is what messages call such an object; its schema name is its Rust name.

use std::collections::BTreeMap;
use std::fmt;

use routehub::{Estate, Event};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::expectation_schema::ExpectationSchema;
use super::live::Live;
use super::profile::ProfileEntry;

/// A network: what it consists of, what happens to it, and what should then be seen.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename = "NetworkFile")]
#[allow(
    dead_code,
    reason = "the reader goes key by key; this is the schema's view"
)]
pub(crate) struct File {
    /// The version of this format.
    pub(crate) schema: SchemaVersion,
    /// What the network is about.
    pub(crate) title: String,
    /// Where the facts come from.
    #[schemars(default)]
    pub(crate) source: BTreeMap<String, AnyText>,
    /// Remarks.
    #[schemars(default)]
    pub(crate) notes: Vec<AnyText>,
    /// The behaviour: `azure-2026` if left out.
    #[schemars(default)]
    pub(crate) profile: Option<ProfileEntry>,
    #[schemars(flatten)]
    pub(crate) estate: Estate,
    /// What happens, in order; the network settles after each.
    #[schemars(default)]
    pub(crate) events: Vec<Event>,
    /// What should be seen, at the start and after events.
    #[schemars(default)]
    pub(crate) expect: Vec<ExpectationSchema>,
    /// Where the live server listens.
    #[schemars(default)]
    pub(crate) listen: Option<Live>,
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
    "route_maps",
    "events",
    "expect",
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
