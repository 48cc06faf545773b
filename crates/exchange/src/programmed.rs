//! The fabric: which routes a network's NICs are programmed with, before each NIC's own rules.
//!
//! Nothing is stored per network: the routes are a view over the RIBs of the Route Server
//! instances, or of the gateways where there is no Route Server.

use std::collections::BTreeMap;

use routehub_rib::BestPath;
use routehub_types::Prefix;

use crate::effective::{NicView, ProgrammedNextHop, ProgrammedRoute};
use crate::estate::{Nic, RouteTable};
use crate::exchange::Exchange;
use crate::link::{LinkId, LinkKind};
use crate::parameters::OneInstanceNics;
use crate::speaker::{SpeakerId, SpeakerKind};
use crate::speaker_table::Origin;
use crate::table::EffectiveRow;
use crate::topology::VnetId;

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
            nic,
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

    /// The routes that a network's NICs are programmed with, by prefix: those of the Route Server
    /// or gateways in the network, else in the hub it uses.
    pub(crate) fn programmed(
        &self,
        vnet: VnetId,
        nic: &Nic,
    ) -> impl Iterator<Item = ProgrammedRoute> {
        let hub = [Some(vnet), self.topology.hub(vnet)].into_iter().flatten();
        let mut routes = BTreeMap::new();
        if let Some((servers, gateways)) = hub
            .map(|hub| self.sources(hub))
            .find(|(servers, gateways)| !servers.is_empty() || !gateways.is_empty())
        {
            if servers.is_empty() {
                for gateway in &gateways {
                    self.gateway_routes(*gateway, &mut routes);
                }
            } else {
                self.route_server_routes(&servers, nic, &mut routes);
            }
            for gateway in gateways {
                self.point_to_site(gateway, &mut routes);
            }
        }
        routes
            .into_iter()
            .map(|(prefix, next_hops)| ProgrammedRoute { prefix, next_hops })
    }

    /// The Route Server instances and the gateways in a network, ExpressRoute first. While every
    /// instance is down the gateways stand alone.
    pub(crate) fn sources(&self, vnet: VnetId) -> (Vec<SpeakerId>, Vec<SpeakerId>) {
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
        (servers, gateways)
    }

    /// Which of a Route Server's instances a NIC's routes come from.
    pub(crate) fn serving(&self, servers: &[SpeakerId], nic: &Nic) -> Vec<SpeakerId> {
        match self.parameters.one_instance_nics {
            OneInstanceNics::Both => servers.to_vec(),
            OneInstanceNics::Hash => {
                let sum = nic
                    .name
                    .bytes()
                    .fold(0usize, |sum, byte| sum + usize::from(byte));
                servers
                    .get(sum % servers.len())
                    .copied()
                    .into_iter()
                    .collect()
            }
        }
    }

    /// Both instances' best routes; of different ones for a prefix the better by the decision
    /// process, of equal ones all next hops.
    fn route_server_routes(
        &self,
        servers: &[SpeakerId],
        nic: &Nic,
        routes: &mut BTreeMap<Prefix, Vec<ProgrammedNextHop>>,
    ) {
        let serving = self.serving(servers, nic);
        let mut best: BTreeMap<Prefix, Vec<(SpeakerId, BestPath)>> = BTreeMap::new();
        for server in serving {
            let Some(table) = self.table(server) else {
                continue;
            };
            for prefix in table.prefixes() {
                let paths = table.rib.best(prefix);
                let heard = |path: &&BestPath| matches!(table.origin(path.source), Origin::Link(_));
                let paths = paths.iter().filter(heard).map(|path| (server, *path));
                best.entry(prefix).or_default().extend(paths);
            }
        }
        for (prefix, mut paths) in best {
            let merit = |(server, path): &(SpeakerId, BestPath)| self.merit(*server, path);
            let Some(highest) = paths.iter().map(merit).min() else {
                continue;
            };
            paths.retain(|path| merit(path) == highest);
            let next_hops = paths
                .iter()
                .flat_map(|(server, path)| self.next_hops(*server, prefix, path));
            let mut all: Vec<_> = next_hops.collect();
            all.sort_unstable();
            all.dedup();
            all.truncate(self.parameters.max_ecmp);
            routes.insert(prefix, all);
        }
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

    /// A gateway's own routes, all equal next hops of all connections. What a gateway looked at
    /// earlier has stays: without a Route Server too, ExpressRoute comes before VPN.
    fn gateway_routes(
        &self,
        gateway: SpeakerId,
        routes: &mut BTreeMap<Prefix, Vec<ProgrammedNextHop>>,
    ) {
        let Some(table) = self.table(gateway) else {
            return;
        };
        for prefix in table.prefixes() {
            let paths = table.rib.best(prefix);
            let mut all: Vec<_> = paths
                .iter()
                .flat_map(|path| self.gateway_next_hops(gateway, path))
                .collect();
            if !all.is_empty() {
                all.sort_unstable();
                all.dedup();
                routes.entry(prefix).or_insert(all);
            }
        }
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
    fn point_to_site(
        &self,
        gateway: SpeakerId,
        routes: &mut BTreeMap<Prefix, Vec<ProgrammedNextHop>>,
    ) {
        let SpeakerKind::Gateway { gateway: place, .. } = self.graph.speaker(gateway).kind else {
            return;
        };
        let addresses = &self.graph.speaker(gateway).addresses;
        let hops: Vec<_> = addresses
            .iter()
            .map(|a| ProgrammedNextHop::Gateway(*a))
            .collect();
        for pool in &self.estate.gateways[place].p2s_pools {
            routes.insert(*pool, hops.clone());
        }
    }

    /// Whether a Route Server was deleted by an event.
    pub(crate) fn is_removed(&self, speaker: SpeakerId) -> bool {
        self.removed.contains(&speaker)
    }
}
