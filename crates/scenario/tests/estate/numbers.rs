//! Numbers at which something happens: prefixes of a Route Server, equal next hops,
//! routes in an UPDATE; and IPv6 where there is any.

use routehub::types::Prefix;
use routehub::{Finding, Network, PathStanding, SessionState, Severity, Step};
use routehub_scenario::Scenario;

const HUB: &str = "
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
";

fn network(profile: &str, rest: &str) -> (Scenario, Network) {
    let text = format!("schema: routehub/1\ntitle: x\nprofile: {profile}\n{HUB}{rest}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let network = scenario.network().expect("it settles");
    (scenario, network)
}

fn apply(scenario: &Scenario, network: &mut Network, id: &str) {
    let event = scenario.events.iter().find(|(one, _)| one == id);
    let (_, event) = event.unwrap_or_else(|| panic!("no event {id}"));
    network.apply(event).expect("it settles");
}

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

/// The prefixes learned from an NVA, those of instance 0.
fn learned(network: &Network, nva: &str) -> Vec<String> {
    let rows = network.rs_learned("rs", nva).expect("a name").into_iter();
    rows.filter(|row| row.instance == Some(0))
        .map(|row| row.prefix.to_string())
        .collect()
}

fn findings(network: &Network, rule: u16) -> Vec<Finding> {
    let mut found = network.findings();
    found.retain(|one| one.rule.0 == rule);
    found
}

const FULL: &str = "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], advertises: [{to: rs, prefixes: [192.168.1.0/24, 192.168.2.0/24]}]}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs], advertises: [{to: rs, prefix: 192.168.2.0/24}]}
gateways: [{name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}]
circuits: [{name: er, on_prem: {asn: 65201, prefixes: []}}]
nics: [{name: vm, vnet: hub}]
events:
  - {id: third, advertise: {nva: two, routes: [{prefix: 192.168.3.0/24}]}}
  - {id: again, advertise: {nva: two, routes: [{prefix: 192.168.3.0/24}]}}
  - {id: known, advertise: {nva: two, routes: [{prefix: 192.168.1.0/24}]}}
  - {id: maps, set_branch_to_branch: {route_server: rs, value: false}}
  - {id: room, withdraw: {nva: one, prefix: 192.168.2.0/24}}
  - {id: more-room, withdraw: {nva: two, prefix: 192.168.2.0/24}}
  - {id: third-again, advertise: {nva: two, routes: [{prefix: 192.168.3.0/24}]}}
";

#[test]
fn a_full_route_server_keeps_what_came_first_and_says_what_it_refuses() {
    let profile = "{base: azure-2026, max_total_prefixes: 3}";
    let (scenario, mut network) = network(profile, FULL);
    assert_eq!(
        findings(&network, 8)[0].severity,
        Severity::Warning,
        "it is full"
    );
    for event in ["third", "again"] {
        apply(&scenario, &mut network, event);
        assert_eq!(learned(&network, "two"), ["192.168.2.0/24"], "{event}");
        let refused = network.rs_refused("rs", "two").expect("a name");
        assert!(
            refused
                .iter()
                .all(|one| one.rule.0 == 8 && one.prefix == prefix("192.168.3.0/24"))
        );
        assert_eq!(refused.len(), 2, "at both instances");
    }
    let found = findings(&network, 8);
    assert_eq!(
        (found[0].subject.as_str(), found[0].severity),
        ("rs", Severity::Error)
    );
    assert!(found[0].text.contains("1 are refused"), "{}", found[0].text);
    let sessions = network.sessions("rs", "two").expect("a name");
    assert!(
        sessions
            .iter()
            .all(|one| one.state == SessionState::Established),
        "no session ends"
    );
    // A further path of a prefix that is held is none more; policies that are asked again do not
    // throw out what is held.
    apply(&scenario, &mut network, "known");
    apply(&scenario, &mut network, "maps");
    assert_eq!(
        learned(&network, "two"),
        ["192.168.1.0/24", "192.168.2.0/24"]
    );
    assert_eq!(
        learned(&network, "one"),
        ["192.168.1.0/24", "192.168.2.0/24"]
    );
    // Both paths of a prefix have to go to make room.
    apply(&scenario, &mut network, "room");
    apply(&scenario, &mut network, "third-again");
    assert_eq!(
        learned(&network, "two"),
        ["192.168.1.0/24", "192.168.2.0/24"]
    );
    apply(&scenario, &mut network, "more-room");
    apply(&scenario, &mut network, "third-again");
    assert_eq!(
        learned(&network, "two"),
        ["192.168.1.0/24", "192.168.3.0/24"]
    );
    assert_eq!(network.rs_refused("rs", "two").expect("a name"), []);
}

#[test]
fn only_route_servers_have_a_limit_on_all_prefixes() {
    let on_prem = "{name: er, on_prem: {asn: 65201, prefixes: [10.201.0.0/16, 10.202.0.0/16, 10.203.0.0/16, 10.204.0.0/16]}}";
    let rest = FULL.split("events:").next().unwrap_or_default();
    let rest = rest.replace("{name: er, on_prem: {asn: 65201, prefixes: []}}", on_prem);
    let (_, network) = network("{base: azure-2026, max_total_prefixes: 3}", &rest);
    let rows = network.gateway_learned("ergw").expect("a name");
    let from_circuit = rows
        .iter()
        .filter(|row| row.as_path.to_string() == "12076 65201");
    assert_eq!(
        from_circuit.count(),
        16,
        "four prefixes of two edge routers, at both instances"
    );
}

/// So many NVAs that announce the same prefix.
fn alike(count: usize) -> String {
    let mut text = "nics: [{name: vm, vnet: hub}]\nnvas:\n".to_owned();
    for n in 0..count {
        text += &format!(
            "  - {{name: nva{n}, vnet: hub, ip: 10.0.4.{}, asn: {}, sessions: [rs], originates: [{{prefix: 192.168.0.0/16}}]}}\n",
            10 + n,
            65001 + n
        );
    }
    text
}

fn used(network: &Network) -> (usize, usize, usize) {
    let rows = network.nic_effective("vm").expect("a name");
    let row = rows
        .iter()
        .find(|row| *row.prefixes == [prefix("192.168.0.0/16")]);
    let paths = network
        .rs_paths("rs", 0, prefix("192.168.0.0/16"))
        .expect("a name");
    let full = paths.iter().filter(
        |path| matches!(&path.standing, PathStanding::Lost { step, .. } if *step == Step::MaxPaths),
    );
    (
        row.map_or(0, |row| row.next_hops.len()),
        paths.len(),
        full.count(),
    )
}

#[test]
fn of_more_than_eight_equal_paths_the_eight_of_the_lowest_peers_are_used() {
    let (_, network) = network("{base: azure-2026, max_peers: none}", &alike(11));
    assert_eq!(used(&network), (8, 11, 3));
    let rows = network.nic_effective("vm").expect("a name");
    let hops = rows.iter().flat_map(|row| &row.next_hops);
    let hops: Vec<String> = hops.map(ToString::to_string).collect();
    assert_eq!(
        (
            hops.first().map(String::as_str),
            hops.last().map(String::as_str)
        ),
        (Some("10.0.4.10"), Some("10.0.4.17"))
    );
    let found = findings(&network, 15);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].text.contains("than the 8 that are used"),
        "{}",
        found[0].text
    );
}

