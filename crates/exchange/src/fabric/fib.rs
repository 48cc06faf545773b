//! Which routes a network's NICs are programmed with, before each NIC's own rules, and which of
//! them a sink is given.
//!
//! Nothing is stored per network: the routes are a view over the RIBs of the Route Server
//! instances, or of the gateways where there is no Route Server.

use std::net::IpAddr;

use routehub_rib::{Admission, BestPath};
use routehub_types::Prefix;
use smallvec::{SmallVec, smallvec};

use super::effective::{EffectiveRow, NicView, ProgrammedNextHop, ProgrammedRoute, inside_any};
use super::sorted;
use crate::estate::Nic;
use crate::graph::{
    Deployment, LinkId, LinkKind, Role, SpeakerId, SpeakerKind, UNKNOWN_ADDRESS, VnetId,
};
use crate::parameters::{ExpressRouteNextHops, OneInstanceNics};
use crate::ribs::{Origin, RibView, Ribs};

/// Who programs the NICs of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Programmers {
    servers: Vec<SpeakerId>,
    gateways: Vec<SpeakerId>,
}

impl Programmers {
    /// The instances of its Route Server.
    pub fn servers(&self) -> &[SpeakerId] {
        &self.servers
    }

    /// The instances of its gateways, ExpressRoute first.
    pub fn gateways(&self) -> &[SpeakerId] {
        &self.gateways
    }

    /// Whether nobody programs it.
    pub fn is_empty(&self) -> bool {
        self.servers.is_empty() && self.gateways.is_empty()
    }

    /// Whose routes are taken: those of the Route Server, and only without one of gateways.
    pub fn deciding(&self) -> &[SpeakerId] {
        if self.servers.is_empty() {
            &self.gateways
        } else {
            &self.servers
        }
    }
}

/// What the networks' NICs are programmed with.
#[derive(Clone, Copy)]
pub struct Fabric<'a> {
    pub(super) deployment: &'a Deployment,
    pub(super) ribs: &'a Ribs,
}

impl<'a> Fabric<'a> {
    /// The fabric of a deployment with these routes.
    pub(crate) const fn new(deployment: &'a Deployment, ribs: &'a Ribs) -> Self {
        Self { deployment, ribs }
    }

    /// What decides the effective routes of a NIC; none if its network is not known.
    pub fn nic(self, nic: &'a Nic) -> Option<NicView<'a>> {
        NicView::of_nic(self.deployment, nic)
    }

    /// The effective routes of a NIC, of the estate or not; none if its network is not known.
    pub fn effective(self, nic: &'a Nic) -> Option<Vec<EffectiveRow>> {
        let view = self.nic(nic)?;
        let by = self.programmers(view, &nic.name);
        Some(view.rows(&self.programmed(&by)))
    }

    /// The RIBs of whose prefixes a NIC may have routes.
    pub(crate) fn deciding(self, nic: &Nic) -> Vec<SpeakerId> {
        let by = self.nic(nic).map(|view| self.programmers(view, &nic.name));
        by.map(|by| by.deciding().to_vec()).unwrap_or_default()
    }

    /// The effective routes of a NIC that it learned to these prefixes, but for those that
    /// [`effective_beside`](Self::effective_beside) has.
    pub(crate) fn effective_of(
        self,
        nic: &'a Nic,
        prefixes: &[Prefix],
    ) -> Option<Vec<EffectiveRow>> {
        let view = self.nic(nic)?;
        let by = self.programmers(view, &nic.name);
        let pools = self.all_pools(&by);
        let prefixes = prefixes.iter().filter(|prefix| !pools.contains(prefix));
        let routes = prefixes.filter_map(|prefix| self.programmed_route(&by, *prefix));
        Some(view.learned_rows(routes))
    }

    /// The effective routes of a NIC that do not depend on one learned prefix alone: its system and
    /// user-defined routes, and those to point-to-site clients.
    pub(crate) fn effective_beside(self, nic: &'a Nic) -> Option<Vec<EffectiveRow>> {
        let view = self.nic(nic)?;
        let by = self.programmers(view, &nic.name);
        let routes = |prefixes: Vec<Prefix>| {
            let routes = prefixes.into_iter();
            let routes = routes.filter_map(|prefix| self.programmed_route(&by, prefix));
            view.learned_rows(routes)
        };
        let learned = routes(view.hiding_prefixes());
        let mut rows = view.rows_beside(&learned);
        rows.extend(routes(self.all_pools(&by)));
        Some(rows)
    }

    fn all_pools(self, by: &Programmers) -> Vec<Prefix> {
        let pools = by.gateways.iter().flat_map(|id| self.pools(*id));
        sorted(pools.copied())
    }

    /// The routes of a network; none if there is no such network.
    pub(crate) fn vnet_routes(self, vnet: &str) -> Option<VnetRoutes<'a>> {
        let id = self.deployment.topology().vnet(vnet)?;
        let view = NicView::of_vnet(self.deployment, id);
        Some(VnetRoutes {
            fabric: self,
            covered: view.covered_space(),
            view,
            by: self.programmers(view, vnet),
        })
    }

