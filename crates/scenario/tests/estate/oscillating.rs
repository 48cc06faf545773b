//! Estates that cannot come to rest, each for a reason of its own: they are reported with the
//! speakers and prefixes that keep changing, within a bound, and go on working when an event takes
//! the reason away. And those that rest, but only just.

use std::time::{Duration, Instant};

use routehub::{Event, EventError, Finding, Network, NetworkError, NotConverged, Severity};
use routehub_scenario::{Scenario, Tables};

/// A hub with a circuit and an NVA that passes what the Route Server tells it back to it.
const BACK: &str = "
schema: routehub/1
title: A route that is better when it comes back
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas:
  - {name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], readvertises: [{to: all, as_path: strip}]}
gateways: [{name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}]
circuits: [{name: er, on_prem: {asn: 65201, prefixes: [10.200.0.0/16]}}]
nics: [{name: vm, vnet: hub}]
events:
  - {id: vpn-first, set_routing_preference: {route_server: rs, value: VpnGateway}}
  - {id: other, connection_down: {gateway: ergw, to: er}}
  - {id: other-back, connection_up: {gateway: ergw, to: er}}
  - {id: er-first, set_routing_preference: {route_server: rs, value: ExpressRoute}}
";

fn passes_on(hub: usize, next: usize) -> String {
    format!("{{from: [rs{next}], to: [rs{hub}], as_path: strip}}")
}

/// Hubs in a ring that an event closes. Each has a direct route to 192.168.0.0/16, and prefers the one by way of
/// the next hub, but only while that one takes its direct route: with three of them BAD GADGET
/// (Griffin, Shepherd and Wilfong, The Stable Paths Problem, 2002). Route maps make the preferences.
fn ring(hubs: usize) -> String {
    let mut text = "schema: routehub/1\ntitle: A ring\nvnets:\n".to_owned();
    let section = |text: &mut String, head: &str, line: &dyn Fn(usize) -> String| {
        *text += head;
        for hub in 0..hubs {
            *text += &line(hub);
        }
    };
    section(&mut text, "", &|n| {
        format!(
            "  - {{name: hub{n}, address_space: [10.{n}.0.0/16], \
             subnets: [{{name: RouteServerSubnet, prefix: 10.{n}.6.0/26}}]}}\n"
        )
    });
    section(&mut text, "peerings:\n", &|n| {
        let next = (n + 1) % hubs;
        match hubs {
            2 if n == 1 => String::new(),
            _ => format!("  - {{a: hub{n}, b: hub{next}}}\n"),
        }
    });
    section(&mut text, "route_servers:\n", &|n| {
        format!("  - {{name: rs{n}, vnet: hub{n}, branch_to_branch: true}}\n")
    });
    section(&mut text, "nvas:\n", &|n| {
        let next = (n + 1) % hubs;
        format!(
            "  - {{name: direct{n}, vnet: hub{n}, ip: 10.{n}.4.4, asn: {}, sessions: [rs{n}], \
             originates: [{{prefix: 192.168.0.0/16, prepend: 3}}]}}\n  \
             - {{name: ring{n}, vnet: hub{n}, ip: 10.{n}.4.5, asn: {}, sessions: \
             [{{route_server: rs{n}, inbound_route_map: ring, outbound_route_map: nothing}}, rs{next}], \
             readvertises: [{}]}}\n",
            65010 + n,
            65020 + n,
            if n == 0 {
                String::new()
            } else {
                passes_on(n, next)
            }
        )
    });
    let close = passes_on(0, 1);
    text + &format!(
        "events:
  - {{id: close, set_readvertises: {{nva: ring0, rules: [{close}]}}}}
  - {{id: ring-ends, nva_down: {{nva: ring1}}}}
"
    ) + "route_maps:
  - name: ring
    rules:
      - {match: [{condition: contains, as_path: [65099]}], actions: [{type: drop}]}
      - {actions: [{type: replace, as_path: [65099]}]}
  - {name: nothing, rules: [{actions: [{type: drop}]}]}
"
}

fn scenario(text: &str) -> Scenario {
    Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"))
}

fn event(scenario: &Scenario, id: &str) -> Event {
    let found = scenario.events.iter().find(|(one, _)| one == id);
    found.unwrap_or_else(|| panic!("no event {id}")).1.clone()
}

