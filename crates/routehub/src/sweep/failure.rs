//! What of an estate can fail, and what of it can be switched.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use routehub_exchange::check::nearest_name;
use routehub_exchange::estate::{
    Connection, Estate, Object, Peering, RouteServer, RoutingPreference,
};
use routehub_exchange::view::{CircuitLink, Graph, LinkKind};
use routehub_exchange::{ConnectionEnds, Event, Exchange, GatewayInstance, Instance, NvaSessions};

/// Declares the kinds of failures, with the word of each.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $key:literal $words:literal;)+) => {
        /// A kind of element that can fail, or of setting that can be switched.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        #[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
        pub enum FailureKind {
            $($(#[$doc])* $kind,)+
        }

        impl FailureKind {
            /// All kinds, in the order in which they are tried.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// Its name, as a command takes it.
            pub const fn key(self) -> &'static str {
                match self {
                    $(Self::$kind => $key,)+
                }
            }

            /// What an element of this kind is called.
            pub const fn words(self) -> &'static str {
                match self {
                    $(Self::$kind => $words,)+
                }
            }
        }
    };
}

kinds! {
    /// An NVA as a whole.
    Nva "nva" "NVA";
    /// The sessions of an NVA with a Route Server, with one of its instances, or with a neighbour.
    Session "session" "session";
    /// An instance of a Route Server (R-040).
    Instance "instance" "Route Server instance";
    /// A gateway, all its instances.
    Gateway "gateway" "gateway";
    /// An instance of a gateway (R-158).
    GatewayInstance "gateway_instance" "gateway instance";
    /// A connection of a gateway.
    Connection "connection" "connection";
    /// An ExpressRoute circuit, all connections to it.
    Circuit "circuit" "circuit";
    /// One link of a circuit (R-167).
    CircuitLink "circuit_link" "circuit link";
    /// An on-premises site.
    Site "site" "site";
    /// A peering of two networks.
    Peering "peering" "peering";
    /// A region, all that stands in its networks.
    Region "region" "region";
    /// Branch-to-branch of a Route Server, switched (R-092, R-093).
    BranchToBranch "branch_to_branch" "branch-to-branch of";
    /// The routing preference of a Route Server, changed (R-061).
    Preference "preference" "routing preference of";
    /// Propagation of a route table, switched (R-109).
    Propagation "propagation" "propagation in route table";
}

impl FailureKind {
    /// Whether it is a switch: nothing fails, somebody sets it.
    pub const fn is_switch(self) -> bool {
        matches!(
            self,
            Self::BranchToBranch | Self::Preference | Self::Propagation
        )
    }
}

impl FromStr for FailureKind {
    type Err = String;

    /// # Errors
    /// What kinds there are.
    fn from_str(text: &str) -> Result<Self, String> {
        let key = text.replace(['-', ' '], "_");
        let mut kinds = Self::ALL.iter().copied();
        kinds.find(|kind| kind.key() == key).ok_or_else(|| {
            let keys: Vec<&str> = Self::ALL.iter().map(|kind| kind.key()).collect();
            let near = nearest_name(&key, keys.iter().copied());
            let near = near.map(|near| format!("; did you mean `{near}`?"));
            let keys = keys.join(", ");
            format!(
                "there is no kind `{text}`{}: {keys}",
                near.unwrap_or_default()
            )
        })
    }
}

/// An element that can fail, and how it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// What it is.
    pub kind: FailureKind,
    /// Its name.
    pub name: String,
    /// How it fails.
    pub fails: Vec<Event>,
    /// How it is repaired.
    pub repairs: Vec<Event>,
    /// Ends of ways that are gone with it, by name.
    pub ends: BTreeSet<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.words(), self.name)
    }
}

