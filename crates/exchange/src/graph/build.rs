//! How an estate becomes speakers and links.

use std::collections::BTreeSet;

use routehub_types::{Asn, FamilySet};

use super::Graph;
use super::link::{Down, End, Link, LinkId, LinkKind};
use super::speaker::{Speaker, SpeakerId, SpeakerKind};
use super::topology::Topology;
use crate::estate::{CircuitLink, Estate};
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
        self.link_gateways();
        for circuit in &estate.circuits {
            let live = self.live.contains(&circuit.name);
            for link in CircuitLink::BOTH {
                let edge = self.graph.edge(&circuit.name, link);
                let customer = self.graph.customer_edge(&circuit.name, link);
                if let Some((edge, customer)) = edge.zip(customer) {
                    self.link(edge, customer, LinkKind::EdgeToCustomer, live);
                }
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
        self.link_gateways_to_server(server);
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
        self.add_gateways();
        for (place, circuit) in estate.circuits.iter().enumerate() {
            let asn = circuit.asn.or(Some(parameters.edge_asn));
            for link in CircuitLink::BOTH {
                let kind = SpeakerKind::Edge {
                    circuit: place,
                    link,
                };
                self.add(speaker(kind, &circuit.name, asn));
            }
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
        self.add_customer_edges();
    }

    /// Adds the customer's edge behind each link of each circuit.
    fn add_customer_edges(&mut self) {
        for (place, circuit) in self.estate.circuits.iter().enumerate() {
            let Some(on_prem) = &circuit.on_prem else {
                continue;
            };
            for link in CircuitLink::BOTH {
                let kind = SpeakerKind::CustomerEdge {
                    circuit: place,
                    link,
                };
                let mut speaker = speaker(kind, &circuit.name, Some(on_prem.asn));
                speaker.addresses.extend(circuit.customer_address(link));
                self.add(speaker);
            }
        }
    }

    pub(super) fn add(&mut self, speaker: Speaker) {
        let id = SpeakerId(self.graph.speakers.len() as u32);
        self.graph.links_of.push(Vec::new());
        self.graph
            .by_name
            .entry(speaker.name.clone())
            .or_default()
            .push(id);
        self.graph.speakers.push(speaker);
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

    fn link_names(&mut self, a: &str, b: &str, kind: LinkKind, live: bool) {
        let ends = self.graph.first_named(a).zip(self.graph.first_named(b));
        if let Some((a, b)) = ends {
            self.link(a, b, kind, live);
        }
    }

    pub(super) fn link(
        &mut self,
        a: SpeakerId,
        b: SpeakerId,
        kind: LinkKind,
        live: bool,
    ) -> LinkId {
        let id = LinkId(self.graph.links.len() as u32);
        let link = self.new_link([a, b], kind, live);
        self.graph.enter_link(id, link);
        id
    }

    /// A link of these speakers, which is not in the graph yet.
    pub(super) fn new_link(&self, [a, b]: [SpeakerId; 2], kind: LinkKind, live: bool) -> Link {
        let graph = &*self.graph;
        let [a, b] = [a, b].map(|speaker| End {
            speaker,
            addresses: graph.speaker(speaker).addresses.clone(),
        });
        Link {
            // What is static is not of the gateway's AS, whoever has it.
            external: kind.is_static()
                || graph.speaker(a.speaker).asn != graph.speaker(b.speaker).asn,
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
            retained: FamilySet::EMPTY,
        }
    }
}

/// A speaker without addresses and network.
pub(super) fn speaker(kind: SpeakerKind, name: &str, asn: Option<Asn>) -> Speaker {
    Speaker {
        kind,
        name: name.to_owned(),
        asn,
        addresses: Vec::new(),
        vnet: None,
        virtual_wan: false,
    }
}
