//! The packet's way as the fabric forwards: summaries, next hops that nobody has, load balancers,
//! NICs that forward, peering flags, what gateways' subnets say.

use routehub::{Trace, TraceEnd, rules};
use routehub_scenario::Scenario;

/// The trace in a network, after all of its events.
fn traced(text: &str, from: &str, to: &str) -> Trace {
    let text = format!("schema: routehub/1\ntitle: a way\n{text}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|e| panic!("{e:?}"));
    let mut network = scenario.network().expect("it settles");
    for (id, event) in &scenario.events {
        network
            .apply(event)
            .unwrap_or_else(|error| panic!("{id}: {error}"));
    }
    let trace = network.trace(from, to);
    trace.unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn told(trace: &Trace, arrives: bool, wanted: &str) {
    let text = trace.to_string();
    assert!(text.contains(wanted), "{text}");
    assert_eq!(trace.arrives(), arrives, "{text}");
}

const SPOKES: &str = "
vnets:
  - {name: hub, address_space: [10.0.0.0/24], subnets: [{name: RouteServerSubnet, prefix: 10.0.0.128/26}, {name: nva, prefix: 10.0.0.0/26}]}
  - {name: s1, address_space: [10.0.1.0/24]}
  - {name: s2, address_space: [10.0.2.0/24]}
peerings: [{hub: hub, spoke: s1}, {hub: hub, spoke: s2}]
route_servers: [{name: rs, vnet: hub}]
nvas: [{name: nva, vnet: hub, ip: 10.0.0.4, asn: 65004, sessions: [rs], originates: [{prefix: 10.0.0.0/8}]}]
nics: [{name: vm1, vnet: s1}, {name: vm2, vnet: s2, ip: 10.0.2.9}]
";

#[test]
fn what_an_nva_announces_is_behind_it_only_where_nothing_longer_leads_elsewhere() {
    let trace = traced(SPOKES, "vm1", "10.0.2.4");
    told(
        &trace,
        true,
        "nva by 10.0.2.0/24 to VNetPeering: arrives at VNet s2",
    );
    let trace = traced(SPOKES, "vm1", "vm2");
    told(&trace, true, "arrives at vm2 in VNet s2");
    let trace = traced(SPOKES, "vm1", "10.99.0.1");
    told(
        &trace,
        true,
        "nva by 10.0.0.0/8: arrives at the network behind nva",
    );
}

#[test]
fn what_an_nva_would_tell_a_route_server_that_refuses_it_is_behind_it() {
    let text = "
vnets: [{name: v, address_space: [10.0.0.0/16], subnets: [{name: a, prefix: 10.0.1.0/24, route_table: rt}, {name: RouteServerSubnet, prefix: 10.0.2.0/24}]}]
route_servers: [{name: rs, vnet: v}]
nvas: [{name: fw, vnet: v, ip: 10.0.100.4, asn: 65520, sessions: [rs], advertises: [{to: rs, prefixes: [10.100.1.0/24]}]}]
route_tables: [{name: rt, routes: [{prefix: 10.100.1.0/24, next_hop: 10.0.100.4}]}]
nics: [{name: vm, vnet: v, subnet: a}]
";
    let trace = traced(text, "vm", "10.100.1.9");
    told(
        &trace,
        true,
        "fw by 10.100.1.0/24: arrives at the network behind fw",
    );
}

#[test]
fn a_next_hop_that_nobody_has_is_a_drop() {
    let text = "
vnets: [{name: v, address_space: [10.0.0.0/16], subnets: [{name: a, prefix: 10.0.1.0/24, route_table: rt}]}]
nvas: [{name: fw, vnet: v, ip: 10.0.100.4, asn: 65001, sessions: []}]
route_tables: [{name: rt, routes: [{prefix: 0.0.0.0/0, next_hop: 10.0.100.44}]}]
nics: [{name: vm, vnet: v, subnet: a}]
";
    let trace = traced(text, "vm", "8.8.8.8");
    told(
        &trace,
        false,
        "vm by 0.0.0.0/0 (User) to 10.0.100.44: dropped, next hop 10.0.100.44 in VNet v",
    );
    assert!(trace.rules().contains(&rules::UNKNOWN_NEXT_HOP));
    let right = text.replace("10.0.100.44", "10.0.100.4");
    told(
        &traced(&right, "vm", "internet"),
        true,
        "fw by 0.0.0.0/0 to Internet: arrives at the internet",
    );
}

#[test]
fn one_branch_that_is_lost_makes_the_packet_lost() {
    let second = "{name: two, vnet: hub, ip: 10.0.0.5, asn: 65004, sessions: [rs], originates: [{prefix: 10.0.0.0/8, next_hop: 10.0.0.77}]}";
    let text = SPOKES.replace("]}]\nnics", &format!("]}}, {second}]\nnics"));
    let trace = traced(&text, "vm1", "vm2");
    told(&trace, false, "next hop 10.0.0.77 in VNet hub");
    told(&trace, false, "arrives at vm2");
}

const BALANCED: &str = "
vnets:
  - {name: hub, address_space: [10.0.0.0/24], subnets: [{name: nva, prefix: 10.0.0.0/26}]}
  - {name: s1, address_space: [10.0.1.0/24], subnets: [{name: vms, prefix: 10.0.1.0/25, route_table: out}]}
  - {name: s2, address_space: [10.0.2.0/24]}
peerings: [{hub: hub, spoke: s1}, {hub: hub, spoke: s2}]
route_tables: [{name: out, routes: [{prefix: 0.0.0.0/0, next_hop: 10.0.0.10}]}]
nvas:
  - {name: fw1, vnet: hub, ip: 10.0.0.4, asn: 65001, sessions: []}
  - {name: fw2, vnet: hub, ip: 10.0.0.5, asn: 65001, sessions: []}
load_balancers: [{name: lb, vnet: hub, frontend: 10.0.0.10, backends: [fw1, fw2, router]}]
nics:
  - {name: vm1, vnet: s1, subnet: vms}
  - {name: vm2, vnet: s2}
  - {name: router, vnet: hub, ip: 10.0.0.6, forwarding: true}
";

#[test]
fn a_load_balancer_leads_to_each_backend_that_is_up() {
    let trace = traced(BALANCED, "vm1", "vm2");
    assert!(trace.arrives(), "{trace}");
    let balancer = &trace.way.next[0];
    assert_eq!(balancer.at, "lb");
    let at: Vec<&str> = balancer.next.iter().map(|hop| hop.at.as_str()).collect();
    assert_eq!(at, ["fw1", "fw2", "router"]);
    let down = format!("{BALANCED}events: [{{id: down, nva_down: {{nva: fw1}}}}]\n");
    let trace = traced(&down, "vm1", "vm2");
    let at: Vec<&str> = trace.way.next[0]
        .next
        .iter()
        .map(|hop| hop.at.as_str())
        .collect();
    assert_eq!(at, ["fw2", "router"], "{trace}");
    let both = "events: [{id: up, nva_up: {nva: fw1}}, {id: down,";
    let up = down.replace("events: [{id: down,", both);
    let up = up
        .replace("{id: up, nva_up", "{id: first, nva_down")
        .replace("down, nva_down", "up, nva_up");
    assert_eq!(traced(&up, "vm1", "vm2").way.next[0].next.len(), 3);
}

#[test]
fn a_load_balancer_whose_backends_are_down_drops_and_one_that_is_meant_delivers() {
    let text = BALANCED.replace("[fw1, fw2, router]", "[fw1]");
    let trace = traced(&text, "vm2", "lb");
    told(&trace, true, "arrives at fw1 behind lb");
    let text = format!("{text}events: [{{id: down, nva_down: {{nva: fw1}}}}]\n");
    told(
        &traced(&text, "vm1", "vm2"),
        false,
        "lb: dropped, backends fw1",
    );
    told(&traced(&text, "vm2", "fw1"), false, "dropped, fw1 (");
}

#[test]
fn a_nic_that_does_not_forward_takes_only_what_is_for_it() {
    let text = BALANCED.replace("next_hop: 10.0.0.10", "next_hop: 10.0.0.6");
    told(
        &traced(&text, "vm1", "vm2"),
        true,
        "router by 10.0.2.0/24 to VNetPeering: arrives at vm2",
    );
    let text = text.replace(", forwarding: true", "");
    let named = traced(&text, "vm1", "vm2").rules();
    assert!(named.contains(&rules::NOT_FORWARDING));
    told(
        &traced(&text, "vm1", "vm2"),
        false,
        "router: dropped, forwarding is off on NIC router",
    );
    told(
        &traced(&text, "vm1", "router"),
        true,
        "arrives at router in VNet hub",
    );
}

#[test]
fn forwarded_traffic_of_a_load_balancers_backend_needs_its_flag() {
    let text = BALANCED.replace(
        "{hub: hub, spoke: s2}",
        "{a: hub, b: s2, a_to_b: {allow_forwarded_traffic: true}}",
    );
    let trace = traced(&text, "vm1", "vm2");
    told(
        &trace,
        false,
        "allow_forwarded_traffic is off in s2, and the packet comes from s1",
    );
    told(&traced(&text, "fw1", "vm2"), true, "arrives at vm2");
}

const BRANCH: &str = "
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets:
      - {name: GatewaySubnet, prefix: 10.0.7.0/26}
      - {name: nva, prefix: 10.0.4.0/24}
  - {name: spoke, address_space: [10.1.0.0/16], subnets: [{name: vms, prefix: 10.1.1.0/24}]}
peerings: [{hub: hub, spoke: spoke}]
nvas: [{name: fw, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: []}]
gateways: [{name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}, {site: fixed}]}]
sites:
  - {name: branch, asn: 65101, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16]}
  - {name: fixed, prefixes: [10.201.0.0/16]}
