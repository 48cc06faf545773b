//! What gateways of one network tell each other, decide, and show.

use super::*;

/// What gateways have of their own and of circuits and sites, Route Server or not: at the VPN
/// gateway.
const AT_VPN: &str = "
          - {prefix: 10.0.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.4, local_address: 10.0.7.4, weight: 32768}
          - {prefix: 10.0.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.5, local_address: 10.0.7.5, weight: 32768}
          - {prefix: 10.0.0.0/16, origin: IBgp, as_path: [], next_hop: [10.0.7.12], source_peer: 10.0.7.12, local_address: 10.0.7.4, weight: 32769}
          - {prefix: 10.0.0.0/16, origin: IBgp, as_path: [], next_hop: [10.0.7.13], source_peer: 10.0.7.13, local_address: 10.0.7.5, weight: 32769}
          - {prefix: 10.0.0.0/16, origin: IBgp, as_path: [], next_hop: [10.0.7.12, 10.0.7.13], weight: 32769}
          - {prefix: 10.1.0.0/16, origin: Network, as_path: [], weight: 32768}
          - {prefix: 10.1.0.0/16, origin: IBgp, as_path: [], next_hop: [10.0.7.12, 10.0.7.13], weight: 32769}
          - {prefix: 10.110.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.4, local_address: 10.0.7.4}
          - {prefix: 10.110.0.0/16, origin: IBgp, as_path: [], next_hop: [10.0.7.4], source_peer: 10.0.7.4, local_address: 10.0.7.5, weight: 32768}
          - {prefix: 10.110.0.0/16, origin: IBgp, as_path: [], next_hop: [10.0.7.5], source_peer: 10.0.7.5, local_address: 10.0.7.4, weight: 32768}
          - {prefix: 10.110.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.5, local_address: 10.0.7.5}
          - {prefix: 172.31.0.1/32, origin: Network, as_path: [], next_hop: []}
          - {prefix: 172.31.0.1/32, origin: IBgp, as_path: [], next_hop: [10.0.7.4, 10.0.7.5]}
          - {prefix: 10.100.0.0/16, origin: EBgp, as_path: [65010], next_hop: [172.31.0.1], source_peer: 172.31.0.1, weight: 32768}
          - {prefix: 10.100.0.0/16, origin: IBgp, as_path: [65010], next_hop: [10.0.7.5], source_peer: 10.0.7.5, local_address: 10.0.7.4, weight: 32768}
          - {prefix: 10.100.0.0/16, origin: IBgp, as_path: [65010], next_hop: [10.0.7.4], source_peer: 10.0.7.4, local_address: 10.0.7.5, weight: 32768}
          - {prefix: 10.250.0.0/16, origin: EBgp, as_path: [65010]}
          - {prefix: 10.250.0.0/16, origin: IBgp, as_path: [65010], next_hop: [10.0.7.4, 10.0.7.5]}
";

/// The same at the ExpressRoute gateway.
const AT_EXPRESS_ROUTE: &str = "
          - {prefix: 10.0.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.12, local_address: 10.0.7.12}
          - {prefix: 10.0.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.13, local_address: 10.0.7.13}
          - {prefix: 10.1.0.0/16, origin: Network, as_path: []}
          - {prefix: 10.200.0.0/16, origin: EBgp, as_path: [12076, 65020], weight: 32769, next_hop: [10.0.7.20, 10.0.7.21]}
          - {prefix: 10.250.0.0/16, origin: EBgp, as_path: [12076, 65020], weight: 32769, next_hop: [10.0.7.20, 10.0.7.21]}
          - {prefix: 10.250.0.0/16, origin: IBgp, as_path: [65010], weight: 32768, next_hop: [10.0.7.4, 10.0.7.5]}
          - {prefix: 10.100.0.0/16, origin: IBgp, as_path: [65010], weight: 32768, next_hop: [10.0.7.4], source_peer: 10.0.7.4, local_address: 10.0.7.12}
          - {prefix: 10.100.0.0/16, origin: IBgp, as_path: [65010], weight: 32768, next_hop: [10.0.7.5], source_peer: 10.0.7.5, local_address: 10.0.7.12}
          - {prefix: 10.100.0.0/16, origin: IBgp, as_path: [65010], weight: 32768, next_hop: [10.0.7.4, 10.0.7.5], local_address: 10.0.7.13}
          - {prefix: 10.110.0.0/16, origin: IBgp, as_path: [], weight: 32768, next_hop: [10.0.7.4, 10.0.7.5]}
          - {prefix: 172.31.0.1/32, origin: IBgp, as_path: [], weight: 32768, next_hop: [10.0.7.4, 10.0.7.5]}
