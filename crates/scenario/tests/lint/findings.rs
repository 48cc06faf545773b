//! What is said about a network: each finding where its cause is, and not where it is not.

use routehub::{Finding, Severity};
use routehub_scenario::Scenario;

/// A hub with everything as it should be, so far as one file can be.
const SOUND: &str = include_str!("../data/sound-hub.yaml");

fn findings(text: &str) -> Vec<Finding> {
    let scenario = Scenario::parse(text).unwrap_or_else(|e| panic!("{e:?}\n{text}"));
    let mut network = scenario.network().expect("it settles");
    for (_, event) in &scenario.events {
        network.apply(event).expect("it settles");
    }
    network.findings()
}

/// Changes the sound network, and checks that this adds a finding about the rule whose text has
/// these words.
#[track_caller]
fn adds(changes: &[(&str, &str)], rule: u16, subject: &str, severity: Severity, words: &str) {
    let mut text = SOUND.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old:?} is not in the file");
        text = text.replace(old, new);
    }
    let found = findings(&text);
    let is =
        |one: &&Finding| one.rule.0 == rule && one.subject == subject && one.severity == severity;
    let one = found.iter().find(is);
    let one = one.unwrap_or_else(|| panic!("nothing of R-{rule:03} about {subject}: {found:#?}"));
    assert!(
        one.text.contains(words),
        "{words:?} is not in {:?}",
        one.text
    );
    let before = findings(SOUND);
    assert!(
        !before.iter().any(|one| is(&one)),
        "it is there without the change too: {before:#?}"
    );
}

use Severity::{Error, Info, Warning};

#[test]
fn nothing_but_the_outage_of_a_deployment_is_said_of_a_sound_network() {
    let found = findings(SOUND);
    let rules: Vec<u16> = found.iter().map(|one| one.rule.0).collect();
    assert_eq!(rules, [138], "{found:#?}");
}

#[test]
fn r004_more_than_half_of_the_limit_cannot_be_sent_again_at_once() {
    let many = "prefixes_from: {base: 100.0.0.0/24, count: 2001}";
    adds(
        &[("prefix: 192.168.1.0/24", many)],
        4,
        "one",
        Warning,
        "2001 routes of 4000",
    );
}

#[test]
fn r008_a_nearly_full_route_server_is_said() {
    let change = [(
        "title: A hub",
        "title: A hub\nprofile: {base: azure-2026, max_total_prefixes: 8}",
    )];
    adds(&change, 8, "rs", Warning, "of 8");
}

#[test]
fn r010_more_machines_than_the_default_units_serve_are_said() {
    let nics: Vec<String> = (0..4001)
        .map(|n| format!("{{name: vm{n}, vnet: spoke}}"))
        .collect();
    let nics = format!("nics: [{}]", nics.join(", "));
    adds(
        &[("nics: [{name: vm, vnet: spoke}]", &nics)],
        10,
        "rs",
        Warning,
        "4001",
    );
}

#[test]
fn r011_routes_towards_a_circuit_are_counted() {
    let change = (
        "title: A hub",
        "title: A hub\nprofile: {base: azure-2026, max_routes_to_circuit: 6}",
    );
    adds(&[change], 11, "ergw", Warning, "6 routes of 6");
    let more = (
        "prefix: 192.168.1.0/24",
        "prefixes: [192.168.1.0/24, 192.168.3.0/24]",
    );
    adds(&[change, more], 11, "ergw", Error, "Summarise");
}

#[test]
fn r013_routes_from_on_premises_to_a_circuit_are_counted() {
    let many =
        |count: u32| format!("routes: [{{prefixes_from: {{base: 100.0.0.0/24, count: {count}}}}}]");
    adds(
        &[(
            "asn: 64600, prefixes: [10.200.0.0/16]",
            &format!("asn: 64600, {}", many(4001)),
        )],
        13,
        "er",
        Warning,
        "4001",
    );
    adds(
        &[(
            "asn: 64600, prefixes: [10.200.0.0/16]",
            &format!("asn: 64600, {}", many(10_001)),
        )],
        13,
        "er",
        Error,
        "10001",
    );
}

