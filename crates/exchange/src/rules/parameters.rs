//! The numbers and switches that the exchange works by; a profile supplies them.

use routehub_policy::{AsnRules, ForbiddenAsns, RouteMapTerms, SpecialUse, WellKnown};
use routehub_types::{Asn, Community, Prefix};

use crate::estate::{Gateway, RouteServer};
use crate::graph::PeerClass;
use crate::rules;

/// What NO_EXPORT does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoExport {
    /// It stops routes at eBGP sessions (RFC 1997).
    Rfc,
    /// Nothing.
    Ignore,
}

/// What NO_ADVERTISE, NO_EXPORT and NO_EXPORT_SUBCONFED do to what a Route Server sends to its
/// peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WellKnownCommunities {
    /// They stop routes (RFC 1997).
    Rfc,
    /// Nothing: they are meant for the peers (RFC 7947 section 2.2.4).
    Ignore,
}

/// Whether a Route Server passes one NVA's routes to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReflectBetweenNvas {
    /// With branch-to-branch on.
    BranchToBranch,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What a NIC shows for a next hop that its network cannot reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreachableNextHop {
    /// A row with next hop type None.
    None,
    /// The row as if it were reachable.
    Show,
}

/// How many routes of an update run count towards the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrefixCountMode {
    /// Each UPDATE message by itself.
    PerMessage,
    /// All messages of the run together.
    PerBatch,
    /// Distinct prefixes held, however often they are sent.
    StrictRib,
}

/// Which NICs have the routes of an NVA that peers with one instance only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OneInstanceNics {
    /// All: both instances serve every NIC.
    Both,
    /// About half: each NIC is served by the instance that a hash of its name picks.
    Hash,
}

/// What a NIC with a Route Server shows of an ExpressRoute route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpressRouteNextHops {
    /// One next hop.
    One,
    /// Those of the connection that the route is of, by both links of the circuit.
    Connection,
}

/// The numbers and switches of an estate. This crate knows what they mean, a profile what they
/// are. A limit that is none does not apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    /// ASN of Route Servers and gateways that do not say.
    pub asn: Asn,
    /// ASN of circuit edge routers that do not say.
    pub edge_asn: Asn,
    /// Put on routes of NVAs and branches.
    pub branch_community: Community,
    /// Put on prefixes of peered networks.
    pub vnet_community: Community,
    /// Hold time that a Route Server proposes, in seconds.
    pub hold_time: u16,
    /// ASNs that an NVA must not have.
    pub forbidden_peer_asns: Vec<ForbiddenAsns>,
    /// Whether an NVA may have an ASN of more than 16 bits.
    pub four_octet_peer_asn: bool,
    /// What NO_EXPORT, and NO_EXPORT_SUBCONFED with it, does.
    pub no_export: NoExport,
    /// Whether well-known communities keep routes from the peers of a Route Server.
    pub well_known_communities: WellKnownCommunities,
    /// ASNs that a route map must not put into a path.
    pub reserved_path_asns: Vec<ForbiddenAsns>,
    /// Communities that a route map must not remove.
    pub reserved_communities: Vec<Community>,
    /// Routes accepted from one peer.
    pub max_routes_per_peer: Option<u32>,
    /// Peers of a Route Server.
    pub max_peers: Option<u32>,
    /// Prefixes that a Route Server holds.
    pub max_total_prefixes: Option<u32>,
    /// Virtual networks of a Route Server: its own and those peered with it.
    pub max_vnets: Option<u32>,
    /// VMs in those networks, without more routing infrastructure units.
    pub max_vms: Option<u32>,
    /// VMs with as many routing infrastructure units as there can be.
    pub max_vms_scaled: Option<u32>,
    /// Routes sent to a circuit.
    pub max_routes_to_circuit: Option<u32>,
    /// IPv6 routes sent to a circuit.
    pub max_ipv6_routes_to_circuit: Option<u32>,
    /// Routes from on-premises over a circuit of the standard kind.
    pub max_routes_from_circuit: Option<u32>,
    /// Routes from on-premises over a premium circuit.
    pub max_routes_from_premium_circuit: Option<u32>,
    /// IPv6 routes from on-premises over a circuit.
    pub max_ipv6_routes_from_circuit: Option<u32>,
    /// Routes from a site to a VPN gateway.
    pub max_routes_from_site: Option<u32>,
    /// Next hops of one route.
    pub max_ecmp: Option<u32>,
    /// What counts towards `max_routes_per_peer`.
    pub prefix_count_mode: PrefixCountMode,
    /// Whether routes inside local networks are refused.
    pub overlap_filter: bool,
    /// Whether routes so refused stand in the learned table all the same.
    pub show_overlap_in_learned: bool,
    /// Whether IPv6 routes are exchanged.
    pub ipv6: bool,
    /// Whether NVAs hear of each other's routes.
    pub reflect_between_nvas: ReflectBetweenNvas,
    /// What unreachable next hops look like.
    pub unreachable_next_hop: UnreachableNextHop,
    /// Which NICs see routes that one instance alone has.
    pub one_instance_nics: OneInstanceNics,
    /// Whether traffic stays on VPN or NVA routes after a circuit has come back.
    pub sticky_failback: bool,
    /// Whether Route Servers have had the upgrade after which a peer of another network has to use
    /// their network's gateways.
    pub upgraded: bool,
    /// Pass AS path and next hop on unchanged, add no community, announce no networks (RFC 7947).
    pub transparent: bool,
    /// Longest prefix of RouteServerSubnet without a finding.
    pub min_route_server_subnet: Option<u8>,
    /// Whether gateways that do not say take from a circuit what other gateways send there.
    pub er_vnet_to_vnet: bool,
    /// What NICs show of ExpressRoute routes where there is a Route Server.
    pub expressroute_next_hops: ExpressRouteNextHops,
    /// Ranges that the platform drops unless a network or a route covers them.
    pub dropped_ranges: Vec<Prefix>,
}

