//! Virtual networks, peerings, route tables, NICs.

use routehub::estate::{
    Nic, Peering, PeeringFlags, RouteTable, Subnet, UserRoute, UserRouteTarget, Vnet,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Address, AnyPrefix, RoutedPrefix, prefixes};

/// A virtual network.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "VNet")]
#[schemars(rename = "Vnet")]
pub(crate) struct VnetEntry {
    /// Its name.
    pub(crate) name: String,
    /// Its address space.
    address_space: Vec<AnyPrefix>,
    /// Its region.
    #[serde(default)]
    region: Option<String>,
    /// Whether it is connected to a Virtual WAN hub.
    #[serde(default)]
    virtual_wan: bool,
    /// The subnets that matter.
    #[serde(default)]
    subnets: Vec<SubnetEntry>,
}

/// A subnet. `RouteServerSubnet` and `GatewaySubnet` are Azure's names.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "subnet")]
#[schemars(rename = "Subnet")]
struct SubnetEntry {
    /// Its name.
    name: String,
    /// Its addresses.
    prefix: RoutedPrefix,
    /// The route table of its NICs.
    #[serde(default)]
    route_table: Option<String>,
    /// The network security group on it.
    #[serde(default)]
    network_security_group: Option<String>,
}

impl From<VnetEntry> for Vnet {
    fn from(entry: VnetEntry) -> Self {
        let subnets = entry.subnets.into_iter().map(|subnet| Subnet {
            name: subnet.name,
            prefix: subnet.prefix.0,
            route_table: subnet.route_table,
            network_security_group: subnet.network_security_group,
        });
        Self {
            name: entry.name,
            address_space: entry.address_space.iter().map(|prefix| prefix.0).collect(),
            region: entry.region,
            virtual_wan: entry.virtual_wan,
            subnets: subnets.collect(),
        }
    }
}

/// A peering of two virtual networks: of a hub and a spoke that uses its gateways and Route
/// Server, or of any two.
#[derive(Deserialize)]
#[serde(try_from = "PeeringFields")]
pub(crate) struct PeeringEntry(pub(crate) Peering);

/// A peering of two virtual networks: of a hub and a spoke that uses its gateways and Route
/// Server, or of any two.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "peering")]
#[schemars(rename = "Peering", extend("oneOf" = [
    {"required": ["hub", "spoke"]}, {"required": ["a", "b"]}
]))]
struct PeeringFields {
    /// The hub.
    #[serde(default)]
    hub: Option<String>,
    /// The spoke.
    #[serde(default)]
    spoke: Option<String>,
    /// One network.
    #[serde(default)]
    a: Option<String>,
    /// The other.
    #[serde(default)]
    b: Option<String>,
    /// The flags of the object in `a`.
    #[serde(default)]
    a_to_b: Option<FlagsEntry>,
    /// The flags of the object in `b`.
    #[serde(default)]
    b_to_a: Option<FlagsEntry>,
    /// Whether it crosses regions; whether both regions are given and differ if left out.
    #[serde(default)]
    global: Option<bool>,
}

/// The flags of one direction of a peering.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "peering flags")]
#[schemars(rename = "PeeringFlags")]
struct FlagsEntry {
    /// Traffic may pass.
    #[serde(default = "yes")]
    allow_virtual_network_access: bool,
    /// Traffic from beyond the other network may pass.
    #[serde(default = "yes")]
    allow_forwarded_traffic: bool,
    /// The other network may use this one's gateways and Route Server.
    #[serde(default)]
    allow_gateway_transit: bool,
    /// This network uses the other one's gateways and Route Server.
    #[serde(default)]
    use_remote_gateways: bool,
}

/// A switch that is on unless it is off.
pub(super) const fn yes() -> bool {
    true
}

impl From<FlagsEntry> for PeeringFlags {
    fn from(entry: FlagsEntry) -> Self {
        Self {
            allow_virtual_network_access: entry.allow_virtual_network_access,
            allow_forwarded_traffic: entry.allow_forwarded_traffic,
            allow_gateway_transit: entry.allow_gateway_transit,
            use_remote_gateways: entry.use_remote_gateways,
        }
    }
}

impl TryFrom<PeeringFields> for PeeringEntry {
    type Error = String;

    fn try_from(fields: PeeringFields) -> Result<Self, String> {
        let flags = |flags: Option<FlagsEntry>| flags.map(PeeringFlags::from).unwrap_or_default();
        let directed = fields.a_to_b.is_some() || fields.b_to_a.is_some();
        let mut peering = match (fields.hub, fields.spoke, fields.a, fields.b) {
            (Some(hub), Some(spoke), None, None) if !directed => Peering::hub_and_spoke(hub, spoke),
            (Some(_), Some(_), None, None) => {
                return Err("`hub` and `spoke` set the flags; for others write `a` and `b`".into());
            }
            (None, None, Some(a), Some(b)) => Peering {
                a_to_b: flags(fields.a_to_b),
                b_to_a: flags(fields.b_to_a),
                ..Peering::plain(a, b)
            },
            (hub, spoke, a, b) => return Err(one_pair(&[hub, spoke, a, b])),
        };
        peering.global = fields.global;
        Ok(Self(peering))
    }
}

