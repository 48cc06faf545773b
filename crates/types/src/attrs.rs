//! Path attributes in owned form.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;
use core::net::{AddrParseError, IpAddr, Ipv4Addr, Ipv6Addr};
use core::str::FromStr;

use crate::{
    AsPath, Asn, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity, RouterId,
};

/// How the originating AS came by a route (RFC 4271 section 5.1.1); lower is preferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
pub enum Origin {
    /// Interior to the originating AS.
    #[default]
    Igp,
    /// Learned by the EGP protocol.
    Egp,
    /// Learned by other means.
    Incomplete,
}

/// Text that is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an origin: expected igp, egp or incomplete")]
pub struct ParseOriginError;

impl Origin {
    /// All origins by their text forms, in the order of their codes.
    const NAMES: [(Self, &'static str); 3] = [
        (Self::Igp, "igp"),
        (Self::Egp, "egp"),
        (Self::Incomplete, "incomplete"),
    ];

    /// The origin of a code (RFC 4271 section 4.3).
    #[inline]
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Igp),
            1 => Some(Self::Egp),
            2 => Some(Self::Incomplete),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::NAMES[*self as usize].1)
    }
}

impl FromStr for Origin {
    type Err = ParseOriginError;

    fn from_str(text: &str) -> Result<Self, ParseOriginError> {
        let mut names = Self::NAMES.into_iter();
        let named = names.find(|(_, name)| name.eq_ignore_ascii_case(text));
        named.map(|(origin, _)| origin).ok_or(ParseOriginError)
    }
}

/// Where to send packets for a route.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NextHop {
    /// The next hop itself.
    pub address: IpAddr,
    /// The link-local address that may go with a global IPv6 one (RFC 2545 section 3).
    #[cfg_attr(
        feature = "serde",
        serde(default, skip_serializing_if = "Option::is_none")
    )]
    pub link_local: Option<Ipv6Addr>,
}

impl Default for NextHop {
    /// The unspecified IPv4 address, which no route on the wire may carry.
    fn default() -> Self {
        Self::from(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

impl From<IpAddr> for NextHop {
    fn from(address: IpAddr) -> Self {
        Self {
            address,
            link_local: None,
        }
    }
}

impl From<Ipv4Addr> for NextHop {
    fn from(address: Ipv4Addr) -> Self {
        Self::from(IpAddr::V4(address))
    }
}

impl From<Ipv6Addr> for NextHop {
    fn from(address: Ipv6Addr) -> Self {
        Self::from(IpAddr::V6(address))
    }
}

impl FromStr for NextHop {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        text.parse::<IpAddr>().map(Self::from)
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)
    }
}

/// Who formed an aggregate route (RFC 4271 section 5.1.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Aggregator {
    /// The aggregating AS.
    pub asn: Asn,
    /// The aggregating router.
    pub router: RouterId,
}

/// An attribute of a type this library does not know, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct UnknownAttribute {
    /// The attribute flags octet: optional, transitive, partial.
    pub flags: u8,
    /// The attribute type code.
    pub code: u8,
    /// The value, not interpreted.
    pub value: Vec<u8>,
}

/// The path attributes of a route: known ones typed, unknown transitive ones raw.
///
/// Lists keep the order they came in; an empty list is an absent attribute.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "arbitrary", derive(arbitrary::Arbitrary))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default))]
pub struct Attrs {
    /// ORIGIN (RFC 4271 section 5.1.1).
    pub origin: Origin,
    /// AS_PATH, with AS4_PATH merged in (RFC 4271 section 5.1.2, RFC 6793).
    pub as_path: AsPath,
    /// NEXT_HOP, or the next hop of MP_REACH_NLRI (RFC 4271 section 5.1.3, RFC 4760).
    pub next_hop: NextHop,
    /// MULTI_EXIT_DISC (RFC 4271 section 5.1.4).
    pub med: Option<u32>,
    /// LOCAL_PREF (RFC 4271 section 5.1.5).
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE (RFC 4271 section 5.1.6).
    pub atomic_aggregate: bool,
    /// AGGREGATOR, with AS4_AGGREGATOR merged in (RFC 4271 section 5.1.7, RFC 6793).
    pub aggregator: Option<Aggregator>,
    /// COMMUNITIES (RFC 1997).
    pub communities: Vec<Community>,
    /// ORIGINATOR_ID (RFC 4456).
    pub originator_id: Option<RouterId>,
    /// CLUSTER_LIST (RFC 4456), nearest first.
    pub cluster_list: Vec<RouterId>,
    /// EXTENDED COMMUNITIES (RFC 4360).
    pub extended_communities: Vec<ExtendedCommunity>,
    /// IPv6 Address Specific EXTENDED COMMUNITIES (RFC 5701).
    pub ipv6_extended_communities: Vec<Ipv6ExtendedCommunity>,
    /// LARGE_COMMUNITY (RFC 8092).
    pub large_communities: Vec<LargeCommunity>,
    /// The accumulated IGP metric of the AIGP attribute (RFC 7311).
    pub aigp: Option<u64>,
    /// Only-to-Customer: the AS that marked the route (RFC 9234).
    pub only_to_customer: Option<Asn>,
    /// Transitive attributes of unknown type, by type code.
    pub unknown: Vec<UnknownAttribute>,
}

