//! Values of profiles as text, both ways, and what can be wrong with them as a user writes them.

use std::fmt;

use routehub_exchange::{
    ExpressRouteNextHops, NoExport, OneInstanceNics, PrefixCountMode, ReflectBetweenNvas,
    UnreachableNextHop, WellKnownCommunities,
};
use routehub_policy::ForbiddenAsns;
use routehub_types::{Asn, Community, Prefix};

use super::PROFILES;

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
    let near = names
        .into_iter()
        .map(|name| (strsim::levenshtein(word, name), name));
    let (changes, name) = near.min_by_key(|(changes, _)| *changes)?;
    (changes <= name.len() / 3).then_some(name)
}

/// A value that a table shows.
pub(crate) trait Shown {
    fn text(&self) -> String;
}

/// A value that a user may set.
pub(crate) trait Setting: Shown + Sized {
    const VALUES: Values;

    fn read(text: &str) -> Option<Self>;
}

/// What a switch can be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// On or off.
    Switch,
    /// A number, or none.
    Limit,
    /// The length of a prefix, or none.
    PrefixLength,
    /// Prefixes, or none.
    Prefixes,
    /// One of these words.
    Words(&'static [&'static str]),
}

impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switch => f.write_str("true or false"),
            Self::Limit => f.write_str("a whole number of 0..4294967295, or none"),
            Self::PrefixLength => f.write_str("a prefix length of 0..32, or none"),
            Self::Prefixes => f.write_str("prefixes with commas between, or none"),
            Self::Words([first @ .., last]) => write!(f, "{} or {last}", first.join(", ")),
            Self::Words([]) => f.write_str("nothing"),
        }
    }
}

/// A number without a sign.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Types whose text is what `Display` writes.
macro_rules! shown {
    ($($type:ty),+) => {$(
        impl Shown for $type {
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

shown!(bool, u8, u16, u32, Asn, Community);

impl<T: Shown> Shown for Option<T> {
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Shown::text)
    }
}

impl Setting for bool {
    const VALUES: Values = Values::Switch;

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Option<u32> {
    const VALUES: Values = Values::Limit;

    fn read(text: &str) -> Option<Self> {
        match text {
            "none" => Some(None),
            text => number(text).map(Some),
        }
    }
}

/// Prefix lengths.
impl Setting for Option<u8> {
    const VALUES: Values = Values::PrefixLength;

    fn read(text: &str) -> Option<Self> {
        match text {
            "none" => Some(None),
            text => number(text).filter(|length| *length <= 32).map(Some),
        }
    }
}

/// Words that stand for the variants of a type.
macro_rules! words {
    ($($type:ident: $($variant:ident $word:literal),+;)+) => {$(
        impl Shown for $type {
            fn text(&self) -> String {
                match self { $(Self::$variant => $word),+ }.to_owned()
            }
        }

        impl Setting for $type {
            const VALUES: Values = Values::Words(&[$($word),+]);

            fn read(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

words! {
    ReflectBetweenNvas: BranchToBranch "b2b", Always "always", Never "never";
    PrefixCountMode: PerMessage "per_message", PerBatch "per_batch", StrictRib "strict_rib";
    UnreachableNextHop: None "none", Show "show";
    NoExport: Rfc "rfc", Ignore "ignore";
    WellKnownCommunities: Rfc "rfc", Ignore "ignore";
    ExpressRouteNextHops: One "one", Connection "connection";
    OneInstanceNics: Both "both", Hash "hash";
}

/// Items with commas between them.
fn joined(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.is_empty() {
        true => "none".to_owned(),
        false => items.join(", "),
    }
}

impl Shown for Vec<Community> {
    fn text(&self) -> String {
        joined(self.iter().map(ToString::to_string))
    }
}

impl Shown for Vec<Prefix> {
    fn text(&self) -> String {
        joined(self.iter().map(ToString::to_string))
    }
}

impl Setting for Vec<Prefix> {
    const VALUES: Values = Values::Prefixes;

    fn read(text: &str) -> Option<Self> {
        if text == "none" {
            return Some(Self::new());
        }
        text.split(',')
            .map(|item| item.trim().parse().ok())
            .collect()
    }
}

impl Shown for Vec<ForbiddenAsns> {
    fn text(&self) -> String {
        joined(self.iter().map(|range| match range.first == range.last {
            true => range.first.to_string(),
            false => format!("{}-{}", range.first, range.last),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_too_far_away_is_no_hint() {
        assert_eq!(nearest("azure2026", PROFILES), Some("azure-2026"));
        assert_eq!(nearest("opne", PROFILES), None);
        assert_eq!(nearest("aws", PROFILES), None);
        assert_eq!(nearest("", PROFILES), None);
        assert_eq!(nearest("max_peer", ["max_peers"]), Some("max_peers"));
        assert_eq!(nearest("kitten", ["sitting"]), None);
    }
}
