//! Address families as the wire numbers them.

use alloc::vec::Vec;
use core::fmt;

use routehub_types::Family;

use crate::parse::{Parsed, be_u8, be_u16};

/// An address family identifier and a subsequent one (RFC 4760), known or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AfiSafi {
    /// The address family identifier: 1 for IPv4, 2 for IPv6.
    pub afi: u16,
    /// The subsequent address family identifier: 1 for unicast.
    pub safi: u8,
}

impl AfiSafi {
    /// IPv4 unicast.
    pub const IPV4: Self = Self { afi: 1, safi: 1 };
    /// IPv6 unicast.
    pub const IPV6: Self = Self { afi: 2, safi: 1 };

    /// The family, if it is one that this library routes.
    pub const fn family(self) -> Option<Family> {
        match self {
            Self::IPV4 => Some(Family::Ipv4),
            Self::IPV6 => Some(Family::Ipv6),
            _ => None,
        }
    }

    /// AFI and SAFI, as they stand in MP attributes and most capabilities.
    pub(crate) fn read(input: &[u8]) -> Parsed<'_, Self> {
        let (rest, afi) = be_u16(input)?;
        let (rest, safi) = be_u8(rest)?;
        Ok((rest, Self { afi, safi }))
    }

    /// Appends AFI and SAFI.
    pub(crate) fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.afi.to_be_bytes());
        out.push(self.safi);
    }

    /// The name of the family; none if it has none here.
    const fn names(self) -> (Option<&'static str>, Option<&'static str>) {
        let afi = match self.afi {
            1 => Some("ipv4"),
            2 => Some("ipv6"),
            25 => Some("l2vpn"),
            16388 => Some("link-state"),
            _ => None,
        };
        let safi = match self.safi {
            1 => Some("unicast"),
            2 => Some("multicast"),
            4 => Some("labeled-unicast"),
            5 => Some("mcast-vpn"),
            65 => Some("vpls"),
            70 => Some("evpn"),
            128 => Some("vpn"),
            132 => Some("route-target"),
            133 => Some("flowspec"),
            _ => None,
        };
        (afi, safi)
    }
}

impl From<Family> for AfiSafi {
    fn from(family: Family) -> Self {
        match family {
            Family::Ipv4 => Self::IPV4,
            Family::Ipv6 => Self::IPV6,
        }
    }
}

impl fmt::Display for AfiSafi {
    /// `ipv4-unicast`; numbers, `afi25-safi99`, for what has no name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (afi, safi) = self.names();
        match afi {
            Some(name) => f.write_str(name)?,
            None => write!(f, "afi{}", self.afi)?,
        }
        match safi {
            Some(name) => write!(f, "-{name}"),
            None => write!(f, "-safi{}", self.safi),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn families_are_named_where_they_have_a_name() {
        assert_eq!(AfiSafi::IPV4.to_string(), "ipv4-unicast");
        assert_eq!(AfiSafi { afi: 25, safi: 70 }.to_string(), "l2vpn-evpn");
        assert_eq!(AfiSafi { afi: 7, safi: 99 }.to_string(), "afi7-safi99");
    }
}
