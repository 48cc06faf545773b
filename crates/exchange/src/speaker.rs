//! Speakers: everything that holds or announces routes.

use std::fmt;
use std::net::IpAddr;

use routehub_types::Asn;

use crate::estate::{Estate, GatewayKind};
use crate::exchange_table::{At, Class};
use crate::topology::VnetId;

/// A speaker by its place in the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SpeakerId(pub(crate) u32);

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
    /// Where the exchange table has rows for it.
    pub(crate) fn at(&self) -> Option<At> {
        match self.kind {
            SpeakerKind::RouteServer { .. } => Some(At::RouteServer),
            SpeakerKind::Gateway {
                kind: GatewayKind::Vpn,
                ..
            } => Some(At::VpnGateway),
            SpeakerKind::Gateway {
                kind: GatewayKind::ExpressRoute,
                ..
            } => Some(At::ExpressRouteGateway),
            SpeakerKind::Edge { .. } => Some(At::Edge),
            _ => None,
        }
    }

    /// What its routes are, and what it is as a sink, for a neighbour of this kind.
    pub(crate) fn class_at(&self, at: At) -> Option<Class> {
        use SpeakerKind as K;
        match (at, self.kind) {
            (At::RouteServer, K::Nva { .. }) => Some(Class::Nva),
            (
                At::RouteServer,
                K::Gateway {
                    kind: GatewayKind::Vpn,
                    ..
                },
            ) => Some(Class::VpnGateway),
            (At::RouteServer | At::Edge, K::Gateway { .. }) => Some(Class::ExpressRouteGateway),
            (At::VpnGateway | At::ExpressRouteGateway, K::RouteServer { .. }) => {
                Some(Class::RouteServer)
            }
            (At::VpnGateway, K::Site { .. } | K::Gateway { .. }) => Some(Class::Branch),
            (At::ExpressRouteGateway, K::Edge { .. }) => Some(Class::Circuit),
            (At::Edge, K::CustomerEdge { .. }) => Some(Class::CustomerEdge),
            _ => None,
        }
    }

    /// Whether it announces only what the estate says, and keeps nothing of what it hears.
    pub(crate) fn only_ends_routes(&self, estate: &Estate) -> bool {
        match self.kind {
            SpeakerKind::Site { .. } | SpeakerKind::CustomerEdge { .. } => true,
            SpeakerKind::Nva { nva } => estate
                .nvas
                .get(nva)
                .is_none_or(|one| one.readvertises.is_empty()),
            _ => false,
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