#[test]
fn r014_routes_from_a_site_are_counted() {
    let many = "routes: [{prefixes_from: {base: 100.0.0.0/24, count: 4001}}]";
    adds(
        &[("prefixes: [10.201.0.0/16]", many)],
        14,
        "branch",
        Error,
        "4000",
    );
}

#[test]
fn r015_more_equal_paths_than_are_used_are_said() {
    let mut nvas = String::from("gateways:");
    for n in 0..7 {
        let nva = format!(
            "  - {{name: more{n}, vnet: hub, ip: 10.0.5.{n}, asn: 65010, sessions: [rs], originates: [{{prefix: 192.168.1.0/24}}]}}\n",
        );
        nvas.insert_str(0, &nva);
    }
    nvas.insert_str(0, "  - {name: more7, vnet: hub, ip: 10.0.5.9, asn: 65010, sessions: [rs], originates: [{prefix: 192.168.1.0/24}]}\n");
    let change = (
        "title: A hub",
        "title: A hub\nprofile: {base: azure-2026, max_peers: 20}",
    );
    adds(
        &[change, ("gateways:", &nvas)],
        15,
        "rs",
        Info,
        "192.168.1.0/24",
    );
}

#[test]
fn r020_different_routes_to_the_two_instances_are_said() {
    let change = "originates: [{prefix: 192.168.1.0/24}], advertises: [{to: rs, instance: 0, prefix: 192.168.9.0/24}]";
    adds(
        &[("originates: [{prefix: 192.168.1.0/24}]", change)],
        20,
        "one",
        Warning,
        "192.168.9.0/24",
    );
}

#[test]
fn r026_r042_a_peer_in_another_network_is_said() {
    let change = ("vnet: hub, ip: 10.0.4.4", "vnet: spoke, ip: 10.1.4.4");
    adds(
        &[change],
        42,
        "one",
        Info,
        "static route to RouteServerSubnet",
    );
    let plain = [
        change,
        ("- {hub: hub, spoke: spoke}", "- {a: hub, b: spoke}"),
        (
            "title: A hub",
            "title: A hub\nroute_maps: [{name: map, rules: [{actions: [{type: drop}]}]}]",
        ),
    ];
    adds(&plain, 26, "one", Warning, "use_remote_gateways");
}

#[test]
fn r050_r051_routes_that_the_route_server_drops_are_said() {
    let looped = "originates: [{prefix: 192.168.1.0/24, as_path: [65515]}]";
    adds(
        &[("originates: [{prefix: 192.168.1.0/24}]", looped)],
        50,
        "one",
        Warning,
        "192.168.1.0/24",
    );
    adds(
        &[("prefix: 192.168.1.0/24", "prefix: 10.1.0.0/24")],
        51,
        "one",
        Info,
        "10.1.0.0/24",
    );
}

#[test]
fn r056_next_hops_out_of_reach_are_said() {
    let change = "originates: [{prefix: 192.168.1.0/24, next_hop: 10.2.0.9}]";
    adds(
        &[("originates: [{prefix: 192.168.1.0/24}]", change)],
        56,
        "spoke",
        Warning,
        "192.168.1.0/24",
    );
}

#[test]
fn r057_a_gateways_address_as_next_hop_is_said() {
    let change = "originates: [{prefix: 192.168.1.0/24, next_hop: 10.0.7.4}]";
    adds(
        &[("originates: [{prefix: 192.168.1.0/24}]", change)],
        57,
        "one",
        Warning,
        "192.168.1.0/24",
    );
}

#[test]
fn r066_equal_ways_by_several_nvas_are_said() {
    adds(
        &[("prefix: 192.168.2.0/24", "prefix: 192.168.1.0/24")],
        66,
        "rs",
        Info,
        "192.168.1.0/24",
    );
}

#[test]
fn r073_a_backup_as_short_as_the_circuit_is_said() {
    let change = ("prefixes: [10.201.0.0/16]", "prefixes: [10.200.0.0/16]");
    adds(&[change], 73, "rs", Info, "10.200.0.0/16");
}

