//! Address families.

use core::fmt;
use core::str::FromStr;

/// An address family that routehub routes: unicast of one IP version (RFC 4760).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Family {
    /// IPv4 unicast: AFI 1, SAFI 1.
    Ipv4,
    /// IPv6 unicast: AFI 2, SAFI 1.
    Ipv6,
}

impl Family {
    /// All families, in order.
    pub const ALL: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// The longest prefix length, in bits: 32 or 128.
    pub const fn max_length(self) -> u8 {
        match self {
            Self::Ipv4 => 32,
            Self::Ipv6 => 128,
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of address families.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilySet(u8);

impl FamilySet {
    /// No family.
    pub const EMPTY: Self = Self(0);
    /// IPv4 unicast alone.
    pub const IPV4: Self = Self(Family::Ipv4.bit());
    /// IPv6 unicast alone.
    pub const IPV6: Self = Self(Family::Ipv6.bit());
    /// Every family.
    pub const ALL: Self = Self(Self::IPV4.0 | Self::IPV6.0);

    /// Whether the set has this family.
    pub const fn contains(self, family: Family) -> bool {
        self.0 & family.bit() != 0
    }

    /// Whether the set has no family.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The set with this family too.
    #[must_use]
    pub const fn with(self, family: Family) -> Self {
        Self(self.0 | family.bit())
    }

    /// The set without this family.
    #[must_use]
    pub const fn without(self, family: Family) -> Self {
        Self(self.0 & !family.bit())
    }

    /// The families that stand in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// The families of the set, in order.
    pub fn iter(self) -> impl Iterator<Item = Family> {
        Family::ALL
            .into_iter()
            .filter(move |family| self.contains(*family))
    }
}

impl FromIterator<Family> for FamilySet {
    fn from_iter<I: IntoIterator<Item = Family>>(families: I) -> Self {
        families.into_iter().fold(Self::EMPTY, Self::with)
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for FamilySet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for FamilySet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let families = alloc::vec::Vec::<Family>::deserialize(deserializer)?;
        Ok(families.into_iter().collect())
    }
}

#[cfg(feature = "arbitrary")]
impl<'a> arbitrary::Arbitrary<'a> for FamilySet {
    fn arbitrary(u: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Ok(Self(u8::arbitrary(u)? & Self::ALL.0))
    }
}

/// Text that is not an address family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an address family: expected ipv4 or ipv6")]
pub struct ParseFamilyError;

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ipv4 => "ipv4",
            Self::Ipv6 => "ipv6",
        })
    }
}

impl FromStr for Family {
    type Err = ParseFamilyError;

    fn from_str(text: &str) -> Result<Self, ParseFamilyError> {
        match text {
            "ipv4" => Ok(Self::Ipv4),
            "ipv6" => Ok(Self::Ipv6),
            _ => Err(ParseFamilyError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use std::string::ToString;

    #[test]
    fn a_set_lists_its_families_in_order() {
        let set: FamilySet = [Family::Ipv6, Family::Ipv4].into_iter().collect();
        assert_eq!(set, FamilySet::ALL);
        assert_eq!(set.iter().collect::<Vec<_>>(), Family::ALL);
        assert_eq!(set.intersection(FamilySet::IPV6), FamilySet::IPV6);
        assert!(FamilySet::EMPTY.is_empty() && !FamilySet::IPV4.contains(Family::Ipv6));
    }

    #[test]
    fn text_reads_back() {
        for family in Family::ALL {
            assert_eq!(family.to_string().parse(), Ok(family));
        }
        assert!("inet".parse::<Family>().is_err());
    }
}
