//! JSON whose objects keep the order in which they were written, for people to read.

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A JSON value.
pub(crate) enum Tree {
    Value(Value),
    List(Vec<Tree>),
    Object(Object),
}

/// A JSON object in order.
#[derive(Default)]
pub(crate) struct Object(Vec<(&'static str, Tree)>);

impl Object {
    /// The object with one more field.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Tree>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// The object with one more field, if there is a value for it.
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Tree>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

impl<T: Into<Value>> From<T> for Tree {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl From<Object> for Tree {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl FromIterator<Tree> for Tree {
    fn from_iter<I: IntoIterator<Item = Self>>(list: I) -> Self {
        Self::List(list.into_iter().collect())
    }
}

impl FromIterator<Object> for Tree {
    fn from_iter<I: IntoIterator<Item = Object>>(list: I) -> Self {
        list.into_iter().map(Self::Object).collect()
    }
}

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::List(list) => serializer.collect_seq(list),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl Serialize for Object {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
