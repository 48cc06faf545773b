//! Random estates and events, drawn from a list of numbers: smaller numbers, simpler estates.

mod circuits;
mod endpoints;
mod events;
mod objects;
mod parameters;
mod tunnels;

use std::net::{IpAddr, Ipv4Addr};

use routehub_exchange::estate::{
    Advertisement, Connection, DisablePeeringRoute, Estate, Gateway, GatewayKind, Nic, Nva,
    NvaSession, Origination, PeeredSubnets, Peering, ReadvertiseTo, ReadvertisedNextHop,
    ReadvertisedPath, Readvertisement, RouteMap, RouteMapAction, RouteMapMatch, RouteMapRule,
    RouteServer, RouteTable, Routes, RoutingPreference, Site, Subnet, UserRoute, UserRouteTarget,
    Vnet,
};
use routehub_exchange::{CheckedEstate, Event, Parameters};
use routehub_types::{Asn, Community, Prefix};

pub(crate) use parameters::{azure, open};

/// The numbers that everything is drawn from; 0 when they are used up.
pub(crate) struct Numbers(std::vec::IntoIter<u16>);

impl Numbers {
    pub(crate) fn new(numbers: Vec<u16>) -> Self {
        Self(numbers.into_iter())
    }

    /// A number below `n`.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        usize::from(self.0.next().unwrap_or(0)) % n
    }

    /// Yes once in `n` times, and never at the end of the list.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

const PREFIXES: [&str; 13] = [
    "192.168.1.0/24",
    "192.168.0.0/16",
    "192.168.2.0/24",
    "172.16.0.0/12",
    "10.0.0.0/8",
    "0.0.0.0/0",
    "10.100.1.0/24",
    "10.1.0.0/16",
    "10.0.6.0/27",
    "10.101.0.0/16",
    "2001:db8:9::/48",
    "::/0",
    "2001:db8:0:7::/64",
];

fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

pub(crate) fn any_prefix(numbers: &mut Numbers) -> Prefix {
    prefix(PREFIXES[numbers.below(PREFIXES.len())])
}

fn community(numbers: &mut Numbers) -> Community {
    let all = [
        "65001:7",
        "65517:65517",
        "65535:65282",
        "65535:65281",
        "65001:8",
        "65518:65518",
    ];
    all[numbers.below(all.len())].parse().unwrap()
}

/// Routes; `asn` is what a path that is given begins with, none: where it begins is free.
pub(crate) fn routes(numbers: &mut Numbers, asn: Option<Asn>) -> Routes {
    let mut one = Routes {
        prefixes: vec![any_prefix(numbers)],
        ..Routes::default()
    };
    if numbers.once_in(3) {
        one.prefixes.push(any_prefix(numbers));
    }
    if numbers.once_in(3) {
        let others = [65001, 65101, 12076, 65515, 3320].map(Asn);
        let mut path: Vec<Asn> = asn.into_iter().collect();
        for _ in 0..numbers.below(3) {
            path.push(*numbers.one_of(&others));
        }
        one.as_path = Some(path);
    }
    if numbers.once_in(4) {
        one.communities.push(community(numbers));
    }
    if numbers.once_in(6) {
        one.med = Some(numbers.below(3) as u32);
    }
    one
}

pub(crate) fn parameters(numbers: &mut Numbers) -> Parameters {
    let mut it = if numbers.once_in(6) { open() } else { azure() };
    it.show_overlap_in_learned = numbers.once_in(3);
    if numbers.once_in(4) {
        let modes = [
            routehub_exchange::ReflectBetweenNvas::Always,
            routehub_exchange::ReflectBetweenNvas::Never,
        ];
        it.reflect_between_nvas = *numbers.one_of(&modes);
    }
    if numbers.once_in(6) {
        it.max_routes_to_circuit = Some(2 + numbers.below(4) as u32);
    }
    if numbers.once_in(6) {
        it.max_routes_from_site = Some(1 + numbers.below(2) as u32);
    }
    if numbers.once_in(6) {
        it.max_routes_from_premium_circuit = Some(1 + numbers.below(2) as u32);
    }
    if numbers.once_in(6) {
        it.max_ecmp = Some(1 + numbers.below(3) as u32);
    }
    if numbers.once_in(6) {
        it.max_peers = Some(2);
    }
    if numbers.once_in(4) {
        it.expressroute_next_hops = routehub_exchange::ExpressRouteNextHops::One;
    }
    it.upgraded = numbers.once_in(6);
    it.er_vnet_to_vnet = !numbers.once_in(3);
    if numbers.once_in(6) {
        it.one_instance_nics = routehub_exchange::OneInstanceNics::Hash;
    }
    it
}

