//! Estates of any kind: random ones with strange names, large ones.

use std::net::Ipv4Addr;

use proptest::collection::vec;
use proptest::prelude::*;
use routehub::estate::{
    Circuit, Connection, Estate, Gateway, GatewayKind, LoadBalancer, Nic, Nva, NvaSession,
    OnPremises, Origination, Peering, RouteServer, Routes, Site, Subnet, Vnet,
};
use routehub::types::{Asn, Prefix};

fn prefix(text: &str) -> Prefix {
    text.parse().expect("a prefix")
}

/// A network by its number, with the subnets that gateways and Route Servers live in.
fn vnet(name: String, number: usize, region: Option<String>) -> Vnet {
    let (a, b) = (10 + number / 200, number % 200);
    let subnet =
        |name: &str, third: u8| Subnet::new(name, prefix(&format!("{a}.{b}.{third}.0/26")));
    Vnet {
        name,
        address_space: vec![prefix(&format!("{a}.{b}.0.0/16"))],
        region,
        subnets: vec![subnet("RouteServerSubnet", 1), subnet("GatewaySubnet", 2)],
        ..Vnet::default()
    }
}

fn address(number: usize, last: usize) -> Ipv4Addr {
    let octet = |n: usize| u8::try_from(n).expect("an octet");
    Ipv4Addr::new(
        octet(10 + number / 200),
        octet(number % 200),
        4,
        octet(4 + last),
    )
}

fn announcing(text: &str) -> Routes {
    Routes {
        prefixes: vec![prefix(text)],
        ..Routes::default()
    }
}

/// What a hub is made of.
#[derive(Clone, Debug)]
struct Hub {
    spokes: usize,
    nvas: usize,
    server: bool,
    vpn: bool,
    express_route: bool,
    balancer: bool,
    region: Option<String>,
    sites: usize,
    nics: usize,
}

fn hubs() -> impl Strategy<Value = Hub> {
    let devices = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>());
    let region = proptest::option::of(prop_oneof!["[a-z]{3,40}", "\\PC{1,12}"]);
    (0..7usize, 0..9usize, devices, region, 0..4usize, 0..6usize).prop_map(
        |(spokes, nvas, (server, vpn, express_route, balancer), region, sites, nics)| Hub {
            spokes,
            nvas: nvas.min(8),
            server,
            vpn,
            express_route,
            balancer,
            region,
            sites,
            nics,
        },
    )
}

/// Estates with any names, any number of everything, and peerings between any networks.
pub(crate) fn estates() -> impl Strategy<Value = Estate> {
    let names = prop_oneof!["[a-z-]{1,12}", "\\PC{0,30}", "[WM&<>\"']{1,60}", ".{0,8}"];
    let pairs = vec((0..40usize, 0..40usize), 0..6);
    (vec(hubs(), 0..5), pairs, vec(names, 12))
        .prop_map(|(hubs, pairs, names)| made(&hubs, &pairs, &names))
}

/// An estate with so many hubs, and so many networks for each; without hubs, so many alone.
pub(crate) fn large(hubs: usize, spokes: usize) -> Estate {
    if hubs == 0 {
        let vnets = (0..spokes).map(|number| vnet(format!("lone-{number}"), number, None));
        return Estate {
            vnets: vnets.collect(),
            ..Estate::default()
        };
    }
    let hubs: Vec<Hub> = (0..hubs)
        .map(|number| Hub {
            spokes,
            nvas: 2,
            server: true,
            vpn: true,
            express_route: number % 2 == 0,
            balancer: false,
            region: Some(format!("region-{}", number / 2)),
            sites: 2,
            nics: 1,
        })
        .collect();
    made(&hubs, &[], &["net".to_owned()])
}

fn made(hubs: &[Hub], pairs: &[(usize, usize)], names: &[String]) -> Estate {
    let mut maker = Maker {
        estate: Estate::default(),
        names,
        made: 0,
    };
    let customer = OnPremises {
        asn: Asn(65200),
        routes: vec![announcing("172.16.0.0/16")],
    };
    let circuit = maker.name();
    maker.estate.circuits.push(Circuit {
        name: circuit,
        on_prem: Some(customer),
        ..Circuit::default()
    });
    for hub in hubs {
        maker.hub(hub);
    }
    let count = maker.estate.vnets.len();
    for (a, b) in pairs.iter().filter(|_| count > 0) {
        let ends = [a % count, b % count].map(|place| maker.estate.vnets[place].name.clone());
        let [a, b] = ends;
        let known = maker.estate.peerings.iter().any(|peering| {
            [&peering.a, &peering.b] == [&a, &b] || [&peering.a, &peering.b] == [&b, &a]
        });
        if a != b && !known {
            maker.estate.peerings.push(Peering::plain(a, b));
        }
    }
    maker.estate
}

