//! Ids that cross crate borders.

use core::fmt;
use core::net::{AddrParseError, Ipv4Addr};
use core::str::FromStr;

/// A BGP identifier (RFC 6286): four octets, written like an IPv4 address.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub struct RouterId(pub u32);

impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ipv4Addr::from(*self).fmt(f)
    }
}

impl FromStr for RouterId {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        text.parse::<Ipv4Addr>().map(Self::from)
    }
}

impl From<Ipv4Addr> for RouterId {
    fn from(address: Ipv4Addr) -> Self {
        Self(u32::from(address))
    }
}

impl From<RouterId> for Ipv4Addr {
    fn from(id: RouterId) -> Self {
        Self::from(id.0)
    }
}

/// A peer: whoever configures peers numbers them.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct PeerId(pub u32);

/// A set of path attributes in an attribute store; of use only with that store.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct AttrId(pub u32);

/// The rule that decided, so that every outcome can name its reason.
///
/// Whoever writes rules numbers them; printed `R-051`, as catalogues of rules do.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct RuleId(pub u16);

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "peer{}", self.0)
    }
}

impl fmt::Display for AttrId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attr{}", self.0)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "R-{:03}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_router_id_is_written_like_an_address() {
        let id = RouterId::from(Ipv4Addr::new(10, 0, 6, 4));
        assert_eq!(id.to_string(), "10.0.6.4");
        assert_eq!("10.0.6.4".parse(), Ok(id));
        assert!("10.0.6".parse::<RouterId>().is_err());
    }

    #[test]
    fn a_rule_id_is_written_as_in_a_catalogue() {
        assert_eq!(RuleId(51).to_string(), "R-051");
    }
}