    /// Who programs a NIC of a network: the Route Server or gateways in the network, else in the
    /// hub it uses.
    pub fn programmers(self, view: NicView<'_>, nic: &str) -> Programmers {
        let vnets = [Some(view.vnet()), view.hub()].into_iter().flatten();
        let mut programmers = vnets.map(|vnet| self.programmers_in(vnet));
        let there = programmers.find(|there| !there.is_empty());
        let there = there.unwrap_or_default();
        Programmers {
            servers: self.serving(&there.servers, nic),
            ..there
        }
    }

    /// The Route Server instances and the gateways in a network. While every instance is down the
    /// gateways stand alone.
    pub fn programmers_in(self, vnet: VnetId) -> Programmers {
        let (mut servers, mut gateways) = (Vec::new(), Vec::new());
        let graph = self.deployment.graph();
        for id in graph.speakers() {
            let speaker = graph.speaker(id);
            match speaker.kind {
                _ if speaker.vnet != Some(vnet) => {}
                SpeakerKind::RouteServer { .. } if !self.is_removed(id) => servers.push(id),
                SpeakerKind::Gateway { kind, .. } => gateways.push((kind, id)),
                _ => {}
            }
        }
        gateways.sort_unstable();
        let is_down = |id: &SpeakerId| self.deployment.is_instance_down(*id);
        if servers.iter().all(is_down) && !gateways.is_empty() {
            servers.clear();
        }
        Programmers {
            servers,
            gateways: gateways.into_iter().map(|(_, id)| id).collect(),
        }
    }

    /// Which of a Route Server's instances a NIC's routes come from.
    fn serving(self, servers: &[SpeakerId], nic: &str) -> Vec<SpeakerId> {
        match self.deployment.parameters().one_instance_nics {
            OneInstanceNics::Both => servers.to_vec(),
            OneInstanceNics::Hash => {
                let sum = nic.bytes().map(usize::from).sum::<usize>();
                let place = sum.checked_rem(servers.len());
                let serving = place.and_then(|place| servers.get(place));
                serving.copied().into_iter().collect()
            }
        }
    }

    /// Every route that these programmers have, by prefix.
    pub fn programmed(self, by: &Programmers) -> Vec<ProgrammedRoute> {
        let mut routes = match by.servers.as_slice() {
            [] => {
                let deciding = by.gateways.iter().filter_map(|id| self.ribs.rib(*id));
                let prefixes = sorted(deciding.flat_map(RibView::prefixes)).into_iter();
                prefixes
                    .filter_map(|prefix| self.programmed_route(by, prefix))
                    .collect()
            }
            servers => self.programmed_by_servers(servers),
        };
        for prefix in by.gateways.iter().flat_map(|id| self.pools(*id)) {
            let place = routes.binary_search_by_key(prefix, |route| route.prefix);
            let (at, end) = place.map_or_else(|at| (at, at), |at| (at, at + 1));
            routes.splice(at..end, self.programmed_route(by, *prefix));
        }
        routes
    }

