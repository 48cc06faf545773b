//! What one speaker sends to another for a prefix, and by which rule it does not, or the other
//! refuses it.

use std::collections::BTreeSet;

use routehub_exchange::estate::RouteMapAction;
use routehub_exchange::view::{Origin, Outbound};
use routehub_exchange::{Exchange, rules};
use routehub_types::{Attrs, Prefix, RuleId};

use crate::Reason;
use crate::words::{framed, listed};

/// Every prefix around a destination that anybody announces or holds, refused ones too; the
/// longest first.
pub(super) fn known_around(exchange: &Exchange, destination: Prefix) -> Vec<Prefix> {
    let speakers = exchange.graph().speakers();
    let originated: BTreeSet<Prefix> = speakers
        .flat_map(|id| exchange.originated_around(id, destination))
        .collect();
    let is_held = |prefix: Prefix| {
        let speakers = exchange.graph().speakers();
        let mut ribs = speakers.filter_map(|id| exchange.rib(id));
        ribs.any(|rib| !rib.paths(prefix).is_empty())
    };
    let known = supernets(destination);
    known
        .filter(|prefix| {
            originated.contains(prefix) || is_held(*prefix) || is_made(exchange, *prefix)
        })
        .collect()
}

/// Whether a route map puts a prefix in the place of others on their way out: nobody holds it.
fn is_made(exchange: &Exchange, prefix: Prefix) -> bool {
    let mut rules = exchange
        .estate()
        .route_maps
        .iter()
        .flat_map(|map| &map.rules);
    let replaces = |action: &RouteMapAction| matches!(action, RouteMapAction::ReplacePrefix(all) if all.contains(&prefix));
    if !rules.any(|rule| rule.actions.iter().any(replaces)) {
        return false;
    }
    let speakers = exchange.graph().speakers();
    let mut outbound = speakers.flat_map(|id| exchange.outbound_from(id));
    outbound.any(|outbound| {
        outbound.outbound_map().is_some() && outbound.routes().contains_key(&prefix)
    })
}

/// Every prefix that contains a destination, the longest first.
pub(crate) fn supernets(destination: Prefix) -> impl Iterator<Item = Prefix> {
    let lengths = (0..=destination.length()).rev();
    lengths.filter_map(move |length| destination.supernet(length))
}

/// Whether anybody announces a prefix of its own accord.
pub(super) fn is_originated(exchange: &Exchange, prefix: Prefix) -> bool {
    let mut speakers = exchange.graph().speakers();
    speakers.any(|id| {
        // What a gateway originates are summaries, which take the place of networks.
        let is_source = !exchange.speaker(id).programs_nics();
        is_source && exchange.originated_around(id, prefix).contains(&prefix)
    })
}

/// What is sent as a prefix.
pub(super) fn sent_as(
    exchange: &Exchange,
    outbound: Outbound<'_>,
    prefix: Prefix,
) -> Result<Attrs, Reason> {
    if let Some(because) = down_reason(exchange, outbound) {
        return Err(because);
    }
    if let Some(own) = outbound.originated_for(prefix) {
        return own.map_err(|rule| Reason::new(rule, ""));
    }
    let route = outbound.route_for(prefix);
    if let Ok((sent, attrs)) = &route
        && *sent == prefix
    {
        return Ok(attrs.clone());
    }
    // A route map may make the prefix of others.
    let map = outbound.outbound_map();
    let made = map.as_ref().and_then(|_| outbound.routes().remove(&prefix));
    match (made, route) {
        (Some(attrs), _) => Ok(attrs),
        (None, Ok((sent, _))) => {
            let map = by_map(map, &outbound.outbound_map_rules(prefix));
            let evidence = format!("{map} sends {sent} in its place");
            Err(Reason::new(rules::ROUTE_MAP, evidence))
        }
        (None, Err(rule)) => Err(kept_back(exchange, outbound, prefix, rule)),
    }
}

/// Why a link carries nothing, if it is down.
pub(super) fn down_reason(exchange: &Exchange, outbound: Outbound<'_>) -> Option<Reason> {
    let link = outbound.link();
    if link.is_up() {
        return None;
    }
    let down = link.down;
    let [a, b] = [&link.a, &link.b].map(|end| exchange.speaker(end.speaker));
    let twin = exchange.graph().twin_link(outbound.link_id());
    let alone = twin.is_some_and(|twin| exchange.graph().link(twin).down != down);
    let ends = match (alone, a.circuit_link()) {
        (false, _) => format!("{a} and {}", b.name),
        (true, None) => format!("{a} and {}", b.with_link()),
        (true, Some(_)) => format!("{} and {}", a.with_link(), b.with_link()),
    };
    if let Some(rule) = down.refused.or(down.limit) {
        return Some(Reason::new(rule, format!("nothing passes between {ends}")));
    }
    if down.unreachable {
        let evidence = format!("no packets pass between {ends}");
        return Some(Reason::new(rules::WAY_TO_PEER_GONE, evidence));
    }
    let evidence = if down.instance {
        format!("an instance of {} is down", b.name)
    } else if down.removed {
        format!("between {ends}: removed")
    } else {
        format!("between {ends}")
    };
    Some(Reason::new(rules::LINK_DOWN, evidence))
}

