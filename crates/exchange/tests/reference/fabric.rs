//! The effective routes of a NIC.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{DisablePeeringRoute, NetworkPolicies, Nic, UserRouteTarget};
use routehub_exchange::{
    EffectiveRow, ExpressRouteNextHops, NextHopType, OneInstanceNics, RouteSource, RouteState,
    UnreachableNextHop,
};
use routehub_types::{Family, Prefix};

use super::maps::inside;
use super::neighbors::LinkKind;
use super::taking::{Best, Candidate, Class};
use super::{Model, Node};

/// A programmed next hop, and whether it is a gateway's; what an NVA named comes first.
type Hops = BTreeSet<(bool, Option<IpAddr>)>;

impl Model {
    pub(crate) fn nic_effective(&self, nic: &Nic) -> Vec<EffectiveRow> {
        let vnet = self
            .estate
            .vnets
            .iter()
            .find(|one| one.name == nic.vnet)
            .unwrap();
        let subnet = vnet
            .subnets
            .iter()
            .find(|one| Some(&one.name) == nic.subnet.as_ref());
        let table = nic
            .route_table
            .clone()
            .or(subnet.and_then(|one| one.route_table.clone()));
        let table = self
            .estate
            .route_tables
            .iter()
            .find(|one| Some(&one.name) == table.as_ref());
        let silent = table.is_some_and(|one| one.disable_bgp_route_propagation);
        let row = |prefix: Prefix, kind, source| EffectiveRow {
            prefixes: [prefix].into(),
            next_hop_type: kind,
            next_hops: [].into_iter().collect(),
            source,
            state: RouteState::Active,
            name: None,
            disable_bgp_route_propagation: silent,
        };
        let mut system = Vec::new();
        for prefix in self.space(&nic.vnet) {
            system.push(row(prefix, NextHopType::VnetLocal, RouteSource::Default));
        }
        let mut peered = Vec::new();
        let peers = self.peers_of(&nic.vnet, subnet.map(|one| one.name.as_str()));
        let hidden = table.is_some_and(|one| one.disable_peering_route == DisablePeeringRoute::All);
        for (other, kind) in &peers {
            for prefix in self.seen(&nic.vnet, other) {
                peered.push(prefix);
                if !hidden {
                    system.push(row(prefix, *kind, RouteSource::Default));
                }
            }
        }
        let mut covered = self.space(&nic.vnet);
        let mut reachable = covered.clone();
        reachable.extend(&peered);
        if !hidden {
            covered.extend(&peered);
        }
        covered.extend(&nic.service_endpoints);
        let mut beaten = BTreeSet::new();
        for one in &self.estate.private_endpoints {
            let peer = peers.iter().any(|(other, _)| *other == one.vnet);
            if one.vnet != nic.vnet && !(peer && inside(one.ip, &peered)) {
                continue;
            }
            let host = Prefix::host(one.ip);
            covered.push(host);
            system.push(row(
                host,
                NextHopType::InterfaceEndpoint,
                RouteSource::Default,
            ));
            // routes from the endpoint's own up to its network's.
            let home = self.estate.vnets.iter().find(|all| all.name == one.vnet);
            let home = home.unwrap();
            let place = home.subnets.iter().find(|all| all.name == one.subnet);
            let network = home.address_space.iter().find(|all| all.contains(host));
            let policies = place.unwrap().network_policies == NetworkPolicies::Routes;
            let routes = table.iter().flat_map(|all| &all.routes);
            let least = network.unwrap().length();
            let mut near = routes.filter(|all| all.prefix.contains(host));
            if policies && near.any(|all| all.prefix.length() >= least) {
                beaten.insert(host);
            }
        }

        let mut bgp = Vec::new();
        for (prefix, hops) in self.programmed(&nic.vnet, &peers, &nic.name) {
            if silent || covered.iter().any(|one| one.contains(prefix)) {
                continue;
            }
            let show = self.parameters.unreachable_next_hop == UnreachableNextHop::Show;
            let usable = hops.iter().filter(|(of_gateway, address)| {
                *of_gateway || show || address.is_some_and(|one| inside(one, &reachable))
            });
            let usable: Vec<_> = usable.collect();
            let kind = match usable.is_empty() {
                true => NextHopType::None,
                false => NextHopType::VirtualNetworkGateway,
            };
            let addresses: BTreeSet<IpAddr> = usable.iter().filter_map(|(_, one)| *one).collect();
            bgp.push(EffectiveRow {
                next_hops: addresses.into_iter().collect(),
                ..row(prefix, kind, RouteSource::VirtualNetworkGateway)
            });
        }

        let mut user = Vec::new();
        for route in table.iter().flat_map(|one| &one.routes) {
            let (kind, hop) = match route.target {
                UserRouteTarget::VirtualAppliance(address) => {
                    (NextHopType::VirtualAppliance, Some(address))
                }
                UserRouteTarget::VirtualNetworkGateway => {
                    (NextHopType::VirtualNetworkGateway, None)
                }
                UserRouteTarget::VnetLocal => (NextHopType::VnetLocal, None),
                UserRouteTarget::Internet => (NextHopType::Internet, None),
                UserRouteTarget::None => (NextHopType::None, None),
            };
            user.push(EffectiveRow {
                next_hops: hop.into_iter().collect(),
                name: route.name.clone(),
                ..row(route.prefix, kind, RouteSource::User)
            });
        }

        let default = Prefix::default_of(Family::Ipv4);
        let has = |rows: &[EffectiveRow], prefix| rows.iter().any(|one| *one.prefixes == [prefix]);
        if !has(&bgp, default) {
            system.push(row(default, NextHopType::Internet, RouteSource::Default));
            if !has(&user, default) {
                for prefix in self.parameters.dropped_ranges.clone() {
                    let within = reachable.iter().any(|one| one.contains(prefix));
                    if !within && !has(&bgp, prefix) {
                        system.push(row(prefix, NextHopType::None, RouteSource::Default));
                    }
                }
            }
        }
        if !nic.service_endpoints.is_empty() {
            system.push(EffectiveRow {
                prefixes: nic.service_endpoints.clone().into(),
                ..row(
                    default,
                    NextHopType::VirtualNetworkServiceEndpoint,
                    RouteSource::Default,
                )
            });
        }
        let six = Prefix::default_of(Family::Ipv6);
        let dual = self
            .space(&nic.vnet)
            .iter()
            .any(|one| matches!(one, Prefix::V6(_)));
        if dual && !has(&bgp, six) {
            system.push(row(six, NextHopType::Internet, RouteSource::Default));
        }
        for one in &mut system {
            if one.next_hop_type == NextHopType::InterfaceEndpoint
                && beaten.contains(&one.prefixes[0])
            {
                one.state = RouteState::Invalid;
            }
        }
        for one in system.iter_mut().chain(&mut bgp) {
            if one.prefixes.iter().all(|prefix| has(&user, *prefix)) {
                one.state = RouteState::Invalid;
            }
        }
        system.into_iter().chain(bgp).chain(user).collect()
    }

