//! The fabric: which routes a network's NICs are programmed with, before each NIC's own rules.
//!
//! Nothing is stored per network: the routes are a view over the RIBs of the Route Server
//! instances, or of the gateways where there is no Route Server.

use routehub_rib::BestPath;
use routehub_types::Prefix;

use crate::effective::{NicView, ProgrammedNextHop, ProgrammedRoute};
use crate::estate::{Nic, RouteTable};
use crate::exchange::Exchange;
use crate::link::{LinkId, LinkKind};
use crate::parameters::OneInstanceNics;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::{Origin, Table};
use crate::table::EffectiveRow;
use crate::topology::VnetId;

/// Who programs the NICs of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Programmers {
    /// The instances of its Route Server.
    servers: Vec<SpeakerId>,
    /// Its gateways, ExpressRoute first.
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

impl Exchange {
    /// The effective routes of a NIC; none if there is no such NIC or network.
    pub fn nic_effective(&self, nic: &str) -> Option<Vec<EffectiveRow>> {
        let nic = self.estate.nics.iter().find(|one| one.name == nic)?;
        let view = self.nic_view(nic)?;
        Some(view.rows(self.programmed(view.vnet, nic)))
    }

    pub(crate) fn nic_view<'a>(&'a self, nic: &'a Nic) -> Option<NicView<'a>> {
        let vnet = self.topology.vnet(&nic.vnet)?;
        Some(NicView {
            topology: &self.topology,
            vnet,
            service_endpoints: &nic.service_endpoints,
            route_table: self.route_table(nic, vnet),
            unreachable: self.parameters.unreachable_next_hop,
            ipv6: self.parameters.ipv6,
        })
    }

    /// The NIC's own route table, else that of its subnet.
    fn route_table(&self, nic: &Nic, vnet: VnetId) -> Option<&RouteTable> {
        let subnets = &self.estate.vnets[vnet.0].subnets;
        let subnet = subnets
            .iter()
            .find(|one| Some(&one.name) == nic.subnet.as_ref());
        let of_subnet = subnet.and_then(|one| one.route_table.as_ref());
        let name = nic.route_table.as_ref().or(of_subnet)?;
        self.estate
            .route_tables
            .iter()
            .find(|table| table.name == *name)
    }

    /// The routes that a network's NICs are programmed with, by prefix.
    pub(crate) fn programmed(
        &self,
        vnet: VnetId,
        nic: &Nic,
    ) -> impl Iterator<Item = ProgrammedRoute> {
        self.programmed_from(self.programmers(vnet, &nic.name))
    }

    /// The routes that these programmers have, by prefix.
    pub(crate) fn programmed_from(&self, by: Programmers) -> impl Iterator<Item = ProgrammedRoute> {
        let prefixes = self.programmable(&by).into_iter();
        prefixes.filter_map(move |prefix| self.programmed_route(&by, prefix))
    }

    /// Who programs the NICs of a network: the Route Server or gateways in the network, else in
    /// the hub it uses.
    pub(crate) fn programmers(&self, vnet: VnetId, nic: &str) -> Programmers {
        let hubs = [Some(vnet), self.topology.hub(vnet)].into_iter().flatten();
        let mut sources = hubs.map(|hub| self.sources(hub));
        let there = sources.find(|there| !there.is_empty()).unwrap_or_default();
        Programmers {
            servers: self.serving(&there.servers, nic),
            ..there
        }
    }

    /// Every prefix that these programmers may have a route for, in order.
    fn programmable(&self, by: &Programmers) -> Vec<Prefix> {
        let deciding = by.deciding().iter().filter_map(|id| self.table(*id));
        let mut prefixes: Vec<Prefix> = deciding.flat_map(Table::prefixes).collect();
        let gateways = by.gateways.iter();
        prefixes.extend(gateways.flat_map(|id| self.pools(*id)));
        prefixes.sort();
        prefixes.dedup();
        prefixes
    }

