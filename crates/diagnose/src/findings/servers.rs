//! Findings about Route Servers, their peers and gateways.

use routehub_exchange::estate::{GatewayKind, Nva, RouteServer, Subnet};
use routehub_exchange::rules;
use std::net::IpAddr;

use routehub_exchange::view::{Graph, Outbound, ROUTE_SERVER_SUBNET, SpeakerId};

use super::Findings;
use crate::words::listed;

/// NVAs that a Route Server should have at least.
const RECOMMENDED_NVAS: usize = 2;

pub(super) fn route_servers(findings: &mut Findings<'_>) {
    for server in &findings.exchange.estate().route_servers {
        let instances = findings.exchange.graph().named(&server.name);
        let first = instances.first();
        if first.is_none_or(|id| findings.exchange.fabric().is_removed(*id)) {
            continue;
        }
        redundancy(findings, server);
        placement(findings, server);
        upgrade(findings, server, instances);
    }
}

/// Both instances, and more than one NVA.
fn redundancy(findings: &mut Findings<'_>, server: &RouteServer) {
    let name = &server.name;
    let mut nvas = 0;
    for nva in &findings.exchange.estate().nvas {
        let sessions = nva.sessions.iter();
        for session in sessions.filter(|session| session.route_server == *name) {
            nvas += 1;
            if session.instances != [true; 2] {
                let only = usize::from(!session.instances[0]);
                let text = format!(
                    "{} peers with instance {only} of {name} only: virtual machines may miss its \
                     routes. Peer with both instances.",
                    nva.name
                );
                findings.warning(rules::SINGLE_INSTANCE_ROUTES, &nva.name, text);
            }
        }
    }
    if nvas < RECOMMENDED_NVAS {
        let text = format!(
            "{name} has {nvas} of the {RECOMMENDED_NVAS} NVAs recommended for availability."
        );
        findings.info(rules::BOTH_INSTANCES, name, text);
    }
}

/// What the first route map on a connection brings.
fn upgrade(findings: &mut Findings<'_>, server: &RouteServer, instances: &[SpeakerId]) {
    let exchange = findings.exchange;
    let parameters = exchange.parameters();
    if parameters.upgraded || parameters.transparent {
        return;
    }
    let map_at = |instance: &SpeakerId| {
        let (mut outbound, mut inbound) = (
            exchange.outbound_from(*instance),
            exchange.outbound_to(*instance),
        );
        let map = outbound.find_map(Outbound::outbound_map);
        map.or_else(|| inbound.find_map(Outbound::inbound_map))
    };
    if let Some(map) = instances.iter().find_map(map_at) {
        let name = &server.name;
        let text = format!(
            "The first route map on a connection of {name}, such as {map}, upgrades it: 30 to 45 \
             minutes without other changes, for good, at extra cost. After it set `upgraded` in \
             the profile."
        );
        findings.info(rules::ROUTE_MAP_UPGRADE, name, text);
    }
}

/// Public address, Virtual WAN, subnet, addresses.
fn placement(findings: &mut Findings<'_>, server: &RouteServer) {
    let estate = findings.exchange.estate();
    let name = &server.name;
    if !server.public_ip {
        let text = format!("{name} needs a Standard static public IP address.");
        findings.error(rules::PUBLIC_IP_ADDRESS, name, text);
    }
    let mut vnets = estate.vnets.iter();
    let Some(vnet) = vnets.find(|vnet| vnet.name == server.vnet) else {
        return;
    };
    let vnet_name = &vnet.name;
    if vnet.virtual_wan {
        let text = format!(
            "{vnet_name} is connected to a Virtual WAN hub: it cannot hold a Route Server."
        );
        findings.error(rules::VIRTUAL_WAN, vnet_name, text);
    }
    let mut gateways = estate.gateways.iter();
    if gateways.any(|gateway| gateway.vnet == *vnet_name) {
        let text = format!(
            "Creating or deleting {name} interrupts the gateways of {vnet_name} for about 10 \
             minutes."
        );
        findings.info(rules::GATEWAY_INTERRUPTION, name, text);
    }
    if let Some(subnet) = estate.subnet(vnet_name, ROUTE_SERVER_SUBNET) {
        own_subnet(findings, vnet_name, subnet);
    }
}

