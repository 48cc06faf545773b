//! How the network file writes an estate and its events, where that is not field by field: short
//! forms, keys that exclude each other, values with a range of their own.
//!
//! Reading them takes a deserializer that knows two names, such as that of `routehub-scenario`:
//! in a newtype struct called [`EITHER_FAMILY`] addresses may be IPv6 whatever the profile says,
//! and an enum whose name begins with [`SHAPED`] has one variant per form that a value may take
//! (`text`, `number`, `list`, `map`), and the form given decides.

mod objects;
mod route_maps;
mod routes;
mod written;

pub(super) use objects::*;
pub use route_maps::RouteMapForm;
pub(super) use route_maps::route_maps;
pub(super) use routes::*;
pub(super) use written::route_map;

use std::net::IpAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

/// See the module's documentation.
pub const EITHER_FAMILY: &str = "of either family";
/// See the module's documentation.
pub const SHAPED: &str = "one of: ";

/// What to say when none or several of an exclusive set of keys are given.
pub fn exactly_one(keys: &[(&str, bool)]) -> String {
    let quoted = |given: bool| -> Vec<String> {
        let keys = keys.iter().filter(|(_, is)| *is || !given);
        keys.map(|(key, _)| format!("`{key}`")).collect()
    };
    let all = quoted(false).join(", ");
    match quoted(true).as_slice() {
        [] => format!("exactly one of {all} is needed, there is none"),
        given => format!(
            "exactly one of {all} is needed, not {}",
            given.join(" and ")
        ),
    }
}

/// The key of an exclusive set that is given, and its value; what to say if there is not exactly
/// one.
fn only<T, const N: usize>(
    keys: [(&'static str, Option<T>); N],
) -> Result<(&'static str, T), String> {
    let given = keys.each_ref().map(|(key, value)| (*key, value.is_some()));
    let values = keys.into_iter();
    let mut values = values.filter_map(|(key, value)| Some((key, value?)));
    match (values.next(), values.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(exactly_one(&given)),
    }
}

#[derive(Deserialize)]
#[serde(rename = "of either family")]
struct EitherFamily<T>(T);

pub(super) fn of_either_family<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    EitherFamily::deserialize(deserializer).map(|value| value.0)
}

/// A switch that is on unless it is off.
pub(super) const fn yes() -> bool {
    true
}

/// An instance of a Route Server or a gateway: 0 or 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "u8")]
#[schemars(inline, transform = zero_or_one)]
pub struct InstanceNumber(u8);

fn zero_or_one(schema: &mut schemars::Schema) {
    *schema = schemars::json_schema!({"type": "integer", "enum": [0, 1]});
}

impl TryFrom<u8> for InstanceNumber {
    type Error = String;

    fn try_from(number: u8) -> Result<Self, String> {
        match number {
            0 | 1 => Ok(Self(number)),
            _ => Err(format!("an instance is 0 or 1, not {number}")),
        }
    }
}

impl From<InstanceNumber> for u8 {
    fn from(instance: InstanceNumber) -> Self {
        instance.0
    }
}

/// Reads an instance.
///
/// # Errors
/// If it is neither 0 nor 1.
pub fn instance_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    InstanceNumber::deserialize(deserializer).map(u8::from)
}

/// Reads an instance, or none.
///
/// # Errors
/// If it is neither 0 nor 1.
pub fn instance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    Option::<InstanceNumber>::deserialize(deserializer).map(|number| number.map(u8::from))
}

/// Which instances a list names; both without a list.
fn both_or(list: Option<&[InstanceNumber]>) -> [bool; 2] {
    let named = |n| list.is_none_or(|list| list.contains(&InstanceNumber(n)));
    [named(0), named(1)]
}

/// A key that is given, if only as null.
pub(super) fn given<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// One or two addresses, or none.
pub(super) fn instance_addresses<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<IpAddr>, D::Error> {
    match Option::<Vec<IpAddr>>::deserialize(deserializer)? {
        Some(list) if !matches!(list.len(), 1 | 2) => {
            let n = list.len();
            let message = format!("a gateway has one or two instance addresses, not {n}");
            Err(de::Error::custom(message))
        }
        list => Ok(list.unwrap_or_default()),
    }
}
