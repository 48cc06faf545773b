//! Findings about numbers that are near a limit, or beyond one.

use routehub_rib::Imported;

use crate::estate::{Connection, Routes};
use crate::link::{LinkKind, Side};
use crate::monitoring::RouteServerLoad;
use crate::rules;

use super::Findings;

/// Routes that a circuit takes from on-premises: Local and Standard, and Premium.
const FROM_ON_PREMISES: [usize; 2] = [4000, 10_000];
/// Routes that a VPN gateway takes from a site.
const FROM_SITE: usize = 4000;

/// Whether a number is at four fifths of a limit, or beyond.
fn is_near(number: usize, limit: u32) -> bool {
    number.saturating_mul(5) >= (limit as usize).saturating_mul(4)
}

fn count(routes: &[Routes]) -> usize {
    routes.iter().map(|one| one.prefixes.len()).sum()
}

impl Findings<'_> {
    pub(super) fn head_rooms(&mut self) {
        // A plain route server has none of these numbers.
        if self.exchange.parameters.max_peers.is_none() {
            return;
        }
        self.total_prefixes();
        self.towards_circuits();
        self.on_premises();
        self.machines();
    }

    fn total_prefixes(&mut self) {
        let exchange = self.exchange;
        let Some(limit) = exchange.parameters.max_total_prefixes else {
            return;
        };
        for server in &exchange.estate.route_servers {
            let Some(id) = exchange.graph.instance(&server.name, 0) else {
                continue;
            };
            let table = exchange.table(id);
            let held = table.map_or(0, |table| table.prefixes().count());
            let refused = table.map_or(0, |table| {
                let links = exchange.graph.links_of(id).iter();
                let sources = links.filter_map(|link| exchange.direction_of(*link, Side::A).source);
                let routes = sources.flat_map(|source| table.adj_in(source));
                let full = Imported::Rejected(rules::PREFIX_LIMIT);
                routes.filter(|one| one.imported == full).count()
            });
            if refused > 0 {
                let text = format!(
                    "{} holds {limit} prefixes and takes no more: {refused} are refused. Summarise.",
                    server.name
                );
                self.error(rules::PREFIX_LIMIT, &server.name, text);
            } else if is_near(held, limit) {
                let text = format!(
                    "{} holds {held} prefixes of {limit}. Summarise.",
                    server.name
                );
                self.warning(rules::PREFIX_LIMIT, &server.name, text);
            }
        }
    }

    fn towards_circuits(&mut self) {
        let exchange = self.exchange;
        let Some(limit) = exchange.parameters.max_routes_to_circuit else {
            return;
        };
        for link in exchange.graph.links() {
            let one = exchange.graph.link(link);
            let (LinkKind::GatewayToEdge(_), true) = (&one.kind, one.is_up()) else {
                continue;
            };
            let sent = exchange.offers(link, Side::A).len();
            let gateway = &exchange.graph.speaker(one.a.speaker).name;
            let circuit = &exchange.graph.speaker(one.b.speaker).name;
            if sent > limit as usize {
                let text = format!(
                    "{gateway} has {sent} routes for {circuit}, more than {limit}: the connection \
                     goes down. Summarise."
                );
                self.error(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
            } else if is_near(sent, limit) {
                let text = format!(
                    "{gateway} sends {sent} routes of {limit} to {circuit}: with more the connection \
                     goes down. Summarise."
                );
                self.warning(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
            }
        }
    }

    fn on_premises(&mut self) {
        let estate = &self.exchange.estate;
        for circuit in &estate.circuits {
            let routes = circuit.on_prem.as_ref().map_or(0, |one| count(&one.routes));
            let [standard, premium] = FROM_ON_PREMISES;
            let text = format!(
                "{routes} routes from on-premises are more than a circuit takes ({standard}, Premium \
                 {premium}): its BGP session goes down. Summarise."
            );
            if routes > premium {
                self.error(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
            } else if routes > standard {
                self.warning(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
            }
        }
        for gateway in &estate.gateways {
            for connection in &gateway.connections {
                let Connection::Site { site, .. } = connection else {
                    continue;
                };
                let site = estate.sites.iter().find(|one| one.name == *site);
                let Some(site) = site.filter(|one| count(&one.routes) > FROM_SITE) else {
                    continue;
                };
                let text = format!(
                    "{} announces more than {FROM_SITE} routes to {}: the session goes down. \
                     Summarise.",
                    site.name, gateway.name
                );
                self.error(rules::ROUTES_FROM_SITE, &site.name, text);
            }
        }
    }

    fn machines(&mut self) {
        let exchange = self.exchange;
        for server in &exchange.estate.route_servers {
            let nics = exchange.machines(&server.vnet);
            let most = RouteServerLoad::MACHINES;
            if nics > most {
                let text = format!(
                    "{nics} virtual machines are more than {most}: add routing \
                     infrastructure units."
                );
                self.warning(rules::VM_LIMIT, &server.name, text);
            }
        }
    }
}
