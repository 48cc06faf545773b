//! The file as a tree of values, each with the piece of text it stands in.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned};

use crate::syntax::fault::Fault;
use crate::syntax::text::{Span, Text};

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
    pub(crate) fn field(&self, key: &str) -> Option<&Node> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        entries.iter().find(|e| e.key == key).map(|e| &e.value)
    }

    /// The items; none if this is not a list.
    pub(crate) fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// An item, if this is a list that has it.
    pub(crate) fn item(&self, index: usize) -> Option<&Node> {
        self.items().get(index)
    }

    /// An object by its kind and, if it has one, its name.
    pub(crate) fn object(&self, kind: &str) -> String {
        let text = |key| match self.field(key).map(|node| &node.value) {
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
pub(crate) fn parse(text: &Text<'_>, source: &str) -> Result<Node, Vec<Fault>> {
    let raw: Spanned<Raw> = serde_saphyr::from_str_with_options(source, options(source.len()))
        .map_err(|error| vec![syntax(text, &error)])?;
    let mut resolver = SpanResolver {
        source,
        faults: Vec::new(),
    };
    let root = resolver.resolve(raw);
    let faults = resolver.faults;
    if faults.is_empty() {
        Ok(root)
    } else {
        Err(faults)
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

/// A value as the parser hands it over.
enum Raw {
    Null,
    Bool(bool),
    Integer(i128),
    Fraction,
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Integer(value.into()))
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Raw, E> {
        Ok(Raw::Fraction)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Raw::Map(map))
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

/// Keeps what is needed, gives lists and mappings their extent, finds keys that stand twice.
struct SpanResolver<'a> {
    source: &'a str,
    faults: Vec<Fault>,
}

impl SpanResolver<'_> {
    fn resolve(&mut self, raw: Spanned<Raw>) -> Node {
        let start = span(raw.defined);
        let (value, last) = match raw.value {
            Raw::Null => (Value::Null, None),
            Raw::Bool(value) => (Value::Bool(value), None),
            Raw::Integer(value) => (Value::Integer(value), None),
            Raw::Fraction => (Value::Fraction, None),
            Raw::Text(value) => (Value::Text(value), None),
            Raw::List(items) => {
                let items: Vec<Node> = items.into_iter().map(|item| self.resolve(item)).collect();
                let last = items.last().map_or(start.end, |last| last.span.end);
                (Value::List(items), Some(last))
            }
            Raw::Map(entries) => {
                let entries = self.resolve_map(entries);
                let last = entries.last().map_or(start.end, |last| last.value.span.end);
                (Value::Map(entries), Some(last))
            }
        };
        let end = last.map_or(start.end, |last| self.end(start.start, last.max(start.end)));
        Node {
            span: Span { end, ..start },
            value,
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

    fn resolve_map(&mut self, raw: Vec<(Spanned<String>, Spanned<Raw>)>) -> Vec<Entry> {
        let mut seen = HashMap::new();
        let mut entries = Vec::with_capacity(raw.len());
        for (key, value) in raw {
            let at = span(key.defined);
            let value = self.resolve(value);
            if let Some(first) = seen.insert(key.value.clone(), at) {
                let message = format!("the key `{}` stands here twice", key.value);
                let fault = Fault::new(at, message).related("it stands first", first);
                self.faults.push(fault);
            }
            entries.push(Entry {
                key: key.value,
                span: at,
                value,
            });
        }
        entries
    }
}