/// Everything of an estate as it is now that can fail, and every setting that can be switched, in
/// the order of their kinds and of the estate.
///
/// ```
/// use routehub::estate::{Peering, Vnet};
/// use routehub::sweep::failures;
/// use routehub::{Estate, Network, Profile};
///
/// let vnet = |name: &str, space: &str| Vnet {
///     name: name.into(),
///     address_space: vec![space.parse().unwrap()],
///     ..Vnet::default()
/// };
/// let estate = Estate {
///     vnets: vec![vnet("hub", "10.0.0.0/16"), vnet("spoke", "10.1.0.0/16")],
///     peerings: vec![Peering::plain("hub", "spoke")],
///     ..Estate::default()
/// };
/// let network = Network::new(&Profile::named("azure-2026")?, estate)?;
/// let names: Vec<String> = failures(&network).iter().map(ToString::to_string).collect();
/// assert_eq!(names, ["peering hub - spoke"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn failures(exchange: &Exchange) -> Vec<Failure> {
    let (estate, graph) = (exchange.estate(), exchange.graph());
    let mut all = Vec::new();
    nvas(estate, &mut all);
    sessions(estate, &mut all);
    instances(estate, exchange, &mut all);
    gateways(estate, graph, &mut all);
    connections(estate, &mut all);
    circuits(estate, graph, &mut all);
    sites(estate, &mut all);
    peerings(estate, &mut all);
    regions(estate, graph, &mut all);
    switches(estate, &mut all);
    all.sort_by_key(|failure| failure.kind);
    let mut known = BTreeSet::new();
    all.retain(|failure| known.insert((failure.kind, failure.name.clone())));
    all
}

/// A failure that is one event, with the event that repairs it.
fn single(kind: FailureKind, name: impl Into<String>, fails: Event, repairs: Event) -> Failure {
    Failure {
        kind,
        name: name.into(),
        fails: vec![fails],
        repairs: vec![repairs],
        ends: BTreeSet::new(),
    }
}

/// Several failures at once, repaired in the opposite order.
fn together(kind: FailureKind, name: impl Into<String>, parts: &[Failure]) -> Failure {
    let repairs = parts.iter().rev().flat_map(|part| &part.repairs);
    Failure {
        kind,
        name: name.into(),
        fails: parts.iter().flat_map(|part| part.fails.clone()).collect(),
        repairs: repairs.cloned().collect(),
        ends: parts.iter().flat_map(|part| part.ends.clone()).collect(),
    }
}

fn nva(name: &str) -> Failure {
    let sessions = NvaSessions {
        nva: name.to_owned(),
        ..NvaSessions::default()
    };
    let (down, up) = (Event::NvaDown(sessions.clone()), Event::NvaUp(sessions));
    let failure = single(FailureKind::Nva, name, down, up);
    Failure {
        ends: BTreeSet::from([name.to_owned()]),
        ..failure
    }
}

fn nvas(estate: &Estate, all: &mut Vec<Failure>) {
    all.extend(estate.nvas.iter().map(|own| nva(&own.name)));
}

/// The sessions of an NVA with a peer, or with one instance of a Route Server.
fn session(nva: &str, peer: &str, instance: Option<u8>) -> Failure {
    let sessions = NvaSessions {
        nva: nva.to_owned(),
        route_server: Some(peer.to_owned()),
        instance,
    };
    let with = match instance {
        Some(instance) => format!("{peer}/{instance}"),
        None => peer.to_owned(),
    };
    let (down, up) = (Event::NvaDown(sessions.clone()), Event::NvaUp(sessions));
    single(FailureKind::Session, format!("{nva} - {with}"), down, up)
}

fn sessions(estate: &Estate, all: &mut Vec<Failure>) {
    for nva in &estate.nvas {
        for with in &nva.sessions {
            all.push(session(&nva.name, &with.route_server, None));
            if with.instances == [true; 2] {
                let each =
                    [0, 1].map(|instance| session(&nva.name, &with.route_server, Some(instance)));
                all.extend(each);
            }
        }
        let neighbors = nva.neighbors.iter();
        all.extend(neighbors.map(|neighbor| session(&nva.name, neighbor, None)));
    }
}

fn instance(server: &RouteServer, instance: u8) -> Failure {
    let route_server = server.name.clone();
    let name = format!("{route_server}/{instance}");
    let of = Instance {
        route_server,
        instance,
    };
    let (down, up) = (Event::InstanceDown(of.clone()), Event::InstanceUp(of));
    single(FailureKind::Instance, name, down, up)
}

