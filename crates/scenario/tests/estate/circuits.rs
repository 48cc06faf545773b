//! Circuits: what their edges accept, pass on and prefer, and what gateways announce to them.

use routehub::Severity;
use routehub::types::Prefix;
use routehub_scenario::Scenario;

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"))
}

/// Checks every expectation of a network.
#[track_caller]
fn holds(text: &str) {
    let reports = scenario(text).check().expect("it settles");
    let hard: usize = reports.iter().map(|report| report.hard).sum();
    assert!(hard > 0, "nothing is expected");
    for report in &reports {
        assert_eq!(report.failures(), 0, "{report}");
    }
}

/// An explanation at the start.
fn explained(text: &str, name: &str, destination: &str) -> String {
    let network = scenario(text).network().expect("it settles");
    let destination: Prefix = destination.parse().expect("a prefix");
    let explanation = network.explain(name, destination);
    explanation.expect("there is such a name").to_string()
}

/// The findings by a rule at the start: subject, severity, text.
fn found(text: &str, rule: u16) -> Vec<(String, Severity, String)> {
    let network = scenario(text).network().expect("it settles");
    let findings = network.findings().into_iter();
    let findings = findings.filter(|finding| finding.rule.0 == rule);
    findings.map(|f| (f.subject, f.severity, f.text)).collect()
}

/// A hub with everything that hears of a circuit, and a customer that joins two circuits.
const JOINED: &str = "
schema: routehub/1
title: A customer that joins two circuits
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas:
  - name: nva
    vnet: hub
    ip: 10.0.4.4
    asn: 65001
    sessions: [rs]
    advertises:
      - {to: rs, prefix: 192.168.1.0/24, as_path: [65001, 12076]}
      - {to: rs, prefix: 192.168.2.0/24, as_path: [65001, 4200000000, 3320, 65002]}
gateways: [{name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}]
circuits: [{name: er, on_prem: {asn: 64512, routes: [{prefix: 10.20.0.0/16, as_path: [64512, 12076]}]}}]
nics: [{name: vm, vnet: hub}]
expect:
  - at: initial
";

