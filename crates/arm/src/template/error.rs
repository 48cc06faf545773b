//! What is wrong with a template.

use serde_json::Value;

/// A template that cannot be worked out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TemplateError(pub(super) String);

/// The beginning of a value, for messages.
pub(super) fn brief(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}
