//! What a speaker takes in, and which of it is best.

use std::collections::BTreeMap;
use std::net::IpAddr;

use routehub_exchange::estate::{CircuitLink, GatewayKind, RoutingPreference};
use routehub_types::Prefix;

use super::neighbors::LinkKind;
use super::{Model, Node, Route};

/// What a route is to the speaker that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Class {
    OwnNetwork,
    Spoke,
    StaticSite,
    Nva,
    Vpn,
    ExpressRoute,
    RouteServer,
    Branch,
    Circuit,
    Customer,
    /// The address of a site's router.
    Router,
    /// Another gateway instance of the network.
    BesideVpn,
    BesideExpressRoute,
    /// At an NVA and at the ends of the world.
    Other,
}

/// A route that a speaker may use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    pub(crate) route: Route,
    /// None for what the speaker has of its own.
    pub(crate) link: Option<usize>,
    pub(crate) class: Class,
}

pub(crate) type Best = BTreeMap<Prefix, Vec<Candidate>>;

impl Model {
    pub(crate) fn asn_of(&self, node: &Node) -> Option<u32> {
        let default = self.parameters.asn;
        let asn = match node {
            Node::RouteServer(name, _) => Some(self.server(name).asn.unwrap_or(default)),
            Node::Gateway(name, _) => Some(self.gateway(name).asn.unwrap_or(default)),
            Node::Edge(name, _) => {
                let circuit = self.estate.circuits.iter().find(|one| one.name == *name);
                Some(circuit.unwrap().asn.unwrap_or(self.parameters.edge_asn))
            }
            Node::Nva(name) => Some(self.nva(name).asn),
            Node::Site(name) => {
                self.estate
                    .sites
                    .iter()
                    .find(|one| one.name == *name)
                    .unwrap()
                    .asn
            }
            Node::Customer(name, _) => {
                let circuit = self.estate.circuits.iter().find(|one| one.name == *name);
                circuit.unwrap().on_prem.as_ref().map(|one| one.asn)
            }
        };
        asn.map(|asn| asn.0)
    }

    pub(crate) fn vnet_of(&self, node: &Node) -> Option<&str> {
        match node {
            Node::RouteServer(name, _) => Some(&self.server(name).vnet),
            Node::Gateway(name, _) => Some(&self.gateway(name).vnet),
            Node::Nva(name) => Some(&self.nva(name).vnet),
            _ => None,
        }
    }

    /// Whether the ends of a link are of different AS.
    pub(crate) fn is_external(&self, link: usize) -> bool {
        let one = &self.links[link];
        one.fixed().is_some() || self.asn_of(&one.a) != self.asn_of(&one.b)
    }

    /// What the far end of a link is to a speaker.
    pub(crate) fn class_beyond(&self, node: &Node, link: usize) -> Class {
        let one = &self.links[link];
        let far = one.beyond(node).0;
        match (&one.kind, node) {
            (LinkKind::Session, Node::RouteServer(..)) => Class::Nva,
            (LinkKind::Internal, Node::RouteServer(..)) => match self.gateway(far.name()).kind {
                GatewayKind::Vpn => Class::Vpn,
                GatewayKind::ExpressRoute => Class::ExpressRoute,
            },
            (LinkKind::Internal, _) => Class::RouteServer,
            (LinkKind::Circuit { .. }, Node::Gateway(..)) => Class::Circuit,
            (LinkKind::Circuit { .. }, Node::Edge(..)) => Class::ExpressRoute,
            (LinkKind::Static(_), Node::Gateway(..)) => Class::StaticSite,
            (LinkKind::Routers(_), Node::Gateway(..)) => Class::Router,
            (LinkKind::Site, Node::Gateway(..)) => Class::Branch,
            (LinkKind::Peers, _) => match self.gateway(far.name()).kind {
                GatewayKind::Vpn => Class::BesideVpn,
                GatewayKind::ExpressRoute => Class::BesideExpressRoute,
            },
            (LinkKind::Gateways, _) => Class::Branch,
            (LinkKind::Customer, Node::Edge(..)) => Class::Customer,
            _ => Class::Other,
        }
    }

    /// Prefixes of a network.
    pub(crate) fn space(&self, vnet: &str) -> Vec<Prefix> {
        let one = self.estate.vnets.iter().find(|one| one.name == vnet);
        one.unwrap().address_space.clone()
    }

