//! What joins the nodes of an estate: sessions, connections, peerings.

use std::collections::BTreeMap;

use routehub::Exchange;
use routehub_exchange::view::{LinkKind, Speaker, SpeakerKind};

use super::{Join, JoinKind, Kind, NodeId, Scene};

/// Every join: of speakers, of load balancers, then peerings.
pub(super) fn joins(exchange: &Exchange, scene: &Scene) -> Vec<Join> {
    let mut joins = of_speakers(exchange, scene);
    joins.extend(of_balancers(exchange, scene));
    joins.extend(peerings(exchange, scene));
    joins
}

/// The nodes of speakers by kind and name.
pub(super) struct Speakers(BTreeMap<(Kind, String), NodeId>);

impl Speakers {
    pub(super) fn of(scene: &Scene) -> Self {
        let nodes = scene.all().filter(|(_, node)| node.kind != Kind::Vnet);
        Self(
            nodes
                .map(|(id, node)| ((node.kind, node.name.clone()), id))
                .collect(),
        )
    }

    /// The node of a speaker; none if the estate no longer has it.
    pub(super) fn node(&self, speaker: &Speaker) -> Option<NodeId> {
        use routehub::estate::GatewayKind;
        let kind = match speaker.kind {
            SpeakerKind::RouteServer { .. } => Kind::RouteServer,
            SpeakerKind::Gateway { kind, .. } => match kind {
                GatewayKind::ExpressRoute => Kind::ExpressRouteGateway,
                GatewayKind::Vpn => Kind::VpnGateway,
            },
            SpeakerKind::Edge { .. } => Kind::Circuit,
            SpeakerKind::Nva { .. } => Kind::Nva,
            SpeakerKind::Site { .. } => Kind::Site,
            SpeakerKind::CustomerEdge { .. } => Kind::Customer,
        };
        self.0.get(&(kind, speaker.name.clone())).copied()
    }
}

/// What a link is drawn as.
pub(super) const fn drawn_as(kind: &LinkKind) -> JoinKind {
    match kind {
        LinkKind::NvaToRouteServer { .. }
        | LinkKind::GatewayToRouteServer
        | LinkKind::GatewayToPeer
        | LinkKind::NvaToNeighbor => JoinKind::Session,
        LinkKind::GatewayToEdge(_)
        | LinkKind::GatewayToSite
        | LinkKind::StaticSite(_)
        | LinkKind::SiteRouters(_)
        | LinkKind::GatewayToGateway
        | LinkKind::EdgeToCustomer => JoinKind::Connection,
    }
}

/// The links of speakers; those of all instances are one line, which is down when all are.
fn of_speakers(exchange: &Exchange, scene: &Scene) -> Vec<Join> {
    let graph = exchange.graph();
    let speakers = Speakers::of(scene);
    let mut links: BTreeMap<(NodeId, NodeId, JoinKind), (usize, usize)> = BTreeMap::new();
    for id in graph.links() {
        let link = graph.link(id);
        let ends = [&link.a, &link.b].map(|end| speakers.node(graph.speaker(end.speaker)));
        let [Some(a), Some(b)] = ends else { continue };
        if a == b || link.down.removed {
            continue;
        }
        let (up, all) = links.entry((a, b, drawn_as(&link.kind))).or_default();
        *all += 1;
        *up += usize::from(link.is_up());
    }
    let joins = links.into_iter().map(|((a, b, kind), (up, all))| {
        let what = match kind {
            JoinKind::Session => "BGP",
            _ => "connection",
        };
        let (near, far) = (scene.node(a), scene.node(b));
        Join {
            a,
            b,
            kind,
            tip: format!("{} – {}: {what}, {up} of {all} up", near.name, far.name),
            down: up == 0,
            announced: [None; 2],
        }
    });
    joins.collect()
}

/// Load balancers and what is behind them.
fn of_balancers(exchange: &Exchange, scene: &Scene) -> Vec<Join> {
    let mut joins = Vec::new();
    for balancer in &exchange.estate().load_balancers {
        let Some(a) = scene.named(&balancer.name, |kind| kind == Kind::LoadBalancer) else {
            continue;
        };
        for backend in &balancer.backends {
            let is_backend = |kind| matches!(kind, Kind::Nva | Kind::Nic);
            let Some(b) = scene.named(backend, is_backend) else {
                continue;
            };
            joins.push(Join {
                a,
                b,
                kind: JoinKind::Backend,
                tip: format!("{} – {backend}: backend", balancer.name),
                down: scene.node(b).state == super::State::Down,
                announced: [None; 2],
            });
        }
    }
    joins
}

fn peerings(exchange: &Exchange, scene: &Scene) -> Vec<Join> {
    let vnets: BTreeMap<&str, NodeId> = scene
        .all()
        .filter(|(_, node)| node.kind == Kind::Vnet)
        .map(|(id, node)| (node.name.as_str(), id))
        .collect();
    let mut joins = Vec::new();
    for peering in &exchange.estate().peerings {
        let ends = [&peering.a, &peering.b].map(|name| vnets.get(name.as_str()).copied());
        let [Some(a), Some(b)] = ends else { continue };
        let hub_of = |spoke: NodeId| scene.node(spoke).hub;
        let (kind, a, b, what) = if hub_of(b) == Some(a) {
            (
                JoinKind::Transit,
                a,
                b,
                "the second uses the first's gateways",
            )
        } else if hub_of(a) == Some(b) {
            (
                JoinKind::Transit,
                b,
                a,
                "the second uses the first's gateways",
            )
        } else {
            (JoinKind::Plain, a, b, "without gateway transit")
        };
        let (near, far) = (&scene.node(a).name, &scene.node(b).name);
        joins.push(Join {
            a,
            b,
            kind,
            tip: format!("{near} – {far}: peering, {what}"),
            down: false,
            announced: [None; 2],
        });
    }
    joins
}