/// A whole estate.
pub(crate) fn estate(numbers: &mut Numbers) -> Estate {
    let mut it = Estate {
        route_maps: route_maps(),
        route_tables: route_tables(),
        ..Estate::default()
    };
    networks(numbers, &mut it);
    circuits::circuits(numbers, &mut it);
    sites(numbers, &mut it);
    gateways(numbers, &mut it);
    nvas(numbers, &mut it);
    for vnet in &it.vnets {
        let mut nic = Nic {
            name: format!("nic-{}", vnet.name),
            vnet: vnet.name.clone(),
            ..Nic::default()
        };
        if numbers.once_in(3) {
            nic.route_table = Some(format!("table{}", numbers.below(3)));
        }
        if numbers.once_in(5) {
            nic.service_endpoints.push(prefix("192.168.0.0/16"));
        }
        if numbers.below(2) > 0 {
            nic.subnet = Some("first".into());
        }
        it.nics.push(nic);
    }
    endpoints::private_endpoints(numbers, &mut it);
    it
}

pub(crate) fn hub_name(n: usize) -> String {
    format!("hub{n}")
}

pub(crate) fn server_in(n: usize) -> RouteServer {
    RouteServer::new(format!("rs{n}"), hub_name(n))
}

fn networks(numbers: &mut Numbers, it: &mut Estate) {
    for n in 0..1 + numbers.below(3) {
        let subnet = |name: &str, text: String| Subnet::new(name, prefix(&text));
        let mut hub = Vnet {
            name: hub_name(n),
            address_space: std::iter::once(prefix(&format!("10.{n}.0.0/16")))
                .chain(
                    numbers
                        .once_in(5)
                        .then(|| prefix(&format!("fd00:{n}::/48"))),
                )
                .collect(),
            subnets: vec![
                subnet("RouteServerSubnet", format!("10.{n}.6.0/26")),
                subnet("GatewaySubnet", format!("10.{n}.7.0/26")),
                subnet("first", format!("10.{n}.1.0/24")),
            ],
            region: numbers.once_in(3).then(|| format!("region{n}")),
            virtual_wan: numbers.once_in(4),
            ..Vnet::default()
        };
        hub.summarized_gateway_prefixes = summaries(numbers, n);
        it.vnets.push(hub);
        if !numbers.once_in(4) {
            let mut server = server_in(n);
            server.branch_to_branch = numbers.below(3) > 0;
            let all = [
                RoutingPreference::ExpressRoute,
                RoutingPreference::VpnGateway,
                RoutingPreference::AsPath,
            ];
            server.routing_preference = *numbers.one_of(&all);
            it.route_servers.push(server);
        }
    }
    let hubs = it.vnets.len();
    for n in 0..numbers.below(4) {
        let mut space = vec![prefix(&format!("10.{}.0.0/16", 100 + n))];
        if numbers.once_in(5) {
            space.push(prefix(&format!("2001:db8:{n}::/48")));
        }
        it.vnets.push(Vnet {
            name: format!("spoke{n}"),
            address_space: space,
            subnets: vec![
                Subnet::new("first", prefix(&format!("10.{}.1.0/24", 100 + n))),
                Subnet::new("second", prefix(&format!("10.{}.2.0/24", 100 + n))),
            ],
            ..Vnet::default()
        });
        let hub = hub_name(numbers.below(hubs));
        let mut peering = if numbers.once_in(4) {
            Peering::plain(hub, format!("spoke{n}"))
        } else {
            Peering::hub_and_spoke(hub, format!("spoke{n}"))
        };
        if numbers.once_in(5) {
            peering.subnets = Some(PeeredSubnets {
                a: vec!["first".into(), "GatewaySubnet".into()],
                b: vec![["first", "second"][numbers.below(2)].into()],
            });
        }
        it.peerings.push(peering);
    }
    for n in 1..hubs {
        if !numbers.once_in(3) {
            let mut peering = Peering::plain(hub_name(0), hub_name(n));
            peering.b_to_a.allow_virtual_network_access = !numbers.once_in(5);
            it.peerings.push(peering);
        }
    }
}