    /// The routes that these programmers have to prefixes around a destination, by prefix.
    pub fn programmed_around(self, by: &Programmers, destination: Prefix) -> Vec<ProgrammedRoute> {
        let deciding = by.deciding().iter().filter_map(|id| self.ribs.rib(*id));
        let around = deciding.flat_map(|rib| rib.covering(destination));
        let pools = by.gateways.iter().flat_map(|id| self.pools(*id)).copied();
        let pools = pools.filter(|pool| pool.contains(destination));
        let prefixes = sorted(around.chain(pools)).into_iter();
        let routes = prefixes.filter_map(|prefix| self.programmed_route(by, prefix));
        routes.collect()
    }

    /// Whether a Route Server has a route map on what it takes in from a gateway, so that NICs may
    /// go by the gateway under other prefixes than its own.
    pub fn is_mapped(self, gateway: SpeakerId) -> bool {
        self.deployment.is_mapped_gateway(gateway)
    }

    /// Whether a gateway has address pools of point-to-site clients.
    pub fn has_pools(self, gateway: SpeakerId) -> bool {
        !self.pools(gateway).is_empty()
    }

    /// The route that these programmers have for a prefix.
    pub fn programmed_route(self, by: &Programmers, prefix: Prefix) -> Option<ProgrammedRoute> {
        let gateways = || self.by_gateway(&by.gateways);
        let has_pool = |instances: &&[SpeakerId]| self.pools(instances[0]).contains(&prefix);
        let next_hops = match gateways().rfind(has_pool) {
            Some(instances) => self.pool_next_hops(instances)?.into(),
            None if by.servers.is_empty() => {
                // What a gateway looked at earlier has stays: without a Route Server too,
                // ExpressRoute comes before VPN.
                let mut routes =
                    gateways().filter_map(|instances| self.gateway_route(instances, prefix));
                routes.next()?.into()
            }
            None => self.route_server_route(&by.servers, prefix)?,
        };
        Some(ProgrammedRoute { prefix, next_hops })
    }

    /// The instances of each gateway.
    fn by_gateway(
        self,
        instances: &[SpeakerId],
    ) -> impl DoubleEndedIterator<Item = &[SpeakerId]> + use<'a, '_> {
        let gateway = |id: &SpeakerId| self.deployment.graph().speaker(*id).gateway();
        instances.chunk_by(move |a, b| gateway(a) == gateway(b))
    }

    /// Where packets go by a path of a Route Server instance.
    pub(super) fn next_hops(
        self,
        rib: RibView<'_>,
        prefix: Prefix,
        path: &BestPath,
    ) -> SmallVec<[ProgrammedNextHop; 1]> {
        let Origin::Link(link) = rib.origin(path.source) else {
            return SmallVec::new();
        };
        let graph = self.deployment.graph();
        let next_hop = rib.next_hop(path.attrs);
        let link = graph.link(link);
        if link.kind != LinkKind::GatewayToRouteServer {
            return smallvec![ProgrammedNextHop::Appliance(next_hop)];
        }
        let gateway = link.a.speaker;
        match graph.speaker(gateway).role() {
            // The path names the instance, also under a prefix that a route map put there.
            Some(Role::VpnGateway) => smallvec![of_gateway(next_hop)],
            _ => self.circuit_next_hops(gateway, (rib, path), prefix).into(),
        }
    }

