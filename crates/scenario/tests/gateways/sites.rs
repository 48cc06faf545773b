//! What a VPN gateway has of its sites: routers' addresses, static prefixes, a default site,
//! addresses to peer from.

use super::*;

#[test]
fn r161_the_address_of_a_sites_router_is_told_to_the_other_sites_alone() {
    let two = changed(
        NETWORK,
        &[
            ("{site: shop}", "{site: shop}, {site: depot}"),
            (
                "  - {name: shop, ",
                "  - {name: depot, asn: 65011, bgp_ips: [172.31.0.9, 172.31.0.10], prefixes: [10.120.0.0/16]}\n  - {name: shop, ",
            ),
        ],
    );
    let server = SERVER.replace("B2B", "true");
    for text in [two.clone(), two + &server] {
        let told = "
  - at: initial
    gateway_learned:
      vpngw:
        - {prefix: 172.31.0.1/32, origin: Network, source_peer: 10.0.7.4, local_address: 10.0.7.4}
        - {prefix: 172.31.0.9/32, origin: Network, source_peer: 10.0.7.5, local_address: 10.0.7.5}
        - {prefix: 172.31.0.10/32, origin: Network}
    on_prem_learned:
      branch:
        - {prefix: 172.31.0.9/32, as_path: [65515], next_hop: [10.0.7.4, 10.0.7.5]}
        - {prefix: 172.31.0.10/32, as_path: [65515]}
      depot: [{prefix: 172.31.0.1/32, as_path: [65515]}]
    absent:
      - {on_prem_learned: branch, prefix: 172.31.0.1/32}
      - {on_prem_learned: depot, prefix: 172.31.0.9/32}
      - {on_prem_learned: er, prefix: 172.31.0.1/32}
      - {nic_effective: vm, prefix: 172.31.0.1/32}
";
        let absent = "      - {nva_learned: nva, prefix: 172.31.0.1/32}\n";
        let absent = if text.contains("nvas:") { absent } else { "" };
        holds(&text, &format!("{told}{absent}"));
    }
}

#[test]
fn r166_prefixes_beside_bgp_are_told_to_other_sites_as_the_gateways_own() {
    let text = changed(
        NETWORK,
        &[
            (
                "{name: branch, asn: 65010,",
                "{name: branch, asn: 65010, static_prefixes: [10.101.0.0/16],",
            ),
            ("{site: shop}", "{site: shop}, {site: depot}"),
            (
                "  - {name: shop, ",
                "  - {name: depot, asn: 65011, bgp_ips: [172.31.0.9], prefixes: [10.120.0.0/16]}\n  - {name: shop, static_prefixes: [10.111.0.0/16], ",
            ),
        ],
    );
    let events = "
events: [{id: down, connection_down: {gateway: vpngw, to: branch}}]
";
    let server = SERVER.replace("B2B", "true");
    let expected = "
  - at: initial
    gateway_learned:
      vpngw:
        - {prefix: 10.101.0.0/16, origin: Network, as_path: [], next_hop: [], source_peer: 10.0.7.4, local_address: 10.0.7.4}
        - {prefix: 10.111.0.0/16, origin: Network, as_path: [], next_hop: []}
      ergw: [{prefix: 10.101.0.0/16, origin: IBgp, as_path: [], source_peer: 10.0.7.5, next_hop: [10.0.7.5]}]
    on_prem_learned:
      depot:
        - {prefix: 10.101.0.0/16, as_path: [65515], next_hop: [10.0.7.4, 10.0.7.5]}
        - {prefix: 10.111.0.0/16, as_path: [65515], next_hop: [10.0.7.4, 10.0.7.5]}
    nic_effective:
      vm:
        - {prefix: 10.101.0.0/16, next_hop: [10.0.7.4, 10.0.7.5], source: VirtualNetworkGateway}
        - {prefix: 10.111.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
    absent: [{on_prem_learned: branch, prefix: 10.101.0.0/16}]
  - at: down
    absent:
      - {nic_effective: vm, prefix: 10.101.0.0/16}
      - {on_prem_learned: depot, prefix: 10.101.0.0/16}
";
    for base in [text.clone(), text + &server] {
        holds(&(base + events), expected);
    }
}

#[test]
fn r171_a_tunnel_from_a_link_local_address_shows_private_ones_on_nics() {
    let text = changed(
        NETWORK,
        &[
            (
                "{site: branch}",
                "{site: branch, apipa: [169.254.21.2, 169.254.22.2]}",
            ),
            (
                "bgp_ips: [172.31.0.1]",
                "bgp_ips: [169.254.21.1, 169.254.22.1]",
            ),
        ],
    );
    let expected = "
  - at: initial
    on_prem_learned: {branch: [{prefix: 10.1.0.0/16, as_path: [65515], next_hop: [169.254.21.2, 169.254.22.2]}]}
    gateway_learned:
      vpngw:
        - {prefix: 10.100.0.0/16, origin: EBgp, local_address: 10.0.7.4, next_hop: [169.254.21.1, 169.254.22.1]}
        - {prefix: 10.100.0.0/16, origin: IBgp, local_address: 10.0.7.4, next_hop: [10.0.7.5]}
      ergw: [{prefix: 10.100.0.0/16, origin: IBgp, next_hop: [10.0.7.4, 10.0.7.5]}]
    nic_effective: {vm: [{prefix: 10.100.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}]}
";
    holds(&text, expected);
    holds(&(text + &SERVER.replace("B2B", "false")), expected);
}

/// A VPN gateway with a default site, and a subnet that sends everything to the gateway.
const FORCED: &str = "
schema: routehub/1
title: Forced tunnelling
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: forced, prefix: 10.0.1.0/24, route_table: to-gateway}, {name: plain, prefix: 10.0.2.0/24}]
gateways:
  - {name: ergw, vnet: hub, type: express_route, bgp_ips: [10.0.7.12, 10.0.7.13], connections: [{circuit: er, msee_ips: [10.0.7.20, 10.0.7.21]}]}
  - {name: vpngw, vnet: hub, type: vpn, bgp_ips: [10.0.7.4, 10.0.7.5], default_site: dc, connections: [{site: branch}, {site: dc}]}
