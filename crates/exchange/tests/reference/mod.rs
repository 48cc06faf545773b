//! A second model of an estate, for tests: deliberately naive. Everybody tells everybody, again
//! and again, from nothing, until nothing is new. No RIB, no caches, no policies: the rules are
//! written once more, as plainly as they read in the catalogue.

mod fabric;
mod maps;
mod neighbors;
mod objects;
mod passing;
mod rest;
mod tables;
mod taking;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{
    CircuitLink, Estate, Gateway, GatewayKind, Nva, Peering, RouteServer,
};
use routehub_exchange::{ConnectionEnds, Event, Parameters};
use routehub_types::{Community, Origin, Prefix};

pub(crate) use neighbors::{Link, LinkKind};
pub(crate) use tables::{Tables, of_exchange};

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    RouteServer(String, u8),
    Gateway(String, u8),
    /// Of a circuit the link, primary or secondary.
    Edge(String, CircuitLink),
    Nva(String),
    Site(String),
    Customer(String, CircuitLink),
}

impl Node {
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::RouteServer(name, _)
            | Self::Gateway(name, _)
            | Self::Edge(name, _)
            | Self::Nva(name)
            | Self::Site(name)
            | Self::Customer(name, _) => name,
        }
    }
}

/// A route without its prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Route {
    pub(crate) path: Vec<u32>,
    pub(crate) next_hop: Option<IpAddr>,
    pub(crate) communities: BTreeSet<Community>,
    pub(crate) med: Option<u32>,
    pub(crate) origin: Origin,
}

pub(crate) type Routes = BTreeMap<Prefix, Route>;
/// What is sent now: by link, and whether it is its first end that sends.
pub(crate) type Sent = BTreeMap<(usize, bool), Routes>;

/// An estate and all that happened to it.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) estate: Estate,
    pub(crate) parameters: Parameters,
    pub(crate) links: Vec<Link>,
    /// Literal routes, by link.
    literal: BTreeMap<usize, Routes>,
    down: BTreeSet<usize>,
    /// Of Route Servers and gateways.
    instances_down: BTreeSet<(String, u8)>,
    /// The instances of each gateway, and their addresses.
    instances: BTreeMap<String, Vec<(Node, Option<IpAddr>)>>,
    removed: BTreeSet<String>,
    /// Route maps of gateways at Route Servers: inbound, outbound.
    gateway_maps: BTreeMap<(String, String), (Option<String>, Option<String>)>,
    /// Sessions of NVAs that have no way to their Route Server any more.
    lost: BTreeSet<usize>,
    /// Connections that carry too many routes.
    overloaded: BTreeSet<usize>,
    pub(crate) sent: Sent,
}

impl Model {
    pub(crate) fn new(estate: Estate, parameters: Parameters) -> Self {
        let mut it = Self {
            estate,
            parameters,
            links: Vec::new(),
            literal: BTreeMap::new(),
            down: BTreeSet::new(),
            instances_down: BTreeSet::new(),
            instances: BTreeMap::new(),
            removed: BTreeSet::new(),
            gateway_maps: BTreeMap::new(),
            lost: BTreeSet::new(),
            overloaded: BTreeSet::new(),
            sent: Sent::new(),
        };
        it.links = neighbors::links(&it.estate, &it.parameters);
        for gateway in &it.estate.gateways {
            let all = neighbors::instances(&it.estate, gateway);
            it.instances.insert(gateway.name.clone(), all);
        }
        for n in 0..it.links.len() {
            it.state_literal(n);
        }
        it
    }

    fn state_literal(&mut self, link: usize) {
        let one = &self.links[link];
        let (Node::Nva(name), Node::RouteServer(server, instance)) = (&one.a, &one.b) else {
            return;
        };
        let nva = self.nva(name);
        let mut all = Routes::new();
        for advertisement in &nva.advertises {
            let meant = advertisement.instance.is_none_or(|only| only == *instance);
            if advertisement.to == *server && meant {
                all.extend(written(&advertisement.routes, &[nva.asn.0], Some(nva.ip)));
            }
        }
        self.literal.insert(link, all);
    }

    pub(crate) fn nva(&self, name: &str) -> &Nva {
        self.estate
            .nvas
            .iter()
            .find(|one| one.name == name)
            .unwrap()
    }

    fn nva_mut(&mut self, name: &str) -> &mut Nva {
        let mut nvas = self.estate.nvas.iter_mut();
        nvas.find(|one| one.name == name).unwrap()
    }

