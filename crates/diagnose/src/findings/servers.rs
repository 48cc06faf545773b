//! Findings about Route Servers, their peers and gateways.

use routehub_exchange::estate::{GatewayKind, RouteServer, Subnet, Vnet};
use routehub_exchange::rules;
use routehub_exchange::view::ROUTE_SERVER_SUBNET;

use super::Findings;
use crate::words::listed;

/// NVAs that a Route Server should have at least.
const RECOMMENDED_NVAS: usize = 2;

pub(super) fn route_servers(findings: &mut Findings<'_>) {
    for server in &findings.exchange.estate().route_servers {
        let removed = findings.exchange.graph().instance(&server.name, 0);
        if removed.is_none_or(|id| findings.exchange.fabric().is_removed(id)) {
            continue;
        }
        redundancy(findings, server);
        placement(findings, server);
    }
}

/// Both instances, and more than one NVA.
fn redundancy(findings: &mut Findings<'_>, server: &RouteServer) {
    let mut nvas = 0;
    for nva in &findings.exchange.estate().nvas {
        let sessions = nva.sessions.iter();
        for session in sessions.filter(|session| session.route_server == server.name) {
            nvas += 1;
            if session.instances != [true; 2] {
                let only = usize::from(!session.instances[0]);
                let text = format!(
                    "{} peers with instance {only} of {} only: virtual machines may miss its \
                     routes. Peer with both instances.",
                    nva.name, server.name
                );
                findings.warning(rules::SINGLE_INSTANCE_ROUTES, &nva.name, text);
            }
        }
    }
    if nvas < RECOMMENDED_NVAS {
        let text = format!(
            "{} has {nvas} of the {RECOMMENDED_NVAS} NVAs recommended for availability.",
            server.name
        );
        findings.info(rules::BOTH_INSTANCES, &server.name, text);
    }
}

/// Public address, Virtual WAN, subnet, addresses.
fn placement(findings: &mut Findings<'_>, server: &RouteServer) {
    let estate = findings.exchange.estate();
    if !server.public_ip {
        let text = format!("{} needs a Standard static public IP address.", server.name);
        findings.error(rules::PUBLIC_IP_ADDRESS, &server.name, text);
    }
    let Some(vnet) = estate.vnets.iter().find(|vnet| vnet.name == server.vnet) else {
        return;
    };
    if vnet.virtual_wan {
        let text = format!(
            "{} is connected to a Virtual WAN hub: it cannot hold a Route Server.",
            vnet.name
        );
        findings.error(rules::VIRTUAL_WAN, &vnet.name, text);
    }
    if estate
        .gateways
        .iter()
        .any(|gateway| gateway.vnet == vnet.name)
    {
        let text = format!(
            "Creating or deleting {} interrupts the gateways of {} for about 10 minutes.",
            server.name, vnet.name
        );
        findings.info(rules::GATEWAY_INTERRUPTION, &server.name, text);
    }
    subnet(findings, vnet);
}

/// The subnet of a Route Server.
fn subnet(findings: &mut Findings<'_>, vnet: &Vnet) {
    let Some(subnet) = vnet
        .subnets
        .iter()
        .find(|subnet| subnet.name == ROUTE_SERVER_SUBNET)
    else {
        return;
    };
    let subject = format!("{}/{}", vnet.name, subnet.name);
    let length = subnet.prefix.length();
    match findings.exchange.parameters().min_route_server_subnet {
        Some(_) if length > 27 => {
            let text = format!("{} is smaller than /27.", subnet.prefix);
            findings.error(rules::ROUTE_SERVER_SUBNET, &subject, text);
        }
        Some(wanted) if length > wanted => {
            let text = format!(
                "{} is smaller than the /{wanted} now asked for.",
                subnet.prefix
            );
            findings.warning(rules::ROUTE_SERVER_SUBNET, &subject, text);
        }
        _ => {}
    }
    if subnet.route_table.is_some() {
        findings.error(
            rules::ROUTE_SERVER_SUBNET_TABLES,
            &subject,
            "A route table on RouteServerSubnet is not supported.",
        );
    }
    if subnet.network_security_group.is_some() {
        let text = "A network security group on RouteServerSubnet is not supported.";
        findings.error(rules::ROUTE_SERVER_SUBNET_TABLES, &subject, text);
    }
    dedicated(findings, subnet);
}

