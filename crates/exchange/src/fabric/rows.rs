//! Rows of a NIC's effective routes.

use std::net::IpAddr;

use routehub_types::Prefix;

/// Where an effective route comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteSource {
    /// A system route.
    Default,
    /// A user-defined route.
    User,
    /// A Route Server or a gateway.
    VirtualNetworkGateway,
}

/// Whether an effective route is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteState {
    /// In use.
    Active,
    /// Overridden by a route of the same prefix.
    Invalid,
}

/// The next hop type of an effective route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum NextHopType {
    /// Within the network.
    VnetLocal,
    /// To a peered network of the same region.
    VNetPeering,
    /// To a peered network of another region.
    VNetGlobalPeering,
    /// By way of a gateway, or of the next hops that a Route Server programmed.
    VirtualNetworkGateway,
    /// To an address that a user-defined route names.
    VirtualAppliance,
    /// To the internet.
    Internet,
    /// Nowhere.
    None,
    /// To a service endpoint.
    VirtualNetworkServiceEndpoint,
}

/// One row of a NIC's effective routes.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct EffectiveRow {
    /// Where to; a service endpoint row has several.
    pub prefixes: Vec<Prefix>,
    /// By way of what.
    pub next_hop_type: NextHopType,
    /// The addresses, sorted; several are ECMP.
    pub next_hops: Vec<IpAddr>,
    /// Where the row comes from.
    pub source: RouteSource,
    /// Whether it is used.
    pub state: RouteState,
    /// The name of a user-defined route.
    pub name: Option<String>,
    /// Whether the NIC's route table disables propagation.
    pub disable_bgp_route_propagation: bool,
}
