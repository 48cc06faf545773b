//! A profile in the form that the exchange takes it.

use routehub_exchange::{Class, Parameters};
use routehub_policy::SourceClass;

use crate::Profile;

impl Profile {
    /// The numbers and switches that an exchange works by.
    pub fn parameters(&self) -> Parameters {
        let class = |class: Class| SourceClass(class as u8);
        let networks = [Class::OwnNetwork, Class::Spoke].map(class);
        let branches = [Class::Nva, Class::VpnGateway, Class::ExpressRouteGateway].map(class);
        Parameters {
            asn: self.asn,
            edge_asn: self.edge_asn,
            branch_community: self.branch_community,
            vnet_community: self.vnet_community,
            hold_time: self.hold_time,
            peer_asns: self.peer_asns(),
            well_known: self.well_known(),
            route_maps: self.route_map_terms(networks.into(), branches.into()),
            max_routes_per_peer: self.max_routes_per_peer,
            max_peers: self.max_peers,
            max_total_prefixes: self.max_total_prefixes,
            max_routes_to_circuit: self.max_routes_to_circuit,
            max_ecmp: self
                .max_ecmp
                .map_or(usize::from(u8::MAX), |max| max as usize),
            prefix_count_mode: self.prefix_count_mode,
            overlap_filter: self.overlap_filter,
            show_overlap_in_learned: self.show_overlap_in_learned,
            ipv6: self.ipv6,
            reflect_between_nvas: self.reflect_between_nvas,
            unreachable_next_hop: self.unreachable_next_hop,
            one_instance_nics: self.one_instance_nics,
            transparent: self.transparent,
            min_route_server_subnet: self.min_route_server_subnet,
        }
    }
}
