//! The instances of gateways, and their links: with Route Servers, with each other, with what their
//! connections lead to.

use std::net::IpAddr;

use routehub_types::Prefix;

use super::build::{GraphBuilder, speaker};
use super::link::{CircuitConnection, LinkKind, Side};
use super::speaker::{SpeakerId, SpeakerKind};
use crate::estate::{
    CircuitLink, Connection, Gateway, GatewayAddresses, GatewayKind, RouteServer, Routes, Site,
};

impl GraphBuilder<'_> {
    /// Adds a speaker for each instance of each gateway.
    pub(super) fn add_gateways(&mut self) {
        let (estate, parameters) = (self.estate, self.parameters);
        let addresses = GatewayAddresses::of(estate);
        for (place, gateway) in estate.gateways.iter().enumerate() {
            for instance in 0..gateway.instance_count() {
                let kind = SpeakerKind::Gateway {
                    gateway: place,
                    kind: gateway.kind,
                    instance: instance as u8,
                };
                let asn = gateway.asn.or(Some(parameters.asn));
                let mut speaker = speaker(kind, &gateway.name, asn);
                let address = addresses.instances(place).get(instance);
                speaker.addresses.extend(address);
                speaker.vnet = self.topology.vnet(&gateway.vnet);
                let vnet = speaker.vnet.map(|vnet| &estate.vnets[vnet.0]);
                speaker.virtual_wan = vnet.is_some_and(|vnet| vnet.virtual_wan);
                self.add(speaker);
            }
        }
    }

    /// Adds the links of all gateways.
    pub(super) fn link_gateways(&mut self) {
        let estate = self.estate;
        let addresses = GatewayAddresses::of(estate);
        for (place, gateway) in estate.gateways.iter().enumerate() {
            let servers = estate.route_servers.iter();
            for server in servers.filter(|server| server.vnet == gateway.vnet) {
                self.link_to_server(gateway, server);
            }
            for (n, connection) in gateway.connections.iter().enumerate() {
                self.link_connection(gateway, connection, addresses.edges(place, n));
            }
        }
        self.link_peers();
    }

    /// Adds the links of a Route Server with the gateways of its network.
    pub(super) fn link_gateways_to_server(&mut self, server: &RouteServer) {
        let gateways = self.estate.gateways.iter();
        for gateway in gateways.filter(|gateway| gateway.vnet == server.vnet) {
            self.link_to_server(gateway, server);
        }
    }

    /// The full mesh of the instances of a gateway and a Route Server.
    fn link_to_server(&mut self, gateway: &Gateway, server: &RouteServer) {
        for gateway in self.instances(&gateway.name) {
            for server in self.instances(&server.name) {
                self.link(gateway, server, LinkKind::GatewayToRouteServer, false);
            }
        }
    }

    /// iBGP between the instances of all gateways of a network that have one ASN. Those of
    /// ExpressRoute gateways have nothing to tell each other.
    fn link_peers(&mut self) {
        let instances = self.graph.speakers();
        let gateways = instances.filter(|id| self.graph.speaker(*id).gateway().is_some());
        let gateways: Vec<SpeakerId> = gateways.collect();
        for (n, a) in gateways.iter().enumerate() {
            for b in &gateways[n + 1..] {
                let [near, far] = [a, b].map(|id| self.graph.speaker(*id));
                let beside = near.vnet.is_some() && near.vnet == far.vnet && near.asn == far.asn;
                let is_vpn = |kind| {
                    matches!(
                        kind,
                        SpeakerKind::Gateway {
                            kind: GatewayKind::Vpn,
                            ..
                        }
                    )
                };
                if beside && (is_vpn(near.kind) || is_vpn(far.kind)) {
                    self.link(*a, *b, LinkKind::GatewayToPeer, false);
                }
            }
        }
    }

    fn link_connection(&mut self, gateway: &Gateway, connection: &Connection, edge: &[IpAddr]) {
        match connection {
            Connection::Circuit {
                circuit,
                weight,
                nic_next_hops,
                ..
            } => self.link_circuit(gateway, circuit, *weight, (edge, nic_next_hops)),
            Connection::Site {
                site,
                bgp,
                instances,
                apipa,
            } => {
                let mut sites = self.estate.sites.iter();
                if let Some(site) = sites.find(|other| other.name == *site) {
                    let bgp = bgp.unwrap_or(site.asn.is_some());
                    self.link_site(gateway, site, bgp, (*instances, apipa));
                }
            }
            Connection::Gateway { gateway: other } => {
                for near in self.instances(&gateway.name) {
                    for far in self.instances(other) {
                        self.link(near, far, LinkKind::GatewayToGateway, false);
                    }
                }
            }
        }
    }

    /// The links of a gateway with the edges of a circuit, by their addresses and what NICs show:
    /// those of the primary link first, then those of the secondary.
    fn link_circuit(
        &mut self,
        gateway: &Gateway,
        circuit: &str,
        weight: u32,
        (addresses, next_hops): (&[IpAddr], &[IpAddr]),
    ) {
        let mut circuits = self.estate.circuits.iter();
        let Some(described) = circuits.find(|other| other.name == circuit) else {
            return;
        };
        let has = |link: &CircuitLink| described.has_link(*link, addresses);
        let is_single = !has(&CircuitLink::Secondary);
        for link in CircuitLink::BOTH.into_iter().filter(has) {
            let Some(edge) = self.graph.edge(circuit, link) else {
                continue;
            };
            let own = link.addresses(addresses);
            let shown = match next_hops {
                [] => own.clone(),
                [_] => next_hops.to_vec(),
                _ if is_single => next_hops.to_vec(),
                _ => link.addresses(next_hops),
            };
            let kind = LinkKind::GatewayToEdge(CircuitConnection {
                weight,
                nic_next_hops: shown,
            });
            for instance in self.instances(&gateway.name) {
                // A live circuit is a live customer: its edges are ours.
                let link = self.link(instance, edge, kind.clone(), false);
                self.graph.set_addresses(link, Side::B, own.clone());
            }
        }
    }

    /// The links of a gateway with a site: those instances that hold the tunnel, by the addresses
    /// that they peer from.
    fn link_site(
        &mut self,
        gateway: &Gateway,
        site: &Site,
        bgp: bool,
        (held, apipa): ([bool; 2], &[IpAddr]),
    ) {
        let Some(to) = self.graph.first_named(&site.name) else {
            return;
        };
        let instances = self.instances(&gateway.name);
        let only = instances.len() == 1;
        let (own, mut routers) = gateways_own(site, bgp);
        let asn = gateway.asn.unwrap_or(self.parameters.asn);
        let asns = site
            .asn
            .filter(|site| self.parameters.carries_no_bgp(Some(asn), *site, true));
        if asns.is_some() {
            // A peer that is refused is not one.
            routers.prefixes.clear();
        }
        let live = self.live.contains(&site.name);
        let holders = instances.into_iter().enumerate();
        let holders: Vec<(usize, SpeakerId)> = holders
            .filter(|(n, _)| only || held.get(*n) != Some(&false))
            .collect();
        // As many addresses as tunnels are theirs in order, else each instance has its own place.
        let in_order = apipa.len() == holders.len();
        for (tunnel, (n, instance)) in holders.into_iter().enumerate() {
            if bgp {
                let link = self.link(instance, to, LinkKind::GatewayToSite, live);
                if let Some(address) = apipa.get(if in_order { tunnel } else { n }) {
                    self.graph.set_addresses(link, Side::A, vec![*address]);
                }
            }
            if !own.prefixes.is_empty() {
                self.link(instance, to, LinkKind::StaticSite(own.clone()), false);
            }
            if !routers.prefixes.is_empty() {
                self.link(instance, to, LinkKind::SiteRouters(routers.clone()), false);
            }
        }
    }

    fn instances(&self, name: &str) -> Vec<SpeakerId> {
        self.graph.named(name).to_vec()
    }
}

/// What a gateway has of a site as its own: what is static, and with BGP the addresses of
/// the site's routers.
fn gateways_own(site: &Site, bgp: bool) -> (Routes, Routes) {
    let routes = |prefixes: &mut dyn Iterator<Item = Prefix>| {
        let mut prefixes: Vec<Prefix> = prefixes.collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        Routes {
            prefixes,
            ..Routes::default()
        }
    };
    let announced = site.routes.iter().filter(|_| !bgp);
    let announced = announced.flat_map(|routes| &routes.prefixes);
    let mut fixed = site.static_prefixes.iter().chain(announced).copied();
    let addresses = site.bgp_ips.iter().filter(|_| bgp).copied();
    (routes(&mut fixed), routes(&mut addresses.map(Prefix::host)))
}