route_tables: [{name: by-fw, routes: [{prefix: 10.1.0.0/16, next_hop: 10.0.4.4}]}]
nics: [{name: vm, vnet: spoke, subnet: vms}]
";

#[test]
fn what_comes_from_on_premises_goes_by_the_routes_of_the_gateways_subnet() {
    let trace = traced(BRANCH, "branch", "vm");
    told(
        &trace,
        true,
        "vpngw by 10.1.0.0/16 to VNetPeering: arrives at vm",
    );
    let filtered = BRANCH.replace("10.0.7.0/26}", "10.0.7.0/26, route_table: by-fw}");
    let trace = traced(&filtered, "branch", "vm");
    told(
        &trace,
        true,
        "vpngw by 10.1.0.0/16 (User) to 10.0.4.4\n      fw by 10.1.0.0/16 to VNetPeering",
    );
    let closed = filtered.replace(
        "{hub: hub, spoke: spoke}",
        "{a: hub, b: spoke, a_to_b: {allow_gateway_transit: true}, b_to_a: {use_remote_gateways: true}}",
    );
    let trace = traced(&closed, "branch", "vm");
    told(&trace, false, "the packet comes from outside the networks");
    let open = closed.replace("route_table: by-fw", "network_security_group: none");
    told(&traced(&open, "branch", "vm"), true, "arrives at vm");
}

