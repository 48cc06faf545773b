//! The graph of speakers and links that an estate makes.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use routehub_types::{Asn, RuleId};

use crate::addresses;
use crate::estate::{Connection, Estate, Gateway, Nva, RouteServer};
use crate::exchange_table::Class;
use crate::link::{CircuitConnection, Down, End, Link, LinkId, LinkKind, Side};
use crate::parameters::Parameters;
use crate::rules;
use crate::speaker::{Speaker, SpeakerId, SpeakerKind};
use crate::topology::{Topology, VnetId};

/// Speakers and links. Ids are places; nothing is ever removed, only taken down.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    speakers: Vec<Speaker>,
    links: Vec<Link>,
    links_of: Vec<Vec<LinkId>>,
    by_name: HashMap<String, Vec<SpeakerId>>,
    /// Names of the speakers that real routers play.
    live: BTreeSet<String>,
}

impl Graph {
    /// The graph of an estate. What `Estate::check` refuses is left out.
    pub(crate) fn new(
        estate: &Estate,
        parameters: &Parameters,
        topology: &Topology,
        live: &BTreeSet<String>,
    ) -> Self {
        let mut it = Self {
            live: live.clone(),
            ..Self::default()
        };
        for server in 0..estate.route_servers.len() {
            it.add_route_server_speakers(estate, parameters, topology, server);
        }
        it.add_other_speakers(estate, parameters, topology);
        for nva in 0..estate.nvas.len() {
            it.link_nva(estate, parameters, topology, nva);
        }
        for gateway in &estate.gateways {
            it.link_gateway(estate, gateway, live);
        }
        for circuit in &estate.circuits {
            let [edge, customer] = it.pair(&circuit.name);
            it.link_if(
                edge,
                customer,
                LinkKind::EdgeToCustomer,
                live.contains(&circuit.name),
            );
        }
        it
    }

    /// Every speaker, in the order they were made.
    pub fn speakers(&self) -> impl Iterator<Item = SpeakerId> + use<> {
        (0..self.speakers.len()).map(|n| SpeakerId(n as u32))
    }

    /// The speaker of an id.
    pub fn speaker(&self, id: SpeakerId) -> &Speaker {
        &self.speakers[id.0 as usize]
    }

    /// Every link, in the order they were made.
    pub fn links(&self) -> impl Iterator<Item = LinkId> + use<> {
        (0..self.links.len()).map(|n| LinkId(n as u32))
    }

    /// The link of an id.
    pub fn link(&self, id: LinkId) -> &Link {
        &self.links[id.0 as usize]
    }

    pub(crate) fn link_mut(&mut self, id: LinkId) -> &mut Link {
        &mut self.links[id.0 as usize]
    }

    /// The links of a speaker, in the order they were made.
    pub fn links_of(&self, speaker: SpeakerId) -> &[LinkId] {
        &self.links_of[speaker.0 as usize]
    }

    /// The speakers of a name: two for a Route Server, edge and customer's edge for a circuit.
    pub fn named(&self, name: &str) -> &[SpeakerId] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// The instance of a Route Server.
    pub fn instance(&self, route_server: &str, instance: u8) -> Option<SpeakerId> {
        self.named(route_server).get(usize::from(instance)).copied()
    }

    /// What the far end of a link is to the speaker on `side`, by the exchange table.
    pub fn class_beyond(&self, link: LinkId, side: Side) -> Option<Class> {
        let link = self.link(link);
        if link.kind == (LinkKind::GatewayToSite { bgp: false }) {
            return Some(Class::StaticSite);
        }
        let at = self.speaker(link.end(side).speaker).at()?;
        self.speaker(link.end(side.other()).speaker).class_at(at)
    }

    /// The link of two speakers.
    pub fn link_between(&self, a: SpeakerId, b: SpeakerId) -> Option<LinkId> {
        let mut links = self.links_of(a).iter().copied();
        links.find(|link| self.link(*link).peer_of(a) == Some(b))
    }

    /// Adds the two instances of a Route Server, and their links with the NVAs that name it and
    /// the gateways of its network.
    pub(crate) fn add_route_server(
        &mut self,
        estate: &Estate,
        parameters: &Parameters,
        topology: &Topology,
        server: usize,
    ) {
        self.add_route_server_speakers(estate, parameters, topology, server);
        let Some(one) = estate.route_servers.get(server) else {
            return;
        };
        for nva in 0..estate.nvas.len() {
            self.link_nva_to_server(estate, parameters, topology, nva, &one.name);
        }
        for gateway in estate
            .gateways
            .iter()
            .filter(|gateway| gateway.vnet == one.vnet)
        {
            self.link_gateway_to_server(gateway, one);
        }
    }

