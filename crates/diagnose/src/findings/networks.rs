//! Findings about virtual networks: number, IPv6, route tables on gateways.

use routehub_types::{Family, Prefix};

use super::Findings;
use crate::addresses::{self, GATEWAY_SUBNET, ROUTE_SERVER_SUBNET};
use crate::rules;
use crate::topology::VnetId;

impl Findings<'_> {
    pub(super) fn networks(&mut self) {
        let estate = &self.exchange.estate;
        for server in &estate.route_servers {
            let Some(hub) = self.exchange.topology.vnet(&server.vnet) else {
                continue;
            };
            let served = 1 + self.exchange.topology.spokes(hub).count();
            let limit = self.exchange.parameters.max_vnets;
            if let Some(limit) = limit.filter(|limit| served > *limit as usize) {
                let text = format!("{served} virtual networks are more than {limit}.");
                self.error(rules::VNET_LIMIT, &server.name, text);
            }
            if !self.exchange.parameters.ipv6 {
                self.ipv6(hub);
            }
        }
        for vnet in 0..estate.vnets.len() {
            self.gateway_subnet(VnetId(vnet));
            self.gateways_of_both(VnetId(vnet));
        }
    }

    /// IPv6 in a Route Server's network breaks; in a peered one it is left out.
    fn ipv6(&mut self, hub: VnetId) {
        let topology = &self.exchange.topology;
        let name = |vnet: VnetId| self.exchange.estate.vnets[vnet.0].name.as_str();
        let dual = |vnet: VnetId| {
            topology
                .space(vnet)
                .iter()
                .any(|p| p.family() == Family::Ipv6)
        };
        if dual(hub) {
            let text = "A Route Server in a network with IPv6 breaks IPv6 there.";
            self.error(rules::IPV4_ONLY, name(hub), text);
        }
        for neighbor in topology.neighbors(hub).iter().filter(|one| dual(one.vnet)) {
            self.warning(
                rules::IPV4_ONLY,
                name(neighbor.vnet),
                "Its IPv6 prefixes are not exchanged.",
            );
        }
    }

    /// A network with a gateway or Route Server of its own that would use another's.
    fn gateways_of_both(&mut self, vnet: VnetId) {
        let exchange = self.exchange;
        let name = &exchange.estate.vnets[vnet.0].name;
        let own = exchange.sources(vnet);
        if own.is_empty() {
            return;
        }
        for peering in &exchange.estate.peerings {
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
            self.error(rules::REMOTE_GATEWAYS_ONCE, name, text);
        }
    }

    /// Route tables on GatewaySubnet that part a gateway from its Route Server.
    fn gateway_subnet(&mut self, vnet: VnetId) {
        let estate = &self.exchange.estate;
        let one = &estate.vnets[vnet.0];
        let Some(subnet) = one.subnets.iter().find(|one| one.name == GATEWAY_SUBNET) else {
            return;
        };
        let Some(table) = subnet.route_table.as_ref() else {
            return;
        };
        let Some(table) = estate.route_tables.iter().find(|one| one.name == *table) else {
            return;
        };
        let subject = format!("{}/{}", one.name, subnet.name);
        if table.disable_bgp_route_propagation {
            let text = "Propagation of gateway routes must not be disabled on GatewaySubnet.";
            self.error(rules::GATEWAY_SUBNET, &subject, text);
        }
        let Some(servers) = addresses::subnet(estate, &one.name, ROUTE_SERVER_SUBNET) else {
            return;
        };
        let covers = |prefix: Prefix| prefix.contains(servers);
        let bad = table.routes.iter().find(|route| {
            covers(route.prefix) && route.target != crate::estate::UserRouteTarget::VnetLocal
        });
        if let Some(route) = bad {
            let text = format!(
                "The route {} leads packets to RouteServerSubnet astray. Add a route {servers} \
                 with next hop type VirtualNetwork.",
                route.prefix
            );
            self.warning(rules::GATEWAY_SUBNET, &subject, text);
        }
    }
}
