//! Every field of a profile: what it is, its rules, its sources, and all of them in print.

use std::fmt;

use super::Profile;
use super::setting::{ProfileError, Setting, Shown, Values, nearest};

/// A field of a profile, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub about: &'static str,
    /// What [`Profile::set`] can set it to; none if it is no switch.
    pub switch: Option<Values>,
    /// Its value.
    pub value: String,
    /// The rules of the catalogue that state it.
    pub rules: &'static str,
    /// Where those rules come from: keys of [`SOURCES`](crate::rules::SOURCES) and short remarks.
    pub sources: &'static str,
}

/// A field that two profiles do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The field, with its value in the first profile.
    pub before: Field,
    /// Its value in the second profile.
    pub after: String,
}

/// Writes what goes by the names of fields from one list: where each stands in a [`Profile`], what
/// it is, the rules that state it, and where those come from.
macro_rules! fields {
    (
        switches { $($switch:ident = $($s_place:ident).+: $s_about:literal, $s_rules:literal, $s_from:literal;)+ }
        numbers { $($number:ident = $($n_place:ident).+: $n_about:literal, $n_rules:literal, $n_from:literal;)+ }
    ) => {
        impl Profile {
            /// The names of all switches: what [`Profile::set`] can set.
            pub const SWITCHES: &[&str] = &[$(stringify!($switch)),+];

            /// Sets a switch by its name to a value as a user writes it: `true`, `4000`, `none`,
            /// `per_batch`.
            ///
            /// # Errors
            /// [`ProfileError::UnknownSwitch`] with the nearest name there is, or
            /// [`ProfileError::Value`] with what the switch can be.
            pub fn set(&mut self, switch: &str, value: &str) -> Result<(), ProfileError> {
                match switch {
                    $(stringify!($switch) => {
                        self.$($s_place).+ = read(stringify!($switch), value)?;
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
                    $(Field {
                        name: stringify!($switch),
                        about: $s_about,
                        switch: Some(values_of(&self.$($s_place).+)),
                        value: self.$($s_place).+.text(),
                        rules: $s_rules,
                        sources: $s_from,
                    },)+
                    $(Field {
                        name: stringify!($number),
                        about: $n_about,
                        switch: None,
                        value: self.$($n_place).+.text(),
                        rules: $n_rules,
                        sources: $n_from,
                    },)+
                ]
            }
        }
    };
}

fn read<T: Setting>(switch: &'static str, value: &str) -> Result<T, ProfileError> {
    T::read(value).ok_or_else(|| ProfileError::Value {
        switch,
        value: value.to_owned(),
        allowed: T::VALUES,
    })
}

const fn values_of<T: Setting>(_: &T) -> Values {
    T::VALUES
}

fields! {
    switches {
        max_routes_per_peer = parameters.max_routes_per_peer: "Routes accepted from one peer.",
            "R-002, R-003, R-004", "LIM, FAQ21, FAQ25, SP25";
        max_peers = parameters.max_peers: "Peers of a Route Server.",
            "R-001", "LIM, FAQ25, MY";
        max_total_prefixes = parameters.max_total_prefixes: "Prefixes that a Route Server holds, of all peers and virtual networks.",
            "R-008", "LIM, CAP";
        show_overlap_in_learned = parameters.show_overlap_in_learned: "Whether routes refused for overlap stand in the learned routes all the same.",
            "R-051", "SPOKE, MM, JM26a";
        four_octet_peer_asn = parameters.four_octet_peer_asn: "Whether an NVA may have an ASN of more than 16 bits.",
            "R-024", "FAQ25; 65555 worked in 2021-22: MM";
        reflect_between_nvas = parameters.reflect_between_nvas: "Whether an NVA hears of the routes of another.",
            "R-087", "JM26b, SP26, AB21, ERVPN25";
        prefix_count_mode = parameters.prefix_count_mode: "Which routes of an update run count towards the limit.",
            "R-006", "inferred; SP25 fits";
        unreachable_next_hop = parameters.unreachable_next_hop: "What a NIC shows for a next hop that it cannot reach.",
            "R-056", "JMcli, JM26b, UDR";
        no_export = parameters.no_export: "What NO_EXPORT does.",
            "R-099", "inferred; RFC 1997";
        well_known_communities = parameters.well_known_communities: "What NO_ADVERTISE, NO_EXPORT and NO_EXPORT_SUBCONFED do to what a Route Server sends to NVAs.",
            "R-098, R-099", "FAQ25, SPOKE; open: RFC 7947";
        enforce_first_as = enforce_first_as: "Whether the ASN of a real router has to stand first in the AS paths that it sends.",
            "R-1025", "RFC 4271, RFC 7606";
        one_instance_nics = parameters.one_instance_nics: "Which NICs have routes that one instance alone learned.",
            "R-043", "TSG";
        sticky_failback = parameters.sticky_failback: "Whether traffic stays on VPN or NVA routes after ExpressRoute has recovered.",
            "R-073", "HRP25";
        upgraded = parameters.upgraded: "Whether the Route Server has had the upgrade that the first route map brings.",
            "R-026, R-147", "JM26a, JM26b, RM26";
        transparent = parameters.transparent: "AS path and next hop reach NVAs unchanged, no community is added, no VNet prefix sent.",
            "R-085", "JM26a, AB21, MD; open: RFC 7947";
        max_routes_to_circuit = parameters.max_routes_to_circuit: "Routes sent to an ExpressRoute circuit.",
            "R-011, R-012", "LIM, ERLIM, ERFAQ, AS";
        min_route_server_subnet = parameters.min_route_server_subnet: "The longest prefix of RouteServerSubnet without a finding.",
            "R-134", "QS21, QS25, TF, JM26a";
        er_vnet_to_vnet = parameters.er_vnet_to_vnet: "Whether gateways that do not say take from a circuit what other gateways send there.",
            "R-162", "ERGWP, CLIVV";
        expressroute_next_hops = parameters.expressroute_next_hops: "Which next hops an ExpressRoute route of a NIC has where there is a Route Server.",
            "R-173", "KA08, FF";
        dropped_ranges = parameters.dropped_ranges: "Ranges that the platform drops unless a network or a route covers them.",
            "R-105, R-174", "JM26c, UDR";
    }
    numbers {
        asn = parameters.asn: "ASN of Route Servers, and of gateways that do not say.",
            "R-023, R-111", "TUT, OVW, FAQ25";
        edge_asn = parameters.edge_asn: "ASN of circuit edge routers that do not say.",
            "R-114", "FAQ25, ERFAQ";
        forbidden_peer_asns = parameters.forbidden_peer_asns: "ASNs that an NVA must not have.",
            "R-024", "FAQ25, QS21";
        reserved_path_asns = parameters.reserved_path_asns: "ASNs that a route map must not put into a path.",
            "R-145", "RM26";
        branch_community = parameters.branch_community: "Put on routes of NVAs and branches.",
            "R-083, R-086, R-097", "JM26a, AB21, ERVPN25, SP24";
        vnet_community = parameters.vnet_community: "Put on prefixes of peered networks.",
            "R-081", "JM26a, JM26b, CT";
        reserved_communities = parameters.reserved_communities: "Communities that a route map must not remove.",
            "R-100, R-145", "RM26, ERRT, REST";
        overlap_filter = parameters.overlap_filter: "Whether routes equal to or inside a local network are refused.",
            "R-051, R-052", "SPOKE, JM26a";
        ipv6 = parameters.ipv6: "Whether IPv6 routes are exchanged.",
            "R-059", "FAQ25";
        keepalive = keepalive: "Keepalive interval that is offered, in seconds.",
            "R-031", "FAQ25, JM26a";
        hold_time = parameters.hold_time: "Hold time that is offered, in seconds; a peer's lower one is taken.",
            "R-031, R-032", "FAQ25, JM26a, AB21";
        connect_retry = connect_retry: "How often a connection is tried where the Route Server connects, in seconds.",
            "R-038", "inferred; AB21, JM26b";
        max_ecmp = parameters.max_ecmp: "Equal next hops of one route.",
            "R-015, R-066", "JO, LIM";
        max_vnets = parameters.max_vnets: "Virtual networks of a Route Server: its own and those peered with it.",
            "R-009", "LIM";
        max_vms = parameters.max_vms: "VMs in those networks, without more routing infrastructure units.",
            "R-010", "CAP, LIM";
        max_vms_scaled = parameters.max_vms_scaled: "VMs with as many routing infrastructure units as there can be.",
            "R-010", "CAP, LIM";
        max_ipv6_routes_to_circuit = parameters.max_ipv6_routes_to_circuit: "IPv6 routes sent to an ExpressRoute circuit.",
            "R-011", "ERLIM";
        max_routes_from_circuit = parameters.max_routes_from_circuit: "Routes from on-premises over a circuit of the standard kind.",
            "R-013", "ERLIM, ERRT";
        max_routes_from_premium_circuit = parameters.max_routes_from_premium_circuit: "Routes from on-premises over a premium circuit.",
            "R-013", "ERLIM, ERRT";
        max_ipv6_routes_from_circuit = parameters.max_ipv6_routes_from_circuit: "IPv6 routes from on-premises over a circuit.",
            "R-013", "ERLIM";
        max_routes_from_site = parameters.max_routes_from_site: "Routes from a site to a VPN gateway.",
            "R-014", "VPNFAQ";
    }
}

impl Profile {
    /// The fields that another profile has otherwise, in the order of [`Profile::fields`].
    pub fn diff(&self, other: &Self) -> Vec<Difference> {
        let pairs = self.fields().into_iter().zip(other.fields());
        let values = pairs.map(|(before, after)| (before, after.value));
        let differ = values.filter(|(before, after)| before.value != *after);
        differ
            .map(|(before, after)| Difference { before, after })
            .collect()
    }
}

/// The longest value that a column is made wide for; a longer one moves the rest of its line.
const WIDE: usize = 12;

impl fmt::Display for Profile {
    /// Writes the name and a table: field, value, rules, sources.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.fields();
        let width = |text: fn(&Field) -> &str| fields.iter().map(|field| text(field).len()).max();
        let name = width(|field| field.name).unwrap_or_default();
        let rules = width(|field| field.rules).unwrap_or_default();
        writeln!(f, "{}", self.base)?;
        for field in &fields {
            // A list would push every other row aside: it gets a line of its own.
            let is_long = field.value.len() > WIDE;
            let value = if is_long { "" } else { &field.value };
            write!(f, "  {:name$}  {value:WIDE$}  ", field.name)?;
            writeln!(f, "{:rules$}  {}", field.rules, field.sources)?;
            if is_long {
                writeln!(f, "  {:name$}  {}", "", field.value)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Difference {
    /// Writes `max_peers: 8 -> none (R-001; LIM, FAQ25, MY)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = &self.before;
        write!(f, "{}: {} -> {}", before.name, before.value, self.after)?;
        write!(f, " ({}; {})", before.rules, before.sources)
    }
}
