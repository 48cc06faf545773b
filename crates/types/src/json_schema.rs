//! JSON schemas of the values that stand in files.

use alloc::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

macro_rules! schemas {
    ($($type:ident: $schema:tt;)*) => {$(
        impl JsonSchema for crate::$type {
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

schemas! {
    Asn: {"type": "integer", "minimum": 0, "maximum": u32::MAX};
    Community: {"type": "string"};
    Prefix: {"type": "string", "pattern": "^[0-9A-Fa-f.:]+/[0-9]+$"};
}
