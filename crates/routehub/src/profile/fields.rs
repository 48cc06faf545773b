//! Every field of a profile: its value in each profile, its rules, its sources.

use std::time::Duration;

use routehub_exchange::{OneInstanceNics, PrefixCountMode, ReflectBetweenNvas, UnreachableNextHop};
use routehub_policy::ForbiddenAsns;
use routehub_types::{Asn, Community};

use super::error::nearest;
use super::numbers::{forbidden_peer_asns, reserved_communities, reserved_path_asns};
use super::setting::{Setting, Shown};
use super::switch::NoExport;
use super::{Field, PROFILES, ProfileError};

/// Writes [`Profile`] and the table of its fields from one list. Columns are those of
/// [`PROFILES`]; one value stands for all of Azure.
macro_rules! profile {
    (
        switches { $(#[doc = $s_doc:literal] $switch:ident: $s_type:ty = $s_values:expr, $s_rules:literal, $s_from:literal;)+ }
        numbers { $(#[doc = $n_doc:literal] $number:ident: $n_type:ty = $n_values:expr, $n_rules:literal, $n_from:literal;)+ }
    ) => {
        /// The numbers and switches of a route server. A limit that is none does not apply.
        #[derive(Clone, Debug, PartialEq)]
        pub struct Profile {
            /// The profile that this one is, or was before a switch was set.
            pub base: &'static str,
            $(#[doc = $s_doc] pub $switch: $s_type,)+
            $(#[doc = $n_doc] pub $number: $n_type,)+
        }

        impl Profile {
            /// The names of all switches: what [`Profile::set`] can set.
            pub const SWITCHES: &[&str] = &[$(stringify!($switch)),+];

            /// The profile of a column of [`PROFILES`].
            pub(crate) fn column(column: usize) -> Self {
                Self {
                    base: PROFILES[column],
                    $($switch: pick($s_values, column),)+
                    $($number: pick($n_values, column),)+
                }
            }

            /// Sets a switch by its name to a value as a user writes it: `true`, `4000`, `none`,
            /// `per_batch`.
            ///
            /// # Errors
            /// [`ProfileError::UnknownSwitch`] with the nearest name there is, or
            /// [`ProfileError::Value`] with what the switch can be.
            pub fn set(&mut self, switch: &str, value: &str) -> Result<(), ProfileError> {
                match switch {
                    $(stringify!($switch) => {
                        self.$switch = read(stringify!($switch), value)?;
                    })+
                    unknown => {
                        return Err(ProfileError::UnknownSwitch {
                            name: unknown.to_owned(),
                            nearest: nearest(unknown, Self::SWITCHES.iter().copied()),
                        });
                    }
                }
                Ok(())
            }

            /// All fields as text, switches first, with their rules and sources.
            pub fn fields(&self) -> Vec<Field> {
                vec![
                    $(field(stringify!($switch), $s_doc, true, &self.$switch, [$s_rules, $s_from]),)+
                    $(field(stringify!($number), $n_doc, false, &self.$number, [$n_rules, $n_from]),)+
                ]
            }
        }
    };
}

fn field(
    name: &'static str,
    about: &'static str,
    is_switch: bool,
    value: &impl Shown,
    [rules, sources]: [&'static str; 2],
) -> Field {
    Field {
        name,
        about: about.trim(),
        is_switch,
        value: value.text(),
        rules,
        sources,
    }
}

fn read<T: Setting>(switch: &'static str, value: &str) -> Result<T, ProfileError> {
    T::read(value).ok_or_else(|| ProfileError::Value {
        switch,
        value: value.to_owned(),
        allowed: T::ALLOWED,
    })
}

/// Values of a field in all profiles.
enum Values<T> {
    /// One for each of [`PROFILES`].
    Each([T; 5]),
    /// One for all years of Azure, one for the plain route server.
    AzureAndOpen(T, T),
    /// The same everywhere.
    All(T),
}

use Values::{All, AzureAndOpen, Each};

fn pick<T>(values: Values<T>, column: usize) -> T {
    match values {
        All(value) => value,
        AzureAndOpen(_, open) if PROFILES[column] == "open" => open,
        AzureAndOpen(azure, _) => azure,
        Each([a, b, c, d, e]) => match column {
            0 => a,
            1 => b,
            2 => c,
            3 => d,
            _ => e,
        },
    }
}

profile! {
    switches {
        /// Routes accepted from one peer.
        max_routes_per_peer: Option<u32> = Each([Some(200), Some(1000), Some(4000), Some(4000), None]),
            "R-002, R-003, R-004", "LIM, FAQ21, FAQ25, SP25";
        /// Peers of a Route Server.
        max_peers: Option<u32> = AzureAndOpen(Some(8), None), "R-001", "LIM, FAQ25, MY";
        /// Prefixes that a Route Server holds, of all peers and virtual networks.
        max_total_prefixes: Option<u32> = AzureAndOpen(Some(10_000), None), "R-008", "LIM, CAP";
        /// Whether routes refused for overlap stand in the learned routes all the same.
        show_overlap_in_learned: bool = Each([true, true, false, false, false]), "R-051", "SPOKE, MM, JM26a";
        /// Whether an NVA may have an ASN of more than 16 bits.
        four_octet_peer_asn: bool = Each([true, true, false, false, true]), "R-024", "FAQ25; 65555 worked in 2021-22: MM";
        /// Whether an NVA hears of the routes of another.
        reflect_between_nvas: ReflectBetweenNvas = AzureAndOpen(ReflectBetweenNvas::BranchToBranch, ReflectBetweenNvas::Always),
            "R-087", "JM26b, SP26, AB21, ERVPN25";
        /// Which routes of an update run count towards the limit.
        prefix_count_mode: PrefixCountMode = All(PrefixCountMode::PerBatch), "R-006", "inferred; SP25 fits";
        /// What a NIC shows for a next hop that it cannot reach.
        unreachable_next_hop: UnreachableNextHop = AzureAndOpen(UnreachableNextHop::None, UnreachableNextHop::Show),
            "R-056", "JMcli, JM26b, UDR";
        /// What NO_EXPORT does.
        no_export: NoExport = All(NoExport::Rfc), "R-099", "inferred; RFC 1997";
        /// Which NICs have routes that one instance alone learned.
        one_instance_nics: OneInstanceNics = All(OneInstanceNics::Both), "R-043", "TSG";
        /// Whether traffic stays on VPN or NVA routes after ExpressRoute has recovered.
        sticky_failback: bool = All(false), "R-073", "HRP25";
        /// Whether the Route Server has had the upgrade that the first route map brings.
        upgraded: bool = All(false), "R-026, R-147", "JM26a, JM26b, RM26";
        /// How long the fabric takes to program a change.
        programming_delay: Duration = All(Duration::ZERO), "R-045", "none in a model; seen: JMcli, AB21, CE, JM26b";
        /// AS path and next hop reach NVAs unchanged, no community is added, no VNet prefix sent.
        transparent: bool = AzureAndOpen(false, true), "R-085", "JM26a, AB21, MD; open: RFC 7947";
        /// Routes sent to an ExpressRoute circuit.
        max_routes_to_circuit: Option<u32> = Each([Some(200), Some(1000), Some(1000), Some(1000), None]),
            "R-011, R-012", "LIM, ERLIM, ERFAQ, AS";
        /// The longest prefix of RouteServerSubnet without a finding.
        min_route_server_subnet: Option<u8> = Each([Some(27), Some(27), Some(26), Some(26), None]),
            "R-134", "QS21, QS25, TF, JM26a";
    }
    numbers {
        /// ASN of Route Servers, and of gateways that do not say.
        asn: Asn = All(Asn(65515)), "R-023, R-111", "TUT, OVW, FAQ25";
        /// ASN of circuit edge routers that do not say.
        edge_asn: Asn = All(Asn(12076)), "R-114", "FAQ25, ERFAQ";
        /// ASNs that an NVA must not have.
        forbidden_peer_asns: Vec<ForbiddenAsns> = AzureAndOpen(forbidden_peer_asns(), Vec::new()), "R-024", "FAQ25, QS21";
        /// ASNs that a route map must not put into a path.
        reserved_path_asns: Vec<ForbiddenAsns> = AzureAndOpen(reserved_path_asns(), Vec::new()), "R-145", "RM26";
        /// Put on routes of NVAs and branches.
        branch_community: Community = All(Community::new(65517, 65517)), "R-083, R-086, R-097", "JM26a, AB21, ERVPN25, SP24";
        /// Put on prefixes of peered networks.
        vnet_community: Community = All(Community::new(65518, 65518)), "R-081", "JM26a, JM26b, CT";
        /// Communities that a route map must not remove.
        reserved_communities: Vec<Community> = AzureAndOpen(reserved_communities(), Vec::new()), "R-100, R-145", "RM26, ERRT, REST";
        /// Whether routes equal to or inside a local network are refused.
        overlap_filter: bool = AzureAndOpen(true, false), "R-051, R-052", "SPOKE, JM26a";
        /// Whether IPv6 routes are exchanged.
        ipv6: bool = AzureAndOpen(false, true), "R-059", "FAQ25";
        /// Keepalive interval that is offered, in seconds.
        keepalive: u16 = All(60), "R-031", "FAQ25, JM26a";
        /// Hold time that is offered, in seconds; a peer's lower one is taken.
        hold_time: u16 = All(180), "R-031, R-032", "FAQ25, JM26a, AB21";
        /// How often a connection is tried where the Route Server connects, in seconds.
        connect_retry: u16 = All(30), "R-038", "inferred; AB21, JM26b";
        /// Equal next hops of one route.
        max_ecmp: Option<u32> = AzureAndOpen(Some(8), None), "R-015, R-066", "JO, LIM";
        /// Route Servers of one virtual network.
        max_route_servers_per_vnet: Option<u32> = All(Some(1)), "R-016", "FAQ25";
        /// Virtual networks of a Route Server: its own and those peered with it.
        max_vnets: Option<u32> = AzureAndOpen(Some(500), None), "R-009", "LIM";
        /// VMs in those networks, without more routing infrastructure units.
        max_vms: Option<u32> = AzureAndOpen(Some(4_000), None), "R-010", "CAP, LIM";
        /// VMs with as many routing infrastructure units as there can be.
        max_vms_scaled: Option<u32> = AzureAndOpen(Some(50_000), None), "R-010", "CAP, LIM";
        /// IPv6 routes sent to an ExpressRoute circuit.
        max_ipv6_routes_to_circuit: Option<u32> = AzureAndOpen(Some(100), None), "R-011", "ERLIM";
        /// Routes from on-premises over a circuit of the standard kind.
        max_routes_from_circuit: Option<u32> = AzureAndOpen(Some(4_000), None), "R-013", "ERLIM, ERRT";
        /// Routes from on-premises over a premium circuit.
        max_routes_from_premium_circuit: Option<u32> = AzureAndOpen(Some(10_000), None), "R-013", "ERLIM, ERRT";
        /// IPv6 routes from on-premises over a circuit.
        max_ipv6_routes_from_circuit: Option<u32> = AzureAndOpen(Some(100), None), "R-013", "ERLIM";
        /// Routes from a site to a VPN gateway.
        max_routes_from_site: Option<u32> = AzureAndOpen(Some(4_000), None), "R-014", "VPNFAQ";
    }
}
