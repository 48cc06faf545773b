//! The routes of one speaker: its RIB, and what each source of the RIB is.

use std::net::IpAddr;
use std::time::Duration;

use routehub_policy::SourceClass;
use routehub_rib::{
    AdjIn, DecisionConfig, Imported, LimitMode, Rib, RouteLimit, Source, SourceId, Step,
};
use routehub_types::{AttrId, Family, Prefix, RouterId};

use crate::estate::{GatewayKind, RoutingPreference};
use crate::exchange_table::Class;
use crate::export::{link_class, source_class};
use crate::graph::Graph;
use crate::link::{LinkId, LinkKind, Side};
use crate::parameters::{Parameters, PrefixCountMode};
use crate::speaker::{SpeakerId, SpeakerKind};

/// Where the routes of a source come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Prefixes of the speaker's own network.
    OwnNetwork,
    /// Prefixes of networks that use the speaker's gateways.
    Spoke,
    /// A neighbour.
    Link(LinkId),
}

/// The routes of one speaker.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) rib: Rib,
    origins: Vec<Origin>,
    /// What policies call each source, by its number.
    pub(crate) classes: Vec<SourceClass>,
    /// Whether what was best and comes back stays away.
    pub(crate) sticky: bool,
}

impl Table {
    /// An empty table of a speaker that decides in this way.
    pub(crate) fn new(config: DecisionConfig, seed: u64) -> Self {
        let mut it = Self {
            rib: Rib::new(seed, config),
            origins: Vec::new(),
            classes: Vec::new(),
            sticky: false,
        };
        for (origin, class) in [
            (Origin::OwnNetwork, Class::OwnNetwork),
            (Origin::Spoke, Class::Spoke),
        ] {
            it.add(origin, source_class(class), Source::default());
        }
        it
    }

    /// Adds a source.
    pub(crate) fn add(
        &mut self,
        origin: Origin,
        class: SourceClass,
        source: Source,
    ) -> Option<SourceId> {
        let id = self.rib.add_source(source).ok()?;
        self.origins.push(origin);
        self.classes.push(class);
        Some(id)
    }

    /// Where a source's routes come from.
    pub(crate) fn origin(&self, source: SourceId) -> Origin {
        self.origins[usize::from(source.number())]
    }

    /// What policies call a source.
    pub(crate) fn class(&self, source: SourceId) -> SourceClass {
        self.classes[usize::from(source.number())]
    }

    /// The source of an origin.
    pub(crate) fn source(&self, origin: Origin) -> Option<SourceId> {
        let mut sources = self.rib.sources().map(|(source, _)| source);
        sources.find(|source| self.origin(*source) == origin)
    }

    /// Prefixes that have a best path, in order.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = Prefix> + '_ {
        let routes = Family::ALL
            .into_iter()
            .flat_map(|family| self.rib.loc_rib(family));
        routes.map(|(prefix, _)| prefix)
    }

    /// What a source announced, as received, in order.
    pub(crate) fn received(&self, source: SourceId) -> impl Iterator<Item = (Prefix, AttrId)> + '_ {
        self.adj_in(source)
            .map(|route| (route.prefix, route.received))
    }

    /// The same without what import rejected for good.
    pub(crate) fn learned(&self, source: SourceId) -> impl Iterator<Item = (Prefix, AttrId)> + '_ {
        let shown = |route: &AdjIn| !matches!(route.imported, Imported::Rejected(_));
        self.adj_in(source)
            .filter(shown)
            .map(|route| (route.prefix, route.received))
    }

    /// What a source announced, with what import made of it, in order.
    pub(crate) fn adj_in(&self, source: SourceId) -> impl Iterator<Item = AdjIn> + '_ {
        Family::ALL
            .into_iter()
            .flat_map(move |family| self.rib.adj_in(source, family))
    }
}

/// How a speaker decides (R-060 to R-073; NVAs as the network file says).
pub(crate) fn decision(kind: SpeakerKind, parameters: &Parameters) -> DecisionConfig {
    use Step::{AsPathLength, Cost, External, NextHop, PeerAddress, Rank, TieBreak};
    let many = u8::try_from(parameters.max_next_hops()).unwrap_or(u8::MAX);
    match kind {
        SpeakerKind::RouteServer { .. } => DecisionConfig::new(
            [Rank, AsPathLength, Cost],
            [PeerAddress, TieBreak, NextHop],
            many,
        ),
        SpeakerKind::Gateway {
            kind: GatewayKind::ExpressRoute,
            ..
        } => DecisionConfig::new([Rank, Cost, AsPathLength], [TieBreak, PeerAddress], many),
        SpeakerKind::Gateway {
            kind: GatewayKind::Vpn,
            ..
        } => DecisionConfig::new(
            [Rank, AsPathLength, External],
            [PeerAddress, TieBreak],
            many,
        ),
        SpeakerKind::Nva { .. } => DecisionConfig::new(
            [AsPathLength, External],
            [NextHop, PeerAddress, TieBreak],
            1,
        ),
        _ => DecisionConfig::new([AsPathLength], [TieBreak, PeerAddress], 1),
    }
}