    /// Where packets go by a path that an ExpressRoute gateway passed on: it passes one path of a
    /// prefix on, whose connection is the way, by those of its links that have the prefix
    /// or by one of them. Under a prefix that a route map put there it is the way
    /// of a prefix that it was made of, else of the next hop that the path carries.
    fn circuit_next_hops(
        self,
        gateway: SpeakerId,
        (rib, path): (RibView<'_>, &BestPath),
        prefix: Prefix,
    ) -> Vec<ProgrammedNextHop> {
        let next_hop = rib.next_hop(path.attrs);
        let connection = || {
            self.connection_next_hops(gateway, prefix).or_else(|| {
                let becomes = |imported| {
                    matches!(imported, Admission::Replace { prefix: into, .. } if into == prefix)
                };
                let received = rib.adj_in(path.source);
                let mut made_of = received.filter(|route| becomes(route.imported));
                made_of.find_map(|route| {
                    let told = rib.next_hop(route.received) == next_hop;
                    self.connection_next_hops(gateway, route.prefix).filter(|_| told)
                })
            })
        };
        let mut next_hops = connection().unwrap_or_else(|| vec![of_gateway(next_hop)]);
        match self.deployment.parameters().expressroute_next_hops {
            ExpressRouteNextHops::One => next_hops.truncate(1),
            ExpressRouteNextHops::Connection => {}
        }
        next_hops
    }

    /// The next hops of the connection by which an ExpressRoute gateway has its first best path:
    /// of those links of the circuit whose paths are as good.
    fn connection_next_hops(
        self,
        gateway: SpeakerId,
        prefix: Prefix,
    ) -> Option<Vec<ProgrammedNextHop>> {
        let rib = self.ribs.rib(gateway)?;
        let best = rib.best(prefix);
        let circuit = |path: &BestPath| match rib.origin(path.source) {
            Origin::Link(link) => self.circuit_of(link),
            _ => None,
        };
        let first = circuit(best.first()?)?;
        let same = best.iter().filter(|path| circuit(path) == Some(first));
        Some(
            same.flat_map(|path| self.gateway_next_hops(gateway, path))
                .collect(),
        )
    }

    /// The circuit that a link of a gateway leads to, by its place in the estate.
    fn circuit_of(self, link: LinkId) -> Option<usize> {
        let graph = self.deployment.graph();
        match graph.speaker(graph.link(link).b.speaker).kind {
            SpeakerKind::Edge { circuit, .. } => Some(circuit),
            _ => None,
        }
    }

    /// A gateway's own route, all equal next hops of all connections of those instances whose own
    /// path is as good as the best of all.
    fn gateway_route(
        self,
        instances: &[SpeakerId],
        prefix: Prefix,
    ) -> Option<Vec<ProgrammedNextHop>> {
        let mut paths: Vec<(SpeakerId, RibView<'_>, BestPath)> = Vec::new();
        for id in instances {
            let Some(rib) = self.ribs.rib(*id) else {
                continue;
            };
            let best = rib.best(prefix);
            let own = |path: &&BestPath| !self.is_from_beside(rib.origin(path.source));
            paths.extend(best.iter().filter(own).map(|path| (*id, rib, *path)));
        }
        let preference = |(_, rib, path): &(_, RibView<'_>, BestPath)| rib.preference(path);
        let highest = paths.iter().map(preference).min()?;
        paths.retain(|path| preference(path) == highest);
        let next_hops = paths
            .iter()
            .flat_map(|(id, _, path)| self.gateway_next_hops(*id, path));
        let next_hops = sorted(next_hops);
        (!next_hops.is_empty()).then_some(next_hops)
    }

    /// Whether a route came from another instance or another gateway of the same network.
    fn is_from_beside(self, origin: Origin) -> bool {
        let Origin::Link(link) = origin else {
            return false;
        };
        self.deployment.graph().link(link).kind == LinkKind::GatewayToPeer
    }

    /// Where packets go by a path of a gateway: circuits by their edge routers, sites by the
    /// gateway's instance; prefixes of networks are system routes.
    fn gateway_next_hops(self, gateway: SpeakerId, path: &BestPath) -> Vec<ProgrammedNextHop> {
        let origin = self.ribs.rib(gateway).map(|rib| rib.origin(path.source));
        let Some(Origin::Link(link)) = origin else {
            return Vec::new();
        };
        match &self.deployment.graph().link(link).kind {
            LinkKind::GatewayToEdge(connection) => shown(&connection.nic_next_hops),
            LinkKind::SiteRouters(_) => Vec::new(), // no lab shows it on NICs
            _ => vec![self.own_address(gateway)],
        }
    }

    /// The address of a gateway's instance.
    fn own_address(self, instance: SpeakerId) -> ProgrammedNextHop {
        let speaker = self.deployment.graph().speaker(instance);
        let address = speaker.addresses.first();
        address.map_or(ProgrammedNextHop::UnknownGateway, |own| of_gateway(*own))
    }

    /// Where packets to point-to-site clients go: to the instances that are up.
    fn pool_next_hops(self, instances: &[SpeakerId]) -> Option<Vec<ProgrammedNextHop>> {
        let up = instances.iter();
        let up = up.filter(|id| !self.deployment.is_instance_down(**id));
        let next_hops = sorted(up.map(|id| self.own_address(*id)));
        (!next_hops.is_empty()).then_some(next_hops)
    }

    /// Address pools of point-to-site clients: on NICs only.
    fn pools(self, gateway: SpeakerId) -> &'a [Prefix] {
        match self.deployment.graph().speaker(gateway).kind {
            SpeakerKind::Gateway { gateway, .. } => {
                &self.deployment.estate().gateways[gateway].p2s_pools
            }
            _ => &[],
        }
    }

    /// How many NICs stand in a network and in those that use it.
    pub fn nics_served(self, vnet: &str) -> usize {
        let topology = self.deployment.topology();
        let Some(hub) = topology.vnet(vnet) else {
            return 0;
        };
        let nics = self.deployment.estate().nics.iter();
        let vnets = nics.filter_map(|nic| topology.vnet(&nic.vnet));
        vnets
            .filter(|vnet| *vnet == hub || topology.hub(*vnet) == Some(hub))
            .count()
    }

    /// Whether an instance of a Route Server or gateway is down.
    pub fn is_down(self, speaker: SpeakerId) -> bool {
        self.deployment.is_instance_down(speaker)
    }

    /// Whether a Route Server was deleted by an event.
    pub fn is_removed(self, speaker: SpeakerId) -> bool {
        self.deployment.is_removed(speaker)
    }
}

/// A next hop that a gateway stands for.
fn of_gateway(address: IpAddr) -> ProgrammedNextHop {
    match address {
        UNKNOWN_ADDRESS => ProgrammedNextHop::UnknownGateway,
        known => ProgrammedNextHop::Gateway(known),
    }
}

/// What NICs show of a connection to a circuit.
fn shown(edge: &[IpAddr]) -> Vec<ProgrammedNextHop> {
    match edge {
        [] => vec![ProgrammedNextHop::UnknownGateway],
        known => known.iter().map(|address| of_gateway(*address)).collect(),
    }
}

/// A route of a network's NICs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VnetRoute {
    /// Where to.
    pub prefix: Prefix,
    /// Where packets go, in order; where there is none, packets are dropped.
    pub next_hops: Vec<IpAddr>,
}

/// The routes of one network, as they are now: those of a NIC with the network's name, without a
/// route table or service endpoints. System routes are not among them.
pub struct VnetRoutes<'a> {
    fabric: Fabric<'a>,
    view: NicView<'a>,
    by: Programmers,
    covered: Vec<Prefix>,
}