#[test]
fn r074_a_gateways_route_that_comes_back_from_an_nva_is_said() {
    let change = "originates: [{prefix: 192.168.1.0/24}], readvertises: [{from: [rs], to: all, as_path: strip}]";
    adds(
        &[("originates: [{prefix: 192.168.1.0/24}]", change)],
        74,
        "one",
        Warning,
        "10.201.0.0/16",
    );
}

#[test]
fn r097_the_mark_of_branches_from_on_premises_is_said() {
    let change = "routes: [{prefix: 10.200.0.0/16, communities: ['65517:65517']}]";
    adds(
        &[(
            "asn: 64600, prefixes: [10.200.0.0/16]",
            &format!("asn: 64600, {change}"),
        )],
        97,
        "er",
        Warning,
        "65517:65517",
    );
    adds(
        &[(
            "asn: 64600, prefixes: [10.200.0.0/16]",
            &format!("asn: 64600, {change}"),
        )],
        97,
        "ergw",
        Info,
        "10.200.0.0/16",
    );
}

#[test]
fn r109_a_route_table_that_keeps_routes_from_machines_is_said() {
    adds(
        &[(
            "name: vm, vnet: spoke",
            "name: vm, vnet: spoke, route_table: quiet",
        )],
        109,
        "quiet",
        Info,
        "vm gets no routes",
    );
}

#[test]
fn r110_an_nva_that_gets_its_own_routes_is_said() {
    let change = ("10.0.4.0/24, route_table: quiet", "10.0.4.0/24");
    adds(&[change], 110, "one", Info, "192.168.1.0/24 by 10.0.4.4");
    adds(
        &[change, ("prefix: 192.168.1.0/24", "prefix: 0.0.0.0/0")],
        110,
        "one",
        Warning,
        "0.0.0.0/0 by 10.0.4.4",
    );
}

#[test]
fn r114_prepends_that_on_premises_does_not_see_are_said() {
    let change = "originates: [{prefix: 192.168.1.0/24, prepend: 2}]";
    adds(
        &[("originates: [{prefix: 192.168.1.0/24}]", change)],
        114,
        "one",
        Warning,
        "on-premises sees 12076",
    );
}

#[test]
fn r120_a_spoke_that_does_not_use_the_hub_is_said() {
    let half = "- {a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}}";
    adds(
        &[("- {hub: hub, spoke: spoke}", half)],
        120,
        "spoke",
        Warning,
        "use_remote_gateways is off in spoke",
    );
    adds(
        &[("- {hub: hub, spoke: spoke}", "- {a: hub, b: spoke}")],
        120,
        "spoke",
        Info,
        "allow_gateway_transit is off in hub",
    );
}

#[test]
fn r145_r146_what_route_maps_may_not_do_is_said() {
    let map = (
        "title: A hub",
        "title: A hub\nroute_maps: [{name: map, rules: [{actions: [{type: add, as_path: [65010]}]}]}]",
    );
    adds(&[map], 145, "map", Error, "65010");
    let place = [
        (
            "title: A hub",
            "title: A hub\nroute_maps: [{name: map, rules: [{actions: [{type: drop}]}]}]",
        ),
        (
            "vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs]",
            "vnet: spoke, ip: 10.1.4.4, asn: 65001, sessions: [{route_server: rs, inbound_route_map: map}]",
        ),
    ];
    adds(&place, 146, "one", Error, "10.1.4.4");
}

/// Criteria that fit no route, and what is said of them.
const IDLE: [(&str, &str); 5] = [
    (
        "{condition: equals, prefixes: [10.1.0.0/16]}",
        "untouched (R-145)",
    ),
    (
        "{condition: contains, prefixes: [10.0.0.0/16, 10.1.2.0/24]}",
        "of a VNet",
    ),
    ("{condition: contains, as_path: [65515]}", "AS 65515"),
    (
        "{condition: equals, prefixes: [192.168.0.0/16]}, {condition: contains, prefixes: [172.16.0.0/12]}",
        "no prefix fits",
    ),
    (
        "{condition: equals, as_path: [65001]}, {condition: contains, as_path: [65002]}",
        "no AS path fits",
    ),
];

