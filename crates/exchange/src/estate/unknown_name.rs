//! What is said about a name that nothing has.

use super::check::nearest_name;

/// A question about something that is not there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {wanted} `{name}`{}", hint(.nearest.as_deref()))]
#[non_exhaustive]
pub struct UnknownName {
    /// What it would be: `NVA`.
    pub wanted: &'static str,
    /// The name.
    pub name: String,
    /// The nearest name there is, if one is near enough to be what was meant.
    pub nearest: Option<String>,
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

impl UnknownName {
    /// Says that `wanted` of this name is not among those known.
    pub fn among<'a>(
        wanted: &'static str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        Self {
            wanted,
            name: name.to_owned(),
            nearest: nearest_name(name, known).map(str::to_owned),
        }
    }
}
