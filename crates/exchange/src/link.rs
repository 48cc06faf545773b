//! Links: pairs of speakers that exchange routes.

use std::net::IpAddr;

use routehub_types::RuleId;

use crate::speaker::SpeakerId;

/// A link by its place in the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) u32);

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
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// What kind of link it is. The end named first is side A.
#[derive(Clone, Debug, PartialEq)]
pub enum LinkKind {
    /// NVA and Route Server instance; which of the NVA's `sessions` it belongs to.
    NvaToRouteServer {
        /// The place in the NVA's list.
        session: usize,
    },
    /// Gateway and Route Server instance.
    GatewayToRouteServer,
    /// ExpressRoute gateway and circuit edge.
    GatewayToEdge(CircuitConnection),
    /// VPN gateway and site; without BGP the site's prefixes are static.
    GatewayToSite {
        /// Whether it speaks BGP.
        bgp: bool,
    },
    /// Two VPN gateways.
    GatewayToGateway,
    /// Two NVAs, or an NVA and a site.
    NvaToNeighbor,
    /// Circuit edge and customer's edge.
    EdgeToCustomer,
}

/// What a connection of an ExpressRoute gateway says.
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

/// Why a link is down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Down {
    /// The peer was refused when it was created.
    pub refused: Option<RuleId>,
    /// An event took the session, the NVA or the connection down.
    pub by_event: bool,
    /// The Route Server instance at one end is down.
    pub instance: bool,
    /// A limit ended it: by this rule.
    pub limit: Option<RuleId>,
    /// A live session that is not established.
    pub not_established: bool,
    /// The Route Server or the connection no longer exists.
    pub removed: bool,
}

impl Down {
    /// Whether an event took it down.
    pub const fn is_switched_off(&self) -> bool {
        self.by_event || self.instance || self.removed
    }
}

/// A pair of speakers that exchange routes.
#[derive(Clone, Debug)]
pub struct Link {
    /// What kind of link it is.
    pub kind: LinkKind,
    /// The end that the kind names first.
    pub a: End,
    /// The other end.
    pub b: End,
    /// Why it is down, if it is.
    pub down: Down,
    /// Whether the ASNs of the ends differ (eBGP).
    pub external: bool,
    /// Whether a real router plays the NVA, site or customer's edge.
    pub live: bool,
    /// Route refreshes sent.
    pub route_refreshes: u32,
    /// Resets.
    pub resets: u32,
    /// Code and subcode of the NOTIFICATION that ended it.
    pub notification: Option<(u8, u8)>,
}

impl Link {
    /// Whether routes pass.
    pub fn is_up(&self) -> bool {
        self.down == Down::default()
    }

    /// The end on a side.
    pub fn end(&self, side: Side) -> &End {
        match side {
            Side::A => &self.a,
            Side::B => &self.b,
        }
    }

    /// The side a speaker is on.
    pub fn side_of(&self, speaker: SpeakerId) -> Option<Side> {
        Side::BOTH
            .into_iter()
            .find(|side| self.end(*side).speaker == speaker)
    }

    /// The speaker at the other end.
    pub fn peer_of(&self, speaker: SpeakerId) -> Option<SpeakerId> {
        self.side_of(speaker)
            .map(|side| self.end(side.other()).speaker)
    }
}
