//! Every rule of the catalogue's second part is named by an explanation or a finding where it
//! decides.

use std::collections::BTreeSet;

use routehub::types::{Prefix, RuleId};
use routehub::{Network, rules};
use routehub_scenario::Scenario;

/// A hub with both gateways, a spoke that uses them, what they are connected to, and an NVA.
const NETWORK: &str = "
schema: routehub/1
title: A hub
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
  - {name: spoke, address_space: [10.1.0.0/16]}
peerings: [{hub: hub, spoke: spoke}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 10.66.0.0/16}]}]
gateways:
  - {name: ergw, vnet: hub, type: express_route, bgp_ips: [10.0.7.12, 10.0.7.13], connections: [{circuit: er, msee_ips: [10.0.7.20, 10.0.7.21]}]}
  - {name: vpngw, vnet: hub, type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5], connections: [{site: branch}, {site: shop}]}
circuits: [{name: er, on_prem: {asn: 65020, prefixes: [10.200.0.0/16]}}]
sites:
  - {name: branch, asn: 65010, bgp_ips: [172.31.0.1], prefixes: [10.100.0.0/16]}
  - {name: shop, asn: 65011, bgp_ips: [172.31.0.2], prefixes: [10.110.0.0/16]}
nics: [{name: vm, vnet: spoke}]
";

/// Texts of the network that are replaced by others.
pub(crate) type Changes = &'static [(&'static str, &'static str)];

pub(crate) enum Asked {
    /// Somebody's routes to a destination.
    Explain(&'static str, &'static str),
    /// What is to be said about the network after its events.
    Lint,
}
use Asked::{Explain, Lint};

pub(crate) const SERVER: &str = "route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]";
pub(crate) const NVA: &str = "nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 10.66.0.0/16}]}]";
pub(crate) const ON_PREM: &str = "on_prem: {asn: 65020, prefixes: [10.200.0.0/16]}";
pub(crate) const NICS: &str = "nics: [{name: vm, vnet: spoke}]";
const PEERINGS: &str = "peerings: [{hub: hub, spoke: spoke}]";
/// Without Route Server and NVA.
const GATEWAYS_ALONE: [(&str, &str); 2] = [(SERVER, ""), (NVA, "")];

#[rustfmt::skip]
const CASES: &[(u16, Changes, Asked)] = &[
    (157, &GATEWAYS_ALONE, Explain("ergw", "10.100.0.0/16")),
    (157, &[], Explain("vpngw", "10.1.0.0/16")),
    (158, &[(SERVER, ""), (NVA, ""), ("[{site: branch}, {site: shop}]",
            "[{site: branch, instances: [0]}, {site: shop, instances: [1]}]"),
        ("prefixes: [10.110.0.0/16]", "routes: [{prefix: 10.100.0.0/16, as_path: [65011, 65011]}]")],
        Explain("vm", "10.100.0.0/16")),
    (159, &[(ON_PREM, "on_prem: {asn: 65020, routes: [{prefix: 10.200.0.0/16, as_path: [65020, 12076]}]}")],
        Explain("er", "10.200.0.0/16")),
    (159, &[(ON_PREM, "on_prem: {asn: 65020, routes: [{prefix: 10.200.0.0/16, as_path: [65020, 12076]}]}")],
        Explain("vm", "10.200.0.1")),
    (160, &[], Explain("er", "10.66.0.0/16")),
    (161, &[], Explain("vpngw", "172.31.0.1")),
    (161, &[], Explain("branch", "172.31.0.2")),
    (162, &[("peerings:", "  - {name: far, address_space: [10.9.0.0/16]}\npeerings:"),
        ("gateways:", "gateways:\n  - {name: fargw, vnet: far, type: express_route, bgp_ips: [10.9.7.12], connections: [{circuit: er, msee_ips: [10.9.7.6]}]}")],
        Explain("ergw", "10.9.0.0/16")),
    (163, &[("bgp_ips: [10.0.7.4, 10.0.7.5], ", "")], Lint),
    (164, &[(PEERINGS, "peerings: [{a: hub, b: spoke, a_to_b: {allow_virtual_network_access: false}}]")],
        Explain("vm", "10.0.4.4")),
    (165, &[(PEERINGS, "peerings: [{a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}, b_to_a: {use_remote_gateways: true}}]")], Lint),
    (166, &[("prefixes: [10.100.0.0/16]", "prefixes: [10.100.0.0/16], static_prefixes: [10.111.0.0/16]")],
        Explain("vpngw", "10.111.0.0/16")),
    (166, &[("type: vpn,", "type: vpn, default_site: branch,"),
        (NICS, "nics: [{name: vm, vnet: spoke, route_table: out}]\nroute_tables: [{name: out, routes: [{prefix: 0.0.0.0/0, next_hop_type: VirtualNetworkGateway}]}]")],
        Explain("vm", "203.0.113.9")),
    (167, &[(SERVER, ""), (NVA, ""), (ON_PREM, "on_prem: {asn: 65020}, links: {primary: {prefixes: [10.200.0.0/16]}, secondary: {}}")],
        Explain("vm", "10.200.0.1")),
    (168, &[("prefixes: [10.100.0.0/16]", "prefixes: [10.100.0.0/16, 'fd00:2::/48']")], Lint),
    (169, &[(NICS, "nics: [{name: vm, vnet: spoke}]\nprivate_endpoints: [{name: store, vnet: hub, subnet: data, ip: 10.0.5.4}]"),
        ("subnets: [{", "subnets: [{name: data, prefix: 10.0.5.0/24}, {")], Explain("vm", "10.0.5.4")),
    (170, &[("- name: hub\n", "- name: hub\n    summarized_gateway_prefixes: [10.0.0.0/15]\n")], Explain("er", "10.0.0.0/15")),
    (171, &[("{site: branch}", "{site: branch, apipa: [169.254.21.2, 169.254.22.2]}"),
        ("bgp_ips: [172.31.0.1]", "bgp_ips: [169.254.21.1, 169.254.22.1]")], Explain("vpngw", "10.100.0.0/16")),
    (172, &[(SERVER, "route_maps: [{name: map, rules: [{match: [{condition: equals, prefixes: [10.1.0.0/16]}], actions: [{type: drop}]}]}]\nroute_servers: [{name: rs, vnet: hub}]")], Lint),
    (173, &[], Explain("vm", "10.200.0.1")),
    (174, &[], Explain("vm", "25.152.0.1")),
    (176, &[], Explain("ergw", "10.100.0.0/16")),
    (177, &[("peerings:", "  - {name: far, address_space: [10.200.0.0/16]}\npeerings:"),
        ("gateways:", "gateways:\n  - {name: fargw, vnet: far, type: express_route, bgp_ips: [10.200.7.12], connections: [{circuit: er, msee_ips: [10.200.7.6]}]}")],
        Explain("er", "10.200.0.0/16")),
    (178, &[("prefixes: [10.110.0.0/16]", "routes: [{prefix: 10.100.0.0/16, as_path: [65011, 65011]}]")],
        Explain("vpngw", "10.100.0.0/16")),
    (179, &[("vnet: hub, ip: 10.0.4.4", "vnet: spoke, ip: 10.1.4.4"),
        (NICS, "nics: [{name: vm, vnet: hub}]\nevents: [{id: cut, remove_peering: {a: hub, b: spoke}}]")], Explain("vm", "10.66.0.0/16")),
    (179, &[("vnet: hub, ip: 10.0.4.4", "vnet: spoke, ip: 10.1.4.4"),
        (NICS, "events: [{id: cut, remove_peering: {a: hub, b: spoke}}]")], Lint),
    (180, &[("asn: 65010", "asn: 65515")], Explain("vm", "10.100.0.1")),
    (181, &[("prefix: 10.66.0.0/16", "prefixes_from: {base: 100.0.0.0/24, count: 2001}")], Lint),
    (182, &[("prefix: 10.66.0.0/16", "prefixes_from: {base: 100.0.0.0/24, count: 4001}"),
        (NICS, "events: [{id: again, nva_up: {nva: nva}}]")], Lint),
    (183, &[("title: A hub", "title: A hub\nprofile: {base: azure-2026, sticky_failback: true}"),
        ("prefix: 10.66.0.0/16", "prefix: 10.200.0.0/16, prepend: 1"),
        (NICS, "events: [{id: cut, connection_down: {gateway: ergw, to: er}}, {id: back, connection_up: {gateway: ergw, to: er}}]")], Lint),
];

