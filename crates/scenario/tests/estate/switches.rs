//! Switches of a profile that change what happens: traffic that stays after a failure, and
//! the upgrade that route maps bring.

use routehub::profile::{Profile, Values};
use routehub::types::Prefix;
use routehub::{Network, SessionState, Severity};
use routehub_scenario::Scenario;

const THREE_WAYS: &str = "
schema: routehub/1
title: A site behind a circuit, a VPN and an SD-WAN appliance
profile: {base: azure-2026, sticky_failback: true}
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas:
  - {name: sdwan, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 10.200.0.0/16, prepend: 1}]}
  - {name: other, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs]}
gateways: [{name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}]
circuits: [{name: er, on_prem: {asn: 64600, prefixes: [10.200.0.0/16]}}]
nics: [{name: vm, vnet: hub}]
events:
  - {id: fails, connection_down: {gateway: ergw, to: er}}
  - {id: returns, connection_up: {gateway: ergw, to: er}}
  - {id: shorter, advertise: {nva: other, routes: [{prefix: 10.200.0.0/16}]}}
  - {id: longer, withdraw: {nva: other, prefix: 10.200.0.0/16}}
  - {id: sdwan-gone, nva_down: {nva: sdwan}}
  - {id: sdwan-back, nva_up: {nva: sdwan}}
";

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"))
}

fn site() -> Prefix {
    "10.200.0.0/16".parse().expect("a prefix")
}

/// Where the machine sends packets for the site.
fn next_hops(network: &Network) -> Vec<String> {
    let rows = network.nic_effective("vm").expect("a name");
    let row = rows.iter().find(|row| *row.prefixes == [site()]);
    let hops = row.map(|row| row.next_hops.clone()).unwrap_or_default();
    hops.iter().map(ToString::to_string).collect()
}

fn severity(network: &Network, rule: u16) -> Option<Severity> {
    let found = network.findings();
    found
        .iter()
        .find(|one| one.rule.0 == rule)
        .map(|one| one.severity)
}

/// The next hops initially and after each event.
fn over_time(text: &str) -> Vec<Vec<String>> {
    let mut seen = Vec::new();
    scenario(text)
        .run(|_, network| seen.push(next_hops(network)))
        .expect("it settles");
    seen
}

const CIRCUIT: [&str; 2] = ["10.0.7.4", "10.0.7.5"];

#[test]
fn traffic_stays_where_it_went_until_that_goes_too() {
    let [nva, other] = [["10.0.4.4"], ["10.0.4.5"]];
    let expected: [&[&str]; 7] = [&CIRCUIT, &nva, &nva, &other, &CIRCUIT, &CIRCUIT, &CIRCUIT];
    // When the other NVA's shorter route goes, the circuit is not held back by a path that was not
    // in use any more.
    assert_eq!(over_time(THREE_WAYS), expected);
}

#[test]
fn without_the_switch_traffic_goes_back_at_once() {
    let text = THREE_WAYS.replace("sticky_failback: true", "sticky_failback: false");
    let seen = over_time(&text);
    assert_eq!(seen[1], ["10.0.4.4"]);
    assert!(
        [0, 2, 3, 4].iter().all(|at| seen[*at] == CIRCUIT),
        "{seen:?}"
    );
}

#[test]
fn r183_an_outcome_that_depends_on_what_happened_before_is_said_with_the_other_state() {
    let mut said = Vec::new();
    let history = |network: &Network| {
        let found = network.findings().into_iter();
        let mut found = found.filter(|one| one.rule == routehub::rules::SEVERAL_STATES);
        found.next().map(|one| (one.subject, one.text))
    };
    scenario(THREE_WAYS)
        .run(|_, network| said.push(history(network)))
        .expect("it settles");
    assert_eq!([&said[0], &said[1]], [&None, &None]);
    let (subject, text) = said[2].clone().expect("traffic stayed");
    assert_eq!(subject, "rs");
    assert!(
        text.contains("10.200.0.0/16 goes by sdwan, and from a fresh start by ergw"),
        "{text}"
    );
    assert_eq!(said[6], None);
}

#[test]
fn a_longer_backup_gives_way() {
    let seen = over_time(&THREE_WAYS.replace("prepend: 1}", "prepend: 2}"));
    assert_eq!(seen[1], ["10.0.4.4"]);
    assert_eq!(seen[2], CIRCUIT);
}

#[test]
fn other_preferences_know_no_failback() {
    let text = THREE_WAYS.replace(
        "branch_to_branch: true",
        "branch_to_branch: true, routing_preference: VpnGateway",
    );
    let seen = over_time(&text);
    assert!(
        seen[..3].iter().all(|hops| hops == &["10.0.4.4"]),
        "{seen:?}"
    );
}