/// Both instances of every Route Server that was not deleted.
fn instances(estate: &Estate, exchange: &Exchange, all: &mut Vec<Failure>) {
    let stands = |server: &&RouteServer| {
        let first = exchange.graph().instance(&server.name, 0);
        first.is_some_and(|id| !exchange.fabric().is_removed(id))
    };
    for server in estate.route_servers.iter().filter(stands) {
        all.extend([0, 1].map(|number| instance(server, number)));
    }
}

fn gateway_instance(gateway: &str, instance: u8) -> Failure {
    let of = GatewayInstance {
        gateway: gateway.to_owned(),
        instance,
    };
    let down = Event::GatewayInstanceDown(of.clone());
    let kind = FailureKind::GatewayInstance;
    single(
        kind,
        format!("{gateway}/{instance}"),
        down,
        Event::GatewayInstanceUp(of),
    )
}

/// The instances of a gateway.
fn gateway_instances(graph: &Graph, gateway: &str) -> Vec<Failure> {
    let count = graph.named(gateway).len().min(usize::from(u8::MAX)) as u8;
    (0..count)
        .map(|number| gateway_instance(gateway, number))
        .collect()
}

fn gateways(estate: &Estate, graph: &Graph, all: &mut Vec<Failure>) {
    for gateway in &estate.gateways {
        let instances = gateway_instances(graph, &gateway.name);
        all.push(together(FailureKind::Gateway, &gateway.name, &instances));
        if instances.len() > 1 {
            all.extend(instances);
        }
    }
}

fn connection(gateway: &str, to: &str, link: Option<CircuitLink>) -> Failure {
    let ends = ConnectionEnds {
        gateway: gateway.to_owned(),
        to: to.to_owned(),
        link,
    };
    let (down, up) = (
        Event::ConnectionDown(ends.clone()),
        Event::ConnectionUp(ends),
    );
    single(
        FailureKind::Connection,
        format!("{gateway} - {to}"),
        down,
        up,
    )
}

/// Every connection of a gateway: the gateway, and to what.
fn all_connections(estate: &Estate) -> impl Iterator<Item = (&str, &Connection)> {
    let gateways = estate.gateways.iter();
    gateways.flat_map(|gateway| {
        let connections = gateway.connections.iter();
        connections.map(|connection| (gateway.name.as_str(), connection))
    })
}

fn connections(estate: &Estate, all: &mut Vec<Failure>) {
    let each = all_connections(estate);
    all.extend(each.map(|(gateway, with)| connection(gateway, with.to(), None)));
}

fn circuits(estate: &Estate, graph: &Graph, all: &mut Vec<Failure>) {
    for circuit in &estate.circuits {
        let gateways = || {
            let to = all_connections(estate);
            to.filter(|(_, with)| with.to() == circuit.name)
                .map(|(gateway, _)| gateway)
        };
        if gateways().next().is_none() {
            continue;
        }
        let down = |link| {
            let each = gateways().map(|gateway| connection(gateway, &circuit.name, link));
            each.collect::<Vec<Failure>>()
        };
        all.push(together(FailureKind::Circuit, &circuit.name, &down(None)));
        let holds = |link: &CircuitLink| {
            let edge = graph.edge(&circuit.name, *link).into_iter();
            let links = edge.flat_map(|edge| graph.links_of(edge));
            let mut kinds = links.map(|id| &graph.link(*id).kind);
            kinds.any(|kind| matches!(kind, LinkKind::GatewayToEdge(_)))
        };
        let links: Vec<CircuitLink> = CircuitLink::BOTH.into_iter().filter(holds).collect();
        for link in links.iter().filter(|_| links.len() > 1) {
            let name = format!("{} {link}", circuit.name);
            let failure = together(FailureKind::CircuitLink, name, &down(Some(*link)));
            all.push(failure);
        }
    }
}