#[test]
fn r159_the_edge_asn_in_a_customers_path_is_accepted_and_passes_on() {
    holds(
        &(JOINED.to_owned()
            + "
    gateway_learned: {ergw: [{prefix: 10.20.0.0/16, as_path: [12076, 64512, 12076], origin: EBgp}]}
    nva_learned: {nva: [{prefix: 10.20.0.0/16, as_path: [65515, 12076, 64512, 12076]}]}
    nic_effective: {vm: [{prefix: 10.20.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}]}
    absent:
      - {circuit_routes: er, prefix: 192.168.1.0/24}
      - {on_prem_learned: er, prefix: 192.168.1.0/24}
"),
    );
    let why = explained(
        JOINED
            .trim_end()
            .trim_end_matches("- at: initial")
            .trim_end()
            .trim_end_matches("expect:"),
        "er",
        "192.168.1.0/24",
    );
    assert!(why.contains("R-054"), "{why}");
}

#[test]
fn r160_private_asns_in_front_of_the_first_public_one_alone_are_removed() {
    let network = JOINED.replace("expect:\n  - at: initial\n", "");
    holds(
        &(JOINED.to_owned()
            + "
    on_prem_learned:
      er:
        - {prefix: 10.0.0.0/16, as_path: [12076]}
        - {prefix: 192.168.2.0/24, as_path: [12076, 3320, 65002]}
"),
    );
    let why = explained(&network, "er", "192.168.2.0/24");
    assert!(why.contains("changed by R-114, R-160"), "{why}");
}

/// Three gateways on one circuit, the network of one of them on a Virtual WAN.
const SHARED: &str = "
schema: routehub/1
title: Three gateways on one circuit
vnets:
  - {name: v1, address_space: [10.1.0.0/16], subnets: [{name: GatewaySubnet, prefix: 10.1.7.0/26}]}
  - {name: v2, address_space: [10.2.0.0/16], subnets: [{name: GatewaySubnet, prefix: 10.2.7.0/26}]}
  - {name: v3, address_space: [10.3.0.0/16], subnets: [{name: GatewaySubnet, prefix: 10.3.7.0/26}], virtual_wan: true}
gateways:
  - {name: g1, vnet: v1, type: express_route, SWITCH1connections: [{circuit: er}]}
  - {name: g2, vnet: v2, type: express_route, SWITCH2connections: [{circuit: er}]}
  - {name: g3, vnet: v3, type: express_route, connections: [{circuit: er}]}
circuits: [{name: er, on_prem: {asn: 65000, prefixes: [10.200.0.0/16]}}]
";

/// What `g1` has of the other networks, the circuit's customer left out.
fn heard(profile: &str, first: &str, second: &str) -> Vec<String> {
    let network = scenario(&shared(profile, first, second)).network();
    let rows = network
        .expect("it settles")
        .gateway_learned("g1")
        .expect("a name");
    let own: Prefix = "10.1.0.0/16".parse().expect("a prefix");
    let rows = rows.iter().filter(|row| row.prefix != own);
    let mut heard: Vec<String> = rows.map(|row| row.prefix.to_string()).collect();
    heard.retain(|prefix| prefix != "10.200.0.0/16");
    heard.dedup();
    heard
}

fn shared(profile: &str, first: &str, second: &str) -> String {
    let text = SHARED.replace("SWITCH1", first).replace("SWITCH2", second);
    text.replace("vnets:", &format!("profile: {profile}\nvnets:"))
}

const REMOTE: &str = "allow_remote_vnet_traffic: true, ";
const NOT_REMOTE: &str = "allow_remote_vnet_traffic: false, ";
const VIRTUAL_WAN: &str = "allow_virtual_wan_traffic: true, ";

#[test]
fn r162_a_gateway_takes_from_a_circuit_what_it_allows() {
    for (profile, first, expected) in [
        ("azure-2021", "", &["10.2.0.0/16", "10.3.0.0/16"] as &[&str]),
        ("azure-2023", "", &["10.2.0.0/16", "10.3.0.0/16"]),
        ("azure-2023", NOT_REMOTE, &["10.3.0.0/16"]),
        ("azure-2025", "", &[]),
        ("azure-2026", REMOTE, &["10.2.0.0/16"]),
        ("azure-2026", VIRTUAL_WAN, &["10.3.0.0/16"]),
        (
            "{base: azure-2026, er_vnet_to_vnet: true}",
            "",
            &["10.2.0.0/16", "10.3.0.0/16"],
        ),
        ("{base: azure-2021, er_vnet_to_vnet: false}", "", &[]),
    ] {
        assert_eq!(heard(profile, first, ""), expected, "{profile} {first}");
    }
    // What the sender allows does not count.
    assert_eq!(heard("azure-2026", "", REMOTE), [""; 0]);
}

#[test]
fn r162_an_explanation_names_the_switch() {
    let why = explained(&shared("azure-2026", "", ""), "g1", "10.2.0.0/16");
    let says = "er does not send it: allow_remote_vnet_traffic is off at g1 (R-162";
    assert!(why.contains(says), "{why}");
    let why = explained(&shared("azure-2026", REMOTE, ""), "g1", "10.3.0.0/16");
    assert!(
        why.contains("allow_virtual_wan_traffic is off at g1"),
        "{why}"
    );
}

#[test]
fn r162_gateways_on_one_circuit_that_do_not_allow_it_are_said() {
    let found = |first: &str, second: &str| found(&shared("azure-2026", first, second), 162);
    let severities = |first: &str, second: &str| -> Vec<(String, Severity)> {
        let all = found(first, second).into_iter();
        all.map(|(subject, severity, _)| (subject, severity))
            .collect()
    };
    let info = |name: &str| (name.to_owned(), Severity::Info);
    assert_eq!(severities("", ""), [info("g1"), info("g2"), info("g3")]);
    let one_side = severities(REMOTE, "");
    assert_eq!(one_side[0], ("g2".to_owned(), Severity::Warning));
    let text = &found("", "")[0].2;
    assert!(
        text.contains("v2 and v3") || text.contains("v2, v3"),
        "{text}"
    );
    assert_eq!(self::found(&shared("azure-2023", "", ""), 162), []);
}

#[test]
fn r177_a_customers_route_comes_first_however_long_its_path_is() {
    holds("
schema: routehub/1
title: A customer's route with a longer path than what a gateway sends
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true, routing_preference: ASPath}]
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.1.0/24}]}]
gateways: [{name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}]
circuits: [{name: er, on_prem: {asn: 65020, routes: [{prefix: 192.168.1.0/24, as_path: [65020, 65021, 65022, 65023]}]}}]
nics: [{name: vm, vnet: hub}]
events: [{id: down, nva_down: {nva: nva}}, {id: up, nva_up: {nva: nva}}]
expect:
  - at: initial
    gateway_learned: {ergw: [{prefix: 192.168.1.0/24, as_path: [12076, 65020, 65021, 65022, 65023], origin: EBgp}]}
    nic_effective: {vm: [{prefix: 192.168.1.0/24, next_hop: [10.0.4.4]}]}
  - at: up
    gateway_learned: {ergw: [{prefix: 192.168.1.0/24, as_path: [12076, 65020, 65021, 65022, 65023], origin: EBgp}]}
    nic_effective: {vm: [{prefix: 192.168.1.0/24, next_hop: [10.0.4.4]}]}