/// The subnet of a Route Server: nothing else lies in it.
fn own_subnet(findings: &mut Findings<'_>, vnet: &str, subnet: &Subnet) {
    let estate = findings.exchange.estate();
    let subject = format!("{vnet}/{}", subnet.name);
    let prefix = subnet.prefix;
    match findings.exchange.parameters().min_route_server_subnet {
        Some(_) if prefix.length() > 27 => {
            let text = format!("{prefix} is smaller than /27.");
            findings.error(rules::ROUTE_SERVER_SUBNET, &subject, text);
        }
        Some(wanted) if prefix.length() > wanted => {
            let text = format!("{prefix} is smaller than the /{wanted} now asked for.");
            findings.warning(rules::ROUTE_SERVER_SUBNET, &subject, text);
        }
        _ => {}
    }
    if subnet.route_table.is_some() {
        let text = "A route table on RouteServerSubnet is not supported.";
        findings.error(rules::ROUTE_SERVER_SUBNET_TABLES, &subject, text);
    }
    if subnet.network_security_group.is_some() {
        let text = "A network security group on RouteServerSubnet is not supported.";
        findings.error(rules::ROUTE_SERVER_SUBNET_TABLES, &subject, text);
    }
    let nvas = estate.nvas.iter();
    for nva in nvas.filter(|nva| prefix.contains_address(nva.ip)) {
        let text = format!(
            "{} lies in RouteServerSubnet, which must be dedicated.",
            nva.ip
        );
        findings.error(rules::ROUTE_SERVER_SUBNET, &nva.name, text);
    }
    let nics = estate.nics.iter().filter(|nic| nic.vnet == vnet);
    for nic in nics.filter(|nic| nic.subnet.as_ref() == Some(&subnet.name)) {
        let text = "It lies in RouteServerSubnet, which must be dedicated.";
        findings.error(rules::ROUTE_SERVER_SUBNET, &nic.name, text);
    }
    for gateway in &estate.gateways {
        let ips = estate.gateway_addresses(&gateway.name);
        if ips.iter().any(|ip| prefix.contains_address(*ip)) {
            let text = format!("{} lie in RouteServerSubnet.", listed(&ips));
            findings.error(rules::ROUTE_SERVER_SUBNET, &gateway.name, text);
        }
    }
}

/// Peers that are refused or lie where they must not.
pub(super) fn peers(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for (place, nva) in exchange.estate().nvas.iter().enumerate() {
        let (name, vnet, asn) = (&nva.name, &nva.vnet, nva.asn);
        for session in &nva.sessions {
            let server = &session.route_server;
            if let Some(rule) = exchange.peer_refusal(place, server) {
                let (rule, text) = match rule {
                    rules::PEER_ASN => {
                        let text = format!(
                            "AS {asn} is reserved or does not fit 16 bits: {server} refuses the \
                             peer. Use another ASN."
                        );
                        (rule, text)
                    }
                    rules::PEER_NEEDS_REMOTE_GATEWAYS => {
                        let text = format!(
                            "{server} is upgraded: it refuses a peer in {vnet}, which does not \
                             use its network's gateways. Set use_remote_gateways there; a network \
                             with a gateway of its own cannot."
                        );
                        (rule, text)
                    }
                    _ => {
                        let limit = exchange.parameters().max_peers.unwrap_or_default();
                        let text = format!("{server} has {limit} peers already.");
                        (rules::PEER_LIMIT, text)
                    }
                };
                findings.error(rule, name, text);
            }
            peer_location(findings, nva, server);
        }
    }
}

