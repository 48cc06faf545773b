//! Import policies: what each speaker takes in from each neighbour.

use std::net::IpAddr;

use routehub_policy::{Fallback, Match, Policy, Rule};
use routehub_types::{Asn, FamilySet, RouterId, RuleId};

use crate::link::{Link, LinkKind, Side};
use crate::policies::Policies;
use crate::rules;
use crate::speaker::{Speaker, SpeakerKind};

impl Policies<'_> {
    /// The import policy of the speaker on `side` of a link.
    pub(crate) fn import(&self, link: &Link, side: Side) -> Policy {
        let speaker = self.graph.speaker(link.end(side).speaker);
        let rules = match speaker.kind {
            SpeakerKind::RouteServer { .. } => self.route_server_import(speaker, link),
            SpeakerKind::Gateway { .. } => self.gateway_import(speaker, link),
            SpeakerKind::Edge { .. } => own_routes(speaker, link, rules::EDGE_ASN_IN_PATH),
            _ => own_routes(speaker, link, rules::OWN_AS_IN_PATH),
        };
        let policy = Policy::compile(rules, Fallback::Accept(rules::NONE));
        match self.inbound_map(link, side) {
            Some(map) => policy.then(&map.compile(&self.parameters.route_map_terms())),
            None => policy,
        }
    }

    /// In the order of the catalogue's section 4: loop, family, overlap; the route map comes
    /// behind.
    fn route_server_import(&self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_routes(speaker, link, rules::ROUTE_SERVER_ASN_IN_PATH);
        rules.extend(self.no_ipv6());
        let from_nva = matches!(link.kind, LinkKind::NvaToRouteServer { .. });
        if from_nva && self.parameters.overlap_filter {
            rules.extend(self.inside_transit_space(speaker, rules::INSIDE_LOCAL_NETWORK));
        }
        rules
    }

    fn gateway_import(&self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_routes(speaker, link, rules::OWN_AS_IN_PATH);
        rules.extend(self.no_ipv6());
        if matches!(link.kind, LinkKind::GatewayToRouteServer) {
            return rules;
        }
        if matches!(link.kind, LinkKind::GatewayToEdge(_)) && self.branch_to_branch_beside(speaker)
        {
            let tagged = vec![Match::AnyCommunity(vec![
                self.parameters.branch_community.into(),
            ])];
            rules.push(Rule::reject(
                rules::ANTI_TRANSIT,
                "tagged by another Route Server",
                tagged,
            ));
        }
        rules.extend(self.inside_transit_space(speaker, rules::INSIDE_GATEWAY_NETWORK));
        rules
    }

    /// Refuses routes inside the speaker's network and the networks that use it.
    fn inside_transit_space(&self, speaker: &Speaker, rule: RuleId) -> Option<Rule> {
        let space = self.topology.transit_space(speaker.vnet?);
        Some(Rule::overlap(rule, space))
    }

    fn no_ipv6(&self) -> Option<Rule> {
        (!self.parameters.ipv6).then(|| Rule::families(rules::IPV4_ONLY, FamilySet::IPV4))
    }
}

/// Refuses what leads back to the speaker.
fn own_routes(speaker: &Speaker, link: &Link, looped: RuleId) -> Vec<Rule> {
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
    let mut rules: Vec<Rule> = asn
        .into_iter()
        .map(|asn| Rule::own_asn(looped, asn))
        .collect();
    if !addresses.is_empty() {
        let addresses = addresses.iter().copied();
        rules.push(Rule::own_next_hop(rules::NEXT_HOP_IS_RECEIVER, addresses));
    }
    if let Some(own) = internal {
        rules.push(Rule::own_originator(rules::REFLECTED, own));
        rules.push(Rule::own_cluster(rules::REFLECTED, own));
    }
    rules
}