fn sites(estate: &Estate, all: &mut Vec<Failure>) {
    for site in &estate.sites {
        let tunnels = all_connections(estate).filter(|(_, with)| with.to() == site.name);
        let tunnels = tunnels.map(|(gateway, _)| connection(gateway, &site.name, None));
        let nvas = estate.nvas.iter();
        let nvas = nvas.filter(|nva| nva.neighbors.contains(&site.name));
        let sessions = nvas.map(|nva| session(&nva.name, &site.name, None));
        let parts: Vec<Failure> = tunnels.chain(sessions).collect();
        if !parts.is_empty() {
            let failure = together(FailureKind::Site, &site.name, &parts);
            all.push(Failure {
                ends: BTreeSet::from([site.name.clone()]),
                ..failure
            });
        }
    }
}

fn peering(peering: &Peering) -> Failure {
    let [a, b] = [&peering.a, &peering.b].map(String::clone);
    let name = format!("{a} - {b}");
    let (fails, repairs) = (
        Event::RemovePeering { a, b },
        Event::AddPeering(peering.clone()),
    );
    single(FailureKind::Peering, name, fails, repairs)
}

fn peerings(estate: &Estate, all: &mut Vec<Failure>) {
    all.extend(estate.peerings.iter().map(peering));
}

/// Regions, if networks are of more than one: what stands in one region can fail at once.
fn regions(estate: &Estate, graph: &Graph, all: &mut Vec<Failure>) {
    let regions: BTreeSet<Option<&String>> = estate
        .vnets
        .iter()
        .map(|vnet| vnet.region.as_ref())
        .collect();
    if regions.len() < 2 {
        return;
    }
    for region in regions.into_iter().flatten() {
        let vnets = estate.vnets.iter();
        let vnets = vnets.filter(|vnet| vnet.region.as_ref() == Some(region));
        let vnets: BTreeSet<&str> = vnets.map(|vnet| vnet.name.as_str()).collect();
        let here = |vnet: &str| vnets.contains(vnet);
        let mut parts = Vec::new();
        let nvas = estate.nvas.iter().filter(|nva| here(&nva.vnet));
        parts.extend(nvas.map(|own| nva(&own.name)));
        for server in estate
            .route_servers
            .iter()
            .filter(|server| here(&server.vnet))
        {
            parts.extend([0, 1].map(|number| instance(server, number)));
        }
        for gateway in estate.gateways.iter().filter(|gateway| here(&gateway.vnet)) {
            parts.extend(gateway_instances(graph, &gateway.name));
        }
        let leaves = |peering: &&Peering| here(&peering.a) != here(&peering.b);
        parts.extend(estate.peerings.iter().filter(leaves).map(peering));
        let mut failure = together(FailureKind::Region, region, &parts);
        let nics = estate.nics.iter().filter(|nic| here(&nic.vnet));
        failure.ends.extend(nics.map(|nic| nic.name.clone()));
        all.push(failure);
    }
}

fn switches(estate: &Estate, all: &mut Vec<Failure>) {
    for server in &estate.route_servers {
        let switched = |value| Event::SetBranchToBranch {
            route_server: server.name.clone(),
            value,
        };
        let now = server.branch_to_branch;
        let to = if now { "off" } else { "on" };
        let name = format!("{} {to}", server.name);
        let kind = FailureKind::BranchToBranch;
        all.push(single(kind, name, switched(!now), switched(now)));
        let preferences = [
            ("ExpressRoute", RoutingPreference::ExpressRoute),
            ("VpnGateway", RoutingPreference::VpnGateway),
            ("ASPath", RoutingPreference::AsPath),
        ];
        let now = server.routing_preference;
        for (word, value) in preferences.into_iter().filter(|(_, value)| *value != now) {
            let set = |value| Event::SetRoutingPreference {
                route_server: server.name.clone(),
                value,
            };
            let name = format!("{} {word}", server.name);
            all.push(single(FailureKind::Preference, name, set(value), set(now)));
        }
    }
    for table in &estate.route_tables {
        let mut switched = table.clone();
        switched.disable_bgp_route_propagation = !table.disable_bgp_route_propagation;
        let to = if switched.disable_bgp_route_propagation {
            "off"
        } else {
            "on"
        };
        let [switched, back] =
            [switched, table.clone()].map(|table| Event::Set(Box::new(Object::RouteTable(table))));
        let name = format!("{} {to}", table.name);
        all.push(single(FailureKind::Propagation, name, switched, back));
    }
}
