//! How each speaker decides among its sources, and what it knows of each.

use std::net::IpAddr;
use std::time::Duration;

use routehub_rib::{DecisionConfig, LimitMode, RouteLimit, Source, Step};
use routehub_types::RouterId;

use crate::estate::{RoutingPreference, SessionOption};
use crate::graph::{
    AdjacencyId, Deployment, Graph, LinkKind, PeerClass, Role, SpeakerId, SpeakerKind,
};
use crate::parameters::{Parameters, PrefixCountMode};

/// How a speaker decides (R-060 to R-073; NVAs as the network file says).
pub(super) fn decision(deployment: &Deployment, id: SpeakerId) -> DecisionConfig {
    use Step::{
        AsPathLength, Cost, External, LocalPref, LongLivedStale, NextHop, PeerAddress, Rank,
        TieBreak,
    };
    let max_next_hops = deployment.parameters().max_next_hops();
    let many = u8::try_from(max_next_hops).unwrap_or(u8::MAX);
    let speaker = deployment.graph().speaker(id);
    let (steps, tie_breakers, max_paths): (&[Step], &[Step], u8) = match speaker.role() {
        Some(Role::RouteServer) => (
            &[Rank, AsPathLength, Cost],
            &[PeerAddress, TieBreak, NextHop],
            many,
        ),
        Some(Role::ExpressRouteGateway) => {
            (&[Rank, Cost, AsPathLength], &[TieBreak, PeerAddress], many)
        }
        Some(Role::VpnGateway) => (
            &[Rank, LocalPref, AsPathLength, External],
            &[PeerAddress, TieBreak],
            many,
        ),
        None if speaker.is_nva() => (
            &[AsPathLength, External],
            &[NextHop, PeerAddress, TieBreak],
            1,
        ),
        _ => (&[Rank, AsPathLength], &[TieBreak, PeerAddress], 1),
    };
    // RFC 9494 section 4.3: before all else. Azure has no such routes.
    let first = deployment
        .parameters()
        .transparent
        .then_some(LongLivedStale);
    let steps = first.into_iter().chain(steps.iter().copied());
    DecisionConfig::new(steps, tie_breakers.iter().copied(), max_paths)
}

/// The same where what was best and comes back stays away.
pub(super) fn sticky(plain: &DecisionConfig) -> DecisionConfig {
    // What is long-lived stale gives way all the same.
    let (first, others) = match plain.steps() {
        [Step::LongLivedStale, others @ ..] => (Some(Step::LongLivedStale), others),
        others => (None, others),
    };
    let steps = first.into_iter().chain([Step::Failback]);
    let steps = steps.chain(others.iter().copied());
    let tie_breakers = plain.tie_breakers().iter().copied();
    DecisionConfig::new(steps, tie_breakers, plain.max_paths())
}

/// Refused routes of a real router that are kept with their reasons; of further ones it is told how
/// many there were.
pub(crate) const MOST_REFUSED: u32 = 10_000;

/// What the receiver's RIB needs to know of an adjacency as a source.
pub(super) fn source(deployment: &Deployment, adjacency: AdjacencyId) -> Source {
    let (graph, parameters) = (deployment.graph(), deployment.parameters());
    let (receiver, link) = (graph.receiver(adjacency), graph.link(adjacency.link));
    let class = graph.class_of_sender(adjacency);
    let address = graph.sending_end(adjacency).next_hop();
    let mut source = Source {
        peer_address: address,
        peer_asn: graph.sender(adjacency).asn.unwrap_or_default(),
        external: link.external,
        tie_break: place_by_name(graph, adjacency),
        max_rejected: if link.live { MOST_REFUSED } else { u32::MAX },
        ..Source::default()
    };
    if let IpAddr::V4(address) = address {
        source.router_id = RouterId::from(address);
    }
    match (receiver.kind, class) {
        (SpeakerKind::RouteServer { .. }, Some(class)) => {
            let server = deployment.route_server(receiver);
            let preference = server.map(|server| server.routing_preference);
            prefer(&mut source, preference.unwrap_or_default(), class);
            if class == PeerClass::Nva {
                source.limit = route_limit(parameters);
            }
        }
        (SpeakerKind::Gateway { .. }, class) => {
            source.rank = gateway_rank(receiver.role(), class);
            if let LinkKind::GatewayToEdge(connection) = &link.kind {
                source.cost = u32::MAX - connection.weight; // the highest weight first
            }
        }
        // what gateways send back never hides what the customer announces.
        (SpeakerKind::Edge { .. }, class) => {
            source.rank = if class == Some(PeerClass::CustomerEdge) {
                1
            } else {
                2
            };
        }
        _ => {}
    }
    let options = deployment.session_options(adjacency.link);
    source.long_lived = link.kind.peer_side() == Some(adjacency.sender)
        && options.is_some_and(|options| options.asks_for(SessionOption::LongLivedGracefulRestart));
    if let Some(maximum) = options.and_then(|options| options.maximum_prefix)
        && link.kind.peer_side() == Some(adjacency.sender)
    {
        source.limit = maximum.ends_session().then_some(RouteLimit {
            max: maximum.limit.get(),
            mode: LimitMode::StrictRib,
        });
    }
    source
}

/// The rank of a class of source at a gateway. An ExpressRoute gateway keeps what it hears from its
/// circuits, whatever a Route Server says: the Route Server decides among gateways and has to go on
/// hearing of it (R-155: the higher weight). At a VPN gateway all but static sites compete.
const fn gateway_rank(role: Option<Role>, class: Option<PeerClass>) -> u8 {
    match (role, class) {
        (_, Some(PeerClass::StaticSite)) => 1,
        (Some(Role::ExpressRouteGateway), Some(PeerClass::RouteServer)) => 3,
        (Some(Role::ExpressRouteGateway), Some(PeerClass::PeerVpnGateway)) => 4,
        _ => 2,
    }
}

/// Rank and cost of a class of source at a Route Server. Local networks have rank 0 and come
/// before all. Equal costs are ECMP; circuits have costs of their own by name, so
/// that only one is used, and the lowest of all, so that they win a tie.
fn prefer(source: &mut Source, preference: RoutingPreference, class: PeerClass) {
    let circuit = class == PeerClass::ExpressRouteGateway;
    source.rank = match preference {
        RoutingPreference::ExpressRoute if circuit => 1,
        RoutingPreference::ExpressRoute => 2,
        RoutingPreference::VpnGateway if circuit => 2,
        RoutingPreference::VpnGateway | RoutingPreference::AsPath => 1,
    };
    source.cost = if circuit { source.tie_break } else { u32::MAX };
}

/// The place of the sender among the receiver's neighbours by name, of a circuit's links the
/// primary first.
fn place_by_name(graph: &Graph, adjacency: AdjacencyId) -> u32 {
    let key = |from: AdjacencyId| {
        let sender = graph.sender(from);
        (sender.name.as_str(), sender.circuit_link())
    };
    let own = key(adjacency);
    let all = graph.inbound(graph.receiver_id(adjacency));
    let before = all.filter(|other| key(*other) < own);
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
    let max = parameters.max_routes_per_peer?;
    Some(RouteLimit { max, mode })
}
