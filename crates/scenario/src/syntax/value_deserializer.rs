//! From the tree to the file's data types: a serde deserializer whose errors know their place.
//!
//! Some names mean something to it:
//! - within a newtype struct called [`EITHER_FAMILY`] prefixes and addresses may be IPv6 even if
//!   the profile does not route it;
//! - an enum whose name begins with [`SHAPED`] has one variant per form that a value may take
//!   (`text`, `number`, `list`, `map`), and the form given decides;
//! - an enum called [`EVENT`] is a mapping of an `id` and one of its variants;
//! - an enum called [`OBJECT`] is a mapping of one of its variants.

use routehub::estate::forms::{EITHER_FAMILY, SHAPED, exactly_one};
use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};

use super::diagnostic::Fault;
use super::node::{Entry, Node, Value};
use super::text::Text;

/// See the module's documentation.
const EVENT: &str = "event";
/// See the module's documentation.
const OBJECT: &str = "object";

/// What reading depends on beside the tree.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) text: &'a Text<'a>,
    /// Whether IPv6 may stand wherever a prefix or an address may.
    pub(crate) ipv6: bool,
    /// The keys that objects of a kind have, and that are read by themselves.
    pub(crate) keys_beside: fn(&str) -> &'static [&'static str],
}

impl<'a> Context<'a> {
    /// The line that a value begins in, from 1.
    pub(crate) fn line(self, node: &Node) -> usize {
        self.text.line(node.span.start)
    }

    /// What to say where something else is expected.
    pub(crate) fn expected(self, node: &Node, what: &str) -> Fault {
        let found = node.describe(self.text);
        Fault::new(node.span, format!("{what} is expected, not {found}"))
    }

    /// The entries of a mapping.
    pub(crate) fn entries(self, node: &Node) -> Result<&[Entry], Fault> {
        match &node.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.expected(node, "a mapping")),
        }
    }

    /// The items of a list.
    pub(crate) fn items(self, node: &Node) -> Result<&[Node], Fault> {
        match &node.value {
            Value::List(items) => Ok(items),
            _ => Err(self.expected(node, "a list")),
        }
    }

    /// Reads a value.
    pub(crate) fn read<'de, T: Deserialize<'de>>(self, node: &'de Node) -> Result<T, Fault>
    where
        'a: 'de,
    {
        let value = ValueDeserializer {
            context: self,
            node,
        };
        T::deserialize(value).map_err(|fault| fault.within(node.span))
    }
}

/// A value of the tree.
#[derive(Clone, Copy)]
struct ValueDeserializer<'a, 'de> {
    context: Context<'a>,
    node: &'de Node,
}

impl<'a, 'de> ValueDeserializer<'a, 'de> {
    fn with(self, node: &'de Node) -> Self {
        Self { node, ..self }
    }

    fn expected(self, what: &str) -> Fault {
        self.context.expected(self.node, what)
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

    /// The entries of a mapping with free keys.
    fn entries(self) -> Result<Entries<'a, 'de>, Fault> {
        Ok(Entries {
            map: self,
            fields: &[],
            beside: &[],
            rest: self.context.entries(self.node)?.iter(),
            current: None,
        })
    }

    /// The entry of an event that says what happens.
    fn action(self, variants: &'static [&'static str]) -> Result<(&'static str, &'de Node), Fault> {
        let mut given = vec![None; variants.len()];
        for entry in self.context.entries(self.node)? {
            if let Some(at) = variants.iter().position(|known| *known == entry.key) {
                given[at] = Some(&entry.value).filter(|node| node.value != Value::Null);
            } else if entry.key == "id" {
                let id = self.with(&entry.value).plain_text();
                id.map_err(|fault| fault.under("id"))?;
            } else {
                let known = std::iter::once(&"id").chain(variants).copied();
                return Err(Fault::unknown_key(entry.span, &entry.key, known.collect()));
            }
        }
        if self.node.field("id").is_none() {
            return Err(de::Error::missing_field("id"));
        }
        let actions = || variants.iter().copied().zip(&given);
        let mut present = actions().filter_map(|(key, node)| Some((key, (*node)?)));
        if let (Some(action), None) = (present.next(), present.next()) {
            return Ok(action);
        }
        let given: Vec<_> = actions().map(|(key, node)| (key, node.is_some())).collect();
        Err(de::Error::custom(exactly_one(&given)))
    }