fn one_pair(names: &[Option<String>; 4]) -> String {
    let given: Vec<String> = ["hub", "spoke", "a", "b"]
        .into_iter()
        .zip(names)
        .filter(|(_, name)| name.is_some())
        .map(|(key, _)| format!("`{key}`"))
        .collect();
    let all = "a peering needs `hub` and `spoke`, or `a` and `b`";
    match given.as_slice() {
        [] => all.to_owned(),
        given => format!("{all}, not {}", given.join(" and ")),
    }
}

/// A table of user-defined routes.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "route table")]
#[schemars(rename = "RouteTable")]
pub(crate) struct RouteTableEntry {
    /// Its name.
    name: String,
    /// "Propagate gateway routes" is set to No.
    #[serde(default)]
    disable_bgp_route_propagation: bool,
    /// The routes; a prefix stands once.
    #[serde(default)]
    routes: Vec<UserRouteEntry>,
}

/// A user-defined route.
#[derive(Deserialize)]
#[serde(try_from = "UserRouteFields")]
struct UserRouteEntry(UserRoute);

/// A user-defined route.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "user-defined route")]
#[schemars(rename = "UserRoute")]
struct UserRouteFields {
    /// Its name.
    #[serde(default)]
    name: Option<String>,
    /// Where to.
    prefix: RoutedPrefix,
    /// By way of what.
    #[serde(default)]
    next_hop_type: TargetWord,
    /// The address of the virtual appliance.
    #[serde(default)]
    next_hop: Option<Address>,
}

/// The next hop type of a user-defined route.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
enum TargetWord {
    /// An address.
    #[default]
    VirtualAppliance,
    /// The gateway of the network.
    VirtualNetworkGateway,
    /// Within the network.
    VnetLocal,
    /// The internet.
    Internet,
    /// Nowhere.
    None,
}

impl TryFrom<UserRouteFields> for UserRouteEntry {
    type Error = String;

    fn try_from(fields: UserRouteFields) -> Result<Self, String> {
        let target = match (fields.next_hop_type, fields.next_hop) {
            (TargetWord::VirtualAppliance, Some(address)) => {
                UserRouteTarget::VirtualAppliance(address.0)
            }
            (TargetWord::VirtualAppliance, None) => {
                return Err("a route to a VirtualAppliance lacks the key `next_hop`".into());
            }
            (_, Some(_)) => return Err("only a VirtualAppliance has a `next_hop`".into()),
            (TargetWord::VirtualNetworkGateway, None) => UserRouteTarget::VirtualNetworkGateway,
            (TargetWord::VnetLocal, None) => UserRouteTarget::VnetLocal,
            (TargetWord::Internet, None) => UserRouteTarget::Internet,
            (TargetWord::None, None) => UserRouteTarget::None,
        };
        Ok(Self(UserRoute {
            name: fields.name,
            prefix: fields.prefix.0,
            target,
        }))
    }
}

impl From<RouteTableEntry> for RouteTable {
    fn from(entry: RouteTableEntry) -> Self {
        Self {
            name: entry.name,
            disable_bgp_route_propagation: entry.disable_bgp_route_propagation,
            routes: entry.routes.into_iter().map(|route| route.0).collect(),
        }
    }
}

/// A network interface.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "NIC")]
#[schemars(rename = "Nic")]
pub(crate) struct NicEntry {
    /// Its name.
    name: String,
    /// Its network.
    vnet: String,
    /// Its subnet.
    #[serde(default)]
    subnet: Option<String>,
    /// Its route table; that of its subnet if left out.
    #[serde(default)]
    route_table: Option<String>,
    /// Prefixes of service endpoints on its subnet.
    #[serde(default)]
    service_endpoints: Vec<RoutedPrefix>,
}

impl From<NicEntry> for Nic {
    fn from(entry: NicEntry) -> Self {
        Self {
            name: entry.name,
            vnet: entry.vnet,
            subnet: entry.subnet,
            route_table: entry.route_table,
            service_endpoints: prefixes(&entry.service_endpoints),
        }
    }
}

/// Which peering ends.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename = "remove_peering")]
#[schemars(rename = "PeeringEnds")]
pub(crate) struct PeeringEndsEntry {
    /// One network.
    pub(crate) a: String,
    /// The other.
    pub(crate) b: String,
}

same_schema! { PeeringEntry = PeeringFields, UserRouteEntry = UserRouteFields }
