//! Which instances of a gateway are next hops.

use super::*;

/// Two tunnels to one office by two routers, one at each instance.
const TWO_TUNNELS: [(&str, &str); 2] = [
    (
        "[{site: branch}, {site: shop}]",
        "[{site: branch, instances: [0]}, {site: spare, instances: [1]}, {site: shop}]",
    ),
    (
        "  - {name: shop, ",
        "  - {name: spare, asn: 65010, bgp_ips: [172.31.0.2], routes: [{prefix: 10.100.0.0/16, as_path: [SPARE]}]}\n  - {name: shop, ",
    ),
];

/// What becomes of two tunnels while events go on; `equal` says whether the paths are.
fn two_tunnels(base: &str, spare: &str, initial: &str) {
    let [sites, routers] = TWO_TUNNELS;
    let text = changed(
        base,
        &[sites, (routers.0, &routers.1.replace("SPARE", spare))],
    );
    let events = "
events:
  - {id: instance-down, gateway_instance_down: {gateway: vpngw, instance: 0}}
  - {id: instance-up, gateway_instance_up: {gateway: vpngw, instance: 0}}
  - {id: other-down, gateway_instance_down: {gateway: vpngw, instance: 1}}
  - {id: other-up, gateway_instance_up: {gateway: vpngw, instance: 1}}
  - {id: tunnel-down, connection_down: {gateway: vpngw, to: branch}}
  - {id: tunnel-up, connection_up: {gateway: vpngw, to: branch}}
  - {id: both-down, connection_down: {gateway: vpngw, to: branch}}
  - {id: none-left, connection_down: {gateway: vpngw, to: spare}}
";
    let at = |at: &str, tunnels: &str, shop: &str| {
        format!(
            "  - {{at: {at}, nic_effective: {{vm: [{{prefix: 10.100.0.0/16, next_hop: {tunnels}}}, {{prefix: 10.110.0.0/16, next_hop: {shop}}}]}}}}\n"
        )
    };
    let (first, second, both) = ("[10.0.7.4]", "[10.0.7.5]", "[10.0.7.4, 10.0.7.5]");
    let expected = [
        at("initial", initial, both),
        at("instance-down", second, second),
        at("instance-up", initial, both),
        at("other-down", first, first),
        at("other-up", initial, both),
        at("tunnel-down", second, both),
        at("tunnel-up", initial, both),
        at("both-down", second, both),
        "  - {at: none-left, absent: [{nic_effective: vm, prefix: 10.100.0.0/16}]}\n".to_owned(),
    ];
    holds(&(text + events), &expected.concat());
}

#[test]
fn r158_next_hops_are_the_instances_whose_own_path_is_as_good_as_the_best() {
    for base in [NETWORK.to_owned(), with_server(false), with_server(true)] {
        two_tunnels(&base, "65010", "[10.0.7.4, 10.0.7.5]");
        two_tunnels(&base, "65010, 65010", "[10.0.7.4]");
    }
}

#[test]
fn r158_a_gateway_of_one_instance_is_one_next_hop() {
    let standby = [("type: vpn, ", "type: vpn, active_active: false, ")];
    let one_address = [("[10.0.7.4, 10.0.7.5]", "[10.0.7.4]")];
    let events = "
events:
  - {id: down, gateway_instance_down: {gateway: vpngw, instance: 0}}
  - {id: up, gateway_instance_up: {gateway: vpngw, instance: 0}}
";
    for base in [NETWORK.to_owned(), with_server(false)] {
        for change in [&standby, &one_address] {
            let text = changed(&base, change) + events;
            let there = "vm: [{prefix: 10.100.0.0/16, next_hop: [10.0.7.4]}, {prefix: 10.110.0.0/16, next_hop: [10.0.7.4]}]";
            holds(
                &text,
                &format!(
                    "
  - at: initial
    nic_effective: {{{there}}}
    gateway_learned: {{ergw: [{{prefix: 10.100.0.0/16, origin: IBgp, next_hop: [10.0.7.4]}}]}}
    absent:
      - {{gateway_learned: vpngw, prefix: 10.100.0.0/16, origin: IBgp}}
      - {{gateway_learned: vpngw, prefix: 10.0.0.0/16, local_address: 10.0.7.5}}
  - at: down
    absent:
      - {{nic_effective: vm, prefix: 10.100.0.0/16}}
      - {{nic_effective: vm, prefix: 10.110.0.0/16}}
      - {{gateway_learned: ergw, prefix: 10.100.0.0/16}}
  - at: up
    nic_effective: {{{there}}}
"
                ),
            );
        }
    }
}