/// Summaries of a hub: of it alone, of it and of some spokes, of something else.
fn summaries(numbers: &mut Numbers, hub: usize) -> Vec<Prefix> {
    let own = prefix(&format!("10.{hub}.0.0/16"));
    match numbers.below(8) {
        0 => vec![own],
        1 => vec![prefix("10.0.0.0/14"), prefix("10.100.0.0/15")],
        2 => vec![prefix("192.168.0.0/16")],
        _ => Vec::new(),
    }
}

fn sites(numbers: &mut Numbers, it: &mut Estate) {
    for n in 0..3u8 {
        let mut asn = (n < 2).then_some(Asn(65101 + u32::from(n)));
        if n == 1 && numbers.once_in(6) {
            asn = Some(*numbers.one_of(&[65515, 65010].map(Asn)));
        }
        let announced = (0..=numbers.below(2))
            .map(|_| routes(numbers, asn))
            .collect();
        it.sites.push(Site {
            name: format!("site{n}"),
            asn,
            bgp_ips: vec![IpAddr::V4(Ipv4Addr::new(172, 31, n, 1))],
            routes: announced,
            static_prefixes: match numbers.once_in(4) {
                true => vec![any_prefix(numbers)],
                false => Vec::new(),
            },
        });
    }
}

fn gateways(numbers: &mut Numbers, it: &mut Estate) {
    let hubs = it
        .vnets
        .iter()
        .filter(|one| one.name.starts_with("hub"))
        .count();
    for hub in 0..hubs {
        if numbers.below(3) > 0 {
            let name = format!("vpn{hub}");
            let mut gateway = Gateway::new(&name, hub_name(hub), GatewayKind::Vpn);
            if numbers.once_in(3) {
                gateway.asn = Some(Asn(65010 + hub as u32));
            }
            if numbers.once_in(6) {
                gateway.p2s_pools.push(prefix("172.20.0.0/24"));
            }
            gateway.active_active = !numbers.once_in(6);
            for site in 0..3u8 {
                if numbers.below(2) > 0 {
                    let tunnel = tunnels::tunnel(numbers, site, gateway.active_active);
                    gateway.connections.push(tunnel);
                }
            }
            let first = it.gateways.iter().find(|one| one.kind == GatewayKind::Vpn);
            if let (Some(first), true) = (first, numbers.once_in(3)) {
                let gateway_name = first.name.clone();
                gateway.connections.push(Connection::Gateway {
                    gateway: gateway_name,
                });
            }
            it.gateways.push(gateway);
        }
        for copy in 0..numbers.below(3) {
            let name = format!("er{hub}{copy}");
            let mut gateway = Gateway::new(&name, hub_name(hub), GatewayKind::ExpressRoute);
            let says = |numbers: &mut Numbers| (numbers.below(3) > 0).then(|| numbers.once_in(2));
            gateway.allow_remote_vnet_traffic = says(numbers);
            gateway.allow_virtual_wan_traffic = says(numbers);
            if copy > 0 {
                let last = |n| IpAddr::V4(Ipv4Addr::new(10, hub as u8, 7, n));
                gateway.bgp_ips = vec![last(20), last(21)];
                if numbers.once_in(3) {
                    gateway.bgp_ips.pop();
                }
            }
            for circuit in 0..2 {
                if numbers.below(3) > 0 {
                    gateway.connections.push(Connection::Circuit {
                        circuit: format!("circuit{circuit}"),
                        weight: numbers.below(2) as u32,
                        msee_ips: circuits::edges(numbers, hub, (copy, circuit)),
                        nic_next_hops: circuits::next_hops(numbers, hub, circuit),
                    });
                }
            }
            it.gateways.push(gateway);
        }
    }
}