/// How a Route Server decides after something has failed, if traffic stays where it went.
pub(crate) fn sticky_decision(parameters: &Parameters) -> DecisionConfig {
    let kind = SpeakerKind::RouteServer {
        server: 0,
        instance: 0,
    };
    let plain = decision(kind, parameters);
    let steps = std::iter::once(Step::Failback).chain(plain.steps().iter().copied());
    DecisionConfig::new(
        steps,
        plain.tie_breakers().iter().copied(),
        plain.max_paths(),
    )
}

/// What the RIB of the speaker on `side` needs to know of a link as a source.
pub(crate) fn source(
    graph: &Graph,
    parameters: &Parameters,
    preference: Option<RoutingPreference>,
    id: LinkId,
    side: Side,
) -> Source {
    let link = graph.link(id);
    let peer = link.end(side.other());
    let address = peer.addresses.first().copied();
    let class = graph.class_beyond(id, side);
    let mut source = Source {
        peer_address: address.unwrap_or(crate::announce::UNKNOWN_ADDRESS),
        peer_as: graph.speaker(peer.speaker).asn.unwrap_or_default(),
        external: link.external,
        tie_break: place_by_name(graph, id, side),
        ..Source::default()
    };
    if let Some(IpAddr::V4(address)) = address {
        source.router_id = RouterId::from(address);
    }
    match (graph.speaker(link.end(side).speaker).kind, class) {
        (SpeakerKind::RouteServer { .. }, Some(class)) => {
            prefer(&mut source, preference.unwrap_or_default(), class);
            if class == Class::Nva {
                source.limit = route_limit(parameters);
            }
        }
        (SpeakerKind::Gateway { .. }, class) => {
            // What a gateway hears from its connections it keeps, whatever a Route Server says:
            // the Route Server decides among gateways and has to go on hearing of it.
            source.rank = match class {
                Some(Class::StaticSite) => 1,
                Some(Class::RouteServer) => 3,
                _ => 2,
            };
            if let LinkKind::GatewayToEdge(connection) = &link.kind {
                source.cost = u32::MAX - connection.weight; // the highest weight first
            }
        }
        _ => {}
    }
    source
}

/// Rank and cost of a class of source at a Route Server. Local networks have rank 0 and come
/// before all. Equal costs are ECMP; circuits have costs of their own by name, so
/// that one alone is used, and the lowest of all, so that they win a tie.
fn prefer(source: &mut Source, preference: RoutingPreference, class: Class) {
    let circuit = class == Class::ExpressRouteGateway;
    source.rank = match preference {
        RoutingPreference::ExpressRoute if circuit => 1,
        RoutingPreference::ExpressRoute => 2,
        RoutingPreference::VpnGateway if circuit => 2,
        RoutingPreference::VpnGateway | RoutingPreference::AsPath => 1,
    };
    source.cost = if circuit { source.tie_break } else { u32::MAX };
}

/// The place of a link among those of a speaker by the names of the peers.
fn place_by_name(graph: &Graph, id: LinkId, side: Side) -> u32 {
    let speaker = graph.link(id).end(side).speaker;
    let name = |link: LinkId| {
        let peer = graph.link(link).peer_of(speaker);
        peer.map_or("", |peer| graph.speaker(peer).name.as_str())
    };
    let before = graph
        .links_of(speaker)
        .iter()
        .filter(|one| name(**one) < name(id));
    u32::try_from(before.count()).unwrap_or(u32::MAX)
}

/// The route limit of an NVA's session.
fn route_limit(parameters: &Parameters) -> Option<RouteLimit> {
    let mode = match parameters.prefix_count_mode {
        PrefixCountMode::PerMessage => LimitMode::PerMessage,
        PrefixCountMode::PerBatch => LimitMode::PerBatch {
            gap: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        },
        PrefixCountMode::StrictRib => LimitMode::StrictRib,
    };
    parameters
        .max_routes_per_peer
        .map(|max| RouteLimit { max, mode })
}

/// What policies call the routes of a link at the speaker on `side`: its class by the exchange
/// table, or at an NVA the number of the link.
pub(crate) fn policy_class(graph: &Graph, id: LinkId, side: Side) -> SourceClass {
    match graph.class_beyond(id, side) {
        Some(class) => source_class(class),
        None => {
            let speaker: SpeakerId = graph.link(id).end(side).speaker;
            let place = graph.links_of(speaker).iter().position(|one| *one == id);
            link_class(place.unwrap_or(usize::MAX))
        }
    }
}
