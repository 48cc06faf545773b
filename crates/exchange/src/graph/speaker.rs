//! Speakers: everything that holds or announces routes.

use std::fmt;
use std::net::IpAddr;

use routehub_types::Asn;

use super::role::{PeerClass, Role};
use super::topology::VnetId;
use crate::estate::{Estate, GatewayKind};

/// A speaker by its place in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId(pub(super) u32);

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
    /// A gateway, both instances together.
    Gateway {
        /// The gateway.
        gateway: usize,
        /// Its kind.
        kind: GatewayKind,
    },
    /// The edge routers of a circuit.
    Edge {
        /// The circuit.
        circuit: usize,
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
    /// The customer's edge behind a circuit.
    CustomerEdge {
        /// The circuit.
        circuit: usize,
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
    /// Its own addresses; several for a gateway or site with several instances.
    pub addresses: Vec<IpAddr>,
    /// The network it is in.
    pub vnet: Option<VnetId>,
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

    /// Which instance of a Route Server it is.
    pub const fn instance(&self) -> Option<u8> {
        match self.kind {
            SpeakerKind::RouteServer { instance, .. } => Some(instance),
            _ => None,
        }
    }

    /// Whether it is an instance of a Route Server.
    pub const fn is_route_server(&self) -> bool {
        self.instance().is_some()
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
