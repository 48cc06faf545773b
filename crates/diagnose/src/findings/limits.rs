//! Findings about numbers that are near a limit, or beyond one.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use routehub_exchange::view::{LinkId, LinkKind, Origin, Outbound, Side, SpeakerId};
use routehub_exchange::{Exchange, rules};
use routehub_rib::Admission;
use routehub_types::{Family, Prefix};

use super::Findings;
use crate::words::{framed, listed};

/// Whether a number is at four fifths of a limit, or beyond.
fn is_near(number: usize, limit: u32) -> bool {
    number.saturating_mul(5) >= (limit as usize).saturating_mul(4)
}

/// The limit, if there is one and the number is beyond it.
fn passed(number: usize, limit: Option<u32>) -> Option<u32> {
    limit.filter(|limit| number > *limit as usize)
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
                let ipv6 = parameters.max_ipv6_routes_to_circuit;
                let ipv6 = ipv6.filter(|_| parameters.ipv6);
                let ipv6 = ipv6.map_or_else(String::new, |ipv6| format!(" or {ipv6} IPv6"));
                let (sent, most) = announced_by(exchange, id);
                let text = format!(
                    "{sent} routes towards {b}, more than {limit}{ipv6}: the connection is \
                     down. Summarise{most}."
                );
                findings.error(rules::CIRCUIT_ROUTE_LIMIT, a, text);
            }
            Some(rule @ rules::ROUTES_FROM_SITE) => {
                let limit = parameters.max_routes_from_site.unwrap_or_default();
                let text = format!(
                    "{b} announces more than {limit} routes to {a}: the session is down. Summarise."
                );
                findings.error(rule, b, text);
            }
            Some(rule @ rules::ROUTES_FROM_CIRCUIT) => {
                let limits = [
                    parameters.max_routes_from_premium_circuit,
                    parameters.max_ipv6_routes_from_circuit,
                ];
                let [most, ipv6] = limits.map(Option::unwrap_or_default);
                let announced: usize = exchange
                    .outbound(id, Side::B)
                    .counts_if_up()
                    .into_iter()
                    .sum();
                let announced = match link.live {
                    true => "more".to_owned(),
                    false => format!("{announced} routes, more"),
                };
                let text = format!(
                    "On-premises announces {announced} than the {most} IPv4 or {ipv6} IPv6 routes \
                     that even a Premium circuit takes: the session is down. Summarise."
                );
                findings.error(rule, b, text);
            }
            Some(_) => {
                let limit = parameters.max_routes_per_peer.unwrap_or_default();
                let resets = match link.resets {
                    0 | 1 => String::new(),
                    times => format!(", its end number {times} (R-182)"),
                };
                let text = format!(
                    "It announced more than {limit} routes, known ones counted again: the \
                     session is down{resets}. Summarise, and do not send everything at once."
                );
                findings.error(rules::ROUTES_PER_PEER, a, text);
            }
            None => {}
        }
    }
}

/// How many routes the gateway on the first side of a link would send, and who announces most of
/// them, for a sentence.
fn announced_by(exchange: &Exchange, link: LinkId) -> (usize, String) {
    const MOST: usize = 3;
    let outbound = exchange.outbound(link, Side::A);
    let sent = outbound.routes_if_up();
    let mut by: BTreeMap<&str, usize> = BTreeMap::new();
    let announcers = sent
        .keys()
        .filter_map(|prefix| announcer(exchange, outbound.sender(), *prefix));
    for name in announcers {
        *by.entry(name).or_default() += 1;
    }
    let mut by: Vec<_> = by.into_iter().collect();
    by.sort_by_key(|(_, routes)| Reverse(*routes));
    let most = by.iter().take(MOST);
    let most = listed(most.map(|(name, routes)| format!("{routes} of {name}")));
    let most = framed(": of these routes are ", &most, "");
    (sent.len(), most)
}

/// Who told a Route Server or a gateway of a prefix; none where it is a network's.
fn announcer(exchange: &Exchange, speaker: SpeakerId, prefix: Prefix) -> Option<&str> {
    // From a gateway to its Route Server, and from there to the NVA.
    const STEPS: usize = 4;
    let mut at = speaker;
    for _ in 0..STEPS {
        let speaker = exchange.speaker(at);
        if !speaker.programs_nics() {
            return Some(&speaker.name);
        }
        let rib = exchange.rib(at)?;
        let best = rib.best(prefix);
        let Origin::Link(link) = rib.origin(best.first()?.source) else {
            return None;
        };
        let link = exchange.graph().link(link);
        let ends = [link.a.speaker, link.b.speaker];
        at = ends.into_iter().find(|end| *end != at)?;
    }
    None
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
    let parameters = exchange.parameters();
    for id in exchange.graph().links() {
        let link = exchange.graph().link(id);
        let (LinkKind::GatewayToEdge(_), true) = (&link.kind, link.is_up()) else {
            continue;
        };
        let [ipv4, ipv6] = exchange.outbound(id, Side::A).counts();
        let [gateway, circuit] = [&link.a, &link.b].map(|end| &exchange.speaker(end.speaker).name);
        // Beyond a limit the connection is down, and told of elsewhere.
        for (sent, limit, routes) in [
            (ipv4, parameters.max_routes_to_circuit, "routes"),
            (ipv6, parameters.max_ipv6_routes_to_circuit, "IPv6 routes"),
        ] {
            if let Some(limit) = limit.filter(|limit| is_near(sent, *limit)) {
                let text = format!(
                    "{gateway} sends {sent} {routes} of {limit} to {circuit}: with more the \
                     connection goes down. Summarise."
                );
                findings.warning(rules::CIRCUIT_ROUTE_LIMIT, gateway, text);
            }
        }
    }
}

/// Circuits that have to be Premium for what on-premises announces.
pub(super) fn routes_of_circuits(findings: &mut Findings<'_>) {
    let (exchange, parameters) = (findings.exchange, findings.exchange.parameters());
    let limits = parameters.max_routes_from_circuit;
    let Some((standard, premium)) = limits.zip(parameters.max_routes_from_premium_circuit) else {
        return;
    };
    for id in exchange.graph().links() {
        let link = exchange.graph().link(id);
        if link.kind != LinkKind::EdgeToCustomer || !link.is_up() {
            continue;
        }
        let inbound = exchange.outbound(id, Side::B);
        let held = exchange.rib(inbound.receiver()).zip(inbound.source());
        let held = held
            .into_iter()
            .flat_map(|(rib, source)| rib.adj_in(source));
        let routes = held.filter(|route| route.prefix.family() == Family::Ipv4);
        let routes = routes.count();
        if routes > standard as usize {
            let circuit = &exchange.speaker(link.a.speaker).name;
            let text = format!(
                "{routes} routes from on-premises are more than a Standard circuit takes \
                 ({standard}, Premium {premium}): there its BGP session goes down. Summarise."
            );
            findings.warning(rules::ROUTES_FROM_CIRCUIT, circuit, text);
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