/// Rules that decide nothing: R-175 says what stands in columns of tables.
const OF_TABLES: [u16; 1] = [175];

pub(crate) fn network(changes: Changes) -> Network {
    let text = changes.iter().fold(NETWORK.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old} is not in{text}");
        text.replace(old, new)
    });
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}{text}"));
    let mut network = scenario.network().expect("it settles");
    for (_, event) in &scenario.events {
        network.apply(event).expect("it settles");
    }
    network
}

/// The answer to a question, and the rules that it says it names.
pub(crate) fn answer(network: &Network, asked: &Asked) -> (String, BTreeSet<RuleId>) {
    match asked {
        Explain(name, destination) => {
            let address = destination.parse().map(Prefix::host);
            let prefix = address.or_else(|_| destination.parse());
            let explained = network.explain(name, prefix.expect("a prefix or address"));
            let explained = explained.expect("there is such a name");
            (explained.to_string(), explained.rules())
        }
        Lint => {
            let findings = network.findings().into_iter();
            let text = findings.map(|found| format!("{} {}\n", found.rule, found.text));
            (text.collect(), BTreeSet::new())
        }
    }
}

#[test]
fn each_rule_is_named_where_it_decides() {
    let mut silent = Vec::new();
    for (rule, changes, asked) in CASES {
        let (text, named) = answer(&network(changes), asked);
        let rule = RuleId(*rule);
        if !text.contains(&rule.to_string()) {
            silent.push(format!("{rule} is not named in\n{text}"));
        } else if matches!(asked, Explain(..)) && !named.contains(&rule) {
            silent.push(format!("{rule} is not among the rules of\n{text}"));
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn no_rule_is_left_out() {
    let shown: BTreeSet<u16> = CASES.iter().map(|(rule, ..)| *rule).collect();
    let last = rules::RULES.iter().map(|rule| rule.id.0);
    let last = last.filter(|rule| *rule < 1000).max();
    let all: BTreeSet<u16> = (157..=last.unwrap_or_default()).collect();
    let shown: BTreeSet<u16> = shown.into_iter().chain(OF_TABLES).collect();
    assert_eq!(shown, all);
}

#[test]
fn a_route_table_that_leaves_out_peerings_is_named() {
    let network = network(&[(
        NICS,
        "nics: [{name: vm, vnet: spoke, route_table: by-nva}]\nroute_tables: [{name: by-nva, disable_peering_route: all}]",
    )]);
    let (text, named) = answer(&network, &Explain("vm", "10.0.4.4"));
    assert!(text.contains("route table by-nva"), "{text}");
    assert!(named.contains(&rules::PEERING_ROUTES_DISABLED), "{text}");
    assert!(text.contains("disable_peering_route"), "{text}");
}
