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
    let text = format!("schema: routehub/1\ntitle: x\n{HUB}{rest}");
    let scenario = Scenario::parse(&text).unwrap_or_else(|wrong| panic!("{wrong:?}\n{text}"));
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
