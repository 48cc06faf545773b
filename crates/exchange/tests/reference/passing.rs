//! What a speaker tells each neighbour, and how it looks there.

use routehub_exchange::ReflectBetweenNvas;
use routehub_exchange::estate::{
    CircuitLink, ReadvertiseTo, ReadvertisedNextHop, ReadvertisedPath, Readvertisement,
};
use routehub_types::{Community, Prefix};

use super::taking::{Best, Candidate, Class};
use super::{Model, Node, Route, Routes, written};

impl Model {
    /// All that a speaker tells over a link.
    pub(crate) fn told(&self, node: &Node, link: usize, best: &Best) -> Routes {
        if self.is_up(link) {
            self.would_tell(node, link, best)
        } else {
            Routes::new()
        }
    }

    pub(crate) fn would_tell(&self, node: &Node, link: usize, best: &Best) -> Routes {
        let fixed = self.links[link].fixed();
        match node {
            Node::Site(name) => {
                let site = self
                    .estate
                    .sites
                    .iter()
                    .find(|one| one.name == *name)
                    .unwrap();
                if let Some(fixed) = fixed {
                    return fixed.iter().map(|one| (*one, Route::default())).collect();
                }
                let address = site.bgp_ips.first().copied();
                let path: Vec<u32> = site.asn.map(|asn| asn.0).into_iter().collect();
                let all = site
                    .routes
                    .iter()
                    .flat_map(|one| written(one, &path, address));
                all.collect()
            }
            Node::Customer(name, own) => {
                let circuit = self
                    .estate
                    .circuits
                    .iter()
                    .find(|one| one.name == *name)
                    .unwrap();
                let on_prem = circuit.on_prem.as_ref().unwrap();
                let own = match own {
                    CircuitLink::Primary => &circuit.links.primary,
                    CircuitLink::Secondary => &circuit.links.secondary,
                };
                let mut address = circuit.ce_ip;
                let mut routes: Vec<_> = on_prem.routes.iter().collect();
                if let Some(own) = own {
                    address = own.ce_ip.or(address);
                    routes.extend(&own.routes);
                }
                let routes = routes.into_iter();
                routes
                    .flat_map(|one| written(one, &[on_prem.asn.0], address))
                    .collect()
            }
            _ if fixed.is_some() => Routes::new(),
            Node::Nva(_) => self.nva_tells(node, link, best),
            _ => {
                let mut all: Vec<(Prefix, usize, bool, Prefix, Route)> = Vec::new();
                for (prefix, candidates) in best {
                    let first = &candidates[0];
                    if let Some((sent, route)) = self.passes(node, link, *prefix, first) {
                        all.push((sent, route.path.len(), sent != *prefix, *prefix, route));
                    }
                }
                // What stands for networks comes before everything.
                if self.leaves_azure(node, link) {
                    for summary in self.summaries(node) {
                        let path = vec![self.asn_of(node).unwrap()];
                        let next_hop = self.links[link].addresses_of(node).first().copied();
                        let route = Route {
                            path,
                            next_hop,
                            ..Route::default()
                        };
                        all.retain(|(sent, ..)| *sent != summary);
                        all.push((summary, 0, false, summary, route));
                    }
                }
                // Of several for one prefix the shortest, then its own, then the lowest.
                all.sort_by_key(|one| (one.0, one.1, one.2, one.3));
                all.dedup_by_key(|one| one.0);
                let each = all.into_iter();
                each.map(|(sent, _, _, _, route)| (sent, route)).collect()
            }
        }
    }

    /// Communities that keep a route from a neighbour.
    fn is_kept(&self, link: usize, route: &Route) -> bool {
        let known = self.parameters.well_known();
        let has = |one| route.communities.contains(&one);
        known.no_advertise.is_some() && has(Community::NO_ADVERTISE)
            || known.no_export.is_some() && self.is_external(link) && has(Community::NO_EXPORT)
    }

