//! Every finding is there where its cause is, and gone when what it asks for is done.

use std::collections::BTreeSet;

use routehub::types::RuleId;
use routehub::{FINDING_RULES, Finding};
use routehub_scenario::Scenario;

const SOUND: &str = include_str!("../data/sound-hub.yaml");

/// Texts of the network that are replaced by others, one after the other.
type Changes<'a> = &'a [(&'a str, &'a str)];

/// A finding: its rule and subject, what shows it, and what then takes it away.
struct Case<'a> {
    rule: u16,
    subject: &'a str,
    cause: Changes<'a>,
    remedy: Changes<'a>,
}

const ONE: &str = "originates: [{prefix: 192.168.1.0/24}]";
const TWO: &str = "originates: [{prefix: 192.168.2.0/24}]";
const TITLE: &str = "title: A hub";
const IN_HUB: &str = "vnet: hub, ip: 10.0.4.4, asn: 65001";
const IN_SPOKE: &str = "vnet: spoke, ip: 10.1.4.4, asn: 65001";
const SPOKE: &str = "- {hub: hub, spoke: spoke}";
const NICS: &str = "nics: [{name: vm, vnet: spoke}]";
const TABLES: &str = "route_tables: [{name: quiet, disable_bgp_route_propagation: true}]";
const QUIET: &str = "10.0.4.0/24, route_table: quiet";
const MANY: &str = "originates: [{prefixes_from: {base: 100.0.0.0/24, count: 4001}}]";
const HALF: &str = "originates: [{prefixes_from: {base: 100.0.0.0/24, count: 2001}}]";
const FEW: &str = "originates: [{prefixes_from: {base: 100.0.0.0/24, count: 2}}]";
const OPEN: &str = "title: A hub\nprofile: open";
const DROP: &str = "title: A hub\nroute_maps: [{name: map, rules: [{actions: [{type: drop}]}]}]";
const WITH_USER: &str = "nics: [{name: vm, vnet: spoke, route_table: user}]";
const USER: &str = "route_tables: [{name: quiet, disable_bgp_route_propagation: true}, \
    {name: user, routes: [{prefix: 10.9.0.0/16, next_hop: 10.2.0.9}]}]";
const LONE: &str = "  - {name: lone, address_space: [10.8.0.0/16]}\n  - {name: far, address_space: [10.9.0.0/16]}\npeerings:";

