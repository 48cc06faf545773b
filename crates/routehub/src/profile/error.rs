//! What can be wrong with a profile as a user writes it.

use super::{PROFILES, Values};

/// Why a profile's name or one of its switches is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// There is no profile of that name.
    #[error("there is no profile {name:?}{}: there are {}", hint(*nearest), PROFILES.join(", "))]
    UnknownProfile {
        /// What was asked for.
        name: String,
        /// A name that looks much like it.
        nearest: Option<&'static str>,
    },
    /// Profiles have no switch of that name.
    #[error("profiles have no switch {name:?}{}", hint(*nearest))]
    UnknownSwitch {
        /// What was asked for.
        name: String,
        /// A switch whose name looks much like it.
        nearest: Option<&'static str>,
    },
    /// The switch cannot have that value.
    #[error("switch {switch} cannot be {value:?}: expected {allowed}")]
    Value {
        /// The switch.
        switch: &'static str,
        /// The value asked for.
        value: String,
        /// What it can be.
        allowed: Values,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(" (did you mean {name:?}?)"))
}

/// The name that takes the fewest changes of a letter to become `word`; none if every one takes
/// more than a third of its letters.
pub(crate) fn nearest(
    word: &str,
    names: impl IntoIterator<Item = &'static str>,
) -> Option<&'static str> {
    let near = names.into_iter().map(|name| (distance(word, name), name));
    let (changes, name) = near.min_by_key(|(changes, _)| *changes)?;
    (changes <= name.len() / 3).then_some(name)
}

/// How many letters must be put in, taken out or changed to turn one word into the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (n, a) in one.chars().enumerate() {
        let mut diagonal = n;
        let mut left = n + 1;
        for (b, above) in other.chars().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(a != b);
            diagonal = *above;
            left = changed.min(diagonal + 1).min(left + 1);
            *above = left;
        }
        if let Some(first) = row.first_mut() {
            *first = n + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_letters() {
        for (one, other, changes) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("kitten", "sitting", 3),
            ("max_peer", "max_peers", 1),
        ] {
            assert_eq!(distance(one, other), changes, "{one} {other}");
        }
    }

    #[test]
    fn a_name_too_far_away_is_no_hint() {
        assert_eq!(nearest("azure2026", PROFILES), Some("azure-2026"));
        assert_eq!(nearest("opne", PROFILES), None);
        assert_eq!(nearest("aws", PROFILES), None);
    }
}