    /// The route that these programmers have for a prefix.
    pub(crate) fn programmed_route(
        &self,
        by: &Programmers,
        prefix: Prefix,
    ) -> Option<ProgrammedRoute> {
        let pool = by.gateways.iter().rev();
        let mut pool = pool.filter(|id| self.pools(**id).contains(&prefix));
        let next_hops = match pool.next() {
            Some(gateway) => self.point_to_site(*gateway),
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

    /// The Route Server instances and the gateways in a network, ExpressRoute first. While every
    /// instance is down the gateways stand alone.
    pub(crate) fn sources(&self, vnet: VnetId) -> Programmers {
        let (mut servers, mut gateways) = (Vec::new(), Vec::new());
        for id in self.graph.speakers() {
            let speaker = self.graph.speaker(id);
            match speaker.kind {
                _ if speaker.vnet != Some(vnet) => {}
                SpeakerKind::RouteServer { .. } if !self.removed.contains(&id) => servers.push(id),
                SpeakerKind::Gateway { kind, .. } => gateways.push((kind, id)),
                _ => {}
            }
        }
        gateways.sort_unstable();
        let gateways: Vec<SpeakerId> = gateways.into_iter().map(|(_, id)| id).collect();
        if servers.iter().all(|id| self.instances_down.contains(id)) && !gateways.is_empty() {
            servers.clear();
        }
        Programmers { servers, gateways }
    }

    /// Which of a Route Server's instances a NIC's routes come from.
    fn serving(&self, servers: &[SpeakerId], nic: &str) -> Vec<SpeakerId> {
        match self.parameters.one_instance_nics {
            OneInstanceNics::Both => servers.to_vec(),
            OneInstanceNics::Hash => {
                let sum = nic.bytes().map(usize::from).sum::<usize>();
                let place = sum.checked_rem(servers.len());
                let one = place.and_then(|place| servers.get(place));
                one.copied().into_iter().collect()
            }
        }
    }

    /// Both instances' best routes; of different ones for a prefix the better by the decision
    /// process, of equal ones all next hops.
    fn route_server_route(
        &self,
        servers: &[SpeakerId],
        prefix: Prefix,
    ) -> Option<Vec<ProgrammedNextHop>> {
        let mut paths: Vec<(SpeakerId, BestPath)> = Vec::new();
        for server in servers {
            let Some(table) = self.table(*server) else {
                continue;
            };
            let best = table.rib.best(prefix);
            let heard = |path: &&BestPath| matches!(table.origin(path.source), Origin::Link(_));
            paths.extend(best.iter().filter(heard).map(|path| (*server, *path)));
        }
        let merit = |(server, path): &(SpeakerId, BestPath)| self.merit(*server, path);
        let highest = paths.iter().map(merit).min()?;
        paths.retain(|path| merit(path) == highest);
        let next_hops = paths
            .iter()
            .flat_map(|(server, path)| self.next_hops(*server, prefix, path));
        let mut all: Vec<_> = next_hops.collect();
        all.sort_unstable();
        all.dedup();
        all.truncate(self.parameters.max_next_hops());
        Some(all)
    }

    /// What a Route Server compares: class, AS path length, cost.
    fn merit(&self, server: SpeakerId, path: &BestPath) -> (u8, u16, u32) {
        let source = self
            .table(server)
            .and_then(|table| table.rib.source(path.source));
        let (rank, cost) = source.map_or((u8::MAX, u32::MAX), |one| (one.rank, one.cost));
        (rank, self.store.key(path.attrs).path_length, cost)
    }

    /// Where packets go by a path of a Route Server instance.
    fn next_hops(
        &self,
        server: SpeakerId,
        prefix: Prefix,
        path: &BestPath,
    ) -> Vec<ProgrammedNextHop> {
        let origin = self.table(server).map(|table| table.origin(path.source));
        let Some(Origin::Link(link)) = origin else {
            return Vec::new();
        };
        let one = self.graph.link(link);
        match one.kind {
            LinkKind::GatewayToRouteServer => {
                // A gateway passes one path on: that one's connection is the way.
                let gateway = one.a.speaker;
                let paths = self.table(gateway).map(|table| table.rib.best(prefix));
                let first = paths.as_ref().and_then(|paths| paths.first());
                first
                    .map(|path| self.gateway_next_hops(gateway, path))
                    .unwrap_or_default()
            }
            _ => {
                let next_hop = self.store.attrs(path.attrs).next_hop.address;
                vec![ProgrammedNextHop::Appliance(next_hop)]
            }
        }
    }

    /// A gateway's own route, all equal next hops of all connections.
    fn gateway_route(&self, gateway: SpeakerId, prefix: Prefix) -> Option<Vec<ProgrammedNextHop>> {
        let paths = self.table(gateway)?.rib.best(prefix);
        let mut all: Vec<_> = paths
            .iter()
            .flat_map(|path| self.gateway_next_hops(gateway, path))
            .collect();
        all.sort_unstable();
        all.dedup();
        (!all.is_empty()).then_some(all)
    }

    /// Where packets go by a path of a gateway: circuits by their edge routers, sites by the
    /// gateway's instances; prefixes of networks are system routes.
    fn gateway_next_hops(&self, gateway: SpeakerId, path: &BestPath) -> Vec<ProgrammedNextHop> {
        let Some(table) = self.table(gateway) else {
            return Vec::new();
        };
        let addresses = match table.origin(path.source) {
            Origin::Link(link) => self.connection_next_hops(gateway, link),
            _ => return Vec::new(),
        };
        if addresses.is_empty() {
            vec![ProgrammedNextHop::UnknownGateway]
        } else {
            addresses
        }
    }

    fn connection_next_hops(&self, gateway: SpeakerId, link: LinkId) -> Vec<ProgrammedNextHop> {
        let addresses = match &self.graph.link(link).kind {
            LinkKind::GatewayToEdge(connection) => &connection.nic_next_hops,
            _ => &self.graph.speaker(gateway).addresses,
        };
        addresses
            .iter()
            .map(|address| ProgrammedNextHop::Gateway(*address))
            .collect()
    }

    /// Address pools of point-to-site clients: on NICs only.
    fn pools(&self, gateway: SpeakerId) -> &[Prefix] {
        match self.graph.speaker(gateway).kind {
            SpeakerKind::Gateway { gateway, .. } => &self.estate.gateways[gateway].p2s_pools,
            _ => &[],
        }
    }

    /// Where packets to point-to-site clients go.
    fn point_to_site(&self, gateway: SpeakerId) -> Vec<ProgrammedNextHop> {
        let addresses = &self.graph.speaker(gateway).addresses;
        addresses
            .iter()
            .map(|address| ProgrammedNextHop::Gateway(*address))
            .collect()
    }

    /// Whether a Route Server was deleted by an event.
    pub(crate) fn is_removed(&self, speaker: SpeakerId) -> bool {
        self.removed.contains(&speaker)
    }
}
