//! Single values: prefixes, addresses, ASNs, communities, texts.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::str::FromStr;

use routehub::types::{Community, Prefix, RuleId};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A prefix of either family.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AnyPrefix(pub(crate) Prefix);

/// An address of either family.
#[derive(Clone, Copy)]
pub(crate) struct AnyAddress(pub(crate) IpAddr);

/// A standard community.
#[derive(Clone, Copy)]
pub(crate) struct CommunityText(pub(crate) Community);

/// A rule of the catalogue.
#[derive(Clone, Copy)]
pub(crate) struct RuleName(pub(crate) RuleId);

/// A text, number or switch, taken as it is written.
#[derive(Clone)]
pub(crate) struct AnyText(pub(crate) String);

/// Code and subcode of a NOTIFICATION.
#[derive(Clone, Copy)]
pub(crate) struct Codes(pub(crate) u8, pub(crate) u8);

/// A rule number as the catalogue writes it.
struct RuleNumber(RuleId);

impl FromStr for RuleNumber {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("R-").filter(|digits| digits.len() == 3);
        let number = digits.and_then(|digits| digits.parse().ok());
        number
            .map(|n| Self(RuleId(n)))
            .ok_or("R- and three digits, such as R-024")
    }
}

impl FromStr for Codes {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "two numbers up to 255 with a slash between, such as 6/1";
        let (code, subcode) = text.split_once('/').ok_or(wrong)?;
        let number = |digits: &str| digits.parse().map_err(|_| wrong);
        Ok(Self(number(code)?, number(subcode)?))
    }
}

/// Reads a text and parses it.
struct Parsed<T> {
    what: &'static str,
    of: PhantomData<T>,
}

impl<'de, T: FromStr<Err: fmt::Display>> Visitor<'de> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<T, D::Error> {
        inner.deserialize_str(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse()
            .map_err(|error| E::custom(format_args!("`{text}` is not {}: {error}", self.what)))
    }
}

const fn parsed<T>(what: &'static str) -> Parsed<T> {
    Parsed {
        what,
        of: PhantomData,
    }
}

macro_rules! parsed_text {
    ($($type:ident($inner:ty) $what:literal, $method:ident($($name:expr)?), $schema:tt;)*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let visitor = parsed::<$inner>($what);
                deserializer.$method($($name,)? visitor).map(Self)
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

parsed_text! {
    AnyPrefix(Prefix) "a prefix", deserialize_str(),
        {"type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]+$"};
    AnyAddress(IpAddr) "an address", deserialize_str(),
        {"type": "string", "pattern": "^[0-9A-Fa-f.:]+$"};
    CommunityText(Community) "a community", deserialize_str(),
        {"type": "string"};
}

impl<'de> Deserialize<'de> for RuleName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rule: RuleNumber = deserializer.deserialize_str(parsed("a rule"))?;
        Ok(Self(rule.0))
    }
}

impl<'de> Deserialize<'de> for Codes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(parsed("a NOTIFICATION"))
    }
}

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(parsed("text")).map(Self)
    }
}

macro_rules! schema {
    ($($type:ident $schema:tt;)*) => {$(
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    )*};
}

schema! {
    RuleName {"type": "string", "pattern": "^R-[0-9]{3}$"};
    AnyText {"type": ["string", "number", "boolean"]};
    Codes {"type": "string", "pattern": "^[0-9]+/[0-9]+$"};
}