/// Lets something happen after which there is no rest.
#[track_caller]
fn never_rests(network: &mut Network, event: &Event) -> NotConverged {
    let start = Instant::now();
    let error = network.apply(event).expect_err("it does not settle");
    assert!(start.elapsed() < Duration::from_secs(10), "within a bound");
    match error {
        EventError::NotConverged(error) => error,
        other => panic!("{other}"),
    }
}

/// Who keeps changing what in a network that never comes to rest.
fn restless(text: &str) -> NotConverged {
    match scenario(text).network() {
        Err(NetworkError::NotConverged(restless)) => restless,
        other => panic!("it settles: {other:?}"),
    }
}

fn prefixes(error: &NotConverged) -> Vec<String> {
    error.prefixes.iter().map(ToString::to_string).collect()
}

/// All tables of a network.
fn tables(network: &Network) -> Tables {
    Tables::of(network.estate(), network)
}

#[test]
fn a_route_that_an_nva_passes_back_better_than_it_was_is_reported() {
    let scenario = scenario(BACK);
    let mut network = scenario.network().expect("by default ExpressRoute wins");
    let error = never_rests(&mut network, &event(&scenario, "vpn-first"));
    assert_eq!(prefixes(&error), ["10.200.0.0/16"]);
    for speaker in ["rs/0", "rs/1", "nva"] {
        assert!(error.speakers.iter().any(|one| one == speaker), "{error}");
    }
    assert!(
        error
            .to_string()
            .starts_with("the network does not settle: 10.200.0.0/16 keep changing at"),
        "{error}"
    );
}

#[test]
fn an_estate_works_on_when_the_reason_is_gone() {
    let scenario = scenario(BACK);
    let mut network = scenario.network().expect("by default ExpressRoute wins");
    let before = tables(&network);
    never_rests(&mut network, &event(&scenario, "vpn-first"));
    // Without the circuit there is nothing to pass back; with it, it starts anew.
    network.apply(&event(&scenario, "other")).expect("it rests");
    assert_eq!(
        network.nva_learned("nva").expect("a name").len(),
        2,
        "the hub, twice"
    );
    never_rests(&mut network, &event(&scenario, "other-back"));
    network
        .apply(&event(&scenario, "er-first"))
        .expect("it rests");
    assert_eq!(tables(&network), before);
}

#[test]
fn an_event_that_has_nothing_to_do_with_it_does_not_hide_it() {
    let scenario = scenario(&BACK.replace(
        "events:\n",
        "events:\n  - {id: unrelated, advertise: {nva: nva, routes: [{prefix: 192.168.9.0/24}]}}\n",
    ));
    let mut network = scenario.network().expect("by default ExpressRoute wins");
    never_rests(&mut network, &event(&scenario, "vpn-first"));
    let error = never_rests(&mut network, &event(&scenario, "unrelated"));
    assert_eq!(prefixes(&error), ["10.200.0.0/16"]);
    // What it does have to do with still works.
    assert_eq!(
        network
            .rs_learned("rs", "nva")
            .expect("a name")
            .iter()
            .filter(|row| row.prefix.length() == 24)
            .count(),
        2
    );
}

#[test]
fn a_map_that_makes_a_returned_route_shorter_is_reported() {
    let text = "
schema: routehub/1
title: A map that clears the path of what comes back
vnets: [{name: hub, address_space: [10.0.0.0/16], subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas:
  - {name: far, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16, prepend: 1}]}
  - name: near
    vnet: hub
    ip: 10.0.4.5
    asn: 65002
    sessions: [{route_server: rs, inbound_route_map: clear}]
    readvertises: [{to: all, as_path: strip}]
route_maps: [{name: clear, rules: [{actions: [{type: replace, as_path: []}]}]}]
";
    let error = restless(text);
    assert_eq!(prefixes(&error), ["192.168.0.0/16"]);
    assert!(error.speakers.contains(&"near".to_owned()), "{error}");
}

/// Where a hub's Route Server has 192.168.0.0/16 from.
fn from(network: &Network, hub: usize) -> String {
    let prefix = "192.168.0.0/16".parse().expect("a prefix");
    let paths = network
        .rs_paths(&format!("rs{hub}"), 0, prefix)
        .expect("a name");
    paths[0].from.clone().unwrap_or_default()
}