#[test]
fn r158_an_express_route_instance_that_is_down_leaves_the_circuit_to_the_other() {
    let events = "
events:
  - {id: down, gateway_instance_down: {gateway: ergw, instance: 0}}
  - {id: both, gateway_instance_down: {gateway: ergw, instance: 1}}
  - {id: up, gateway_instance_up: {gateway: ergw, instance: 1}}
";
    let by_circuit = "{prefix: 10.200.0.0/16, next_hop: [10.0.7.20, 10.0.7.21]}";
    for base in [NETWORK.to_owned(), with_server(false)] {
        holds(
            &(base + events),
            &format!(
                "
  - at: down
    nic_effective: {{vm: [{by_circuit}]}}
    gateway_learned: {{vpngw: [{{prefix: 10.0.0.0/16, origin: IBgp, next_hop: [10.0.7.13]}}]}}
    on_prem_learned: {{er: [{{prefix: 10.1.0.0/16}}]}}
  - at: both
    nic_effective: {{vm: [{{prefix: 10.250.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}}]}}
    absent:
      - {{nic_effective: vm, prefix: 10.200.0.0/16}}
      - {{on_prem_learned: er, prefix: 10.1.0.0/16}}
  - at: up
    nic_effective: {{vm: [{by_circuit}]}}
"
            ),
        );
    }
}

#[test]
fn r158_an_instance_that_a_gateway_does_not_have_is_refused() {
    for (change, instance, says) in [
        (
            "active_active: false, ",
            1,
            "there is no instance 1: the gateway has one, 0",
        ),
        ("", 2, "an instance is 0 or 1, not 2"),
    ] {
        let text = changed(NETWORK, &[("type: vpn, ", &format!("type: vpn, {change}"))]);
        let event = format!(
            "events: [{{id: x, gateway_instance_down: {{gateway: vpngw, instance: {instance}}}}}]\n"
        );
        is_refused(&(text + &event), &[says]);
    }
}

#[test]
fn r158_instances_are_named_where_they_do_otherwise() {
    let same = network(&with_server(true));
    let text = |network: &Network, from: &str, to: &str| {
        let trace = network.trace(from, to).expect("an end");
        trace.to_string()
    };
    let said = text(&same, "vm", "10.100.0.1");
    assert!(
        said.contains("vpngw by") && !said.contains("instance"),
        "{said}"
    );
    let why = |network: &Network| {
        let prefix = "10.100.0.0/16".parse().expect("a prefix");
        network.explain("vm", prefix).expect("the NIC").to_string()
    };
    let said = why(&same);
    assert!(!said.contains("vpngw instance"), "{said}");
    assert_eq!(said.matches("at vpngw\n").count(), 1, "{said}");
    let [sites, routers] = TWO_TUNNELS;
    let changes = [sites, (routers.0, &routers.1.replace("SPARE", "65010"))];
    let apart = network(&changed(&with_server(true), &changes));
    let said = text(&apart, "vm", "10.100.0.1");
    for words in [
        "vpngw instance 0 by 10.100.0.0/16",
        "vpngw instance 1 by 10.100.0.0/16",
    ] {
        assert!(said.contains(words), "{said}");
    }
    let said = why(&apart);
    for words in ["at vpngw instance 0\n", "at vpngw instance 1\n"] {
        assert!(said.contains(words), "{said}");
    }
}