circuits: [{name: er, on_prem: {asn: 65020, prefixes: [10.200.0.0/16]}}]
sites:
  - {name: branch, asn: 65010, bgp_ips: [172.31.0.1], prefixes: [10.100.0.0/16]}
  - {name: dc, asn: 65011, bgp_ips: [172.31.0.2], prefixes: [10.110.0.0/16]}
route_tables: [{name: to-gateway, routes: [{prefix: 0.0.0.0/0, next_hop_type: VirtualNetworkGateway}]}]
nics: [{name: vm, vnet: hub, subnet: forced}, {name: other, vnet: hub, subnet: plain}]
";

#[track_caller]
fn leads_to(network: &Network, nic: &str, address: &str, says: &str) {
    let trace = network.trace(nic, address).expect("the NIC").to_string();
    assert!(trace.contains(says), "{says} is not in\n{trace}");
}

#[test]
fn r166_a_default_site_gets_what_no_route_of_the_gateway_leads_on() {
    for site in [
        "asn: 65011, bgp_ips: [172.31.0.2], prefixes: [10.110.0.0/16]",
        "prefixes: [10.110.0.0/16]",
        "prefixes: []",
    ] {
        let text = changed(
            FORCED,
            &[(
                "asn: 65011, bgp_ips: [172.31.0.2], prefixes: [10.110.0.0/16]",
                site,
            )],
        );
        let mut forced = network(&text);
        leads_to(
            &forced,
            "vm",
            "203.0.113.1",
            "vpngw by 0.0.0.0/0 to its default site\n      dc: arrives at site dc",
        );
        leads_to(&forced, "vm", "10.100.0.1", "arrives at site branch");
        leads_to(&forced, "other", "203.0.113.1", "the internet");
        let down = Event::GatewayInstanceDown(GatewayInstance {
            gateway: "vpngw".into(),
            instance: 0,
        });
        forced.apply(&down).expect("it settles");
        leads_to(&forced, "vm", "203.0.113.1", "arrives at site dc");
    }
    // It is no route: nobody is told of it, and no NIC has it.
    holds(
        FORCED,
        "
  - at: initial
    nic_effective: {other: [{prefix: 0.0.0.0/0, next_hop_type: Internet, state: Active}]}
    absent:
      - {gateway_learned: vpngw, prefix: 0.0.0.0/0}
      - {on_prem_learned: branch, prefix: 0.0.0.0/0}
      - {nic_effective: other, prefix: 0.0.0.0/0, source: VirtualNetworkGateway}
",
    );
}

