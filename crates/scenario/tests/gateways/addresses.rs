//! Addresses that a file leaves out.

use super::*;

/// A hub whose gateways leave all addresses out.
const CHOSEN: &str = "
schema: routehub/1
title: Two gateways in one GatewaySubnet
vnets: [{name: hub, address_space: [10.0.0.0/16], subnets: [{name: GatewaySubnet, prefix: 10.0.7.0/27}]}]
gateways:
  - {name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}, {circuit: er2}]}
  - {name: vpngw, vnet: hub, type: vpn, connections: [{site: branch}]}
circuits: [{name: er, on_prem: {asn: 65020, prefixes: [10.200.0.0/16]}}, {name: er2, on_prem: {asn: 65021, prefixes: [10.201.0.0/16]}}]
sites: [{name: branch, asn: 65010, bgp_ips: [172.31.0.1], prefixes: [10.100.0.0/16]}]
nics: [{name: vm, vnet: hub}]
";

#[test]
fn r163_addresses_that_are_left_out_differ_and_are_said() {
    holds(
        CHOSEN,
        "
  - at: initial
    nic_effective:
      vm:
        - {prefix: 10.100.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
        - {prefix: 10.200.0.0/16, next_hop: [10.0.7.6, 10.0.7.7]}
        - {prefix: 10.201.0.0/16, next_hop: [10.0.7.8, 10.0.7.9]}
    findings:
      - {rule: R-163, subject: ergw, severity: info}
      - {rule: R-163, subject: vpngw, severity: info}
",
    );
    let said = found(CHOSEN, 163);
    let express_route = "its instances 10.0.7.12, 10.0.7.13, for the edge of circuit er 10.0.7.6, \
                         10.0.7.7, for the edge of circuit er2 10.0.7.8, 10.0.7.9";
    assert!(said[0].2.contains(express_route), "{said:?}");
    assert!(
        said[1].2.contains("its instances 10.0.7.4, 10.0.7.5"),
        "{said:?}"
    );
}

#[test]
fn r163_addresses_that_are_given_or_stand_alone_are_not_said() {
    let given = changed(
        CHOSEN,
        &[
            (
                "express_route,",
                "express_route, bgp_ips: [10.0.7.12, 10.0.7.13],",
            ),
            (
                "{circuit: er}",
                "{circuit: er, msee_ips: [10.0.7.14, 10.0.7.15]}",
            ),
            (
                "{circuit: er2}",
                "{circuit: er2, msee_ips: [10.0.7.16, 10.0.7.17]}",
            ),
            ("vpn,", "vpn, bgp_ips: [10.0.7.4, 10.0.7.5],"),
        ],
    );
    assert_eq!(found(&given, 163), []);
    let (before, after) = CHOSEN.split_once("  - {name: vpngw").expect("it is there");
    let (_, after) = after.split_once('\n').expect("a line");
    let two_circuits = format!("{before}{after}");
    assert_eq!(found(&two_circuits, 163).len(), 1);
    assert_eq!(
        found(&changed(&two_circuits, &[(", {circuit: er2}]", "]")]), 163),
        []
    );
    let full = changed(CHOSEN, &[("10.0.7.0/27", "10.0.7.0/29")]);
    let said = found(&full, 163);
    assert!(
        said[1]
            .2
            .contains("10.0.7.0/29 has no address left for its instances")
            || said[0].2.contains("no address left"),
        "{said:?}"
    );
}
