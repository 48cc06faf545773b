//! Sessions by name, and what an NVA passes on to whom.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::{InstanceNumber, both_or};
use crate::estate::{Nva, NvaSession, ReadvertiseTo, ReadvertisedNextHop};

/// Sessions with a Route Server: its name, or more.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: a Route Server's name, or a mapping")]
#[schemars(untagged, rename = "SessionForm")]
pub(crate) enum SessionForm {
    /// With both instances.
    #[serde(rename = "text")]
    Name(String),
    /// As told.
    #[serde(rename = "map")]
    Full(SessionFields),
}

/// Sessions with a Route Server.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "session")]
#[schemars(rename = "SessionFields")]
pub(crate) struct SessionFields {
    /// The Route Server.
    route_server: String,
    /// With which instances.
    #[serde(default)]
    instances: Option<Vec<InstanceNumber>>,
    /// Route map on what the Route Server takes in.
    #[serde(default)]
    inbound_route_map: Option<String>,
    /// Route map on what the Route Server sends.
    #[serde(default)]
    outbound_route_map: Option<String>,
}

impl From<SessionForm> for NvaSession {
    fn from(form: SessionForm) -> Self {
        match form {
            SessionForm::Name(name) => Self::both(name),
            SessionForm::Full(fields) => Self {
                route_server: fields.route_server,
                instances: both_or(fields.instances.as_deref()),
                inbound_route_map: fields.inbound_route_map,
                outbound_route_map: fields.outbound_route_map,
            },
        }
    }
}

/// `all`, or names.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: `all`, or a list of names")]
#[schemars(untagged, rename = "ReceiversForm")]
pub(crate) enum ReceiversForm {
    /// Every session.
    #[serde(rename = "text")]
    All(All),
    /// These.
    #[serde(rename = "list")]
    Named(Vec<String>),
}

/// `all`.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum All {
    /// Every session.
    All,
}

impl From<Option<ReceiversForm>> for ReadvertiseTo {
    fn from(form: Option<ReceiversForm>) -> Self {
        match form {
            None => Self::Others,
            Some(ReceiversForm::All(All::All)) => Self::All,
            Some(ReceiversForm::Named(names)) => Self::Named(names),
        }
    }
}

impl<'de> Deserialize<'de> for ReadvertisedNextHop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        let unknown = |_| de::Error::unknown_variant(&word, &["self", "unchanged", "an address"]);
        match word.as_str() {
            "self" => Ok(Self::Own),
            "unchanged" => Ok(Self::Unchanged),
            text => text.parse().map(Self::Address).map_err(unknown),
        }
    }
}

impl JsonSchema for ReadvertisedNextHop {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ReadvertisedNextHop".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^(self|unchanged|[0-9A-Fa-f.:]+)$"})
    }
}

pub(in crate::estate) const fn hold_time() -> u16 {
    Nva::DEFAULT_HOLD_TIME
}

pub(in crate::estate) fn valid_hold_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<u16, D::Error> {
    match u16::deserialize(deserializer)? {
        seconds @ (1 | 2) => {
            let message = format!("a hold time is 0, or 3 to 65535 seconds, not {seconds}");
            Err(de::Error::custom(message))
        }
        seconds => Ok(seconds),
    }
}
