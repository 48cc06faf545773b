//! Virtual networks, peerings, route tables, NICs.

use std::net::IpAddr;

use routehub_types::Prefix;

#[cfg(feature = "file")]
use super::forms;

/// A virtual network.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "VNet"),
    schemars(rename = "Vnet")
)]
pub struct Vnet {
    /// Its name.
    pub name: String,
    /// Its address space, entries as announced.
    #[cfg_attr(feature = "file", serde(deserialize_with = "forms::of_either_family"))]
    pub address_space: Vec<Prefix>,
    /// The region; two that are given and differ make a peering global.
    #[cfg_attr(feature = "file", serde(default))]
    pub region: Option<String>,
    /// Whether it is connected to a Virtual WAN hub.
    #[cfg_attr(feature = "file", serde(default))]
    pub virtual_wan: bool,
    /// What its gateways announce in the place of its own prefixes and of those of spokes inside
    ///
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::of_either_family")
    )]
    pub summarized_gateway_prefixes: Vec<Prefix>,
    /// The subnets that matter.
    #[cfg_attr(feature = "file", serde(default))]
    pub subnets: Vec<Subnet>,
}

impl Vnet {
    /// A network of this address space, without subnets.
    pub fn new(name: impl Into<String>, address_space: impl IntoIterator<Item = Prefix>) -> Self {
        Self {
            name: name.into(),
            address_space: address_space.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The same with one subnet more.
    #[must_use]
    pub fn with_subnet(mut self, subnet: Subnet) -> Self {
        self.subnets.push(subnet);
        self
    }
}

/// A subnet of a virtual network.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "subnet"),
    schemars(rename = "Subnet")
)]
pub struct Subnet {
    /// Its name; `RouteServerSubnet` and `GatewaySubnet` mean something.
    pub name: String,
    /// Its addresses.
    #[cfg_attr(feature = "file", serde(deserialize_with = "forms::of_either_family"))]
    pub prefix: Prefix,
    /// The route table of its NICs.
    #[cfg_attr(feature = "file", serde(default))]
    pub route_table: Option<String>,
    /// The network security group on it.
    #[cfg_attr(feature = "file", serde(default))]
    pub network_security_group: Option<String>,
    /// What of a network's policies holds for private endpoints in it.
    #[cfg_attr(feature = "file", serde(default))]
    pub network_policies: NetworkPolicies,
}

impl Subnet {
    /// A subnet without route table and security group.
    pub fn new(name: impl Into<String>, prefix: Prefix) -> Self {
        Self {
            name: name.into(),
            prefix,
            route_table: None,
            network_security_group: None,
            network_policies: NetworkPolicies::None,
        }
    }
}

/// Which network policies hold for the private endpoints of a subnet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum NetworkPolicies {
    /// None: the route of an endpoint wins over user-defined routes that are wider.
    #[default]
    None,
    /// User-defined routes hold, if they are no wider than the endpoint's network.
    Routes,
}

/// The flags of one direction of a peering: the object that lives in the nearer network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "peering flags", default),
    schemars(rename = "PeeringFlags")
)]
pub struct PeeringFlags {
    /// Packets may pass between the two networks; the routes are there in any case.
    pub allow_virtual_network_access: bool,
    /// Packets whose source is in neither network may come from the remote one.
    pub allow_forwarded_traffic: bool,
    /// The remote network may use this one's gateways and Route Server.
    pub allow_gateway_transit: bool,
    /// This network uses the remote one's gateways and Route Server.
    pub use_remote_gateways: bool,
}

impl Default for PeeringFlags {
    fn default() -> Self {
        Self {
            allow_virtual_network_access: true,
            allow_forwarded_traffic: false,
            allow_gateway_transit: false,
            use_remote_gateways: false,
        }
    }
}

/// A peering of two virtual networks, both directions.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::PeeringForm"),
    schemars(with = "forms::PeeringForm")
)]
pub struct Peering {
    /// One network.
    pub a: String,
    /// The other.
    pub b: String,
    /// The flags of the object in `a`.
    pub a_to_b: PeeringFlags,
    /// The flags of the object in `b`.
    pub b_to_a: PeeringFlags,
    /// Whether it crosses regions; none: whether both regions are given and differ.
    pub global: Option<bool>,
    /// Whether `use_remote_gateways` may stand where there is nothing to use; else that is an
    /// error.
    pub transit_if_any: bool,
    /// The subnets that are peered; none: the networks as a whole.
    pub subnets: Option<PeeredSubnets>,
}

/// The subnets that a peering is between, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "peered subnets")
)]
pub struct PeeredSubnets {
    /// Those of `a`.
    pub a: Vec<String>,
    /// Those of `b`.
    pub b: Vec<String>,
}

impl Peering {
    /// The same peering, written from its other end.
    #[must_use]
    pub fn turned(&self) -> Self {
        let subnets = self.subnets.clone();
        Self {
            a: self.b.clone(),
            b: self.a.clone(),
            a_to_b: self.b_to_a,
            b_to_a: self.a_to_b,
            subnets: subnets.map(|PeeredSubnets { a, b }| PeeredSubnets { a: b, b: a }),
            ..*self
        }
    }

    /// A peering in which the spoke uses the hub's gateways and Route Server, if it has any
    /// and forwarded traffic passes both ways.
    pub fn hub_and_spoke(hub: impl Into<String>, spoke: impl Into<String>) -> Self {
        let flags = PeeringFlags {
            allow_forwarded_traffic: true,
            ..PeeringFlags::default()
        };
        Self {
            a: hub.into(),
            b: spoke.into(),
            a_to_b: PeeringFlags {
                allow_gateway_transit: true,
                ..flags
            },
            b_to_a: PeeringFlags {
                use_remote_gateways: true,
                ..flags
            },
            global: None,
            transit_if_any: true,
            subnets: None,
        }
    }

