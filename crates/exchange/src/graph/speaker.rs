//! Speakers: everything that holds or announces routes; what each does with them, and what its
//! neighbours are to it.

use std::fmt;
use std::net::IpAddr;

use routehub_policy::SourceClass;
use routehub_types::Asn;

use super::topology::VnetId;
use crate::estate::{CircuitLink, Estate, GatewayKind};

/// A speaker by its place in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId(pub(super) u32);

#[cfg(test)]
impl SpeakerId {
    /// The speaker of a number.
    pub(crate) const fn of(number: u32) -> Self {
        Self(number)
    }
}

impl SpeakerId {
    /// Its place in a list of all speakers.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a speaker is; indices are places in the lists of the estate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SpeakerKind {
    /// An instance of a Route Server.
    RouteServer {
        /// The Route Server.
        server: usize,
        /// The instance, 0 or 1.
        instance: u8,
    },
    /// An instance of a gateway.
    Gateway {
        /// The gateway.
        gateway: usize,
        /// Its kind.
        kind: GatewayKind,
        /// The instance, 0 or 1.
        instance: u8,
    },
    /// The edge router of one link of a circuit.
    Edge {
        /// The circuit.
        circuit: usize,
        /// The link.
        link: CircuitLink,
    },
    /// A network virtual appliance.
    Nva {
        /// The NVA.
        nva: usize,
    },
    /// An on-premises site.
    Site {
        /// The site.
        site: usize,
    },
    /// The customer's edge behind one link of a circuit.
    CustomerEdge {
        /// The circuit.
        circuit: usize,
        /// The link.
        link: CircuitLink,
    },
}

/// A speaker, without its routes.
#[derive(Clone, Debug)]
pub struct Speaker {
    /// What it is.
    pub kind: SpeakerKind,
    /// Its name in the estate.
    pub name: String,
    /// Its ASN; none: it does not speak BGP.
    pub asn: Option<Asn>,
    /// Its own addresses; several for a site that peers from several.
    pub addresses: Vec<IpAddr>,
    /// The network it is in.
    pub vnet: Option<VnetId>,
    /// Whether that network is on a Virtual WAN.
    pub virtual_wan: bool,
}

impl Speaker {
    /// Where the propagation rules have rows for it.
    pub const fn role(&self) -> Option<Role> {
        match self.kind {
            SpeakerKind::RouteServer { .. } => Some(Role::RouteServer),
            SpeakerKind::Gateway {
                kind: GatewayKind::Vpn,
                ..
            } => Some(Role::VpnGateway),
            SpeakerKind::Gateway {
                kind: GatewayKind::ExpressRoute,
                ..
            } => Some(Role::ExpressRouteGateway),
            SpeakerKind::Edge { .. } => Some(Role::Edge),
            _ => None,
        }
    }

    /// What its routes are, and what it is as a receiver, for a neighbour of this role.
    pub const fn class_for(&self, role: Role) -> Option<PeerClass> {
        use SpeakerKind as K;
        match (role, self.kind) {
            (Role::RouteServer, K::Nva { .. }) => Some(PeerClass::Nva),
            (
                Role::RouteServer,
                K::Gateway {
                    kind: GatewayKind::Vpn,
                    ..
                },
            ) => Some(PeerClass::VpnGateway),
            (Role::RouteServer | Role::Edge, K::Gateway { .. }) => {
                Some(PeerClass::ExpressRouteGateway)
            }
            (Role::VpnGateway | Role::ExpressRouteGateway, K::RouteServer { .. }) => {
                Some(PeerClass::RouteServer)
            }
            (Role::VpnGateway, K::Site { .. } | K::Gateway { .. }) => Some(PeerClass::Branch),
            (Role::ExpressRouteGateway, K::Edge { .. }) => Some(PeerClass::Circuit),
            (Role::Edge, K::CustomerEdge { .. }) => Some(PeerClass::CustomerEdge),
            _ => None,
        }
    }

    /// Which instance of a Route Server or gateway it is.
    pub const fn instance(&self) -> Option<u8> {
        match self.kind {
            SpeakerKind::RouteServer { instance, .. } | SpeakerKind::Gateway { instance, .. } => {
                Some(instance)
            }
            _ => None,
        }
    }

