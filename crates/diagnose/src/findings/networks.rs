//! Findings about virtual networks: IPv6, route tables, flags of peerings, next hops out of reach.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::estate::{Connection, NetworkPolicies, UserRouteTarget, Vnet};
use routehub_exchange::view::{GATEWAY_SUBNET, NicView, ROUTE_SERVER_SUBNET, VnetId};
use routehub_exchange::{Exchange, rules};
use routehub_types::{Family, Prefix};

use super::Findings;
use crate::described::missing_flags;
use crate::words::{any_of, listed};

/// IPv6 in a Route Server's network breaks; that of a peered one is not exchanged.
pub(super) fn ipv6(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    if exchange.parameters().ipv6 {
        return;
    }
    let topology = exchange.topology();
    let dual = |vnet: &VnetId| {
        let mut space = topology.space(*vnet).iter();
        space.any(|prefix| prefix.family() == Family::Ipv6)
    };
    let servers = exchange.estate().route_servers.iter();
    for hub in servers.filter_map(|server| topology.vnet(&server.vnet)) {
        if dual(&hub) {
            let text = "A Route Server in a network with IPv6 breaks IPv6 there.";
            findings.error(rules::IPV4_ONLY, topology.name(hub), text);
        }
        let neighbors = topology.neighbors(hub).iter().map(|neighbor| neighbor.vnet);
        for vnet in neighbors.filter(dual) {
            let text = "The Route Server does not exchange its IPv6 prefixes.";
            findings.warning(rules::IPV4_ONLY, topology.name(vnet), text);
        }
    }
}

/// IPv6 prefixes of sites and of networks that a VPN gateway's tunnels do not carry.
pub(super) fn ipv6_in_tunnels(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    if exchange.parameters().ipv6 {
        return;
    }
    let estate = exchange.estate();
    for gateway in &estate.gateways {
        for connection in &gateway.connections {
            let mut sites = estate.sites.iter();
            let Connection::Site { site, .. } = connection else {
                continue;
            };
            let Some(site) = sites.find(|known| known.name == *site) else {
                continue;
            };
            let prefixes = site.routes.iter().flat_map(|routes| &routes.prefixes);
            let ipv6: Vec<Prefix> = prefixes
                .filter(|prefix| prefix.family() == Family::Ipv6)
                .copied()
                .collect();
            if let Some(some) = any_of(&ipv6) {
                let text = format!(
                    "{} does not take {some} of {}: its tunnels carry no IPv6.",
                    gateway.name, site.name
                );
                findings.warning(rules::IPV6_OUTSIDE_ROUTE_SERVER, &site.name, text);
            }
        }
    }
}

/// User-defined routes that are meant for private endpoints too, and do not reach them.
pub(super) fn private_endpoints(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let mut missed: BTreeMap<String, (Prefix, BTreeSet<&str>)> = BTreeMap::new();
    for nic in &findings.nics {
        let Some(view) = exchange.fabric().nic(nic) else {
            continue;
        };
        let Some(table) = view.route_table() else {
            continue;
        };
        for endpoint in view.private_endpoints() {
            let host = Prefix::host(endpoint.ip);
            let routes = table.routes.iter().map(|route| route.prefix);
            let around = routes.filter(|route| route.contains(host));
            let longest = around.max_by_key(|route| route.length());
            let subnet = exchange.estate().subnet(&endpoint.vnet, &endpoint.subnet);
            let ignored = subnet.is_some_and(|subnet| {
                subnet.network_policies == NetworkPolicies::None
                    && endpoint_network_holds(exchange, &endpoint.vnet, longest)
            });
            if let Some(route) = longest.filter(|route| ignored && *route != host) {
                let subject = format!("{}/{}", endpoint.vnet, endpoint.subnet);
                let (_, tables) = missed.entry(subject).or_insert((route, BTreeSet::new()));
                tables.insert(&table.name);
            }
        }
    }
    for (subject, (route, tables)) in missed {
        let text = format!(
            "Packets to its private endpoints do not follow {route} of {}: set network_policies \
             to routes.",
            listed(tables)
        );
        findings.info(rules::PRIVATE_ENDPOINT, &subject, text);
    }
}

/// Whether a route is no wider than the network of an endpoint.
fn endpoint_network_holds(exchange: &Exchange, vnet: &str, route: Option<Prefix>) -> bool {
    let topology = exchange.topology();
    let (Some(vnet), Some(route)) = (topology.vnet(vnet), route) else {
        return false;
    };
    let mut space = topology.space(vnet).iter();
    space.any(|space| space.contains(route))
}

