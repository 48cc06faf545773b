//! What each key of the file becomes.

use std::net::IpAddr;

use routehub::Event;
use routehub::estate::{
    Connection, GatewayKind, ReadvertiseTo, ReadvertisedNextHop, ReadvertisedPath, RouteMapAction,
    RouteMapMatch, RoutingPreference, UserRouteTarget,
};
use routehub::types::{Asn, Origin};
use routehub_scenario::{Bfd, Scenario, Secret};

const FILE: &str = "
schema: routehub/1
title: Everything
source: {repo: somewhere, date: 2021, sure: true}
notes: [one, 2]
profile: {base: azure-2026, max_peers: none}
vnets:
  - name: hub
    region: west
    virtual_wan: true
    address_space: [10.0.0.0/16, 'fd00::/48']
    subnets: [{name: GatewaySubnet, prefix: 10.0.7.0/27, route_table: rt, network_security_group: nsg}]
  - {name: spoke, address_space: [10.1.0.0/16]}
  - {name: other, address_space: [10.2.0.0/16]}
peerings:
  - {hub: hub, spoke: spoke, global: true}
  - {a: hub, b: other, b_to_a: {allow_forwarded_traffic: true}}
route_servers:
  - {name: rs, vnet: hub, ips: [10.0.6.4, 10.0.6.5], asn: 65500, branch_to_branch: true, routing_preference: ASPath, public_ip: false}
nvas:
  - name: nva
    vnet: hub
    ip: 10.0.4.4
    asn: 65001
    sessions: [{route_server: rs, instances: [1], inbound_route_map: map}]
    hold_time: 0
    route_refresh: false
    neighbors: [site]
    originates: [{prefix: 10.9.0.0/16, as_path: [7, 8], next_hop: 10.0.4.9, communities: [65001:7], med: 5, origin: incomplete, prepend: 3, to: [rs]}]
    readvertises:
      - {from: [site], to: [rs], as_path: strip, next_hop: 10.0.4.8, prepend: 1, prefixes: [10.8.0.0/16]}
      - {to: all, next_hop: unchanged}
      - {}
    advertises: [{to: rs, instance: 1, prefixes_from: {base: 10.7.0.0/24, count: 3}}]
    live: true
    password: secret
    ttl_security: true
    passive: false
    bfd: {multiplier: 5}
    peer_address: 127.0.0.9
gateways:
  - {name: er, vnet: hub, type: express_route, connections: [{circuit: c, weight: 9, nic_next_hops: [10.3.1.1]}]}
  - name: vpn
    vnet: hub
    type: vpn
    asn: 65010
    bgp_ips: [10.0.8.4]
    active_active: false
    p2s_pools: [172.16.0.0/24]
    connections: [{site: site, bgp: false, instances: [0]}, {gateway: vpn2}]
  - {name: vpn2, vnet: other, type: vpn}
circuits:
  - {name: c, asn: 12077, ce_ip: 172.30.0.1, on_prem: {asn: 65020, prefixes: [10.6.0.0/16], routes: [{prefix: 10.5.0.0/16, as_path: [65020, 9]}]}}
sites:
  - {name: site, asn: 65030, bgp_ips: [172.31.0.1], prefixes: [10.4.0.0/16]}
route_tables:
  - {name: rt, disable_bgp_route_propagation: true, routes: [{name: a, prefix: 0.0.0.0/0, next_hop: 10.0.4.4}, {prefix: 10.3.0.0/16, next_hop_type: None}]}
nics:
  - {name: vm, vnet: hub, subnet: GatewaySubnet, route_table: rt, service_endpoints: [20.0.0.0/8]}
route_maps:
  - name: map
    rules:
      - {name: r, match: [{condition: contains, prefixes: [10.0.0.0/8]}, {condition: equals, as_path: [1, 2]}], actions: [{type: add, as_path: [3]}, {type: remove, communities: [65001:1]}], next_step: continue}
      - {actions: [{type: drop}]}
events:
  - {id: a, set_route_map: {route_server: rs, peer: nva, inbound: null}}
  - {id: b, withdraw: {nva: nva, prefixes: [10.7.0.0/24], instance: 1}}
  - {id: c, set_readvertises: {nva: nva, rules: []}}
  - {id: d, connection_down: {gateway: vpn2, to: vpn}}
  - {id: e, remove_peering: {a: other, b: hub}}