    /// What a network sees of another one that it is peered with: all of it, or the peered
    /// subnets.
    pub(crate) fn seen(&self, from: &str, other: &str) -> Vec<Prefix> {
        let peerings = self.estate.peerings.iter();
        for one in peerings.filter(|one| one.subnets.is_some()) {
            let subnets = one.subnets.as_ref().unwrap();
            let named = match (&*one.a, &*one.b) {
                (a, b) if a == from && b == other => &subnets.b,
                (a, b) if b == from && a == other => &subnets.a,
                _ => continue,
            };
            let there = self.estate.vnets.iter().find(|one| one.name == other);
            let all = there.unwrap().subnets.iter();
            return all
                .filter(|one| named.contains(&one.name))
                .map(|one| one.prefix)
                .collect();
        }
        self.space(other)
    }

    /// What a Route Server or gateway of a network announces: Route Servers no IPv6.
    pub(crate) fn announced(&self, node: &Node, all: Vec<Prefix>) -> Vec<Prefix> {
        let ipv6 = self.parameters.ipv6 || matches!(node, Node::Gateway(..));
        all.into_iter()
            .filter(|one| ipv6 || matches!(one, Prefix::V4(_)))
            .collect()
    }

    /// The network whose gateways and Route Server a network uses.
    pub(crate) fn hub_of(&self, vnet: &str) -> Option<&str> {
        let mut hub = None;
        for one in &self.estate.peerings {
            if one.a == vnet && one.a_to_b.use_remote_gateways && one.b_to_a.allow_gateway_transit {
                hub = Some(one.b.as_str());
            }
            if one.b == vnet && one.b_to_a.use_remote_gateways && one.a_to_b.allow_gateway_transit {
                hub = Some(one.a.as_str());
            }
        }
        hub
    }

    pub(crate) fn spokes_of(&self, hub: &str) -> Vec<&str> {
        let names = self.estate.vnets.iter().map(|one| one.name.as_str());
        names
            .filter(|name| self.hub_of(name) == Some(hub))
            .collect()
    }

    /// Prefixes of a network and of those that use it.
    fn transit_space(&self, vnet: &str) -> Vec<Prefix> {
        let mut all = self.space(vnet);
        for spoke in self.spokes_of(vnet) {
            all.extend(self.seen(vnet, spoke));
        }
        all
    }

    /// Whether a link is one of a VPN gateway's tunnels, or iBGP with its other instance.
    pub(crate) fn is_tunnel(&self, node: &Node, link: usize) -> bool {
        let vpn = matches!(node, Node::Gateway(name, _) if !self.is_express_route(name));
        vpn && matches!(
            self.links[link].kind,
            LinkKind::Site
                | LinkKind::Static(_)
                | LinkKind::Routers(_)
                | LinkKind::Gateways
                | LinkKind::Peers
        )
    }

    fn passes_on(&self, node: &Node) -> bool {
        match node {
            Node::Site(_) | Node::Customer(..) => false,
            Node::Nva(name) => !self.nva(name).readvertises.is_empty(),
            _ => true,
        }
    }

    /// Whether a speaker takes a route in that it hears over a link.
    pub(crate) fn admits(&self, node: &Node, link: usize, prefix: Prefix, route: &Route) -> bool {
        self.takes_in(node, link, prefix, route, true)
    }

    /// The same with or without the overlap filter of Route Servers.
    pub(crate) fn takes_in(
        &self,
        node: &Node,
        link: usize,
        prefix: Prefix,
        route: &Route,
        overlap: bool,
    ) -> bool {
        let class = self.class_beyond(node, link);
        let own = self.asn_of(node);
        let customer = class == Class::Customer;
        if !customer && own.is_some_and(|asn| route.path.contains(&asn)) {
            return false;
        }
        let six = !self.parameters.ipv6 && matches!(prefix, Prefix::V6(_));
        let to_server = matches!(node, Node::RouteServer(..));
        if six && (to_server || self.links[link].kind == LinkKind::Internal) {
            return false;
        }
        if six && self.is_tunnel(node, link) {
            return false;
        }
        let itself = self.links[link].addresses_of(node);
        let back = route.next_hop.is_some_and(|hop| itself.contains(&hop));
        if back && self.links[link].kind != LinkKind::Internal {
            return false;
        }
        let inside = || {
            let space = self.vnet_of(node).map(|vnet| self.transit_space(vnet));
            space
                .unwrap_or_default()
                .iter()
                .any(|one| one.contains(prefix))
        };
        match node {
            Node::RouteServer(..) if class == Class::Nva => {
                !(overlap && self.parameters.overlap_filter && inside())
            }
            Node::Gateway(..)
                if !matches!(
                    class,
                    Class::RouteServer | Class::BesideVpn | Class::BesideExpressRoute
                ) =>
            {
                let tagged = class == Class::Circuit
                    && route
                        .communities
                        .contains(&self.parameters.branch_community)
                    && self.branch_to_branch_in(self.vnet_of(node).unwrap());
                !tagged && !inside()
            }
            _ => true,
        }
    }

