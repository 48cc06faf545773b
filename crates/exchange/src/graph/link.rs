//! Links: pairs of speakers that exchange routes, and the two directions of each.

use std::net::{IpAddr, Ipv4Addr};

use routehub_types::{FamilySet, RuleId};

use super::speaker::SpeakerId;
use crate::estate::Routes;

/// The next hop of a route whose announcer has no known address.
pub const UNKNOWN_ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// A link by its place in the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(super) u32);

impl LinkId {
    /// Its place in a list of all links.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }

    /// The direction from the speaker on a side to the other.
    pub const fn from(self, sender: Side) -> AdjacencyId {
        AdjacencyId { link: self, sender }
    }

    /// Both directions.
    pub fn adjacencies(self) -> [AdjacencyId; 2] {
        Side::BOTH.map(|sender| self.from(sender))
    }
}

/// One direction of a link: what the speaker on a side sends to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AdjacencyId {
    /// The link.
    pub link: LinkId,
    /// Where the sender is.
    pub sender: Side,
}

impl AdjacencyId {
    /// The other direction of the link.
    #[must_use]
    pub const fn reverse(self) -> Self {
        self.link.from(self.sender.other())
    }
}

/// One of the two ends of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The end that the link's kind names first.
    A,
    /// The other end.
    B,
}

impl Side {
    /// Both sides.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other side.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What kind of link it is. The end named first is side A.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkKind {
    /// NVA and Route Server instance.
    NvaToRouteServer {
        /// Which of the NVA's `sessions` it belongs to.
        session: usize,
    },
    /// Gateway instance and Route Server instance.
    GatewayToRouteServer,
    /// ExpressRoute gateway instance and the edge of one link of a circuit.
    GatewayToEdge(CircuitConnection),
    /// VPN gateway instance and site with BGP.
    GatewayToSite,
    /// VPN gateway instance and what of a site is the gateway's own: the prefixes of a site without
    /// BGP, those that are static beside BGP.
    StaticSite(Routes),
    /// VPN gateway instance and the addresses of a site's BGP routers.
    SiteRouters(Routes),
    /// Instances of two VPN gateways of different networks.
    GatewayToGateway,
    /// Two instances of gateways of one network and one ASN.
    GatewayToPeer,
    /// Two NVAs, or an NVA and a site.
    NvaToNeighbor,
    /// Circuit edge and customer's edge.
    EdgeToCustomer,
}

impl LinkKind {
    /// Whether it is an NVA's session with a Route Server instance.
    pub const fn is_peering(&self) -> bool {
        matches!(self, Self::NvaToRouteServer { .. })
    }

    /// The side of a router that is nobody's of ours: an NVA, a site, a customer's edge.
    pub const fn peer_side(&self) -> Option<Side> {
        match self {
            Self::NvaToRouteServer { .. } => Some(Side::A),
            Self::GatewayToSite | Self::EdgeToCustomer => Some(Side::B),
            _ => None,
        }
    }

    /// Whether it stands for routes that the gateway has of its own, without BGP.
    pub const fn is_static(&self) -> bool {
        self.static_routes().is_some()
    }

    /// The routes that the gateway has of its own.
    pub const fn static_routes(&self) -> Option<&Routes> {
        match self {
            Self::StaticSite(routes) | Self::SiteRouters(routes) => Some(routes),
            _ => None,
        }
    }

    /// Whether it is, or belongs to, a connection of a gateway.
    pub const fn is_connection(&self) -> bool {
        matches!(
            self,
            Self::GatewayToEdge(_)
                | Self::GatewayToSite
                | Self::StaticSite(_)
                | Self::SiteRouters(_)
                | Self::GatewayToGateway
        )
    }

    /// Whether it is a connection of a gateway by which routes leave its network: to a circuit, a
    /// site with BGP, or a VPN gateway of another network.
    pub const fn is_outward(&self) -> bool {
        matches!(
            self,
            Self::GatewayToEdge(_) | Self::GatewayToSite | Self::GatewayToGateway
        )
    }

    /// Whether it is a connection of a gateway to a circuit.
    pub const fn is_to_circuit(&self) -> bool {
        matches!(self, Self::GatewayToEdge(_))
    }
}

/// What a connection of an ExpressRoute gateway says, by one link of the circuit.
#[derive(Clone, Debug, PartialEq)]
pub struct CircuitConnection {
    /// Higher is preferred.
    pub weight: u32,
    /// What NICs show as next hops.
    pub nic_next_hops: Vec<IpAddr>,
}

/// One end of a link.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The speaker.
    pub speaker: SpeakerId,
    /// The addresses it uses on this link; several where several instances hold it.
    pub addresses: Vec<IpAddr>,
}

impl End {
    /// The address that stands as next hop where there are several.
    pub fn next_hop(&self) -> IpAddr {
        self.addresses.first().copied().unwrap_or(UNKNOWN_ADDRESS)
    }
}

/// Why a link is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Down {
    /// The peer was refused when it was created, or both ends have one ASN.
    pub refused: Option<RuleId>,
    /// An event took the session, the NVA or the connection down.
    pub by_event: bool,
    /// The Route Server or gateway instance at one end is down.
    pub instance: bool,
    /// A limit ended it: by this rule.
    pub limit: Option<RuleId>,
    /// A live session that is not established.
    pub not_established: bool,
    /// The Route Server or the connection no longer exists.
    pub removed: bool,
    /// The NVA's way to the Route Server is gone.
    pub unreachable: bool,
}

impl Down {
    /// Whether an event took it down.
    pub const fn is_switched_off(&self) -> bool {
        self.by_event || self.instance || self.removed || self.unreachable
    }
}

/// A pair of speakers that exchange routes.
#[derive(Clone, Debug)]
pub struct Link {
    /// What it joins.
    pub kind: LinkKind,
    /// The end that the kind names first.
    pub a: End,
    /// The other end.
    pub b: End,
    /// Why it is down; the default: it is up.
    pub down: Down,
    /// Whether the ASNs of the ends differ (eBGP).
    pub external: bool,
    /// Whether a real router plays the NVA, site or customer's edge.
    pub live: bool,
    /// Route refreshes sent.
    pub route_refreshes: u32,
    /// How often its session ended, whatever ended it.
    pub resets: u32,
    /// Code and subcode of the NOTIFICATION that ended it.
    pub notification: Option<(u8, u8)>,
    /// Families whose routes stay although the session of the real router is not established,
    /// because it restarts (RFC 4724 section 4.2).
    pub retained: FamilySet,
}

impl Link {
    /// Whether routes pass.
    pub fn is_up(&self) -> bool {
        let down = Down {
            not_established: self.down.not_established && self.retained.is_empty(),
            ..self.down
        };
        down == Down::default()
    }

    /// The end on a side.
    pub const fn end(&self, side: Side) -> &End {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    /// The side a speaker is on.
    pub fn side_of(&self, speaker: SpeakerId) -> Option<Side> {
        let mut sides = Side::BOTH.into_iter();
        sides.find(|side| self.end(*side).speaker == speaker)
    }

    /// The speaker at the other end.
    pub fn peer_of(&self, speaker: SpeakerId) -> Option<SpeakerId> {
        let side = self.side_of(speaker)?;
        Some(self.end(side.other()).speaker)
    }

    /// Our side, if a real router plays the other.
    pub const fn our_side(&self) -> Option<Side> {
        match self.kind.peer_side() {
            Some(peer) if self.live => Some(peer.other()),
            _ => None,
        }
    }
}