    fn add_route_server_speakers(
        &mut self,
        estate: &Estate,
        parameters: &Parameters,
        topology: &Topology,
        server: usize,
    ) {
        let one = &estate.route_servers[server];
        let addresses = addresses::route_server(estate, one);
        for instance in 0..2u8 {
            self.add(Speaker {
                kind: SpeakerKind::RouteServer { server, instance },
                name: one.name.clone(),
                asn: Some(one.asn.unwrap_or(parameters.asn)),
                addresses: addresses
                    .map(|both| both[usize::from(instance)])
                    .into_iter()
                    .collect(),
                vnet: topology.vnet(&one.vnet),
            });
        }
    }

    fn add_other_speakers(
        &mut self,
        estate: &Estate,
        parameters: &Parameters,
        topology: &Topology,
    ) {
        for (gateway, one) in estate.gateways.iter().enumerate() {
            let asn = one.asn.unwrap_or(parameters.asn);
            let addresses = addresses::gateway(estate, one);
            let kind = SpeakerKind::Gateway {
                gateway,
                kind: one.kind,
            };
            self.add_one(
                kind,
                &one.name,
                Some(asn),
                addresses,
                topology.vnet(&one.vnet),
            );
        }
        for (circuit, one) in estate.circuits.iter().enumerate() {
            let asn = one.asn.unwrap_or(parameters.edge_asn);
            self.add_one(
                SpeakerKind::Edge { circuit },
                &one.name,
                Some(asn),
                Vec::new(),
                None,
            );
        }
        for (nva, one) in estate.nvas.iter().enumerate() {
            let vnet = topology.vnet(&one.vnet);
            self.add_one(
                SpeakerKind::Nva { nva },
                &one.name,
                Some(one.asn),
                vec![one.ip],
                vnet,
            );
        }
        for (site, one) in estate.sites.iter().enumerate() {
            let addresses = one.bgp_ips.clone();
            self.add_one(
                SpeakerKind::Site { site },
                &one.name,
                one.asn,
                addresses,
                None,
            );
        }
        for (circuit, one) in estate.circuits.iter().enumerate() {
            if let Some(on_prem) = &one.on_prem {
                let kind = SpeakerKind::CustomerEdge { circuit };
                let addresses = one.ce_ip.into_iter().collect();
                self.add_one(kind, &one.name, Some(on_prem.asn), addresses, None);
            }
        }
    }

    fn add_one(
        &mut self,
        kind: SpeakerKind,
        name: &str,
        asn: Option<Asn>,
        addresses: Vec<IpAddr>,
        vnet: Option<VnetId>,
    ) {
        self.add(Speaker {
            kind,
            name: name.to_owned(),
            asn,
            addresses,
            vnet,
        });
    }

    fn add(&mut self, speaker: Speaker) {
        let id = SpeakerId(self.speakers.len() as u32);
        self.by_name
            .entry(speaker.name.clone())
            .or_default()
            .push(id);
        self.speakers.push(speaker);
        self.links_of.push(Vec::new());
    }

    fn link_nva(
        &mut self,
        estate: &Estate,
        parameters: &Parameters,
        topology: &Topology,
        nva: usize,
    ) {
        let one = &estate.nvas[nva];
        for server in one.sessions.iter().map(|with| &with.route_server) {
            self.link_nva_to_server(estate, parameters, topology, nva, server);
        }
        let [speaker, _] = self.pair(&one.name);
        for neighbor in &one.neighbors {
            let [other, _] = self.pair(neighbor);
            let live = self.live.contains(&one.name) || self.live.contains(neighbor);
            self.link_if(speaker, other, LinkKind::NvaToNeighbor, live);
        }
    }

    /// The sessions of an NVA with one Route Server.
    fn link_nva_to_server(
        &mut self,
        estate: &Estate,
        parameters: &Parameters,
        topology: &Topology,
        nva: usize,
        route_server: &str,
    ) {
        let one = &estate.nvas[nva];
        let [speaker, _] = self.pair(&one.name);
        let live = self.live.contains(&one.name);
        let sessions = one.sessions.iter().enumerate();
        for (session, with) in sessions.filter(|(_, with)| with.route_server == route_server) {
            let refused = refusal(estate, parameters, topology, nva, route_server);
            for instance in (0..2u8).filter(|n| with.instances[usize::from(*n)]) {
                let server = self.instance(route_server, instance);
                let kind = LinkKind::NvaToRouteServer { session };
                if let Some(link) = self.link_if(speaker, server, kind, live) {
                    self.link_mut(link).down.refused = refused;
                }
            }
        }
    }