impl Parameters {
    /// Whether a connection of a VPN gateway carries no BGP: both ends have one ASN, or a site has
    /// Azure's.
    pub(crate) fn carries_no_bgp(&self, gateway: Option<Asn>, other: Asn, is_site: bool) -> bool {
        let keeps_asns = !self.forbidden_peer_asns.is_empty();
        keeps_asns && is_site && other == self.asn || gateway == Some(other)
    }

    /// The ASN of a Route Server.
    pub fn route_server_asn(&self, server: &RouteServer) -> Asn {
        server.asn.unwrap_or(self.asn)
    }

    /// Whether a gateway takes from a circuit what gateways of other networks send there.
    pub fn allows_remote_vnet(&self, gateway: &Gateway) -> bool {
        let own = gateway.allow_remote_vnet_traffic;
        own.unwrap_or(self.er_vnet_to_vnet)
    }

    /// Whether a gateway takes from a circuit what gateways of networks on a Virtual WAN send
    /// there.
    pub fn allows_virtual_wan(&self, gateway: &Gateway) -> bool {
        let own = gateway.allow_virtual_wan_traffic;
        own.unwrap_or(self.er_vnet_to_vnet)
    }

    /// How many next hops a route may have.
    pub fn max_next_hops(&self) -> usize {
        self.max_ecmp
            .map_or(usize::from(u8::MAX), |max| max as usize)
    }

    /// Which ASNs an NVA may have.
    pub fn peer_asns(&self) -> AsnRules {
        AsnRules {
            forbidden: self.forbidden_peer_asns.clone(),
            special: Vec::new(),
            two_octet_only: (!self.four_octet_peer_asn).then_some(rules::PEER_ASN),
        }
    }

    /// Which well-known communities are honoured.
    pub fn well_known(&self) -> WellKnown {
        let exports = self.no_export == NoExport::Ignore;
        WellKnown {
            no_advertise: Some(rules::NO_ADVERTISE),
            no_export: (!exports).then_some(rules::NO_EXPORT),
            no_export_subconfed: (!exports).then_some(rules::NO_EXPORT_SUBCONFED),
            ..WellKnown::default()
        }
    }

    /// What route maps may do: they leave routes of networks alone, and
    /// default routes that come neither from NVAs nor from on-premises.
    pub fn route_map_terms(&self) -> RouteMapTerms {
        let refusal = rules::ROUTE_MAP_TERMS;
        let terms = RouteMapTerms {
            rule: rules::ROUTE_MAP,
            refusal,
            reserved_rule: rules::RESERVED_COMMUNITIES,
            ..RouteMapTerms::default()
        };
        if self.reserved_path_asns.is_empty() {
            return terms;
        }
        let replace_asns = AsnRules {
            forbidden: self.reserved_path_asns.clone(),
            special: vec![
                (SpecialUse::Reserved, refusal),
                (SpecialUse::Trans, refusal),
            ],
            two_octet_only: Some(refusal),
        };
        let mut prepend_asns = replace_asns.clone();
        prepend_asns.special.push((SpecialUse::Private, refusal));
        let branches = [
            PeerClass::Nva,
            PeerClass::VpnGateway,
            PeerClass::ExpressRouteGateway,
        ];
        RouteMapTerms {
            prepend_asns,
            replace_asns,
            reserved_communities: self.reserved_communities.clone(),
            untouched: [PeerClass::OwnNetwork, PeerClass::Spoke]
                .map(PeerClass::source_class)
                .into(),
            default_route_from: Some(branches.map(PeerClass::source_class).into()),
            ..terms
        }
    }
}