/// A rule that kept a route back, and what it saw.
fn kept_back(exchange: &Exchange, outbound: Outbound<'_>, prefix: Prefix, rule: RuleId) -> Reason {
    let sender = &exchange.speaker(outbound.sender()).name;
    let evidence = match rule {
        rules::NVA_TO_NVA | rules::BRANCH_TO_BRANCH_OFF => {
            format!("branch-to-branch is off at {sender}")
        }
        rules::CIRCUIT_TO_CIRCUIT => format!("{sender} does not join circuits"),
        rules::NO_ADVERTISE | rules::NO_EXPORT | rules::NO_EXPORT_SUBCONFED => {
            "by the community it carries".to_owned()
        }
        rules::VPN_GATEWAY_TO_SITE if prefix.is_default() => "a default route".to_owned(),
        rules::VNET_TO_VNET => {
            let receiver = &exchange.speaker(outbound.receiver()).name;
            let switch = match comes_from_virtual_wan(exchange, outbound, prefix) {
                true => "allow_virtual_wan_traffic",
                false => "allow_remote_vnet_traffic",
            };
            format!("{switch} is off at {receiver}")
        }
        rules::NOT_READVERTISED => return not_readvertised(exchange, outbound),
        rules::ROUTE_MAP => {
            let map_rules = outbound.outbound_map_rules(prefix);
            by_map(outbound.outbound_map(), &map_rules)
        }
        _ => String::new(),
    };
    Reason::new(rule, evidence)
}

/// An NVA has no rule that passes a route on to a neighbour.
pub(super) fn not_readvertised(exchange: &Exchange, outbound: Outbound<'_>) -> Reason {
    let ends = [outbound.sender(), outbound.receiver()];
    let [from, to] = ends.map(|id| &exchange.speaker(id).name);
    let evidence = format!("no rule in `readvertises` of {from} fits it for {to}");
    Reason::new(rules::NOT_READVERTISED, evidence)
}

/// Whether the route that the sender would pass on is one of a network on a Virtual WAN.
fn comes_from_virtual_wan(exchange: &Exchange, outbound: Outbound<'_>, prefix: Prefix) -> bool {
    let sender = outbound.sender();
    let from = || {
        let rib = exchange.rib(sender)?;
        let Origin::Link(link) = rib.origin(rib.best(prefix).first()?.source) else {
            return None;
        };
        let peer = exchange.graph().link(link).peer_of(sender)?;
        Some(exchange.speaker(peer).virtual_wan)
    };
    from().unwrap_or_default()
}

/// What the rule saw by which the receiver refuses a route.
pub(super) fn refusal(
    exchange: &Exchange,
    outbound: Outbound<'_>,
    prefix: Prefix,
    attrs: &Attrs,
    rule: RuleId,
) -> String {
    let receiver = exchange.speaker(outbound.receiver());
    match rule {
        rules::PREFIX_LIMIT => {
            let limit = exchange.parameters().max_total_prefixes;
            let limit = limit.unwrap_or_default();
            format!("{} holds {limit} prefixes already", receiver.name)
        }
        rules::ROUTE_SERVER_ASN_IN_PATH | rules::EDGE_ASN_IN_PATH | rules::OWN_AS_IN_PATH => {
            let asn = receiver.asn.unwrap_or_default();
            format!("AS {asn} stands in the path {}", attrs.as_path)
        }
        rules::INSIDE_LOCAL_NETWORK | rules::INSIDE_GATEWAY_NETWORK => {
            let topology = exchange.topology();
            let own = receiver.vnet.into_iter();
            let mut local = own.flat_map(|vnet| {
                let spokes = topology.neighbors(vnet).iter();
                let spokes = spokes.filter(move |spoke| topology.hub(spoke.vnet) == Some(vnet));
                let spokes = spokes.map(|spoke| (spoke.vnet, spoke.space.as_slice()));
                std::iter::once((vnet, topology.space(vnet))).chain(spokes)
            });
            let around = local.find_map(|(vnet, space)| {
                let around = space.iter().find(|space| space.contains(prefix))?;
                Some(format!("inside {around} of VNet {}", topology.name(vnet)))
            });
            around.unwrap_or_default()
        }
        rules::ANTI_TRANSIT => format!("it carries {}", exchange.parameters().branch_community),
        rules::NEXT_HOP_IS_RECEIVER => attrs.next_hop.address.to_string(),
        rules::ROUTE_MAP => {
            let map_rules = outbound.inbound_map_rules(prefix, attrs);
            by_map(outbound.inbound_map(), &map_rules)
        }
        _ => String::new(),
    }
}

/// The route map that is meant, by those of its rules that acted.
fn by_map(map: Option<String>, map_rules: &[String]) -> String {
    match map_rules {
        [] => framed("route map ", &map.unwrap_or_default(), ""),
        rules => format!("route map {}", listed(rules)),
    }
}