    pub(crate) fn gateway(&self, name: &str) -> &Gateway {
        let mut gateways = self.estate.gateways.iter();
        gateways.find(|one| one.name == name).unwrap()
    }

    /// The instances of a gateway, and the address of each.
    pub(crate) fn instances(&self, name: &str) -> Vec<(Node, Option<IpAddr>)> {
        self.instances[name].clone()
    }

    pub(crate) fn server(&self, name: &str) -> &RouteServer {
        let mut servers = self.estate.route_servers.iter();
        servers.find(|one| one.name == name).unwrap()
    }

    fn server_mut(&mut self, name: &str) -> &mut RouteServer {
        let mut servers = self.estate.route_servers.iter_mut();
        servers.find(|one| one.name == name).unwrap()
    }

    pub(crate) fn is_express_route(&self, gateway: &str) -> bool {
        self.gateway(gateway).kind == GatewayKind::ExpressRoute
    }

    pub(crate) fn is_removed(&self, server: &str) -> bool {
        self.removed.contains(server)
    }

    /// Whether routes pass over a link.
    pub(crate) fn is_up(&self, link: usize) -> bool {
        let limited = self.overloaded.contains(&link) || self.says_too_much(link);
        !limited && self.is_up_by_events(link)
    }

    /// Whether on-premises announces more than the other side takes.
    fn says_too_much(&self, link: usize) -> bool {
        let one = &self.links[link];
        let max = match one.kind {
            LinkKind::Site => self.parameters.max_routes_from_site,
            LinkKind::Customer => self.parameters.max_routes_from_premium_circuit,
            _ => None,
        };
        max.is_some_and(|max| {
            let told = self.would_tell(&one.b, link, &BTreeMap::new());
            let ipv4 = told.keys().filter(|prefix| matches!(prefix, Prefix::V4(_)));
            ipv4.count() > max as usize
        })
    }

    /// Whether packets pass between a peer and its Route Server, both ways.
    fn has_way(&self, link: usize) -> bool {
        let one = &self.links[link];
        let (Some(from), Some(to)) = (self.vnet_of(&one.a), self.vnet_of(&one.b)) else {
            return true;
        };
        let open = |one: &Peering| {
            let ends = (one.a == from && one.b == to) || (one.a == to && one.b == from);
            let flags = [one.a_to_b, one.b_to_a];
            ends && flags.iter().all(|one| one.allow_virtual_network_access)
        };
        // Of a peering of subnets, both addresses have to be in what the other side sees.
        let seen = |near: &str, far: &str, addresses: &[IpAddr]| {
            let space = self.seen(near, far);
            let whole = space == self.space(far);
            let mut address = addresses.iter().take(1);
            whole || address.all(|ip| space.iter().any(|prefix| prefix.contains_address(*ip)))
        };
        if from != to && !(seen(from, to, &one.b_addresses) && seen(to, from, &one.a_addresses)) {
            return false;
        }
        from == to || self.estate.peerings.iter().any(open)
    }

    /// Changes the peerings: ways that there were may be gone, and others there again.
    fn change_peerings(&mut self, change: impl FnOnce(&mut Vec<Peering>)) {
        let before: Vec<bool> = (0..self.links.len()).map(|n| self.has_way(n)).collect();
        change(&mut self.estate.peerings);
        for (link, before) in before.into_iter().enumerate() {
            if self.links[link].kind != LinkKind::Session {
                continue;
            }
            match (before, self.has_way(link)) {
                (true, false) => self.lost.insert(link),
                (_, true) => self.lost.remove(&link),
                _ => false,
            };
        }
    }

    /// Whether a peer may not be where it is, or at all.
    pub(crate) fn is_refused(&self, link: usize) -> bool {
        let one = &self.links[link];
        let away = || match (&one.a, &one.b) {
            (Node::Nva(nva), Node::RouteServer(server, _)) => {
                let (from, here) = (&self.nva(nva).vnet, &self.server(server).vnet);
                from != here && self.hub_of(from) != Some(here)
            }
            _ => false,
        };
        one.refused || self.parameters.upgraded && away()
    }

    fn is_up_by_events(&self, link: usize) -> bool {
        let one = &self.links[link];
        let stands = |node: &Node| match node {
            Node::RouteServer(name, instance) | Node::Gateway(name, instance) => {
                !self.removed.contains(name)
                    && !self.instances_down.contains(&(name.clone(), *instance))
            }
            _ => true,
        };
        let way = !self.lost.contains(&link);
        let ends = stands(&one.a) && stands(&one.b);
        ends && way && !self.is_refused(link) && !self.down.contains(&link)
    }