#[test]
fn sites_are_reached_and_start_from_by_name_and_by_address() {
    told(
        &traced(BRANCH, "vm", "branch"),
        true,
        "vpngw by 10.200.0.0/16\n      branch: arrives at site branch",
    );
    told(
        &traced(BRANCH, "fixed", "vm"),
        true,
        "fixed by its tunnels\n    vpngw by 10.1.0.0/16",
    );
    told(
        &traced(BRANCH, "10.200.3.3", "10.1.1.77"),
        true,
        "branch by 10.1.0.0/16",
    );
    told(
        &traced(BRANCH, "branch", "fixed"),
        true,
        "arrives at site fixed",
    );
    told(
        &traced(BRANCH, "branch", "10.9.9.9"),
        false,
        "branch: dropped, there is no route",
    );
}

#[test]
fn an_nva_that_is_down_forwards_nothing() {
    let text = BRANCH.replace("10.0.7.0/26}", "10.0.7.0/26, route_table: by-fw}");
    let text = format!("{text}events: [{{id: down, nva_down: {{nva: fw}}}}]\n");
    told(
        &traced(&text, "branch", "vm"),
        false,
        "fw: dropped, the NVA is down",
    );
}

#[test]
fn an_address_that_another_has_is_no_arrival() {
    let text = BRANCH.replace(
        "{name: fixed, prefixes: [10.201.0.0/16]}",
        "{name: fixed, prefixes: [10.200.0.0/24]}",
    );
    let trace = traced(&text, "vm", "branch");
    told(&trace, false, "arrives at site fixed instead");
    assert!(matches!(
        trace.way.next[0].next[0].end,
        Some(TraceEnd::Elsewhere { .. })
    ));
}

#[test]
fn private_addresses_are_not_on_the_internet() {
    let text = BALANCED.replace("next_hop: 10.0.0.10", "next_hop_type: Internet");
    told(
        &traced(&text, "vm1", "10.99.0.1"),
        false,
        "the internet has no route to private",
    );
    told(
        &traced(&text, "vm1", "internet"),
        true,
        "arrives at the internet",
    );
}

#[test]
fn a_gateways_address_is_of_no_use_as_next_hop_of_a_user_route() {
    let text = BRANCH
        .replace(
            "prefix: 10.1.1.0/24}",
            "prefix: 10.1.1.0/24, route_table: by-fw}",
        )
        .replace(
            "prefix: 10.1.0.0/16, next_hop: 10.0.4.4",
            "prefix: 10.200.0.0/16, next_hop: 10.0.7.4",
        );
    told(
        &traced(&text, "vm", "branch"),
        false,
        "10.0.7.4 is of gateway vpngw (R-057",
    );
}

#[test]
fn eight_nvas_that_send_to_each_other_are_told_once_each() {
    let nvas: Vec<String> = (1..=8)
        .map(|n| format!("{{name: nva{n}, vnet: hub, ip: 10.0.0.{}, asn: 65004, sessions: [rs], originates: [{{prefix: 0.0.0.0/0}}]}}", 3 + n))
        .collect();
    let old = "{name: nva, vnet: hub, ip: 10.0.0.4, asn: 65004, sessions: [rs], originates: [{prefix: 10.0.0.0/8}]}";
    let text = SPOKES.replace(old, &nvas.join(", "));
    let trace = traced(&text, "vm1", "internet");
    told(&trace, false, "nva1 -> nva2 -> nva1");
    let lines = trace.to_string().lines().count();
    assert!(lines < 300, "{lines} lines");
}

#[test]
fn an_end_that_nothing_is_called_is_told_with_the_nearest_name() {
    let text = format!("schema: routehub/1\ntitle: ends\n{BRANCH}");
    let scenario = Scenario::parse(&text).expect("it is right");
    let network = scenario.network().expect("it settles");
    let error = network.trace("vm", "brunch").expect_err("there is none");
    assert!(
        error.to_string().ends_with("did you mean `branch`?"),
        "{error}"
    );
    let error = network
        .trace("10.77.0.1", "vm")
        .expect_err("it is nobody's");
    assert_eq!(
        error.to_string(),
        "nobody in the file has the address 10.77.0.1"
    );
}
