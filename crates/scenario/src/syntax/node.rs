//! The file as a tree of values, each with the piece of text it stands in.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use super::diagnostic::Fault;
use super::text::{Span, Text};

/// A value in the file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) value: Value,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Integer(i128),
    /// A number that is not whole.
    Fraction,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) span: Span,
    pub(crate) value: Node,
}

impl Node {
    /// The value of a key, if this is a mapping that has it.
    pub(crate) fn field(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// A key and its value, if this is a mapping that has it.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The entries; none if this is not a mapping.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items; none if this is not a list.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// An item of the list that is the value of a key.
    pub(crate) fn item_of(&self, key: &str, index: usize) -> Option<&Self> {
        self.field(key)?.items().get(index)
    }

    /// The text that is the value of a key.
    pub(crate) fn text_of(&self, key: &str) -> Option<&str> {
        match &self.field(key)?.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An object by its kind and, if it has one, its name.
    pub(crate) fn object(&self, kind: &str) -> String {
        let text = |key| self.text_of(key);
        if let Some(name) = ["name", "id", "at"].into_iter().find_map(text) {
            return format!("{kind} `{name}`");
        }
        let mut ends = [("hub", "spoke"), ("a", "b")].into_iter();
        match ends.find_map(|(a, b)| Some((text(a)?, text(b)?))) {
            Some((a, b)) => format!("{kind} of `{a}` and `{b}`"),
            None => kind.to_owned(),
        }
    }

    /// What to call the value in a message.
    pub(crate) fn describe(&self, text: &Text<'_>) -> String {
        match &self.value {
            Value::Null => "nothing".to_owned(),
            Value::Bool(_) => format!("`{}`", text.slice(self.span)),
            Value::Integer(_) | Value::Fraction => format!("the number {}", text.slice(self.span)),
            Value::Text(text) => format!("the text `{text}`"),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a mapping".to_owned(),
        }
    }
}

/// Reads a file.
///
/// # Errors
/// What is not YAML; keys that stand twice, all of them.
pub(crate) fn parse(text: &Text<'_>) -> Result<Node, Vec<Fault>> {
    let source = text.source();
    let mut root: Node = serde_saphyr::from_str_with_options(source, options(source.len()))
        .map_err(|error| vec![syntax(text, &error)])?;
    let mut resolver = SpanResolver {
        source,
        faults: Vec::new(),
    };
    resolver.resolve(&mut root);
    match resolver.faults.is_empty() {
        true => Ok(root),
        false => Err(resolver.faults),
    }
}

/// Limits that grow with the file, so that a large one loads and aliases cannot blow up a small one.
fn options(length: usize) -> serde_saphyr::Options {
    /// How deep values may nest; the format needs eleven levels.
    const DEPTH: usize = 24;
    let mut budget = serde_saphyr::Budget::default();
    budget.max_depth = DEPTH;
    budget.flow_nesting_limit = DEPTH;
    budget.max_events = budget.max_events.max(2 * length);
    budget.max_nodes = budget.max_nodes.max(2 * length);
    let mut options = serde_saphyr::Options::default();
    options.budget = Some(budget);
    options.emit_comments = false;
    // Both entries of a key that stands twice come through, and are found below.
    options.duplicate_keys = serde_saphyr::DuplicateKeyPolicy::LastWins;
    options.alias_limits.max_total_replayed_events = 100_000;
    options.merge_keys = serde_saphyr::options::MergeKeyPolicy::AsOrdinary;
    options.strict_booleans = true;
    options.with_snippet = false;
    options
}

fn syntax(text: &Text<'_>, error: &serde_saphyr::Error) -> Fault {
    let location = error.location().unwrap_or(Location::UNKNOWN);
    let at = |n: u64| usize::try_from(n).unwrap_or_default();
    let start = text.offset(at(location.line()), at(location.column()));
    let message = match error {
        serde_saphyr::Error::MultipleDocuments { .. } => {
            "a file holds one document, here another begins".to_owned()
        }
        error => error.to_string(),
    };
    // The place is told by the diagnostic, not by the sentence.
    let place = format!(" at line {}, column {}", location.line(), location.column());
    let message = message.replace(&place, "");
    let span = Span {
        start,
        end: start + 1,
    };
    Fault::new(span, format!("this cannot be read as YAML: {message}"))
}

impl<'de> Deserialize<'de> for Node {
    /// Of a list or mapping only the beginning is right: [`SpanResolver`] finds where it ends.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned { value, defined, .. } = Spanned::deserialize(deserializer)?;
        let span = span(defined);
        Ok(Self { span, value })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Value, E> {
        Ok(Value::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Value, E> {
        Ok(Value::Fraction)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Value, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items)).map(Value::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut entries = Vec::new();
        while let Some((key, value)) = map.next_entry::<Spanned<String>, Node>()? {
            entries.push(Entry {
                span: span(key.defined),
                key: key.value,
                value,
            });
        }
        Ok(Value::Map(entries))
    }
}

fn span(location: Location) -> Span {
    let offset = |n: Option<u64>| n.and_then(|n| usize::try_from(n).ok()).unwrap_or_default();
    let span = location.span();
    let start = offset(span.byte_offset());
    Span {
        start,
        end: start + offset(span.byte_len()),
    }
}

/// Gives lists and mappings their extent, finds keys that stand twice.
struct SpanResolver<'a> {
    source: &'a str,
    faults: Vec<Fault>,
}

impl SpanResolver<'_> {
    fn resolve(&mut self, node: &mut Node) {
        let last = match &mut node.value {
            Value::List(items) => {
                items.iter_mut().for_each(|item| self.resolve(item));
                items.last().map(|last| last.span.end)
            }
            Value::Map(entries) => {
                self.resolve_map(entries);
                entries.last().map(|last| last.value.span.end)
            }
            _ => return,
        };
        let own = node.span;
        node.span.end = self.end(own.start, last.unwrap_or(own.end).max(own.end));
    }

    fn resolve_map(&mut self, entries: &mut [Entry]) {
        let mut seen = HashMap::new();
        for Entry { key, span, value } in entries {
            self.resolve(value);
            if let Some(first) = seen.insert(&*key, *span) {
                let message = format!("the key `{key}` stands here twice");
                let fault = Fault::new(*span, message).related("it stands first", first);
                self.faults.push(fault);
            }
        }
    }

    /// Where a list or mapping ends: behind its last value, or behind the bracket that closes it.
    fn end(&self, start: usize, last: usize) -> usize {
        let closing = match self.source.as_bytes().get(start) {
            Some(b'[') => b']',
            Some(b'{') => b'}',
            _ => return last,
        };
        let rest = self.source.as_bytes().get(last..).unwrap_or_default();
        let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == b',';
        let next = rest
            .iter()
            .position(|byte| !blank(byte))
            .unwrap_or_default();
        match rest.get(next) {
            Some(byte) if *byte == closing => last + next + 1,
            _ => last,
        }
    }
}
