//! Rows of the tables that an estate shows.
//!
//! Tables are sorted by prefix, then by the sender's place in the estate, so that equal estates
//! show equal tables. A field that a table does not have stays at its default.

use std::fmt;
use std::net::IpAddr;

use routehub_types::{AsPath, Community, Prefix};

/// Where a route came from, in the words of the management interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum RouteOrigin {
    /// Local to the gateway: network prefixes and static sites.
    Network,
    /// Learned over eBGP.
    EBgp,
    /// Learned over iBGP.
    IBgp,
    /// The ORIGIN attribute is IGP.
    Igp,
    /// The ORIGIN attribute is EGP.
    Egp,
    /// The ORIGIN attribute is INCOMPLETE.
    Incomplete,
}

impl fmt::Display for RouteOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Network => "Network",
            Self::EBgp => "EBgp",
            Self::IBgp => "IBgp",
            Self::Igp => "Igp",
            Self::Egp => "Egp",
            Self::Incomplete => "Incomplete",
        })
    }
}

/// A route that a speaker holds or sends: one row of a learned or advertised table.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RouteRow {
    /// Where to.
    pub prefix: Prefix,
    /// The AS path, nearest first.
    pub as_path: AsPath,
    /// The next hop; none where it is not known.
    pub next_hop: Option<IpAddr>,
    /// Standard communities, sorted, each once.
    pub communities: Vec<Community>,
    /// How the route came about.
    pub origin: RouteOrigin,
    /// The weight that the interface shows.
    pub weight: u32,
    /// The address the row came from.
    pub source_peer: Option<IpAddr>,
    /// The Route Server instance that holds or sent it, 0 or 1.
    pub instance: Option<u8>,
    /// The name of the speaker it came from.
    pub from: Option<String>,
}

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

/// The state of a session as tables show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "file", derive(serde::Deserialize, schemars::JsonSchema))]
pub enum SessionState {
    /// Routes are exchanged.
    Established,
    /// Down.
    Idle,
    /// The peer was refused when it was created.
    Failed,
}

/// A session of an NVA with one instance of a Route Server.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionRow {
    /// The instance, 0 or 1.
    pub instance: u8,
    /// Its state.
    pub state: SessionState,
    /// How many rows the learned table has from it.
    pub routes: usize,
    /// The NOTIFICATION that ended it: code and subcode.
    pub notification: Option<(u8, u8)>,
    /// The hold time agreed, in seconds.
    pub hold_time: u16,
    /// How many route refreshes the Route Server sent.
    pub route_refreshes: u32,
    /// How many times the session was reset.
    pub resets: u32,
}