/// A peer that its Route Server cannot reach: not any more, or never.
fn peer_location(findings: &mut Findings<'_>, nva: &Nva, server: &str) {
    let (exchange, vnet, nva) = (findings.exchange, &nva.vnet, &nva.name);
    let (graph, topology) = (exchange.graph(), exchange.topology());
    let mut links = graph.peering_links(server, nva).into_iter();
    let is_gone = |(_, link)| graph.link(link).down.unreachable;
    if links.any(is_gone) {
        let text = format!(
            "There is no way between {nva} and {server} any more: peer {vnet} with its network \
             again, with access and all their subnets."
        );
        findings.error(rules::WAY_TO_PEER_GONE, nva, text);
        return;
    }
    let mut servers = findings.exchange.estate().route_servers.iter();
    let Some(home) = servers
        .find(|known| known.name == server)
        .map(|known| &known.vnet)
    else {
        return;
    };
    let (Some(from), Some(to)) = (topology.vnet(vnet), topology.vnet(home)) else {
        return;
    };
    let ends = links_between(graph, server, nva);
    let why = match topology.neighbor(from, to) {
        _ if from == to => return,
        None => format!("{vnet} is not peered with {home}"),
        Some(peering) if !peering.access => {
            format!("the peering of {vnet} with {home} lets no packets pass")
        }
        Some(_)
            if ends
                .into_iter()
                .any(|ends| !topology.reaches((from, to), ends)) =>
        {
            format!("the peering of {vnet} with {home} leaves out a subnet of the session")
        }
        Some(_) => return,
    };
    let text = format!("{why}: {nva} cannot reach {server}.");
    findings.error(rules::PEER_ADDRESS, nva, text);
}

/// The addresses of an NVA and a Route Server on each of their links.
fn links_between(graph: &Graph, server: &str, nva: &str) -> Vec<[Option<IpAddr>; 2]> {
    let links = graph.peering_links(server, nva).into_iter();
    let ends = links.map(|(_, link)| {
        let link = graph.link(link);
        [&link.a, &link.b].map(|end| end.addresses.first().copied())
    });
    ends.collect()
}

/// Connections of VPN gateways that hold no BGP session, as both ends have one ASN, or the site has
/// Azure's.
pub(super) fn connections(findings: &mut Findings<'_>) {
    let graph = findings.exchange.graph();
    for link in graph.links().map(|id| graph.link(id)) {
        if link.down.refused != Some(rules::CONNECTION_OF_ONE_ASN) {
            continue;
        }
        let [a, b] = [&link.a, &link.b].map(|end| findings.exchange.speaker(end.speaker));
        let asn = b.asn.unwrap_or_default();
        let text = format!(
            "{} refuses BGP with {}, which has AS {asn}: no routes are exchanged. Give one of them \
             another ASN.",
            a.name, b.name
        );
        let subjects = [Some(b), Some(a).filter(|_| !b.is_on_premises())];
        for subject in subjects.into_iter().flatten() {
            findings.error(rules::VPN_GATEWAY_REQUIREMENTS, &subject.name, text.clone());
        }
    }
}

/// VPN gateways beside a Route Server, gateways elsewhere.
pub(super) fn gateways(findings: &mut Findings<'_>) {
    let estate = findings.exchange.estate();
    for gateway in &estate.gateways {
        let mut servers = estate.route_servers.iter();
        match servers.find(|server| server.vnet == gateway.vnet) {
            Some(server) if gateway.kind == GatewayKind::Vpn => {
                let own = findings.exchange.parameters().asn;
                let asn = gateway.asn.unwrap_or(own);
                if asn != server.asn.unwrap_or(own) {
                    let text = format!(
                        "Beside a Route Server a VPN gateway has to have AS {own}, not {asn}."
                    );
                    findings.warning(rules::VPN_GATEWAY_REQUIREMENTS, &gateway.name, text);
                }
                if !gateway.active_active {
                    let text = "Beside a Route Server a VPN gateway has to be active-active.";
                    findings.error(rules::VPN_GATEWAY_REQUIREMENTS, &gateway.name, text);
                }
            }
            Some(_) => {}
            None => gateway_elsewhere(findings, &gateway.name, &gateway.vnet),
        }
    }
}

fn gateway_elsewhere(findings: &mut Findings<'_>, gateway: &str, vnet: &str) {
    let topology = findings.exchange.topology();
    let Some(hub) = topology.vnet(vnet).and_then(|own| topology.hub(own)) else {
        return;
    };
    let mut servers = findings.exchange.estate().route_servers.iter();
    // A spoke of the Route Server's network with a gateway of its own.
    if let Some(server) = servers.find(|server| topology.vnet(&server.vnet) == Some(hub)) {
        let text = format!(
            "{} exchanges routes with gateways of its own network only; {gateway} is in {vnet}.",
            server.name
        );
        findings.error(rules::GATEWAY_OF_OTHER_NETWORK, gateway, text);
    }
}
