//! Findings about peerings: what they lend, and packets that do not pass.

use std::collections::{BTreeMap, BTreeSet};

use routehub_exchange::estate::{Nva, Peering};
use routehub_exchange::view::{NicView, VnetId};
use routehub_exchange::{EffectiveRow, Exchange, RouteState, rules};
use routehub_types::Prefix;

use super::Findings;
use crate::explain::longest_around;
use crate::words::listed;

/// Whether the network whose gateways a peering lends has neither gateway nor Route Server.
pub(super) fn lends_nothing(exchange: &Exchange, peering: &Peering) -> bool {
    user_and_hub(peering).is_some_and(|(_, hub)| {
        let hub = exchange.topology().vnet(hub);
        hub.is_some_and(|hub| exchange.fabric().programmers_in(hub).is_empty())
    })
}

/// The network that would use the other's gateways, and that other.
fn user_and_hub(peering: &Peering) -> Option<(&str, &str)> {
    match (
        peering.a_to_b.use_remote_gateways,
        peering.b_to_a.use_remote_gateways,
    ) {
        (_, true) => Some((&peering.b, &peering.a)),
        (true, _) => Some((&peering.a, &peering.b)),
        _ => None,
    }
}

/// A spoke of a hub that has neither gateway nor Route Server.
pub(super) fn nothing_to_use(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let peerings = exchange.estate().peerings.iter();
    for peering in peerings.filter(|peering| lends_nothing(exchange, peering)) {
        if let Some((spoke, hub)) = user_and_hub(peering) {
            let text = format!(
                "{hub} has neither gateway nor Route Server that {spoke} could use: Azure takes \
                 use_remote_gateways only when there is one."
            );
            findings.info(rules::REMOTE_GATEWAYS_ONCE, spoke, text);
        }
    }
}

/// Peerings that have routes, but let no packets pass.
pub(super) fn access(findings: &mut Findings<'_>) {
    for peering in &findings.exchange.estate().peerings {
        let (a, b) = (&peering.a, &peering.b);
        for (vnet, other, flags) in [(a, b, peering.a_to_b), (b, a, peering.b_to_a)] {
            if !flags.allow_virtual_network_access {
                let text = format!(
                    "allow_virtual_network_access is off in {vnet} on its peering with {other}: \
                     the routes are there, packets between the two are dropped."
                );
                findings.warning(rules::NO_NETWORK_ACCESS, vnet, text);
            }
        }
    }
}

/// Networks that do not take forwarded traffic that an NVA sends them.
pub(super) fn forwarded_traffic(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let topology = exchange.topology();
    let all = || {
        let vnets = topology.vnets();
        vnets.flat_map(|vnet| topology.neighbors(vnet))
    };
    if all().all(|neighbor| neighbor.takes_forwarded) {
        return;
    }
    let mut lost: BTreeMap<(VnetId, VnetId), BTreeSet<&str>> = BTreeMap::new();
    for nic in &exchange.estate().nics {
        let Some(view) = exchange.fabric().nic(nic) else {
            continue;
        };
        let mut rows = findings.rows(nic);
        rows.retain(|row| row.state == RouteState::Active);
        for row in &rows {
            let nvas = row.next_hops.iter().filter_map(|hop| {
                let nva = exchange.estate().nvas.iter().find(|nva| nva.ip == *hop)?;
                Some((nva, topology.vnet(&nva.vnet)?))
            });
            for (nva, hub) in nvas {
                for vnet in refusing(exchange, view, &rows, row, hub) {
                    lost.entry((vnet, hub)).or_default().insert(name(nva));
                }
            }
        }
    }
    for ((vnet, hub), nvas) in lost {
        let [vnet, hub] = [vnet, hub].map(|vnet| topology.name(vnet));
        let text = format!(
            "{} in {hub} forwards packets to {vnet}, which drops them unless they come from \
             {hub}: set allow_forwarded_traffic in {vnet} on its peering with {hub}.",
            listed(nvas)
        );
        findings.warning(rules::FORWARDED_TRAFFIC_OFF, vnet, text);
    }
}

fn name(nva: &Nva) -> &str {
    &nva.name
}

/// The networks that refuse what an NVA in `hub` forwards because of a NIC's row: the NIC's own,
/// where answers from beyond the hub come back, and those that the row leads to.
fn refusing(
    exchange: &Exchange,
    view: NicView<'_>,
    rows: &[EffectiveRow],
    row: &EffectiveRow,
    hub: VnetId,
) -> Vec<VnetId> {
    let topology = exchange.topology();
    let own = view.vnet();
    let refuses = |vnet: VnetId| {
        let from_hub = topology.neighbor(vnet, hub);
        from_hub.is_some_and(|neighbor| !neighbor.takes_forwarded)
    };
    let mut refusing = Vec::new();
    let within = |prefix: &Prefix| {
        let mut space = topology.space(hub).iter();
        space.any(|space| space.contains(*prefix))
    };
    if own != hub && refuses(own) && !row.prefixes.iter().all(within) {
        refusing.push(own);
    }
    for neighbor in topology.neighbors(hub) {
        let is_other = neighbor.vnet != own && neighbor.vnet != hub;
        let leads_there = |prefix: &Prefix| is_used(rows, row, *prefix);
        if is_other
            && own != hub
            && refuses(neighbor.vnet)
            && neighbor.space.iter().any(leads_there)
        {
            refusing.push(neighbor.vnet);
        }
    }
    refusing
}

/// Whether packets to a prefix follow a row, of all active ones.
fn is_used(rows: &[EffectiveRow], row: &EffectiveRow, prefix: Prefix) -> bool {
    let length = |row: &EffectiveRow| longest_around(row, prefix).map(Prefix::length);
    let longest = rows.iter().filter_map(length).max();
    longest.is_some() && length(row) == longest
}