");
}

/// A hub whose gateways announce summaries, two spokes, and an NVA in each of two networks on the
/// circuit.
const SUMMARIZED: &str = "
schema: routehub/1
title: Summarised gateway prefixes
profile: {base: azure-2026, er_vnet_to_vnet: true, max_routes_to_circuit: 2}
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: GatewaySubnet, prefix: 10.0.7.0/26}]
    summarized_gateway_prefixes: [10.0.0.0/15]
  - {name: spoke1, address_space: [10.1.0.0/16]}
  - {name: spoke2, address_space: [10.2.0.0/16]}
  - {name: far, address_space: [10.9.0.0/16], subnets: [{name: GatewaySubnet, prefix: 10.9.7.0/26}]}
peerings: [{hub: hub, spoke: spoke1}, {hub: hub, spoke: spoke2}]
gateways:
  - {name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}
  - {name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}]}
  - {name: fargw, vnet: far, type: express_route, connections: [{circuit: er}]}
circuits: [{name: er, on_prem: {asn: 64600, prefixes: [10.200.0.0/16]}}]
sites: [{name: branch, asn: 64601, bgp_ips: [172.31.0.1], prefixes: [10.201.0.0/16]}]
nics: [{name: vm, vnet: far}]
expect:
  - at: initial
";

