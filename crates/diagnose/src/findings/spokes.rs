//! Findings about networks that do not get a Route Server's routes: flags of peerings, route
//! tables, next hops out of reach.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, some_of};
use crate::rules;
use crate::table::{NextHopType, RouteSource};
use crate::topology::VnetId;

impl Findings<'_> {
    pub(super) fn spokes(&mut self) {
        let exchange = self.exchange;
        for place in 0..exchange.estate.vnets.len() {
            self.flags(VnetId(place));
        }
        self.propagation();
        self.out_of_reach();
    }

    /// A network peered with a Route Server's, that does not use it.
    fn flags(&mut self, vnet: VnetId) {
        let exchange = self.exchange;
        let (topology, estate) = (&exchange.topology, &exchange.estate);
        let name = &estate.vnets[vnet.0].name;
        let served = |vnet: VnetId| !exchange.sources(vnet).servers().is_empty();
        if topology.hub(vnet).is_some() || !exchange.sources(vnet).is_empty() {
            return;
        }
        for neighbor in topology
            .neighbors(vnet)
            .iter()
            .filter(|one| served(one.vnet))
        {
            let hub = &estate.vnets[neighbor.vnet.0].name;
            let lacks = exchange.missing_flags(name, hub);
            let half = !lacks.contains(',');
            let has_nics = estate.nics.iter().any(|nic| nic.vnet == *name);
            let text = format!(
                "{name} is peered with {hub} but does not use its Route Server: {lacks}. Its \
                 machines get no routes from there, and its prefixes are not announced."
            );
            if half {
                self.warning(rules::GATEWAY_TRANSIT, name, text);
            } else if has_nics {
                self.info(rules::GATEWAY_TRANSIT, name, text);
            }
        }
    }

    /// Route tables that keep programmed routes from machines.
    fn propagation(&mut self) {
        let exchange = self.exchange;
        let mut kept: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for nic in &exchange.estate.nics {
            let Some(view) = exchange.nic_view(nic) else {
                continue;
            };
            let Some(table) = view
                .route_table
                .filter(|one| one.disable_bgp_route_propagation)
            else {
                continue;
            };
            if exchange.programmed(view.vnet, nic).next().is_some() {
                kept.entry(&table.name).or_default().insert(&nic.name);
            }
        }
        for (table, nics) in kept {
            let nics: Vec<&str> = nics.into_iter().collect();
            let text = format!(
                "{table} disables propagation: {} gets no routes of gateways or Route Servers.",
                nics.join(", ")
            );
            self.info(rules::PROPAGATION_DISABLED, table, text);
        }
    }

    /// Routes that lead nowhere on machines of a network.
    fn out_of_reach(&mut self) {
        let exchange = self.exchange;
        let mut lost: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        for nic in &exchange.estate.nics {
            let Some(view) = exchange.nic_view(nic) else {
                continue;
            };
            let rows = view.rows(exchange.programmed(view.vnet, nic)).into_iter();
            let nowhere = rows.filter(|row| {
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
            self.warning(rules::NEXT_HOP_UNREACHABLE, vnet, text);
        }
    }
}
