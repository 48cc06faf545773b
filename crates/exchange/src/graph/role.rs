//! What a speaker does with routes, and what each of its neighbours is to it.

use std::fmt;

use routehub_policy::SourceClass;

/// What a route is at the speaker that holds it, and what a neighbour is that may hear of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PeerClass {
    /// The prefixes of the speaker's own network.
    OwnNetwork,
    /// The prefixes of networks that use the speaker's gateways or Route Server.
    Spoke,
    /// Prefixes of sites without BGP.
    StaticSite,
    /// A network virtual appliance.
    Nva,
    /// A VPN gateway.
    VpnGateway,
    /// An ExpressRoute gateway.
    ExpressRouteGateway,
    /// A Route Server.
    RouteServer,
    /// A site with BGP, or a VPN gateway of another network.
    Branch,
    /// A circuit's edge.
    Circuit,
    /// The customer's edge behind a circuit.
    CustomerEdge,
}

impl PeerClass {
    /// Every class, in order.
    pub const ALL: [Self; 10] = [
        Self::OwnNetwork,
        Self::Spoke,
        Self::StaticSite,
        Self::Nva,
        Self::VpnGateway,
        Self::ExpressRouteGateway,
        Self::RouteServer,
        Self::Branch,
        Self::Circuit,
        Self::CustomerEdge,
    ];

    /// The number that policies know the class by.
    pub const fn source_class(self) -> SourceClass {
        SourceClass(self as u8)
    }
}

impl fmt::Display for PeerClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::OwnNetwork => "own network",
            Self::Spoke => "spoke network",
            Self::StaticSite => "static site",
            Self::Nva => "NVA",
            Self::VpnGateway => "VPN gateway",
            Self::ExpressRouteGateway => "ExpressRoute gateway",
            Self::RouteServer => "Route Server",
            Self::Branch => "branch",
            Self::Circuit => "circuit",
            Self::CustomerEdge => "customer edge",
        })
    }
}

/// A speaker that passes routes on by the propagation rules. (NVAs have rules of their own.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// A Route Server instance.
    RouteServer,
    /// A VPN gateway.
    VpnGateway,
    /// An ExpressRoute gateway.
    ExpressRouteGateway,
    /// A circuit's edge.
    Edge,
}