/// A network with a gateway or Route Server of its own that would use another's.
pub(super) fn gateways_of_both(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for vnet in exchange.topology().vnets() {
        let name = exchange.topology().name(vnet);
        let own = exchange.fabric().programmers_in(vnet);
        let own = match own.gateways() {
            _ if own.is_empty() => continue,
            [] => "Route Server",
            _ => "gateway",
        };
        for peering in &exchange.estate().peerings {
            // Where there is nothing to use, nothing is used.
            if peering.transit_if_any && super::peerings::lends_nothing(exchange, peering) {
                continue;
            }
            let other = match () {
                () if peering.a == *name && peering.a_to_b.use_remote_gateways => &peering.b,
                () if peering.b == *name && peering.b_to_a.use_remote_gateways => &peering.a,
                () => continue,
            };
            let text = format!(
                "{name} has a {own} of its own and cannot use those of {other}: take \
                 use_remote_gateways off the peering."
            );
            findings.error(rules::REMOTE_GATEWAYS_ONCE, name, text);
        }
    }
}

pub(super) fn gateway_subnets(findings: &mut Findings<'_>) {
    for vnet in &findings.exchange.estate().vnets {
        gateway_subnet(findings, vnet);
    }
}

/// Route tables on GatewaySubnet that part a gateway from its Route Server.
fn gateway_subnet(findings: &mut Findings<'_>, vnet: &Vnet) {
    let estate = findings.exchange.estate();
    let subnet = |name| estate.subnet(&vnet.name, name);
    let name = subnet(GATEWAY_SUBNET).and_then(|subnet| subnet.route_table.as_ref());
    let mut tables = estate.route_tables.iter();
    let Some(table) = name.and_then(|name| tables.find(|table| table.name == *name)) else {
        return;
    };
    let subject = format!("{}/{GATEWAY_SUBNET}", vnet.name);
    if table.disable_bgp_route_propagation {
        let text = "Propagation of gateway routes must not be disabled on GatewaySubnet.";
        findings.error(rules::GATEWAY_SUBNET, &subject, text);
    }
    let Some(servers) = subnet(ROUTE_SERVER_SUBNET).map(|subnet| subnet.prefix) else {
        return;
    };
    let mut routes = table.routes.iter();
    let astray = routes
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

/// Networks peered with a Route Server's, that do not use it.
pub(super) fn gateway_transit(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let (topology, estate) = (exchange.topology(), exchange.estate());
    let programmers_in = |vnet: VnetId| exchange.fabric().programmers_in(vnet);
    let unserved =
        |vnet: &VnetId| topology.hub(*vnet).is_none() && programmers_in(*vnet).is_empty();
    for vnet in topology.vnets().filter(unserved) {
        let name = topology.name(vnet);
        let neighbors = topology.neighbors(vnet).iter();
        let neighbors = neighbors.map(|neighbor| neighbor.vnet);
        for hub in neighbors.filter(|hub| !programmers_in(*hub).servers().is_empty()) {
            let hub = topology.name(hub);
            let lacks = missing_flags(estate, name, hub);
            let text = format!(
                "{name} is peered with {hub} but does not use its Route Server: {lacks}. Its \
                 machines get no routes from there, and its prefixes are not announced."
            );
            if !lacks.contains(',') {
                findings.warning(rules::GATEWAY_TRANSIT, name, text);
            } else if estate.nics.iter().any(|nic| nic.vnet == name) {
                findings.info(rules::GATEWAY_TRANSIT, name, text);
            }
        }
    }
}

/// Route tables that keep programmed routes from machines.
pub(super) fn propagation(findings: &mut Findings<'_>) {
    let (exchange, fabric) = (findings.exchange, findings.exchange.fabric());
    let mut kept: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for nic in &exchange.estate().nics {
        let Some(view) = fabric.nic(nic).filter(NicView::propagation_disabled) else {
            continue;
        };
        let Some(table) = view.route_table() else {
            continue;
        };
        let by = fabric.programmers(view, &nic.name);
        if !findings.ways(&by).is_empty() {
            kept.entry(&table.name).or_default().insert(&nic.name);
        }
    }
    for (table, nics) in kept {
        let text = format!(
            "{table} disables propagation: {} gets no routes of gateways or Route Servers. Switch \
             it on, or add user-defined routes.",
            listed(nics)
        );
        findings.info(rules::PROPAGATION_DISABLED, table, text);
    }
}

/// Routes that lead nowhere on machines of a network.
pub(super) fn out_of_reach(findings: &mut Findings<'_>) {
    let fabric = findings.exchange.fabric();
    let mut lost: BTreeMap<&str, BTreeSet<Prefix>> = BTreeMap::new();
    for nic in findings.nics.clone() {
        let Some(view) = fabric.nic(nic) else {
            continue;
        };
        let ways = findings.ways(&fabric.programmers(view, &nic.name));
        let active = view.active_routes();
        let nowhere = ways.iter().filter(|way| active.next_hops(way).is_none());
        let nowhere = nowhere.flat_map(|way| active.of(way));
        lost.entry(&nic.vnet).or_default().extend(nowhere);
    }
    for (vnet, prefixes) in lost {
        let prefixes: Vec<Prefix> = prefixes.into_iter().collect();
        if let Some(some) = any_of(&prefixes) {
            let text = format!(
                "Machines in {vnet} drop packets to {some}: the next hop is neither in {vnet} nor \
                 in a network peered with it. Peer them, or announce a next hop in reach."
            );
            findings.warning(rules::NEXT_HOP_UNREACHABLE, vnet, text);
        }
    }
}
