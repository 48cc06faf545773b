//! Rules that most route servers have.

use alloc::vec::Vec;

use routehub_types::{Asn, Community, Family, FamilySet, Prefix, RuleId};

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
        let unwanted = Family::ALL.into_iter().filter(|one| !wanted.contains(*one));
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
