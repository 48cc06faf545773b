//! Parameters like those of profiles.

use routehub_exchange::{
    ExpressRouteNextHops, NoExport, OneInstanceNics, Parameters, PrefixCountMode,
    ReflectBetweenNvas, UnreachableNextHop, WellKnownCommunities, rules,
};
use routehub_policy::ForbiddenAsns;
use routehub_types::{Asn, Community, RuleId};

use super::numbers::Numbers;

/// ASNs of documentation, which a rule keeps.
fn documentation(rule: RuleId) -> Vec<ForbiddenAsns> {
    vec![ForbiddenAsns {
        first: Asn(64496),
        last: Asn(64511),
        rule,
        reason: "kept".into(),
    }]
}

/// Those of a hosted Route Server, without limits.
fn azure() -> Parameters {
    let community = |text: &str| -> Community { text.parse().unwrap() };
    let (branch, vnet) = (community("65517:65517"), community("65518:65518"));
    Parameters {
        asn: Asn(65515),
        edge_asn: Asn(12076),
        branch_community: branch,
        vnet_community: vnet,
        hold_time: 180,
        forbidden_peer_asns: documentation(rules::PEER_ASN),
        four_octet_peer_asn: false,
        no_export: NoExport::Rfc,
        well_known_communities: WellKnownCommunities::Rfc,
        reserved_path_asns: documentation(rules::ROUTE_MAP_TERMS),
        reserved_communities: vec![branch, vnet],
        max_routes_per_peer: None,
        max_peers: Some(8),
        max_total_prefixes: None,
        max_vnets: None,
        max_vms: None,
        max_vms_scaled: None,
        max_routes_to_circuit: None,
        max_ipv6_routes_to_circuit: None,
        max_routes_from_circuit: None,
        max_routes_from_premium_circuit: None,
        max_ipv6_routes_from_circuit: None,
        max_routes_from_site: None,
        max_ecmp: Some(8),
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
        er_vnet_to_vnet: true,
        expressroute_next_hops: ExpressRouteNextHops::Connection,
        dropped_ranges: [
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "25.152.0.0/14",
        ]
        .map(|text| text.parse().unwrap())
        .to_vec(),
    }
}

/// Those of a plain route server (RFC 7947).
fn open() -> Parameters {
    Parameters {
        overlap_filter: false,
        ipv6: true,
        reflect_between_nvas: ReflectBetweenNvas::Always,
        unreachable_next_hop: UnreachableNextHop::Show,
        transparent: true,
        max_ecmp: None,
        ..azure()
    }
}

/// Parameters.
pub fn parameters(numbers: &mut Numbers) -> Parameters {
    let mut parameters = if numbers.once_in(6) { open() } else { azure() };
    parameters.show_overlap_in_learned = numbers.once_in(3);
    if numbers.once_in(4) {
        let modes = [ReflectBetweenNvas::Always, ReflectBetweenNvas::Never];
        parameters.reflect_between_nvas = *numbers.one_of(&modes);
    }
    if numbers.once_in(6) {
        parameters.max_routes_to_circuit = Some(2 + numbers.below(4) as u32);
    }
    if numbers.once_in(6) {
        parameters.max_routes_from_site = Some(1 + numbers.below(2) as u32);
    }
    if numbers.once_in(6) {
        parameters.max_routes_from_premium_circuit = Some(1 + numbers.below(2) as u32);
    }
    if numbers.once_in(6) {
        parameters.max_ecmp = Some(1 + numbers.below(3) as u32);
    }
    if numbers.once_in(6) {
        parameters.max_peers = Some(2);
    }
    if numbers.once_in(4) {
        parameters.expressroute_next_hops = ExpressRouteNextHops::One;
    }
    parameters.upgraded = numbers.once_in(6);
    parameters.er_vnet_to_vnet = !numbers.once_in(3);
    if numbers.once_in(6) {
        parameters.one_instance_nics = OneInstanceNics::Hash;
    }
    parameters
}
