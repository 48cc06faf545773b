//! A profile's numbers in the form that the exchange works by.

use routehub_exchange::Parameters;

use super::{NoExport, Profile};

impl From<&Profile> for Parameters {
    fn from(profile: &Profile) -> Self {
        let ranges = profile.forbidden_peer_asns.iter();
        let max_ecmp = profile.max_ecmp.map(usize::try_from);
        Self {
            asn: profile.asn,
            edge_asn: profile.edge_asn,
            branch_community: profile.branch_community,
            vnet_community: profile.vnet_community,
            hold_time: profile.hold_time,
            forbidden_peer_asns: ranges.map(|one| one.first.0..=one.last.0).collect(),
            four_octet_peer_asn: profile.four_octet_peer_asn,
            max_routes_per_peer: profile.max_routes_per_peer,
            max_peers: profile.max_peers,
            max_total_prefixes: profile.max_total_prefixes,
            max_routes_to_circuit: profile.max_routes_to_circuit,
            max_ecmp: max_ecmp.and_then(Result::ok).unwrap_or(usize::MAX),
            prefix_count_mode: profile.prefix_count_mode,
            overlap_filter: profile.overlap_filter,
            show_overlap_in_learned: profile.show_overlap_in_learned,
            ipv6: profile.ipv6,
            reflect_between_nvas: profile.reflect_between_nvas,
            unreachable_next_hop: profile.unreachable_next_hop,
            honor_no_export: profile.no_export == NoExport::Rfc,
            one_instance_nics: profile.one_instance_nics,
            transparent: profile.transparent,
            min_route_server_subnet: profile.min_route_server_subnet,
        }
    }
}