    /// Whether a network has a Route Server with branch-to-branch on.
    fn branch_to_branch_in(&self, vnet: &str) -> bool {
        let mut servers = self.estate.route_servers.iter();
        servers.any(|one| one.vnet == vnet && one.branch_to_branch)
    }

    /// The best routes of a speaker, by prefix; the one that it tells others first.
    pub(crate) fn best_routes(&self, node: &Node) -> Best {
        let mut all: Best = BTreeMap::new();
        if !self.passes_on(node) {
            return all;
        }
        let plain = self.parameters.transparent && matches!(node, Node::RouteServer(..));
        let vnet = self.vnet_of(node).filter(|_| !plain);
        if let (Node::RouteServer(..) | Node::Gateway(..), Some(vnet)) = (node, vnet) {
            let mut own = |prefix: Prefix, class| {
                let one = Candidate {
                    route: Route::default(),
                    link: None,
                    class,
                };
                all.entry(prefix).or_default().push(one);
            };
            self.announced(node, self.space(vnet))
                .into_iter()
                .for_each(|one| own(one, Class::OwnNetwork));
            for spoke in self.spokes_of(vnet) {
                self.announced(node, self.seen(vnet, spoke))
                    .into_iter()
                    .for_each(|one| own(one, Class::Spoke));
            }
        }
        for link in 0..self.links.len() {
            for (prefix, route) in self.heard(node, link) {
                if !self.admits(node, link, prefix, &route) {
                    continue;
                }
                if let Some((prefix, route)) = self.inbound(node, link, prefix, route) {
                    let one = Candidate {
                        route,
                        link: Some(link),
                        class: self.class_beyond(node, link),
                    };
                    let all = all.entry(prefix).or_default();
                    if !all.contains(&one) {
                        all.push(one);
                    }
                }
            }
        }
        for (prefix, candidates) in &mut all {
            self.choose(node, *prefix, candidates);
        }
        all
    }

    /// What is sent to a node over a link that is up.
    pub(crate) fn heard(&self, node: &Node, link: usize) -> BTreeMap<Prefix, Route> {
        let one = &self.links[link];
        if !self.is_up(link) {
            return BTreeMap::new();
        }
        let from_first = match node {
            node if one.b == *node => true,
            node if one.a == *node => false,
            _ => return BTreeMap::new(),
        };
        self.sent
            .get(&(link, from_first))
            .cloned()
            .unwrap_or_default()
    }

    /// Leaves the best candidates, the one to tell first.
    fn choose(&self, node: &Node, prefix: Prefix, all: &mut Vec<Candidate>) {
        let merit = |one: &Candidate| self.merit(node, prefix, one);
        let best = all.iter().map(merit).min().unwrap();
        all.retain(|one| merit(one) == best);
        all.sort_by_cached_key(|one| (self.tie(node, one), one.route.next_hop, one.clone()));
        let max = match node {
            Node::Nva(_) | Node::Edge(..) => 1,
            _ => self.parameters.max_next_hops(),
        };
        all.truncate(max);
    }