impl VnetRoutes<'_> {
    /// The route to a prefix, if the network has one.
    pub fn route(&self, prefix: Prefix) -> Option<VnetRoute> {
        self.shown(&self.fabric.programmed_route(&self.by, prefix)?)
    }

    /// Every route, by prefix.
    pub fn all(&self) -> impl Iterator<Item = VnetRoute> {
        let programmed = self.fabric.programmed(&self.by);
        programmed
            .into_iter()
            .filter_map(|route| self.shown(&route))
    }

    /// The routes of several networks to a prefix, by their place in the list. Networks that one
    /// and the same Route Server programs are looked up once.
    pub fn route_of_each(
        vnets: &[Self],
        prefix: Prefix,
        mut visit: impl FnMut(usize, Option<VnetRoute>),
    ) {
        let mut last: Option<(&Programmers, Option<ProgrammedRoute>)> = None;
        for (place, vnet) in vnets.iter().enumerate() {
            let known = last.take().filter(|(by, _)| **by == vnet.by);
            let (_, route) = last.insert(known.unwrap_or_else(|| {
                let route = vnet.fabric.programmed_route(&vnet.by, prefix);
                (&vnet.by, route)
            }));
            visit(place, route.as_ref().and_then(|route| vnet.shown(route)));
        }
    }

    fn shown(&self, route: &ProgrammedRoute) -> Option<VnetRoute> {
        let free = !inside_any(route.prefix, &self.covered);
        free.then(|| VnetRoute {
            prefix: route.prefix,
            next_hops: self.view.programmed_row(route).next_hops.into_vec(),
        })
    }
}
