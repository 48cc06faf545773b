//! Where packets go: by user-defined routes, NVAs, gateways and circuits, into loops and holes.

use routehub::{TraceEnd, TraceHop};
use routehub_scenario::Scenario;

const NETWORK: &str = "
schema: routehub/1
title: Ways
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets:
      - {name: RouteServerSubnet, prefix: 10.0.6.0/26}
      - {name: GatewaySubnet, prefix: 10.0.7.0/26}
      - {name: first, prefix: 10.0.4.0/24, route_table: to-second}
      - {name: second, prefix: 10.0.5.0/24, route_table: to-first}
  - {name: spoke, address_space: [10.1.0.0/16]}
  - {name: far, address_space: [10.2.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke}
  - {hub: hub, spoke: far}
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
route_tables:
  - {name: to-second, routes: [{prefix: 203.0.113.0/24, next_hop: 10.0.5.4}]}
  - {name: to-first, routes: [{prefix: 203.0.113.0/24, next_hop: 10.0.4.4}]}
  - name: user
    routes:
      - {prefix: 203.0.113.0/24, next_hop: 10.0.4.4}
      - {prefix: 198.51.100.0/24, next_hop: 10.2.9.9}
      - {prefix: 10.0.0.0/16, next_hop: 10.0.4.4}
      - {prefix: 192.0.2.0/24, next_hop_type: None}
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.1.0/24}], neighbors: [behind]}
  - {name: two, vnet: hub, ip: 10.0.5.4, asn: 65002, sessions: [rs], originates: [{prefix: 192.168.2.0/24, next_hop: 10.2.4.4}]}
gateways:
  - {name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}
  - {name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}]}
circuits: [{name: er, on_prem: {asn: 64600, prefixes: [10.200.0.0/16]}}]
sites:
  - {name: branch, asn: 64601, bgp_ips: [172.31.0.1], prefixes: [10.201.0.0/16]}
  - {name: behind, asn: 64602, bgp_ips: [172.31.0.2], prefixes: [192.168.1.128/25]}
nics: [{name: vm, vnet: spoke, route_table: user}, {name: plain, vnet: spoke}]
";

/// The names of the hops of the first way, and how it ends.
fn way(nic: &str, address: &str) -> (Vec<String>, TraceEnd) {
    let scenario = Scenario::parse(NETWORK).unwrap_or_else(|e| panic!("{e:?}"));
    let network = scenario.network().expect("it settles");
    let trace = network
        .trace(nic, address)
        .unwrap_or_else(|error| panic!("{error}"));
    let mut names = Vec::new();
    let mut hop: &TraceHop = &trace.way;
    loop {
        names.push(hop.at.clone());
        match (&hop.end, hop.next.first()) {
            (Some(end), _) => {
                let arrives = matches!(end, TraceEnd::Delivered { .. });
                assert_eq!(trace.arrives(), arrives, "{trace}");
                return (names, end.clone());
            }
            (None, Some(next)) => hop = next,
            (None, None) => panic!("the way has no end: {trace}"),
        }
    }
}

#[track_caller]
fn arrives(nic: &str, address: &str, hops: &[&str], wanted: &str) {
    let (names, end) = way(nic, address);
    assert_eq!(names, hops);
    let TraceEnd::Delivered { to } = end else {
        panic!("{end:?}")
    };
    assert_eq!(to.to_string(), wanted);
}

#[track_caller]
fn is_dropped(nic: &str, address: &str, hops: &[&str], rule: u16) {
    let (names, end) = way(nic, address);
    assert_eq!(names, hops);
    assert!(
        matches!(&end, TraceEnd::Dropped(why) if why.rule.0 == rule),
        "{end:?}"
    );
}

#[test]
fn a_packet_to_a_peered_network_needs_no_help() {
    arrives("plain", "10.0.4.4", &["plain"], "one in VNet hub");
    arrives("plain", "10.1.7.7", &["plain"], "VNet spoke");
    arrives("plain", "8.8.8.8", &["plain"], "the internet");
}

#[test]
fn an_nva_has_what_it_announces_behind_it() {
    arrives(
        "plain",
        "192.168.1.1",
        &["plain", "one"],
        "the network behind one",
    );
}

#[test]
fn an_nva_sends_to_a_direct_neighbour_what_it_learned_of_it() {
    arrives(
        "plain",
        "192.168.1.200",
        &["plain", "one", "behind"],
        "site behind",
    );
}

#[test]
fn a_user_defined_route_takes_a_detour() {
    arrives("vm", "10.0.9.9", &["vm", "one"], "VNet hub");
}

#[test]
fn gateways_lead_to_sites_and_circuits() {
    arrives(
        "plain",
        "10.201.0.1",
        &["plain", "vpngw", "branch"],
        "site branch",
    );
    arrives(
        "plain",
        "10.200.0.1",
        &["plain", "ergw", "er", "er on-premises"],
        "er on-premises",
    );
}

#[test]
fn a_next_hop_out_of_reach_is_a_hole() {
    is_dropped("plain", "192.168.2.1", &["plain"], 56);
    is_dropped("vm", "198.51.100.1", &["vm"], 56);
}

#[test]
fn a_route_to_none_and_a_private_range_without_routes_are_holes() {
    is_dropped("vm", "192.0.2.1", &["vm"], 105);
    is_dropped("plain", "172.16.0.1", &["plain"], 105);
}

#[test]
fn two_nvas_that_send_to_each_other_are_a_loop() {
    let (names, end) = way("vm", "203.0.113.1");
    assert_eq!(names, ["vm", "one", "two", "one"]);
    let TraceEnd::Loop(why) = end else {
        panic!("{end:?}")
    };
    assert_eq!(why.rule, routehub::rules::FORWARDING_LOOP);
    assert_eq!(why.evidence, "one -> two -> one");
}
