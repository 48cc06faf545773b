//! The estate as plain data: virtual networks, peerings, and the speakers in and around them.
//!
//! Objects name each other; [`Estate::check`](crate::Estate::check) says what does not fit.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use routehub_types::{Asn, Community, Origin, Prefix};

mod addresses;
mod attach;
pub mod check;
mod circuit;
mod dynamic;
mod event;
mod fabric;
#[cfg(feature = "file")]
pub mod forms;
mod object;
mod session_event;
mod session_options;
mod speakers;
mod unknown_name;

pub use addresses::GatewayAddresses;
pub use attach::{Connection, Gateway, GatewayKind, Site};
pub use check::{CheckedEstate, EstateErrors};
pub use circuit::{Circuit, CircuitLink, CircuitLinks, CustomerLink, OnPremises};
pub use dynamic::{DynamicPeer, DynamicRefusal};
pub use event::{ConnectionEnds, Event, GatewayInstance, Instance, NvaSessions};
pub use object::{OBJECT_KINDS, Object, ObjectName, PeeringEnds, SubnetName, VnetSubnet};
pub use routehub_policy::{RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule};

pub use fabric::{
    DisablePeeringRoute, LoadBalancer, NetworkPolicies, Nic, PeeredSubnets, Peering, PeeringFlags,
    PrivateEndpoint, RouteTable, Subnet, UserRoute, UserRouteTarget, Vnet,
};
pub use session_event::{ClearDirection, PeerSessions, SessionEnd, SoftClear};
pub use session_options::{
    AddPaths, MaximumPrefix, OverLimit, SessionOption, SessionOptions, SessionRole,
};
pub use speakers::{
    Advertisement, Nva, NvaSession, Origination, ReadvertiseTo, ReadvertisedNextHop,
    ReadvertisedPath, Readvertisement, RouteServer, RoutingPreference,
};
pub use unknown_name::UnknownName;

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
    /// Private endpoints.
    pub private_endpoints: Vec<PrivateEndpoint>,
    /// Internal load balancers in front of NVAs and NICs.
    pub load_balancers: Vec<LoadBalancer>,
    /// Route maps of Route Server connections.
    // Its default is written out: schemars sees it only where other crates' features let it.
    #[cfg_attr(
        feature = "file",
        serde(deserialize_with = "forms::route_maps"),
        schemars(with = "Vec<forms::RouteMapForm>", extend("default" = []))
    )]
    pub route_maps: Vec<RouteMap>,
    /// What the sessions of NVAs, sites and circuits' customers are asked for live, by name: routes
    /// do not depend on it.
    #[cfg_attr(feature = "file", serde(skip))]
    pub session_options: BTreeMap<String, SessionOptions>,
}

/// The name of the subnet that Route Servers live in.
pub const ROUTE_SERVER_SUBNET: &str = "RouteServerSubnet";
/// The name of the subnet that gateways live in.
pub const GATEWAY_SUBNET: &str = "GatewaySubnet";

impl Estate {
    /// The addresses of a gateway's instances, as given or from its subnet; empty if there
    /// is no such gateway, or nothing to derive them from.
    pub fn gateway_addresses(&self, name: &str) -> Vec<IpAddr> {
        let mut gateways = self.gateways.iter();
        let place = gateways.position(|gateway| gateway.name == name);
        let addresses = place.map(|place| GatewayAddresses::of(self).instances(place).to_vec());
        addresses.unwrap_or_default()
    }

    /// The instances' addresses of a Route Server, as given or base + 4 and + 5 of its subnet
    ///
    pub fn instance_addresses(&self, server: &RouteServer) -> Option<[IpAddr; 2]> {
        server.ips.or_else(|| {
            let subnet = self.subnet(&server.vnet, ROUTE_SERVER_SUBNET)?.prefix;
            Some([host(subnet, 4)?, host(subnet, 5)?])
        })
    }

