//! Findings about virtual networks: number, IPv6, route tables on gateways.

use routehub_exchange::estate::{UserRouteTarget, Vnet};
use routehub_exchange::rules;
use routehub_exchange::view::{GATEWAY_SUBNET, ROUTE_SERVER_SUBNET, VnetId};
use routehub_types::Family;

use super::Findings;

pub(super) fn networks(findings: &mut Findings<'_>) {
    let estate = findings.exchange.estate();
    for server in &estate.route_servers {
        let Some(hub) = findings.exchange.topology().vnet(&server.vnet) else {
            continue;
        };
        let served = 1 + findings.exchange.topology().spokes(hub).count();
        let limit = findings.exchange.parameters().max_vnets;
        if let Some(limit) = limit.filter(|limit| served > *limit as usize) {
            let text = format!("{served} virtual networks are more than {limit}.");
            findings.error(rules::VNET_LIMIT, &server.name, text);
        }
        if !findings.exchange.parameters().ipv6 {
            ipv6(findings, hub);
        }
    }
    for vnet in &estate.vnets {
        gateway_subnet(findings, vnet);
    }
    for vnet in findings.exchange.topology().vnets() {
        gateways_of_both(findings, vnet);
    }
}

/// IPv6 in a Route Server's network breaks; in a peered one it is left out.
fn ipv6(findings: &mut Findings<'_>, hub: VnetId) {
    let topology = findings.exchange.topology();
    let dual = |vnet: VnetId| {
        let mut space = topology.space(vnet).iter();
        space.any(|prefix| prefix.family() == Family::Ipv6)
    };
    if dual(hub) {
        let text = "A Route Server in a network with IPv6 breaks IPv6 there.";
        findings.error(rules::IPV4_ONLY, topology.name(hub), text);
    }
    let neighbors = topology.neighbors(hub).iter().map(|neighbor| neighbor.vnet);
    for vnet in neighbors.filter(|vnet| dual(*vnet)) {
        let text = "Its IPv6 prefixes are not exchanged.";
        findings.warning(rules::IPV4_ONLY, topology.name(vnet), text);
    }
}

/// A network with a gateway or Route Server of its own that would use another's.
fn gateways_of_both(findings: &mut Findings<'_>, vnet: VnetId) {
    let exchange = findings.exchange;
    let name = exchange.topology().name(vnet);
    let own = exchange.fabric().programmers_in(vnet);
    if own.is_empty() {
        return;
    }
    for peering in &exchange.estate().peerings {
        let other = match () {
            () if peering.a == *name && peering.a_to_b.use_remote_gateways => &peering.b,
            () if peering.b == *name && peering.b_to_a.use_remote_gateways => &peering.a,
            () => continue,
        };
        let own = if own.gateways().is_empty() {
            "Route Server"
        } else {
            "gateway"
        };
        let text = format!(
            "{name} has a {own} of its own and cannot use those of {other}: take \
             use_remote_gateways off the peering."
        );
        findings.error(rules::REMOTE_GATEWAYS_ONCE, name, text);
    }
}

/// Route tables on GatewaySubnet that part a gateway from its Route Server.
fn gateway_subnet(findings: &mut Findings<'_>, vnet: &Vnet) {
    let estate = findings.exchange.estate();
    let mut subnets = vnet.subnets.iter();
    let subnet = subnets.find(|subnet| subnet.name == GATEWAY_SUBNET);
    let name = subnet.and_then(|subnet| subnet.route_table.as_ref());
    let mut tables = estate.route_tables.iter();
    let Some(table) = name.and_then(|name| tables.find(|table| table.name == *name)) else {
        return;
    };
    let subject = format!("{}/{GATEWAY_SUBNET}", vnet.name);
    if table.disable_bgp_route_propagation {
        let text = "Propagation of gateway routes must not be disabled on GatewaySubnet.";
        findings.error(rules::GATEWAY_SUBNET, &subject, text);
    }
    let Some(servers) = estate.subnet(&vnet.name, ROUTE_SERVER_SUBNET) else {
        return;
    };
    let servers = servers.prefix;
    let astray = table
        .routes
        .iter()
        .find(|route| route.prefix.contains(servers) && route.target != UserRouteTarget::VnetLocal);
    if let Some(route) = astray {
        let text = format!(
            "The route {} leads packets to RouteServerSubnet astray. Add a route {servers} \
             with next hop type VirtualNetwork.",
            route.prefix
        );
        findings.warning(rules::GATEWAY_SUBNET, &subject, text);
    }
}
