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
    #[cfg_attr(feature = "file", serde(default))]
    pub summarized_gateway_prefixes: Vec<Prefix>,
    /// The subnets that matter.
    #[cfg_attr(feature = "file", serde(default))]
    pub subnets: Vec<Subnet>,
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
    pub prefix: Prefix,
    /// The route table of its NICs.
    #[cfg_attr(feature = "file", serde(default))]
    pub route_table: Option<String>,
    /// The network security group on it.
    #[cfg_attr(feature = "file", serde(default))]
    pub network_security_group: Option<String>,
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
    /// Traffic may pass, and system routes stand for the remote prefixes.
    pub allow_virtual_network_access: bool,
    /// Traffic from beyond the remote network may pass.
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
            allow_forwarded_traffic: true,
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
}

impl Peering {
    /// A peering in which the spoke uses the hub's gateways and Route Server.
    pub fn hub_and_spoke(hub: impl Into<String>, spoke: impl Into<String>) -> Self {
        let flags = PeeringFlags::default();
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
        }
    }

    /// A peering without gateway transit.
    pub fn plain(a: impl Into<String>, b: impl Into<String>) -> Self {
        let flags = PeeringFlags::default();
        Self {
            a: a.into(),
            b: b.into(),
            a_to_b: flags,
            b_to_a: flags,
            global: None,
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
    /// The routes; a prefix stands once.
    #[cfg_attr(feature = "file", serde(default))]
    pub routes: Vec<UserRoute>,
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
    /// Its route table; none: that of its subnet.
    #[cfg_attr(feature = "file", serde(default))]
    pub route_table: Option<String>,
    /// Prefixes of service endpoints on its subnet.
    #[cfg_attr(feature = "file", serde(default))]
    pub service_endpoints: Vec<Prefix>,
}
