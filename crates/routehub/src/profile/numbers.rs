//! Lists that fields of profiles hold.

use routehub_exchange::rules;
use routehub_policy::ForbiddenAsns;
use routehub_types::{Asn, Community, RuleId};

/// ASNs that Azure keeps for itself.
const AZURE_ASNS: [(u32, u32); 4] = [(8074, 8075), (12076, 12076), (65515, 65515), (65517, 65520)];

/// ASNs that Azure refuses because IANA keeps them.
const IANA_ASNS: [(u32, u32); 3] = [(23456, 23456), (64496, 64511), (65535, 65551)];

/// Communities that Azure puts on routes.
const COMMUNITIES: [(u16, u16); 11] = [
    (65517, 65517),
    (65518, 65518),
    (65517, 12001),
    (65517, 12002),
    (65517, 12003),
    (65517, 12005),
    (65517, 12006),
    (65517, 12076),
    (65518, 12076),
    (65515, 10000),
    (65515, 20000),
];

fn forbidden(ranges: &[(u32, u32)], rule: RuleId, reason: &'static str) -> Vec<ForbiddenAsns> {
    let range = |(first, last): &(u32, u32)| ForbiddenAsns {
        first: Asn(*first),
        last: Asn(*last),
        rule,
        reason: reason.into(),
    };
    ranges.iter().map(range).collect()
}

/// ASNs that no NVA may have.
pub(crate) fn forbidden_peer_asns() -> Vec<ForbiddenAsns> {
    let mut all = forbidden(&AZURE_ASNS, rules::PEER_ASN, "reserved by Azure");
    all.extend(forbidden(&IANA_ASNS, rules::PEER_ASN, "reserved by IANA"));
    all
}

/// ASNs that no route map may put into a path.
pub(crate) fn reserved_path_asns() -> Vec<ForbiddenAsns> {
    forbidden(&AZURE_ASNS, rules::ROUTE_MAP_TERMS, "reserved by Azure")
}

/// Communities that no route map may remove.
pub(crate) fn reserved_communities() -> Vec<Community> {
    COMMUNITIES
        .map(|(high, low)| Community::new(high, low))
        .to_vec()
}