#[test]
fn bad_gadget_is_reported_and_rests_when_the_ring_is_broken() {
    let scenario = scenario(&ring(3));
    let mut network = scenario.network().expect("the ring is open");
    assert_eq!(
        [0, 1, 2].map(|hub| from(&network, hub)),
        ["direct0", "direct1", "ring2"]
    );
    let error = never_rests(&mut network, &event(&scenario, "close"));
    assert_eq!(prefixes(&error), ["192.168.0.0/16"]);
    for speaker in ["rs0/0", "rs1/0", "rs2/0", "ring0", "ring1", "ring2"] {
        assert!(error.speakers.iter().any(|one| one == speaker), "{error}");
    }
    network
        .apply(&event(&scenario, "ring-ends"))
        .expect("it rests");
    assert_eq!(
        [0, 1, 2].map(|hub| from(&network, hub)),
        ["ring0", "direct1", "direct2"]
    );
}

#[test]
fn a_ring_of_two_comes_to_rest_in_one_of_two_ways() {
    let scenario = scenario(&ring(2));
    let mut network = scenario.network().expect("the ring is open");
    network
        .apply(&event(&scenario, "close"))
        .expect("two can agree");
    let ways = [0, 1].map(|hub| from(&network, hub));
    assert!(
        ways == ["ring0", "direct1"] || ways == ["direct0", "ring1"],
        "{ways:?}"
    );
}

#[test]
fn a_connection_that_its_own_limit_takes_down_and_up_is_reported() {
    // With the circuit there is one route more for the circuit: the NVA passes what it hears of it
    // on under another prefix.
    let text = BACK
        .replace(
            "title:",
            "profile: {base: azure-2026, max_routes_to_circuit: 1}\ntitle:",
        )
        .replace(
            "sessions: [rs]",
            "sessions: [{route_server: rs, inbound_route_map: other}]",
        )
        + "route_maps: [{name: other, rules: [{actions: [{type: replace, prefixes: [10.201.0.0/16]}]}]}]\n";
    let error = restless(&text);
    assert_eq!(error.speakers, ["ergw"]);
    assert!(
        prefixes(&error).contains(&"10.200.0.0/16".to_owned()),
        "{error}"
    );
}

/// An NVA that has a route from the Route Server, and another one beside it that passes it back:
/// each takes the other's ASN out of the path.
const GHOST: &str = "
schema: routehub/1
title: A route that outlives its origin
vnets: [{name: hub, address_space: [10.0.0.0/16], subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]}]
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas:
  - {name: origin, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
  - name: left
    vnet: hub
    ip: 10.0.4.5
    asn: 65002
    sessions: [rs]
    neighbors: [right]
    readvertises: [{to: [right], as_path: strip}]
  - {name: right, vnet: hub, ip: 10.0.4.6, asn: 65003, sessions: [], readvertises: [{to: [left], as_path: strip}]}
events:
  - {id: origin-gone, nva_down: {nva: origin}}
  - {id: left-restarts, nva_down: {nva: left}}
  - {id: left-back, nva_up: {nva: left}}
";

fn loops(network: &Network) -> Vec<Finding> {
    let mut found = network.findings();
    found.retain(|one| one.rule.0 == 74 && one.severity == Severity::Error);
    found
}

#[test]
fn a_route_that_two_nvas_keep_alive_between_them_is_found_and_named() {
    let scenario = scenario(GHOST);
    let mut network = scenario.network().expect("it rests");
    assert_eq!(loops(&network), []);
    network
        .apply(&event(&scenario, "origin-gone"))
        .expect("it rests");
    let held = network.nva_learned("right").expect("a name");
    assert!(
        held.iter()
            .any(|row| row.as_path.to_string() == "65002 65515 65001"),
        "{held:?}"
    );
    let found = loops(&network);
    let subjects: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(subjects, ["left", "right"]);
    for one in &found {
        assert!(
            one.text.starts_with("192.168.0.0/16 go round"),
            "{}",
            one.text
        );
        assert!(one.text.contains("left -> right -> left"), "{}", one.text);
    }
    for id in ["left-restarts", "left-back"] {
        network.apply(&event(&scenario, id)).expect("it rests");
    }
    assert_eq!(loops(&network), []);
    assert!(
        network
            .nva_learned("right")
            .expect("a name")
            .iter()
            .all(|row| row.prefix.length() != 16 || row.as_path.to_string() == "65002 65515")
    );
}
