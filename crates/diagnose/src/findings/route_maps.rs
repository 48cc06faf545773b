//! Findings about route maps: what may not stand in one, and rules that no route can match.

use std::collections::BTreeSet;

use routehub_exchange::estate::{RouteMap, RouteMapMatch, RouteMapRule, RouteServer};
use routehub_exchange::rules;
use routehub_types::{Asn, Family, Prefix};

use super::Findings;
use crate::words::listed;

/// What may not stand in a route map.
pub(super) fn refused(findings: &mut Findings<'_>) {
    let terms = findings.exchange.parameters().route_map_terms();
    for map in &findings.exchange.estate().route_maps {
        for error in map.check(&terms) {
            findings.error(error.rule, &map.name, format!("{error}."));
        }
    }
}

/// Rules of route maps that no route can match, at whichever Route Server.
pub(super) fn idle_rules(findings: &mut Findings<'_>) {
    let estate = findings.exchange.estate();
    for map in &estate.route_maps {
        let places = places(findings, map);
        let mut idle = Vec::new();
        for (n, rule) in map.rules.iter().enumerate() {
            let behind = map.rules[..n].iter().find(|before| ends_all(before));
            let why = match behind {
                Some(before) => Some(format!(
                    "the rule {} before it matches every route and ends there",
                    called(map, before)
                )),
                None => idle_everywhere(rule, &places),
            };
            idle.extend(why.map(|why| format!("its rule {}: {why}", called(map, rule))));
        }
        if !idle.is_empty() {
            let text = format!(
                "Route map {} has rules that no route can match: {}. Match what NVAs or gateways \
                 announce.",
                map.name,
                idle.join("; ")
            );
            findings.warning(rules::IDLE_MAP_RULE, &map.name, text);
        }
    }
}

/// A Route Server that may have a route map: what its routes can be.
struct At {
    /// Prefixes of networks, which route maps leave alone and nobody else may announce
    /// empty where others may.
    networks: Vec<Prefix>,
    /// Its ASN, which stands in no path that it takes.
    asn: Asn,
    /// Whether it exchanges IPv6.
    ipv6: bool,
}

/// The Route Servers whose NVAs name the map; of one that nobody names, all.
fn places(findings: &Findings<'_>, map: &RouteMap) -> Vec<At> {
    let (estate, topology) = (findings.exchange.estate(), findings.exchange.topology());
    let parameters = findings.exchange.parameters();
    let sessions = estate.nvas.iter().flat_map(|nva| &nva.sessions);
    let names_it = sessions.filter(|session| {
        let maps = [&session.inbound_route_map, &session.outbound_route_map];
        maps.contains(&&Some(map.name.clone()))
    });
    let named: BTreeSet<&str> = names_it
        .map(|session| session.route_server.as_str())
        .collect();
    let is_meant = |server: &&RouteServer| named.is_empty() || named.contains(server.name.as_str());
    let servers = estate.route_servers.iter().filter(is_meant);
    let places = servers.map(|server| At {
        networks: match topology.vnet(&server.vnet) {
            Some(vnet) if parameters.overlap_filter => topology.transit_space(vnet),
            _ => Vec::new(),
        },
        asn: parameters.route_server_asn(server),
        ipv6: parameters.ipv6,
    });
    places.collect()
}

/// A rule by its name, or its number.
fn called(map: &RouteMap, rule: &RouteMapRule) -> String {
    let place = map.rules.iter().position(|other| std::ptr::eq(other, rule));
    match rule.name.is_empty() {
        true => (place.unwrap_or_default() + 1).to_string(),
        false => rule.name.clone(),
    }
}

/// Whether every route ends at a rule.
const fn ends_all(rule: &RouteMapRule) -> bool {
    rule.matches.is_empty() && !rule.continues
}

/// Why a rule matches nothing at any of these places.
fn idle_everywhere(rule: &RouteMapRule, places: &[At]) -> Option<String> {
    let disjoint = disjoint(rule);
    if disjoint.is_some() || places.is_empty() {
        return disjoint;
    }
    let each = places.iter().map(|at| {
        let mut criteria = rule.matches.iter();
        criteria.find_map(|criterion| idle(criterion, at))
    });
    let each: Option<Vec<String>> = each.collect();
    each?.into_iter().next()
}

/// Why a criterion fits no route at a place.
fn idle(criterion: &RouteMapMatch, at: &At) -> Option<String> {
    match criterion {
        RouteMapMatch::PrefixEquals(all) | RouteMapMatch::PrefixContains(all) => {
            let reasons = all.iter().map(|prefix| idle_prefix(*prefix, at));
            let reasons: Option<BTreeSet<&str>> = reasons.collect();
            let reasons = reasons?;
            Some(match all.as_slice() {
                [] => "it names no prefix".to_owned(),
                _ => format!("{} {}", listed(all), listed(reasons)),
            })
        }
        RouteMapMatch::AsPathEquals(path) if path.contains(&at.asn) => Some(own_asn(at.asn)),
        RouteMapMatch::AsPathContains(any) if any.iter().all(|asn| *asn == at.asn) => {
            Some(match any.as_slice() {
                [] => "it names no ASN".to_owned(),
                _ => own_asn(at.asn),
            })
        }
        RouteMapMatch::CommunityContains(any) if any.is_empty() => {
            Some("it names no community".to_owned())
        }
        _ => None,
    }
}

/// Why nothing at or beneath a prefix reaches a route map.
fn idle_prefix(prefix: Prefix, at: &At) -> Option<&'static str> {
    if prefix.family() == Family::Ipv6 && !at.ipv6 {
        return Some("is IPv6, which a Route Server does not exchange (R-059)");
    }
    let mut networks = at.networks.iter();
    let inside = networks.any(|network| network.contains(prefix));
    inside.then_some("is of a VNet, whose routes pass route maps untouched (R-145)")
}

fn own_asn(asn: Asn) -> String {
    format!(
        "AS {asn} is the Route Server's own, which no route that it takes has in its path, and \
         which it puts in front after the map"
    )
}

/// Why two criteria of a rule cannot both hold.
fn disjoint(rule: &RouteMapRule) -> Option<String> {
    let fits = |criterion: &RouteMapMatch, prefix: Prefix| match criterion {
        RouteMapMatch::PrefixEquals(all) => all.contains(&prefix),
        RouteMapMatch::PrefixContains(all) => all.iter().any(|around| around.contains(prefix)),
        _ => true,
    };
    let exact = rule.matches.iter().find_map(|criterion| match criterion {
        RouteMapMatch::PrefixEquals(all) if !all.is_empty() => Some(all),
        _ => None,
    });
    let none_left = exact.is_some_and(|all| {
        let fits_all = |prefix: &Prefix| rule.matches.iter().all(|by| fits(by, *prefix));
        !all.iter().any(fits_all)
    });
    let mut paths = rule.matches.iter().filter_map(|criterion| match criterion {
        RouteMapMatch::AsPathEquals(path) => Some(path),
        _ => None,
    });
    let first = paths.next();
    let other_path = first.is_some_and(|first| paths.any(|path| path != first));
    let lacks = first.is_some_and(|path| {
        let mut others = rule.matches.iter();
        others.any(|criterion| {
            matches!(criterion, RouteMapMatch::AsPathContains(any)
                if !any.iter().any(|asn| path.contains(asn)))
        })
    });
    if none_left {
        Some("no prefix fits all its criteria".to_owned())
    } else if other_path || lacks {
        Some("no AS path fits all its criteria".to_owned())
    } else {
        None
    }
}