fn nvas(numbers: &mut Numbers, it: &mut Estate) {
    let hubs = it
        .vnets
        .iter()
        .filter(|one| one.name.starts_with("hub"))
        .count();
    for n in 0..numbers.below(5) {
        let vnet = numbers.below(it.vnets.len());
        let space = it.vnets[vnet].address_space[0].address();
        let IpAddr::V4(space) = space else { continue };
        let ip = Ipv4Addr::from_bits(space.to_bits() + 0x0404 + n as u32);
        let asns = [65001, 65002, 65003, 65001, 64496].map(Asn);
        let asn = *numbers.one_of(&asns);
        let mut nva = Nva::new(format!("nva{n}"), it.vnets[vnet].name.clone(), ip, asn);
        for hub in 0..hubs {
            if numbers.below(3) > 0 || hub == 0 {
                let mut session = NvaSession::both(format!("rs{hub}"));
                if numbers.once_in(5) {
                    session.instances[1] = false;
                }
                session.inbound_route_map = any_map(numbers);
                session.outbound_route_map = any_map(numbers);
                nva.sessions.push(session);
            }
        }
        for other in 0..n {
            if numbers.once_in(4) {
                nva.neighbors.push(format!("nva{other}"));
            }
        }
        if numbers.once_in(5) {
            nva.neighbors.push("site0".into());
        }
        nva.route_refresh = !numbers.once_in(4);
        for _ in 0..numbers.below(3) {
            nva.originates.push(Origination {
                routes: routes(numbers, None),
                prepend: numbers.below(2) as u8,
                to: if numbers.once_in(4) {
                    vec!["rs0".into()]
                } else {
                    Vec::new()
                },
            });
        }
        for _ in 0..numbers.below(2) {
            nva.advertises.push(Advertisement {
                to: nva.sessions[0].route_server.clone(),
                instance: numbers.once_in(3).then_some(0),
                routes: routes(numbers, Some(asn)),
            });
        }
        if numbers.below(2) > 0 {
            nva.readvertises = rules(numbers);
        }
        it.nvas.push(nva);
    }
}

/// Rules by which an NVA passes routes on.
pub(crate) fn rules(numbers: &mut Numbers) -> Vec<Readvertisement> {
    let paths = [
        ReadvertisedPath::Keep,
        ReadvertisedPath::Strip,
        ReadvertisedPath::Override,
    ];
    let one = |numbers: &mut Numbers| Readvertisement {
        from: match numbers.below(4) {
            1 => vec!["rs0".into()],
            2 => vec!["nva0".into(), "site0".into()],
            _ => Vec::new(),
        },
        to: match numbers.below(4) {
            1 => ReadvertiseTo::All,
            2 => ReadvertiseTo::Named(vec!["rs0".into()]),
            _ => ReadvertiseTo::Others,
        },
        as_path: *numbers.one_of(&paths),
        next_hop: match numbers.below(4) {
            1 => ReadvertisedNextHop::Unchanged,
            2 => ReadvertisedNextHop::Address(IpAddr::V4(Ipv4Addr::new(10, 0, 4, 100))),
            _ => ReadvertisedNextHop::Own,
        },
        prepend: numbers.below(2) as u8,
        prefixes: match numbers.below(3) {
            2 => vec![any_prefix(numbers), any_prefix(numbers)],
            _ => Vec::new(),
        },
    };
    (0..numbers.below(3)).map(|_| one(numbers)).collect()
}

pub(crate) fn any_map(numbers: &mut Numbers) -> Option<String> {
    let n = numbers.below(14);
    (n > 9).then(|| format!("map{}", n - 10))
}