    fn passes(
        &self,
        node: &Node,
        link: usize,
        prefix: Prefix,
        one: &Candidate,
    ) -> Option<(Prefix, Route)> {
        let to = self.class_beyond(node, link);
        let mut route = one.route.clone();
        if self.goes_back(node, link, one)
            || self.is_kept(link, &route)
            || !self.may(node, one.class, to)
        {
            return None;
        }
        if matches!(node, Node::Edge(..))
            && to == Class::ExpressRoute
            && one.class == Class::ExpressRoute
        {
            let far = |link: usize| self.links[link].beyond(node).0.name();
            if !self.takes_vnet(far(link), far(one.link.unwrap())) {
                return None;
            }
        }
        if matches!(to, Class::Circuit | Class::Branch) && self.is_summarized(node, prefix, one) {
            return None;
        }
        let router = |from| self.is_router_beside(from, prefix, one);
        if to == Class::RouteServer && one.link.is_some_and(router) {
            return None;
        }
        let vpn = matches!(node, Node::Gateway(name, _) if !self.is_express_route(name));
        let heard = matches!(
            one.class,
            Class::Branch | Class::RouteServer | Class::BesideVpn
        );
        if vpn && to == Class::Branch && heard && prefix.is_default() {
            return None;
        }
        let six = !self.parameters.ipv6 && matches!(prefix, Prefix::V6(_));
        if six && self.is_tunnel(node, link) {
            return None;
        }
        let mut prefix = prefix;
        if let Node::RouteServer(..) = node {
            (prefix, route) = self.outbound(node, link, prefix, route, one.class)?;
        }
        let external = self.is_external(link);
        let transparent = self.parameters.transparent && matches!(node, Node::RouteServer(..));
        if matches!(node, Node::RouteServer(..)) && !transparent {
            if matches!(one.class, Class::Nva | Class::Vpn | Class::ExpressRoute) {
                route.communities.insert(self.parameters.branch_community);
            }
            if one.class == Class::Spoke && to == Class::Nva {
                route.communities.insert(self.parameters.vnet_community);
            }
        }
        if let (
            Node::Gateway(..),
            Class::RouteServer | Class::BesideVpn | Class::BesideExpressRoute,
        ) = (node, to)
            && !matches!(one.class, Class::Circuit)
        {
            //
            route.next_hop = self.links[link].addresses_of(node).first().copied();
        }
        let own = self.asn_of(node).unwrap();
        let peer = self.asn_of(self.links[link].beyond(node).0);
        if let Node::Edge(..) = node {
            if to == Class::Customer {
                while route.path.first().is_some_and(|asn| is_private(*asn)) {
                    route.path.remove(0);
                }
            } else {
                for asn in &mut route.path {
                    if Some(*asn) == peer {
                        *asn = own;
                    }
                }
            }
        }
        if external && !transparent {
            route.path.insert(0, own);
            route.next_hop = self.links[link].addresses_of(node).first().copied();
            route.med = None;
        }
        Some((prefix, route))
    }

    /// Whether a route came from whom it would go to, or from another instance of the same.
    fn goes_back(&self, node: &Node, link: usize, one: &Candidate) -> bool {
        let far = |link: usize| {
            let far = self.links[link].beyond(node).0;
            (std::mem::discriminant(far), far.name())
        };
        one.link.is_some_and(|from| far(from) == far(link))
    }

    /// Who may tell whom.
    fn may(&self, node: &Node, from: Class, to: Class) -> bool {
        use Class as C;
        match node {
            Node::RouteServer(name, _) => {
                let b2b = self.server(name).branch_to_branch;
                match (from, to) {
                    (C::OwnNetwork | C::Spoke, C::Nva) => !self.parameters.transparent,
                    (C::Nva, C::Nva) => match self.parameters.reflect_between_nvas {
                        ReflectBetweenNvas::BranchToBranch => b2b,
                        ReflectBetweenNvas::Always => true,
                        ReflectBetweenNvas::Never => false,
                    },
                    (C::Nva, C::Vpn | C::ExpressRoute)
                    | (C::Vpn | C::ExpressRoute, C::Nva)
                    | (C::Vpn, C::ExpressRoute)
                    | (C::ExpressRoute, C::Vpn) => b2b,
                    _ => false,
                }
            }
            Node::Gateway(name, _) if self.is_express_route(name) => match to {
                C::Circuit => matches!(from, C::OwnNetwork | C::Spoke | C::RouteServer),
                C::RouteServer => from == C::Circuit,
                C::BesideVpn => matches!(from, C::OwnNetwork | C::Spoke),
                _ => false,
            },
            Node::Gateway(name, _) => {
                let gateway = self.gateway(name);
                let mut servers = self.estate.route_servers.iter();
                let default = self.parameters.asn;
                let external = servers.any(|one| {
                    one.vnet == gateway.vnet
                        && one.asn.unwrap_or(default) != gateway.asn.unwrap_or(default)
                });
                match (from, to) {
                    (from, C::Branch) => from != C::BesideExpressRoute,
                    (C::StaticSite | C::Branch, C::RouteServer) => true,
                    (
                        C::StaticSite | C::Branch | C::Router,
                        C::BesideVpn | C::BesideExpressRoute,
                    ) => true,
                    (C::RouteServer, C::BesideVpn) | (C::BesideVpn, C::RouteServer) => external,
                    _ => false,
                }
            }
            Node::Edge(..) => true, // But for R-162.
            _ => false,
        }
    }

    /// Whether a gateway takes from a circuit what another gateway sends there.
    fn takes_vnet(&self, receiver: &str, sender: &str) -> bool {
        let (receiver, sender) = (self.gateway(receiver), self.gateway(sender));
        let mut vnets = self.estate.vnets.iter();
        let from = vnets.find(|one| one.name == sender.vnet).unwrap();
        let says = match from.virtual_wan {
            true => receiver.allow_virtual_wan_traffic,
            false => receiver.allow_remote_vnet_traffic,
        };
        says.unwrap_or(self.parameters.er_vnet_to_vnet)
    }

