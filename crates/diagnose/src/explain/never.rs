//! What never becomes a route that speakers tell each other.

use routehub_exchange::view::{SpeakerId, SpeakerKind};
use routehub_exchange::{Exchange, rules};
use routehub_types::{Family, Prefix};

use super::MissingRoute;
use crate::Reason;
use crate::described::missing_flags;

/// Prefixes around a destination that are never exchanged: pools of point-to-site clients
/// and with Route Servers and NVAs IPv6 prefixes of networks.
pub(super) fn never_routes(
    exchange: &Exchange,
    speakers: &[SpeakerId],
    destination: Prefix,
) -> Vec<MissingRoute> {
    let estate = exchange.estate();
    let pools = estate.gateways.iter().flat_map(|gateway| {
        let clients = || format!("point-to-site clients of {}", gateway.name);
        let pools = gateway.p2s_pools.iter();
        pools.map(move |pool| (*pool, Reason::new(rules::CIRCUIT_TO_CIRCUIT, clients())))
    });
    let without_ipv6 = !exchange.parameters().ipv6
        && speakers.iter().any(|id| {
            let kind = &exchange.speaker(*id).kind;
            matches!(
                kind,
                SpeakerKind::RouteServer { .. } | SpeakerKind::Nva { .. }
            )
        });
    let vnets = estate.vnets.iter().filter(|_| without_ipv6);
    let ipv6 = vnets.flat_map(|vnet| {
        let space = vnet.address_space.iter();
        let ipv6 = space.filter(|prefix| prefix.family() == Family::Ipv6);
        let of = || format!("of VNet {}", vnet.name);
        ipv6.map(move |prefix| (*prefix, Reason::new(rules::IPV4_ONLY, of())))
    });
    let never = pools.chain(ipv6);
    let around = never.filter(|(prefix, _)| prefix.contains(destination));
    let missing = around.map(|(prefix, because)| MissingRoute {
        prefix,
        because,
        routes: Vec::new(),
    });
    missing.collect()
}

/// A network around a destination that nobody announces, as it uses nobody's gateways or Route
/// Server.
pub(super) fn unannounced(exchange: &Exchange, destination: Prefix) -> Option<MissingRoute> {
    let topology = exchange.topology();
    let around = topology.vnets().find_map(|vnet| {
        let mut space = topology.space(vnet).iter();
        let prefix = space.find(|prefix| prefix.contains(destination))?;
        Some((vnet, *prefix))
    });
    let has_programmers = |vnet| !exchange.fabric().programmers_in(vnet).is_empty();
    let is_served = |vnet| topology.hub(vnet).is_some() || has_programmers(vnet);
    let (vnet, prefix) = around.filter(|(vnet, _)| !is_served(*vnet))?;
    let name = topology.name(vnet);
    let neighbors = topology.neighbors(vnet).iter();
    let mut hubs = neighbors.filter(|neighbor| has_programmers(neighbor.vnet));
    let evidence = match hubs.next().map(|hub| topology.name(hub.vnet)) {
        Some(hub) => {
            let flags = missing_flags(exchange.estate(), name, hub);
            format!("VNet {name} does not use {hub}: {flags}")
        }
        None => format!("VNet {name} uses nobody's Route Server or gateway"),
    };
    Some(MissingRoute {
        prefix,
        because: Reason::new(rules::GATEWAY_TRANSIT, evidence),
        routes: Vec::new(),
    })
}
