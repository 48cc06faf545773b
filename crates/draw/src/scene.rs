//! What is drawn, without places: nodes, what joins them, and the ways that are in colour.

mod build;
mod group;
mod joins;
mod route;
mod trace;

use routehub::Exchange;

pub(crate) use group::grouped;
pub(crate) use route::mark_route;
pub(crate) use trace::mark_trace;

/// A node by its place in the scene.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct NodeId(pub(crate) usize);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Internet,
    Site,
    Customer,
    Circuit,
    Vnet,
    RouteServer,
    ExpressRouteGateway,
    VpnGateway,
    Nva,
    LoadBalancer,
    Nic,
    PrivateEndpoint,
}

impl Kind {
    /// What users call it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Internet => "internet",
            Self::Site => "site",
            Self::Customer => "on-premises",
            Self::Circuit => "circuit",
            Self::Vnet => "VNet",
            Self::RouteServer => "Route Server",
            Self::ExpressRouteGateway => "ExpressRoute gateway",
            Self::VpnGateway => "VPN gateway",
            Self::Nva => "NVA",
            Self::LoadBalancer => "load balancer",
            Self::Nic => "NIC",
            Self::PrivateEndpoint => "private endpoint",
        }
    }

    /// Its class in the SVG and in Mermaid.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Internet => "internet",
            Self::Site | Self::Customer => "premises",
            Self::Circuit => "circuit",
            Self::Vnet => "vnet",
            Self::RouteServer => "server",
            Self::ExpressRouteGateway | Self::VpnGateway => "gateway",
            Self::Nva => "nva",
            Self::LoadBalancer => "balancer",
            Self::Nic | Self::PrivateEndpoint => "nic",
        }
    }

    /// Whether it has a chip with a role in its network; NICs and endpoints are only named.
    pub(crate) const fn is_device(self) -> bool {
        matches!(
            self,
            Self::RouteServer
                | Self::ExpressRouteGateway
                | Self::VpnGateway
                | Self::Nva
                | Self::LoadBalancer
        )
    }

    /// Whether it stands outside of Azure.
    pub(crate) const fn is_outside(self) -> bool {
        matches!(
            self,
            Self::Internet | Self::Site | Self::Customer | Self::Circuit
        )
    }
}

/// How a node stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// As usual.
    #[default]
    Plain,
    /// It is down.
    Down,
    /// The way in colour passes it, or its machines use the route.
    OnWay,
    /// A packet is lost there.
    Lost,
}

/// Something that is drawn as a box.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) kind: Kind,
    /// Its name.
    pub(crate) name: String,
    /// What is said below its name, a line each.
    pub(crate) details: Vec<String>,
    /// What is told of it when somebody points at it.
    pub(crate) tip: String,
    /// The network that it is in.
    pub(crate) vnet: Option<NodeId>,
    /// Of a network: its region.
    pub(crate) region: Option<String>,
    /// Of a network: the one whose gateways and Route Server it uses.
    pub(crate) hub: Option<NodeId>,
    pub(crate) state: State,
    /// How many objects it stands for.
    pub(crate) count: usize,
}

/// What joins two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum JoinKind {
    /// A BGP session.
    Session,
    /// A connection of a gateway, or the customer's end of a circuit.
    Connection,
    /// A load balancer and a backend.
    Backend,
    /// A peering by which one network uses the other's gateways and Route Server.
    Transit,
    /// Any other peering.
    Plain,
}

impl JoinKind {
    /// Whether it is a peering.
    pub(crate) const fn is_peering(self) -> bool {
        matches!(self, Self::Transit | Self::Plain)
    }
}

/// How a route goes over a join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Announced {
    /// The receiver has it, and uses another one, or none.
    Heard,
    /// The receiver uses it.
    Used,
}

/// A line between two nodes.
#[derive(Clone, Debug)]
pub(crate) struct Join {
    pub(crate) a: NodeId,
    pub(crate) b: NodeId,
    pub(crate) kind: JoinKind,
    /// What is told of it when somebody points at it.
    pub(crate) tip: String,
    pub(crate) down: bool,
    /// What `a` announces of the route in question, and what `b` does.
    pub(crate) announced: [Option<Announced>; 2],
}

/// A step of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) from: NodeId,
    pub(crate) to: NodeId,
    /// How many steps it is from the start, from 1.
    pub(crate) step: usize,
}

/// Everything that is drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) title: String,
    /// What is in colour, in a few words.
    pub(crate) about: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) joins: Vec<Join>,
    pub(crate) legs: Vec<Leg>,
    /// The prefix whose announcements are in colour.
    pub(crate) prefix: Option<String>,
}

impl Scene {
    /// The scene of an estate as it is now.
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let mut scene = Self {
            nodes: build::nodes(exchange),
            ..Self::default()
        };
        scene.joins = joins::joins(exchange, &scene);
        scene
    }

    /// Adds the peerings that another scene has and this one has not, as down.
    pub(crate) fn add_lost_peerings(&mut self, before: &Self) {
        for join in before.joins.iter().filter(|join| join.kind.is_peering()) {
            let ends = [join.a, join.b].map(|id| {
                let name = &before.node(id).name;
                self.named(name, |kind| kind == Kind::Vnet)
            });
            let [Some(a), Some(b)] = ends else { continue };
            let ends = [[a, b], [b, a]];
            let mut peerings = self.joins.iter().filter(|join| join.kind.is_peering());
            if peerings.any(|now| ends.contains(&[now.a, now.b])) {
                continue;
            }
            let spoke = &mut self.nodes[b.0];
            if join.kind == JoinKind::Transit {
                spoke.hub.get_or_insert(a);
            }
            self.joins.push(Join {
                a,
                b,
                tip: format!("{}, removed", join.tip),
                down: true,
                ..join.clone()
            });
        }
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Every node with its id.
    pub(crate) fn all(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        let ids = (0..).map(NodeId);
        ids.zip(&self.nodes)
    }

    /// The nodes in a network.
    pub(crate) fn inside(&self, vnet: NodeId) -> impl Iterator<Item = (NodeId, &Node)> {
        self.all().filter(move |(_, node)| node.vnet == Some(vnet))
    }

    /// The node of a name among those of some kinds.
    pub(crate) fn named(&self, name: &str, is: impl Fn(Kind) -> bool) -> Option<NodeId> {
        let mut all = self.all();
        let found = all.find(|(_, node)| node.name == name && is(node.kind));
        found.map(|(id, _)| id)
    }

    /// The node's network, or the node itself.
    pub(crate) fn place(&self, id: NodeId) -> NodeId {
        self.node(id).vnet.unwrap_or(id)
    }

    /// Whether anything is down.
    pub(crate) fn has_down(&self) -> bool {
        let node = self.nodes.iter().any(|node| node.state == State::Down);
        node || self.joins.iter().any(|join| join.down)
    }
}
