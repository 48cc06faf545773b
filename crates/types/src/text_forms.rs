//! What files hold: text forms for serde, by way of `Display` and `FromStr`, and JSON schemas.

/// Serializes a type as its text form and reads it back from text.
macro_rules! as_text {
    ($($type:ident),+ $(,)?) => {$(
        impl serde::Serialize for crate::$type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for crate::$type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = crate::$type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str(concat!("the text of a ", stringify!($type)))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )+};
}

as_text!(
    AsPath,
    Community,
    ExtendedCommunity,
    Family,
    Ipv4Prefix,
    Ipv6ExtendedCommunity,
    Ipv6Prefix,
    LargeCommunity,
    Origin,
    Prefix,
    RouterId,
);

/// Writes the JSON schema of a value that stands in files.
#[cfg(feature = "schemars")]
macro_rules! schemas {
    ($($type:ident: $schema:tt;)*) => {$(
        impl schemars::JsonSchema for crate::$type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> alloc::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!($schema)
            }
        }
    )*};
}

#[cfg(feature = "schemars")]
schemas! {
    Asn: {"type": "integer", "minimum": 0, "maximum": u32::MAX};
    Community: {"type": "string"};
    Prefix: {"type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]+$"};
}
