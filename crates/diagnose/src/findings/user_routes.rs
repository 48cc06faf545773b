//! Findings about user-defined routes: next hops that packets do not reach, or that nobody has.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::estate::{Estate, Nic, RouteTable, UserRouteTarget};
use routehub_exchange::view::NicView;
use routehub_exchange::{Exchange, rules};
use routehub_types::RuleId;

use super::Findings;
use crate::described::interface_of;
use crate::next_hops::{ToItself, next_hop_fault, routes_to_itself};
use crate::words::{any_of, joined, listed};

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
                UserRouteTarget::VirtualAppliance(hop) => next_hop_fault(exchange, &views, hop),
                UserRouteTarget::VirtualNetworkGateway => gateway_fault(exchange, &views),
                _ => None,
            };
            if let Some((rule, fault)) = fault {
                // What nobody has is out of reach too.
                let rule = match rule {
                    rules::UNKNOWN_NEXT_HOP => rules::NEXT_HOP_UNREACHABLE,
                    other => other,
                };
                let fault = format!("The route {} leads nowhere: {fault}", route.prefix);
                faults.entry(rule).or_default().push(fault);
            }
        }
        for (rule, faults) in faults {
            findings.warning(rule, &table.name, joined(faults, " "));
        }
    }
}

/// NVAs whose own subnet has a route table that leads to them: what they forward comes back.
pub(super) fn to_itself(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for nva in &exchange.estate().nvas {
        let Some(ToItself { table, prefixes }) = routes_to_itself(exchange, nva) else {
            continue;
        };
        let interface = interface_of(exchange.estate(), nva);
        let subject = match &interface.subnet {
            Some(subnet) => format!("{}/{subnet}", interface.vnet),
            None => interface.name.clone(),
        };
        let some = any_of(&prefixes).unwrap_or_default();
        let text = format!(
            "{0} stands in {subject}, with which route table {table} is associated, and the table \
             sends {some} to {0}: what it forwards there comes back to it. Associate another \
             route table with the subnet, or none.",
            nva.name
        );
        findings.warning(rules::OWN_ROUTE_TABLE, &subject, text);
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
