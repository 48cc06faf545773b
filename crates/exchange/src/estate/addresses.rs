//! The addresses that gateways and the edge routers beside them have, given or chosen so that none
//! stands for two of them.

use std::collections::HashSet;
use std::net::IpAddr;

use routehub_types::Prefix;

use super::{Connection, Estate, GATEWAY_SUBNET, Gateway, GatewayKind, host};

/// The addresses of all gateways of an estate and of the edge routers of their connections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayAddresses {
    /// By gateway, an address for each instance.
    instances: Vec<Vec<IpAddr>>,
    /// By gateway and connection.
    edges: Vec<Vec<Vec<IpAddr>>>,
}

impl GatewayAddresses {
    /// Those of an estate: what the file gives is taken; what it leaves out is the usual pair of
    /// GatewaySubnet where that is free, else the next free one, instances before edge routers.
    pub fn of(estate: &Estate) -> Self {
        let mut free = Free {
            estate,
            taken: given(estate),
        };
        let gateways = estate.gateways.iter();
        let instances = gateways.clone().map(|gateway| {
            let count = gateway.instance_count();
            if gateway.bgp_ips.is_empty() {
                let first = match gateway.kind {
                    GatewayKind::Vpn => 4,
                    GatewayKind::ExpressRoute => 12,
                };
                free.choose(&gateway.vnet, first, count)
            } else {
                gateway.bgp_ips.iter().take(count).copied().collect()
            }
        });
        let instances = instances.collect();
        let edges = gateways.map(|gateway| {
            let connections = gateway.connections.iter();
            let edges = connections.map(|connection| match connection {
                Connection::Circuit { msee_ips, .. } if msee_ips.is_empty() => {
                    free.choose(&gateway.vnet, 4, 2)
                }
                Connection::Circuit { msee_ips, .. } => msee_ips.clone(),
                _ => Vec::new(),
            });
            edges.collect()
        });
        let edges = edges.collect();
        Self { instances, edges }
    }

    /// The addresses of the instances of the gateway at a place; empty if they are not known.
    pub fn instances(&self, gateway: usize) -> &[IpAddr] {
        self.instances.get(gateway).map_or(&[], Vec::as_slice)
    }

    /// The addresses of the edge routers of a connection of the gateway at a place.
    pub fn edges(&self, gateway: usize, connection: usize) -> &[IpAddr] {
        let edges = self.edges.get(gateway);
        let edges = edges.and_then(|edges| edges.get(connection));
        edges.map_or(&[], Vec::as_slice)
    }
}

impl Gateway {
    /// How many instances it has: two unless it is active-standby or has one address.
    pub fn instance_count(&self) -> usize {
        if self.active_active && self.bgp_ips.len() != 1 {
            2
        } else {
            1
        }
    }
}

/// Every address that the estate gives to somebody, with the network that it is in.
fn given(estate: &Estate) -> HashSet<(&str, IpAddr)> {
    let mut taken = HashSet::new();
    for server in &estate.route_servers {
        let addresses = estate.instance_addresses(server).into_iter().flatten();
        taken.extend(addresses.map(|address| (server.vnet.as_str(), address)));
    }
    taken.extend(estate.nvas.iter().map(|nva| (nva.vnet.as_str(), nva.ip)));
    let nics = estate.nics.iter();
    taken.extend(nics.filter_map(|nic| Some((nic.vnet.as_str(), nic.ip?))));
    let endpoints = estate.private_endpoints.iter();
    taken.extend(endpoints.map(|endpoint| (endpoint.vnet.as_str(), endpoint.ip)));
    let balancers = estate.load_balancers.iter();
    taken.extend(balancers.map(|balancer| (balancer.vnet.as_str(), balancer.frontend)));
    for gateway in &estate.gateways {
        let edges = gateway.connections.iter().flat_map(|connection| {
            let (edges, hops): (&[IpAddr], &[IpAddr]) = match connection {
                Connection::Circuit {
                    msee_ips,
                    nic_next_hops,
                    ..
                } => (msee_ips, nic_next_hops),
                _ => (&[], &[]),
            };
            edges.iter().chain(hops)
        });
        let all = gateway.bgp_ips.iter().chain(edges);
        taken.extend(all.map(|address| (gateway.vnet.as_str(), *address)));
    }
    taken
}

/// Chooses addresses that nobody has.
struct Free<'a> {
    estate: &'a Estate,
    taken: HashSet<(&'a str, IpAddr)>,
}

