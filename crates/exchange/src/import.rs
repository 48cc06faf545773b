//! Import policies: what each speaker takes in from each neighbour.

use std::net::IpAddr;

use routehub_policy::{Fallback, Match, Policy, Rule};
use routehub_types::{FamilySet, RouterId, RuleId};

use crate::link::{Link, LinkKind, Side};
use crate::policies::Policies;
use crate::reason;
use crate::speaker::{Speaker, SpeakerKind};

impl Policies<'_> {
    /// The import policy of the speaker on `side` of a link.
    pub(crate) fn import(&self, link: &Link, side: Side) -> Policy {
        let speaker = self.graph.speaker(link.end(side).speaker);
        let rules = match speaker.kind {
            SpeakerKind::RouteServer { .. } => self.route_server_import(speaker, link),
            SpeakerKind::Gateway { .. } => self.gateway_import(speaker, link),
            SpeakerKind::Edge { .. } => Self::other_import(speaker, link, RuleId(54)),
            _ => Self::other_import(speaker, link, reason::OWN_AS_IN_PATH),
        };
        let policy = Policy::compile(rules, Fallback::Accept(RuleId(0)));
        match self.inbound_map(link, side) {
            Some(map) => policy.then(&map.compile(&self.parameters.route_maps)),
            None => policy,
        }
    }

    /// In the order of the catalogue's section 4: loop, family, overlap; the route map comes
    /// behind.
    fn route_server_import(&self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_as(speaker, RuleId(50));
        rules.extend(self.no_ipv6());
        rules.extend(own_routes(speaker, link));
        let from_nva = matches!(link.kind, LinkKind::NvaToRouteServer { .. });
        if from_nva && self.parameters.overlap_filter {
            rules.extend(self.inside_transit_space(speaker, RuleId(51)));
        }
        rules
    }

    fn gateway_import(&self, speaker: &Speaker, link: &Link) -> Vec<Rule> {
        let mut rules = own_as(speaker, reason::OWN_AS_IN_PATH);
        rules.extend(self.no_ipv6());
        rules.extend(own_routes(speaker, link));
        if matches!(link.kind, LinkKind::GatewayToRouteServer) {
            return rules;
        }
        if matches!(link.kind, LinkKind::GatewayToEdge(_)) && self.branch_to_branch_beside(speaker)
        {
            let tagged = vec![Match::AnyCommunity(vec![
                self.parameters.branch_community.into(),
            ])];
            rules.push(Rule::reject(
                RuleId(97),
                "tagged by another Route Server",
                tagged,
            ));
        }
        rules.extend(self.inside_transit_space(speaker, RuleId(113)));
        rules
    }

    /// NVAs and edges of circuits.
    fn other_import(speaker: &Speaker, link: &Link, looped: RuleId) -> Vec<Rule> {
        let mut rules = own_as(speaker, looped);
        rules.extend(own_routes(speaker, link));
        rules
    }

    /// Refuses routes inside the speaker's network and the networks that use it.
    fn inside_transit_space(&self, speaker: &Speaker, rule: RuleId) -> Option<Rule> {
        let space = self.topology.transit_space(speaker.vnet?);
        Some(Rule::overlap(rule, space))
    }

    fn no_ipv6(&self) -> Option<Rule> {
        (!self.parameters.ipv6).then(|| Rule::families(RuleId(59), FamilySet::IPV4))
    }
}

/// Refuses routes that have passed the speaker's own AS.
fn own_as(speaker: &Speaker, rule: RuleId) -> Vec<Rule> {
    let asn = speaker.asn.into_iter();
    asn.map(|asn| Rule::own_asn(rule, asn)).collect()
}

/// Refuses routes that lead back to the speaker: by next hop, and over iBGP by what route
/// reflectors leave behind.
fn own_routes(speaker: &Speaker, link: &Link) -> Vec<Rule> {
    let mut rules = Vec::new();
    // Edge routers may have the addresses of a gateway in the same subnet, and their routes reach
    // it by way of the Route Server: both take base + 4 and + 5 of it.
    if !matches!(link.kind, LinkKind::GatewayToRouteServer) {
        rules.push(Rule::own_next_hop(
            reason::NEXT_HOP_IS_RECEIVER,
            speaker.addresses.iter().copied(),
        ));
    }
    if !link.external
        && let Some(IpAddr::V4(address)) = speaker.addresses.first()
    {
        let own = RouterId::from(*address);
        rules.push(Rule::own_originator(reason::REFLECTED, own));
        rules.push(Rule::own_cluster(reason::REFLECTED, own));
    }
    rules
}
