//! Findings about numbers that are near a limit, or beyond one.

use routehub_exchange::estate::{Connection, Routes};
use routehub_exchange::rules;
use routehub_exchange::view::{LinkKind, Outbound, Side, SpeakerId};
use routehub_rib::Admission;
use routehub_types::{Family, Prefix};

use super::Findings;

/// Whether a number is at four fifths of a limit, or beyond.
fn is_near(number: usize, limit: u32) -> bool {
    number.saturating_mul(5) >= (limit as usize).saturating_mul(4)
}

/// The limit, if there is one and the number is beyond it.
fn passed(number: usize, limit: Option<u32>) -> Option<u32> {
    limit.filter(|limit| number > *limit as usize)
}

fn count(routes: &[Routes]) -> usize {
    routes.iter().map(|routes| routes.prefixes.len()).sum()
}

fn count_ipv6<'a>(prefixes: impl IntoIterator<Item = &'a Prefix>) -> usize {
    let families = prefixes.into_iter().map(|prefix| prefix.family());
    families.filter(|family| *family == Family::Ipv6).count()
}

/// Sessions and connections that a limit ended.
pub(super) fn ended(findings: &mut Findings<'_>) {
    let (exchange, parameters) = (findings.exchange, findings.exchange.parameters());
    for id in exchange.graph().links() {
        let link = exchange.graph().link(id);
        let [a, b] = [&link.a, &link.b].map(|end| &exchange.speaker(end.speaker).name);
        match link.down.limit {
            Some(rules::CIRCUIT_LIMIT_EXCEEDED) => {
                let limit = parameters.max_routes_to_circuit.unwrap_or_default();
                let text = format!(
                    "More than {limit} routes towards {b}: the connection is down. Summarise."
                );
                findings.error(rules::CIRCUIT_ROUTE_LIMIT, a, text);
            }
            Some(_) => {
                let limit = parameters.max_routes_per_peer.unwrap_or_default();
                let text = format!(
                    "It announced more than {limit} routes, known ones counted again: the \
                     session is down. Summarise, and do not send everything at once."
                );
                findings.error(rules::ROUTES_PER_PEER, a, text);
            }
            None => {}
        }
    }
}

pub(super) fn total_prefixes(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let Some(limit) = exchange.parameters().max_total_prefixes else {
        return;
    };
    for server in &exchange.estate().route_servers {
        let name = &server.name;
        let Some(id) = exchange.graph().instance(name, 0) else {
            continue;
        };
        let held = exchange.rib(id).map_or(0, |rib| rib.prefixes().count());
        let refused = refused_when_full(findings, id);
        if refused > 0 {
            let text = format!(
                "{name} holds {limit} prefixes and takes no more: {refused} are refused. Summarise."
            );
            findings.error(rules::PREFIX_LIMIT, name, text);
        } else if is_near(held, limit) {
            let text = format!("{name} holds {held} prefixes of {limit}. Summarise.");
            findings.warning(rules::PREFIX_LIMIT, name, text);
        }
    }
}

/// How many routes a Route Server instance refused because it was full.
fn refused_when_full(findings: &Findings<'_>, id: SpeakerId) -> usize {
    let Some(rib) = findings.exchange.rib(id) else {
        return 0;
    };
    let outbound = findings.exchange.outbound_to(id);
    let sources = outbound.filter_map(Outbound::source);
    let routes = sources.flat_map(|source| rib.adj_in(source));
    let full = Admission::Reject(rules::PREFIX_LIMIT);
    routes.filter(|route| route.imported == full).count()
}

pub(super) fn towards_circuits(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let Some(limit) = exchange.parameters().max_routes_to_circuit else {
        return;
    };
    for id in exchange.graph().links() {
        let link = exchange.graph().link(id);
        let (LinkKind::GatewayToEdge(_), true) = (&link.kind, link.is_up()) else {
            continue;
        };
        let routes = exchange.outbound(id, Side::A).routes();
        let sent = routes.len();
        let [gateway, circuit] = [&link.a, &link.b].map(|end| &exchange.speaker(end.speaker).name);
        if sent > limit as usize {
            let text = format!(
                "{gateway} has {sent} routes for {circuit}, more than {limit}: the connection \
                 goes down. Summarise."
            );
            findings.error(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
        } else if is_near(sent, limit) {
            let text = format!(
                "{gateway} sends {sent} routes of {limit} to {circuit}: with more the connection \
                 goes down. Summarise."
            );
            findings.warning(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
        }
        let ipv6 = count_ipv6(routes.keys());
        if let Some(limit) = passed(ipv6, exchange.parameters().max_ipv6_routes_to_circuit) {
            let text = format!(
                "{gateway} has {ipv6} IPv6 routes for {circuit}, more than {limit}. Summarise."
            );
            findings.error(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
        }
    }
}

pub(super) fn routes_of_circuits(findings: &mut Findings<'_>) {
    let parameters = findings.exchange.parameters();
    let limits = parameters.max_routes_from_circuit;
    let limits = limits.zip(parameters.max_routes_from_premium_circuit);
    for circuit in &findings.exchange.estate().circuits {
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
                findings.error(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
            } else if routes > standard as usize {
                findings.warning(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
            }
        }
        let ipv6 = count_ipv6(on_prem.routes.iter().flat_map(|routes| &routes.prefixes));
        if let Some(limit) = passed(ipv6, parameters.max_ipv6_routes_from_circuit) {
            let text = format!(
                "{ipv6} IPv6 routes from on-premises are more than a circuit takes ({limit}): \
                 its BGP session goes down. Summarise."
            );
            findings.error(rules::ROUTES_FROM_CIRCUIT, &circuit.name, text);
        }
    }
}

pub(super) fn routes_of_sites(findings: &mut Findings<'_>) {
    let limit = findings.exchange.parameters().max_routes_from_site;
    let estate = findings.exchange.estate();
    for gateway in &estate.gateways {
        for connection in &gateway.connections {
            let Connection::Site { site, .. } = connection else {
                continue;
            };
            let found = estate.sites.iter().find(|other| other.name == *site);
            if let Some(limit) = found.and_then(|found| passed(count(&found.routes), limit)) {
                let text = format!(
                    "{site} announces more than {limit} routes to {}: the session goes down. \
                     Summarise.",
                    gateway.name
                );
                findings.error(rules::ROUTES_FROM_SITE, site, text);
            }
        }
    }
}

/// Networks and machines of a Route Server.
pub(super) fn served(findings: &mut Findings<'_>) {
    let (exchange, parameters) = (findings.exchange, findings.exchange.parameters());
    for server in &exchange.estate().route_servers {
        let hub = exchange.topology().vnet(&server.vnet);
        let vnets = hub.map_or(0, |hub| 1 + exchange.topology().spokes(hub).count());
        if let Some(limit) = passed(vnets, parameters.max_vnets) {
            let text = format!("{vnets} virtual networks are more than {limit}.");
            findings.error(rules::VNET_LIMIT, &server.name, text);
        }
        let nics = exchange.fabric().nics_served(&server.vnet);
        let Some((most, scaled)) = parameters.max_vms.zip(parameters.max_vms_scaled) else {
            continue;
        };
        if nics > scaled as usize {
            let text = format!(
                "{nics} virtual machines are more than {scaled}, which is all that routing \
                 infrastructure units can serve."
            );
            findings.error(rules::VM_LIMIT, &server.name, text);
        } else if nics > most as usize {
            let text = format!(
                "{nics} virtual machines are more than {most}: add routing \
                 infrastructure units."
            );
            findings.warning(rules::VM_LIMIT, &server.name, text);
        }
    }
}
