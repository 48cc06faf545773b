//! Large communities.

use core::fmt;
use core::str::FromStr;

use crate::ParseCommunityError;
use crate::asn::decimal;

/// A large community (RFC 8092), written `GLOBAL:LOCAL1:LOCAL2`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct LargeCommunity {
    /// The global administrator, an ASN.
    pub global: u32,
    /// The first part that the global administrator defines.
    pub local1: u32,
    /// The second part that the global administrator defines.
    pub local2: u32,
}

impl LargeCommunity {
    /// The large community of three parts.
    pub const fn new(global: u32, local1: u32, local2: u32) -> Self {
        Self {
            global,
            local1,
            local2,
        }
    }

    /// The three parts in octets (RFC 8092 section 3).
    pub fn octets(self) -> [u8; 12] {
        let mut octets = [0; 12];
        let parts = [self.global, self.local1, self.local2];
        for (to, part) in octets.as_chunks_mut().0.iter_mut().zip(parts) {
            *to = part.to_be_bytes();
        }
        octets
    }
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.global, self.local1, self.local2)
    }
}

impl FromStr for LargeCommunity {
    type Err = ParseCommunityError;

    fn from_str(text: &str) -> Result<Self, ParseCommunityError> {
        let mut parts = text.split(':').map(decimal);
        let mut next = || parts.next().flatten();
        match (next(), next(), next(), parts.next()) {
            (Some(global), Some(local1), Some(local2), None) => Ok(Self {
                global,
                local1,
                local2,
            }),
            _ => Err(ParseCommunityError {
                kind: "large",
                expected: "GLOBAL:LOCAL1:LOCAL2 of 0..4294967295 each",
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn text_reads_back() {
        let community = LargeCommunity::new(4_200_000_000, 1, u32::MAX);
        assert_eq!(community.to_string(), "4200000000:1:4294967295");
        assert_eq!(community.to_string().parse(), Ok(community));
    }

    #[test]
    fn text_of_another_shape_is_refused() {
        for text in ["", "1:2", "1:2:3:4", "1:2:4294967296", "1::3", "a:b:c"] {
            assert!(text.parse::<LargeCommunity>().is_err(), "{text:?}");
        }
    }
}
