//! Estates to measure.

use std::net::{IpAddr, Ipv4Addr};

use routehub::estate::{
    Advertisement, Circuit, Connection, Estate, Gateway, GatewayKind, Nic, Nva, NvaSession,
    OnPremises, Origination, Peering, RouteServer, Routes, Site, Vnet, consecutive_prefixes,
};
use routehub::{Network, Profile};
use routehub_types::{Asn, Community, Prefix};

use crate::mesh::{self, add_hub};

/// NVAs of a [`large`] estate.
pub const NVAS: u32 = 8;
/// Routes that each of them announces.
pub const ROUTES: u32 = 4000;
/// A route of nva3 that it announces literally, so that events can change it.
pub const LITERAL: &str = "198.18.7.0/24";
/// Prefixes that share an attribute set.
const ALIKE: u32 = 8;

/// The profile that large estates are measured under: newest of Azure, without limits on
/// prefixes, which a spoke that comes would exceed.
///
/// # Panics
/// If there is no such profile or switch.
pub fn profile() -> Profile {
    let mut profile = Profile::named("azure-2026").expect("it exists");
    for limit in ["max_total_prefixes", "max_routes_per_peer"] {
        profile.set(limit, "none").expect("it exists");
    }
    profile
}

/// A network of an estate under [`profile`].
///
/// # Panics
/// If the estate does not settle.
pub fn network(estate: Estate) -> Network {
    Network::new(&profile(), estate).expect("the estate settles")
}

fn address(a: u8, b: u8, c: u8, d: u8) -> IpAddr {
    Ipv4Addr::new(a, b, c, d).into()
}

fn prefix(address: u32, length: u8) -> Prefix {
    Prefix::new(Ipv4Addr::from_bits(address).into(), length).expect("no host bits")
}

/// The routes of an NVA: 4,000 /24 of its own, eight to an attribute set.
pub fn routes(nva: u32) -> impl Iterator<Item = Routes> {
    let base = (20 + nva) << 24;
    (0..ROUTES / ALIKE).map(move |n| Routes {
        prefixes: consecutive_prefixes(prefix(base + ((n * ALIKE) << 8), 24), ALIKE).collect(),
        communities: vec![Community::new(65001, n as u16)],
        ..Routes::default()
    })
}

/// A hub and its spokes, so many networks in all: a Route Server with eight NVAs of 4,000 routes
/// each, a VPN and an ExpressRoute gateway with something behind each.
pub fn large(vnets: u32) -> Estate {
    let mut estate = Estate::default();
    estate.vnets.push(Vnet {
        name: "hub".into(),
        address_space: vec![prefix(10 << 24, 16)],
        ..Vnet::default()
    });
    for n in 1..vnets {
        let name = format!("spoke{n}");
        estate.vnets.push(Vnet {
            name: name.clone(),
            address_space: vec![prefix((10 << 24) + ((256 + n) << 8), 24)],
            ..Vnet::default()
        });
        estate.peerings.push(Peering::hub_and_spoke("hub", &name));
    }
    for vnet in &estate.vnets {
        estate.nics.push(Nic {
            name: format!("nic-{}", vnet.name),
            vnet: vnet.name.clone(),
            ..Nic::default()
        });
    }
    estate.route_servers.push(RouteServer {
        ips: Some([address(10, 0, 6, 4), address(10, 0, 6, 5)]),
        ..RouteServer::new("rs", "hub")
    });
    for n in 0..NVAS {
        let ip = address(10, 0, 4, 4 + n as u8);
        let originates = routes(n).map(|routes| Origination {
            routes,
            ..Origination::default()
        });
        let mut originates: Vec<Origination> = originates.collect();
        let mut advertises = Vec::new();
        if n == 3 {
            originates[0].routes.prefixes.drain(..2);
            let prefixes = vec![LITERAL.parse().expect("a prefix")];
            advertises.push(Advertisement {
                to: "rs".into(),
                routes: Routes {
                    prefixes,
                    ..Routes::default()
                },
                ..Advertisement::default()
            });
        }
        estate.nvas.push(Nva {
            sessions: vec![NvaSession::both("rs")],
            originates,
            advertises,
            ..Nva::new(format!("nva{n}"), "hub", ip, Asn(65001 + n))
        });
    }
    attach(&mut estate);
    estate
}