#[test]
fn a_plain_route_server_uses_more_than_eight() {
    let (_, network) = network("open", &alike(11));
    assert_eq!(used(&network), (11, 11, 0));
    assert_eq!(findings(&network, 15), []);
}

#[test]
fn what_counts_as_one_update_decides_when_a_session_ends() {
    // 2,001 prefixes of /24 are 1,013 + 988 in two UPDATEs of 4,096 octets. All of them once more
    // are 4,002; message by message 2,001 + 1,013 and 2,001 + 988.
    let nva = "
nvas:
  - name: nva
    vnet: hub
    ip: 10.0.4.4
    asn: 65001
    sessions: [rs]
    advertises: [{to: rs, prefixes_from: {base: 100.64.0.0/24, count: 2001}}]
events:
  - {id: again, advertise: {nva: nva, routes: [{prefixes_from: {base: 100.64.0.0/24, count: 2001}}]}}
  - {id: up, nva_up: {nva: nva}}
";
    for (mode, limit, stays) in [
        ("per_batch", 4001, false),
        ("per_batch", 4002, true),
        ("per_message", 3014, true),
        ("per_message", 3013, false),
        ("strict_rib", 2001, true),
    ] {
        let profile = format!(
            "{{base: azure-2026, max_routes_per_peer: {limit}, prefix_count_mode: {mode}}}"
        );
        let (scenario, mut network) = network(&profile, nva);
        assert_eq!(learned(&network, "nva").len(), 2001, "{mode} {limit}");
        apply(&scenario, &mut network, "again");
        let state = if stays {
            SessionState::Established
        } else {
            SessionState::Idle
        };
        for one in network.sessions("rs", "nva").expect("a name") {
            assert_eq!(one.state, state, "{mode} {limit}");
            assert_eq!(
                one.notification,
                (!stays).then_some((6, 1)),
                "{mode} {limit}"
            );
        }
        apply(&scenario, &mut network, "up");
        assert_eq!(learned(&network, "nva").len(), 2001, "{mode} {limit}");
    }
}

