//! Rules that most route servers have.

use alloc::vec::Vec;
use core::net::IpAddr;

use routehub_types::{Asn, Community, Family, FamilySet, Prefix, RouterId, RuleId};

use crate::{Action, Match, PrefixMatch, Rule};

impl Rule {
    /// Refuses a route that has passed one's own AS already (RFC 4271 section 9.1.2).
    pub fn own_asn(id: RuleId, own: Asn) -> Self {
        Self::reject(
            id,
            "own AS in path",
            Vec::from([Match::AsnInPath(Vec::from([own]))]),
        )
    }

    /// Refuses a route that has one's own ASN in its path more often than `allowed` times.
    pub fn own_asn_beyond(id: RuleId, own: Asn, allowed: u32) -> Self {
        let more = Match::AsnMoreThan {
            asn: own,
            times: allowed,
        };
        Self::reject(id, "own AS in path", Vec::from([more]))
    }

    /// Refuses a route whose next hop is oneself (RFC 4271 section 5.1.3).
    pub fn own_next_hop(id: RuleId, own: impl IntoIterator<Item = IpAddr>) -> Self {
        let own = own.into_iter().map(Prefix::host).collect();
        Self::reject(
            id,
            "next hop is the receiver",
            Vec::from([Match::NextHop(own)]),
        )
    }

    /// Refuses a route that one has sent oneself, as route reflectors mark it (RFC 4456 section
    /// 8).
    pub fn own_originator(id: RuleId, own: RouterId) -> Self {
        let own = Vec::from([own]);
        Self::reject(id, "own originator id", Vec::from([Match::Originator(own)]))
    }

    /// Refuses a route that has passed one's own cluster (RFC 4456 section 8).
    pub fn own_cluster(id: RuleId, own: RouterId) -> Self {
        let own = Vec::from([own]);
        Self::reject(id, "own cluster id", Vec::from([Match::Cluster(own)]))
    }

    /// Refuses a route that is equal to one of these prefixes or inside it; a supernet passes.
    pub fn overlap(id: RuleId, local: impl IntoIterator<Item = Prefix>) -> Self {
        Self::reject(
            id,
            "inside a local prefix",
            Vec::from([Match::inside(local)]),
        )
    }

    /// Refuses routes of families other than these.
    pub fn families(id: RuleId, wanted: FamilySet) -> Self {
        let unwanted = Family::ALL
            .into_iter()
            .filter(|family| !wanted.contains(*family));
        let unwanted = unwanted.map(PrefixMatch::family).collect();
        Self::reject(
            id,
            "address family not routed",
            Vec::from([Match::Prefix(unwanted)]),
        )
    }

    /// Refuses routes that carry a community.
    pub fn carries(id: RuleId, name: &str, community: Community) -> Self {
        let carried = Match::AnyCommunity(Vec::from([community.into()]));
        Self::reject(id, name, Vec::from([carried]))
    }

    /// Puts one's own ASN in front of the path, as every external session does (RFC 4271
    /// section 5.1.2).
    pub fn prepend_own(id: RuleId, own: Asn) -> Self {
        Self::change(
            id,
            "own AS in front",
            Vec::new(),
            Vec::from([Action::prepend(own, 1)]),
        )
    }

    /// Adds communities to every route that fits all conditions.
    pub fn tag(id: RuleId, name: &str, matches: Vec<Match>, tags: Vec<Community>) -> Self {
        Self::change(id, name, matches, Vec::from([Action::AddCommunities(tags)]))
    }
}