fn route_maps() -> Vec<RouteMap> {
    let rule = |matches, actions, continues| RouteMapRule {
        name: String::new(),
        matches,
        actions,
        continues,
    };
    let within = |text: &str| vec![RouteMapMatch::PrefixContains(vec![prefix(text)])];
    let seven: Community = "65001:7".parse().unwrap();
    let eight: Community = "65001:8".parse().unwrap();
    let kept: Community = "65517:65517".parse().unwrap();
    let lists = [
        vec![
            rule(
                vec![RouteMapMatch::PrefixEquals(vec![prefix("192.168.1.0/24")])],
                vec![RouteMapAction::Drop],
                false,
            ),
            rule(
                within("172.16.0.0/12"),
                vec![RouteMapAction::PrependAsPath(vec![Asn(3320), Asn(3320)])],
                true,
            ),
        ],
        vec![
            rule(
                within("192.168.0.0/16"),
                vec![
                    RouteMapAction::ReplacePrefix(vec![prefix("192.168.0.0/16")]),
                    RouteMapAction::AddCommunities(vec![eight]),
                ],
                true,
            ),
            rule(
                vec![RouteMapMatch::CommunityContains(vec![eight, seven])],
                vec![RouteMapAction::PrependAsPath(vec![Asn(3321)])],
                false,
            ),
        ],
        vec![
            rule(
                vec![RouteMapMatch::AsPathContains(vec![Asn(65001)])],
                vec![
                    RouteMapAction::ReplaceAsPath(vec![Asn(3322)]),
                    RouteMapAction::ReplaceCommunities(vec![seven]),
                ],
                false,
            ),
            rule(
                Vec::new(),
                vec![RouteMapAction::AddCommunities(vec![seven])],
                false,
            ),
        ],
        vec![rule(
            vec![RouteMapMatch::CommunityEquals(vec![seven])],
            vec![RouteMapAction::RemoveCommunities(vec![seven, kept])],
            true,
        )],
    ];
    let named = lists.into_iter().enumerate();
    named
        .map(|(n, rules)| RouteMap {
            name: format!("map{n}"),
            rules,
        })
        .collect()
}

fn route_tables() -> Vec<RouteTable> {
    let route = |text: &str, target| UserRoute {
        name: Some(format!("to {text}")),
        prefix: prefix(text),
        target,
    };
    let appliance = UserRouteTarget::VirtualAppliance(IpAddr::V4(Ipv4Addr::new(10, 0, 4, 4)));
    vec![
        RouteTable {
            name: "table0".into(),
            disable_bgp_route_propagation: false,
            disable_peering_route: DisablePeeringRoute::None,
            routes: vec![
                route("192.168.1.0/24", appliance),
                route("10.0.0.0/16", UserRouteTarget::None),
                route("10.100.1.0/24", appliance),
                route("10.1.1.9/32", appliance),
            ],
        },
        RouteTable {
            name: "table1".into(),
            disable_bgp_route_propagation: true,
            disable_peering_route: DisablePeeringRoute::None,
            routes: vec![route("0.0.0.0/0", UserRouteTarget::Internet)],
        },
        RouteTable {
            name: "table2".into(),
            disable_bgp_route_propagation: false,
            disable_peering_route: DisablePeeringRoute::All,
            routes: vec![
                route("::/0", UserRouteTarget::None),
                route("10.0.0.0/8", appliance),
            ],
        },
    ]
}

pub(crate) use events::event;
pub(crate) use objects::object_event;

/// A random estate as an exchange takes it: everything in it fits, with the Route Servers that
/// events may add.
pub(crate) fn checked(estate: Estate) -> CheckedEstate {
    let names: Vec<String> = estate
        .route_servers
        .iter()
        .map(|s| s.name.clone())
        .collect();
    let hubs = estate
        .vnets
        .iter()
        .filter(|vnet| vnet.name.starts_with("hub"))
        .count();
    let later = (0..hubs).map(server_in);
    let later = later.filter(|server| !names.contains(&server.name));
    let events: Vec<(String, Event)> = later
        .map(|server| (server.name.clone(), Event::AddRouteServer(server)))
        .collect();
    let checked = estate.checked(&events);
    checked.unwrap_or_else(|errors| panic!("{errors}"))
}