    /// Lets an event happen to the estate; nothing is told to anybody yet.
    pub(crate) fn apply(&mut self, event: &Event) {
        match event {
            Event::SetBranchToBranch {
                route_server,
                value,
            } => self.server_mut(route_server).branch_to_branch = *value,
            Event::SetRoutingPreference {
                route_server,
                value,
            } => self.server_mut(route_server).routing_preference = *value,
            Event::Advertise {
                nva,
                routes,
                to,
                instance,
            } => {
                let one = self.nva(nva);
                let (asn, ip) = (one.asn.0, one.ip);
                for link in self.sessions(nva, to.as_deref(), *instance, true) {
                    for one in routes {
                        let routes = written(one, &[asn], Some(ip));
                        self.literal.entry(link).or_default().extend(routes);
                    }
                }
            }
            Event::Withdraw {
                nva,
                prefixes,
                to,
                instance,
            } => {
                for link in self.sessions(nva, to.as_deref(), *instance, true) {
                    let literal = self.literal.entry(link).or_default();
                    literal.retain(|prefix, _| !prefixes.contains(prefix));
                }
            }
            Event::NvaDown(one) => {
                let server = one.route_server.as_deref();
                self.down
                    .extend(self.sessions(&one.nva, server, one.instance, false));
            }
            Event::NvaUp(one) => {
                let server = one.route_server.as_deref();
                for link in self.sessions(&one.nva, server, one.instance, false) {
                    self.down.remove(&link);
                }
            }
            // What real routers are told: no random events.
            Event::Reset(_) | Event::SoftClear(_) | Event::Shutdown(_) | Event::Enable(_) => {}
            Event::InstanceDown(one) => {
                let key = (one.route_server.clone(), one.instance);
                self.instances_down.insert(key);
            }
            Event::InstanceUp(one) => {
                let key = (one.route_server.clone(), one.instance);
                self.instances_down.remove(&key);
            }
            Event::GatewayInstanceDown(one) => {
                let key = (one.gateway.clone(), one.instance);
                self.instances_down.insert(key);
            }
            Event::GatewayInstanceUp(one) => {
                let key = (one.gateway.clone(), one.instance);
                self.instances_down.remove(&key);
            }
            Event::ConnectionDown(ends) => {
                self.down.extend(self.connection(ends));
            }
            Event::ConnectionUp(ends) => {
                for link in self.connection(ends) {
                    self.down.remove(&link);
                }
            }
            Event::AddPeering(peering) => {
                self.change_peerings(|all| all.push(peering.clone()));
            }
            Event::RemovePeering { a, b } => self.change_peerings(|all| {
                all.retain(|one| !((one.a == *a && one.b == *b) || (one.a == *b && one.b == *a)));
            }),
            Event::AddRouteServer(server) => {
                self.estate.route_servers.push(server.clone());
                let new = neighbors::links_of_server(&self.estate, &self.parameters, server);
                for link in new {
                    self.links.push(link);
                    self.state_literal(self.links.len() - 1);
                }
            }
            Event::RemoveRouteServer { route_server } => {
                self.server_mut(route_server).branch_to_branch = false;
                self.removed.insert(route_server.clone());
            }
            Event::SetReadvertises { nva, rules } => {
                self.nva_mut(nva).readvertises.clone_from(rules);
            }
            Event::SetRouteMap {
                route_server,
                peer,
                inbound,
                outbound,
            } => self.set_route_map(route_server, peer, inbound, outbound),
            Event::Set(_) | Event::Add(_) | Event::Remove(_) => self.describe(event),
        }
    }

    fn set_route_map(
        &mut self,
        server: &str,
        peer: &str,
        inbound: &Option<Option<String>>,
        outbound: &Option<Option<String>>,
    ) {
        let mut nvas = self.estate.nvas.iter_mut();
        if let Some(nva) = nvas.find(|one| one.name == peer) {
            for session in &mut nva.sessions {
                if session.route_server == server {
                    if let Some(name) = inbound {
                        session.inbound_route_map.clone_from(name);
                    }
                    if let Some(name) = outbound {
                        session.outbound_route_map.clone_from(name);
                    }
                }
            }
            return;
        }
        let key = (server.to_owned(), peer.to_owned());
        let names = self.gateway_maps.entry(key).or_default();
        if let Some(name) = inbound {
            names.0.clone_from(name);
        }
        if let Some(name) = outbound {
            names.1.clone_from(name);
        }
    }