    /// A peering with the flags that Azure's API sets by itself: no gateway transit, no forwarded
    /// traffic.
    pub fn plain(a: impl Into<String>, b: impl Into<String>) -> Self {
        let flags = PeeringFlags::default();
        Self {
            a: a.into(),
            b: b.into(),
            a_to_b: flags,
            b_to_a: flags,
            global: None,
            transit_if_any: false,
            subnets: None,
        }
    }
}

/// A table of user-defined routes.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "route table"),
    schemars(rename = "RouteTable")
)]
pub struct RouteTable {
    /// Its name.
    pub name: String,
    /// "Propagate gateway routes" is set to No.
    #[cfg_attr(feature = "file", serde(default))]
    pub disable_bgp_route_propagation: bool,
    /// Which routes of peerings are left out of the subnets that use it.
    #[cfg_attr(feature = "file", serde(default))]
    pub disable_peering_route: DisablePeeringRoute,
    /// The routes; a prefix stands once.
    #[cfg_attr(feature = "file", serde(default))]
    pub routes: Vec<UserRoute>,
}

impl RouteTable {
    /// A table of these routes.
    pub fn new(name: impl Into<String>, routes: impl IntoIterator<Item = UserRoute>) -> Self {
        Self {
            name: name.into(),
            routes: routes.into_iter().collect(),
            ..Self::default()
        }
    }
}

/// Which routes of peerings a route table leaves out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(rename_all = "snake_case")
)]
pub enum DisablePeeringRoute {
    /// None.
    #[default]
    None,
    /// All.
    All,
}

/// A user-defined route.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, schemars::JsonSchema),
    serde(try_from = "forms::UserRouteForm"),
    schemars(with = "forms::UserRouteForm")
)]
pub struct UserRoute {
    /// Its name.
    pub name: Option<String>,
    /// Where to.
    pub prefix: Prefix,
    /// By way of what.
    pub target: UserRouteTarget,
}

impl UserRoute {
    /// A route without a name.
    pub const fn new(prefix: Prefix, target: UserRouteTarget) -> Self {
        Self {
            name: None,
            prefix,
            target,
        }
    }
}

/// Where a user-defined route sends packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserRouteTarget {
    /// To an address.
    VirtualAppliance(IpAddr),
    /// To the gateway of the network.
    VirtualNetworkGateway,
    /// Within the network.
    VnetLocal,
    /// To the internet.
    Internet,
    /// Nowhere.
    None,
}

/// A network interface.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "NIC"),
    schemars(rename = "Nic")
)]
pub struct Nic {
    /// Its name.
    pub name: String,
    /// Its network.
    pub vnet: String,
    /// Its subnet.
    #[cfg_attr(feature = "file", serde(default))]
    pub subnet: Option<String>,
    /// Its address; a NIC without a subnet lies in the one that has it.
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::of_either_family")
    )]
    pub ip: Option<IpAddr>,
    /// Its route table; none: that of its subnet.
    #[cfg_attr(feature = "file", serde(default))]
    pub route_table: Option<String>,
    /// Prefixes of service endpoints on its subnet.
    #[cfg_attr(
        feature = "file",
        serde(default, deserialize_with = "forms::of_either_family")
    )]
    pub service_endpoints: Vec<Prefix>,
    /// Whether it forwards packets that are not for its own address.
    #[cfg_attr(feature = "file", serde(default))]
    pub forwarding: bool,
}

impl Nic {
    /// A NIC in a network, without an address.
    pub fn new(name: impl Into<String>, vnet: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            vnet: vnet.into(),
            ..Self::default()
        }
    }

    /// The same with this address.
    #[must_use]
    pub fn with_ip(self, ip: impl Into<IpAddr>) -> Self {
        let ip = Some(ip.into());
        Self { ip, ..self }
    }

    /// The same with this route table.
    #[must_use]
    pub fn with_route_table(self, name: impl Into<String>) -> Self {
        let route_table = Some(name.into());
        Self {
            route_table,
            ..self
        }
    }
}

/// A private endpoint: an address of a network that a service answers at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "private endpoint"),
    schemars(rename = "PrivateEndpoint")
)]
pub struct PrivateEndpoint {
    /// Its name.
    pub name: String,
    /// Its network.
    pub vnet: String,
    /// Its subnet.
    pub subnet: String,
    /// Its address.
    #[cfg_attr(feature = "file", serde(deserialize_with = "forms::of_either_family"))]
    pub ip: IpAddr,
}

/// An internal load balancer: an address that stands for the backends behind it. It keeps a
/// connection on one of them, both ways.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    feature = "file",
    derive(serde::Deserialize, serde::Serialize, schemars::JsonSchema),
    serde(deny_unknown_fields, rename = "load balancer"),
    schemars(rename = "LoadBalancer")
)]
pub struct LoadBalancer {
    /// Its name.
    pub name: String,
    /// Its network.
    pub vnet: String,
    /// Its address, which NVAs may announce as next hop.
    #[cfg_attr(feature = "file", serde(deserialize_with = "forms::of_either_family"))]
    pub frontend: IpAddr,
    /// The NVAs and NICs that take its packets.
    pub backends: Vec<String>,
}