#[test]
fn r170_summaries_take_the_place_of_the_hub_and_of_covered_spokes() {
    // Two routes to the circuit: three would be too many.
    holds(
        &(SUMMARIZED.to_owned()
            + "
    gateway_advertised:
      ergw:
        er:
          complete: true
          rows:
            - {prefix: 10.0.0.0/15, as_path: [65515], next_hop: [10.0.7.12, 10.0.7.13], weight: 0}
            - {prefix: 10.2.0.0/16, as_path: [65515]}
      vpngw:
        branch:
          - {prefix: 10.0.0.0/15, as_path: [65515]}
          - {prefix: 10.2.0.0/16, as_path: [65515]}
    on_prem_learned:
      er: [{prefix: 10.0.0.0/15, as_path: [12076]}]
      branch: [{prefix: 10.0.0.0/15, as_path: [65515]}]
    gateway_learned:
      ergw: [{prefix: 10.0.0.0/16, origin: Network}, {prefix: 10.1.0.0/16, origin: Network}]
    absent:
      - {on_prem_learned: er, prefix: 10.0.0.0/16}
      - {on_prem_learned: branch, prefix: 10.1.0.0/16}
      - {gateway_learned: ergw, prefix: 10.0.0.0/15}
"),
    );
}

#[test]
fn r170_explanations_and_traces_know_summaries() {
    let text = SUMMARIZED.replace("expect:\n  - at: initial\n", "");
    let why = explained(&text, "vm", "10.1.0.0/16");
    assert!(
        why.contains("ergw announces it as a summary (R-170"),
        "{why}"
    );
    let why = explained(&text, "ergw", "10.1.0.0/16");
    assert!(why.contains("to er: not sent"), "{why}");
    let network = scenario(&text).network().expect("it settles");
    let trace = network
        .trace("vm", "10.1.0.4")
        .expect("there is such a NIC");
    assert!(
        trace.arrives() && trace.to_string().contains("spoke1"),
        "{trace}"
    );
}

#[test]
fn r170_a_summary_equal_to_the_network_hides_no_row() {
    let text = SUMMARIZED.replace("expect:\n  - at: initial\n", "");
    let text = text.replace("[10.0.0.0/15]", "[10.0.0.0/16]");
    let text = text.replace("nics: [", "nics: [{name: near, vnet: hub}, ");
    let why = explained(&text, "near", "10.0.0.4/32");
    assert!(!why.contains("is not there"), "{why}");
}

#[test]
fn r170_a_summary_without_the_hub_or_with_nothing_inside_is_said() {
    assert_eq!(
        found(&SUMMARIZED.replace("expect:\n  - at: initial\n", ""), 170),
        []
    );
    let other = SUMMARIZED.replace("expect:\n  - at: initial\n", "");
    let other = other.replace("[10.0.0.0/15]", "[172.16.0.0/16]");
    let found = found(&other, 170);
    let (subject, severity, text) = &found[0];
    assert_eq!((subject.as_str(), *severity), ("hub", Severity::Warning));
    assert!(text.contains("10.0.0.0/16 of hub is inside none"), "{text}");
    assert!(
        text.contains("172.16.0.0/16 of hub has no prefix"),
        "{text}"
    );
    // Azure announces it all the same, and the hub no more.
    let network = scenario(&other).network().expect("it settles");
    let mut sent: Vec<String> = Vec::new();
    sent.extend(
        network
            .gateway_advertised("vpngw", "branch")
            .expect("a name")
            .iter()
            .map(|row| row.prefix.to_string()),
    );
    sent.sort();
    sent.dedup();
    assert!(sent.contains(&"172.16.0.0/16".to_owned()) && sent.contains(&"10.1.0.0/16".to_owned()));
    assert!(!sent.contains(&"10.0.0.0/16".to_owned()), "{sent:?}");
}

#[test]
fn r174_a_plain_route_server_may_drop_ipv6_ranges() {
    let profile = "profile: {base: open, dropped_ranges: ['fd00::/8']}";
    let text = format!("schema: routehub/1\ntitle: x\n{profile}\nvnets: []\n");
    assert_eq!(scenario(&text).profile.parameters.dropped_ranges.len(), 1);
}

#[test]
fn r174_dropped_ranges_are_those_of_the_year() {
    let dropped = |profile: &str| -> Vec<String> {
        let text = format!(
            "schema: routehub/1\ntitle: x\nprofile: {profile}\nvnets: [{{name: v, address_space: [10.0.0.0/16]}}]\nnics: [{{name: vm, vnet: v}}]\n"
        );
        let network = scenario(&text).network().expect("it settles");
        let rows = network.nic_effective("vm").expect("a name").into_iter();
        let prefixes = rows
            .flat_map(|row| row.prefixes)
            .map(|prefix| prefix.to_string());
        prefixes
            .filter(|prefix| prefix.starts_with("25."))
            .collect()
    };
    let old = [
        "25.4.0.0/14",
        "25.33.0.0/16",
        "25.41.0.0/20",
        "25.48.0.0/12",
    ];
    assert_eq!(dropped("azure-2021"), old);
    assert_eq!(dropped("azure-2025"), old);
    let new = [
        "25.4.0.0/14",
        "25.148.0.0/15",
        "25.150.0.0/16",
        "25.152.0.0/14",
        "25.156.0.0/16",
        "25.159.0.0/16",
        "25.176.0.0/13",
        "25.184.0.0/14",
    ];
    assert_eq!(dropped("azure-2026"), new);
    assert_eq!(
        dropped("{base: azure-2026, dropped_ranges: [25.0.0.0/8]}"),
        ["25.0.0.0/8"]
    );
    assert_eq!(dropped("{base: azure-2026, dropped_ranges: none}"), [""; 0]);
}

/// A circuit whose links announce differently, with and without a Route Server behind it.
const LINKS: &str = "
schema: routehub/1
title: The two links of a circuit
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]
gateways:
  - name: ergw
    vnet: hub
    type: express_route
    bgp_ips: [10.0.2.12, 10.0.2.13]
    connections: [{circuit: er, msee_ips: [10.0.2.6, 10.0.2.7]}]