/// Nothing else lies in RouteServerSubnet.
fn dedicated(findings: &mut Findings<'_>, subnet: &Subnet) {
    let estate = findings.exchange.estate();
    for nva in estate
        .nvas
        .iter()
        .filter(|nva| subnet.prefix.contains_address(nva.ip))
    {
        let text = format!(
            "{} lies in RouteServerSubnet, which must be dedicated.",
            nva.ip
        );
        findings.error(rules::ROUTE_SERVER_SUBNET, &nva.name, text);
    }
    for gateway in &estate.gateways {
        let ips = estate.gateway_addresses(&gateway.name);
        if ips.iter().any(|ip| subnet.prefix.contains_address(*ip)) {
            let text = format!("{} lie in RouteServerSubnet.", listed(&ips));
            findings.error(rules::ROUTE_SERVER_SUBNET, &gateway.name, text);
        }
    }
}

/// Peers that are refused or lie where they must not.
pub(super) fn peers(findings: &mut Findings<'_>) {
    let (estate, parameters) = (findings.exchange.estate(), findings.exchange.parameters());
    for (place, nva) in estate.nvas.iter().enumerate() {
        for session in &nva.sessions {
            let server = &session.route_server;
            match findings.exchange.peer_refusal(place, server) {
                Some(rules::PEER_ASN) => {
                    let text = format!(
                        "AS {} is reserved or does not fit 16 bits: {server} refuses the \
                         peer. Use another ASN.",
                        nva.asn
                    );
                    findings.error(rules::PEER_ASN, &nva.name, text);
                }
                Some(rules::PEER_NEEDS_REMOTE_GATEWAYS) => {
                    let text = format!(
                        "{server} is upgraded: it refuses a peer in {}, which does not use its \
                         network's gateways. Set use_remote_gateways there; a network with a \
                         gateway of its own cannot.",
                        nva.vnet
                    );
                    findings.error(rules::PEER_NEEDS_REMOTE_GATEWAYS, &nva.name, text);
                }
                Some(_) => {
                    let limit = parameters.max_peers.unwrap_or_default();
                    let text = format!("{server} has {limit} peers already.");
                    findings.error(rules::PEER_LIMIT, &nva.name, text);
                }
                None => {}
            }
            peer_location(findings, &nva.name, &nva.vnet, server);
        }
    }
}

fn peer_location(findings: &mut Findings<'_>, nva: &str, vnet: &str, server: &str) {
    let estate = findings.exchange.estate();
    let mut servers = estate.route_servers.iter();
    let Some(server) = servers.find(|known| known.name == server) else {
        return;
    };
    let topology = findings.exchange.topology();
    let (Some(from), Some(to)) = (topology.vnet(vnet), topology.vnet(&server.vnet)) else {
        return;
    };
    let peered = topology
        .neighbors(from)
        .iter()
        .any(|neighbor| neighbor.vnet == to);
    if from != to && !peered {
        let text = format!(
            "{vnet} is not peered with {}: {nva} cannot reach {}.",
            server.vnet, server.name
        );
        findings.error(rules::PEER_ADDRESS, nva, text);
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
    let Some(own) = topology.vnet(vnet) else {
        return;
    };
    let mut servers = findings.exchange.estate().route_servers.iter();
    // A spoke of the Route Server's network with a gateway of its own.
    let beyond = servers.find(|server| {
        topology
            .vnet(&server.vnet)
            .is_some_and(|hub| topology.hub(own) == Some(hub))
    });
    if let Some(server) = beyond {
        let text = format!(
            "{} exchanges routes with gateways of its own network only; {gateway} is in {vnet}.",
            server.name
        );
        findings.error(rules::GATEWAY_OF_OTHER_NETWORK, gateway, text);
    }
}