    /// The summarised prefixes of the network that a gateway is in.
    fn summaries(&self, node: &Node) -> Vec<Prefix> {
        let Node::Gateway(name, _) = node else {
            return Vec::new();
        };
        let vnet = &self.gateway(name).vnet;
        let mut vnets = self.estate.vnets.iter();
        let vnet = vnets.find(|one| one.name == *vnet).unwrap();
        vnet.summarized_gateway_prefixes.clone()
    }

    /// Whether a link of a gateway leads to a circuit or a site with BGP, or to another network.
    fn leaves_azure(&self, node: &Node, link: usize) -> bool {
        let to = self.class_beyond(node, link);
        matches!(node, Node::Gateway(..)) && matches!(to, Class::Circuit | Class::Branch)
    }

    /// Whether a summary stands for a prefix of the network, or of one that uses it.
    fn is_summarized(&self, node: &Node, prefix: Prefix, one: &Candidate) -> bool {
        let summaries = self.summaries(node);
        match one.class {
            Class::OwnNetwork => summaries.iter().any(|one| one.family() == prefix.family()),
            Class::Spoke => summaries.iter().any(|summary| summary.contains(prefix)),
            _ => false,
        }
    }

    fn nva_tells(&self, node: &Node, link: usize, best: &Best) -> Routes {
        let nva = self.nva(node.name());
        let far = self.links[link].beyond(node).0.name();
        let external = self.is_external(link);
        let mut all = Routes::new();
        for (prefix, candidates) in best {
            let one = &candidates[0];
            let rule = nva
                .readvertises
                .iter()
                .find(|rule| self.rule_fits(node, rule, far, *prefix, one));
            let from_internal = one.link.is_some_and(|link| !self.is_external(link));
            let route = &one.route;
            if self.is_kept(link, route) || from_internal && !external {
                continue;
            }
            if let Some(rule) = rule {
                all.insert(*prefix, self.readvertised(node, rule, link, route));
            }
        }
        // Its own routes come first: a prefix that it originates is not passed on to anybody.
        for one in &nva.originates {
            for (prefix, mut route) in written(&one.routes, &[], Some(nva.ip)) {
                let sent = one.to.is_empty() || one.to.iter().any(|to| to == far);
                if external {
                    for _ in 0..=one.prepend {
                        route.path.insert(0, nva.asn.0);
                    }
                }
                let first = nva
                    .originates
                    .iter()
                    .take_while(|other| !std::ptr::eq(*other, one));
                let mut before = first.filter(|other| {
                    other.routes.prefixes.contains(&prefix)
                        && (other.to.is_empty() || other.to.iter().any(|to| to == far))
                });
                if sent {
                    all.insert(prefix, route);
                } else if before.next().is_none() {
                    all.remove(&prefix);
                }
            }
        }
        if let Some(literal) = self.literal.get(&link) {
            all.extend(literal.clone());
        }
        all
    }

    fn rule_fits(
        &self,
        node: &Node,
        rule: &Readvertisement,
        far: &str,
        prefix: Prefix,
        one: &Candidate,
    ) -> bool {
        let from = self.links[one.link.unwrap()].beyond(node).0.name();
        let target = match &rule.to {
            ReadvertiseTo::Others => from != far,
            ReadvertiseTo::All => true,
            ReadvertiseTo::Named(names) => names.iter().any(|one| one == far),
        };
        target
            && (rule.from.is_empty() || rule.from.iter().any(|one| one == from))
            && (rule.prefixes.is_empty() || rule.prefixes.contains(&prefix))
    }

    fn readvertised(
        &self,
        node: &Node,
        rule: &Readvertisement,
        link: usize,
        route: &Route,
    ) -> Route {
        let nva = self.nva(node.name());
        let mut route = route.clone();
        if self.is_external(link) {
            if let Some(receiver) = self.asn_of(self.links[link].beyond(node).0) {
                match rule.as_path {
                    ReadvertisedPath::Keep => {}
                    ReadvertisedPath::Strip => route.path.retain(|asn| *asn != receiver),
                    ReadvertisedPath::Override => {
                        for asn in route.path.iter_mut().filter(|asn| **asn == receiver) {
                            *asn = nva.asn.0;
                        }
                    }
                }
            }
            for _ in 0..=rule.prepend {
                route.path.insert(0, nva.asn.0);
            }
            route.med = None;
        }
        match rule.next_hop {
            ReadvertisedNextHop::Own => route.next_hop = Some(nva.ip),
            ReadvertisedNextHop::Unchanged => {}
            ReadvertisedNextHop::Address(address) => route.next_hop = Some(address),
        }
        route
    }
}

fn is_private(asn: u32) -> bool {
    (64512..=65534).contains(&asn) || (4_200_000_000..=4_294_967_294).contains(&asn)
}
