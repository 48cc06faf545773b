//! Gateways with and without a Route Server beside them.

use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{
    Circuit, Connection, Gateway, GatewayKind, Nic, OnPremises, RouteServer, Routes, Site, Vnet,
};
use routehub::{Estate, Event, Instance, Network, Profile};
use routehub_types::{Asn, Prefix};

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

fn ip(a: u8, b: u8) -> IpAddr {
    Ipv4Addr::new(10, 0, a, b).into()
}

fn routes(text: &str) -> Vec<Routes> {
    vec![Routes {
        prefixes: vec![prefix(text)],
        ..Routes::default()
    }]
}

/// A VPN and an ExpressRoute gateway that both know 192.168.0.0/16.
fn estate() -> Estate {
    let vpn = Gateway {
        bgp_ips: vec![ip(7, 4), ip(7, 5)],
        connections: vec![Connection::Site {
            site: "branch".into(),
            bgp: None,
            instances: [true; 2],
            apipa: Vec::new(),
        }],
        p2s_pools: vec![prefix("172.20.0.0/24")],
        ..Gateway::new("vpn", "hub", GatewayKind::Vpn)
    };
    let er = Gateway {
        bgp_ips: vec![ip(7, 12), ip(7, 13)],
        connections: vec![Connection::Circuit {
            circuit: "circuit".into(),
            weight: 0,
            msee_ips: vec![ip(7, 20)],
            nic_next_hops: Vec::new(),
        }],
        ..Gateway::new("er", "hub", GatewayKind::ExpressRoute)
    };
    Estate {
        vnets: vec![Vnet {
            name: "hub".into(),
            address_space: vec![prefix("10.0.0.0/16")],
            ..Vnet::default()
        }],
        gateways: vec![vpn, er],
        circuits: vec![Circuit {
            name: "circuit".into(),
            on_prem: Some(OnPremises {
                asn: Asn(65020),
                routes: routes("192.168.0.0/16"),
            }),
            ..Circuit::default()
        }],
        sites: vec![Site {
            name: "branch".into(),
            asn: Some(Asn(65010)),
            bgp_ips: vec![Ipv4Addr::new(172, 31, 0, 1).into()],
            routes: routes("192.168.0.0/16"),
            static_prefixes: Vec::new(),
        }],
        nics: vec![Nic {
            name: "vm".into(),
            vnet: "hub".into(),
            ..Nic::default()
        }],
        ..Estate::default()
    }
}

fn next_hops(network: &Network, to: &str) -> Vec<IpAddr> {
    let rows = network.nic_effective("vm").expect("a name").into_iter();
    let mut rows = rows.filter(|row| *row.prefixes == [prefix(to)]);
    rows.next()
        .map(|row| row.next_hops.into_vec())
        .unwrap_or_default()
}

#[test]
fn without_a_route_server_express_route_comes_before_vpn() {
    let network = Network::new(&Profile::default(), estate()).unwrap();
    assert_eq!(next_hops(&network, "192.168.0.0/16"), [ip(7, 20)]);
}

#[test]
fn while_both_instances_are_down_nics_keep_the_routes_of_the_gateways() {
    let mut estate = estate();
    estate.route_servers = vec![RouteServer {
        ips: Some([ip(6, 4), ip(6, 5)]),
        ..RouteServer::new("rs", "hub")
    }];
    let mut network = Network::new(&Profile::default(), estate).unwrap();
    for instance in 0..2 {
        assert_eq!(next_hops(&network, "192.168.0.0/16"), [ip(7, 20)]);
        let down = Instance {
            route_server: "rs".into(),
            instance,
        };
        network.apply(&Event::InstanceDown(down)).unwrap();
    }
    assert_eq!(next_hops(&network, "192.168.0.0/16"), [ip(7, 20)]);
}

#[test]
fn r096_point_to_site_pools_stand_on_nics_only() {
    let network = Network::new(&Profile::default(), estate()).unwrap();
    assert_eq!(next_hops(&network, "172.20.0.0/24"), [ip(7, 4), ip(7, 5)]);
    let heard = network.on_prem_learned("branch").expect("a name");
    assert!(!heard.is_empty());
    assert!(heard.iter().all(|row| row.prefix == prefix("10.0.0.0/16")));
}
