//! Which routes a network's NICs are programmed with, before each NIC's own rules, and which of
//! them a sink is given.
//!
//! Nothing is stored per network: the routes are a view over the RIBs of the Route Server
//! instances, or of the gateways where there is no Route Server.

use std::net::IpAddr;

use routehub_rib::{BestPath, Preference};
use routehub_types::Prefix;

use super::effective::{EffectiveRow, NicView, ProgrammedNextHop, ProgrammedRoute, inside_any};
use super::sorted;
use crate::estate::Nic;
use crate::graph::{Deployment, LinkKind, SpeakerId, SpeakerKind, VnetId};
use crate::parameters::OneInstanceNics;
use crate::ribs::{Origin, RibView, Ribs};

/// Who programs the NICs of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programmers {
    servers: Vec<SpeakerId>,
    gateways: Vec<SpeakerId>,
}

impl Programmers {
    /// The instances of its Route Server.
    pub fn servers(&self) -> &[SpeakerId] {
        &self.servers
    }

    /// Its gateways, ExpressRoute first.
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
    deployment: &'a Deployment,
    ribs: &'a Ribs,
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
        Some(view.rows(self.programmed(&by)))
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
    pub fn programmed(self, by: &Programmers) -> impl Iterator<Item = ProgrammedRoute> + use<'a> {
        let by = by.clone();
        let prefixes = self.programmable(&by).into_iter();
        prefixes.filter_map(move |prefix| self.programmed_route(&by, prefix))
    }

    /// Every prefix that these programmers may have a route for, in order.
    fn programmable(self, by: &Programmers) -> Vec<Prefix> {
        let deciding = by.deciding().iter().filter_map(|id| self.ribs.rib(*id));
        let pools = by.gateways.iter().flat_map(|id| self.pools(*id)).copied();
        sorted(deciding.flat_map(RibView::prefixes).chain(pools))
    }

    /// The route that these programmers have for a prefix.
    pub fn programmed_route(self, by: &Programmers, prefix: Prefix) -> Option<ProgrammedRoute> {
        let mut gateways = by.gateways.iter();
        let pool = gateways.rfind(|id| self.pools(**id).contains(&prefix));
        let next_hops = match pool {
            Some(gateway) => self.gateway_addresses(*gateway),
            None if by.servers.is_empty() => {
                // What a gateway looked at earlier has stays: without a Route Server too,
                // ExpressRoute comes before VPN.
                let mut gateways = by.gateways.iter();
                gateways.find_map(|id| self.gateway_route(*id, prefix))?
            }
            None => self.route_server_route(&by.servers, prefix)?,
        };
        Some(ProgrammedRoute { prefix, next_hops })
    }

    /// Both instances' best routes; of different ones for a prefix the better by the decision
    /// process, of equal ones all next hops.
    fn route_server_route(
        self,
        servers: &[SpeakerId],
        prefix: Prefix,
    ) -> Option<Vec<ProgrammedNextHop>> {
        let mut paths: Vec<(Preference, RibView<'_>, BestPath)> = Vec::new();
        for rib in servers.iter().filter_map(|server| self.ribs.rib(*server)) {
            let best = rib.best(prefix);
            let learned = |path: &&BestPath| matches!(rib.origin(path.source), Origin::Link(_));
            let learned = best.iter().filter(learned);
            paths.extend(learned.map(|path| (rib.preference(path), rib, *path)));
        }
        let highest = paths.iter().map(|(preference, ..)| preference).min()?;
        let next_hops = paths
            .iter()
            .filter(|(preference, ..)| preference == highest)
            .flat_map(|(_, rib, path)| self.next_hops(*rib, prefix, path));
        let mut next_hops = sorted(next_hops);
        next_hops.truncate(self.deployment.parameters().max_next_hops());
        Some(next_hops)
    }

    /// Where packets go by a path of a Route Server instance.
    fn next_hops(
        self,
        rib: RibView<'_>,
        prefix: Prefix,
        path: &BestPath,
    ) -> Vec<ProgrammedNextHop> {
        let Origin::Link(link) = rib.origin(path.source) else {
            return Vec::new();
        };
        let link = self.deployment.graph().link(link);
        if link.kind != LinkKind::GatewayToRouteServer {
            let next_hop = rib.next_hop(path.attrs);
            return vec![ProgrammedNextHop::Appliance(next_hop)];
        }
        // A gateway passes one path on: that path's connection is the way.
        let gateway = link.a.speaker;
        let paths = self.ribs.rib(gateway).map(|rib| rib.best(prefix));
        let first = paths.as_ref().and_then(|paths| paths.first());
        first.map_or_else(Vec::new, |path| self.gateway_next_hops(gateway, path))
    }

    /// A gateway's own route, all equal next hops of all connections.
    fn gateway_route(self, gateway: SpeakerId, prefix: Prefix) -> Option<Vec<ProgrammedNextHop>> {
        let paths = self.ribs.rib(gateway)?.best(prefix);
        let next_hops = paths
            .iter()
            .flat_map(|path| self.gateway_next_hops(gateway, path));
        let next_hops = sorted(next_hops);
        (!next_hops.is_empty()).then_some(next_hops)
    }

    /// Where packets go by a path of a gateway: circuits by their edge routers, sites by the
    /// gateway's instances; prefixes of networks are system routes.
    fn gateway_next_hops(self, gateway: SpeakerId, path: &BestPath) -> Vec<ProgrammedNextHop> {
        let origin = self.ribs.rib(gateway).map(|rib| rib.origin(path.source));
        let Some(Origin::Link(link)) = origin else {
            return Vec::new();
        };
        let next_hops = match &self.deployment.graph().link(link).kind {
            LinkKind::GatewayToEdge(connection) => {
                let addresses = connection.nic_next_hops.iter().copied();
                addresses.map(ProgrammedNextHop::Gateway).collect()
            }
            _ => self.gateway_addresses(gateway),
        };
        if next_hops.is_empty() {
            vec![ProgrammedNextHop::UnknownGateway]
        } else {
            next_hops
        }
    }

    /// The addresses of a gateway's instances.
    fn gateway_addresses(self, gateway: SpeakerId) -> Vec<ProgrammedNextHop> {
        let speaker = self.deployment.graph().speaker(gateway);
        let addresses = speaker.addresses.iter().copied();
        addresses.map(ProgrammedNextHop::Gateway).collect()
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

    /// Whether a Route Server was deleted by an event.
    pub fn is_removed(self, speaker: SpeakerId) -> bool {
        self.deployment.is_removed(speaker)
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
        programmed.filter_map(|route| self.shown(&route))
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
            next_hops: self.view.programmed_row(route).next_hops,
        })
    }
}
