//! The profiles: Azure's first year, later ones by what changed, and a plain route server.

use std::net::Ipv4Addr;

use routehub_exchange::{
    ExpressRouteNextHops, NoExport, OneInstanceNics, Parameters, PrefixCountMode,
    ReflectBetweenNvas, UnreachableNextHop, WellKnownCommunities, rules,
};
use routehub_policy::ForbiddenAsns;
use routehub_types::{Asn, Community, Ipv4Prefix, Prefix, RuleId};

use super::Profile;

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

/// Ranges that the platform drops unless a network or a route covers them: what stayed.
const DROPPED: [([u8; 4], u8); 14] = [
    ([10, 0, 0, 0], 8),
    ([172, 16, 0, 0], 12),
    ([192, 168, 0, 0], 16),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([198, 18, 0, 0], 15),
    ([25, 4, 0, 0], 14),
    ([157, 59, 0, 0], 16),
    ([40, 108, 0, 0], 17),
    ([40, 109, 0, 0], 16),
    ([104, 146, 0, 0], 17),
    ([104, 147, 0, 0], 16),
    ([23, 103, 0, 0], 18),
    ([20, 35, 252, 0], 22),
];

/// Besides, before 2026.
const DROPPED_BEFORE_2026: [([u8; 4], u8); 3] = [
    ([25, 33, 0, 0], 16),
    ([25, 41, 0, 0], 20),
    ([25, 48, 0, 0], 12),
];

/// In their place, as of August 2026.
const DROPPED_2026: [([u8; 4], u8); 7] = [
    ([25, 148, 0, 0], 15),
    ([25, 150, 0, 0], 16),
    ([25, 152, 0, 0], 14),
    ([25, 156, 0, 0], 16),
    ([25, 159, 0, 0], 16),
    ([25, 176, 0, 0], 13),
    ([25, 184, 0, 0], 14),
];

/// The ranges that are always dropped, and those of a year.
fn dropped(year: &[([u8; 4], u8)]) -> Vec<Prefix> {
    let ranges = DROPPED.iter().chain(year);
    let prefixes = ranges.filter_map(|(address, length)| {
        Ipv4Prefix::truncated(Ipv4Addr::from(*address), *length).map(Prefix::V4)
    });
    prefixes.collect()
}

fn forbidden(ranges: &[(u32, u32)], rule: RuleId, reason: &'static str) -> Vec<ForbiddenAsns> {
    let range = |(first, last): &(u32, u32)| ForbiddenAsns {
        first: Asn(*first),
        last: Asn(*last),
        rule,
        reason: reason.into(),
    };
    ranges.iter().map(range).collect()
}

impl Profile {
    /// Azure in its first year, as a preview.
    pub(super) fn azure_2021() -> Self {
        Self {
            base: "azure-2021",
            parameters: Parameters {
                asn: Asn(65515),
                edge_asn: Asn(12076),
                branch_community: Community::new(65517, 65517),
                vnet_community: Community::new(65518, 65518),
                hold_time: 180,
                forbidden_peer_asns: [
                    forbidden(&AZURE_ASNS, rules::PEER_ASN, "reserved by Azure"),
                    forbidden(&IANA_ASNS, rules::PEER_ASN, "reserved by IANA"),
                ]
                .concat(),
                four_octet_peer_asn: true,
                no_export: NoExport::Rfc,
                well_known_communities: WellKnownCommunities::Rfc,
                reserved_path_asns: forbidden(
                    &AZURE_ASNS,
                    rules::ROUTE_MAP_TERMS,
                    "reserved by Azure",
                ),
                reserved_communities: COMMUNITIES
                    .map(|(high, low)| Community::new(high, low))
                    .to_vec(),
                max_routes_per_peer: Some(200),
                max_peers: Some(8),
                max_total_prefixes: Some(10_000),
                max_vnets: Some(500),
                max_vms: Some(4_000),
                max_vms_scaled: Some(50_000),
                max_routes_to_circuit: Some(200),
                max_ipv6_routes_to_circuit: Some(100),
                max_routes_from_circuit: Some(4_000),
                max_routes_from_premium_circuit: Some(10_000),
                max_ipv6_routes_from_circuit: Some(100),
                max_routes_from_site: Some(4_000),
                max_ecmp: Some(8),
                prefix_count_mode: PrefixCountMode::PerBatch,
                overlap_filter: true,
                show_overlap_in_learned: true,
                ipv6: false,
                reflect_between_nvas: ReflectBetweenNvas::BranchToBranch,
                unreachable_next_hop: UnreachableNextHop::None,
                one_instance_nics: OneInstanceNics::Both,
                sticky_failback: false,
                upgraded: false,
                transparent: false,
                min_route_server_subnet: Some(27),
                er_vnet_to_vnet: true,
                expressroute_next_hops: ExpressRouteNextHops::Connection,
                dropped_ranges: dropped(&DROPPED_BEFORE_2026),
            },
            keepalive: 60,
            connect_retry: 30,
            enforce_first_as: true,
        }
    }

    /// Azure in general availability.
    pub(super) fn azure_2023() -> Self {
        let older = Self::azure_2021();
        Self {
            base: "azure-2023",
            parameters: Parameters {
                max_routes_per_peer: Some(1000),
                max_routes_to_circuit: Some(1000),
                ..older.parameters
            },
            ..older
        }
    }

    /// Azure after the limits were raised.
    pub(super) fn azure_2025() -> Self {
        let older = Self::azure_2023();
        Self {
            base: "azure-2025",
            parameters: Parameters {
                max_routes_per_peer: Some(4000),
                show_overlap_in_learned: false,
                four_octet_peer_asn: false,
                min_route_server_subnet: Some(26),
                er_vnet_to_vnet: false,
                ..older.parameters
            },
            ..older
        }
    }

    /// Azure with route maps.
    pub(super) fn azure_2026() -> Self {
        let older = Self::azure_2025();
        Self {
            base: "azure-2026",
            parameters: Parameters {
                dropped_ranges: dropped(&DROPPED_2026),
                ..older.parameters
            },
            ..older
        }
    }

    /// A plain route server (RFC 7947), without Azure's limits and filters.
    pub(super) fn open() -> Self {
        let azure = Self::azure_2026();
        Self {
            base: "open",
            parameters: Parameters {
                forbidden_peer_asns: Vec::new(),
                four_octet_peer_asn: true,
                reserved_path_asns: Vec::new(),
                reserved_communities: Vec::new(),
                max_routes_per_peer: None,
                max_peers: None,
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
                max_ecmp: None,
                overlap_filter: false,
                ipv6: true,
                reflect_between_nvas: ReflectBetweenNvas::Always,
                unreachable_next_hop: UnreachableNextHop::Show,
                transparent: true,
                well_known_communities: WellKnownCommunities::Ignore,
                min_route_server_subnet: None,
                er_vnet_to_vnet: true,
                ..azure.parameters
            },
            ..azure
        }
    }
}
