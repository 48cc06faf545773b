//! The JSON schema of the file.

use crate::file::File;

/// The JSON schema of a network file, as text.
///
/// It tells an editor what may stand where; what depends on other parts of the file, such as
/// references, only [`Scenario::parse`](crate::Scenario::parse) knows.
pub fn json_schema() -> String {
    let schema = schemars::schema_for!(File);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