    /// The only entry, which says of what kind the object is.
    fn object<V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let entries = self.context.entries(self.node)?;
        let kind = |entry: &Entry| variants.iter().copied().find(|kind| *kind == entry.key);
        if let Some(entry) = entries.iter().find(|entry| kind(entry).is_none()) {
            return Err(Fault::unknown_key(
                entry.span,
                &entry.key,
                variants.to_vec(),
            ));
        }
        let [entry] = entries else {
            let given: Vec<&str> = entries.iter().map(|entry| entry.key.as_str()).collect();
            let given = match given.as_slice() {
                [] => "none".to_owned(),
                given => format!("`{}`", given.join("` and `")),
            };
            let message = format!("one object is expected, not {given}");
            return Err(Fault::new(self.node.span, message));
        };
        let name = kind(entry).unwrap_or_default();
        let value = self.with(&entry.value);
        visitor
            .visit_enum(Variant { value, name })
            .map_err(|fault| fault.within(entry.value.span).under(name))
    }

    /// A variant of an event.
    fn event<V: Visitor<'de>>(
        self,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let read = self.action(variants).and_then(|(key, node)| {
            let value = self.with(node);
            let read = visitor.visit_enum(Variant { value, name: key });
            read.map_err(|fault| fault.within(node.span).under(key))
        });
        read.map_err(|fault| {
            fault
                .in_object(self.node.object(EVENT))
                .within(self.node.span)
        })
    }
}

/// What a text is to be, where only some texts will do; a visitor says it in words of its own.
fn kind_of_text(visitor: &dyn de::Expected) -> Option<&'static str> {
    match visitor.to_string().as_str() {
        "the text of a Prefix" => Some(PREFIX),
        "the text of a Community" => Some("a community"),
        "IP address" => Some(ADDRESS),
        "socket address" => Some("an address with a port"),
        _ => None,
    }
}

const PREFIX: &str = "a prefix";
const ADDRESS: &str = "an address";

macro_rules! integers {
    ($($method:ident $visit:ident $type:ty),* $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            let value = self.integer(<$type>::MIN.into(), <$type>::MAX.into())?;
            let value = <$type>::try_from(value).map_err(de::Error::custom)?;
            visitor.$visit(value)
        }
    )*};
}

impl<'de> Deserializer<'de> for ValueDeserializer<'_, 'de> {
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
        let text = self.plain_text()?;
        let Some(kind) = kind_of_text(&visitor) else {
            return visitor.visit_borrowed_str(text);
        };
        if !self.context.ipv6 && matches!(kind, PREFIX | ADDRESS) && text.contains(':') {
            let message = "IPv4 is expected: this profile does not route IPv6 (R-059)";
            return Err(Fault::new(self.node.span, message));
        }
        let read = visitor.visit_borrowed_str(text);
        read.map_err(|error: Fault| {
            de::Error::custom(format_args!("`{text}` is not {kind}: {error}"))
        })
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
        let ipv6 = self.context.ipv6 || name == EITHER_FAMILY;
        let context = Context {
            ipv6,
            ..self.context
        };
        visitor.visit_newtype_struct(Self { context, ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_seq(Items {
            list: self,
            rest: self.context.items(self.node)?.iter(),
        })
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
        visitor.visit_map(self.entries()?)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        kind: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        let beside = (self.context.keys_beside)(kind);
        let read = visitor.visit_map(Entries {
            fields,
            beside,
            ..self.entries()?
        });
        read.map_err(|fault| {
            let fault = fault.also_known(beside);
            fault
                .in_object(self.node.object(kind))
                .within(self.node.span)
        })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        if name == EVENT {
            return self.event(variants, visitor);
        }
        if name == OBJECT {
            return self.object(variants, visitor);
        }
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
        visitor.visit_enum(Variant {
            value: self,
            name: shape,
        })
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
    list: ValueDeserializer<'a, 'de>,
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
        let read = seed.deserialize(self.list.with(node));
        read.map(Some).map_err(|fault| fault.within(node.span))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

/// The entries of a mapping.
struct Entries<'a, 'de> {
    map: ValueDeserializer<'a, 'de>,
    /// The keys of a struct; none for a mapping with free keys.
    fields: &'static [&'static str],
    /// Keys that are read by themselves.
    beside: &'static [&'static str],
    rest: std::slice::Iter<'de, Entry>,
    current: Option<&'de Entry>,
}

impl<'de> de::MapAccess<'de> for Entries<'_, 'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Fault> {
        let beside = self.beside;
        self.current = self
            .rest
            .find(|entry| !beside.contains(&entry.key.as_str()));
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
        let read = seed.deserialize(self.map.with(&entry.value));
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

/// A value and the variant that it is.
struct Variant<'a, 'de> {
    value: ValueDeserializer<'a, 'de>,
    name: &'static str,
}

impl<'de> de::EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let name: StrDeserializer<'_, Fault> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl<'de> de::VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        Ok(())
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(self.value)
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Fault> {
        self.value.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        self.value.deserialize_struct(self.name, fields, visitor)
    }
}