    /// The networks that a subnet of a network is peered with; what may pass is another matter
    ///
    fn peers_of(&self, vnet: &str, subnet: Option<&str>) -> Vec<(&str, NextHopType)> {
        let region = |name: &str| {
            let one = self.estate.vnets.iter().find(|one| one.name == name);
            one.and_then(|one| one.region.clone())
        };
        let mut all = Vec::new();
        for one in &self.estate.peerings {
            let differ = match (region(&one.a), region(&one.b)) {
                (Some(a), Some(b)) => a != b,
                _ => false,
            };
            let kind = match one.global.unwrap_or(differ) {
                true => NextHopType::VNetGlobalPeering,
                false => NextHopType::VNetPeering,
            };
            let takes_part = |names: Option<&Vec<String>>| match (names, subnet) {
                (None, _) => true,
                (Some(names), Some(subnet)) => names.iter().any(|one| one == subnet),
                (Some(_), None) => false,
            };
            let subnets = one.subnets.as_ref();
            if one.a == vnet && takes_part(subnets.map(|both| &both.a)) {
                all.push((one.b.as_str(), kind));
            }
            if one.b == vnet && takes_part(subnets.map(|both| &both.b)) {
                all.push((one.a.as_str(), kind));
            }
        }
        all
    }

    /// What a Route Server or gateways program into a network, by prefix.
    fn programmed(
        &self,
        vnet: &str,
        peers: &[(&str, NextHopType)],
        nic: &str,
    ) -> BTreeMap<Prefix, Hops> {
        let mut routes = BTreeMap::new();
        let hub = self.hub_of(vnet);
        let hub = hub.filter(|hub| peers.iter().any(|(other, _)| other == hub));
        for one in [Some(vnet), hub].into_iter().flatten() {
            let servers = self.estate.route_servers.iter();
            let server = servers
                .clone()
                .find(|server| server.vnet == one && !self.is_removed(&server.name));
            let mut gateways: Vec<_> = self
                .estate
                .gateways
                .iter()
                .filter(|gw| gw.vnet == one)
                .collect();
            gateways.sort_by_key(|gw| gw.kind);
            let server = server.filter(|server| {
                let down = |n| self.instances_down.contains(&(server.name.clone(), n));
                gateways.is_empty() || !(down(0) && down(1))
            });
            if server.is_none() && gateways.is_empty() {
                continue;
            }
            match server {
                Some(server) => self.of_server(&server.name, nic, &mut routes),
                None => {
                    for gateway in &gateways {
                        self.of_gateway(&gateway.name, &mut routes);
                    }
                }
            }
            for gateway in gateways {
                let up = |node: &Node| match node {
                    Node::Gateway(name, n) => !self.instances_down.contains(&(name.clone(), *n)),
                    _ => true,
                };
                let hops = self.instances(&gateway.name).into_iter();
                let hops: Hops = hops
                    .filter(|(node, _)| up(node))
                    .map(|(_, address)| (true, address))
                    .collect();
                if hops.is_empty() {
                    continue;
                }
                for pool in &gateway.p2s_pools {
                    routes.insert(*pool, hops.clone());
                }
            }
            break;
        }
        routes
    }