";

/// What leaves the network without a Route Server, or with branch-to-branch off.
const OUTSIDE: &str = "
    on_prem_learned:
      er:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16}
          - {prefix: 10.1.0.0/16}
      branch:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
          - {prefix: 10.1.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
          - {prefix: 10.110.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
    circuit_routes:
      er:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16, as_path: [65515]}
          - {prefix: 10.1.0.0/16, as_path: [65515]}
          - {prefix: 10.200.0.0/16, as_path: [65020]}
          - {prefix: 10.250.0.0/16, as_path: [65020]}
";

#[test]
fn r157_gateways_beside_each_other_tell_each_other_by_ibgp_and_nobody_else() {
    let tables = format!(
        "
  - at: initial
    gateway_learned:
      ergw:
        complete: true
        rows:{AT_EXPRESS_ROUTE}
      vpngw:
        complete: true
        rows:{AT_VPN}
{OUTSIDE}"
    );
    holds(NETWORK, &tables);
}

#[test]
fn r157_a_route_server_changes_nothing_of_what_gateways_tell_each_other() {
    let tables = format!(
        "
  - at: initial
    gateway_learned:
      ergw:
        complete: true
        rows:{AT_EXPRESS_ROUTE}
      vpngw:
        complete: true
        rows:{AT_VPN}
{OUTSIDE}"
    );
    holds(&with_server(false), &tables);
}

#[test]
fn r157_without_a_route_server_a_nic_takes_express_route_before_the_vpn() {
    let events = "
events:
  - {id: er-down, connection_down: {gateway: ergw, to: er}}
  - {id: er-up, connection_up: {gateway: ergw, to: er}}
";
    let by_circuit = "{vm: [{prefix: 10.250.0.0/16, next_hop: [10.0.7.20, 10.0.7.21]}]}";
    holds(
        &(NETWORK.to_owned() + events),
        &format!(
            "
  - {{at: initial, nic_effective: {by_circuit}}}
  - {{at: er-down, nic_effective: {{vm: [{{prefix: 10.250.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}}]}}}}
  - {{at: er-up, nic_effective: {by_circuit}}}
"
        ),
    );
}

#[test]
fn r157_gateways_of_different_asns_or_networks_hold_no_ibgp() {
    let other_asn = changed(NETWORK, &[("type: vpn", "type: vpn, asn: 65005")]);
    holds(
        &other_asn,
        "
  - at: initial
    gateway_learned: {vpngw: [{prefix: 10.100.0.0/16, origin: IBgp, next_hop: [10.0.7.4, 10.0.7.5]}]}
    absent:
      - {gateway_learned: ergw, prefix: 10.100.0.0/16}
      - {gateway_learned: vpngw, prefix: 10.0.0.0/16, origin: IBgp}
",
    );
    let elsewhere = changed(
        NETWORK,
        &[
            (
                "  - {name: spoke, address_space: [10.1.0.0/16]}\npeerings: [{hub: hub, spoke: spoke}]",
                "  - {name: spoke, address_space: [10.1.0.0/16, 10.2.0.0/16]}\npeerings: [{a: hub, b: spoke}]",
            ),
            ("name: vpngw, vnet: hub", "name: vpngw, vnet: spoke"),
            ("[10.0.7.4, 10.0.7.5]", "[10.2.7.4, 10.2.7.5]"),
        ],
    );
    holds(
        &elsewhere,
        "
  - at: initial
    gateway_learned: {vpngw: [{prefix: 10.100.0.0/16, origin: IBgp, next_hop: [10.2.7.4, 10.2.7.5]}]}
    absent:
      - {gateway_learned: ergw, prefix: 10.100.0.0/16}
      - {gateway_learned: vpngw, prefix: 10.0.0.0/16}
",
    );
}

#[test]
fn r157_a_site_at_one_instance_hears_of_a_site_at_the_other() {
    let apart = changed(
        NETWORK,
        &[
            (
                "[{site: branch}, {site: shop}]",
                "[{site: branch, instances: [0]}, {site: shop, instances: [1]}, {site: depot, instances: [1]}]",
            ),
            (
                "  - {name: shop, ",
                "  - {name: depot, asn: 65011, bgp_ips: [172.31.0.9], prefixes: [10.120.0.0/16]}\n  - {name: shop, ",
            ),
        ],
    );
    holds(
        &apart,
        "
  - at: initial
    on_prem_learned:
      depot:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16, as_path: [65515], next_hop: [10.0.7.5]}
          - {prefix: 10.1.0.0/16, as_path: [65515], next_hop: [10.0.7.5]}
          - {prefix: 10.100.0.0/16, as_path: [65515, 65010], next_hop: [10.0.7.5]}
          - {prefix: 10.250.0.0/16, as_path: [65515, 65010], next_hop: [10.0.7.5]}
          - {prefix: 10.110.0.0/16, as_path: [65515], next_hop: [10.0.7.5]}
          - {prefix: 172.31.0.1/32, as_path: [65515], next_hop: [10.0.7.5]}
      branch:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16, next_hop: [10.0.7.4]}
          - {prefix: 10.1.0.0/16, next_hop: [10.0.7.4]}
          - {prefix: 10.110.0.0/16, as_path: [65515], next_hop: [10.0.7.4]}
          - {prefix: 10.120.0.0/16, as_path: [65515, 65011], next_hop: [10.0.7.4]}
          - {prefix: 172.31.0.9/32, as_path: [65515], next_hop: [10.0.7.4]}
    nic_effective:
      vm:
        - {prefix: 10.100.0.0/16, next_hop: [10.0.7.4]}
        - {prefix: 10.110.0.0/16, next_hop: [10.0.7.5]}
        - {prefix: 10.120.0.0/16, next_hop: [10.0.7.5]}
",
    );
}

