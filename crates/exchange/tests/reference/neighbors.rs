//! Who has a link with whom, and by which addresses.

use std::net::IpAddr;

use routehub_exchange::Parameters;
use routehub_exchange::estate::{Connection, Estate, Gateway, GatewayKind, RouteServer};
use routehub_types::Prefix;

use super::Node;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LinkKind {
    /// NVA, Route Server instance.
    Session,
    /// Gateway, Route Server instance.
    Internal,
    /// Gateway, circuit edge.
    Circuit {
        weight: u32,
        nic_next_hops: Vec<IpAddr>,
    },
    /// Gateway, site.
    Site { bgp: bool },
    /// Two VPN gateways.
    Gateways,
    /// NVA, NVA or site.
    Neighbors,
    /// Circuit edge, customer's edge.
    Customer,
}

#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) a: Node,
    pub(crate) b: Node,
    pub(crate) kind: LinkKind,
    pub(crate) a_addresses: Vec<IpAddr>,
    pub(crate) b_addresses: Vec<IpAddr>,
    pub(crate) refused: bool,
}

impl Link {
    pub(crate) fn end(&self, first: bool) -> &Node {
        if first { &self.a } else { &self.b }
    }

    /// The node at the other end, and its addresses.
    pub(crate) fn beyond(&self, node: &Node) -> (&Node, &[IpAddr]) {
        if self.a == *node {
            (&self.b, &self.b_addresses)
        } else {
            (&self.a, &self.a_addresses)
        }
    }

    pub(crate) fn addresses_of(&self, node: &Node) -> &[IpAddr] {
        if self.a == *node {
            &self.a_addresses
        } else {
            &self.b_addresses
        }
    }
}

fn subnet(estate: &Estate, vnet: &str, name: &str) -> Option<Prefix> {
    let vnet = estate.vnets.iter().find(|one| one.name == vnet)?;
    let subnet = vnet.subnets.iter().find(|one| one.name == name)?;
    Some(subnet.prefix)
}

fn plus(prefix: Prefix, n: u32) -> IpAddr {
    match prefix.address() {
        IpAddr::V4(base) => IpAddr::V4((base.to_bits() + n).into()),
        IpAddr::V6(base) => IpAddr::V6((base.to_bits() + u128::from(n)).into()),
    }
}

/// Whether a VPN gateway and a site or gateway hold no session: one ASN, or a site with Azure's
///
fn of_one_asn(
    estate: &Estate,
    parameters: &Parameters,
    gateway: &Gateway,
    connection: &Connection,
) -> bool {
    let asn = |gateway: &Gateway| gateway.asn.unwrap_or(parameters.asn);
    match connection {
        Connection::Circuit { .. } => false,
        Connection::Gateway { gateway: other } => {
            let other = estate.gateways.iter().find(|one| one.name == *other);
            asn(gateway) == asn(other.unwrap())
        }
        Connection::Site { site, bgp, .. } => {
            let site = estate.sites.iter().find(|one| one.name == *site).unwrap();
            let azures = site.asn == Some(parameters.asn);
            let bgp = bgp.unwrap_or(site.asn.is_some());
            let banned = azures && !parameters.forbidden_peer_asns.is_empty();
            bgp && (site.asn == Some(asn(gateway)) || banned)
        }
    }
}

pub(crate) fn instance_address(
    estate: &Estate,
    server: &RouteServer,
    instance: u8,
) -> Option<IpAddr> {
    match server.ips {
        Some(both) => Some(both[usize::from(instance)]),
        None => {
            let subnet = subnet(estate, &server.vnet, "RouteServerSubnet")?;
            Some(plus(subnet, 4 + u32::from(instance)))
        }
    }
}

pub(crate) fn gateway_addresses(estate: &Estate, gateway: &Gateway) -> Vec<IpAddr> {
    if !gateway.bgp_ips.is_empty() {
        return gateway.bgp_ips.clone();
    }
    let Some(subnet) = subnet(estate, &gateway.vnet, "GatewaySubnet") else {
        return Vec::new();
    };
    let first = match gateway.kind {
        GatewayKind::Vpn => 4,
        GatewayKind::ExpressRoute => 12,
    };
    let mut both = vec![plus(subnet, first), plus(subnet, first + 1)];
    if !gateway.active_active {
        both.pop();
    }
    both
}

