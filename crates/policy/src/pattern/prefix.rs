//! Conditions on a route's prefix.

use core::fmt;

use routehub_types::{Family, Prefix};

/// A set of prefixes, described by one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
pub enum PrefixMatch {
    /// This prefix alone.
    Exact(Prefix),
    /// What is equal to `prefix` or inside it, of a length from `min` to `max` bits.
    Within {
        /// The outermost prefix.
        prefix: Prefix,
        /// The shortest length that fits, in bits.
        min: u8,
        /// The longest length that fits, in bits.
        max: u8,
    },
    /// What contains this prefix: itself and its supernets.
    Covers(Prefix),
}

impl PrefixMatch {
    /// The prefix itself and everything inside it.
    pub const fn or_longer(prefix: Prefix) -> Self {
        Self::Within {
            prefix,
            min: prefix.length(),
            max: prefix.family().max_length(),
        }
    }

    /// All prefixes of a family of a length from `min` to `max` bits.
    pub const fn length(family: Family, min: u8, max: u8) -> Self {
        Self::Within {
            prefix: Prefix::default_of(family),
            min,
            max,
        }
    }

    /// All prefixes of a family.
    pub const fn family(family: Family) -> Self {
        Self::or_longer(Prefix::default_of(family))
    }

    /// Whether a prefix belongs to the set.
    pub const fn holds(&self, route: Prefix) -> bool {
        match *self {
            Self::Exact(prefix) => prefix.contains(route) && prefix.length() == route.length(),
            Self::Within { prefix, min, max } => {
                prefix.contains(route) && min <= route.length() && route.length() <= max
            }
            Self::Covers(prefix) => route.contains(prefix),
        }
    }
}

impl fmt::Display for PrefixMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Exact(prefix) => prefix.fmt(f),
            Self::Covers(prefix) => write!(f, "{prefix} or shorter"),
            Self::Within { prefix, min, max } => {
                let longest = prefix.family().max_length();
                match (min <= prefix.length(), max >= longest) {
                    (true, true) => write!(f, "{prefix} or longer"),
                    (true, false) => write!(f, "{prefix} le {max}"),
                    (false, true) => write!(f, "{prefix} ge {min}"),
                    (false, false) => write!(f, "{prefix} ge {min} le {max}"),
                }
            }
        }
    }
}
