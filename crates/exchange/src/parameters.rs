//! The numbers and switches that the exchange works by; a profile supplies them.

use routehub_policy::{AsnRules, RouteMapTerms, WellKnown};
use routehub_types::{Asn, Community};

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
    /// ASNs that an NVA may have.
    pub peer_asns: AsnRules,
    /// Well-known communities that are honoured.
    pub well_known: WellKnown,
    /// What route maps may do.
    pub route_maps: RouteMapTerms,
    /// Routes accepted from one peer.
    pub max_routes_per_peer: Option<u32>,
    /// Peers of a Route Server.
    pub max_peers: Option<u32>,
    /// Prefixes that a Route Server holds.
    pub max_total_prefixes: Option<u32>,
    /// Routes sent to a circuit.
    pub max_routes_to_circuit: Option<u32>,
    /// Next hops of one route.
    pub max_ecmp: usize,
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
}