/// Every link of an estate at the start.
pub(crate) fn links(estate: &Estate, parameters: &Parameters) -> Vec<Link> {
    let mut all = Vec::new();
    for server in &estate.route_servers {
        all.extend(links_of_server(estate, parameters, server));
    }
    for nva in &estate.nvas {
        for name in &nva.neighbors {
            let other = estate.nvas.iter().find(|one| one.name == *name);
            let (node, addresses) = match other {
                Some(other) => (Node::Nva(name.clone()), vec![other.ip]),
                None => {
                    let site = estate.sites.iter().find(|one| one.name == *name).unwrap();
                    (Node::Site(name.clone()), site.bgp_ips.clone())
                }
            };
            all.push(Link {
                a: Node::Nva(nva.name.clone()),
                b: node,
                kind: LinkKind::Neighbors,
                a_addresses: vec![nva.ip],
                b_addresses: addresses,
                refused: false,
            });
        }
    }
    for gateway in &estate.gateways {
        let connections = gateway.connections.iter();
        all.extend(connections.map(|one| Link {
            refused: of_one_asn(estate, parameters, gateway, one),
            ..connection(estate, gateway, one)
        }));
    }
    for circuit in &estate.circuits {
        if circuit.on_prem.is_some() {
            all.push(Link {
                a: Node::Edge(circuit.name.clone()),
                b: Node::Customer(circuit.name.clone()),
                kind: LinkKind::Customer,
                a_addresses: Vec::new(),
                b_addresses: circuit.ce_ip.into_iter().collect(),
                refused: false,
            });
        }
    }
    all
}

/// The links of a Route Server: with the NVAs that name it, and with the gateways of its network.
pub(crate) fn links_of_server(
    estate: &Estate,
    parameters: &Parameters,
    server: &RouteServer,
) -> Vec<Link> {
    let mut all = Vec::new();
    let mut peers = 0;
    let address = |instance| {
        instance_address(estate, server, instance)
            .into_iter()
            .collect()
    };
    for nva in &estate.nvas {
        let mut sessions = nva
            .sessions
            .iter()
            .filter(|one| one.route_server == server.name);
        let Some(session) = sessions.next() else {
            continue;
        };
        let forbidden = parameters.peer_asns().check(nva.asn).is_err();
        let own = server.asn.unwrap_or(parameters.asn) == nva.asn;
        let full = parameters.max_peers.is_some_and(|max| peers >= max);
        peers += 1;
        for instance in 0..2u8 {
            if session.instances[usize::from(instance)] {
                all.push(Link {
                    a: Node::Nva(nva.name.clone()),
                    b: Node::RouteServer(server.name.clone(), instance),
                    kind: LinkKind::Session,
                    a_addresses: vec![nva.ip],
                    b_addresses: address(instance),
                    refused: forbidden || own || full,
                });
            }
        }
    }
    for gateway in estate.gateways.iter().filter(|one| one.vnet == server.vnet) {
        for instance in 0..2u8 {
            all.push(Link {
                a: Node::Gateway(gateway.name.clone()),
                b: Node::RouteServer(server.name.clone(), instance),
                kind: LinkKind::Internal,
                a_addresses: gateway_addresses(estate, gateway),
                b_addresses: address(instance),
                refused: false,
            });
        }
    }
    all
}

fn connection(estate: &Estate, gateway: &Gateway, connection: &Connection) -> Link {
    let mut link = Link {
        a: Node::Gateway(gateway.name.clone()),
        b: Node::Edge(String::new()),
        kind: LinkKind::Gateways,
        a_addresses: gateway_addresses(estate, gateway),
        b_addresses: Vec::new(),
        refused: false,
    };
    match connection {
        Connection::Circuit {
            circuit,
            weight,
            msee_ips,
            nic_next_hops,
        } => {
            link.b = Node::Edge(circuit.clone());
            link.b_addresses = match subnet(estate, &gateway.vnet, "GatewaySubnet") {
                Some(subnet) if msee_ips.is_empty() => vec![plus(subnet, 4), plus(subnet, 5)],
                _ => msee_ips.clone(),
            };
            let mut hops = nic_next_hops.clone();
            if hops.is_empty() {
                hops.clone_from(&link.b_addresses);
            }
            link.kind = LinkKind::Circuit {
                weight: *weight,
                nic_next_hops: hops,
            };
        }
        Connection::Site {
            site,
            bgp,
            instances,
        } => {
            let one = estate.sites.iter().find(|one| one.name == *site).unwrap();
            link.b = Node::Site(site.clone());
            link.b_addresses.clone_from(&one.bgp_ips);
            link.kind = LinkKind::Site {
                bgp: bgp.unwrap_or(one.asn.is_some()),
            };
            let all = link.a_addresses.iter().zip(instances);
            link.a_addresses = all
                .filter(|(_, held)| **held)
                .map(|(one, _)| *one)
                .collect();
        }
        Connection::Gateway { gateway } => {
            let other = estate.gateways.iter().find(|one| one.name == *gateway);
            link.b = Node::Gateway(gateway.clone());
            link.b_addresses = gateway_addresses(estate, other.unwrap());
        }
    }
    link
}
