//! Findings about networks that do not get a Route Server's routes: flags of peerings, route
//! tables, next hops out of reach.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::view::{NicView, VnetId};
use routehub_exchange::{NextHopType, RouteSource, rules};

use super::Findings;
use crate::explain::missing_flags;
use crate::words::{listed, some_of};

pub(super) fn spokes(findings: &mut Findings<'_>) {
    for vnet in findings.exchange.topology().vnets() {
        flags(findings, vnet);
    }
    propagation(findings);
    out_of_reach(findings);
}

/// A network peered with a Route Server's, that does not use it.
fn flags(findings: &mut Findings<'_>, vnet: VnetId) {
    let exchange = findings.exchange;
    let (topology, estate) = (exchange.topology(), exchange.estate());
    let name = topology.name(vnet);
    let programmers_in = |vnet: VnetId| exchange.fabric().programmers_in(vnet);
    if topology.hub(vnet).is_some() || !programmers_in(vnet).is_empty() {
        return;
    }
    let neighbors = topology
        .neighbors(vnet)
        .iter()
        .map(|neighbor| neighbor.vnet);
    for hub in neighbors.filter(|hub| !programmers_in(*hub).servers().is_empty()) {
        let hub = topology.name(hub);
        let lacks = missing_flags(estate, name, hub);
        let half = !lacks.contains(',');
        let has_nics = estate.nics.iter().any(|nic| nic.vnet == name);
        let text = format!(
            "{name} is peered with {hub} but does not use its Route Server: {lacks}. Its \
             machines get no routes from there, and its prefixes are not announced."
        );
        if half {
            findings.warning(rules::GATEWAY_TRANSIT, name, text);
        } else if has_nics {
            findings.info(rules::GATEWAY_TRANSIT, name, text);
        }
    }
}

/// Route tables that keep programmed routes from machines.
fn propagation(findings: &mut Findings<'_>) {
    let (exchange, fabric) = (findings.exchange, findings.exchange.fabric());
    let mut kept: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for nic in &exchange.estate().nics {
        let Some(view) = fabric.nic(nic).filter(NicView::propagation_disabled) else {
            continue;
        };
        let Some(table) = view.route_table() else {
            continue;
        };
        let by = fabric.programmers(view.vnet(), &nic.name);
        if fabric.programmed(&by).next().is_some() {
            kept.entry(&table.name).or_default().insert(&nic.name);
        }
    }
    for (table, nics) in kept {
        let text = format!(
            "{table} disables propagation: {} gets no routes of gateways or Route Servers.",
            listed(nics)
        );
        findings.info(rules::PROPAGATION_DISABLED, table, text);
    }
}

/// Routes that lead nowhere on machines of a network.
fn out_of_reach(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let mut lost: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
    for nic in &exchange.estate().nics {
        let nowhere = findings.rows(nic).into_iter().filter(|row| {
            row.source == RouteSource::VirtualNetworkGateway
                && row.next_hop_type == NextHopType::None
        });
        let prefixes: Vec<_> = nowhere.flat_map(|row| row.prefixes).collect();
        if !prefixes.is_empty() {
            lost.entry(&nic.vnet).or_default().extend(prefixes);
        }
    }
    for (vnet, prefixes) in lost {
        let prefixes: Vec<_> = prefixes.into_iter().collect();
        let text = format!(
            "Machines in {vnet} drop packets to {}: the next hop is neither in {vnet} nor in a \
             network peered with it. Peer them, or announce a next hop in reach.",
            some_of(&prefixes)
        );
        findings.warning(rules::NEXT_HOP_UNREACHABLE, vnet, text);
    }
}