#[test]
fn r175_tables_of_gateways_have_the_rows_of_both_instances() {
    // What a gateway sends has the sending instance's address too.
    holds(
        NETWORK,
        "
  - at: initial
    gateway_advertised:
      vpngw:
        branch:
          - {prefix: 10.0.0.0/16, as_path: [65515], next_hop: [10.0.7.4], local_address: 10.0.7.4}
          - {prefix: 10.0.0.0/16, as_path: [65515], next_hop: [10.0.7.5], local_address: 10.0.7.5}
      ergw:
        er:
          - {prefix: 10.0.0.0/16, as_path: [65515], next_hop: [10.0.7.12], local_address: 10.0.7.12}
          - {prefix: 10.0.0.0/16, as_path: [65515], next_hop: [10.0.7.13], local_address: 10.0.7.13}
",
    );
}

#[test]
fn r176_over_ibgp_a_gateway_names_itself_and_an_nvas_next_hop_stays() {
    holds(
        &with_server(true),
        "
  - at: initial
    gateway_learned:
      ergw:
        - {prefix: 10.100.0.0/16, origin: IBgp, source_peer: 10.0.6.4, as_path: [65010], next_hop: [10.0.7.4]}
        - {prefix: 10.110.0.0/16, origin: IBgp, source_peer: 10.0.6.5, as_path: [], next_hop: [10.0.7.4]}
        - {prefix: 10.66.0.0/16, origin: IBgp, as_path: [65001], next_hop: [10.0.4.4]}
      vpngw: [{prefix: 10.66.0.0/16, origin: IBgp, as_path: [65001], next_hop: [10.0.4.4]}]
    nic_effective:
      vm:
        - {prefix: 10.66.0.0/16, next_hop: [10.0.4.4]}
        - {prefix: 10.110.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
    nva_learned: {nva: [{prefix: 10.100.0.0/16, as_path: [65515, 65010], next_hop: [self]}]}
",
    );
}

/// A site, and an NVA that announces the same prefix; another site hears which of them is best.
fn decided(site: &str, nva: &str, path: &str) {
    let text = changed(
        &with_server(true),
        &[
            ("{site: shop}", "{site: shop}, {site: depot}"),
            (
                "  - {name: shop, ",
                "  - {name: depot, asn: 65011, bgp_ips: [172.31.0.9], routes: [{prefix: 10.66.0.0/16, as_path: [SITE]}]}\n  - {name: shop, ",
            ),
            ("SITE", site),
            (
                "originates: [{prefix: 10.66.0.0/16}]",
                &format!("originates: [{{prefix: 10.66.0.0/16, as_path: [{nva}]}}]"),
            ),
        ],
    );
    holds(
        &text,
        &format!(
            "  - {{at: initial, on_prem_learned: {{branch: [{{prefix: 10.66.0.0/16, as_path: [{path}]}}]}}}}\n"
        ),
    );
}

#[test]
fn r178_a_vpn_gateway_takes_the_shortest_path_then_its_own_connection() {
    decided("65011", "", "65515, 65011");
    decided("65011, 65012", "65013", "65515, 65011, 65012");
    decided("65011, 65012", "", "65515, 65001");
    decided("65011", "65013", "65515, 65011");
    // A site without BGP comes before both.
    let fixed = changed(
        &with_server(true),
        &[(
            "prefixes: [10.110.0.0/16]",
            "prefixes: [10.110.0.0/16, 10.66.0.0/16]",
        )],
    );
    holds(
        &fixed,
        "  - {at: initial, on_prem_learned: {branch: [{prefix: 10.66.0.0/16, as_path: [65515]}]}}\n",
    );
}

#[test]
fn r178_of_equal_paths_that_of_the_lowest_neighbour_is_passed_on() {
    for (address, path) in [
        ("172.31.0.0", "65515, 65011"),
        ("172.31.0.9", "65515, 65010"),
    ] {
        let text = changed(
            NETWORK,
            &[
                (
                    "{site: shop}",
                    "{site: shop}, {site: depot}, {site: listener}",
                ),
                (
                    "  - {name: shop, ",
                    "  - {name: listener, asn: 65012, bgp_ips: [172.31.1.1]}\n  - {name: depot, asn: 65011, bgp_ips: [ADDRESS], prefixes: [10.100.0.0/16]}\n  - {name: shop, ",
                ),
                ("ADDRESS", address),
            ],
        );
        holds(
            &text,
            &format!(
                "  - {{at: initial, on_prem_learned: {{listener: [{{prefix: 10.100.0.0/16, as_path: [{path}]}}]}}}}\n"
            ),
        );
    }
}

#[test]
fn r011_r012_a_connection_counts_once_whatever_its_instances_send() {
    let limited = |limit: u32| {
        let profile =
            format!("profile: {{base: azure-2026, max_routes_to_circuit: {limit}}}\nvnets:");
        changed(NETWORK, &[("vnets:", &profile)])
    };
    let enough = network(&limited(2));
    let loads = enough.connection_loads();
    let loads: Vec<_> = loads
        .iter()
        .map(|load| (load.gateway.as_str(), load.circuit.as_str(), load.routes))
        .collect();
    assert_eq!(loads, [("ergw", "er", 2)]);
    let severities = |limit: u32| {
        let found = found(&limited(limit), 11).into_iter();
        found
            .map(|(subject, severity, _)| (subject, severity))
            .collect::<Vec<_>>()
    };
    assert_eq!(severities(2), [("ergw".to_owned(), Severity::Warning)]);
    assert_eq!(severities(1), [("ergw".to_owned(), Severity::Error)]);
    let events = "
events: [{id: fewer, remove_peering: {a: hub, b: spoke}}]
";
    holds(
        &(limited(1).replace(
            "nics: [{name: vm, vnet: spoke}]",
            "nics: [{name: vm, vnet: hub}]",
        ) + events),
        "
  - at: initial
    nic_effective: {vm: [{prefix: 10.250.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}]}
    absent: [{nic_effective: vm, prefix: 10.200.0.0/16}, {on_prem_learned: er, prefix: 10.0.0.0/16}]
  - at: fewer
    nic_effective: {vm: [{prefix: 10.200.0.0/16, next_hop: [10.0.7.20, 10.0.7.21]}]}
",
    );
}