    fn of_server(&self, name: &str, nic: &str, routes: &mut BTreeMap<Prefix, Hops>) {
        let mut nodes = [0, 1]
            .map(|instance| Node::RouteServer(name.to_owned(), instance))
            .to_vec();
        if self.parameters.one_instance_nics == OneInstanceNics::Hash {
            let sum: usize = nic.bytes().map(usize::from).sum();
            nodes = vec![nodes.swap_remove(sum % 2)];
        }
        let mut all: BTreeMap<Prefix, Vec<(Node, Candidate)>> = BTreeMap::new();
        for node in nodes {
            for (prefix, best) in self.best_routes(&node) {
                let heard = best.into_iter().filter(|one| one.link.is_some());
                all.entry(prefix)
                    .or_default()
                    .extend(heard.map(|one| (node.clone(), one)));
            }
        }
        let mut known = BTreeMap::new();
        for (prefix, candidates) in all {
            let merits = candidates
                .iter()
                .map(|(node, one)| self.merit(node, prefix, one));
            let Some(highest) = merits.min() else {
                continue;
            };
            let mut hops = Hops::new();
            for (node, one) in &candidates {
                if self.merit(node, prefix, one) != highest {
                    continue;
                }
                match one.class {
                    Class::Nva => hops.extend([(false, one.route.next_hop)]),
                    Class::Vpn => hops.extend([(true, one.route.next_hop)]),
                    _ => {
                        let gateway = self.links[one.link.unwrap()].beyond(node).0;
                        let mut all = self.circuit_hops(gateway, (node, prefix), one, &mut known);
                        if self.parameters.expressroute_next_hops == ExpressRouteNextHops::One {
                            all.truncate(1);
                        }
                        hops.extend(all);
                    }
                }
            }
            let hops = hops
                .into_iter()
                .take(self.parameters.max_next_hops())
                .collect();
            routes.insert(prefix, hops);
        }
    }

