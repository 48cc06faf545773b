//! Parameters like those of profiles.

use routehub_exchange::{
    Class, OneInstanceNics, Parameters, PrefixCountMode, ReflectBetweenNvas, UnreachableNextHop,
};
use routehub_policy::{AsnRules, ForbiddenAsns, RouteMapTerms, SourceClass, WellKnown};
use routehub_types::{Asn, Community, RuleId};

/// Those of a hosted Route Server, without limits.
pub(crate) fn azure() -> Parameters {
    let class = |class: Class| SourceClass(class as u8);
    let community = |text: &str| -> Community { text.parse().unwrap() };
    let (branch, vnet) = (community("65517:65517"), community("65518:65518"));
    Parameters {
        asn: Asn(65515),
        edge_asn: Asn(12076),
        branch_community: branch,
        vnet_community: vnet,
        hold_time: 180,
        peer_asns: AsnRules {
            forbidden: vec![ForbiddenAsns {
                first: Asn(64496),
                last: Asn(64511),
                rule: RuleId(24),
                reason: "kept".into(),
            }],
            two_octet_only: Some(RuleId(24)),
            ..AsnRules::default()
        },
        well_known: WellKnown {
            no_advertise: Some(RuleId(98)),
            no_export: Some(RuleId(99)),
            ..WellKnown::default()
        },
        route_maps: RouteMapTerms {
            rule: RuleId(140),
            refusal: RuleId(145),
            reserved_rule: RuleId(100),
            reserved_communities: vec![branch, vnet],
            untouched: [Class::OwnNetwork, Class::Spoke].map(class).into(),
            default_route_from: Some(
                [Class::Nva, Class::VpnGateway, Class::ExpressRouteGateway]
                    .map(class)
                    .into(),
            ),
            ..RouteMapTerms::default()
        },
        max_routes_per_peer: None,
        max_peers: Some(8),
        max_total_prefixes: None,
        max_routes_to_circuit: None,
        max_ecmp: 8,
        prefix_count_mode: PrefixCountMode::PerBatch,
        overlap_filter: true,
        show_overlap_in_learned: false,
        ipv6: false,
        reflect_between_nvas: ReflectBetweenNvas::BranchToBranch,
        unreachable_next_hop: UnreachableNextHop::None,
        one_instance_nics: OneInstanceNics::Both,
        sticky_failback: false,
        upgraded: false,
        transparent: false,
        min_route_server_subnet: Some(26),
    }
}

/// Those of a plain route server (RFC 7947).
pub(crate) fn open() -> Parameters {
    Parameters {
        overlap_filter: false,
        ipv6: true,
        reflect_between_nvas: ReflectBetweenNvas::Always,
        unreachable_next_hop: UnreachableNextHop::Show,
        transparent: true,
        max_ecmp: 255,
        ..azure()
    }
}