circuits:
  - name: er
    ce_ip: 172.16.0.1
    on_prem: {asn: 64512, prefixes: [10.20.0.0/16, 10.30.0.0/16]}
    links:
      secondary:
        ce_ip: 172.16.0.5
        prefixes: [10.40.0.0/16]
        routes: [{prefix: 10.20.0.0/16, as_path: [64512, 64512]}]
nics: [{name: vm, vnet: hub}]
";

#[test]
fn r167_each_link_of_a_circuit_announces_and_fails_by_itself() {
    holds(
        &(LINKS.to_owned()
            + "
events:
  - {id: primary-down, connection_down: {gateway: ergw, to: er, link: primary}}
  - {id: both-down, connection_down: {gateway: ergw, to: er}}
  - {id: secondary-up, connection_up: {gateway: ergw, to: er, link: secondary}}
  - {id: primary-up, connection_up: {gateway: ergw, to: er, link: primary}}
  - {id: alike, set: {circuit: er, links: {secondary: null}}}
expect:
  - at: initial
    gateway_learned:
      ergw:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16, origin: Network}
          - {prefix: 10.20.0.0/16, source_peer: 10.0.2.6, as_path: [12076, 64512], next_hop: [10.0.2.6]}
          - {prefix: 10.20.0.0/16, source_peer: 10.0.2.7, as_path: [12076, 64512, 64512], next_hop: [10.0.2.7]}
          - {prefix: 10.30.0.0/16, as_path: [12076, 64512], next_hop: [10.0.2.6, 10.0.2.7]}
          - {prefix: 10.40.0.0/16, source_peer: 10.0.2.7, as_path: [12076, 64512], next_hop: [10.0.2.7]}
    circuit_routes:
      er:
        - {prefix: 10.20.0.0/16, as_path: [64512], next_hop: [172.16.0.1], link: primary}
        - {prefix: 10.20.0.0/16, as_path: [64512, 64512], next_hop: [172.16.0.5], link: secondary}
        - {prefix: 10.0.0.0/16, next_hop: [10.0.2.12, 10.0.2.13], link: primary}
        - {prefix: 10.0.0.0/16, next_hop: [10.0.2.12, 10.0.2.13], link: secondary}
    nic_effective:
      vm:
        - {prefix: 10.20.0.0/16, next_hop: [10.0.2.6]}
        - {prefix: 10.30.0.0/16, next_hop: [10.0.2.6, 10.0.2.7]}
        - {prefix: 10.40.0.0/16, next_hop: [10.0.2.7]}
    absent:
      - {circuit_routes: er, prefix: 10.40.0.0/16, link: primary}
  - at: primary-down
    nic_effective:
      vm:
        - {prefix: 10.20.0.0/16, next_hop: [10.0.2.7]}
        - {prefix: 10.30.0.0/16, next_hop: [10.0.2.7]}
    on_prem_learned: {er: [{prefix: 10.0.0.0/16, link: secondary}]}
    absent:
      - {on_prem_learned: er, prefix: 10.0.0.0/16, link: primary}
      - {gateway_learned: ergw, prefix: 10.20.0.0/16, source_peer: 10.0.2.6}
  - at: both-down
    absent:
      - {nic_effective: vm, prefix: 10.20.0.0/16}
      - {on_prem_learned: er, prefix: 10.0.0.0/16}
  - {at: secondary-up, nic_effective: {vm: [{prefix: 10.30.0.0/16, next_hop: [10.0.2.7]}]}}
  - {at: primary-up, nic_effective: {vm: [{prefix: 10.30.0.0/16, next_hop: [10.0.2.6, 10.0.2.7]}]}}
  - at: alike
    nic_effective: {vm: [{prefix: 10.20.0.0/16, next_hop: [10.0.2.6, 10.0.2.7]}]}
    absent: [{nic_effective: vm, prefix: 10.40.0.0/16}]
"),
    );
}