fn attach(estate: &mut Estate) {
    let routes = |base: u32| Routes {
        prefixes: consecutive_prefixes(prefix(base, 24), 100).collect(),
        ..Routes::default()
    };
    estate.sites.push(Site {
        name: "branch".into(),
        asn: Some(Asn(65101)),
        bgp_ips: vec![address(172, 31, 0, 1)],
        routes: vec![routes(172 << 24 | 16 << 16)],
        static_prefixes: Vec::new(),
    });
    estate.circuits.push(Circuit {
        name: "circuit".into(),
        ce_ip: Some(address(172, 30, 0, 1)),
        on_prem: Some(OnPremises {
            asn: Asn(65201),
            routes: vec![routes(172 << 24 | 20 << 16)],
        }),
        ..Circuit::default()
    });
    let site = Connection::Site {
        site: "branch".into(),
        bgp: None,
        instances: [true; 2],
        apipa: Vec::new(),
    };
    let edges = vec![address(10, 0, 7, 4), address(10, 0, 7, 5)];
    let circuit = Connection::Circuit {
        circuit: "circuit".into(),
        weight: 0,
        msee_ips: edges,
        nic_next_hops: Vec::new(),
    };
    for (name, kind, connection) in [
        ("vpn", GatewayKind::Vpn, site),
        ("er", GatewayKind::ExpressRoute, circuit),
    ] {
        let last = if kind == GatewayKind::Vpn { 14 } else { 12 };
        estate.gateways.push(Gateway {
            bgp_ips: vec![address(10, 0, 7, last), address(10, 0, 7, last + 1)],
            connections: vec![connection],
            ..Gateway::new(name, "hub", kind)
        });
    }
}

/// Hubs that are peered with each other, each with a Route Server, eight NVAs of 100 routes each
/// and so many networks in all; a NIC stands in every tenth spoke.
pub fn hubs(hubs: u32, vnets: u32) -> Estate {
    let mut estate = Estate::default();
    for hub in 0..hubs {
        let name = format!("hub{hub}");
        let base = (10 << 24) + (hub << 20);
        add_hub(&mut estate, hub, prefix(base, 20));
        for n in 0..NVAS {
            let own = Routes {
                prefixes: consecutive_prefixes(prefix((20 + hub) << 24 | n << 16, 24), 100)
                    .collect(),
                ..Routes::default()
            };
            let ip = Ipv4Addr::from_bits(base + 100 + n);
            estate.nvas.push(Nva {
                sessions: vec![NvaSession::both(format!("rs{hub}"))],
                originates: vec![Origination {
                    routes: own,
                    ..Origination::default()
                }],
                ..Nva::new(format!("nva{hub}-{n}"), &name, ip, Asn(65001 + n))
            });
        }
        for n in 1..vnets {
            let spoke = format!("spoke{hub}-{n}");
            estate.vnets.push(Vnet {
                name: spoke.clone(),
                address_space: vec![prefix(base + (16 << 8) + (n << 8), 24)],
                ..Vnet::default()
            });
            estate.peerings.push(Peering::hub_and_spoke(&name, &spoke));
            if n % 10 == 0 {
                estate.nics.push(Nic {
                    name: format!("nic-{spoke}"),
                    vnet: spoke,
                    ..Nic::default()
                });
            }
        }
    }
    estate
}

/// A mesh of hubs whose NVAs announce 100 routes each.
pub fn mesh(hubs: u32) -> Estate {
    mesh::mesh(hubs, |hub| {
        let own = consecutive_prefixes(prefix((20 + hub) << 24, 24), 100);
        vec![Origination {
            routes: Routes {
                prefixes: own.collect(),
                ..Routes::default()
            },
            ..Origination::default()
        }]
    })
}
