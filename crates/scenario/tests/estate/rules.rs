//! Rules of the catalogue that no lab shows by itself, each as a small file whose expectations hold.

use routehub::Severity;
use routehub_scenario::Scenario;

const HUB: &str = "
vnets:
  - name: hub
    address_space: [10.0.0.0/16]
    subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}, {name: GatewaySubnet, prefix: 10.0.7.0/26}]
  - {name: spoke, address_space: [10.1.0.0/16]}
  - {name: plain, address_space: [10.2.0.0/16]}
peerings: [{hub: hub, spoke: spoke}, {a: spoke, b: plain}]
nics: [{name: vm, vnet: spoke}, {name: near, vnet: hub}]
";

/// Checks every expectation of a hub with this in it.
#[track_caller]
fn holds(rest: &str) {
    hold(&format!("schema: routehub/1\ntitle: x\n{HUB}{rest}"));
}

/// Checks every expectation of a file.
#[track_caller]
fn hold(text: &str) {
    let scenario = Scenario::parse(text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let reports = scenario.check().expect("it settles");
    let hard: usize = reports.iter().map(|one| one.hard).sum();
    assert!(hard > 0, "nothing is expected");
    for report in &reports {
        assert_eq!(report.failures(), 0, "{report}");
    }
}

const SERVER: &str = "route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]\n";

#[test]
fn r023_r024_r034_a_4_octet_asn_is_refused_as_peer_and_kept_in_a_path() {
    holds(&(SERVER.to_owned() + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], advertises: [{to: rs, prefix: 192.168.1.0/24, as_path: [65001, 4200000001, 65551]}]}
  - {name: big, vnet: hub, ip: 10.0.4.5, asn: 4200000001, sessions: [rs]}
  - {name: two, vnet: hub, ip: 10.0.4.6, asn: 65516, sessions: [rs]}
expect:
  - at: initial
    rs_learned: {rs: {one: [{prefix: 192.168.1.0/24, as_path: [65001, 4200000001, 65551], origin: EBgp, weight: 32768}]}}
    nva_learned: {two: [{prefix: 192.168.1.0/24, as_path: [65515, 65001, 4200000001, 65551]}]}
    sessions: {rs: {big: [{state: Failed}], two: [{state: Established, hold_time: 180}]}}
    findings: [{rule: R-024, subject: big, severity: error}]
"));
}

#[test]
fn r032_the_hold_time_is_the_lower_one() {
    holds(&(SERVER.to_owned() + "
nvas:
  - {name: quick, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], hold_time: 15}
  - {name: slow, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs], hold_time: 600}
expect:
  - at: initial
    sessions: {rs: {quick: [{state: Established, hold_time: 15}], slow: [{state: Established, hold_time: 180}]}}
"));
}

#[test]
fn r053_r058_r071_any_prefix_passes_with_its_communities_and_med_and_origin_do_not_count() {
    holds(&(SERVER.to_owned() + "
nvas:
  - name: one
    vnet: hub
    ip: 10.0.4.4
    asn: 65001
    sessions: [rs]
    originates:
      - {prefixes: [8.8.8.0/24, 192.0.2.1/32, 100.64.0.0/10], communities: ['65001:7', '64999:1']}
      - {prefix: 192.168.0.0/16, med: 500, origin: incomplete}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs], originates: [{prefix: 192.168.0.0/16, med: 1}]}
expect:
  - at: initial
    nva_learned:
      two:
        - {prefix: 8.8.8.0/24, as_path: [65515, 65001], communities: ['64999:1', '65001:7', '65517:65517'], next_hop: [self]}
        - {prefix: 192.0.2.1/32}
        - {prefix: 100.64.0.0/10}
    nic_effective:
      near: [{prefix: 192.168.0.0/16, next_hop: [10.0.4.4, 10.0.4.5]}, {prefix: 192.0.2.1/32, next_hop: [10.0.4.4]}]
"));
}

const GATEWAYS: &str = "
gateways:
  - {name: vpngw, vnet: hub, type: vpn, bgp_ips: [10.0.7.8, 10.0.7.9], connections: [{site: branch}, {site: static}]}
  - {name: ergw, vnet: hub, type: express_route, connections: [{circuit: er}]}
circuits: [{name: er, ce_ip: 172.30.0.1, on_prem: {asn: 65201, prefixes: [10.210.0.0/16, 10.220.0.0/16]}}]
sites:
  - {name: branch, asn: 65101, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16, 10.220.0.0/16]}
  - {name: static, prefixes: [10.230.0.0/16]}