#[test]
fn that_traffic_stayed_is_found_and_explained() {
    let scenario = scenario(THREE_WAYS);
    let mut network = scenario.network().expect("it settles");
    assert_eq!(severity(&network, 73), Some(Severity::Info), "it may stay");
    for (_, event) in &scenario.events[..2] {
        network.apply(event).expect("it settles");
    }
    assert_eq!(severity(&network, 73), Some(Severity::Warning), "it stayed");
    let told = network
        .explain("rs", site())
        .expect("it is there")
        .to_string();
    assert!(
        told.contains("R-073") && told.contains("prepend on VPN and NVA"),
        "{told}"
    );
}

#[test]
fn another_preference_decides_anew() {
    let text = THREE_WAYS.to_owned()
        + "  - {id: vpn, set_routing_preference: {route_server: rs, value: VpnGateway}}
  - {id: er, set_routing_preference: {route_server: rs, value: ExpressRoute}}
  - {id: fails-again, connection_down: {gateway: ergw, to: er}}
  - {id: returns-again, connection_up: {gateway: ergw, to: er}}
";
    let seen = over_time(&text);
    let nva = vec!["10.0.4.4".to_owned()];
    assert_eq!(seen[7], nva);
    assert_eq!(seen[8], CIRCUIT, "an administrator's word counts");
    assert_eq!(seen[9..], [nva.clone(), nva], "and it sticks again");
}

const UPGRADED: &str = "
schema: routehub/1
title: An NVA in another network
profile: {base: azure-2026, upgraded: true}
vnets:
  - {name: hub, address_space: [10.0.0.0/16], subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]}
  - {name: spoke, address_space: [10.1.0.0/16]}
peerings: [{a: hub, b: spoke}]
route_servers: [{name: rs, vnet: hub}]
nvas:
  - {name: near, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 10.200.0.0/16}]}
  - {name: far, vnet: spoke, ip: 10.1.4.4, asn: 65002, sessions: [rs], originates: [{prefix: 10.201.0.0/16}]}
events:
  - {id: off, remove_peering: {a: hub, b: spoke}}
  - {id: uses, add_peering: {hub: hub, spoke: spoke}}
";

fn state(network: &Network, nva: &str) -> SessionState {
    network.sessions("rs", nva).expect("a name")[0].state
}

#[test]
fn an_upgraded_route_server_refuses_a_peer_whose_network_does_not_use_its_gateways() {
    let scenario = scenario(UPGRADED);
    let mut network = scenario.network().expect("it settles");
    assert_eq!(state(&network, "near"), SessionState::Established);
    assert_eq!(state(&network, "far"), SessionState::Failed);
    assert_eq!(network.rs_learned("rs", "far").expect("a name"), []);
    assert_eq!(severity(&network, 26), Some(Severity::Error));
    let told = network.explain("rs", "10.201.0.0/16".parse().expect("a prefix"));
    let told = told.expect("it is there").to_string();
    assert!(told.contains("R-026"), "{told}");
    for (_, event) in &scenario.events {
        network.apply(event).expect("it settles");
    }
    assert_eq!(state(&network, "far"), SessionState::Established);
    assert_eq!(network.rs_learned("rs", "far").expect("a name").len(), 2);
    assert_eq!(severity(&network, 26), None);
}

#[test]
fn before_the_upgrade_a_plain_peering_is_enough() {
    let text = UPGRADED.replace("upgraded: true", "upgraded: false");
    let network = scenario(&text).network().expect("it settles");
    assert_eq!(state(&network, "far"), SessionState::Established);
    assert_eq!(severity(&network, 26), None);
    let with_maps = text + "route_maps: [{name: all, rules: [{actions: [{type: drop}]}]}]\n";
    let network = scenario(&with_maps).network().expect("it settles");
    assert_eq!(
        severity(&network, 26),
        Some(Severity::Warning),
        "it is near"
    );
}

#[test]
fn a_file_can_set_every_switch_to_what_a_profile_shows() {
    for shown in Profile::all() {
        for field in shown.fields() {
            if field.switch.is_none() {
                continue;
            }
            let (name, value) = (field.name, &field.value);
            let written = match field.switch {
                Some(Values::Prefixes) if value != "none" => format!("[{value}]"),
                _ => value.clone(),
            };
            let text = format!(
                "schema: routehub/1\ntitle: x\nvnets: []\nprofile: {{base: azure-2021, {name}: {written}}}\n"
            );
            let fields = scenario(&text).profile.fields();
            let read = fields.into_iter().find(|read| read.name == name);
            assert_eq!(read.map(|read| read.value).as_ref(), Some(value), "{name}");
        }
    }
}