    /// What candidates are compared by, best lowest.
    pub(crate) fn merit(
        &self,
        node: &Node,
        prefix: Prefix,
        one: &Candidate,
    ) -> (u8, u64, u64, String) {
        let length = one.route.path.len() as u64;
        let external = one.link.is_some_and(|link| self.is_external(link));
        let local = matches!(one.class, Class::OwnNetwork | Class::Spoke);
        let none = String::new();
        match node {
            _ if local => (0, 0, 0, none),
            Node::RouteServer(name, _) => {
                let circuit = one.class == Class::ExpressRoute;
                let rank = match self.server(name).routing_preference {
                    RoutingPreference::ExpressRoute if circuit => 1,
                    RoutingPreference::ExpressRoute => 2,
                    RoutingPreference::VpnGateway if circuit => 2,
                    _ => 1,
                };
                // circuits first, and only one of them.
                let peer = one
                    .link
                    .map(|link| self.links[link].beyond(node).0.name().to_owned());
                let name = if circuit { peer.unwrap() } else { none };
                (rank, length, u64::from(!circuit), name)
            }
            Node::Gateway(name, _) => {
                let express_route = self.is_express_route(name);
                let rank = match one.class {
                    Class::StaticSite => 1,
                    Class::RouteServer if express_route => 3,
                    Class::BesideVpn if express_route => 4,
                    // Circuits by way of a Route Server are last, routers of sites before.
                    _ if self.is_of_circuit(node, one) => 4,
                    Class::Router => 3,
                    _ => 2,
                };
                let rank = match one.link {
                    Some(link) if !express_route && self.is_router_beside(link, prefix, one) => 3,
                    _ => rank,
                };
                if express_route {
                    let weight = match one.link.map(|link| &self.links[link].kind) {
                        Some(LinkKind::Circuit { weight, .. }) => *weight,
                        _ => 0,
                    };
                    (rank, u64::from(u32::MAX - weight), length, none)
                } else {
                    (rank, length, u64::from(!external), none)
                }
            }
            Node::Nva(_) => (0, length, u64::from(!external), none),
            Node::Edge(..) => (u8::from(one.class != Class::Customer), length, 0, none),
            _ => (0, length, 0, none),
        }
    }

    /// Whether a Route Server tells a VPN gateway of a circuit's route.
    fn is_of_circuit(&self, gateway: &Node, one: &Candidate) -> bool {
        let mut links = self.links.iter().enumerate();
        let server = links.find_map(|(n, link)| match &link.b {
            Node::RouteServer(name, _) if link.a == *gateway => Some((n, name)),
            _ => None,
        });
        let Some((link, server)) = server else {
            return false;
        };
        // a Route Server that prefers VPN has to hear of it.
        let prefers_vpn = self.server(server).routing_preference == RoutingPreference::VpnGateway;
        let external = self.is_external(link);
        let told_again = external && one.class == Class::BesideVpn;
        let server = self.asn_of(&self.links[link].b).filter(|_| external);
        let begins: Vec<u32> = server
            .into_iter()
            .chain([self.parameters.edge_asn.0])
            .collect();
        prefers_vpn
            && (one.class == Class::RouteServer || told_again)
            && one.route.path.starts_with(&begins)
    }

    /// Whether another instance tells of the address of a site's router, and of nothing else under
    /// that prefix.
    pub(crate) fn is_router_beside(&self, link: usize, prefix: Prefix, one: &Candidate) -> bool {
        if one.class != Class::BesideVpn || !one.route.path.is_empty() {
            return false;
        }
        let link = &self.links[link];
        let has = |fits: fn(&LinkKind) -> bool| {
            let mut links = self.links.iter().enumerate();
            links.any(|(n, other)| {
                let of_sender = other.a == link.a || other.a == link.b;
                let fixed = other.fixed().is_some_and(|all| all.contains(&prefix));
                of_sender && fixed && fits(&other.kind) && self.is_up(n)
            })
        };
        has(|kind| matches!(kind, LinkKind::Routers(_)))
            && !has(|kind| matches!(kind, LinkKind::Static(_)))
    }

    /// What orders candidates that are equal.
    fn tie(&self, node: &Node, one: &Candidate) -> (Option<IpAddr>, String, Option<IpAddr>) {
        let Some(link) = one.link else {
            return (None, String::new(), None);
        };
        let (peer, addresses) = self.links[link].beyond(node);
        let (mut name, address) = (peer.name().to_owned(), addresses.first().copied());
        if let Node::Edge(_, CircuitLink::Secondary) = peer {
            name.push(' '); // behind the primary link
        }
        match node {
            Node::Nva(_) => (one.route.next_hop, String::new(), address),
            Node::RouteServer(..) => (address, name, None),
            Node::Gateway(gateway, _) if !self.is_express_route(gateway) => (address, name, None),
            _ => (None, name, address),
        }
    }
}