";

#[test]
fn r067_r070_a_vpn_path_is_as_long_as_it_was_on_premises_and_shares_with_an_nva() {
    holds(&(SERVER.to_owned() + GATEWAYS + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefixes: [10.200.0.0/16, 10.230.0.0/16]}]}
events:
  - {id: by-path, set_routing_preference: {route_server: rs, value: ASPath}}
expect:
  - at: initial
    nic_effective:
      vm:
        - {prefix: 10.200.0.0/16, next_hop: [10.0.4.4, 10.0.7.8, 10.0.7.9]}
        - {prefix: 10.230.0.0/16, next_hop: [10.0.7.8, 10.0.7.9], source: VirtualNetworkGateway}
        - {prefix: 10.220.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
  - at: by-path
    nic_effective: {vm: [{prefix: 10.220.0.0/16, next_hop: [10.0.7.8, 10.0.7.9]}]}
"));
}

#[test]
fn r082_r083_r084_r090_r094_what_an_nva_hears_of_gateways_and_gateways_of_an_nva() {
    holds(&(SERVER.to_owned() + &GATEWAYS.replace("prefixes: [10.210.0.0/16, ", "prefixes: [0.0.0.0/0, 10.210.0.0/16, ") + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
expect:
  - at: initial
    nva_learned:
      one:
        complete: true
        rows:
          - {prefix: 10.0.0.0/16, as_path: [65515], communities: []}
          - {prefix: 10.1.0.0/16, as_path: [65515], communities: ['65518:65518']}
          - {prefix: 0.0.0.0/0, as_path: [65515, 12076, 65201], communities: ['65517:65517']}
          - {prefix: 10.210.0.0/16, as_path: [65515, 12076, 65201], communities: ['65517:65517'], next_hop: [self]}
          - {prefix: 10.220.0.0/16, as_path: [65515, 12076, 65201]}
          - {prefix: 10.200.0.0/16, as_path: [65515, 65101], communities: ['65517:65517']}
          - {prefix: 10.230.0.0/16, as_path: [65515], communities: ['65517:65517']}
    gateway_learned:
      vpngw:
        - {prefix: 192.168.0.0/16, as_path: [65001], origin: IBgp, weight: 32768, source_peer: 10.0.6.4, next_hop: [10.0.4.4]}
        - {prefix: 192.168.0.0/16, as_path: [65001], origin: IBgp, weight: 32768, source_peer: 10.0.6.5}
        - {prefix: 10.230.0.0/16, as_path: [], origin: Network, weight: 32768, next_hop: []}
      ergw:
        - {prefix: 10.210.0.0/16, as_path: [12076, 65201], origin: EBgp, weight: 32769}
    on_prem_learned:
      branch: [{prefix: 192.168.0.0/16, as_path: [65515, 65001]}, {prefix: 10.210.0.0/16, as_path: [65515, 12076, 65201]}]
    absent:
      - {on_prem_learned: branch, prefix: 0.0.0.0/0}
"));
}

#[test]
fn r092_without_branch_to_branch_machines_still_have_everything() {
    holds(&(SERVER.replace("branch_to_branch: true", "branch_to_branch: false") + GATEWAYS + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
expect:
  - at: initial
    nva_learned: {one: {complete: true, rows: [{prefix: 10.0.0.0/16}, {prefix: 10.1.0.0/16}]}}
    on_prem_learned: {branch: {complete: true, rows: [{prefix: 10.0.0.0/16}, {prefix: 10.1.0.0/16}, {prefix: 10.230.0.0/16}]}}
    nic_effective:
      vm:
        - {prefix: 192.168.0.0/16, next_hop: [10.0.4.4]}
        - {prefix: 10.200.0.0/16, next_hop: [10.0.7.8, 10.0.7.9]}
        - {prefix: 10.210.0.0/16, next_hop: [10.0.7.4, 10.0.7.5]}
"));
}

#[test]
fn r101_to_r104_a_route_inside_a_local_or_peered_network_is_not_there_at_all() {
    holds(&(SERVER.to_owned() + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefixes: [10.2.0.0/16, 10.2.9.0/24, 10.0.0.0/8]}]}
events:
  - {id: unpeered, remove_peering: {a: spoke, b: plain}}
expect:
  - at: initial
    rs_learned: {rs: {one: {complete: true, rows: [{prefix: 10.2.0.0/16}, {prefix: 10.2.9.0/24}, {prefix: 10.0.0.0/8}]}}}
    nic_effective:
      vm: [{prefix: 10.2.0.0/16, next_hop_type: VNetPeering, state: Active}, {prefix: 10.0.0.0/8, next_hop: [10.0.4.4]}]
      near: [{prefix: 10.2.0.0/16, next_hop: [10.0.4.4], source: VirtualNetworkGateway}, {prefix: 10.2.9.0/24}]
    absent: [{nic_effective: vm, prefix: 10.2.9.0/24}]
  - at: unpeered
    nic_effective: {vm: [{prefix: 10.2.0.0/16, next_hop: [10.0.4.4]}, {prefix: 10.2.9.0/24, next_hop: [10.0.4.4]}]}
"));
}

#[test]
fn r116_the_connection_with_the_higher_weight_is_used() {
    let two = "
gateways:
  - {name: ergw, vnet: hub, type: express_route, connections: [{circuit: one, weight: W}, {circuit: two, weight: 50, msee_ips: [10.0.7.14, 10.0.7.15]}]}
circuits:
  - {name: one, on_prem: {asn: 65201, prefixes: [10.210.0.0/16]}}
  - {name: two, on_prem: {asn: 65201, prefixes: [10.210.0.0/16]}}
expect:
  - at: initial
    nic_effective: {vm: [{prefix: 10.210.0.0/16, next_hop: [10.0.7.L, 10.0.7.M]}]}
";
    for (weight, low, high) in [("100", "4", "5"), ("0", "14", "15")] {
        let text = two
            .replace('W', weight)
            .replace(".L", &format!(".{low}"))
            .replace(".M", &format!(".{high}"));
        holds(&(SERVER.to_owned() + &text));
    }
}

#[test]
fn r125_r126_a_plain_peering_adds_a_system_route_on_each_side_and_nothing_else() {
    holds(&(SERVER.to_owned() + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
events:
  - {id: plain, add_peering: {a: hub, b: plain, a_to_b: {allow_forwarded_traffic: false}}}
expect:
  - at: plain
    nva_learned: {one: {complete: true, rows: [{prefix: 10.0.0.0/16}, {prefix: 10.1.0.0/16}]}}
    nic_effective:
      near: {complete: true, rows: [{prefix: 10.0.0.0/16}, {prefix: 10.1.0.0/16}, {prefix: 10.2.0.0/16, next_hop_type: VNetPeering}, {prefix: 0.0.0.0/0}, {prefix: 192.168.0.0/16}]}
    sessions: {rs: {one: [{state: Established, route_refreshes: 0, resets: 0}]}}
"));
}

#[test]
fn r141_r142_r150_maps_match_what_is_given_and_cannot_save_a_loop() {
    holds(&(SERVER.to_owned() + "
nvas:
  - name: one
    vnet: hub
    ip: 10.0.4.4
    asn: 65001
    sessions: [{route_server: rs, inbound_route_map: in}]
    advertises:
      - {to: rs, prefix: 192.168.1.0/24, as_path: [65001, 65515]}
      - {to: rs, prefix: 192.168.2.0/24, communities: ['65001:1', '65001:2']}
      - {to: rs, prefix: 192.168.3.0/24, communities: ['65001:1']}
      - {to: rs, prefix: 192.168.4.0/24, as_path: [65001, 65009]}
  - {name: two, vnet: hub, ip: 10.0.4.5, asn: 65002, sessions: [rs]}
route_maps:
  - name: in
    rules:
      - {match: [{condition: equals, prefixes: [192.168.1.0/24]}], actions: [{type: replace, as_path: [65001]}]}
      - {match: [{condition: equals, communities: ['65001:1', '65001:2']}], actions: [{type: drop}]}
      - {match: [{condition: contains, communities: ['65001:1', '65001:2']}], actions: [{type: add, communities: ['65001:3']}]}
      - {match: [{condition: equals, as_path: [65001, 65009]}, {condition: contains, prefixes: [192.168.0.0/16]}], actions: [{type: replace, as_path: [65008]}]}
expect:
  - at: initial
    rs_learned: {rs: {one: {complete: true, rows: [{prefix: 192.168.2.0/24}, {prefix: 192.168.3.0/24, communities: ['65001:1']}, {prefix: 192.168.4.0/24, as_path: [65001, 65009]}]}}}
    nva_learned:
      two:
        - {prefix: 192.168.3.0/24, communities: ['65001:1', '65001:3', '65517:65517']}
        - {prefix: 192.168.4.0/24, as_path: [65515, 65008]}
    absent:
      - {nva_learned: two, prefix: 192.168.1.0/24}
      - {nva_learned: two, prefix: 192.168.2.0/24}
"));
}

#[test]
fn r153_a_vpn_gateway_of_another_asn_is_an_external_neighbour() {
    holds(&(SERVER.to_owned() + &GATEWAYS.replace("type: vpn,", "type: vpn, asn: 65300,") + "
nvas:
  - {name: one, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
expect:
  - at: initial
    nva_learned: {one: [{prefix: 10.200.0.0/16, as_path: [65515, 65300, 65101]}]}
    on_prem_learned: {branch: [{prefix: 192.168.0.0/16, as_path: [65300, 65515, 65001]}]}
    gateway_learned: {vpngw: [{prefix: 192.168.0.0/16, origin: EBgp, weight: 32768}]}
    findings: [{rule: R-111, subject: vpngw}]
"));
}

#[test]
fn r009_more_than_500_networks_are_found() {
    let mut text = "schema: routehub/1\ntitle: x\nvnets:\n  - {name: hub, address_space: [10.0.0.0/16], subnets: [{name: RouteServerSubnet, prefix: 10.0.6.0/26}]}\n".to_owned();
    for n in 0..500 {
        text += &format!(
            "  - {{name: s{n}, address_space: [172.{}.{}.0/24]}}\n",
            16 + n / 256,
            n % 256
        );
    }
    text += "peerings:\n";
    for n in 0..500 {
        text += &format!("  - {{hub: hub, spoke: s{n}}}\n");
    }
    let scenario = Scenario::parse(&(text + SERVER)).expect("it is right");
    let mut network = scenario.network().expect("it settles");
    let found = |network: &routehub::Network| {
        let all = network.findings();
        all.iter()
            .find(|one| one.rule.0 == 9)
            .map(|one| one.severity)
    };
    assert_eq!(found(&network), Some(Severity::Error), "501 with the hub");
    let remove = routehub::Event::RemovePeering {
        a: "hub".into(),
        b: "s7".into(),
    };
    network.apply(&remove).expect("it settles");
    assert_eq!(found(&network), None);
}

const PEERED: &str = "
route_servers: [{name: rs, vnet: hub, branch_to_branch: true}]
nvas:
  - {name: far, vnet: beside, ip: 10.3.0.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}
  - {name: lost, vnet: plain, ip: 10.2.0.4, asn: 65002, sessions: [rs]}
";

/// A hub that is peered with the network of an NVA.
fn peered(rest: &str) -> String {
    let beside = "
  - {name: beside, address_space: [10.3.0.0/16]}
peerings: [{a: hub, b: beside}, ";
    let hub = HUB.replace("\npeerings: [", beside);
    format!("schema: routehub/1\ntitle: x\n{hub}{PEERED}{rest}")
}

#[test]
fn r179_a_peer_whose_way_is_gone_loses_its_session_and_r182_each_end_of_one_counts() {
    hold(&peered(
        "
events:
  - {id: cut, remove_peering: {a: beside, b: hub}}
  - {id: again, add_peering: {a: hub, b: beside}}
  - {id: down, nva_down: {nva: far}}
  - {id: up, nva_up: {nva: far}}
  - {id: instance, instance_down: {route_server: rs, instance: 1}}
expect:
  - at: initial
    sessions: {rs: {far: [{state: Established, resets: 0}], lost: [{state: Established}]}}
    findings: [{rule: R-025, subject: lost, severity: error}]
  - at: cut
    sessions: {rs: {far: [{state: Idle, resets: 1, routes: 0}], lost: [{state: Established}]}}
    findings: [{rule: R-179, subject: far, severity: error}, {rule: R-025, subject: lost}]
    nic_effective: {near: {complete: true, rows: [{prefix: 10.0.0.0/16}, {prefix: 10.1.0.0/16}, {prefix: 0.0.0.0/0}]}}
  - at: again
    sessions: {rs: {far: [{state: Established, resets: 1}]}}
    nic_effective: {near: [{prefix: 192.168.0.0/16, next_hop: [10.3.0.4]}]}
  - at: down
    sessions: {rs: {far: [{state: Idle, resets: 2}]}}
  - at: up
    sessions: {rs: {far: [{state: Established, resets: 2}]}}
  - at: instance
    sessions: {rs: {far: [{instance: 0, state: Established, resets: 2}, {instance: 1, state: Idle, resets: 3}]}}
",
    ));
}

#[test]
fn r111_r180_a_connection_of_one_asn_holds_no_session() {
    holds("
gateways:
  - {name: gw, vnet: hub, type: vpn, asn: 65010, connections: [{site: same}, {site: azure}, {site: other}, {site: fixed, bgp: false}, {gateway: near}]}
  - {name: near, vnet: plain, type: vpn, asn: 65010, bgp_ips: [10.2.7.4, 10.2.7.5]}
sites:
  - {name: same, asn: 65010, bgp_ips: [172.31.0.1], prefixes: [10.201.0.0/16]}
  - {name: azure, asn: 65515, bgp_ips: [172.31.0.2], prefixes: [10.202.0.0/16]}
  - {name: other, asn: 65101, bgp_ips: [172.31.0.3], prefixes: [10.203.0.0/16]}
  - {name: fixed, asn: 65010, bgp_ips: [172.31.0.4], prefixes: [10.204.0.0/16]}
expect:
  - at: initial
    findings:
      - {rule: R-111, subject: same, severity: error}
      - {rule: R-111, subject: azure, severity: error}
      - {rule: R-111, subject: gw, severity: error}
      - {rule: R-111, subject: near, severity: error}
    gateway_learned:
      gw: [{prefix: 10.203.0.0/16}, {prefix: 10.204.0.0/16}]
    absent:
      - {gateway_learned: gw, prefix: 10.201.0.0/16}
      - {gateway_learned: gw, prefix: 10.202.0.0/16}
      - {gateway_learned: gw, prefix: 10.2.0.0/16}
      - {on_prem_learned: same, prefix: 10.0.0.0/16}
");
}

#[test]
fn r181_a_refresh_counts_and_a_peer_without_it_is_reset() {
    let nva = |name: &str, last: u8, more: &str, count: u32| {
        format!(
            "  - {{name: {name}, vnet: hub, ip: 10.0.4.{last}, asn: 6500{last}, sessions: [rs]{more}, \
             originates: [{{prefixes_from: {{base: 11.0.0.0/24, count: {count}}}}}]}}\n"
        )
    };
    holds(
        &(SERVER.to_owned()
            + "nvas:\n"
            + &nva("half", 4, "", 2000)
            + &nva("more", 5, "", 2001)
            + &nva("deaf", 6, ", route_refresh: false", 2001)
            + "
events:
  - {id: peer, add_peering: {hub: hub, spoke: plain}}
  - {id: up, nva_up: {nva: more}}
expect:
  - at: peer
    sessions:
      rs:
        half: [{state: Established, route_refreshes: 1, resets: 0}]
        more: [{state: Idle, notification: 6/1, route_refreshes: 1, resets: 1, routes: 0}]
        deaf: [{state: Established, route_refreshes: 0, resets: 1, routes: 2001}]
    findings: [{rule: R-002, subject: more, severity: error}]
  - at: up
    sessions: {rs: {more: [{state: Established, routes: 2001, resets: 1}]}}
"),
    );
}

#[test]
fn r013_r014_too_many_routes_from_on_premises_end_the_session() {
    holds("
gateways:
  - {name: vpn, vnet: hub, type: vpn, connections: [{site: full}, {site: few}]}
  - {name: er, vnet: hub, type: express_route, connections: [{circuit: ams}, {circuit: ber}]}
circuits:
  - {name: ams, on_prem: {asn: 64600, routes: [{prefixes_from: {base: 12.0.0.0/24, count: 10001}}]}}
  - {name: ber, on_prem: {asn: 64601, routes: [{prefixes_from: {base: 12.0.0.0/24, count: 4001}}]}}
sites:
  - {name: full, asn: 65101, bgp_ips: [172.31.0.1], routes: [{prefixes_from: {base: 11.0.0.0/24, count: 4001}}]}
  - {name: few, asn: 65102, bgp_ips: [172.31.0.2], routes: [{prefixes_from: {base: 13.0.0.0/24, count: 4000}}]}
events:
  - {id: down, connection_down: {gateway: vpn, to: full}}
  - {id: up, connection_up: {gateway: vpn, to: full}}
expect:
  - at: initial
    findings:
      - {rule: R-014, subject: full, severity: error}
      - {rule: R-013, subject: ams, severity: error}
      - {rule: R-013, subject: ber, severity: warning}
    nic_effective: {near: [{prefix: 13.0.0.0/24}, {prefix: 12.0.0.0/24}]}
    absent:
      - {nic_effective: near, prefix: 11.0.0.0/24}
      - {circuit_routes: ams, prefix: 12.0.0.0/24}
      - {on_prem_learned: full, prefix: 10.0.0.0/16}
  - at: up
    absent: [{nic_effective: near, prefix: 11.0.0.0/24}]
");
}

/// What `--explain` says of a hub with this in it.
fn explained(rest: &str, name: &str, prefix: &str) -> String {
    let text = format!("schema: routehub/1\ntitle: x\n{HUB}{rest}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let network = scenario.network().expect("it settles");
    let prefix = prefix.parse().expect("a prefix");
    let explanation = network.explain(name, prefix).expect("the speaker");
    explanation.to_string()
}

#[test]
fn r116_the_reason_for_a_weight_says_weight() {
    let circuits = "
gateways: [{name: er, vnet: hub, type: express_route, connections: [{circuit: ams, weight: 10}, {circuit: ber}]}]
circuits:
  - {name: ams, on_prem: {asn: 64600, prefixes: [10.200.0.0/16]}}
  - {name: ber, on_prem: {asn: 64601, prefixes: [10.200.0.0/16]}}
";
    let why = explained(circuits, "er", "10.200.0.0/16");
    assert!(
        why.contains("lost to ams by a higher routing weight"),
        "{why}"
    );
    // What the edge does to routes from on-premises is no matter of other gateways.
    assert!(why.contains("R-114") && !why.contains("R-154"), "{why}");
}

#[test]
fn r153_an_explanation_names_what_a_gateway_of_another_asn_is_sent() {
    let gateway = SERVER.to_owned() + "
nvas: [{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{prefix: 192.168.0.0/16}]}]
gateways: [{name: gw, vnet: hub, type: vpn, asn: 65010, connections: [{site: branch}]}]
sites: [{name: branch, asn: 65101, bgp_ips: [172.31.0.1], prefixes: [10.200.0.0/16]}]
";
    for (name, prefix) in [
        ("branch", "192.168.0.0/16"),
        ("gw", "192.168.0.0/16"),
        ("rs", "10.200.0.0/16"),
    ] {
        let why = explained(&gateway, name, prefix);
        assert!(why.contains("R-153"), "{why}");
        assert!(!why.contains("R-094") && !why.contains("R-085 "), "{why}");
    }
}

#[test]
fn r096_a_packet_to_a_pool_ends_at_the_clients_of_the_gateway() {
    let text = format!(
        "schema: routehub/1\ntitle: x\n{HUB}{SERVER}
nvas: [{{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [rs], originates: [{{prefix: 172.16.0.0/12}}, {{prefix: 172.20.1.0/25}}]}}]
gateways: [{{name: gw, vnet: hub, type: vpn, p2s_pools: [172.20.0.0/23]}}]
"
    );
    let network = Scenario::parse(&text)
        .expect("it is right")
        .network()
        .expect("it settles");
    let trace = |to: &str| {
        let trace = network.trace("vm", to);
        trace.expect("the NIC").to_string()
    };
    let clients = trace("172.20.0.7");
    assert!(clients.contains("point-to-site clients of gw"), "{clients}");
    let nva = trace("172.20.1.7");
    assert!(nva.contains("the network behind nva"), "{nva}");
}

#[test]
fn r181_a_session_that_comes_up_with_a_peering_sends_its_routes_once() {
    hold(&peered(
        "
events:
  - {id: many, advertise: {nva: far, routes: [{prefixes_from: {base: 11.0.0.0/24, count: 2001}}]}}
  - {id: cut, remove_peering: {a: beside, b: hub}}
  - {id: again, add_peering: {hub: hub, spoke: beside}}
expect:
  - at: many
    sessions: {rs: {far: [{state: Established, routes: 2002}]}}
  - at: cut
    sessions: {rs: {far: [{state: Idle}]}}
  - at: again
    sessions: {rs: {far: [{state: Established, routes: 2002, route_refreshes: 0}]}}
",
    ));
}

#[test]
fn r147_a_map_on_a_session_with_either_instance_is_said() {
    for instance in [0, 1] {
        holds(&format!(
            "{SERVER}nvas:
  - {{name: nva, vnet: hub, ip: 10.0.4.4, asn: 65001, sessions: [{{route_server: rs, instances: [{instance}], inbound_route_map: m}}]}}
route_maps: [{{name: m, rules: [{{actions: [{{type: drop}}]}}]}}]
expect: [{{at: initial, findings: [{{rule: R-147, subject: rs, severity: info}}]}}]
"
        ));
    }
}

#[test]
fn r011_ipv4_and_ipv6_routes_to_a_circuit_count_by_themselves() {
    let text = format!(
        "schema: routehub/1\ntitle: x\nprofile: {{base: open, max_routes_to_circuit: 5}}\n{HUB}
gateways: [{{name: ergw, vnet: hub, type: express_route, connections: [{{circuit: er}}]}}]
circuits: [{{name: er, on_prem: {{asn: 64600}}}}]
"
    );
    let ipv6 = (1..6).map(|n| format!("'fd00:{n}::/48'"));
    let space = format!("[10.0.0.0/16, {}]", Vec::from_iter(ipv6).join(", "));
    let text = text.replacen("[10.0.0.0/16]", &space, 1);
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
    let network = scenario.network().expect("it settles");
    let sent = network.gateway_advertised("ergw", "er").expect("a name");
    assert!(sent.len() > 5, "all pass: {sent:?}");
    let findings = network.findings();
    let mut limits = findings.iter().filter(|finding| finding.rule.0 == 11);
    assert_eq!(limits.next(), None);
}
