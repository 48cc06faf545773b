//! Findings about numbers that are near a limit, or beyond one.

use routehub_rib::Imported;
use routehub_types::Family;

use crate::estate::{Connection, Routes};
use crate::link::{LinkKind, Side};
use crate::rules;

use super::Findings;

/// Whether a number is at four fifths of a limit, or beyond.
fn is_near(number: usize, limit: u32) -> bool {
    number.saturating_mul(5) >= (limit as usize).saturating_mul(4)
}

fn count(routes: &[Routes]) -> usize {
    routes.iter().map(|one| one.prefixes.len()).sum()
}

impl Findings<'_> {
    pub(super) fn head_rooms(&mut self) {
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
        let ipv6_limit = exchange.parameters.max_ipv6_routes_to_circuit;
        for link in exchange.graph.links() {
            let one = exchange.graph.link(link);
            let (LinkKind::GatewayToEdge(_), true) = (&one.kind, one.is_up()) else {
                continue;
            };
            let offers = exchange.offers(link, Side::A);
            let sent = offers.len();
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
            let ipv6 = offers
                .keys()
                .filter(|prefix| prefix.family() == Family::Ipv6);
            let ipv6 = ipv6.count();
            if let Some(limit) = ipv6_limit.filter(|limit| ipv6 > *limit as usize) {
                let text = format!(
                    "{gateway} has {ipv6} IPv6 routes for {circuit}, more than {limit}. Summarise."
                );
                self.error(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
            }
        }
    }

    fn on_premises(&mut self) {
        self.routes_of_circuits();
        if let Some(limit) = self.exchange.parameters.max_routes_from_site {
            self.routes_of_sites(limit);
        }
    }

    fn routes_of_circuits(&mut self) {
        let parameters = &self.exchange.parameters;
        let limits = parameters.max_routes_from_circuit;
        let limits = limits.zip(parameters.max_routes_from_premium_circuit);
        let ipv6_limit = parameters.max_ipv6_routes_from_circuit;
        for circuit in &self.exchange.estate.circuits {
            let Some(on_prem) = &circuit.on_prem else {
                continue;
            };
            let routes = count(&on_prem.routes);
            if let Some((standard, premium)) = limits {
                let text = format!(
                    "{routes} routes from on-premises are more than a circuit takes ({standard}, \
                     Premium {premium}): its BGP session goes down. Summarise."
                );
                if routes > premium as usize {
                    self.error(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
                } else if routes > standard as usize {
                    self.warning(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
                }
            }
            let prefixes = on_prem.routes.iter().flat_map(|routes| &routes.prefixes);
            let ipv6 = prefixes.filter(|prefix| prefix.family() == Family::Ipv6);
            let ipv6 = ipv6.count();
            if let Some(limit) = ipv6_limit.filter(|limit| ipv6 > *limit as usize) {
                let text = format!(
                    "{ipv6} IPv6 routes from on-premises are more than a circuit takes ({limit}): \
                     its BGP session goes down. Summarise."
                );
                self.error(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
            }
        }
    }

    fn routes_of_sites(&mut self, limit: u32) {
        let estate = &self.exchange.estate;
        for gateway in &estate.gateways {
            for connection in &gateway.connections {
                let Connection::Site { site, .. } = connection else {
                    continue;
                };
                let site = estate.sites.iter().find(|other| other.name == *site);
                let Some(site) = site.filter(|site| count(&site.routes) > limit as usize) else {
                    continue;
                };
                let text = format!(
                    "{} announces more than {limit} routes to {}: the session goes down. \
                     Summarise.",
                    site.name, gateway.name
                );
                self.error(rules::ROUTES_FROM_SITE, &site.name, text);
            }
        }
    }

    fn machines(&mut self) {
        let exchange = self.exchange;
        let parameters = &exchange.parameters;
        let Some((most, scaled)) = parameters.max_vms.zip(parameters.max_vms_scaled) else {
            return;
        };
        for server in &exchange.estate.route_servers {
            let nics = exchange.machines(&server.vnet);
            if nics > scaled as usize {
                let text = format!(
                    "{nics} virtual machines are more than {scaled}, which is all that routing \
                     infrastructure units can serve."
                );
                self.error(rules::VM_LIMIT, &server.name, text);
            } else if nics > most as usize {
                let text = format!(
                    "{nics} virtual machines are more than {most}: add routing \
                     infrastructure units."
                );
                self.warning(rules::VM_LIMIT, &server.name, text);
            }
        }
    }
}