const DUAL: &str = "
peerings: [{hub: hub, spoke: spoke}]
nvas:
  - name: one
    vnet: hub
    ip: 10.0.4.4
    asn: 65001
    sessions: [rs]
    originates: [{prefix: '2001:db8:9::/48', next_hop: '2001:db8:0:4::4'}, {prefix: 192.168.0.0/16}]
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs]}
nics: [{name: vm, vnet: spoke}]
";

fn dual(profile: &str) -> Network {
    let text = format!("schema: routehub/1\ntitle: x\nprofile: {profile}\n{HUB}{DUAL}")
        .replace("[10.0.0.0/16]", "[10.0.0.0/16, '2001:db8::/48']")
        .replace(
            "route_servers:",
            "  - {name: spoke, address_space: [10.1.0.0/16, '2001:db8:1::/48']}\nroute_servers:",
        );
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    scenario.network().expect("it settles")
}

#[test]
fn a_plain_route_server_passes_ipv6_on_unchanged_and_networks_use_it() {
    let network = dual("open");
    assert_eq!(
        learned(&network, "one"),
        ["192.168.0.0/16", "2001:db8:9::/48"]
    );
    let told = network.nva_learned("two").expect("a name");
    let six = told
        .iter()
        .find(|row| row.prefix == prefix("2001:db8:9::/48"))
        .expect("it is told");
    assert_eq!(
        six.as_path.to_string(),
        "65001",
        "RFC 7947: the path is as it was"
    );
    assert_eq!(
        six.next_hop,
        Some("2001:db8:0:4::4".parse().expect("an address"))
    );
    let rows = network.nic_effective("vm").expect("a name");
    let row = |text: &str| {
        let row = rows.iter().find(|row| *row.prefixes == [prefix(text)]);
        row.map(|row| (format!("{:?}", row.next_hop_type), row.next_hops.len()))
    };
    assert_eq!(
        row("2001:db8:9::/48"),
        Some(("VirtualNetworkGateway".into(), 1))
    );
    assert_eq!(row("2001:db8:1::/48"), Some(("VnetLocal".into(), 0)));
    assert_eq!(row("2001:db8::/48"), Some(("VNetPeering".into(), 0)));
    assert_eq!(findings(&network, 59), []);
}