#[rustfmt::skip]
const CASES: &[Case<'_>] = &[
    Case { rule: 1, subject: "two",
        cause: &[(TITLE, "title: A hub\nprofile: {base: azure-2026, max_peers: 1}")],
        remedy: &[("asn: 65002, sessions: [rs]", "asn: 65002, sessions: []")] },
    Case { rule: 2, subject: "one", cause: &[(ONE, MANY)], remedy: &[(MANY, FEW)] },
    Case { rule: 4, subject: "one", cause: &[(ONE, HALF)], remedy: &[(HALF, FEW)] },
    Case { rule: 8, subject: "rs",
        cause: &[(TITLE, "title: A hub\nprofile: {base: azure-2026, max_total_prefixes: 8}")],
        remedy: &[(ONE, "originates: [{prefix: 192.168.0.0/16}]"), (TWO, "originates: []")] },
    Case { rule: 11, subject: "ergw",
        cause: &[(TITLE, "title: A hub\nprofile: {base: azure-2026, max_routes_to_circuit: 6}")],
        remedy: &[(ONE, "originates: []"), (TWO, "originates: []")] },
    Case { rule: 13, subject: "er",
        cause: &[("asn: 64600, prefixes: [10.200.0.0/16]",
            "asn: 64600, routes: [{prefixes_from: {base: 100.0.0.0/24, count: 4001}}]")],
        remedy: &[("count: 4001", "count: 4000")] },
    Case { rule: 14, subject: "branch",
        cause: &[("asn: 64601, bgp_ips: [172.31.0.1], prefixes: [10.201.0.0/16]",
            "asn: 64601, bgp_ips: [172.31.0.1], routes: [{prefixes_from: {base: 100.0.0.0/24, count: 4001}}]")],
        remedy: &[("count: 4001", "count: 4000")] },
    Case { rule: 20, subject: "one",
        cause: &[(ONE, "advertises: [{to: rs, instance: 0, prefix: 192.168.9.0/24}]")],
        remedy: &[("instance: 0, ", "")] },
    Case { rule: 20, subject: "rs",
        cause: &[("asn: 65002, sessions: [rs]", "asn: 65002, sessions: []")],
        remedy: &[("asn: 65002, sessions: []", "asn: 65002, sessions: [rs]")] },
    Case { rule: 24, subject: "one",
        cause: &[("asn: 65001", "asn: 65518")], remedy: &[("asn: 65518", "asn: 65003")] },
    Case { rule: 25, subject: "one",
        cause: &[(IN_HUB, IN_SPOKE), (SPOKE, "- {a: spoke, b: other}")],
        remedy: &[("- {a: spoke, b: other}", "- {a: spoke, b: hub}")] },
    Case { rule: 26, subject: "one",
        cause: &[(IN_HUB, IN_SPOKE), (SPOKE, "- {a: hub, b: spoke}"), (TITLE, DROP)],
        remedy: &[("- {a: hub, b: spoke}", SPOKE)] },
    Case { rule: 27, subject: "one",
        cause: &[("asn: 65002", "asn: 65001")],
        remedy: &[("ip: 10.0.4.5, asn: 65001", "ip: 10.0.4.5, asn: 65003")] },
    Case { rule: 27, subject: "branch",
        cause: &[("connections: [{site: branch}]", "connections: [{site: branch}, {site: more}]"),
            ("sites: [", "sites: [{name: more, asn: 64601, bgp_ips: [172.31.0.2]}, ")],
        remedy: &[("name: more, asn: 64601", "name: more, asn: 64602")] },
    Case { rule: 30, subject: "branch",
        cause: &[("name: branch,", "name: branch, live: true, ttl_security: true,")],
        remedy: &[("ttl_security: true", "ttl_security: false")] },
    Case { rule: 33, subject: "one",
        cause: &[("asn: 65001,", "asn: 65001, live: true, graceful_restart: true,")],
        remedy: &[("graceful_restart: true,", "")] },
    Case { rule: 33, subject: "one",
        cause: &[("asn: 65001,",
            "asn: 65001, live: true, graceful_restart: true, long_lived_graceful_restart: true,")],
        remedy: &[("graceful_restart: true, long_lived_graceful_restart: true,", "")] },
    Case { rule: 33, subject: "er",
        cause: &[("asn: 64600,", "asn: 64600, live: true, role: rs,")],
        remedy: &[("role: rs,", "")] },
    Case { rule: 33, subject: "one",
        cause: &[("asn: 65001,", "asn: 65001, live: true, add_paths: send,")],
        remedy: &[("add_paths: send,", "")] },
    Case { rule: 2, subject: "one",
        cause: &[("asn: 65001,", "asn: 65001, live: true, maximum_prefix: {limit: 10},")],
        remedy: &[("maximum_prefix: {limit: 10},", "")] },
    Case { rule: 36, subject: "one",
        cause: &[("asn: 65001,", "asn: 65001, live: true, password_file: secret,")],
        remedy: &[("password_file: secret,", "")] },
    Case { rule: 37, subject: "one",
        cause: &[("asn: 65001,", "asn: 65001, live: true, bfd: {interval_ms: 300},")],
        remedy: &[("bfd: {interval_ms: 300},", "hold_time: 9,")] },
    // Without a real router, or without a session, it does nothing under any profile.
    Case { rule: 37, subject: "one",
        cause: &[(TITLE, OPEN), ("asn: 65001,", "asn: 65001, bfd: {},")],
        remedy: &[("bfd: {}", "bfd: {}, live: true")] },
    Case { rule: 37, subject: "one",
        cause: &[(TITLE, OPEN), ("asn: 65001, sessions: [rs],", "asn: 65001, live: true, bfd: {}, sessions: [],")],
        remedy: &[("sessions: []", "sessions: [rs]")] },
    // A circuit's edge has BFD of its own: only without a real router it does nothing.
    Case { rule: 37, subject: "er",
        cause: &[("asn: 64600,", "asn: 64600, bfd: {},")],
        remedy: &[("bfd: {},", "bfd: {}, live: true,")] },
    // The static route is the NVA's own, which no network describes.
    Case { rule: 42, subject: "one", cause: &[(IN_HUB, IN_SPOKE)], remedy: &[(IN_SPOKE, IN_HUB)] },
    Case { rule: 43, subject: "one",
        cause: &[("asn: 65001, sessions: [rs]", "asn: 65001, sessions: [{route_server: rs, instances: [0]}]")],
        remedy: &[("instances: [0]", "instances: [0, 1]")] },
    Case { rule: 50, subject: "one",
        cause: &[(ONE, "originates: [{prefix: 192.168.1.0/24, as_path: [65515]}]")],
        remedy: &[("as_path: [65515]", "as_path: [65001]")] },
    Case { rule: 51, subject: "one",
        cause: &[(ONE, "originates: [{prefix: 10.1.0.0/24}]")],
        remedy: &[("10.1.0.0/24", "10.0.0.0/8")] },
    Case { rule: 56, subject: "spoke",
        cause: &[(ONE, "originates: [{prefix: 192.168.1.0/24, next_hop: 10.2.0.9}]")],
        remedy: &[(SPOKE, "- {hub: hub, spoke: spoke}\n  - {a: spoke, b: other}")] },
    Case { rule: 56, subject: "user",
        cause: &[(TABLES, USER), (NICS, WITH_USER)], remedy: &[("10.2.0.9", "10.0.4.4")] },
    Case { rule: 56, subject: "user",
        cause: &[(TABLES, USER), (NICS, WITH_USER), ("10.2.0.9", "10.0.4.44")],
        remedy: &[(WITH_USER, "nics: [{name: vm, vnet: spoke, route_table: user}, {name: fw, vnet: hub, ip: 10.0.4.44}]")] },
    Case { rule: 57, subject: "user",
        cause: &[(TABLES, USER), (NICS, WITH_USER), ("10.2.0.9", "10.0.7.4")],
        remedy: &[("next_hop: 10.0.7.4", "next_hop_type: VirtualNetworkGateway")] },
    Case { rule: 57, subject: "one",
        cause: &[(ONE, "originates: [{prefix: 192.168.1.0/24, next_hop: 10.0.7.4}]")],
        remedy: &[(", next_hop: 10.0.7.4}]", "}]")] },
    Case { rule: 59, subject: "spoke",
        cause: &[("[10.1.0.0/16]", "[10.1.0.0/16, 'fd00:1::/48']")],
        remedy: &[("[10.1.0.0/16, 'fd00:1::/48']", "[10.1.0.0/16]")] },
    Case { rule: 66, subject: "rs",
        cause: &[(TWO, ONE)],
        remedy: &[("asn: 65002, sessions: [rs], originates: [{prefix: 192.168.1.0/24}]",
            "asn: 65002, sessions: [rs], originates: [{prefix: 192.168.1.0/24, prepend: 1}]")] },
    Case { rule: 66, subject: "rs",
        cause: &[(TWO, ONE)],
        remedy: &[(ONE, "originates: [{prefix: 192.168.1.0/24, next_hop: 10.0.4.100}]")] },
    Case { rule: 73, subject: "rs",
        cause: &[("prefixes: [10.201.0.0/16]", "prefixes: [10.200.0.0/16]")],
        remedy: &[("asn: 64601, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16]",
            "asn: 64601, bgp_ips: [172.31.0.1], routes: [{prefix: 10.200.0.0/16, as_path: [64601, 64601, 64601]}]")] },
    Case { rule: 74, subject: "one",
        cause: &[(ONE, "readvertises: [{from: [rs], to: all, as_path: strip}]")],
        remedy: &[("as_path: strip}", "as_path: strip, prefixes: [192.168.2.0/24]}")] },
    Case { rule: 97, subject: "er",
        cause: &[("asn: 64600, prefixes: [10.200.0.0/16]",
            "asn: 64600, routes: [{prefix: 10.200.0.0/16, communities: ['65517:65517']}]")],
        remedy: &[(", communities: ['65517:65517']", "")] },
    Case { rule: 100, subject: "map",
        cause: &[(TITLE, "title: A hub\nroute_maps: [{name: map, rules: [{actions: [{type: remove, communities: ['65517:12001']}]}]}]")],
        remedy: &[("'65517:12001'", "'65001:1'")] },
    Case { rule: 109, subject: "quiet",
        cause: &[(NICS, "nics: [{name: vm, vnet: spoke, route_table: quiet}]")],
        remedy: &[("vnet: spoke, route_table: quiet", "vnet: spoke")] },
    Case { rule: 110, subject: "one",
        cause: &[(QUIET, "10.0.4.0/24")], remedy: &[("prefix: 10.0.4.0/24", "prefix: 10.0.4.0/24, route_table: quiet")] },
    Case { rule: 111, subject: "vpngw",
        cause: &[("vnet: hub, type: vpn,", "vnet: hub, asn: 65010, type: vpn,")],
        remedy: &[("asn: 65010", "asn: 65515")] },
    Case { rule: 111, subject: "branch",
        cause: &[("asn: 64601", "asn: 65515")], remedy: &[("name: branch, asn: 65515", "name: branch, asn: 64601")] },
    Case { rule: 114, subject: "one",
        cause: &[(ONE, "originates: [{prefix: 192.168.1.0/24, prepend: 2}]")],
        remedy: &[("asn: 65001", "asn: 3356")] },
    Case { rule: 120, subject: "spoke",
        cause: &[(SPOKE, "- {a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}}")],
        remedy: &[("- {a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}}", SPOKE)] },
    Case { rule: 121, subject: "far",
        cause: &[("peerings:", LONE), (SPOKE, "- {hub: hub, spoke: spoke}\n  - {hub: lone, spoke: far}")],
        remedy: &[("{hub: lone, spoke: far}", "{a: lone, b: far}")] },
    Case { rule: 128, subject: "hub/GatewaySubnet",
        cause: &[("prefix: 10.0.7.0/26}", "prefix: 10.0.7.0/26, route_table: quiet}")],
        remedy: &[("prefix: 10.0.7.0/26, route_table: quiet}", "prefix: 10.0.7.0/26}")] },
    Case { rule: 129, subject: "one",
        cause: &[(ONE, "originates: [{prefix: 0.0.0.0/0}]"), (QUIET, "10.0.4.0/24")],
        remedy: &[("prefix: 10.0.4.0/24", "prefix: 10.0.4.0/24, route_table: out"),
            (TABLES, "route_tables: [{name: quiet}, {name: out, routes: [{prefix: 0.0.0.0/0, next_hop_type: Internet}]}]")] },
    Case { rule: 134, subject: "hub/RouteServerSubnet",
        cause: &[("10.0.6.0/26", "10.0.6.0/27")], remedy: &[("10.0.6.0/27", "10.0.6.0/26")] },
    Case { rule: 135, subject: "hub/RouteServerSubnet",
        cause: &[("prefix: 10.0.6.0/26", "prefix: 10.0.6.0/26, network_security_group: nsg")],
        remedy: &[(", network_security_group: nsg", "")] },
    Case { rule: 136, subject: "rs",
        cause: &[("branch_to_branch: true", "branch_to_branch: true, public_ip: false")],
        remedy: &[("public_ip: false", "public_ip: true")] },
    Case { rule: 137, subject: "hub",
        cause: &[("- name: hub\n", "- name: hub\n    virtual_wan: true\n")],
        remedy: &[("virtual_wan: true", "virtual_wan: false")] },
    // A notice of what making or deleting the Route Server brings, where there are gateways.
    Case { rule: 138, subject: "rs",
        cause: &[],
        remedy: &[("vnet: hub, type: express_route", "vnet: other, type: express_route"),
            ("vnet: hub, type: vpn", "vnet: other, type: vpn"),
            ("[10.0.7.12, 10.0.7.13]", "[10.2.7.12, 10.2.7.13]"), ("[10.0.7.4, 10.0.7.5]", "[10.2.7.4, 10.2.7.5]"),
            ("- {hub: hub, spoke: other}", "- {a: hub, b: other}")] },
    Case { rule: 145, subject: "map",
        cause: &[(TITLE, "title: A hub\nroute_maps: [{name: map, rules: [{actions: [{type: add, as_path: [65010]}]}]}]")],
        remedy: &[("as_path: [65010]", "as_path: [3356]")] },
    Case { rule: 146, subject: "one",
        cause: &[(TITLE, DROP), (IN_HUB, IN_SPOKE),
            ("65001, sessions: [rs]", "65001, sessions: [{route_server: rs, inbound_route_map: map}]")],
        remedy: &[(IN_SPOKE, IN_HUB)] },
    Case { rule: 147, subject: "rs",
        cause: &[(TITLE, DROP), ("65001, sessions: [rs]", "65001, sessions: [{route_server: rs, inbound_route_map: map}]")],
        remedy: &[(TITLE, "title: A hub\nprofile: {base: azure-2026, upgraded: true}")] },
    Case { rule: 156, subject: "vpngw",
        cause: &[("vnet: hub, type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5]", "vnet: other, type: vpn, bgp_ips: [10.2.7.4, 10.2.7.5]")],
        remedy: &[("vnet: other, type: vpn, bgp_ips: [10.2.7.4, 10.2.7.5]", "vnet: hub, type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5]")] },
    Case { rule: 162, subject: "ergw",
        cause: &[("peerings:", LONE), ("gateways:", "gateways:\n  - {name: er2, vnet: far, type: express_route, \
            bgp_ips: [10.9.7.12, 10.9.7.13], connections: [{circuit: er, msee_ips: [10.9.7.6, 10.9.7.7]}]}")],
        remedy: &[("type: express_route", "type: express_route, allow_remote_vnet_traffic: true")] },
    Case { rule: 163, subject: "vpngw",
        cause: &[("type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5]", "type: vpn")],
        remedy: &[("type: vpn", "type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5]")] },
    Case { rule: 164, subject: "spoke",
        cause: &[(SPOKE, "- {a: spoke, b: other, a_to_b: {allow_virtual_network_access: false}}")],
        remedy: &[("allow_virtual_network_access: false", "allow_virtual_network_access: true")] },
    Case { rule: 165, subject: "spoke",
        cause: &[(SPOKE, "- {a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}, b_to_a: {use_remote_gateways: true}}")],
        remedy: &[("{use_remote_gateways: true}", "{use_remote_gateways: true, allow_forwarded_traffic: true}")] },
    Case { rule: 166, subject: "vpngw",
        cause: &[("type: vpn,", "type: vpn, default_site: branch,")],
        remedy: &[(TABLES, "route_tables: [{name: quiet, disable_bgp_route_propagation: true}, \
            {name: out, routes: [{prefix: 0.0.0.0/0, next_hop_type: VirtualNetworkGateway}]}]")] },
    Case { rule: 168, subject: "branch",
        cause: &[("prefixes: [10.201.0.0/16]", "prefixes: [10.201.0.0/16, 'fd00:2::/48']")],
        remedy: &[(", 'fd00:2::/48'", "")] },
    Case { rule: 169, subject: "spoke/data",
        cause: &[("[10.1.0.0/16]", "[10.1.0.0/16], subnets: [{name: data, prefix: 10.1.1.0/24}]"),
            (TABLES, USER), ("10.9.0.0/16, next_hop: 10.2.0.9", "10.1.0.0/16, next_hop: 10.0.4.4"),
            (NICS, WITH_USER), ("gateways:", "private_endpoints: [{name: store, vnet: spoke, subnet: data, ip: 10.1.1.4}]\ngateways:")],
        remedy: &[("prefix: 10.1.1.0/24", "prefix: 10.1.1.0/24, network_policies: routes")] },
    Case { rule: 170, subject: "hub",
        cause: &[("- name: hub\n", "- name: hub\n    summarized_gateway_prefixes: [10.1.0.0/16]\n")],
        remedy: &[("prefixes: [10.1.0.0/16]\n", "prefixes: [10.0.0.0/15]\n")] },
    Case { rule: 172, subject: "map",
        cause: &[(TITLE, "title: A hub\nroute_maps: [{name: map, rules: [{match: [{condition: equals, \
            prefixes: [10.1.0.0/16]}], actions: [{type: drop}]}]}]")],
        remedy: &[("prefixes: [10.1.0.0/16]}]", "prefixes: [192.168.1.0/24]}]")] },
    Case { rule: 179, subject: "one",
        cause: &[(IN_HUB, IN_SPOKE), (NICS, "events: [{id: cut, remove_peering: {a: hub, b: spoke}}]")],
        remedy: &[("remove_peering: {a: hub, b: spoke}}", "remove_peering: {a: hub, b: spoke}}, {id: again, add_peering: {hub: hub, spoke: spoke}}")] },
    Case { rule: 183, subject: "rs",
        cause: &[(TITLE, "title: A hub\nprofile: {base: azure-2026, sticky_failback: true}"),
            (ONE, "originates: [{prefix: 10.200.0.0/16, prepend: 1}]"),
            (NICS, "events: [{id: cut, connection_down: {gateway: ergw, to: er}}, {id: back, connection_up: {gateway: ergw, to: er}}]")],
        remedy: &[("prepend: 1", "prepend: 2")] },
    Case { rule: 1019, subject: "hub/nvas",
        cause: &[(QUIET, "10.0.4.0/24, route_table: user"), (TABLES, USER), ("next_hop: 10.2.0.9", "next_hop: 10.0.4.4")],
        remedy: &[("prefix: 10.0.4.0/24, route_table: user", "prefix: 10.0.4.0/24, route_table: quiet")] },
    Case { rule: 1002, subject: "one",
        cause: &[(ONE, "neighbors: [dc]"), ("sites: [", "sites: [{name: dc, asn: 64650, bgp_ips: [172.31.0.9], prefixes: [10.50.0.0/16]}, ")],
        remedy: &[("neighbors: [dc]", "neighbors: [dc], readvertises: [{from: [dc]}]")] },
];