    /// The connection by which an ExpressRoute gateway has a route that it told a Route Server, by
    /// all its links that are as good: of a prefix that a map made, the connection of one
    /// that it was made of.
    fn circuit_hops(
        &self,
        gateway: &Node,
        (server, prefix): (&Node, Prefix),
        told: &Candidate,
        known: &mut BTreeMap<Node, Best>,
    ) -> Vec<(bool, Option<IpAddr>)> {
        let best = known.entry(gateway.clone());
        let best = best.or_insert_with(|| self.best_routes(gateway));
        let circuit = |one: &Candidate| match one.link.map(|link| &self.links[link].b) {
            Some(Node::Edge(name, _)) => Some(name),
            _ => None,
        };
        let of = |prefix: Prefix| -> Option<Vec<_>> {
            let all = best.get(&prefix)?;
            let first = circuit(&all[0])?;
            let same = all.iter().filter(|one| circuit(one) == Some(first));
            Some(
                same.flat_map(|one| self.gateway_hops(gateway, one))
                    .collect(),
            )
        };
        let link = told.link.unwrap();
        let heard = self.heard(server, link).into_iter();
        let mut made_of = heard.filter(|(from, route)| {
            let made = self.inbound(server, link, *from, route.clone());
            self.admits(server, link, *from, route)
                && route.next_hop == told.route.next_hop
                && made.is_some_and(|(into, _)| into == prefix && *from != prefix)
        });
        let hops = of(prefix).or_else(|| made_of.find_map(|(from, _)| of(from)));
        hops.unwrap_or_else(|| vec![(true, told.route.next_hop)])
    }

    /// Without a Route Server: those instances whose own path is as good as the best.
    fn of_gateway(&self, name: &str, routes: &mut BTreeMap<Prefix, Hops>) {
        let mut all: BTreeMap<Prefix, Vec<(Node, Candidate)>> = BTreeMap::new();
        for (node, _) in self.instances(name) {
            for (prefix, best) in self.best_routes(&node) {
                let beside = |one: &Candidate| {
                    matches!(one.class, Class::BesideVpn | Class::BesideExpressRoute)
                };
                let own = best.into_iter().filter(|one| !beside(one));
                all.entry(prefix)
                    .or_default()
                    .extend(own.map(|one| (node.clone(), one)));
            }
        }
        for (prefix, own) in all {
            let merits = own.iter().map(|(node, one)| self.merit(node, prefix, one));
            let highest = merits.min();
            let mut hops = Hops::new();
            for (node, one) in &own {
                if Some(self.merit(node, prefix, one)) == highest {
                    hops.extend(self.gateway_hops(node, one));
                }
            }
            if !hops.is_empty() {
                routes.entry(prefix).or_insert(hops);
            }
        }
    }

    fn gateway_hops(&self, node: &Node, one: &Candidate) -> Hops {
        let Some(link) = one.link else {
            return Hops::new();
        };
        match &self.links[link].kind {
            LinkKind::Circuit { nic_next_hops, .. } if !nic_next_hops.is_empty() => {
                nic_next_hops.iter().map(|one| (true, Some(*one))).collect()
            }
            LinkKind::Circuit { .. } => Hops::from([(true, None)]),
            LinkKind::Routers(_) => Hops::new(),
            _ => {
                let all = self.instances(node.name());
                let own = all.into_iter().filter(|(one, _)| one == node);
                own.map(|(_, address)| (true, address)).collect()
            }
        }
    }
}