    fn link_gateway(&mut self, estate: &Estate, gateway: &Gateway, live: &BTreeSet<String>) {
        let servers = estate
            .route_servers
            .iter()
            .filter(|one| one.vnet == gateway.vnet);
        for server in servers {
            self.link_gateway_to_server(gateway, server);
        }
        let [speaker, _] = self.pair(&gateway.name);
        for connection in &gateway.connections {
            let (name, kind) = match connection {
                Connection::Circuit {
                    circuit,
                    weight,
                    nic_next_hops,
                    ..
                } => {
                    let edge = addresses::edge(estate, gateway, connection);
                    let nic_next_hops = if nic_next_hops.is_empty() {
                        &edge
                    } else {
                        nic_next_hops
                    }
                    .clone();
                    let kind = CircuitConnection {
                        weight: *weight,
                        nic_next_hops,
                    };
                    (circuit, LinkKind::GatewayToEdge(kind))
                }
                Connection::Site { site, bgp, .. } => {
                    let has_asn = self
                        .named(site)
                        .iter()
                        .any(|one| self.speaker(*one).asn.is_some());
                    (
                        site,
                        LinkKind::GatewayToSite {
                            bgp: bgp.unwrap_or(has_asn),
                        },
                    )
                }
                Connection::Gateway { gateway } => (gateway, LinkKind::GatewayToGateway),
            };
            let [other, _] = self.pair(name);
            // A live circuit is one whose customer is: its edge is ours.
            let ends = matches!(kind, LinkKind::GatewayToSite { .. });
            let live = ends && live.contains(name);
            let Some(link) = self.link_if(speaker, other, kind, live) else {
                continue;
            };
            self.connection_addresses(estate, gateway, connection, link);
        }
    }

    /// Instances and edge addresses that belong to one connection only.
    fn connection_addresses(
        &mut self,
        estate: &Estate,
        gateway: &Gateway,
        connection: &Connection,
        link: LinkId,
    ) {
        match connection {
            Connection::Circuit { .. } => {
                self.link_mut(link).b.addresses = addresses::edge(estate, gateway, connection);
            }
            Connection::Site { instances, .. } => {
                let mut used = instances.iter().chain(std::iter::repeat(&true)).copied();
                self.link_mut(link)
                    .a
                    .addresses
                    .retain(|_| used.next().unwrap_or(true));
            }
            Connection::Gateway { .. } => {}
        }
    }

    fn link_gateway_to_server(&mut self, gateway: &Gateway, server: &RouteServer) {
        let [speaker, _] = self.pair(&gateway.name);
        for instance in 0..2 {
            let instance = self.instance(&server.name, instance);
            self.link_if(speaker, instance, LinkKind::GatewayToRouteServer, false);
        }
    }

    /// The speakers of a name that stands for one or two.
    fn pair(&self, name: &str) -> [Option<SpeakerId>; 2] {
        let named = self.named(name);
        [named.first().copied(), named.get(1).copied()]
    }

    fn link_if(
        &mut self,
        a: Option<SpeakerId>,
        b: Option<SpeakerId>,
        kind: LinkKind,
        live: bool,
    ) -> Option<LinkId> {
        let (a, b) = (a?, b?);
        let id = LinkId(self.links.len() as u32);
        let end = |speaker: SpeakerId| End {
            speaker,
            addresses: self.speaker(speaker).addresses.clone(),
        };
        self.links.push(Link {
            kind,
            external: self.speaker(a).asn != self.speaker(b).asn,
            a: end(a),
            b: end(b),
            down: Down {
                not_established: live,
                ..Down::default()
            },
            live,
            route_refreshes: 0,
            resets: 0,
            notification: None,
        });
        self.links_of[a.0 as usize].push(id);
        self.links_of[b.0 as usize].push(id);
        Some(id)
    }
}

/// Why a Route Server refuses an NVA as a peer: a forbidden ASN, too many, or
/// after the upgrade a network that does not use its gateways.
pub(crate) fn refusal(
    estate: &Estate,
    parameters: &Parameters,
    topology: &Topology,
    nva: usize,
    route_server: &str,
) -> Option<RuleId> {
    let asn = estate.nvas[nva].asn;
    let server = estate
        .route_servers
        .iter()
        .find(|one| one.name == route_server);
    let own = server.and_then(|one| one.asn).unwrap_or(parameters.asn);
    if let Err(refused) = parameters.peer_asns().check(asn) {
        return Some(refused.rule);
    }
    if asn == own {
        return Some(rules::PEER_ASN);
    }
    let peers = |nva: &Nva| {
        nva.sessions
            .iter()
            .any(|one| one.route_server == route_server)
    };
    let before = estate.nvas[..nva].iter().filter(|one| peers(one)).count();
    let limit = parameters
        .max_peers
        .map_or(usize::MAX, |limit| limit as usize);
    if before >= limit {
        return Some(rules::PEER_LIMIT);
    }
    let here = server.and_then(|one| topology.vnet(&one.vnet));
    let from = topology.vnet(&estate.nvas[nva].vnet);
    let uses = from == here || from.is_some_and(|from| topology.hub(from) == here);
    (parameters.upgraded && !uses).then_some(rules::PEER_NEEDS_REMOTE_GATEWAYS)
}