/// The rules of limits that take thousands of networks or machines to show, and no words to mend:
/// fewer of them.
#[rustfmt::skip]
fn counted() -> [(u16, String, String); 3] {
    let repeated = |count: u32, line: &dyn Fn(u32) -> String| (0..count).map(line).collect::<String>();
    let machines = |count| repeated(count, &|n| format!(", {{name: vm{n}, vnet: spoke}}"));
    let vms = |count| SOUND.replace(NICS, &format!("nics: [{{name: vm, vnet: spoke}}{}]", machines(count)));
    let vnets = |count| {
        let vnet = |n: u32| format!("  - {{name: v{n}, address_space: [100.{}.{}.0/24]}}\n", 64 + n / 256, n % 256);
        let peering = |n: u32| format!("  - {{hub: hub, spoke: v{n}}}\n");
        let (vnets, peerings) = (repeated(count, &vnet), repeated(count, &peering));
        SOUND.replace("peerings:\n", &format!("{vnets}peerings:\n{peerings}"))
    };
    let alike = |prepend| {
        let nva = |n: u32| format!("  - {{name: n{n}, vnet: hub, ip: 10.0.4.{}, asn: {}, sessions: [rs], \
            originates: [{{prefix: 192.168.1.0/24, prepend: {prepend}}}]}}\n", 20 + n, 65020 + n);
        let text = SOUND.replace("nvas:\n", &format!("nvas:\n{}", repeated(8, &nva)));
        text.replace(TITLE, "title: A hub\nprofile: {base: azure-2026, max_peers: 20}")
    };
    [(9, vnets(500), vnets(400)), (10, vms(4001), vms(3000)), (15, alike(0), alike(1))]
}

