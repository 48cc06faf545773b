//! From the tree to the file's data types: a serde deserializer whose errors know their place.
//!
//! Two names mean something to it:
//! - a newtype struct called [`ROUTED`] holds a prefix or an address that must be IPv4 unless the
//!   profile routes IPv6;
//! - an enum whose name begins with [`SHAPED`] has one variant per form that a value may take
//!   (`text`, `list`, `map`), and the form given decides.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::fault::Fault;
use crate::node::{Entry, Node, Value};
use crate::text::Text;

/// See the module's documentation.
pub(crate) const ROUTED: &str = "routed";
/// See the module's documentation.
pub(crate) const SHAPED: &str = "one of: ";

/// What reading depends on beside the tree.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) text: &'a Text<'a>,
    /// Whether IPv6 may stand wherever a prefix or an address may.
    pub(crate) ipv6: bool,
}

impl<'a> Context<'a> {
    /// Reads a value.
    pub(crate) fn read<'de, T: Deserialize<'de>>(self, node: &'de Node) -> Result<T, Fault>
    where
        'a: 'de,
    {
        let one = One {
            context: self,
            node,
        };
        T::deserialize(one).map_err(|fault| fault.within(node.span))
    }
}

/// One value.
#[derive(Clone, Copy)]
struct One<'a, 'de> {
    context: Context<'a>,
    node: &'de Node,
}

impl<'a, 'de> One<'a, 'de> {
    fn with(self, node: &'de Node) -> Self {
        Self { node, ..self }
    }

    fn expected(self, what: &str) -> Fault {
        let found = self.node.describe(self.context.text);
        Fault::new(self.node.span, format!("{what} is expected, not {found}"))
    }

    fn integer(self, low: i128, high: i128) -> Result<i128, Fault> {
        let range = || format!("a whole number from {low} to {high}");
        match self.node.value {
            Value::Integer(value) if (low..=high).contains(&value) => Ok(value),
            _ => Err(self.expected(&range())),
        }
    }

    fn plain_text(self) -> Result<&'de str, Fault> {
        match &self.node.value {
            Value::Text(text) => Ok(text),
            Value::Bool(_) | Value::Integer(_) | Value::Fraction => {
                Err(self.expected("text (in quotes if it looks like a number)"))
            }
            _ => Err(self.expected("text")),
        }
    }

    /// An object by its kind and, if it has one, its name.
    fn object(self, kind: &str) -> String {
        let text = |key| match self.node.field(key).map(|node| &node.value) {
            Some(Value::Text(name)) => Some(name),
            _ => None,
        };
        if let Some(name) = ["name", "id", "at"].into_iter().find_map(text) {
            return format!("{kind} `{name}`");
        }
        let ends = [("hub", "spoke"), ("a", "b")];
        let both = ends
            .into_iter()
            .find_map(|(a, b)| Some((text(a)?, text(b)?)));
        match both {
            Some((a, b)) => format!("{kind} of `{a}` and `{b}`"),
            None => kind.to_owned(),
        }
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let value = self.integer(<$type>::MIN.into(), <$type>::MAX.into())?;
            let value = <$type>::try_from(value).map_err(de::Error::custom)?;
            visitor.$visit(value)
        }
    )*};
}

impl<'de> Deserializer<'de> for One<'_, 'de> {
    type Error = Fault;

    integers! {
        deserialize_u8 visit_u8 u8,
        deserialize_u16 visit_u16 u16,
        deserialize_u32 visit_u32 u32,
        deserialize_u64 visit_u64 u64,
    }

    /// A scalar as it is written.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::Bool(_) | Value::Integer(_) | Value::Fraction => {
                visitor.visit_str(self.context.text.slice(self.node.span))
            }
            Value::Null | Value::List(_) | Value::Map(_) => Err(self.expected("text")),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Bool(value) => visitor.visit_bool(value),
            _ => Err(self.expected("true or false")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_borrowed_str(self.plain_text()?)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.node.value {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == ROUTED && !self.context.ipv6 && self.plain_text()?.contains(':') {
            let message = "IPv4 is expected: this profile does not route IPv6 (R-059)";
            return Err(Fault::new(self.node.span, message));
        }
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::List(items) => visitor.visit_seq(Items {
                one: self,
                rest: items.iter(),
            }),
            _ => Err(self.expected("a list")),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::List(items) if items.len() == length => self.deserialize_seq(visitor),
            Value::List(items) => {
                let message = format!("a list of {length} is expected, not of {}", items.len());
                Err(Fault::new(self.node.span, message))
            }
            _ => Err(self.expected(&format!("a list of {length}"))),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.node.value {
            Value::Map(entries) => visitor.visit_map(Entries {
                one: self,
                fields: &[],
                rest: entries.iter(),
                current: None,
            }),
            _ => Err(self.expected("a mapping")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        kind: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Value::Map(entries) = &self.node.value else {
            return Err(self.expected("a mapping"));
        };
        let read = visitor.visit_map(Entries {
            one: self,
            fields,
            rest: entries.iter(),
            current: None,
        });
        read.map_err(|fault| fault.in_object(self.object(kind)).within(self.node.span))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let Some(expected) = name.strip_prefix(SHAPED) else {
            let text: StrDeserializer<'_, Fault> = self.plain_text()?.into_deserializer();
            return visitor.visit_enum(text);
        };
        let shape = match self.node.value {
            Value::List(_) => "list",
            Value::Map(_) => "map",
            Value::Integer(_) => "number",
            _ => "text",
        };
        if !variants.contains(&shape) {
            return Err(self.expected(expected));
        }
        visitor.visit_enum(Shaped { one: self, shape })
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple_struct identifier
    }
}

/// The items of a list.
struct Items<'a, 'de> {
    one: One<'a, 'de>,
    rest: std::slice::Iter<'de, Node>,
}

impl<'de> de::SeqAccess<'de> for Items<'_, 'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Fault> {
        let Some(node) = self.rest.next() else {
            return Ok(None);
        };
        let read = seed.deserialize(self.one.with(node));
        read.map(Some).map_err(|fault| fault.within(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The entries of a mapping.
struct Entries<'a, 'de> {
    one: One<'a, 'de>,
    /// The keys of a struct; none for a mapping with free keys.
    fields: &'static [&'static str],
    rest: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        self.current = self.rest.next();
        let Some(entry) = self.current else {
            return Ok(None);
        };
        let key = BorrowedStrDeserializer::new(&entry.key);
        let read = seed.deserialize(key);
        read.map(Some)
            .map_err(|fault: Fault| fault.within(entry.span))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.current.take() else {
            return Err(de::Error::custom("a value without a key"));
        };
        let read = seed.deserialize(self.one.with(&entry.value));
        read.map_err(|fault| {
            let fault = fault.within(entry.value.span);
            let field = self.fields.iter().find(|field| **field == entry.key);
            match field {
                Some(field) => fault.under(field),
                None => fault,
            }
        })
    }
}

/// A value whose form picks the variant.
struct Shaped<'a, 'de> {
    one: One<'a, 'de>,
    shape: &'static str,
}

impl<'de> de::EnumAccess<'de> for Shaped<'_, 'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let shape: StrDeserializer<'_, Fault> = self.shape.into_deserializer();
        Ok((seed.deserialize(shape)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Shaped<'_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.one)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.one.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.one.deserialize_struct("", fields, visitor)
    }
}
