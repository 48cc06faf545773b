//! A profile in the form that the exchange takes it.

use routehub_exchange::{Class, Parameters};
use routehub_policy::SourceClass;

use super::Profile;

impl From<&Profile> for Parameters {
    fn from(profile: &Profile) -> Self {
        let class = |class: Class| SourceClass(class as u8);
        let networks = [Class::OwnNetwork, Class::Spoke].map(class);
        let branches = [Class::Nva, Class::VpnGateway, Class::ExpressRouteGateway].map(class);
        Self {
            asn: profile.asn,
            edge_asn: profile.edge_asn,
            branch_community: profile.branch_community,
            vnet_community: profile.vnet_community,
            hold_time: profile.hold_time,
            peer_asns: profile.peer_asns(),
            well_known: profile.well_known(),
            route_maps: profile.route_map_terms(networks.into(), branches.into()),
            max_routes_per_peer: profile.max_routes_per_peer,
            max_peers: profile.max_peers,
            max_total_prefixes: profile.max_total_prefixes,
            max_routes_to_circuit: profile.max_routes_to_circuit,
            max_ecmp: profile
                .max_ecmp
                .map_or(usize::from(u8::MAX), |max| max as usize),
            prefix_count_mode: profile.prefix_count_mode,
            overlap_filter: profile.overlap_filter,
            show_overlap_in_learned: profile.show_overlap_in_learned,
            ipv6: profile.ipv6,
            reflect_between_nvas: profile.reflect_between_nvas,
            unreachable_next_hop: profile.unreachable_next_hop,
            one_instance_nics: profile.one_instance_nics,
            sticky_failback: profile.sticky_failback,
            upgraded: profile.upgraded,
            transparent: profile.transparent,
            min_route_server_subnet: profile.min_route_server_subnet,
        }
    }
}
