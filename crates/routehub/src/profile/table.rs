//! Profiles in print.

use std::fmt;

use super::{Profile, Values};

/// A field of a profile, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// What [`Profile::set`] can set it to; none if it is no switch.
    pub switch: Option<Values>,
    /// Its value.
    pub value: String,
    /// The rules of the catalogue that state it.
    pub rules: &'static str,
    /// Where those rules come from: keys of [`SOURCES`](crate::rules::SOURCES) and short remarks.
    pub sources: &'static str,
}

/// A field that two profiles do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, with its value in the first profile.
    pub before: Field,
    /// Its value in the second profile.
    pub after: String,
}

impl Profile {
    /// The fields that another profile has otherwise, in the order of [`Profile::fields`].
    pub fn diff(&self, other: &Self) -> Vec<Difference> {
        let pairs = self.fields().into_iter().zip(other.fields());
        let differ = pairs.filter(|(before, after)| before.value != after.value);
        differ
            .map(|(before, after)| Difference {
                before,
                after: after.value,
            })
            .collect()
    }
}

/// The longest value that a column is made wide for; a longer one moves the rest of its line.
const WIDE: usize = 12;

impl fmt::Display for Profile {
    /// Writes the name and a table: field, value, rules, sources.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields();
        let width = |text: fn(&Field) -> &str| fields.iter().map(|field| text(field).len()).max();
        let name = width(|field| field.name).unwrap_or_default();
        let rules = width(|field| field.rules).unwrap_or_default();
        writeln!(f, "{}", self.base)?;
        for one in &fields {
            // A list would push every other row aside: it gets a line of its own.
            let is_long = one.value.len() > WIDE;
            let value = if is_long { "" } else { &one.value };
            let Field {
                rules: r, sources, ..
            } = one;
            writeln!(
                f,
                "  {:name$}  {value:WIDE$}  {r:rules$}  {sources}",
                one.name
            )?;
            if is_long {
                writeln!(f, "  {:name$}  {}", "", one.value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    /// Writes `max_peers: 8 -> none (R-001; LIM, FAQ25, MY)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Field {
            name,
            value,
            rules,
            sources,
            ..
        } = &self.before;
        write!(f, "{name}: {value} -> {} ({rules}; {sources})", self.after)
    }
}