    /// Which instance of a Route Server it is.
    pub const fn route_server_instance(&self) -> Option<u8> {
        match self.kind {
            SpeakerKind::RouteServer { instance, .. } => Some(instance),
            _ => None,
        }
    }

    /// Whether it is an instance of a Route Server.
    pub const fn is_route_server(&self) -> bool {
        self.route_server_instance().is_some()
    }

    /// The gateway that it is an instance of, by its place in the estate.
    pub const fn gateway(&self) -> Option<usize> {
        match self.kind {
            SpeakerKind::Gateway { gateway, .. } => Some(gateway),
            _ => None,
        }
    }

    /// The link of a circuit that it is an end of.
    pub const fn circuit_link(&self) -> Option<CircuitLink> {
        match self.kind {
            SpeakerKind::Edge { link, .. } | SpeakerKind::CustomerEdge { link, .. } => Some(link),
            _ => None,
        }
    }

    /// What it is called where the links of a circuit differ: `er primary`.
    pub fn with_link(&self) -> String {
        match self.kind {
            SpeakerKind::Edge { link, .. } => format!("{} {link}", self.name),
            SpeakerKind::CustomerEdge { link, .. } => format!("{} {link} on-premises", self.name),
            _ => self.to_string(),
        }
    }

    /// Whether it is an edge router of a circuit.
    pub const fn is_edge(&self) -> bool {
        matches!(self.kind, SpeakerKind::Edge { .. })
    }

    /// Whether it is an NVA.
    pub const fn is_nva(&self) -> bool {
        matches!(self.kind, SpeakerKind::Nva { .. })
    }

    /// Whether networks' NICs can be programmed with its routes: a Route Server or a gateway.
    pub const fn programs_nics(&self) -> bool {
        matches!(
            self.kind,
            SpeakerKind::RouteServer { .. } | SpeakerKind::Gateway { .. }
        )
    }

    /// Whether it is on-premises: a site, or the customer's edge behind a circuit.
    pub const fn is_on_premises(&self) -> bool {
        matches!(
            self.kind,
            SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. }
        )
    }

    /// Whether it announces only what the estate says, and keeps nothing of what it hears.
    pub(crate) fn only_ends_routes(&self, estate: &Estate) -> bool {
        match self.kind {
            SpeakerKind::Nva { nva } => estate.nvas[nva].readvertises.is_empty(),
            _ => self.is_on_premises(),
        }
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            SpeakerKind::RouteServer { instance, .. } => write!(f, "{}/{instance}", self.name),
            SpeakerKind::CustomerEdge { .. } => write!(f, "{} on-premises", self.name),
            _ => f.write_str(&self.name),
        }
    }
}

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
    /// An ExpressRoute gateway of a network on a Virtual WAN, at a circuit's edge.
    VirtualWanGateway,
    /// A Route Server.
    RouteServer,
    /// A site with BGP, or a VPN gateway of another network.
    Branch,
    /// A circuit's edge.
    Circuit,
    /// The customer's edge behind a circuit.
    CustomerEdge,
    /// The address of a site's BGP router.
    SiteRouter,
    /// A VPN gateway's instance, to the other one or to another gateway of its network.
    PeerVpnGateway,
    /// An ExpressRoute gateway's instance, to another gateway of its network.
    PeerExpressRouteGateway,
}

impl PeerClass {
    /// Every class, in order.
    pub const ALL: [Self; 14] = [
        Self::OwnNetwork,
        Self::Spoke,
        Self::StaticSite,
        Self::Nva,
        Self::VpnGateway,
        Self::ExpressRouteGateway,
        Self::VirtualWanGateway,
        Self::RouteServer,
        Self::Branch,
        Self::Circuit,
        Self::CustomerEdge,
        Self::SiteRouter,
        Self::PeerVpnGateway,
        Self::PeerExpressRouteGateway,
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
            Self::VirtualWanGateway => "Virtual WAN gateway",
            Self::RouteServer => "Route Server",
            Self::Branch => "branch",
            Self::Circuit => "circuit",
            Self::CustomerEdge => "customer edge",
            Self::SiteRouter => "site's router",
            Self::PeerVpnGateway => "VPN gateway beside",
            Self::PeerExpressRouteGateway => "ExpressRoute gateway beside",
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