struct Maker<'a> {
    estate: Estate,
    names: &'a [String],
    made: usize,
}

impl Maker<'_> {
    /// A name that nothing has yet.
    fn name(&mut self) -> String {
        self.made += 1;
        format!("{}{}", self.names[self.made % self.names.len()], self.made)
    }

    fn vnet(&mut self, region: Option<String>) -> (String, usize) {
        let (name, number) = (self.name(), self.estate.vnets.len());
        self.estate.vnets.push(vnet(name.clone(), number, region));
        (name, number)
    }

    fn hub(&mut self, hub: &Hub) {
        let (vnet, number) = self.vnet(hub.region.clone());
        let server = hub.server.then(|| self.name());
        let servers = server
            .iter()
            .map(|name| RouteServer::new(name.as_str(), vnet.as_str()));
        self.estate.route_servers.extend(servers);
        let mut sites = Vec::new();
        for _ in 0..hub.sites {
            sites.push(self.site());
        }
        self.gateways(hub, &vnet, &sites);
        self.nvas(hub, &vnet, number, server.as_deref(), &sites);
        for _ in 0..hub.spokes {
            let (spoke, _) = self.vnet(hub.region.clone());
            let peering = Peering::hub_and_spoke(vnet.as_str(), spoke.as_str());
            self.estate.peerings.push(peering);
            for _ in 0..hub.nics {
                let nic = Nic {
                    name: self.name(),
                    vnet: spoke.clone(),
                    ..Nic::default()
                };
                self.estate.nics.push(nic);
            }
        }
    }

    fn site(&mut self) -> String {
        let (name, number) = (self.name(), self.estate.sites.len());
        self.estate.sites.push(Site {
            name: name.clone(),
            asn: Some(Asn(4_200_000_000 + u32::try_from(number).expect("few"))),
            bgp_ips: vec![
                Ipv4Addr::from_bits(0xac1f_0000 + u32::try_from(number).expect("few")).into(),
            ],
            routes: vec![announcing(&format!("192.168.{}.0/24", number % 250))],
            ..Site::default()
        });
        name
    }

    fn gateways(&mut self, hub: &Hub, vnet: &str, sites: &[String]) {
        if hub.vpn {
            let connections = sites.iter().map(|site| Connection::Site {
                site: site.clone(),
                bgp: None,
                instances: [true; 2],
                apipa: Vec::new(),
            });
            let gateway = Gateway::new(self.name(), vnet, GatewayKind::Vpn);
            self.estate.gateways.push(Gateway {
                connections: connections.collect(),
                ..gateway
            });
        }
        if hub.express_route {
            let circuit = Connection::Circuit {
                circuit: self.estate.circuits[0].name.clone(),
                weight: 0,
                msee_ips: Vec::new(),
                nic_next_hops: Vec::new(),
            };
            let gateway = Gateway::new(self.name(), vnet, GatewayKind::ExpressRoute);
            self.estate.gateways.push(Gateway {
                connections: vec![circuit],
                ..gateway
            });
        }
    }

    fn nvas(
        &mut self,
        hub: &Hub,
        vnet: &str,
        number: usize,
        server: Option<&str>,
        sites: &[String],
    ) {
        let first = self.estate.nvas.len();
        for last in 0..hub.nvas {
            let before = self.estate.nvas.last().filter(|_| last == 0);
            let mut neighbors: Vec<String> =
                before.map(|nva| nva.name.clone()).into_iter().collect();
            neighbors.extend(sites.first().filter(|_| last == 1).cloned());
            let asn = Asn(4_100_000_000 + u32::try_from(self.estate.nvas.len()).expect("few"));
            let name = self.name();
            self.estate.nvas.push(Nva {
                sessions: server.map(NvaSession::both).into_iter().collect(),
                neighbors,
                originates: vec![Origination {
                    routes: announcing("0.0.0.0/0"),
                    ..Origination::default()
                }],
                ..Nva::new(name, vnet, address(number, last), asn)
            });
        }
        let backends: Vec<String> = self.estate.nvas[first..]
            .iter()
            .map(|nva| nva.name.clone())
            .collect();
        if hub.balancer && !backends.is_empty() {
            let balancer = LoadBalancer {
                name: self.name(),
                vnet: vnet.to_owned(),
                frontend: address(number, 200).into(),
                backends,
            };
            self.estate.load_balancers.push(balancer);
        }
    }
}
