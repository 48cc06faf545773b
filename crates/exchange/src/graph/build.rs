//! How an estate becomes speakers and links.

use std::collections::BTreeSet;

use routehub_types::Asn;

use super::Graph;
use super::link::{CircuitConnection, Down, End, Link, LinkId, LinkKind};
use super::speaker::{Speaker, SpeakerId, SpeakerKind};
use super::topology::Topology;
use crate::estate::{Connection, Estate, Gateway, RouteServer};
use crate::parameters::Parameters;

/// Adds speakers and links to a graph.
pub(super) struct GraphBuilder<'a> {
    pub(super) graph: &'a mut Graph,
    pub(super) estate: &'a Estate,
    pub(super) parameters: &'a Parameters,
    pub(super) topology: &'a Topology,
    /// Names of the speakers that real routers play.
    pub(super) live: &'a BTreeSet<String>,
}

impl GraphBuilder<'_> {
    /// Adds everything that the estate describes.
    pub(super) fn build(&mut self) {
        let estate = self.estate;
        for server in 0..estate.route_servers.len() {
            self.add_instances(server);
        }
        self.add_other_speakers();
        for nva in &estate.nvas {
            for session in &nva.sessions {
                self.link_sessions(&nva.name, &session.route_server);
            }
            for neighbor in &nva.neighbors {
                let live = self.live.contains(&nva.name) || self.live.contains(neighbor);
                self.link_names(&nva.name, neighbor, LinkKind::NvaToNeighbor, live);
            }
        }
        for gateway in &estate.gateways {
            self.link_gateway(gateway);
        }
        for circuit in &estate.circuits {
            let live = self.live.contains(&circuit.name);
            if let [edge, customer] = *self.graph.named(&circuit.name) {
                self.link(edge, customer, LinkKind::EdgeToCustomer, live);
            }
        }
    }

    /// Adds the two instances of a Route Server, and their links with the NVAs that name it and
    /// the gateways of its network.
    pub(super) fn add_route_server(&mut self, server: usize) {
        self.add_instances(server);
        let server = &self.estate.route_servers[server];
        for nva in &self.estate.nvas {
            self.link_sessions(&nva.name, &server.name);
        }
        let gateways = self.estate.gateways.iter();
        for gateway in gateways.filter(|gateway| gateway.vnet == server.vnet) {
            self.link_gateway_to_server(gateway, server);
        }
    }

    fn add_instances(&mut self, server: usize) {
        let route_server = &self.estate.route_servers[server];
        let addresses = self.estate.instance_addresses(route_server);
        for instance in 0..2u8 {
            let address = addresses.map(|both| both[usize::from(instance)]);
            self.add(Speaker {
                kind: SpeakerKind::RouteServer { server, instance },
                name: route_server.name.clone(),
                asn: Some(self.parameters.route_server_asn(route_server)),
                addresses: address.into_iter().collect(),
                vnet: self.topology.vnet(&route_server.vnet),
                virtual_wan: false,
            });
        }
    }

    fn add_other_speakers(&mut self) {
        let (estate, parameters) = (self.estate, self.parameters);
        for (place, gateway) in estate.gateways.iter().enumerate() {
            let kind = SpeakerKind::Gateway {
                gateway: place,
                kind: gateway.kind,
            };
            let mut speaker = speaker(kind, &gateway.name, gateway.asn.or(Some(parameters.asn)));
            speaker.addresses = estate.bgp_addresses(gateway);
            speaker.vnet = self.topology.vnet(&gateway.vnet);
            let vnet = speaker.vnet.map(|vnet| &estate.vnets[vnet.0]);
            speaker.virtual_wan = vnet.is_some_and(|vnet| vnet.virtual_wan);
            self.add(speaker);
        }
        for (place, circuit) in estate.circuits.iter().enumerate() {
            let asn = circuit.asn.or(Some(parameters.edge_asn));
            let kind = SpeakerKind::Edge { circuit: place };
            self.add(speaker(kind, &circuit.name, asn));
        }
        for (place, nva) in estate.nvas.iter().enumerate() {
            let kind = SpeakerKind::Nva { nva: place };
            let mut speaker = speaker(kind, &nva.name, Some(nva.asn));
            speaker.addresses.push(nva.ip);
            speaker.vnet = self.topology.vnet(&nva.vnet);
            self.add(speaker);
        }
        for (place, site) in estate.sites.iter().enumerate() {
            let mut speaker = speaker(SpeakerKind::Site { site: place }, &site.name, site.asn);
            speaker.addresses.clone_from(&site.bgp_ips);
            self.add(speaker);
        }
        for (place, circuit) in estate.circuits.iter().enumerate() {
            if let Some(on_prem) = &circuit.on_prem {
                let kind = SpeakerKind::CustomerEdge { circuit: place };
                let mut speaker = speaker(kind, &circuit.name, Some(on_prem.asn));
                speaker.addresses.extend(circuit.ce_ip);
                self.add(speaker);
            }
        }
    }

    fn add(&mut self, speaker: Speaker) {
        let id = SpeakerId(self.graph.speakers.len() as u32);
        let name = speaker.name.clone();
        self.graph.by_name.entry(name).or_default().push(id);
        self.graph.speakers.push(speaker);
        self.graph.links_of.push(Vec::new());
    }

    /// The sessions of an NVA with one Route Server.
    fn link_sessions(&mut self, nva: &str, route_server: &str) {
        let Some(speaker) = self.graph.first_named(nva) else {
            return;
        };
        let live = self.live.contains(nva);
        let nva = self.estate.nvas.iter().find(|other| other.name == nva);
        let sessions = nva.into_iter().flat_map(|nva| &nva.sessions).enumerate();
        for (session, with) in sessions.filter(|(_, with)| with.route_server == route_server) {
            for instance in (0..2u8).filter(|place| with.instances[usize::from(*place)]) {
                if let Some(server) = self.graph.instance(route_server, instance) {
                    self.link(
                        speaker,
                        server,
                        LinkKind::NvaToRouteServer { session },
                        live,
                    );
                }
            }
        }
    }

    fn link_gateway(&mut self, gateway: &Gateway) {
        let servers = self.estate.route_servers.iter();
        for server in servers.filter(|server| server.vnet == gateway.vnet) {
            self.link_gateway_to_server(gateway, server);
        }
        for connection in &gateway.connections {
            match connection {
                Connection::Circuit {
                    circuit,
                    weight,
                    nic_next_hops,
                    ..
                } => {
                    let edge = self.estate.edge_addresses(gateway, connection);
                    let shown = if nic_next_hops.is_empty() {
                        &edge
                    } else {
                        nic_next_hops
                    };
                    let kind = LinkKind::GatewayToEdge(CircuitConnection {
                        weight: *weight,
                        nic_next_hops: shown.clone(),
                    });
                    // A live circuit is a live customer: its edge is ours.
                    if let Some(link) = self.link_names(&gateway.name, circuit, kind, false) {
                        self.graph.links[link.index()].b.addresses = edge;
                    }
                }
                Connection::Site {
                    site,
                    bgp,
                    instances,
                } => {
                    let mut named = self.graph.named(site).iter();
                    let has_asn = named.any(|id| self.graph.speaker(*id).asn.is_some());
                    let bgp = bgp.unwrap_or(has_asn);
                    let kind = LinkKind::GatewayToSite { bgp };
                    let live = self.live.contains(site);
                    if let Some(link) = self.link_names(&gateway.name, site, kind, live) {
                        // Only some instances may hold the tunnel.
                        let mut used = instances.iter().copied();
                        let addresses = &mut self.graph.links[link.index()].a.addresses;
                        addresses.retain(|_| used.next().unwrap_or(true));
                    }
                }
                Connection::Gateway { gateway: other } => {
                    let kind = LinkKind::GatewayToGateway;
                    self.link_names(&gateway.name, other, kind, false);
                }
            }
        }
    }

    fn link_gateway_to_server(&mut self, gateway: &Gateway, server: &RouteServer) {
        for instance in 0..2 {
            let gateway = self.graph.first_named(&gateway.name);
            let instance = self.graph.instance(&server.name, instance);
            if let (Some(gateway), Some(instance)) = (gateway, instance) {
                self.link(gateway, instance, LinkKind::GatewayToRouteServer, false);
            }
        }
    }

    fn link_names(&mut self, a: &str, b: &str, kind: LinkKind, live: bool) -> Option<LinkId> {
        let (a, b) = (self.graph.first_named(a)?, self.graph.first_named(b)?);
        Some(self.link(a, b, kind, live))
    }

    fn link(&mut self, a: SpeakerId, b: SpeakerId, kind: LinkKind, live: bool) -> LinkId {
        let graph = &mut *self.graph;
        let id = LinkId(graph.links.len() as u32);
        let [a, b] = [a, b].map(|speaker| End {
            speaker,
            addresses: graph.speaker(speaker).addresses.clone(),
        });
        graph.links_of[a.speaker.index()].push(id);
        graph.links_of[b.speaker.index()].push(id);
        graph.links.push(Link {
            external: graph.speaker(a.speaker).asn != graph.speaker(b.speaker).asn,
            kind,
            a,
            b,
            down: Down {
                not_established: live,
                ..Down::default()
            },
            live,
            route_refreshes: 0,
            resets: 0,
            notification: None,
        });
        id
    }
}

/// A speaker without addresses and network.
fn speaker(kind: SpeakerKind, name: &str, asn: Option<Asn>) -> Speaker {
    Speaker {
        kind,
        name: name.to_owned(),
        asn,
        addresses: Vec::new(),
        vnet: None,
        virtual_wan: false,
    }
}
