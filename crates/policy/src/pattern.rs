//! Patterns of values: prefixes, communities, AS paths.

mod path;

use core::fmt;
use core::str::FromStr;

use routehub_types::{Community, Family, ParsePrefixError, Prefix};

pub use path::{ParsePathExprError, PathExpr};

/// A set of prefixes, described by one prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
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

/// Text that is not a set of prefixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParsePrefixMatchError {
    /// It does not begin with a prefix.
    #[error(transparent)]
    Prefix(#[from] ParsePrefixError),
    /// What follows the prefix says nothing of lengths.
    #[error("after {0}: expected `ge LENGTH`, `le LENGTH`, both, `or longer` or `or shorter`")]
    Lengths(Prefix),
}

impl From<Prefix> for PrefixMatch {
    /// This prefix alone.
    fn from(prefix: Prefix) -> Self {
        Self::Exact(prefix)
    }
}

impl FromStr for PrefixMatch {
    type Err = ParsePrefixMatchError;

    /// Reads what `Display` writes, as prefix lists of routers have it: `10.0.0.0/8`, `10.0.0.0/8 ge
    /// 16 le 24`, `10.0.0.0/8 or longer`, `10.1.0.0/16 or shorter`.
    fn from_str(text: &str) -> Result<Self, ParsePrefixMatchError> {
        let mut words = text.split_ascii_whitespace();
        let prefix: Prefix = words.next().unwrap_or_default().parse()?;
        let other = || ParsePrefixMatchError::Lengths(prefix);
        let longest = prefix.family().max_length();
        let length = |word: Option<&str>| {
            let number = word.filter(|word| word.bytes().all(|octet| octet.is_ascii_digit()));
            let number: Option<u8> = number.and_then(|word| word.parse().ok());
            let fits = prefix.length()..=longest;
            number
                .filter(|number| fits.contains(number))
                .ok_or_else(other)
        };
        let (mut min, mut max) = (None, None);
        while let Some(word) = words.next() {
            match (word, min, max) {
                ("ge", None, _) => min = Some(length(words.next())?),
                ("le", _, None) => max = Some(length(words.next())?),
                ("or", None, None) => {
                    let set = match words.next() {
                        Some("longer") => Self::or_longer(prefix),
                        Some("shorter") => Self::Covers(prefix),
                        _ => return Err(other()),
                    };
                    return words.next().map_or(Ok(set), |_| Err(other()));
                }
                _ => return Err(other()),
            }
        }
        match (min, max) {
            (None, None) => Ok(Self::Exact(prefix)),
            (Some(min), Some(max)) if min > max => Err(other()),
            _ => Ok(Self::Within {
                prefix,
                min: min.unwrap_or(prefix.length()),
                max: max.unwrap_or(longest),
            }),
        }
    }
}

/// A set of standard communities: each half one number, a range, or any.
///
/// Written `65001:7`, `65001:*`, `65001:100-199`, `*:666`; a well-known name stands for its
/// community.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommunityPattern {
    high: Half,
    low: Half,
}

/// The numbers that fit one half, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Half {
    first: u16,
    last: u16,
}

/// Text that is not a community pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a community pattern: expected HIGH:LOW, each a number of 0..65535, FIRST-LAST or *, \
     or a well-known name"
)]
pub struct ParseCommunityPatternError;

impl CommunityPattern {
    /// Every community.
    pub const ANY: Self = Self {
        high: Half::ANY,
        low: Half::ANY,
    };

    /// Whether a community belongs to the set.
    pub const fn holds(self, community: Community) -> bool {
        self.high.holds(community.high()) && self.low.holds(community.low())
    }
}

impl Half {
    const ANY: Self = Self {
        first: 0,
        last: u16::MAX,
    };

    const fn holds(self, number: u16) -> bool {
        self.first <= number && number <= self.last
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::ANY);
        }
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let number = |digits: &str| {
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok()).flatten()
        };
        let half = Self {
            first: number(first)?,
            last: number(last)?,
        };
        (half.first <= half.last).then_some(half)
    }
}

impl From<Community> for CommunityPattern {
    fn from(community: Community) -> Self {
        let half = |number| Half {
            first: number,
            last: number,
        };
        Self {
            high: half(community.high()),
            low: half(community.low()),
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ANY => f.write_str("*"),
            Self { first, last } if first == last => first.fmt(f),
            Self { first, last } => write!(f, "{first}-{last}"),
        }
    }
}

impl fmt::Display for CommunityPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.high, self.low)
    }
}

impl fmt::Debug for CommunityPattern {
    /// Writes the text form in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl FromStr for CommunityPattern {
    type Err = ParseCommunityPatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let halves = text.split_once(':').and_then(|(high, low)| {
            Some(Self {
                high: Half::parse(high)?,
                low: Half::parse(low)?,
            })
        });
        let named = || text.parse::<Community>().ok().map(Self::from);
        halves.or_else(named).ok_or(ParseCommunityPatternError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn fits(pattern: &str, community: &str) -> bool {
        let pattern: CommunityPattern = pattern.parse().unwrap();
        pattern.holds(community.parse().unwrap())
    }

    #[test]
    fn halves_are_numbers_ranges_or_any() {
        assert!(fits("65001:7", "65001:7") && !fits("65001:7", "65001:8"));
        assert!(fits("65001:*", "65001:0") && !fits("65001:*", "65002:0"));
        assert!(fits("*:100-199", "1:199") && !fits("*:100-199", "1:200"));
        assert!(fits("no-export", "65535:65281"));
        assert!(CommunityPattern::ANY.holds(Community::BLACKHOLE));
    }

    #[test]
    fn text_reads_back() {
        for text in ["65001:7", "65001:*", "*:*", "1-2:100-199"] {
            let pattern: CommunityPattern = text.parse().unwrap();
            assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn prefix_lists_read_back() {
        for text in [
            "10.0.0.0/8",
            "10.0.0.0/8 or longer",
            "10.1.0.0/16 or shorter",
            "10.0.0.0/8 le 24",
            "10.0.0.0/8 ge 16",
            "2001:db8::/32 ge 40 le 48",
        ] {
            let set: PrefixMatch = text.parse().unwrap();
            assert_eq!(set.to_string(), text);
        }
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.0/8 le",
            "10.0.0.0/8 le 33",
            "10.0.0.0/8 le 7",
            "10.0.0.0/8 ge 24 le 16",
            "10.0.0.0/8 ge 9 ge 9",
            "10.0.0.0/8 le +9",
            "10.0.0.0/8 or longer x",
            "10.0.0.0/8 exact",
        ] {
            assert!(text.parse::<PrefixMatch>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn text_of_another_shape_is_refused() {
        for text in [
            "", ":", "1:", "65536:1", "1:2-1", "1:+2", "1:-2", "1:*-2", "a:*",
        ] {
            assert!(text.parse::<CommunityPattern>().is_err(), "{text:?}");
        }
    }
}