/// Under an Azure profile an NVA may not announce IPv6 routes, and none is exchanged.
#[test]
fn r059_under_azure_no_ipv6_is_exchanged_which_is_said() {
    let azure = DUAL.replace(
        "{prefix: '2001:db8:9::/48', next_hop: '2001:db8:0:4::4'}, ",
        "",
    );
    let text = format!("schema: routehub/1\ntitle: x\n{HUB}{azure}")
        .replace("[10.0.0.0/16]", "[10.0.0.0/16, '2001:db8::/48']")
        .replace(
            "route_servers:",
            "  - {name: spoke, address_space: [10.1.0.0/16, '2001:db8:1::/48']}\nroute_servers:",
        );
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let network = scenario.network().expect("it settles");
    assert!(
        network
            .nva_learned("two")
            .expect("a name")
            .iter()
            .all(|row| matches!(row.prefix, Prefix::V4(_)))
    );
    let rows = network.nic_effective("vm").expect("a name");
    // networks and peerings have IPv6 all the same.
    let six = rows.iter().flat_map(|row| &row.prefixes);
    let six = six.filter(|one| matches!(one, Prefix::V6(_)));
    let six: Vec<String> = six.map(ToString::to_string).collect();
    assert_eq!(six, ["::/0", "2001:db8::/48", "2001:db8:1::/48"]);
    let found = findings(&network, 59);
    let said: Vec<(&str, Severity)> = found
        .iter()
        .map(|one| (one.subject.as_str(), one.severity))
        .collect();
    assert_eq!(
        said,
        [("hub", Severity::Error), ("spoke", Severity::Warning)]
    );
}

#[test]
fn a_summary_of_several_routes_is_sent_while_one_is_left_and_is_the_same_whoever_came_first() {
    let rest = "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], advertises: [{to: rs, prefixes: [192.168.1.0/24, 192.168.2.0/24]}, {to: rs, prefix: 192.168.0.0/16, as_path: [65001, 3320, 3320]}]}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [{route_server: rs, outbound_route_map: sum}]}
route_maps:
  - name: sum
    rules:
      - {match: [{condition: equals, prefixes: [192.168.1.0/24]}], actions: [{type: replace, prefixes: [192.168.0.0/16]}]}
      - {match: [{condition: equals, prefixes: [192.168.2.0/24]}], actions: [{type: replace, prefixes: [192.168.0.0/16]}]}
events:
  - {id: one-less, withdraw: {nva: one, prefix: 192.168.1.0/24}}
  - {id: none, withdraw: {nva: one, prefix: 192.168.2.0/24}}
";
    let (scenario, mut network) = network("azure-2026", rest);
    let sent = |network: &Network| {
        let rows = network
            .rs_advertised("rs", "two")
            .expect("a name")
            .into_iter();
        let rows =
            rows.filter(|row| row.prefix == prefix("192.168.0.0/16") && row.instance == Some(1));
        rows.map(|row| row.as_path.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(
        sent(&network),
        ["65515"],
        "R-144: the summary's path is shorter"
    );
    apply(&scenario, &mut network, "one-less");
    assert_eq!(sent(&network), ["65515"], "one is enough");
    apply(&scenario, &mut network, "none");
    assert_eq!(
        sent(&network),
        ["65515 65001 3320 3320"],
        "what has the name itself"
    );
}

#[test]
fn nvas_of_one_asn_are_told_that_they_do_not_hear_of_each_other() {
    let rest = "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65010, sessions: [rs]}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65010, sessions: [rs]}
  - {name: other, vnet: hub, ip: 10.0.4.6, asn: 65011, sessions: [rs]}
events:
  - {id: off, set_branch_to_branch: {route_server: rs, value: false}}
";
    let (scenario, mut network) = network("azure-2026", rest);
    let found = findings(&network, 27);
    let subjects: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["one", "two"]);
    assert!(
        found[0].text.starts_with("one and two have AS 65010"),
        "{}",
        found[0].text
    );
    apply(&scenario, &mut network, "off");
    assert_eq!(findings(&network, 27), [], "nothing is passed on");
}

#[test]
fn a_network_with_a_gateway_of_its_own_cannot_use_anothers() {
    let text = format!(
        "schema: routehub/1\ntitle: x\n{}
peerings: [{{hub: hub, spoke: spoke}}]
gateways: [{{name: gw, vnet: spoke, type: vpn, bgp_ips: [10.1.7.4, 10.1.7.5]}}]
",
        HUB.replace(
            "route_servers:",
            "  - {name: spoke, address_space: [10.1.0.0/16]}\nroute_servers:"
        )
    );
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let network = scenario.network().expect("it settles");
    let found = findings(&network, 121);
    assert_eq!(
        (found.len(), found[0].subject.as_str(), found[0].severity),
        (1, "spoke", Severity::Error)
    );
    assert_eq!(
        findings(&network, 156).len(),
        1,
        "and its gateway exchanges nothing"
    );
}