#[test]
fn r167_explanations_say_the_circuit_once_unless_its_links_differ() {
    let agree = explained(LINKS, "vm", "10.30.0.0/16");
    assert_eq!(agree.matches("from er").count(), 2, "{agree}");
    assert!(agree.contains("from er, AS path"), "{agree}");
    let differ = explained(LINKS, "vm", "10.20.0.0/16");
    for says in [
        "from er primary, AS path 12076 64512, next hop 10.0.2.6: best",
        "from er secondary, AS path 12076 64512 64512, next hop 10.0.2.7: lost to er primary",
        "er secondary on-premises announces it itself",
    ] {
        assert!(differ.contains(says), "{says}\n{differ}");
    }
    let down = LINKS.to_owned()
        + "events: [{id: down, connection_down: {gateway: ergw, to: er, link: secondary}}]\n";
    let scenario = scenario(&down);
    let mut network = scenario.network().expect("it settles");
    let event = &scenario.events[0].1;
    network.apply(event).expect("it settles");
    let why = network.explain("vm", "10.30.0.0/16".parse().unwrap());
    let why = why.expect("a NIC").to_string();
    assert!(why.contains("from er primary"), "{why}");
    assert!(why.contains("between ergw and er secondary"), "{why}");
}

/// The same behind a Route Server.
fn with_route_server(profile: &str) -> String {
    let server = "route_servers: [{name: rs, vnet: hub}]\nnics:";
    let text = LINKS.replace("nics:", server);
    text + "profile: " + profile + "\n"
}

#[test]
fn r167_r173_with_a_route_server_a_nic_shows_one_connection_by_its_links_or_one_of_them() {
    let events = "
events:
  - {id: primary-down, connection_down: {gateway: ergw, to: er, link: primary}}
  - {id: secondary-alone, connection_up: {gateway: ergw, to: er}}
";
    holds(
        &(with_route_server("azure-2026")
            + events
            + "
expect:
  - at: initial
    nic_effective:
      vm: [{prefix: 10.20.0.0/16, next_hop: [10.0.2.6]}, {prefix: 10.30.0.0/16, next_hop: [10.0.2.6, 10.0.2.7]}]
  - at: primary-down
    nic_effective:
      vm: [{prefix: 10.20.0.0/16, next_hop: [10.0.2.7]}, {prefix: 10.30.0.0/16, next_hop: [10.0.2.7]}]
"),
    );
    holds(
        &(with_route_server("{base: azure-2026, expressroute_next_hops: one}")
            + events
            + "
expect:
  - {at: initial, nic_effective: {vm: [{prefix: 10.30.0.0/16, next_hop: [10.0.2.6]}]}}
  - {at: primary-down, nic_effective: {vm: [{prefix: 10.30.0.0/16, next_hop: [10.0.2.7]}]}}
"),
    );
    // R-173 is of networks with a Route Server alone.
    let without = LINKS.to_owned() + "profile: {base: azure-2026, expressroute_next_hops: one}\n";
    holds(
        &(without
            + "expect: [{at: initial, nic_effective: {vm: [{prefix: 10.30.0.0/16, next_hop: [10.0.2.6, 10.0.2.7]}]}}]\n"),
    );
}

/// What is wrong with a network, all of it.
fn wrong(text: &str) -> String {
    match Scenario::parse(text) {
        Ok(_) => String::new(),
        Err(wrong) => wrong.iter().map(|wrong| format!("{wrong}\n")).collect(),
    }
}

#[test]
fn r167_links_that_are_not_there_are_refused() {
    let single = LINKS
        .replace("[10.0.2.6, 10.0.2.7]", "[10.0.2.6]")
        .replace("secondary:", "primary:")
        + "events: [{id: down, connection_down: {gateway: ergw, to: er, link: secondary}}]\n";
    let why = wrong(&single);
    assert!(why.contains("has no secondary link"), "{why}");
    let site = LINKS.to_owned()
        + "sites: [{name: branch, asn: 65010}]
events: [{id: down, connection_down: {gateway: vpngw, to: branch, link: primary}}]\n";
    let site = site.replace(
        "gateways:\n",
        "gateways:\n  - {name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}]}\n",
    );
    let why = wrong(&site);
    assert!(why.contains("only circuits have links"), "{why}");
    let nobody = LINKS.replace(
        "    on_prem: {asn: 64512, prefixes: [10.20.0.0/16, 10.30.0.0/16]}\n",
        "",
    );
    let why = wrong(&nobody);
    assert!(why.contains("needs `on_prem`"), "{why}");
}