fn findings(text: &str) -> Result<Vec<Finding>, String> {
    let scenario = Scenario::parse(text).map_err(|e| format!("{}\n{text}", e[0]))?;
    let mut network = scenario.network().expect("it settles");
    for (_, event) in &scenario.events {
        network.apply(event).map_err(|e| e.to_string())?;
    }
    let found = network.findings();
    let listed = |one: &Finding| FINDING_RULES.contains(&one.rule);
    assert!(found.iter().all(listed), "{found:#?}");
    Ok(found)
}

fn changed(text: &str, changes: Changes<'_>) -> String {
    let mut text = text.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not in\n{text}");
        text = text.replace(old, new);
    }
    text
}

/// What is wrong with a case.
fn fault(rule: u16, subject: &str, shown: &str, mended: &str) -> Result<(), String> {
    let about = |found: &[Finding]| {
        let mut found = found.iter();
        found.any(|one| one.rule == RuleId(rule) && one.subject == subject)
    };
    let (before, after) = (findings(shown)?, findings(mended)?);
    match (about(&before), about(&after)) {
        (true, false) => Ok(()),
        (false, _) => Err(format!("R-{rule:03} {subject} is not shown: {before:#?}")),
        (true, true) => Err(format!("R-{rule:03} {subject} stays: {after:#?}")),
    }
}

#[test]
fn every_finding_is_shown_by_its_cause_and_gone_by_its_remedy() {
    let mut faults = Vec::new();
    for case in CASES {
        let shown = changed(SOUND, case.cause);
        let mended = changed(&shown, case.remedy);
        faults.extend(fault(case.rule, case.subject, &shown, &mended).err());
    }
    for (rule, shown, mended) in counted() {
        faults.extend(fault(rule, "rs", &shown, &mended).err());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_finding_is_left_out() {
    let shown = CASES.iter().map(|case| case.rule);
    // R-1026 is about what real routers announce.
    let shown: BTreeSet<u16> = shown.chain([9, 10, 15, 1026]).collect();
    let rules: BTreeSet<u16> = FINDING_RULES.iter().map(|rule| rule.0).collect();
    assert_eq!(shown, rules);
}
