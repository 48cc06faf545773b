//! Import policies: what each speaker takes in from each neighbour.

use std::net::IpAddr;

use routehub_policy::{Fallback, Match, Policy, Rule};
use routehub_types::{Asn, FamilySet, RouterId, RuleId};

use super::policies::Policies;
use crate::graph::{AdjacencyId, Link, LinkKind, Speaker, SpeakerKind};
use crate::rules;

impl Policies<'_> {
    /// The import policy of the receiver.
    pub(crate) fn import(self, adjacency: AdjacencyId) -> Policy {
        let graph = self.deployment.graph();
        let (receiver, link) = (graph.receiver(adjacency), graph.link(adjacency.link));
        let rules = match receiver.kind {
            SpeakerKind::RouteServer { .. } => self.route_server_import(receiver, link),
            SpeakerKind::Gateway { .. } => self.gateway_import(receiver, link),
            SpeakerKind::Edge { .. } => own_routes(receiver, link, rules::EDGE_ASN_IN_PATH),
            _ => own_routes(receiver, link, rules::OWN_AS_IN_PATH),
        };
        let policy = Policy::compile(rules, Fallback::Accept(rules::NONE));
        match self.deployment.inbound_map(adjacency) {
            Some(map) => policy.then(&map.compile(&self.deployment.parameters().route_map_terms())),
            None => policy,
        }
    }

    /// In the order of the catalogue's section 4: loop, family, overlap; the route map comes
    /// behind.
    fn route_server_import(self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_routes(speaker, link, rules::ROUTE_SERVER_ASN_IN_PATH);
        rules.extend(self.no_ipv6());
        if link.kind.is_peering() && self.deployment.parameters().overlap_filter {
            rules.extend(self.inside_transit_space(speaker, rules::INSIDE_LOCAL_NETWORK));
        }
        rules
    }

    fn gateway_import(self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_routes(speaker, link, rules::OWN_AS_IN_PATH);
        rules.extend(self.no_ipv6());
        if link.kind == LinkKind::GatewayToRouteServer {
            return rules;
        }
        if link.kind.is_to_circuit() && self.has_branch_to_branch_beside(speaker) {
            let mark = self.deployment.parameters().branch_community.into();
            let tagged = vec![Match::AnyCommunity(vec![mark])];
            let name = "tagged by another Route Server";
            rules.push(Rule::reject(rules::ANTI_TRANSIT, name, tagged));
        }
        rules.extend(self.inside_transit_space(speaker, rules::INSIDE_GATEWAY_NETWORK));
        rules
    }

    /// Whether a Route Server with branch-to-branch stands in the same network.
    fn has_branch_to_branch_beside(self, speaker: &Speaker) -> bool {
        let topology = self.deployment.topology();
        let mut servers = self.deployment.estate().route_servers.iter();
        servers.any(|server| server.branch_to_branch && topology.vnet(&server.vnet) == speaker.vnet)
    }

    /// Refuses routes inside the speaker's network and the networks that use it.
    fn inside_transit_space(self, speaker: &Speaker, rule: RuleId) -> Option<Rule> {
        let space = self.deployment.topology().transit_space(speaker.vnet?);
        Some(Rule::overlap(rule, space))
    }

    fn no_ipv6(self) -> Option<Rule> {
        let ipv6 = self.deployment.parameters().ipv6;
        (!ipv6).then(|| Rule::families(rules::IPV4_ONLY, FamilySet::IPV4))
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