    /// The links of an NVA, all or those with a Route Server or an instance.
    fn sessions(
        &self,
        nva: &str,
        server: Option<&str>,
        instance: Option<u8>,
        with_servers: bool,
    ) -> Vec<usize> {
        let fits = |link: &Link| {
            let far = match (&link.a, &link.b) {
                (Node::Nva(a), b) if a == nva => b,
                (a, Node::Nva(b)) if b == nva => a,
                _ => return false,
            };
            match far {
                Node::RouteServer(name, one) => {
                    server.is_none_or(|wanted| wanted == name)
                        && instance.is_none_or(|wanted| wanted == *one)
                }
                _ => !with_servers && server.is_none() && instance.is_none(),
            }
        };
        let links = self.links.iter().enumerate();
        links
            .filter(|(_, link)| fits(link))
            .map(|(n, _)| n)
            .collect()
    }

    /// The links of all instances of a gateway with what it is connected to.
    fn connection(&self, ends: &ConnectionEnds) -> Vec<usize> {
        let (gateway, to) = (ends.gateway.as_str(), ends.to.as_str());
        let is =
            |link: &Link, one: &str, other: &str| link.a.name() == one && link.b.name() == other;
        let links = self.links.iter().enumerate();
        let found = links.filter(|(_, link)| is(link, gateway, to) || is(link, to, gateway));
        let found = found.filter(|(_, link)| match (&link.b, ends.link) {
            (Node::Edge(_, one), Some(meant)) => *one == meant,
            _ => link.kind != LinkKind::Peers,
        });
        found.map(|(n, _)| n).collect()
    }

    /// Everybody tells everybody until nothing is new, starting from what is sent in `self.sent`.
    /// Says no if that never ends.
    pub(crate) fn settle(&mut self) -> bool {
        let nodes: BTreeSet<Node> = self
            .links
            .iter()
            .flat_map(|link| [link.a.clone(), link.b.clone()])
            .collect();
        for _ in 0..100 {
            let before = (self.sent.clone(), self.overloaded.clone());
            for node in &nodes {
                self.speak(node);
            }
            self.weigh_connections();
            if (&self.sent, &self.overloaded) == (&before.0, &before.1) {
                return true;
            }
        }
        false
    }

    /// A speaker tells its neighbours what it has to tell now.
    fn speak(&mut self, node: &Node) {
        let best = self.best_routes(node);
        for link in 0..self.links.len() {
            for first in [true, false] {
                if self.links[link].end(first) == node {
                    let told = self.told(node, link, &best);
                    self.sent.insert((link, first), told);
                }
            }
        }
    }

    /// Starts from nothing.
    pub(crate) fn settle_from_nothing(&mut self) -> bool {
        self.sent.clear();
        self.overloaded.clear();
        self.settle()
    }

    /// A connection to a circuit is down while more routes would pass than may.
    fn weigh_connections(&mut self) {
        let Some(max) = self.parameters.max_routes_to_circuit else {
            return;
        };
        for link in 0..self.links.len() {
            if !matches!(self.links[link].kind, LinkKind::Circuit { .. })
                || !self.is_up_by_events(link)
            {
                continue;
            }
            let gateway = self.links[link].a.clone();
            let best = self.best_routes(&gateway);
            let told = self.would_tell(&gateway, link, &best);
            let ipv4 = told.keys().filter(|prefix| matches!(prefix, Prefix::V4(_)));
            if ipv4.count() > max as usize {
                self.overloaded.insert(link);
            } else {
                self.overloaded.remove(&link);
            }
        }
    }
}

/// Routes as an estate writes them: a path or next hop that is not given is the announcer's.
pub(crate) fn written(
    routes: &routehub_exchange::estate::Routes,
    path: &[u32],
    next_hop: Option<IpAddr>,
) -> Routes {
    let path = match &routes.as_path {
        Some(given) => given.iter().map(|asn| asn.0).collect(),
        None => path.to_vec(),
    };
    let route = Route {
        path,
        next_hop: routes.next_hop.or(next_hop),
        communities: routes.communities.iter().copied().collect(),
        med: routes.med,
        origin: routes.origin,
    };
    routes
        .prefixes
        .iter()
        .map(|prefix| (*prefix, route.clone()))
        .collect()
}