impl<'a> From<&'a Attrs> for Cow<'a, Attrs> {
    fn from(attrs: &'a Attrs) -> Self {
        Cow::Borrowed(attrs)
    }
}

impl From<Attrs> for Cow<'_, Attrs> {
    fn from(attrs: Attrs) -> Self {
        Cow::Owned(attrs)
    }
}

impl Attrs {
    /// The attributes of a route with this path and next hop, and nothing else.
    pub fn new(as_path: AsPath, next_hop: impl Into<NextHop>) -> Self {
        Self {
            as_path,
            next_hop: next_hop.into(),
            ..Self::default()
        }
    }

    /// Whether the route carries a standard community.
    pub fn has_community(&self, community: Community) -> bool {
        self.communities.contains(&community)
    }

    /// Adds a standard community in numerical order, unless it is there.
    pub fn add_community(&mut self, community: Community) {
        if !self.has_community(community) {
            let at = self.communities.partition_point(|lower| *lower < community);
            self.communities.insert(at, community);
        }
    }
}

impl fmt::Display for Attrs {
    /// Each attribute that is there, by its name in the RFC that has it: `ORIGIN igp, AS_PATH 65001
    /// 65010, NEXT_HOP 10.0.4.4, COMMUNITIES 65001:100`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            origin,
            as_path,
            next_hop,
            ..
        } = self;
        write!(f, "ORIGIN {origin}, AS_PATH {as_path}, NEXT_HOP {next_hop}")?;
        value(f, "MULTI_EXIT_DISC", self.med)?;
        value(f, "LOCAL_PREF", self.local_pref)?;
        if self.atomic_aggregate {
            f.write_str(", ATOMIC_AGGREGATE")?;
        }
        if let Some(Aggregator { asn, router }) = self.aggregator {
            write!(f, ", AGGREGATOR {asn} {router}")?;
        }
        list(f, "COMMUNITIES", &self.communities)?;
        value(f, "ORIGINATOR_ID", self.originator_id)?;
        list(f, "CLUSTER_LIST", &self.cluster_list)?;
        list(f, "EXTENDED COMMUNITIES", &self.extended_communities)?;
        list(
            f,
            "IPv6 EXTENDED COMMUNITIES",
            &self.ipv6_extended_communities,
        )?;
        list(f, "LARGE_COMMUNITY", &self.large_communities)?;
        value(f, "AIGP", self.aigp)?;
        value(f, "OTC", self.only_to_customer)?;
        let mut unknown = self.unknown.iter();
        unknown
            .try_for_each(|other| write!(f, ", type {}, {} octets", other.code, other.value.len()))
    }
}

/// Writes an attribute of one value, where it is there.
fn value(f: &mut fmt::Formatter<'_>, name: &str, value: Option<impl fmt::Display>) -> fmt::Result {
    match value {
        Some(value) => write!(f, ", {name} {value}"),
        None => Ok(()),
    }
}

/// Writes an attribute that is a list, where it is there.
fn list(f: &mut fmt::Formatter<'_>, name: &str, values: &[impl fmt::Display]) -> fmt::Result {
    if !values.is_empty() {
        write!(f, ", {name}")?;
    }
    values.iter().try_for_each(|value| write!(f, " {value}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn adding_a_community_twice_adds_it_once_and_in_order() {
        let mut attrs = Attrs::default();
        for low in [7, 3, 7, 5] {
            attrs.add_community(Community::new(65001, low));
        }
        assert_eq!(
            attrs.communities,
            [3, 5, 7].map(|low| Community::new(65001, low))
        );
    }

    #[test]
    fn text_reads_back_in_any_case() {
        for origin in [Origin::Igp, Origin::Egp, Origin::Incomplete] {
            assert_eq!(origin.to_string().parse(), Ok(origin));
            assert_eq!(origin.to_string().to_uppercase().parse(), Ok(origin));
        }
        assert_eq!("i".parse::<Origin>(), Err(ParseOriginError));
    }

    #[test]
    fn igp_is_preferred_to_egp_to_incomplete() {
        assert!(Origin::Igp < Origin::Egp && Origin::Egp < Origin::Incomplete);
    }
}
