//! The estate as plain data: virtual networks, peerings, and the speakers in and around them.
//!
//! Objects name each other; [`Estate::check`](crate::Estate::check) says what does not fit.

use std::net::{IpAddr, Ipv4Addr};

use routehub_types::{Asn, Community, Origin, Prefix};

mod addresses;
mod attach;
pub mod check;
mod event;
mod fabric;
#[cfg(feature = "file")]
pub mod forms;
mod speakers;

pub use addresses::{GATEWAY_SUBNET, ROUTE_SERVER_SUBNET};
pub use attach::{Circuit, Connection, Gateway, GatewayKind, OnPremises, Site};
pub use check::{CheckedEstate, EstateErrors};
pub use event::{ConnectionEnds, Event, Instance, NvaSessions};
pub use routehub_policy::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};

pub use fabric::{
    Nic, Peering, PeeringFlags, RouteTable, Subnet, UserRoute, UserRouteTarget, Vnet,
};
pub use speakers::{
    Advertisement, Nva, NvaSession, Origination, ReadvertiseTo, ReadvertisedNextHop,
    ReadvertisedPath, Readvertisement, RouteServer, RoutingPreference,
};

/// Everything that a hub-and-spoke network consists of. Names are unique in each list; Route
/// Servers, NVAs, gateways, circuits and sites share one name space.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(default)
)]
pub struct Estate {
    /// Virtual networks.
    pub vnets: Vec<Vnet>,
    /// Peerings between virtual networks.
    pub peerings: Vec<Peering>,
    /// Route Servers.
    pub route_servers: Vec<RouteServer>,
    /// Network virtual appliances.
    pub nvas: Vec<Nva>,
    /// VPN and ExpressRoute gateways.
    pub gateways: Vec<Gateway>,
    /// ExpressRoute circuits.
    pub circuits: Vec<Circuit>,
    /// On-premises sites behind VPN gateways or NVAs.
    pub sites: Vec<Site>,
    /// Tables of user-defined routes.
    pub route_tables: Vec<RouteTable>,
    /// Network interfaces whose effective routes are asked for.
    pub nics: Vec<Nic>,
    /// Route maps of Route Server connections.
    // Its default is written out: schemars sees it only where other crates' features let it.
    #[cfg_attr(
        feature = "file",
        serde(deserialize_with = "forms::route_maps"),
        schemars(with = "Vec<forms::RouteMapForm>", extend("default" = []))
    )]
    pub route_maps: Vec<RouteMap>,
}

/// Routes of one kind that somebody announces: prefixes and what they carry.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::RoutesForm"),
    schemars(with = "forms::RoutesForm")
)]
pub struct Routes {
    /// The prefixes, in the order given.
    pub prefixes: Vec<Prefix>,
    /// The AS path; what it means and what stands there if none is given depends on who announces.
    pub as_path: Option<Vec<Asn>>,
    /// The next hop; none: the announcer's own address.
    pub next_hop: Option<IpAddr>,
    /// Standard communities.
    pub communities: Vec<Community>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// ORIGIN.
    pub origin: Origin,
}

/// A consecutive run of prefixes of one length: `10.100.0.0/24`, `10.100.1.0/24`, ...
///
/// Yields none beyond the end of the address space.
pub fn consecutive_prefixes(base: Prefix, count: u32) -> impl Iterator<Item = Prefix> {
    (0..u128::from(count)).map_while(move |n| match base {
        Prefix::V4(one) => {
            let step = n.checked_shl(32 - u32::from(one.length()))?;
            let bits = u128::from(one.address().to_bits()).checked_add(step)?;
            let address = Ipv4Addr::from_bits(u32::try_from(bits).ok()?);
            Prefix::new(address.into(), one.length()).ok()
        }
        Prefix::V6(one) => {
            let shift = 128 - u32::from(one.length());
            let step = if n == 0 {
                0
            } else {
                n.checked_shl(shift).filter(|s| s >> shift == n)?
            };
            let bits = one.address().to_bits().checked_add(step)?;
            Prefix::new(std::net::Ipv6Addr::from_bits(bits).into(), one.length()).ok()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(base: &str, count: u32) -> Vec<String> {
        consecutive_prefixes(base.parse().unwrap(), count)
            .map(|p| p.to_string())
            .collect()
    }

    #[test]
    fn consecutive_prefixes_carry_into_the_next_octet_and_stop_at_the_end() {
        assert_eq!(run("10.0.255.0/24", 2), ["10.0.255.0/24", "10.1.0.0/24"]);
        assert_eq!(run("255.255.255.255/32", 3), ["255.255.255.255/32"]);
        assert_eq!(run("0.0.0.0/0", 2), ["0.0.0.0/0"]);
        assert_eq!(
            run("2001:db8::/64", 2),
            ["2001:db8::/64", "2001:db8:0:1::/64"]
        );
        assert_eq!(run("::/0", 2), ["::/0"]);
    }
}
