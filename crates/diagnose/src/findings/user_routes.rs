//! Findings about user-defined routes: next hops that packets do not reach, or that nobody has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use routehub_exchange::estate::{Estate, Nic, RouteTable, UserRouteTarget};
use routehub_exchange::view::NicView;
use routehub_exchange::{Exchange, rules};
use routehub_types::RuleId;

use super::Findings;
use crate::words::{joined, listed};

/// Routes whose packets are dropped whatever the destination does.
pub(super) fn next_hops(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for table in &exchange.estate().route_tables {
        let users = users(exchange.estate(), table);
        let views = users.iter().filter_map(|nic| exchange.fabric().nic(nic));
        let views: Vec<NicView<'_>> = views.collect();
        if views.is_empty() {
            continue;
        }
        let mut faults: BTreeMap<RuleId, Vec<String>> = BTreeMap::new();
        for route in &table.routes {
            let fault = match route.target {
                UserRouteTarget::VirtualAppliance(hop) => address_fault(exchange, &views, hop),
                UserRouteTarget::VirtualNetworkGateway => gateway_fault(exchange, &views),
                _ => None,
            };
            if let Some((rule, fault)) = fault {
                let fault = format!("The route {} leads nowhere: {fault}", route.prefix);
                faults.entry(rule).or_default().push(fault);
            }
        }
        for (rule, faults) in faults {
            findings.warning(rule, &table.name, joined(faults, " "));
        }
    }
}

/// Interfaces that use a table: its own NICs, and one for each subnet that has it.
fn users(estate: &Estate, table: &RouteTable) -> Vec<Nic> {
    let nics = estate.nics.iter();
    let nics = nics.filter(|nic| nic.route_table.as_ref() == Some(&table.name));
    let mut users: Vec<Nic> = nics.cloned().collect();
    for vnet in &estate.vnets {
        let subnets = vnet.subnets.iter();
        let with_table = subnets.filter(|of| of.route_table.as_ref() == Some(&table.name));
        users.extend(with_table.map(|subnet| Nic {
            vnet: vnet.name.clone(),
            subnet: Some(subnet.name.clone()),
            ..Nic::default()
        }));
    }
    users
}

/// What is wrong with an address as next hop.
fn address_fault(
    exchange: &Exchange,
    views: &[NicView<'_>],
    hop: IpAddr,
) -> Option<(RuleId, String)> {
    let (estate, topology) = (exchange.estate(), exchange.topology());
    let mut gateways = estate.gateways.iter();
    if let Some(gateway) = gateways.find(|of| estate.gateway_addresses(&of.name).contains(&hop)) {
        let fault = format!(
            "{hop} is an address of gateway {}. Use next hop type VirtualNetworkGateway.",
            gateway.name
        );
        return Some((rules::GATEWAY_AS_NEXT_HOP, fault));
    }
    let mut servers = estate.route_servers.iter();
    let has_address = |ips: Option<[IpAddr; 2]>| ips.is_some_and(|ips| ips.contains(&hop));
    if let Some(server) = servers.find(|of| has_address(estate.instance_addresses(of))) {
        let fault = format!(
            "{hop} is an address of Route Server {}, which forwards no packets. Name an NVA's.",
            server.name
        );
        return Some((rules::GATEWAY_AS_NEXT_HOP, fault));
    }
    let far = views.iter().filter(|view| !view.reaches(hop));
    let far: BTreeSet<&str> = far.map(|view| topology.name(view.vnet())).collect();
    if !far.is_empty() {
        let fault = format!(
            "{hop} is neither in {} nor in a network peered with it. Peer them, or name a next hop \
             in reach.",
            listed(far)
        );
        return Some((rules::NEXT_HOP_UNREACHABLE, fault));
    }
    (!is_known(estate, hop)).then(|| {
        let fault = format!(
            "nobody that the network describes has {hop}. Name the address of an NVA, a load \
             balancer or a NIC with `ip`."
        );
        (rules::NEXT_HOP_UNREACHABLE, fault)
    })
}

/// Whether somebody has an address: an NVA, a NIC, a load balancer, a private endpoint.
fn is_known(estate: &Estate, address: IpAddr) -> bool {
    estate.nvas.iter().any(|nva| nva.ip == address)
        || estate.nics.iter().any(|nic| nic.ip == Some(address))
        || estate
            .load_balancers
            .iter()
            .any(|of| of.frontend == address)
        || estate.private_endpoints.iter().any(|of| of.ip == address)
}

/// What is wrong with a gateway as next hop: there is none.
fn gateway_fault(exchange: &Exchange, views: &[NicView<'_>]) -> Option<(RuleId, String)> {
    let topology = exchange.topology();
    let has_gateway = |view: &&NicView<'_>| {
        let mut vnets = [Some(view.vnet()), view.hub()].into_iter().flatten();
        vnets.any(|vnet| !exchange.fabric().programmers_in(vnet).gateways().is_empty())
    };
    let without = views.iter().filter(|view| !has_gateway(view));
    let without: BTreeSet<&str> = without.map(|view| topology.name(view.vnet())).collect();
    (!without.is_empty()).then(|| {
        let fault = format!(
            "there is no gateway in {} or in the network whose gateways it uses. Name another next \
             hop, or use a network's gateways.",
            listed(without)
        );
        (rules::NEXT_HOP_UNREACHABLE, fault)
    })
}
