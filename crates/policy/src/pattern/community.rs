//! Patterns of standard communities.

use core::fmt;
use core::str::FromStr;

use routehub_types::Community;

/// A set of standard communities: each half one number, a range, or any.
///
/// Written `65001:7`, `65001:*`, `65001:100-199`, `*:666`; a well-known name stands for its
/// community.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    fn text_of_another_shape_is_refused() {
        for text in [
            "", ":", "1:", "65536:1", "1:2-1", "1:+2", "1:-2", "1:*-2", "a:*",
        ] {
            assert!(text.parse::<CommunityPattern>().is_err(), "{text:?}");
        }
    }
}
