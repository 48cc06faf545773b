//! An error on the way from the text to data, before it has a line.

use std::fmt;

use serde::de;

use routehub::check::nearest_name;

use super::diagnostic::{Diagnostic, Excerpt};
use crate::syntax::text::{Span, Text};

/// A mistake and the piece of text it is about, as far as that is known yet.
#[derive(Debug)]
pub(crate) struct Fault {
    /// The text at fault.
    pub(crate) span: Option<Span>,
    detail: Box<Detail>,
}

#[derive(Debug)]
struct Detail {
    what: What,
    /// The keys that lead to the value at fault, innermost first.
    keys: Vec<&'static str>,
    /// The object at fault: `NVA nva1`.
    object: Option<String>,
    related: Option<(String, Span)>,
}

#[derive(Debug)]
enum What {
    UnknownKey {
        key: String,
        known: Vec<&'static str>,
    },
    UnknownValue {
        value: String,
        known: Vec<&'static str>,
    },
    MissingKey(&'static str),
    Other(String),
}

impl Fault {
    pub(crate) fn new(span: Span, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            ..Self::of(What::Other(message.into()))
        }
    }

    fn of(what: What) -> Self {
        Self {
            span: None,
            detail: Box::new(Detail {
                what,
                keys: Vec::new(),
                object: None,
                related: None,
            }),
        }
    }

    pub(crate) fn unknown_key(span: Span, key: &str, known: Vec<&'static str>) -> Self {
        let key = key.to_owned();
        Self {
            span: Some(span),
            ..Self::of(What::UnknownKey { key, known })
        }
    }

    pub(crate) fn missing_key(span: Span, key: &'static str) -> Self {
        Self {
            span: Some(span),
            ..<Self as de::Error>::missing_field(key)
        }
    }

    /// If a key of this very mapping is unknown: it could also have these.
    pub(crate) fn also_known(mut self, keys: &[&'static str]) -> Self {
        let detail = &mut *self.detail;
        match &mut detail.what {
            What::UnknownKey { known, .. } if detail.keys.is_empty() && detail.object.is_none() => {
                known.extend(keys);
            }
            _ => {}
        }
        self
    }

    /// Where the text at fault begins.
    pub(crate) fn start(&self) -> usize {
        self.span.unwrap_or_default().start
    }

    /// A key is missing, not one too many or a value wrong.
    pub(crate) fn is_missing_key(&self) -> bool {
        matches!(self.detail.what, What::MissingKey(_))
    }

    /// With the other place that is concerned.
    pub(crate) fn related(mut self, what: impl Into<String>, span: Span) -> Self {
        self.detail.related = Some((what.into(), span));
        self
    }

    /// The text at fault, unless it is known more exactly.
    pub(crate) fn within(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    /// The fault is in the value of a key.
    pub(crate) fn under(mut self, key: &'static str) -> Self {
        self.detail.keys.push(key);
        self
    }

    /// The fault is in an object. A key that is unknown or missing belongs to the innermost one,
    /// a value is told by the outermost.
    pub(crate) fn in_object(mut self, object: String) -> Self {
        let detail = &mut self.detail;
        if detail.keys.is_empty() || !detail.is_about_key() {
            detail.object = Some(object);
        }
        self
    }

    pub(crate) fn diagnostic(self, text: &Text<'_>) -> Diagnostic {
        let related = self.detail.related.as_ref();
        Diagnostic {
            message: self.detail.message(),
            at: Excerpt::new(text, self.span.unwrap_or_default()),
            help: self.detail.help(),
            related: related.map(|(what, span)| (what.clone(), Excerpt::new(text, *span))),
        }
    }
}

impl Detail {
    fn is_about_key(&self) -> bool {
        matches!(self.what, What::UnknownKey { .. } | What::MissingKey(_))
    }

    fn message(&self) -> String {
        let object = self.object.as_deref();
        match &self.what {
            What::UnknownKey { key, .. } => match object {
                Some(object) => format!("unknown key `{key}` in {object}"),
                None => format!("unknown key `{key}`"),
            },
            What::MissingKey(key) => match object {
                Some(object) => format!("{object} lacks the key `{key}`"),
                None => format!("the key `{key}` is missing"),
            },
            What::UnknownValue { value, .. } => {
                self.placed(&format!("`{value}` is not known here"))
            }
            What::Other(message) => self.placed(message),
        }
    }

    fn placed(&self, message: &str) -> String {
        let mut text = String::new();
        if let Some(object) = &self.object {
            text = format!("{object}: ");
        }
        if !self.keys.is_empty() {
            let keys: Vec<&str> = self.keys.iter().rev().copied().collect();
            text = format!("{text}`{}`: ", keys.join("."));
        }
        text + message
    }

    fn help(&self) -> Option<String> {
        let (given, known, word) = match &self.what {
            What::UnknownKey { key, known } => (key, known, "known keys"),
            What::UnknownValue { value, known } => (value, known, "allowed"),
            What::MissingKey(_) | What::Other(_) => return None,
        };
        match nearest_name(given, known.iter().copied()) {
            Some(near) if word == "known keys" => Some(format!("did you mean `{near}`?")),
            Some(near) => Some(format!(
                "did you mean `{near}`? {word}: {}",
                known.join(", ")
            )),
            None => Some(format!("{word}: {}", known.join(", "))),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail.message())
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::of(What::Other(message.to_string()))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::of(What::UnknownKey {
            key: field.to_owned(),
            known: expected.to_vec(),
        })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::of(What::UnknownValue {
            value: variant.to_owned(),
            known: expected.to_vec(),
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of(What::MissingKey(field))
    }
}