    /// The names of everybody who has routes, and can be asked why: NICs and speakers.
    pub fn names_with_routes(&self) -> impl Iterator<Item = &String> {
        let nics = self.nics.iter().map(|nic| &nic.name);
        let servers = self.route_servers.iter().map(|server| &server.name);
        let nvas = self.nvas.iter().map(|nva| &nva.name);
        let gateways = self.gateways.iter().map(|gateway| &gateway.name);
        let circuits = self.circuits.iter().map(|circuit| &circuit.name);
        let sites = self.sites.iter().map(|site| &site.name);
        let speakers = servers.chain(nvas).chain(gateways).chain(circuits);
        nics.chain(speakers).chain(sites)
    }

    /// Whether an AS path that goes round always shows it: no NVA takes the ASN of another one out
    /// of what it passes on to it (as-override), so that paths cannot grow for ever.
    pub(crate) fn shows_loops(&self) -> bool {
        let has_neighbors = |nva: &Nva| {
            let named = |other: &Nva| other.neighbors.contains(&nva.name);
            !nva.neighbors.is_empty() || self.nvas.iter().any(named)
        };
        let is_server = |name: &String| self.route_servers.iter().any(|own| own.name == *name);
        self.nvas.iter().all(|nva| {
            let mut rules = nva.readvertises.iter();
            rules.all(|rule| match &rule.to {
                _ if rule.as_path == ReadvertisedPath::Keep => true,
                ReadvertiseTo::Named(names) => names.iter().all(is_server),
                ReadvertiseTo::Others | ReadvertiseTo::All => !has_neighbors(nva),
            })
        })
    }

    /// A subnet of a network by name.
    pub fn subnet(&self, vnet: &str, name: &str) -> Option<&Subnet> {
        let vnet = self.vnets.iter().find(|other| other.name == vnet)?;
        vnet.subnets.iter().find(|subnet| subnet.name == name)
    }
}

/// The address at a place of a prefix, if it has so many.
fn host(prefix: Prefix, place: u16) -> Option<IpAddr> {
    let address = match prefix.address() {
        IpAddr::V4(base) => IpAddr::V4(base.to_bits().checked_add(place.into())?.into()),
        IpAddr::V6(base) => IpAddr::V6(base.to_bits().checked_add(place.into())?.into()),
    };
    prefix.contains_address(address).then_some(address)
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

impl Routes {
    /// Routes of these prefixes that carry nothing of their own.
    pub fn of(prefixes: impl IntoIterator<Item = Prefix>) -> Self {
        Self {
            prefixes: prefixes.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// A consecutive run of prefixes of one length: `10.100.0.0/24`, `10.100.1.0/24`, ...
///
/// Yields none beyond the end of the address space.
pub fn consecutive_prefixes(base: Prefix, count: u32) -> impl Iterator<Item = Prefix> {
    let (width, first) = match base.address() {
        IpAddr::V4(address) => (32, u128::from(address.to_bits())),
        IpAddr::V6(address) => (128, address.to_bits()),
    };
    let shift = width - u32::from(base.length());
    (0..u128::from(count)).map_while(move |n| {
        let step = if n == 0 {
            0
        } else {
            n.checked_shl(shift).filter(|step| step >> shift == n)?
        };
        let bits = first.checked_add(step)?;
        let address = match base {
            Prefix::V4(_) => Ipv4Addr::from_bits(u32::try_from(bits).ok()?).into(),
            Prefix::V6(_) => Ipv6Addr::from_bits(bits).into(),
        };
        Prefix::new(address, base.length()).ok()
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

    fn estate() -> Estate {
        let subnet = |name: &str, prefix: &str| Subnet::new(name, prefix.parse().unwrap());
        let subnets = vec![subnet(ROUTE_SERVER_SUBNET, "10.10.0.64/27")];
        let vnets = vec![Vnet {
            name: "hub".into(),
            subnets,
            ..Vnet::default()
        }];
        Estate {
            vnets,
            ..Estate::default()
        }
    }

    #[test]
    fn r021_instances_take_the_first_two_addresses_that_can_be_assigned() {
        let estate = estate();
        let addresses = estate.instance_addresses(&RouteServer::new("rs", "hub"));
        assert_eq!(
            addresses,
            Some(["10.10.0.68", "10.10.0.69"].map(|a| a.parse().unwrap()))
        );
        assert_eq!(
            estate.instance_addresses(&RouteServer::new("rs", "elsewhere")),
            None
        );
    }
}