/// The same criteria, mended.
const MENDED: [&str; 5] = [
    "{condition: contains, prefixes: [10.0.0.0/8]}",
    "{condition: equals, prefixes: [10.1.0.0/16, 192.168.0.0/16]}",
    "{condition: contains, as_path: [65515, 65001]}",
    "{condition: equals, prefixes: [192.168.0.0/16]}, {condition: contains, prefixes: [192.0.0.0/8]}",
    "{condition: equals, as_path: [65001, 65002]}, {condition: contains, as_path: [65002]}",
];

/// The sound network with a route map on what the NVA is sent.
fn with_map(rules: &str) -> String {
    let map = format!("title: A hub\nroute_maps: [{{name: map, rules: [{rules}]}}]");
    let session = "asn: 65001, sessions: [{route_server: rs, outbound_route_map: map}]";
    let text = SOUND.replace("title: A hub", &map);
    let mapped = text.replace("asn: 65001, sessions: [rs]", session);
    assert_ne!(text, mapped);
    mapped
}

/// What is said of idle rules of the map.
fn idle(rules: &str) -> Vec<String> {
    let found = findings(&with_map(rules)).into_iter();
    let idle = found.filter(|one| one.rule.0 == 172 && one.subject == "map");
    idle.map(|one| one.text).collect()
}

#[test]
fn r172_a_rule_of_a_route_map_that_matches_nothing_is_said_until_it_is_mended() {
    let tagging = |criteria: &str| {
        format!(
            "{{name: t, match: [{criteria}], actions: [{{type: add, communities: ['3356:70']}}]}}"
        )
    };
    for (criteria, says) in IDLE {
        let said = idle(&tagging(criteria));
        assert!(
            said.iter().any(|text| text.contains(says)),
            "{criteria}: {said:?}"
        );
    }
    for criteria in MENDED {
        assert_eq!(idle(&tagging(criteria)), [""; 0], "{criteria}");
    }
    let late = tagging("{condition: contains, as_path: [65001]}");
    let everything = "{actions: [{type: drop}]}";
    let said = idle(&format!("{everything}, {late}"));
    assert!(
        said[0].contains("its rule t: the rule 1 before it"),
        "{said:?}"
    );
    assert_eq!(idle(&format!("{late}, {everything}")), [""; 0]);
}

#[test]
fn r030_r036_r037_what_azures_sessions_lack_is_said_and_what_does_nothing() {
    let live = |keys: &'static str| [("asn: 65001,", keys)];
    adds(
        &live("asn: 65001, live: true, bfd: {},"),
        37,
        "one",
        Severity::Warning,
        "`bfd` of one does nothing, as in Azure a Route Server has none",
    );
    adds(
        &live("asn: 65001, live: true, password: x,"),
        36,
        "one",
        Severity::Warning,
        "in Azure a Route Server knows none",
    );
    adds(
        &live("asn: 65001, live: true, ttl_security: true,"),
        30,
        "one",
        Severity::Warning,
        "in Azure a Route Server sends with no TTL of 255",
    );
    adds(
        &[("asn: 64601,", "asn: 64601, live: true, bfd: {},")],
        37,
        "branch",
        Severity::Warning,
        "as in Azure a VPN gateway has none",
    );
    adds(
        &live("asn: 65001, bfd: {interval_ms: 100},"),
        37,
        "one",
        Severity::Warning,
        "`bfd` of one does nothing, as no real router plays it",
    );
    // A circuit's edge has both, and a plain route server what routehub has.
    let circuit = SOUND.replace(
        "asn: 64600,",
        "asn: 64600, live: true, password: x, bfd: {},",
    );
    let open = SOUND.replace("title: A hub", "title: A hub\nprofile: open");
    let plain = open.replace(
        "asn: 65001,",
        "asn: 65001, live: true, password: x, bfd: {},",
    );
    for text in [circuit, plain] {
        let found = findings(&text);
        let said = found.iter().any(|one| [36, 37].contains(&one.rule.0));
        assert!(!said, "{found:#?}");
    }
}