#[test]
fn r166_a_default_site_by_one_tunnel_is_reached_from_both_instances() {
    let text = changed(FORCED, &[("{site: dc}", "{site: dc, instances: [1]}")]);
    let mut network = network(&text);
    leads_to(&network, "vm", "203.0.113.1", "dc: arrives at site dc");
    let down = Event::ConnectionDown(ConnectionEnds {
        gateway: "vpngw".into(),
        to: "dc".into(),
        link: None,
    });
    network.apply(&down).expect("it settles");
    leads_to(
        &network,
        "vm",
        "203.0.113.1",
        "dropped, default site dc (the session or connection is down",
    );
}

#[test]
fn r166_a_default_site_is_one_that_the_gateway_has_a_connection_with() {
    let with = |site: &str| {
        changed(
            FORCED,
            &[("default_site: dc", &format!("default_site: {site}"))],
        )
    };
    is_refused(
        &with("dcc"),
        &[
            "gateway `vpngw`",
            "there is no site `dcc`; did you mean `dc`?",
        ],
    );
    is_refused(&with("er"), &["there is no site `er`: that is a circuit"]);
    let unconnected = changed(FORCED, &[(", {site: dc}", "")]);
    is_refused(&unconnected, &["gateway `vpngw` has no connection to `dc`"]);
    let unused = changed(
        FORCED,
        &[(
            ", next_hop_type: VirtualNetworkGateway",
            ", next_hop_type: Internet",
        )],
    );
    let said = found(&unused, 166);
    assert!(
        said[0].0 == "vpngw" && said[0].1 == Severity::Info,
        "{said:?}"
    );
    assert_eq!(found(FORCED, 166), []);
}

#[test]
fn r171_link_local_addresses_are_azures_and_one_for_each_instance() {
    let with = |change: &str, addresses: &str| {
        let connection = format!("{{site: branch{change}, apipa: [{addresses}]}}");
        changed(NETWORK, &[("{site: branch}", &connection)])
    };
    for (addresses, says) in [
        (
            "169.254.20.255",
            "169.254.20.255 is not in 169.254.21.0/24 or 169.254.22.0/24 (R-171)",
        ),
        ("169.254.21.2, 169.254.23.0", "169.254.23.0 is not in"),
        ("10.0.7.4", "10.0.7.4 is not in"),
        ("'fe80::1'", "IPv4 is expected"),
        (
            "169.254.21.2, 169.254.21.2",
            "169.254.21.2 is the address of the other instance already",
        ),
        (
            "169.254.21.2, 169.254.22.2, 169.254.22.3",
            "3 addresses for 2 instances",
        ),
    ] {
        is_refused(&with("", addresses), &["gateway `vpngw`", says]);
    }
    let standby = changed(
        &with("", "169.254.21.2, 169.254.22.2"),
        &[("type: vpn, ", "type: vpn, active_active: false, ")],
    );
    is_refused(&standby, &["2 addresses for 1 instance"]);
    // One address is that of the one instance that holds the tunnel.
    for (instance, addresses) in [
        (1, "169.254.21.2"),
        (1, "169.254.22.9, 169.254.21.2"),
        (0, "169.254.21.2"),
        (0, "169.254.21.2, 169.254.22.9"),
    ] {
        let text = with(&format!(", instances: [{instance}]"), addresses);
        let private = 4 + instance;
        holds(
            &text,
            &format!(
                "
  - at: initial
    on_prem_learned: {{branch: [{{prefix: 10.0.0.0/16, next_hop: [169.254.21.2]}}]}}
    nic_effective: {{vm: [{{prefix: 10.100.0.0/16, next_hop: [10.0.7.{private}]}}]}}
"
            ),
        );
    }
}
