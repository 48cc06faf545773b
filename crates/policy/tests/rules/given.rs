//! What a caller gives: the numbers of one product, and routes.

use core::net::Ipv4Addr;

use routehub_policy::{
    AsnRules, ForbiddenAsns, Outcome, Policy, RouteMapTerms, RouteMeta, SourceClass, SpecialUse,
    Verdict,
};
use routehub_types::{AsPath, Asn, Attrs, Community, Prefix, RuleId};

/// The ASN of the route server.
pub(crate) const OWN: Asn = Asn(65515);
/// The ASN of circuit edges.
pub(crate) const EDGE: Asn = Asn(12076);

pub(crate) const VNET: SourceClass = SourceClass(0);
pub(crate) const NVA: SourceClass = SourceClass(1);
pub(crate) const VPN: SourceClass = SourceClass(2);
pub(crate) const CIRCUIT: SourceClass = SourceClass(3);
pub(crate) const CLIENTS: SourceClass = SourceClass(4);

/// Marks routes of branches.
pub(crate) const BRANCH: Community = Community::new(65517, 65517);
/// Marks prefixes of peered networks.
pub(crate) const PEERED: Community = Community::new(65518, 65518);

pub(crate) fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

pub(crate) fn community(text: &str) -> Community {
    text.parse().unwrap()
}

pub(crate) fn path(text: &str) -> AsPath {
    text.parse().unwrap()
}

/// A route with this path from an NVA at 10.0.4.4.
pub(crate) fn route(as_path: &str) -> Attrs {
    Attrs::new(path(as_path), Ipv4Addr::new(10, 0, 4, 4))
}

pub(crate) fn route_with(as_path: &str, communities: &[&str]) -> Attrs {
    Attrs {
        communities: communities.iter().map(|one| community(one)).collect(),
        ..route(as_path)
    }
}

pub(crate) fn from(source: SourceClass) -> RouteMeta {
    RouteMeta {
        source,
        neighbor: None,
    }
}

/// The rule that refuses a route; none if it passes.
pub(crate) fn refused(policy: &Policy, attrs: &Attrs, to: &str) -> Option<RuleId> {
    let verdict = policy.evaluate(attrs, prefix(to), &from(NVA));
    (verdict.outcome == Outcome::Reject).then_some(verdict.rule)
}

/// The attributes and the prefix with which a route passes.
pub(crate) fn passed(verdict: Verdict<'_>) -> (Attrs, Prefix) {
    match verdict.outcome {
        Outcome::Accept { attrs, prefix } => (attrs.into_owned(), prefix),
        Outcome::Reject => panic!("refused by {}", verdict.rule),
    }
}

/// What NVAs may not have as their ASN.
pub(crate) fn peer_asns() -> AsnRules {
    let azure = [(8074, 8075), (12076, 12076), (65515, 65515), (65517, 65520)];
    let iana = [(23456, 23456), (64496, 64511), (65535, 65551)];
    let ban = |rule, reason: &'static str| {
        move |(first, last)| ForbiddenAsns {
            first: Asn(first),
            last: Asn(last),
            rule: RuleId(rule),
            reason: reason.into(),
        }
    };
    let azure = azure.map(ban(24, "reserved by Azure"));
    let iana = iana.map(ban(24, "reserved by IANA"));
    AsnRules {
        forbidden: azure.into_iter().chain(iana).collect(),
        special: Vec::new(),
        two_octet_only: Some(RuleId(24)),
    }
}

/// What route maps may do.
pub(crate) fn terms() -> RouteMapTerms {
    let azure = |mut rules: AsnRules| {
        rules
            .forbidden
            .retain(|range| range.reason.contains("Azure"));
        rules
            .forbidden
            .iter_mut()
            .for_each(|range| range.rule = RuleId(145));
        rules.two_octet_only = Some(RuleId(145));
        rules
    };
    let replace_asns = AsnRules {
        special: vec![
            (SpecialUse::Reserved, RuleId(145)),
            (SpecialUse::Trans, RuleId(145)),
        ],
        ..azure(peer_asns())
    };
    let mut prepend_asns = replace_asns.clone();
    prepend_asns
        .special
        .push((SpecialUse::Private, RuleId(145)));
    let reserved = [
        "65517:65517",
        "65518:65518",
        "65517:12001",
        "65517:12002",
        "65517:12003",
        "65517:12005",
        "65517:12006",
        "65517:12076",
        "65518:12076",
        "65515:10000",
        "65515:20000",
    ];
    RouteMapTerms {
        rule: RuleId(140),
        refusal: RuleId(145),
        prepend_asns,
        replace_asns,
        reserved_communities: reserved.map(community).to_vec(),
        reserved_rule: RuleId(100),
        untouched: vec![VNET],
        default_route_from: Some(vec![NVA, VPN, CIRCUIT]),
    }
}