listen: {port: 1790, addresses: {10.0.6.4: '127.0.0.1:1791'}}
";

fn scenario() -> Scenario {
    Scenario::parse(FILE).unwrap_or_else(|wrong| panic!("{}", wrong[0].render("FILE")))
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

#[test]
fn the_head_is_kept_as_it_is_written() {
    let scenario = scenario();
    assert_eq!(scenario.title, "Everything");
    assert_eq!(
        (
            scenario.source["date"].as_str(),
            scenario.source["sure"].as_str()
        ),
        ("2021", "true")
    );
    assert_eq!(scenario.notes, ["one", "2"]);
    assert_eq!(scenario.profile.parameters.max_peers, None);
}

#[test]
fn the_fabric_is_read() {
    let estate = scenario().estate;
    let hub = &estate.vnets[0];
    assert_eq!(
        (hub.region.as_deref(), hub.virtual_wan),
        (Some("west"), true)
    );
    assert_eq!(hub.address_space.len(), 2);
    assert_eq!(
        hub.subnets[0].network_security_group.as_deref(),
        Some("nsg")
    );
    let [transit, plain] = estate.peerings.as_slice() else {
        panic!("{:?}", estate.peerings);
    };
    assert_eq!((transit.a.as_str(), transit.global), ("hub", Some(true)));
    assert!(transit.a_to_b.allow_gateway_transit && transit.b_to_a.use_remote_gateways);
    assert!(!plain.a_to_b.allow_forwarded_traffic && plain.b_to_a.allow_forwarded_traffic);
    assert!(plain.a_to_b.allow_virtual_network_access && !plain.a_to_b.allow_gateway_transit);
    let table = &estate.route_tables[0];
    assert!(table.disable_bgp_route_propagation);
    assert_eq!(
        table.routes[0].target,
        UserRouteTarget::VirtualAppliance(address("10.0.4.4"))
    );
    assert_eq!(table.routes[1].target, UserRouteTarget::None);
    assert_eq!(estate.nics[0].subnet.as_deref(), Some("GatewaySubnet"));
    assert_eq!(estate.nics[0].service_endpoints.len(), 1);
}

#[test]
fn route_servers_and_nvas_are_read() {
    let estate = scenario().estate;
    let server = &estate.route_servers[0];
    assert_eq!(server.ips, Some([address("10.0.6.4"), address("10.0.6.5")]));
    assert_eq!(
        (server.asn, server.branch_to_branch, server.public_ip),
        (Some(Asn(65500)), true, false)
    );
    assert_eq!(server.routing_preference, RoutingPreference::AsPath);
    let nva = &estate.nvas[0];
    assert_eq!((nva.hold_time, nva.route_refresh), (0, false));
    assert_eq!(nva.sessions[0].instances, [false, true]);
    assert_eq!(nva.sessions[0].inbound_route_map.as_deref(), Some("map"));
    let own = &nva.originates[0];
    assert_eq!(
        (own.prepend, own.to.as_slice()),
        (3, ["rs".to_owned()].as_slice())
    );
    assert_eq!(
        own.routes.as_path.as_deref(),
        Some([Asn(7), Asn(8)].as_slice())
    );
    assert_eq!(own.routes.next_hop, Some(address("10.0.4.9")));
    assert_eq!(
        (own.routes.med, own.routes.origin),
        (Some(5), Origin::Incomplete)
    );
    assert_eq!(own.routes.communities[0].to_string(), "65001:7");
    let rules = &nva.readvertises;
    assert_eq!(rules[0].to, ReadvertiseTo::Named(vec!["rs".to_owned()]));
    assert_eq!(rules[0].as_path, ReadvertisedPath::Strip);
    assert_eq!(
        rules[0].next_hop,
        ReadvertisedNextHop::Address(address("10.0.4.8"))
    );
    assert_eq!((rules[0].prepend, rules[0].prefixes.len()), (1, 1));
    assert_eq!(
        (&rules[1].to, rules[1].next_hop),
        (&ReadvertiseTo::All, ReadvertisedNextHop::Unchanged)
    );
    assert_eq!(
        (&rules[2].to, rules[2].next_hop),
        (&ReadvertiseTo::Others, ReadvertisedNextHop::Own)
    );
    let literal = &nva.advertises[0];
    assert_eq!((literal.to.as_str(), literal.instance), ("rs", Some(1)));
    let prefixes: Vec<String> = literal
        .routes
        .prefixes
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(prefixes, ["10.7.0.0/24", "10.7.1.0/24", "10.7.2.0/24"]);
}

#[test]
fn gateways_circuits_and_sites_are_read() {
    let estate = scenario().estate;
    let circuit = Connection::Circuit {
        circuit: "c".into(),
        weight: 9,
        msee_ips: Vec::new(),
        nic_next_hops: vec![address("10.3.1.1")],
    };
    assert_eq!(estate.gateways[0].connections, [circuit]);
    let vpn = &estate.gateways[1];
    assert_eq!(
        (vpn.kind, vpn.asn, vpn.active_active),
        (GatewayKind::Vpn, Some(Asn(65010)), false)
    );
    assert_eq!((vpn.bgp_ips.len(), vpn.p2s_pools.len()), (1, 1));
    let site = Connection::Site {
        site: "site".into(),
        bgp: Some(false),
        instances: [true, false],
        apipa: Vec::new(),
    };
    assert_eq!(
        vpn.connections,
        [
            site,
            Connection::Gateway {
                gateway: "vpn2".into()
            }
        ]
    );
    let circuit = &estate.circuits[0];
    assert_eq!(
        (circuit.asn, circuit.ce_ip),
        (Some(Asn(12077)), Some(address("172.30.0.1")))
    );
    let behind = circuit
        .on_prem
        .as_ref()
        .expect("there is a network behind it");
    assert_eq!((behind.asn, behind.routes.len()), (Asn(65020), 2));
    assert_eq!(behind.routes[0].as_path, None);
    assert_eq!(
        behind.routes[1].as_path.as_deref(),
        Some([Asn(65020), Asn(9)].as_slice())
    );
    assert_eq!(estate.sites[0].bgp_ips, [address("172.31.0.1")]);
}

#[test]
fn route_maps_and_events_are_read() {
    let scenario = scenario();
    let map = &scenario.estate.route_maps[0];
    let first = &map.rules[0];
    assert!(first.continues && !map.rules[1].continues);
    assert!(matches!(&first.matches[0], RouteMapMatch::PrefixContains(list) if list.len() == 1));
    assert_eq!(
        first.matches[1],
        RouteMapMatch::AsPathEquals(vec![Asn(1), Asn(2)])
    );
    assert_eq!(
        first.actions[0],
        RouteMapAction::PrependAsPath(vec![Asn(3)])
    );
    assert!(
        matches!(&first.actions[1], RouteMapAction::RemoveCommunities(list) if list.len() == 1)
    );
    assert_eq!(map.rules[1].actions, [RouteMapAction::Drop]);
    let ids: Vec<&str> = scenario.events.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["a", "b", "c", "d", "e"]);
    let taken_off = Event::SetRouteMap {
        route_server: "rs".into(),
        peer: "nva".into(),
        inbound: Some(None),
        outbound: None,
    };
    assert_eq!(scenario.events[0].1, taken_off);
    assert!(matches!(
        &scenario.events[1].1,
        Event::Withdraw { prefixes, to: None, instance: Some(1), .. } if prefixes.len() == 1
    ));
}

#[test]
fn live_keys_are_kept_apart_from_the_model() {
    let live = scenario().live;
    assert_eq!(live.port, 1790);
    let at = live.addresses[&address("10.0.6.4")];
    assert_eq!(at.to_string(), "127.0.0.1:1791");
    let nva = &live.peers["nva"];
    assert!(nva.live && nva.ttl_security && !nva.passive);
    assert_eq!(nva.password.as_ref().map(Secret::as_str), Some("secret"));
    assert!(!format!("{live:?}").contains("\"secret\""));
    assert_eq!(nva.peer_address, Some(address("127.0.0.9")));
    let bfd = Bfd {
        multiplier: 5,
        ..Bfd::DEFAULT
    };
    assert_eq!(nva.bfd, Some(bfd));
    assert!(live.peers["c"].passive && !live.peers["site"].live);
    let plain = "schema: routehub/1\ntitle: x\nvnets: []\n";
    assert_eq!(Scenario::parse(plain).expect("it is right").live.port, 179);
}
