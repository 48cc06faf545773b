//! Routes that lead back to who takes them in.

use std::net::IpAddr;

use routehub_policy::Rule;
use routehub_types::{Asn, RouterId, RuleId};

use crate::graph::{Link, LinkKind, Speaker};
use crate::rules;

/// Refuses what leads back to the speaker.
pub(super) fn own_routes(speaker: &Speaker, link: &Link, looped: RuleId) -> Vec<Rule> {
    // Edge routers may have the addresses of a gateway in the same subnet, and their routes reach
    // it by way of the Route Server: both take base + 4 and + 5 of it.
    let addresses = match link.kind {
        LinkKind::GatewayToRouteServer => &[],
        _ => speaker.addresses.as_slice(),
    };
    let router_id = match speaker.addresses.first() {
        Some(IpAddr::V4(address)) if !link.external => Some(RouterId::from(*address)),
        _ => None,
    };
    leads_back(speaker.asn, addresses, router_id, looped)
}

/// Rules that refuse routes that lead back to a speaker: by its ASN in the path, for the reason
/// `looped`, by one of its addresses as next hop (RFC 4271 section 5.1.3), and over iBGP, if its
/// BGP identifier is given, by what route reflectors leave behind (RFC 4456 section 8).
pub fn leads_back(
    asn: Option<Asn>,
    addresses: &[IpAddr],
    internal: Option<RouterId>,
    looped: RuleId,
) -> Vec<Rule> {
    let own_asn = asn.map(|asn| Rule::own_asn(looped, asn));
    let mut refusals = Vec::from_iter(own_asn);
    if !addresses.is_empty() {
        let addresses = addresses.iter().copied();
        refusals.push(Rule::own_next_hop(rules::NEXT_HOP_IS_RECEIVER, addresses));
    }
    if let Some(own) = internal {
        refusals.push(Rule::own_originator(rules::REFLECTED, own));
        refusals.push(Rule::own_cluster(rules::REFLECTED, own));
    }
    refusals
}