impl<'a> Free<'a> {
    /// So many addresses of a network's GatewaySubnet: from the usual place on, else from the next
    /// where all are free; none without such a subnet, or in a full one.
    fn choose(&mut self, vnet: &'a str, usual: u16, count: usize) -> Vec<IpAddr> {
        let Some(subnet) = self.estate.subnet(vnet, GATEWAY_SUBNET) else {
            return Vec::new();
        };
        let others = (4..=u16::from(u8::MAX)).step_by(2);
        for first in std::iter::once(usual).chain(others) {
            let places = (first..).take(count);
            let addresses = places.map_while(|place| assignable(subnet.prefix, place));
            let addresses: Vec<IpAddr> = addresses.collect();
            let mut each = addresses.iter();
            let free = each.all(|address| !self.taken.contains(&(vnet, *address)));
            if free && addresses.len() == count {
                let chosen = addresses.iter().map(|address| (vnet, *address));
                self.taken.extend(chosen);
                return addresses;
            }
        }
        Vec::new()
    }
}

/// The address at a place of a subnet, unless it is the last one, which Azure keeps.
fn assignable(subnet: Prefix, place: u16) -> Option<IpAddr> {
    host(subnet, place + 1)?;
    host(subnet, place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::estate::{Nva, Subnet, Vnet};
    use routehub_types::Asn;

    fn estate(subnet: &str, gateways: Vec<Gateway>) -> Estate {
        let subnet = Subnet::new(GATEWAY_SUBNET, subnet.parse().unwrap());
        let vnets = vec![Vnet {
            name: "hub".into(),
            subnets: vec![subnet],
            ..Vnet::default()
        }];
        Estate {
            vnets,
            gateways,
            ..Estate::default()
        }
    }

    fn text(addresses: &[IpAddr]) -> Vec<String> {
        addresses.iter().map(ToString::to_string).collect()
    }

    fn express_route(circuits: usize) -> Gateway {
        let to = |n| Connection::Circuit {
            circuit: format!("circuit{n}"),
            weight: 0,
            msee_ips: Vec::new(),
            nic_next_hops: Vec::new(),
        };
        Gateway {
            connections: (0..circuits).map(to).collect(),
            ..Gateway::new("er", "hub", GatewayKind::ExpressRoute)
        }
    }

    fn vpn() -> Gateway {
        Gateway::new("vpn", "hub", GatewayKind::Vpn)
    }

    #[test]
    fn gateways_take_addresses_by_their_kind() {
        let estate = estate("10.10.1.0/27", vec![express_route(1)]);
        let alone = GatewayAddresses::of(&estate);
        assert_eq!(text(alone.instances(0)), ["10.10.1.12", "10.10.1.13"]);
        assert_eq!(text(alone.edges(0, 0)), ["10.10.1.4", "10.10.1.5"]);
    }

    #[test]
    fn r163_chosen_addresses_never_collide() {
        let estate = estate("10.10.1.0/27", vec![express_route(2), vpn(), vpn()]);
        let chosen = GatewayAddresses::of(&estate);
        assert_eq!(text(chosen.instances(0)), ["10.10.1.12", "10.10.1.13"]);
        assert_eq!(text(chosen.instances(1)), ["10.10.1.4", "10.10.1.5"]);
        assert_eq!(text(chosen.instances(2)), ["10.10.1.6", "10.10.1.7"]);
        assert_eq!(text(chosen.edges(0, 0)), ["10.10.1.8", "10.10.1.9"]);
        assert_eq!(text(chosen.edges(0, 1)), ["10.10.1.10", "10.10.1.11"]);
    }

    #[test]
    fn r163_what_the_file_gives_is_taken_and_a_full_subnet_has_none() {
        let given = Gateway {
            bgp_ips: vec!["10.10.1.5".parse().unwrap()],
            ..express_route(0)
        };
        let mut estate = estate("10.10.1.0/28", vec![vpn(), given, vpn(), vpn()]);
        let nva = Nva::new("nva", "hub", [10, 10, 1, 8], Asn(65001));
        estate.nvas.push(nva);
        let chosen = GatewayAddresses::of(&estate);
        assert_eq!(text(chosen.instances(0)), ["10.10.1.6", "10.10.1.7"]);
        assert_eq!(text(chosen.instances(1)), ["10.10.1.5"]);
        assert_eq!(text(chosen.instances(2)), ["10.10.1.10", "10.10.1.11"]);
        assert_eq!(text(chosen.instances(3)), ["10.10.1.12", "10.10.1.13"]);
        estate.gateways.push(vpn());
        let full = GatewayAddresses::of(&estate);
        assert_eq!(text(full.instances(4)), [""; 0]);
    }
}
