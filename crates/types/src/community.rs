//! Standard communities.

use core::fmt;
use core::str::FromStr;

use crate::asn::decimal;

/// A standard community (RFC 1997): two 16-bit halves, usually `ASN:VALUE`.
///
/// Prints as numbers (`65535:65282`); parses numbers, one decimal number, and well-known names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct Community(pub u32);

impl Community {
    /// GRACEFUL_SHUTDOWN: the sender is about to go down (RFC 8326).
    pub const GRACEFUL_SHUTDOWN: Self = Self::new(65535, 0);
    /// ACCEPT_OWN: take back your own route (RFC 7611).
    pub const ACCEPT_OWN: Self = Self::new(65535, 1);
    /// LLGR_STALE: the route is long-lived stale (RFC 9494).
    pub const LLGR_STALE: Self = Self::new(65535, 6);
    /// NO_LLGR: do not keep the route long-lived stale (RFC 9494).
    pub const NO_LLGR: Self = Self::new(65535, 7);
    /// BLACKHOLE: discard traffic to the prefix (RFC 7999).
    pub const BLACKHOLE: Self = Self::new(65535, 666);
    /// NO_EXPORT: do not pass on outside the AS or confederation (RFC 1997).
    pub const NO_EXPORT: Self = Self::new(65535, 65281);
    /// NO_ADVERTISE: do not pass on to anyone (RFC 1997).
    pub const NO_ADVERTISE: Self = Self::new(65535, 65282);
    /// NO_EXPORT_SUBCONFED: do not pass on to any external peer (RFC 1997).
    pub const NO_EXPORT_SUBCONFED: Self = Self::new(65535, 65283);
    /// NO_PEER: do not pass on to bilateral peers (RFC 3765).
    pub const NO_PEER: Self = Self::new(65535, 65284);

    /// Well-known communities by the names that operators write.
    const NAMES: [(Self, &'static str); 9] = [
        (Self::GRACEFUL_SHUTDOWN, "graceful-shutdown"),
        (Self::ACCEPT_OWN, "accept-own"),
        (Self::LLGR_STALE, "llgr-stale"),
        (Self::NO_LLGR, "no-llgr"),
        (Self::BLACKHOLE, "blackhole"),
        (Self::NO_EXPORT, "no-export"),
        (Self::NO_ADVERTISE, "no-advertise"),
        (Self::NO_EXPORT_SUBCONFED, "no-export-subconfed"),
        (Self::NO_PEER, "no-peer"),
    ];

    /// The community of two halves.
    pub const fn new(high: u16, low: u16) -> Self {
        Self((high as u32) << 16 | low as u32)
    }

    /// The first half, usually a two-octet ASN.
    pub const fn high(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The second half, whose meaning that AS defines.
    pub const fn low(self) -> u16 {
        self.0 as u16
    }

    /// The name of a well-known community.
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES
            .iter()
            .find(|(community, _)| *community == self)
            .map(|(_, name)| *name)
    }
}

/// Text that is not a community of the kind asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {kind} community: expected {expected}")]
pub struct ParseCommunityError {
    /// The kind of community asked for.
    pub(crate) kind: &'static str,
    /// What its text looks like.
    pub(crate) expected: &'static str,
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.high(), self.low())
    }
}

impl FromStr for Community {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let parsed = match text.split_once(':') {
            Some((high, low)) => decimal(high)
                .zip(decimal(low))
                .map(|(h, l)| Self::new(h, l)),
            None => decimal(text).map(Self).or_else(|| {
                let named = Self::NAMES
                    .iter()
                    .find(|(_, name)| name.eq_ignore_ascii_case(text))?;
                Some(named.0)
            }),
        };
        parsed.ok_or(ParseCommunityError {
            kind: "standard",
            expected: "HIGH:LOW of 0..65535 each, one decimal number, or a well-known name",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn numbers_names_and_decimals_name_the_same_community() {
        for text in ["65535:65282", "no-advertise", "NO-ADVERTISE", "4294967042"] {
            assert_eq!(text.parse(), Ok(Community::NO_ADVERTISE), "{text}");
        }
        assert_eq!(Community::NO_ADVERTISE.to_string(), "65535:65282");
        assert_eq!(Community::NO_ADVERTISE.name(), Some("no-advertise"));
        assert_eq!(Community::new(65001, 7).name(), None);
    }

    #[test]
    fn every_name_reads_back() {
        for (community, name) in Community::NAMES {
            assert_eq!(name.parse(), Ok(community));
            assert_eq!(community.to_string().parse(), Ok(community));
        }
    }

    #[test]
    fn text_that_is_no_community_is_refused() {
        for text in [
            "", ":", "1:", ":1", "65536:1", "1:65536", "1:2:3", "+1:2", "no-such",
        ] {
            assert!(text.parse::<Community>().is_err(), "{text:?}");
        }
    }
}
